internal import COpenSSL
internal import HTTP1
internal import Policy

/// Checks signatures with kept contexts: one per public key, one per hash for HMAC and digests.
@safe struct SignatureChecker: ~Copyable {
    private let context: OpaquePointer
    /// Of checks that take no digest: what one leaves behind is none of the other's business.
    private let whole: OpaquePointer
    private let sha256: OpaquePointer
    private let sha384: OpaquePointer
    private let sha512: OpaquePointer
    private var keys = PublicKeyContexts()
    private var hmac256: HMACContext
    private var hmac384: HMACContext
    private var hmac512: HMACContext

    init() throws(KeyDefect) {
        let hmac256 = try HMACContext(hashBits: 256)
        let hmac384 = try HMACContext(hashBits: 384)
        let hmac512 = try HMACContext(hashBits: 512)
        ERR_clear_error()
        defer { ERR_clear_error() }
        let context = unsafe EVP_MD_CTX_new()
        let whole = unsafe EVP_MD_CTX_new()
        let sha256 = unsafe EVP_MD_fetch(nil, "SHA256", nil)
        let sha384 = unsafe EVP_MD_fetch(nil, "SHA384", nil)
        let sha512 = unsafe EVP_MD_fetch(nil, "SHA512", nil)
        guard let context = unsafe context, let whole = unsafe whole, let sha256 = unsafe sha256,
            let sha384 = unsafe sha384, let sha512 = unsafe sha512
        else {
            unsafe EVP_MD_CTX_free(context)
            unsafe EVP_MD_CTX_free(whole)
            unsafe EVP_MD_free(sha256)
            unsafe EVP_MD_free(sha384)
            unsafe EVP_MD_free(sha512)
            throw .library
        }
        unsafe self.context = context
        unsafe self.whole = whole
        unsafe self.sha256 = sha256
        unsafe self.sha384 = sha384
        unsafe self.sha512 = sha512
        self.hmac256 = hmac256
        self.hmac384 = hmac384
        self.hmac512 = hmac512
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
        unsafe EVP_MD_CTX_free(whole)
        unsafe EVP_MD_free(sha256)
        unsafe EVP_MD_free(sha384)
        unsafe EVP_MD_free(sha512)
    }

    mutating func verify(
        _ message: Span<UInt8>, signature: borrowing ByteBuffer, key: VerificationKey
    ) -> Bool {
        verify(message, signature: signature.readable, key: key)
    }

    /// Whether `signature` (decoded) is `key`'s over `message`, by the key's own algorithm.
    mutating func verify(
        _ message: Span<UInt8>, signature: Span<UInt8>, key: VerificationKey
    ) -> Bool {
        guard signature.count == key.signatureBytes else { return false }
        switch key.algorithm {
        case .hs256: return Self.verify(message, mac: signature, key, &hmac256)
        case .hs384: return Self.verify(message, mac: signature, key, &hmac384)
        case .hs512: return Self.verify(message, mac: signature, key, &hmac512)
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512:
            return verifyPublic(message, signature, key)
        case .ed25519: return verifyWhole(message, signature, key)
        case .es256, .es384, .es512:
            // OpenSSL wants DER; it also refuses halves of 0 and of the group's order and above
            // (CVE-2022-21449 was a library that did not).
            var der = ECDSASignature()
            der.set(signature)
            return verifyPublic(message, der.bytes, key)
        }
    }

    private static func verify(
        _ message: Span<UInt8>, mac: Span<UInt8>, _ key: VerificationKey,
        _ context: inout HMACContext
    ) -> Bool {
        guard key.setSecret(of: &context) else { return false }
        return context.verify(message, mac: mac)
    }

