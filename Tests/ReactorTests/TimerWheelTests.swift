import Testing

@testable import Reactor

@Suite struct `Timer wheel` {
    static let tick: UInt64 = 8
    static let millisecond: UInt64 = 1_000_000
    static let start = Monotonic(nanoseconds: 1_000_003)

    private func wheel(_ capacity: Int = 64) -> TimerWheel {
        TimerWheel(capacity: capacity, tickMilliseconds: Self.tick, now: Self.start)
    }

    private func all(_ wheel: inout TimerWheel, at now: Monotonic) -> [UInt32] {
        var found: [UInt32] = []
        while let key = wheel.expired(now: now) { found.append(key.index) }
        return found
    }

    @Test func `a deadline is reported once, never early and within one tick`() {
        for distance in [1, 7, 8, 9, 100, 4_087, 4_088, 4_096, 5_000, 100_000] as [UInt64] {
            var wheel = wheel()
            let deadline = Self.start.advanced(byMilliseconds: distance)
            wheel.schedule(.fixed(3), at: deadline)
            var now = Self.start
            var reports = 0
            while now <= deadline.advanced(byMilliseconds: 3 * Self.tick) {
                let found = all(&wheel, at: now)
                if !found.isEmpty {
                    reports += 1
                    #expect(found == [3])
                    #expect(now >= deadline)
                    #expect(now.nanoseconds(since: deadline) <= Self.tick * Self.millisecond)
                }
                now = now.advanced(byMilliseconds: 1)
            }
            #expect(reports == 1, "\(distance) ms")
        }
    }

    @Test func `deadlines come in the order of their ticks`() {
        var wheel = wheel()
        for (index, distance) in [500, 20, 90, 4_500, 300].enumerated() {
            let deadline = Self.start.advanced(byMilliseconds: UInt64(distance))
            wheel.schedule(.fixed(UInt32(index)), at: deadline)
        }
        var order: [UInt32] = []
        for step in 0..<600 {
            order += all(&wheel, at: Self.start.advanced(byMilliseconds: UInt64(step) * Self.tick))
        }
        #expect(order == [1, 2, 4, 0, 3])
    }

    @Test func `a deadline that moves away is reported at the later time only`() {
        var wheel = wheel()
        for step in 0..<1_000 as Range<UInt64> {
            let now = Self.start.advanced(byMilliseconds: step)
            wheel.schedule(.fixed(1), at: now.advanced(byMilliseconds: 50))
            do {
                let found = all(&wheel, at: now)
                #expect(found.isEmpty)
            }
        }
        do {
            let found = all(&wheel, at: Self.start.advanced(byMilliseconds: 1_070))
            #expect(found == [1])
        }
    }

    @Test func `a deadline that comes nearer is reported at the nearer time only`() {
        var wheel = wheel()
        wheel.schedule(.fixed(1), at: Self.start.advanced(byMilliseconds: 1_000))
        wheel.schedule(.fixed(1), at: Self.start.advanced(byMilliseconds: 20))
        do {
            let found = all(&wheel, at: Self.start.advanced(byMilliseconds: 40))
            #expect(found == [1])
        }
        do {
            let found = all(&wheel, at: Self.start.advanced(byMilliseconds: 2_000))
            #expect(found.isEmpty)
        }
    }

    @Test func `a cancelled deadline is not reported, and a stale key cancels nothing`() {
        var wheel = wheel()
        let key = SlotKey(index: 5, generation: 3)
        wheel.schedule(key, at: Self.start.advanced(byMilliseconds: 20))
        wheel.cancel(SlotKey(index: 5, generation: 1))
        let waiting = wheel.nextDeadline
        #expect(waiting != nil)
        wheel.cancel(key)
        let none = wheel.nextDeadline
        #expect(none == nil)
        wheel.schedule(key, at: Self.start.advanced(byMilliseconds: 20))
        wheel.schedule(key, at: .never)
        do {
            let found = all(&wheel, at: Self.start.advanced(byMilliseconds: 100))
            #expect(found.isEmpty)
        }
    }

    @Test func `a new entry takes over the place of one that went away`() {
        var wheel = wheel()
        let old = SlotKey(index: 5, generation: 1)
        let new = SlotKey(index: 5, generation: 3)
        wheel.schedule(old, at: Self.start.advanced(byMilliseconds: 20))
        wheel.schedule(new, at: Self.start.advanced(byMilliseconds: 200))
        do {
            let found = all(&wheel, at: Self.start.advanced(byMilliseconds: 100))
            #expect(found.isEmpty)
        }
        let key = wheel.expired(now: Self.start.advanced(byMilliseconds: 300))
        #expect(key == new)
    }

