import HTTP1
import Testing

@testable import Policy

@Suite struct `Bodies of GraphQL` {
    private static let evil = #"{orders(tenantId:\"evil\"){id}}"#
    private static let good = #"{orders(a:\"b\"){id}}"#
    private static let document = "application/graphql"

    private static func part(_ name: String, _ content: String, _ type: String = "") -> String {
        let line = type.isEmpty ? "" : "Content-Type: \(type)\r\n"
        return
            "--X\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\(line)\r\n\(content)\r\n"
    }
    private static let multipart = "multipart/form-data; boundary=X"

    @Test func `B20 are no GraphQL to a route that does not say so`() throws {
        #expect(refusal("{a}", as: Self.document) == .requestBodyType)
        let body = #"{"query":"\#(Self.evil)","variables":"{\"tenantId\":1}"}"#
        #expect(try CleanedBody(body, as: CleanedBody.json).text == body)
        let form = "query={o(tenantId:1)}&variables={&_charset_=UTF-8"
        #expect(try CleanedBody(form, as: CleanedBody.form).text == form)
    }

    @Test(arguments: [
        #"{"query":"\#(evil)"}"#, #"[{"query":"\#(good)"},{"query":"\#(evil)"}]"#,
        #"{"qu\u0065ry":"{o(ten\u0061ntId:1)}"}"#, #"{"Query":"\#(evil)"}"#,
        #"{"query":"\#(good)","variables":"{\"a\":{\"tenant_id\":1}}"}"#,
        #"{"query":"\#(good)","extensions":"{\"tenant_id\":1}"}"#,
        #"{"operations":"[{\"query\":\"{o(tenantId:1)}\"}]"}"#,
        #"{"operations":"{\"variables\":\"{\\\"tenantId\\\":1}\"}"}"#,
    ])
    func `B20 in JSON are refused for a document that names a tenant`(_ body: String) {
        for mode in RoutePolicy.ClientValue.allCases {
            let found = refusal(body, as: CleanedBody.json, mode: mode, graphQL: .reject)
            #expect(found == .tenantConflict)
        }
    }

    @Test(arguments: [
        #"{"query":1}"#, #"{"query":{"a":1}}"#, #"{"query":"'"}"#, #"[{"query":["{o}"]}]"#,
        #"{"variables":"{"}"#,
        #"{"operations":"{\"operations\":\"{\\\"operations\\\":\\\"{}\\\"}\"}"}"#,
    ])
    func `B20 in JSON are refused where they cannot be read`(_ body: String) {
        #expect(refusal(body, as: CleanedBody.json, graphQL: .reject) == .requestBodyMalformed)
    }

    @Test func `B20 in JSON lose the tenant in variables`() throws {
        let body = #"{"query":"\#(Self.good)","variables":{"tenantId":1,"query":"'"},"x":[1]}"#
        let left = #"{"query":"\#(Self.good)","variables":{"query":"'"},"x":[1]}"#
        for handling in BodyPolicy.GraphQL.allCases {
            let cleaned = try CleanedBody(body, as: CleanedBody.json, graphQL: handling)
            #expect(cleaned == CleanedBody(text: left, removed: 1, isChanged: true))
        }
        // A stored document is named, not sent.
        let stored = #"{"query":null,"variables":"","extensions":{"persistedQuery":{"version":1}}}"#
        #expect(try CleanedBody(stored, as: CleanedBody.json, graphQL: .reject).text == stored)
    }

    @Test func `B20 in JSON have at most a thousand operations`() {
        let operation = #"{"query":"{a}"}"#
        for (count, expected): (Int, Refusal?) in [(1_000, nil), (1_001, .requestBodyTooLarge)] {
            let body = "[\([String](repeating: operation, count: count).joined(separator: ","))]"
            #expect(refusal(body, as: CleanedBody.json, graphQL: .reject) == expected)
        }
    }

    @Test func `B20 by themselves pass as they came`() throws {
        let text = "{orders(where:{column:\"tenant_id\"}){id}}"
        let cleaned = try CleanedBody(text, as: Self.document, graphQL: .reject)
        #expect(cleaned == CleanedBody(text: text, removed: 0, isChanged: false))
        let evil = "{orders(tenantId:1){id}}"
        #expect(refusal(evil, as: Self.document, graphQL: .reject) == .tenantConflict)
        #expect(refusal("{'", as: Self.document, graphQL: .reject) == .requestBodyMalformed)
        #expect(try CleanedBody(evil, as: Self.document, graphQL: .opaque).text == evil)
    }

