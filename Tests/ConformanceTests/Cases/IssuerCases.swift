/// Keys chosen by name, the algorithms libjwt does not know, and for whom an issuer may speak.
enum IssuerCases {
    static let all = algorithms + names + types + spellings + authority

    private static func invalid(_ defect: String) -> Verdict { .declined(401, defect) }

    private static func token(
        _ id: String, _ verdict: Verdict, _ issuer: String, _ header: String,
        _ changes: [(String, String)] = [], signer: TokenRecipe.Signer = .rsa(),
        finish: TokenRecipe.Finish = .none
    ) -> Case {
        Case(
            id, "GET /\(issuer) HTTP/1.1\r\n{host}Authorization: Bearer {\(id)}\r\n\r\n", verdict
        ).changed {
            var recipe = TokenRecipe(header: header, signer: signer, finish: finish)
            recipe.changes = [("iss", "\"https://\(issuer).test/\"")] + changes
            $0.recipe = recipe
        }
    }

    private static let ps = #"{"alg":"PS256"}"#
    private static let rs = #"{"alg":"RS256"}"#
    private static let ed = #"{"alg":"EdDSA"}"#

    /// A token that `ringfence token mint` made.
    private static func minted(_ id: String, _ name: String, _ issuer: String) -> Case {
        Case(
            id, "GET /\(issuer) HTTP/1.1\r\n{host}Authorization: Bearer {\(name)}\r\n\r\n",
            .forwarded)
    }

