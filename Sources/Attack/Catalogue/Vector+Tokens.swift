import Tokens

/// What tokens are forged from. None of it needs a key of an issuer.
struct Forge: Sendable {
    var own: Identity
    var foreign: Identity
    var concept: ConceptName
    /// The tenant that forged tokens name.
    var named: String
    /// The issuer's public key, when the operator gave it.
    var publicKey: [UInt8]?
    /// A token of the other tenant that was good once.
    var expired: String?

    /// Secrets that examples and libraries bring along.
    static let weakSecrets = ["", "secret", "password", "changeme", "your-256-bit-secret"]

    func segment(_ bytes: [UInt8]) -> String {
        String(decoding: TokenForging.text(of: bytes.span), as: UTF8.self)
    }

    /// The own token's claims, for the other tenant.
    var claims: [UInt8] { own.claims(naming: named, concept: concept.snake) }

    func unsigned(algorithm: String, signature: String = "", claims: [UInt8]? = nil) -> String {
        let header = "{\"alg\":\"\(algorithm)\",\"typ\":\"JWT\"}"
        return "\(segment([UInt8](header.utf8))).\(segment(claims ?? self.claims)).\(signature)"
    }

    /// - Parameter header: members behind `alg`, each with a comma in front of it.
    func symmetric(key: [UInt8], header more: String = "") -> String? {
        let header = "{\"alg\":\"HS256\",\"typ\":\"JWT\"\(more)}"
        let signed = "\(segment([UInt8](header.utf8))).\(segment(claims))"
        return TokenForging.keyedHash(of: [UInt8](signed.utf8), key: key)
            .map { "\(signed).\(segment($0))" }
    }

    /// The own token with other parts; `nil` when it is no JWT.
    func rebuilt(claims: [UInt8]? = nil, signature: Substring? = nil) -> String? {
        let parts = own.segments
        guard parts.count == 3 else { return nil }
        let middle = claims.map { segment($0) } ?? String(parts[1])
        return "\(parts[0]).\(middle).\(signature ?? parts[2])"
    }
}

/// Attacks with tokens that nobody signed, or in places where none belongs.
extension Vector {
    /// A token in the place of the good one.
    ///
    /// - Parameter isSecret: whether the good token could be guessed from this one.
    private static func token(
        _ name: String, _ title: String, precedents: String = "", isSecret: Bool = false,
        _ text: String?
    ) -> Vector {
        Vector(.token, name, title, precedents: precedents, isForgery: true) { draft, _ in
            guard let text else { return false }
            draft.credential = .text(text)
            if isSecret { draft.secrets.append(text) }
            return true
        }
    }

    static func tokens(_ forge: Forge) -> [Vector] {
        unsigned(forge) + keyed(forge) + rebuilt(forge) + absent(forge) + places(forge)
    }

    private static func unsigned(_ forge: Forge) -> [Vector] {
        let precedents = "CVE-2015-9235 CVE-2022-23540"
        let spellings = [("none", "none"), ("none-title", "None"), ("none-upper", "NONE")]
        return spellings.map { name, algorithm in
            token(
                name, "alg \(algorithm), no signature", precedents: precedents,
                forge.unsigned(algorithm: algorithm))
        } + [
            token(
                "none-mixed", "alg nOnE, no signature", precedents: precedents,
                forge.unsigned(algorithm: "nOnE")),
            token(
                "none-signed", "alg none with a signature",
                forge.unsigned(
                    algorithm: "none", signature: "AAAA")),
            token("alg-empty", "an empty alg", forge.unsigned(algorithm: "")),
            token(
                "two-segments", "no signature and no dot for it",
                String(forge.unsigned(algorithm: "none").dropLast())),
        ]
    }

    private static func keyed(_ forge: Forge) -> [Vector] {
        var out = Forge.weakSecrets.enumerated().map { index, secret in
            token(
                "weak-secret-\(index)",
                secret.isEmpty ? "HS256 under an empty key" : "HS256 under `\(secret)`",
                precedents: secret.isEmpty ? "CVE-2019-20933 CVE-2026-44699" : "",
                forge.symmetric(key: [UInt8](secret.utf8)))
        }
        let confusion = "CVE-2015-9235 CVE-2016-10555"
        let key = forge.publicKey
        var trimmed = key
        while trimmed?.last == 10 { trimmed?.removeLast() }
        out += [
            token(
                "public-key", "HS256 under the issuer's public key", precedents: confusion,
                key.flatMap { forge.symmetric(key: $0) }),
            token(
                "public-key-trimmed", "the same without its last line end",
                precedents: confusion, trimmed.flatMap { forge.symmetric(key: $0) }),
            token(
                "kid-file", "kid is a path to an empty file",
                forge.symmetric(key: [], header: ",\"kid\":\"../../../../../../dev/null\"")),
            token(
                "kid-sql", "kid is SQL that answers a key",
                forge.symmetric(
                    key: [UInt8]("rf".utf8), header: ",\"kid\":\"x' UNION SELECT 'rf\"")),
            token(
                "jwk-secret", "its header carries the secret",
                forge.symmetric(
                    key: [UInt8]("rf".utf8), header: ",\"jwk\":{\"kty\":\"oct\",\"k\":\"cmY\"}")),
            token(
                "jwk-public", "its header carries the public key", precedents: "CVE-2018-0114",
                TokenForging.selfSigned(claims: forge.claims, keyName: forge.own.keyName)
                    .map { String(decoding: $0, as: UTF8.self) }),
        ]
        return out
    }

