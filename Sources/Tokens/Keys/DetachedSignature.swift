internal import COpenSSL

/// Ed25519 (RFC 8032) over a file that a person keeps: made with a private key in PEM, checked with
/// the public one, on any machine and without anything of ours running.
public enum DetachedSignature {
    public static let byteCount = 64

    /// - Parameter privatePEM: PKCS#8, not encrypted.
    public static func sign(
        _ message: [UInt8], privatePEM: [UInt8]
    ) throws(KeyDefect) -> [UInt8] {
        let key = unsafe read(privatePEM) { unsafe rf_pem_read_key($0, nil) }
        guard let key = unsafe key else { throw .formatUnknown }
        defer { unsafe EVP_PKEY_free(key) }
        guard unsafe EVP_PKEY_is_a(key, "ED25519") == 1 else { throw .typeUnsupported }
        guard let context = unsafe EVP_MD_CTX_new() else { throw .library }
        defer { unsafe EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: byteCount)
        var count = byteCount
        let isSigned = unsafe signature.withUnsafeMutableBufferPointer { room in
            unsafe message.withUnsafeBufferPointer { bytes in
                unsafe EVP_DigestSignInit_ex(context, nil, nil, nil, nil, key, nil) == 1
                    && EVP_DigestSign(
                        context, room.baseAddress, &count, bytes.baseAddress, bytes.count) == 1
            }
        }
        ERR_clear_error()
        guard isSigned, count == byteCount else { throw .library }
        return signature
    }

    /// Whether `signature` was made over `message` by the owner of the key.
    ///
    /// - Parameter publicPEM: SubjectPublicKeyInfo.
    public static func isValid(
        _ signature: [UInt8], of message: [UInt8], publicPEM: [UInt8]
    ) throws(KeyDefect) -> Bool {
        let key = unsafe try publicKey(publicPEM)
        defer { unsafe EVP_PKEY_free(key) }
        guard signature.count == byteCount else { return false }
        guard let context = unsafe EVP_MD_CTX_new() else { throw .library }
        defer { unsafe EVP_MD_CTX_free(context) }
        let isValid = unsafe signature.withUnsafeBufferPointer { signature in
            unsafe message.withUnsafeBufferPointer { bytes in
                unsafe EVP_DigestVerifyInit_ex(context, nil, nil, nil, nil, key, nil) == 1
                    && EVP_DigestVerify(
                        context, signature.baseAddress, signature.count, bytes.baseAddress,
                        bytes.count) == 1
            }
        }
        ERR_clear_error()
        return isValid
    }

    /// The public half in PEM, of a private key in PEM.
    public static func publicPEM(ofPrivate privatePEM: [UInt8]) throws(KeyDefect) -> [UInt8] {
        let key = unsafe read(privatePEM) { unsafe rf_pem_read_key($0, nil) }
        guard let key = unsafe key else { throw .formatUnknown }
        defer { unsafe EVP_PKEY_free(key) }
        guard unsafe EVP_PKEY_is_a(key, "ED25519") == 1 else { throw .typeUnsupported }
        guard let bio = unsafe BIO_new(BIO_s_mem()) else { throw .library }
        defer { unsafe BIO_free(bio) }
        guard unsafe PEM_write_bio_PUBKEY(bio, key) == 1 else { throw .library }
        var start: UnsafeMutablePointer<CChar>?
        let count = unsafe rf_evp_memory(bio, &start)
        guard let start = unsafe start, count > 0 else { throw .library }
        return unsafe UnsafeRawBufferPointer(start: start, count: count).map { $0 }
    }

    @unsafe private static func publicKey(_ pem: [UInt8]) throws(KeyDefect) -> OpaquePointer {
        let key = unsafe read(pem) { unsafe PEM_read_bio_PUBKEY($0, nil, nil, nil) }
        guard let key = unsafe key else { throw .formatUnknown }
        guard unsafe EVP_PKEY_is_a(key, "ED25519") == 1 else {
            unsafe EVP_PKEY_free(key)
            throw .typeUnsupported
        }
        return unsafe key
    }

    /// - Safety: the answer is the caller's to free.
    @unsafe private static func read(
        _ pem: [UInt8], _ parse: (OpaquePointer) -> OpaquePointer?
    ) -> OpaquePointer? {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let count = Int32(exactly: pem.count) else { return nil }
        return unsafe pem.withUnsafeBufferPointer { bytes in
            guard let bio = unsafe BIO_new_mem_buf(bytes.baseAddress, count) else { return nil }
            defer { unsafe BIO_free(bio) }
            return unsafe parse(bio)
        }
    }
}
