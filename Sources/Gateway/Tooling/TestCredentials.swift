import JSON
import Policy
import Tokens

/// Why a command could not do what it was asked, in words for people.
struct ToolFault: Error {
    var message: String
    /// Where it is none of the command's own.
    var exit: Int32?
}

/// Keys that only one test run knows, in the place of every issuer's and every vendor's, and the
/// credentials made with them.
final class TestCredentials {
    private struct IssuerKeys {
        var algorithm: TokenAlgorithm
        var keys: KeySet
        var signingKey: [UInt8]
        /// A key of the same kind that is nobody's.
        var strangersKey: [UInt8]
    }

    private var issuers: [String: IssuerKeys] = [:]
    private(set) var vendorKeys: [String: [UInt8]] = [:]
    var keys: [String: KeySet] { issuers.mapValues(\.keys) }

    init(for policy: GatewayPolicy) throws(ToolFault) {
        for issuer in policy.issuers {
            do throws(KeyDefect) {
                issuers[issuer.name] = try Self.makeKeys(for: issuer)
            } catch {
                throw ToolFault(message: "no keys for issuer \(issuer.name): \(error.message)")
            }
        }
        for vendor in policy.vendors { vendorKeys[vendor.name] = Substitutes.randomSecret() }
    }

    /// RSA keys take a hundred times longer to make than others.
    private static func algorithm(of issuer: IssuerPolicy) -> TokenAlgorithm {
        let quick = issuer.algorithms.first { !["RS", "PS"].contains($0.rawValue.prefix(2)) }
        return quick ?? issuer.algorithms.first ?? .rs256
    }

    private static func makeKeys(for issuer: IssuerPolicy) throws(KeyDefect) -> IssuerKeys {
        let algorithm = algorithm(of: issuer)
        guard !algorithm.isSymmetric else {
            let secret = Substitutes.randomSecret() + Substitutes.randomSecret()
            return IssuerKeys(
                algorithm: algorithm,
                keys: try KeySet(secretFile: secret.span, algorithms: [algorithm]),
                signingKey: secret,
                strangersKey: Substitutes.randomSecret() + Substitutes.randomSecret())
        }
        let pair = try KeyPair(algorithm: algorithm)
        return IssuerKeys(
            algorithm: algorithm,
            keys: try KeySet(file: pair.publicPEM.span, algorithms: [algorithm]),
            signingKey: pair.privatePEM,
            strangersKey: try KeyPair(algorithm: algorithm).privatePEM)
    }

    /// The bearer token of a test at its clock.
    func credential(
        _ token: TestToken, in policy: GatewayPolicy, now: Int64
    ) throws(ToolFault) -> String {
        switch token.kind {
        case .vendor(let index):
            let key =
                token.isForged
                ? Substitutes.randomSecret() : vendorKeys[policy.vendors[index].name] ?? []
            return String(decoding: key, as: UTF8.self)
        case .issuer(let index, let claims):
            let issuer = policy.issuers[index]
            guard let keys = issuers[issuer.name] else {
                throw ToolFault(message: "no keys for issuer \(issuer.name)")
            }
            let whole = Self.complete(claims, issuer, now: now, ttl: token.ttlSeconds)
            return try Self.mint(
                whole, with: token.isForged ? keys.strangersKey : keys.signingKey,
                keys.algorithm, type: token.type ?? Self.type(of: issuer))
        }
    }

    private static func type(of issuer: IssuerPolicy) -> String? {
        issuer.types.contains { $0.lowercased() == "jwt" } ? nil : issuer.types.first
    }

    static func mint(
        _ claims: [UInt8], with key: [UInt8], _ algorithm: TokenAlgorithm, type: String?
    ) throws(ToolFault) -> String {
        do throws(TokenSigner.Defect) {
            let signer = try signer(key, algorithm)
            return String(
                decoding: try signer.mint(claims: claims.span, type: type), as: UTF8.self)
        } catch {
            throw ToolFault(message: "the token cannot be made: \(error)")
        }
    }

    private static func signer(
        _ key: [UInt8], _ algorithm: TokenAlgorithm
    ) throws(TokenSigner.Defect) -> TokenSigner {
        do throws(KeyDefect) {
            return try TokenSigner(algorithm: algorithm, keyFile: key.span)
        } catch {
            throw .library
        }
    }

    /// Adds what follows from the issuer where the claims do not say it.
    private static func complete(
        _ claims: [UInt8], _ issuer: IssuerPolicy, now: Int64, ttl: Int64
    ) -> [UInt8] {
        var document = JSONDocument()
        guard (try? document.parse(claims.span)) != nil else { return claims }
        let view = document.view(of: claims.span)
        var out = JSONWriter()
        out.beginObject()
        var names: Set<[UInt8]> = []
        var members = view.children(of: view.root)
        while let member = members.next() {
            guard let name = view.key(of: member) else { continue }
            names.insert(name)
            out.key(name.span)
            out.raw(view.rawLexeme(of: member))
        }
        if !names.contains(Array("iss".utf8)) { out.member("iss", issuer.issuer) }
        if !names.contains(Array("aud".utf8)), let audience = issuer.audiences?.first {
            out.member("aud", audience)
        }
        if !names.contains(Array("iat".utf8)) { out.member("iat", now) }
        if !names.contains(Array("exp".utf8)) { out.member("exp", now + ttl) }
        out.endObject()
        return out.bytes
    }
}
