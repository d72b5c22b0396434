/// A field name the gateway has a reason to know, decided once while the head is parsed, so that
/// nothing later compares names. Names are case-insensitive (RFC 9110 section 5.1). `other` is
/// every name that is not listed.
public enum KnownField: UInt8, BitwiseCopyable, CaseIterable, Sendable {
    case other
    // Framing, connection and routing.
    case host, connection, contentLength, transferEncoding, te, trailer, upgrade, expect
    case keepAlive, proxyConnection, http2Settings, maxForwards
    // Credentials.
    case authorization, proxyAuthorization, proxyAuthenticate, proxyAuthenticationInfo
    case wwwAuthenticate, cookie, setCookie, xAPIKey
    // Content and requests.
    case contentType, contentEncoding, contentLocation, accept, acceptEncoding, userAgent
    case referer, range, ifRange
    // Browsers.
    case origin, accessControlRequestMethod, accessControlRequestHeaders
    case accessControlAllowOrigin, accessControlAllowCredentials, secFetchSite
    // What proxies say about the client and about themselves.
    case forwarded, xForwardedFor, xForwardedHost, xForwardedProto, xForwardedPort
    case xForwardedPrefix, xForwardedURI, xRealIP, via, xRequestID, traceparent, tracestate
    case idempotencyKey, ringfenceAssertion
    // Responses.
    case server, date, location, refresh, vary, allow, age, etag, cacheControl, retryAfter
    case rateLimit, rateLimitPolicy, proxyStatus, strictTransportSecurity

    /// The name as we write it; empty for `other`.
    public var name: StaticString {
        switch self {
        case .other: ""
        case .host: "Host"
        case .connection: "Connection"
        case .contentLength: "Content-Length"
        case .transferEncoding: "Transfer-Encoding"
        case .te: "TE"
        case .trailer: "Trailer"
        case .upgrade: "Upgrade"
        case .expect: "Expect"
        case .keepAlive: "Keep-Alive"
        case .proxyConnection: "Proxy-Connection"
        case .http2Settings: "HTTP2-Settings"
        case .maxForwards: "Max-Forwards"
        case .authorization: "Authorization"
        case .proxyAuthorization: "Proxy-Authorization"
        case .proxyAuthenticate: "Proxy-Authenticate"
        case .proxyAuthenticationInfo: "Proxy-Authentication-Info"
        case .wwwAuthenticate: "WWW-Authenticate"
        case .cookie: "Cookie"
        case .setCookie: "Set-Cookie"
        case .xAPIKey: "X-API-Key"
        case .contentType: "Content-Type"
        case .contentEncoding: "Content-Encoding"
        case .contentLocation: "Content-Location"
        case .accept: "Accept"
        case .acceptEncoding: "Accept-Encoding"
        case .userAgent: "User-Agent"
        case .referer: "Referer"
        case .range: "Range"
        case .ifRange: "If-Range"
        case .origin: "Origin"
        case .accessControlRequestMethod: "Access-Control-Request-Method"
        case .accessControlRequestHeaders: "Access-Control-Request-Headers"
        case .accessControlAllowOrigin: "Access-Control-Allow-Origin"
        case .accessControlAllowCredentials: "Access-Control-Allow-Credentials"
        case .secFetchSite: "Sec-Fetch-Site"
        case .forwarded: "Forwarded"
        case .xForwardedFor: "X-Forwarded-For"
        case .xForwardedHost: "X-Forwarded-Host"
        case .xForwardedProto: "X-Forwarded-Proto"
        case .xForwardedPort: "X-Forwarded-Port"
        case .xForwardedPrefix: "X-Forwarded-Prefix"
        case .xForwardedURI: "X-Forwarded-Uri"
        case .xRealIP: "X-Real-IP"
        case .via: "Via"
        case .xRequestID: "X-Request-ID"
        case .traceparent: "traceparent"
        case .tracestate: "tracestate"
        case .idempotencyKey: "Idempotency-Key"
        case .ringfenceAssertion: "Ringfence-Assertion"
        case .server: "Server"
        case .date: "Date"
        case .location: "Location"
        case .refresh: "Refresh"
        case .vary: "Vary"
        case .allow: "Allow"
        case .age: "Age"
        case .etag: "ETag"
        case .cacheControl: "Cache-Control"
        case .retryAfter: "Retry-After"
        case .rateLimit: "RateLimit"
        case .rateLimitPolicy: "RateLimit-Policy"
        case .proxyStatus: "Proxy-Status"
        case .strictTransportSecurity: "Strict-Transport-Security"
        }
    }

