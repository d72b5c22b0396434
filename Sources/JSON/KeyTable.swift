/// Finds two equal keys in one object, in time linear in the bytes of its keys whatever they are.
///
/// Keys are compared unescaped: `"a"` and `"\u0061"` are the same key to every reader.
struct KeyTable {
    /// Up to this many keys are compared pair by pair, which beats hashing.
    static let pairwiseMax = 16

    /// Open addressing, linear probing: 32 bits of the hash above the place of the member plus
    /// one; 0 is a free slot.
    private var slots: [UInt64] = []

    var scratchBytes: Int { slots.capacity * 8 }

    /// For objects with `keys` keys in all. A table makes room for one of at least twice its size,
    /// and for that moment there are both.
    static func scratchBytesMax(keys: Int) -> Int {
        keys <= pairwiseMax ? 0 : 8 * (size(for: keys) + size(for: keys) / 2)
    }

    private static func size(for count: Int) -> Int {
        var size = 32
        while size < count * 2 { size *= 2 }
        return size
    }

    mutating func refuseDuplicates(
        in object: Int, of tape: Span<TapeEntry>, _ source: Span<UInt8>
    ) throws(JSONDefect) {
        var count = 0
        var member = object + 1
        while member < Int(tape[object].after) {
            count += 1
            member = Int(tape[member].after)
        }
        if count <= Self.pairwiseMax {
            try comparePairs(in: object, of: tape, source)
        } else {
            try hashAll(count, in: object, of: tape, source)
        }
    }

    private func comparePairs(
        in object: Int, of tape: Span<TapeEntry>, _ source: Span<UInt8>
    ) throws(JSONDefect) {
        let end = Int(tape[object].after)
        var later = object + 1
        while later < end {
            var earlier = object + 1
            while earlier < later {
                guard !Self.areEqual(tape[earlier], tape[later], source) else {
                    throw JSONDefect(.duplicateKey, at: Int(tape[later].keyStart))
                }
                earlier = Int(tape[earlier].after)
            }
            later = Int(tape[later].after)
        }
    }

    /// The table is at most half full, so probes stay short; `Hasher` is SipHash with a seed the
    /// peer cannot know, so it cannot choose keys that meet in one slot. The answer does not
    /// depend on the seed.
    private mutating func hashAll(
        _ count: Int, in object: Int, of tape: Span<TapeEntry>, _ source: Span<UInt8>
    ) throws(JSONDefect) {
        let size = Self.size(for: count)
        if slots.count < size {
            slots = [UInt64](repeating: 0, count: size)
        } else {
            for index in 0..<size { slots[index] = 0 }
        }
        let mask = size - 1
        let end = Int(tape[object].after)
        var member = object + 1
        while member < end {
            let hash = Self.hash(of: tape[member], source)
            let mark = UInt64(hash >> 32) << 32
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] != 0 {
                if slots[slot] & 0xFFFF_FFFF_0000_0000 == mark {
                    let other = Int(slots[slot] & 0xFFFF_FFFF) - 1
                    guard !Self.areEqual(tape[other], tape[member], source) else {
                        throw JSONDefect(.duplicateKey, at: Int(tape[member].keyStart))
                    }
                }
                slot = (slot + 1) & mask
            }
            slots[slot] = mark | UInt64(member + 1)
            member = Int(tape[member].after)
        }
    }

    private static func hash(of member: TapeEntry, _ source: Span<UInt8>) -> UInt64 {
        var hasher = Hasher()
        var word: UInt64 = 0
        var count = 0
        var bytes = StringBytes(keyOf: member, source)
        while let byte = bytes.next() {
            word = word << 8 | UInt64(byte)
            count += 1
            if count & 7 == 0 {
                hasher.combine(word)
                word = 0
            }
        }
        hasher.combine(word)
        hasher.combine(count)
        return UInt64(truncatingIfNeeded: hasher.finalize())
    }

    private static func areEqual(
        _ one: TapeEntry, _ other: TapeEntry, _ source: Span<UInt8>
    ) -> Bool {
        if !one.isKeyEscaped, !other.isKeyEscaped {
            let count = Int(one.keyEnd - one.keyStart)
            guard count == Int(other.keyEnd - other.keyStart) else { return false }
            // From the end, quotes aside: keys of one document begin alike more often.
            let left = source.extracting(Int(one.keyStart)..<Int(one.keyEnd))
            let right = source.extracting(Int(other.keyStart)..<Int(other.keyEnd))
            var index = count - 1
            while index > 0 {
                index -= 1
                guard left[index] == right[index] else { return false }
            }
            return true
        }
        var left = StringBytes(keyOf: one, source)
        var right = StringBytes(keyOf: other, source)
        while let byte = left.next() {
            guard right.next() == byte else { return false }
        }
        return right.next() == nil
    }
}
