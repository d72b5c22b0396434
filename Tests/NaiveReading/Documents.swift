/// JSON read by recursion into a tree that keeps every lexeme, for comparing documents.
public indirect enum NaiveDocument: Equatable, Sendable {
    public struct Member: Equatable, Sendable {
        /// Unescaped.
        public let key: [UInt8]
        /// Between its quotes, as written.
        public let lexeme: [UInt8]
        public var value: NaiveDocument
    }

    case object([Member])
    case array([NaiveDocument])
    /// Between its quotes as written, and as meant.
    case string([UInt8], meaning: [UInt8])
    /// A number, `true`, `false` or `null`.
    case word([UInt8])

    /// `nil` for what is no document.
    public init?(_ bytes: [UInt8]) {
        var reader = Reader(text: bytes)
        guard let value = reader.value() else { return nil }
        reader.skipSpace()
        guard reader.place == bytes.count else { return nil }
        self = value
    }

    /// Whether there is an object for whoever reads one document from the start of `bytes` and no
    /// further, as Go's `json.NewDecoder` does.
    public static func isObject(atStartOf bytes: [UInt8]) -> Bool {
        var reader = Reader(text: bytes)
        return reader.value()?.holdsObject ?? false
    }

    private var holdsObject: Bool {
        switch self {
        case .object: true
        case .array(let elements): elements.contains { $0.holdsObject }
        case .string, .word: false
        }
    }
}

/// Lenient where that makes no difference: what it is fed was accepted by a strict one.
private struct Reader {
    let text: [UInt8]
    var place = 0

    mutating func next() -> UInt8? {
        guard place < text.count else { return nil }
        place += 1
        return text[place - 1]
    }

    mutating func skipSpace() {
        while place < text.count, [0x20, 0x09, 0x0a, 0x0d].contains(text[place]) { place += 1 }
    }

    mutating func take(_ wanted: UInt8) -> Bool {
        skipSpace()
        guard place < text.count, text[place] == wanted else { return false }
        place += 1
        return true
    }

    mutating func value() -> NaiveDocument? {
        if take(UInt8(ascii: "{")) { return object() }
        if take(UInt8(ascii: "[")) { return array() }
        if take(UInt8(ascii: "\"")) {
            return string().map { .string($0.lexeme, meaning: $0.meaning) }
        }
        let start = place
        let ends = [UInt8](",]} \t\r\n".utf8)
        while place < text.count, !ends.contains(text[place]) { place += 1 }
        return place > start ? .word(Array(text[start..<place])) : nil
    }

    mutating func object() -> NaiveDocument? {
        var members: [NaiveDocument.Member] = []
        if take(UInt8(ascii: "}")) { return .object([]) }
        while true {
            guard take(UInt8(ascii: "\"")), let key = string(), take(UInt8(ascii: ":")),
                let value = value()
            else { return nil }
            members.append(.init(key: key.meaning, lexeme: key.lexeme, value: value))
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { return nil }
        }
    }

    mutating func array() -> NaiveDocument? {
        var elements: [NaiveDocument] = []
        if take(UInt8(ascii: "]")) { return .array([]) }
        while true {
            guard let value = value() else { return nil }
            elements.append(value)
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { return nil }
        }
    }

    /// Behind the opening quote.
    mutating func string() -> (lexeme: [UInt8], meaning: [UInt8])? {
        let start = place
        var meaning: [UInt8] = []
        while let byte = next() {
            if byte == UInt8(ascii: "\"") { return (Array(text[start..<place - 1]), meaning) }
            guard byte == UInt8(ascii: "\\") else {
                meaning.append(byte)
                continue
            }
            switch next() {
            case UInt8(ascii: "n"): meaning.append(10)
            case UInt8(ascii: "r"): meaning.append(13)
            case UInt8(ascii: "t"): meaning.append(9)
            case UInt8(ascii: "b"): meaning.append(8)
            case UInt8(ascii: "f"): meaning.append(12)
            case UInt8(ascii: "u"):
                guard let scalar = scalar() else { return nil }
                meaning += Array(String(scalar).utf8)
            case let escape?: meaning.append(escape)
            case nil: return nil
            }
        }
        return nil
    }

    /// Behind `\u`.
    mutating func scalar() -> Unicode.Scalar? {
        guard let first = unit() else { return nil }
        guard (0xd800..<0xdc00).contains(first) else { return Unicode.Scalar(first) }
        guard next() == 0x5c, next() == 0x75, let second = unit(),
            (0xdc00..<0xe000).contains(second)
        else { return nil }
        return Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
    }

