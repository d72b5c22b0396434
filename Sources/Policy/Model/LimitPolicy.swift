/// Features by their index in `GatewayPolicy.features`.
public struct FeatureSet: Equatable, Sendable {
    /// Features one policy may name.
    public static let countMax = 64
    private var bits: UInt64 = 0

    public init() {}

    public func contains(_ feature: Int) -> Bool {
        feature >= 0 && feature < Self.countMax && bits >> UInt64(feature) & 1 == 1
    }

    public mutating func insert(_ feature: Int) {
        guard feature >= 0, feature < Self.countMax else { return }
        bits |= 1 << UInt64(feature)
    }

    public func union(_ other: FeatureSet) -> FeatureSet {
        var both = self
        both.bits |= other.bits
        return both
    }
}

/// What a tier allows besides its requests; the same for all its tenants.
public struct TierAllowance: Equatable, Sendable {
    /// Requests per minute of each user of a tenant; `nil` is no limit besides the tenant's.
    public var requestsPerUser: UInt32?
    /// Requests of a tenant that may be open at once; `nil` is no limit.
    public var concurrency: UInt32?
    /// A tenant's share of an upstream that has not room for everybody, relative to others'.
    public var weight: UInt32 = 1
    public var features = FeatureSet()

    public static let weightMax: UInt32 = 100
    public static let concurrencyMax: UInt32 = 1_000_000

    public init() {}

    /// Whether the tenant's requests per minute are all that limits it.
    public var isPlain: Bool { requestsPerUser == nil && concurrency == nil }
}

/// What a route's requests are counted against.
public struct RouteLimitPolicy: Equatable, Sendable {
    /// Whether they count against the tier's limits.
    public var countsTier = true
    /// Requests per minute of each tenant on this route.
    public var requests: UInt32?
    /// Requests per minute of each user of a tenant on this route.
    public var requestsPerUser: UInt32?

    public init() {}

    /// Whether the tier's limits are all there are.
    public var isTierOnly: Bool { self == RouteLimitPolicy() }
}

/// What an address may ask without a credential that was verified.
public struct UnauthenticatedPolicy: Equatable, Sendable {
    public var requestsPerMinute: UInt32
    public init(requestsPerMinute: UInt32) { self.requestsPerMinute = requestsPerMinute }

    public static let range: ClosedRange<UInt32> = 1...1_000_000
}

/// How many requests an upstream is given at once, and who waits.
public struct InFlightPolicy: Equatable, Sendable {
    /// Requests of all tenants and workers together.
    public var max: UInt32
    /// Requests of one tenant that may wait.
    public var queueMax: UInt32 = 128
    public var waitMilliseconds: UInt32 = 1_000

    public init(max: UInt32) { self.max = max }

    public static let range = 1...1_000_000
    public static let queueRange = 0...100_000
}
