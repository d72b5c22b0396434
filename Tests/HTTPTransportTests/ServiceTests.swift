import HTTP1
import HTTPTransport
import Reactor
import Synchronization
import TestSupport
import Testing

@Suite struct `A small service` {
    static func service(
        _ change: (inout HTTPService.Bounds) -> Void = { _ in }
    ) throws -> (service: RunningService, client: RawClient) {
        var bounds = HTTPService.Bounds()
        change(&bounds)
        let service = try RunningService(bounds)
        return (service, try RawClient(port: service.port))
    }

    static func head(_ line: String, _ fields: [String] = [], version: String = "1.1") -> String {
        (["\(line) HTTP/\(version)", "Host: h"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
    }

    @Test func `it answers one request after the other`() throws {
        let (service, client) = try Self.service()
        defer { service.stop() }
        let requests =
            Self.head("GET /a") + Self.head("POST /b", ["Content-Length: 2"]) + "hi"
            + Self.head("POST /c", ["Transfer-Encoding: chunked"])
            + "1\r\nx\r\n2\r\nyz\r\n0\r\n\r\n"
            + Self.head("GET /d")
        try client.send(requests)
        for text in ["/a ", "/b hi", "/c xyz", "/d "] {
            let response = try client.readResponse()
            #expect(response.text == text)
            #expect(response.only("X-Told") == "1")
            #expect(response.only("Date")?.hasSuffix("GMT") == true)
        }
    }

    @Test func `a request may come one byte at a time`() throws {
        let (service, client) = try Self.service()
        defer { service.stop() }
        for byte in (Self.head("POST /b", ["Content-Length: 2"]) + "hi").utf8 {
            try client.send([byte])
        }
        #expect(try client.readResponse().text == "/b hi")
    }

    @Test func `HEAD and 204 have no body`() throws {
        let (service, client) = try Self.service()
        defer { service.stop() }
        try client.send(Self.head("HEAD /a") + Self.head("GET /none") + Self.head("GET /a"))
        let first = try client.readResponse(toHEAD: true)
        #expect(first.only("Content-Length") == "3")
        let second = try client.readResponse()
        #expect(second.status == 204 && second.all("Content-Length") == [])
        #expect(try client.readResponse().text == "/a ")
    }

    @Test func `who asks for leave to send a body gets it, unless it is too large`() throws {
        let (service, client) = try Self.service { $0.bodyBytesMax = 10 }
        defer { service.stop() }
        try client.send(Self.head("POST /b", ["Content-Length: 2", "Expect: 100-continue"]))
        #expect(try client.read(through: "\r\n\r\n") == Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        try client.send("hi")
        #expect(try client.readResponse().text == "/b hi")
        let other = try RawClient(port: service.port)
        try other.send(Self.head("POST /b", ["Content-Length: 11", "Expect: 100-continue"]))
        #expect(try other.readResponse().status == 413)
        #expect(try other.isClosed())
    }

    @Test(arguments: [
        ("a length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n", 413),
        (
            "chunks",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n",
            413
        ),
        ("no request", "nonsense\r\n\r\n", 400),
        (
            "no chunks", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            400
        ),
    ])
    func `what cannot be served is answered once and closed`(
        _ name: String, _ bytes: String, _ status: Int
    ) throws {
        let (service, client) = try Self.service { $0.bodyBytesMax = 10 }
        defer { service.stop() }
        try client.send(bytes)
        let response = try client.readResponse()
        #expect(response.status == status, "\(name)")
        #expect(response.only("Connection") == "close")
        #expect(try client.isClosed())
    }

    @Test(arguments: [
        ("1.1", ["Connection: close"]), ("1.0", []), ("1.0", ["Connection: keep-alive"]),
    ])
    func `a connection that is not kept says so`(
        _ version: String, _ fields: [String]
    ) throws {
        let (service, client) = try Self.service()
        defer { service.stop() }
        try client.send(Self.head("GET /a", fields, version: version))
        #expect(try client.readResponse().only("Connection") == "close")
        #expect(try client.isClosed())
    }

    @Test func `a reply may come later, from another thread`() throws {
        let (service, client) = try Self.service()
        defer { service.stop() }
        try client.send(Self.head("GET /later") + Self.head("GET /a"))
        try eventually("the request") { service.owed.withLock { $0.count } == 1 }
        #expect(client.isSilent(seconds: 0.1))
        let key = try #require(service.owed.withLock { $0.first })
        let posted = service.replies.post((key, ServiceReply(status: 201)))
        #expect(posted)
        #expect(try client.readResponse().status == 201)
        #expect(try client.readResponse().text == "/a ")
        // A second reply to the same request is nobody's.
        _ = service.replies.post((key, ServiceReply(status: 202)))
        try client.send(Self.head("GET /b"))
        #expect(try client.readResponse().text == "/b ")
    }

    @Test func `a reply that does not come is given up, and dropped when it does`() throws {
        let (service, client) = try Self.service { $0.replyMilliseconds = 200 }
        defer { service.stop() }
        try client.send(Self.head("GET /later"))
        #expect(try client.readResponse().status == 504)
        let key = try #require(service.owed.withLock { $0.first })
        _ = service.replies.post((key, ServiceReply(status: 201)))
        #expect(try client.isClosed())
    }

    @Test(arguments: ["GET / HT", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab"])
    func `a request that stops is answered 408`(_ start: String) throws {
        let (service, client) = try Self.service {
            $0.headMilliseconds = 200
            $0.bodyMilliseconds = 200
        }
        defer { service.stop() }
        try client.send(start)
        #expect(try client.readResponse().status == 408)
        #expect(try client.isClosed())
    }

    @Test func `a connection without a request is closed`() throws {
        let (service, client) = try Self.service { $0.idleMilliseconds = 3_000 }
        defer { service.stop() }
        try client.send(Self.head("GET /a"))
        #expect(try client.readResponse().status == 200)
        #expect(try client.isClosed())
    }

    @Test func `a reply is sent whole to who reads slowly, before the connection closes`() throws {
        let (service, _) = try Self.service { $0.lingerMilliseconds = 200 }
        defer { service.stop() }
        let client = try RawClient(port: service.port, receiveBytes: 4_096)
        try client.send(Self.head("GET /large", ["Connection: close"]))
        let seen = try client.drain(pauseMilliseconds: 10, pieceBytes: 32_768)
        #expect(seen.count > RunningService.replyBytes)
        #expect(seen.ending == .closed)
    }

    @Test func `a peer that does not read is cut`() throws {
        let (service, _) = try Self.service { $0.outputMilliseconds = 300 }
        defer { service.stop() }
        let client = try RawClient(port: service.port, receiveBytes: 4_096)
        try client.send(Self.head("GET /large"))
        _ = try client.read(through: "\r\n\r\n")
        // Nobody reads until well after the deadline; then the cut is all there is to see.
        let other = try RawClient(port: service.port)
        #expect(other.isSilent(seconds: 1))
        let seen = try client.drain()
        #expect(seen.count < RunningService.replyBytes)
        #expect(seen.ending == .reset)
    }

    @Test func `a peer may end its direction and still read`() throws {
        let (service, _) = try Self.service()
        defer { service.stop() }
        let client = try RawClient(port: service.port, receiveBytes: 4_096)
        try client.send(Self.head("GET /large"))
        client.closeWriting()
        #expect(try client.readResponse().body.count == RunningService.replyBytes)
        #expect(try client.isClosed())
    }

    @Test func `a reply beyond the bound is a 500`() throws {
        let (service, client) = try Self.service()
        defer { service.stop() }
        try client.send(Self.head("GET /beyond"))
        #expect(try client.readResponse().status == 500)
        #expect(try client.isClosed())
    }

    @Test func `when told to stop it answers what it was asked`() throws {
        let (service, client) = try Self.service()
        defer { service.stop() }
        let idle = try RawClient(port: service.port)
        try idle.send(Self.head("GET /a"))
        #expect(try idle.readResponse().status == 200)
        try client.send(Self.head("GET /later"))
        try eventually("the request") { service.owed.withLock { $0.count } == 1 }
        _ = service.stops.post(UInt64(Patience.milliseconds))
        #expect(try idle.isClosed())
        let key = try #require(service.owed.withLock { $0.first })
        _ = service.replies.post((key, ServiceReply(status: 201)))
        let response = try client.readResponse()
        #expect(response.status == 201)
        #expect(response.only("Connection") == "close")
        #expect(throws: (any Error).self) { try RawClient(port: service.port) }
    }
}