    mutating func unit() -> UInt32? {
        guard place + 4 <= text.count else { return nil }
        place += 4
        return UInt32(String(decoding: text[place - 4..<place], as: UTF8.self), radix: 16)
    }
}

extension NaiveDocument {
    /// The document without what names a tenant. In a patch every element of the top array is an
    /// operation, elsewhere whatever has an `op` in any case.
    public func without(_ names: NaiveNames, isPatch: Bool = false) -> NaiveDocument {
        without(names, isPatch: isPatch, depth: 0)
    }

    private func without(_ names: NaiveNames, isPatch: Bool, depth: Int) -> NaiveDocument {
        switch self {
        case .string, .word: return self
        case .object(let members):
            return .object(
                members.compactMap { member in
                    if names.mustGo(member.key) { return nil }
                    if depth == 0, NaivePairs.isMethodOverride(member.key) { return nil }
                    var member = member
                    member.value = member.value.without(names, isPatch: isPatch, depth: depth + 1)
                    return member
                })
        case .array(let elements):
            return .array(
                elements.compactMap { element in
                    let mayBe = isPatch && depth == 0 || !element.values(of: "op").isEmpty
                    if mayBe, element.leadsToTenant(names) { return nil }
                    return element.without(names, isPatch: isPatch, depth: depth + 1)
                })
        }
    }

    /// Of every member that has this name to a reader that takes no notice of case.
    private func values(of key: String) -> [NaiveDocument] {
        guard case .object(let members) = self else { return [] }
        return members.filter { String(decoding: $0.key, as: UTF8.self).lowercased() == key }
            .map(\.value)
    }

    /// Whether some operation of a patch says a thing twice, in spellings that some readers tell
    /// apart and others do not.
    public func hasTwofoldOperation(isPatch: Bool = false, depth: Int = 0) -> Bool {
        switch self {
        case .string, .word: false
        case .object(let members):
            members.contains { $0.value.hasTwofoldOperation(depth: depth + 1) }
        case .array(let elements):
            elements.contains { element in
                let counts = ["op", "path", "from", "value"].map { element.values(of: $0).count }
                let mayBe = isPatch && depth == 0 || counts[0] > 0
                return mayBe && counts.contains { $0 > 1 }
                    || element.hasTwofoldOperation(depth: depth + 1)
            }
        }
    }

    private func leadsToTenant(_ names: NaiveNames) -> Bool {
        for value in values(of: "path") + values(of: "from") {
            guard case .string(_, let pointer) = value else { continue }
            for token in pointer.split(separator: UInt8(ascii: "/")) {
                if names.mustGo(Self.unescaped(Array(token))) { return true }
            }
        }
        return false
    }

    /// `~1` and `~0` undone (RFC 6901 section 4).
    private static func unescaped(_ token: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var rest = token[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "~"), let code = rest.first, [0x30, 0x31].contains(code) {
                rest = rest.dropFirst()
                out.append(UInt8(ascii: code == 0x31 ? "/" : "~"))
            } else {
                out.append(byte)
            }
        }
        return out
    }

    /// Every key, and every pointer, longer than anything is claimed about.
    public var hasLongName: Bool {
        switch self {
        case .string(let lexeme, _): lexeme.count > NaiveNames.lettersMax
        case .word: false
        case .object(let members):
            members.contains { $0.lexeme.count > NaiveNames.lettersMax || $0.value.hasLongName }
        case .array(let elements): elements.contains(where: \.hasLongName)
        }
    }

    /// The same document with `value` at the pointer with these tokens, first among its siblings;
    /// `nil` where there is no place for it, or where somebody would look for it in another one.
    public func adding(_ value: NaiveDocument, at tokens: ArraySlice<String>) -> NaiveDocument? {
        guard let token = tokens.first else { return value }
        guard case .object(var members) = self else { return nil }
        let key = [UInt8](token.utf8)
        let place = members.firstIndex { $0.key == key }
        let letters = NaiveNames.letters(key)
        for member in members where tokens.count > 1 && member.key != key && !letters.isEmpty {
            guard NaiveNames.letters(member.key) != letters else { return nil }
        }
        let inner = place.map { members[$0].value } ?? .object([])
        guard let added = inner.adding(value, at: tokens.dropFirst()) else { return nil }
        if let place {
            members[place].value = added
        } else {
            members.insert(Member(key: key, lexeme: key, value: added), at: 0)
        }
        return .object(members)
    }
}
