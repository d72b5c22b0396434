import HTTP1
import Testing

@testable import Policy

@Suite struct `Route table` {
    static func route(
        _ path: String, host: String? = nil, methods: [String]? = nil
    ) -> RoutePolicy {
        var route = RoutePolicy(
            name: path, path: PathPattern(path), authentication: .none(reason: "test"), upstream: 0)
        route.host = host
        route.methods = methods
        return route
    }

    static func match(
        _ table: RouteTable, _ path: String, host: String = "a.example", method: String = "GET"
    ) -> RouteTable.Match {
        let (hostBytes, pathBytes) = ([UInt8](host.utf8), [UInt8](path.utf8))
        let methods = withBytes(method) { MethodSet(name: $0) }
        return table.match(host: hostBytes.span, path: pathBytes.span, method: methods)
    }

    @Test func `the most specific path wins`() {
        // In order of what they win against, whatever the order in the policy.
        let paths = [
            "/**", "/a/**", "/a/*", "/a/b", "/a/*/c", "/a/b/c", "/*/b/c", "/a/b/**", "/", "/a",
            "/*", "/a/", "/a/*/**",
        ]
        let expected = [
            ("/", "/"), ("/a", "/a"), ("/z", "/*"), ("/z/", "/**"), ("/a/", "/a/"),
            ("/a/b", "/a/b"), ("/a/z", "/a/*"), ("/a/b/c", "/a/b/c"), ("/a/z/c", "/a/*/c"),
            ("/z/b/c", "/*/b/c"), ("/a/b/z", "/a/b/**"), ("/a/b/c/d", "/a/b/**"),
            ("/a/z/d", "/a/*/**"), ("/z/y/x", "/**"), ("/a/z/c/d", "/a/*/**"),
            ("/a/z/", "/a/*/**"), ("/A/b/c", "/*/b/c"),
        ]
        for order in [paths, paths.reversed()] {
            let table = RouteTable(order.map { Self.route($0) })
            #expect(table.conflicts.isEmpty)
            for (path, winner) in expected {
                let match = Self.match(table, path)
                #expect(match == .matched(order.firstIndex(of: winner) ?? -1), "\(path)")
            }
        }
    }

