import COpenSSL

@testable import Tokens

/// A generated key pair that signs by code of its own, so that no test trusts the code it checks.
@safe final class TestKey: Sendable {
    nonisolated(unsafe) private let key: OpaquePointer

    private init(_ key: OpaquePointer?) {
        guard let key = unsafe key else { preconditionFailure("no test key") }
        unsafe self.key = key
    }

    deinit { unsafe EVP_PKEY_free(key) }

    static let rsa = unsafe TestKey(rf_evp_generate_rsa(2048))
    static let otherRSA = unsafe TestKey(rf_evp_generate_rsa(2048))
    static let weakRSA = unsafe TestKey(rf_evp_generate_rsa(1024))
    static let p256 = unsafe TestKey(rf_evp_generate_ec("P-256"))
    static let p384 = unsafe TestKey(rf_evp_generate_ec("P-384"))
    static let p521 = unsafe TestKey(rf_evp_generate_ec("P-521"))
    static let secp256k1 = unsafe TestKey(rf_evp_generate_ec("secp256k1"))
    static let ed25519 = unsafe TestKey(rf_evp_generate("ED25519"))
    static let ed448 = unsafe TestKey(rf_evp_generate("ED448"))
    static let x25519 = unsafe TestKey(rf_evp_generate("X25519"))

    var publicPEM: [UInt8] { unsafe text { unsafe PEM_write_bio_PUBKEY($0, key) } }

    var privatePEM: [UInt8] {
        unsafe text { unsafe PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
    }

    /// `BEGIN EC PRIVATE KEY` or `BEGIN RSA PRIVATE KEY`.
    var traditionalPEM: [UInt8] {
        unsafe text { unsafe PEM_write_bio_PrivateKey_traditional($0, key, nil, nil, 0, nil, nil) }
    }

    var publicDER: [UInt8] {
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = unsafe i2d_PUBKEY(key, &bytes)
        defer { unsafe CRYPTO_free(bytes, "", 0) }
        return unsafe Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
    }

    /// A number of the key, big-endian.
    func number(_ name: String, bytes size: Int? = nil) -> [UInt8] {
        var number: OpaquePointer?
        precondition(unsafe EVP_PKEY_get_bn_param(key, name, &number) == 1)
        defer { unsafe BN_free(number) }
        let count = unsafe size ?? Int((BN_num_bits(number) + 7) / 8)
        var out = [UInt8](repeating: 0, count: count)
        precondition(unsafe BN_bn2binpad(number, &out, Int32(count)) == Int32(count))
        return out
    }

    /// RSA PKCS #1 v1.5, or ECDSA in DER.
    func sign(_ message: [UInt8], hash: String) -> [UInt8] {
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        let algorithm = unsafe EVP_MD_fetch(nil, hash, nil)
        defer { unsafe EVP_MD_free(algorithm) }
        precondition(unsafe EVP_DigestSignInit(context, nil, algorithm, nil, key) == 1)
        var count = 0
        precondition(unsafe EVP_DigestSign(context, nil, &count, message, message.count) == 1)
        var out = [UInt8](repeating: 0, count: count)
        precondition(unsafe EVP_DigestSign(context, &out, &count, message, message.count) == 1)
        return Array(out[..<count])
    }

    /// RSASSA-PSS; the salt is as long as the hash unless said otherwise.
    func signPSS(
        _ message: [UInt8], hash: String, mask: String? = nil, saltBytes: Int32? = nil
    ) -> [UInt8] {
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        let algorithm = unsafe EVP_MD_fetch(nil, hash, nil)
        defer { unsafe EVP_MD_free(algorithm) }
        let masking = unsafe EVP_MD_fetch(nil, mask ?? hash, nil)
        defer { unsafe EVP_MD_free(masking) }
        var inner: OpaquePointer?
        precondition(unsafe EVP_DigestSignInit(context, &inner, algorithm, nil, key) == 1)
        precondition(unsafe EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PSS_PADDING) == 1)
        precondition(unsafe EVP_PKEY_CTX_set_rsa_mgf1_md(inner, masking) == 1)
        let salt = saltBytes ?? RSA_PSS_SALTLEN_DIGEST
        precondition(unsafe EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, salt) == 1)
        var count = 0
        precondition(unsafe EVP_DigestSign(context, nil, &count, message, message.count) == 1)
        var out = [UInt8](repeating: 0, count: count)
        precondition(unsafe EVP_DigestSign(context, &out, &count, message, message.count) == 1)
        return Array(out[..<count])
    }

    /// Ed25519 (RFC 8032), 64 bytes.
    func signWhole(_ message: [UInt8]) -> [UInt8] {
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        precondition(unsafe EVP_DigestSignInit(context, nil, nil, nil, key) == 1)
        var out = [UInt8](repeating: 0, count: 64)
        var count = out.count
        precondition(unsafe EVP_DigestSign(context, &out, &count, message, message.count) == 1)
        return Array(out[..<count])
    }

    /// The 32 bytes of an Ed25519 public key.
    var rawPublicKey: [UInt8] {
        var out = [UInt8](repeating: 0, count: 32)
        var count = out.count
        precondition(unsafe EVP_PKEY_get_raw_public_key(key, &out, &count) == 1)
        return out
    }

    /// ECDSA as `R || S`, each of `half` bytes.
    func signRaw(_ message: [UInt8], hash: String, half: Int) -> [UInt8] {
        let der = sign(message, hash: hash)
        var place = der[1] == 0x81 ? 3 : 2
        var out: [UInt8] = []
        for _ in 0..<2 {
            precondition(der[place] == 0x02)
            let count = Int(der[place + 1])
            let digits = Array(der[(place + 2)..<(place + 2 + count)].drop { $0 == 0 })
            out += [UInt8](repeating: 0, count: half - digits.count) + digits
            place += 2 + count
        }
        return out
    }

    private func text(_ write: (OpaquePointer?) -> Int32) -> [UInt8] {
        let memory = unsafe BIO_new(BIO_s_mem())
        defer { unsafe BIO_free(memory) }
        precondition(unsafe write(memory) == 1)
        var bytes: UnsafeMutablePointer<CChar>?
        let count = unsafe rf_evp_memory(memory, &bytes)
        return unsafe Array(UnsafeRawBufferPointer(start: bytes, count: count))
    }
}

