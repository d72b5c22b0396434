@_spi(TenantDirectory) import Policy
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// Hours of traffic on a clock of our own, charged from several threads at once and compared with
/// the plain definition: at most the limit in any 60 seconds, and never refused below it.
@Suite struct `A limit over hours` {
    static let second: UInt64 = 1_000_000_000
    static let minute: UInt64 = 60_000_000_000
    static let threads = 4

    /// Requests that come at one moment, and the limit then.
    struct Moment {
        var now: UInt64
        var requests: Int
        var limit: UInt32
    }

    /// The times of admissions, and nothing clever.
    struct Definition {
        private var times: [UInt64] = []
        private var first = 0

        mutating func admit(_ count: Int, at now: UInt64) {
            for _ in 0..<count { times.append(now) }
        }

        /// Admissions in the `window` nanoseconds before `now`.
        mutating func count(before now: UInt64, within window: UInt64) -> Int {
            while first < times.count, now - times[first] >= 62 * LimitTraffic.second { first += 1 }
            return times[first...].count { now - $0 < window }
        }
    }

    /// How many of a moment's requests the table admits, asked from several threads at once, each
    /// with the handles of its own clients.
    static func admitted(
        _ moment: Moment, _ table: LimiterTable, _ handles: Handles
    ) -> Int {
        let sum = Atomic<Int>(0)
        inThreads(threads) { thread in
            var request = thread
            while request < moment.requests {
                // 64 clients, sixteen for each thread.
                let client = thread * 16 + request / threads % 16
                let charge = handles.charge(client, table, moment)
                if LimitTraffic.isAdmitted(charge) { sum.add(1, ordering: .relaxed) }
                request += threads
            }
        }
        return sum.load(ordering: .relaxed)
    }

    /// Handles of 64 clients; a client belongs to one thread.
    final class Handles: Sendable {
        private final class Item: Sendable {
            let handle = Mutex(LimiterHandle())
        }

        private let items = (0..<64).map { _ in Item() }

        func charge(
            _ client: Int, _ table: LimiterTable, _ moment: Moment
        ) -> LimiterTable.Charge {
            items[client].handle.withLock { handle in
                table.charge(
                    &handle, tenant: TenantID(high: 7, low: 1), limit: .perMinute(moment.limit),
                    nowNanoseconds: moment.now)
            }
        }
    }

