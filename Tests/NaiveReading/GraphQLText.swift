/// The names in a GraphQL document as lax and as different readers as there may be find them: cut
/// into strings, comments and the rest by hand, without a grammar.
public struct NaiveGraphQL: Sendable {
    /// What readers do not agree about.
    public struct Reading: Sendable {
        public var commentEndsAtCR = false
        /// graphql-java, after drafts of 2015.
        public var commentEndsAtSeparator = false
        /// A backslash takes the byte behind it along in block strings too.
        public var blockHasEscapes = false

        public static let all: [Reading] = (0..<8).map {
            Reading(
                commentEndsAtCR: $0 & 1 > 0, commentEndsAtSeparator: $0 & 2 > 0,
                blockHasEscapes: $0 & 4 > 0)
        }
    }

    /// Every name, and whether it gives something to the server: it stands in parentheses, or in
    /// front of some.
    public private(set) var names: [(bytes: [UInt8], isInput: Bool)] = []

    public init(_ text: [UInt8], _ reading: Reading) {
        var rest = text[...]
        var depth = 0
        var isBehindName = false
        while let byte = rest.first {
            if byte == UInt8(ascii: "#") {
                rest = Self.behindComment(rest, reading)
                continue
            }
            if byte == UInt8(ascii: "\"") {
                rest = Self.behindString(rest, reading)
                isBehindName = false
                continue
            }
            let name = rest.prefix { Self.isLetter($0) }
            if !name.isEmpty {
                names.append((Array(name), depth > 0))
                isBehindName = true
                rest = rest.dropFirst(name.count)
                continue
            }
            if byte == UInt8(ascii: "(") {
                if isBehindName { names[names.count - 1].isInput = true }
                depth += 1
            }
            if byte == UInt8(ascii: ")") { depth -= 1 }
            if !Self.isBlank(byte) { isBehindName = false }
            rest = rest.dropFirst()
        }
    }

    private static func behindComment(
        _ text: ArraySlice<UInt8>, _ reading: Reading
    ) -> ArraySlice<UInt8> {
        var rest = text
        while let byte = rest.first {
            if byte == 0x0a || byte == 0x0d && reading.commentEndsAtCR { break }
            if reading.commentEndsAtSeparator,
                rest.starts(with: [0xe2, 0x80, 0xa8]) || rest.starts(with: [0xe2, 0x80, 0xa9])
            {
                break
            }
            rest = rest.dropFirst()
        }
        return rest
    }

    private static func behindString(
        _ text: ArraySlice<UInt8>, _ reading: Reading
    ) -> ArraySlice<UInt8> {
        let quotes = [UInt8]("\"\"\"".utf8)
        let isBlock = text.starts(with: quotes)
        var rest = text.dropFirst(isBlock ? 3 : 1)
        while let byte = rest.first {
            if isBlock, !reading.blockHasEscapes, rest.starts(with: [UInt8(ascii: "\\")] + quotes) {
                rest = rest.dropFirst(4)
            } else if byte == UInt8(ascii: "\\"), !isBlock || reading.blockHasEscapes {
                rest = rest.dropFirst(2)
            } else if isBlock ? rest.starts(with: quotes) : byte == UInt8(ascii: "\"") {
                return rest.dropFirst(isBlock ? 3 : 1)
            } else {
                rest = rest.dropFirst()
            }
        }
        return rest
    }

    /// With digits: `1tenantId` is a number and a name to some.
    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d || byte == UInt8(ascii: ",")
    }
}
