// expect: cannot convert value of type 'TenantTransaction' to expected argument type 'CrossTenant'
import Postgres

func report(_ crossing: inout CrossTenant) {}

func confuse(
    of tenant: TenantScope, over connection: inout Connection
) throws(DatabaseFault) {
    try connection.withTransaction(for: tenant, deadline: .after(milliseconds: 1_000)) {
        (transaction: inout TenantTransaction) throws(DatabaseFault) in
        report(&transaction)
    }
}
