public import Policy
import Glibc
import Synchronization

/// What is counted in one place: the requests of a tenant, or of one of its users, that one limit
/// is about.
struct LimitKey: Hashable, Sendable {
    var tenant: TenantID
    /// 0 for the tier's limits; else of the route, the same in every configuration.
    var scope: UInt64 = 0
    /// 0 for the tenant's; else of the user.
    var user: UInt64 = 0
}

/// Where one (tenant, limit) pair is counted; kept by whoever charges it often, so that charging
/// looks nothing up. A handle whose place was given to somebody else is noticed and renewed.
public struct LimiterHandle: Sendable {
    var index: UInt32
    /// 0 is no handle: generations of places start at 1.
    var generation: UInt32

    public init() {
        index = 0
        generation = 0
    }

    init(index: UInt32, generation: UInt32) {
        self.index = index
        self.generation = generation
    }
}

/// The counts of every active tenant, one table for the whole process and for its whole life: a new
/// configuration changes limits, never counts.
///
/// Deciding and charging is one step under a spin bit of the tenant's own place, held for well
/// under 100 ns; only when a window's ring doubles (at most eleven times until it is as large as
/// its limit) it is held while that many admissions move. Places are found by a dictionary behind a
/// lock, once per handle. Places of tenants that were idle for a minute are taken back by `sweep`.
///
/// A request that has to pass several limits is charged to all of them or to none, in one step too:
/// see `LimiterTable+Several.swift`.
///
/// The number of places is bounded. At the bound a tenant without a place is refused
/// (`gateway.overloaded`): it is never let through uncounted. Users, of whom a tenant may have any
/// number, get half of the places at most, so that they crowd out no other tenant.
@safe public final class LimiterTable: Sendable {
    /// What charging came to.
    public enum Charge: Equatable, Sendable {
        /// The limit is `unlimited` by word of the policy.
        case uncounted
        /// Counted; `isAdmitted` decides.
        case counted(LimitStanding)
        /// No place is free: answer `gateway.overloaded`.
        case overloaded
    }

    /// One place: 128 bytes, so that neighbours share a cache line at most at their edges.
    struct Place: ~Copyable {
        let isHeld = Atomic<Bool>(false)
        var isUsed = true
        /// Changes whenever the place changes hands; written only while it is held.
        var generation: UInt32 = 1
        /// Open requests of tenants with a `concurrency`; the place stays theirs meanwhile.
        var open: UInt32 = 0
        /// What was counted last where the place is not used.
        var key: LimitKey
        var lastUsedNanoseconds: UInt64 = 0
        var window = SlidingWindow()
    }

    private struct Directory {
        var places: [LimitKey: UInt32] = [:]
        var free: [UInt32] = []
        /// Places below this were initialised once.
        var initialised: UInt32 = 0
        var sweepCursor: UInt32 = 0
        /// Places in use that are users'.
        var users = 0
    }

    public static let placesMaxDefault = 262_144

    public let placesMax: Int
    /// Reserved at once and touched as places are first used, so an unused place costs no memory.
    /// Not isolated and yet safe: a place's contents are touched only while its bit is held.
    nonisolated(unsafe) let places: UnsafeMutablePointer<Place>
    private let directory = Mutex(Directory())

    public init(placesMax: Int = LimiterTable.placesMaxDefault) {
        precondition(placesMax > 0 && placesMax <= Int(UInt32.max))
        self.placesMax = placesMax
        unsafe places = .allocate(capacity: placesMax)
    }

    deinit {
        let initialised = directory.withLock { $0.initialised }
        unsafe places.deinitialize(count: Int(initialised))
        unsafe places.deallocate()
    }

    /// Charges one request and answers where the tenant stands, in one step.
    ///
    /// - Parameters:
    ///   - handle: where this pair was counted last; renewed when needed.
    ///   - now: monotonic. Readings of different workers need no order.
    public func charge(
        _ handle: inout LimiterHandle, tenant: TenantID, limit: RateLimit,
        nowNanoseconds now: UInt64
    ) -> Charge {
        guard case .perMinute(let perMinute) = limit else { return .uncounted }
        let key = LimitKey(tenant: tenant)
        // A place can be taken back between finding and charging it, but only after a minute
        // without use, and finding it is a use: one renewal is enough.
        for _ in 0..<2 {
            if handle.generation != 0,
                let verdict = take(handle, key, perMinute, now)
            {
                return .counted(LimitStanding(limitPerMinute: perMinute, verdict: verdict))
            }
            guard let found = find(key, now) else { return .overloaded }
            handle = found
        }
        return .overloaded
    }