    @Test func `B20 in forms are looked into and cleaned`() throws {
        let body = "a=1&variables={\"x\":1,\"tenantId\":2}&query={o}&b=2"
        let cleaned = try CleanedBody(body, as: CleanedBody.form, graphQL: .reject)
        #expect(cleaned.text == "a=1&variables=%7B%22x%22%3A1%7D&query={o}&b=2")
        #expect(cleaned.removed == 1 && cleaned.isChanged)
        for text in [
            "query={o(tenantId:1)}", "query=%7Bo(ten%61ntId:1)%7D", "qu%65ry={o(tenantId:1)}",
            "query={a}&query={o(tenantId:1)}", "query[]={o(tenantId:1)}",
            "operations=[{\"query\":\"{o(tenantId:1)}\"}]",
        ] {
            #expect(refusal(text, as: CleanedBody.form, graphQL: .reject) == .tenantConflict)
        }
        for text in ["query='", "variables={", "query={a};b=1", "a=1;query={a}", "operations=x"] {
            #expect(refusal(text, as: CleanedBody.form, graphQL: .reject) == .requestBodyMalformed)
        }
    }

    @Test func `B20 in multipart forms are looked into and cleaned`() throws {
        let operations = #"{"query":"\#(Self.good)","variables":{"tenantId":1,"file":null}}"#
        let left = #"{"query":"\#(Self.good)","variables":{"file":null}}"#
        for type in ["", "text/plain", "application/json"] {
            let map = Self.part("map", #"{"0":["variables.file"]}"#)
            let file = Self.part("0", "<a/>", "image/png")
            let cleaned = try CleanedBody(
                Self.part("operations", operations, type) + map + file + "--X--\r\n",
                as: Self.multipart, graphQL: .reject)
            #expect(
                cleaned.text == Self.part("operations", left, type) + map + file + "--X--\r\n")
            #expect(cleaned.removed == 1 && cleaned.isChanged)
        }
        for part in [
            Self.part("operations", #"{"query":"\#(Self.evil)"}"#),
            Self.part("query", "{o(tenantId:1)}"),
            Self.part("map", #"{"0":["variables.input.tenantId"]}"#),
            Self.part("map", #"{"0":["0.variables.tenant_id"]}"#, "application/json"),
        ] {
            let found = refusal(part + "--X--\r\n", as: Self.multipart, graphQL: .reject)
            #expect(found == .tenantConflict)
        }
        for part in [
            Self.part("operations", "x"), Self.part("variables", "{"), Self.part("query", "'"),
            Self.part("map", "["),
        ] {
            let found = refusal(part + "--X--\r\n", as: Self.multipart, graphQL: .reject)
            #expect(found == .requestBodyMalformed)
        }
        let foreign = Self.part("operations", "{}", "text/plain; charset=utf-16") + "--X--\r\n"
        #expect(refusal(foreign, as: Self.multipart, graphQL: .reject) == .requestBodyType)
    }

    private static func query(
        _ text: String, _ mode: RoutePolicy.ClientValue = .strip, roomMax: Int = 8_192
    ) throws(Refusal) -> String {
        let names = SkeletonSet(names: TenantNames.defaults)
        let rule = QueryRule(
            names: names, clientValue: mode, inject: "tenant_id",
            graphQL: GraphQLRule(.reject, names: names))
        var out = ByteBuffer(capacityMax: roomMax)
        let bytes = [UInt8](text.utf8)
        _ = try rule.clean(
            bytes.span, tenant: ExternalID("acme", format: .opaque), into: &out)
        return String(decoding: out.bytes, as: UTF8.self)
    }

    @Test func `B20 in a query are looked into and cleaned`() throws {
        let variables = "%7B%22tenantId%22:1,%22x%22:%5B1%5D%7D"
        #expect(
            try Self.query("query=%7Bo%7D&variables=\(variables)&a=1")
                == "tenant_id=acme&query=%7Bo%7D&variables=%7B%22x%22%3A%5B1%5D%7D&a=1")
        #expect(try Self.query("query=%7Bo%7D&a=1+2") == "tenant_id=acme&query=%7Bo%7D&a=1+2")
        #expect(throws: Refusal.tenantConflict) {
            try Self.query("variables=\(variables)", .reject)
        }
        #expect(throws: Refusal.tenantConflict) {
            try Self.query("query=%7Borders(tenantId:%22evil%22)%7Bid%7D%7D")
        }
        #expect(throws: Refusal.requestQueryMalformed) { try Self.query("query=%7B%27") }
        #expect(throws: Refusal.requestQueryMalformed) { try Self.query("query=a;b=c") }
        #expect(throws: Refusal.requestQueryMalformed) { try Self.query("variables=%7B") }
        let long = String(repeating: "a", count: GraphQLLexer.nameBytesMax + 1)
        #expect(throws: Refusal.requestTargetTooLong) { try Self.query("query=\(long)") }
    }

