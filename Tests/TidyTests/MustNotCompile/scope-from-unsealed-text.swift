// expect: TBD
import Postgres

func scope(_ text: String) -> TenantScope? { TenantScope(seal: text) }
