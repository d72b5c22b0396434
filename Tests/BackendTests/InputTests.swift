import Foundation
import TestSupport
import Testing

/// One request that must be refused, and why.
struct InputRow: Sendable, CustomTestStringConvertible {
    let method: String
    let target: String
    let body: String?
    let status: Int
    let code: String
    /// What `detail` names; empty where there is none to name.
    let field: String
    var isVendor = false

    var testDescription: String {
        "\(method) \(target) \(String((body ?? "").prefix(70)).debugDescription)"
    }
}

extension InputRow {
    private static func event(_ body: String, _ field: String) -> InputRow {
        InputRow(
            method: "POST", target: "/v1/events", body: body, status: 422, code: "input.invalid",
            field: field)
    }

    private static func malformed(_ body: String) -> InputRow {
        InputRow(
            method: "POST", target: "/v1/events", body: body, status: 400, code: "input.malformed",
            field: "")
    }

    private static func query(_ query: String, _ field: String) -> InputRow {
        InputRow(
            method: "GET", target: "/v1/events?\(query)", body: nil, status: 422,
            code: "input.invalid", field: field)
    }

    private static func tenant(_ body: String, _ field: String) -> InputRow {
        InputRow(
            method: "POST", target: "/v1/tenants", body: body, status: 422, code: "input.invalid",
            field: field, isVendor: true)
    }

    private static func change(_ body: String, _ field: String) -> InputRow {
        InputRow(
            method: "PATCH", target: "/v1/tenants/acme", body: body, status: 422,
            code: "input.invalid", field: field, isVendor: true)
    }

