// expect: initializer is inaccessible due to '@_spi' protection level
import Postgres

func scope(_ text: String) -> TenantScope? { TenantScope(uuidText: text) }
