import HTTP1

/// The memory that understanding one body takes at most, told before it is taken, so that it can be
/// charged to the budget bodies have. A dense document needs several times its own size.
public struct BodyRoom: Equatable, Sendable {
    /// Up to here nothing is charged: each worker keeps `BodyScratch.bytesKept` for such bodies.
    public static let bytesUncharged = BodyScratch.bytesKept / 4
    /// Memory is had in pages; a document takes three pieces of it.
    private static let roundingBytes = 4 * 4_096
    /// No document takes more room than this for each of its bytes: values may be two bytes apart.
    private static let bytesPerByteMax = 16

    /// Values and keys there may be, by the bytes that separate them.
    private(set) var values = 1
    private(set) var keys = 0

    /// For documents of `bytes` and less; linear, and nothing for small ones.
    public init(of bytes: Span<UInt8>, as type: ContentType) {
        switch type.form {
        case .json, .jsonPatch, .jsonLines, .multipart: break
        case .urlEncoded, .graphQL, .other: return
        }
        guard bytes.count > Self.bytesUncharged / Self.bytesPerByteMax else { return }
        count(bytes)
        // One more is refused while it is read.
        values = min(values, JSONBodyRule.valuesMax)
        keys = min(keys, JSONBodyRule.keysMax)
    }

    /// To be charged while the body is looked at; 0 for what workers keep anyway.
    public var bytesCharged: Int { isLarge ? bytes : 0 }

    var isLarge: Bool { bytes > Self.bytesUncharged }

    var bytes: Int {
        JSONBodyRule.scratchBytes(values: values, keys: keys)
            + (keys + 1) * MemoryLayout<BodyEdit>.stride + Self.roundingBytes
    }

    /// A value is the first of all, or behind one of `,[{`; a key is before a `:`. Those in strings
    /// are counted too. Eight bytes at a time.
    private mutating func count(_ bytes: Span<UInt8>) {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let comma = ones * UInt64(UInt8(ascii: ","))
        let brace = ones * UInt64(UInt8(ascii: "{"))
        let colon = ones * UInt64(UInt8(ascii: ":"))
        var index = 0
        while bytes.count - index >= 8 {
            let word = bytes.word(at: index)
            values += Self.zeroBytes(word ^ comma)
            // "[" with the bit of lower case is "{".
            values += Self.zeroBytes((word | ones << 5) ^ brace)
            keys += Self.zeroBytes(word ^ colon)
            index += 8
        }
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "{"): values += 1
            case UInt8(ascii: ":"): keys += 1
            default: break
            }
            index += 1
        }
    }

    /// How many of the eight bytes are 0: of those alone neither the low bits carry into the
    /// highest nor is it set.
    private static func zeroBytes(_ word: UInt64) -> Int {
        let low: UInt64 = 0x7f7f_7f7f_7f7f_7f7f
        return (~((word & low) &+ low | word | low)).nonzeroBitCount
    }
}
