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
    /// are counted too.
    private mutating func count(_ bytes: Span<UInt8>) {
        var index = 0
        while bytes.count - index >= 16 {
            var values = SIMD16<UInt8>(repeating: 0)
            var keys = values
            // Lanes of eight bits hold the counts of so many blocks.
            let end = min(bytes.count - 15, index + 16 * 255)
            while index < end {
                let block = bytes.block(at: index)
                let opens = (block | 0x20) .== UInt8(ascii: "{")
                values.replace(with: values &+ 1, where: opens .| (block .== UInt8(ascii: ",")))
                keys.replace(with: keys &+ 1, where: block .== UInt8(ascii: ":"))
                index += 16
            }
            self.values += Int(SIMD16<UInt16>(truncatingIfNeeded: values).wrappedSum())
            self.keys += Int(SIMD16<UInt16>(truncatingIfNeeded: keys).wrappedSum())
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
}
