import Policy
import Testing
import YAML

/// A policy of several files, and what changes it from outside.
@Suite struct `A policy of several files` {
    private let parts: [String: String] = [
        // The plain policy, whose routes and tiers are elsewhere.
        "policies/gateway.yaml": plainPolicy.prefix(before: "routes:")
            .changing("version: 1\n", to: "version: 1\ninclude: [tiers.yaml, \"routes/*.yaml\"]\n")
            .changing("http://127.0.0.1:8080", to: "unix:orders.sock"),
        "policies/tiers.yaml": """
        version: 1
        tiers: {STARTER: {requests: 100/min}}
        limits: {headers: [ratelimit]}
        x-owner: sales
        """,
        "policies/routes/orders.yaml": """
        x-owner: shop
        routes:
          - {name: orders, match: {path: /v1/orders/**}, auth: idp, upstream: orders}
        """,
        "policies/routes/exports.yaml": """
        include: [upstreams/exports.yaml]
        issuers:
          partner: {issuer: "https://partner.example.com/", jwks: "file:partner.json",
            audience: [https://api.example.com], algorithms: [ES256],
            tenant: {claim: tenant_id}, tier: {claim: tier}}
        routes:
          - {name: exports, match: {path: /v1/exports}, auth: partner, upstream: exports}
        """,
        "policies/routes/upstreams/exports.yaml": """
        upstreams:
          exports:
            targets: ["unix:exports.sock", "unix:/run/exports.sock", "https://exports:443"]
            ca: file:../ca.pem
        """,
    ]

    private func files(_ changes: [String: String] = [:]) -> Files {
        Files(parts.merging(changes) { $1 }.mapValues { Array($0.utf8) })
    }

