import Testing

@testable import Gateway

@Suite struct `When keys are fetched` {
    static let minute: UInt64 = 60_000
    static let hour: UInt64 = 3_600_000

    static func machine(
        refresh: UInt64? = 300_000, stale: UInt64 = 86_400_000, unknown: UInt64 = 30_000
    ) -> KeySetMachine {
        KeySetMachine(
            KeySetMachine.Bounds(
                refreshMilliseconds: refresh, staleMilliseconds: stale,
                unknownKeyMilliseconds: unknown))
    }

    /// A machine whose first fetch was good at `now`.
    static func fed(
        _ machine: KeySetMachine, now: UInt64, maxAge: UInt32? = nil
    ) -> (KeySetMachine, KeySetMachine.Action) {
        var machine = machine
        _ = machine.handle(.started(age: nil), now: now)
        let action = machine.handle(.fetched(maxAge: maxAge, spread: 0), now: now)
        return (machine, action)
    }

    @Test func `at once at the start, and with a deadline`() {
        var machine = Self.machine()
        let action = machine.handle(.started(age: nil), now: 1_000)
        #expect(action == .fetch(deadline: 11_000))
        #expect(machine.state == .empty)
    }

    @Test func `again after the interval the policy names, whatever the server says`() {
        for maxAge in [nil, 5, 3_600] as [UInt32?] {
            let (_, action) = Self.fed(Self.machine(), now: 0, maxAge: maxAge)
            #expect(action == .wait(until: 300_000))
        }
    }

    @Test(
        arguments: [
            (nil, 300), (0, 60), (59, 60), (60, 60), (3_600, 3_600), (86_400, 43_200),
            (31_536_000, 43_200),
        ] as [(UInt32?, UInt64)])
    func `without one as the server says, held to bounds and to half the age they may reach`(
        maxAge: UInt32?, seconds: UInt64
    ) {
        let (_, action) = Self.fed(Self.machine(refresh: nil), now: 0, maxAge: maxAge)
        #expect(action == .wait(until: seconds * 1_000))
    }

    @Test func `a little earlier by chance, so that many gateways do not ask at once`() {
        for spread in [1, 1_000, 18_750, 18_751, UInt64.max] {
            var machine = Self.machine()
            _ = machine.handle(.started(age: nil), now: 0)
            let action = machine.handle(.fetched(maxAge: nil, spread: spread), now: 0)
            guard case .wait(let until) = action else { return #expect(Bool(false)) }
            #expect(until <= 300_000 && until >= 300_000 - 300_000 / 16)
        }
    }

    @Test func `after failures less and less often, and as before after a good one`() {
        var machine = Self.machine()
        var now: UInt64 = 0
        _ = machine.handle(.started(age: nil), now: now)
        for wait: UInt64 in [2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000] {
            #expect(machine.handle(.failed, now: now) == .wait(until: now + wait))
            now += wait
            #expect(machine.handle(.woke, now: now) == .fetch(deadline: now + 10_000))
        }
        #expect(machine.state == .empty)
        _ = machine.handle(.fetched(maxAge: nil, spread: 0), now: now)
        #expect(machine.failures == 0 && machine.state == .current(until: now + 86_400_000))
        _ = machine.handle(.woke, now: now + 300_000)
        #expect(
            machine.handle(.failed, now: now + 300_000) == .wait(until: now + 302_000))
        #expect(machine.state == .overdue(until: now + 86_400_000))
    }

    @Test func `keys are withdrawn at the bound, and no fetch hides the moment`() {
        var (machine, _) = Self.fed(Self.machine(refresh: 60_000, stale: 120_000), now: 0)
        #expect(machine.handle(.woke, now: 60_000) == .fetch(deadline: 70_000))
        #expect(machine.handle(.failed, now: 70_000) == .wait(until: 72_000))
        #expect(machine.handle(.woke, now: 115_000) == .fetch(deadline: 120_000))
        #expect(machine.handle(.failed, now: 120_000) == .withdraw)
        #expect(machine.state == .withdrawn)
        // Said once; then it goes on trying.
        #expect(machine.handle(.woke, now: 120_000) == .wait(until: 124_000))
        #expect(machine.handle(.woke, now: 124_000) == .fetch(deadline: 134_000))
        _ = machine.handle(.fetched(maxAge: nil, spread: 0), now: 125_000)
        #expect(machine.state == .current(until: 245_000))
    }

