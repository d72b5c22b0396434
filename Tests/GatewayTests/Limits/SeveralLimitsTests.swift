import Foundation
@_spi(TenantDirectory) import Policy
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// A request with up to four limits, as a worker would charge it.
struct Several {
    var tenant = 1
    var user = 1
    var tier: UInt32? = 100
    var tierUser: UInt32?
    var route: UInt32?
    var routeUser: UInt32?
    var concurrency: UInt32?

    func demands() -> LimitDemands {
        let id = TenantID(high: 7, low: UInt64(tenant))
        var demands = LimitDemands(tenant: id)
        for (kind, limit) in zip(LimitKind.allCases, [tier, tierUser, route, routeUser]) {
            guard limit != nil || (kind == .tier && concurrency != nil) else { continue }
            demands.append(
                LimitDemand(
                    kind: kind,
                    key: LimitKey(
                        tenant: id, scope: kind.isOfRoute ? 9 : 0,
                        user: kind.isPerUser ? UInt64(user) : 0),
                    perMinute: limit, handle: LimiterHandle()))
        }
        return demands
    }

    /// Where it stands, and where it counts as open; `nil` without a place.
    func charge(
        _ table: LimiterTable, at now: UInt64
    ) -> (standings: LimitStandings, handle: LimiterHandle)? {
        var demands = demands()
        var standings = LimitStandings()
        let charge = table.charge(
            &demands, concurrency: concurrency, standings: &standings, nowNanoseconds: now)
        return charge == .counted ? (standings, demands[0].handle) : nil
    }

    func isAdmitted(_ table: LimiterTable, at now: UInt64 = start) -> Bool {
        charge(table, at: now)?.standings.isAdmitted ?? false
    }

    static let start: UInt64 = 120_000_000_000
    static let second: UInt64 = 1_000_000_000
}

@Suite struct `Several limits of one request` {
    static let start = Several.start

