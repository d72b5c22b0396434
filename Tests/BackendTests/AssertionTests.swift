import Foundation
import HTTP1
import Policy
import Postgres
import Reactor
import TestSupport
import Testing

@testable import Backend
@testable import HTTPTransport

@Suite struct `The assertion` {
    let backend: RunningBackend
    let tenant: Tenant

    init() throws {
        backend = try RunningBackend.shared()
        tenant = try backend.makeTenant()
    }

    /// Sends `fields` with a request and answers status and code.
    private func answer(
        _ method: String, _ target: String, _ fields: [String], body: String = ""
    ) throws -> RawResponse {
        let client = try RawClient(port: backend.apiPort)
        let bytes = Array(body.utf8)
        try client.send(RunningBackend.head(method, target, fields, body: bytes) + bytes)
        return try client.readResponse()
    }

    private func expect(_ answer: RawResponse, _ code: String) {
        #expect(answer.status == 401, "\(answer.text)")
        #expect(answer.code == code)
        #expect(answer.only("Content-Type") == "application/problem+json")
        #expect(answer.only("WWW-Authenticate") == "Ringfence-Assertion")
        #expect(answer.all("Ringfence-Tenant").isEmpty)
        #expect(answer.detail == nil)
    }

    @Test(arguments: [
        "/v1/events", "/v1/tenants", "/v1/nothing", "/", "/v1/events/x", "/metrics", "/readyz",
    ])
    func `is required everywhere, before anything is said about a path (G1)`(
        _ target: String
    ) throws {
        let direct = try answer("GET", target, [])
        expect(direct, "assertion.missing")
        let spoofed = try answer(
            "GET", target, ["X-Tenant-ID: \(tenant.externalID)", "Ringfence-Tenant: \(tenant.id)"])
        expect(spoofed, "assertion.missing")
    }

    @Test func `is accepted once`() throws {
        let assertion = try Gateway().assertion(
            .init(method: "GET", target: "/v1/events"), for: tenant.scope, sealKey: backend.sealKey)
        let field = "Ringfence-Assertion: \(assertion)"
        #expect(try answer("GET", "/v1/events", [field]).status == 200)
        expect(try answer("GET", "/v1/events", [field]), "assertion.replayed")
        expect(try answer("GET", "/v1/events", [field]), "assertion.replayed")
    }

    @Test func `is refused when it is there twice`() throws {
        let make = {
            try Gateway().assertion(
                .init(method: "GET", target: "/v1/events"), for: $0, sealKey: backend.sealKey)
        }
        let (one, other) = (try make(tenant.scope), try make(tenant.scope))
        let fields = ["Ringfence-Assertion: \(one)", "ringfence-assertion: \(other)"]
        expect(try answer("GET", "/v1/events", fields), "assertion.invalid")
        let equal = ["Ringfence-Assertion: \(one)", "Ringfence-Assertion: \(one)"]
        expect(try answer("GET", "/v1/events", equal), "assertion.invalid")
        // Neither was used up by it.
        #expect(try answer("GET", "/v1/events", [fields[0]]).status == 200)
    }

    /// What is asserted, what is sent.
    struct Edit: Sendable, CustomTestStringConvertible {
        let name: String
        var method = "POST"
        var target = "/v1/events"
        var body = #"{"topic":"a","payload":{"n":1}}"#
        var gateway = Gateway()
        var isStreamed = false
        var testDescription: String { name }
    }

