public import HTTP1

/// A media type as a `Content-Type` field names it (RFC 9110 section 8.3.1), read strictly: one
/// reading, or none. Holds places in the value it was read from.
public struct ContentType: Equatable, Sendable {
    public static let parametersMax = 16

    /// What a body is read as, once and for all that follows.
    public enum Form: Equatable, Sendable {
        case json
        /// RFC 6902.
        case jsonPatch
        /// One JSON document a line.
        case jsonLines
        case urlEncoded
        /// RFC 7578.
        case multipart
        /// A GraphQL document by itself.
        case graphQL
        /// Nothing that is understood here.
        case other
    }

    /// `type/subtype`.
    public let essence: Slice
    /// Of a `multipart` type, without quotes.
    public let boundary: Slice?
    public let form: Form
    /// Whether another character set than UTF-8 was named, or what some reader takes for one; only
    /// ever where that was allowed.
    let hasForeignCharset: Bool

    /// - Throws: `request.body.type` for what is no media type, for one with two readings (a
    ///   parameter twice, a second type behind a comma, `;` or `,` in quotes, where some readers
    ///   cut all the same), for another character set than UTF-8 and whatever else some reader
    ///   takes for one (`charset*=`, `xcharset=`), for JSON that resembles a form, and for a
    ///   multipart form without a usable boundary, or with any other parameter: PHP takes
    ///   `xboundary=` for the boundary, Django and Go `boundary*=`.
    public init(_ value: Span<UInt8>) throws(Refusal) {
        try self.init(value, allowingCharsets: false)
    }

    /// The same; `allowingCharsets` is for parts of a form, whose values may be in any.
    init(_ value: Span<UInt8>, allowingCharsets: Bool) throws(Refusal) {
        // What most bodies are, told at once.
        if Self.isPlainJSON(value) {
            essence = Slice(0, value.count)
            (boundary, form, hasForeignCharset) = (nil, .json, false)
            return
        }
        var cursor = Cursor(value)
        let type = cursor.token()
        guard !type.isEmpty, cursor.take(UInt8(ascii: "/")) else { throw .requestBodyType }
        let subtype = cursor.token()
        guard !subtype.isEmpty else { throw .requestBodyType }
        essence = Slice(type.lowerBound, subtype.upperBound)
        var boundary: Range<Int>?
        var names: [Range<Int>] = []
        var isForeign = false
        var hasOthers = false
        var isLikeForm = false
        while cursor.skipToParameter() {
            let name = cursor.token()
            guard !name.isEmpty, cursor.take(UInt8(ascii: "=")), names.count < Self.parametersMax,
                let parameter = cursor.value(),
                allowingCharsets || !Self.isCut(value.extracting(parameter))
            else { throw .requestBodyType }
            let text = value.extracting(name)
            for other in names where value.extracting(other).equalsIgnoringCase(text) {
                throw .requestBodyType
            }
            names.append(name)
            let said = value.extracting(parameter)
            if text.equalsIgnoringCase("charset") {
                isForeign = isForeign || !Self.isUTF8(said)
                continue
            }
            isForeign = isForeign || Self.isCharset(text, said)
            if text.equalsIgnoringCase("boundary") {
                boundary = parameter
            } else {
                hasOthers = true
                isLikeForm = isLikeForm || Self.isLikeForm(text) || Self.isLikeForm(said)
            }
        }
        guard cursor.isAtEnd else { throw .requestBodyType }
        form = Self.form(
            value.extracting(type), value.extracting(subtype))
        if form == .json, subtype.count > 4 {
            // Of `+json` alone the rest is the client's to choose.
            isLikeForm = isLikeForm || Self.isLikeForm(value[essence])
            isForeign = isForeign || value[essence].index(ofWord: "charset") != nil
        }
        guard allowingCharsets || !isForeign, !isLikeForm || !Self.isJSON(form) else {
            throw .requestBodyType
        }
        hasForeignCharset = isForeign
        if form == .multipart {
            guard let found = boundary, Self.isBoundary(value.extracting(found)), !hasOthers else {
                throw .requestBodyType
            }
            self.boundary = Slice(found.lowerBound, found.upperBound)
        } else {
            self.boundary = nil
        }
    }

    private static func isPlainJSON(_ value: Span<UInt8>) -> Bool {
        let name: StaticString = "application/json"
        guard value.count == 16 else { return false }
        let (one, other) = (value.block(at: 0).words, name.bytes.block(at: 0).words)
        return one.low == other.low && one.high == other.high
    }

    private static func form(_ type: Span<UInt8>, _ subtype: Span<UInt8>) -> Form {
        if type.equalsIgnoringCase("multipart") {
            return subtype.equalsIgnoringCase("form-data") ? .multipart : .other
        }
        if subtype.equalsIgnoringCase("json-patch+json") { return .jsonPatch }
        if type.equalsIgnoringCase("text") {
            return subtype.equalsIgnoringCase("json") ? .json : .other
        }
        guard type.equalsIgnoringCase("application") else {
            return ends(subtype, with: "+json") ? .json : .other
        }
        if subtype.equalsIgnoringCase("x-www-form-urlencoded") { return .urlEncoded }
        if subtype.equalsIgnoringCase("graphql") { return .graphQL }
        for name: StaticString in ["x-ndjson", "ndjson", "jsonl", "x-jsonlines", "jsonlines"]
        where subtype.equalsIgnoringCase(name) {
            return .jsonLines
        }
        return subtype.equalsIgnoringCase("json") || ends(subtype, with: "+json") ? .json : .other
    }

