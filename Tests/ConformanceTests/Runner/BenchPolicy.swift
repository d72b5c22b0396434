/// The policy of a bench, and the tokens its issuers would make.
enum BenchPolicy {
    static func text(
        upstream port: UInt16, hasty: UInt16, log: String, isSecure: Bool, bodyMemory: String,
        deadline: String
    ) -> String {
        """
        version: 1
        listen:
          public:
            address: 127.0.0.1:0
            workers: 2
            \(isSecure ? "tls: {certificate: file:tls.crt, key: file:tls.key}" : "tls: none")
            access_log: file:\(log)
            deadlines: {handshake: 60s, head: \(deadline), body: \(deadline)}
            limits: {body_memory: \(bodyMemory)}
          health: {address: "127.0.0.1:0"}
        vendors:
          default: {key: file:vendor.key}
        issuers:
        \(issuer("idp", "jwks: file:idp.pub", "RS256"))
        \(issuer("es", "jwks: file:es.pub", "ES256"))
        \(issuer("hs", "secret: file:hs.key", "HS256"))
        \(issuer("ps", "jwks: file:ps.pub", "PS256"))
        \(issuer("ed", "jwks: file:ed.pub", "EdDSA"))
        \(issuer("set", "jwks: file:set.json", "RS256"))
        \(issuer("other", "jwks: file:other.json", "RS256"))
        \(issuer("bound", "jwks: file:idp.pub", "RS256", allow: "[acme, \"eu-*\"]"))
        \(issuer("partner", "jwks: file:foreign.pub", "RS256", allow: "[globex]"))
        \(issuer("uuid", "jwks: file:idp.pub", "RS256", format: "uuid"))
        \(issuer("number", "jwks: file:idp.pub", "RS256", format: "integer"))
        \(issuer("slug", "jwks: file:idp.pub", "RS256", format: "slug"))
        sessions: {key: file:session.key, origins: ["https://app.test"]}
        tenants: {source: claims, hosts: ["{tenant}.tenants.test"]}
        upstreams:
          api: {targets: ["http://127.0.0.1:\(port)"], connect: 60s}
          signed: {targets: ["http://127.0.0.1:\(port)"], connect: 60s}
          hasty: {targets: ["http://127.0.0.1:\(hasty)"], connect: 60s}
          dead: {targets: ["http://127.0.0.1:1"]}
          second: {targets: ["http://127.0.0.1:1", "http://127.0.0.1:\(port)"], connect: 60s}
          echoing: {targets: ["http://127.0.0.1:\(port)"], echo: required, connect: 60s}
        assertion: {to: [signed, second, echoing], key: file:assertion.key}
        tiers:
          FREE: {requests: unlimited}
          TINY: {requests: 5/min}
          STARTER: {requests: 100/min}
          ENTERPRISE: {requests: custom, fallback: 7/min}
          NONE: {requests: 0/min}
        routes:
        \(routes)
        """
    }

    private static var routes: String { (opaqueRoutes + cleanRoutes).joined(separator: "\n") }

