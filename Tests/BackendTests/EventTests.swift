import Foundation
import Synchronization
import TestSupport
import Testing

@Suite struct `Events of a tenant` {
    let backend: RunningBackend
    init() throws { backend = try RunningBackend.shared() }

    @Test func `a published event is answered whole and can be read again`() throws {
        let tenant = try backend.makeTenant()
        let payload = #"{"n":1.0e2,"big":12345678901234567890.10,"z":"\u0000","a":[1, 2]}"#
        let published = try backend.send(
            "POST", "/v1/events",
            body: #"{"topic":"order.created","payload":\#(payload),"id":"o-1"}"#,
            as: tenant.scope)
        #expect(published.status == 202, "\(published.text)")
        #expect(published.only("Ringfence-Tenant") == tenant.id)
        #expect(published.only("Content-Type") == "application/json")
        #expect(published.only("Cache-Control") == "no-store")
        let id = try #require(published.json["id"] as? String)
        let read = try backend.send("GET", "/v1/events/\(id)", as: tenant.scope)
        #expect(read.status == 200)
        #expect(read.body == published.body)
        // The payload's own text: numbers, escapes, spaces and order of members as they were sent.
        #expect(read.text.contains("\"payload\":\(payload)"))
        #expect(read.json["external_id"] as? String == "o-1")
        let head = try backend.send("HEAD", "/v1/events/\(id)", as: tenant.scope)
        #expect(head.status == 200)
        #expect(head.only("Content-Length") == "\(read.body.count)")
    }

    @Test func `the same content under the same id is the same event`() throws {
        let tenant = try backend.makeTenant()
        let body = #"{"topic":"order.created","payload":{"n":1},"id":"order-7"}"#
        let first = try backend.send("POST", "/v1/events", body: body, as: tenant.scope)
        let second = try backend.send("POST", "/v1/events", body: body, as: tenant.scope)
        #expect((first.status, second.status) == (202, 202))
        #expect(first.body == second.body)
        #expect(try count(tenant) == 1)
    }

    @Test(arguments: [
        #"{"topic":"order.created","payload":{"n":2},"id":"order-7"}"#,
        #"{"topic":"order.deleted","payload":{"n":1},"id":"order-7"}"#,
    ])
    func `other content under the same id is a conflict`(_ other: String) throws {
        let tenant = try backend.makeTenant()
        let body = #"{"topic":"order.created","payload":{"n":1},"id":"order-7"}"#
        _ = try backend.send("POST", "/v1/events", body: body, as: tenant.scope)
        let conflict = try backend.send("POST", "/v1/events", body: other, as: tenant.scope)
        #expect(conflict.status == 409)
        #expect(conflict.code == "resource.conflict")
        #expect(conflict.only("Ringfence-Tenant") == tenant.id)
        #expect(try count(tenant) == 1)
    }

    @Test func `equal ids of two tenants are two events`() throws {
        let (one, other) = (try backend.makeTenant(), try backend.makeTenant())
        let first = try backend.send(
            "POST", "/v1/events", body: #"{"topic":"a","payload":{"of":1},"id":"same"}"#,
            as: one.scope)
        let second = try backend.send(
            "POST", "/v1/events", body: #"{"topic":"a","payload":{"of":2},"id":"same"}"#,
            as: other.scope)
        #expect((first.status, second.status) == (202, 202))
        #expect(first.json["id"] as? String != second.json["id"] as? String)
    }

    @Test func `one id published by eight clients at once is one event`() throws {
        let tenant = try backend.makeTenant()
        let body = #"{"topic":"a","payload":{"n":1},"id":"race"}"#
        let answers = Mutex<[RawResponse]>([])
        inThreads(8) { _ in
            guard
                let answer = try? backend.send("POST", "/v1/events", body: body, as: tenant.scope)
            else { return }
            answers.withLock { $0.append(answer) }
        }
        let all = answers.withLock { $0 }
        #expect(all.count == 8)
        #expect(Set(all.map(\.text)).count == 1, "\(all.map(\.text))")
        #expect(all.allSatisfy { $0.status == 202 })
        #expect(try count(tenant) == 1)
    }

