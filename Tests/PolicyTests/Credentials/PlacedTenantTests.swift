import HTTP1
@_spi(TenantDirectory) @testable import Policy
import Testing

@Suite struct `A tenant that a place names` {
    private static func rules(
        _ places: [NamingPlace], path: String = "/t/{tenant}/**", method: String? = nil,
        isAsserted: Bool = false
    ) throws -> RuleSet {
        var policy = GatewayPolicy()
        if isAsserted {
            policy.assertion = AssertionPolicy(key: .missing)
            policy.assertion?.upstreams = [0]
        }
        policy.tiers = [TierPolicy(name: "STARTER", requests: .limit(.unlimited))]
        policy.vendors.append(VendorPolicy(name: "other"))
        var acme = TenantEntry(
            externalID: try #require(ExternalID("acme", format: .opaque)), tier: 0)
        acme.domains = [[UInt8]("acme.example.com".utf8)]
        let globex = TenantEntry(
            externalID: try #require(ExternalID("globex", format: .opaque)), tier: 0)
        var foreign = TenantEntry(
            externalID: try #require(ExternalID("foreign", format: .opaque)), tier: 0)
        foreign.vendor = 1
        foreign.domains = [[UInt8]("foreign.example.com".utf8)]
        policy.tenants = .file([acme, globex, foreign])
        policy.tenantHosts = [
            try #require(TenantPattern("{tenant}.pages.example.com", separator: "."))
        ]
        var route = RoutePolicy(
            name: "r", path: PathPattern(path), authentication: .none(reason: "test"), upstream: 0)
        route.tenantFrom = places
        policy.routes = [route]
        return RuleSet(policy: policy)
    }

    /// The external id, or the refusal's code.
    private func placed(
        _ rules: RuleSet, _ target: String, _ fields: [String] = [],
        host: String = "api.example.com", readsHeaders: Bool = true, isCaller: Bool = false,
        body: String? = nil
    ) throws -> String {
        let lines = ["GET \(target) HTTP/1.1", "Host: \(host)"] + fields
        let bytes = [UInt8]((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        var head = RequestHead()
        guard case .complete = try head.parse(bytes.span, limits: .request) else {
            throw FixtureFault.incompleteHead
        }
        let trust = PlacedTenant.Trust(
            vendor: 0, readsHeaders: readsHeaders, isCaller: isCaller)
        do throws(Refusal) {
            let name = try body.map { text throws(Refusal) in
                try rules.routes[0].tenantName(inBody: [UInt8](text.utf8).span) ?? []
            }
            let found: TenantDirectory.Found
            if let name, !name.isEmpty {
                found = try rules.routes[0].placedTenant(
                    head, bytes.span, trust, rules.hosts, rules.directory, bodyName: name.span)
            } else {
                found = try rules.routes[0].placedTenant(
                    head, bytes.span, trust, rules.hosts, rules.directory, bodyName: nil)
            }
            return rules.directory.externalID(of: found)?.text ?? "-"
        } catch {
            return "\(error.code)"
        }
    }

    @Test func `is the path's, decoded once`() throws {
        let rules = try Self.rules([.path])
        #expect(try placed(rules, "/t/acme/x") == "acme")
        #expect(try placed(rules, "/t/%61cme/x") == "acme")
        #expect(try placed(rules, "/t/acme;v=1/x") == "acme")
        #expect(try placed(rules, "/t/ACME/x") == "tenant.not_found")
        #expect(try placed(rules, "/t/foreign/x") == "tenant.not_found")
        #expect(try placed(rules, "/t/" + String(repeating: "a", count: 200)) == "tenant.not_found")
    }

    @Test func `is the host's, by domain or by form`() throws {
        let rules = try Self.rules([.host], path: "/**")
        #expect(try placed(rules, "/", host: "acme.example.com") == "acme")
        #expect(try placed(rules, "/", host: "ACME.example.com.:8443") == "acme")
        #expect(try placed(rules, "/", host: "globex.pages.example.com") == "globex")
        // Only an upstream that is told the vendor can tell equal names of two apart.
        #expect(try placed(rules, "/", host: "foreign.example.com") == "tenant.not_found")
        let told = try Self.rules([.host], path: "/**", isAsserted: true)
        #expect(try placed(told, "/", host: "foreign.example.com") == "foreign")
        #expect(
            try placed(told, "/", host: "foreign.example.com", isCaller: true)
                == "tenant.not_found")
        #expect(try placed(rules, "/", host: "nobody.pages.example.com") == "tenant.not_found")
        #expect(try placed(rules, "/", host: "example.com") == "tenant.unnamed")
    }

    @Test func `is a header's or a cookie's only where these are believed`() throws {
        let rules = try Self.rules([.header("X-Customer"), .cookie("customer")], path: "/**")
        #expect(try placed(rules, "/", ["x-customer: acme"]) == "acme")
        #expect(try placed(rules, "/", ["Cookie: a=b; customer=globex"]) == "globex")
        for field in ["X-Customer: acme", "Cookie: customer=acme"] {
            #expect(try placed(rules, "/", [field], readsHeaders: false) == "tenant.unnamed")
        }
        #expect(try placed(rules, "/", ["Cookie: Customer=acme"]) == "tenant.unnamed")
        #expect(
            try placed(rules, "/", ["X-Customer: acme", "X-Customer: acme"]) == "acme")
        #expect(
            try placed(rules, "/", ["X-Customer: acme", "X-Customer: globex"])
                == "tenant.ambiguous")
        #expect(
            try placed(rules, "/", ["X-Customer: acme", "Cookie: customer=globex"])
                == "tenant.ambiguous")
    }

    @Test func `is the body's, if it is text`() throws {
        let rules = try Self.rules([.json("/a/customer")], path: "/**")
        #expect(try placed(rules, "/", body: #"{"a":{"customer":"acme"}}"#) == "acme")
        #expect(try placed(rules, "/", body: #"{"a":{"customer":"\u0061cme"}}"#) == "acme")
        #expect(try placed(rules, "/", body: #"{"customer":"acme"}"#) == "tenant.unnamed")
        for value in ["7", "null", #"["acme"]"#, "{}"] {
            let answer = try placed(rules, "/", body: #"{"a":{"customer":\#(value)}}"#)
            #expect(answer == "tenant.unnamed", "\(value)")
        }
        #expect(
            try placed(rules, "/", body: #"{"a":{"customer":"acme","customer":"globex"}}"#)
                == "request.body.malformed")
    }

    @Test func `is the default's where no other says anything`() throws {
        let name = try #require(ExternalID("globex", format: .opaque))
        let rules = try Self.rules([.query("c"), .fallback(name)], path: "/**")
        #expect(try placed(rules, "/") == "globex")
        #expect(try placed(rules, "/?c=acme") == "acme")
        #expect(try placed(rules, "/?x=1&%63=%61cme&") == "acme")
        #expect(try placed(rules, "/?c=") == "tenant.not_found")
        #expect(try placed(rules, "/?C=acme") == "globex")
    }

    @Test func `is nobody while the directory is not known`() throws {
        let rules = try Self.rules([.path])
        var policy = rules.policy
        policy.tenants = .directory(
            DirectoryPolicy(feed: ListenAddress(text: "unix:x", mark: .none)))
        #expect(try placed(RuleSet(policy: policy), "/t/acme/x") == "directory.unavailable")
    }
}

@Suite struct `A host that is a tenant's` {
    private func check(_ host: String, tenant: String, vendor: Int = 0) throws -> String {
        var policy = GatewayPolicy()
        policy.tiers = [TierPolicy(name: "STARTER", requests: .limit(.unlimited))]
        policy.vendors.append(VendorPolicy(name: "other"))
        var entries: [TenantEntry] = []
        for (name, vendor, domain) in [
            ("acme", 0, "acme.example.com"), ("globex", 0, "globex.example.com"),
            ("acme", 1, "acme.example.org"),
        ] {
            var entry = TenantEntry(
                externalID: try #require(ExternalID(name, format: .opaque)), tier: 0)
            entry.vendor = vendor
            entry.domains = [[UInt8](domain.utf8)]
            entries.append(entry)
        }
        policy.tenants = .file(entries)
        policy.tenantHosts = [
            try #require(TenantPattern("{tenant}.pages.example.com", separator: "."))
        ]
        let rules = RuleSet(policy: policy)
        let principal = try rules.resolve(
            RulesFixture.claims(tenant: tenant, vendor: vendor, issuer: nil))
        do throws(Refusal) {
            try rules.hosts.check([UInt8](host.utf8).span, principal, rules.directory)
            return "ok"
        } catch {
            return "\(error.code)"
        }
    }

    @Test func `takes no credential of another`() throws {
        for host in [
            "acme.example.com", "ACME.EXAMPLE.COM:443", "acme.pages.example.com", "x.y", "",
        ] {
            #expect(try check(host, tenant: "acme") == "ok", "\(host)")
        }
        for host in [
            "globex.example.com", "globex.pages.example.com", "nobody.pages.example.com",
            "acme.example.org",
        ] {
            #expect(try check(host, tenant: "acme") == "tenant.host", "\(host)")
        }
        // Equal names of two vendors are two tenants.
        #expect(try check("acme.example.com", tenant: "acme", vendor: 1) == "tenant.host")
        #expect(try check("acme.pages.example.com", tenant: "acme", vendor: 1) == "tenant.host")
        #expect(try check("acme.example.org", tenant: "acme", vendor: 1) == "ok")
    }

    @Test(arguments: [
        ("api.example.com", "api.example.com", false, true),
        ("front.example.net", "api.example.com", false, true),
        ("front.example.net", "api.example.com", true, false),
        ("acme.pages.example.com", "acme.pages.example.com", true, true),
        ("front.example.net", "acme.pages.example.com", false, false),
        ("acme.pages.example.com", "api.example.com", false, false),
        ("acme.pages.example.com", "globex.pages.example.com", false, false),
    ])
    func `is the server name too, where that matters`(
        _ serverName: String, _ host: String, _ takesCertificates: Bool, _ passes: Bool
    ) throws {
        var policy = GatewayPolicy()
        policy.tenantHosts = [
            try #require(TenantPattern("{tenant}.pages.example.com", separator: "."))
        ]
        let rules = RuleSet(policy: policy)
        let refusal = RulesFixture.refusal {
            try rules.hosts.check(
                serverName: [UInt8](serverName.utf8).span, [UInt8](host.utf8).span,
                rules.directory, takesCertificates: takesCertificates)
        }
        #expect(refusal == (passes ? nil : .routeMisdirected))
    }
}
