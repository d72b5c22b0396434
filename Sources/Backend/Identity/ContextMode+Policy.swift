import Policy
import Postgres

extension BackendSetup {
    /// What the database goes by, as the connections to it have to know.
    var context: ContextMode {
        switch policy.database.context {
        case .sealed: .sealed
        case .statement: .statement
        case .plain: .plain
        }
    }
}
