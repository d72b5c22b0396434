import HTTP1
import Testing

@testable import Policy

@Suite struct `Fields of a request` {
    /// Vector, the client's lines, and the reason counted for each.
    static let spoofs: [(vector: String, lines: [String], reason: StripReason)] = [
        ("H1", ["X-Tenant-ID: evil"], .tenant),
        ("H2", ["x-tenant-id: evil", "X-TENANT-ID: evil", "x-TeNaNt-Id: evil"], .tenant),
        ("H3", ["X-Tenant-ID: evil", "X-Tenant-ID: acme", "X-Tenant-ID: evil"], .tenant),
        ("H4", ["X_Tenant_ID: evil", "X-Tenant_ID: evil", "X_Tenant-ID: evil"], .tenant),
        (
            "H16",
            [
                "X-Scope-OrgID: evil", "X-Org-Id: evil", "X-Organization-Id: evil",
                "X-Account-Id: evil", "X-Customer-External-Id: evil", "Thanos-Tenant: evil",
                "Tenant: evil", "X-Tenant: evil",
            ], .tenant
        ),
        (
            "H17",
            [
                "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Host: evil", "X-Forwarded-Proto: evil",
                "X-Forwarded-Port: 6", "X-Forwarded-Uri: /evil", "X-Forwarded-Prefix: /evil",
                "Forwarded: for=evil", "X-Real-IP: 6.6.6.6", "X-Original-URL: /evil",
                "X-Rewrite-URL: /evil", "X-Forwarded-Client-Cert: evil", "X-SSL-Client: evil",
                "X-Envoy-External-Address: evil", "X-Accel-Redirect: /evil", "X-Internal-Evil: 1",
                "X_Forwarded_For: 6.6.6.6",
            ], .identity
        ),
        (
            "H18",
            [
                "Ringfence-Assertion: evil", "Ringfence-Anything: evil", "X-Tenant-Tier: evil",
                "X-Request-ID: evil", "traceparent: evil", "tracestate: evil",
                "baggage: tenant_id=evil",
            ], .gatewayOwn
        ),
        (
            "U5",
            [
                "X-HTTP-Method-Override: DELETE", "X-HTTP-Method: DELETE",
                "X-Method-Override: DELETE",
            ], .identity
        ),
        (
            "U8",
            [
                "Max-Forwards: 0", "Proxy-Authorization: evil", "Proxy-Connection: evil",
                "Keep-Alive: timeout=5", "Proxy: evil",
            ], .hopByHop
        ),
        ("H15", ["TE: trailers", "Trailer: X-Tenant-ID"], .hopByHop),
        ("U3", ["Upgrade: h2c", "HTTP2-Settings: evil"], .hopByHop),
        ("A6", ["Authorization: Bearer evil", "X-API-Key: evil"], .credential),
        ("H4", ["X_Anything: evil", "a.b: evil", "a%62: evil", "__proto__: evil"], .irregularName),
    ]

    @Test(arguments: spoofs.indices)
    func `a field that is not the client's to send is dropped and counted`(_ index: Int) throws {
        let row = Self.spoofs[index]
        var lines = ["GET / HTTP/1.1", "Host: api.example.com", "Accept: before"]
        lines += row.lines + ["User-Agent: after"]
        let sent = try RulesFixture().send(lines.joined(separator: "\r\n") + "\r\n\r\n")
        #expect(sent.values("x-tenant-id") == ["acme"], "\(row.vector)")
        #expect(sent.report.fields(row.reason) == row.lines.count, "\(row.vector)")
        #expect(sent.report.namedTenant == (row.reason == .tenant), "\(row.vector)")
        #expect(!sent.text.contains("evil"), "\(row.vector): \(sent.text)")
        #expect(!sent.text.contains("6.6.6.6"), "\(row.vector)")
        #expect(sent.values("accept") == ["before"] && sent.values("user-agent") == ["after"])
    }

    @Test(arguments: [
        ["Connection: close, X-Tenant-ID"],
        ["Connection: close, X-Tenant-ID", "X-Tenant-ID: evil"],
        ["Connection: close", "Connection: x-tenant-id"], ["connection:\tx-tenant-id"],
        ["Connection: ,,X-TENANT-ID ,"], ["Proxy-Connection: X-Tenant-ID"],
        ["Connection: X-Tenant-Tier, Host, X-Request-ID, Via, Content-Length"],
    ])
    func `H5 H6 no Connection option removes what the gateway injects`(_ lines: [String]) throws {
        let head = (["GET / HTTP/1.1", "Host: api.example.com"] + lines).joined(separator: "\r\n")
        let sent = try RulesFixture().send(head + "\r\n\r\n")
        #expect(sent.values("x-tenant-id") == ["acme"])
        #expect(sent.values("x-tenant-tier") == ["STARTER"])
        #expect(sent.values("host") == ["api.example.com"])
        #expect(sent.values("connection").isEmpty && sent.values("proxy-connection").isEmpty)
    }

