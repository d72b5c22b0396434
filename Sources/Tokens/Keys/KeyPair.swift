internal import COpenSSL
public import Policy

/// A new key pair for an issuer, for playgrounds and tests: RSA-2048, or the curve of the
/// algorithm.
public struct KeyPair: Sendable {
    /// PKCS#8, not encrypted.
    public let privatePEM: [UInt8]
    /// SubjectPublicKeyInfo, as `KeySet(file:)` takes it.
    public let publicPEM: [UInt8]

    /// - Throws: `formatUnknown` for symmetric algorithms, which have no pair.
    public init(algorithm: TokenAlgorithm) throws(KeyDefect) {
        let key: OpaquePointer?
        switch algorithm {
        case .hs256, .hs384, .hs512: throw .formatUnknown
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512:
            unsafe key = unsafe rf_evp_generate_rsa(2_048)
        case .es256: unsafe key = unsafe rf_evp_generate_ec("P-256")
        case .es384: unsafe key = unsafe rf_evp_generate_ec("P-384")
        case .es512: unsafe key = unsafe rf_evp_generate_ec("P-521")
        case .ed25519: unsafe key = unsafe rf_evp_generate("ED25519")
        }
        guard let key = unsafe key else { throw .library }
        defer { unsafe EVP_PKEY_free(key) }
        guard let secret = unsafe BIO_new(BIO_s_mem()), let open = unsafe BIO_new(BIO_s_mem())
        else { throw .library }
        defer {
            unsafe BIO_free(secret)
            unsafe BIO_free(open)
        }
        guard unsafe PEM_write_bio_PrivateKey(secret, key, nil, nil, 0, nil, nil) == 1,
            unsafe PEM_write_bio_PUBKEY(open, key) == 1
        else { throw .library }
        privatePEM = unsafe Self.bytes(of: secret)
        publicPEM = unsafe Self.bytes(of: open)
    }

    @unsafe private static func bytes(of bio: OpaquePointer) -> [UInt8] {
        var start: UnsafeMutablePointer<CChar>?
        let count = unsafe rf_evp_memory(bio, &start)
        guard let start = unsafe start, count > 0 else { return [] }
        return unsafe UnsafeRawBufferPointer(start: start, count: count).map { $0 }
    }
}
