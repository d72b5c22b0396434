/// A checked gateway policy: what the files say, with every name resolved to an index and every
/// default written out. Immutable; made only by `GatewayPolicy.compile` (Document/).
public struct GatewayPolicy: Sendable {
    public var listen = ListenPolicy()
    public var trustedProxies: [AddressBlock] = []
    /// `vendors[0]` is always `default`.
    public var vendors: [VendorPolicy] = [VendorPolicy(name: "default")]
    public var issuers: [IssuerPolicy] = []
    public var tenants = TenantSource.claims
    /// Host names that name a tenant of the default vendor.
    public var tenantHosts: [TenantPattern] = []
    /// `nil` where no route takes sessions.
    public var sessions: SessionPolicy?
    /// `nil` where no route takes certificates.
    public var certificates: CertificatePolicy?
    /// The tenant concept: names whose every spelling is a tenant (`Skeleton`).
    public var tenantNames: [String] = []
    public var upstreams: [UpstreamPolicy] = []
    public var assertion: AssertionPolicy?
    public var routes: [RoutePolicy] = []
    public var tiers: [TierPolicy] = []
    /// Names of what tiers give and routes ask for; at most `FeatureSet.countMax`.
    public var features: [String] = []
    /// `nil` where addresses are not limited.
    public var unauthenticated: UnauthenticatedPolicy?
    public var limitHeaders = LimitHeaders()
    /// The folder that keeps what was last fetched, for a start while its sources are down; `nil`
    /// where the policy names none.
    public var stateFolder: StateFolder?

    public init() {}
}

/// A place in a policy file, 1-based; columns count characters.
public struct SourceMark: Equatable, Sendable {
    /// Index into the list of files of the document.
    public var file: Int
    public var line: Int
    public var column: Int
    /// Characters to underline, at least 1.
    public var length: Int

    public init(file: Int, line: Int, column: Int, length: Int) {
        self.file = file
        self.line = line
        self.column = column
        self.length = length
    }

    public static let none = SourceMark(file: 0, line: 1, column: 1, length: 1)
}

/// A secret or a file named by reference, never written into a policy.
public struct SecretReference: Equatable, Sendable {
    public enum Kind: String, Sendable {
        /// A file; relative paths are relative to the policy file's folder and already resolved.
        case file
        /// An environment variable; for development.
        case env
        /// A systemd credential (`$CREDENTIALS_DIRECTORY/NAME`).
        case cred
    }
    public var kind: Kind
    /// The resolved path, the variable or the credential.
    public var name: String
    public var mark: SourceMark

    public init(kind: Kind, name: String, mark: SourceMark) {
        self.kind = kind
        self.name = name
        self.mark = mark
    }
}

/// Where to listen or connect, as text checked for form: `[::]:8443`, `127.0.0.1:9901`,
/// `unix:/run/ringfence/backend.sock`. A relative unix path is relative to the policy's folder and
/// already resolved.
public struct ListenAddress: Equatable, Sendable {
    public var text: String
    public var mark: SourceMark

    public init(text: String, mark: SourceMark) {
        self.text = text
        self.mark = mark
    }
}

public struct ListenPolicy: Sendable {
    public var publicAddress = ListenAddress(text: "127.0.0.1:8443", mark: .none)
    public var health: ListenAddress?
    /// A Unix socket for status, reload and drain.
    public var admin: ListenAddress?
    /// Worker threads; `nil` is one per core.
    public var workers: Int?
    /// `nil` is cleartext: accepted only where the policy says `tls: none` or the address is
    /// loopback or a Unix socket.
    public var tls: TLSPolicy?
    public var deadlines = ListenDeadlines()
    public var heads = HeadBounds()
    /// Open connections of the whole process, beyond which new ones are closed at once.
    public var connectionsMax = 20_000
    /// Memory of bodies that are held whole, of all requests of the process.
    public var bodyMemoryBytesMax = 67_108_864
    /// Signature checks in vain for each client address; `nil` is as many as come.
    public var signatureChecksPerSecond: Int? = SignatureBudgetPolicy.standard
    /// TLS handshakes for each client address; `nil` is as many as come.
    public var handshakesPerSecond: Int? = HandshakeBudgetPolicy.standard
    /// The access log: `nil` is standard output, otherwise a path; empty is none.
    public var accessLog: String?

    public init() {}
}

