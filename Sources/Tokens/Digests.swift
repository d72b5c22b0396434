internal import COpenSSL
internal import HTTP1

/// A SHA-256 value.
struct SHA256Value: Equatable, BitwiseCopyable, Sendable {
    static let byteCount = 32
    /// In the order of the bytes, each big-endian.
    var words: [4 of UInt64] = [0, 0, 0, 0]

    static func == (one: SHA256Value, other: SHA256Value) -> Bool {
        // No early exit: the time says nothing about where two values differ.
        var difference: UInt64 = 0
        for index in 0..<4 { difference |= one.words[index] ^ other.words[index] }
        return difference == 0
    }

    /// The 32 bytes.
    var bytes: [32 of UInt8] {
        var out = [32 of UInt8](repeating: 0)
        for index in 0..<32 {
            out[index] = UInt8(
                truncatingIfNeeded: words[index / 8] >> UInt64((7 - index % 8) * 8))
        }
        return out
    }
}

/// SHA-256 with a fetched algorithm and a kept context, so a digest allocates nothing.
@safe struct SHA256Context: ~Copyable {
    private let algorithm: OpaquePointer
    private let context: OpaquePointer

    init() throws(KeyDefect) {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let algorithm = unsafe EVP_MD_fetch(nil, "SHA256", nil) else { throw .library }
        guard let context = unsafe EVP_MD_CTX_new() else {
            unsafe EVP_MD_free(algorithm)
            throw .library
        }
        unsafe self.algorithm = algorithm
        unsafe self.context = context
        start()
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
        unsafe EVP_MD_free(algorithm)
    }

    /// Begins a new digest.
    mutating func start() {
        precondition(unsafe EVP_DigestInit_ex2(context, algorithm, nil) == 1, "SHA-256 broke")
    }

    mutating func update(_ bytes: Span<UInt8>) {
        guard bytes.count > 0 else { return }
        let result = unsafe bytes.withUnsafeBufferPointer {
            unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count)
        }
        precondition(result == 1, "SHA-256 broke")
    }

    /// Ends the digest and begins the next one.
    mutating func finish() -> SHA256Value {
        var value = SHA256Value()
        let result = unsafe withUnsafeTemporaryAllocation(
            of: UInt8.self, capacity: SHA256Value.byteCount
        ) { room in
            var count: UInt32 = 0
            let result = unsafe EVP_DigestFinal_ex(context, room.baseAddress, &count)
            for index in 0..<SHA256Value.byteCount {
                value.words[index / 8] = unsafe value.words[index / 8] << 8 | UInt64(room[index])
            }
            return result
        }
        precondition(result == 1, "SHA-256 broke")
        start()
        return value
    }

    mutating func digest(_ bytes: Span<UInt8>) -> SHA256Value {
        update(bytes)
        return finish()
    }
}

/// HMAC with a kept context.
@safe struct HMACContext: ~Copyable {
    /// Of SHA-512, the longest.
    static let byteCountMax = 64

    private let context: OpaquePointer
    let byteCount: Int

    /// - Parameter hashBits: 256, 384 or 512.
    init(hashBits: Int) throws(KeyDefect) {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let algorithm = unsafe EVP_MAC_fetch(nil, "HMAC", nil) else { throw .library }
        // The context holds its own reference.
        defer { unsafe EVP_MAC_free(algorithm) }
        guard let context = unsafe EVP_MAC_CTX_new(algorithm) else { throw .library }
        var name = Array("SHA\(hashBits)".utf8CString)
        let result = unsafe name.withUnsafeMutableBufferPointer { name in
            unsafe withUnsafeTemporaryAllocation(of: OSSL_PARAM.self, capacity: 2) { parameters in
                unsafe parameters[0] = OSSL_PARAM_construct_utf8_string(
                    OSSL_MAC_PARAM_DIGEST, name.baseAddress, 0)
                unsafe parameters[1] = OSSL_PARAM_construct_end()
                return unsafe EVP_MAC_CTX_set_params(context, parameters.baseAddress)
            }
        }
        guard result == 1 else {
            unsafe EVP_MAC_CTX_free(context)
            throw .library
        }
        unsafe self.context = context
        byteCount = hashBits / 8
    }

    deinit { unsafe EVP_MAC_CTX_free(context) }

    /// Sets the key of the messages that follow.
    mutating func setKey(_ key: borrowing SecretBytes) -> Bool {
        unsafe key.bytes.withUnsafeBufferPointer {
            unsafe EVP_MAC_init(context, $0.baseAddress, $0.count, nil)
        } == 1
    }

    /// The MAC of `message` under the last key set, written to `out`; false when OpenSSL failed.
    mutating func authenticate(
        _ message: Span<UInt8>, into out: inout [64 of UInt8]
    ) -> Bool {
        // A nil key starts again under the same one.
        guard unsafe EVP_MAC_init(context, nil, 0, nil) == 1 else { return false }
        let updated = unsafe message.withUnsafeBufferPointer {
            unsafe EVP_MAC_update(context, $0.baseAddress, $0.count)
        }
        guard updated == 1 else { return false }
        var span = out.mutableSpan
        var count = 0
        let result = unsafe span.withUnsafeMutableBufferPointer {
            unsafe EVP_MAC_final(context, $0.baseAddress, &count, $0.count)
        }
        return result == 1 && count == byteCount
    }

    mutating func authenticate(
        _ message: borrowing ByteBuffer, into out: inout [64 of UInt8]
    ) -> Bool {
        authenticate(message.readable, into: &out)
    }

    mutating func verify(_ message: Span<UInt8>, mac: borrowing ByteBuffer) -> Bool {
        verify(message, mac: mac.readable)
    }

    /// Whether `mac` is the MAC of `message`; the comparison takes the same time for all.
    mutating func verify(_ message: Span<UInt8>, mac: Span<UInt8>) -> Bool {
        guard mac.count == byteCount else { return false }
        var expected = [64 of UInt8](repeating: 0)
        guard authenticate(message, into: &expected) else { return false }
        return areEqual(expected.span.extracting(0..<byteCount), mac)
    }
}

/// Compares without telling by time where two runs of equal length differ.
func areEqual(_ one: Span<UInt8>, _ other: Span<UInt8>) -> Bool {
    guard one.count == other.count else { return false }
    guard one.count > 0 else { return true }
    return unsafe one.withUnsafeBufferPointer { one in
        unsafe other.withUnsafeBufferPointer { other in
            unsafe CRYPTO_memcmp(one.baseAddress, other.baseAddress, one.count) == 0
        }
    }
}
