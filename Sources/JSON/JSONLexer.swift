import HTTP1

/// A string, a number or a word, and where it ends.
struct JSONToken: BitwiseCopyable {
    let end: Int
    let kind: JSONKind
    /// Of strings: whether there is an escape, that is, whether its bytes differ from its meaning.
    var isEscaped = false
}

/// Reads one token at a time from bytes already known to be UTF-8 (RFC 8259 §2, §6, §7).
///
/// It has no position of its own: each is given and answered, so that it stays in a register.
struct JSONLexer: ~Escapable {
    let source: Span<UInt8>
    private let digitsMax: Int

    @_lifetime(copy source)
    init(_ source: Span<UInt8>, digitsMax: Int) {
        self.source = source
        self.digitsMax = digitsMax
    }

    /// The first byte from `position` on that is no white space; moves there.
    @inline(__always)
    func firstByte(from position: inout Int) throws(JSONDefect) -> UInt8 {
        // Most tokens follow one another without a space.
        if position < source.count {
            let byte = source[position]
            if byte > 0x20 { return byte }
        }
        position = spaceEnd(from: position)
        return try byte(at: position)
    }

    /// The first place from `start` on that is no white space, or the end.
    func spaceEnd(from start: Int) -> Int {
        var position = start
        while position < source.count {
            switch source[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position &+= 1
            default: return position
            }
        }
        return position
    }

    @inline(__always)
    private func byte(at position: Int) throws(JSONDefect) -> UInt8 {
        guard position < source.count else { throw JSONDefect(.truncated, at: position) }
        return source[position]
    }

    /// Whether nothing is at `position` or behind it.
    func isEnd(_ position: Int) -> Bool { position >= source.count }

    /// The place behind the colon that follows a key.
    @inline(__always)
    func colonEnd(from start: Int) throws(JSONDefect) -> Int {
        if follows(UInt8(ascii: ":"), at: start) { return start &+ 1 }
        let position = spaceEnd(from: start)
        guard try byte(at: position) == UInt8(ascii: ":") else {
            throw JSONDefect(.unexpectedByte, at: position)
        }
        return position &+ 1
    }

    @inline(__always)
    func follows(_ byte: UInt8, at position: Int) -> Bool {
        position < source.count && source[position] == byte
    }

    /// The value that starts with `byte`; of a container its bracket.
    @inline(__always)
    func value(_ byte: UInt8, from start: Int) throws(JSONDefect) -> JSONToken {
        switch byte {
        case UInt8(ascii: "\""): return try string(from: start)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return JSONToken(end: try numberEnd(from: start), kind: .number)
        case UInt8(ascii: "{"): return JSONToken(end: start &+ 1, kind: .object)
        case UInt8(ascii: "["): return JSONToken(end: start &+ 1, kind: .array)
        case UInt8(ascii: "t"):
            return JSONToken(end: try wordEnd(0x6575_7274, 4, from: start), kind: .boolean)
        case UInt8(ascii: "f"):
            return JSONToken(end: try wordEnd(0x65_736C_6166, 5, from: start), kind: .boolean)
        case UInt8(ascii: "n"):
            return JSONToken(end: try wordEnd(0x6C6C_756E, 4, from: start), kind: .null)
        default: throw JSONDefect(.unexpectedByte, at: start)
        }
    }

    /// The end of a word whose letters are given, the first one lowest: `true`, `false`, `null`.
    @inline(__always)
    private func wordEnd(
        _ letters: UInt64, _ count: Int, from start: Int
    ) throws(JSONDefect) -> Int {
        let mask: UInt64 = (1 &<< UInt64(count &* 8)) &- 1
        if source.count &- start >= 8, source.word(at: start) & mask == letters {
            return start &+ count
        }
        return try slowWordEnd(letters, count, from: start)
    }

    private func slowWordEnd(
        _ letters: UInt64, _ count: Int, from start: Int
    ) throws(JSONDefect) -> Int {
        for index in 0..<count {
            let letter = UInt8(truncatingIfNeeded: letters >> UInt64(index * 8))
            guard try byte(at: start + index) == letter else {
                throw JSONDefect(.unexpectedByte, at: start + index)
            }
        }
        return start + count
    }

    // MARK: Strings

    /// The string whose opening quote is at `start`.
    @inline(__always)
    func string(from start: Int) throws(JSONDefect) -> JSONToken {
        let end = plainEnd(from: start &+ 1)
        if end < source.count, source[end] == UInt8(ascii: "\"") {
            return JSONToken(end: end &+ 1, kind: .string)
        }
        return try escapedString(from: end)
    }

