// expect: missing reinitialization of inout parameter 'transaction' after consume
import Postgres

let count = Statement("count", "SELECT count(*) FROM ringfence.events", parameters: 0)

func twice(
    of tenant: TenantScope, over connection: inout Connection
) throws(DatabaseFault) {
    try connection.withTransaction(for: tenant, deadline: .after(milliseconds: 1_000)) {
        (transaction: inout TenantTransaction) throws(DatabaseFault) in
        var copy = transaction
        _ = try copy.rows(count)
        _ = try transaction.rows(count)
    }
}
