/// What enforcing would have done to one exchange of a route in shadow (`tenant: {mode: shadow}`):
/// exact counts by carrier, and the refusal it would have ended in.
public struct ShadowReport: Equatable, Sendable {
    /// Where something was found. A bounded set, so it can be a metric label.
    public enum Carrier: UInt8, CaseIterable, Sendable {
        case header, irregularHeader, headerCharset, cookie, query, queryMethod, path
        case body, bodyMethod
        case responseHeader, responseCookie, responseCaching

        public var name: StaticString {
            switch self {
            case .header: "header_tenant"
            case .irregularHeader: "header_irregular_name"
            case .headerCharset: "header_charset"
            case .cookie: "cookie_tenant"
            case .query: "query_tenant"
            case .queryMethod: "query_method"
            case .path: "path_tenant"
            case .body: "body_tenant"
            case .bodyMethod: "body_method"
            case .responseHeader: "response_tenant"
            case .responseCookie: "response_cookie_domain"
            case .responseCaching: "response_caching"
            }
        }
    }

    /// What would have become of it.
    public enum Outcome: UInt8, CaseIterable, Sendable {
        /// Taken out, and nothing lost by it: it named the verified tenant, or no tenant.
        case stripped
        /// Taken out, with a value that is not the verified tenant.
        case overridden
        /// The whole request refused; counted once for a request, where it would first have been.
        case refused
        /// A body nobody looked into: longer than `body.max`, without memory left for it, or on a
        /// route that does not clean bodies.
        case unjudged

        public var name: StaticString {
            switch self {
            case .stripped: "stripped"
            case .overridden: "overridden"
            case .refused: "refused"
            case .unjudged: "unjudged"
            }
        }
    }

    /// What a request can be refused with because of the tenant, for metrics.
    public static let refusals: [Refusal] = [
        .requestPathAmbiguous, .requestQueryMalformed, .requestTarget, .requestTargetTooLong,
        .routeNotFound, .tenantConflict, .requestBodyMalformed, .requestBodyType,
        .requestBodyEncoding, .requestBodyTooLarge, .upstreamCookieDomain,
    ]

    /// An array, so that a request that has no report carries no room for one.
    private var counts = [UInt32](
        repeating: 0, count: Carrier.allCases.count * Outcome.allCases.count)
    /// The code enforcing would have answered; `nil` where it would have forwarded.
    public private(set) var refusal: Refusal?
    /// Where it would have been refused.
    public private(set) var refusedCarrier = Carrier.header

    public init() {}

    public func count(_ carrier: Carrier, _ outcome: Outcome) -> Int {
        Int(counts[Self.place(carrier, outcome)])
    }

    /// Names found in `carrier` that would have been taken out.
    public func found(_ carrier: Carrier) -> Int {
        count(carrier, .stripped) + count(carrier, .overridden)
    }

    /// Whether enforcing would have passed everything on as it came, as far as it was looked at.
    public var isUnchanged: Bool {
        for carrier in Carrier.allCases where found(carrier) > 0 { return false }
        return refusal == nil
    }

    mutating func add(_ carrier: Carrier, _ outcome: Outcome, _ amount: Int = 1) {
        guard amount > 0 else { return }
        let sum = UInt64(counts[Self.place(carrier, outcome)]) + UInt64(amount)
        counts[Self.place(carrier, outcome)] = UInt32(clamping: sum)
    }

    /// Counts names of the tenant, and the refusal that the route says they end in.
    ///
    /// - Parameter tenant: without one, nothing is another's.
    mutating func add(
        _ found: TenantFindings, _ carrier: Carrier, _ clientValue: RoutePolicy.ClientValue,
        tenant: ExternalID?
    ) {
        let different = tenant == nil ? 0 : found.different
        add(carrier, .stripped, found.count - different)
        add(carrier, .overridden, different)
        if clientValue.refuses(found) { refuse(.tenantConflict, carrier) }
    }

    /// The first refusal counts: enforcing would have gone no further.
    mutating func refuse(_ refusal: Refusal, _ carrier: Carrier) {
        guard self.refusal == nil else { return }
        self.refusal = refusal
        refusedCarrier = carrier
        add(carrier, .refused)
    }

    /// A body was passed on without a look at it.
    public mutating func passBody() { add(.body, .unjudged) }

    /// A body that enforcing would have refused for what its fields or its length say.
    public mutating func refuseBody(_ refusal: Refusal) { refuse(refusal, .body) }

    private static func place(_ carrier: Carrier, _ outcome: Outcome) -> Int {
        Int(carrier.rawValue) * Outcome.allCases.count + Int(outcome.rawValue)
    }
}
