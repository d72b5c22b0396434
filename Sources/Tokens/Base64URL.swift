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

    /// `value(of:)` of every byte.
    static let values: [UInt8] = (0...255).map { value(of: $0) }

    /// Whether eight bytes are all characters. No byte's sum reaches the next byte, because all
    /// are below 128 where it counts.
    @inline(__always) static func isText(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs = ones &* 0x80
        let low = word & ~highs
        // The highest bit of a byte is set where it is at least the first, or above the last.
        let folded = low | ones &* 0x20
        let letter = (folded &+ ones &* (0x80 - 0x61)) & ~(folded &+ ones &* (0x80 - 0x7B))
        let digit = (low &+ ones &* (0x80 - 0x30)) & ~(low &+ ones &* (0x80 - 0x3A))
        // It stays clear only where nothing is left of the byte.
        let dash = ~((low ^ ones &* 0x2D) &+ ones &* 0x7F)
        let underscore = ~((low ^ ones &* 0x5F) &+ ones &* 0x7F)
        return (letter | digit | dash | underscore) & ~word & highs == highs
    }

    /// Appends the bytes `text` stands for; false, with a partial result, when it is not canonical.
    static func decode(_ text: Span<UInt8>, into out: inout ByteBuffer) -> Bool {
        guard isPossible(count: text.count), hasZeroSpareBits(text) else { return false }
        guard text.count <= out.freeCapacityMax else { return false }
        let table = Base64URLTable.shared
        var seen: UInt32 = 0
        // A byte of room for every character: whole words are written, of which six bytes count.
        _ = unsafe out.fill(minimum: text.count) { room in
            var place = 0
            var index = 0
            while text.count &- index >= 8 {
                let word = text.word(at: index)
                let first = table.group(UInt32(truncatingIfNeeded: word))
                let second = table.group(UInt32(truncatingIfNeeded: word &>> 32))
                seen |= first | second
                let bytes = UInt64(first) &<< 40 | UInt64(second) &<< 16
                unsafe room.storeBytes(of: bytes.bigEndian, toByteOffset: place, as: UInt64.self)
                place &+= 6
                index &+= 8
            }
            // Up to seven are left; what is missing of their words are characters of value 0.
            let rest = text.count &- index
            guard rest > 0 else { return place }
            var groups = [2 of UInt32](repeating: 0x4141_4141)
            for offset in 0..<rest {
                let shift = UInt32(offset & 3) &* 8
                groups[offset &>> 2] &= ~(0xFF &<< shift)
                groups[offset &>> 2] |= UInt32(text[index &+ offset]) &<< shift
            }
            let first = table.group(groups[0])
            let second = table.group(groups[1])
            seen |= first | second
            let bytes = UInt64(first) &<< 40 | UInt64(second) &<< 16
            let count = rest &* 3 / 4
            for offset in 0..<count {
                unsafe room[place &+ offset] =
                    UInt8(truncatingIfNeeded: bytes &>> UInt64(56 &- offset &* 8))
            }
            return place &+ count
        }
        return seen & Base64URLTable.foreign == 0
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

/// What each character contributes to the three bytes of a group of four, by its place in it.
@safe struct Base64URLTable {
    /// Set where a byte is no character.
    static let foreign: UInt32 = 0xFF00_0000
    static let shared = Base64URLTable()

    /// 256 entries for each of the four places; lives as long as the program.
    private let entries: UnsafePointer<UInt32>

    private init() {
        let entries = UnsafeMutablePointer<UInt32>.allocate(capacity: 1_024)
        for byte in UInt8.min...UInt8.max {
            let value = Base64URL.value(of: byte)
            for place in 0..<4 {
                unsafe (entries + place * 256 + Int(byte)).initialize(
                    to: value < 64 ? UInt32(value) << UInt32(18 - place * 6) : Self.foreign)
            }
        }
        unsafe self.entries = UnsafePointer(entries)
    }

    /// The 24 bits of four characters, of which the first is the lowest byte of `text`, or
    /// something with a bit of `foreign`.
    @inline(__always) func group(_ text: UInt32) -> UInt32 {
        // A byte is always below 256, so every index is inside.
        unsafe entries[Int(text & 0xFF)]
            | entries[256 &+ Int(text &>> 8 & 0xFF)]
            | entries[512 &+ Int(text &>> 16 & 0xFF)]
            | entries[768 &+ Int(text &>> 24)]
    }
}

// Written once, before anybody has it.
extension Base64URLTable: @unchecked Sendable {}
