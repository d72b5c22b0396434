import Foundation
import TestSupport
import Testing

@Suite struct `ringfence test` {
    static let file = """
        version: 1
        clock: "2026-01-01T00:00:00Z"
        tokens:
          alice: {issuer: idp, claims: {sub: alice, tenant_id: acme}, ttl: 5m}
          stranger: {issuer: idp, claims: {sub: eve, tenant_id: acme}, forged: true}
        tenants: {acme: {tier: STARTER}}
        cases:
          - name: a spoofed tenant is replaced
            request:
              url: "https://api.example.test/v1/orders?tenant_id=evil&x=1"
              token: alice
              headers: {X-Tenant-Id: evil}
            expect:
              decision: forward
              upstream: orders
              tenant: acme
              route: orders
              sent:
                query: "tenant_id=acme&x=1"
                headers: {x-tenant-id: acme}
                without: [authorization]
          - name: request 101 in a minute is refused
            repeat: 101
            request: {url: /v1/orders, token: alice}
            expect: {status: 429, code: rate.limited, headers: {X-RateLimit-Remaining: "0"}}
          - name: requests a second apart are not
            repeat: 101
            every: 1s
            request: {url: /v1/orders, token: alice}
            expect: {decision: forward}
          - name: an expired token is refused
            after: 6m
            request: {url: /v1/orders, token: alice}
            expect: {status: 401, code: token.invalid}
          - name: a forged token is refused
            request: {url: /v1/orders, token: stranger}
            expect: {decision: refuse, code: token.invalid}
          - name: a body is cleaned
            request: {method: POST, url: /v1/orders, token: alice, json: {id: 7, tenantId: evil}}
            expect: {sent: {method: POST, path: /v1/orders, json: {id: 7}}}
          - name: liveness needs nobody
            request: {url: /healthz}
            expect: {status: 200, sent: {query: ""}}

        """

    @Test func `passes a policy that does what its tests say`() throws {
        let place = try PolicyFolder()
        try place.folder.write(Self.file, to: "policies/tests/orders.test.yaml")
        let result = try place.run("test")
        #expect(result.end == .exited(0), "\(result.output)\(result.errors)")
        #expect(result.output == "7 cases: 7 passed\n")
        let verbose = try place.run("test", "policies", "--verbose")
        #expect(
            verbose.output.contains("ok    policies/tests/orders.test.yaml:8  a spoofed tenant"))
    }

    @Test func `needs none of the keys of the machine that serves`() throws {
        let policy =
            PolicyFolder.policy
            .changing("jwks: file:idp.pub", to: "jwks: https://idp.invalid/keys")
            .changing(
                "  - {name: health",
                to:
                    "  - {name: vendor, match: {path: /v}, auth: vendor, upstream: orders}\n"
                    + "  - {name: health"
            )
            + "vendors: {default: {key: file:/nowhere/vendor.key}}\n"
            + "assertion: {to: [orders], key: file:/nowhere/assertion.key}\n"
        let place = try PolicyFolder(policy)
        let file =
            Self.file.changing("tokens:\n", to: "tokens:\n  shop: {vendor: default}\n")
                + """
                  - name: the vendor is let in
                    request: {url: /v, token: shop}
                    expect: {decision: forward, route: vendor}

                """
        try place.folder.write(file, to: "policies/tests/orders.test.yaml")
        let result = try place.run("test")
        #expect(result.end == .exited(0), "\(result.output)\(result.errors)")
        #expect(result.output == "8 cases: 8 passed\n")
    }

    @Test func `shows what was expected and what came instead`() throws {
        let place = try PolicyFolder()
        let file = Self.file.changing("upstream: orders\n", to: "upstream: reports\n")
            .changing("tenant_id=acme&x=1", to: "tenant_id=globex&x=1")
        try place.folder.write(file, to: "policies/tests/orders.test.yaml")
        let result = try place.run("test", "--junit", "report.xml")
        #expect(result.end == .exited(1))
        #expect(
            result.output == """
                FAIL  policies/tests/orders.test.yaml:8  a spoofed tenant is replaced
                      upstream  (policies/tests/orders.test.yaml:15)
                        expected  reports
                        got       orders
                      sent.query  (policies/tests/orders.test.yaml:19)
                        expected  tenant_id=globex&x=1
                        got       tenant_id=acme&x=1
                      decided: FORWARD, route orders
                7 cases: 6 passed, 1 failed

                """)
        let report = try String(
            contentsOfFile: place.folder.path + "/report.xml", encoding: .utf8)
        #expect(report.contains("<testsuites name=\"ringfence\" tests=\"7\" failures=\"1\">"))
        #expect(report.contains("message=\"upstream: expected reports, got orders\""))
        #expect(report.contains("tenant_id=globex&amp;x=1"))
        #expect(report.components(separatedBy: "<testcase ").count == 8)
    }

    @Test func `counts routes times outcomes`() throws {
        let place = try PolicyFolder()
        try place.folder.write(Self.file, to: "policies/tests/orders.test.yaml")
        let result = try place.run("test", "--coverage")
        let lines = PolicyFolder.lines(result.output)
        #expect(lines.contains("coverage: 5 of 9 outcomes"), "\(result.output)")
        #expect(lines.contains("route forwarded 401 spoofed 429"))
        #expect(lines.contains("orders 203 2 2 1"), "\(result.output)")
        #expect(lines.contains("reports - - - -"))
        #expect(lines.contains("health 1"))
    }

    @Test func `runs the cases that are asked for`() throws {
        let place = try PolicyFolder()
        let file = try place.folder.write(Self.file, to: "policies/tests/orders.test.yaml")
        let some = try place.run("test", "--run", "^an? .*refused$", "--json")
        let object = try place.object(some.output)
        #expect(object["passed"] as? Int == 2 && object["failed"] as? Int == 0)
        #expect(try place.run("test", file).output == "7 cases: 7 passed\n")
        let none = try place.run("test", "--run", "nothing like it")
        #expect(none.end == .exited(1) && none.errors.contains("no case has a name"))
        #expect(try place.run("test", "--run", "(").end == .exited(64))
    }

    @Test func `says all that is wrong with a test file`() throws {
        let place = try PolicyFolder()
        let file = Self.file.changing("token: stranger", to: "token: strangr")
            .changing("code: rate.limited", to: "code: rate.limted")
            .changing("tenants: {acme: {tier: STARTER}}", to: "tenants: {acme: {tier: STARTR}}")
        try place.folder.write(file, to: "policies/tests/orders.test.yaml")
        let result = try place.run("test")
        #expect(result.end == .exited(2))
        for code in ["E1401", "E1402", "E1301"] {
            #expect(result.errors.contains("error[\(code)]"), "\(result.errors)")
        }
        #expect(result.errors.contains("did you mean `stranger`?"))
    }

    @Test func `is no success where there are no tests`() throws {
        let place = try PolicyFolder()
        let result = try place.run("test")
        #expect(result.end == .exited(1) && result.errors.contains("no tests"))
    }
}
