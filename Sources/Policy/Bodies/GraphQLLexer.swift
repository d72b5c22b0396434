import HTTP1

/// Reads a GraphQL document token by token (specification of October 2021, section 2.1). It holds
/// a place in the text and nothing else, whatever the document: no nesting is followed.
///
/// What readers are known to differ about is no document: a comment that some end at a lone CR or
/// at U+2028 and others do not, quotes and backslashes in which some end a block string and others
/// do not, a byte order mark between tokens.
struct GraphQLLexer: ~Escapable {
    /// Bytes of one name. A longer one means no tenant to anybody, and no server has it.
    static let nameBytesMax = 256
    /// Characters of one number.
    static let numberBytesMax = 64
    /// Tokens of one document.
    static let tokensMax = 65_536

    enum Token: Equatable {
        case name(Range<Int>)
        /// A number or a string; what it says is a value.
        case value
        /// Its first byte: `...` is a dot.
        case punctuator(UInt8)
        case end
    }

    private let text: Span<UInt8>
    private var position = 0
    private var tokens = 0

    /// - Parameter text: valid UTF-8.
    @_lifetime(copy text)
    init(_ text: Span<UInt8>) { self.text = text }

    /// The next token behind what is ignored: blanks, commas and comments.
    ///
    /// - Throws: `request.body.malformed` for what is no token, `request.body.too_large` past a
    ///   bound.
    @_lifetime(self: copy self)
    mutating func next() throws(Refusal) -> Token {
        while position < text.count {
            switch text[position] {
            case 0x09, 0x0a, 0x0d, 0x20, UInt8(ascii: ","): position += 1
            case UInt8(ascii: "#"): try skipComment()
            default:
                tokens += 1
                guard tokens <= Self.tokensMax else { throw .requestBodyTooLarge }
                return try token()
            }
        }
        return .end
    }

