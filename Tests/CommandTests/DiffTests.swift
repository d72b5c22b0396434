import Foundation
import TestSupport
import Testing

@Suite struct `ringfence diff` {
    private func compare(
        _ old: String, _ new: String, _ words: String...
    ) throws -> (end: ChildProcess.End, output: String, errors: String) {
        let folder = try TemporaryFolder()
        for (name, text) in [("old", old), ("new", new)] {
            try folder.write(text, to: "\(name)/gateway.yaml")
            try folder.write(PolicyFolder.tenants, to: "\(name)/tenants.yaml")
        }
        let result = try ChildProcess.run(
            BuiltProducts.path("ringfence"), ["diff", "old", "new"] + words, folder: folder.path)
        return (result.end, result.output, result.errorOutput)
    }

    @Test func `finds no difference in what means the same`() throws {
        let reordered = PolicyFolder.policy
            .changing("methods: [GET, POST]", to: "methods: [POST, GET]")
            .changing("  STARTER: {requests: 100/min}\n", to: "")
            .changing(
                "500/min}\n", to: "500/min}\n  # the small one\n  STARTER: {requests: 100/min}\n"
            )
            .changing(
                "tenant: {inject: {query: tenant_id}}",
                to: "tenant: {mode: enforce, inject: {query: tenant_id}}")
        let result = try compare(PolicyFolder.policy, reordered, "--fail-on-widening")
        #expect(result.end == .exited(0), "\(result.errors)")
        #expect(result.output == "no difference in meaning\n")
    }

    @Test(arguments: [
        (
            "auth: idp\n    tenant", "auth: none\n    reason: x\n    tenant",
            "nobody is asked who they are"
        ),
        (
            "audience: [https://api.example.test]", "audience: none\n    reason: x",
            "tokens for any service are taken"
        ),
        (
            "audience: [https://api.example.test]", "audience: [https://api.example.test, b]",
            "tokens for more services"
        ),
        ("algorithms: [ES256]", "algorithms: [ES256, RS256]", "more algorithms are taken"),
        ("100/min", "101/min", "more requests are admitted"),
        ("100/min", "unlimited", "more requests are admitted"),
        (
            "inject: {query: tenant_id}", "except: [org_id]",
            "names of the tenant are left to clients"
        ),
        ("inject: {query: tenant_id}", "mode: shadow", "nothing is taken out any more"),
        (
            "    upstream: orders\n", "    forward_credential: true\n    upstream: orders\n",
            "the client's credential"
        ),
        (
            "    upstream: orders\n", "    body: {clean: false}\n    upstream: orders\n",
            "bodies pass unread"
        ),
        ("methods: [GET, POST]", "methods: [GET, POST, DELETE]", "it takes more methods"),
        (", methods: [GET, POST]", "", "it takes every method"),
        ("issuers:", "trusted_proxies: [10.0.0.0/8]\nissuers:", "who a client is"),
        ("jwks: file:idp.pub", "jwks: file:other.pub", "other keys are believed"),
        ("path: /v1/reports/**", "path: /v1/**", "requests for other paths"),
        (
            "  - {name: health",
            "  - {name: open, match: {path: /open}, auth: none, reason: x, upstream: orders}\n"
                + "  - {name: health",
            "whoever sends them"
        ),
        (
            "127.0.0.1:1\"]}\n  reports", "127.0.0.1:2\"]}\n  reports",
            "requests go to other addresses"
        ),
    ]) func `flags what widens access`(_ old: String, _ new: String, _ reason: String) throws {
        let changed = PolicyFolder.policy.changing(old, to: new)
        let result = try compare(PolicyFolder.policy, changed)
        #expect(result.end == .exited(0), "\(result.errors)")
        #expect(result.output.contains("WIDENS: "), "\(result.output)")
        #expect(result.output.contains(reason), "\(result.output)")
        #expect(try compare(PolicyFolder.policy, changed, "--fail-on-widening").end == .exited(1))
    }

