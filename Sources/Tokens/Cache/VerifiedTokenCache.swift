internal import HTTP1
public import Policy

/// What a cached token is found by: the SHA-256 of its exact bytes, their number and the issuer
/// they were verified for. The token itself is not kept.
public struct TokenKey: BitwiseCopyable, Sendable {
    let digest: SHA256Value
    let count: UInt32
    let issuer: UInt32

    /// The issuer it was made for.
    public var issuerIndex: Int { Int(issuer) }

    func matches(_ other: TokenKey) -> Bool {
        digest == other.digest && count == other.count && issuer == other.issuer
    }
}

/// Counters whose increment makes cached verifications worthless at once.
public struct TokenEpochs: Equatable, BitwiseCopyable, Sendable {
    /// Of the issuer's key set; counts up when the set is replaced.
    public var keySet: UInt64
    /// Of everything; counts up when all credentials must be read again.
    public var global: UInt64

    public init(keySet: UInt64, global: UInt64) {
        self.keySet = keySet
        self.global = global
    }
}

/// The tokens one worker has verified, bounded, found by hash.
///
/// An entry lives at most until the token expires and at most `lifetimeSecondsMax`; times and
/// epochs are checked again at every hit. Only verified tokens enter: a refusal is never cached,
/// so nobody fills the cache with garbage. Eviction is SIEVE (one visited bit and a hand), with
/// a bounded walk.
public struct VerifiedTokenCache: ~Copyable {
    /// Longer tokens are verified each time.
    public static let tokenBytesMax = CompactToken.bytesMax
    /// Entries the hand passes before it takes one that was visited.
    static let handStepsMax = 64

    /// Names an entry until it is evicted or replaced.
    public struct Handle: Equatable, BitwiseCopyable, Sendable {
        /// Place of the entry, in `0..<capacity`: callers keep what belongs to it in an array of
        /// their own and compare `generation`.
        public let entryIndex: Int
        /// Different for every token that ever has this place.
        public let generation: UInt64
    }

    /// A verification that holds now.
    public struct Hit: Sendable {
        public let claims: VerifiedClaims
        public let handle: Handle
        /// What the caller said at `insert`; to be compared with the tenant's epoch of now.
        public let tenantEpoch: UInt64
    }

    struct Entry {
        var key: TokenKey
        var claims: VerifiedClaims?
        var usableUntil: Int64
        var epochs: TokenEpochs
        var tenantEpoch: UInt64
        var generation: UInt64
        var isVisited = false
        /// The next entry of its bucket, or of the free list.
        var next: UInt32
        var newer: UInt32
        var older: UInt32
    }

    static let none = UInt32.max

    public let capacity: Int
    public let lifetimeSecondsMax: Int64
    /// Entries held.
    public private(set) var count = 0
    public private(set) var evictions: UInt64 = 0

    private var digest: SHA256Context
    private var entries: [Entry] = []
    private var buckets: [UInt32]
    private var free = VerifiedTokenCache.none
    private var newest = VerifiedTokenCache.none
    private var oldest = VerifiedTokenCache.none
    private var hand = VerifiedTokenCache.none
    private var generation: UInt64 = 0

    /// - Parameters:
    ///   - capacity: entries, 1 to 1,000,000; one takes about 150 bytes and its claims.
    ///   - lifetimeSecondsMax: bounds how long a verification counts, whatever the token says.
    public init(
        capacity: Int = 10_000, lifetimeSecondsMax: Int64 = 300
    ) throws(KeyDefect) {
        precondition((1...1_000_000).contains(capacity))
        precondition((1...86_400).contains(lifetimeSecondsMax))
        let digest = try SHA256Context()
        self.digest = digest
        self.capacity = capacity
        self.lifetimeSecondsMax = lifetimeSecondsMax
        var size = 1
        while size < capacity { size *= 2 }
        buckets = [UInt32](repeating: Self.none, count: size)
    }

    /// The key of `token` for this issuer; nil when it is too long to be cached.
    public mutating func key(of token: Span<UInt8>, issuer: Int) -> TokenKey? {
        guard token.count <= Self.tokenBytesMax, let issuer = UInt32(exactly: issuer) else {
            return nil
        }
        return TokenKey(digest: digest.digest(token), count: UInt32(token.count), issuer: issuer)
    }

    /// The verification under `key`, if it still holds.
    ///
    /// - Parameter now: wall-clock seconds.
    public mutating func lookup(_ key: TokenKey, now: Int64, epochs: TokenEpochs) -> Hit? {
        guard let place = find(key) else { return nil }
        return use(place, now: now, epochs: epochs)
    }

