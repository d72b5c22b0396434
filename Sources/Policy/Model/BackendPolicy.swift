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
