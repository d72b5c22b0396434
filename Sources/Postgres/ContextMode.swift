/// What the database goes by when it decides whose rows a statement sees. The schema is made for
/// one of them, and a connection says which one it expects.
public enum ContextMode: String, CaseIterable, Sendable {
    /// The guard verifies a seal once for each transaction and keeps its tenant where the runtime
    /// role cannot write. Injected SQL stays inside the tenant.
    case sealed
    /// The guard verifies the seal in every statement: for servers where no superuser may grant
    /// what `sealed` needs. Injected SQL stays inside the tenants whose seals it holds.
    case statement
    /// The settings `app.current_tenant` and `app.current_vendor` decide, which every statement of
    /// the role can write: this stops mistakes, not injected SQL.
    case plain
}
