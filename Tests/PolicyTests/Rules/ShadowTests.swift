import HTTP1
import Testing

@testable import Policy

/// One route as it enforces and the same route in shadow.
private struct TwoModes {
    let enforcing: RulesFixture
    let watching: RulesFixture

    init(
        _ change: @escaping (inout GatewayPolicy, inout RoutePolicy) -> Void = { _, _ in }
    ) {
        enforcing = RulesFixture(change)
        watching = RulesFixture { policy, route in
            change(&policy, &route)
            route.mode = .shadow
            for index in policy.routes.indices { policy.routes[index].mode = .shadow }
        }
    }
}

/// What enforcing makes of a head, or why it makes nothing of it.
private enum Enforced {
    case sent(RulesFixture.Sent)
    case refused(Refusal)

    init(_ fixture: RulesFixture, _ head: String, tenant: String?) throws {
        do {
            self = .sent(try fixture.send(head, tenant: tenant))
        } catch let refusal as Refusal {
            self = .refused(refusal)
        }
    }
}

@Suite struct `A route in shadow` {
    static let fields: [String] = [
        "X-Tenant-ID: evil", "X-Tenant-ID: acme", "x-tenant-id: ACME", "X_Tenant_ID: evil",
        "X.Tenant.ID: evil", "X-Tenant_ID: acme", "Tenant: evil", "X-Scope-OrgID: acme",
        "X-Account-Id: 7", "Http-X-Org-Id: e", "Grpc-Metadata-Tenant-Id-Bin: e",
        "session_id: 4", "a.b: c", "Content_Length: 9", "Transfer_Encoding: chunked",
        "X_Forwarded_For: 6.6.6.6", "X-Forwarded-For: 6.6.6.6", "X-Real-IP: 6.6.6.6",
        "X-HTTP-Method-Override: PUT", "Authorization: Bearer x", "X-Request-ID: mine",
        "baggage: tenant_id=evil", "Keep-Alive: 5", "Connection: X-Tenant-ID",
        "Connection: X-Scope-OrgID", "Connection: Cookie", "X-Tenant-Tier: GROWTH",
        "Accept: */*", "C-ookie: tenant=evil", "C_ookie: a=1", "Via: 1.0 edge",
        "Expect: 100-continue",
        "Cookie: a=1; tenant_id=evil; b=2", "Cookie: tenant=acme", "Cookie: a=1;b=2 tenant=evil",
        "Cookie: \"a\"; =tenant_id=evil", "Cookie: X-Tenant-ID=%61cme",
        "Content-Type: text/plain; charset=utf-7", "Content-Type: a/b; charset*0=utf-16",
        "Content-Type: text/plain; charset=utf-8", "Content-Type: text/plain; charset=iso-8859-1",
        "Connection: Content-Type",
    ]
    static let targets: [String] = [
        "/", "/?", "/?x=1", "/?tenant_id=evil", "/?tenant_id=acme&x=1", "/?a&&%74enant_id=evil&&",
        "/?filter[tenant_id]=evil&tenant=acme", "/?tenant%255Fid=evil", "/?a=1;tenant_id=evil",
        "/?tenant_id=acme&a=1;tenant=x", "/?x=1;y=2", "/?tenant_id%00=evil", "/?a=%ZZ",
        "/?tenant_id=evil&a=%ZZ", "/?_method=PUT&a=1", "/?%5Fmethod=PUT&tenant=evil", "/?tenant_id",
        "/a;tenant_id=evil/b", "/a;x=1/b?tenant=acme", "/a;x=1;org_id=evil", "/a%3btenant=evil/",
        "/v1/evil/x", "/v1/acme/x?tenant=acme", "/v1/acme;x=1/y", "/v1/%61cme/y",
        "/?" + Array(repeating: "a=1", count: 1_001).joined(separator: "&") + "&tenant=evil",
    ]
    static let values = RoutePolicy.ClientValue.allCases