func hmac(_ message: [UInt8], key: [UInt8], hash: String) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: 64)
    var count = 0
    let result = unsafe EVP_Q_mac(
        nil, "HMAC", nil, hash, nil, key, key.count, message, message.count, &out, out.count,
        &count)
    precondition(unsafe result != nil)
    return Array(out[..<count])
}

/// Base64url, written again without looking at the target's.
func encode(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    var out = ""
    var index = 0
    while index < bytes.count {
        let left = bytes.count - index
        let one = Int(bytes[index]) << 16
        let two = left > 1 ? Int(bytes[index + 1]) << 8 : 0
        let word = one | two | (left > 2 ? Int(bytes[index + 2]) : 0)
        for place in 0..<(left > 2 ? 4 : left + 1) {
            out.append(alphabet[word >> (18 - place * 6) & 63])
        }
        index += 3
    }
    return out
}

func encode(_ text: String) -> String { encode(Array(text.utf8)) }

/// How a token of the tests is signed.
enum TestSigner {
    case hmac(String, [UInt8])
    case rsa(String, TestKey)
    case ecdsa(String, TestKey, half: Int)
    case pss(String, TestKey)
    case edwards(TestKey)
    case bytes([UInt8])

    func sign(_ message: [UInt8]) -> [UInt8] {
        switch self {
        case .hmac(let hash, let key): TokensTests.hmac(message, key: key, hash: hash)
        case .rsa(let hash, let key): key.sign(message, hash: hash)
        case .ecdsa(let hash, let key, let half):
            key.signRaw(message, hash: hash, half: half)
        case .pss(let hash, let key): key.signPSS(message, hash: hash)
        case .edwards(let key): key.signWhole(message)
        case .bytes(let bytes): bytes
        }
    }

    /// A compact token of these two documents, whatever they are.
    func token(header: String, claims: String) -> [UInt8] {
        token(header: Array(header.utf8), claims: Array(claims.utf8))
    }

    func token(header: [UInt8], claims: [UInt8]) -> [UInt8] {
        let message = Array((encode(header) + "." + encode(claims)).utf8)
        return message + [UInt8(ascii: ".")] + Array(encode(sign(message)).utf8)
    }
}