/// Times in milliseconds, measured on the monotonic clock.
public struct ListenDeadlines: Equatable, Sendable {
    /// From accept to the end of the TLS handshake.
    public var handshakeMilliseconds: UInt32 = 5_000
    /// From the first byte of a request head to its end, in total and not per byte.
    public var headMilliseconds: UInt32 = 10_000
    /// Between two body bytes, in either direction, before an exchange counts as stalled.
    public var bodyMilliseconds: UInt32 = 30_000
    /// A kept-alive connection without a request.
    public var idleMilliseconds: UInt32 = 60_000
    /// What open exchanges get to finish when the process is told to stop.
    public var drainMilliseconds: UInt32 = 10_000

    public init() {}
}

public struct HeadBounds: Equatable, Sendable {
    public var headBytesMax = 65_535
    public var fieldsMax = 100
    public var targetBytesMax = 8_192

    public init() {}
}

/// What `listen.public.limits.signature_checks` may be.
public enum SignatureBudgetPolicy {
    /// 200 a second are 0.7 % of a core with RS256 and 1.6 % with ES256.
    public static let standard = 200
    /// Not below ten: workers that check good tokens of one address at the same moment hold one
    /// unit each until the check is done.
    public static let range = 10...1_000_000
}

/// What `listen.public.limits.handshakes` may be.
public enum HandshakeBudgetPolicy {
    /// 1,000 a second are most of a core. Not lower, because behind a load balancer that passes
    /// connections on everybody has one address.
    public static let standard = 1_000
    public static let range = 10...1_000_000
}

public struct TLSPolicy: Sendable {
    public enum Profile: String, Sendable, CaseIterable { case intermediate, modern }
    /// Certificate chain and key, the default one first; more are chosen by SNI.
    public var certificates: [(certificate: SecretReference, key: SecretReference)] = []
    public var profile = Profile.intermediate
    /// PEM of the authorities whose certificates clients may show; `nil` asks for none.
    public var clientAuthority: SecretReference?
    /// PEM of the lists of certificates they have revoked.
    public var clientRevocations: SecretReference?
    /// Whether a client without a certificate is refused in its handshake.
    public var requiresClientCertificate = false

    public init() {}
}

/// A block of addresses in CIDR notation.
public struct AddressBlock: Equatable, Sendable {
    public var text: String
    public init(text: String) { self.text = text }
}

/// A company that runs Ringfence for its customers.
public struct VendorPolicy: Sendable {
    public var name: String
    /// The key its own servers present (`auth: vendor`).
    public var key: SecretReference?

    public init(name: String, key: SecretReference? = nil) {
        self.name = name
        self.key = key
    }
}

/// Whom tokens are believed from, and what they must say.
public struct IssuerPolicy: Sendable {
    public enum Keys: Sendable, Equatable {
        /// A PEM public key or a JWK set, told apart by content.
        case file(SecretReference)
        /// A JWK set fetched off the request path.
        case remote(RemoteKeys)
        /// A shared secret for HS algorithms: the file's bytes, less one trailing line end.
        case secret(SecretReference)
    }

    public var name: String
    /// The `iss` claim, compared byte for byte.
    public var issuer: String
    public var keys: Keys
    /// Accepted `aud` values; `nil` only where the policy says `audience: none` with a reason.
    public var audiences: [String]?
    public var algorithms: [TokenAlgorithm]
    public var leewaySeconds: Int64 = 5
    public enum Kind: Sendable, Equatable {
        /// Its tokens name their tenant.
        case tenants
        /// Its tokens name none: producers inside, which name one with each request.
        case producers
        /// The sessions of `GatewayPolicy.sessions`; no issuer of the policy's own.
        case sessions
    }
    public var kind = Kind.tenants
    /// `exp - iat` (or `exp - now` without `iat`) at most.
    public var lifetimeSecondsMax: Int64 = 86_400
    /// Accepted `typ` values, compared without case; an absent `typ` is accepted where `JWT` is.
    public var types: [String] = ["JWT", "at+jwt"]
    public var vendor = 0
    public var tenant: ClaimName
    public var tenantFormat: TenantFormat
    public var role: ClaimName?
    public var tier: ClaimName?
    /// The claim that lists scopes; `nil` where its tokens have none and are not asked for any.
    public var scope: ClaimName?
    /// For whom it may speak.
    public var authority = IssuerAuthority()
    public var mark = SourceMark.none

    public init(
        name: String, issuer: String, keys: Keys, algorithms: [TokenAlgorithm], tenant: ClaimName,
        tenantFormat: TenantFormat
    ) {
        self.name = name
        self.issuer = issuer
        self.keys = keys
        self.algorithms = algorithms
        self.tenant = tenant
        self.tenantFormat = tenantFormat
    }
}

