import Testing
import YAML

@testable import Policy

@Suite struct `What a change of a policy widens` {
    /// Every key that can be written, as `EffectiveValue.pattern` has it.
    private func patterns(_ record: PolicyRecord, _ prefix: String = "") -> [String] {
        record.keys.filter { $0.name != "version" }.flatMap { key in
            patterns(key.shape, prefix.isEmpty ? key.name : prefix + "." + key.name)
        }
    }

    private func patterns(_ shape: PolicyShape, _ path: String) -> [String] {
        switch shape {
        case .scalar, .oneOrList, .anything: [path]
        case .record(let record): patterns(record, path)
        case .list(.record(let record), _): patterns(record, path + "[]")
        case .list: [path]
        case .table(let value, _, _): patterns(value, path + ".NAME")
        case .word(_, let other): [path] + patterns(other, path)
        }
    }

    @Test func `is judged for every key there is`() {
        let tenants = BackendShape.tenants.keys.first { $0.name == "tenants" }?.shape
        let known =
            patterns(GatewayShape.root)
            + (tenants.map { patterns($0, "tenants.source") } ?? [])
        #expect(known.count > 80)
        let unjudged = known.filter { Widening.rule(for: $0) == nil }
        #expect(unjudged == [], "say in Widening.swift when a change of these widens access")
    }

    @Test func `is told of whose client certificates are taken`() throws {
        func policy(_ more: String) throws -> EffectivePolicy {
            let tls = "tls: {\(more)certificate: file:tls.crt, key: file:tls.key}"
            return try values(plainPolicy.replacing("8443\"}", with: "8443\", \(tls)}"))
        }
        let authority = "listen.public.tls.client_ca"
        let rule = try #require(Widening.rule(for: authority))
        let one = try policy("client_ca: file:one.pem, ")
        let two = try policy("client_ca: file:two.pem, ")
        #expect(one.value(at: authority)?.text == "file:one.pem")
        #expect(rule.reason(from: one.value(at: authority), to: two.value(at: authority)) != nil)
        let asked = "listen.public.tls.client_certificates"
        let required = try policy("client_ca: file:one.pem, client_certificates: required, ")
        let loosened = try #require(Widening.rule(for: asked))
        #expect(
            loosened.reason(from: required.value(at: asked), to: one.value(at: asked)) != nil)
        #expect(
            loosened.reason(from: one.value(at: asked), to: required.value(at: asked)) == nil)
    }

    private func values(_ text: String) throws -> EffectivePolicy {
        let loaded = Files(text).gateway()
        return EffectivePolicy(try #require(loaded.document))
    }

    @Test func `is looked for in what the policy comes to, defaults included`() throws {
        let plain = try values(plainPolicy)
        #expect(plain.value(at: "issuers.idp.leeway")?.text == "5s")
        #expect(plain.value(at: "issuers.idp.leeway")?.mark == nil)
        #expect(plain.value(at: "routes.orders.match.path")?.text == "/v1/orders/**")
        #expect(plain.value(at: "routes.orders.match.path")?.owner == "route orders")
        #expect(plain.value(at: "routes.orders.cors.credentials") == nil)
        #expect(plain.owners.map(\.name).prefix(2) == ["issuer idp", "upstream orders"])
    }

    @Test(
        arguments: [
            (Widening.Rule.raised("x"), "5s", "10s", true), (.raised("x"), "10s", "5s", false),
            (.raised("x"), "100/min", "unlimited", true),
            (.raised("x"), "custom", "100/min", false),
            (.grows("x"), "[a]", "[a, b]", true), (.grows("x"), "[a, b]", "[b]", false),
            (.shrinks("x"), "[a, b]", "[b]", true), (.becomes("none", "x"), "idp", "none", true),
            (.becomes("none", "x"), "none", "idp", false), (.disappears("x"), "a", nil, true),
            (.appears("x"), nil, "a", true), (.loosens(["a", "b"], "x"), "b", "a", true),
            (.loosens(["a", "b"], "x"), "a", "b", false), (.loosens(["a"], "x"), "?", "a", true),
            (.unless("none", .always("x")), "none", "idp", false), (.never, "a", "b", false),
            (.either(.becomes("b", "x"), .never), "a", "b", true), (.always("x"), "a", "b", true),
            (.raised("x"), "1s", nil, true), (.raised("x"), nil, "1s", false),
        ] as [(Widening.Rule, String?, String?, Bool)]) func `follows from the kind of key`(
            _ rule: Widening.Rule, _ old: String?, _ new: String?, _ widens: Bool
        )
    {
        func value(_ text: String?) -> EffectiveValue? {
            text.map { text in
                let items =
                    text.hasPrefix("[")
                    ? text.dropFirst().dropLast().split(separator: ",").map {
                        String($0.drop { $0 == " " })
                    } : nil
                return EffectiveValue(
                    path: "p", pattern: "p", text: text, items: items, mark: nil, owner: "")
            }
        }
        #expect((rule.reason(from: value(old), to: value(new)) != nil) == widens)
    }
}

