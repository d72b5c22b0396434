/// One route: which requests it matches and what happens to them.
public struct RoutePolicy: Sendable {
    public enum Authentication: Equatable, Sendable {
        /// A bearer token of this issuer (index into `GatewayPolicy.issuers`).
        case issuer(Int)
        /// Exactly one credential of these kinds; each speaks for one tenant.
        case credentials(CredentialKinds)
        /// A token of this internal issuer: the caller names the tenant, where `tenantFrom` says.
        case internalCaller(Int)
        /// A vendor key: the request is scoped to a vendor and carries no tenant.
        case vendor
        /// No credential is looked at and none is forwarded; a tenant is injected only where
        /// `tenantFrom` says how it follows from the request.
        case none(reason: String)
    }
    public enum HostHeader: String, Sendable, CaseIterable { case preserve, upstream }
    /// What happens when a client names a tenant where only we may.
    public enum ClientValue: String, Sendable, CaseIterable {
        case strip
        case rejectIfDifferent = "reject-if-different"
        case reject
    }
    /// Whether what would be taken out or refused is, or is only told.
    public enum Mode: String, Sendable, CaseIterable { case enforce, shadow }
    /// What becomes of the `Domain` of cookies the upstream sets.
    public enum CookieDomain: String, Sendable, CaseIterable { case strip, keep, reject }

    public var name: String
    /// Canonical (lower case, no port, no trailing dot); `nil` is any host.
    public var host: String?
    public var path: PathPattern
    /// `nil` is every method.
    public var methods: [String]?
    public var authentication: Authentication
    /// Whether an API key may come as the user name of `Authorization: Basic`.
    public var takesBasic = false
    /// Scopes that methods ask for; a method that is not listed asks for none.
    public var scopes: [ScopeRequirement] = []
    /// Where a tenant is named that no credential names, in order.
    public var tenantFrom: [NamingPlace] = []
    public var upstream: Int
    public var hostHeader = HostHeader.preserve
    public var cors: CORSPolicy?
    /// Methods that only some roles may use; any other is everybody's.
    public var roles: [RoleRequirement] = []
    public var clientValue = ClientValue.strip
    /// Names added to `GatewayPolicy.tenantNames` for this route.
    public var tenantNames: [String] = []
    /// Names that do not mean the tenant on this route, whatever the lists say.
    public var exceptedNames: [String] = []
    public var mode = Mode.enforce
    /// `nil` where the policy does not say: `strip` where the route acts for a tenant, else `keep`.
    public var cookieDomain: CookieDomain?
    /// The header that carries the tenant upstream, as it is written.
    public var injectHeader = "X-Tenant-ID"
    /// A query parameter that carries it too.
    public var injectQuery: String?
    /// A JSON Pointer (RFC 6901) to the member of JSON bodies that carries it too.
    public var injectJSON: String?
    /// The field of form bodies that carries it too.
    public var injectForm: String?
    public var forwardsCredential = false
    public var limits = RouteLimitPolicy()
    /// What a tenant's tier must give it; index into `GatewayPolicy.features`.
    public var feature: Int?
    public var body = BodyPolicy()
    public var mark = SourceMark.none

    public init(name: String, path: PathPattern, authentication: Authentication, upstream: Int) {
        self.name = name
        self.path = path
        self.authentication = authentication
        self.upstream = upstream
        // A route that acts for a tenant leaves a body unread only where it says so.
        body.isCleaned = actsForTenant
    }
}

/// The roles that may use one method of a route.
public struct RoleRequirement: Equatable, Sendable {
    public var method: String
    /// Compared byte for byte with what the credential says.
    public var roles: [String]

    public init(method: String, roles: [String]) {
        self.method = method
        self.roles = roles
    }
}

/// A path pattern: literal segments, `*` for one segment, `{tenant}` for one that names the tenant,
/// a trailing `**` for any rest (none
/// included: `/v1/orders/**` matches `/v1/orders` too). Literals and paths are compared after one
/// percent-decode each; `/` is no segment at all.
public struct PathPattern: Equatable, Sendable {
    public enum Segment: Equatable, Sendable {
        case literal([UInt8])
        case any
        /// `{tenant}`: the segment that names the tenant.
        case tenant
        case rest
    }
    public var text: String
    public var segments: [Segment]

    public init(text: String, segments: [Segment]) {
        self.text = text
        self.segments = segments
    }
}

public struct CORSPolicy: Equatable, Sendable {
    /// Exact origins (`https://app.example.com`), never `*`.
    public var origins: [String]
    public var allowsCredentials = false
    public var maxAgeSeconds: UInt32 = 600
    public init(origins: [String]) { self.origins = origins }
}

public struct BodyPolicy: Equatable, Sendable {
    /// Whether bodies are held whole, understood and cleaned, or pass as they are.
    public var isCleaned = false
    /// Bound of a body that is held, as it came and with its content coding undone; a streamed one
    /// has none.
    public var bytesMax = 1_048_576
    public static let bytesMaxCeiling = 16_777_216
    /// What happens to GraphQL documents in bodies and queries; `nil` where the route takes none,
    /// so that nothing is read as one.
    public enum GraphQL: String, Sendable, CaseIterable {
        /// A document in which any name means the tenant is refused.
        case reject
        /// One in which such a name stands where it gives a value to the server.
        case rejectArguments = "reject-arguments"
        /// Documents pass unread.
        case opaque
    }
    public var graphQL: GraphQL?
    public init() {}
}

extension RoutePolicy.ClientValue {
    /// Whether a request is refused for one value a client gave for the tenant.
    func refuses(isSame: Bool) -> Bool {
        switch self {
        case .strip: false
        case .reject: true
        case .rejectIfDifferent: !isSame
        }
    }

    /// Whether a request is refused for what was found of the tenant in it.
    func refuses(_ found: TenantFindings) -> Bool {
        switch self {
        case .strip: false
        case .reject: found.count > 0
        case .rejectIfDifferent: found.different > 0
        }
    }
}
