import Foundation
import Synchronization
import TestSupport
import Testing

/// Bodies in both directions through the built gateway.
@Suite struct `Bodies through the gateway` {
    static let large = 64 << 20
    /// What a process that held such a body would exceed.
    static let memoryMax = 48 << 20

    /// Answers with a head and then `count` bytes.
    static func source(_ count: Int) throws -> RawServer {
        try RawServer { peer in
            _ = try peer.read(through: "\r\n\r\n")
            try peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n")
            let piece = [UInt8](repeating: 0x61, count: 1 << 16)
            var left = count
            while left > 0 {
                try peer.send(piece.prefix(left))
                left -= min(left, piece.count)
            }
            _ = try? peer.readUntilClose()
        }
    }

    @Test func `a large response passes without being held`() throws {
        let upstream = try Self.source(Self.large)
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let client = try gateway.connect()
        try client.send(gateway.head("GET /", ["Connection: close"]))
        let seen = try client.drain()
        #expect(seen.count > Self.large && seen.count < Self.large + 1_024)
        #expect(seen.ending == .closed)
        #expect(try gateway.peakMemory() < Self.memoryMax)
    }

    @Test func `a large request passes without being held`() throws {
        let upstream = try RawServer { peer in
            _ = try peer.read(through: "\r\n\r\n")
            let seen = try peer.drain(atMost: Self.large)
            try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n\(seen.count)")
            _ = try? peer.readUntilClose()
        }
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let client = try gateway.connect()
        try client.send(gateway.head("POST /", ["Content-Length: \(Self.large)"]))
        let piece = [UInt8](repeating: 0x62, count: 1 << 20)
        for _ in 0..<(Self.large >> 20) { try client.send(piece) }
        #expect(try client.readResponse().text == "\(Self.large)")
        #expect(try gateway.peakMemory() < Self.memoryMax)
    }

    @Test func `the same holds under TLS, on both sides`() throws {
        let size = 32 << 20
        let upstream = try Self.source(size)
        let place = try Material.get().folder.path
        var front = PolicyText(port: upstream.port)
        front.tls = true
        let far = try RunningGateway(front)
        var policy = PolicyText(
            target: "https://127.0.0.1:\(far.port)", "ca: file:\(place)/tls.crt")
        policy.tls = true
        let near = try RunningGateway(policy)
        let download = try Self.curl(
            near, ["--limit-rate", "40M", "--write-out", "%{size_download}"])
        #expect(download.end == .exited(0))
        #expect(download.output == "\(size)")
        #expect(try near.peakMemory() < Self.memoryMax)
        #expect(try far.peakMemory() < Self.memoryMax)
    }

    @Test(arguments: ["--http1.1", "--http1.0"])
    func `a cut response looks cut under TLS`(_ version: String) throws {
        let upstream = try RawServer { peer in
            _ = try peer.read(through: "\r\n\r\n")
            try peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            _ = peer.isSilent(seconds: 0.2)
        }
        var policy = PolicyText(port: upstream.port)
        policy.tls = true
        let gateway = try RunningGateway(policy)
        let run = try Self.curl(gateway, [version])
        #expect(run.end != .exited(0))
    }

    private static func curl(
        _ gateway: RunningGateway, _ words: [String]
    ) throws -> (end: ChildProcess.End, output: String, errorOutput: String) {
        try ChildProcess.run(
            "curl",
            [
                "--silent", "--show-error", "--max-time", "120", "--output", "/dev/null",
                "--cacert",
                "\(gateway.material.folder.path)/tls.crt",
                "https://127.0.0.1:\(gateway.port)/open/x",
            ] + words)
    }

    @Test func `an upstream is not read faster than the client reads`() throws {
        let upstream = try Self.source(Self.large)
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let client = try gateway.connect(receiveBytes: 4_096)
        try client.send(gateway.head("GET /"))
        let early = try client.drain(pauseMilliseconds: 5, pieceBytes: 4_096, atMost: 400_000)
        #expect(early.count == 400_000)
        #expect(try gateway.peakMemory() < Self.memoryMax)
    }

    @Test func `pieces pass as they come, in both directions`() throws {
        let upstream = try RawServer { peer in
            _ = try peer.read(through: "\r\n\r\n")
            #expect(try peer.read(through: "\r\n") == Array("3\r\n".utf8))
            try peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            #expect(try peer.read(through: "\r\n") == Array("one\r\n".utf8))
            try peer.send("3\r\nuno\r\n")
            #expect(try peer.read(through: "0\r\n\r\n") == Array("3\r\ntwo\r\n0\r\n\r\n".utf8))
            try peer.send("3\r\ndos\r\n0\r\n\r\n")
            _ = try? peer.readUntilClose()
        }
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let client = try gateway.connect()
        try client.send(gateway.head("POST /", ["Transfer-Encoding: chunked"]) + "3\r\none\r\n")
        _ = try client.read(through: "\r\n\r\n")
        #expect(try client.read(through: "uno\r\n") == Array("3\r\nuno\r\n".utf8))
        try client.send("3\r\ntwo\r\n0\r\n\r\n")
        #expect(try client.read(through: "0\r\n\r\n") == Array("3\r\ndos\r\n0\r\n\r\n".utf8))
    }

