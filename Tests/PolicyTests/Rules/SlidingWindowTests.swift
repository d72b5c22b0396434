import Testing

@testable import Policy

/// The rule itself, with no regard to cost: every admission of the last 60 s, counted.
private struct WindowModel {
    var admissions: [UInt64] = []

    mutating func take(_ now: UInt64, _ limit: UInt32) -> (admitted: Bool, live: Int) {
        admissions.removeAll { now - $0 >= 60_000_000_000 }
        guard admissions.count < Int(limit) else { return (false, admissions.count) }
        admissions.append(now)
        return (true, admissions.count)
    }
}

@Suite struct `Sliding window` {
    static let second: UInt64 = 1_000_000_000
    static let start: UInt64 = 120_000_000_000

    static func admits(_ verdict: WindowVerdict) -> Bool {
        if case .admitted = verdict { true } else { false }
    }

    @Test func `the hundred and first request in a minute is refused`() {
        var window = SlidingWindow()
        for index in 0..<100 {
            let verdict = window.take(nowNanoseconds: Self.start, limit: 100)
            let reset = SlidingWindow.windowNanoseconds
            #expect(
                verdict == .admitted(remaining: UInt32(99 - index), resetNanoseconds: reset))
        }
        let verdict = window.take(nowNanoseconds: Self.start + 5, limit: 100)
        #expect(verdict == .refused(retryNanoseconds: 60 * Self.second - 5))
        let early = window.take(nowNanoseconds: Self.start + 60 * Self.second - 1, limit: 100)
        #expect(early == .refused(retryNanoseconds: 1))
        let onTime = window.take(nowNanoseconds: Self.start + 60 * Self.second, limit: 100)
        #expect(Self.admits(onTime))
    }

    @Test(arguments: [100, 20_000] as [UInt32])
    func `R3 there is nothing to gain at the edge of a minute`(_ limit: UInt32) {
        var window = SlidingWindow()
        var admitted = 0
        for _ in 0..<limit {
            let verdict = window.take(
                nowNanoseconds: Self.start + 59 * Self.second + 900_000_000, limit: limit)
            admitted += Self.admits(verdict) ? 1 : 0
        }
        for _ in 0..<limit {
            let verdict = window.take(
                nowNanoseconds: Self.start + 60 * Self.second + 100_000_000, limit: limit)
            admitted += Self.admits(verdict) ? 1 : 0
        }
        #expect(admitted == Int(limit))
    }

    @Test(arguments: 0..<6)
    func `R3 it agrees with counting every admission`(_ round: Int) {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed)
        let limit = [1, 2, 7, 100, 333, 1_000][round]
        var window = SlidingWindow()
        var model = WindowModel()
        var now = random.below(1_000_000)
        for step in 0..<20_000 {
            // Bursts, steady rates and pauses, down to the exact nanosecond of an expiry.
            switch random.below(20) {
            case 0: now += random.below(70 * Self.second)
            case 1..<6: now += random.below(2 * 60 * Self.second / UInt64(limit))
            case 6: now = model.admissions.first.map { max(now, $0 + 60 * Self.second) } ?? now
            case 7: now = model.admissions.first.map { max(now, $0 + 60 * Self.second - 1) } ?? now
            default: break
            }
            let verdict = window.take(nowNanoseconds: now, limit: UInt32(limit))
            let expected = model.take(now, UInt32(limit))
            let oldest = model.admissions[0]
            let wait = oldest + 60 * Self.second - now
            let same =
                verdict
                == (expected.admitted
                    ? .admitted(
                        remaining: UInt32(limit - expected.live), resetNanoseconds: wait)
                    : .refused(retryNanoseconds: wait))
            #expect(same, "seed \(seed), limit \(limit), step \(step): \(verdict)")
            if !same { return }
        }
    }

    @Test func `R6 a changed limit keeps what was used, exactly`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed)
        var window = SlidingWindow()
        var model = WindowModel()
        var now = Self.start
        var limit: UInt32 = 10
        for step in 0..<30_000 {
            if random.below(200) == 0 { limit = UInt32(random.below(60)) }
            now += random.below(4 * Self.second)
            let verdict = window.take(nowNanoseconds: now, limit: limit)
            let expected = model.take(now, limit)
            let same = Self.admits(verdict) == expected.admitted
            #expect(same, "seed \(seed), step \(step), limit \(limit): \(verdict)")
            if !same { return }
            // Waiting as told is admitted, and a nanosecond less is not.
            if case .refused(let wait) = verdict, limit > 0 {
                var probe = model
                #expect(probe.take(now + wait, limit).admitted, "seed \(seed), step \(step)")
                probe = model
                #expect(!probe.take(now + wait - 1, limit).admitted, "seed \(seed), step \(step)")
            }
        }
    }

    @Test func `R6 zero admits none`() {
        var window = SlidingWindow()
        let verdict = window.take(nowNanoseconds: Self.start, limit: 0)
        #expect(verdict == .refused(retryNanoseconds: SlidingWindow.windowNanoseconds))
    }

    @Test func `above ten thousand no window of 60 s holds more than the limit`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed)
        let limit: UInt32 = 12_000
        var window = SlidingWindow()
        var times: [UInt64] = []
        var now = Self.start
        var refusedSince: UInt64?
        for _ in 0..<200_000 {
            now += random.below(4) == 0 ? random.below(10_000_000) : 0
            switch window.take(nowNanoseconds: now, limit: limit) {
            case .admitted:
                times.append(now)
                refusedSince = nil
            case .refused(let wait):
                #expect(wait > 0 && wait <= 61 * Self.second)
                refusedSince = refusedSince ?? now
                if random.below(1_000) == 0 {
                    now += wait
                    let verdict = window.take(nowNanoseconds: now, limit: limit)
                    #expect(Self.admits(verdict), "seed \(seed): obeying was refused")
                    times.append(now)
                }
            }
        }
        #expect(times.count > Int(limit))
        for index in Int(limit)..<times.count {
            let span = times[index] - times[index - Int(limit)]
            #expect(span >= 60 * Self.second, "seed \(seed), admission \(index)")
            if span < 60 * Self.second { return }
        }
    }

    @Test func `above ten thousand a place comes back after 61 s at the latest`() {
        var window = SlidingWindow()
        for _ in 0..<15_000 { _ = window.take(nowNanoseconds: Self.start + 1, limit: 15_000) }
        let full = window.take(nowNanoseconds: Self.start + 2, limit: 15_000)
        #expect(full == .refused(retryNanoseconds: 61 * Self.second - 2))
        let later = window.take(nowNanoseconds: Self.start + 61 * Self.second, limit: 15_000)
        #expect(
            later == .admitted(remaining: 14_999, resetNanoseconds: 61 * Self.second))
    }

    @Test func `R6 a tier change across ten thousand resets nothing`() {
        var window = SlidingWindow()
        for _ in 0..<500 { _ = window.take(nowNanoseconds: Self.start, limit: 500) }
        let up = window.take(nowNanoseconds: Self.start + 1, limit: 20_000)
        #expect(up == .admitted(remaining: 19_499, resetNanoseconds: 61 * Self.second - 1))
        let down = window.take(nowNanoseconds: Self.start + 2, limit: 500)
        #expect(!Self.admits(down))
        // 501 are counted, each as late in its second as can be.
        let early = window.take(nowNanoseconds: Self.start + 60 * Self.second, limit: 501)
        #expect(early == .refused(retryNanoseconds: 2))
        let after = window.take(nowNanoseconds: Self.start + 61 * Self.second, limit: 500)
        #expect(Self.admits(after))
    }

    @Test func `R6 falling from far above ten thousand still refuses`() {
        var window = SlidingWindow()
        for _ in 0..<50_000 { _ = window.take(nowNanoseconds: Self.start, limit: 50_000) }
        for limit in [10_000, 1, 9_999, 100] as [UInt32] {
            let verdict = window.take(nowNanoseconds: Self.start + 30 * Self.second, limit: limit)
            #expect(!Self.admits(verdict), "\(limit)")
        }
        let back = window.take(nowNanoseconds: Self.start + 31 * Self.second, limit: 10_001)
        #expect(back == .admitted(remaining: 0, resetNanoseconds: 30 * Self.second))
    }

    @Test func `an older reading of another worker counts as the latest seen`() {
        var window = SlidingWindow()
        _ = window.take(nowNanoseconds: Self.start + 10, limit: 2)
        _ = window.take(nowNanoseconds: Self.start, limit: 2)
        let verdict = window.take(nowNanoseconds: 0, limit: 2)
        #expect(verdict == .refused(retryNanoseconds: 60 * Self.second))
        let early = window.take(nowNanoseconds: Self.start + 60 * Self.second, limit: 2)
        #expect(early == .refused(retryNanoseconds: 10))
    }

    @Test func `three requests do not cost the memory of a thousand`() {
        var window = SlidingWindow()
        let before = window.bytesAllocated
        #expect(before == 0)
        for _ in 0..<3 { _ = window.take(nowNanoseconds: Self.start, limit: 1_000) }
        let three = window.bytesAllocated
        #expect(three <= 128)
        for _ in 0..<2_000 { _ = window.take(nowNanoseconds: Self.start, limit: 1_000) }
        let thousand = window.bytesAllocated
        #expect(thousand <= 8_192)
        let early = window.isIdle(nowNanoseconds: Self.start + 59 * Self.second)
        let late = window.isIdle(nowNanoseconds: Self.start + 62 * Self.second)
        #expect(!early && late)
    }
}

/// A small generator with a printable seed.
struct SplitMix {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    /// A number in `0..<bound`; 0 where `bound` is 0.
    mutating func below(_ bound: UInt64) -> UInt64 { bound == 0 ? 0 : next() % bound }
}
