import Reactor
import Testing

@testable import Gateway

@Suite struct `Turns at an upstream` {
    static func owner(_ number: Int) -> ShareOwner { ShareOwner(high: 7, low: UInt64(number)) }

    static func waiter(_ number: Int) -> ShareWaiter {
        ShareWaiter(worker: 0, exchange: .fixed(UInt32(number)))
    }

    @Test(arguments: [(1, 1), (2, 2), (3, 2), (6, 4), (32, 22), (100, 67)])
    func `one alone holds two thirds and leaves the rest to whoever comes`(
        _ max: Int, _ held: Int
    ) {
        var queue = FairQueue(max: max, queueMax: 1_000)
        var granted = 0
        for number in 0..<200
        where queue.arrive(Self.owner(1), weight: 1, Self.waiter(number)) == .granted {
            granted += 1
        }
        #expect(granted == held && queue.waiting == 200 - held)
        guard max > 2 else { return }
        let newcomer = queue.arrive(Self.owner(2), weight: 1, Self.waiter(900))
        #expect(newcomer == .granted)
    }

    @Test func `who holds nothing gets the last free turn`() {
        var queue = FairQueue(max: 4, queueMax: 10)
        for owner in 1...4 {
            let arrival = queue.arrive(Self.owner(owner), weight: 1, Self.waiter(owner))
            #expect(arrival == .granted)
        }
        let fifth = queue.arrive(Self.owner(5), weight: 1, Self.waiter(5))
        #expect(fifth == .waiting && queue.inFlight == 4)
        var grants: [ShareGrant] = []
        queue.leave(Self.owner(1), &grants)
        #expect(grants == [ShareGrant(owner: Self.owner(5), waiter: Self.waiter(5))])
    }

    @Test func `a queue has an end, each owner its own`() {
        var queue = FairQueue(max: 1, queueMax: 2)
        let arrivals = (0..<4).map {
            queue.arrive(Self.owner(1), weight: 1, Self.waiter($0))
        }
        #expect(arrivals == [.granted, .waiting, .waiting, .full])
        let other = queue.arrive(Self.owner(2), weight: 1, Self.waiter(9))
        #expect(other == .waiting && queue.waiting == 3)
    }

    @Test func `those who wait go in turn, and their own in order`() {
        var queue = FairQueue(max: 1, queueMax: 100)
        _ = queue.arrive(Self.owner(9), weight: 1, Self.waiter(0))
        for number in 1...6 {
            for owner in 1...2 {
                _ = queue.arrive(Self.owner(owner), weight: 1, Self.waiter(owner * 100 + number))
            }
        }
        var order: [Int] = []
        var last = Self.owner(9)
        for _ in 0..<12 {
            var grants: [ShareGrant] = []
            queue.leave(last, &grants)
            #expect(grants.count == 1)
            guard let grant = grants.first else { return }
            order.append(Int(grant.waiter.exchange.index))
            last = grant.owner
        }
        #expect(order == [101, 201, 102, 202, 103, 203, 104, 204, 105, 205, 106, 206])
    }

    @Test func `weights are shares of a full upstream`() {
        var queue = FairQueue(max: 60, queueMax: 100_000)
        var seed = SeededGenerator()
        var running: [ShareOwner] = []
        var served: [UInt64: Int] = [:]
        let weights = [1: 1, 2: 2, 3: 3]
        for number in 0..<3_000 {
            for (owner, weight) in weights.sorted(by: { $0.key < $1.key })
            where queue.arrive(Self.owner(owner), weight: weight, Self.waiter(number)) == .granted {
                running.append(Self.owner(owner))
            }
        }
        for _ in 0..<6_000 {
            let index = Int.random(in: running.indices, using: &seed)
            let done = running.remove(at: index)
            var grants: [ShareGrant] = []
            queue.leave(done, &grants)
            served[done.low, default: 0] += 1
            running += grants.map(\.owner)
            let owner = Int(done.low)
            if queue.arrive(done, weight: weights[owner] ?? 1, Self.waiter(0)) == .granted {
                running.append(done)
            }
        }
        let (one, two, three) = (served[1] ?? 0, served[2] ?? 0, served[3] ?? 0)
        let sum = Double(one + two + three)
        for (count, share) in [(one, 1.0 / 6), (two, 2.0 / 6), (three, 3.0 / 6)] {
            #expect(abs(Double(count) / sum - share) < 0.05, "\(served), seed \(seed.start)")
        }
    }

