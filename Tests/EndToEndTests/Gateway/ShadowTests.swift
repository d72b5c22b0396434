import Foundation
import TestSupport
import Testing

/// A gateway in front of a recorder whose first route only watches.
private struct Watching {
    let upstream: RecorderUpstream
    let gateway: RunningGateway
    let log: String

    init(
        tenant: String = "{mode: shadow}", body: String = "{max: 64KiB}", listen: String = "",
        isAsserted: Bool = false, more: String = "",
        answer: @escaping @Sendable (RecorderUpstream.Request) -> RecorderUpstream.Answer = { _ in
            .response()
        }
    ) throws {
        upstream = try RecorderUpstream(script: answer)
        let folder = try TemporaryFolder()
        log = "\(folder.path)/access.log"
        var policy = PolicyText(port: upstream.port)
        policy.accessLog = "file:\(log)"
        policy.isAsserted = isAsserted
        policy.listen = listen
        policy.routes = """
              - name: watched
                match: {path: /w/**}
                auth: idp
                tenant: \(tenant)
                body: \(body)
            \(more)
                upstream: api
            """
        gateway = try RunningGateway(policy)
        self.folder = folder
    }

    private let folder: TemporaryFolder

    /// Sends one request and answers what the upstream saw of it.
    func send(
        _ line: String, _ fields: [String] = [], body: [UInt8] = []
    ) throws -> (request: RecorderUpstream.Request, status: Int) {
        let before = upstream.requests.count
        let client = try gateway.connect()
        try client.send(Array(gateway.head(line, fields).utf8) + body)
        let response = try client.readResponse()
        let request = try #require(upstream.requests.dropFirst(before).first)
        #expect(upstream.requests.count == before + 1)
        return (request, response.status)
    }

    /// The `shadow` lists of the log's lines.
    func verdicts(_ count: Int) throws -> [[String]] {
        var lists: [[String]] = []
        try eventually("\(count) lines") {
            let lines = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            lists = lines.split(separator: "\n").compactMap { line in
                let object = try? JSONSerialization.jsonObject(with: Data(line.utf8))
                return (object as? [String: Any])?["shadow"] as? [String]
            }
            return lists.count >= count
        }
        return lists
    }
}

@Suite struct `A route in shadow through the gateway` {
    @Test func `nothing changes but the injected field, and all of it is told`() throws {
        let watching = try Watching(tenant: "{mode: shadow, client_value: reject-if-different}")
        let target = "/w/a;tenant=x/b?&tenant_id=evil&a=%41&&filter[org_id]=1;_method=PUT&a="
        let kept = [
            "Cookie: a=1;tenant=evil;  b=2", "session_id: 7", "Tenant: evil", "X-Org-Id: acme",
            "Cookie: tenant_id=acme", "Accept: */*",
        ]
        let gone = ["X-Tenant-ID: evil", "x_tenant_id: evil", "X-Real-IP: 6.6.6.6"]
        let (request, status) = try watching.send("GET \(target)", kept + gone)
        #expect(status == 200)
        #expect(request.requestLine == "GET \(target) HTTP/1.1")
        let lines = request.headText.components(separatedBy: "\r\n")
        #expect(lines.filter { kept.contains($0) } == kept)
        #expect(lines.filter { gone.contains($0) }.isEmpty)
        #expect(request.all("X-Tenant-ID") == ["acme"] && request.all("X_Tenant_ID") == [])
        let verdict = try watching.verdicts(1)[0]
        #expect(
            verdict == [
                "stripped:header_tenant:1", "overridden:header_tenant:3",
                "stripped:header_irregular_name:1", "stripped:cookie_tenant:1",
                "overridden:cookie_tenant:1", "overridden:query_tenant:1",
                "refused:path_tenant:request.path.ambiguous",
            ])
        for (series, count) in [
            ("ringfence_shadow_requests_total{verdict=\"refused\"}", 1),
            ("ringfence_shadow_refusals_total{code=\"request.path.ambiguous\"}", 1),
            (
                "ringfence_shadow_findings_total{carrier=\"header_tenant\",outcome=\"overridden\"}",
                3
            ),
            ("ringfence_shadow_findings_total{carrier=\"cookie_tenant\",outcome=\"stripped\"}", 1),
            ("ringfence_shadow_findings_total{carrier=\"body_tenant\"", 0),
        ] { #expect(try watching.gateway.metric(series) == count, "\(series)") }
        // A route beside it enforces as ever, and its lines say nothing of shadow.
        let strict = try watching.send("GET /x?tenant_id=evil&a=1", ["Tenant: evil"])
        #expect(strict.request.requestLine == "GET /x?a=1 HTTP/1.1")
        #expect(strict.request.all("Tenant") == [])
        #expect(try watching.verdicts(1).count == 1)
    }

