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
                out += value.utf8
                rest = rest[(close + 1)...]
            } else {
                out.append(UInt8(ascii: "{"))
            }
        }
        return out + rest
    }

    private static func value(of word: String, _ tokens: [String: String]) -> String? {
        switch word {
        case "host": host
        case "auth": tokens["acme"].map { "Authorization: Bearer \($0)\r\n" }
        default: tokens[word]
        }
    }

    private static func latin(_ text: String) -> [UInt8] {
        text.unicodeScalars.map { scalar in
            guard let byte = UInt8(exactly: scalar.value) else {
                preconditionFailure("\(scalar) is more than one byte; write its bytes")
            }
            return byte
        }
    }
}