    @Test(arguments: [
        "/admin;x=1", "/admin;", "/admin%3bx", "/admin;a/users", "/a/admin;x/y", "/v1;p=2/exact",
    ])
    func `P5 a matrix parameter does not choose the route`(_ path: String) {
        let rules = RulesFixture { policy, route in
            route = Self.route("/**")
            policy.routes = ["/admin", "/admin/**", "/a/*/y", "/a/admin/y", "/v1/exact"].map {
                Self.route($0)
            }
        }
        #expect(
            RulesFixture.refusal { _ = try rules.get(path, tenant: nil) } == .requestPathAmbiguous)
    }

    @Test(arguments: [
        "/Admin", "/ADMIN/users", "/%41dmin", "/a/ADMIN/y", "/V1/Exact", "/V1;x=1/exact", "/mixed",
        "/v1/tenants/evil/x", "/A/v/y", "/v1/exact/", "/V1/exact/", "/v1/exact;/", "/a/v/y/",
        "/slashed", "/Slashed", "/a/x",
    ])
    func `P1 neither case nor a slash at the end choose the route`(_ path: String) {
        let rules = RulesFixture { policy, route in
            route = Self.route("/**")
            policy.routes = [
                "/admin", "/admin/**", "/a/*/y", "/a/admin/y", "/v1/exact", "/Mixed",
                "/v1/Tenants/*/**",
                "/slashed/", "/a/*/",
            ].map { Self.route($0) }
        }
        #expect(
            RulesFixture.refusal { _ = try rules.get(path, tenant: nil) } == .requestPathAmbiguous)
    }

    @Test(arguments: [
        "/other/ID7", "/admin/X", "/Both", "/both", "/a/%41", "/open/ADMIN", "/", "/x/",
        "/admin/", "/admin/x/", "/a/x/",
    ])
    func `a spelling that changes no route passes`(_ path: String) throws {
        let rules = RulesFixture { policy, route in
            route = Self.route("/**")
            policy.routes = ["/admin/**", "/Both", "/both", "/a/*", "/a/*/"].map {
                Self.route($0)
            }
        }
        #expect(try rules.get(path, tenant: nil).target == path)
    }

    @Test func `what no route takes as it was sent is not found`() {
        let rules = RulesFixture { policy, route in route = Self.route("/admin") }
        #expect(RulesFixture.refusal { _ = try rules.get("/Admin", tenant: nil) } == .routeNotFound)
    }

    @Test(arguments: ["/other;x=1", "/v1;p=1/exact", "/a/b;c=1", "/admin;p"])
    func `a matrix parameter that changes no route passes`(_ path: String) throws {
        let rules = RulesFixture { policy, route in
            route = Self.route("/**")
            policy.routes = ["/admin;p", "/v1;p=1/exact", "/a/*"].map { Self.route($0) }
        }
        #expect(try rules.get(path, tenant: nil).target == path)
    }

    @Test func `a trailing rest matches nothing too`() {
        let table = RouteTable([Self.route("/v1/orders/**")])
        for path in ["/v1/orders", "/v1/orders/", "/v1/orders/1", "/v1/orders/1/2/3"] {
            #expect(Self.match(table, path) == .matched(0), "\(path)")
        }
        for path in ["/", "/v1", "/v1/", "/v1/order", "/v1/orders2", "/v1/ordersx/1"] {
            #expect(Self.match(table, path) == .notFound, "\(path)")
        }
    }

    @Test func `a star is one segment and never an empty one`() {
        let table = RouteTable([Self.route("/a/*")])
        #expect(Self.match(table, "/a/x") == .matched(0))
        for path in ["/a", "/a/", "/a/x/", "/a/x/y"] {
            #expect(Self.match(table, path) == .notFound, "\(path)")
        }
    }

    @Test func `a path and its encoded spelling are one`() {
        let table = RouteTable([Self.route("/admin"), Self.route("/caf%C3%A9"), Self.route("/**")])
        #expect(Self.match(table, "/%61dmin") == .matched(0))
        #expect(Self.match(table, "/caf%c3%a9") == .matched(1))
        #expect(Self.match(table, "/admi") == .matched(2))
    }

    @Test func `the path decides before the host and the host between equal paths`() {
        let table = RouteTable([
            Self.route("/**"), Self.route("/**", host: "a.example"), Self.route("/healthz"),
            Self.route("/v1/**", host: "b.example"),
        ])
        #expect(Self.match(table, "/x", host: "a.example") == .matched(1))
        #expect(Self.match(table, "/x", host: "b.example") == .matched(0))
        #expect(Self.match(table, "/healthz", host: "a.example") == .matched(2))
        #expect(Self.match(table, "/v1/x", host: "b.example") == .matched(3))
        #expect(Self.match(table, "/v1/x", host: "a.example") == .matched(1))
    }

    @Test(arguments: [
        "a.example", "A.EXAMPLE", "a.example.", "a.example:443", "A.Example.:8443",
    ])
    func `P10 spellings of one host are one host`(_ host: String) {
        let table = RouteTable([Self.route("/**", host: "a.example")])
        #expect(Self.match(table, "/", host: host) == .matched(0))
    }

    @Test(arguments: [
        "b.example", "xa.example", "a.example.evil", "a", "", "[::1]", "[::1]:80", ".",
        "a.example..",
        ":80",
    ])
    func `a host no route serves is misdirected`(_ host: String) {
        let table = RouteTable([Self.route("/**", host: "a.example")])
        #expect(Self.match(table, "/", host: host) == .misdirected)
    }

    @Test func `an address in brackets can be a host`() {
        let table = RouteTable([Self.route("/**", host: "[2001:db8::1]")])
        #expect(Self.match(table, "/", host: "[2001:DB8::1]:443") == .matched(0))
        #expect(Self.match(table, "/", host: "[2001:db8::2]") == .misdirected)
        // Unfinished and over-long authorities are nobody's.
        for host in ["[", "[2001", String(repeating: "a", count: 300)] {
            #expect(Self.match(table, "/", host: host) == .misdirected)
        }
    }

    @Test func `methods are part of the match`() {
        let table = RouteTable([
            Self.route("/o", methods: ["GET", "POST"]), Self.route("/o", methods: ["DELETE"]),
            Self.route("/p", methods: ["PUT"]), Self.route("/p/**", methods: ["PATCH"]),
            Self.route("/q"),
        ])
        #expect(Self.match(table, "/o", method: "GET") == .matched(0))
        #expect(Self.match(table, "/o", method: "HEAD") == .matched(0))
        #expect(Self.match(table, "/o", method: "DELETE") == .matched(1))
        #expect(
            Self.match(table, "/o", method: "PUT")
                == .methodNotAllowed([.get, .head, .post, .delete]))
        // The next specific route is asked, and what all of them allow is told.
        #expect(Self.match(table, "/p", method: "PATCH") == .matched(3))
        #expect(Self.match(table, "/p", method: "GET") == .methodNotAllowed([.put, .patch]))
        #expect(Self.match(table, "/q", method: "OPTIONS") == .matched(4))
        #expect(Self.match(table, "/q", method: "TRACE") == .methodNotAllowed(.all))
        #expect(Self.match(table, "/none", method: "GET") == .notFound)
        var out = ByteBuffer(capacityMax: 128)
        MethodSet([.get, .head, .delete]).write(into: &out)
        #expect(out.bytes == [UInt8]("GET, HEAD, DELETE".utf8))
    }

    @Test func `equal routes are found`() {
        let table = RouteTable([
            Self.route("/a/*", methods: ["GET"]), Self.route("/a/*", methods: ["POST"]),
            Self.route("/a/*", methods: ["POST", "PUT"]), Self.route("/a/*", host: "h"),
            Self.route("/a/b"), Self.route("/a/*", host: "h", methods: ["DELETE"]),
        ])
        #expect(table.conflicts.map { [$0.0, $0.1] } == [[1, 2], [3, 5]])
    }

    @Test func `ten thousand routes each find their own`() {
        var routes: [RoutePolicy] = []
        for index in 0..<5_000 { routes.append(Self.route("/v1/r\(index)/**")) }
        for index in 0..<5_000 { routes.append(Self.route("/**", host: "t\(index).example")) }
        let table = RouteTable(routes)
        #expect(table.conflicts.isEmpty)
        for index in stride(from: 0, to: 5_000, by: 7) {
            #expect(Self.match(table, "/v1/r\(index)/x") == .matched(index))
            let host = "t\(index).example"
            #expect(Self.match(table, "/other", host: host) == .matched(5_000 + index))
        }
        #expect(Self.match(table, "/v1/r5000/x") == .notFound)
    }

    @Test func `no routes serve nobody`() {
        #expect(Self.match(RouteTable([]), "/") == .misdirected)
    }

    @Test(arguments: [
        ("CONNECT a:1 HTTP/1.1", nil as Refusal?), ("FOO / HTTP/1.1", .requestMethodUnknown),
        ("GET /a/../b HTTP/1.1", .requestPathAmbiguous), ("GET /nothing HTTP/1.1", .routeNotFound),
    ])
    func `requests that reach no route`(_ line: String, _ refusal: Refusal?) throws {
        let fixture = RulesFixture { _, route in route.path = PathPattern("/only") }
        let head = [UInt8]("\(line)\r\nHost: a:1\r\n\r\n".utf8)
        var parsed = RequestHead()
        _ = try parsed.parse(head.span, limits: .request)
        do {
            let routing = try fixture.rules.route(parsed, head.span)
            guard case .methodNotAllowed = routing else {
                Issue.record("\(routing)")
                return
            }
            #expect(refusal == nil)
        } catch {
            #expect(error == refusal)
        }
    }

    @Test func `U4 a WebSocket upgrade is refused and any other one dropped`() throws {
        let refusal = RulesFixture.refusal {
            _ = try RulesFixture().get("/", "Connection: Upgrade", "Upgrade: websocket")
        }
        #expect(refusal == .requestUpgradeWebSocket)
        let sent = try RulesFixture().get("/", "Connection: Upgrade", "Upgrade: h2c")
        #expect(sent.values("upgrade").isEmpty)
    }
}
