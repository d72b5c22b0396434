/// The policy of a bench, and the tokens its issuers would make.
enum BenchPolicy {
    static func text(
        upstream port: UInt16, hasty: UInt16, log: String, isSecure: Bool
    ) -> String {
        """
        version: 1
        listen:
          public:
            address: 127.0.0.1:0
            workers: 2
            \(isSecure ? "tls: {certificate: file:tls.crt, key: file:tls.key}" : "tls: none")
            access_log: file:\(log)
            deadlines: {head: 3s, body: 3s}
        vendors:
          default: {key: file:vendor.key}
        issuers:
        \(issuer("idp", "jwks: file:idp.pub", "RS256"))
        \(issuer("es", "jwks: file:es.pub", "ES256"))
        \(issuer("hs", "secret: file:hs.key", "HS256"))
        \(issuer("uuid", "jwks: file:idp.pub", "RS256", format: "uuid"))
        \(issuer("number", "jwks: file:idp.pub", "RS256", format: "integer"))
        \(issuer("slug", "jwks: file:idp.pub", "RS256", format: "slug"))
        tenants: {source: claims}
        upstreams:
          api: {targets: ["http://127.0.0.1:\(port)"]}
          signed: {targets: ["http://127.0.0.1:\(port)"]}
          hasty: {targets: ["http://127.0.0.1:\(hasty)"]}
          dead: {targets: ["http://127.0.0.1:1"]}
        assertion: {to: [signed], key: file:assertion.key}
        tiers:
          FREE: {requests: unlimited}
          TINY: {requests: 5/min}
        routes:
        \(routes)
        """
    }

    private static var routes: String {
        [
            route("a", "/a/**"), route("canary", "/canary"), route("barrier", "/barrier/*"),
            route("slow", "/slow"), route("surplus", "/surplus/**"),
            route("hasty", "/hasty", upstream: "hasty"),
            route("es", "/es", auth: "es"), route("hs", "/hs", auth: "hs"),
            route("uuid", "/uuid", auth: "uuid"), route("number", "/number", auth: "number"),
            route("slug", "/slug", auth: "slug"),
            route("query", "/q", more: "tenant: {inject: {query: tenant_id}}"),
            route("open", "/open/**", auth: "none", more: "reason: for the tests"),
            route("strict", "/strict/**", more: "tenant: {client_value: reject}"),
            route("same", "/same/**", more: "tenant: {client_value: reject-if-different}"),
            route(
                "browser", "/browser/**",
                more: #"cors: {origins: ["https://app.test"], credentials: true}"#),
            route("reading", "/reading/**", matching: "methods: [GET, HEAD]"),
            route("passing", "/passing/**", more: "forward_credential: true"),
            route("named", "/named/**", more: "tenant: {names: [workspace]}"),
            route("signed", "/signed/**", upstream: "signed"),
            route("vendor", "/vendor", auth: "vendor", upstream: "signed"),
            route("dead", "/dead", upstream: "dead"),
            route("hosted", "/hosted", matching: "host: shop.test"),
            route("elsewhere", "/elsewhere", more: "host: upstream"),
        ].joined(separator: "\n")
    }

    private static func route(
        _ name: String, _ path: String, matching: String = "", auth: String = "idp",
        upstream: String = "api", more: String = ""
    ) -> String {
        let match = matching.isEmpty ? "path: \(path)" : "path: \(path), \(matching)"
        return "  - {name: \(name), match: {\(match)}, auth: \(auth), upstream: \(upstream), "
            + "body: {clean: false, max: 64KiB}\(more.isEmpty ? "" : ", ")\(more)}"
    }

    private static func issuer(
        _ name: String, _ keys: String, _ algorithm: String, format: String = "opaque"
    ) -> String {
        "  \(name): {issuer: \"https://\(name).test/\", \(keys), audience: [api], "
            + "algorithms: [\(algorithm)], tenant: {claim: tenant_id, format: \(format)}, "
            + "tier: {claim: tier}}"
    }

    /// Made by the gateway's own `token mint`: name, key, algorithm, claims.
    static let mintedTokens: [(String, String, String, String)] = [
        ("acme", "idp.key", "RS256", claims("idp", "acme")),
        ("globex", "idp.key", "RS256", claims("idp", "globex")),
        ("es", "es.key", "ES256", claims("es", "acme")),
        ("hs", "hs.key", "HS256", claims("hs", "acme")),
    ]

    private static func claims(_ issuer: String, _ tenant: String) -> String {
        #"{"iss":"https://\#(issuer).test/","aud":"api","sub":"u1","tenant_id":"\#(tenant)","#
            + #""tier":"FREE"}"#
    }

    /// For scenarios: tenants of their own.
    static let scenarioTokens: [(String, TokenRecipe)] = [
        ("tiny", TokenRecipe(changes: ["tenant_id": #""tiny""#, "tier": #""TINY""#])),
        (
            "logged",
            TokenRecipe(changes: [
                "tenant_id": #""logged""#, "sub": #""eve\n\u001b[31m{\"forged\":1}""#,
            ])
        ),
        ("forged", TokenRecipe(signer: .rsa(key: "foreign.key"))),
    ]
}
