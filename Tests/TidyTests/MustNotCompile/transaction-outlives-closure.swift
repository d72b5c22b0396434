// expect: missing reinitialization of inout parameter
import Postgres

func leak(
    of tenant: TenantScope, over connection: inout Connection
) throws(DatabaseFault) -> TenantTransaction? {
    var kept: TenantTransaction?
    try connection.withTransaction(for: tenant, deadline: .after(milliseconds: 1_000)) {
        (transaction: inout TenantTransaction) throws(DatabaseFault) in
        kept = consume transaction
    }
    return kept
}
