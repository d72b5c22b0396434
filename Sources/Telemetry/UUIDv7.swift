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
        let head = hexadecimalDigits(identifier.high >> 32)
        let middle = hexadecimalDigits(identifier.high)
        let rest = hexadecimalDigits(identifier.low >> 32)
        let dash = UInt64(UInt8(ascii: "-"))
        append(word: head, count: 8)
        append(word: dash | middle << 8, count: 5)
        append(word: dash | (middle >> 32) << 8, count: 5)
        append(word: dash | rest << 8, count: 5)
        append(word: dash | (rest >> 32) << 8, count: 5)
        append(word: hexadecimalDigits(identifier.low), count: 8)
    }
}

extension ByteBuffer {
    /// `value` as sixteen lower-case hexadecimal digits.
    public mutating func append(sixteenDigits value: UInt64) {
        append(word: hexadecimalDigits(value >> 32), count: 8)
        append(word: hexadecimalDigits(value), count: 8)
    }
}

/// The eight lower-case digits of the lowest 32 bits, the first one in the lowest byte.
func hexadecimalDigits(_ value: UInt64) -> UInt64 {
    // One nibble into each byte, the highest into the lowest.
    var nibbles = (value & 0xFFFF_FFFF).byteSwapped >> 32
    nibbles = (nibbles | nibbles << 16) & 0x0000_FFFF_0000_FFFF
    nibbles = (nibbles | nibbles << 8) & 0x00FF_00FF_00FF_00FF
    nibbles = (nibbles >> 4 | nibbles << 8) & 0x0F0F_0F0F_0F0F_0F0F
    // 6 more than a nibble above 9 carries into the fifth bit.
    let letters = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    return nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
}

/// The lower-case digit of the lowest four bits.
func hexadecimalDigit(_ value: UInt64) -> UInt8 {
    let digit = UInt8(truncatingIfNeeded: value & 15)
    return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
}
