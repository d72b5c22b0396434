public import HTTP1

/// A time-ordered identifier (RFC 9562 §5.7): 48 bits of Unix milliseconds and 74 random bits.
public struct UUIDv7: Equatable, Hashable, Sendable, BitwiseCopyable {
    /// The first eight bytes, the first one highest: milliseconds, version, 12 random bits.
    public let high: UInt64
    /// The last eight bytes: variant, 62 random bits.
    public let low: UInt64

    /// Bytes of the text form.
    public static let textBytes = 36

    /// - Parameters:
    ///   - milliseconds: Unix time; only its lowest 48 bits are kept (until the year 10889).
    ///   - random: must not be guessable where an identifier's secrecy matters; six of its 80 bits
    ///     give way to version and variant.
    public init(milliseconds: UInt64, random: [10 of UInt8]) {
        let head = UInt64(random[0] & 0x0F) << 8 | UInt64(random[1])
        var tail: UInt64 = 0
        for index in 2..<10 { tail = tail << 8 | UInt64(random[index]) }
        high = milliseconds << 16 | 0x7000 | head
        low = 0x8000_0000_0000_0000 | tail & 0x3FFF_FFFF_FFFF_FFFF
    }

    /// Nil unless `bytes` are sixteen with this version and variant.
    public init?(bytes: Span<UInt8>) {
        guard bytes.count == 16, bytes[6] >> 4 == 7, bytes[8] >> 6 == 2 else { return nil }
        var words: [2 of UInt64] = [0, 0]
        for index in 0..<16 { words[index / 8] = words[index / 8] << 8 | UInt64(bytes[index]) }
        high = words[0]
        low = words[1]
    }

    /// Unix time of its making.
    public var milliseconds: UInt64 { high >> 16 }
}

extension ByteBuffer {
    /// The 36 characters of `identifier`, lower case with dashes.
    public mutating func append(_ identifier: UUIDv7) {
        // Built aside and appended once: room is asked for once, not 36 times.
        var text = [36 of UInt8](repeating: UInt8(ascii: "-"))
        var place = 0
        for nibble in 0..<32 {
            if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 { place += 1 }
            let word = nibble < 16 ? identifier.high : identifier.low
            text[place] = hexadecimalDigit(word >> UInt64(60 - nibble % 16 * 4))
            place += 1
        }
        append(text.span)
    }
}

/// The lower-case digit of the lowest four bits.
func hexadecimalDigit(_ value: UInt64) -> UInt8 {
    let digit = UInt8(truncatingIfNeeded: value & 15)
    return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
}