    @Test(arguments: LimitTraffic.allCases)
    func `R3 R5 64 clients on several threads get exactly what the definition says`(
        _ traffic: LimitTraffic
    ) {
        var seed = SeededGenerator()
        let table = LimiterTable(placesMax: 16)
        let handles = Handles()
        var definition = Definition()
        for moment in traffic.moments(&seed) {
            let admitted = Self.admitted(moment, table, handles)
            let room = max(
                0, Int(moment.limit) - definition.count(before: moment.now, within: Self.minute))
            #expect(
                admitted == min(room, moment.requests),
                "\(traffic) at \(moment.now), seed \(seed.start)")
            definition.admit(admitted, at: moment.now)
            table.sweep(nowNanoseconds: moment.now, count: 4)
        }
    }

    @Test func `above 10000 a minute nobody is refused by more than a second too early`() {
        var seed = SeededGenerator()
        let table = LimiterTable(placesMax: 16)
        let handles = Handles()
        var definition = Definition()
        var early = 0
        var now = LimitTraffic.start
        for _ in 0..<1_500 {
            now += UInt64.random(in: 0...700_000_000, using: &seed)
            let limit: UInt32 = 12_000
            let moment = Moment(
                now: now, requests: Int.random(in: 0...300, using: &seed), limit: limit)
            let admitted = Self.admitted(moment, table, handles)
            let within = Int(limit) - definition.count(before: now, within: Self.minute)
            let longer = Int(limit) - definition.count(before: now, within: 61 * Self.second)
            #expect(admitted <= min(max(within, 0), moment.requests), "seed \(seed.start)")
            #expect(admitted >= min(max(longer, 0), moment.requests), "seed \(seed.start)")
            if admitted < min(within, moment.requests) { early += 1 }
            definition.admit(admitted, at: now)
        }
        // It did get near enough to be rounded.
        #expect(early > 0)
    }

    @Test(arguments: [1, 7, 100, 10_000, 10_001, 50_000] as [UInt32])
    func `R7 what the fields say holds for whoever obeys them`(_ limit: UInt32) throws {
        var seed = SeededGenerator()
        let table = LimiterTable(placesMax: 16)
        let handles = Handles()
        var now = LimitTraffic.start
        var refusals = 0
        for _ in 0..<300 {
            now += UInt64.random(in: 0...(2 * Self.second), using: &seed)
            let burst = Int.random(in: 1...max(2, Int(limit) / 20), using: &seed)
            for _ in 0..<burst {
                let one = Moment(now: now, requests: 1, limit: limit)
                guard case .counted(let standing) = handles.charge(0, table, one) else {
                    Issue.record("not counted")
                    return
                }
                if standing.isAdmitted { continue }
                refusals += 1
                // Up to the last moment before it would have been refused, or is rounded.
                now += UInt64(standing.resetSeconds) * Self.second
                let then = Moment(now: now, requests: 1, limit: limit)
                let isAdmitted = LimitTraffic.isAdmitted(handles.charge(0, table, then))
                #expect(isAdmitted, "seed \(seed.start)")
            }
            // `remaining` more are admitted now, and not one more.
            let probe = Moment(now: now, requests: 1, limit: limit)
            guard limit <= 100, case .counted(let standing) = handles.charge(0, table, probe),
                standing.isAdmitted
            else { continue }
            for _ in 0..<standing.remaining {
                #expect(LimitTraffic.isAdmitted(handles.charge(0, table, probe)))
            }
            #expect(!LimitTraffic.isAdmitted(handles.charge(0, table, probe)))
        }
        #expect(refusals > 0, "seed \(seed.start)")
    }
}

/// Ways in which requests come.
enum LimitTraffic: CaseIterable, Sendable {
    case poisson, bursts, edges, tierChanges

    static let start: UInt64 = 120_000_000_000
    static let second: UInt64 = 1_000_000_000

    static func isAdmitted(_ charge: LimiterTable.Charge) -> Bool {
        if case .counted(let standing) = charge { standing.isAdmitted } else { false }
    }

    /// Two hours and more.
    func moments(_ seed: inout SeededGenerator) -> [`A limit over hours`.Moment] {
        var now = Self.start
        var moments: [`A limit over hours`.Moment] = []
        for index in 0..<6_000 {
            var requests = 1
            var limit: UInt32 = 100
            switch self {
            case .poisson:
                // One and a half times the limit.
                let uniform = Double.random(in: 1e-9..<1, using: &seed)
                now += UInt64(-_logarithm(uniform) * 400_000_000)
            case .bursts:
                now += UInt64.random(in: 0...(5 * Self.second), using: &seed)
                requests = Int.random(in: 20...150, using: &seed)
            case .edges:
                // Just before and just after the turn of a minute, and of our own window.
                let offsets = [59_900_000_000, 200_000_000, 59_899_999_999, 1, 100_000_000]
                now += UInt64(offsets[index % offsets.count])
                requests = 100
            case .tierChanges:
                now += UInt64.random(in: 0...(4 * Self.second), using: &seed)
                requests = Int.random(in: 1...40, using: &seed)
                let limits: [UInt32] = [100, 500, 1_000, 30, 0, 10_000]
                limit = limits[index / 37 % limits.count]
            }
            moments.append(.init(now: now, requests: requests, limit: limit))
        }
        return moments
    }

    /// Of a number between 0 and 1, without Foundation.
    private func _logarithm(_ value: Double) -> Double {
        let exponent = Double(value.exponent)
        let part = (value.significand - 1) / (value.significand + 1)
        let square = part * part
        let series = part * (2 + square * (2.0 / 3 + square * (2.0 / 5 + square * 2.0 / 7)))
        return exponent * 0.693_147_180_559_945 + series
    }
}
