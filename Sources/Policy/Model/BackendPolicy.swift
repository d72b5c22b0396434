/// A checked backend policy, with every default written out. Immutable; made only by
/// `BackendPolicy.compile` (Document/).
public struct BackendPolicy: Sendable {
    /// Where gateways connect.
    public var api: ListenAddress
    public var health: ListenAddress?
    /// Where gateways follow the directory, and the secret a TCP address asks for.
    public var feed: ListenAddress?
    public var feedSecret: SecretReference?
    /// What API keys are digested with; `nil` where none are made.
    public var keyPepper: SecretReference?
    public var database: DatabasePolicy
    public var assertion: BackendAssertionPolicy
    public var directory = DirectoryRoom()

    public init(
        api: ListenAddress, database: DatabasePolicy, assertion: BackendAssertionPolicy
    ) {
        self.api = api
        self.database = database
        self.assertion = assertion
    }
}

/// What makes the database believe who the tenant is.
public enum DatabaseContext: String, CaseIterable, Sendable {
    /// A seal of the gateway's, checked once a transaction.
    case sealed
    /// The same, checked for each statement: where no superuser prepares the server.
    case statement
    /// A setting that any SQL of the runtime role can write.
    case plain
}

public struct DatabasePolicy: Sendable {
    /// Connection string of the role that owns the tables; used for migrations only.
    public var owner: SecretReference
    /// Connection string of the role that serves requests.
    public var runtime: SecretReference
    public var context = DatabaseContext.sealed
    /// Connection string of a superuser; used by `db migrate` only.
    public var admin: SecretReference?
    /// Connection string of the role that crosses tenants. The backend never logs in with it.
    public var platform: SecretReference?
    /// Database workers, each one connection and one thread.
    public var workers = 8
    /// The longest one transaction may take; then its connection is closed.
    public var deadlineMilliseconds: UInt32 = 5_000
    /// Whether isolation is proven before serving, and again when the catalogs change.
    public enum Verification: String, Sendable { case off, start, watch }
    public var verify = Verification.off
    /// Between two looks at the catalogs, with `watch`.
    public var verifyEveryMilliseconds: UInt32 = 5_000
    /// The path of the file of accepted risks; read anew for each proof.
    public var waivers: String?

    public init(owner: SecretReference, runtime: SecretReference) {
        self.owner = owner
        self.runtime = runtime
    }
}

/// What makes a request the gateway's.
public struct BackendAssertionPolicy: Sendable {
    /// Shared HS256 key, at least 32 bytes.
    public var key: SecretReference
    /// The `aud` that must stand in an assertion: this backend's name in the gateway's policy.
    public var audience: String

    public init(key: SecretReference, audience: String) {
        self.key = key
        self.audience = audience
    }
}

/// How much of the directory one vendor, and of that one tenant, may take, so that none fills it
/// for the others, and how long what is void is kept.
public struct DirectoryRoom: Sendable {
    /// A year: what is kept longer is not kept for gateways.
    public static let keepSecondsMax = 31_536_000
    /// What `keysOfTenant` can be: a list of them is one answer.
    public static let keysOfTenantMax = 1_000

    /// Of a vendor, deleted ones included.
    public var tenants = 1_000_000
    public var domains = 1_000_000
    /// Of a vendor, those included that are void and still kept.
    public var keys = 1_000_000
    public var revocations = 500_000
    public var domainsOfTenant = DirectoryBounds.domainsOfTenantMax
    /// Of a tenant, that are neither revoked nor expired.
    public var keysOfTenant = 100
    /// Tokens of a tenant revoked one by one that have not expired.
    public var revocationsOfTenant = 1_000
    /// Rows of keys and tokens, from when they became void.
    public var keepSeconds = 2_592_000

    public init() {}
}
