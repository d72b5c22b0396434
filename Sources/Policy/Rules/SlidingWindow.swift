/// What a window answered to one request.
public enum WindowVerdict: Equatable, Sendable {
    /// `remaining` more are admitted now; `resetNanoseconds` until the oldest admission leaves the
    /// window and gives its place back.
    case admitted(remaining: UInt32, resetNanoseconds: UInt64)
    /// Asking again after this long is admitted, unless others took the place.
    case refused(retryNanoseconds: UInt64)
}

/// Admits at most `limit` in any 60 s.
///
/// Up to `exactLimitMax` it is exact: the times of the admissions in a ring, so nothing below the
/// limit is ever refused. Above, admissions are counted in whole seconds, and each counts for as
/// long as any part of its second lies in the window: between 60 and 61 s. It then never admits
/// more than `limit` in any 60 s, and may refuse up to one second early.
///
/// The limit is an argument: when a tenant's tier changes, what it used stays used.
/// Memory: a ring starts with 8 places of 8 bytes and doubles as far as the limit; seconds take
/// 244 bytes. An idle window can be dropped (`isIdle`) without a change of any answer.
public struct SlidingWindow: ~Copyable {
    public static let windowNanoseconds: UInt64 = 60_000_000_000
    public static let exactLimitMax: UInt32 = 10_000

    private static let second: UInt64 = 1_000_000_000
    /// The second now is in and the 60 before it: every second a 60 s window can touch.
    private static let secondsKept = 61
    private static let placesMin = 8

    /// Admission times, oldest at `oldest`; in use where `seconds` is empty.
    private var ring: [UInt64] = []
    private var oldest = 0
    private var held = 0
    /// Admissions per second, the second `s` at `s % secondsKept`; empty while the ring is used.
    private var seconds: [UInt32] = []
    private var secondsTotal: UInt64 = 0
    private var latestSecond: UInt64 = 0
    /// No second before this one holds an admission.
    private var firstSecond: UInt64 = 0
    private var latest: UInt64 = 0
    private var latestAdmission: UInt64 = 0

    public init() {}

    /// Bytes of memory behind the window, besides itself.
    public var bytesAllocated: Int { ring.capacity * 8 + seconds.capacity * 4 }

    /// Whether no admission is left in the window at `now`: the window can be forgotten.
    public func isIdle(nowNanoseconds now: UInt64) -> Bool {
        (held == 0 && secondsTotal == 0)
            || (now > latestAdmission
                && now - latestAdmission >= Self.windowNanoseconds + Self.second)
    }

    /// What `take` would answer, with nothing charged: of an admitted one, `remaining` counts the
    /// place it would take.
    public mutating func probe(nowNanoseconds now: UInt64, limit: UInt32) -> WindowVerdict {
        latest = max(latest, now)
        guard limit > 0 else { return .refused(retryNanoseconds: Self.windowNanoseconds) }
        prepare(limit)
        if limit <= Self.exactLimitMax {
            if let retry = untilPlace(limit) { return .refused(retryNanoseconds: retry) }
            return .admitted(
                remaining: limit - UInt32(held),
                resetNanoseconds: held == 0 ? 0 : untilOldestLeaves)
        }
        let now = latest / Self.second
        if let retry = untilSecond(limit, now) { return .refused(retryNanoseconds: retry) }
        return .admitted(
            remaining: limit - UInt32(secondsTotal),
            resetNanoseconds: secondsTotal == 0 ? 0 : untilFirstLeaves(now))
    }

    /// Decides and charges in one step.
    ///
    /// - Parameter now: monotonic. Readings of different threads are not ordered: one older than
    ///   the latest seen counts as the latest seen.
    public mutating func take(nowNanoseconds now: UInt64, limit: UInt32) -> WindowVerdict {
        latest = max(latest, now)
        guard limit > 0 else { return .refused(retryNanoseconds: Self.windowNanoseconds) }
        prepare(limit)
        return limit <= Self.exactLimitMax ? takePlace(limit) : takeSecond(limit)
    }

    /// Counts as the limit asks for from now on.
    private mutating func prepare(_ limit: UInt32) {
        if limit <= Self.exactLimitMax {
            if !seconds.isEmpty { returnToRing() }
        } else if seconds.isEmpty {
            leaveRing()
        }
    }
}

// The exact ring.
extension SlidingWindow {
    private mutating func takePlace(_ limit: UInt32) -> WindowVerdict {
        if let retry = untilPlace(limit) { return .refused(retryNanoseconds: retry) }
        if held == ring.count { grow(to: min(max(held * 2, Self.placesMin), Int(limit))) }
        ring[position(held)] = latest
        held += 1
        latestAdmission = latest
        return .admitted(
            remaining: limit - UInt32(held), resetNanoseconds: untilOldestLeaves)
    }

    /// Nanoseconds until a place is free; `nil` where one is now.
    private mutating func untilPlace(_ limit: UInt32) -> UInt64? {
        dropExpired()
        guard held >= Int(limit) else { return nil }
        // A place is free when fewer than `limit` are left, not when one more has gone: the limit
        // may have been larger a moment ago.
        return time(at: held - Int(limit)) &+ Self.windowNanoseconds &- latest
    }

