internal import HTTP1
public import Policy

/// Makes what directories know of credentials in place of the credentials themselves. Belongs to
/// one thread: it keeps OpenSSL's contexts, so a digest allocates nothing.
///
/// An API key is 256 random bits, so nobody guesses one from a plain SHA-256 either. It is HMACed
/// under a pepper that is not in the database because whoever could write there could otherwise
/// make up a key and put its digest in.
public struct CredentialDigester: ~Copyable {
    private var mac: HMACContext?

    /// - Parameter pepper: what API keys are digested with; `nil` where there are none.
    public init(pepper: [UInt8]?) throws(KeyDefect) {
        var mac: HMACContext?
        if let pepper {
            let least = DirectoryPolicy.secretBytesMin
            guard pepper.count >= least else { throw .secretTooShort(bytesMin: least) }
            var made = try HMACContext(hashBits: 256)
            guard made.setKey(SecretBytes(pepper.span)) else { throw .library }
            mac = .some(made)
        }
        self.mac = mac
    }

    /// Of a whole API key, `rf_live_<id>_<secret>`; `nil` without a pepper.
    public mutating func apiKey(_ key: Span<UInt8>) -> CredentialDigest? {
        var out = [64 of UInt8](repeating: 0)
        guard mac?.authenticate(key, into: &out) == true else { return nil }
        return CredentialDigest(bytes: out.span.extracting(0..<CredentialDigest.byteCount))
    }
}

/// How an API key is written: `rf_live_`, its id, `_`, its secret.
public enum APIKeyText {
    public static let prefix: StaticString = "rf_live_"
    /// 256 bits in `a-z2-7`, five bits a character.
    public static let secretBytes = 52
    public static let byteCount = 8 + APIKeyID.byteCount + 1 + secretBytes

    /// The id of a key of exactly this form; `nil` for anything else (attack K3).
    public static func id(_ key: Span<UInt8>) -> APIKeyID? {
        guard key.count == byteCount, key.extracting(0..<8).equals(prefix),
            key[8 + APIKeyID.byteCount] == UInt8(ascii: "_")
        else { return nil }
        for index in 9 + APIKeyID.byteCount..<byteCount where !isDigit(key[index]) { return nil }
        return APIKeyID(key.extracting(8..<8 + APIKeyID.byteCount))
    }

    /// The key of 10 random bytes for the id and 32 for the secret.
    public static func make(id: Span<UInt8>, secret: Span<UInt8>) -> [UInt8] {
        [UInt8](prefix.description.utf8) + base32(id) + [UInt8(ascii: "_")] + base32(secret)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "2") < 6
    }

    /// RFC 4648 section 6 in lower case, without padding.
    private static func base32(_ bytes: Span<UInt8>) -> [UInt8] {
        let alphabet = [UInt8]("abcdefghijklmnopqrstuvwxyz234567".utf8)
        var text: [UInt8] = []
        var held: UInt32 = 0
        var bits = 0
        for index in bytes.indices {
            held = held << 8 | UInt32(bytes[index])
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(alphabet[Int(held >> UInt32(bits)) & 31])
            }
        }
        if bits > 0 { text.append(alphabet[Int(held << UInt32(5 - bits)) & 31]) }
        return text
    }
}
