/// Which of the limits of one request; the order is the order they are shown in.
public enum LimitKind: UInt8, CaseIterable, Sendable {
    /// The tier's, of the tenant.
    case tier
    /// The tier's, of one user of the tenant.
    case tierUser
    /// The route's, of the tenant.
    case route
    /// The route's, of one user of the tenant.
    case routeUser

    public var isPerUser: Bool { self == .tierUser || self == .routeUser }
    public var isOfRoute: Bool { self == .route || self == .routeUser }
}

/// Where a tenant or a user stands with one limit, in the whole seconds that fields carry. Seconds
/// are rounded up, so that who waits as told is admitted (attack R7).
public struct LimitStanding: Equatable, Sendable {
    public var limitPerMinute: UInt32
    public var remaining: UInt32
    /// Until the next place is free.
    public var resetSeconds: UInt32
    public var isAdmitted: Bool
    public var kind: LimitKind

    public init(limitPerMinute: UInt32, verdict: WindowVerdict, kind: LimitKind = .tier) {
        self.limitPerMinute = limitPerMinute
        self.kind = kind
        switch verdict {
        case .admitted(let remaining, let reset):
            self.remaining = remaining
            resetSeconds = Self.seconds(reset)
            isAdmitted = true
        case .refused(let retry):
            remaining = 0
            resetSeconds = max(Self.seconds(retry), 1)
            isAdmitted = false
        }
    }

    /// Whole seconds that are not less.
    public static func seconds(_ nanoseconds: UInt64) -> UInt32 {
        let whole = nanoseconds / 1_000_000_000
        let isWhole = nanoseconds % 1_000_000_000 == 0
        return UInt32(clamping: isWhole ? whole : whole + 1)
    }
}

/// Where a tenant stands with its `concurrency`.
public struct ConcurrencyStanding: Equatable, Sendable {
    public var limit: UInt32
    public var remaining: UInt32
    public var isAdmitted: Bool

    public init(limit: UInt32, remaining: UInt32, isAdmitted: Bool) {
        self.limit = limit
        self.remaining = remaining
        self.isAdmitted = isAdmitted
    }
}

/// Where one request stands with all the limits it has to pass; with none where none applies.
public struct LimitStandings: Sendable {
    public static let countMax = LimitKind.allCases.count

    private var items = InlineArray<4, LimitStanding>(
        repeating: LimitStanding(limitPerMinute: 0, verdict: .refused(retryNanoseconds: 0)))
    public private(set) var count = 0
    public var concurrency: ConcurrencyStanding?

    public init() {}

    public init(_ standing: LimitStanding) {
        items[0] = standing
        count = 1
    }

    public subscript(_ index: Int) -> LimitStanding {
        get { items[index] }
        set { items[index] = newValue }
    }

    /// Adds one; at most one of each kind.
    public mutating func append(_ standing: LimitStanding) {
        precondition(count < Self.countMax)
        items[count] = standing
        count += 1
    }

    public mutating func removeAll() {
        count = 0
        concurrency = nil
    }

    public var isEmpty: Bool { count == 0 && concurrency == nil }

    /// Whether the tier's limit of the tenant is the only one.
    var isTierAlone: Bool { count == 1 && concurrency == nil && items[0].kind == .tier }

    public var isAdmitted: Bool {
        for index in 0..<count where !items[index].isAdmitted { return false }
        return concurrency?.isAdmitted ?? true
    }

    /// Whether one of the limits a minute refuses.
    public var isRateExceeded: Bool {
        for index in 0..<count where !items[index].isAdmitted { return true }
        return false
    }

    /// Whether a limit of 0 refused, which no waiting changes.
    public var isDenied: Bool {
        for index in 0..<count where items[index].limitPerMinute == 0 { return true }
        return false
    }

    /// How long to wait until every limit has a place again, at least: 0 where each has one now.
    public var blockedSeconds: UInt32 {
        var longest: UInt32 = 0
        for index in 0..<count where items[index].remaining == 0 {
            longest = max(longest, items[index].resetSeconds)
        }
        return longest
    }

    /// What who was refused is told to wait. When one of its own requests ends, nobody knows: for
    /// `concurrency` a second is advice.
    public var retrySeconds: UInt32 { max(blockedSeconds, 1) }

    /// Index of the limit that will stop the client first; `nil` without any.
    public var tightest: Int? {
        var found: Int?
        for index in 0..<count {
            guard let best = found else {
                found = index
                continue
            }
            let (one, other) = (items[index], items[best])
            let isTighter =
                one.remaining != other.remaining
                ? one.remaining < other.remaining : one.resetSeconds > other.resetSeconds
            if isTighter { found = index }
        }
        return found
    }
}
