public import Policy

/// One key, pinned to one algorithm: type, size, curve and hash are checked when it is loaded, so
/// that nothing a token says can choose how it is used (RFC 8725 §3.1).
public final class VerificationKey: Sendable {
    public static let rsaBits = 2048...8192
    /// A PEM file of an 8192-bit key has 1.5 KB.
    public static let fileBytesMax = 65_536
    /// A longer secret is hashed by HMAC anyway.
    public static let secretBytesMax = 4_096
    /// RFC 8032 §5.1.6.
    static let ed25519SignatureBytes = 64

    /// The only algorithm this key is ever used with.
    public let algorithm: TokenAlgorithm
    /// The key's `kid`; nil for a PEM file or a shared secret.
    public let name: [UInt8]?
    /// Bytes of every signature of this key.
    let signatureBytes: Int
    let material: Material

    enum Material: ~Copyable, Sendable {
        case publicKey(PublicKey)
        case secret(SecretBytes)
    }

    init(
        algorithm: TokenAlgorithm, name: [UInt8]?, publicKey: consuming PublicKey
    ) throws(KeyDefect) {
        guard Self.fits(publicKey, algorithm) else { throw .algorithmMismatch }
        self.algorithm = algorithm
        self.name = name
        switch algorithm.family {
        case .rsa, .pss: signatureBytes = (publicKey.bits + 7) / 8
        case .ec: signatureBytes = algorithm.coordinateBytes * 2
        case .edwards: signatureBytes = Self.ed25519SignatureBytes
        case .hmac: throw .algorithmMismatch
        }
        material = .publicKey(publicKey)
    }

    /// - Parameter secret: used as it is, at least as long as the algorithm's hash.
    init(algorithm: TokenAlgorithm, name: [UInt8]?, secret: Span<UInt8>) throws(KeyDefect) {
        guard algorithm.family == .hmac else { throw .algorithmMismatch }
        try Self.checkSecret(secret, bytesMin: algorithm.hashBits / 8)
        self.algorithm = algorithm
        self.name = name
        signatureBytes = algorithm.hashBits / 8
        material = .secret(SecretBytes(secret))
    }

    /// A public key from a PEM file (`PUBLIC KEY`, RFC 7468 §13), pinned to the one of
    /// `algorithms` that fits it.
    public convenience init(
        pem: Span<UInt8>, algorithms: [TokenAlgorithm], name: [UInt8]? = nil
    ) throws(KeyDefect) {
        guard pem.count <= Self.fileBytesMax else { throw .tooLarge }
        try PEMLabel.requirePublicKey(pem)
        guard let key = PublicKey.read(pem: pem) else { throw .unreadable }
        try Self.check(key)
        let algorithm = try Self.only(algorithms) { Self.fits(key, $0) }
        try self.init(algorithm: algorithm, name: name, publicKey: key)
    }

    /// A shared secret from a file's bytes, less one trailing line end, pinned to the one HS
    /// algorithm among `algorithms`.
    public convenience init(
        secretFile bytes: Span<UInt8>, algorithms: [TokenAlgorithm]
    ) throws(KeyDefect) {
        let algorithm = try Self.only(algorithms) { $0.family == .hmac }
        let secret = withoutLineEnd(bytes)
        try self.init(algorithm: algorithm, name: nil, secret: secret)
    }

    /// Too short is refused, and so is a PEM file: with the public key as secret everybody could
    /// sign (attack J2).
    static func checkSecret(_ secret: Span<UInt8>, bytesMin: Int) throws(KeyDefect) {
        guard secret.count <= secretBytesMax else { throw .tooLarge }
        guard PEMLabel.first(in: secret) == nil else { throw .secretIsKeyFile }
        guard secret.count >= bytesMin else { throw .secretTooShort(bytesMin: bytesMin) }
    }

    /// What holds for a key whatever its algorithm.
    static func check(_ key: borrowing PublicKey) throws(KeyDefect) {
        if key.isType("RSA") {
            guard rsaBits.contains(key.bits) else { throw .size(bits: key.bits) }
            guard key.hasSafeExponent else { throw .exponent }
        } else if key.isType("EC") {
            let curve = key.curve
            guard TokenAlgorithm.allCases.contains(where: { $0.curve == curve && curve != nil })
            else { throw .curve }
            guard key.isValidPoint else { throw .unreadable }
        } else if key.isType("ED25519") {
            guard key.isValidPoint, !key.isOfSmallOrder else { throw .unreadable }
        } else {
            throw .typeUnsupported
        }
    }

    static func fits(_ key: borrowing PublicKey, _ algorithm: TokenAlgorithm) -> Bool {
        switch algorithm.family {
        case .hmac: false
        case .rsa, .pss: key.isType("RSA")
        case .ec: key.isType("EC") && key.curve == algorithm.curve
        case .edwards: key.isType("ED25519")
        }
    }

    static func only(
        _ algorithms: [TokenAlgorithm], fitting fits: (TokenAlgorithm) -> Bool
    ) throws(KeyDefect) -> TokenAlgorithm {
        var found: TokenAlgorithm?
        for algorithm in algorithms where fits(algorithm) {
            guard found == nil || found == algorithm else { throw .algorithmAmbiguous }
            found = algorithm
        }
        guard let found else { throw .algorithmMissing }
        return found
    }
}

/// A secret file's content: editors add one line end.
@_lifetime(copy bytes)
func withoutLineEnd(_ bytes: Span<UInt8>) -> Span<UInt8> {
    var end = bytes.count
    if end > 0, bytes[end - 1] == UInt8(ascii: "\n") {
        end -= 1
        if end > 0, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    }
    return bytes.extracting(0..<end)
}

/// The labels of PEM blocks (RFC 7468 §2), to say what is wrong with a file before OpenSSL tries.
enum PEMLabel {
    private static let begin: [UInt8] = Array("-----BEGIN ".utf8)

    static func requirePublicKey(_ text: Span<UInt8>) throws(KeyDefect) {
        guard let label = first(in: text) else { throw .formatUnknown }
        if label.hasSuffix("PRIVATE KEY") { throw .privateKey }
        if label.hasSuffix("CERTIFICATE") { throw .certificate }
        guard label == "PUBLIC KEY" else { throw .notSubjectPublicKeyInfo }
        guard count(in: text) == 1 else { throw .severalBlocks }
    }

    /// The label of the first block; empty when the line never ends.
    static func first(in text: Span<UInt8>) -> String? {
        guard let start = next(in: text, from: 0) else { return nil }
        var label: [UInt8] = []
        var place = start + begin.count
        while place < text.count, text[place] != UInt8(ascii: "-") {
            label.append(text[place])
            place += 1
        }
        return String(decoding: label, as: UTF8.self)
    }

    private static func count(in text: Span<UInt8>) -> Int {
        var found = 0
        var place = 0
        while let start = next(in: text, from: place) {
            found += 1
            place = start + begin.count
        }
        return found
    }

    private static func next(in text: Span<UInt8>, from start: Int) -> Int? {
        var place = start
        while place + begin.count <= text.count {
            var matched = 0
            while matched < begin.count, text[place + matched] == begin[matched] { matched += 1 }
            if matched == begin.count { return place }
            place += 1
        }
        return nil
    }
}