    @Test func `a refusal by one costs nothing of the others`() {
        let table = LimiterTable(placesMax: 64)
        let narrow = Several(tier: 100, route: 3)
        let wide = Several(tier: 100)
        for _ in 0..<3 { #expect(narrow.isAdmitted(table)) }
        for _ in 0..<50 { #expect(!narrow.isAdmitted(table)) }
        // The tier has paid for three, and the others are there.
        var admitted = 0
        for _ in 0..<200 where wide.isAdmitted(table) { admitted += 1 }
        #expect(admitted == 97)
        // And the other way round: the tier refuses, the route has what it had.
        let other = Several(tenant: 2, tier: 2, route: 5)
        for _ in 0..<10 { _ = other.isAdmitted(table) }
        let routeAlone = Several(tenant: 2, tier: nil, route: 5)
        admitted = 0
        for _ in 0..<10 where routeAlone.isAdmitted(table) { admitted += 1 }
        #expect(admitted == 3)
    }

    @Test func `a place that went from one limit to another is not waited for`() throws {
        let table = LimiterTable(placesMax: 64)
        var before = Several(tier: 100, tierUser: 20).demands()
        var standings = LimitStandings()
        #expect(
            table.charge(
                &before, concurrency: nil, standings: &standings, nowNanoseconds: Self.start)
                == .counted)
        // Both places are taken back; what the caller remembers of them is out of date, and the
        // user's limit of a route is given one of them.
        let later = Self.start + 62 * Several.second
        #expect(table.sweep(nowNanoseconds: later, count: 64) == 2)
        var demands = Several(tier: 100, tierUser: 20, routeUser: 5).demands()
        (demands[0].handle, demands[1].handle) = (before[0].handle, before[1].handle)
        let asked = demands
        let answers = Mutex<[UInt32]>([])
        let isOver = DispatchSemaphore(value: 0)
        Thread {
            var (demands, standings) = (asked, LimitStandings())
            let charge = table.charge(
                &demands, concurrency: nil, standings: &standings, nowNanoseconds: later)
            let left = (0..<standings.count).map { standings[$0].remaining }
            answers.withLock { $0 = charge == .counted ? left : [] }
            isOver.signal()
        }.start()
        // A thread that waits for itself is left behind.
        try #require(isOver.wait(timeout: .now() + 10) == .success)
        #expect(answers.withLock { $0 } == [99, 19, 4])
    }

    @Test func `all of them are told, and which refused`() throws {
        let table = LimiterTable(placesMax: 64)
        let request = Several(tier: 100, tierUser: 20, route: 10, routeUser: 2)
        let first = try #require(request.charge(table, at: Self.start)).standings
        #expect((0..<4).map { first[$0].remaining } == [99, 19, 9, 1])
        #expect(first.isAdmitted && first.blockedSeconds == 0 && first.tightest == 3)
        _ = request.isAdmitted(table, at: Self.start + 10 * Several.second)
        let third = try #require(request.charge(table, at: Self.start + 15 * Several.second))
            .standings
        #expect((0..<4).map { third[$0].remaining } == [98, 18, 8, 0])
        #expect((0..<4).map { third[$0].isAdmitted } == [true, true, true, false])
        #expect(third.retrySeconds == 45 && third.isRateExceeded && !third.isDenied)
        // Another user of the tenant has its own.
        var other = request
        other.user = 2
        let fourth = try #require(other.charge(table, at: Self.start + 15 * Several.second))
            .standings
        #expect((0..<4).map { fourth[$0].remaining } == [97, 19, 7, 1])
    }

    @Test func `who waits as told is admitted by all of them`() throws {
        let table = LimiterTable(placesMax: 64)
        var seed = SeededGenerator()
        var now = Self.start
        for round in 0..<400 {
            let request = Several(
                tenant: round % 3, user: Int.random(in: 1...3, using: &seed), tier: 40,
                tierUser: Bool.random(using: &seed) ? 15 : nil,
                route: Bool.random(using: &seed) ? 12_000 : 25, routeUser: 7)
            now += UInt64.random(in: 0...3_000_000_000, using: &seed)
            for _ in 0..<Int.random(in: 1...20, using: &seed) {
                let standings = try #require(request.charge(table, at: now)).standings
                guard !standings.isAdmitted else { continue }
                now += UInt64(standings.retrySeconds) * Several.second
                let isAdmitted = request.isAdmitted(table, at: now)
                #expect(isAdmitted, "seed \(seed.start), round \(round)")
            }
        }
    }

    @Test func `threads together admit exactly what the narrowest limit allows`() {
        let table = LimiterTable(placesMax: 64)
        let admitted = Atomic<Int>(0)
        let alone = Atomic<Int>(0)
        inThreads(4) { thread in
            for request in 0..<4_000 {
                let both = Several(tier: 1_000, route: 300)
                if both.isAdmitted(table) { admitted.add(1, ordering: .relaxed) }
                if request % 4 == 0, Several(tier: 1_000).isAdmitted(table) {
                    alone.add(1, ordering: .relaxed)
                }
            }
        }
        #expect(admitted.load(ordering: .relaxed) <= 300)
        let sum = admitted.load(ordering: .relaxed) + alone.load(ordering: .relaxed)
        #expect(sum == 1_000)
        // What the tier refused first left room on the route, or all of it is used.
        var left = 0
        for _ in 0..<400 where Several(tier: nil, route: 300).isAdmitted(table) { left += 1 }
        #expect(left == 300 - admitted.load(ordering: .relaxed))
    }

    @Test func `no user has a place for requests that its tenant's limit refuses`() {
        let table = LimiterTable(placesMax: 64)
        for user in 1...500 { _ = Several(user: user, tier: 5, tierUser: 3).isAdmitted(table) }
        #expect(table.placesUsed == 6)
        #expect(Several(user: 1, tier: 5, tierUser: 3).isAdmitted(table, at: Self.start * 2))
    }

    @Test func `the users of one tenant leave room for other tenants`() {
        let table = LimiterTable(placesMax: 8)
        func admitted(at now: UInt64) -> Int {
            (1...20).count { user in
                Several(user: user, tier: 10_000, tierUser: 3).isAdmitted(table, at: now)
            }
        }
        #expect(admitted(at: Self.start) == 4)
        for tenant in 2...4 { #expect(Several(tenant: tenant, tier: 5).isAdmitted(table)) }
        // And what idle users give back, others get.
        let later = Self.start + 62 * Several.second
        table.sweep(nowNanoseconds: later, count: 8)
        #expect(admitted(at: later) == 4)
    }

    @Test func `a full table refuses and charges nothing`() {
        let table = LimiterTable(placesMax: 2)
        #expect(Several(tier: 5, tierUser: 3).isAdmitted(table))
        #expect(Several(user: 2, tier: 5, tierUser: 3).charge(table, at: Self.start) == nil)
        var admitted = 0
        for _ in 0..<10 where Several(tier: 5).isAdmitted(table) { admitted += 1 }
        #expect(admitted == 4)
    }

    @Test func `a limit of 0 denies and is told apart`() throws {
        let table = LimiterTable(placesMax: 8)
        let standings = try #require(Several(tier: 5, routeUser: 0).charge(table, at: Self.start))
            .standings
        #expect(!standings.isAdmitted && standings.isDenied)
        #expect(Several(tier: 1).isAdmitted(table))
    }

    @Test func `open requests are counted until they are over`() throws {
        let table = LimiterTable(placesMax: 8)
        let request = Several(tier: nil, concurrency: 3)
        var handles: [LimiterHandle] = []
        for left in [2, 1, 0] as [UInt32] {
            let charge = try #require(request.charge(table, at: Self.start))
            #expect(charge.standings.concurrency?.remaining == left && charge.standings.isAdmitted)
            handles.append(charge.handle)
        }
        let refused = try #require(request.charge(table, at: Self.start))
        #expect(!refused.standings.isAdmitted && !refused.standings.isRateExceeded)
        // Neither an hour nor a sweep ends them.
        let later = Self.start + 3_600 * Several.second
        table.sweep(nowNanoseconds: later, count: 8)
        #expect(!request.isAdmitted(table, at: later))
        table.close(handles[0])
        #expect(request.isAdmitted(table, at: later))
        for handle in handles { table.close(handle) }
        // Closing what is closed, or no handle, gives nothing back.
        table.close(handles[0])
        table.close(LimiterHandle())
        table.sweep(nowNanoseconds: later + 62 * Several.second, count: 8)
        #expect(table.placesUsed == 0)
        table.close(handles[0])
        for _ in 0..<3 { #expect(request.isAdmitted(table, at: later)) }
        #expect(!request.isAdmitted(table, at: later))
    }

    @Test func `too many at once cost nothing of the minute and too many a minute open nothing`() {
        let table = LimiterTable(placesMax: 8)
        let request = Several(tier: 4, concurrency: 2)
        let first = request.charge(table, at: Self.start)
        #expect(request.isAdmitted(table))
        for _ in 0..<9 { #expect(!request.isAdmitted(table)) }
        if let first { table.close(first.handle) }
        #expect(request.isAdmitted(table))
        var admitted = 0
        for _ in 0..<9 where Several(tier: 4).isAdmitted(table) { admitted += 1 }
        #expect(admitted == 1)
        // Two are open; a minute later one more may be when one of them ends.
        let later = Self.start + 61 * Several.second
        #expect(!request.isAdmitted(table, at: later))
        if let first { table.close(first.handle) }
        #expect(request.isAdmitted(table, at: later))
    }
}

/// Random numbers that can be had again: a failing test prints `start`.
struct SeededGenerator: RandomNumberGenerator {
    let start: UInt64
    private var state: UInt64

    init(_ seed: UInt64? = nil) {
        start = seed ?? UInt64.random(in: .min ... .max)
        state = start
    }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
