/// Deadlines of slab entries: one per index, hashed into 512 slots of one tick each.
///
/// Setting a deadline later, what every byte of progress does, is one store: the entry stays in
/// its old slot and moves when that slot comes up. A deadline is reported at the first `expired`
/// after it, never before it, and at most one tick late. There is nothing to cancel when an entry
/// goes away: its key has become stale, and the place is reused with the index.
///
/// The memory is 32 bytes per index, taken once.
@safe public struct TimerWheel: ~Copyable {
    private struct Node: BitwiseCopyable {
        var key = SlotKey(packed: 0)
        var deadline = Monotonic.never
        var next = TimerWheel.none
        var previous = TimerWheel.none
        /// The tick whose slot holds this node; `unlinked` if none does.
        var tick = TimerWheel.unlinked
    }

    private static let none = UInt32.max
    private static let unlinked = UInt64.max
    /// The tick of nodes on the list of those found due; no real tick is zero.
    private static let due: UInt64 = 0
    private static let slots = 512

    private let nodes: UnsafeMutablePointer<Node>
    /// The lists of the slots, and last the list of nodes found due and not yet reported.
    private var heads = [UInt32](repeating: TimerWheel.none, count: TimerWheel.slots + 1)
    /// One bit per slot that is not empty.
    private var occupied = InlineArray<8, UInt64>(repeating: 0)
    private let tickNanoseconds: UInt64
    /// Every tick up to here has been swept.
    private var swept: UInt64
    /// The tick the current sweep goes up to; new deadlines land behind it, so a sweep ends.
    private var horizon: UInt64
    public let capacity: Int

    /// - Parameters:
    ///   - capacity: indices `0..<capacity` of the owner's index space.
    ///   - tickMilliseconds: 1...1,000; how late a deadline may be noticed.
    public init(capacity: Int, tickMilliseconds: UInt64 = 64, now: Monotonic) {
        precondition((1...Int(UInt32.max >> 1)).contains(capacity))
        precondition((1...1_000).contains(tickMilliseconds))
        self.capacity = capacity
        tickNanoseconds = tickMilliseconds * 1_000_000
        swept = now.nanoseconds / tickNanoseconds
        horizon = swept
        unsafe nodes = .allocate(capacity: capacity)
        unsafe nodes.initialize(repeating: Node(), count: capacity)
    }

    deinit { unsafe nodes.deallocate() }

    /// Sets the one deadline of `key.index`, replacing an earlier one; `never` is none. An owner
    /// with several reasons to wake schedules the earliest.
    public mutating func schedule(_ key: SlotKey, at deadline: Monotonic) {
        let index = Int(key.index)
        precondition(index < capacity, "timer index beyond the wheel")
        unsafe nodes[index].key = key
        unsafe nodes[index].deadline = deadline
        guard deadline != .never else {
            unlink(key.index)
            return
        }
        let tick = slotTick(for: deadline)
        let current = unsafe nodes[index].tick
        if current != Self.unlinked {
            guard tick < current else { return }
            unlink(key.index)
        }
        link(key.index, tick)
    }

    /// Forgets the deadline of `key.index`, if it is this key's.
    public mutating func cancel(_ key: SlotKey) {
        let index = Int(key.index)
        guard index < capacity, unsafe nodes[index].key == key else { return }
        unsafe nodes[index].deadline = .never
        unlink(key.index)
    }

    /// The next key whose deadline has passed; call until `nil`. Each deadline is reported once.
    /// A key scheduled meanwhile, even in the past, is reported by a later turn.
    public mutating func expired(now: Monotonic) -> SlotKey? {
        let nowTick = now.nanoseconds / tickNanoseconds
        if nowTick > horizon {
            horizon = nowTick
            // After a long pause one lap over the slots meets every node.
            let lap = UInt64(Self.slots)
            if nowTick - swept > lap { swept = nowTick - lap }
        }
        while true {
            while heads[Self.slots] != Self.none {
                let index = heads[Self.slots]
                unlink(index)
                if let key = report(index, now: now) { return key }
            }
            guard swept < horizon else { return nil }
            swept += 1
            sweep(swept, now: now)
        }
    }

