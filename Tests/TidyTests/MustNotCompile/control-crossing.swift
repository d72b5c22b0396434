// Compiles: across tenants with a reason, by a statement that exists at compile time.
import Postgres

let count = Statement("count", "SELECT count(*) FROM ringfence.events", parameters: 0)

func events(over platform: inout CrossTenantConnection) throws(DatabaseFault) -> Int64 {
    try platform.withTransaction(
        reason: "capacity report", actor: "ann", deadline: .after(milliseconds: 1_000)
    ) { (crossing: inout CrossTenant) throws(DatabaseFault) in
        try crossing.rows(count).only().int64(0)
    }
}