    static let events: [InputRow] = [
        event(#"{"payload":{}}"#, "topic"),
        event(#"{"topic":"a"}"#, "payload"),
        event(#"{"topic":1,"payload":{}}"#, "topic"),
        event(#"{"topic":null,"payload":{}}"#, "topic"),
        event(#"{"topic":["a"],"payload":{}}"#, "topic"),
        event(#"{"topic":"","payload":{}}"#, "topic"),
        event(#"{"topic":".","payload":{}}"#, "topic"),
        event(#"{"topic":"a..b","payload":{}}"#, "topic"),
        event(#"{"topic":"a.","payload":{}}"#, "topic"),
        event(#"{"topic":"a b","payload":{}}"#, "topic"),
        event(#"{"topic":"a\u0000","payload":{}}"#, "topic"),
        event(#"{"topic":"ä","payload":{}}"#, "topic"),
        event(#"{"topic":"*","payload":{}}"#, "topic"),
        event("{\"topic\":\"\(String(repeating: "a", count: 129))\",\"payload\":{}}", "topic"),
        event(#"{"topic":"a","payload":[]}"#, "payload"),
        event(#"{"topic":"a","payload":"{}"}"#, "payload"),
        event(#"{"topic":"a","payload":null}"#, "payload"),
        event(#"{"topic":"a","payload":1}"#, "payload"),
        event(#"{"topic":"a","payload":{},"id":""}"#, "id"),
        event(#"{"topic":"a","payload":{},"id":null}"#, "id"),
        event(#"{"topic":"a","payload":{},"id":7}"#, "id"),
        event(#"{"topic":"a","payload":{},"id":"a b"}"#, "id"),
        event(#"{"topic":"a","payload":{},"id":"é"}"#, "id"),
        event(#"{"topic":"a","payload":{},"id":"\n"}"#, "id"),
        event(
            "{\"topic\":\"a\",\"payload\":{},\"id\":\"\(String(repeating: "a", count: 129))\"}",
            "id"),
        event(#"{"topic":"a","payload":{},"Topic":"b"}"#, "Topic"),
        event(#"{"topic":"a","payload":{},"data":{}}"#, "data"),
        event(#"{"topic":"a","payload":{},"":1}"#, ""),
        event(#"{"topic":"a","payload":{},"\"`\u001b":1}"#, "\""),
        malformed(""), malformed("[]"), malformed("null"), malformed("{"), malformed("{}x"),
        malformed(#"{"topic":"a","topic":"b","payload":{}}"#),
        malformed(#"{"topic":"a","t\u006fpic":"b","payload":{}}"#),
        malformed(#"{"topic":"a","payload":{"x":1,"x":2}}"#),
        malformed(#"{"topic":"a","payload":{},}"#), malformed(#"{'topic':'a'}"#),
        malformed(#"{"topic":"a","payload":{"n":01}}"#),
        malformed(#"{"topic":"a","payload":{"n":NaN}}"#),
        malformed(#"{"topic":"a","payload":{"s":"\ud800"}}"#),
        malformed("\u{FEFF}{\"topic\":\"a\",\"payload\":{}}"),
        malformed("{\"topic\":\"a\",\"payload\":{\"s\":\"\u{0}\"}}"),
        malformed(
            "{\"topic\":\"a\",\"payload\":{\"d\":\(String(repeating: "[", count: 70))"
                + "\(String(repeating: "]", count: 70))}}"),
    ]

    static let queries: [InputRow] = [
        query("limit=0", "limit"), query("limit=101", "limit"), query("limit=-1", "limit"),
        query("limit=01", "limit"), query("limit=", "limit"), query("limit=1e1", "limit"),
        query("limit=1&limit=2", "limit"), query("limit=99999999999999999999", "limit"),
        query("cursor=x", "cursor"), query("cursor=", "cursor"),
        query("cursor=018F0000000070008000000000000000", "cursor"),
        query("topic=a%20b", "topic"), query("topic=", "topic"), query("topic=a&topic=b", "topic"),
        query("order=asc", "order"), query("Limit=1", "Limit"),
        InputRow(
            method: "GET", target: "/v1/events?topic=%ff", body: nil, status: 400,
            code: "request.query.malformed", field: ""),
        InputRow(
            method: "GET", target: "/v1/events?limit=%zz", body: nil, status: 400,
            code: "request.query.malformed", field: ""),
        InputRow(
            method: "GET", target: "/v1/events/x?limit=1", body: nil, status: 422,
            code: "input.invalid", field: "limit"),
        InputRow(
            method: "GET", target: "/v1/events", body: "{}", status: 422, code: "input.invalid",
            field: "body"),
        InputRow(
            method: "POST", target: "/v1/events?topic=a", body: #"{"topic":"a","payload":{}}"#,
            status: 422, code: "input.invalid", field: "topic"),
    ]

    static let tenants: [InputRow] = [
        tenant(#"{"name":"x","tier":"STARTER"}"#, "external_id"),
        tenant(#"{"external_id":"","name":"x","tier":"STARTER"}"#, "external_id"),
        tenant(#"{"external_id":"-a","name":"x","tier":"STARTER"}"#, "external_id"),
        tenant(#"{"external_id":"a b","name":"x","tier":"STARTER"}"#, "external_id"),
        tenant(#"{"external_id":"a/b","name":"x","tier":"STARTER"}"#, "external_id"),
        tenant(#"{"external_id":"default","name":"x","tier":"STARTER"}"#, "external_id"),
        tenant(#"{"external_id":"a\r\nX: y","name":"x","tier":"STARTER"}"#, "external_id"),
        tenant(#"{"external_id":"a","tier":"STARTER"}"#, "name"),
        tenant(#"{"external_id":"a","name":"","tier":"STARTER"}"#, "name"),
        tenant(#"{"external_id":"a","name":"\u0000","tier":"STARTER"}"#, "name"),
        tenant(#"{"external_id":"a","name":"\u001b[1m","tier":"STARTER"}"#, "name"),
        tenant(
            "{\"external_id\":\"a\",\"name\":\"\(String(repeating: "ä", count: 129))\","
                + "\"tier\":\"STARTER\"}", "name"),
        tenant(#"{"external_id":"a","name":"x"}"#, "tier"),
        tenant(#"{"external_id":"a","name":"x","tier":"starter"}"#, "tier"),
        tenant(#"{"external_id":"a","name":"x","tier":"ULTRA"}"#, "tier"),
        tenant(#"{"external_id":"a","name":"x","tier":["STARTER"]}"#, "tier"),
        tenant(
            #"{"external_id":"a","name":"x","tier":"STARTER","limits":{"requests":5}}"#,
            "limits.requests"),
        tenant(
            #"{"external_id":"a","name":"x","tier":"STARTER","limits":{"requests":"5/h"}}"#,
            "limits.requests"),
        tenant(
            #"{"external_id":"a","name":"x","tier":"STARTER","limits":{"requests":"-5/min"}}"#,
            "limits.requests"),
        tenant(
            #"{"external_id":"a","name":"x","tier":"STARTER","limits":{"requests":"05/min"}}"#,
            "limits.requests"),
        tenant(
            #"{"external_id":"a","name":"x","tier":"STARTER","#
                + #""limits":{"requests":"9999999999/min"}}"#,
            "limits.requests"),
        tenant(
            #"{"external_id":"a","name":"x","tier":"STARTER","limits":{"rpm":5}}"#, "limits.rpm"),
        tenant(#"{"external_id":"a","name":"x","tier":"STARTER","limits":5}"#, "limits"),
        tenant(
            #"{"external_id":"a","name":"x","tier":"STARTER","id":"018f"}"#, "id"),
        tenant(#"{"external_id":"a","name":"x","tier":"STARTER","state":"active"}"#, "state"),
        change("{}", "nothing"), change(#"{"external_id":"b"}"#, "external_id"),
        change(#"{"state":"deleted"}"#, "state"), change(#"{"name":null}"#, "name"),
        change(#"{"tier":null}"#, "tier"),
    ]
}

@Suite struct `Input` {
    let backend: RunningBackend
    init() throws { backend = try RunningBackend.shared() }

    private static let owner = Result { try RunningBackend.shared().makeTenant() }

    private func check(_ row: InputRow) throws {
        let tenant = try Self.owner.get()
        let answer = try backend.send(
            row.method, row.target, body: row.body, as: row.isVendor ? .vendor() : tenant.scope)
        #expect((answer.status, answer.code) == (row.status, row.code), "\(answer.text)")
        #expect(answer.only("Content-Type") == "application/problem+json")
        #expect(
            row.field.isEmpty || answer.detail?.contains(row.field) == true, "\(answer.text)")
        #expect(answer.all("Ringfence-Tenant") == (row.isVendor ? [] : [tenant.id]))
    }

    @Test(arguments: InputRow.events) func `of an event is strict`(_ row: InputRow) throws {
        try check(row)
    }

    @Test(arguments: InputRow.queries) func `of a list is strict`(_ row: InputRow) throws {
        try check(row)
    }

    @Test(arguments: InputRow.tenants) func `of a tenant is strict`(_ row: InputRow) throws {
        try check(row)
    }

    @Test(arguments: [
        "text/plain", "application/x-www-form-urlencoded", "application/json, text/plain",
        "application/json;/x", "text/json", "application/json; charset=utf-16",
        "application/json; charset=utf-8; charset=utf-8", "application/vnd.x+json", "",
    ])
    func `that is not JSON is refused by its type (B14)`(_ type: String) throws {
        let tenant = try Self.owner.get()
        let answer = try backend.send(
            "POST", "/v1/events", body: #"{"topic":"a","payload":{}}"#, as: tenant.scope,
            contentType: type)
        #expect((answer.status, answer.code) == (415, "input.type"))
    }

    @Test(arguments: ["application/json", "APPLICATION/JSON", "application/json;charset=UTF-8"])
    func `in JSON is taken however the type is spelled`(_ type: String) throws {
        let tenant = try Self.owner.get()
        let answer = try backend.send(
            "POST", "/v1/events", body: #"{"topic":"a","payload":{}}"#, as: tenant.scope,
            contentType: type)
        #expect(answer.status == 202)
    }

    @Test(arguments: ["gzip", "br", "unknown"])
    func `that is compressed is refused (B15)`(_ coding: String) throws {
        let body = Array(#"{"topic":"a","payload":{}}"#.utf8)
        let tenant = try Self.owner.get()
        let assertion = try Gateway().assertion(
            .init(method: "POST", target: "/v1/events", body: body), for: tenant.scope,
            sealKey: backend.sealKey)
        let fields = ["Ringfence-Assertion: \(assertion)", "Content-Encoding: \(coding)"]
        let client = try RawClient(port: backend.apiPort)
        try client.send(RunningBackend.head("POST", "/v1/events", fields, body: body) + body)
        let answer = try client.readResponse()
        #expect((answer.status, answer.code) == (415, "input.type"))
    }

    @Test func `may hold a payload of exactly the bound`() throws {
        let tenant = try Self.owner.get()
        for (count, status) in [(262_144, 202), (262_145, 422)] {
            let text = String(repeating: "x", count: count - #"{"t":""}"#.utf8.count)
            let answer = try backend.send(
                "POST", "/v1/events", body: #"{"topic":"a","payload":{"t":"\#(text)"}}"#,
                as: tenant.scope)
            #expect(answer.status == status, "\(answer.text.prefix(200))")
        }
    }

    @Test func `of the longest allowed values is taken`() throws {
        let tenant = try Self.owner.get()
        let topic = String(repeating: "a", count: 128)
        let id = String(repeating: "~", count: 128)
        let answer = try backend.send(
            "POST", "/v1/events", body: #"{"topic":"\#(topic)","payload":{},"id":"\#(id)"}"#,
            as: tenant.scope)
        #expect(answer.status == 202)
        let name = String(repeating: "ä", count: 128)
        let external = "l" + UUID().uuidString + String(repeating: ":", count: 91)
        let made = try backend.send(
            "POST", "/v1/tenants",
            body: #"{"external_id":"\#(external)","name":"\#(name)","tier":"SCALE"}"#,
            as: .vendor())
        #expect(made.status == 201, "\(made.text)")
        let path = external.replacingOccurrences(of: ":", with: "%3A")
        #expect(try backend.send("GET", "/v1/tenants/\(path)", as: .vendor()).status == 200)
    }

    @Test(arguments: [
        ("DELETE", "/v1/events", "GET, HEAD, POST"), ("PUT", "/v1/tenants", "GET, HEAD, POST"),
        ("POST", "/v1/tenants/acme", "GET, HEAD, PATCH, DELETE"),
        ("PATCH", "/v1/events/x", "GET, HEAD"),
        ("OPTIONS", "/v1/events", "GET, HEAD, POST"),
    ])
    func `by a method that a path does not take is told which it takes`(
        _ method: String, _ target: String, _ allowed: String
    ) throws {
        let answer = try backend.send(method, target, as: .vendor())
        #expect((answer.status, answer.code) == (405, "route.method"))
        #expect(answer.only("Allow") == allowed)
    }

    @Test(arguments: [
        "/", "/v1", "/v1/", "/v1/event", "/v1/events/", "/v1/events/a/b", "/v2/events",
        "//v1/events",
        "/v1//events", "/V1/events", "/v1/tenants/a/", "/v1/events%2f",
    ])
    func `for a path that is none is 404`(_ target: String) throws {
        let answer = try backend.send("GET", target, as: .vendor())
        #expect((answer.status, answer.code) == (404, "route.not_found"), "\(answer.text)")
    }
}
