import Foundation
import TestSupport
import Testing

@Suite struct `Exactly one credential` {
    private typealias G = CredentialGateway
    private let bench: CredentialGateway

    init() throws { bench = try CredentialGateway.get() }

    private func bearer(_ text: String) -> String { "Authorization: Bearer \(text)" }
    private func keyField(_ text: String) -> String { "X-API-Key: \(text)" }
    private func cookie(_ text: String) -> String { "Cookie: __Host-session=\(text)" }

    @Test func `of each kind is taken where the route lists it`() throws {
        let session = try bench.session()
        for (path, field) in [
            ("/events/1/token", bearer(try bench.access())), ("/events/1/key", bearer(G.reader)),
            ("/events/1/field", keyField(G.reader)), ("/events/1/session", bearer(session)),
            ("/events/1/cookie", cookie(session)),
            (
                "/events/1/basic",
                "Authorization: Basic " + Data("\(G.reader):".utf8).base64EncodedString()
            ),
        ] {
            #expect(try bench.answer("GET \(path)", [field]) == "200", "\(path)")
            let sent = try bench.sent(path)
            #expect(sent.all("X-Tenant-ID") == ["acme"], "\(path)")
            for name in ["Authorization", "X-API-Key", "Cookie"] {
                #expect(sent.all(name).isEmpty, "\(path) \(name)")
            }
        }
    }

    @Test(arguments: ["GET", "POST"])
    func `A4: two kinds are refused before any is looked at`(_ method: String) throws {
        let (good, session) = (bearer(try bench.access()), try bench.session())
        let pairs = [
            [good, keyField(G.reader)], [good, keyField("x")], [good, cookie(session)],
            [good, cookie("x")], [keyField(G.reader), cookie(session)],
            [bearer("x"), keyField(G.reader)], [good, keyField("")],
        ]
        for fields in pairs {
            let answer = try bench.answer("\(method) /events/two", fields)
            #expect(answer == "400 credential.ambiguous", "\(fields)")
        }
        #expect(
            try bench.answer("GET /tokens/two", [good, keyField("x")])
                == "400 credential.ambiguous")
        #expect(!bench.wasSent("/events/two"))
        #expect(!bench.wasSent("/tokens/two"))
    }

    @Test func `two of one kind are refused`() throws {
        let (good, session) = (bearer(try bench.access()), try bench.session())
        #expect(try bench.answer("GET /events/2", [good, good]) == "401 token.ambiguous")
        #expect(
            try bench.answer("GET /events/2", [keyField(G.reader), keyField(G.reader)])
                == "400 credential.ambiguous")
        for fields in [
            ["Cookie: __Host-session=\(session); __Host-session=\(session)"],
            [cookie(session), cookie("b")], ["Cookie: __Host-session=a;a=1;__Host-session=b"],
        ] {
            #expect(try bench.answer("GET /events/2", fields) == "401 session.ambiguous")
        }
    }

    @Test func `a kind the route does not list is none`() throws {
        let session = try bench.session()
        #expect(try bench.answer("GET /tokens/1", [keyField(G.reader)]) == "401 token.missing")
        #expect(try bench.answer("GET /tokens/1", [bearer(G.reader)]) == "401 token.invalid")
        #expect(try bench.answer("GET /tokens/1", [cookie(session)]) == "401 token.missing")
        #expect(try bench.answer("GET /tokens/1", [bearer(session)]) == "401 token.invalid")
        #expect(
            try bench.answer("GET /keys/1", [bearer(try bench.access())]) == "401 token.invalid")
        #expect(try bench.answer("GET /keys/1", []) == "401 token.missing")
        let basic = "Authorization: Basic " + Data("\(G.reader):".utf8).base64EncodedString()
        #expect(try bench.answer("GET /keys/1", [basic]) == "401 token.ambiguous")
    }

    @Test func `a session is no access token, and an access token no session`() throws {
        // The same claims under the other's type or key.
        let plain = try bench.session(type: nil)
        #expect(try bench.answer("GET /events/3", [bearer(plain)]) == "401 token.invalid")
        #expect(try bench.answer("GET /events/3", [cookie(plain)]) == "401 token.invalid")
        let access = try bench.access()
        #expect(try bench.answer("GET /events/3", [cookie(access)]) == "401 token.invalid")
        let foreign = try bench.session(key: "producers.key")
        #expect(try bench.answer("GET /events/3", [bearer(foreign)]) == "401 token.invalid")
        let twoTenants = try bench.session(
            more: #","tid":"0190a000-0000-7000-8000-00000000000b""#)
        #expect(try bench.answer("GET /events/3", [bearer(twoTenants)]) == "403 tenant.unknown")
        let right = try bench.session(more: #","tid":"0190a000-0000-7000-8000-00000000000a""#)
        #expect(try bench.answer("GET /events/3", [bearer(right)]) == "200")
    }

    @Test func `C5, X4: a cookie changes something only for a page of ours`() throws {
        let session = cookie(try bench.session())
        let own = "Origin: https://portal.example.test"
        #expect(try bench.answer("POST /events/4/own", [session, own]) == "200")
        for origin in [
            "null", "https://evil.test", "https://portal.example.test.evil.test",
            "http://portal.example.test", "https://PORTAL.example.test",
            "https://portal.example.test:8443", "https://portal.example.test/", "",
        ] {
            let answer = try bench.answer("POST /events/4/x", [session, "Origin: \(origin)"])
            #expect(answer == "403 session.origin", "\(origin)")
        }
        for fields in [
            [session], [session, own, own], [session, own, "Sec-Fetch-Site: cross-site"],
        ] {
            #expect(try bench.answer("POST /events/4/x", fields) == "403 session.origin")
        }
        #expect(!bench.wasSent("/events/4/x"))
        // Reading needs none, and a session that no browser sends by itself neither.
        #expect(try bench.answer("GET /events/4/get", [session]) == "200")
        #expect(
            try bench.answer("POST /events/4/bearer", [bearer(try bench.session())]) == "200")
    }

    @Test func `a session's cookie reaches no upstream, and the others do`() throws {
        let session = try bench.session()
        let fields = [
            bearer(try bench.access()),
            "Cookie: a=1; __Host-session=\(session); b=2; __HOST-SESSION=x",
        ]
        #expect(try bench.answer("GET /tokens/cookies", fields) == "200")
        #expect(try bench.sent("/tokens/cookies").all("Cookie") == ["a=1; b=2"])
    }

    @Test func `scopes are asked of keys, sessions and tokens`() throws {
        let read = bearer(try bench.access())
        let both = bearer(try bench.access(scope: "x events:write events:read"))
        for (line, field, expected) in [
            ("GET /events/5", bearer(G.reader), "200"),
            ("HEAD /events/5", bearer(G.reader), "200"),
            ("POST /events/5", bearer(G.reader), "403 scope.insufficient"),
            ("POST /events/5", bearer(G.writer), "200"),
            ("PUT /events/5", bearer(G.reader), "200"),
            ("POST /events/5", read, "403 scope.insufficient"), ("POST /events/5", both, "200"),
            (
                "POST /events/5", bearer(try bench.access(scope: "events:writer")),
                "403 scope.insufficient"
            ),
        ] {
            #expect(try bench.answer(line, [field]) == expected, "\(line)")
        }
        let refused = try bench.ask("POST /events/5", [bearer(G.reader)])
        #expect(
            refused.all("WWW-Authenticate")
                == ["Bearer error=\"insufficient_scope\", scope=\"events:write\""])
    }
}

