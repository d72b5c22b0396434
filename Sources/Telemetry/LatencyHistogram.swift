import Synchronization

/// How latencies are sorted: 90 buckets of equal width in each power of ten from 1 µs to 100 s,
/// one below and one above. Two significant decimal digits, so a bucket is at most 10 % wide, and
/// bounds such as 2.5 ms are exact, which powers of two would not give.
enum LatencyScale {
    static let decades = 8
    static let bucketsPerDecade = 90
    /// Below 1 µs, the decades, and from 100 s on.
    static let bucketCount = 1 + decades * bucketsPerDecade + 1
    private static let lowestNanoseconds: UInt64 = 1_000

    static func bucket(nanoseconds: UInt64) -> Int {
        guard nanoseconds >= lowestNanoseconds else { return 0 }
        var bound = lowestNanoseconds * 10
        var decade = 0
        while nanoseconds >= bound {
            decade += 1
            guard decade < decades else { return bucketCount - 1 }
            bound *= 10
        }
        // 10...99: the two leading digits.
        let digits = nanoseconds / (bound / 100)
        return 1 + decade * bucketsPerDecade + Int(digits) - 10
    }

    /// The first nanosecond behind `bucket`; nil for the last one, which has no end.
    static func endNanoseconds(of bucket: Int) -> UInt64? {
        guard bucket > 0 else { return lowestNanoseconds }
        guard bucket < bucketCount - 1 else { return nil }
        var width = lowestNanoseconds / 10
        for _ in 0..<(bucket - 1) / bucketsPerDecade { width *= 10 }
        return width * UInt64((bucket - 1) % bucketsPerDecade + 11)
    }
}

/// Counts latencies by bucket; written by one thread or many, read by any.
public final class LatencyHistogram: Sendable {
    private let buckets = InlineArray<722, Atomic<UInt64>> { _ in Atomic(0) }
    private let nanosecondsTotal = Atomic<UInt64>(0)

    public init() { precondition(buckets.count == LatencyScale.bucketCount) }

    /// Two atomic additions; no bound on `nanoseconds`.
    public func record(nanoseconds: UInt64) {
        buckets[LatencyScale.bucket(nanoseconds: nanoseconds)].wrappingAdd(1, ordering: .relaxed)
        nanosecondsTotal.wrappingAdd(nanoseconds, ordering: .relaxed)
    }

    func count(inBucket bucket: Int) -> UInt64 { buckets[bucket].load(ordering: .relaxed) }
    var sum: UInt64 { nanosecondsTotal.load(ordering: .relaxed) }
}

/// A copy of one histogram, or of several added up.
public struct LatencySummary: Equatable, Sendable {
    private var buckets = [UInt64](repeating: 0, count: LatencyScale.bucketCount)
    /// Latencies recorded: the sum of the buckets that were read, hence never at odds with them.
    public private(set) var count: UInt64 = 0
    public private(set) var nanosecondsTotal: UInt64 = 0

    public init() {}

    public mutating func add(_ histogram: LatencyHistogram) {
        for bucket in 0..<LatencyScale.bucketCount {
            let read = histogram.count(inBucket: bucket)
            buckets[bucket] &+= read
            count &+= read
        }
        nanosecondsTotal &+= histogram.sum
    }

    /// Nanoseconds that at least `permille` thousandths of all latencies stay below, at most 10 %
    /// above the exact answer: 500 is the median, 990 is p99. Nil without latencies, and where the
    /// answer is 100 s or more.
    public func quantile(permille: UInt64) -> UInt64? {
        guard count > 0 else { return nil }
        let (whole, part) = count.quotientAndRemainder(dividingBy: 1000)
        // Rounded up: the smallest rank that covers the share. Split, so that it cannot overflow.
        let share = min(permille, 1000)
        let rank = max(1, whole * share + (part * share + 999) / 1000)
        var seen: UInt64 = 0
        for bucket in buckets.indices {
            seen &+= buckets[bucket]
            if seen >= rank { return LatencyScale.endNanoseconds(of: bucket) }
        }
        return nil
    }

    /// Latencies strictly below `nanoseconds`, which must be the bound of a bucket to be exact.
    func count(belowNanoseconds nanoseconds: UInt64) -> UInt64 {
        let end = LatencyScale.bucket(nanoseconds: nanoseconds)
        return buckets[..<end].reduce(0, &+)
    }
}