    static let edits: [Edit] = [
        Edit(name: "another method", method: "GET"),
        Edit(name: "another path", target: "/v1/tenants"),
        Edit(name: "a query added", target: "/v1/events?x=1"),
        Edit(name: "an empty query added", target: "/v1/events?"),
        Edit(name: "another spelling of the path", target: "/v1/%65vents"),
        Edit(name: "another case of the path", target: "/v1/Events"),
        Edit(name: "one byte of the body", body: #"{"topic":"a","payload":{"n":2}}"#),
        Edit(name: "a space more in the body", body: #"{"topic":"a","payload":{"n":1}} "#),
        Edit(name: "no body", body: ""),
        Edit(name: "another key", gateway: Gateway(key: Gateway.keyText + "!")),
        Edit(name: "another audience", gateway: Gateway(audience: "orders")),
        Edit(name: "a prefix of the audience", gateway: Gateway(audience: "deliver")),
        Edit(name: "expired", gateway: Gateway(lifetimeSeconds: 1, skewSeconds: -60)),
        Edit(name: "from the future", gateway: Gateway(skewSeconds: 60)),
        Edit(name: "a body streamed past the gateway", isStreamed: true),
    ]

    @Test(arguments: edits) func `covers the whole request`(_ edit: Edit) throws {
        let body = #"{"topic":"a","payload":{"n":1}}"#
        let vouched = Gateway.Vouched(
            method: "POST", target: "/v1/events", body: Array(body.utf8),
            isStreamed: edit.isStreamed)
        let assertion = try edit.gateway.assertion(
            vouched, for: tenant.scope, sealKey: backend.sealKey)
        let field = "Ringfence-Assertion: \(assertion)"
        expect(try answer(edit.method, edit.target, [field], body: edit.body), "assertion.invalid")
        let written = try backend.look(
            "SELECT count(*) FROM ringfence.events WHERE tenant_id = '\(tenant.id)'")
        #expect(written == "0")
    }

    @Test func `is not used up by an edited request`() throws {
        let body = #"{"topic":"a","payload":{"n":1}}"#
        let assertion = try Gateway().assertion(
            .init(method: "POST", target: "/v1/events", body: Array(body.utf8)),
            for: tenant.scope, sealKey: backend.sealKey)
        let field = "Ringfence-Assertion: \(assertion)"
        expect(try answer("POST", "/v1/events", [field], body: body + " "), "assertion.invalid")
        #expect(try answer("POST", "/v1/events", [field], body: body).status == 202)
    }

    @Test(arguments: [
        "", "x", "a.b.c", "Bearer x", "..", String(repeating: "a", count: 12_000),
        "eyJhbGciOiJub25lIn0.e30.",
    ])
    func `must be one`(_ value: String) throws {
        let answer = try answer("GET", "/v1/events", ["Ringfence-Assertion: \(value)"])
        #expect(answer.status == 401)
    }

    @Test func `made before the backend started counts as used`() throws {
        let fresh = try RunningBackend(workers: 1)
        // Still alive; a process of before the restart may have taken it.
        let gateway = Gateway(lifetimeSeconds: 300, skewSeconds: -250)
        let answer = try fresh.send("GET", "/v1/tenants", as: .vendor(), gateway: gateway)
        expect(answer, "assertion.invalid")
        let id = try #require(answer.json["request_id"] as? String)
        #expect(try fresh.logLines(of: id).first?.contains("assertion.before_start") == true)
        #expect(try fresh.send("GET", "/v1/tenants", as: .vendor()).status == 200)
    }

    @Test func `whose subject no audit row can hold is refused for a vendor`() throws {
        let gateway = Gateway(subject: "a\0b")
        let vendor = try backend.send("GET", "/v1/tenants", as: .vendor(), gateway: gateway)
        expect(vendor, "assertion.invalid")
        // A tenant's subject is written nowhere.
        #expect(
            try backend.send("GET", "/v1/events", as: tenant.scope, gateway: gateway).status == 200)
    }

    @Test func `tells the log, not the client, what was wrong with it`() throws {
        let gateway = Gateway(lifetimeSeconds: 1, skewSeconds: -60)
        let assertion = try gateway.assertion(
            .init(method: "GET", target: "/v1/events"), for: tenant.scope, sealKey: backend.sealKey)
        let refused = try answer("GET", "/v1/events", ["Ringfence-Assertion: \(assertion)"])
        #expect(!refused.text.contains("expired"))
        let id = try #require(refused.json["request_id"] as? String)
        let lines = try backend.logLines(of: id)
        #expect(lines.count == 1)
        #expect(lines.first?.contains("\"defect\":\"assertion.expired\"") == true)
        #expect(!backend.process.output.contains(assertion))
    }

    @Test func `names the request in every answer and in the log`() throws {
        let id = UUID().uuidString.lowercased()
        let answer = try backend.send(
            "GET", "/v1/events/nothing", as: tenant.scope, requestID: id)
        #expect(answer.json["request_id"] as? String == id)
        let line = try #require(try backend.logLines(of: id).first)
        for part in [
            "\"tenant\":\"\(tenant.id)\"", "\"route\":\"/v1/events/{id}\"", "\"status\":404",
            "\"code\":\"resource.not_found\"", "\"scope\":\"tenant\"", "\"vendor\":\"default\"",
            "\"queue_ms\":", "\"database_ms\":", "\"total_ms\":",
        ] {
            #expect(line.contains(part), "\(part) in \(line)")
        }
    }
}

@Suite struct `The memory of used assertions` {
    private func request(_ gateway: Gateway = Gateway()) throws -> ServiceRequest {
        let assertion = try gateway.assertion(
            .init(method: "GET", target: "/v1/tenants"), for: .vendor())
        let field = ServiceRequest.Field(
            name: Array("Ringfence-Assertion".utf8), value: Array(assertion.utf8))
        return ServiceRequest(
            key: .fixed(0), method: .get, path: Array("/v1/tenants".utf8), query: nil,
            fields: [field], body: [], arrived: .now())
    }