@Suite struct `API keys at the gateway` {
    private typealias G = CredentialGateway
    private let bench: CredentialGateway

    init() throws { bench = try CredentialGateway.get() }

    @Test func `K1, K3: whatever is no good key gets one answer`() throws {
        let good = G.reader
        var bad = [
            G.unknown, G.revoked, G.expired, String(good.dropLast()), good + "a", good + "=",
            good.uppercased(), "RF_live_" + good.dropFirst(8), "rf_test_" + good.dropFirst(8),
            good.replacingOccurrences(of: "rf_live_", with: "rf_live"), "rf_live_",
            String(good.dropLast()) + "b", String(repeating: "a", count: 300), "rf-live-x",
            good.replacingOccurrences(of: "a", with: "4"),
        ]
        // A secret of another key behind this one's id.
        bad.append(String(good.prefix(25)) + String(repeating: "b", count: 52))
        var answers: Set<String> = []
        for key in bad {
            let response = try bench.ask("GET /keys/bad", ["X-API-Key: \(key)"])
            let code = RunningGateway.code(of: response)
            #expect(response.status == 401, "\(key)")
            #expect(code == "token.invalid", "\(key)")
            #expect(response.all("WWW-Authenticate") == ["Bearer"])
            // All but the request's id.
            let id = response.all("X-Request-ID").first ?? "-"
            answers.insert(response.text.replacingOccurrences(of: id, with: "ID"))
        }
        #expect(answers.count == 1, "\(answers)")
        #expect(!bench.wasSent("/keys/bad"))
        for value in ["", "\(good),\(good)", "\(good) \(good)", "Bearer \(good)"] {
            let status = try bench.ask("GET /keys/bad", ["X-API-Key: \(value)"]).status
            #expect(status == 401, "\(value)")
        }
    }

