public import HTTP1

/// The SHA-256 of a body that arrives in pieces, written as an assertion's `bd` carries it.
public struct BodyDigest: ~Copyable {
    /// Bytes `finish` appends.
    public static let textBytes = AssertionForm.digestBytes

    private var context: SHA256Context

    public init() throws(KeyDefect) {
        let context = try SHA256Context()
        self.context = context
    }

    public mutating func update(_ bytes: Span<UInt8>) { context.update(bytes) }

    /// Appends base64url text of `textBytes` bytes and starts anew.
    public mutating func finish(into out: inout ByteBuffer) {
        let bytes = context.finish().bytes
        Base64URL.append(bytes.span, to: &out)
    }

    /// Forgets what was read.
    public mutating func reset() { context.start() }
}
