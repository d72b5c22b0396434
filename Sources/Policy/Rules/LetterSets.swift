import HTTP1

/// Tells of most names at a glance that no reading of them is in a set: they lack a letter of every
/// entry. It errs to one side only: what it does not exclude is judged in full.
///
/// Why that is right: a reading of a name of printable ASCII without `%` (`Skeleton`) is made of
/// letters and digits of the name in its order, case folded, none of them invented. So an entry
/// matches only where each of its letters and digits is in the name. The two code points beyond
/// ASCII that fold to letters, encodings and control bytes are never excluded.
struct LetterSets: Sendable {
    /// The letters of each entry, without those that have all letters of another one.
    private let sets: [UInt32]
    /// Bytes of the shortest entry; no reading of a shorter name is one.
    private let bytesMin: Int

    /// - Parameter entries: folded letters and digits.
    init(of entries: [[UInt8]]) {
        let all = entries.map { $0.reduce(0) { $0 | Self.letter($1) } }
        var minimal: [UInt32] = []
        for set in all.sorted(by: { $0.nonzeroBitCount < $1.nonzeroBitCount })
        where !minimal.contains(where: { $0 & set == $0 }) {
            minimal.append(set)
        }
        sets = minimal
        bytesMin = entries.map(\.count).min() ?? .max
    }

    /// One bit of 32. Both cases of a letter share one; digits and the rest share those of letters,
    /// which makes a set larger and so excludes less.
    @inline(__always)
    private static func letter(_ byte: UInt8) -> UInt32 { 1 &<< UInt32(byte & 31) }

    /// Whether `name` is printable ASCII without `%` and lacks a letter of every entry.
    func excludes(_ name: Span<UInt8>) -> Bool {
        var found: UInt32 = 0
        guard name.count >= 16 else { return excludes(short: name) }
        var index = 0
        let last = name.count &- 16
        while true {
            let block = name.block(at: index)
            guard Self.isPlain(block) else { return false }
            found |= Self.letters(block)
            if index == last { break }
            // The last block overlaps the one before: a letter twice is still that letter.
            index = min(index &+ 16, last)
        }
        return lacksAll(found)
    }

    private func excludes(short name: Span<UInt8>) -> Bool {
        guard name.count >= 8 else {
            var word: UInt64 = 0x4040_4040_4040_4040
            for index in name.indices { word = word &<< 8 | UInt64(name[index]) }
            return excludes(SIMD16(word, 0x4040_4040_4040_4040))
        }
        return excludes(SIMD16(name.word(at: 0), name.word(at: name.count &- 8)))
    }

    /// The same of the first `count` bytes of `block`.
    @inline(__always)
    func excludes(_ block: SIMD16<UInt8>, first count: Int) -> Bool {
        // An `@` is no letter and nothing else.
        let name = block.keeping(first: count, else: UInt8(ascii: "@"))
        return count < bytesMin ? Self.isPlain(name) : excludes(name)
    }

    @inline(__always)
    private func excludes(_ block: SIMD16<UInt8>) -> Bool {
        Self.isPlain(block) && lacksAll(Self.letters(block))
    }

    @inline(__always)
    private func lacksAll(_ found: UInt32) -> Bool {
        for set in sets where found & set == set { return false }
        return true
    }

    /// Whether no byte is a control byte, beyond ASCII or `%`.
    @inline(__always)
    private static func isPlain(_ block: SIMD16<UInt8>) -> Bool {
        SIMD16<UInt8>.firstIndex(in: others(block)) == 16
    }

    /// Each operand is a vector of a stated type: what the compiler would infer otherwise is
    /// compared byte by byte.
    @inline(__always)
    private static func others(_ block: SIMD16<UInt8>) -> SIMDMask<SIMD16<Int8>> {
        (block .< SIMD16<UInt8>(repeating: 0x20)) .| (block .>= SIMD16<UInt8>(repeating: 0x7f))
            .| (block .== SIMD16<UInt8>(repeating: UInt8(ascii: "%")))
    }

    @inline(__always)
    private static func letters(_ block: SIMD16<UInt8>) -> UInt32 {
        let words = block.words
        return letters(words.low) | letters(words.high)
    }

    @inline(__always)
    private static func letters(_ word: UInt64) -> UInt32 {
        let low = UInt32(truncatingIfNeeded: word)
        let high = UInt32(truncatingIfNeeded: word &>> 32)
        let first = 1 &<< (low & 31) | 1 &<< (low &>> 8 & 31)
        let second = 1 &<< (low &>> 16 & 31) | 1 &<< (low &>> 24 & 31)
        let third = 1 &<< (high & 31) | 1 &<< (high &>> 8 & 31)
        let fourth = 1 &<< (high &>> 16 & 31) | 1 &<< (high &>> 24 & 31)
        return (first | second) | (third | fourth)
    }
}
