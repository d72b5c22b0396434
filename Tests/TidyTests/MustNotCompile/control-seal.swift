// Compiles: the one way to a tenant for code that was not trusted with naming one.
import Postgres

func scope(_ text: String) -> TenantScope? { Seal(text).flatMap { TenantScope(seal: $0) } }
