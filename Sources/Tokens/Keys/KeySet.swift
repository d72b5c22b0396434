public import Policy

/// The keys of one issuer, immutable: refreshing makes another set. A token meets no key but
/// those of its route's issuer (attack J5).
public final class KeySet: Sendable {
    public static let keysMax = 100
    /// Bytes of a JWK set; 100 keys of 8192 bits fit.
    public static let setBytesMax = 262_144

    /// A key of a set that is not used, for the operator.
    public struct SkippedKey: Equatable, Sendable {
        public enum Reason: Equatable, Sendable {
            /// `kty` or `crv` we do not implement, or `alg` not among the issuer's.
            case unsupported
            /// `use` or `key_ops` is not for verifying signatures.
            case otherUse
            /// A member is missing, malformed or too long.
            case malformed
            /// `kid` is not of a name's or base64's alphabet.
            case keyName
            case defect(KeyDefect)
        }
        /// Place in the array `keys`.
        public let index: Int
        public let reason: Reason
    }

    public let keys: [VerificationKey]
    public let skipped: [SkippedKey]

    init(checked keys: [VerificationKey], skipped: [SkippedKey]) {
        self.keys = keys
        self.skipped = skipped
    }

    /// A set of one key.
    public init(_ key: VerificationKey) {
        keys = [key]
        skipped = []
    }

    /// A key file: a PEM public key or a JWK set, told apart by content.
    ///
    /// - Parameter allowsSecrets: whether `oct` keys of a set are used; only where the set came
    ///   from a local file, never from the network.
    public convenience init(
        file: Span<UInt8>, algorithms: [TokenAlgorithm], allowsSecrets: Bool = true
    ) throws(KeyDefect) {
        var place = 0
        while place < file.count, Self.isBlank(file[place]) { place += 1 }
        if place < file.count, file[place] == UInt8(ascii: "{") {
            try self.init(jwkSet: file, algorithms: algorithms, allowsSecrets: allowsSecrets)
        } else {
            self.init(try VerificationKey(pem: file, algorithms: algorithms))
        }
    }

    /// A shared secret: the file's bytes, less one trailing line end.
    public convenience init(
        secretFile: Span<UInt8>, algorithms: [TokenAlgorithm]
    ) throws(KeyDefect) {
        self.init(try VerificationKey(secretFile: secretFile, algorithms: algorithms))
    }

    /// The key a token's header names.
    ///
    /// Without `kid` exactly one key must fit the algorithm. A set of one key that has no name, a
    /// PEM file for example, has nothing a `kid` could choose from, so the hint is not followed.
    func key(named name: [UInt8]?, algorithm: TokenAlgorithm) throws(TokenDefect)
        -> VerificationKey
    {
        if keys.count == 1, keys[0].name == nil {
            guard keys[0].algorithm == algorithm else { throw .keyAlgorithm }
            return keys[0]
        }
        if let name {
            for key in keys where key.name == name {
                guard key.algorithm == algorithm else { throw .keyAlgorithm }
                return key
            }
            throw .keyUnknown
        }
        var found: VerificationKey?
        for key in keys where key.algorithm == algorithm {
            guard found == nil else { throw .keyAmbiguous }
            found = key
        }
        guard let found else { throw .keyUnknown }
        return found
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }
}

/// What a `kid` may be: the alphabet of a name, or that of base64. A path, a quote or a control
/// byte is in neither; not that a `kid` ever leaves the table.
enum KeyName {
    static let bytesMax = 128

    static func isAcceptable(_ name: Span<UInt8>) -> Bool {
        guard name.count >= 1, name.count <= bytesMax else { return false }
        var isName = true
        var isBase64 = true
        for index in name.indices {
            let byte = name[index]
            if Base64URL.value(of: byte) < 64 { continue }
            switch byte {
            case UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "~"):
                isBase64 = false
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): isName = false
            default: return false
            }
        }
        return isName || isBase64
    }
}