    /// The verification `handle` names, if it is still there and still holds.
    public mutating func entry(_ handle: Handle, now: Int64, epochs: TokenEpochs) -> Hit? {
        guard handle.entryIndex < entries.count,
            entries[handle.entryIndex].generation == handle.generation,
            entries[handle.entryIndex].claims != nil
        else { return nil }
        return use(handle.entryIndex, now: now, epochs: epochs)
    }

    /// Keeps the result of a verification.
    ///
    /// - Parameters:
    ///   - epochs: as they were read *before* the verification began, so that a key withdrawn
    ///     meanwhile is not trusted.
    ///   - tenantEpoch: the same for the tenant.
    /// - Returns: nil when the claims do not hold at `now`.
    public mutating func insert(
        _ claims: VerifiedClaims, under key: TokenKey, now: Int64, epochs: TokenEpochs,
        tenantEpoch: UInt64 = 0
    ) -> Handle? {
        guard claims.holds(at: now) else { return nil }
        if let place = find(key) { remove(at: place) }
        if count == capacity { evict() }
        generation += 1
        let (sum, overflow) = now.addingReportingOverflow(lifetimeSecondsMax)
        let entry = Entry(
            key: key, claims: claims,
            usableUntil: min(claims.expires, overflow ? claims.expires : sum), epochs: epochs,
            tenantEpoch: tenantEpoch, generation: generation, next: bucket(of: key),
            newer: Self.none, older: newest)
        let place = place(for: entry)
        buckets[bucketIndex(of: key)] = place
        if newest != Self.none { entries[Int(newest)].newer = place }
        newest = place
        if oldest == Self.none { oldest = place }
        count += 1
        return Handle(entryIndex: Int(place), generation: generation)
    }

    /// Forgets one entry; nothing happens when it is gone already.
    public mutating func remove(_ handle: Handle) {
        guard handle.entryIndex < entries.count,
            entries[handle.entryIndex].generation == handle.generation,
            entries[handle.entryIndex].claims != nil
        else { return }
        remove(at: handle.entryIndex)
    }

    // MARK: Table

    private mutating func use(_ place: Int, now: Int64, epochs: TokenEpochs) -> Hit? {
        guard let claims = entries[place].claims, claims.holds(at: now),
            now < entries[place].usableUntil, entries[place].epochs == epochs
        else {
            remove(at: place)
            return nil
        }
        entries[place].isVisited = true
        return Hit(
            claims: claims,
            handle: Handle(entryIndex: place, generation: entries[place].generation),
            tenantEpoch: entries[place].tenantEpoch)
    }

    /// The digest is uniform and only tokens an issuer signed enter, so its bits are the hash.
    private func bucketIndex(of key: TokenKey) -> Int {
        Int(truncatingIfNeeded: key.digest.words[0]) & (buckets.count - 1)
    }

    private func bucket(of key: TokenKey) -> UInt32 { buckets[bucketIndex(of: key)] }

    private func find(_ key: TokenKey) -> Int? {
        var place = bucket(of: key)
        while place != Self.none {
            if entries[Int(place)].key.matches(key) { return Int(place) }
            place = entries[Int(place)].next
        }
        return nil
    }

    private mutating func place(for entry: Entry) -> UInt32 {
        if free != Self.none {
            let place = free
            free = entries[Int(place)].next
            entries[Int(place)] = entry
            return place
        }
        entries.append(entry)
        return UInt32(entries.count - 1)
    }

    private mutating func evict() {
        var place = hand != Self.none ? hand : oldest
        var steps = 0
        while entries[Int(place)].isVisited, steps < Self.handStepsMax {
            entries[Int(place)].isVisited = false
            let newer = entries[Int(place)].newer
            place = newer != Self.none ? newer : oldest
            steps += 1
        }
        hand = place
        remove(at: Int(place))
        evictions &+= 1
    }

    private mutating func remove(at place: Int) {
        let mark = UInt32(place)
        unlinkFromBucket(place)
        let (newer, older) = (entries[place].newer, entries[place].older)
        if newer != Self.none { entries[Int(newer)].older = older } else { newest = older }
        if older != Self.none { entries[Int(older)].newer = newer } else { oldest = newer }
        if hand == mark { hand = newer }
        entries[place].claims = nil
        entries[place].next = free
        free = mark
        count -= 1
    }

    private mutating func unlinkFromBucket(_ place: Int) {
        let mark = UInt32(place)
        let bucket = bucketIndex(of: entries[place].key)
        if buckets[bucket] == mark {
            buckets[bucket] = entries[place].next
            return
        }
        var before = buckets[bucket]
        while before != Self.none {
            if entries[Int(before)].next == mark {
                entries[Int(before)].next = entries[place].next
                return
            }
            before = entries[Int(before)].next
        }
    }
}
