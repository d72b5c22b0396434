internal import COpenSSL
internal import HTTP1
internal import JSON
internal import Policy

/// Tokens of the algorithms and types libjwt 1.10 does not write.
extension TokenSigner {
    /// The compact form (RFC 7515 §7.1), put together here.
    func write(
        _ claims: Span<UInt8>, keyName: String?, type: String?
    ) throws(Defect) -> [UInt8] {
        var members = [("alg", algorithm.rawValue), ("typ", type ?? "JWT")]
        if let keyName { members.append(("kid", keyName)) }
        var header = "{"
        for (name, value) in members {
            guard !value.isEmpty, value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw .header
            }
            let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            header += (header.count > 1 ? "," : "") + "\"\(name)\":\"\(escaped)\""
        }
        let head = Array((header + "}").utf8)
        var token = ByteBuffer(capacityMax: 2 * CompactToken.bytesMax)
        guard Base64URL.encodedCount(head.count + claims.count) < CompactToken.bytesMax else {
            throw .length
        }
        Base64URL.append(head.span, to: &token)
        token.append(UInt8(ascii: "."))
        Base64URL.append(claims, to: &token)
        let signed = token.bytes
        let made =
            algorithm.family == .hmac
            ? authenticate(signed) : withKey { $0.sign(signed, algorithm) }
        guard let signature = made else { throw .library }
        token.append(UInt8(ascii: "."))
        Base64URL.append(signature.span, to: &token)
        guard token.count <= CompactToken.bytesMax else { throw .length }
        return token.bytes
    }

    /// The private key's signature over `message`.
    func sign(_ message: [UInt8]) -> [UInt8]? { withKey { $0.sign(message, algorithm) } }
}

extension PublicKey {
    /// The signature of a private key over `message`.
    fileprivate borrowing func sign(
        _ message: [UInt8], _ algorithm: TokenAlgorithm
    ) -> [UInt8]? {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let context = unsafe EVP_MD_CTX_new() else { return nil }
        defer { unsafe EVP_MD_CTX_free(context) }
        var inner: OpaquePointer?
        if algorithm.family == .edwards {
            guard unsafe EVP_DigestSignInit(context, nil, nil, nil, pointer) == 1 else {
                return nil
            }
        } else {
            guard let hash = unsafe EVP_MD_fetch(nil, "SHA\(algorithm.hashBits)", nil) else {
                return nil
            }
            defer { unsafe EVP_MD_free(hash) }
            guard unsafe EVP_DigestSignInit(context, &inner, hash, nil, pointer) == 1,
                let inner = unsafe inner, unsafe setPSS(of: inner, hash: hash)
            else { return nil }
        }
        var count = 0
        guard unsafe EVP_DigestSign(context, nil, &count, message, message.count) == 1 else {
            return nil
        }
        var out = [UInt8](repeating: 0, count: count)
        guard unsafe EVP_DigestSign(context, &out, &count, message, message.count) == 1 else {
            return nil
        }
        return Array(out.prefix(count))
    }
}
