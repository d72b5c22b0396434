@_spi(TokenVerifier) public import Policy

/// The keys vendors' own servers present, as digests: the keys themselves are not kept.
public final class VendorKeySet: Sendable {
    /// A key has at least the bits of its digest.
    public static let keyBytesMin = 32
    public static let keyBytesMax = 512

    let entries: [(digest: SHA256Value, claims: VerifiedClaims)]

    /// - Parameter keyFiles: pairs of an index in `GatewayPolicy.vendors` and the bytes of its key
    ///   file, less one trailing line end 32 to 512 printable bytes.
    public init(keyFiles: [(vendor: Int, bytes: [UInt8])]) throws(KeyDefect) {
        var context = try SHA256Context()
        var entries: [(digest: SHA256Value, claims: VerifiedClaims)] = []
        for file in keyFiles {
            let key = withoutLineEnd(file.bytes.span)
            guard key.count <= Self.keyBytesMax else { throw .tooLarge }
            try VerificationKey.checkSecret(key, bytesMin: Self.keyBytesMin)
            let digest = context.digest(key)
            guard !entries.contains(where: { $0.digest == digest }) else {
                throw .duplicateSecret
            }
            let claims = VerifiedClaims(
                issuer: nil, vendor: file.vendor, tenant: nil, derivedID: nil, subject: [],
                role: nil, tier: nil, notBefore: 0, expires: .max)
            entries.append((digest, claims))
        }
        self.entries = entries
    }
}

/// Compares presented vendor keys. One per worker.
public struct VendorKeyVerifier: ~Copyable {
    private var digest: SHA256Context

    public init() throws(KeyDefect) {
        let digest = try SHA256Context()
        self.digest = digest
    }

    /// The claims of the vendor whose key this is: a vendor and no tenant. Only digests are
    /// compared, all of them, so time tells nothing about a key.
    public mutating func verify(
        _ presented: Span<UInt8>, keys: VendorKeySet
    ) -> VerifiedClaims? {
        guard presented.count >= VendorKeySet.keyBytesMin,
            presented.count <= VendorKeySet.keyBytesMax
        else { return nil }
        let value = digest.digest(presented)
        var found: VerifiedClaims?
        for entry in keys.entries where entry.digest == value { found = entry.claims }
        return found
    }
}