    @Test func `B20 on a route in shadow are told and pass`() throws {
        var policy = GatewayPolicy()
        var route = RoutePolicy(
            name: "a", path: PathPattern(text: "/**", segments: [.rest]),
            authentication: .issuer(0), upstream: 0)
        route.body.graphQL = .reject
        route.mode = .shadow
        policy.routes = [route]
        let rule = RuleSet(policy: policy).routes[0]
        let body = [UInt8](
            #"{"query":"{o(tenantId:1)}","variables":{"tenant_id":"evil"}}"#.utf8)
        let typeText = [UInt8](CleanedBody.json.utf8)
        let type = try ContentType(typeText.span)
        var scratch = BodyScratch()
        var report = ShadowReport()
        var scrap = ByteBuffer(
            capacityMax: body.count + rule.judgedGrowthMax(of: body.span, as: type))
        rule.judgeBody(
            body.span, as: type, typeText.span, tenant: ExternalID("acme", format: .opaque),
            &scratch, scrap: &scrap, report: &report)
        #expect(report.count(.body, .overridden) == 1)
        #expect(report.count(.body, .refused) == 1 && report.refusal == .tenantConflict)
    }

    /// Every byte of what stays may become three.
    @Test func `B20 in a query are not written beyond the room there is`() throws {
        let colons = String(repeating: ":", count: 600)
        let query = "variables=%7B%22tenantId%22:1,%22x%22:%22\(colons)%22%7D"
        #expect(throws: Refusal.requestTargetTooLong) { try Self.query(query, roomMax: 1_024) }
        #expect(try Self.query(query).utf8.count > 1_800)
    }
}

@Suite struct `Parts of a form` {
    private static func refusal(_ type: String, _ more: String = "") -> Refusal? {
        PolicyTests.refusal(
            "--X\r\nContent-Disposition: form-data; name=\"a\"\(more)\r\nContent-Type: \(type)\r\n"
                + "\r\n{}\r\n--X--\r\n", as: "multipart/form-data; boundary=X")
    }

    @Test(arguments: [
        "application/xml", "text/xml", "application/soap+xml", "image/svg+xml",
        "TEXT/XML; charset=utf-8",
        "application/cbor", "application/vnd.a+cbor", "application/yaml", "application/x-yaml",
        "text/yaml",
        "application/x-www-form-urlencoded", "application/x-msgpack", "application/protobuf",
        "application/x-protobuf", "application/vnd.google.protobuf", "application/x-jackson-smile",
        "application/bson", "application/graphql", "application/x-json", "text/javascript",
        "application/json; charset=utf-16", "application/vnd.a+json;charset=utf-16le",
        "multipart/mixed;boundary=c",
        "application/x-java-serialized-object", "*/*", "application/*", "application/toml",
        "application/*+xml",
    ])
    func `B18 that a framework reads into an object are refused, files too`(_ type: String) {
        #expect(Self.refusal(type) == .requestBodyType)
        #expect(Self.refusal(type, "; filename=\"x.xml\"") == .requestBodyType)
    }

    @Test(arguments: [
        "text/plain", "text/csv", "image/png", "application/pdf", "application/octet-stream",
        "video/mp4",
        "application/zip",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.a+zip", "text/plain; charset=iso-8859-1", "application/json",
        "application/vnd.a+json; charset=utf-8", "application/x-xml2", "text/html",
    ])
    func `B18 of other types pass`(_ type: String) {
        #expect(Self.refusal(type) == nil)
        #expect(Self.refusal(type, "; filename=\"x\"") == nil)
    }

    @Test func `B6 that say how the others are encoded say UTF-8`() {
        for (value, expected): (String, Refusal?) in [
            ("UTF-8", nil), ("utf-8", nil), ("us-ascii", nil), ("", nil),
            ("utf-16", .requestBodyType),
            ("utf-7", .requestBodyType), ("iso-8859-1", .requestBodyType), ("x", .requestBodyType),
        ] {
            for name in ["_charset_", "_Charset_", "%5fcharset_"] {
                let part = "Content-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)"
                let found = [
                    PolicyTests.refusal(
                        "--X\r\n\(part)\r\n--X--\r\n", as: "multipart/form-data; boundary=X"),
                    PolicyTests.refusal("a=1&\(name)=\(value)&b=2", as: CleanedBody.form),
                ]
                #expect(found == [expected, expected], "\(name) \(value)")
            }
        }
        #expect(
            PolicyTests.refusal("a=1;_charset_=x", as: CleanedBody.form) == .requestBodyMalformed)
    }
}
