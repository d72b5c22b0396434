// expect: escaping closure captures 'inout' parameter 'transaction'
import Postgres

let count = Statement("count", "SELECT count(*) FROM ringfence.events", parameters: 0)

func later(
    of tenant: TenantScope, over connection: inout Connection
) throws(DatabaseFault) -> (() -> Void)? {
    var kept: (() -> Void)?
    try connection.withTransaction(for: tenant, deadline: .after(milliseconds: 1_000)) {
        (transaction: inout TenantTransaction) throws(DatabaseFault) in
        kept = { _ = try? transaction.rows(count) }
    }
    return kept
}