    @Test func `K4: a key in the path, the query or a cookie is refused and not logged`() throws {
        let key = G.reader
        for (line, fields) in [
            ("GET /keys/\(key)", []), ("GET /keys/x/\(key)/y", ["X-API-Key: \(key)"]),
            ("GET /keys/q?api_key=\(key)", []),
            ("GET /keys/q?api_key=\(key)", ["Authorization: Bearer \(key)"]),
            ("GET /keys/c", ["Cookie: key=\(key)"]),
        ] as [(String, [String])] {
            let answer = try bench.answer(line, fields)
            #expect(answer == "400 credential.misplaced", "\(line)")
        }
        // A route that takes none refuses nothing, and the log has nothing of it either.
        _ = try bench.answer("GET /tokens/\(key)", [])
        #expect(!bench.wasSent(key))
        let log = try String(
            contentsOfFile: "\(bench.material.folder.path)/credentials.log", encoding: .utf8)
        #expect(log.contains("/keys/"))
        #expect(!log.contains("rf_live"))
        #expect(!log.contains(key.dropFirst(25)))
    }

    @Test func `K5: a tenant whose tier has no API keys is told which has`() throws {
        let response = try bench.ask("GET /keys/poor", ["X-API-Key: \(G.poor)"])
        #expect(response.status == 403)
        #expect(RunningGateway.code(of: response) == "feature.missing")
        #expect(response.text.contains(#""feature":"api-access","tiers":["SCALE"]"#))
        // Its tokens do as before.
        let token = "Authorization: Bearer \(try bench.access(tenant: "globex"))"
        #expect(try bench.answer("GET /tokens/poor", [token]) == "200")
    }

    @Test func `of a suspended tenant says so, to whoever has the key`() throws {
        #expect(
            try bench.answer("GET /keys/s", ["X-API-Key: \(G.ofSuspended)"])
                == "403 tenant.suspended")
        let wrong = String(G.ofSuspended.dropLast()) + "a"
        #expect(try bench.answer("GET /keys/s", ["X-API-Key: \(wrong)"]) == "401 token.invalid")
    }

    @Test func `the log names the key by its id`() throws {
        let id = G.reader.dropFirst(8).prefix(16)
        _ = try bench.answer("GET /keys/logged", ["X-API-Key: \(G.reader)"])
        try eventually("a line") {
            let log = try String(
                contentsOfFile: "\(bench.material.folder.path)/credentials.log", encoding: .utf8)
            return log.split(separator: "\n").contains {
                $0.contains("/keys/logged") && $0.contains("\"key\":\"\(id)\"")
            }
        }
    }
}

@Suite struct `Tenants that no credential names` {
    private let bench: CredentialGateway

    init() throws { bench = try CredentialGateway.get() }

    private func produce(
        _ path: String, _ fields: [String] = [], body: String = "", method: String = "POST"
    ) throws -> String {
        let token = "Authorization: Bearer \(try bench.producer())"
        let type = body.isEmpty ? [] : ["Content-Type: application/json"]
        return try bench.answer("\(method) \(path)", [token] + type + fields, body: body)
    }

    @Test func `an internal caller names one in the body`() throws {
        let body = #"{"customerExternalId":"acme","tenant_id":"evil","x":1}"#
        #expect(try produce("/produced/body", body: body) == "200")
        let sent = try bench.sent("/produced/body")
        #expect(sent.all("X-Tenant-ID") == ["acme"])
        #expect(sent.all("X-Tenant-Tier") == ["SCALE"])
        #expect(String(decoding: sent.body, as: UTF8.self) == #"{"tenant_id":"acme","x":1}"#)
    }

    @Test func `or in a header or the query, which do not go on`() throws {
        #expect(try produce("/produced/header", ["X-Customer: globex"], method: "GET") == "200")
        let header = try bench.sent("/produced/header")
        #expect(header.all("X-Tenant-ID") == ["globex"])
        #expect(header.all("X-Customer").isEmpty)
        #expect(try produce("/produced/query?customer=%61cme&y=1", method: "GET") == "200")
        let query = try bench.sent("/produced/query")
        #expect(query.requestLine.contains("/produced/query?y=1 "))
        #expect(query.all("X-Tenant-ID") == ["acme"])
    }

