import HTTP1

/// The fates of field names that no parser knows, kept like `CleanNames` and for the same reason.
struct FieldMemo: ~Copyable {
    private static let slotBits = 6

    /// Two blocks that overlap where the name is short: with its length they are the name.
    private struct Name {
        var front: SIMD16<UInt8>
        var back: SIMD16<UInt8>
        var count: Int

        /// `nil` for names that are not kept: longer than 32 bytes, or empty.
        @inline(__always)
        init?(_ name: Span<UInt8>) {
            count = name.count
            if count >= 16 {
                guard count <= 32 else { return nil }
                front = name.block(at: 0)
                back = name.block(at: count &- 16)
            } else if count >= 8 {
                front = SIMD16(name.word(at: 0), name.word(at: count &- 8))
                back = SIMD16()
            } else {
                guard count > 0 else { return nil }
                var word: UInt64 = 0
                for index in name.indices { word = word &<< 8 | UInt64(name[index]) }
                front = SIMD16(word, 0)
                back = SIMD16()
            }
        }

        init() {
            front = SIMD16()
            back = SIMD16()
            count = 0
        }

        @inline(__always)
        func equals(_ other: Name) -> Bool {
            let (front, back) = ((front ^ other.front).words, (back ^ other.back).words)
            return (front.low | front.high) | (back.low | back.high) == 0 && count == other.count
        }

        @inline(__always)
        var place: Int {
            let (front, back) = (front.words, back.words)
            let mixed =
                (front.low ^ back.high) &* 0x9e37_79b9_7f4a_7c15
                ^ (front.high ^ back.low) &* 0xc2b2_ae3d_27d4_eb4f
            return Int(truncatingIfNeeded: mixed &>> UInt64(64 &- slotBits))
        }
    }

    private struct Slot {
        var name = Name()
        /// Of the rule that decided; 0 where the slot is free.
        var rule: UInt64 = 0
        var fate = FieldFate.keep
    }

    private var slots: [Slot] = []

    /// What `rule` has decided about exactly this name; else what `decide` says, which is kept.
    @inline(__always)
    mutating func fate(
        of name: Span<UInt8>, rule: UInt64, _ decide: (Span<UInt8>) -> FieldFate
    ) -> FieldFate {
        guard let key = Name(name) else { return decide(name) }
        let place = key.place
        if place < slots.count, slots[place].rule == rule, slots[place].name.equals(key) {
            return slots[place].fate
        }
        let fate = decide(name)
        keep(Slot(name: key, rule: rule, fate: fate), at: place)
        return fate
    }

    private mutating func keep(_ slot: Slot, at place: Int) {
        if slots.isEmpty { slots = [Slot](repeating: Slot(), count: 1 << Self.slotBits) }
        slots[place] = slot
    }
}
