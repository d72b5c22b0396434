import Reactor
import Testing

@testable import Gateway

@Suite struct `Budget of signature checks` {
    static let start: UInt64 = 120_000_000_000
    static let second: UInt64 = 1_000_000_000

    static func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    /// How many of `tries` find a unit.
    static func taken(
        _ budget: SignatureBudget, _ address: IPAddress, tries: Int, perSecond: Int = 200,
        at now: UInt64 = start
    ) -> Int {
        var count = 0
        for _ in 0..<tries
        where budget.take(address, perSecond: perSecond, now: now) != nil {
            count += 1
        }
        return count
    }

    @Test(arguments: [10, 200, 333, 1_000_000])
    func `an address has one second's worth, and then as much as time brings`(
        _ rate: Int
    ) throws {
        let budget = SignatureBudget()
        let address = try Self.address("192.0.2.1")
        #expect(Self.taken(budget, address, tries: rate + 50, perSecond: rate) == rate)
        let isSpent = budget.isSpent(address, perSecond: rate, now: Self.start)
        #expect(isSpent)
        // Rounded down, an interval never gives more than the rate by a unit a second.
        let interval = Self.second / UInt64(rate)
        let early = Self.taken(
            budget, address, tries: 5, perSecond: rate, at: Self.start + interval - 1)
        let due = Self.taken(
            budget, address, tries: 5, perSecond: rate, at: Self.start + interval)
        #expect(early == 0 && due == 1)
        let later = Self.taken(
            budget, address, tries: 5, perSecond: rate, at: Self.start + 4 * interval)
        #expect(later == 3)
        let much = Self.start + 3_600 * Self.second
        #expect(
            Self.taken(budget, address, tries: rate + 50, perSecond: rate, at: much) == rate)
    }

    @Test func `good checks cost nothing, however many`() throws {
        let budget = SignatureBudget()
        let address = try Self.address("192.0.2.1")
        for _ in 0..<10_000 {
            let unit = budget.take(address, perSecond: 10, now: Self.start)
            budget.giveBack(try #require(unit), now: Self.start)
        }
        #expect(budget.addresses == 0)
        #expect(Self.taken(budget, address, tries: 20, perSecond: 10) == 10)
    }

    @Test func `a unit given back late is not there twice`() throws {
        let budget = SignatureBudget()
        let address = try Self.address("192.0.2.1")
        let unit = try #require(budget.take(address, perSecond: 10, now: Self.start))
        // By now time has filled the bucket; what is taken since belongs to others.
        let now = Self.start + Self.second
        #expect(Self.taken(budget, address, tries: 20, perSecond: 10, at: now) == 10)
        budget.giveBack(unit, now: now)
        #expect(Self.taken(budget, address, tries: 20, perSecond: 10, at: now) == 0)
    }

    @Test func `each IPv4 address has its own, each IPv6 network its own`() throws {
        let budget = SignatureBudget()
        #expect(Self.taken(budget, try Self.address("192.0.2.1"), tries: 300) == 200)
        #expect(Self.taken(budget, try Self.address("192.0.2.2"), tries: 300) == 200)
        // The same client over a dual-stack socket.
        #expect(Self.taken(budget, try Self.address("::ffff:192.0.2.1"), tries: 300) == 0)
        #expect(Self.taken(budget, try Self.address("2001:db8:0:1::1"), tries: 150) == 150)
        #expect(Self.taken(budget, try Self.address("2001:db8:0:1:ffff::2"), tries: 150) == 50)
        #expect(Self.taken(budget, try Self.address("2001:db8:0:2::1"), tries: 300) == 200)
        // Unix clients.
        #expect(Self.taken(budget, .anyV6, tries: 300) == 200)
    }

    @Test func `a full table refuses whoever is new and forgets nobody`() throws {
        let budget = SignatureBudget(addressesMax: SignatureBudget.places)
        for number in 1...SignatureBudget.places {
            let address = IPAddress(v4: UInt32(number))
            #expect(Self.taken(budget, address, tries: 11, perSecond: 10) == 10)
        }
        #expect(budget.addresses == SignatureBudget.places)
        let late = IPAddress(v4: 99)
        #expect(Self.taken(budget, late, tries: 3, perSecond: 10) == 0)
        let isSpent = budget.isSpent(late, perSecond: 10, now: Self.start)
        #expect(isSpent)
        // Those who have a place are still counted.
        #expect(Self.taken(budget, IPAddress(v4: 1), tries: 3, perSecond: 10) == 0)
        // A second later every bucket is full and every place free.
        let now = Self.start + Self.second
        #expect(Self.taken(budget, late, tries: 11, perSecond: 10, at: now) == 10)
        #expect(budget.addresses == 1)
    }

    @Test func `addresses from everywhere find a place at the standard rate`() throws {
        let budget = SignatureBudget()
        // What two cores could check in a second if they did nothing else, each from a network of
        // its own, at the moment it would come.
        var refused = 0
        for number in 0..<50_000 {
            let address = IPAddress(high: 0x2001_0db8_0000_0000 | UInt64(number), low: 1)
            let now = Self.start + UInt64(number) * 20_000
            if budget.take(address, perSecond: 200, now: now) == nil { refused += 1 }
        }
        // The places are hashed with this process's own seed: one may be out of luck.
        #expect(refused <= 1)
    }

    @Test func `a clock that stands, goes back or ends gives nothing`() throws {
        let budget = SignatureBudget()
        let address = try Self.address("192.0.2.1")
        #expect(Self.taken(budget, address, tries: 300) == 200)
        #expect(Self.taken(budget, address, tries: 300, at: 0) == 0)
        #expect(Self.taken(budget, address, tries: 300, at: Self.start - 1) == 0)
        #expect(Self.taken(budget, address, tries: 300, at: Self.start) == 0)
        let another = try Self.address("192.0.2.2")
        #expect(Self.taken(budget, another, tries: 3, at: .max) == 0)
        let isSpent = budget.isSpent(another, perSecond: 200, now: .max)
        #expect(isSpent)
    }

    @Test func `a new rate counts for who is already known`() throws {
        let budget = SignatureBudget()
        let address = try Self.address("192.0.2.1")
        #expect(Self.taken(budget, address, tries: 300, perSecond: 200) == 200)
        #expect(Self.taken(budget, address, tries: 300, perSecond: 10) == 0)
        let now = Self.start + Self.second / 2
        #expect(Self.taken(budget, address, tries: 300, perSecond: 10, at: now) == 5)
    }

    @Test func `workers together take exactly what there is`() async throws {
        let budget = SignatureBudget()
        let address = try Self.address("192.0.2.1")
        let taken = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    Self.taken(budget, address, tries: 5_000, perSecond: 10_000)
                }
            }
            return await group.reduce(0, +)
        }
        #expect(taken == 10_000)
    }

    @Test(arguments: [1, 60, 1_000_000])
    func `R8 who waits as told is granted, however much was taken before`(_ perMinute: Int) throws {
        let budget = AddressBudget()
        let address = try Self.address("192.0.2.1")
        let rate = AddressBudget.Rate(perMinute: perMinute)
        var seed = SeededGenerator()
        var now = Self.start
        var waits = 0
        for _ in 0..<2_000 {
            now += UInt64.random(in: 0...(rate.interval), using: &seed)
            guard case .spent(let wait) = budget.take(address, rate: rate, now: now) else {
                continue
            }
            waits += 1
            #expect(wait > 0 && wait <= 60 * Self.second)
            let early = budget.take(address, rate: rate, now: now + wait - 1)
            #expect(early == .spent(waitNanoseconds: 1), "seed \(seed.start)")
            now += wait
            let then = budget.take(address, rate: rate, now: now)
            #expect(then != .spent(waitNanoseconds: 0))
            guard case .taken = then else {
                Issue.record("refused after waiting, seed \(seed.start)")
                return
            }
        }
        #expect(perMinute > 1_000 || waits > 0)
    }

    @Test func `a bucket of a minute holds a minute's worth and refills evenly`() throws {
        let budget = AddressBudget()
        let address = try Self.address("192.0.2.1")
        let rate = AddressBudget.Rate(perMinute: 60)
        func taken(_ tries: Int, at now: UInt64) -> Int {
            (0..<tries).count { _ in
                if case .taken = budget.take(address, rate: rate, now: now) { true } else { false }
            }
        }
        #expect(taken(100, at: Self.start) == 60)
        #expect(taken(100, at: Self.start + 5 * Self.second) == 5)
        #expect(taken(100, at: Self.start + 600 * Self.second) == 60)
        // An address that asked once has no place any more after a second.
        #expect(budget.addresses == 1)
        #expect(taken(0, at: Self.start) == 0)
    }

    @Test func `an address without a place is told when there is one`() throws {
        let budget = AddressBudget(addressesMax: AddressBudget.places)
        let rate = AddressBudget.Rate(perMinute: 60)
        for number in 1...AddressBudget.places {
            let answer = budget.take(IPAddress(v4: UInt32(number)), rate: rate, now: Self.start)
            guard case .taken = answer else {
                Issue.record("\(number)")
                return
            }
        }
        let late = IPAddress(v4: 99)
        let answer = budget.take(late, rate: rate, now: Self.start)
        #expect(answer == .spent(waitNanoseconds: Self.second))
        guard case .taken = budget.take(late, rate: rate, now: Self.start + Self.second) else {
            Issue.record("refused after waiting")
            return
        }
    }
}
