import HTTP1
import JSON
import Policy

/// How values of the API are written. Each rule answers `nil` for anything else; nothing is trimmed
/// or folded.
enum InputRule {
    static let payloadBytesMax = 262_144
    static let nameBytesMax = 256
    static let topicBytesMax = 128
    static let eventIDBytesMax = 128

    static let topicRule =
        "must be words of letters, digits, `_` and `-` joined by dots, at most "
        + "\(topicBytesMax) bytes"
    static let externalIDRule = "must match [A-Za-z0-9][A-Za-z0-9._:-]{0,127} and not be reserved"
    static let nameRule = "must be 1 to \(nameBytesMax) bytes of text without control characters"
    static let eventIDRule =
        "must be 1 to \(eventIDBytesMax) printable ASCII characters "
        + "without spaces"
    static let limitRule =
        "must be written like \"2500/min\", at most "
        + "\(RateLimit.perMinuteMax)/min"

    static func topic(_ text: String) -> Bool {
        guard text.utf8.count <= topicBytesMax else { return false }
        let words = text.utf8.split(
            separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return words.allSatisfy { word in
            !word.isEmpty
                && word.allSatisfy {
                    isAlphanumeric($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
                }
        }
    }

    static func name(_ text: String) -> Bool {
        guard (1...nameBytesMax).contains(text.utf8.count) else { return false }
        // C0, DEL and C1: a terminal or a log viewer acts on them, and NUL no text column takes.
        return text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F ~= $0.value) }
    }

    static func eventID(_ text: String) -> Bool {
        (1...eventIDBytesMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// `2500/min`: plain digits without a leading zero.
    static func requestsPerMinute(_ text: String) -> UInt32? {
        guard text.hasSuffix("/min") else { return nil }
        let digits = text.dropLast(4).utf8
        guard (1...10).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.count == 1 || digits.first != 0x30,
            let value = UInt32(text.dropLast(4)), value <= RateLimit.perMinuteMax
        else { return nil }
        return value
    }

    /// What a list answered as `next_cursor`: the last id without its dashes, so that nobody is
    /// tempted to make one up from an id and to rely on it.
    static func cursor(_ text: String) -> String? {
        let digits = Array(text.utf8)
        guard digits.count == 32, digits.allSatisfy(isLowerHexadecimal) else { return nil }
        let parts = [
            digits[0..<8], digits[8..<12], digits[12..<16], digits[16..<20], digits[20...],
        ]
        return parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "-")
    }

    static func cursor(after id: String) -> String {
        String(decoding: id.utf8.filter { $0 != UInt8(ascii: "-") }, as: UTF8.self)
    }

    /// A UUID in canonical lower-case form (RFC 9562 §4).
    static func uuid(_ text: [UInt8]) -> String? {
        guard text.count == 36 else { return nil }
        for (index, byte) in text.enumerated() {
            let isDash = index == 8 || index == 13 || index == 18 || index == 23
            guard isDash ? byte == UInt8(ascii: "-") : isLowerHexadecimal(byte) else { return nil }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Percent-decoding (RFC 3986 §2.1); `nil` for a `%` without two hexadecimal digits.
    static func percentDecoded(_ text: some Sequence<UInt8>, plusIsSpace: Bool) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: UInt8?
        var pending = 0
        for byte in text {
            if pending > 0 {
                guard let digit = hexadecimalValue(byte) else { return nil }
                pending -= 1
                if let first = high {
                    bytes.append(first << 4 | digit)
                    high = nil
                } else {
                    high = digit
                }
            } else if byte == UInt8(ascii: "%") {
                pending = 2
            } else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return pending == 0 ? bytes : nil
    }

    private static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func isLowerHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