    private func admit(
        _ request: ServiceRequest, _ desk: inout AssertionDesk, in seconds: Int64 = 0
    ) -> AssertionRefusal? {
        var now = WallClock.now()
        now.seconds += seconds
        do throws(AssertionRefusal) {
            _ = try desk.admit(request, now: now)
            return nil
        } catch {
            return error
        }
    }

    @Test func `refuses when it is full, and forgets nothing before its time`() throws {
        var desk = try AssertionDesk(
            keyFile: Array(Gateway.keyText.utf8), audience: "delivery", context: .plain,
            now: .now(), requestsMax: 2)
        let (first, second, third) = (try request(), try request(), try request())
        let taken = [admit(first, &desk), admit(second, &desk)]
        #expect(taken == [nil, nil])
        let full = admit(third, &desk)
        #expect(full?.refusal == .overloaded)
        // Still there: neither was given up for the third.
        let again = [admit(first, &desk), admit(second, &desk)]
        #expect(again.map { $0?.refusal } == [.assertionReplayed, .assertionReplayed])
        // Full is no reason to use the third one up.
        let later = try request(Gateway(lifetimeSeconds: 300))
        let afterwards = admit(later, &desk, in: 60)
        #expect(afterwards == nil)
        // What has been forgotten has expired, also for a clock that steps back.
        let expired = [admit(first, &desk, in: 60), admit(first, &desk)]
        #expect(expired.map { $0?.refusal } == [.assertionInvalid, .assertionInvalid])
    }

    @Test func `takes clocks that differ by five seconds and no more`() throws {
        let start = WallClock(seconds: WallClock.now().seconds - 1_000)
        for (skew, isTaken) in [(4, true), (7, false), (-33, true), (-36, false)] as [(Int64, Bool)]
        {
            var desk = try AssertionDesk(
                keyFile: Array(Gateway.keyText.utf8), audience: "delivery", context: .plain,
                now: start)
            // Made and judged in the same second.
            var refusal: AssertionRefusal?
            var second: Int64
            repeat {
                second = WallClock.now().seconds
                refusal = admit(try request(Gateway(skewSeconds: skew)), &desk)
            } while WallClock.now().seconds != second
            #expect((refusal == nil) == isTaken, "\(skew)")
        }
    }
}
