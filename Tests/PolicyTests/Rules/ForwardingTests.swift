import HTTP1
import Testing

@testable import Policy

@Suite struct `Head for the upstream` {
    @Test func `it is written from the parsed request and our own facts`() throws {
        let sent = try RulesFixture().send(
            "POST /v1/orders?x=1&tenant_id=evil HTTP/1.1\r\nhOsT: API.example.com:8443\r\n"
                + "Accept:   */*  \r\nContent-Length: 3\r\nExpect: 100-continue\r\n"
                + "Via: 1.0 edge\r\n\r\n")
        #expect(
            sent.text == """
                POST /v1/orders?x=1 HTTP/1.1\r
                Host: API.example.com:8443\r
                Accept: */*\r
                Via: 1.0 edge\r
                X-Tenant-ID: acme\r
                X-Tenant-Tier: STARTER\r
                X-Request-ID: request-1\r
                traceparent: 00-1-2-01\r
                Forwarded: for=192.0.2.7;proto=https;host="API.example.com:8443"\r
                X-Forwarded-For: 192.0.2.7\r
                X-Forwarded-Proto: https\r
                X-Forwarded-Host: API.example.com:8443\r
                Via: 1.1 ringfence\r
                Content-Length: 3\r
                \r

                """)
    }

    @Test func `the framing is ours`() throws {
        let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        let fixture = RulesFixture()
        let streamed = try fixture.send(chunked)
        #expect(streamed.values("transfer-encoding") == ["chunked"])
        let buffered = try fixture.send(chunked, framing: .length(42))
        #expect(buffered.values("transfer-encoding").isEmpty)
        #expect(buffered.values("content-length") == ["42"])
        #expect(try fixture.get("/").values("content-length").isEmpty)
    }

    @Test func `the Host is the upstream's where the route says so or there is none`() throws {
        let fixture = RulesFixture { _, route in route.hostHeader = .upstream }
        let sent = try fixture.get("/")
        #expect(sent.values("host") == ["10.0.0.5:8080"])
        #expect(sent.values("x-forwarded-host") == ["api.example.com"])
        let old = try RulesFixture().send("GET / HTTP/1.0\r\n\r\n")
        #expect(old.values("host") == ["10.0.0.5:8080"] && old.values("x-forwarded-host").isEmpty)
        #expect(old.values("forwarded") == ["for=192.0.2.7;proto=https"])
    }

    @Test func `IPv6 peers and peers without an address are written as RFC 7239 says`() throws {
        let head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        let six = try RulesFixture().send(head, client: "2001:db8::1")
        #expect(six.values("forwarded") == ["for=\"[2001:db8::1]\";proto=https;host=\"a\""])
        #expect(six.values("x-forwarded-for") == ["2001:db8::1"])
        let unix = try RulesFixture().send(head, client: "")
        #expect(unix.values("forwarded") == ["for=unknown;proto=https;host=\"a\""])
        #expect(unix.values("x-forwarded-for") == ["unknown"])
    }

    @Test func `H17 a trusted proxy's word is continued and nobody else's`() throws {
        let head =
            "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.1\r\n"
            + "X-Forwarded-For: 10.1.1.1\r\nForwarded: for=198.51.100.1\r\n"
            + "X-Forwarded-Proto: http\r\n"
            + "X-Forwarded-Host: shop.example\r\nX-Real-IP: 6.6.6.6\r\n\r\n"
        let trusted = try RulesFixture().send(head, trusted: true)
        #expect(trusted.values("x-forwarded-for") == ["198.51.100.1, 10.1.1.1, 192.0.2.7"])
        #expect(
            trusted.values("forwarded")
                == ["for=198.51.100.1, for=192.0.2.7;proto=https;host=\"a\""])
        #expect(trusted.values("x-forwarded-proto") == ["http"])
        #expect(trusted.values("x-forwarded-host") == ["shop.example"])
        #expect(trusted.values("x-real-ip").isEmpty)
        let other = try RulesFixture().send(head)
        #expect(other.values("x-forwarded-for") == ["192.0.2.7"])
        #expect(other.values("x-forwarded-proto") == ["https"])
        #expect(other.values("x-forwarded-host") == ["a"])
    }

    @Test(arguments: ["for=\"", "for=1.1.1.1;by=\"x\\\"", "for=a, for=\"\\"])
    func `an open quote of a client cannot swallow who it is`(_ said: String) throws {
        let sent = try RulesFixture().send(
            "GET / HTTP/1.1\r\nHost: a\r\nForwarded: \(said)\r\n"
                + "Forwarded: for=\"[2001:db8::1]\";by=\"a\\\"b\"\r\n\r\n", trusted: true)
        #expect(
            sent.values("forwarded") == [
                "for=\"[2001:db8::1]\";by=\"a\\\"b\", for=192.0.2.7;proto=https;host=\"a\""
            ])
    }

    @Test(arguments: ["ftp", "https, http", "HTTPS", ""])
    func `a trusted proxy's word that is none is replaced`(_ said: String) throws {
        let sent = try RulesFixture().send(
            "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: \(said)\r\n"
                + "X-Forwarded-Host: a,b\r\n\r\n", trusted: true)
        #expect(sent.values("x-forwarded-proto") == ["https"])
        #expect(sent.values("x-forwarded-host") == ["a"])
    }

    @Test func `a buffer without room is a refusal at every size and stays empty`() throws {
        let head =
            "GET /x?a=1 HTTP/1.1\r\nHost: a\r\nCookie: a=1;tenant=x;b=2;c\r\n"
            + "X-Forwarded-For: 1.1.1.1\r\nForwarded: for=1.1.1.1\r\n\r\n"
        let whole = try RulesFixture().send(head, trusted: true).text.utf8.count
        for room in stride(from: 0, to: whole, by: 3) {
            let refusal = RulesFixture.refusal {
                _ = try RulesFixture().send(head, trusted: true, room: room)
            }
            #expect(refusal == .requestHeadTooLarge, "\(room)")
        }
        #expect(
            try RulesFixture().send(head, trusted: true, room: whole + 300).text.utf8.count == whole
        )
    }

    @Test func `a tier name that is no field value stops the request`() {
        let fixture = RulesFixture { policy, _ in
            policy.tiers[0].name = "STARTER\r\nX-Tenant-ID: evil"
        }
        let claims = RulesFixture.claims(tier: "STARTER\r\nX-Tenant-ID: evil")
        let head = [UInt8]("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        let refusal = RulesFixture.refusal {
            var parsed = RequestHead()
            _ = try parsed.parse(head.span, limits: .request)
            let principal = try fixture.rules.resolve(claims)
            let route = fixture.rules.routes[0]
            var plan = RewritePlan()
            var target = ByteBuffer(capacityMax: 1_024)
            try route.plan(parsed, head.span, principal: principal, target: &target, plan: &plan)
            var out = ByteBuffer(capacityMax: 65_536)
            let facts = RequestFacts(
                clientAddress: head.span.extracting(0..<3), isSecure: false, isTrustedProxy: false,
                requestID: head.span.extracting(0..<3), traceparent: Span(), assertion: Span(),
                upstreamAuthority: Span(), contentType: Span())
            let path = target.bytes
            try route.write(
                plan, parsed, head.span, principal: principal, target: path.span, framing: .none,
                facts: facts, into: &out)
        }
        #expect(refusal == .internalError)
    }
}