    @Test func `what all of them define is one policy`() throws {
        let loaded = files().gateway()
        #expect(
            loaded.report.text(colour: false).hasSuffix(
                "checked 5 files, 2 routes, 2 issuers, 1 tier: no problems\n"))
        let policy = try #require(loaded.policy)
        // Of a pattern in the order of names, each with what it includes behind it.
        #expect(policy.routes.map(\.name) == ["exports", "orders"])
        #expect(policy.upstreams.map(\.name) == ["orders", "exports"])
        #expect(policy.tiers.map(\.name) == ["STARTER"])
        #expect(!policy.limitHeaders.xRateLimit)
        #expect(
            loaded.report.files.map(\.path) == [
                "policies/gateway.yaml", "policies/tiers.yaml", "policies/routes/exports.yaml",
                "policies/routes/upstreams/exports.yaml", "policies/routes/orders.yaml",
            ])
    }

    @Test func `paths are relative to the file that names them`() throws {
        let policy = try #require(files().gateway().policy)
        #expect(policy.issuers[0].keys == .file(reference("policies/keys.json", policy, 0)))
        #expect(
            policy.issuers[1].keys == .file(reference("policies/routes/partner.json", policy, 1)))
        #expect(
            policy.upstreams[1].targets.map(\.host) == [
                "policies/routes/upstreams/exports.sock", "/run/exports.sock", "exports",
            ])
        #expect(
            policy.upstreams[1].certificateAuthority?.name == "policies/routes/upstreams/../ca.pem")
    }

    private func reference(_ name: String, _ policy: GatewayPolicy, _ index: Int) -> SecretReference
    {
        guard case .file(let found) = policy.issuers[index].keys else {
            return SecretReference(kind: .env, name: "", mark: .none)
        }
        return SecretReference(kind: .file, name: name, mark: found.mark)
    }

    @Test func `every value knows the file that set it`() throws {
        let loaded = files([
            "policies/env/prod.yaml": "upstreams: {exports: {ca: file:prod.pem}}\n"
        ]).gateway(
            overlay: "prod", variables: [("RINGFENCE_LISTEN__PUBLIC__ADDRESS", "[::1]:443")])
        let policy = try #require(loaded.policy, "\(loaded.report.text(colour: false))")
        let root = try #require(loaded.document?.root)
        let origin = { (node: PolicyNode?) in
            node.map { loaded.report.files[$0.mark.file].origin }
        }
        #expect(origin(root["version"]) == .main)
        guard case .included(let mark) = origin(root["tiers"]?["STARTER"]?["requests"]) else {
            throw Unexpected()
        }
        #expect(mark == SourceMark(file: 0, line: 2, column: 11, length: 10))
        #expect(origin(root["upstreams"]?["exports"]?["ca"]) == .overlay("prod"))
        #expect(
            origin(root["listen"]?["public"]?["address"])
                == .environment("RINGFENCE_LISTEN__PUBLIC__ADDRESS"))
        #expect(policy.listen.publicAddress.text == "[::1]:443")
        // An overlay is in a folder of its own.
        #expect(policy.upstreams[1].certificateAuthority?.name == "policies/env/prod.pem")
        #expect(
            loaded.report.summary
                == "checked 6 files, 2 routes, 2 issuers, 1 tier, env prod, 1 variable: no problems"
        )
    }

    @Test func `an overlay changes values and nothing else`() throws {
        let policy = try #require(
            files([
                "policies/env/stage.yaml": """
                version: 1
                x-note: free
                listen: {public: {address: "127.0.0.1:9443"}}
                tiers: {STARTER: {requests: 7/min}}
                routes:
                  - name: orders
                    upstream: exports
                    match: {path: /v2/orders}
                """
            ]).gateway(overlay: "stage").policy)
        #expect(policy.listen.publicAddress.text == "127.0.0.1:9443")
        #expect(policy.tiers[0].requests == .limit(.perMinute(7)))
        #expect(policy.routes.map(\.name) == ["exports", "orders"])
        #expect(policy.routes[1].path.text == "/v2/orders")
        #expect(policy.routes.map(\.upstream) == [1, 1])
        // Without it nothing has changed.
        #expect(try #require(files().gateway().policy).tiers[0].requests == .limit(.perMinute(100)))
    }

    @Test func `a variable comes before an overlay`() throws {
        let overlay = ["policies/env/prod.yaml": "tiers: {STARTER: {requests: 7/min}}\n"]
        let policy = try #require(
            files(overlay).gateway(
                overlay: "prod",
                variables: [
                    ("RINGFENCE_TIERS__STARTER__REQUESTS", "8/min"), ("RINGFENCE_URL", "x"),
                    ("RINGFENCE_ROUTES__EXPORTS__MATCH__PATH", "/v3/exports"),
                    ("RINGFENCE_UPSTREAMS__ORDERS__TARGETS", "[\"http://127.0.0.1:1\"]"),
                ]
            ).policy)
        #expect(policy.tiers[0].requests == .limit(.perMinute(8)))
        #expect(policy.routes[0].path.text == "/v3/exports")
        #expect(policy.upstreams[0].targets.map(\.port) == [1])
    }

    @Test func `a variable that is no YAML where a list is meant is shown`() {
        let report = files().gateway(
            variables: [("RINGFENCE_UPSTREAMS__ORDERS__TARGETS", "[\"http://127.0.0.1:1\"")]
        ).report
        #expect(report.codes == ["E1001"])
        #expect(report.text(colour: false).contains("--> $RINGFENCE_UPSTREAMS__ORDERS__TARGETS:"))
    }

    @Test func `a misspelt variable does not show what it holds`() {
        let report = files().gateway(
            variables: [("RINGFENCE_VENDORS__DEFAULT__KEY", "hunter2")]
        ).report
        #expect(report.codes == ["E1366"])
        #expect(!report.text(colour: false).contains("hunter2"))
        #expect(!report.json().contains("hunter2"))
    }

    @Test func `without errors in any file there is no policy`() {
        let broken = files(["policies/tiers.yaml": "tiers: {STARTER: {requests: 1/min}}\na: &b 1\n"]
        )
        #expect(broken.gateway().policy == nil)
        let missing = files(["policies/gateway.yaml": "include: [none.yaml]\nversion: 1\n"])
        #expect(missing.gateway().policy == nil)
        #expect(files().gateway(overlay: "none").policy == nil)
    }

    @Test func `no more than a thousand files make a policy`() {
        var many = parts
        for index in 0..<1_000 {
            many["policies/routes/r\(index).yaml"] = "x-nothing: \(index)\n"
        }
        let report = Files(many.mapValues { Array($0.utf8) }).gateway().report
        #expect(report.codes.contains("E1363"))
        #expect(report.files.count == IncludePattern.filesMax)
    }

    @Test(arguments: ["prod", "eu-1", "a.b", "A_1"]) func `names of overlays`(_ name: String) {
        #expect(PolicySettings.isOverlayName(name))
    }

    @Test(arguments: [
        "", "..", ".", "../prod", "a/b", "-x", "a b", "é", String(repeating: "a", count: 65),
    ])
    func `no names of overlays`(_ name: String) {
        #expect(!PolicySettings.isOverlayName(name))
    }
}

@Suite struct `A pattern of include` {
    @Test(arguments: [
        ("a.yaml", "", "a.yaml"), ("routes/*.yaml", "routes", "*.yaml"),
        ("../x/a*b.yml", "../x", "a*b.yml"),
    ])
    func `has a folder and a name`(_ text: String, _ folder: String, _ name: String) throws {
        let pattern = try #require(IncludePattern(text))
        #expect(pattern.folder == folder && pattern.name == name)
        #expect(pattern.isPattern == name.contains("*"))
    }

    @Test(arguments: [
        "", "/etc/a.yaml", "a", "a.json", "routes/", "*/a.yaml", "a//b.yaml", "a\u{1}.yaml",
    ])
    func `that is none`(_ text: String) { #expect(IncludePattern(text) == nil) }

    @Test(arguments: [
        ("*.yaml", "a.yaml", true), ("*.yaml", ".yaml", false), ("*.yaml", ".a.yaml", false),
        ("*.yaml", "a.yml", false), ("a*b*.yaml", "ab.yaml", true),
        ("a*b*.yaml", "axbxb.yaml", true), ("a*b*.yaml", "ba.yaml", false),
        ("a*a.yaml", "a.yaml", false), (".*.yaml", ".a.yaml", true), ("**.yaml", "a.yaml", true),
        ("a.yaml", "a.yaml", true), ("*aab.yaml", "aaab.yaml", true),
    ])
    func `matches names`(_ text: String, _ name: String, _ expected: Bool) throws {
        #expect(try #require(IncludePattern(text)).matches(name) == expected)
    }
}