@Suite struct `A test file` {
    private func read(_ cases: String) -> (file: PolicyTestFile?, report: PolicyReport) {
        Files(["policies/tests/a.test.yaml": Array(cases.utf8)]).tests("policies/tests/a.test.yaml")
    }

    @Test func `says when, who, what and how often`() throws {
        let (file, report) = read(
            """
            version: 1
            clock: "2024-02-29T12:00:01Z"
            tokens:
              alice:
                issuer: idp
                ttl: 90s
                claims: {sub: alice, n: 1, s: "1", yes: true, list: [a, null], nested: {a: 1.50}}
            cases:
              - name: all of it
                after: 1m
                every: 500ms
                repeat: 3
                request:
                  method: POST
                  url: https://api.example.com/v1/orders?x=1
                  token: alice
                  headers: {X-One: a, X-Two: [b, c]}
                  json: {a: 1}
                  from: 2001:db8::1
                expect: {status: 200, sent: {query: ""}}
            """)
        #expect(report.diagnostics == [], "\(report.text(colour: false))")
        let test = try #require(file)
        #expect(test.clockSeconds == 1_709_208_001)
        guard case .issuer(0, let claims) = test.tokens[0].kind else {
            Issue.record("no token of the issuer")
            return
        }
        #expect(
            String(decoding: claims, as: UTF8.self)
                == #"{"sub":"alice","n":1,"s":"1","yes":true,"list":["a",null],"#
                + #""nested":{"a":1.50}}"#
        )
        #expect(test.tokens[0].ttlSeconds == 90)
        let found = test.cases[0]
        #expect(found.afterMilliseconds == 60_000 && found.everyMilliseconds == 500)
        #expect(found.repeats == 3 && found.request.token == 0)
        #expect(
            found.request.fields.map { "\($0.name): \($0.value)" }
                == ["X-One: a", "X-Two: b", "X-Two: c", "Content-Type: application/json"])
        #expect(found.request.body == Array(#"{"a":1}"#.utf8))
        #expect(found.expectation.sentQuery?.value == "")
    }

    @Test(
        arguments: [
            ("2026-01-01T00:00:00Z", 1_767_225_600), ("1970-01-01T00:00:00Z", 0),
            ("2000-12-31T23:59:59Z", 978_307_199), ("2023-02-29T00:00:00Z", nil),
            ("2026-01-01", nil), ("2026-13-01T00:00:00Z", nil), ("2026-01-01T24:00:00Z", nil),
            ("2026-01-01T00:00:00+01:00", nil), ("yesterday", nil),
        ] as [(String, Int64?)])
    func `has a clock in one form`(_ text: String, _ seconds: Int64?) {
        #expect(PolicyTestCompiler.seconds(text) == seconds)
    }

    @Test func `has tenants of its own, read as the policy's are`() throws {
        let text = """
            version: 1
            tenants: {acme: {tier: STARTER, state: suspended}}
            cases: [{name: a, request: {url: /}, expect: {status: 401}}]
            """
        let policy = try #require(read(text).file).policy
        guard case .file(let tenants) = policy.tenants else {
            Issue.record("no tenants")
            return
        }
        #expect(tenants.map(\.externalID.text) == ["acme"] && tenants[0].isSuspended)
        let wrong = read(text.changing("state: suspended", to: "stat: suspended"))
        #expect(wrong.file == nil && wrong.report.codes.contains("E1204"))
    }
}
