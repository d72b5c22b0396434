internal import CJWT
internal import COpenSSL
internal import JSON
public import Policy

/// Mints tokens for tests of a policy, for `token mint` and for the playground: through libjwt, or
/// by OpenSSL alone where libjwt does not know the algorithm. Not for the request path.
public struct TokenSigner: ~Copyable {
    public enum Defect: Error, Equatable, Sendable {
        /// The claims are not one strict JSON object.
        case claims
        /// A name with a NUL or no name at all.
        case header
        /// The token would be longer than any verifier takes.
        case length
        case library
    }

    public let algorithm: TokenAlgorithm
    private let key: SecretBytes

    /// - Parameter keyFile: a private key in PEM, not encrypted, or for HS algorithms a secret less
    ///   one trailing line end. The same checks as for verification apply.
    public init(algorithm: TokenAlgorithm, keyFile: Span<UInt8>) throws(KeyDefect) {
        guard keyFile.count <= VerificationKey.fileBytesMax else { throw .tooLarge }
        let isSecret = algorithm.family == .hmac
        if isSecret {
            let secret = withoutLineEnd(keyFile)
            try VerificationKey.checkSecret(secret, bytesMin: algorithm.hashBits / 8)
        } else {
            try Self.checkPrivateKey(keyFile, algorithm)
        }
        self.algorithm = algorithm
        key = SecretBytes(isSecret ? withoutLineEnd(keyFile) : keyFile)
    }

    /// The MAC of a message under the secret.
    func authenticate(_ message: [UInt8]) -> [UInt8]? {
        guard var mac = try? HMACContext(hashBits: algorithm.hashBits), mac.setKey(key) else {
            return nil
        }
        var out = [64 of UInt8](repeating: 0)
        guard mac.authenticate(message.span, into: &out) else { return nil }
        return (0..<mac.byteCount).map { out[$0] }
    }

    /// What `use` makes of the private key.
    func withKey<Value>(_ use: (borrowing PublicKey) -> Value?) -> Value? {
        guard let pair = PublicKey.read(privatePEM: key.bytes) else { return nil }
        return use(pair)
    }

    private static func checkPrivateKey(
        _ pem: Span<UInt8>, _ algorithm: TokenAlgorithm
    ) throws(KeyDefect) {
        try PEMLabel.requirePrivateKey(pem)
        guard let pair = PublicKey.read(privatePEM: pem) else { throw .unreadable }
        try VerificationKey.check(pair)
        guard VerificationKey.fits(pair, algorithm) else { throw .algorithmMismatch }
    }

    /// A compact token.
    ///
    /// - Parameters:
    ///   - claims: one JSON object; nothing is added to it.
    ///   - type: `typ`; `JWT` unless said otherwise.
    public func mint(
        claims: Span<UInt8>, keyName: String? = nil, type: String? = nil
    ) throws(Defect) -> [UInt8] {
        // libjwt would let the last of two equal claims win.
        var document = JSONDocument()
        do {
            try document.parse(claims, limits: TokenClaims.limits)
        } catch {
            throw .claims
        }
        let view = document.view(of: claims)
        guard view.kind(of: view.root) == .object else { throw .claims }
        // libjwt writes its own `typ` over any other.
        let isOtherType = type != nil && type != "JWT"
        guard algorithm.isKnownToSecondReader, !isOtherType else {
            return try write(claims, keyName: keyName, type: type)
        }
        guard let draft = TokenDraft() else { throw .library }
        guard draft.addClaims(claims) else { throw .claims }
        if let keyName { guard draft.addHeader("kid", keyName) else { throw .header } }
        guard draft.setKey(key, algorithm), let token = draft.encoded() else { throw .library }
        guard token.count <= CompactToken.bytesMax else { throw .length }
        return token
    }
}

extension PEMLabel {
    /// libjwt would ask the terminal for the passphrase of an encrypted key.
    static func requirePrivateKey(_ text: Span<UInt8>) throws(KeyDefect) {
        guard let label = first(in: text) else { throw .formatUnknown }
        guard label == "PRIVATE KEY" || label == "RSA PRIVATE KEY" || label == "EC PRIVATE KEY"
        else { throw .notPrivateKey }
    }
}

extension PublicKey {
    /// Reads an unencrypted private key; the empty passphrase keeps OpenSSL from asking anybody.
    fileprivate static func read(privatePEM pem: Span<UInt8>) -> PublicKey? {
        ERR_clear_error()
        defer { ERR_clear_error() }
        var passphrase: [CChar] = [0]
        let key: OpaquePointer? = unsafe pem.withUnsafeBufferPointer { bytes in
            guard let count = Int32(exactly: bytes.count),
                let source = unsafe BIO_new_mem_buf(bytes.baseAddress, count)
            else { return nil }
            defer { unsafe BIO_free(source) }
            return unsafe PEM_read_bio_PrivateKey(source, nil, nil, &passphrase)
        }
        guard let key = unsafe key else { return nil }
        return unsafe PublicKey(adopting: key)
    }
}

/// A `jwt_t` that is being written.
@safe private struct TokenDraft: ~Copyable {
    private let token: OpaquePointer

    init?() {
        var token: OpaquePointer?
        guard unsafe jwt_new(&token) == 0, let token = unsafe token else { return nil }
        unsafe self.token = token
    }

    deinit { unsafe jwt_free(token) }

    func addClaims(_ json: Span<UInt8>) -> Bool {
        var text = [CChar](capacity: json.count + 1) { out in
            for index in json.indices { out.append(CChar(bitPattern: json[index])) }
        }
        text.append(0)
        return unsafe jwt_add_grants_json(token, text) == 0
    }

    func addHeader(_ name: String, _ value: String) -> Bool {
        guard !value.isEmpty, !value.utf8.contains(0) else { return false }
        return unsafe jwt_add_header(token, name, value) == 0
    }

    func setKey(_ key: borrowing SecretBytes, _ algorithm: TokenAlgorithm) -> Bool {
        guard let count = Int32(exactly: key.count), count > 0 else { return false }
        let name = unsafe jwt_str_alg(algorithm.rawValue)
        return unsafe key.bytes.withUnsafeBufferPointer {
            unsafe jwt_set_alg(token, name, $0.baseAddress, count) == 0
        }
    }

    func encoded() -> [UInt8]? {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let text = unsafe jwt_encode_str(token) else { return nil }
        defer { unsafe free(text) }
        return unsafe Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
    }
}
