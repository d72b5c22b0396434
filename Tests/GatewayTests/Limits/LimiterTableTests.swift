@_spi(TenantDirectory) import Policy
import Synchronization
import Testing

@testable import Gateway

@Suite struct `Limiter table` {
    static let start: UInt64 = 120_000_000_000
    static let second: UInt64 = 1_000_000_000

    static func tenant(_ number: Int) -> TenantID { TenantID(high: 7, low: UInt64(number)) }

    static func isAdmitted(_ charge: LimiterTable.Charge) -> Bool {
        if case .counted(let standing) = charge { standing.isAdmitted } else { false }
    }

    /// Charges with a handle of its own, as a request that has never met the tenant.
    static func charge(
        _ table: LimiterTable, _ tenant: Int, limit: RateLimit = .perMinute(100),
        at now: UInt64 = start
    ) -> LimiterTable.Charge {
        var handle = LimiterHandle()
        return table.charge(
            &handle, tenant: Self.tenant(tenant), limit: limit, nowNanoseconds: now)
    }

    @Test(arguments: [2, 4])
    func `R3 R5 workers together admit exactly the limit`(_ workers: Int) async {
        let table = LimiterTable(placesMax: 64)
        let admitted = Tally()
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<workers {
                group.addTask {
                    var handles = [LimiterHandle](repeating: LimiterHandle(), count: 8)
                    for request in 0..<20_000 {
                        let tenant = request % 8
                        let charge = table.charge(
                            &handles[tenant], tenant: Self.tenant(tenant), limit: .perMinute(1_000),
                            nowNanoseconds: Self.start + UInt64(request + worker * 13))
                        if Self.isAdmitted(charge) { admitted.count.add(1, ordering: .relaxed) }
                    }
                }
            }
        }
        #expect(admitted.count.load(ordering: .relaxed) == 8_000)
        #expect(table.placesUsed == 8)
    }

    @Test func `R2 every handle of a tenant counts in one place`() {
        let table = LimiterTable(placesMax: 64)
        var admitted = 0
        for _ in 0..<150 { admitted += Self.isAdmitted(Self.charge(table, 1)) ? 1 : 0 }
        #expect(admitted == 100)
        #expect(Self.isAdmitted(Self.charge(table, 2)))
    }

    @Test func `R3 there is nothing to gain at the edge of a minute`() {
        let table = LimiterTable(placesMax: 64)
        var admitted = 0
        for now in [59_900_000_000, 60_100_000_000] as [UInt64] {
            for _ in 0..<100 {
                admitted += Self.isAdmitted(Self.charge(table, 1, at: Self.start + now)) ? 1 : 0
            }
        }
        #expect(admitted == 100)
    }

    @Test func `R6 a new limit applies at once to what was used`() {
        let table = LimiterTable(placesMax: 64)
        for _ in 0..<100 { _ = Self.charge(table, 1) }
        #expect(!Self.isAdmitted(Self.charge(table, 1)))
        guard case .counted(let more) = Self.charge(table, 1, limit: .perMinute(500)) else {
            Issue.record("not counted")
            return
        }
        #expect(more.isAdmitted && more.remaining == 399)
        #expect(!Self.isAdmitted(Self.charge(table, 1, limit: .perMinute(101))))
        #expect(!Self.isAdmitted(Self.charge(table, 1, limit: .perMinute(0))))
        #expect(Self.charge(table, 1, limit: .unlimited) == .uncounted)
    }

    @Test func `R7 honouring the answer succeeds`() {
        let table = LimiterTable(placesMax: 64)
        for index in 0..<100 { _ = Self.charge(table, 1, at: Self.start + UInt64(index) * 300) }
        guard case .counted(let standing) = Self.charge(table, 1, at: Self.start + Self.second / 2)
        else {
            Issue.record("not counted")
            return
        }
        #expect(!standing.isAdmitted && standing.resetSeconds == 60)
        let then = Self.start + Self.second / 2 + UInt64(standing.resetSeconds) * Self.second
        #expect(Self.isAdmitted(Self.charge(table, 1, at: then)))
    }

    @Test func `at the bound an unknown tenant is refused and a known one is not`() {
        let table = LimiterTable(placesMax: 3)
        for tenant in 0..<3 { #expect(Self.isAdmitted(Self.charge(table, tenant))) }
        #expect(Self.charge(table, 3) == .overloaded)
        #expect(Self.charge(table, 3) == .overloaded)
        #expect(Self.isAdmitted(Self.charge(table, 2)))
        #expect(Self.charge(table, 4, limit: .unlimited) == .uncounted)
    }

    @Test func `places of idle tenants are taken back and no sooner`() {
        let table = LimiterTable(placesMax: 2)
        var stale = LimiterHandle()
        for _ in 0..<100 {
            _ = table.charge(
                &stale, tenant: Self.tenant(0), limit: .perMinute(100), nowNanoseconds: Self.start)
        }
        let kept = stale
        _ = Self.charge(table, 1, at: Self.start + 30 * Self.second)
        let early = table.sweep(nowNanoseconds: Self.start + 60 * Self.second, count: 100)
        #expect(early == 0)
        let later = Self.start + 62 * Self.second
        let taken = table.sweep(nowNanoseconds: later, count: 100)
        #expect(taken == 1 && table.placesUsed == 1)
        #expect(Self.isAdmitted(Self.charge(table, 2, at: later)))
        // The handle of the tenant that lost its place must not charge the new one: here there is
        // no place left for it at all.
        var old = kept
        let charge = table.charge(
            &old, tenant: Self.tenant(0), limit: .perMinute(100), nowNanoseconds: later)
        #expect(charge == .overloaded)
        guard case .counted(let other) = Self.charge(table, 2, at: later) else {
            Issue.record("not counted")
            return
        }
        #expect(other.remaining == 98)
    }

    @Test func `a sweep looks at as many places as it is told and goes round`() {
        let table = LimiterTable(placesMax: 16)
        for tenant in 0..<10 { _ = Self.charge(table, tenant) }
        let later = Self.start + 120 * Self.second
        let counts = (0..<5).map { _ in table.sweep(nowNanoseconds: later, count: 3) }
        #expect(counts.reduce(0, +) == 10 && counts.max() == 3)
        #expect(table.placesUsed == 0)
        #expect(table.sweep(nowNanoseconds: later, count: 100) == 0)
    }

    @Test func `charging while places are swept loses no count`() async {
        let table = LimiterTable(placesMax: 4)
        let admitted = Tally()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    var handle = LimiterHandle()
                    for request in 0..<20_000 {
                        let charge = table.charge(
                            &handle, tenant: Self.tenant(1), limit: .perMinute(5_000),
                            nowNanoseconds: Self.start + UInt64(request))
                        if Self.isAdmitted(charge) { admitted.count.add(1, ordering: .relaxed) }
                    }
                }
            }
            group.addTask {
                for _ in 0..<20_000 { table.sweep(nowNanoseconds: Self.start + 20_000, count: 4) }
            }
        }
        #expect(admitted.count.load(ordering: .relaxed) == 5_000)
    }

    @Test func `a place is two cache lines`() {
        #expect(MemoryLayout<LimiterTable.Place>.stride <= 128)
    }
}

/// A number several tasks add to.
private final class Tally: Sendable {
    let count = Atomic<Int>(0)
}
