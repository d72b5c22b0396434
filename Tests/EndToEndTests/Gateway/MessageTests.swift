import Foundation
import TestSupport
import Testing

/// The forms messages take on their way through.
@Suite struct `Messages through the gateway` {
    @Test func `HEAD, 204 and 304 have no body, whatever they announce`() throws {
        let upstream = try RecorderUpstream { request in
            if request.requestLine.hasPrefix("HEAD") {
                return .bytes(Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".utf8))
            }
            let status = request.requestLine.contains("304") ? "304 Not Modified" : "204 None"
            return .bytes(Array("HTTP/1.1 \(status)\r\nETag: \"v\"\r\n\r\n".utf8))
        }
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let client = try gateway.connect()
        for (line, status, length) in [
            ("HEAD /", 200, "5"), ("GET /204", 204, nil), ("GET /304", 304, nil),
        ] as [(String, Int, String?)] {
            try client.send(gateway.head(line))
            let response = try client.readResponse(toHEAD: true)
            #expect(response.status == status)
            #expect(response.only("Content-Length") == length)
            #expect(response.all("Transfer-Encoding") == [])
        }
        #expect(upstream.connectionCount == 1)
    }

    @Test func `HTTP 1.0 gets no chunks, no interim heads, and a close`() throws {
        let upstream = try RecorderUpstream { _ in
            let early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            return .bytes(Array((early + head + "5\r\nhello\r\n0\r\n\r\n").utf8))
        }
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let client = try gateway.connect()
        try client.send(gateway.head("GET /", version: "1.0"))
        let text = String(decoding: try client.readUntilClose(), as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(text.hasSuffix("\r\n\r\nhello"))
        #expect(text.contains("Connection: close\r\n"))
        #expect(!text.contains("chunked") && !text.contains("Early"))
    }

    @Test func `interim heads pass at once, except those that are ours to send`() throws {
        let upstream = try RawServer { peer in
            _ = try peer.read(through: "\r\n\r\n")
            try peer.send(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            // The rest only comes when the client says that the first part is there.
            _ = try peer.read(through: "go")
            try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            _ = try? peer.readUntilClose()
        }
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let client = try gateway.connect()
        try client.send(gateway.head("POST /", ["Content-Length: 2"]))
        let hints = String(decoding: try client.read(through: "\r\n\r\n"), as: UTF8.self)
        #expect(hints == "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        try client.send("go")
        #expect(try client.readResponse().text == "ok")
    }

    static let invalidResponses: [(String, String)] = [
        ("a flood of interim heads", String(repeating: "HTTP/1.1 102 Wait\r\n\r\n", count: 40)),
        ("an upgrade", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
        ("another protocol", "SSH-2.0-OpenSSH\r\n\r\n"),
        ("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        ("a folded field", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n"),
    ]

    @Test(arguments: invalidResponses)
    func `a response that is none is a 502`(_ name: String, _ bytes: String) throws {
        let upstream = try RecorderUpstream { _ in .bytes(Array(bytes.utf8)) }
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let client = try gateway.connect()
        try client.send(gateway.head("GET /"))
        var response = try client.readResponse()
        while response.status < 200 { response = try client.readResponse() }
        #expect(response.status == 502)
        #expect(RunningGateway.code(of: response) == "upstream.protocol", "\(name)")
        #expect(response.only("Proxy-Status") == "ringfence; error=http_protocol_error")
    }

    static let cuts: [(String, String, String)] = [
        ("a length", "Content-Length: 10\r\n", "hello"),
        ("chunks", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n"),
        ("half a chunk", "Transfer-Encoding: chunked\r\n", "9\r\nhello"),
        ("a chunk that is none", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\nzz\r\n"),
    ]

    @Test(arguments: cuts, ["1.1", "1.0"])
    func `a response that is cut looks cut`(
        _ cut: (String, String, String), _ version: String
    ) throws {
        let upstream = try RawServer { peer in
            _ = try peer.read(through: "\r\n\r\n")
            try peer.send("HTTP/1.1 200 OK\r\n\(cut.1)\r\n\(cut.2)")
            _ = peer.isSilent(seconds: 0.2)
        }
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let client = try gateway.connect()
        try client.send(gateway.head("GET /", version: version))
        let seen = try client.drain()
        #expect(seen.ending == .reset, "\(cut.0)")
        #expect(!String(decoding: seen.tail, as: UTF8.self).hasSuffix("0\r\n\r\n"))
        // The next connection is served as if nothing had happened.
        #expect(try gateway.ask("OPTIONS *").status == 204)
    }

    @Test func `a body that lasts until the connection ends is whole, and ends`() throws {
        let upstream = try RecorderUpstream { _ in
            .bytesThenClose(Array("HTTP/1.1 200 OK\r\n\r\nhello".utf8))
        }
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let client = try gateway.connect()
        for _ in 0..<2 {
            try client.send(gateway.head("GET /"))
            let response = try client.readResponse()
            #expect(response.only("Transfer-Encoding") == "chunked")
            #expect(response.text == "hello")
        }
    }

    @Test func `a client may end its direction and still read`() throws {
        let body = String(repeating: "y", count: 3_000_000)
        let upstream = try RecorderUpstream { _ in .response(200, body) }
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let client = try gateway.connect(receiveBytes: 16_384)
        try client.send(gateway.head("GET /", version: "1.0"))
        client.closeWriting()
        let seen = try client.drain()
        #expect(seen.count > body.utf8.count)
        #expect(seen.ending == .closed)
    }

    @Test func `pipelined requests are answered in their order`() throws {
        let upstream = try RecorderUpstream { .response(200, $0.requestLine) }
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let client = try gateway.connect()
        let paths = (0..<200).map { "GET /p/\($0)" }
        try client.send(paths.map { gateway.head($0) }.joined())
        for path in paths { #expect(try client.readResponse().text == "\(path) HTTP/1.1") }
        #expect(upstream.connectionCount == 1)
    }

    @Test(
        arguments: [
            ("1.1", [], false), ("1.1", ["Connection: close"], true), ("1.0", [], true),
            ("1.0", ["Connection: keep-alive"], true),
        ] as [(String, [String], Bool)])
    func `a connection is kept where both sides know it`(
        _ version: String, _ fields: [String], _ closes: Bool
    ) throws {
        let upstream = try RecorderUpstream()
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let client = try gateway.connect()
        try client.send(gateway.head("GET /", fields, version: version))
        let response = try client.readResponse()
        #expect(response.only("Connection") == (closes ? "close" : nil))
        if closes {
            #expect(try client.isClosed())
        } else {
            try client.send(gateway.head("GET /"))
            #expect(try client.readResponse().status == 200)
        }
    }

    @Test func `a head of the largest size passes, one above is refused`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        for (count, status) in [(60_000, 200), (66_000, 431)] {
            var fields: [String] = []
            var left = count
            while left > 0 {
                let size = min(left, 9_000)
                fields.append("Cookie: a=" + String(repeating: "b;", count: size / 2))
                left -= size
            }
            #expect(try gateway.ask("GET /", fields).status == status, "\(count)")
        }
        let request = try #require(upstream.requests.first)
        #expect(upstream.requests.count == 1)
        #expect(request.all("Cookie").joined().filter { $0 == "b" }.count > 29_000)
        #expect(request.all("X-Tenant-ID") == ["acme"])
    }

    @Test func `a refused request's head is not in the answer`() throws {
        let upstream = try RecorderUpstream()
        var policy = PolicyText(port: upstream.port)
        policy.isAsserted = true
        let gateway = try RunningGateway(policy)
        let client = try gateway.connect()
        try client.send(gateway.head("POST /", ["Content-Length: 9999999", "Canary: bird"]))
        let response = try client.readResponse()
        #expect(response.status == 413)
        #expect(response.all("Canary") == [] && response.all("Authorization") == [])
        #expect(!response.head.contains("POST"))
    }

    @Test func `a preflight is answered here`() throws {
        let upstream = try RecorderUpstream()
        var policy = PolicyText(port: upstream.port)
        policy.apiRoute = "    cors: {origins: [\"https://app.example.test\"]}"
        let gateway = try RunningGateway(policy)
        let asked = ["Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: x-a"]
        let good = try gateway.ask("OPTIONS /x", ["Origin: https://app.example.test"] + asked)
        #expect(good.status == 204)
        #expect(good.only("Access-Control-Allow-Origin") == "https://app.example.test")
        #expect(good.only("Access-Control-Allow-Headers") == "x-a")
        let bad = try gateway.ask("OPTIONS /x", ["Origin: https://evil.example.test"] + asked)
        #expect(bad.status == 403)
        #expect(bad.all("Access-Control-Allow-Origin") == [])
        #expect(upstream.requests.isEmpty)
        let plain = try gateway.ask("GET /x", ["Origin: https://app.example.test"], token: "no")
        #expect(plain.status == 401)
        #expect(plain.only("Access-Control-Allow-Origin") == "https://app.example.test")
    }
}
