import Foundation
import TestSupport
import Testing

@Suite struct `A vendor that publishes for a tenant` {
    let backend: RunningBackend
    init() throws { backend = try RunningBackend.shared() }

    private func publish(
        for externalID: String, vendor: String = "default", id: String = ""
    ) throws -> RawResponse {
        let name = id.isEmpty ? "" : #","id":"\#(id)""#
        return try backend.send(
            "POST", "/v1/events",
            body:
                #"{"topic":"a.b","payload":{"n":1},"customerExternalId":"\#(externalID)"\#(name)}"#,
            as: .vendor(vendor))
    }

    @Test func `writes into that tenant and leaves an audit row in the same commit`() throws {
        let acme = try backend.makeTenant()
        let published = try publish(for: acme.externalID)
        #expect(published.status == 202, "\(published.text)")
        // The request was the vendor's: the gateway compares, and expects no tenant.
        #expect(published.all("Ringfence-Tenant").isEmpty)
        let id = try #require(published.json["id"] as? String)
        #expect(try backend.send("GET", "/v1/events/\(id)", as: acme.scope).status == 200)
        let audit = try backend.look(
            """
            SELECT action, actor, reason, detail FROM ringfence.audit
            WHERE tenant_id = '\(acme.id)' AND action = 'event.publish'
            """)
        #expect(
            audit == "event.publish|alice|event published with a vendor credential|"
                + #"{"topic":"a.b"}"#)
    }

    @Test func `publishes the same id once`() throws {
        let acme = try backend.makeTenant()
        let (first, second) = (
            try publish(for: acme.externalID, id: "x"), try publish(for: acme.externalID, id: "x")
        )
        #expect(first.status == 202)
        #expect(first.body == second.body)
        let conflict = try backend.send(
            "POST", "/v1/events",
            body:
                #"{"topic":"c","payload":{},"customerExternalId":"\#(acme.externalID)","id":"x"}"#,
            as: .vendor())
        #expect(conflict.status == 409)
        // One row for each time that it was answered 202; the conflict has done nothing.
        let audited = try backend.look(
            """
            SELECT count(*) FROM ringfence.audit
            WHERE tenant_id = '\(acme.id)' AND action = 'event.publish'
            """)
        #expect(audited == "2")
    }

    @Test func `is told of another vendor's tenant what it is told of none`() throws {
        let foreign = try backend.makeTenant(vendor: "other-vendor")
        let answer = try publish(for: foreign.externalID)
        let missing = try publish(for: "nobody-has-this-name")
        #expect((answer.status, missing.status) == (404, 404))
        #expect(answer.comparable == missing.comparable)
        #expect(
            try backend.look(
                "SELECT count(*) FROM ringfence.events WHERE tenant_id = '\(foreign.id)'") == "0")
    }

    @Test func `must name the tenant`() throws {
        let answer = try backend.send(
            "POST", "/v1/events", body: #"{"topic":"a","payload":{}}"#, as: .vendor())
        #expect(answer.status == 422)
        #expect(answer.detail == "`customerExternalId` is missing")
    }

    @Test func `is refused for a suspended tenant`() throws {
        let acme = try backend.makeTenant()
        _ = try backend.send(
            "PATCH", "/v1/tenants/\(acme.externalID)", body: #"{"state":"suspended"}"#,
            as: .vendor())
        let answer = try publish(for: acme.externalID)
        #expect((answer.status, answer.code) == (403, "tenant.suspended"))
    }

    @Test func `does not read events: those are the tenant's`() throws {
        for target in ["/v1/events", "/v1/events/018f0000-0000-7000-8000-00000000000a"] {
            let answer = try backend.send("GET", target, as: .vendor())
            #expect((answer.status, answer.code) == (403, "scope.required"), "\(target)")
        }
    }
}

extension RawResponse {
    /// Everything of the response but what belongs to one request: its id and the time.
    var comparable: String {
        let masked = text.replacing(/"request_id":"[0-9a-f-]{36}"/, with: "\"request_id\":\"-\"")
        return head.replacing(/Date: [^\r]*/, with: "Date: -") + masked
    }
}
