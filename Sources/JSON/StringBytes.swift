/// The bytes a string of an accepted document means, one after the other: escapes are decoded
/// while walking, so nothing is copied to compare or to hash.
struct StringBytes: ~Escapable {
    private let source: Span<UInt8>
    private var position: Int
    private let end: Int
    /// Bytes of an escape beyond ASCII that are still to come, the next one lowest.
    private var pending: UInt32 = 0

    /// - Parameter quoted: offsets of a string the lexer accepted, quotes included.
    @_lifetime(copy source)
    init(_ source: Span<UInt8>, quoted start: UInt32, _ end: UInt32) {
        self.source = source
        position = Int(start) + 1
        self.end = Int(end) - 1
    }

    @_lifetime(copy source)
    init(keyOf entry: JSONEntry, _ source: Span<UInt8>) {
        self.init(source, quoted: entry.keyStart, entry.keyEnd)
    }

    @_lifetime(self: copy self)
    mutating func next() -> UInt8? {
        if pending != 0 {
            let byte = UInt8(truncatingIfNeeded: pending)
            pending >>= 8
            return byte
        }
        guard position < end else { return nil }
        let byte = source[position]
        position += 1
        return byte == UInt8(ascii: "\\") ? decoded() : byte
    }

    /// Decodes the escape whose backslash was just passed. The lexer has checked its form.
    @_lifetime(self: copy self)
    private mutating func decoded() -> UInt8 {
        let letter = source[position]
        position += 1
        switch letter {
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "u"): break
        default: return letter
        }
        var scalar = unit()
        if (0xD800...0xDBFF).contains(scalar) {
            position += 2
            scalar = 0x10000 + (scalar & 0x3FF) << 10 + unit() & 0x3FF
        }
        if scalar < 0x80 { return UInt8(truncatingIfNeeded: scalar) }
        // Continuation bytes are never 0, so an empty `pending` means there is none.
        let last = 0x80 | scalar & 0x3F
        if scalar < 0x800 {
            pending = last
            return UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6)
        }
        let middle = 0x80 | scalar >> 6 & 0x3F
        if scalar < 0x10000 {
            pending = middle | last << 8
            return UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12)
        }
        pending = (0x80 | scalar >> 12 & 0x3F) | middle << 8 | last << 16
        return UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18)
    }

    @_lifetime(self: copy self)
    private mutating func unit() -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            unit = unit << 4 | (hexadecimalDigit(source[position]) ?? 0)
            position += 1
        }
        return unit
    }
}