    private static let algorithms: [Case] = [
        minted("J0e", "ps", "ps"), minted("J0f", "ed", "ed"), minted("J0g", "ed2", "ed"),
        token("J0b", .forwarded, "ps", ps, signer: .pss()),
        token("J0c", .forwarded, "ed", ed, signer: .edwards()),
        token("J0d", .forwarded, "ed", #"{"alg":"Ed25519","typ":"at+jwt"}"#, signer: .edwards()),
        token("J3g", invalid("header.alg"), "ps", rs, signer: .rsa(key: "ps.key")),
        TokenCases.token(
            "J3h", invalid("header.alg"), header: ps, signer: .pss(key: "idp.key")),
        token("J3i", invalid("signature"), "ps", ps, signer: .rsa(key: "ps.key")),
        token("J3j", invalid("signature"), "ps", ps, signer: .pss(salt: 20)),
        token(
            "J3k", invalid("header.alg"), "ps", #"{"alg":"PS384"}"#, signer: .pss(hash: "sha384")),
        token("J3l", invalid("header.alg"), "ed", #"{"alg":"eddsa"}"#, signer: .edwards()),
        token("J3m", invalid("header.alg"), "ed", #"{"alg":"Ed448"}"#, signer: .edwards()),
        token(
            "J2i", invalid("header.alg"), "ed", #"{"alg":"HS256"}"#, signer: .hmac(file: "ed.pub")),
        token("J4h", invalid("signature"), "ps", ps, signer: .pss(key: "idp.key")),
        token(
            "J4i", invalid("signature"), "ed", ed,
            signer: .bytes([UInt8](repeating: 0, count: 64))),
        token(
            "J4j", invalid("signature"), "ed", ed,
            signer: .bytes([1] + [UInt8](repeating: 0, count: 63))),
        token(
            "J4k", invalid("signature"), "ed", ed, signer: .edwards(),
            finish: .init(words: "another tenant's payload put in") {
                var parts = $0.split(separator: ".").map(String.init)
                let claims = TokenRecipe.claims([
                    ("iss", #""https://ed.test/""#), ("tenant_id", #""evil""#),
                ])
                parts[1] = TokenRecipe.encode(Array(claims.utf8))
                return parts.joined(separator: ".")
            }),
    ]

    private static func named(_ name: String) -> String { #"{"alg":"RS256","kid":"\#(name)"}"# }

    private static let names: [Case] = [
        token("J5g", .forwarded, "set", named("one")),
        token("J5h", .forwarded, "set", named("two"), signer: .rsa(key: "foreign.key")),
        token("J5i", invalid("key.unknown"), "set", named("nobody")),
        token("J5j", invalid("key.ambiguous"), "set", rs),
        token("J5k", invalid("signature"), "set", named("two")),
        // A key of the set that is for something else, and one that is another issuer's.
        token("J5l", invalid("key.unknown"), "set", named("three"), signer: .rsa(key: "ps.key")),
        token(
            "J5m", invalid("key.unknown"), "set", named("four"), signer: .rsa(key: "foreign.key")),
        token("J5n", .forwarded, "other", named("four"), signer: .rsa(key: "foreign.key")),
        token("J5o", invalid("key.unknown"), "set", named("ONE")),
        token(
            "J5p", invalid("claims.iss"), "set", named("one"), [("iss", #""https://idp.test/""#)]),
    ]

    private static func typed(_ id: String, _ verdict: Verdict, _ type: String) -> Case {
        TokenCases.token(id, verdict, header: #"{"alg":"RS256","typ":"\#(type)"}"#)
    }

    private static let types: [Case] = [
        typed("J7j", .forwarded, "application/at+jwt"), typed("J7k", .forwarded, "APPLICATION/JWT"),
        typed("J7l", invalid("header.typ"), "ringfence-session+jwt"),
        typed("J7m", invalid("header.typ"), "application/ringfence-session+jwt"),
        typed("J7n", invalid("header.typ"), "application/application/jwt"),
        typed("J7o", invalid("header.typ"), "logout+jwt"), typed("J7p", invalid("header.typ"), ""),
    ]

    /// The one signature that has a twin, and those that have none.
    private static let spellings: [Case] = [
        // Half of all honest signers write this one (docs/issuers.md): revocations name the `jti`.
        TokenCases.token(
            "J11g", .forwarded, header: #"{"alg":"ES256"}"#,
            ["iss": #""https://es.test/""#, "jti": #""t1""#], signer: .ecdsa(change: .mirrored),
            path: "/es"),
        TokenCases.token("J11h", invalid("claims.jti"), ["jti": "1"]),
        TokenCases.token("J11i", invalid("claims.jti"), ["jti": #""""#]),
        token("J11j", invalid("form.alphabet"), "ed", ed, signer: .edwards(), finish: .tail("=")),
        token("J11k", invalid("signature"), "ed", ed, signer: .edwards(), finish: .tail("AA")),
        token(
            "J11l", invalid("form.encoding"), "ps", ps, signer: .pss(), finish: TokenCases.spareBits
        ),
        token(
            "J11m", invalid("form.encoding"), "ed", ed, signer: .edwards(),
            finish: TokenCases.spareBits),
    ]

    private static func spoken(
        _ id: String, _ issuer: String, _ tenant: String, isAllowed: Bool, tier: String = "FREE"
    ) -> Case {
        let key = issuer == "partner" ? "foreign.key" : "idp.key"
        return token(
            id, isAllowed ? .forwarded : .declined(403, "issuer.not_allowed"), issuer, rs,
            [("tenant_id", "\"\(tenant)\""), ("tier", "\"\(tier)\"")], signer: .rsa(key: key)
        ).tenant(isAllowed ? tenant : "acme")
    }

    /// Issuers by tenants: off the diagonal everything is 403.
    private static let authority: [Case] = [
        spoken("N6a", "bound", "acme", isAllowed: true),
        spoken("N6b", "bound", "globex", isAllowed: false),
        spoken("N6c", "partner", "globex", isAllowed: true),
        spoken("N6d", "partner", "acme", isAllowed: false),
        spoken("N6e", "bound", "eu-1", isAllowed: true),
        spoken("N6f", "bound", "eu-", isAllowed: true),
        spoken("N6g", "bound", "eu", isAllowed: false),
        spoken("N6h", "bound", "EU-1", isAllowed: false),
        spoken("N6i", "bound", "acme2", isAllowed: false),
        spoken("N6j", "bound", "Acme", isAllowed: false),
        spoken("N6k", "bound", "acme", isAllowed: false, tier: "TINY"),
        spoken("N6l", "partner", "eu-1", isAllowed: false),
        // Nobody's tenant is answered as somebody's is.
        spoken("N6m", "partner", "nobody", isAllowed: false),
    ]
}