    /// What `key(from:)`, `colonEnd(from:)` and `firstByte(from:)` answer one after the other where
    /// the key has fewer than 16 bytes, which mean themselves, and no space is around the colon;
    /// `nil` otherwise, which decides nothing. The opening quote at `start` has been read.
    @inline(__always)
    func plainKey(
        from start: Int, _ secret: KeyTable.Secret
    ) -> (end: Int, hash: UInt32, next: UInt8)? {
        guard source.count &- start >= 32 else { return nil }
        let block = source.block(at: start &+ 1)
        let count = SIMD16<UInt8>.firstIndex(in: Self.stops(block))
        let behind = source.word(at: start &+ 1 &+ count)
        // A quote and a colon, the quote lowest.
        guard behind & 0xffff == 0x3a22 else { return nil }
        let next = UInt8(truncatingIfNeeded: behind &>> 16)
        guard count < 16, next > 0x20 else { return nil }
        return (start &+ 2 &+ count, secret.hash(block.keeping(first: count), count), next)
    }

    /// The string of a key whose opening quote is at `start`, and its hash.
    @inline(__always)
    func key(
        from start: Int, _ secret: KeyTable.Secret
    ) throws(JSONDefect) -> (token: JSONToken, hash: UInt32) {
        if source.count &- start > 16 {
            let block = source.block(at: start &+ 1)
            let count = SIMD16<UInt8>.firstIndex(in: Self.stops(block))
            if follows(UInt8(ascii: "\""), at: start &+ 1 &+ count), count < 16 {
                return (
                    JSONToken(end: start &+ 2 &+ count, kind: .string),
                    secret.hash(block.keeping(first: count), count)
                )
            }
        }
        return try longKey(from: start, secret)
    }

    private func longKey(
        from start: Int, _ secret: KeyTable.Secret
    ) throws(JSONDefect) -> (token: JSONToken, hash: UInt32) {
        let token = try string(from: start)
        let hash =
            token.isEscaped
            ? secret.hash(StringBytes(source, quoted: UInt32(start), UInt32(token.end)))
            : secret.hash(source, start &+ 1, token.end &- 1)
        return (token, hash)
    }

    /// The same from the first byte on that is no plain one.
    private func escapedString(from start: Int) throws(JSONDefect) -> JSONToken {
        var position = start
        while position < source.count {
            let byte = source[position]
            if byte == UInt8(ascii: "\"") {
                return JSONToken(end: position + 1, kind: .string, isEscaped: true)
            }
            guard byte == UInt8(ascii: "\\") else {
                throw JSONDefect(.controlByte, at: position)
            }
            position = plainEnd(from: try escapeEnd(from: position))
        }
        throw JSONDefect(.truncated, at: position)
    }

    /// The next quote, backslash or control byte, or the end.
    @inline(__always)
    private func plainEnd(from start: Int) -> Int {
        if source.count &- start >= 16 {
            let first = SIMD16<UInt8>.firstIndex(in: Self.stops(source.block(at: start)))
            if first < 16 { return start &+ first }
            return longPlainEnd(from: start &+ 16)
        }
        return lastPlainEnd(from: start)
    }

    /// The same of what has turned out to be long.
    private func longPlainEnd(from start: Int) -> Int {
        var position = start
        while source.count &- position >= 64 {
            let front =
                Self.stops(source.block(at: position))
                .| Self.stops(source.block(at: position &+ 16))
            let back =
                Self.stops(source.block(at: position &+ 32))
                .| Self.stops(source.block(at: position &+ 48))
            guard SIMD16<UInt8>.firstIndex(in: front .| back) == 16 else { break }
            position &+= 64
        }
        while source.count &- position >= 16 {
            let first = SIMD16<UInt8>.firstIndex(in: Self.stops(source.block(at: position)))
            position &+= first
            if first < 16 { return position }
        }
        return lastPlainEnd(from: position)
    }

    /// The same among the last bytes of the document.
    private func lastPlainEnd(from start: Int) -> Int {
        var position = start
        while position < source.count {
            let byte = source[position]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            position &+= 1
        }
        return position
    }

    @inline(__always)
    static func stops(_ block: SIMD16<UInt8>) -> SIMDMask<SIMD16<Int8>> {
        // The operands are vectors: with a scalar operand the comparison is a hundred times slower.
        (block .== SIMD16(repeating: UInt8(ascii: "\"")))
            .| (block .== SIMD16(repeating: UInt8(ascii: "\\")))
            .| (block .< SIMD16(repeating: 0x20))
    }

    /// The place behind the escape whose backslash is at `start`.
    private func escapeEnd(from start: Int) throws(JSONDefect) -> Int {
        switch try byte(at: start + 1) {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return start + 2
        case UInt8(ascii: "u"): break
        default: throw JSONDefect(.malformedEscape, at: start)
        }
        let unit = try hexadecimal(at: start + 2)
        if (0xDC00...0xDFFF).contains(unit) { throw JSONDefect(.loneSurrogate, at: start) }
        guard (0xD800...0xDBFF).contains(unit) else { return start + 6 }
        guard try byte(at: start + 6) == UInt8(ascii: "\\"),
            try byte(at: start + 7) == UInt8(ascii: "u"),
            (0xDC00...0xDFFF).contains(try hexadecimal(at: start + 8))
        else { throw JSONDefect(.loneSurrogate, at: start) }
        return start + 12
    }

