/// The bytes of a row: text with one scalar a byte, and words in braces that stand for more.
enum Wire {
    static let host = "Host: api.test\r\n"

    /// The bytes `text` stands for. Words that are not known stay as they are: JSON has braces too.
    static func bytes(_ text: String, tokens: [String: String]) -> [UInt8] {
        var rest = latin(text)[...]
        var out: [UInt8] = []
        while let open = rest.firstIndex(of: UInt8(ascii: "{")) {
            out += rest[..<open]
            rest = rest[(open + 1)...]
            let close = rest.firstIndex(of: UInt8(ascii: "}")) ?? rest.endIndex
            let word = String(decoding: rest[..<close], as: UTF8.self)
            if close < rest.endIndex, let value = value(of: word, tokens) {
                out += value
                rest = rest[(close + 1)...]
            } else {
                out.append(UInt8(ascii: "{"))
            }
        }
        return out + rest
    }

    /// How many bytes `text` stands for, in which no token is named.
    static func length(_ text: String) -> Int { bytes(text, tokens: [:]).count }

    /// Whether a byte is repeated in `text`, which stands for more than it shows.
    static func repeats(_ text: String) -> Bool {
        let bytes = latin(text)
        return bytes.indices.dropLast(3).contains { index in
            bytes[index] == UInt8(ascii: "{") && bytes[index + 2] == UInt8(ascii: "*")
                && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index + 3])
        }
    }

    private static func value(of word: String, _ tokens: [String: String]) -> [UInt8]? {
        // `{A*1000}` is a thousand of them, without a text of that size.
        if let byte = word.utf8.first, word.dropFirst().hasPrefix("*"),
            let count = Int(word.dropFirst(2))
        {
            return [UInt8](repeating: byte, count: count)
        }
        return switch word {
        case "host": latin(host)
        case "auth": tokens["acme"].map { latin("Authorization: Bearer \($0)\r\n") }
        default: tokens[word].map(latin)
        }
    }

    static func latin(_ text: String) -> [UInt8] {
        text.unicodeScalars.map { scalar in
            guard let byte = UInt8(exactly: scalar.value) else {
                preconditionFailure("\(scalar) is more than one byte; write its bytes")
            }
            return byte
        }
    }
}
