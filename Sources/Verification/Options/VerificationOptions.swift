/// What is verified, and how much of it may be tried.
public struct VerificationOptions: Sendable {
    /// How the database learns whose rows are meant.
    public enum ContextChoice: Equatable, Sendable {
        /// Read from the policies; a context every statement can set is then unproven.
        case automatic
        /// A session setting, such as `app.current_tenant`: plain mode, said explicitly.
        case setting(String)
        /// The functions of a guard, by its schema (`ringfence_guard`).
        case guarded(schema: String)
    }

    /// The login as deployed: the proof is about this one.
    public var login: DatabaseAddress
    /// The same login through the pooler that stands before the database.
    public var pooler: DatabaseAddress?
    /// A superuser or owner, for what only they can see, and for scratch copies.
    public var administrator: DatabaseAddress?
    /// Empty: all that are not the system's.
    public var schemas: [String] = []
    public var tenantColumns = ["tenant_id"]
    public var context = ContextChoice.automatic
    /// Relations, as `schema.name`, that hold nothing of any tenant.
    public var globals: [String] = []
    /// Columns, as `schema.table.column`, whose values must not show in statistics.
    public var sensitiveColumns: [String] = []
    /// `schema.name(types)`, or `schema.name` for all of that name, and the SHA-256 (hex) of its
    /// body: definer functions that were read and found good, and those that tell the context.
    public var allowedFunctions: [String: Set<String>] = [:]
    /// What functions of a guard must be, by `schema.name`: the SHA-256 (hex) of the body and,
    /// behind a space, whose rights, volatility and settings, as in
    /// `definer volatile search_path=pg_catalog, pg_temp`. Saying so allows nobody to call them.
    public var pinnedFunctions: [String: Set<String>] = [:]
    /// Functions, as `schema.name`, that the login must not call: what makes seals or keys.
    public var withheldFunctions: [String] = []
    /// Needed for live probes where the context is sealed; without one the verdict is unproven.
    public var sealKey: SealKey?
    /// Two tenants to probe as; made up unless given.
    public var tenants: (a: String, b: String)?
    /// Probes also write to tables with triggers, which then fire before all is rolled back.
    public var firesTriggers = false
    /// The catalogs are looked at again while the service runs.
    public var watches = false
    /// `generic`, `ringfence`, or nil: by what the database holds.
    public var profile: String?
    /// Of one statement.
    public var timeoutMilliseconds = 30_000

    /// By major version, the first release with the known fixes to row-level security.
    var fixedReleases = [
        13: 130_022, 14: 140_019, 15: 150_014, 16: 160_010, 17: 170_006,
    ]
    /// Nobody else uses the database: what would stop readers until a rollback may be tried.
    var isScratch = false
    /// Two clients share one session, as behind a pooler that resets nothing.
    var lendsSession = false

    public init(login: DatabaseAddress) { self.login = login }

    /// What a function is allowed by: the SHA-256 (hex) of its body.
    public static func pin(ofBody body: String) -> String { SHA256.pin(body) }

    /// Where the guard lives. Its tables are nobody's but its own, and its functions are all its
    /// owner's.
    var guardSchema: String {
        if case .guarded(let schema) = context { schema } else { "ringfence_guard" }
    }

    func allows(_ function: Catalog.Function) -> Bool {
        [function.signature, function.name].contains {
            allowedFunctions[$0]?.contains(function.pin) == true
        }
    }
}
