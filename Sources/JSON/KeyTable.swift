import HTTP1

/// Finds two equal keys in one object, in time linear in the bytes of its keys whatever they are.
///
/// Keys are compared unescaped: `"a"` and `"\u0061"` are the same key to every reader. Each has its
/// hash on the tape; keys are compared only where these are equal.
struct KeyTable {
    /// Up to this many hashes are compared with each other, which beats a table.
    static let pairwiseMax = 16

    /// Open addressing, linear probing: the hash above the place of the member plus one; 0 is a
    /// free slot.
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

    @inline(__always)
    mutating func refuseDuplicates(
        in object: Int, of tape: Span<JSONEntry>, _ source: Span<UInt8>
    ) throws(JSONDefect) {
        if Self.areApart(in: object, of: tape) { return }
        if try Self.comparePairs(in: object, of: tape, source) { return }
        try hashAll(in: object, of: tape, source)
    }

    /// Whether nine bits of the hashes tell all keys apart, as they do for most small objects.
    @inline(__always)
    private static func areApart(in object: Int, of tape: Span<JSONEntry>) -> Bool {
        let end = Int(tape[object].after)
        var seen = InlineArray<8, UInt64>(repeating: 0)
        var member = object &+ 1
        while member < end {
            let entry = tape[member]
            let bit: UInt64 = 1 &<< UInt64(entry.keyHash & 63)
            let word = Int(truncatingIfNeeded: entry.keyHash &>> 6 & 7)
            guard seen[word] & bit == 0 else { return false }
            seen[word] |= bit
            member = Int(entry.after)
        }
        return true
    }

    /// False where there are too many keys for it.
    private static func comparePairs(
        in object: Int, of tape: Span<JSONEntry>, _ source: Span<UInt8>
    ) throws(JSONDefect) -> Bool {
        let end = Int(tape[object].after)
        var hashes = InlineArray<16, UInt32>(repeating: 0)
        var places = InlineArray<16, UInt32>(repeating: 0)
        var count = 0
        var member = object &+ 1
        while member < end {
            guard count < pairwiseMax else { return false }
            let hash = tape[member].keyHash
            for other in 0..<count where hashes[other] == hash {
                guard !areEqual(tape[Int(places[other])], tape[member], source) else {
                    throw JSONDefect(.duplicateKey, at: Int(tape[member].keyStart))
                }
            }
            hashes[count] = hash
            places[count] = UInt32(truncatingIfNeeded: member)
            count &+= 1
            member = Int(tape[member].after)
        }
        return true
    }

    /// The table is at most half full, so probes stay short. Should they not, somebody has found
    /// keys that meet under a secret hash, and the object is looked at again with `Hasher`, which
    /// is SipHash with a seed the peer cannot know. The answer depends on neither.
    private mutating func hashAll(
        in object: Int, of tape: Span<JSONEntry>, _ source: Span<UInt8>
    ) throws(JSONDefect) {
        var count = 0
        var member = object &+ 1
        while member < Int(tape[object].after) {
            count &+= 1
            member = Int(tape[member].after)
        }
        let size = Self.size(for: count)
        if slots.count < size { slots = [UInt64](repeating: 0, count: size) }
        var room = slots.mutableSpan
        if try Self.compareSuspects(in: object, of: tape, source, size, &room) { return }
        var table = Table(begin: 0, size: size, probesMax: 8 * count)
        if try table.fill(in: object, of: tape, source, &room) { return }
        table = Table(begin: 0, size: size, probesMax: nil)
        _ = try table.fill(in: object, of: tape, source, &room)
    }

    /// Compares those keys only whose bit in a large set another one has too; in most objects that
    /// are few, and a set of bits is small where a table is not.
    ///
    /// - Parameter size: at least 64; slots there are in `room`, of which the first eighth is for
    ///   the bits that are taken, the second for those that were taken more than once.
    /// - Returns: whether all were compared that may be equal.
    private static func compareSuspects(
        in object: Int, of tape: Span<JSONEntry>, _ source: Span<UInt8>, _ size: Int,
        _ room: inout MutableSpan<UInt64>
    ) throws(JSONDefect) -> Bool {
        let words = size / 8
        for index in 0..<2 * words { room[index] = 0 }
        let end = Int(tape[object].after)
        var meetings = 0
        var member = object &+ 1
        while member < end {
            let entry = tape[member]
            let word = Int(truncatingIfNeeded: entry.keyHash &>> 6) & (words &- 1)
            let bit: UInt64 = 1 &<< UInt64(entry.keyHash & 63)
            let taken = room[word]
            // No branch: whether keys meet is what nobody can foretell.
            room[words &+ word] |= taken & bit
            room[word] = taken | bit
            meetings &+= Int(truncatingIfNeeded: taken &>> UInt64(entry.keyHash & 63) & 1)
            member = Int(entry.after)
        }
        guard meetings > 0 else { return true }
        // Each meeting makes suspects of two keys at most.
        let slots = Self.size(for: 2 * meetings)
        guard slots <= size / 2 else { return false }
        var table = Table(
            begin: 2 * words, size: slots, probesMax: 16 * meetings, suspects: words..<2 * words)
        return try table.fill(in: object, of: tape, source, &room)
    }