    @Test func `a nominated field of the client is dropped`() throws {
        let sent = try RulesFixture().get("/", "Connection: X-Once", "X-Once: 1", "X-Kept: 2")
        #expect(sent.values("x-once").isEmpty && sent.values("x-kept") == ["2"])
    }

    @Test func `H16 a name added by configuration needs no code`() throws {
        let fixture = RulesFixture { policy, route in
            policy.tenantNames = ["clinic"]
            route.tenantNames = ["workspace"]
            route.injectHeader = "X-Clinic-Code"
        }
        let sent = try fixture.get(
            "/?clinic=evil&workspace=evil&tenant=kept", "X-Clinic: evil", "Work-Space: evil",
            "X-Clinic-Code: evil", "clinic_code: evil", "X-Tenant-ID: evil")
        #expect(sent.values("x-clinic-code") == ["acme"])
        #expect(!sent.text.contains("evil"))
        #expect(sent.target == "/?tenant=kept")
    }

    @Test func `H19 an encoded line end in a value stays what it is`() throws {
        let sent = try RulesFixture().get("/", "User-Agent: x%0d%0aX-Tenant-ID: evil")
        #expect(sent.values("user-agent") == ["x%0d%0aX-Tenant-ID: evil"])
        #expect(sent.values("x-tenant-id") == ["acme"])
    }

    @Test(arguments: [
        (RoutePolicy.ClientValue.strip, "evil", nil as Refusal?), (.strip, "acme", nil),
        (.rejectIfDifferent, "evil", .tenantConflict), (.rejectIfDifferent, "acme", nil),
        (.rejectIfDifferent, "ACME", .tenantConflict), (.rejectIfDifferent, "", .tenantConflict),
        (.reject, "acme", .tenantConflict), (.reject, "evil", .tenantConflict),
    ])
    func `a route decides what naming a tenant means`(
        _ mode: RoutePolicy.ClientValue, _ value: String, _ refusal: Refusal?
    ) {
        let fixture = RulesFixture { _, route in route.clientValue = mode }
        for (target, line) in [
            ("/", "X-Tenant-ID: \(value)"), ("/?tenant_id=\(value)", "A: b"),
            ("/", "Cookie: tenant_id=\(value)"),
        ] {
            let got = RulesFixture.refusal { _ = try fixture.get(target, line) }
            #expect(got == refusal, "\(mode) \(target) \(line)")
        }
    }

    @Test func `the credential passes only where the route says so`() throws {
        let fixture = RulesFixture { _, route in route.forwardsCredential = true }
        let sent = try fixture.get("/", "Authorization: Bearer t")
        #expect(sent.values("authorization") == ["Bearer t"])
    }

    @Test(arguments: [RoutePolicy.Authentication.vendor, .none(reason: "public")])
    func `INV-1 a route without a tenant sends none`(_ kind: RoutePolicy.Authentication) throws {
        let fixture = RulesFixture { _, route in
            route.authentication = kind
            route.injectQuery = "tenant_id"
        }
        let sent = try fixture.get(
            "/?tenant_id=evil&a=1", "X-Tenant-ID: evil", "Authorization: Bearer key",
            "Cookie: tenant=evil", tenant: nil)
        #expect(sent.target == "/?a=1")
        #expect(sent.values("x-tenant-id").isEmpty && sent.values("authorization").isEmpty)
        #expect(!sent.text.contains("evil"))
    }

    @Test func `a request is never planned with a principal that is not the route's`() {
        let fixture = RulesFixture()
        #expect(
            RulesFixture.refusal { _ = try fixture.get("/", tenant: nil) } == .internalError)
        let open = RulesFixture { _, route in route.authentication = .none(reason: "public") }
        #expect(RulesFixture.refusal { _ = try open.get("/") } == .internalError)
        let other = RulesFixture { _, route in route.authentication = .issuer(1) }
        #expect(RulesFixture.refusal { _ = try other.get("/") } == .internalError)
    }

    @Test func `every known field keeps its fate when spelled in another case`() {
        let rule = FieldRule(
            names: SkeletonSet(names: TenantNames.defaults), forwardsCredential: false)
        for field in KnownField.allCases where field != .other {
            let name = "\(field.name)"
            let known = withBytes(name) { rule.fate(of: field, name: $0, isHopByHop: false) }
            let unknown = withBytes(name.uppercased()) {
                rule.fate(of: .other, name: $0, isHopByHop: false)
            }
            #expect(known == unknown, "\(name)")
            if field.isHopByHop {
                #expect(known != .keep, "\(name)")
            }
        }
    }
}
