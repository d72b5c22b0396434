/// What was taken out of one request; for counters, the log and `explain`.
public struct CleaningReport: Equatable, Sendable {
    /// Fields dropped, by `StripReason.rawValue`.
    private var fields = InlineArray<7, UInt16>(repeating: 0)
    public static var reasonCount: Int { 7 }
    public internal(set) var cookies = 0
    public internal(set) var query = QueryReport()
    /// Segments of the path that named another tenant and now name the verified one.
    public internal(set) var pathSegments = 0
    /// Members, fields and parts of the body that named a tenant.
    public var bodyNames = 0

    public init() {}

    /// Fields dropped for the reason with this raw value, below `reasonCount`.
    public func fields(at reason: Int) -> Int { Int(fields[reason]) }

    /// Fields dropped for `reason`.
    public func fields(_ reason: StripReason) -> Int { Int(fields[Int(reason.rawValue)]) }

    /// Whether the client named a tenant itself, anywhere (INV-7: one audit event).
    public var namedTenant: Bool {
        fields(.tenant) > 0 || cookies > 0 || query.removed > 0 || pathSegments > 0
            || bodyNames > 0
    }

    mutating func count(_ reason: StripReason) { fields[Int(reason.rawValue)] += 1 }

    public static func == (one: CleaningReport, other: CleaningReport) -> Bool {
        for reason in StripReason.allCases where one.fields(reason) != other.fields(reason) {
            return false
        }
        return one.cookies == other.cookies && one.query == other.query
            && one.pathSegments == other.pathSegments && one.bodyNames == other.bodyNames
    }
}

/// The decisions about one request head: the fate of each field. A place to plan into, reused for
/// one request after the other; it belongs to the head it was planned for.
public struct RewritePlan: ~Copyable {
    private var fates = InlineArray<100, FieldFate>(repeating: .keep)
    public internal(set) var report = CleaningReport()
    /// What would have been taken out or refused; `nil` where it is.
    public internal(set) var shadow: ShadowReport?
    /// Kept from request to request, whichever rule plans.
    var memo = FieldMemo()

    public init() {}

    mutating func reset() {
        report = CleaningReport()
        shadow = nil
    }

    subscript(index: Int) -> FieldFate {
        get { fates[index] }
        set { fates[index] = newValue }
    }
}

/// How a request came and what the gateway knows to add, for one call of `RouteRule.write`.
public struct RequestFacts: ~Escapable {
    /// The peer's address as text, IPv6 without brackets; empty where it has none (Unix sockets).
    public let clientAddress: Span<UInt8>
    /// Whether the client's connection was TLS.
    public let isSecure: Bool
    /// Whether the peer is in `trusted_proxies`: its `X-Forwarded-*` are continued, not replaced.
    public let isTrustedProxy: Bool
    /// Our own request id, 36 bytes.
    public let requestID: Span<UInt8>
    /// The `traceparent` to send; empty for none.
    public let traceparent: Span<UInt8>
    /// The assertion, a compact JWS; empty for none.
    public let assertion: Span<UInt8>
    /// The authority of the upstream's target, for `host: upstream`.
    public let upstreamAuthority: Span<UInt8>
    /// The type of a body that was read and understood, in place of the client's and of any content
    /// coding; empty where the body is passed on as it came.
    public let contentType: Span<UInt8>

    @_lifetime(
        copy clientAddress, copy requestID, copy traceparent, copy assertion,
        copy upstreamAuthority, copy contentType)
    public init(
        clientAddress: Span<UInt8>, isSecure: Bool, isTrustedProxy: Bool, requestID: Span<UInt8>,
        traceparent: Span<UInt8>, assertion: Span<UInt8>, upstreamAuthority: Span<UInt8>,
        contentType: Span<UInt8>
    ) {
        self.clientAddress = clientAddress
        self.isSecure = isSecure
        self.isTrustedProxy = isTrustedProxy
        self.requestID = requestID
        self.traceparent = traceparent
        self.assertion = assertion
        self.upstreamAuthority = upstreamAuthority
        self.contentType = contentType
    }
}
