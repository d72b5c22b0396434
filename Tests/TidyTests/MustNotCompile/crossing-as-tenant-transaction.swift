// expect: cannot convert value of type 'CrossTenant' to expected argument type 'TenantTransaction'
import Postgres

func orders(_ transaction: inout TenantTransaction) {}

func confuse(over platform: inout CrossTenantConnection) throws(DatabaseFault) {
    try platform.withTransaction(
        reason: "r", actor: "ann", deadline: .after(milliseconds: 1_000)
    ) { (crossing: inout CrossTenant) throws(DatabaseFault) in
        orders(&crossing)
    }
}
