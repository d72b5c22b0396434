// expect: cannot convert value of type 'String' to expected argument type 'Seal'
import Postgres

func scope(_ text: String) -> TenantScope? { TenantScope(uuidText: text) }
