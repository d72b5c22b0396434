internal import COpenSSL

/// OpenSSL's prepared checks, one for each key lately used: preparing one costs a tenth of an RSA
/// check, and a key's never changes. One per worker.
struct PublicKeyContexts: ~Copyable {
    /// An issuer has a few keys, and a worker a few issuers; who has more prepares again.
    static let keysMax = 16

    private var contexts: [PublicKeyContext] = []
    private var oldest = 0

    init() {}

    /// The prepared check of `key`; nil when OpenSSL cannot make one.
    ///
    /// - Parameter hash: what the key's algorithm names.
    mutating func context(of key: VerificationKey, hash: OpaquePointer) -> PublicKeyContext? {
        for context in contexts where context.key === key { return context }
        guard let made = unsafe PublicKeyContext(key, hash: hash) else { return nil }
        if contexts.count < Self.keysMax {
            contexts.append(made)
        } else {
            contexts[oldest] = made
            oldest = oldest + 1 == Self.keysMax ? 0 : oldest + 1
        }
        return made
    }
}

/// An `EVP_PKEY_CTX` prepared for one key and its hash.
@safe final class PublicKeyContext {
    /// Held, so that no other key is ever found at its address.
    let key: VerificationKey
    private let context: OpaquePointer

    /// RSA keys of RS algorithms verify PKCS #1 v1.5, OpenSSL's default padding.
    fileprivate init?(_ key: VerificationKey, hash: OpaquePointer) {
        guard let context = unsafe key.makeContext() else { return nil }
        guard unsafe EVP_PKEY_verify_init(context) == 1,
            unsafe EVP_PKEY_CTX_set_signature_md(context, hash) == 1,
            unsafe key.algorithm.family != .pss || setPSS(of: context, hash: hash)
        else {
            unsafe EVP_PKEY_CTX_free(context)
            return nil
        }
        self.key = key
        unsafe self.context = context
    }

    deinit { unsafe EVP_PKEY_CTX_free(context) }

    /// Whether `signature`, as OpenSSL wants it, is the key's over a message with this digest.
    func verify(digest: Span<UInt8>, signature: Span<UInt8>) -> Bool {
        unsafe signature.withUnsafeBufferPointer { signature in
            unsafe digest.withUnsafeBufferPointer { digest in
                unsafe EVP_PKEY_verify(
                    context, signature.baseAddress, signature.count, digest.baseAddress,
                    digest.count)
            }
        } == 1
    }
}

/// The padding of PS algorithms (RFC 7518 §3.5): one hash for message and mask, and a salt of
/// exactly its length, so that a signature with another salt is none.
///
/// - Safety: `context` is live and prepared for an RSA key.
@unsafe func setPSS(of context: OpaquePointer, hash: OpaquePointer) -> Bool {
    unsafe EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1
        && EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash) == 1
        && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1
}

extension VerificationKey {
    /// - Safety: the caller frees what it gets.
    @unsafe fileprivate func makeContext() -> OpaquePointer? {
        switch material {
        case .publicKey(let key): unsafe EVP_PKEY_CTX_new_from_pkey(nil, key.pointer, nil)
        case .secret: nil
        }
    }
}
