/// Reads one token at a time from bytes already known to be UTF-8 (RFC 8259 §2, §6, §7).
///
/// `position` moves only over bytes that were accepted.
struct JSONLexer: ~Copyable, ~Escapable {
    private let source: Span<UInt8>
    private let digitsMax: Int
    private(set) var position = 0

    @_lifetime(copy source)
    init(_ source: Span<UInt8>, digitsMax: Int) {
        self.source = source
        self.digitsMax = digitsMax
    }

    /// The next byte, not consumed.
    private var peeked: UInt8? { position < source.count ? source[position] : nil }

    /// Whether nothing but white space is left; consumes it.
    @_lifetime(self: copy self)
    mutating func isAtEnd() -> Bool {
        skipSpace()
        return position >= source.count
    }

    /// The first byte of the next token, not consumed.
    @_lifetime(self: copy self)
    mutating func firstByte() throws(JSONDefect) -> UInt8 {
        skipSpace()
        guard position < source.count else { throw JSONDefect(.truncated, at: position) }
        return source[position]
    }

    /// Consumes the byte `firstByte` or `peeked` has shown.
    @_lifetime(self: copy self)
    mutating func advance() { position += 1 }

    @_lifetime(self: copy self)
    private mutating func skipSpace() {
        while position < source.count {
            switch source[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    /// Consumes the bytes of `word`, given big-endian: `true`, `false`, `null`.
    @_lifetime(self: copy self)
    mutating func consume(word: UInt64, count: UInt64) throws(JSONDefect) {
        for place in 0..<count {
            guard let byte = peeked else { throw JSONDefect(.truncated, at: position) }
            let wanted = UInt8(truncatingIfNeeded: word >> (8 &* (count &- 1 &- place)))
            guard byte == wanted else { throw JSONDefect(.unexpectedByte, at: position) }
            position += 1
        }
    }

    // MARK: Strings

    /// Consumes a string from its opening to its closing quote.
    ///
    /// - Returns: whether it has an escape, that is, whether its bytes differ from its meaning.
    @_lifetime(self: copy self)
    mutating func consumeString() throws(JSONDefect) -> Bool {
        position += 1
        var isEscaped = false
        while position < source.count {
            let byte = source[position]
            if byte == UInt8(ascii: "\"") {
                position += 1
                return isEscaped
            }
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                try consumeEscape()
            } else if byte < 0x20 {
                throw JSONDefect(.controlByte, at: position)
            } else {
                position += 1
            }
        }
        throw JSONDefect(.truncated, at: position)
    }

    @_lifetime(self: copy self)
    private mutating func consumeEscape() throws(JSONDefect) {
        let start = position
        position += 1
        guard let letter = peeked else { throw JSONDefect(.truncated, at: position) }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return
        case UInt8(ascii: "u"): break
        default: throw JSONDefect(.malformedEscape, at: start)
        }
        let unit = try consumeHexadecimal()
        if (0xDC00...0xDFFF).contains(unit) { throw JSONDefect(.loneSurrogate, at: start) }
        guard (0xD800...0xDBFF).contains(unit) else { return }
        try consume(UInt8(ascii: "\\"), ofPairAt: start)
        try consume(UInt8(ascii: "u"), ofPairAt: start)
        guard (0xDC00...0xDFFF).contains(try consumeHexadecimal()) else {
            throw JSONDefect(.loneSurrogate, at: start)
        }
    }

    @_lifetime(self: copy self)
    private mutating func consume(_ wanted: UInt8, ofPairAt start: Int) throws(JSONDefect) {
        guard let byte = peeked else { throw JSONDefect(.truncated, at: position) }
        guard byte == wanted else { throw JSONDefect(.loneSurrogate, at: start) }
        position += 1
    }

    /// Consumes the four digits of a `\u` escape.
    @_lifetime(self: copy self)
    private mutating func consumeHexadecimal() throws(JSONDefect) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peeked else { throw JSONDefect(.truncated, at: position) }
            guard let digit = hexadecimalDigit(byte) else {
                throw JSONDefect(.malformedEscape, at: position)
            }
            unit = unit << 4 | digit
            position += 1
        }
        return unit
    }

    // MARK: Numbers

    /// Consumes a number; its value is never computed, because every reader of numbers that does
    /// so loses digits of some of them.
    @_lifetime(self: copy self)
    mutating func consumeNumber() throws(JSONDefect) {
        var digits = 0
        if peeked == UInt8(ascii: "-") { position += 1 }
        if peeked == UInt8(ascii: "0") {
            position += 1
            digits = 1
            if let byte = peeked, isDigit(byte) { throw JSONDefect(.leadingZero, at: position - 1) }
        } else {
            try consumeDigits(&digits)
        }
        if peeked == UInt8(ascii: ".") {
            position += 1
            try consumeDigits(&digits)
        }
        if peeked == UInt8(ascii: "e") || peeked == UInt8(ascii: "E") {
            position += 1
            if peeked == UInt8(ascii: "+") || peeked == UInt8(ascii: "-") { position += 1 }
            try consumeDigits(&digits)
        }
    }

    /// Consumes one digit or more.
    @_lifetime(self: copy self)
    private mutating func consumeDigits(_ digits: inout Int) throws(JSONDefect) {
        guard let first = peeked else { throw JSONDefect(.truncated, at: position) }
        guard isDigit(first) else { throw JSONDefect(.malformedNumber, at: position) }
        while let byte = peeked, isDigit(byte) {
            guard digits < digitsMax else { throw JSONDefect(.numberTooLong, at: position) }
            digits += 1
            position += 1
        }
    }
}

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

@inline(__always)
func hexadecimalDigit(_ byte: UInt8) -> UInt32? {
    if isDigit(byte) { return UInt32(byte &- UInt8(ascii: "0")) }
    let letter = (byte | 0x20) &- UInt8(ascii: "a")
    return letter < 6 ? UInt32(letter) + 10 : nil
}