    /// The four digits of a `\u` escape.
    private func hexadecimal(at start: Int) throws(JSONDefect) -> UInt32 {
        var unit: UInt32 = 0
        for position in start..<start + 4 {
            guard let digit = hexadecimalDigit(try byte(at: position)) else {
                throw JSONDefect(.malformedEscape, at: position)
            }
            unit = unit << 4 | digit
        }
        return unit
    }

    // MARK: Numbers

    /// The end of the number at `start`; its value is never computed, because every reader of
    /// numbers that does so loses digits of some of them.
    @inline(__always)
    private func numberEnd(from start: Int) throws(JSONDefect) -> Int {
        if let end = shortNumberEnd(
            from: follows(UInt8(ascii: "-"), at: start) ? start &+ 1 : start)
        {
            return end
        }
        return try anyNumberEnd(from: start)
    }

    /// The same, behind a sign, of up to seven digits, and perhaps a point and up to seven more;
    /// `nil` for other numbers and for what is none.
    @inline(__always)
    func shortNumberEnd(from start: Int) -> Int? {
        guard source.count &- start >= 16, digitsMax >= 14 else { return nil }
        let word = source.word(at: start)
        let count = digitRun(word)
        // A zero stands alone.
        guard count >= 1, count < 8, count == 1 || word & 0xff != UInt64(UInt8(ascii: "0"))
        else { return nil }
        let behind = UInt8(truncatingIfNeeded: word &>> UInt64(count &* 8))
        if behind != UInt8(ascii: ".") {
            return behind | 0x20 == UInt8(ascii: "e") ? nil : start &+ count
        }
        let fraction = source.word(at: start &+ count &+ 1)
        let places = digitRun(fraction)
        guard places >= 1, places < 8 else { return nil }
        let last = UInt8(truncatingIfNeeded: fraction &>> UInt64(places &* 8))
        return last | 0x20 == UInt8(ascii: "e") ? nil : start &+ count &+ 1 &+ places
    }

    private func anyNumberEnd(from start: Int) throws(JSONDefect) -> Int {
        var position = start
        var digits = 0
        if peek(position) == UInt8(ascii: "-") { position &+= 1 }
        if peek(position) == UInt8(ascii: "0") {
            position &+= 1
            digits = 1
            if isDigit(peek(position)) { throw JSONDefect(.leadingZero, at: position - 1) }
        } else {
            position = try digitsEnd(from: position, &digits)
        }
        if peek(position) == UInt8(ascii: ".") {
            position = try digitsEnd(from: position &+ 1, &digits)
        }
        if peek(position) | 0x20 == UInt8(ascii: "e") {
            position &+= 1
            let sign = peek(position)
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position &+= 1 }
            position = try digitsEnd(from: position, &digits)
        }
        return position
    }

    /// The byte at `position`; NUL, which no token holds, at the end.
    @inline(__always)
    private func peek(_ position: Int) -> UInt8 {
        position < source.count ? source[position] : 0
    }

    /// The end of one digit or more.
    @inline(__always)
    private func digitsEnd(from start: Int, _ digits: inout Int) throws(JSONDefect) -> Int {
        guard isDigit(try byte(at: start)) else { throw JSONDefect(.malformedNumber, at: start) }
        var end = start &+ 1
        while source.count &- end >= 8 {
            let run = digitRun(source.word(at: end))
            end &+= run
            if run < 8 { break }
        }
        while end < source.count, isDigit(source[end]) { end &+= 1 }
        guard end &- start <= digitsMax &- digits else {
            throw JSONDefect(.numberTooLong, at: start &+ digitsMax &- digits)
        }
        digits &+= end &- start
        return end
    }
}

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

/// How many bytes from the lowest on are digits.
@inline(__always)
private func digitRun(_ word: UInt64) -> Int {
    let digits = word ^ 0x3030_3030_3030_3030
    // 10 and more carry into the highest bit of their byte; so do bytes beyond ASCII have it.
    let others =
        (((digits & 0x7f7f_7f7f_7f7f_7f7f) &+ 0x7676_7676_7676_7676) | digits)
        & 0x8080_8080_8080_8080
    return others.trailingZeroBitCount &>> 3
}

@inline(__always)
func hexadecimalDigit(_ byte: UInt8) -> UInt32? {
    if isDigit(byte) { return UInt32(byte &- UInt8(ascii: "0")) }
    let letter = (byte | 0x20) &- UInt8(ascii: "a")
    return letter < 6 ? UInt32(letter) + 10 : nil
}