    @Test(arguments: [false, true])
    func `who asks for leave to send a body gets it`(_ isAsserted: Bool) throws {
        let upstream = try RecorderUpstream()
        var policy = PolicyText(port: upstream.port)
        policy.isAsserted = isAsserted
        let gateway = try RunningGateway(policy)
        let client = try gateway.connect()
        let fields = ["Content-Length: 5", "Expect: 100-continue"]
        try client.send(gateway.head("POST /", fields))
        #expect(try client.read(through: "\r\n\r\n") == Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        try client.send("hello")
        #expect(try client.readResponse().status == 200)
        let request = try #require(upstream.requests.first)
        #expect(request.body == Array("hello".utf8))
        #expect(request.all("Expect") == [])
    }

    @Test func `who is refused is not asked for the body`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let client = try gateway.connect()
        let fields = ["Content-Length: 5", "Expect: 100-continue"]
        try client.send(gateway.head("POST /", fields, token: "nonsense"))
        let response = try client.readResponse()
        #expect(response.status == 401)
        #expect(response.only("Connection") == "close")
        #expect(try client.isClosed())
        #expect(upstream.connectionCount == 0)
    }

    @Test func `an answer that comes before the body is relayed`() throws {
        let upstream = try RawServer { peer in
            _ = try peer.read(through: "\r\n\r\n")
            try peer.send("HTTP/1.1 413 No\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
        }
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let client = try gateway.connect()
        try client.send(gateway.head("POST /", ["Content-Length: 1000000"]))
        for _ in 0..<10 { try? client.send([UInt8](repeating: 0x63, count: 50_000)) }
        let response = try client.readResponse()
        #expect(response.status == 413)
        #expect(response.text == "big")
        #expect(response.only("Connection") == "close")
    }

    @Test func `what is left of a refused request's body is not a request (S12)`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let client = try gateway.connect()
        let inner = gateway.head("GET /smuggled")
        let outer = gateway.head("POST /", ["Content-Length: \(inner.utf8.count)"], token: "no")
        try client.send(outer + inner + gateway.head("GET /after"))
        #expect(try client.readResponse().status == 401)
        #expect(try client.readResponse().status == 200)
        #expect(upstream.requests.map(\.requestLine) == ["GET /after HTTP/1.1"])
    }

    @Test func `a client that is gone takes its request with it`() throws {
        let box = EndBox()
        let upstream = try RawServer { peer in
            _ = try peer.read(through: "\r\n\r\n")
            let seen = try peer.drain()
            box.counts.withLock { $0.append(seen.count) }
        }
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        do {
            let client = try gateway.connect()
            try client.send(gateway.head("POST /", ["Content-Length: 100"]) + "part")
            try eventually("a connection") { upstream.connectionCount == 1 }
        }
        try eventually("the end at the upstream") {
            box.counts.withLock { $0 } == [4]
        }
    }

    final class EndBox: Sendable {
        let counts = Mutex<[Int]>([])
    }

    @Test func `many requests at once from a client that does not read stay bounded`() throws {
        let upstream = try RecorderUpstream { _ in
            .response(200, String(repeating: "x", count: 20_000))
        }
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let client = try gateway.connect(receiveBytes: 4_096)
        let count = 3_000
        let burst = String(repeating: "GET /open/x HTTP/1.1\r\nHost: a.test\r\n\r\n", count: count)
        client.sendAside(Array(burst.utf8))
        // Nobody reads: the upstream is not asked for more than fits under way.
        try eventually("some requests") { upstream.requests.count > 1 }
        let asked = try settled { upstream.requests.count }
        #expect(asked < 200)
        #expect(try gateway.peakMemory() < Self.memoryMax)
        for _ in 0..<count { #expect(try client.readResponse().body.count == 20_000) }
        #expect(upstream.requests.count == count)
    }

    /// A number that did not change for a quarter of a second.
    private func settled(_ read: () -> Int) throws -> Int {
        var last = read()
        var since = Date()
        try eventually("rest") {
            let value = read()
            if value != last { (last, since) = (value, Date()) }
            return Date().timeIntervalSince(since) > 0.25
        }
        return last
    }
}
