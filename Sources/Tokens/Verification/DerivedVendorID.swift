public import HTTP1

/// Appends the id of the vendor of this name: a name-based UUIDv8 (RFC 9562 §5.8), the first 128
/// bits of SHA-256 over a domain of its own and the name. Gateway policies name vendors and know no
/// ids, so the name must be enough, in every process alike.
///
/// - Returns: false, with nothing appended, when OpenSSL cannot be used.
public func appendDerivedVendorID(_ name: Span<UInt8>, to out: inout ByteBuffer) -> Bool {
    guard var digest = try? SHA256Context() else { return false }
    let domain: StaticString = "ringfence vendor\0"
    digest.update(domain.bytes)
    digest.update(name)
    let value = digest.finish()
    let high = value.words[0] & 0xFFFF_FFFF_FFFF_0FFF | 0x8000
    let low = value.words[1] & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    for place in 0..<32 {
        if place == 8 || place == 12 || place == 16 || place == 20 {
            out.append(UInt8(ascii: "-"))
        }
        let word = place < 16 ? high : low
        let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - place % 16 * 4)) & 15
        out.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
    return true
}
