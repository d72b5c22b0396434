import HTTP1
import Testing

@Suite struct `Request head` {
    /// Parses a head that must be good and hands it to `check` with its bytes.
    private func parsed(
        _ text: String, limits: HeadLimits = .request,
        _ check: (borrowing RequestHead, [UInt8]) -> Void
    ) {
        let input = latin(text)
        var head = RequestHead()
        let outcome = head.outcome(input, limits: limits)
        guard case .complete = outcome else {
            Issue.record("\(shown(input)): \(outcome)")
            return
        }
        check(head, input)
    }

    private func part(_ slice: Slice?, _ bytes: [UInt8]) -> String? {
        slice.map { text(bytes.span[$0]) }
    }

    @Test func `an origin target is split into path and query`() {
        parsed("GET /v1/orders?x=1&y=%zz HTTP/1.1\r\nHost: api.example.com:8443\r\n\r\n") {
            head, bytes in
            #expect(head.method == .get)
            #expect(head.target.form == .origin)
            #expect(part(head.target.whole, bytes) == "/v1/orders?x=1&y=%zz")
            #expect(part(head.target.path, bytes) == "/v1/orders")
            #expect(part(head.target.query, bytes) == "x=1&y=%zz")
            #expect(head.target.scheme == nil)
            #expect(head.target.authority == nil)
            #expect(part(head.authority, bytes) == "api.example.com:8443")
            #expect(head.version == .http11)
            #expect(head.framing == .none)
            #expect(head.keepAlive == true)
        }
    }

    @Test func `no query and an empty query differ`() {
        parsed("GET /a HTTP/1.1\r\nHost: a\r\n\r\n") { head, _ in #expect(head.target.query == nil)
        }
        parsed("GET /a? HTTP/1.1\r\nHost: a\r\n\r\n") { head, _ in
            #expect(head.target.query?.isEmpty == true)
        }
        parsed("GET /a?? HTTP/1.1\r\nHost: a\r\n\r\n") { head, bytes in
            #expect(part(head.target.query, bytes) == "?")
        }
    }

    @Test(arguments: [
        "/a%2F%00", "//a//b", "/a/../b/.", "/;x=y", "/a:@b!$&'()*+,;=-._~", "/%e2%82%ac",
    ])
    func `a path is read, not judged`(_ path: String) {
        parsed("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n") { head, bytes in
            #expect(part(head.target.path, bytes) == path)
        }
    }

    @Test func `Q5 raw brackets belong to a query`() {
        parsed("GET /?filter[tenant_id]=a&b[]=%5B HTTP/1.1\r\nHost: a\r\n\r\n") { head, bytes in
            #expect(part(head.target.query, bytes) == "filter[tenant_id]=a&b[]=%5B")
        }
    }

    @Test(arguments: [
        ("http://Acme.Example/x?y", "acme.example", URIScheme.http),
        ("HTTP://acme.example:80/x?y", "acme.example", .http),
        ("http://acme.example/x?y", "acme.example.:80", .http),
        ("https://acme.example/x?y", "ACME.example:443", .https),
        ("https://acme.example:8443/x?y", "acme.example:8443", .https),
        ("http://[2001:db8:0:0::1]/x?y", "[2001:DB8::1]:80", .http),
        ("http://127.0.0.1/x?y", "127.0.0.1", .http),
    ])
    func `P7 an absolute target gives the authority when Host agrees`(
        _ target: String, _ host: String, _ scheme: URIScheme
    ) {
        parsed("GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n") { head, bytes in
            #expect(head.target.form == .absolute)
            #expect(head.target.scheme == scheme)
            #expect(head.authority == head.target.authority)
            #expect(part(head.target.path, bytes) == "/x")
            #expect(part(head.target.query, bytes) == "y")
        }
    }

    @Test func `P13 an asterisk belongs to OPTIONS`() {
        parsed("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n") { head, bytes in
            #expect(head.target.form == .asterisk)
            #expect(head.target.path.isEmpty == true)
            #expect(part(head.target.whole, bytes) == "*")
        }
        parsed("OPTIONS /x HTTP/1.1\r\nHost: a\r\n\r\n") { head, _ in
            #expect(head.target.form == .origin)
        }
    }

    @Test func `U1 CONNECT takes an authority with its port`() {
        parsed("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n") { head, bytes in
            #expect(head.method == .connect)
            #expect(head.target.form == .authority)
            #expect(part(head.authority, bytes) == "a.example:443")
        }
    }

