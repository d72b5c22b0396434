import Reactor
import Testing

@testable import Gateway

@Suite struct `Turns of signature checks` {
    static func keys(_ count: Int) -> [SlotKey] {
        (0..<count).map { SlotKey.fixed(UInt32($0)) }
    }

    /// Everybody served in one turn of the loop, each using its check if `checking`.
    static func served(_ turns: inout SignatureTurns, checking: Bool = true) -> [SlotKey] {
        var found: [SlotKey] = []
        while let key = turns.next() {
            found.append(key)
            let isOpen = turns.isOpen
            #expect(isOpen)
            if checking { turns.use() }
        }
        turns.begin()
        return found
    }

    @Test func `one check is made at once, and none while somebody waits`() {
        var turns = SignatureTurns()
        let first = turns.isOpen
        turns.use()
        let second = turns.isOpen
        #expect(first && !second)
        turns.begin()
        let later = turns.isOpen
        turns.join(.fixed(1))
        let behind = turns.isOpen
        #expect(later && !behind)
    }

    @Test func `who came first is served first, a few in each turn`() {
        var turns = SignatureTurns()
        let keys = Self.keys(5_000)
        for key in keys { turns.join(key) }
        var found: [SlotKey] = []
        var late: [SlotKey] = []
        for turn in 0... where !turns.isEmpty {
            let now = Self.served(&turns)
            #expect(now.count <= SignatureTurns.checksMax)
            found += now
            // Newcomers stand behind.
            let newcomer = SlotKey.fixed(UInt32(10_000 + turn))
            if turn < 500 {
                turns.join(newcomer)
                late.append(newcomer)
            }
            guard !turns.isEmpty else { break }
        }
        #expect(found == keys + late)
    }

    @Test func `who needs no check is served faster, but not without end`() {
        var turns = SignatureTurns()
        for key in Self.keys(100) { turns.join(key) }
        let first = Self.served(&turns, checking: false)
        let second = Self.served(&turns, checking: false)
        #expect(first.count == SignatureTurns.clientsMax && second.count == 100 - first.count)
        let isEmpty = turns.isEmpty
        #expect(isEmpty)
    }

    @Test func `a client has one check in its turn`() {
        var turns = SignatureTurns()
        for key in Self.keys(2) { turns.join(key) }
        _ = turns.next()
        turns.use()
        let again = turns.isOpen
        #expect(!again)
    }

    @Test func `a check in vain ends the turn, and the next turn makes one again`() {
        var turns = SignatureTurns()
        let keys = Self.keys(6)
        for key in keys { turns.join(key) }
        for key in keys {
            let first = turns.next()
            #expect(first == key)
            turns.use()
            turns.close()
            let second = turns.next()
            #expect(second == nil)
            turns.begin()
        }
        // The same where the request is met.
        turns.use()
        turns.close()
        turns.join(keys[0])
        let none = turns.next()
        #expect(none == nil)
        turns.begin()
        let next = turns.next()
        #expect(next == keys[0])
    }

    @Test func `what goes upstream is held while holding, and each client named once`() {
        var turns = SignatureTurns()
        let keys = Self.keys(SignatureTurns.heldMax)
        let early = turns.holds(keys[0])
        #expect(!early)
        for _ in 0..<2 {
            for key in keys {
                let wasFull = turns.isFull
                turns.hold()
                let isHeld = turns.holds(key)
                let isHeldAgain = turns.holds(key)
                #expect(!wasFull && isHeld && isHeldAgain)
            }
            let isFull = turns.isFull
            #expect(isFull)
            var found: [SlotKey] = []
            while let key = turns.nextHeld() {
                // Its bytes go now.
                let isHeld = turns.holds(key)
                #expect(!isHeld)
                found.append(key)
            }
            #expect(found == keys)
        }
    }
}
