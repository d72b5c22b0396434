import HTTP1
import Testing

@testable import Policy

@Suite struct `Second reading of a rewritten head` {
    static let scan = UpstreamHeadScan(
        names: TenantNames.defaults + ["X-Tenant-ID"], injectHeader: "X-Tenant-ID",
        injectQuery: nil)
    static let queryScan = UpstreamHeadScan(
        names: TenantNames.defaults, injectHeader: "X-Tenant-ID", injectQuery: "tenant_id")

    static func accepts(
        _ head: String, tenant: String? = "acme", scan: UpstreamHeadScan = Self.scan
    ) -> Bool {
        withBytes(head) {
            scan.accepts($0, tenant: tenant.flatMap { ExternalID($0, format: .opaque) })
        }
    }

    static func head(_ target: String, _ lines: String...) -> String {
        (["GET \(target) HTTP/1.1", "Host: a"] + lines).joined(separator: "\r\n") + "\r\n\r\n"
    }

    @Test func `the head as it should be is accepted`() {
        #expect(Self.accepts(Self.head("/", "X-Tenant-ID: acme")))
        #expect(Self.accepts(Self.head("/?a=tenant_id&b", "X-Tenant-ID: acme", "X-Tenant-Tier: x")))
        #expect(Self.accepts(Self.head("/"), tenant: nil))
    }

    @Test(arguments: [
        [String](), ["X-Tenant-ID: evil"], ["X-Tenant-ID: acme", "X-Tenant-ID: acme"],
        ["X-Tenant-ID: acme", "x-tenant-id: evil"], ["X-Tenant-ID:acme"], ["X-Tenant-ID:  acme"],
        ["X-Tenant-ID: acme "], ["X-Tenant-ID: acm"], ["X-Tenant-ID: ACME"], ["X-Tenant-ID: "],
        ["X-Tenant-ID: acme", "Tenant-Id: acme"], ["X-Tenant-ID: acme", "X_Tenant_ID: evil"],
        ["X-Tenant-ID: acme", "X-Scope-OrgID: evil"], ["X-Tenant-ID: acme", "Http-X-Org-Id: e"],
        ["X-Tenant-ID: acme", "Grpc-Metadata-Tenant-Id-Bin: e"], ["X-Tenant-ID: acme", " a: b"],
        ["X-Tenant-ID: acme", "a.b: c"], ["X-Tenant-ID: acme", ": c"], ["X-Tenant-ID: acme", "a"],
        ["X-Tenant-ID: acme", "a: b\nX-Tenant-ID: evil"], ["X-Tenant-ID: acme", "a: b\rc"],
        ["X-Tenant-ID: acme", "a: b\u{0}"], ["X-Tenant-ID: acme", "Host: b"],
        ["X-Tenant-ID: acme", "Content-Length: 1", "Transfer-Encoding: chunked"],
        ["X-Tenant-ID: acme", "Content-Length: 1", "content-length: 1"],
        ["X-Tenant-ID: acme", "", "GET /2 HTTP/1.1"],
    ])
    func `a head that names anybody else is not`(_ lines: [String]) {
        let text = (["GET / HTTP/1.1", "Host: a"] + lines).joined(separator: "\r\n") + "\r\n\r\n"
        #expect(!Self.accepts(text))
    }

    @Test func `without a tenant no field may name one`() {
        #expect(!Self.accepts(Self.head("/", "X-Tenant-ID: acme"), tenant: nil))
        #expect(!Self.accepts(Self.head("/?tenant_id=acme"), tenant: nil))
        #expect(!Self.accepts(Self.head("/", "org-id: x"), tenant: nil))
    }

    @Test(arguments: [
        "tenant_id=evil", "a&%74enant_id", "tenant%5Fid=x", "tenant%255Fid=x", "a;tenant_id=x",
        "filter[tenant_id]=x", "a.tenant_id", "tenant_id[]=x", "x-tenant-id=x", "tenant_id__in=x",
        "tenant_id=acme",
    ])
    func `a parameter that names a tenant is found`(_ query: String) {
        #expect(!Self.accepts(Self.head("/?\(query)", "X-Tenant-ID: acme")))
    }

    /// Names the rules and the scan once judged differently, which let a client set off the alarm.
    @Test(arguments: [
        "tenant%C5%BF_id=1", "a[ten,ant_id]=1", "a.ten(ant_id=1", "t.ten%20ant_id=1",
        "org+_id,Id%255f(", "evilX-/org+_id", "org+Id:+_evil[]", "a.org%2b_id",
        "\(String(repeating: "x", count: 129)).ten[ant_id=1",
        "\(String(repeating: "x", count: 65)).ten[ant_id=1",
    ])
    func `no name passes the rules and fails the scan`(_ query: String) throws {
        let sent = try RulesFixture().get("/?\(query)")
        #expect(sent.target == "/?\(query)" || sent.target == "/")
    }

