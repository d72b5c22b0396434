import HTTP1

/// Names that were judged in full and found clean, kept byte for byte, so that a worker judges a
/// name once and not in every request. Nothing is concluded about a name from another one: one is
/// found here only where all of its bytes and its length are those of a name that the same set has
/// judged.
///
/// A fixed piece of memory; a new name takes the place of an older one that has the same slot.
struct CleanNames: ~Copyable {
    /// Longer names are not kept.
    static let bytesMax = 16
    private static let slotBits = 9
    /// New names of one body that are kept at most.
    private static let learnedMax = 128

    private struct Slot: BitwiseCopyable {
        var name = SIMD16<UInt8>()
        /// All ones in the bytes that are the name's.
        var mask = SIMD16<UInt8>()
        /// `SkeletonSet.identity` of the set that judged.
        var judge: UInt64 = 0
        /// Bytes of the name; 0 where the slot is free.
        var count = 0
    }

    /// An array, because a fixed one would be copied to look at a place of it.
    private var slots: [Slot] = []
    /// Names kept of this body, and how often one was met again.
    private var learned = 0
    private var found = 0

    /// Whether so many names of this body were met for the first time that it is not worth while
    /// to keep more.
    @inline(__always)
    var isSated: Bool { learned >= Self.learnedMax }

    /// Whether names of this body hardly ever come again, so that looking for one is in vain.
    private(set) var isFutile = false

    /// To be called before names are looked up; takes memory the first time.
    mutating func begin() {
        learned = 0
        found = 0
        isFutile = false
        guard slots.isEmpty else { return }
        slots = [Slot](repeating: Slot(), count: 1 << Self.slotBits)
    }

    /// Whether the first `count` bytes of `block`, 1 to 16, are a name that was found clean.
    ///
    /// - Parameter hash: the same for the same name. Anybody may find names that meet in one slot;
    ///   they are judged each time, as all were before.
    @inline(__always)
    mutating func holds(
        _ block: SIMD16<UInt8>, first count: Int, hash: UInt32, judge: UInt64
    ) -> Bool {
        let slot = slots[Self.place(of: hash)]
        let others = ((block ^ slot.name) & slot.mask).words
        let counts = UInt64(truncatingIfNeeded: count ^ slot.count)
        guard (others.low | others.high) | (judge ^ slot.judge) | counts == 0 else { return false }
        found &+= 1
        return true
    }

    /// Keeps a name that was found clean.
    mutating func learn(_ block: SIMD16<UInt8>, first count: Int, hash: UInt32, judge: UInt64) {
        guard !isSated else { return }
        learned &+= 1
        isFutile = isSated && found < learned
        let ones = SIMD16<UInt8>(repeating: .max)
        slots[Self.place(of: hash)] = Slot(
            name: block.keeping(first: count), mask: ones.keeping(first: count), judge: judge,
            count: count)
    }

    @inline(__always)
    private static func place(of hash: UInt32) -> Int {
        Int(truncatingIfNeeded: hash &>> UInt32(32 &- slotBits))
    }
}
