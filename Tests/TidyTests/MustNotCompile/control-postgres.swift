// Compiles: a static statement inside a tenant's transaction.
import Postgres

let count = Statement("count", "SELECT count(*) FROM ringfence.events", parameters: 0)

func events(
    of tenant: TenantScope, over connection: inout Connection
) throws(DatabaseFault) -> Int64 {
    try connection.withTransaction(for: tenant, deadline: .after(milliseconds: 1_000)) {
        (transaction: inout TenantTransaction) throws(DatabaseFault) in
        try transaction.rows(count).only().int64(0)
    }
}
