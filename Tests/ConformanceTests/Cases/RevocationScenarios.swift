import Foundation
import TestSupport

/// What was revoked stays so however it is spelled (J11, N5), and what a tenant has counts together
/// whatever it shows (R2): by a directory, in two workers.
extension Scenario {
    static let revocations: [Scenario] = [
        outcomes(
            "J11n", "a token whose `jti` was revoked, twice, and other spellings of it",
            "401 each; other tokens of the tenant are forwarded"
        ) {
            let refused = "401 token.invalid"
            return [
                ("GET /k/j11", bearer("{stolen}"), refused),
                ("GET /k/j11", bearer("{stolen}"), refused),
                ("GET /k/j11", bearer("{stolen-again}"), refused),
                ("GET /k/j11", bearer("{stolen-spare}"), refused),
                ("GET /k/j11", bearer("{stolen}="), refused),
                ("GET /es/j11", bearer("{stolen-es}"), refused),
                ("GET /es/j11", bearer("{stolen-es-mirrored}"), refused),
                ("GET /es/j11-other", bearer("{other-es}"), #"200 for ["acme"]"#),
                ("GET /k/j11-other", bearer("{acme}"), #"200 for ["acme"]"#),
            ]
        },
        outcomes(
            "J11o", "tokens and sessions from before everything was voided, without a time, after",
            "401; 401; forwarded"
        ) {
            let refused = "401 token.invalid"
            return [
                ("GET /k/void", bearer("{void-before}"), refused),
                ("GET /k/void", bearer("{void-untimed}"), refused),
                ("GET /mixed/void", bearer("{void-session}"), refused),
                ("GET /k/void-after", bearer("{void-after}"), #"200 for ["voided"]"#),
            ]
        },
        outcomes(
            "N5b", "a token, a key and a session of a suspended tenant, and of a deleted one",
            "403 `tenant.suspended`, 403 `tenant.unknown`"
        ) {
            let (suspended, unknown) = ("403 tenant.suspended", "403 tenant.unknown")
            return [
                ("GET /k/s", bearer("{suspended}"), suspended),
                ("GET /k/s", field(KeyBench.ofSuspended), suspended),
                ("GET /mixed/s", bearer("{suspended-session}"), suspended),
                ("GET /mixed/s", bearer("{deleted-session}"), unknown),
                ("GET /mixed/s", field(KeyBench.ofDeleted), unknown),
            ]
        },
        Scenario(
            "R2b",
            "8 requests of each of 20 API keys, 5 users and 5 sessions of a tenant with 100 a "
                + "minute, in turn, over connections of two workers",
            "100 answers 200, then 140 answers 429: one tenant, one limit"
        ) {
            let bench = try KeyBench.shared.get()
            var shown = KeyBench.ofMixed.map { field($0) }
            shown += (0..<5).map { bearer("{mixed-\($0)}") }
            shown += (0..<5).map { bearer("{mixed-session-\($0)}") }
            let clients = try shown.map { _ in try RawClient(port: bench.port) }
            var statuses: [Int] = []
            let start = Date()
            for _ in 0..<8 {
                for (client, fields) in zip(clients, shown) {
                    try client.send(bench.bytes("GET /mixed/r2", fields))
                    statuses.append(try client.readResponse().status)
                }
            }
            return defects(statuses, ok: 100, limited: 140, inOrder: true, since: start)
        },
    ]
}

extension BenchPolicy {
    private static func token(
        _ name: String, _ tenant: String, _ more: KeyValuePairs<String, String> = [:],
        finish: TokenRecipe.Finish = .none
    ) -> (String, TokenRecipe) {
        var recipe = TokenRecipe(changes: more, finish: finish)
        recipe.changes.append(("tenant_id", "\"\(tenant)\""))
        return (name, recipe)
    }

    /// ECDSA has two signatures of one message.
    private static func es(
        _ name: String, jti: String, _ change: ECDSASignature.Change = .none
    ) -> (String, TokenRecipe) {
        (
            name,
            TokenRecipe(
                header: #"{"alg":"ES256"}"#,
                changes: ["iss": #""https://es.test/""#, "jti": "\"\(jti)\""],
                signer: .ecdsa(change: change))
        )
    }

    private static func session(
        _ name: String, _ tenant: String, subject: String = "ann", issued: String = "now-5"
    ) -> (String, TokenRecipe) {
        (
            name,
            TokenRecipe(
                header: #"{"alg":"HS256","typ":"ringfence-session+jwt"}"#,
                changes: [
                    "iss": #""ringfence-sessions""#, "aud": "", "tenant_id": "", "tier": "",
                    "tenant": "\"\(tenant)\"", "sub": "\"\(subject)\"", "iat": issued,
                ], signer: .hmac(file: "session.key"))
        )
    }

    static let revokedTokens: [(String, TokenRecipe)] =
        [
            token("stolen", "acme", ["jti": #""stolen""#]),
            // The same name in another token: who takes a thing's name takes its fate.
            token("stolen-again", "acme", ["jti": #""stolen""#, "sub": #""u2""#]),
            token("stolen-spare", "acme", ["jti": #""stolen""#], finish: TokenCases.spareBits),
            es("stolen-es", jti: "stolen"), es("stolen-es-mirrored", jti: "stolen", .mirrored),
            es("other-es", jti: "other"),
            token("void-before", "voided", ["iat": "now-900", "jti": #""b""#]),
            token("void-untimed", "voided", ["iat": ""]),
            token("void-after", "voided", ["iat": "now-1"]),
            session("void-session", "voided", issued: "now-900"),
            token("suspended", "wayne"), session("suspended-session", "wayne"),
            session("deleted-session", "hooli"),
        ] + (0..<5).map { token("mixed-\($0)", "mixed", ["sub": "\"u\($0)\""]) }
        + (0..<5).map { session("mixed-session-\($0)", "mixed", subject: "s\($0)") }
}