    @Test func `a turn ends even when every report schedules the past again`() {
        var wheel = wheel()
        wheel.schedule(.fixed(1), at: Self.start)
        let now = Self.start.advanced(byMilliseconds: 100)
        var reports = 0
        while let key = wheel.expired(now: now) {
            reports += 1
            wheel.schedule(key, at: Self.start)
            guard reports < 10 else { break }
        }
        #expect(reports == 1)
        do {
            let found = all(&wheel, at: now.advanced(byMilliseconds: Self.tick))
            #expect(found == [1])
        }
    }

    @Test func `a process that was stopped for long reports everything at once`() {
        var wheel = wheel()
        for index in 0..<64 as Range<UInt32> {
            wheel.schedule(
                .fixed(index), at: Self.start.advanced(byMilliseconds: UInt64(index) * 60))
        }
        let late = Self.start.advanced(byMilliseconds: 3_600_000)
        do {
            let found = all(&wheel, at: late)
            #expect(found.sorted() == Array(0..<64))
        }
        let none = wheel.nextDeadline
        #expect(none == nil)
    }

    @Test func `an entry given a later deadline while it waits for its report is spared`() {
        var wheel = wheel()
        wheel.schedule(.fixed(1), at: Self.start.advanced(byMilliseconds: 10))
        wheel.schedule(.fixed(2), at: Self.start.advanced(byMilliseconds: 10))
        let now = Self.start.advanced(byMilliseconds: 40)
        let first = wheel.expired(now: now)
        let other: UInt32 = first?.index == 1 ? 2 : 1
        wheel.schedule(.fixed(other), at: now.advanced(byMilliseconds: 100))
        let second = wheel.expired(now: now)
        #expect(second == nil)
        do {
            let found = all(&wheel, at: now.advanced(byMilliseconds: 120))
            #expect(found == [other])
        }
    }

    @Test func `agrees with a plain table over random use`() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed)
        var wheel = wheel(32)
        var model: [UInt32: Monotonic] = [:]
        var now = Self.start
        for _ in 0..<20_000 {
            let index = UInt32(random.next() % 32)
            switch random.next() % 4 {
            case 0, 1:
                let reach = random.next() % 3 == 0 ? 10_000 : 60
                let deadline = now.advanced(byMilliseconds: random.next() % UInt64(reach))
                wheel.schedule(.fixed(index), at: deadline)
                model[index] = deadline
            case 2:
                wheel.cancel(.fixed(index))
                model[index] = nil
            default:
                let jump = random.next() % 50 == 0 ? 9_000 : 12
                now = now.advanced(byMilliseconds: random.next() % UInt64(jump))
                if let next = wheel.nextDeadline, let earliest = model.values.min() {
                    let limit = max(earliest, now).advanced(byMilliseconds: Self.tick)
                    #expect(next <= limit, "seed \(seed)")
                }
                while let key = wheel.expired(now: now) {
                    let deadline = model.removeValue(forKey: key.index)
                    #expect(deadline.map { $0 <= now } == true, "seed \(seed)")
                }
                let tick = Self.tick * Self.millisecond
                let late = model.values.filter { $0.nanoseconds + tick < now.nanoseconds }
                #expect(late.isEmpty, "seed \(seed)")
            }
        }
    }

    @Test func `waiting for a deadline rounds up and never negative`() {
        let now = Monotonic(nanoseconds: 5_000_000)
        func timeout(_ nanoseconds: UInt64) -> Int32 {
            now.pollTimeoutMilliseconds(until: Monotonic(nanoseconds: nanoseconds))
        }
        #expect(timeout(5_000_001) == 1)
        #expect(timeout(6_000_000) == 1)
        #expect(timeout(6_000_001) == 2)
        #expect(timeout(5_000_000) == 0)
        #expect(timeout(0) == 0)
        #expect(timeout(.max - 1) == Int32.max)
        #expect(now.pollTimeoutMilliseconds(until: nil) == -1)
        #expect(now.pollTimeoutMilliseconds(until: .never) == -1)
        #expect(Monotonic(nanoseconds: .max - 1).advanced(byMilliseconds: 1) == .never)
        #expect(now.advanced(byMilliseconds: .max) == .never)
    }
}