    @Test func `pages cover every event once, newest first`() throws {
        let tenant = try backend.makeTenant()
        for number in 0..<23 {
            let topic = number % 2 == 0 ? "even" : "odd"
            _ = try backend.send(
                "POST", "/v1/events",
                body: #"{"topic":"\#(topic)","payload":{"n":\#(number)}}"#, as: tenant.scope)
        }
        let all = try pages(of: tenant, "limit=10")
        #expect(all.map(\.count) == [10, 10, 3])
        let ids = all.flatMap(\.self).compactMap { $0["id"] as? String }
        #expect(Set(ids).count == 23)
        #expect(ids == ids.sorted(by: >))
        let even = try pages(of: tenant, "topic=even&limit=12")
        #expect(even.map(\.count) == [12])
        #expect(even[0].allSatisfy { $0["topic"] as? String == "even" })
        // A full last page ends the list as well.
        #expect(try pages(of: tenant, "topic=odd&limit=11").map(\.count) == [11])
        #expect(try pages(of: tenant, "topic=none").map(\.count) == [0])
    }

    @Test func `a page ends before it grows beyond its bytes`() throws {
        let tenant = try backend.makeTenant()
        let text = String(repeating: "x", count: 250_000)
        for _ in 0..<20 {
            let answer = try backend.send(
                "POST", "/v1/events", body: #"{"topic":"big","payload":{"text":"\#(text)"}}"#,
                as: tenant.scope)
            #expect(answer.status == 202)
        }
        let all = try pages(of: tenant, "limit=100")
        #expect(all.map(\.count) == [16, 4])
    }

    private func pages(of tenant: Tenant, _ query: String) throws -> [[[String: Any]]] {
        var pages: [[[String: Any]]] = []
        var cursor = ""
        while pages.count < 10 {
            let page = try backend.send(
                "GET", "/v1/events?\(query)\(cursor)", as: tenant.scope)
            #expect(page.status == 200, "\(page.text)")
            pages.append(page.data)
            guard let next = page.json["next_cursor"] as? String else { break }
            cursor = "&cursor=\(next)"
        }
        return pages
    }

    private func count(_ tenant: Tenant) throws -> Int? {
        Int(
            try backend.look(
                "SELECT count(*) FROM ringfence.events WHERE tenant_id = '\(tenant.id)'"))
    }
}

@Suite struct `Names of a tenant in a request` {
    let backend: RunningBackend
    init() throws { backend = try RunningBackend.shared() }

    @Test(arguments: [
        "customerExternalId", "customer_external_id", "CUSTOMEREXTERNALID", "tenant_id", "tenantId",
        #"ten\u0061nt"#, "X-Tenant-ID", "org_id", "app.current_tenant",
    ])
    func `are dropped from a body with a tenant's credential and counted`(_ name: String) throws {
        let (acme, evil) = (try backend.makeTenant(), try backend.makeTenant())
        let before = try backend.metric("ringfence_backend_tenant_fields_cleaned_total")
        let id = UUID().uuidString.lowercased()
        let published = try backend.send(
            "POST", "/v1/events",
            body: #"{"\#(name)":"\#(evil.externalID)","topic":"a","payload":{"tenant_id":"kept"}}"#,
            as: acme.scope, requestID: id)
        #expect(published.status == 202, "\(published.text)")
        #expect(published.only("Ringfence-Tenant") == acme.id)
        let owner = try backend.look(
            "SELECT tenant_id FROM ringfence.events WHERE id = '\(published.json["id"] ?? "")'")
        #expect(owner == acme.id)
        // What a payload says is the tenant's own business.
        #expect(published.text.contains(#""payload":{"tenant_id":"kept"}"#))
        let after = try backend.metric("ringfence_backend_tenant_fields_cleaned_total")
        #expect(after > before)
        #expect(try backend.logLines(of: id).contains { $0.contains("\"cleaned\":1") })
    }

    @Test(arguments: ["tenant_id", "customerExternalId", "tenant%5Fid", "filter%5Btenant_id%5D"])
    func `are dropped from a query with a tenant's credential`(_ name: String) throws {
        let (acme, evil) = (try backend.makeTenant(), try backend.makeTenant())
        _ = try backend.send(
            "POST", "/v1/events", body: #"{"topic":"secret","payload":{}}"#, as: evil.scope)
        let list = try backend.send(
            "GET", "/v1/events?\(name)=\(evil.externalID)&limit=5", as: acme.scope)
        #expect(list.status == 200, "\(list.text)")
        #expect(list.data.isEmpty)
        #expect(list.only("Ringfence-Tenant") == acme.id)
    }

    @Test func `are nothing to us in a field of the head`() throws {
        let (acme, evil) = (try backend.makeTenant(), try backend.makeTenant())
        let assertion = try Gateway().assertion(
            .init(method: "GET", target: "/v1/events"), for: acme.scope, sealKey: backend.sealKey)
        let fields = [
            "Ringfence-Assertion: \(assertion)", "X-Tenant-ID: \(evil.externalID)",
            "X_Tenant_ID: \(evil.id)", "Ringfence-Tenant: \(evil.id)",
        ]
        let client = try RawClient(port: backend.apiPort)
        try client.send(
            RunningBackend.head("GET", "/v1/events", fields, body: [], contentType: nil))
        let answer = try client.readResponse()
        #expect(answer.status == 200)
        #expect(answer.only("Ringfence-Tenant") == acme.id)
    }

    @Test func `are an unknown member with a vendor's credential`() throws {
        let acme = try backend.makeTenant()
        let body = #"{"tenant_id":"\#(acme.externalID)","topic":"a","payload":{}}"#
        let answer = try backend.send("POST", "/v1/events", body: body, as: .vendor())
        #expect(answer.status == 422)
        #expect(answer.detail?.contains("`tenant_id`") == true)
    }
}
