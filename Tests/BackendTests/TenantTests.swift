import Foundation
import TestSupport
import Testing

@Suite struct `Tenants of a vendor` {
    let backend: RunningBackend
    init() throws { backend = try RunningBackend.shared() }

    private func name() -> String { "n-" + UUID().uuidString.lowercased() }

    @Test func `a tenant is made, read and listed`() throws {
        let vendor = Gateway.Scope.vendor(name())
        let made = try backend.send(
            "POST", "/v1/tenants",
            body: #"""
                {"external_id":"acme","name":"Ac\u006de – Söhne","tier":"ENTERPRISE",
                "limits":{"requests":"2500/min"}}
                """#, as: vendor)
        #expect(made.status == 201, "\(made.text)")
        #expect(made.all("Ringfence-Tenant").isEmpty)
        #expect(made.json["external_id"] as? String == "acme")
        #expect(made.json["name"] as? String == "Acme – Söhne")
        #expect(made.json["tier"] as? String == "ENTERPRISE")
        #expect(made.json["state"] as? String == "active")
        #expect((made.json["limits"] as? [String: String]) == ["requests": "2500/min"])
        let id = try #require(made.json["id"] as? String)
        #expect(id.dropFirst(14).first == "7")
        let read = try backend.send("GET", "/v1/tenants/acme", as: vendor)
        #expect(read.status == 200)
        #expect(read.body == made.body)
        let list = try backend.send("GET", "/v1/tenants", as: vendor)
        #expect(list.data.compactMap { $0["id"] as? String } == [id])
        #expect(list.json["next_cursor"] is NSNull)
    }

    @Test func `a name is taken once per vendor`() throws {
        let (one, other) = (name(), name())
        let tenant = try backend.makeTenant("same", vendor: one)
        #expect(try backend.makeTenant("same", vendor: other).id != tenant.id)
        let again = try backend.send(
            "POST", "/v1/tenants", body: #"{"external_id":"same","name":"x","tier":"SCALE"}"#,
            as: .vendor(one))
        #expect((again.status, again.code) == (409, "resource.conflict"))
        let read = try backend.send("GET", "/v1/tenants/same", as: .vendor(one))
        #expect(read.json["tier"] as? String == "STARTER")
    }

    @Test func `pages of tenants cover each once`() throws {
        let vendor = name()
        for number in 0..<7 { _ = try backend.makeTenant("t\(number)", vendor: vendor) }
        var (found, cursor): ([String], String) = ([], "")
        for _ in 0..<4 {
            let page = try backend.send(
                "GET", "/v1/tenants?limit=3\(cursor)", as: .vendor(vendor))
            found += page.data.compactMap { $0["external_id"] as? String }
            guard let next = page.json["next_cursor"] as? String else { break }
            cursor = "&cursor=\(next)"
        }
        #expect(found.sorted() == (0..<7).map { "t\($0)" })
    }

    @Test func `a change touches what it names`() throws {
        let vendor = name()
        let tenant = try backend.makeTenant("acme", vendor: vendor)
        func change(_ body: String) throws -> RawResponse {
            try backend.send("PATCH", "/v1/tenants/acme", body: body, as: .vendor(vendor))
        }
        let limited = try change(#"{"limits":{"requests":"0/min"}}"#)
        #expect((limited.json["limits"] as? [String: String]) == ["requests": "0/min"])
        let renamed = try change(#"{"name":"New name","tier":"GROWTH"}"#)
        #expect(renamed.status == 200)
        #expect(renamed.json["name"] as? String == "New name")
        #expect((renamed.json["limits"] as? [String: String]) == ["requests": "0/min"])
        let unlimited = try change(#"{"limits":null}"#)
        #expect(unlimited.json["limits"] is NSNull)
        #expect(unlimited.json["tier"] as? String == "GROWTH")
        let rows = try backend.look(
            """
            SELECT action || ' ' || detail FROM ringfence.audit
            WHERE tenant_id = '\(tenant.id)' ORDER BY at, id
            """)
        #expect(
            rows.split(separator: "\n").map(String.init) == [
                #"tenant.create {"external_id":"acme","tier":"STARTER"}"#,
                #"tenant.change {"requests_per_minute":0}"#,
                #"tenant.change {"name":"New name","tier":"GROWTH"}"#,
                #"tenant.change {"requests_per_minute":null}"#,
            ])
    }

    @Test func `a vendor is told of another's tenant what it is told of none`() throws {
        let foreign = try backend.makeTenant("theirs", vendor: name())
        let vendor = name()
        _ = try backend.makeTenant("mine", vendor: vendor)
        for (method, body) in [("GET", nil), ("PATCH", #"{"name":"stolen"}"#)] {
            let answer = try backend.send(
                method, "/v1/tenants/\(foreign.externalID)", body: body, as: .vendor(vendor))
            let missing = try backend.send(
                method, "/v1/tenants/nobody", body: body, as: .vendor(vendor))
            let impossible = try backend.send(
                method, "/v1/tenants/%2e%2e", body: body, as: .vendor(vendor))
            #expect((answer.status, answer.code) == (404, "resource.not_found"))
            #expect(answer.comparable == missing.comparable)
            #expect(answer.comparable == impossible.comparable)
        }
        let name = try backend.look(
            "SELECT name FROM ringfence.tenants WHERE id = '\(foreign.id)'")
        #expect(name == "A tenant")
    }

    @Test func `a tenant's credential reaches none of this`() throws {
        let tenant = try backend.makeTenant()
        let body = #"{"external_id":"evil","name":"x","tier":"STARTER"}"#
        let requests: [(String, String, String?)] = [
            ("POST", "/v1/tenants", body), ("GET", "/v1/tenants", nil),
            ("GET", "/v1/tenants/\(tenant.externalID)", nil),
            ("PATCH", "/v1/tenants/\(tenant.externalID)", #"{"tier":"ENTERPRISE"}"#),
        ]
        for (method, target, body) in requests {
            let answer = try backend.send(method, target, body: body, as: tenant.scope)
            #expect((answer.status, answer.code) == (403, "scope.required"), "\(method) \(target)")
            #expect(answer.only("Ringfence-Tenant") == tenant.id)
        }
        let tier = try backend.look(
            "SELECT tier FROM ringfence.tenants WHERE id = '\(tenant.id)'")
        #expect(tier == "STARTER")
    }
}

@Suite struct `Admission of a tenant` {
    let backend: RunningBackend
    init() throws { backend = try RunningBackend.shared() }

    @Test func `a suspended tenant is refused everywhere until it is resumed`() throws {
        let tenant = try backend.makeTenant()
        func change(_ state: String) throws {
            let answer = try backend.send(
                "PATCH", "/v1/tenants/\(tenant.externalID)", body: #"{"state":"\#(state)"}"#,
                as: .vendor())
            #expect(answer.json["state"] as? String == state)
        }
        try change("suspended")
        let requests: [(String, String, String?)] = [
            ("POST", "/v1/events", #"{"topic":"a","payload":{}}"#), ("GET", "/v1/events", nil),
            ("GET", "/v1/events/018f0000-0000-7000-8000-00000000000a", nil),
        ]
        for (method, target, body) in requests {
            let answer = try backend.send(method, target, body: body, as: tenant.scope)
            #expect((answer.status, answer.code) == (403, "tenant.suspended"), "\(target)")
            // The refusal, too, comes out of a transaction of this tenant.
            #expect(answer.only("Ringfence-Tenant") == tenant.id)
        }
        let written = try backend.look(
            "SELECT count(*) FROM ringfence.events WHERE tenant_id = '\(tenant.id)'")
        #expect(written == "0")
        try change("active")
        #expect(try backend.send("GET", "/v1/events", as: tenant.scope).status == 200)
    }

    @Test func `id, external id and vendor must belong together`() throws {
        let (acme, globex) = (
            try backend.makeTenant(), try backend.makeTenant(vendor: "another-vendor")
        )
        let nobody = "018f0000-0000-7000-8000-0000000000ff"
        let scopes: [(Gateway.Scope, String)] = [
            (.tenant(id: nobody, externalID: acme.externalID), nobody),
            (.tenant(id: acme.id, externalID: "other-name"), acme.id),
            (.tenant(id: acme.id, externalID: acme.externalID, vendor: "another-vendor"), acme.id),
            (.tenant(id: globex.id, externalID: acme.externalID), globex.id),
        ]
        for (scope, id) in scopes {
            let answer = try backend.send(
                "POST", "/v1/events", body: #"{"topic":"a","payload":{}}"#, as: scope)
            #expect((answer.status, answer.code) == (403, "tenant.unknown"), "\(scope)")
            #expect(answer.only("Ringfence-Tenant") == id)
        }
        #expect(
            try backend.look(
                """
                SELECT count(*) FROM ringfence.events
                WHERE tenant_id IN ('\(acme.id)', '\(globex.id)')
                """) == "0")
    }
}
