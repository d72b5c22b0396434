// expect: requires that 'TenantTransaction' conform to 'Copyable'
import Postgres

func leak(
    of tenant: TenantScope, over connection: inout Connection
) throws(DatabaseFault) {
    let kept = try connection.withTransaction(for: tenant, deadline: .after(milliseconds: 1_000)) {
        (transaction: inout TenantTransaction) throws(DatabaseFault) -> TenantTransaction in
        transaction
    }
    _ = consume kept
}