    @Test(arguments: KnownMethod.allCases.filter { $0 != .other && $0 != .connect })
    func `every known method is known`(_ method: KnownMethod) {
        let name = text(method.name.bytes)
        parsed("\(name) / HTTP/1.1\r\nHost: a\r\n\r\n") { head, bytes in
            #expect(head.method == method)
            #expect(part(head.methodName, bytes) == name)
        }
    }

    @Test(arguments: ["FOO", "foo", "M-SEARCH", "PROPFIND", "GETT", "GE", "XYZ", "!#$%&'*+-.^_`|~"])
    func `U6 an unknown token is a method of no name`(_ method: String) {
        parsed("\(method) / HTTP/1.1\r\nHost: a\r\n\r\n") { head, bytes in
            #expect(head.method == .other)
            #expect(part(head.methodName, bytes) == method)
        }
    }

    @Test func `S14 one empty line before the request is skipped and counted`() {
        let input = bytes("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nGET")
        var head = RequestHead()
        #expect(head.outcome(input) == .complete(input.count - 3))
        #expect(part(head.methodName, input) == "GET")
        #expect(part(head.target.whole, input) == "/")
    }

    @Test func `S17 the next request starts where the last one ended`() {
        let one = bytes("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
        let two = bytes("GET /2 HTTP/1.1\r\nHost: b\r\nX: y\r\n\r\n")
        var head = RequestHead()
        for _ in 0..<100 {
            #expect(head.outcome(one + two) == .complete(one.count))
            #expect(head.fields.count == 1)
            #expect(head.outcome(two + one) == .complete(two.count))
            #expect(head.fields.count == 2)
        }
    }

    @Test(arguments: ["GET", "HEAD", "DELETE", "TRACE", "OPTIONS", "POST"])
    func `S18 any method may have a body`(_ method: String) {
        parsed("\(method) / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n") { head, _ in
            #expect(head.framing == .length(5))
        }
        parsed("\(method) / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n") {
            head, _ in
            #expect(head.framing == .chunked)
        }
    }

    @Test(arguments: [
        ("0", UInt64(0)), ("1", 1), ("10", 10), ("9223372036854775807", UInt64(Int64.max)),
    ])
    func `S5 a length is plain decimal`(_ written: String, _ length: UInt64) {
        parsed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\t\(written) \r\n\r\n") { head, _ in
            #expect(head.framing == .length(length))
        }
    }

    @Test func `values lose the whitespace around them and nothing else`() {
        let value = "a \t b, \"c\"  %0d%0a <>{}"
        parsed("GET / HTTP/1.1\r\nHost: a\r\nX:\t \(value)\t \r\nY:\r\nZ: \t\r\n\r\n") {
            head, bytes in
            #expect(part(head.fields[1].value, bytes) == value)  // H19 stays literal.
            #expect(head.fields[2].value.isEmpty == true)
            #expect(head.fields[3].value.isEmpty == true)
            #expect(head.fields.count == 4)
        }
    }

    @Test(arguments: [
        (version: "1.1", lines: "", keepAlive: true),
        (version: "1.1", lines: "Connection: close\r\n", keepAlive: false),
        (version: "1.1", lines: "Connection: keep-alive\r\n", keepAlive: true),
        (version: "1.1", lines: "Connection: Keep-Alive, CLOSE\r\n", keepAlive: false),
        (version: "1.1", lines: "Connection: x\r\nConnection: close\r\n", keepAlive: false),
        (version: "1.1", lines: "Connection: ,, close ,\r\n", keepAlive: false),
        (version: "1.1", lines: "Connection:\r\n", keepAlive: true),
        (version: "1.1", lines: "Connection: closed\r\n", keepAlive: true),
        (version: "1.0", lines: "", keepAlive: false),
        (version: "1.0", lines: "Connection: keep-alive\r\n", keepAlive: true),
        (version: "1.0", lines: "Connection: keep-alive, close\r\n", keepAlive: false),
        (version: "1.0", lines: "Connection: upgrade\r\n", keepAlive: false),
    ])
    func `persistence follows version and options`(
        _ row: (version: String, lines: String, keepAlive: Bool)
    ) {
        parsed("GET / HTTP/\(row.version)\r\nHost: a\r\n\(row.lines)\r\n") { head, _ in
            #expect(head.keepAlive == row.keepAlive)
        }
    }

    private func passedOn(_ lines: String) -> [String] {
        var names: [String] = []
        parsed("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n") { head, bytes in
            for index in 0..<head.fields.count where !head.isHopByHop(index) {
                names.append(text(bytes.span[head.fields[index].name]))
            }
        }
        return names
    }

