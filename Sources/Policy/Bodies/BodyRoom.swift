import HTTP1

/// The memory that understanding one body takes at most, told before it is taken, so that it can be
/// charged to the budget bodies have. A dense document needs several times its own size.
public struct BodyRoom: Equatable, Sendable {
    /// Up to here nothing is charged: each worker keeps more (`BodyScratch.bytesKept`).
    public static let bytesUncharged = 1 << 18
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
        let comma = SIMD16<UInt8>(repeating: UInt8(ascii: ","))
        let brace = SIMD16<UInt8>(repeating: UInt8(ascii: "{"))
        let colon = SIMD16<UInt8>(repeating: UInt8(ascii: ":"))
        let caseBit = SIMD16<UInt8>(repeating: 0x20)
        let one = SIMD16<UInt8>(repeating: 1)
        let none = SIMD16<UInt8>()
        var index = 0
        while bytes.count &- index >= 16 {
            // A byte counts to 255, and each round adds one to it at most.
            let end = index &+ min((bytes.count &- index) / 16, 255) &* 16
            var found = SIMD16<UInt8>()
            var colons = SIMD16<UInt8>()
            while index < end {
                let block = bytes.block(at: index)
                // "[" with the bit of lower case is "{".
                let begins: SIMDMask<SIMD16<Int8>> =
                    (block .== comma) .| (block | caseBit .== brace)
                let parts: SIMDMask<SIMD16<Int8>> = block .== colon
                found = found &+ none.replacing(with: one, where: begins)
                colons = colons &+ none.replacing(with: one, where: parts)
                index &+= 16
            }
            values += Self.sum(found)
            keys += Self.sum(colons)
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

    private static func sum(_ counts: SIMD16<UInt8>) -> Int {
        Int(SIMD16<UInt16>(truncatingIfNeeded: counts).wrappedSum())
    }
}
