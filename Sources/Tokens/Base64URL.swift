internal import HTTP1

/// Base64url without padding (RFC 4648 §5, RFC 7515 §2), in its one canonical spelling.
///
/// libb64, which libjwt is built with here, skips what it does not know; this reader refuses it,
/// so a token has exactly one text.
enum Base64URL {
    /// Whether a segment of `count` characters can exist.
    static func isPossible(count: Int) -> Bool { count & 3 != 1 }

    /// The six bits of a character; above 63 for any other byte.
    @inline(__always) static func value(of byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte &- UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte &- UInt8(ascii: "a") &+ 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- UInt8(ascii: "0") &+ 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: 255
        }
    }

    /// Whether the bits of the last character that belong to no byte are zero.
    static func hasZeroSpareBits(_ text: Span<UInt8>) -> Bool {
        guard text.count > 0 else { return true }
        let last = value(of: text[text.count - 1])
        switch text.count & 3 {
        case 2: return last & 15 == 0
        case 3: return last & 3 == 0
        default: return true
        }
    }

    /// `value(of:)` of every byte: half of a token's own cost was to look at each character.
    static let values: [UInt8] = (0...255).map { value(of: $0) }

    /// Appends the bytes `text` stands for; false, with a partial result, when it is not canonical.
    static func decode(_ text: Span<UInt8>, into out: inout ByteBuffer) -> Bool {
        guard isPossible(count: text.count), hasZeroSpareBits(text) else { return false }
        guard text.count <= out.freeCapacityMax else { return false }
        let table = Self.values
        let values = table.span
        var seen: UInt8 = 0
        _ = unsafe out.fill(minimum: text.count) { room in
            var place = 0
            var index = 0
            while text.count - index >= 4 {
                let a = values[Int(text[index])]
                let b = values[Int(text[index &+ 1])]
                let c = values[Int(text[index &+ 2])]
                let d = values[Int(text[index &+ 3])]
                seen |= a | b | c | d
                unsafe room[place] = a << 2 | b >> 4
                unsafe room[place &+ 1] = b << 4 | c >> 2
                unsafe room[place &+ 2] = c << 6 | d
                place &+= 3
                index &+= 4
            }
            // A rest of two characters is a byte, one of three are two.
            let rest = text.count - index
            if rest >= 2 {
                let a = values[Int(text[index])]
                let b = values[Int(text[index &+ 1])]
                seen |= a | b
                unsafe room[place] = a << 2 | b >> 4
                place &+= 1
                if rest == 3 {
                    let c = values[Int(text[index &+ 2])]
                    seen |= c
                    unsafe room[place] = b << 4 | c >> 2
                    place &+= 1
                }
            }
            return place
        }
        return seen < 64
    }

    static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        var out = ByteBuffer(capacityMax: max(text.count, 1))
        return decode(text, into: &out) ? out.bytes : nil
    }

    /// Characters for `count` bytes.
    static func encodedCount(_ count: Int) -> Int { (count * 8 + 5) / 6 }

    private static let alphabet: StaticString =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    /// Appends the text of `bytes`; room for `encodedCount` must be there.
    static func append(_ bytes: Span<UInt8>, to out: inout ByteBuffer) {
        let characters = unsafe alphabet.utf8Start
        let size = encodedCount(bytes.count)
        guard size > 0 else { return }
        unsafe bytes.withUnsafeBufferPointer { bytes in
            _ = unsafe out.fill(minimum: size) { room in
                var place = 0
                var index = 0
                // Three bytes are four characters; `size` characters have room for all of them.
                while index + 3 <= bytes.count {
                    let first = unsafe Int(bytes[index])
                    let second = unsafe Int(bytes[index + 1])
                    let third = unsafe Int(bytes[index + 2])
                    unsafe room[place] = characters[first >> 2]
                    unsafe room[place + 1] = characters[(first << 4 | second >> 4) & 63]
                    unsafe room[place + 2] = characters[(second << 2 | third >> 6) & 63]
                    unsafe room[place + 3] = characters[third & 63]
                    index += 3
                    place += 4
                }
                guard index < bytes.count else { return place }
                let first = unsafe Int(bytes[index])
                let second = index + 1 < bytes.count ? unsafe Int(bytes[index + 1]) : 0
                unsafe room[place] = characters[first >> 2]
                unsafe room[place + 1] = characters[(first << 4 | second >> 4) & 63]
                guard index + 1 < bytes.count else { return place + 2 }
                unsafe room[place + 2] = characters[second << 2 & 63]
                return place + 3
            }
        }
    }
}