    private mutating func verifyPublic(
        _ message: Span<UInt8>, _ signature: Span<UInt8>, _ key: VerificationKey
    ) -> Bool {
        ERR_clear_error()
        // A refused signature leaves entries that the next TLS call of this thread would take for
        // its own.
        defer { ERR_clear_error() }
        let hash = unsafe hash(key)
        guard let prepared = unsafe keys.context(of: key, hash: hash) else { return false }
        var digest = [64 of UInt8](repeating: 0)
        var room = digest.mutableSpan
        var count: UInt32 = 0
        let isDigested = unsafe room.withUnsafeMutableBufferPointer { room in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe EVP_DigestInit_ex2(context, hash, nil) == 1
                    && EVP_DigestUpdate(context, message.baseAddress, message.count) == 1
                    && EVP_DigestFinal_ex(context, room.baseAddress, &count) == 1
            }
        }
        guard isDigested, count == key.algorithm.hashBits / 8 else { return false }
        return prepared.verify(
            digest: digest.span.extracting(0..<Int(count)), signature: signature)
    }

    /// Ed25519 reads the message twice and takes no digest of it. OpenSSL refuses a second half
    /// that is not below the group's order, so that no signature has two spellings.
    private borrowing func verifyWhole(
        _ message: Span<UInt8>, _ signature: Span<UInt8>, _ key: VerificationKey
    ) -> Bool {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard unsafe key.prepareWhole(whole) else { return false }
        return unsafe signature.withUnsafeBufferPointer { signature in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe EVP_DigestVerify(
                    whole, signature.baseAddress, signature.count, message.baseAddress,
                    message.count)
            }
        } == 1
    }

    private borrowing func hash(_ key: VerificationKey) -> OpaquePointer {
        switch key.algorithm.hashBits {
        case 256: unsafe sha256
        case 384: unsafe sha384
        default: unsafe sha512
        }
    }
}

extension VerificationKey {
    /// - Safety: `context` is live.
    @unsafe fileprivate func prepareWhole(_ context: OpaquePointer) -> Bool {
        switch material {
        case .publicKey(let key):
            unsafe EVP_MD_CTX_reset(context) == 1
                && EVP_DigestVerifyInit(context, nil, nil, nil, key.pointer) == 1
        case .secret: false
        }
    }

    fileprivate func setSecret(of context: inout HMACContext) -> Bool {
        switch material {
        case .publicKey: false
        case .secret(let secret): context.setKey(secret)
        }
    }
}

/// The DER form (RFC 3279 §2.2.3) of a JWS's `R || S` (RFC 7518 §3.4), on the stack.
struct ECDSASignature {
    /// Two integers of at most 67 bytes with two bytes of head each, and the sequence's three.
    static let bytesMax = 3 + 2 * (2 + 67)

    private var storage = [144 of UInt8](repeating: 0)
    private var count = 0

    /// - Parameter raw: an even number of bytes, at most 132: the caller has compared the length
    ///   with the key's.
    mutating func set(_ raw: Span<UInt8>) {
        precondition(raw.count <= 132 && raw.count & 1 == 0)
        count = 0
        let half = raw.count / 2
        let r = raw.extracting(0..<half)
        let s = raw.extracting(half..<raw.count)
        let content = Self.integerBytes(r) + Self.integerBytes(s) + 4
        append(0x30)
        if content >= 0x80 { append(0x81) }
        append(UInt8(truncatingIfNeeded: content))
        appendInteger(r)
        appendInteger(s)
    }

    var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { storage.span.extracting(0..<count) }
    }

    private static func leadingZeros(_ magnitude: Span<UInt8>) -> Int {
        var zeros = 0
        while zeros < magnitude.count - 1, magnitude[zeros] == 0 { zeros += 1 }
        return zeros
    }

    /// Bytes of the content of an INTEGER.
    private static func integerBytes(_ magnitude: Span<UInt8>) -> Int {
        guard magnitude.count > 0 else { return 1 }
        let zeros = leadingZeros(magnitude)
        return magnitude.count - zeros + (magnitude[zeros] >= 0x80 ? 1 : 0)
    }

    private mutating func appendInteger(_ magnitude: Span<UInt8>) {
        append(0x02)
        append(UInt8(truncatingIfNeeded: Self.integerBytes(magnitude)))
        guard magnitude.count > 0 else {
            append(0)
            return
        }
        let zeros = Self.leadingZeros(magnitude)
        if magnitude[zeros] >= 0x80 { append(0) }
        for index in zeros..<magnitude.count { append(magnitude[index]) }
    }

    private mutating func append(_ byte: UInt8) {
        storage[count] = byte
        count += 1
    }
}