    @Test func `one at a hundred times its share leaves others' requests at once or next`() {
        // A flood keeps its queue full; a neighbour has four requests at a time.
        var queue = FairQueue(max: 32, queueMax: 128)
        var seed = SeededGenerator()
        var running: [ShareOwner] = []
        var waited = 0
        func flood() {
            while queue.arrive(Self.owner(1), weight: 1, Self.waiter(1)) == .granted {
                running.append(Self.owner(1))
            }
        }
        for _ in 0..<3_000 {
            for _ in 0..<3 { flood() }
            if running.count(where: { $0 == Self.owner(2) }) < 4 {
                if queue.arrive(Self.owner(2), weight: 1, Self.waiter(2)) == .granted {
                    running.append(Self.owner(2))
                } else {
                    waited += 1
                }
            }
            let index = Int.random(in: running.indices, using: &seed)
            var grants: [ShareGrant] = []
            queue.leave(running.remove(at: index), &grants)
            running += grants.map(\.owner)
        }
        #expect(waited == 0, "seed \(seed.start)")
    }

    @Test func `who leaves the queue is not served`() {
        var queue = FairQueue(max: 1, queueMax: 10)
        for number in 0..<4 { _ = queue.arrive(Self.owner(1), weight: 1, Self.waiter(number)) }
        let isGone = queue.withdraw(Self.owner(1), Self.waiter(2))
        let isGoneAgain = queue.withdraw(Self.owner(1), Self.waiter(2))
        let isStranger = queue.withdraw(Self.owner(5), Self.waiter(2))
        #expect(isGone && !isGoneAgain && !isStranger)
        var served: [Int] = []
        for _ in 0..<3 {
            var grants: [ShareGrant] = []
            queue.leave(Self.owner(1), &grants)
            served += grants.map { Int($0.waiter.exchange.index) }
        }
        #expect(served == [1, 3] && queue.waiting == 0 && queue.inFlight == 0)
    }

    @Test func `a smaller bound holds with the next end, a larger one too`() {
        var queue = FairQueue(max: 8, queueMax: 10)
        for owner in 1...8 { _ = queue.arrive(Self.owner(owner), weight: 1, Self.waiter(owner)) }
        for owner in 11...16 { _ = queue.arrive(Self.owner(owner), weight: 1, Self.waiter(owner)) }
        queue.max = 6
        var grants: [ShareGrant] = []
        for owner in 1...2 { queue.leave(Self.owner(owner), &grants) }
        #expect(grants.isEmpty && queue.inFlight == 6)
        queue.max = 10
        queue.leave(Self.owner(3), &grants)
        #expect(grants.count == 5 && queue.inFlight == 10 && queue.waiting == 1)
    }

    @Test func `nothing is lost, nobody starves and owners are forgotten`() {
        var queue = FairQueue(max: 7, queueMax: 20)
        var seed = SeededGenerator()
        var running: [ShareOwner] = []
        var waiting: [ShareWaiter: ShareOwner] = [:]
        for number in 0..<40_000 {
            if Int.random(in: 0..<10, using: &seed) < 6 {
                // A few that come often, and ever new ones.
                let isRegular = Bool.random(using: &seed)
                let id = isRegular ? Int.random(in: 0..<4, using: &seed) : number + 100
                let waiter = Self.waiter(number)
                switch queue.arrive(Self.owner(id), weight: 1 + id % 3, waiter) {
                case .granted: running.append(Self.owner(id))
                case .waiting: waiting[waiter] = Self.owner(id)
                case .full: break
                }
            } else if let some = waiting.first, Int.random(in: 0..<20, using: &seed) == 0 {
                let isGone = queue.withdraw(some.value, some.key)
                #expect(isGone)
                waiting[some.key] = nil
            } else if !running.isEmpty {
                let index = Int.random(in: running.indices, using: &seed)
                var grants: [ShareGrant] = []
                queue.leave(running.remove(at: index), &grants)
                for grant in grants {
                    #expect(waiting[grant.waiter] == grant.owner, "seed \(seed.start)")
                    waiting[grant.waiter] = nil
                    running.append(grant.owner)
                }
            }
            #expect(queue.inFlight == running.count && queue.waiting == waiting.count)
            #expect(queue.inFlight <= queue.max)
            // Somebody who waits is served by the next end: something is in flight.
            if queue.waiting > 0 { #expect(queue.inFlight > 0) }
            // A free turn is not kept from somebody who holds none.
            if queue.inFlight < queue.max {
                let idle = waiting.values.first { owner in !running.contains(owner) }
                #expect(idle == nil, "seed \(seed.start)")
            }
        }
        #expect(queue.owners <= FairQueue.idleMax + 100)
    }
}