    private func take(
        _ handle: LimiterHandle, _ key: LimitKey, _ limit: UInt32, _ now: UInt64
    ) -> WindowVerdict? {
        precondition(Int(handle.index) < placesMax)
        let place = unsafe places + Int(handle.index)
        unsafe Self.hold(place)
        defer { unsafe Self.release(place) }
        guard unsafe place.pointee.generation == handle.generation,
            unsafe place.pointee.key == key
        else { return nil }
        unsafe place.pointee.lastUsedNanoseconds = max(place.pointee.lastUsedNanoseconds, now)
        return unsafe place.pointee.window.take(nowNanoseconds: now, limit: limit)
    }
}

// Places.
extension LimiterTable {
    /// Places in use.
    public var placesUsed: Int { directory.withLock { $0.places.count } }

    /// The place of `key`, a new one where it has none and `isMade`; `nil` without a place.
    func find(_ key: LimitKey, _ now: UInt64, isMade: Bool = true) -> LimiterHandle? {
        directory.withLock { directory in
            if let index = directory.places[key] {
                let place = unsafe places + Int(index)
                unsafe Self.hold(place)
                defer { unsafe Self.release(place) }
                unsafe place.pointee.lastUsedNanoseconds = max(
                    place.pointee.lastUsedNanoseconds, now)
                return LimiterHandle(index: index, generation: unsafe place.pointee.generation)
            }
            guard isMade, key.user == 0 || directory.users < placesMax / 2,
                let index = freeIndex(key, &directory)
            else { return nil }
            if key.user != 0 { directory.users += 1 }
            let place = unsafe places + Int(index)
            unsafe Self.hold(place)
            defer { unsafe Self.release(place) }
            unsafe place.pointee.isUsed = true
            unsafe place.pointee.key = key
            unsafe place.pointee.lastUsedNanoseconds = now
            directory.places[key] = index
            return LimiterHandle(index: index, generation: unsafe place.pointee.generation)
        }
    }

    private func freeIndex(_ key: LimitKey, _ directory: inout Directory) -> UInt32? {
        if let index = directory.free.popLast() { return index }
        guard Int(directory.initialised) < placesMax else { return nil }
        let index = directory.initialised
        unsafe (places + Int(index)).initialize(to: Place(key: key))
        directory.initialised += 1
        return index
    }

    /// Takes back places whose window is idle, looking at no more than `count` of them; the next
    /// call goes on where this one stopped. Meant for a worker's tick. Answers how many it took.
    @discardableResult
    public func sweep(nowNanoseconds now: UInt64, count: Int) -> Int {
        directory.withLock { directory in
            var taken = 0
            for _ in 0..<min(count, Int(directory.initialised)) {
                let index = directory.sweepCursor
                directory.sweepCursor = index + 1 < directory.initialised ? index + 1 : 0
                let place = unsafe places + Int(index)
                guard let key = unsafe Self.reclaim(place, now) else { continue }
                directory.places[key] = nil
                directory.free.append(index)
                if key.user != 0 { directory.users -= 1 }
                taken += 1
            }
            return taken
        }
    }

    /// Empties a place that nobody used for a window; answers whose it was.
    private static func reclaim(_ place: UnsafeMutablePointer<Place>, _ now: UInt64) -> LimitKey? {
        unsafe hold(place)
        defer { unsafe release(place) }
        let last = unsafe place.pointee.lastUsedNanoseconds
        guard unsafe place.pointee.isUsed, unsafe place.pointee.open == 0, now > last,
            now - last > SlidingWindow.windowNanoseconds,
            unsafe place.pointee.window.isIdle(nowNanoseconds: now)
        else { return nil }
        let key = unsafe place.pointee.key
        unsafe place.pointee.isUsed = false
        unsafe place.pointee.window = SlidingWindow()
        // 0 would be "no handle".
        let next = unsafe place.pointee.generation &+ 1
        unsafe place.pointee.generation = next == 0 ? 1 : next
        return key
    }
}

// The spin bit.
extension LimiterTable {
    /// Tries before the processor is given away: a holder that was preempted cannot go on while
    /// everybody else spins on its core.
    private static let spinsMax = 128

    static func hold(_ place: UnsafeMutablePointer<Place>) {
        var spins = 0
        while unsafe place.pointee.isHeld.exchange(true, ordering: .acquiring) {
            while unsafe place.pointee.isHeld.load(ordering: .relaxed) {
                spins += 1
                if spins >= spinsMax {
                    spins = 0
                    sched_yield()
                }
            }
        }
    }

    static func release(_ place: UnsafeMutablePointer<Place>) {
        unsafe place.pointee.isHeld.store(false, ordering: .releasing)
    }
}