    /// Routes that differ in all that decides about heads.
    private static func routes(_ value: RoutePolicy.ClientValue) -> [(String, TwoModes)] {
        let plain: (inout GatewayPolicy, inout RoutePolicy) -> Void = { _, route in
            route.clientValue = value
        }
        return [
            ("plain", TwoModes(plain)),
            (
                "injecting",
                TwoModes { policy, route in
                    plain(&policy, &route)
                    route.injectHeader = "X-Org"
                    route.injectQuery = "tenant"
                }
            ),
            (
                "template",
                TwoModes { policy, route in
                    plain(&policy, &route)
                    var other = route
                    other.name = "template"
                    other.path = PathPattern("/v1/{tenant}/**")
                    policy.routes.append(other)
                }
            ),
            (
                "names",
                TwoModes { policy, route in
                    plain(&policy, &route)
                    policy.tenantNames = ["tenant", "session_id", "real-ip"]
                    route.exceptedNames = ["session_id"]
                    route.forwardsCredential = true
                }
            ),
        ]
    }

    private static func head(_ target: String, _ lines: [String]) -> String {
        (["GET \(target) HTTP/1.1", "Host: api.example.com"] + lines).joined(separator: "\r\n")
            + "\r\n\r\n"
    }

    /// Compares the verdict of the one with what the other did.
    private static func compare(
        _ modes: TwoModes, _ head: String, tenant: String? = "acme", _ note: String
    ) throws {
        let enforced = try Enforced(modes.enforcing, head, tenant: tenant)
        let sent = try modes.watching.send(head, tenant: tenant)
        let verdict = try #require(sent.shadow, "\(note)")
        switch enforced {
        case .refused(let refusal):
            #expect(verdict.refusal == refusal, "\(note): \(head)")
            #expect(ShadowReport.refusals.contains(refusal), "\(refusal) has no metric")
        case .sent(let other):
            let report = other.report
            #expect(verdict.refusal == nil, "\(note): \(head)")
            #expect(verdict.found(.header) == report.fields(.tenant), "\(note): \(head)")
            #expect(
                verdict.found(.irregularHeader) == report.fields(.irregularName), "\(note): \(head)"
            )
            #expect(
                verdict.found(.headerCharset) == report.fields(.charset), "\(note): \(head)")
            #expect(verdict.found(.cookie) == report.cookies, "\(note): \(head)")
            #expect(verdict.found(.query) == report.query.removed, "\(note): \(head)")
            #expect(
                verdict.found(.queryMethod) == report.query.overridesRemoved, "\(note): \(head)")
            #expect(
                verdict.count(.path, .overridden) == report.pathSegments, "\(note): \(head)")
        }
        try checkWire(sent, head, modes.watching.policy.routes[0].injectHeader, tenant, note)
    }

    /// The target is the client's to the byte, so is every field that passes; there is one field
    /// for the tenant, and nothing an upstream could take for it.
    private static func checkWire(
        _ sent: RulesFixture.Sent, _ head: String, _ header: String, _ tenant: String?,
        _ note: String
    ) throws {
        #expect(sent.target == String(head.split(separator: " ")[1]), "\(note): \(head)")
        let variable = { (line: String) in
            String(line.prefix { $0 != ":" }.map { $0.isLetter || $0.isNumber ? $0 : "_" })
                .lowercased()
        }
        let wanted = variable(header)
        let own = sent.lines.dropFirst().filter { variable($0) == wanted }
        #expect(own == (tenant.map { ["\(header): \($0)"] } ?? []), "\(note): \(head)")
        let always = [
            "host", "content_length", "transfer_encoding", "x_forwarded_for", "x_real_ip",
            "x_http_method_override", "authorization", "x_request_id", "baggage", "keep_alive",
            "connection", "x_tenant_tier", "expect", wanted,
        ]
        let nominated = head.split(separator: "\r\n").filter { $0.hasPrefix("Connection: ") }
            .map { variable(String($0.dropFirst(12))) }
        for line in head.split(separator: "\r\n").dropFirst() {
            let name = variable(String(line))
            guard !always.contains(name), !nominated.contains(name) else { continue }
            #expect(sent.lines.contains(String(line)), "\(note): \(line)")
        }
    }

    @Test(arguments: values)
    func `the verdict about each field and each target is what enforcing does`(
        _ value: RoutePolicy.ClientValue
    ) throws {
        for (name, modes) in Self.routes(value) {
            for field in Self.fields {
                try Self.compare(modes, Self.head("/", [field]), "\(name) \(value)")
            }
            for target in Self.targets {
                try Self.compare(modes, Self.head(target, []), "\(name) \(value)")
            }
        }
    }

    @Test func `the verdict about random heads is what enforcing does`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed)
        let routes = Self.values.flatMap { value in
            Self.routes(value).map { ("\($0.0) \(value)", $0.1) }
        }
        for round in 0..<1_500 {
            let (name, modes) = routes[Int(random.next() % UInt64(routes.count))]
            let count = Int(random.next() % 6)
            var lines = (0..<count).map { _ in
                Self.fields[Int(random.next() % UInt64(Self.fields.count))]
            }
            // One of what may stand there once only.
            for prefix in ["Authorization", "Expect", "X-Request-ID"] {
                while lines.filter({ $0.hasPrefix(prefix) }).count > 1,
                    let index = lines.firstIndex(where: { $0.hasPrefix(prefix) })
                {
                    lines.remove(at: index)
                }
            }
            let target = Self.targets[Int(random.next() % UInt64(Self.targets.count))]
            try Self.compare(
                modes, Self.head(target, lines), "\(name), seed \(seed), round \(round)")
        }
    }

    @Test func `the verdict about the type of a body that passes is what enforcing does`() throws {
        for injected in [nil, "account"] {
            let modes = TwoModes { _, route in
                route.body.isCleaned = false
                route.injectQuery = injected
            }
            for charset in ["utf-8", "iso-8859-1", "utf-7", "\"utf-8\";charset*=x", "utf-16"] {
                for target in ["/", "/?", "/?x=1"] {
                    let head =
                        "POST \(target) HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
                        + "Content-Type: text/plain; charset=\(charset)\r\n\r\n"
                    try Self.compare(modes, head, "\(injected ?? "plain")")
                }
            }
        }
    }

    @Test func `without a credential no injected field passes and nothing is overridden`() throws {
        let modes = TwoModes { _, route in route.authentication = .none(reason: "test") }
        for field in Self.fields {
            try Self.compare(modes, Self.head("/?tenant=evil", [field]), tenant: nil, "open")
        }
        let sent = try modes.watching.send(
            Self.head("/?tenant=evil", ["Tenant: evil"]), tenant: nil)
        let verdict = try #require(sent.shadow)
        #expect(verdict.count(.query, .stripped) == 1 && verdict.count(.query, .overridden) == 0)
        #expect(sent.values("tenant") == ["evil"])
    }

    @Test func `counts are exact and tell whose tenant was named`() throws {
        let modes = TwoModes { _, route in route.clientValue = .rejectIfDifferent }
        let sent = try modes.watching.send(
            Self.head(
                "/?tenant_id=acme&tenant_id=evil&a[tenant]=%61cme&_method=PUT",
                [
                    "X-Tenant-ID: acme", "X-Tenant-ID: evil", "Tenant: evil", "session_id: 1",
                    "Cookie: tenant=acme; tenant=evil; tenant=x",
                ]))
        let verdict = try #require(sent.shadow)
        let expected: [(ShadowReport.Carrier, ShadowReport.Outcome, Int)] = [
            (.header, .stripped, 1), (.header, .overridden, 2), (.irregularHeader, .stripped, 1),
            (.cookie, .stripped, 1), (.cookie, .overridden, 2), (.query, .stripped, 2),
            (.query, .overridden, 1), (.queryMethod, .stripped, 1), (.header, .refused, 1),
        ]
        var sum = 0
        for carrier in ShadowReport.Carrier.allCases {
            for outcome in ShadowReport.Outcome.allCases { sum += verdict.count(carrier, outcome) }
        }
        for (carrier, outcome, count) in expected {
            #expect(verdict.count(carrier, outcome) == count, "\(carrier) \(outcome)")
        }
        #expect(sum == expected.map(\.2).reduce(0, +))
        #expect(verdict.refusal == .tenantConflict && !verdict.isUnchanged)
        // What really went is told as it always is.
        #expect(sent.report.fields(.tenant) == 2 && sent.report.cookies == 0)
        let clean = try modes.watching.get("/?x=1", "Accept: */*").shadow
        #expect(clean?.isUnchanged == true)
        #expect(try modes.enforcing.get("/?x=1").shadow == nil)
    }

    @Test func `names and codes of the report need no escaping and fit its metrics`() {
        let names = ShadowReport.Carrier.allCases.map { "\($0.name)" }
        #expect(Set(names).count == names.count && names.count * 4 == 48)
        #expect(Set(ShadowReport.refusals).count == ShadowReport.refusals.count)
    }
}

