/// What is refused before libyaml sees a byte: text that is not UTF-8, and characters that a person
/// and a parser, or two parsers, read differently.
struct TextCheck {
    enum Finding: Equatable {
        case notUTF8
        /// The code point.
        case unsafe(UInt32)
    }

    var finding: Finding
    var line: Int
    var column: Int

    /// The first thing wrong, or `nil`.
    static func first(in bytes: [UInt8]) -> TextCheck? {
        var line = 1
        var column = 1
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x80 {
                index += 1
                if byte == 0x0A || (byte == 0x0D && !(index < bytes.count && bytes[index] == 0x0A))
                {
                    line += 1
                    column = 1
                } else if byte == 0x0D {
                    continue
                } else {
                    if byte < 0x20 && byte != 0x09 || byte == 0x7F {
                        return TextCheck(
                            finding: .unsafe(UInt32(byte)), line: line, column: column)
                    }
                    column += 1
                }
                continue
            }
            guard let (value, length) = decode(bytes, at: index) else {
                return TextCheck(finding: .notUTF8, line: line, column: column)
            }
            if isUnsafe(value), !(value == 0xFEFF && index == 0) {
                return TextCheck(finding: .unsafe(value), line: line, column: column)
            }
            // A byte order mark at the start is not part of the first line.
            if value != 0xFEFF { column += 1 }
            index += length
        }
        return nil
    }

    /// A character of two to four bytes (RFC 3629 §4); `nil` when the bytes are no such thing.
    private static func decode(_ bytes: [UInt8], at index: Int) -> (UInt32, Int)? {
        let first = bytes[index]
        let length: Int
        var value: UInt32
        switch first {
        case 0xC2...0xDF: (length, value) = (2, UInt32(first & 0x1F))
        case 0xE0...0xEF: (length, value) = (3, UInt32(first & 0x0F))
        case 0xF0...0xF4: (length, value) = (4, UInt32(first & 0x07))
        default: return nil
        }
        guard bytes.count - index >= length else { return nil }
        for next in bytes[(index + 1)..<(index + length)] {
            guard next & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(next & 0x3F)
        }
        switch length {
        case 3 where value < 0x800 || (0xD800...0xDFFF).contains(value): return nil
        case 4 where !(0x10000...0x10FFFF).contains(value): return nil
        default: return (value, length)
        }
    }

    /// C1 controls; line ends of YAML 1.1 that are none in 1.2; what turns the direction of
    /// writing; and the byte order mark inside the text.
    static func isUnsafe(_ value: UInt32) -> Bool {
        switch value {
        case 0x00...0x08, 0x0B...0x0C, 0x0E...0x1F, 0x7F: true
        case 0x80...0x9F, 0x2028...0x2029, 0x200E...0x200F, 0x061C: true
        case 0x202A...0x202E, 0x2066...0x2069, 0xFEFF: true
        case 0xFFFE...0xFFFF: true
        default: false
        }
    }
}
