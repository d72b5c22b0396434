/// IPv6 addresses between their text forms: any form of RFC 4291 section 2.2 in, the one form of
/// RFC 5952 out.
enum IPv6Text {
    /// - Returns: the address, first byte highest; `nil` for anything else, a zone included.
    static func address(_ text: Span<UInt8>) -> UInt128? {
        var groups = InlineArray<8, UInt16>(repeating: 0)
        var count = 0
        var gap: Int?
        var index = 0
        if text.count >= 2, text[0] == UInt8(ascii: ":") {
            guard text[1] == UInt8(ascii: ":") else { return nil }
            gap = 0
            index = 2
        }
        while index < text.count {
            guard count < 8 else { return nil }
            var end = index
            while end < text.count, text[end] != UInt8(ascii: ":") { end += 1 }
            let part = text.extracting(index..<end)
            if end == text.count, count <= 6, let tail = ipv4(part) {
                groups[count] = UInt16(truncatingIfNeeded: tail >> 16)
                groups[count + 1] = UInt16(truncatingIfNeeded: tail)
                count += 2
                break
            }
            guard let group = group(part) else { return nil }
            groups[count] = group
            count += 1
            guard end < text.count else { break }
            index = end + 1
            // A single colon at the very end joins nothing.
            guard index < text.count else { return nil }
            if text[index] == UInt8(ascii: ":") {
                guard gap == nil else { return nil }
                gap = count
                index += 1
            }
        }
        // "::" stands for at least one group.
        guard gap == nil ? count == 8 : count < 8 else { return nil }
        var value: UInt128 = 0
        let missing = 8 - count
        for place in 0..<8 {
            var group: UInt16 = 0
            let head = gap ?? 8
            if place < head {
                group = groups[place]
            } else if place >= head + missing {
                group = groups[place - missing]
            }
            value = value << 16 | UInt128(group)
        }
        return value
    }

    /// Four decimal numbers of 0...255 without leading zeros.
    static func ipv4(_ text: Span<UInt8>) -> UInt32? {
        var value: UInt32 = 0
        var parts = 0
        var index = 0
        while parts < 4 {
            let start = index
            var part: UInt32 = 0
            while index < text.count, index - start < 4, ASCII.isDigit(text[index]) {
                part = part * 10 + UInt32(text[index] & 0x0f)
                index += 1
            }
            let length = index - start
            guard (1...3).contains(length), part <= 255,
                length == 1 || text[start] != UInt8(ascii: "0")
            else { return nil }
            value = value << 8 | part
            parts += 1
            guard parts < 4 else { break }
            guard index < text.count, text[index] == UInt8(ascii: ".") else { return nil }
            index += 1
        }
        return index == text.count ? value : nil
    }

    /// Appends at most 39 bytes: lower case, no leading zeros, the first of the longest runs of two
    /// or more zero groups as "::". Mapped IPv4 is written as groups too, so it has one form.
    static func append(_ address: UInt128, to output: inout ByteBuffer) {
        func group(_ index: Int) -> UInt64 {
            UInt64(truncatingIfNeeded: address >> UInt128(16 * (7 - index))) & 0xffff
        }
        var gap = 0..<0
        var index = 0
        while index < 8 {
            var end = index
            while end < 8, group(end) == 0 { end += 1 }
            if end - index >= 2, end - index > gap.count { gap = index..<end }
            index = max(end, index + 1)
        }
        index = 0
        while index < 8 {
            if !gap.isEmpty, index == gap.lowerBound {
                output.append("::")
                index = gap.upperBound
                continue
            }
            if index > 0, index != gap.upperBound || gap.isEmpty {
                output.append(UInt8(ascii: ":"))
            }
            output.append(hexadecimal: group(index))
            index += 1
        }
    }

    private static func group(_ text: Span<UInt8>) -> UInt16? {
        guard (1...4).contains(text.count) else { return nil }
        var value: UInt16 = 0
        for index in text.indices {
            guard let digit = ASCII.hexadecimalValue(text[index]) else { return nil }
            value = value << 4 | UInt16(digit)
        }
        return value
    }
}