    /// Bodies pass as they are.
    private static var opaqueRoutes: [String] {
        [
            route("a", "/a/**"), route("canary", "/canary"), route("barrier", "/barrier/*"),
            route("slow", "/slow"), route("surplus", "/surplus/**"),
            route("hasty", "/hasty", upstream: "hasty"),
            route("es", "/es", auth: "es"), route("hs", "/hs", auth: "hs"),
            route("uuid", "/uuid", auth: "uuid"), route("number", "/number", auth: "number"),
            route("slug", "/slug", auth: "slug"), route("ps", "/ps", auth: "ps"),
            route("ed", "/ed", auth: "ed"), route("set", "/set", auth: "set"),
            route("other", "/other", auth: "other"), route("bound", "/bound", auth: "bound"),
            route("partner", "/partner", auth: "partner"),
            route("query", "/q", more: "tenant: {inject: {query: tenant_id}}"),
            route("open", "/open/**", auth: "none", more: "reason: for the tests"),
            route(
                "roles", "/roles/**",
                more: #"roles: {GET: [reader, admin], DELETE: [admin]}, "#
                    + #"cors: {origins: ["https://app.test"]}, tenant: {client_value: reject}"#),
            route("strict", "/strict/**", more: "tenant: {client_value: reject}"),
            route("same", "/same/**", more: "tenant: {client_value: reject-if-different}"),
            route(
                "browser", "/browser/**",
                more: #"cors: {origins: ["https://app.test"], credentials: true}"#),
            route("kinds", "/kinds/**", auth: "[idp, session]"),
            route("reading", "/reading/**", matching: "methods: [GET, HEAD]"),
            route("passing", "/passing/**", more: "forward_credential: true"),
            route("named", "/named/**", more: "tenant: {names: [workspace]}"),
            route("signed", "/signed/**", upstream: "signed"),
            route("vendor", "/vendor", auth: "vendor", upstream: "signed"),
            route("dead", "/dead", upstream: "dead"),
            route("hosted", "/hosted", matching: "host: shop.test"),
            route("elsewhere", "/elsewhere", more: "host: upstream"),
            route("own", "/own/{tenant}/**"),
            route(
                "mine", "/mine/{tenant}/**",
                more: "tenant: {client_value: reject-if-different}"),
            route("theirs", "/theirs/{tenant}/x", more: "tenant: {client_value: reject}"),
            route("twice", "/twice/{tenant}/of/{tenant}"),
            // More specific than `/a/**`, which takes what is spelt otherwise.
            route("inner", "/a/tenants/{tenant}"), route("slashed", "/a/slashed/{tenant}/"),
            route("second", "/second/**", upstream: "second"),
            route("echoing", "/echo/**", upstream: "echoing"),
            route("echoing-vendor", "/echo-vendor", auth: "vendor", upstream: "echoing"),
            route("keeping", "/cookies/kept/**", more: "responses: {cookie_domain: keep}"),
            route("refusing", "/cookies/refused/**", more: "responses: {cookie_domain: reject}"),
            route("watched", "/watched/**", body: held, more: "tenant: {mode: shadow}"),
            route(
                "watched-same", "/watched/same/**", body: held,
                more: "tenant: {mode: shadow, client_value: reject-if-different}"),
            route("watched-opaque", "/watched/opaque/**", more: "tenant: {mode: shadow}"),
            route(
                "watched-into", "/watched/into/{tenant}/**", body: held,
                more: "tenant: {mode: shadow, inject: {query: account, json: /account}}"),
        ]
    }

    /// Bodies are understood and cleaned.
    private static var cleanRoutes: [String] {
        [
            route("clean", "/clean/**", body: held),
            route(
                "clean-strict", "/clean/strict/**", body: held,
                more: "tenant: {client_value: reject}"),
            route(
                "clean-same", "/clean/same/**", body: held,
                more: "tenant: {client_value: reject-if-different}"),
            route(
                "clean-named", "/clean/named/**", body: held, more: "tenant: {names: [workspace]}"),
            route(
                "clean-own", "/clean/own/{tenant}/**", body: held,
                more: "tenant: {inject: {query: tenant_id}}"),
            route("clean-hs", "/clean/hs/**", auth: "hs", body: held),
            route(
                "clean-open", "/clean/open/**", auth: "none", body: "{clean: true, max: 64KiB}",
                more: "reason: for the tests"),
            route(
                "clean-vendor", "/clean/vendor", auth: "vendor", upstream: "signed",
                body: "{clean: true, max: 64KiB}"),
            route("clean-signed", "/clean/signed/**", upstream: "signed", body: held),
            route("clean-dead", "/clean/dead/**", upstream: "dead", body: held),
            route("clean-graph", "/clean/graph/**", body: "{max: 64KiB, graphql: reject}"),
            route(
                "clean-graph-same", "/clean/graph/same/**", body: "{max: 64KiB, graphql: reject}",
                more: "tenant: {client_value: reject-if-different}"),
            route(
                "clean-arguments", "/clean/arguments/**",
                body: "{max: 64KiB, graphql: reject-arguments}"),
            route("clean-unread", "/clean/unread/**", body: "{max: 64KiB, graphql: opaque}"),
            route("clean-large", "/clean/large/**", body: "{max: 16MiB}"),
            route(
                "into-json", "/into/json", body: held,
                more: "tenant: {inject: {json: /tenant_id}}"),
            route(
                "into-deep", "/into/deep", body: held,
                more: "tenant: {inject: {json: /meta/owner/tenant_id}}"),
            route(
                "into-place", "/into/place", body: held,
                more: "tenant: {inject: {json: /owner/id}}"),
            route(
                "into-form", "/into/form", body: held,
                more: "tenant: {inject: {form: tenant_id}}"),
            route(
                "into-both", "/into/both", upstream: "signed", body: held,
                more: "tenant: {inject: {json: /owner/account, form: account, query: account}}"),
        ]
    }

    private static let opaque = "{clean: false, max: 64KiB}"
    private static let held = "{max: 64KiB}"

    private static func route(
        _ name: String, _ path: String, matching: String = "", auth: String = "idp",
        upstream: String = "api", body: String = opaque, more: String = ""
    ) -> String {
        let match = matching.isEmpty ? "path: \"\(path)\"" : "path: \"\(path)\", \(matching)"
        return "  - {name: \(name), match: {\(match)}, auth: \(auth), upstream: \(upstream), "
            + "body: \(body)\(more.isEmpty ? "" : ", ")\(more)}"
    }

    private static func issuer(
        _ name: String, _ keys: String, _ algorithm: String, format: String = "opaque",
        allow: String = ""
    ) -> String {
        let bound = allow.isEmpty ? "" : ", allow: {tenants: \(allow), tiers: [FREE]}"
        return
            "  \(name): {issuer: \"https://\(name).test/\", \(keys), audience: [api], "
            + "algorithms: [\(algorithm)], tenant: {claim: tenant_id, format: \(format)}, "
            + "tier: {claim: tier}, role: {claim: role}\(bound)}"
    }

    /// Made by the gateway's own `token mint`: name, key, algorithm, claims.
    static let mintedTokens: [(String, String, String, String)] = [
        ("acme", "idp.key", "RS256", claims("idp", "acme")),
        ("globex", "idp.key", "RS256", claims("idp", "globex")),
        ("deleted", "idp.key", "RS256", claims("idp", "hooli")),
        ("es", "es.key", "ES256", claims("es", "acme")),
        ("hs", "hs.key", "HS256", claims("hs", "acme")),
        ("ps", "ps.key", "PS256", claims("ps", "acme")),
        ("ed", "ed.key", "EdDSA", claims("ed", "acme")),
        ("ed2", "ed.key", "Ed25519", claims("ed", "acme")),
    ]

    private static func claims(_ issuer: String, _ tenant: String) -> String {
        #"{"iss":"https://\#(issuer).test/","aud":"api","sub":"u1","tenant_id":"\#(tenant)","#
            + #""tier":"FREE"}"#
    }

    /// For scenarios: tenants of their own.
    static let scenarioTokens: [(String, TokenRecipe)] = [
        (
            "tiny",
            TokenRecipe(changes: [
                "tenant_id": #""tiny""#, "tier": #""TINY""#, "exp": "now+20000",
            ])
        ),
        (
            "logged",
            TokenRecipe(changes: [
                "tenant_id": #""logged""#, "sub": #""eve\n\u001b[31m{\"forged\":1}""#,
            ])
        ),
        ("forged", TokenRecipe(signer: .rsa(key: "foreign.key"))),
    ]
}
