/// Which credentials a route takes; each of its requests brings exactly one of them.
public struct CredentialKinds: Equatable, Sendable {
    /// Access tokens of this issuer (index into `GatewayPolicy.issuers`). One issuer at most: whose
    /// keys a token is checked with is never the token's choice.
    public var issuer: Int?
    public var apiKey = false
    public var session = false
    public var certificate = false

    public init() {}

    public var count: Int {
        (issuer == nil ? 0 : 1) + (apiKey ? 1 : 0) + (session ? 1 : 0) + (certificate ? 1 : 0)
    }
}

/// Where a tenant that no credential names is named.
public enum NamingPlace: Equatable, Sendable {
    /// The host is a tenant's domain, or has the form of `tenants.hosts`.
    case host
    /// `{tenant}` of the route's path.
    case path
    case header(String)
    case query(String)
    case cookie(String)
    /// A JSON Pointer into the body, which is held and read before anything is decided.
    case json(String)
    /// Where no other place says anything.
    case fallback(ExternalID)

    public var isInBody: Bool { if case .json = self { true } else { false } }
}

/// Text with one `{tenant}` in it: a host name, or a name in a certificate.
public struct TenantPattern: Equatable, Sendable {
    public let prefix: [UInt8]
    public let suffix: [UInt8]
    /// What a tenant's name cannot hold here, because another part of the text begins there.
    public let separator: UInt8

    /// `nil` unless `{tenant}` stands in it exactly once, as a whole part between separators.
    public init?(_ text: String, separator: Unicode.Scalar) {
        let bytes = [UInt8](text.utf8)
        let word = [UInt8]("{tenant}".utf8)
        guard separator.isASCII, bytes.count >= word.count else { return nil }
        let mark = UInt8(truncatingIfNeeded: separator.value)
        let starts = (0...bytes.count - word.count).filter {
            bytes[$0..<$0 + word.count].elementsEqual(word)
        }
        guard starts.count == 1, let start = starts.first else { return nil }
        prefix = Array(bytes[..<start])
        suffix = Array(bytes[(start + word.count)...])
        self.separator = mark
        guard prefix.isEmpty || prefix.last == mark, suffix.isEmpty || suffix.first == mark,
            !(prefix + suffix).contains(where: { $0 == UInt8(ascii: "{") })
        else { return nil }
    }

    /// Where `text`, compared byte for byte, names the tenant; `nil` where it has another form.
    public func tenant(in text: Span<UInt8>) -> Range<Int>? {
        let end = text.count - suffix.count
        guard prefix.count < end else { return nil }
        for index in prefix.indices where text[index] != prefix[index] { return nil }
        for index in suffix.indices where text[end + index] != suffix[index] { return nil }
        for index in prefix.count..<end where text[index] == separator { return nil }
        return prefix.count..<end
    }

    /// As the policy writes it.
    public var text: String {
        String(decoding: prefix, as: UTF8.self) + "{tenant}"
            + String(decoding: suffix, as: UTF8.self)
    }
}

/// Session tokens: made by our own services for browsers, each bound to one tenant.
public struct SessionPolicy: Sendable {
    /// Shared HS256 key, at least 32 bytes.
    public var key: SecretReference
    /// The `iss` claim.
    public var issuer = Self.issuerDefault
    /// Name of the cookie that may carry one.
    public var cookie = Self.cookieDefault
    /// Where requests that change something may come from, when the cookie is their credential.
    public var origins: [String] = []
    public var lifetimeSecondsMax: Int64 = 43_200
    /// Index into `GatewayPolicy.vendors`.
    public var vendor = 0
    public var mark = SourceMark.none

    public static let issuerDefault = "ringfence-sessions"
    public static let cookieDefault = "__Host-session"
    /// No other kind of token has this `typ`, and no issuer may list it (RFC 8725 section 3.12).
    public static let type = "ringfence-session+jwt"
    /// Claims that only sessions have: the tenant by external id, and by its UUID.
    public static let tenantClaim = "tenant"
    public static let tenantIDClaim = "tid"

    public init(key: SecretReference) { self.key = key }
}

/// How the certificate of a client names its tenant.
public struct CertificatePolicy: Equatable, Sendable {
    public enum Name: Equatable, Sendable { case uri, dns }
    public var name: Name
    public var pattern: TenantPattern
    /// Index into `GatewayPolicy.vendors`.
    public var vendor = 0

    public init(name: Name, pattern: TenantPattern) {
        self.name = name
        self.pattern = pattern
    }
}

/// Scopes that one method of a route asks for.
public struct ScopeRequirement: Equatable, Sendable {
    /// `*` for every method that is not listed.
    public var method: String
    /// All of them are needed.
    public var scopes: [String]

    public init(method: String, scopes: [String]) {
        self.method = method
        self.scopes = scopes
    }
}

/// What an API key needs of its tenant's tier.
public enum APIKeyPolicy {
    public static let feature = "api-access"
}

extension RoutePolicy {
    /// Whether requests act for a tenant.
    public var actsForTenant: Bool {
        switch authentication {
        case .issuer, .credentials, .internalCaller: true
        case .none: !tenantFrom.isEmpty
        case .vendor: false
        }
    }

    /// The issuer whose access tokens it takes.
    public var issuer: Int? {
        switch authentication {
        case .issuer(let index), .internalCaller(let index): index
        case .credentials(let kinds): kinds.issuer
        case .vendor, .none: nil
        }
    }

    public var takesAPIKeys: Bool {
        if case .credentials(let kinds) = authentication { kinds.apiKey } else { false }
    }

    public var takesCertificates: Bool {
        if case .credentials(let kinds) = authentication { kinds.certificate } else { false }
    }
}
