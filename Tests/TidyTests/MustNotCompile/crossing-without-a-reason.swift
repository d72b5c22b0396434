// expect: missing argument for parameter 'reason' in call
import Postgres

func look(over platform: inout CrossTenantConnection) throws(DatabaseFault) {
    try platform.withTransaction(actor: "ann", deadline: .after(milliseconds: 1_000)) {
        (crossing: inout CrossTenant) throws(DatabaseFault) in ()
    }
}
