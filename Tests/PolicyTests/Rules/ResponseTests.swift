import HTTP1
import Testing

@testable import Policy

@Suite struct `Response to the client` {
    static func answer(
        _ head: String, standing: LimitStanding? = nil, origin: String = "",
        method: KnownMethod = .get, closes: Bool = false, framing: BodyFraming? = nil,
        room: Int = 65_536, _ change: (inout GatewayPolicy, inout RoutePolicy) -> Void = { _, _ in }
    ) throws -> String {
        let bytes = [UInt8](head.utf8)
        var parsed = ResponseHead()
        _ = try parsed.parse(bytes.span, limits: .response, answering: method)
        let fixture = RulesFixture(change)
        var out = ByteBuffer(capacityMax: room)
        let (id, from) = ([UInt8]("request-1".utf8), [UInt8](origin.utf8))
        let facts = ResponseFacts(
            requestID: id.span, origin: from.span,
            standings: standing.map { LimitStandings($0) } ?? LimitStandings(), closes: closes)
        try fixture.rules.routes[0].writeResponse(
            parsed, bytes.span, framing: framing ?? parsed.framing,
            limitHeaders: fixture.policy.limitHeaders, facts: facts, into: &out)
        return String(decoding: out.bytes, as: UTF8.self)
    }

    @Test func `INV-6 nothing internal leaks back`() throws {
        let text = try Self.answer(
            """
            HTTP/1.1 200 Fine\r
            Server: orders/1.0\r
            X-Tenant-ID: acme\r
            tenant_id: acme\r
            Ringfence-Tenant: 018f\r
            X-Tenant-Tier: STARTER\r
            X-Accel-Redirect: /x\r
            X-Internal-Shard: 4\r
            Connection: X-Hop\r
            X-Hop: 1\r
            Keep-Alive: timeout=1\r
            Proxy-Authenticate: Basic\r
            Alt-Svc: h3=":443"\r
            X-RateLimit-Limit: 9\r
            X-Request-ID: theirs\r
            Set-Cookie: a=1\r
            Content-Length: 2\r
            \r

            """)
        #expect(
            text == """
                HTTP/1.1 200 Fine\r
                Server: orders/1.0\r
                Set-Cookie: a=1\r
                Cache-Control: private, no-store\r
                X-Request-ID: request-1\r
                Via: 1.1 ringfence\r
                Content-Length: 2\r
                \r

                """)
    }

    @Test(arguments: [
        "CDN-Cache-Control", "surrogate-control", "Cloudflare-CDN-Cache-Control", "Edge-Control",
    ])
    func `X9 what a shared cache believes before Cache-Control goes as well`(
        _ name: String
    ) throws {
        let head = "HTTP/1.1 200 OK\r\n\(name): max-age=60\r\nContent-Length: 0\r\n\r\n"
        #expect(try !Self.answer(head).contains("max-age"))
        let open = try Self.answer(head) { _, route in
            route.authentication = .none(reason: "test")
        }
        #expect(open.contains("\(name): max-age=60\r\n"))
    }

    @Test(arguments: [
        ("no-store", false), ("private", false), ("max-age=60, No-Store", false),
        ("private=\"x\"", true), ("public, max-age=60", true), ("no-store-ish", true), ("", true),
    ])
    func `X9 a tenant's response is never cacheable in a shared cache`(
        _ value: String, _ isAdded: Bool
    ) throws {
        let text = try Self.answer(
            "HTTP/1.1 200 OK\r\nCache-Control: \(value)\r\nContent-Length: 0\r\n\r\n")
        #expect(text.contains("Cache-Control: private, no-store\r\n") == isAdded)
        #expect(text.ranges(of: "Cache-Control:").count == 1, "ours or theirs, never both")
    }

    static let cookies: [(String, String)] = [
        ("a=1; Domain=example.com; Path=/", "a=1; Path=/"), ("a=1;domain=.example.com", "a=1"),
        ("a=1; Path=/; DOMAIN = x ; Secure", "a=1; Path=/; Secure"), ("a=1; Domain", "a=1"),
        ("a=1; Domain=", "a=1"), ("a=1;\tDomain=x;Domain=y; HttpOnly", "a=1; HttpOnly"),
        ("a=\"x; Domain=y\"; Secure", "a=\"x; Secure"), ("Domain=x; Path=/", "Domain=x; Path=/"),
        ("a=Domain; Domains=x; xDomain=y", "a=Domain; Domains=x; xDomain=y"), ("a=1", "a=1"),
        ("a=1;;Domain=x;", "a=1;;"), ("", ""), (";Domain=x", ""),
    ]

    @Test(arguments: cookies)
    func `X7 a tenant's cookies belong to the host that sets them`(
        _ sent: String, _ kept: String
    ) throws {
        let head =
            "HTTP/1.1 200 OK\r\nSet-Cookie: \(sent)\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n"
            + "\r\n"
        let text = try Self.answer(head)
        #expect(text.contains("\r\nSet-Cookie: \(kept)\r\nSet-Cookie: b=2\r\n"), "\(text)")
        for change in [
            { $0.cookieDomain = .keep }, { $0.authentication = .none(reason: "test") },
            { $0.mode = .shadow },
        ] as [(inout RoutePolicy) -> Void] {
            let whole = try Self.answer(head) { _, route in change(&route) }
            #expect(whole.contains("\r\nSet-Cookie: \(sent)\r\n"))
        }
        let refusal = RulesFixture.refusal {
            _ = try Self.answer(head) { _, route in route.cookieDomain = .reject }
        }
        #expect(refusal == (sent == kept ? nil : .upstreamCookieDomain))
        let open = try Self.answer(head) { _, route in
            route.authentication = .none(reason: "test")
            route.cookieDomain = .strip
        }
        #expect(open.contains("\r\nSet-Cookie: \(kept)\r\n"))
    }

    @Test func `X7 an interim head carries no cookie with a Domain`() {
        let rule = ResponseRule(names: SkeletonSet(names: []), hasCORS: false)
        for (field, value, passes) in [
            (.setCookie, "a=1; Domain=x", false), (.setCookie, "a=1; Path=/", true),
            (.other, "a=1; Domain=x", true),
        ] as [(KnownField, String, Bool)] {
            let answer = withBytes(value) { rule.passesInterim(field, value: $0) }
            #expect(answer == passes)
        }
    }

    @Test func `in shadow a response is judged and left as it is`() throws {
        let head =
            "HTTP/1.1 200 OK\r\nX-Tenant-ID: acme\r\nCache-Control: max-age=60\r\n"
            + "Set-Cookie: a=1; Domain=x\r\nOrg-Id: 1\r\nX-Internal-Shard: 4\r\n"
            + "CDN-Cache-Control: max-age=60\r\nContent-Length: 0\r\n\r\n"
        let text = try Self.answer(head) { _, route in route.mode = .shadow }
        #expect(
            text.hasPrefix(
                "HTTP/1.1 200 OK\r\nX-Tenant-ID: acme\r\nCache-Control: max-age=60\r\n"
                    + "Set-Cookie: a=1; Domain=x\r\nOrg-Id: 1\r\nCDN-Cache-Control: max-age=60\r\n"
                    + "X-Request-ID: "))
        for domain in RoutePolicy.CookieDomain.allCases {
            let fixture = RulesFixture { _, route in
                route.mode = .shadow
                route.cookieDomain = domain
            }
            let bytes = [UInt8](head.utf8)
            var parsed = ResponseHead()
            _ = try parsed.parse(bytes.span, limits: .response, answering: .get)
            var report = ShadowReport()
            fixture.rules.routes[0].judgeResponse(parsed, bytes.span, report: &report)
            #expect(report.count(.responseHeader, .stripped) == 2)
            #expect(report.count(.responseCaching, .stripped) == 1)
            #expect(report.count(.responseCookie, .stripped) == (domain == .strip ? 1 : 0))
            #expect(report.refusal == (domain == .reject ? .upstreamCookieDomain : nil))
        }
    }

    @Test func `a response without a tenant keeps its own caching`() throws {
        let text = try Self.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") { _, route in
            route.authentication = .none(reason: "public")
        }
        #expect(!text.contains("Cache-Control"))
    }

    @Test func `R7 the limit fields say where the tenant stands`() throws {
        let standing = LimitStanding(
            limitPerMinute: 100,
            verdict: .admitted(remaining: 42, resetNanoseconds: 16_000_000_001))
        let text = try Self.answer(
            "HTTP/1.1 200 OK\r\nRateLimit: x\r\nContent-Length: 0\r\n\r\n", standing: standing)
        #expect(
            text.contains(
                """
                RateLimit-Policy: "tier";q=100;w=60\r
                RateLimit: "tier";r=42;t=17\r
                X-RateLimit-Limit: 100\r
                X-RateLimit-Remaining: 42\r
                X-RateLimit-Reset: 17\r

                """))
        #expect(!text.contains("RateLimit: x"))
    }

    @Test func `R7 seconds are rounded up so that obeying is admitted`() {
        for (nanoseconds, seconds) in [
            (1, 1), (999_999_999, 1), (1_000_000_000, 1), (1_000_000_001, 2), (0, 1),
            (60_000_000_000, 60),
        ] as [(UInt64, UInt32)] {
            let standing = LimitStanding(
                limitPerMinute: 1, verdict: .refused(retryNanoseconds: nanoseconds))
            #expect(standing.resetSeconds == seconds && !standing.isAdmitted)
            #expect(standing.remaining == 0)
        }
        var out = ByteBuffer(capacityMax: LimitHeaders.bytesMax)
        let standing = LimitStanding(
            limitPerMinute: .max, verdict: .refused(retryNanoseconds: .max))
        LimitHeaders().write(LimitStandings(standing), route: [], into: &out)
        LimitHeaders.writeRetryAfter(LimitStandings(standing).retrySeconds, into: &out)
        #expect(String(decoding: out.bytes, as: UTF8.self).hasSuffix("Retry-After: 4294967295\r\n"))
    }

    @Test func `limit fields can be chosen`() {
        var headers = LimitHeaders()
        headers.rateLimit = false
        headers.xRateLimit = false
        var out = ByteBuffer(capacityMax: 512)
        headers.write(
            LimitStandings(
                LimitStanding(limitPerMinute: 1, verdict: .refused(retryNanoseconds: 1))),
            route: [], into: &out)
        #expect(out.bytes == [])
    }

    @Test func `a cross-origin route answers itself and the upstream's answer is dropped`() throws {
        let text = try Self.answer(
            "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 0\r\n\r\n",
            origin: "https://app.example.com"
        ) { _, route in
            route.cors = CORSPolicy(origins: ["https://app.example.com"])
        }
        #expect(!text.contains("*"))
        #expect(text.contains("Access-Control-Allow-Origin: https://app.example.com\r\n"))
        #expect(text.contains("Vary: Origin\r\n"))
    }

    @Test func `a HEAD answer keeps the length it announces and closing is told`() throws {
        let text = try Self.answer(
            "HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n", method: .head, closes: true)
        #expect(text.contains("Content-Length: 77\r\n") && text.contains("Connection: close\r\n"))
        let chunked = try Self.answer(
            "HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n", framing: .chunked)
        #expect(!chunked.contains("Content-Length"))
        #expect(chunked.hasSuffix("Transfer-Encoding: chunked\r\n\r\n"))
    }

    @Test func `a buffer without room is a fault and not a trap`() throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: b\r\n\r\n"
        for room in 0..<200 {
            let refusal = RulesFixture.refusal { _ = try Self.answer(head, room: room) }
            #expect(refusal == .upstreamProtocol, "\(room)")
        }
    }

    @Test(arguments: Refusal.allCases)
    func `a problem body is one JSON object that needs no escaping`(_ refusal: Refusal) {
        var out = ByteBuffer(capacityMax: ProblemBody.bytesMax)
        let id = "018f0000-0000-7000-8000-000000000000"
        withBytes(id) { ProblemBody.write(refusal, requestID: $0, into: &out) }
        let (code, title) = ("\(refusal.code)", "\(refusal.title)")
        #expect(
            String(decoding: out.bytes, as: UTF8.self)
                == #"{"type":"urn:ringfence:problem:\#(code)","title":"\#(title)","#
                + #""status":\#(refusal.status),"code":"\#(code)","request_id":"\#(id)"}"#)
        let detail = refusal.entry.detail.map { "\($0)" } ?? ""
        for byte in (code + title + detail).utf8 {
            #expect(byte >= 0x20 && byte < 0x7f && byte != 0x22 && byte != 0x5c)
        }
        guard !detail.isEmpty else { return }
        let plain = out.count
        out.removeAll()
        withBytes(id) {
            ProblemBody.write(refusal, requestID: $0, detail: refusal.entry.detail, into: &out)
        }
        #expect(out.count == plain + detail.utf8.count + #","detail":"""#.utf8.count)
        #expect(String(decoding: out.bytes, as: UTF8.self).hasSuffix(#""detail":"\#(detail)"}"#))
    }

    @Test(arguments: [Refusal.requestBodyTooLarge, .requestBodyType, .requestBodyEncoding])
    func `a body that cannot be held is told which key of the policy decides`(
        _ refusal: Refusal
    ) throws {
        let detail = "\(try #require(refusal.entry.detail))"
        #expect(detail.contains("`body"))
        #expect(detail.utf8.count <= 200)
    }
}