    /// A part of the slots that is used as a table of keys.
    private struct Table {
        let begin: Int
        let size: Int
        /// `nil` to take `Hasher` and go on to the end.
        let probesMax: Int?
        /// The words with the bits of the keys to compare; `nil` for all keys.
        var suspects: Range<Int>?

        /// - Returns: whether all keys were compared.
        mutating func fill(
            in object: Int, of tape: Span<JSONEntry>, _ source: Span<UInt8>,
            _ room: inout MutableSpan<UInt64>
        ) throws(JSONDefect) -> Bool {
            for index in begin..<begin &+ size { room[index] = 0 }
            let mask = UInt32(truncatingIfNeeded: size &- 1)
            let end = Int(tape[object].after)
            var probesLeft = probesMax ?? .max
            var member = object &+ 1
            while member < end {
                let entry = tape[member]
                let place = member
                member = Int(entry.after)
                guard isSuspect(entry.keyHash, room) else { continue }
                let hash = probesMax == nil ? KeyTable.sipHash(of: entry, source) : entry.keyHash
                var slot = hash & mask
                while true {
                    let found = room[begin &+ Int(slot)]
                    if found == 0 { break }
                    if found &>> 32 == UInt64(hash) {
                        let other = Int(found & 0xFFFF_FFFF) &- 1
                        guard !KeyTable.areEqual(tape[other], entry, source) else {
                            throw JSONDefect(.duplicateKey, at: Int(entry.keyStart))
                        }
                    }
                    probesLeft &-= 1
                    guard probesLeft > 0 else { return false }
                    slot = (slot &+ 1) & mask
                }
                room[begin &+ Int(slot)] = UInt64(hash) &<< 32 | UInt64(place &+ 1)
            }
            return true
        }

        @inline(__always)
        private func isSuspect(_ hash: UInt32, _ room: borrowing MutableSpan<UInt64>) -> Bool {
            guard let suspects else { return true }
            let word = Int(truncatingIfNeeded: hash &>> 6) & (suspects.count &- 1)
            return room[suspects.lowerBound &+ word] &>> UInt64(hash & 63) & 1 != 0
        }
    }

    private static func sipHash(of member: JSONEntry, _ source: Span<UInt8>) -> UInt32 {
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
        return UInt32(truncatingIfNeeded: hasher.finalize())
    }

    private static func areEqual(
        _ one: JSONEntry, _ other: JSONEntry, _ source: Span<UInt8>
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

extension KeyTable {
    /// What keys are hashed with: drawn once per process, from the seed of `Hasher`.
    static let secret = Secret(
        one: UInt64(bitPattern: Int64("one".hashValue)),
        other: UInt64(bitPattern: Int64("other".hashValue)))

    /// A keyed hash of what a key means, by one folded multiplication for every 16 bytes. It is
    /// fast, not strong: see `KeyTable.hashAll`.
    struct Secret: BitwiseCopyable, Sendable {
        let one: UInt64
        let other: UInt64

        @inline(__always)
        private func mix(_ state: UInt64, _ low: UInt64, _ high: UInt64) -> UInt64 {
            let product = (low ^ state).multipliedFullWidth(by: high ^ other)
            return product.high ^ product.low
        }

        /// Keys that differ in zeros at their end alone differ here.
        @inline(__always)
        private func finish(_ state: UInt64, _ count: Int) -> UInt32 {
            UInt32(truncatingIfNeeded: state ^ state &>> 32)
                &+ UInt32(truncatingIfNeeded: count) &* 0x9e37_79b1
        }

        /// Of up to 16 bytes that mean themselves, with zeros behind them.
        @inline(__always)
        func hash(_ block: SIMD16<UInt8>, _ count: Int) -> UInt32 {
            let words = block.words
            return finish(mix(one, words.low, words.high), count)
        }

        /// Of bytes that mean themselves.
        @inline(__always)
        func hash(_ source: Span<UInt8>, _ start: Int, _ end: Int) -> UInt32 {
            guard end &- start <= 16, source.count &- start >= 16 else {
                return hash(long: source, start, end)
            }
            return hash(source.block(at: start).keeping(first: end &- start), end &- start)
        }

        private func hash(long source: Span<UInt8>, _ start: Int, _ end: Int) -> UInt32 {
            var state = one
            var index = start
            while end &- index > 16 {
                let words = source.block(at: index).words
                state = mix(state, words.low, words.high)
                index &+= 16
            }
            var low: UInt64 = 0
            var high: UInt64 = 0
            for place in 0..<end &- index {
                let byte = UInt64(source[index &+ place])
                if place < 8 {
                    low |= byte &<< UInt64(place &* 8)
                } else {
                    high |= byte &<< UInt64(place &* 8 &- 64)
                }
            }
            return finish(mix(state, low, high), end &- start)
        }

        /// The same of a key that was written with escapes.
        func hash(_ meaning: consuming StringBytes) -> UInt32 {
            var state = one
            var low: UInt64 = 0
            var high: UInt64 = 0
            var count = 0
            while let byte = meaning.next() {
                let place = count & 15
                if place == 0, count > 0 {
                    state = mix(state, low, high)
                    low = 0
                    high = 0
                }
                if place < 8 {
                    low |= UInt64(byte) &<< UInt64(place &* 8)
                } else {
                    high |= UInt64(byte) &<< UInt64(place &* 8 &- 64)
                }
                count += 1
            }
            return finish(mix(state, low, high), count)
        }
    }
}
