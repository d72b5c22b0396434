/// Requests of every kind a gateway decides about: good ones, spoofed ones, malformed ones.
struct RandomRequests {
    private var state: UInt64
    /// Credentials to choose from, as values of `Authorization`.
    let credentials: [String]

    init(seed: UInt64, credentials: [String]) {
        state = seed
        self.credentials = credentials
    }

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    private mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    private mutating func one<Item>(of items: [Item]) -> Item { items[below(items.count)] }

    private static let paths = [
        "/strip/a", "/strip/special", "/differ/a", "/reject/a", "/t/acme/orders",
        "/t/globex/orders",
        "/t/acme/orders/7", "/shadow/a", "/raw/a", "/vendor/a", "/open/a", "/cors/a", "/gold/a",
        "/nowhere", "/strip/../open", "/STRIP/a", "/strip/a;tenant_id=evil", "/strip//a",
        "/strip/%61", "/cors/a/",
    ]
    private static let queries = [
        "", "", "?x=1", "?tenant_id=evil", "?tenant_id=acme", "?x=1&tenant_id=evil&y=2",
        "?filter[tenant_id]=evil", "?tenantId=globex", "?a=1;tenant_id=evil", "?_method=DELETE",
        "?%74enant_id=evil", "?bad=%zz", "?org_id=evil",
    ]
    private static let fields = [
        "X-Tenant-Id: evil", "X-Tenant-ID: acme", "tenant: evil", "X_Tenant_Id: evil",
        "Cookie: a=1; tenant_id=evil; b=2", "Cookie: session=1", "X-Forwarded-For: 1.2.3.4",
        "Forwarded: for=1.2.3.4", "X-Request-ID: mine", "Ringfence-Assertion: a.b.c",
        "X-Custom: kept", "Org-Id: evil", "Connection: X-Custom", "TE: trailers",
        "Accept: application/json", "traceparent: 00-0-0-00", "Upgrade: websocket",
        "Content-Encoding: gzip", "Expect: something", "X-HTTP-Method-Override: DELETE",
        "Content-Type: text/plain; charset=utf-7",
    ]
    private static let bodies: [(type: String, text: String)] = [
        ("application/json", #"{"a":1,"tenant_id":"evil","b":[{"tenantId":"x"}]}"#),
        ("application/json", #"{"tenant_id":"acme"}"#),
        ("application/json", #"{"a":1,"a":2}"#),
        ("application/json", #"{"a":"#),
        ("application/json", #"[{"OP":"add","path":"/tenant_id","value":"evil"}]"#),
        ("application/json-patch+json", #"[{"op":"add","path":"/a","Path":"/org_id"}]"#),
        ("application/x-www-form-urlencoded", "a=1&tenant_id=evil"),
        ("application/x-www-form-urlencoded", "a=1"),
        (
            "multipart/form-data; boundary=b",
            "--b\r\nContent-Disposition: form-data; name=\"tenant_id\"\r\n\r\nevil\r\n--b--\r\n"
        ),
        ("application/x-www-form-urlencoded; charset*0=utf-7", "%2BAHQ-enant_id=evil"),
        ("application/x-www-form-urlencoded", #"{"a":"=","tenant_id":"evil"}"#),
        ("text/plain", "tenant_id=evil"), ("text/plain; charset=utf-16", "tenant_id=evil"),
        ("application/x-ndjson", "{\"tenant_id\":\"evil\"}\n{\"a\":1}\n"),
    ]
    private static let hosts = [
        "api.example.test", "api.example.test", "other.example.test", "API.Example.Test:80",
    ]

    /// The bytes of one request; `isHead` because its answer has no body.
    mutating func request() -> (bytes: [UInt8], isHead: Bool) {
        let method = one(of: [
            "GET", "GET", "GET", "HEAD", "POST", "POST", "PUT", "DELETE", "OPTIONS",
        ])
        var head = "\(method) \(one(of: Self.paths))\(one(of: Self.queries)) HTTP/1.1\r\n"
        head += "Host: \(one(of: Self.hosts))\r\n"
        if below(8) > 0 { head += "Authorization: \(one(of: credentials))\r\n" }
        for _ in 0..<below(4) { head += "\(one(of: Self.fields))\r\n" }
        if method == "OPTIONS", below(2) > 0 {
            head += "Origin: \(one(of: ["https://app.example.test", "https://evil.test"]))\r\n"
            head += "Access-Control-Request-Method: GET\r\n"
        }
        // One in forty is no request at all.
        switch below(160) {
        case 0: head += "Bad Name: 1\r\n"
        case 1: head += "X-Folded: a\r\n b\r\n"
        case 2: head += "Host: second.example.test\r\n"
        case 3: head += "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"
        default: break
        }
        guard method == "POST" || method == "PUT" else {
            return (Array((head + "\r\n").utf8), method == "HEAD")
        }
        let body = one(of: Self.bodies)
        if below(12) > 0 { head += "Content-Type: \(body.type)\r\n" }
        if below(4) == 0 {
            let size = String(body.text.utf8.count, radix: 16)
            head += "Transfer-Encoding: chunked\r\n\r\n\(size)\r\n\(body.text)\r\n0\r\n\r\n"
        } else {
            head += "Content-Length: \(body.text.utf8.count)\r\n\r\n\(body.text)"
        }
        return (Array(head.utf8), false)
    }
}
