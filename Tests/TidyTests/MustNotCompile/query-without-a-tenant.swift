// expect: missing argument for parameter 'for' in call
import Postgres

let count = Statement("count", "SELECT count(*) FROM ringfence.events", parameters: 0)

func everything(over connection: inout Connection) throws(DatabaseFault) {
    try connection.withTransaction(deadline: .after(milliseconds: 1_000)) {
        (transaction: inout TenantTransaction) throws(DatabaseFault) in
        _ = try transaction.rows(count)
    }
}
