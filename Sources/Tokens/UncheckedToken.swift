internal import HTTP1

/// What a compact token says of itself, believed by nobody: for people who look at one. Its form is
/// checked as strictly as a verifier checks it, its signature not at all.
public struct UncheckedToken: Sendable {
    /// The decoded header and claims; most likely JSON.
    public let header: [UInt8]
    public let claims: [UInt8]
    public let signatureBytes: Int

    public init(_ token: Span<UInt8>) throws(TokenDefect) {
        let form = try CompactToken(token)
        header = try Self.decode(token.extracting(form.header))
        claims = try Self.decode(token.extracting(form.claims))
        signatureBytes = try Self.decode(token.extracting(form.signature)).count
    }

    private static func decode(_ segment: Span<UInt8>) throws(TokenDefect) -> [UInt8] {
        var bytes = ByteBuffer(capacityMax: CompactToken.bytesMax)
        guard Base64URL.decode(segment, into: &bytes) else { throw .encoding }
        return bytes.bytes
    }
}