    @Test(arguments: [
        ("auth: none, reason: liveness", "auth: idp"), ("100/min", "99/min"),
        ("methods: [GET, POST]", "methods: [GET]"),
        ("/v1/reports/**}", "/v1/reports/**, methods: [GET]}"),
        ("inject: {query: tenant_id}", "client_value: reject"),
        ("    body: {clean: false}\n", ""),
    ]) func `does not flag what narrows it`(_ old: String, _ new: String) throws {
        let changed = PolicyFolder.policy.changing(old, to: new)
        let result = try compare(PolicyFolder.policy, changed, "--fail-on-widening")
        #expect(result.end == .exited(0), "\(result.output)")
        #expect(!result.output.contains("WIDENS"))
    }

    @Test func `says who takes over the requests of a route that is gone`() throws {
        let old = PolicyFolder.policy.changing(
            "  - {name: health",
            to:
                "  - {name: all, match: {path: /v1/**}, auth: none, reason: x, upstream: orders}\n"
                + "  - {name: health"
        )
        let route =
            "  - name: reports\n    match: {path: /v1/reports/**}\n    auth: idp\n"
            + "    body: {clean: false}\n    upstream: reports\n"
        let result = try compare(
            old,
            old.changing(route, to: "").changing(
                "  reports: {targets: [\"http://127.0.0.1:1\"]}\n", to: ""))
        #expect(result.output.contains("- route reports"), "\(result.output)\(result.errors)")
        #expect(result.output.contains("WIDENS: its requests are taken by route all"))
    }

    @Test func `tells programs each change with its places`() throws {
        let changed = PolicyFolder.policy.changing("100/min", to: "200/min")
        let result = try compare(PolicyFolder.policy, changed, "--json")
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        #expect(object["changes"] as? Int == 1 && object["widenings"] as? Int == 1)
        let group = try #require((object["groups"] as? [[String: Any]])?.first)
        #expect(group["name"] as? String == "tier STARTER")
        #expect(group["new"] as? String == "new/gateway.yaml:27")
    }

    @Test func `replays the requests of the tests by both policies`() throws {
        let old = try PolicyFolder()
        try old.folder.write(`ringfence test`.file, to: "policies/tests/orders.test.yaml")
        let changed = PolicyFolder.policy.changing("100/min", to: "200/min")
            .changing("inject: {query: tenant_id}", to: "inject: {query: account}")
        try old.folder.write(changed, to: "new/gateway.yaml")
        try old.folder.write(PolicyFolder.tenants, to: "new/tenants.yaml")
        try old.folder.write(`ringfence test`.file, to: "new/tests/orders.test.yaml")
        let result = try old.run("diff", "policies", "new", "--replay", "--fail-on-widening")
        #expect(result.end == .exited(1), "\(result.errors)")
        let lines = PolicyFolder.lines(result.output)
        #expect(lines.contains("~ new/tests/orders.test.yaml:8 a spoofed tenant is replaced"))
        #expect(lines.contains("old sends GET /v1/orders?tenant_id=acme&x=1"), "\(result.output)")
        #expect(lines.contains("new sends GET /v1/orders?account=acme&x=1"))
        #expect(lines.contains("old REFUSE 429 rate.limited, route orders"))
        #expect(lines.contains("WIDENS: it was refused"))
        #expect(lines.last?.hasPrefix("replayed 7 requests: ") == true)
        let same = try old.run("diff", "policies", "policies", "--replay")
        #expect(
            same.output
                == "no difference in meaning\nreplayed 7 requests: none is decided otherwise\n")
    }

    @Test func `compares only policies without errors`() throws {
        let broken = PolicyFolder.policy.changing("auth: idp", to: "auth: ipd")
        let result = try compare(PolicyFolder.policy, broken)
        #expect(result.end == .exited(2) && result.errors.contains("E1301"))
        #expect(result.output == "")
    }
}
