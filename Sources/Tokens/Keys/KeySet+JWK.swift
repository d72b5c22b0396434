internal import JSON
public import Policy

extension KeySet {
    /// A JWK set (RFC 7517 §5).
    ///
    /// A key that cannot be used is skipped and listed, for identity providers publish keys for
    /// other purposes; what makes the whole set doubtful is refused: two usable keys of one
    /// `kid`, or private key material.
    public convenience init(
        jwkSet: Span<UInt8>, algorithms: [TokenAlgorithm], allowsSecrets: Bool
    ) throws(KeyDefect) {
        guard jwkSet.count <= Self.setBytesMax else { throw .tooLarge }
        var document = JSONDocument()
        do {
            try document.parse(
                jwkSet,
                limits: JSONLimits(
                    bytesMax: Self.setBytesMax, depthMax: 16, keysMax: 4096, nodesMax: 8192))
        } catch {
            throw .setMalformed
        }
        let view = document.view(of: jwkSet)
        guard let list = view.member(of: view.root, named: "keys"), view.kind(of: list) == .array
        else { throw .setMalformed }
        guard view.childCount(of: list) <= Self.keysMax else { throw .tooManyKeys }
        var keys: [VerificationKey] = []
        var skipped: [SkippedKey] = []
        var index = 0
        var children = view.children(of: list)
        while let child = children.next() {
            let reader = JWKReader(view: view, node: child)
            switch try reader.read(algorithms: algorithms, allowsSecrets: allowsSecrets) {
            case .key(let key):
                if let name = key.name, keys.contains(where: { $0.name == name }) {
                    throw .duplicateKeyID
                }
                keys.append(key)
            case .skipped(let reason): skipped.append(SkippedKey(index: index, reason: reason))
            }
            index += 1
        }
        guard !keys.isEmpty else { throw .noUsableKey }
        self.init(checked: keys, skipped: skipped)
    }
}

/// One JSON Web Key (RFC 7517 §4). `x5c`, `x5t`, `x5u` are ignored: trust is in the set.
private struct JWKReader: ~Escapable {
    enum Outcome {
        case key(VerificationKey)
        case skipped(KeySet.SkippedKey.Reason)
    }

    private let view: JSONView
    private let node: JSONNode

    @_lifetime(copy view)
    init(view: JSONView, node: JSONNode) {
        self.view = view
        self.node = node
    }

    func read(
        algorithms: [TokenAlgorithm], allowsSecrets: Bool
    ) throws(KeyDefect) -> Outcome {
        guard view.kind(of: node) == .object, let type = text("kty") else {
            return .skipped(.malformed)
        }
        guard type == "RSA" || type == "EC" || type == "OKP" || type == "oct" else {
            return .skipped(.unsupported)
        }
        // RFC 7518 §6.2.2, §6.3.2, RFC 8037 §2: `d` is the private key of these types.
        if type != "oct", view.member(of: node, named: "d") != nil { throw .privateMembers }
        guard isForVerification else { return .skipped(.otherUse) }
        var name: [UInt8]?
        if let member = view.member(of: node, named: "kid") {
            guard let bytes = view.string(at: member), KeyName.isAcceptable(bytes.span) else {
                return .skipped(.keyName)
            }
            name = bytes
        }
        var candidates = algorithms
        if let member = view.member(of: node, named: "alg") {
            candidates = algorithms.filter { $0.isName(member, in: view) }
            guard !candidates.isEmpty else { return .skipped(.unsupported) }
        }
        do throws(KeyDefect) {
            if type == "oct" {
                guard allowsSecrets else { return .skipped(.unsupported) }
                return try secret(name, candidates)
            }
            return try publicKey(type, name, candidates)
        } catch {
            return .skipped(.defect(error))
        }
    }

    /// RFC 7517 §4.2, §4.3.
    private var isForVerification: Bool {
        if let use = view.member(of: node, named: "use"), !view.string(at: use, equals: "sig") {
            return false
        }
        guard let operations = view.member(of: node, named: "key_ops") else { return true }
        guard view.kind(of: operations) == .array else { return false }
        var children = view.children(of: operations)
        while let operation = children.next() {
            if view.string(at: operation, equals: "verify") { return true }
        }
        return false
    }

    private func secret(
        _ name: [UInt8]?, _ candidates: [TokenAlgorithm]
    ) throws(KeyDefect) -> Outcome {
        guard let secret = number("k") else { return .skipped(.malformed) }
        let algorithm = try VerificationKey.only(candidates) { $0.family == .hmac }
        return .key(try VerificationKey(algorithm: algorithm, name: name, secret: secret.span))
    }

    private func publicKey(
        _ type: String, _ name: [UInt8]?, _ candidates: [TokenAlgorithm]
    ) throws(KeyDefect) -> Outcome {
        var der: [UInt8] = []
        if type == "OKP" {
            // Ed448 and the curves of key agreement are for other libraries.
            guard text("crv") == "Ed25519" else { return .skipped(.unsupported) }
            guard let x = number("x"), x.count == SubjectPublicKeyInfo.ed25519Bytes else {
                return .skipped(.malformed)
            }
            der = SubjectPublicKeyInfo.ed25519(x: x)
        } else if type == "RSA" {
            guard let modulus = number("n"), let exponent = number("e") else {
                return .skipped(.malformed)
            }
            der = SubjectPublicKeyInfo.rsa(modulus: modulus, exponent: exponent)
        } else {
            guard let curveName = text("crv") else { return .skipped(.malformed) }
            guard let curve = SubjectPublicKeyInfo.Curve(rawValue: curveName) else {
                return .skipped(.unsupported)
            }
            guard let x = number("x"), let y = number("y"), x.count == curve.coordinateBytes,
                y.count == curve.coordinateBytes
            else { return .skipped(.malformed) }
            der = SubjectPublicKeyInfo.ec(curve, x: x, y: y)
        }
        guard let key = PublicKey.read(der: der) else { throw .unreadable }
        try VerificationKey.check(key)
        let algorithm = try VerificationKey.only(candidates) { VerificationKey.fits(key, $0) }
        return .key(try VerificationKey(algorithm: algorithm, name: name, publicKey: key))
    }

    private func text(_ member: String) -> String? {
        guard let node = view.member(of: node, named: member), let bytes = view.string(at: node)
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A base64url member; bounded, so that an absurd modulus costs no arithmetic.
    private func number(_ member: String) -> [UInt8]? {
        guard let node = view.member(of: node, named: member), let text = view.string(at: node),
            !text.isEmpty, text.count <= 8_192
        else { return nil }
        return Base64URL.decode(text.span)
    }
}

extension TokenAlgorithm {
    /// Whether the text at `node` is a name of this algorithm.
    func isName(_ node: JSONNode, in view: JSONView) -> Bool {
        if view.string(at: node, equals: rawValue) { return true }
        guard let otherName else { return false }
        return view.string(at: node, equals: otherName)
    }
}
