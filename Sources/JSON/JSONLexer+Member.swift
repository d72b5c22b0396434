import HTTP1

extension JSONLexer {
    /// A member that is not the last thing of its document.
    struct PlainMember: BitwiseCopyable {
        /// Quotes included; its value begins one byte, the colon, behind it.
        let keyEnd: Int
        let hash: UInt32
        let end: Int
        let kind: JSONKind

        @inline(__always) var isContainer: Bool { kind == .object || kind == .array }
    }

    /// Bytes there are to be from a member's start on, so that what is looked at of it is inside.
    private static let memberRoom = 64

    /// The member whose opening quote is at `start`, where it is what most are: a key of fewer than
    /// sixteen bytes that mean themselves, a colon, and without white space a short string without
    /// escapes, a short number, a word or the opening of a container. `nil` otherwise, which
    /// decides nothing.
    ///
    /// What takes time is that each place follows from the one before. So no place is chosen by a
    /// byte, for which it would have to wait: what stands there is taken for granted, and checked.
    @inline(__always)
    func plainMember(from start: Int, _ secret: KeyTable.Secret) -> PlainMember? {
        guard source.count &- start >= Self.memberRoom, source[start] == UInt8(ascii: "\"") else {
            return nil
        }
        let key = source.block(at: start &+ 1)
        let count = SIMD16<UInt8>.firstIndex(in: Self.stops(key))
        let keyEnd = start &+ 2 &+ count
        let behind = source.word(at: keyEnd &- 1)
        // A quote and a colon, the quote lowest.
        guard behind & 0xffff == 0x3a22, count < 16 else { return nil }
        let byte = UInt8(truncatingIfNeeded: behind &>> 16)
        guard let value = plainValue(byte, from: keyEnd &+ 1) else { return nil }
        return PlainMember(
            keyEnd: keyEnd, hash: secret.hash(key.keeping(first: count), count),
            end: value.end, kind: value.kind)
    }

    /// A value that is read at a glance; behind it there may be anything.
    @inline(__always)
    private func plainValue(_ byte: UInt8, from start: Int) -> (end: Int, kind: JSONKind)? {
        if byte == UInt8(ascii: "\"") {
            let end = shortEnd(from: start &+ 1)
            guard follows(byte, at: end) else { return nil }
            return (end &+ 1, .string)
        }
        if isDigit(byte) { return shortNumberEnd(from: start).map { ($0, .number) } }
        if byte | 0x20 == UInt8(ascii: "{") {
            return (start &+ 1, byte == UInt8(ascii: "{") ? .object : .array)
        }
        let word = source.word(at: start)
        let isTrue = word & 0xffff_ffff == 0x6575_7274
        if isTrue || word & 0xffff_ffff == 0x6C6C_756E {
            return (start &+ 4, isTrue ? .boolean : .null)
        }
        if word & 0xff_ffff_ffff == 0x65_736C_6166 { return (start &+ 5, .boolean) }
        return byte == UInt8(ascii: "-")
            ? shortNumberEnd(from: start &+ 1).map { ($0, .number) } : nil
    }

    /// The next quote, backslash or control byte from `start` on, or the place 32 bytes behind it:
    /// what is longer is not read at a glance.
    @inline(__always)
    private func shortEnd(from start: Int) -> Int {
        let first = SIMD16<UInt8>.firstIndex(in: Self.stops(source.block(at: start)))
        if first < 16 { return start &+ first }
        let second = SIMD16<UInt8>.firstIndex(in: Self.stops(source.block(at: start &+ 16)))
        return start &+ 16 &+ second
    }
}