    private static func rebuilt(_ forge: Forge) -> [Vector] {
        let parts = forge.foreign.segments
        let text = forge.own.token
        return [
            token(
                "tampered", "other claims under the own signature",
                forge.rebuilt(claims: forge.claims)),
            token(
                "exchanged", "the other tenant's claims under the own signature",
                forge.foreign.claims.flatMap { forge.rebuilt(claims: $0) }),
            token(
                "foreign-signature", "other claims under the other tenant's signature",
                parts.count == 3 ? forge.rebuilt(claims: forge.claims, signature: parts[2]) : nil),
            token(
                "stripped", "other claims, the signature left out",
                forge.rebuilt(claims: forge.claims, signature: "")),
            token(
                "zero-signature", "other claims under a signature of zeros",
                precedents: "CVE-2022-21449",
                forge.rebuilt(
                    claims: forge.claims,
                    signature: Substring(String(repeating: "A", count: 86)))),
            token(
                "prolonged", "the own claims with a later end",
                forge.own.claimsLivingLonger().flatMap { forge.rebuilt(claims: $0) }),
            token("expired", "a token that was good once", forge.expired),
            token(
                "cut", "the own token without its last 4 characters", isSecret: true,
                String(text.dropLast(4))),
            token(
                "spliced", "the front of the other's token, the rest of the own", isSecret: true,
                forge.foreign.token.count == text.count && forge.own.header == nil
                    ? String(forge.foreign.token.prefix(text.count / 2))
                        + text.suffix(text.count - text.count / 2) : nil),
        ]
    }

    private static func absent(_ forge: Forge) -> [Vector] {
        func bare(
            _ name: String, _ title: String,
            _ change: @escaping @Sendable (inout RequestDraft, Spoof) -> Void
        ) -> Vector {
            Vector(.token, name, title, isForgery: true) { draft, spoof in
                draft.credential = .none
                change(&draft, spoof)
                return true
            }
        }
        return [
            bare("absent", "no credential") { _, _ in },
            bare("absent-header", "no credential, and the tenant's header") { draft, spoof in
                draft.add(spoof.names.header, spoof.named)
            },
            bare("absent-user", "no credential, and headers of proxies that log in") {
                draft, spoof in
                for name in ["X-Forwarded-User", "Remote-User", "X-Auth-Request-User"] {
                    draft.add(name, spoof.named)
                }
                draft.add(spoof.names.header, spoof.named)
            },
            bare("basic", "the tenant's name as user of Basic") { draft, spoof in
                var text = forge.segment([UInt8]("\(spoof.named):\(spoof.named)".utf8))
                text = text.replacing("-", with: "+").replacing("_", with: "/")
                while text.utf8.count % 4 != 0 { text += "=" }
                draft.add("Authorization", "Basic \(text)")
            },
            bare("internal", "no credential, said to come from this machine") { draft, spoof in
                draft.add("X-Forwarded-For", "127.0.0.1")
                draft.add("X-Internal", "true")
                draft.add(spoof.names.header, spoof.named)
            },
            token("null", "the word null", "null"),
        ]
    }

    /// A forged token beside the own one.
    private static func places(_ forge: Forge) -> [Vector] {
        let forged = forge.unsigned(algorithm: "none")
        let other = forge.rebuilt(claims: forge.claims) ?? forged
        func place(
            _ name: String, _ title: String,
            _ change: @escaping @Sendable (inout RequestDraft) -> Void
        ) -> Vector {
            Vector(.place, name, title) { draft, _ in
                change(&draft)
                return true
            }
        }
        let fields = [
            "X-Access-Token", "X-Auth-Token", "X-Authorization", "X-ID-Token",
            "X-Forwarded-Access-Token", "X-Forwarded-Authorization", "X-Amzn-Oidc-Data",
        ]
        let names = ["access_token", "token", "jwt", "id_token", "session"]
        return [
            place("after-own", "a second Authorization line") {
                $0.add("Authorization", "Bearer \(forged)")
            },
            place("before-own", "an Authorization line in front of the own") {
                $0.firstLine = "Authorization: Bearer \(forged)"
            },
            place("tampered-after-own", "a second one, of other claims under our signature") {
                $0.add("Authorization", "Bearer \(other)")
            },
            place("list", "two in one line") {
                $0.credential = .text("\(forge.own.token), Bearer \(forged)")
            },
            place("fields", "other fields that carry tokens") {
                for name in fields { $0.add(name, forged) }
            },
            place("proxy", "Proxy-Authorization") {
                $0.add("Proxy-Authorization", "Bearer \(forged)")
            },
            place("api-key", "X-API-Key") { $0.add("X-API-Key", forged) },
            place("query", "the query") { draft in
                for name in names { draft.addQuery("\(name)=\(forged)") }
            },
            place("cookie", "cookies") { draft in
                draft.add("Cookie", names.map { "\($0)=\(forged)" }.joined(separator: "; "))
            },
        ]
    }
}