    @Test func `H5 a nominated field stays on this hop, any case, any place`() {
        #expect(passedOn("X-Tenant-ID: e\r\nConnection: close, x-tenant-id\r\n") == ["Host"])
        #expect(passedOn("Connection: X-TENANT-ID\r\nX-Tenant-ID: e\r\nA: b\r\n") == ["Host", "A"])
        #expect(passedOn("Connection: close, X-Tenant-ID\r\n") == ["Host"])
        #expect(passedOn("Connection: authorization\r\nAuthorization: x\r\n") == ["Host"])
        #expect(passedOn("Connection: a\r\nA: 1\r\na: 2\r\nAB: 3\r\n") == ["Host", "AB"])
    }

    @Test func `H6 options in other shapes nominate as well`() {
        let field = "X-Tenant-ID: e\r\n"
        #expect(passedOn("\(field)Connection: x\r\nConnection: x-tenant-id\r\n") == ["Host"])
        #expect(passedOn("\(field)connection:\tx-tenant-id\r\n") == ["Host"])
        #expect(passedOn("\(field)Connection: ,,X-TENANT-ID ,\r\n") == ["Host"])
        #expect(passedOn("\(field)Proxy-Connection: X-Tenant-ID\r\n") == ["Host", "X-Tenant-ID"])
    }

    @Test(arguments: [
        "Connection: close", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive",
        "TE: trailers",
        "Trailer: X-Tenant-ID", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk",
        "Proxy-Authorization: Basic eA==", "Max-Forwards: 0", "Transfer-Encoding: chunked",
    ])
    func `U8 and H15 hop-by-hop fields are marked`(_ line: String) {
        #expect(passedOn("\(line)\r\nX: y\r\n") == ["Host", "X"])
    }

    @Test func `a continuation is expected by HTTP/1.1 only`() {
        parsed("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n") { head, _ in
            #expect(head.expectsContinue == true)
        }
        parsed("PUT / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\n\r\n") { head, _ in
            #expect(head.expectsContinue == false)
        }
        parsed("PUT / HTTP/1.1\r\nHost: a\r\n\r\n") { head, _ in
            #expect(head.expectsContinue == false)
        }
    }

    @Test(arguments: [
        ("", RequestHead.Upgrade.none), ("Upgrade: websocket\r\n", .webSocket),
        ("Upgrade: WebSocket\r\nConnection: Upgrade\r\n", .webSocket),
        ("Upgrade: h2c, websocket\r\n", .webSocket),
        ("Upgrade: h2c\r\nUpgrade: websocket\r\n", .webSocket), ("Upgrade: h2c\r\n", .other),
        ("Upgrade: HTTP/2.0\r\n", .other), ("Upgrade: TLS/1.0\r\n", .other),
        ("Upgrade: anything\r\n", .other), ("Upgrade: websockets\r\n", .other),
    ])
    func `U3 only a WebSocket is told from other upgrades`(
        _ lines: String, _ upgrade: RequestHead.Upgrade
    ) {
        parsed("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n") { head, _ in
            #expect(head.upgrade == upgrade)
        }
        parsed("GET / HTTP/1.0\r\nHost: a\r\n\(lines)\r\n") { head, _ in
            #expect(head.upgrade == .none)
        }
    }

    @Test func `HTTP/1.0 may come without Host`() {
        parsed("GET / HTTP/1.0\r\n\r\n") { head, _ in
            #expect(head.authority == nil)
            #expect(head.version == .http10)
        }
        parsed("GET http://a/ HTTP/1.0\r\n\r\n") { head, bytes in
            #expect(part(head.authority, bytes) == "a")
        }
    }

    @Test func `H13 values above ASCII need an opt-in for their field`() {
        let limits = HeadLimits(obsTextFields: FieldSet(.userAgent, .referer))
        let input = latin("GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: caf\u{e9}\r\n\r\n")
        #expect(request(input) == .violation(.fieldValueNotASCII))
        #expect(request(input, limits: limits) == .complete(input.count))
        let other = latin("GET / HTTP/1.1\r\nHost: a\r\nX: caf\u{e9}\r\n\r\n")
        #expect(request(other, limits: limits) == .violation(.fieldValueNotASCII))
        let everything = HeadLimits(obsTextFields: .all)
        #expect(request(other, limits: everything) == .complete(other.count))
        let host = latin("GET / HTTP/1.1\r\nHost: caf\u{e9}\r\n\r\n")
        #expect(request(host, limits: everything) == .violation(.hostMalformed))
    }
}
