import Foundation
import TestSupport
import Testing

@Suite struct `Events of a tenant` {
    let backend: RunningBackend
    init() throws { backend = try RunningBackend.shared() }

    @Test func `a published event is answered whole and can be read again`() throws {
        let tenant = try backend.makeTenant()
        let published = try backend.send(
            "POST", "/v1/events",
            body:
                #"{"topic":"order.created","payload":{"n":1.0e2,"z":"\u0000","a":[1]},"id":"o-1"}"#,
            as: tenant.scope)
        #expect(published.status == 202, "\(published.text)")
        #expect(published.only("Ringfence-Tenant") == tenant.id)
        #expect(published.only("Content-Type") == "application/json")
        #expect(published.only("Cache-Control") == "no-store")
        let id = try #require(published.json["id"] as? String)
        let read = try backend.send("GET", "/v1/events/\(id)", as: tenant.scope)
        #expect(read.status == 200)
        #expect(read.body == published.body)
        // The payload's own text: numbers, escapes and order of members as they were sent.
        #expect(read.text.contains(#""payload":{"n":1.0e2,"z":"\u0000","a":[1]}"#))
        #expect(read.json["external_id"] as? String == "o-1")
    }
}