/// A claim's literal name, or a JSON Pointer (RFC 6901) when it starts with `/`.
public struct ClaimName: Equatable, Sendable {
    public var text: String
    public init(_ text: String) { self.text = text }
    public var isPointer: Bool { text.utf8.first == UInt8(ascii: "/") }
}

public struct UpstreamPolicy: Sendable {
    public enum Scheme: String, Sendable { case http, https, unix }
    public struct Target: Equatable, Sendable {
        public var scheme: Scheme
        /// Host name or address without brackets; the socket's path for `unix`.
        public var host: String
        public var port: UInt16
        public init(scheme: Scheme, host: String, port: UInt16) {
            self.scheme = scheme
            self.host = host
            self.port = port
        }
    }

    public var name: String
    public var targets: [Target]
    public var connectMilliseconds: UInt32 = 1_000
    /// From the last request byte to the end of the response head.
    public var responseMilliseconds: UInt32 = 30_000
    /// How long an unused connection is kept.
    public var idleMilliseconds: UInt32 = 30_000
    /// PEM of the authorities that may sign `https` targets; `nil` is the system's.
    public var certificateAuthority: SecretReference?
    /// What the gateway shows to `https` targets; `nil` is nothing.
    public var certificate: (certificate: SecretReference, key: SecretReference)?
    /// The response must name the TenantID it ran under (`Ringfence-Tenant`), or it is a 502.
    public var echoRequired = false
    /// `nil` is as many requests at once as come.
    public var inFlight: InFlightPolicy?
    public var mark = SourceMark.none

    public init(name: String, targets: [Target]) {
        self.name = name
        self.targets = targets
    }
}

public struct AssertionPolicy: Sendable {
    /// Shared HS256 key, at least 32 bytes.
    public var key: SecretReference
    public var ttlSeconds: Int64 = 30
    /// Indices of the upstreams that receive it.
    public var upstreams: Set<Int> = []
    /// `nil` where no upstream's database asks for seals.
    public var seal: SealPolicy?

    public init(key: SecretReference) { self.key = key }
}

/// `assertion.seal`: what databases behind upstreams learn the tenant by.
public struct SealPolicy: Sendable {
    /// The line that `ringfence-backend db seal-key create` wrote.
    public var key: SecretReference
    /// The database refuses more than 300 s; the minute between is for clocks that differ.
    static let ttlMillisecondsMax = 240_000
    public var ttlSeconds: Int64 = 30
    /// Indices of the upstreams whose assertions hold one.
    public var upstreams: Set<Int> = []

    public init(key: SecretReference) { self.key = key }
}

/// Requests per minute.
public enum RateLimit: Equatable, Sendable {
    /// At most this many in any 60 s; 0 admits none.
    case perMinute(UInt32)
    case unlimited

    public static let perMinuteMax: UInt32 = 1_000_000_000
}

public struct TierPolicy: Sendable {
    public enum Requests: Equatable, Sendable {
        case limit(RateLimit)
        /// Each tenant's own limit, `fallback` where it has none.
        case custom(fallback: RateLimit)
    }
    public var name: String
    public var requests: Requests
    public var allowance = TierAllowance()

    public init(name: String, requests: Requests) {
        self.name = name
        self.requests = requests
    }
}

public struct LimitHeaders: Equatable, Sendable {
    /// `RateLimit` and `RateLimit-Policy`.
    public var rateLimit = true
    /// `X-RateLimit-Limit`, `-Remaining`, `-Reset`.
    public var xRateLimit = true
    public init() {}
}

public enum TenantSource: Sendable {
    /// A verified token makes the tenant, with the tier it names.
    case claims
    /// Only these; anybody else is refused.
    case file([TenantEntry])
    /// Those of the backend's directory, followed while the gateway runs.
    case directory(DirectoryPolicy)
}

public struct TenantEntry: Sendable {
    public var vendor = 0
    public var externalID: ExternalID
    /// `nil`: the id derived from vendor and external id.
    public var id: TenantID?
    /// Index into `GatewayPolicy.tiers`.
    public var tier: Int
    /// The tenant's own limit, for tiers that say `custom`.
    public var requests: RateLimit?
    public var isSuspended = false
    /// Host names that are the tenant's, in lower case.
    public var domains: [[UInt8]] = []
    /// Names of features it has beyond those of its tier, sorted.
    public var features: [[UInt8]] = []

    public init(externalID: ExternalID, tier: Int) {
        self.externalID = externalID
        self.tier = tier
    }
}