    private var untilOldestLeaves: UInt64 { time(at: 0) &+ Self.windowNanoseconds &- latest }

    private func position(_ index: Int) -> Int {
        let place = oldest + index
        return place < ring.count ? place : place - ring.count
    }

    private func time(at index: Int) -> UInt64 { ring[position(index)] }

    private func isExpired(_ index: Int) -> Bool {
        latest - time(at: index) >= Self.windowNanoseconds
    }

    /// Forgets the admissions that have left the window. Their number is found by doubling steps
    /// and halving back, so that after a pause it costs the logarithm of what is dropped.
    private mutating func dropExpired() {
        guard held > 0, isExpired(0) else { return }
        // Times are ordered: `expired` is one that has left, `live` one that has not, or the end.
        var expired = 0
        var step = 1
        while expired + step < held, isExpired(expired + step) {
            expired += step
            step *= 2
        }
        var live = min(expired + step, held)
        while live - expired > 1 {
            let middle = (expired + live) / 2
            if isExpired(middle) { expired = middle } else { live = middle }
        }
        oldest = live == ring.count ? 0 : position(live)
        held -= live
    }

    private mutating func grow(to places: Int) {
        var grown = [UInt64](repeating: 0, count: max(places, held + 1))
        for index in 0..<held { grown[index] = time(at: index) }
        ring = grown
        oldest = 0
    }
}

// Counting by the second.
extension SlidingWindow {
    private mutating func takeSecond(_ limit: UInt32) -> WindowVerdict {
        let now = latest / Self.second
        if let retry = untilSecond(limit, now) { return .refused(retryNanoseconds: retry) }
        // A second's count cannot overflow: it is part of a total below a 32-bit limit.
        seconds[Int(now % UInt64(Self.secondsKept))] += 1
        secondsTotal += 1
        latestAdmission = latest
        return .admitted(
            remaining: limit - UInt32(secondsTotal), resetNanoseconds: untilFirstLeaves(now))
    }

    private mutating func untilSecond(_ limit: UInt32, _ now: UInt64) -> UInt64? {
        advance(to: now)
        guard secondsTotal >= UInt64(limit) else { return nil }
        return untilFree(secondsTotal - UInt64(limit) + 1, now)
    }

    private mutating func advance(to now: UInt64) {
        guard now > latestSecond else { return }
        let passed = min(now - latestSecond, UInt64(Self.secondsKept))
        for offset in 1...passed {
            let place = Int((now - passed + offset) % UInt64(Self.secondsKept))
            secondsTotal -= UInt64(seconds[place])
            seconds[place] = 0
        }
        latestSecond = now
    }

    /// Nanoseconds until the oldest admission no longer counts; there is one.
    private mutating func untilFirstLeaves(_ now: UInt64) -> UInt64 {
        let kept = UInt64(Self.secondsKept)
        if now >= kept { firstSecond = max(firstSecond, now - kept + 1) }
        while firstSecond < now, seconds[Int(firstSecond % kept)] == 0 { firstSecond += 1 }
        return (firstSecond + kept) * Self.second - latest
    }

    /// Nanoseconds until at least `count` admissions no longer count.
    private func untilFree(_ count: UInt64, _ now: UInt64) -> UInt64 {
        var freed: UInt64 = 0
        var place = Int(now % UInt64(Self.secondsKept))
        for offset in 1...UInt64(Self.secondsKept) {
            // The place that second `now + offset` will reuse is the one that leaves then.
            place = place + 1 == Self.secondsKept ? 0 : place + 1
            freed += UInt64(seconds[place])
            if freed >= count { return (now + offset) * Self.second - latest }
        }
        return Self.windowNanoseconds
    }

    /// The limit rose above what a ring is for: every admission moves to its second.
    private mutating func leaveRing() {
        dropExpired()
        seconds = [UInt32](repeating: 0, count: Self.secondsKept)
        latestSecond = latest / Self.second
        firstSecond = 0
        for index in 0..<held {
            seconds[Int(time(at: index) / Self.second % UInt64(Self.secondsKept))] += 1
        }
        secondsTotal = UInt64(held)
        ring = []
        oldest = 0
        held = 0
    }

    /// The limit fell: the newest admissions become times again, each at the end of its second, the
    /// latest it can have been. More than `exactLimitMax` of them decide nothing.
    private mutating func returnToRing() {
        let now = latest / Self.second
        advance(to: now)
        held = Int(min(secondsTotal, UInt64(Self.exactLimitMax)))
        ring = [UInt64](repeating: 0, count: held)
        oldest = 0
        var place = held
        for offset in 0..<UInt64(Self.secondsKept) where place > 0 && offset <= now {
            let second = now - offset
            let count = seconds[Int(second % UInt64(Self.secondsKept))]
            let time = min((second + 1) * Self.second - 1, latest)
            for _ in 0..<min(Int(count), place) {
                place -= 1
                ring[place] = time
            }
        }
        seconds = []
        secondsTotal = 0
    }
}
