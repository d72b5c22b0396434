/// How tokens may be signed (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2).
public enum TokenAlgorithm: String, Sendable, CaseIterable {
    case hs256 = "HS256"
    case hs384 = "HS384"
    case hs512 = "HS512"
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    /// Ed25519 under either of its names; Ed448 is not taken.
    case ed25519 = "EdDSA"

    /// Every name that headers, keys and policies may use, in the order of the cases.
    public static let names = allCases.map(\.rawValue) + [ed25519Name]
    /// Its fully-specified name (RFC 9864 §2.2).
    public static let ed25519Name = "Ed25519"

    /// The algorithm of this name, in exactly this case.
    public init?(name: String) {
        guard name != Self.ed25519Name else {
            self = .ed25519
            return
        }
        self.init(rawValue: name)
    }

    /// A second name of the same algorithm.
    public var otherName: String? { self == .ed25519 ? Self.ed25519Name : nil }

    public var isSymmetric: Bool { self == .hs256 || self == .hs384 || self == .hs512 }
}

/// Keys that are fetched by https: from where, how often, and for how long without an answer.
public struct RemoteKeys: Equatable, Sendable {
    public enum Source: Equatable, Sendable {
        /// A JWK set (RFC 7517 §5).
        case url(String)
        /// The issuer's own configuration document names the set (OpenID Connect Discovery §4).
        case discovery
    }

    public var source: Source
    /// Between two fetches; `nil` where the answer's `Cache-Control` decides, within bounds.
    public var refreshSeconds: UInt32?
    /// How long the last good set counts after it was fetched. Then the issuer's tokens are
    /// refused.
    public var staleSecondsMax: Int64 = 86_400
    /// Least time between two fetches that a token with an unknown `kid` asks for.
    public var unknownKeyMilliseconds: UInt32 = 30_000
    /// Whether the server may have an address that is not public. Otherwise whoever controls the
    /// issuer's documents or its name could make the gateway call inwards.
    public var allowsPrivateAddresses = false
    /// PEM of the authorities that may sign the server's certificate; `nil` is the system's.
    public var certificateAuthority: SecretReference?

    public static let refreshSecondsDefault: UInt32 = 300
    /// What a server's `max-age` is held to.
    public static let maxAgeSeconds: ClosedRange<UInt32> = 60...86_400

    public init(_ source: Source) { self.source = source }
}

/// A folder of this gateway's own, with its resolved path.
public struct StateFolder: Equatable, Sendable {
    public var path: String
    public var mark: SourceMark

    public init(path: String, mark: SourceMark) {
        self.path = path
        self.mark = mark
    }
}

/// For which tenants of its vendor an issuer may speak, and of which tiers: without it any trusted
/// issuer could act for every tenant.
public struct IssuerAuthority: Equatable, Sendable {
    /// Names, and beginnings of names that end in `*`; `nil` is every tenant.
    public var tenants: [String]? {
        didSet { spread() }
    }
    /// Indices into `GatewayPolicy.tiers`; `nil` is every tier.
    public var tiers: Set<Int>?
    /// `tenants`, told apart, so that asking is one look-up where names are listed one by one.
    private var names: Set<ExternalID> = []
    private var beginnings: [[UInt8]] = []

    public init() {}

    private mutating func spread() {
        names = []
        beginnings = []
        for text in tenants ?? [] {
            if text.utf8.last == UInt8(ascii: "*") {
                beginnings.append(Array(text.utf8.dropLast()))
            } else if let name = ExternalID(text, format: .opaque) {
                names.insert(name)
            }
        }
    }

    /// Whether it may name this tenant.
    public func permits(_ tenant: ExternalID) -> Bool {
        guard tenants != nil else { return true }
        return names.contains(tenant)
            || beginnings.contains { tenant.bytes.starts(with: $0) }
    }

    /// Whether it may speak for tenants of this tier, whoever said that they are of it.
    public func permits(tier: Int) -> Bool { tiers?.contains(tier) ?? true }
}