    /// Whether a proxy never passes this field on: the hop-by-hop fields of RFC 9110 section 7.6.1,
    /// the proxy credentials of section 11.7, and `Max-Forwards`, which matters only to the methods
    /// answered here.
    public var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade,
            .http2Settings, .proxyAuthorization, .proxyAuthenticate, .proxyAuthenticationInfo,
            .maxForwards:
            true
        default: false
        }
    }

    /// The known field that `name` spells. `name` must hold `tchar` only: among those, folding with
    /// a bit makes no letter, digit or "-" out of anything else.
    public init(_ name: Span<UInt8>) {
        let candidate = Self.candidate(name)
        self = candidate != .other && Self.spells(candidate, name) ? candidate : .other
    }

    private static func spells(_ field: KnownField, _ name: Span<UInt8>) -> Bool {
        let expected = field.name.bytes
        let caseBits: UInt64 = 0x2020_2020_2020_2020
        guard name.count == expected.count else { return false }
        var index = 0
        while name.count - index >= 8 {
            guard name.word(at: index) | caseBits == expected.word(at: index) | caseBits
            else { return false }
            index += 8
        }
        while index < name.count {
            guard name[index] | 0x20 == expected[index] | 0x20 else { return false }
            index += 1
        }
        return true
    }

    private static func folded(_ byte: UInt8) -> Unicode.Scalar { Unicode.Scalar(byte | 0x20) }

    /// The only name of this length that can match, by one letter in which all of them differ.
    private static func candidate(_ name: Span<UInt8>) -> KnownField {
        switch name.count {
        case 2: return .te
        case 3:
            switch folded(name[0]) {
            case "v": return .via
            case "a": return .age
            default: return .other
            }
        case 4:
            switch folded(name[0]) {
            case "h": return .host
            case "d": return .date
            case "v": return .vary
            case "e": return .etag
            default: return .other
            }
        case 5:
            switch folded(name[0]) {
            case "r": return .range
            case "a": return .allow
            default: return .other
            }
        case 6:
            switch folded(name[0]) {
            case "e": return .expect
            case "c": return .cookie
            case "a": return .accept
            case "o": return .origin
            case "s": return .server
            default: return .other
            }
        case 7:
            switch folded(name[4]) {
            case "l": return .trailer
            case "a": return .upgrade
            case "r": return .referer
            case "e": return .refresh
            default: return .other
            }
        case 8:
            switch folded(name[0]) {
            case "i": return .ifRange
            case "l": return .location
            default: return .other
            }
        case 9:
            switch folded(name[0]) {
            case "f": return .forwarded
            case "x": return folded(name[2]) == "a" ? .xAPIKey : .xRealIP
            case "r": return .rateLimit
            default: return .other
            }
        case 10:
            switch folded(name[0]) {
            case "c": return .connection
            case "k": return .keepAlive
            case "s": return .setCookie
            case "u": return .userAgent
            case "t": return .tracestate
            default: return .other
            }
        case 11:
            switch folded(name[0]) {
            case "t": return .traceparent
            case "r": return .retryAfter
            default: return .other
            }
        case 12:
            switch folded(name[0]) {
            case "m": return .maxForwards
            case "c": return .contentType
            case "x": return .xRequestID
            case "p": return .proxyStatus
            default: return .other
            }
        case 13:
            switch folded(name[0]) {
            case "a": return .authorization
            case "c": return .cacheControl
            default: return .other
            }
        case 14:
            switch folded(name[0]) {
            case "c": return .contentLength
            case "h": return .http2Settings
            case "s": return .secFetchSite
            default: return .other
            }
        case 15:
            switch folded(name[12]) {
            case "i": return .acceptEncoding
            case "f": return .xForwardedFor
            case "u": return .xForwardedURI
            case "k": return .idempotencyKey
            default: return .other
            }
        case 16:
            switch folded(name[0]) {
            case "p": return .proxyConnection
            case "w": return .wwwAuthenticate
            case "c": return folded(name[8]) == "e" ? .contentEncoding : .contentLocation
            case "x": return folded(name[12]) == "h" ? .xForwardedHost : .xForwardedPort
            case "r": return .rateLimitPolicy
            default: return .other
            }
        case 17:
            switch folded(name[0]) {
            case "t": return .transferEncoding
            case "x": return .xForwardedProto
            default: return .other
            }
        case 18:
            switch folded(name[0]) {
            case "p": return .proxyAuthenticate
            case "x": return .xForwardedPrefix
            default: return .other
            }
        case 19:
            switch folded(name[0]) {
            case "p": return .proxyAuthorization
            case "r": return .ringfenceAssertion
            default: return .other
            }
        case 25:
            switch folded(name[0]) {
            case "p": return .proxyAuthenticationInfo
            case "s": return .strictTransportSecurity
            default: return .other
            }
        case 27: return .accessControlAllowOrigin
        case 29: return .accessControlRequestMethod
        case 30: return .accessControlRequestHeaders
        case 32: return .accessControlAllowCredentials
        default: return .other
        }
    }
}

/// A set of known fields; a member `.other` stands for all names that are not known.
public struct FieldSet: Equatable, BitwiseCopyable, Sendable {
    @usableFromInline var bits: UInt64

    public init(_ fields: KnownField...) {
        bits = fields.reduce(0) { $0 | 1 << UInt64($1.rawValue) }
    }

    private init(bits: UInt64) { self.bits = bits }

    public static let none = FieldSet(bits: 0)
    public static let all = FieldSet(bits: .max)

    @inlinable public func contains(_ field: KnownField) -> Bool {
        bits & (1 << UInt64(field.rawValue)) != 0
    }

    @inlinable mutating func insert(_ field: KnownField) {
        bits |= 1 << UInt64(field.rawValue)
    }
}