    @Test func `none, two, an unknown and a foreign one are refused`() throws {
        let acme = #"{"customerExternalId":"acme"}"#
        for (path, fields, body, expected) in [
            ("", [], "", "400 tenant.unnamed"), ("", [], "{}", "400 tenant.unnamed"),
            ("", [], #"{"customerExternalId":7}"#, "400 tenant.unnamed"),
            ("", [], #"{"customerExternalId":null}"#, "400 tenant.unnamed"),
            ("", ["X-Customer: globex"], acme, "400 tenant.ambiguous"),
            ("?customer=globex", [], acme, "400 tenant.ambiguous"),
            ("", ["X-Customer: acme", "X-Customer: globex"], "", "400 tenant.ambiguous"),
            ("?customer=acme&customer=globex", [], "", "400 tenant.ambiguous"),
            ("", [], #"{"customerExternalId":"nobody"}"#, "404 tenant.not_found"),
            ("", ["X-Customer: ACME"], "", "404 tenant.not_found"),
            ("", ["X-Customer:"], "", "404 tenant.not_found"),
            ("", [], #"{"customerExternalId":"hooli"}"#, "403 issuer.not_allowed"),
            (
                "", [], #"{"customerExternalId":"acme","customerExternalId":"globex"}"#,
                "400 request.body.malformed"
            ),
            ("", [], "[1", "400 request.body.malformed"),
        ] as [(String, [String], String, String)] {
            let answer = try produce("/produced/no\(path)", fields, body: body)
            #expect(answer == expected, "\(path) \(fields) \(body)")
        }
        #expect(!bench.wasSent("/produced/no"))
    }

    @Test func `an internal route takes no other token, and its token no other route`() throws {
        let access = "Authorization: Bearer \(try bench.access())"
        #expect(
            try bench.answer("GET /produced/x", [access, "X-Customer: acme"])
                == "401 token.invalid")
        let producer = "Authorization: Bearer \(try bench.producer())"
        #expect(try bench.answer("GET /tokens/x", [producer]) == "401 token.invalid")
        #expect(try bench.answer("GET /events/x", [producer]) == "401 token.invalid")
    }

    @Test func `a host or a path names one on an open route`() throws {
        for (line, host, tenant) in [
            ("GET /pixel?a=1", "acme.tracking.example.test", "acme"),
            ("GET /pixel?a=2", "GLOBEX.tracking.example.test.", "globex"),
            ("GET /pages/acme/a", "api.example.test", "acme"),
            ("GET /pages/%67lobex/b", "globex.example.test:80", "globex"),
        ] {
            #expect(try bench.answer(line, [], host: host) == "200", "\(line) \(host)")
            let path = String(line.dropFirst(4)).replacingOccurrences(of: "%67", with: "g")
            #expect(try bench.sent(path).all("X-Tenant-ID") == [tenant])
        }
        #expect(
            try bench.answer("GET /pixel", [], host: "nobody.tracking.example.test")
                == "404 tenant.not_found")
        #expect(
            try bench.answer("GET /pixel", [], host: "a.b.tracking.example.test")
                == "404 route.not_found")
        #expect(
            try bench.answer("GET /pages/acme/x", [], host: "globex.example.test")
                == "400 tenant.ambiguous")
        #expect(
            try bench.answer("GET /pages/nobody/x", []) == "404 tenant.not_found")
        #expect(
            try bench.answer("GET /pages/hooli/x", []) == "403 tenant.suspended")
    }

    @Test func `a header or cookie names one only through a trusted proxy`() throws {
        let asks =
            [
                (["X-Customer: acme"], "acme"), (["Cookie: a=1; customer=acme"], "acme"),
                ([], "globex"),
            ] as [([String], String)]
        for (number, (fields, tenant)) in asks.enumerated() {
            let path = "/proxied?n=\(number)"
            #expect(try bench.answer("GET \(path)", fields, from: "127.9.0.1") == "200")
            let sent = try bench.sent(path)
            #expect(sent.all("X-Tenant-ID") == [tenant], "\(fields)")
            #expect(sent.all("X-Customer").isEmpty)
            // From anybody else they are nothing.
            #expect(try bench.answer("GET \(path)&open=1", fields) == "200")
            #expect(try bench.sent("\(path)&open=1").all("X-Tenant-ID") == ["globex"])
        }
        #expect(
            try bench.answer(
                "GET /proxied", ["X-Customer: acme", "Cookie: customer=globex"],
                from: "127.9.0.1") == "400 tenant.ambiguous")
    }

    @Test func `a credential for another tenant than the host's is refused`() throws {
        let token = "Authorization: Bearer \(try bench.access())"
        for host in [
            "globex.example.test", "globex.tracking.example.test", "nobody.tracking.example.test",
        ] {
            let answer = try bench.answer("GET /tokens/host", [token], host: host)
            #expect(answer == "403 tenant.host", "\(host)")
            let key = "X-API-Key: \(CredentialGateway.reader)"
            #expect(try bench.answer("GET /keys/host", [key], host: host) == "403 tenant.host")
        }
        for host in ["acme.example.test", "acme.tracking.example.test", "api.example.test"] {
            let answer = try bench.answer("GET /tokens/own-host", [token], host: host)
            #expect(answer == "200", "\(host)")
        }
        #expect(!bench.wasSent("/tokens/host"))
    }
}