    /// Moves the nodes of one slot to the list of due ones, or on to where they have moved. The
    /// list is detached first: a node may well come back to this very slot, one lap later.
    private mutating func sweep(_ tick: UInt64, now: Monotonic) {
        let slot = Self.slot(tick)
        var index = heads[slot]
        heads[slot] = Self.none
        occupied[slot / 64] &= ~(1 << UInt64(slot % 64))
        while index != Self.none {
            let node = unsafe nodes[Int(index)]
            link(index, node.deadline <= now ? Self.due : slotTick(for: node.deadline))
            index = node.next
        }
    }

    /// A due node may have been given a later deadline while it waited for its report.
    private mutating func report(_ index: UInt32, now: Monotonic) -> SlotKey? {
        let deadline = unsafe nodes[Int(index)].deadline
        guard deadline <= now else {
            link(index, slotTick(for: deadline))
            return nil
        }
        unsafe nodes[Int(index)].deadline = .never
        return unsafe nodes[Int(index)].key
    }

    /// When to look again: not later than the earliest deadline's tick, perhaps earlier where
    /// deadlines have moved. `nil` when there is none.
    public var nextDeadline: Monotonic? {
        if swept < horizon || heads[Self.slots] != Self.none {
            return Monotonic(nanoseconds: horizon * tickNanoseconds)
        }
        // The slot after `horizon` comes first; a word holds 64 slots.
        let first = Int(truncatingIfNeeded: (horizon + 1) % UInt64(Self.slots))
        for step in 0...8 {
            let word = (first / 64 + step) % 8
            var bits = occupied[word]
            if step == 0 { bits &= UInt64.max << UInt64(first % 64) }
            guard bits != 0 else { continue }
            let slot = word * 64 + bits.trailingZeroBitCount
            let distance = (slot - first + Self.slots) % Self.slots
            let tick = horizon + 1 + UInt64(distance)
            return Monotonic(nanoseconds: tick * tickNanoseconds)
        }
        return nil
    }

    /// The first tick at whose start `deadline` has passed, clamped to the wheel's reach.
    private func slotTick(for deadline: Monotonic) -> UInt64 {
        let whole = deadline.nanoseconds / tickNanoseconds
        let tick = deadline.nanoseconds % tickNanoseconds == 0 ? whole : whole + 1
        return min(max(tick, horizon + 1), horizon + UInt64(Self.slots) - 1)
    }

    private static func slot(_ tick: UInt64) -> Int {
        tick == due ? slots : Int(truncatingIfNeeded: tick % UInt64(slots))
    }

    private mutating func link(_ index: UInt32, _ tick: UInt64) {
        let slot = Self.slot(tick)
        let head = heads[slot]
        if head != Self.none { unsafe nodes[Int(head)].previous = index }
        unsafe nodes[Int(index)].next = head
        unsafe nodes[Int(index)].previous = Self.none
        unsafe nodes[Int(index)].tick = tick
        heads[slot] = index
        if tick != Self.due { occupied[slot / 64] |= 1 << UInt64(slot % 64) }
    }

    private mutating func unlink(_ index: UInt32) {
        let node = unsafe nodes[Int(index)]
        guard node.tick != Self.unlinked else { return }
        let slot = Self.slot(node.tick)
        if node.next != Self.none { unsafe nodes[Int(node.next)].previous = node.previous }
        if node.previous != Self.none {
            unsafe nodes[Int(node.previous)].next = node.next
        } else {
            heads[slot] = node.next
            if node.next == Self.none, node.tick != Self.due {
                occupied[slot / 64] &= ~(1 << UInt64(slot % 64))
            }
        }
        unsafe nodes[Int(index)].tick = Self.unlinked
    }
}
