internal import HTTP1
internal import Policy

/// Pieces of tokens that no verifier may take, for `ringfence attack`. What they are made of has
/// none of the bounds a signer of ours insists on, so nothing else of the project may use it.
package enum TokenForging {
    /// Base64url without padding (RFC 7515 section 2).
    package static func text(of bytes: Span<UInt8>) -> [UInt8] {
        var out = ByteBuffer(capacityMax: Base64URL.encodedCount(bytes.count) + 4)
        Base64URL.append(bytes, to: &out)
        return out.bytes
    }

    /// HMAC-SHA256 under any key, the empty one included; `nil` when OpenSSL failed.
    package static func keyedHash(of message: [UInt8], key: [UInt8]) -> [UInt8]? {
        // HMAC fills a key up with zeros (RFC 2104): one zero and no byte are the same key, and
        // OpenSSL takes only the former.
        let secret = SecretBytes((key.isEmpty ? [0] : key).span)
        guard var mac = try? HMACContext(hashBits: 256), mac.setKey(secret) else { return nil }
        var out = [64 of UInt8](repeating: 0)
        guard mac.authenticate(message.span, into: &out) else { return nil }
        return (0..<mac.byteCount).map { out[$0] }
    }

    /// An RS256 token signed by a key made for it, which its header carries as `jwk`
    /// (CVE-2018-0114: verifiers that take the key from the token).
    package static func selfSigned(claims: [UInt8], keyName: String) -> [UInt8]? {
        guard let pair = try? KeyPair(algorithm: .rs256),
            let signer = try? TokenSigner(algorithm: .rs256, keyFile: pair.privatePEM.span),
            let modulus = modulus(ofPEM: pair.publicPEM)
        else { return nil }
        let number = String(decoding: text(of: modulus.span), as: UTF8.self)
        let header =
            #"{"alg":"RS256","typ":"JWT","kid":"\#(keyName)","jwk":"#
            + #"{"kty":"RSA","kid":"\#(keyName)","e":"AQAB","n":"\#(number)"}}"#
        let signed =
            text(of: [UInt8](header.utf8).span) + [UInt8(ascii: ".")] + text(of: claims.span)
        guard let signature = signer.sign(signed) else { return nil }
        return signed + [UInt8(ascii: ".")] + text(of: signature.span)
    }

    /// The modulus of a 2048-bit key: 256 bytes in front of the exponent, which ends the structure
    /// (RFC 8017 appendix A.1.1).
    private static func modulus(ofPEM pem: [UInt8]) -> [UInt8]? {
        let lines = pem.split(separator: UInt8(ascii: "\n"))
        var text = lines.filter { $0.first != UInt8(ascii: "-") }.flatMap { $0 }
        while text.last == UInt8(ascii: "=") { text.removeLast() }
        for index in text.indices {
            if text[index] == UInt8(ascii: "+") { text[index] = UInt8(ascii: "-") }
            if text[index] == UInt8(ascii: "/") { text[index] = UInt8(ascii: "_") }
        }
        guard let der = Base64URL.decode(text.span), der.count > 261,
            der.suffix(5) == [2, 3, 1, 0, 1]
        else { return nil }
        return Array(der.dropLast(5).suffix(256))
    }
}
