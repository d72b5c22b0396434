import HTTP1

/// What a response's `Cache-Control` says to somebody who fetches it again and again.
enum CacheControl {
    /// A year; a server that says more means for ever.
    static let secondsMax: UInt32 = 31_536_000

    /// The `max-age` (RFC 9111 §5.2.2.1), in seconds. `nil` where there is none, where it is
    /// malformed or said twice, and where `no-store` or `no-cache` forbid to count on it.
    static func maxAge(_ values: [[UInt8]]) -> UInt32? {
        var found: UInt32?
        for value in values {
            for part in value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: true) {
                let word = trimmed(part)
                if isEqual(word[...], "no-store") || isEqual(word[...], "no-cache") { return nil }
                guard let equals = word.firstIndex(of: UInt8(ascii: "=")),
                    isEqual(word[..<equals], "max-age")
                else { continue }
                guard found == nil, let age = seconds(word[(equals + 1)...]) else { return nil }
                found = age
            }
        }
        return found
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> [UInt8] {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        return Array(text.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }

    private static func isEqual(_ text: ArraySlice<UInt8>, _ name: StaticString) -> Bool {
        name.withUTF8Buffer { unsafe text.map { $0 | 0x20 }.elementsEqual($0) }
    }

    private static func seconds(_ text: ArraySlice<UInt8>) -> UInt32? {
        guard !text.isEmpty, text.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) else { return nil }
        var value: UInt32 = 0
        for digit in text {
            guard value < secondsMax else { return secondsMax }
            value = value * 10 + UInt32(digit - UInt8(ascii: "0"))
        }
        return min(value, secondsMax)
    }
}
