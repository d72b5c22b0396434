internal import JSON
internal import Policy

/// What the JOSE header says, checked against what the issuer uses (RFC 7515 §4, RFC 8725 §3).
struct TokenHeader {
    let algorithm: TokenAlgorithm
    let keyName: [UInt8]?
    /// Whether libjwt can read it too: it wants `typ` absent or `JWT`, and knows few algorithms.
    let isReadTwice: Bool

    static let limits = JSONLimits(
        bytesMax: CompactToken.bytesMax, depthMax: 8, keysMax: 128, nodesMax: 512)

    /// Headers whose presence means that the payload is not plain claims: unencoded (RFC 7797),
    /// compressed, encrypted or nested (RFC 7519 §5.2).
    private static let encapsulating = ["b64", "zip", "enc", "cty"]

    /// `jwk`, `jku`, `x5u`, `x5c` and `x5t` are not looked at: a token does not choose its key.
    init(_ view: JSONView, issuer: TokenIssuer) throws(TokenDefect) {
        guard view.kind(of: view.root) == .object else { throw .headerJSON }
        algorithm = try Self.algorithm(view, issuer)
        let isPlainType = try Self.checkType(view, issuer)
        isReadTwice = isPlainType && algorithm.isKnownToSecondReader
        guard view.member(of: view.root, named: "crit") == nil else { throw .critical }
        for name in Self.encapsulating {
            guard view.member(of: view.root, named: name) == nil else { throw .encapsulation }
        }
        if let node = view.member(of: view.root, named: "kid") {
            guard let name = view.string(at: node), KeyName.isAcceptable(name.span) else {
                throw .keyName
            }
            keyName = name
        } else {
            keyName = nil
        }
    }

    private static func algorithm(
        _ view: JSONView, _ issuer: TokenIssuer
    ) throws(TokenDefect) -> TokenAlgorithm {
        guard let node = view.member(of: view.root, named: "alg") else { throw .algorithm }
        for algorithm in issuer.algorithms
        where algorithm.isName(node, in: view) {
            return algorithm
        }
        throw .algorithm
    }

    /// Types are media types, compared without case and without an `application/` that could be
    /// left out (RFC 7515 §4.1.9), but otherwise exactly as the policy writes them (RFC 8725
    /// §3.11): a token of another kind never passes for this one.
    ///
    /// - Returns: whether it is absent or `JWT`, written so.
    private static func checkType(
        _ view: JSONView, _ issuer: TokenIssuer
    ) throws(TokenDefect) -> Bool {
        guard let node = view.member(of: view.root, named: "typ") else {
            guard issuer.acceptsPlainType else { throw .type }
            return true
        }
        guard var type = view.string(at: node) else { throw .type }
        let written = type.count
        TokenType.normalise(&type)
        guard issuer.types.contains(type) else { throw .type }
        return type == TokenIssuer.plainType && written == type.count
    }
}
