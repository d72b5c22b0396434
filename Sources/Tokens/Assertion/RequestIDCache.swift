@_spi(TenantDirectory) internal import Policy

/// The request ids of assertions accepted so far, each until its assertion expires: whoever copies
/// one cannot use it again. One per process; several workers share it behind a lock.
///
/// Its memory is taken at once and bounded. When it is full, requests are refused: forgetting an
/// id would let it be used twice.
public struct RequestIDCache: ~Copyable {
    private struct Entry {
        var high: UInt64 = 0
        var low: UInt64 = 0
        var acceptedUntil: Int64 = 0
        /// The next entry of its bucket.
        var next = RequestIDCache.none
    }

    private static let none = UInt32.max

    public let capacity: Int
    /// Ids remembered, expired ones among them until their turn.
    public private(set) var count = 0
    /// A ring in order of arrival, which is nearly the order of expiry.
    private var entries: [Entry]
    private var oldest = 0
    private var buckets: [UInt32]
    /// The latest time seen: a clock that steps back must not make a forgotten id new again.
    private var latest: Int64 = 0

    /// - Parameter capacity: ids, 1 to 16,777,216, 32 bytes each; at least the requests of one
    ///   assertion lifetime.
    public init(capacity: Int = 65_536) {
        precondition((1...16_777_216).contains(capacity))
        self.capacity = capacity
        entries = [Entry](repeating: Entry(), count: capacity)
        var size = 1
        while size < capacity { size *= 2 }
        buckets = [UInt32](repeating: Self.none, count: size)
    }

    /// Accepts the assertion's request id once.
    ///
    /// - Parameter now: wall-clock seconds.
    public mutating func accept(_ assertion: Assertion, now: Int64) throws(AssertionDefect) {
        latest = max(latest, now)
        guard latest < assertion.acceptedUntil else { throw .expired }
        guard let id = TenantID(canonical: assertion.requestID.span) else { throw .claims }
        forgetExpired()
        let bucket = bucketIndex(id.high, id.low)
        var place = buckets[bucket]
        while place != Self.none {
            let entry = entries[Int(place)]
            if entry.high == id.high, entry.low == id.low { throw .replayed }
            place = entry.next
        }
        guard count < capacity else { throw .replayMemoryFull }
        let next = (oldest + count) % capacity
        entries[next] = Entry(
            high: id.high, low: id.low, acceptedUntil: assertion.acceptedUntil,
            next: buckets[bucket])
        buckets[bucket] = UInt32(next)
        count += 1
    }

    private mutating func forgetExpired() {
        while count > 0, entries[oldest].acceptedUntil <= latest {
            unlink(oldest)
            oldest = (oldest + 1) % capacity
            count -= 1
        }
    }

    private mutating func unlink(_ place: Int) {
        let bucket = bucketIndex(entries[place].high, entries[place].low)
        if buckets[bucket] == UInt32(place) {
            buckets[bucket] = entries[place].next
            return
        }
        var before = buckets[bucket]
        while before != Self.none {
            if entries[Int(before)].next == UInt32(place) {
                entries[Int(before)].next = entries[place].next
                return
            }
            before = entries[Int(before)].next
        }
    }

    /// Ids come from our own gateway under a MAC, so mixing is enough and no seed is needed.
    private func bucketIndex(_ high: UInt64, _ low: UInt64) -> Int {
        let mixed = (high ^ low &* 0x9E37_79B9_7F4A_7C15) &* 0xD6E8_FEB8_6659_FD93
        return Int(truncatingIfNeeded: mixed >> 32) & (buckets.count - 1)
    }
}
