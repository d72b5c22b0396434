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
    private static let slotBits = 7

    private struct Slot: BitwiseCopyable {
        var name = SIMD16<UInt8>()
        /// `SkeletonSet.identity` of the set that judged.
        var judge: UInt64 = 0
        /// Bytes of the name; 0 where the slot is free.
        var count = 0
    }

    /// An array, because a fixed one would be copied to look at a place of it.
    private var slots: [Slot] = []
    /// Names kept of this body.
    private var learned = 0

    /// Whether so many names of this body were met for the first time that it is not worth while
    /// to keep more.
    @inline(__always)
    var isSated: Bool { learned >= 1 << Self.slotBits }

    /// To be called before names are looked up; takes memory the first time.
    mutating func begin() {
        learned = 0
        guard slots.isEmpty else { return }
        slots = [Slot](repeating: Slot(), count: 1 << Self.slotBits)
    }

    /// Whether the first `count` bytes of `block`, 1 to 16, are a name that was found clean.
    @inline(__always)
    func holds(_ block: SIMD16<UInt8>, first count: Int, judge: UInt64) -> Bool {
        let words = block.keeping(first: count).words
        let slot = slots[Self.place(of: words)]
        let kept = slot.name.words
        return (words.low ^ kept.low) | (words.high ^ kept.high) | (judge ^ slot.judge) == 0
            && slot.count == count
    }

    /// Keeps a name that was found clean.
    mutating func learn(_ block: SIMD16<UInt8>, first count: Int, judge: UInt64) {
        guard !isSated else { return }
        learned &+= 1
        let name = block.keeping(first: count)
        slots[Self.place(of: name.words)] = Slot(name: name, judge: judge, count: count)
    }

    /// Anybody may find names that meet in one slot; they are judged each time, as all were before.
    @inline(__always)
    private static func place(of words: (low: UInt64, high: UInt64)) -> Int {
        let mixed =
            words.low &* 0x9e37_79b9_7f4a_7c15 ^ words.high &* 0xc2b2_ae3d_27d4_eb4f
        return Int(truncatingIfNeeded: mixed &>> UInt64(64 &- slotBits))
    }
}
