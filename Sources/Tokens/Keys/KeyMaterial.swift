internal import COpenSSL
internal import Policy

/// Bytes that are wiped when nobody needs them any more.
@safe struct SecretBytes: ~Copyable {
    private let base: UnsafeMutablePointer<UInt8>
    let count: Int

    init(_ bytes: Span<UInt8>) {
        count = bytes.count
        unsafe base = UnsafeMutablePointer<UInt8>.allocate(capacity: max(count, 1))
        for index in bytes.indices { unsafe (base + index).initialize(to: bytes[index]) }
    }

    deinit {
        unsafe OPENSSL_cleanse(base, count)
        unsafe base.deallocate()
    }

    var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let view = unsafe UnsafeBufferPointer(start: base, count: count)
            return unsafe _overrideLifetime(unsafe view.span, borrowing: self)
        }
    }
}

// The bytes are written in `init` only, so threads may read them together.
extension SecretBytes: @unchecked Sendable {}

/// An `EVP_PKEY` with one owner.
@safe struct PublicKey: ~Copyable {
    private let key: OpaquePointer

    /// - Safety: `key` is live and nothing else will free it.
    @unsafe init(adopting key: OpaquePointer) { unsafe self.key = key }

    deinit { unsafe EVP_PKEY_free(key) }

    /// - Safety: the pointer must not outlive this value, and nothing may change the key.
    @unsafe var pointer: OpaquePointer { unsafe key }

    /// Reads one `PUBLIC KEY` block (RFC 7468 §13).
    static func read(pem: Span<UInt8>) -> PublicKey? {
        ERR_clear_error()
        defer { ERR_clear_error() }
        // With an empty passphrase a block marked as encrypted fails instead of asking a terminal.
        var passphrase: [CChar] = [0]
        let key: OpaquePointer? = unsafe pem.withUnsafeBufferPointer { bytes in
            guard let count = Int32(exactly: bytes.count),
                let source = unsafe BIO_new_mem_buf(bytes.baseAddress, count)
            else { return nil }
            defer { unsafe BIO_free(source) }
            return unsafe PEM_read_bio_PUBKEY(source, nil, nil, &passphrase)
        }
        guard let key = unsafe key else { return nil }
        return unsafe PublicKey(adopting: key)
    }

    /// Reads a DER SubjectPublicKeyInfo (RFC 5280 §4.1), all of it.
    static func read(der: [UInt8]) -> PublicKey? {
        ERR_clear_error()
        defer { ERR_clear_error() }
        let key: OpaquePointer? = unsafe der.withUnsafeBufferPointer { bytes in
            var place = bytes.baseAddress
            let read = unsafe d2i_PUBKEY(nil, &place, bytes.count)
            guard unsafe place == bytes.baseAddress.map({ unsafe $0 + bytes.count }) else {
                unsafe EVP_PKEY_free(read)
                return nil
            }
            return unsafe read
        }
        guard let key = unsafe key else { return nil }
        return unsafe PublicKey(adopting: key)
    }

    func isType(_ name: String) -> Bool { unsafe EVP_PKEY_is_a(key, name) == 1 }

    var bits: Int { unsafe Int(EVP_PKEY_get_bits(key)) }

    /// OpenSSL's name of the curve; nil when the key has none or gives its parameters one by one.
    var curve: String? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { name in
            var count = 0
            guard unsafe EVP_PKEY_get_group_name(key, name.baseAddress, 64, &count) == 1 else {
                return nil
            }
            return unsafe name.baseAddress.map { unsafe String(cString: $0) }
        }
    }

    /// Odd, at least 3 and at most 64 bits: 1 would make every message its own signature, and a
    /// huge one makes each check expensive.
    var hasSafeExponent: Bool {
        var exponent: OpaquePointer?
        guard unsafe EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 else {
            return false
        }
        defer { unsafe BN_free(exponent) }
        let bits = unsafe BN_num_bits(exponent)
        return unsafe bits >= 2 && bits <= 64 && BN_is_odd(exponent) == 1
    }

    /// The point is on its curve and of full order (SP 800-56A §5.6.2.3).
    var isValidPoint: Bool {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key, nil) else { return false }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        return unsafe EVP_PKEY_public_check(context) == 1
    }
}

// OpenSSL counts references of an EVP_PKEY atomically and never changes a key while it verifies
// (crypto(7), "Thread safety"); nothing here changes one after loading.
extension PublicKey: @unchecked Sendable {}

extension TokenAlgorithm {
    enum Family { case hmac, rsa, pss, ec, edwards }

    var family: Family {
        switch self {
        case .hs256, .hs384, .hs512: .hmac
        case .rs256, .rs384, .rs512: .rsa
        case .ps256, .ps384, .ps512: .pss
        case .es256, .es384, .es512: .ec
        case .ed25519: .edwards
        }
    }

    /// Bits of the hash, which are the last three digits of the name; Ed25519 has SHA-512 inside.
    var hashBits: Int {
        switch self {
        case .hs256, .rs256, .es256, .ps256: 256
        case .hs384, .rs384, .es384, .ps384: 384
        case .hs512, .rs512, .es512, .ps512, .ed25519: 512
        }
    }

    /// OpenSSL's name of the one curve of an ES algorithm (RFC 7518 §3.4).
    var curve: String? {
        switch self {
        case .es256: "prime256v1"
        case .es384: "secp384r1"
        case .es512: "secp521r1"
        default: nil
        }
    }

    /// Bytes of each half of an ES signature (RFC 7518 §3.4).
    var coordinateBytes: Int {
        switch self {
        case .es384: 48
        case .es512: 66
        default: 32
        }
    }
}
