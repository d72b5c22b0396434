/// Percent-decoding (RFC 3986 section 2.1) one byte at a time, so that nothing is copied. A `%`
/// that two hex digits do not follow stands for itself: whether it may is decided elsewhere.
enum PercentCoding {
    /// 0...15, or 255 for what is not a hex digit.
    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt8 {
        let digit = byte &- UInt8(ascii: "0")
        if digit < 10 { return digit }
        let letter = (byte | 0x20) &- UInt8(ascii: "a")
        return letter < 6 ? letter + 10 : 255
    }

    /// The byte that starts at `index` and where the next one starts.
    @inline(__always)
    static func decode(_ text: Span<UInt8>, at index: Int) -> (byte: UInt8, next: Int) {
        let byte = text[index]
        guard byte == UInt8(ascii: "%"), text.count - index > 2 else { return (byte, index + 1) }
        let high = hexValue(text[index + 1])
        let low = hexValue(text[index + 2])
        guard high < 16, low < 16 else { return (byte, index + 1) }
        return (high << 4 | low, index + 3)
    }

    /// The same for text that was encoded twice: decodes the decoded bytes again.
    static func decodeTwice(_ text: Span<UInt8>, at index: Int) -> (byte: UInt8, next: Int) {
        let first = decode(text, at: index)
        guard first.byte == UInt8(ascii: "%"), first.next < text.count else { return first }
        let second = decode(text, at: first.next)
        let high = hexValue(second.byte)
        guard high < 16, second.next < text.count else { return first }
        let third = decode(text, at: second.next)
        let low = hexValue(third.byte)
        guard low < 16 else { return first }
        return (high << 4 | low, third.next)
    }
}
