/// Names of fields that never pass, in one place. Compared by letters and digits alone and without
/// case, so `X-Forwarded-For`, `X_Forwarded_For` and `x.forwarded.for` are one name.
enum FieldNames {
    /// Written by the gateway where it needs them.
    static let replaced = ["Host", "Content-Length", "Transfer-Encoding", "Expect"]

    /// Everything the gateway itself writes into a head for an upstream, besides the tenant.
    static let written =
        ["Host", "Content-Length", "Transfer-Encoding", "X-Request-ID", "traceparent", "Forwarded"]
        + ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Via"]
        + ["Ringfence-Assertion", "X-Tenant-Tier"]

    static let hopByHop = [
        "Connection", "Keep-Alive", "TE", "Trailer", "Upgrade", "HTTP2-Settings", "Max-Forwards",
    ]

    /// Fields other proxies set after they checked something, which upstreams therefore believe;
    /// addresses of the client; the method and the target in another place (attacks H17, U5, U8).
    static let identity = [
        "Forwarded", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "True-Client-IP",
        "Client-IP", "CF-Connecting-IP", "Fastly-Client-IP", "X-Host", "X-Original-URL",
        "X-Rewrite-URL", "X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override",
        "X-Client-Cert", "X-Client-Verify", "Client-Cert", "Client-Cert-Chain", "SSL-Client-Cert",
        "X-Remote-User", "Remote-User", "X-Authenticated-User", "X-WebAuth-User",
    ]

    static let identityPrefixes = [
        "X-Forwarded", "X-Original-", "X-Rewrite-", "X-SSL-", "X-Envoy-", "X-Accel-", "X-Internal-",
        "X-Auth-Request-", "X-Consumer-",
    ]

    /// Trace context is regenerated as a whole: a `tracestate` or `baggage` without its
    /// `traceparent` means nothing, and baggage is one more place to name a tenant.
    static let gatewayOwn = [
        "X-Tenant-Tier", "Tenant-Tier", "X-Request-ID", "traceparent", "tracestate", "baggage",
    ]

    static let gatewayOwnPrefixes = ["Ringfence-", "X-Ringfence-"]

    static let hopByHopPrefixes = ["Proxy-"]

    static let credential = ["Authorization", "Api-Key", "X-Auth-Token"]
    /// API keys are the gateway's: no upstream sees one in this field, whatever the route says.
    static let apiKey = ["X-API-Key"]

    /// Response fields besides the hop-by-hop and our own: what steers a proxy or is an answer to
    /// one, what sends clients around the gateway, and what an upstream repeats of the head it got
    /// from us.
    static let responseDropped = [
        "Alt-Svc", "X-Tenant-Tier", "Tenant-Tier", "traceparent", "tracestate", "baggage",
        "Forwarded", "X-Real-IP",
    ]
    static let responseDroppedPrefixes = [
        "X-Accel-", "X-Envoy-", "X-Internal-", "X-Forwarded-", "X-Auth-Request-", "X-Consumer-",
    ]

    /// Dropped where a response must stay out of shared caches: each wins over `Cache-Control` in
    /// some of them (RFC 9213 and its predecessors).
    static let targetedCaching = [
        "CDN-Cache-Control", "Surrogate-Control", "Edge-Control", "Cloudflare-CDN-Cache-Control",
        "Akamai-CDN-Cache-Control", "Vercel-CDN-Cache-Control", "Netlify-CDN-Cache-Control",
    ]

    /// Replaced on responses that carry our limit.
    static let limits = [
        "RateLimit", "RateLimit-Policy", "RateLimit-Limit", "RateLimit-Remaining",
        "RateLimit-Reset", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset",
    ]

    /// Replaced on routes with `cors`.
    static let cors = [
        "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials",
        "Access-Control-Expose-Headers", "Access-Control-Allow-Methods",
        "Access-Control-Allow-Headers", "Access-Control-Max-Age",
    ]

    /// The letters and digits of `name`, lower case.
    static func letters(_ name: String) -> [UInt8] {
        name.lowercased().utf8.filter { ($0 &- 97 < 26) || ($0 &- 48 < 10) }
    }
}

/// Fates by name: exact names and prefixes, both by letters and digits alone.
struct FateTable: Sendable {
    private let exact: ByteTable
    private let exactFates: [FieldFate]
    private let prefixes: [[UInt8]]
    private let prefixFates: [FieldFate]
    /// Bit per first letter of a prefix, so that most names skip them.
    private let prefixLetters: UInt32

    init(
        exact: [(names: [String], fate: FieldFate)], prefixes: [(names: [String], fate: FieldFate)]
    ) {
        let names = exact.flatMap { entry in
            entry.names.map { (FieldNames.letters($0), entry.fate) }
        }
        self.exact = ByteTable(names.map(\.0))
        exactFates = names.map(\.1)
        let starts = prefixes.flatMap { entry in
            entry.names.map { (FieldNames.letters($0), entry.fate) }
        }
        self.prefixes = starts.map(\.0)
        prefixFates = starts.map(\.1)
        prefixLetters = starts.reduce(0) { $0 | 1 << UInt32($1.0[0] & 31) }
    }

    /// The fate of a name given by its folded letters; `nil` where no rule names it.
    func fate(of letters: Span<UInt8>) -> FieldFate? {
        if let ordinal = exact.ordinal(of: letters) { return exactFates[ordinal] }
        guard letters.count > 0, prefixLetters >> UInt32(letters[0] & 31) & 1 == 1 else {
            return nil
        }
        for index in prefixes.indices where Self.starts(letters, with: prefixes[index]) {
            return prefixFates[index]
        }
        return nil
    }

    private static func starts(_ letters: Span<UInt8>, with prefix: [UInt8]) -> Bool {
        guard letters.count >= prefix.count else { return false }
        for index in prefix.indices where letters[index] != prefix[index] { return false }
        return true
    }
}