    @Test func `an unknown key asks once, and no sooner than its interval`() {
        var (machine, _) = Self.fed(Self.machine(refresh: Self.hour), now: 0)
        // Just fetched: it waits, and is not forgotten.
        #expect(machine.handle(.unknownKey, now: 1_000) == .wait(until: 30_000))
        #expect(machine.handle(.unknownKey, now: 2_000) == .wait(until: 30_000))
        #expect(machine.handle(.woke, now: 30_000) == .fetch(deadline: 40_000))
        #expect(
            machine.handle(.fetched(maxAge: nil, spread: 0), now: 31_000)
                == .wait(until: 31_000 + Self.hour))
        // Long after the last: at once.
        #expect(machine.handle(.unknownKey, now: 100_000) == .fetch(deadline: 110_000))
    }

    @Test func `a flood of unknown keys causes one fetch an interval`() {
        var (machine, action) = Self.fed(Self.machine(refresh: Self.hour), now: 0)
        var fetches = 0
        for now in stride(from: UInt64(0), to: 600_000, by: 7) {
            action = machine.handle(.unknownKey, now: now)
            if case .fetch = action {
                fetches += 1
                action = machine.handle(.fetched(maxAge: nil, spread: 0), now: now)
            }
        }
        #expect(fetches <= 20 && fetches >= 19)
    }

    @Test func `kept keys count for the rest of their time, and are replaced at once`() {
        var machine = Self.machine(stale: Self.hour)
        #expect(
            machine.handle(.started(age: Self.hour - 5_000), now: 100)
                == .fetch(deadline: 5_100))
        #expect(machine.state == .overdue(until: 5_100))
        #expect(machine.handle(.failed, now: 5_100) == .withdraw)
        var old = Self.machine(stale: Self.hour)
        #expect(old.handle(.started(age: Self.hour), now: 100) == .withdraw)
        var ancient = Self.machine(stale: Self.hour)
        #expect(ancient.handle(.started(age: .max), now: .max) == .withdraw)
    }

    @Test func `whatever happens, one fetch follows another and no sum overflows`() {
        var generator = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: 0 ... .max, using: &generator)
        print("seed \(seed)")
        var state = seed
        func next(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        for _ in 0..<200 {
            var machine = Self.machine(
                refresh: next(2) == 0 ? nil : 1_000 + next(100_000), stale: 1_000 + next(500_000),
                unknown: 100 + next(60_000))
            let isLate = next(8) == 0
            var now = isLate ? UInt64.max - 500_000 : next(1_000_000)
            var action = machine.handle(.started(age: next(2) == 0 ? nil : next(600_000)), now: now)
            var fetches = 0
            for _ in 0..<300 {
                let (later, overflow) = now.addingReportingOverflow(next(20_000))
                now = overflow ? .max : later
                switch action {
                case .fetch(let deadline):
                    fetches += 1
                    #expect(deadline >= now || deadline >= 1)
                    action = machine.handle(
                        next(3) == 0
                            ? .failed
                            : .fetched(
                                maxAge: next(2) == 0 ? nil : UInt32(next(4_000_000)),
                                spread: next(.max >> 1)), now: now)
                case .withdraw:
                    #expect(machine.state == .withdrawn)
                    action = machine.handle(.woke, now: now)
                case .wait:
                    action = machine.handle(next(3) == 0 ? .unknownKey : .woke, now: now)
                }
            }
            #expect(fetches > 0)
        }
    }
}
