/// Why bytes are not usable as a key or a set of keys. Never holds key bytes.
public enum KeyDefect: Error, Equatable, Sendable {
    /// Neither a PEM block nor a JSON object.
    case formatUnknown
    /// More bytes than a key file of this kind may have.
    case tooLarge
    /// A private key where a public one belongs.
    case privateKey
    /// No unencrypted private key where one belongs.
    case notPrivateKey
    /// A certificate where a public key belongs.
    case certificate
    /// A PEM block that is not `PUBLIC KEY` (SubjectPublicKeyInfo); PKCS#1 for example.
    case notSubjectPublicKeyInfo
    /// More than one PEM block.
    case severalBlocks
    /// OpenSSL cannot read the key.
    case unreadable
    /// Neither RSA, EC nor Ed25519; keys bound to RSA-PSS, Ed448 and others are not implemented.
    case typeUnsupported
    /// RSA outside 2048...8192 bits.
    case size(bits: Int)
    /// An even RSA exponent, one below 3, or one above 64 bits.
    case exponent
    /// No curve of ES256, ES384 or ES512.
    case curve
    /// The key does not fit the algorithm it is meant for.
    case algorithmMismatch
    /// None of the issuer's algorithms fits the key.
    case algorithmMissing
    /// Several of the issuer's algorithms fit; a key is pinned to one (RFC 8725 §3.1).
    case algorithmAmbiguous
    /// Shorter than the hash (RFC 7518 §3.2).
    case secretTooShort(bytesMin: Int)
    /// A PEM block given as a shared secret: public bytes would sign tokens.
    case secretIsKeyFile
    /// Not one line as the database's `seal-key create` writes it.
    case sealKeyMalformed
    /// The set is not strict JSON, or no object with an array `keys`.
    case setMalformed
    case tooManyKeys
    /// Two vendors with one key.
    case duplicateSecret
    /// Two usable keys with one `kid`.
    case duplicateKeyID
    /// A set of public keys that shows a private one: the key is compromised.
    case privateMembers
    /// Nothing in the set can be used; the skipped keys say why.
    case noUsableKey
    case library

    /// One sentence for a diagnostic, without the file's name.
    public var message: String {
        switch self {
        case .formatUnknown: "is neither a PEM public key nor a JWK set"
        case .tooLarge: "is too large for a key file"
        case .privateKey: "is a private key; a public key (`PUBLIC KEY`) belongs here"
        case .notPrivateKey: "is no unencrypted private key"
        case .certificate:
            "is a certificate; give its public key (openssl x509 -pubkey -noout)"
        case .notSubjectPublicKeyInfo: "is not a `PUBLIC KEY` block (SubjectPublicKeyInfo)"
        case .severalBlocks: "holds more than one PEM block; use a JWK set for several keys"
        case .unreadable: "cannot be read as a key"
        case .typeUnsupported: "is neither an RSA, an EC nor an Ed25519 key"
        case .size(let bits): "is an RSA key of \(bits) bits; 2048 to 8192 are accepted"
        case .exponent: "is an RSA key with an unsafe exponent"
        case .curve: "is on a curve other than P-256, P-384 and P-521"
        case .algorithmMismatch: "does not fit the algorithm"
        case .algorithmMissing: "fits none of the issuer's algorithms"
        case .algorithmAmbiguous: "fits several of the issuer's algorithms; name exactly one"
        case .secretTooShort(let bytesMin): "is shorter than the \(bytesMin) bytes of its hash"
        case .secretIsKeyFile: "is a key file, not a shared secret"
        case .sealKeyMalformed:
            "is no seal key; `ringfence-backend db seal-key create` makes one"
        case .setMalformed: "is not a strict JSON object with an array `keys`"
        case .tooManyKeys: "holds more than \(KeySet.keysMax) keys"
        case .duplicateSecret: "is the key of another vendor as well"
        case .duplicateKeyID: "holds two keys with one `kid`"
        case .privateMembers: "shows private key material; those keys are compromised"
        case .noUsableKey: "holds no key the issuer's algorithms can use"
        case .library: "could not be loaded by OpenSSL"
        }
    }
}
