internal import HTTP1

/// The compact form of a JWS (RFC 7515 §3.1, §7.1): three base64url segments and two dots, as
/// offsets. Everything that has two readings in some decoder is refused here, before anything is
/// decoded; the length bound also keeps libjwt's `alloca` small.
struct CompactToken: Equatable {
    static let bytesMin = 16
    static let bytesMax = 8_192

    /// The first dot.
    let headerEnd: Int
    /// The second dot.
    let claimsEnd: Int
    let count: Int

    /// - Parameter bytesMax: more than `CompactToken.bytesMax` for assertions only.
    init(
        _ token: Span<UInt8>, bytesMax: Int = CompactToken.bytesMax
    ) throws(TokenDefect) {
        guard token.count >= Self.bytesMin, token.count <= bytesMax else { throw .length }
        var dots = (first: -1, second: -1)
        let table = Base64URL.values
        let values = table.span
        var index = 0
        while index < token.count {
            if token.count &- index >= 8, Base64URL.isText(token.word(at: index)) {
                index &+= 8
                continue
            }
            // A dot, the end, or what belongs to no token.
            let end = min(index &+ 8, token.count)
            while index < end {
                let byte = token[index]
                if byte == UInt8(ascii: ".") {
                    if dots.first < 0 {
                        dots.first = index
                    } else if dots.second < 0 {
                        dots.second = index
                    } else {
                        throw .segments
                    }
                } else {
                    guard values[Int(byte)] < 64 else { throw .alphabet }
                }
                index &+= 1
            }
        }
        guard dots.first > 0, dots.second > dots.first + 1, dots.second + 1 < token.count else {
            throw .segments
        }
        headerEnd = dots.first
        claimsEnd = dots.second
        count = token.count
        try Self.checkEncoding(token.extracting(0..<dots.first))
        try Self.checkEncoding(token.extracting(dots.first + 1..<dots.second))
        try Self.checkEncoding(token.extracting(dots.second + 1..<token.count))
    }

    /// A segment has one spelling (RFC 4648 §3.5).
    private static func checkEncoding(_ segment: Span<UInt8>) throws(TokenDefect) {
        guard Base64URL.isPossible(count: segment.count), Base64URL.hasZeroSpareBits(segment)
        else { throw .encoding }
    }

    var header: Range<Int> { 0..<headerEnd }
    var claims: Range<Int> { headerEnd + 1..<claimsEnd }
    var signature: Range<Int> { claimsEnd + 1..<count }
    /// What the signature covers (RFC 7515 §5.1).
    var signed: Range<Int> { 0..<claimsEnd }
}