@Suite struct `Bodies of a route in shadow` {
    private static let json = CleanedBody.json
    private static let form = CleanedBody.form
    private static let multipart = "multipart/form-data; boundary=b"

    private static func parts(_ parts: (String, String)...) -> String {
        parts.map {
            "--b\r\nContent-Disposition: form-data; name=\"\($0.0)\"\r\n\r\n\($0.1)\r\n"
        }.joined() + "--b--\r\n"
    }

    private static let corpus: [(String, String)] = [
        (json, #"{"a":1}"#), (json, #"{"tenant_id":"evil","a":1}"#),
        (json, #"{"a":{"tenantId":"acme"},"b":[{"org_id":7},{"tenant":"evil"}]}"#),
        (json, #"{"\u0074enant_id":"acme"}"#), (json, #"{"a":1,"a":2}"#), (json, "{"),
        (json, #"{"":1}"#), (json, #"{"tenant":"evil","":1}"#), (json, #"{"tenant\u0000":1}"#),
        (json, #"{"tenant":"evil"}{"a":1}"#), (json, "7"), (json, #"[{"tenant":null}]"#),
        ("application/json-patch+json", #"[{"op":"remove","path":"/tenant_id"}]"#),
        (
            "application/json-patch+json",
            #"[{"op":"add","path":"/a/tenant","value":"acme"},{"op":"add","path":"x"}]"#
        ),
        ("application/json-patch+json", #"[{"op":"add","path":"/a","Path":"/tenant"}]"#),
        ("application/json-patch+json", #"[{"op":"move","path":"/a","From":"/tenant"}]"#),
        (json, #"[{"OP":"add","path":"/tenant","Value":"acme"},{"op":"x","From":"/org_id"}]"#),
        (json, #"{"A":null,"tenant":"evil"}"#), (json, #"{"a":{"B":1,"b":{}}}"#),
        ("application/x-ndjson", "{\"tenant\":\"evil\"}\n{\"tenant\":\"acme\"}\n{"),
        ("application/x-ndjson", "{\"tenant\":\"acme\"}\n\n{\"a\":1}\n"),
        (form, "a=1&tenant_id=evil&tenant=acme"), (form, "_method=PUT&a=1"), (form, "a=1;tenant=x"),
        (form, "tenant=evil&a=%ZZ"), (form, "a=%ZZ&tenant=evil"), (form, "tenant%00=x"),
        (form, String(repeating: "&", count: 999)), (form, String(repeating: "&", count: 998)),
        (form, String(repeating: "a&", count: 999) + "tenant=evil"),
        (multipart, parts(("a", "1"), ("tenant_id", "evil"), ("tenant", "acme"))),
        (multipart, parts(("tenant", "acme")) + "x"), (multipart, "x"),
        (multipart, parts(("a", "1"), ("tenant\\_id", "evil"))),
    ]

    private static func verdict(
        _ body: [UInt8], _ type: String, _ value: RoutePolicy.ClientValue, _ pointer: String?,
        _ field: String?
    ) throws -> ShadowReport {
        let fixture = RulesFixture { _, route in
            route.clientValue = value
            route.mode = .shadow
            route.injectJSON = pointer
            route.injectForm = field
        }
        var scratch = BodyScratch()
        var scrap = ByteBuffer(capacityMax: body.count * 2 + 65_536)
        var report = ShadowReport()
        let text = [UInt8](type.utf8)
        fixture.rules.routes[0].judgeBody(
            body.span, as: try ContentType(text.span), text.span,
            tenant: ExternalID("acme", format: .opaque), &scratch, scrap: &scrap, report: &report)
        return report
    }

    private static func compare(
        _ body: [UInt8], _ type: String, _ note: String, pointer: String? = nil,
        field: String? = nil
    ) throws {
        for value in RoutePolicy.ClientValue.allCases {
            let verdict = try verdict(body, type, value, pointer, field)
            do throws(Refusal) {
                let cleaned = try CleanedBody(
                    body, as: type, mode: value, pointer: pointer, field: field)
                #expect(verdict.refusal == nil, "\(note) \(value)")
                #expect(verdict.found(.body) == cleaned.removed, "\(note) \(value)")
            } catch {
                #expect(verdict.refusal == error, "\(note) \(value)")
                #expect(ShadowReport.refusals.contains(error), "\(error) has no metric")
                #expect(verdict.refusedCarrier == .body)
            }
        }
    }

    @Test(arguments: corpus)
    func `the verdict about each body is what enforcing does`(
        _ type: String, _ body: String
    ) throws {
        let bytes = [UInt8](body.utf8)
        try Self.compare(bytes, type, body)
        try Self.compare(bytes, type, body, pointer: "/tenant_id", field: "tenant_id")
        try Self.compare(bytes, type, body, pointer: "/a/b/tenant_id")
    }

    @Test func `the verdict about random bodies is what enforcing does`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed)
        for round in 0..<1_200 {
            let (type, body) = Self.corpus[Int(random.next() % UInt64(Self.corpus.count))]
            var bytes = [UInt8](body.utf8)
            for _ in 0..<random.next() % 4 where !bytes.isEmpty {
                let place = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 3 {
                case 0: bytes.remove(at: place)
                case 1: bytes.insert(bytes[Int(random.next() % UInt64(bytes.count))], at: place)
                default: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                }
            }
            try Self.compare(
                bytes, type, "seed \(seed), round \(round): \(bytes)", pointer: "/tenant_id",
                field: "tenant")
        }
    }

    @Test func `counts tell whose tenant was named and which methods were hidden`() throws {
        let body = [UInt8]("tenant=acme&tenant=evil&a=1&_method=PUT".utf8)
        let verdict = try Self.verdict(body, Self.form, .strip, nil, nil)
        #expect(verdict.count(.body, .stripped) == 1 && verdict.count(.body, .overridden) == 1)
        #expect(verdict.count(.bodyMethod, .stripped) == 1 && verdict.refusal == nil)
    }

    @Test func `a route that cleans no bodies judges none`() {
        let fixture = RulesFixture { _, route in
            route.mode = .shadow
            route.body.isCleaned = false
        }
        #expect(!fixture.rules.routes[0].judgesBodies)
    }
}

@Suite struct `Second reading of a head in shadow` {
    private static let scan = UpstreamHeadScan(inShadow: "X-Tenant-ID")

    private static func accepts(_ lines: [String], tenant: String? = "acme") -> Bool {
        let text =
            (["GET /?tenant_id=evil HTTP/1.1", "Host: a"] + lines).joined(separator: "\r\n")
            + "\r\n\r\n"
        return `Second reading of a rewritten head`.accepts(text, tenant: tenant, scan: scan)
    }

    @Test(arguments: [
        ["X-Tenant-ID: acme"], ["x-tenant-id: acme", "Tenant: evil", "session_id: 1"],
        ["a.b: c", "X-Tenant-ID: acme", "XTenantID: evil", "X-Org-Id: evil", "X--Tenant-ID: e"],
    ])
    func `other spellings are left to whoever reads them`(_ lines: [String]) {
        #expect(Self.accepts(lines))
    }

    @Test(arguments: [
        [String](), ["X-Tenant-ID: evil"], ["X-Tenant-ID: acme", "X-Tenant-ID: acme"],
        ["X-Tenant-ID: acme", "X_Tenant_ID: evil"], ["X_Tenant_ID: acme"],
        ["X-Tenant-ID: acme", "x.tenant~id: evil"], ["X-Tenant-ID:acme"],
        ["X-Tenant-ID: acme", " a: b"], ["X-Tenant-ID: acme", "a b: c"],
        ["X-Tenant-ID: acme", ": c"], ["X-Tenant-ID: acme", "a"],
        ["X-Tenant-ID: acme", "a: b\nX-Tenant-ID: evil"], ["X-Tenant-ID: acme", "Host: b"],
        ["X-Tenant-ID: acme", "Content-Length: 1", "Transfer-Encoding: chunked"],
        ["X-Tenant-ID: acme", "", "GET /2 HTTP/1.1"],
    ])
    func `the injected field is there once and says the same`(_ lines: [String]) {
        #expect(!Self.accepts(lines))
    }

    @Test func `without a tenant there is none of it`() {
        #expect(Self.accepts(["Tenant: evil"], tenant: nil))
        #expect(!Self.accepts(["X-Tenant-ID: acme"], tenant: nil))
        #expect(!Self.accepts(["X_Tenant_ID: acme"], tenant: nil))
    }
}