    /// Whether the type is a `multipart` of any kind.
    func isMultipart(_ value: Span<UInt8>) -> Bool {
        let text = value[essence]
        let prefix: StaticString = "multipart/"
        guard text.count > prefix.utf8CodeUnitCount else { return false }
        return text.extracting(first: prefix.utf8CodeUnitCount).equalsIgnoringCase(prefix)
    }

    private static func ends(_ text: Span<UInt8>, with suffix: StaticString) -> Bool {
        let count = suffix.utf8CodeUnitCount
        guard text.count > count else { return false }
        return text.extracting(last: count).equalsIgnoringCase(suffix)
    }

    /// Whether readers that do not look at quotes cut the value in two.
    private static func isCut(_ value: Span<UInt8>) -> Bool {
        for index in value.indices
        where value[index] == UInt8(ascii: ";") || value[index] == UInt8(ascii: ",") {
            return true
        }
        return false
    }

    /// RFC 2046 section 5.1.1, without the space, which readers trim or do not, the comma, where
    /// PHP and Rack end one, and `=?`, which begins what Commons FileUpload decodes.
    private static func isBoundary(_ text: Span<UInt8>) -> Bool {
        guard (1...70).contains(text.count) else { return false }
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "'"), UInt8(ascii: "("),
                UInt8(ascii: ")"), UInt8(ascii: "+"), UInt8(ascii: "_"), UInt8(ascii: "-"),
                UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "="):
                continue
            case UInt8(ascii: "?") where index == 0 || text[index - 1] != UInt8(ascii: "="):
                continue
            default: return false
            }
        }
        return true
    }

    /// Appends the one spelling that is passed on: the type in lower case, each parameter once, no
    /// `charset` where JSON has none, of a form nothing but that, and of one in parts the boundary
    /// alone: PHP and Rack take it from the first parameter whose name ends so (`xboundary=`).
    public func write(_ value: Span<UInt8>, into out: inout ByteBuffer) {
        if Self.isPlainJSON(value) { return out.append(value) }
        for index in Int(essence.start)..<Int(essence.end) {
            let byte = value[index]
            out.append(byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte)
        }
        if let boundary {
            out.append("; boundary=")
            return Self.write(boundary: value[boundary], into: &out)
        }
        var cursor = Cursor(value, from: Int(essence.end))
        while cursor.skipToParameter() {
            let name = cursor.token()
            let start = cursor.position + 1
            guard cursor.take(UInt8(ascii: "=")), cursor.value() != nil else { return }
            let isCharset = value.extracting(name).equalsIgnoringCase("charset")
            // Readers that take forms for ISO 8859-1 unless told otherwise are told.
            guard form == .urlEncoded ? isCharset : !(isCharset && Self.isJSON(form)) else {
                continue
            }
            out.append("; ")
            out.append(value.extracting(name))
            out.append("=")
            out.append(value.extracting(start..<cursor.position))
        }
    }

    private static func isJSON(_ form: Form) -> Bool {
        form == .json || form == .jsonPatch || form == .jsonLines
    }

    /// In quotes where it is no token.
    private static func write(boundary: Span<UInt8>, into out: inout ByteBuffer) {
        var cursor = Cursor(boundary)
        let isToken = cursor.token().count == boundary.count
        if !isToken { out.append(UInt8(ascii: "\"")) }
        out.append(boundary)
        if !isToken { out.append(UInt8(ascii: "\"")) }
    }
}

extension ContentType {
    /// Walks a field value of the form `x; name=value; name="value"`.
    struct Cursor: ~Escapable {
        private let text: Span<UInt8>
        private(set) var position: Int

        @_lifetime(copy text)
        init(_ text: Span<UInt8>, from position: Int = 0) {
            self.text = text
            self.position = position
        }

        var isAtEnd: Bool { position == text.count }

        @_lifetime(self: copy self)
        mutating func take(_ byte: UInt8) -> Bool {
            guard position < text.count, text[position] == byte else { return false }
            position += 1
            return true
        }

        /// A run of `tchar`, possibly empty.
        @_lifetime(self: copy self)
        mutating func token() -> Range<Int> {
            let start = position
            while position < text.count, Self.isToken(text[position]) { position += 1 }
            return start..<position
        }

        /// A token, or the inside of a quoted string. A backslash in one is unescaped by some
        /// readers and kept by others, so there may be none; `nil` for anything else.
        @_lifetime(self: copy self)
        mutating func value() -> Range<Int>? {
            guard take(UInt8(ascii: "\"")) else {
                let token = token()
                return token.isEmpty ? nil : token
            }
            let start = position
            while position < text.count, text[position] != UInt8(ascii: "\"") {
                guard text[position] != UInt8(ascii: "\\"), text[position] >= 0x20 else {
                    return nil
                }
                position += 1
            }
            let end = position
            return take(UInt8(ascii: "\"")) ? start..<end : nil
        }

        /// Moves behind a `;` and the whitespace around it; `false`, wherever it then is, where
        /// none comes. A `;` with nothing behind it is passed over (RFC 9110 section 5.6.6).
        @_lifetime(self: copy self)
        mutating func skipToParameter() -> Bool {
            var hasSemicolon = false
            while position < text.count {
                switch text[position] {
                case 0x20, 0x09: break
                case UInt8(ascii: ";"): hasSemicolon = true
                default: return hasSemicolon
                }
                position += 1
            }
            return false
        }

        private static func isToken(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "!"), UInt8(ascii: "#"),
                UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"),
                UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"),
                UInt8(ascii: "~"):
                true
            default: false
            }
        }
    }
}