    @Test func `a clean request is told to be unchanged`() throws {
        let watching = try Watching()
        _ = try watching.send("GET /w/x?a=1")
        #expect(try watching.verdicts(1) == [[]])
        let name = "ringfence_shadow_requests_total{verdict=\"unchanged\"}"
        #expect(try watching.gateway.metric(name) == 1)
    }

    static let bodies: [(String, [String], String, String)] = [
        (
            "JSON", ["Content-Type: Application/JSON;charset=\"UTF-8\""],
            #" {"tenant_id":"evil","a":{"org_id":"acme"}, "tenant":1} "#,
            "stripped:body_tenant:1 overridden:body_tenant:2"
        ),
        (
            "broken JSON", ["Content-Type: application/json"], #"{"a":1,"a":2}"#,
            "refused:body_tenant:request.body.malformed"
        ),
        (
            "a form", ["Content-Type: application/x-www-form-urlencoded"],
            "tenant=evil&_method=PUT&a=%41", "overridden:body_tenant:1 stripped:body_method:1"
        ),
        (
            "a foreign type", ["Content-Type: application/xml"], "<tenant>evil</tenant>",
            "refused:body_tenant:request.body.type"
        ),
        ("no type", [], "x", "refused:body_tenant:request.body.type"),
        (
            "a foreign coding", ["Content-Type: application/json", "Content-Encoding: br"], "x",
            "refused:body_tenant:request.body.encoding"
        ),
        (
            "a coding that is none", ["Content-Type: application/json", "Content-Encoding: gzip"],
            #"{"a":1}"#, "refused:body_tenant:request.body.malformed"
        ),
        ("nothing of note", ["Content-Type: application/json"], #"{"a":1}"#, ""),
    ]

    @Test(arguments: bodies, [false, true])
    func `a body goes on byte for byte, framed as it came`(
        _ body: (String, [String], String, String), _ isChunked: Bool
    ) throws {
        let watching = try Watching()
        let framing =
            isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(body.2.utf8.count)"
        let bytes = isChunked ? chunks(Array(body.2.utf8), of: 7) : Array(body.2.utf8)
        let (request, status) = try watching.send(
            "POST /w/x", body.1 + [framing], body: bytes)
        #expect(status == 200)
        let lines = request.headText.components(separatedBy: "\r\n")
        for line in body.1 + [framing] { #expect(lines.contains(line), "\(line)") }
        #expect(content(request, isChunked) == Array(body.2.utf8))
        let verdict = try watching.verdicts(1)[0]
        #expect(verdict.joined(separator: " ") == body.3, "\(body.0)")
    }

    @Test func `a gzip body is judged as what it means and sent as it came`() throws {
        let watching = try Watching()
        // {"tenant_id":"evil"} by gzip(1).
        let packed: [UInt8] = [
            0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xab, 0x56, 0x2a, 0x49,
            0xcd, 0x4b, 0xcc, 0x2b, 0x89, 0xcf, 0x4c, 0x51, 0xb2, 0x52, 0x4a, 0x2d, 0xcb, 0xcc,
            0x51, 0xaa, 0x05, 0x00,
        ]
        let whole = packed + gzipEnd(Array(#"{"tenant_id":"evil"}"#.utf8))
        let (request, _) = try watching.send(
            "POST /w/x",
            [
                "Content-Type: application/json", "Content-Encoding: gzip",
                "Content-Length: \(whole.count)",
            ], body: whole)
        #expect(request.body == whole && request.all("Content-Encoding") == ["gzip"])
        let verdict = try watching.verdicts(1)[0]
        #expect(verdict.first == "overridden:body_tenant:1")
    }

    @Test(arguments: [false, true])
    func `a body above the bound passes unjudged and is counted`(_ isChunked: Bool) throws {
        let watching = try Watching()
        let body = Array(repeating: UInt8(ascii: "x"), count: 1_000_000)
        let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(body.count)"
        let (request, status) = try watching.send(
            "POST /w/x", ["Content-Type: application/json", framing],
            body: isChunked ? chunks(body, of: 30_000) : body)
        #expect(status == 200)
        #expect(content(request, isChunked) == body)
        #expect(
            try watching.verdicts(1)[0] == [
                "refused:body_tenant:request.body.too_large", "unjudged:body_tenant:1",
            ])
    }

    @Test(arguments: 0..<12)
    func `what came while the held part was on its way is not forgotten`(_ round: Int) throws {
        let watching = try Watching(body: "{max: 4KiB}")
        let client = try watching.gateway.connect()
        // Sizes on both sides of what is held, within a receive window: all of it is there before
        // the gateway looks, so that nothing wakes it again.
        let body = Array(repeating: UInt8(ascii: "z"), count: 4_000 + round * 4_000)
        let head = watching.gateway.head(
            "POST /w/x", ["Content-Type: application/json", "Transfer-Encoding: chunked"])
        // A connection to the upstream is kept: a new one would be one more thing to wake it.
        try client.send(watching.gateway.head("GET /w/x"))
        #expect(try client.readResponse().status == 200)
        watching.gateway.process.signal(SIGSTOP)
        defer { watching.gateway.process.signal(SIGCONT) }
        try client.send(Array(head.utf8) + chunks(body, of: 900 + round * 700))
        watching.gateway.process.signal(SIGCONT)
        #expect(try client.readResponse().status == 200)
        let request = try #require(watching.upstream.requests.last)
        #expect(content(request, true) == body)
        #expect(watching.upstream.connectionCount == 1)
    }

    @Test func `an empty chunked body stays one`() throws {
        let watching = try Watching()
        let (request, status) = try watching.send(
            "POST /w/x", ["Content-Type: application/json", "Transfer-Encoding: chunked"],
            body: Array("0\r\n\r\n".utf8))
        #expect(status == 200)
        #expect(String(decoding: request.body, as: UTF8.self) == "0\r\n\r\n")
    }

    @Test func `without memory for bodies they pass unjudged`() throws {
        let watching = try Watching(
            body: "{max: 4MiB}", listen: "    limits: {body_memory: 1MiB}")
        let body = Array("{\"a\":\"\(String(repeating: "y", count: 3_000_000))\"}".utf8)
        let (request, status) = try watching.send(
            "POST /w/x", ["Content-Type: application/json", "Content-Length: \(body.count)"],
            body: body)
        #expect(status == 200 && request.body == body)
        let verdict = try watching.verdicts(1)[0]
        #expect(verdict == ["unjudged:body_tenant:1"])
        // What was taken is given back.
        let small = Array(#"{"tenant":"evil"}"#.utf8)
        _ = try watching.send(
            "POST /w/x", ["Content-Type: application/json", "Content-Length: \(small.count)"],
            body: small)
        #expect(try watching.verdicts(2)[1].first == "overridden:body_tenant:1")
    }

    @Test func `a route that cleans no bodies says so of each`() throws {
        let watching = try Watching(body: "{clean: false}")
        let (request, _) = try watching.send(
            "POST /w/x", ["Content-Type: application/json", "Content-Length: 17"],
            body: Array(#"{"tenant":"evil"}"#.utf8))
        #expect(String(decoding: request.body, as: UTF8.self) == #"{"tenant":"evil"}"#)
        #expect(try watching.verdicts(1)[0].contains("unjudged:body_tenant:1"))
    }

    @Test func `an assertion covers what was held and says of the rest that it was streamed`()
        throws
    {
        let watching = try Watching(isAsserted: true)
        for (body, digest) in [
            (Array(#"{"tenant":"evil"}"#.utf8), "digest"),
            (Array(repeating: UInt8(ascii: "x"), count: 200_000), "stream"),
        ] {
            let (request, status) = try watching.send(
                "POST /w/x?tenant=evil",
                ["Content-Type: application/json", "Content-Length: \(body.count)"], body: body)
            #expect(status == 200 && request.body == body)
            let token = try #require(request.all("Ringfence-Assertion").first)
            let claims = try payload(token)
            #expect((claims["bd"] as? String == "stream") == (digest == "stream"))
            #expect(claims["p"] as? String == "/w/x?tenant=evil")
        }
    }

    @Test func `many requests of one connection keep their bodies apart`() throws {
        let watching = try Watching()
        let client = try watching.gateway.connect()
        for round in 0..<20 {
            let text = #"{"tenant":"evil","n":\#(round)}"#
            let isChunked = round % 3 == 1
            let framing =
                isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(text.utf8.count)"
            let head = watching.gateway.head(
                "POST /w/\(round)", ["Content-Type: application/json", framing])
            let body = isChunked ? chunks(Array(text.utf8), of: 4) : Array(text.utf8)
            // In two pieces, so that some of it is waited for.
            try client.send(Array(head.utf8) + body.prefix(9))
            try client.send(Array(body.dropFirst(9)))
            #expect(try client.readResponse().status == 200)
            let request = try #require(watching.upstream.requests.last)
            #expect(content(request, isChunked) == Array(text.utf8))
        }
        let name = "ringfence_shadow_findings_total{carrier=\"body_tenant\",outcome=\"overridden\"}"
        #expect(try watching.gateway.metric(name) == 20)
    }

    @Test func `credentials and limits are as strict as ever`() throws {
        let watching = try Watching()
        let refused = try watching.gateway.code("GET /w/x", token: "no")
        #expect(refused.status == 401 && watching.upstream.requests.isEmpty)
    }

    @Test func `a response goes on as it came and is judged`() throws {
        let watching = try Watching { _ in
            .response(
                200, "ok",
                fields: [
                    "Set-Cookie: a=1; Domain=example.test", "Cache-Control: max-age=60",
                    "Org-Id: acme",
                ])
        }
        let response = try watching.gateway.ask("GET /w/x")
        #expect(response.only("Set-Cookie") == "a=1; Domain=example.test")
        #expect(response.only("Cache-Control") == "max-age=60")
        #expect(response.only("Org-Id") == "acme")
        #expect(
            try watching.verdicts(1)[0] == [
                "stripped:response_tenant:1", "stripped:response_cookie_domain:1",
                "stripped:response_caching:1",
            ])
        let strict = try watching.gateway.ask("GET /x")
        #expect(strict.only("Set-Cookie") == "a=1")
        #expect(strict.only("Cache-Control") == "private, no-store")
        #expect(strict.all("Org-Id") == [])
    }

    private func chunks(_ bytes: [UInt8], of size: Int) -> [UInt8] {
        var out: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            let piece = bytes[start..<min(start + size, bytes.count)]
            out += Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [13, 10]
        }
        return out + Array("0\r\n\r\n".utf8)
    }

    /// The body of a recorded request without chunked coding.
    private func content(_ request: RecorderUpstream.Request, _ isChunked: Bool) -> [UInt8] {
        guard isChunked else { return request.body }
        var out: [UInt8] = []
        var rest = request.body[...]
        while let end = rest.firstIndex(of: 13) {
            guard let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16), size > 0
            else { break }
            rest = rest[(end + 2)...]
            out += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        return out
    }

    /// CRC and length behind a deflate stream (RFC 1952 section 2.3.1).
    private func gzipEnd(_ bytes: [UInt8]) -> [UInt8] {
        var crc: UInt32 = .max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
        }
        return [~crc, UInt32(bytes.count)].flatMap { word in
            (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32($0 * 8)) }
        }
    }

    private func payload(_ token: String) throws -> [String: Any] {
        var text = String(token.split(separator: ".")[1])
            .replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        while text.count % 4 != 0 { text += "=" }
        let data = try #require(Data(base64Encoded: text))
        let object = try JSONSerialization.jsonObject(with: data)
        return try #require(object as? [String: Any])
    }
}