    @Test(arguments: ["%C5%BFcope_orgid=1", "wor%E2%84%AA%C5%BFpace_id=1"])
    func `both read the two letters that fold into ASCII`(_ query: String) throws {
        #expect(!Self.accepts(Self.head("/?\(query)", "X-Tenant-ID: acme")))
        #expect(try RulesFixture().get("/?\(query)").target == "/")
    }

    @Test func `an injected parameter comes first, is there once and says the same`() {
        for (query, accepted) in [
            ("?tenant_id=acme", true), ("?tenant_id=acme&a=1", true), ("", false), ("?a=1", false),
            ("?a=1&tenant_id=acme", false), ("?&tenant_id=acme", false),
            ("?;tenant_id=acme", false),
            ("?tenant_id=evil", false), ("?tenant_id=acme&tenant_id=acme", false),
            ("?tenant_id=acme&tenantId=acme", false), ("?tenant_id=acmee", false),
        ] {
            let head = Self.head("/\(query)", "X-Tenant-ID: acme")
            #expect(Self.accepts(head, scan: Self.queryScan) == accepted, "\(query)")
        }
    }

    @Test(arguments: [
        "GET  / HTTP/1.1", "GET /", "GET / HTTP/1.1 x", "GET x HTTP/1.1", "GET /#a HTTP/1.1",
        "GET /\u{e9} HTTP/1.1", "",
    ])
    func `a request line that is not one is found`(_ line: String) {
        #expect(!Self.accepts("\(line)\r\nHost: a\r\nX-Tenant-ID: acme\r\n\r\n"))
    }

    @Test func `a cut head and bytes behind the head are found`() {
        let whole = Self.head("/", "X-Tenant-ID: acme")
        for length in 0..<whole.utf8.count {
            #expect(
                !Self.accepts(String(decoding: whole.utf8.prefix(length), as: UTF8.self)),
                "\(length)")
        }
        #expect(!Self.accepts(whole + "x"))
    }

    @Test(arguments: [
        TenantNames.defaults, ["q"], ["org", "bin", "no9", "xa"],
        ["http", "x1", "x", "grpc-metadata"],
    ])
    func `both readers agree about every field name`(_ names: [String]) {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed)
        let pieces =
            ["x", "X-", "http", "HTTP-", "Grpc-Metadata-", "grpcmetadata", "bin", "-Bin", "-"]
            + ["tenant", "Id", "org", "scope", "q", "no9", "a", "1", "n", "in", "i"] + names
        let set = SkeletonSet(names: names)
        let scan = UpstreamHeadScan(names: names, injectHeader: "Inject-It", injectQuery: nil)
        var listed = 0
        for _ in 0..<4_000 {
            var name = ""
            for _ in 0..<random.below(6) + 1 {
                name += pieces[Int(random.below(UInt64(pieces.count)))]
            }
            name = String(name.map { $0 == "_" || $0 == "." ? "-" : $0 })
            let isListed = withBytes(name) { set.contains($0) }
            let lines = ["GET / HTTP/1.1", "Inject-It: acme", "\(name): v", "Host: a"]
            let accepted = Self.accepts(lines.joined(separator: "\r\n") + "\r\n\r\n", scan: scan)
            #expect(accepted == !isListed, "seed \(seed): \(name)")
            listed += isListed ? 1 : 0
        }
        #expect(listed > 20)
    }

    @Test func `what the rules let through is accepted, whatever the client sends`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed)
        let pieces = [
            "tenant", "_id", "Id", "-", "_", "__", "[", "]", ".", "%5F", "%255f", "%5b", "x", "X-",
            "http", "bin", "org", "a", "=", "&", ";", "evil", "%74", "[]", ":", "%", "+", "\u{17f}",
            "Grpc-Metadata-", "%C5%BF", "%E2%84%AA", "|", "%20", "scope", "account", "%2574", "(",
            ",", "%00", "/",
            String(repeating: "x", count: 61), String(repeating: "http", count: 16), "ten", "ant",
        ]
        let fixture = RulesFixture { _, route in route.injectQuery = "tenant_id" }
        var passed = 0
        for _ in 0..<4_000 {
            var (query, name, cookie) = ("", "", "")
            for _ in 0..<random.below(9) {
                query += pieces[Int(random.below(UInt64(pieces.count)))]
            }
            for _ in 0..<random.below(6) { name += pieces[Int(random.below(UInt64(pieces.count)))] }
            for _ in 0..<random.below(6) {
                cookie += pieces[Int(random.below(UInt64(pieces.count)))]
            }
            let head =
                "GET /p?\(query) HTTP/1.1\r\nHost: a\r\n\(name)a: evil\r\nCookie: \(cookie)\r\n\r\n"
            do {
                let sent = try fixture.send(head)
                passed += 1
                #expect(sent.values("x-tenant-id") == ["acme"], "seed \(seed): \(head)")
            } catch let refusal as Refusal {
                let allowed: [Refusal] = [.requestQueryMalformed, .requestTarget]
                #expect(allowed.contains(refusal), "seed \(seed): \(refusal) for \(head)")
            } catch is HTTPViolation {
                continue
            }
        }
        #expect(passed > 100)
    }
}