    @_lifetime(self: copy self)
    private mutating func token() throws(Refusal) -> Token {
        let byte = text[position]
        switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "("),
            UInt8(ascii: ")"), UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: "@"),
            UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "|"),
            UInt8(ascii: "}"):
            position += 1
            return .punctuator(byte)
        case UInt8(ascii: "."):
            guard run(of: UInt8(ascii: ".")) == 3 else { throw .requestBodyMalformed }
            return .punctuator(byte)
        case UInt8(ascii: "\""):
            try skipString()
            return .value
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            try skipNumber()
            return .value
        default:
            guard Self.beginsName(byte) else { throw .requestBodyMalformed }
            let start = position
            while position < text.count, Self.continuesName(text[position]) { position += 1 }
            guard position - start <= Self.nameBytesMax else { throw .requestBodyTooLarge }
            return .name(start..<position)
        }
    }

    /// Section 2.1.4. graphql-java ends a comment at U+2028 and U+2029 too, as drafts of 2015 did,
    /// and a reader of lines may not end one at a lone CR.
    @_lifetime(self: copy self)
    private mutating func skipComment() throws(Refusal) {
        while position < text.count, text[position] != 0x0a {
            let byte = text[position]
            if byte == 0x0d {
                let next = position + 1
                guard next < text.count, text[next] == 0x0a else { throw .requestBodyMalformed }
            } else if byte < 0x20, byte != 0x09 {
                throw .requestBodyMalformed
            } else if byte == 0xe2, position + 2 < text.count, text[position + 1] == 0x80,
                text[position + 2] | 1 == 0xa9
            {
                throw .requestBodyMalformed
            }
            position += 1
        }
    }

    /// Section 2.9.4. The first quotes tell which kind it is.
    @_lifetime(self: copy self)
    private mutating func skipString() throws(Refusal) {
        switch run(of: UInt8(ascii: "\"")) {
        case 1: try skipLine()
        case 2, 6: return
        // Those behind the third belong to what it says.
        case 3...5: try skipBlock()
        default: throw .requestBodyMalformed
        }
    }

    @_lifetime(self: copy self)
    private mutating func skipLine() throws(Refusal) {
        while position < text.count {
            let byte = text[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"): try skipEscape()
            case 0x09, 0x20...0xff: continue
            default: throw .requestBodyMalformed
            }
        }
        throw .requestBodyMalformed
    }

    /// Behind a backslash. `\u{1F600}` is of September 2025; older servers refuse it.
    @_lifetime(self: copy self)
    private mutating func skipEscape() throws(Refusal) {
        guard position < text.count else { throw .requestBodyMalformed }
        let byte = text[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return
        case UInt8(ascii: "u"): break
        default: throw .requestBodyMalformed
        }
        let isBraced = position < text.count && text[position] == UInt8(ascii: "{")
        if isBraced { position += 1 }
        let most = isBraced ? 6 : 4
        let start = position
        while position < text.count, position - start < most,
            PercentCoding.hexValue(text[position]) < 16
        {
            position += 1
        }
        guard position - start == most || isBraced && position > start else {
            throw .requestBodyMalformed
        }
        guard isBraced else { return }
        guard position < text.count, text[position] == UInt8(ascii: "}") else {
            throw .requestBodyMalformed
        }
        position += 1
    }

    /// To three quotes. `\"""` is what it says, to everybody; four quotes, and two backslashes
    /// before three, end the string for whoever takes backslashes for those of other strings.
    @_lifetime(self: copy self)
    private mutating func skipBlock() throws(Refusal) {
        while position < text.count {
            let byte = text[position]
            switch byte {
            case UInt8(ascii: "\\"):
                let backslashes = run(of: byte)
                let quotes = run(of: UInt8(ascii: "\""))
                guard quotes < 3 || quotes == 3 && backslashes == 1 else {
                    throw .requestBodyMalformed
                }
            case UInt8(ascii: "\""):
                let quotes = run(of: byte)
                guard quotes <= 3 else { throw .requestBodyMalformed }
                if quotes == 3 { return }
            case 0x09, 0x0a, 0x0d, 0x20...0xff: position += 1
            default: throw .requestBodyMalformed
            }
        }
        throw .requestBodyMalformed
    }

    /// Sections 2.9.1 and 2.9.2: no digit in front of a name, and none behind a leading zero.
    @_lifetime(self: copy self)
    private mutating func skipNumber() throws(Refusal) {
        let start = position
        if text[position] == UInt8(ascii: "-") { position += 1 }
        let isZero = position < text.count && text[position] == UInt8(ascii: "0")
        let count = digits()
        guard count == 1 || count > 0 && !isZero else { throw .requestBodyMalformed }
        if position < text.count, text[position] == UInt8(ascii: ".") {
            position += 1
            guard digits() > 0 else { throw .requestBodyMalformed }
        }
        if position < text.count, text[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < text.count,
                text[position] == UInt8(ascii: "+") || text[position] == UInt8(ascii: "-")
            {
                position += 1
            }
            guard digits() > 0 else { throw .requestBodyMalformed }
        }
        guard position - start <= Self.numberBytesMax else { throw .requestBodyTooLarge }
        guard position < text.count else { return }
        let next = text[position]
        guard !Self.beginsName(next), next != UInt8(ascii: ".") else { throw .requestBodyMalformed }
    }

    @_lifetime(self: copy self)
    private mutating func digits() -> Int {
        let start = position
        while position < text.count, text[position] &- UInt8(ascii: "0") < 10 { position += 1 }
        return position - start
    }

    /// Moves behind all bytes like this one that come now.
    @_lifetime(self: copy self)
    private mutating func run(of byte: UInt8) -> Int {
        let start = position
        while position < text.count, text[position] == byte { position += 1 }
        return position - start
    }

    private static func beginsName(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_")
    }

    private static func continuesName(_ byte: UInt8) -> Bool {
        beginsName(byte) || byte &- UInt8(ascii: "0") < 10
    }
}
