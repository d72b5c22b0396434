import Reactor
import Testing

/// Counts how often it is destroyed.
private final class Tally {
    var destroyed = 0
}

private struct Entry: ~Copyable {
    let tally: Tally
    var number: Int
    deinit { tally.destroyed += 1 }
}

@Suite struct `Slab of entries` {
    @Test func `a key finds its entry until it is removed, and never again`() throws {
        var slab = Slab<Int>(capacity: 4)
        let key = try slab.insert(7).required()
        let held = slab[key]
        #expect(held == 7)
        slab[key] += 1
        let removed = slab.remove(key)
        #expect(removed == 8)
        let again = slab.remove(key)
        #expect(again == nil)
        let successor = try slab.insert(9).required()
        #expect(successor.index == key.index)
        #expect(successor.generation != key.generation)
        let isLive = slab.contains(key)
        #expect(!isLive)
        let reached = slab.withEntry(key) { _ in true }
        #expect(reached == nil)
        let second = slab[successor]
        #expect(second == 9)
    }

    @Test func `a full slab refuses and drops the value`() throws {
        let tally = Tally()
        do {
            var slab = Slab<Entry>(capacity: 2)
            let first = try slab.insert(Entry(tally: tally, number: 1)).required()
            let before = slab.isFull
            _ = slab.insert(Entry(tally: tally, number: 2))
            let after = slab.isFull
            #expect(!before && after)
            let third = slab.insert(Entry(tally: tally, number: 3))
            #expect(third == nil && tally.destroyed == 1)
            _ = slab.remove(first)
            let count = slab.count
            #expect(tally.destroyed == 2 && count == 1)
        }
        #expect(tally.destroyed == 3)
    }

    @Test func `slabs of one owner share an index space`() throws {
        var low = Slab<Int>(capacity: 8, firstIndex: 16)
        var high = Slab<Int>(capacity: 8, firstIndex: 24)
        let first = try low.insert(1).required()
        let second = try high.insert(2).required()
        #expect(first.index == 16 && second.index == 24)
        let owned = [low.owns(first), low.owns(second), high.owns(second), low.owns(.fixed(16))]
        #expect(owned == [true, false, true, false])
        let found = [
            low.contains(second), high.contains(first), low.contains(.fixed(16)),
            low.contains(SlotKey(packed: .max)),
        ]
        #expect(!found.contains(true))
    }

    @Test func `all entries can be walked while some are removed`() {
        var slab = Slab<Int>(capacity: 8)
        for number in 0..<8 { _ = slab.insert(number) }
        var seen: [Int] = []
        var key = slab.key(after: nil)
        while let current = key {
            seen.append(slab[current])
            if slab[current] % 2 == 0 { _ = slab.remove(current) }
            key = slab.key(after: current)
        }
        #expect(seen == Array(0..<8))
        let left = slab.count
        #expect(left == 4)
    }

    @Test func `agrees with a dictionary over random use`() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed)
        var slab = Slab<UInt64>(capacity: 32)
        var model: [SlotKey: UInt64] = [:]
        var dead: [SlotKey] = []
        for step in 0..<20_000 {
            if random.next() % 2 == 0 {
                let key = slab.insert(UInt64(step))
                #expect((key == nil) == (model.count == 32), "seed \(seed)")
                if let key { model[key] = UInt64(step) }
            } else if let key = model.keys.min(by: { $0.packed % 7 < $1.packed % 7 }) {
                let removed = slab.remove(key)
                #expect(removed == model.removeValue(forKey: key), "seed \(seed)")
                dead.append(key)
            }
            if let old = dead.randomElement(using: &random) {
                let isLive = slab.contains(old)
                #expect(!isLive, "seed \(seed)")
            }
        }
        let count = slab.count
        #expect(count == model.count)
        for (key, value) in model {
            let held = slab[key]
            #expect(held == value, "seed \(seed)")
        }
    }

    @Test func `an event of a connection that has gone finds nothing`() throws {
        var poller = try Poller(eventsMax: 8)
        var slab = Slab<Int32>(capacity: 1)
        let old = try slab.insert(1).required()
        try Socket.withPair { near, far in
            try poller.add(near.number, key: old)
            _ = try far.write([1].span)
            try poller.wait(until: Monotonic.now().advanced(byMilliseconds: 5_000))
        }
        // The batch still names the entry; meanwhile its place has gone to another.
        _ = slab.remove(old)
        let new = try slab.insert(2).required()
        let count = poller.count
        try #require(count == 1)
        let event = poller[0]
        #expect(event.key == old && event.readiness.contains(.readable))
        let isFound = [slab.contains(event.key), slab.contains(new)]
        #expect(isFound == [false, true])
    }
}

/// SplitMix64: small, and the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

extension Optional {
    /// The value, or a failed test; `#require` itself cannot take a mutating call.
    func required() throws -> Wrapped { try #require(self) }
}
