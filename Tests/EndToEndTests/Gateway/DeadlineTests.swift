import Foundation
import TestSupport
import Testing

/// Every deadline, each short and all others long. Times are checked from below only: a busy
/// machine makes everything later, never earlier.
@Suite struct `Deadlines of the gateway` {
    private func gateway(
        _ deadlines: String, _ upstream: UInt16, _ settings: String = "", tls: Bool = false
    ) throws -> RunningGateway {
        var policy = PolicyText(port: upstream, settings)
        policy.deadlines = deadlines
        policy.tls = tls
        return try RunningGateway(policy)
    }

    /// What `work` answers, after that long at least.
    private func waited<Value>(
        atLeast floor: Double, _ work: () throws -> Value,
        _ place: SourceLocation = #_sourceLocation
    ) throws -> Value {
        let start = Date()
        let value = try work()
        let took = Date().timeIntervalSince(start) * 1_000
        #expect(took >= floor, sourceLocation: place)
        return value
    }

    @Test func `a handshake that does not come is given up`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try gateway("handshake: 300ms", upstream.port, tls: true)
        #expect(try waited(atLeast: 250) { try gateway.connect().isClosed() })
        #expect(try gateway.metric("ringfence_tls_handshakes_failed_total") == 1)
    }

    @Test(arguments: ["GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n"])
    func `a head is whole in time, however it drips`(_ start: String) throws {
        let upstream = try RecorderUpstream()
        let gateway = try gateway("head: 400ms", upstream.port)
        let client = try gateway.connect()
        let response = try waited(atLeast: 350) {
            try client.send(start)
            // A byte now and then earns nothing.
            while client.isSilent(seconds: 0.05) { try? client.send("X") }
            return try client.readResponse()
        }
        #expect(response.status == 408)
        #expect(try client.isClosed())
    }

    @Test func `a connection without requests is closed`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try gateway("idle: 400ms", upstream.port)
        // The first request has to be there before that, and its time counts from its end.
        var client = try gateway.connect()
        let isClosed = try waited(atLeast: 350) {
            try eventually("an answer") {
                client = try gateway.connect()
                try client.send(gateway.head("GET /"))
                return (try? client.readResponse().status) == 200
            }
            return try client.isClosed()
        }
        #expect(isClosed)
    }

    @Test(arguments: [false, true])
    func `a body that stops is answered 408`(_ isAsserted: Bool) throws {
        let upstream = try RecorderUpstream()
        var policy = PolicyText(port: upstream.port)
        policy.deadlines = "body: 400ms"
        policy.isAsserted = isAsserted
        let gateway = try RunningGateway(policy)
        let client = try gateway.connect()
        let status = try waited(atLeast: 350) {
            try client.send(gateway.head("POST /", ["Content-Length: 10"]) + "part")
            return try client.readResponse().status
        }
        #expect(status == 408)
        #expect(try client.isClosed())
    }

    @Test func `a body that goes on, however slowly, is not late`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try gateway("body: 1s", upstream.port)
        // On a busy machine this thread may be the one that is late: then it says nothing.
        for _ in 0..<20 {
            let client = try gateway.connect()
            var (last, gap) = (Date(), 0.0)
            try client.send(gateway.head("POST /", ["Content-Length: 12"]))
            for _ in 0..<12 {
                _ = client.isSilent(seconds: 0.15)
                try? client.send("b")
                gap = max(gap, Date().timeIntervalSince(last))
                last = Date()
            }
            if gap > 0.7 { continue }
            #expect(try client.readResponse().status == 200)
            return
        }
        Issue.record("too busy to send a byte in time")
    }

    @Test func `a client that does not read is cut`() throws {
        let upstream = try `Bodies through the gateway`.source(30 << 20)
        let gateway = try gateway("body: 500ms", upstream.port)
        let client = try gateway.connect(receiveBytes: 4_096)
        // Accepting takes its time, and before it there is no connection either.
        try eventually("the connection") {
            try gateway.metric("ringfence_connections ") == 1
        }
        try waited(atLeast: 450) {
            try client.send(gateway.head("GET /"))
            try eventually("the cut") {
                try gateway.metric("ringfence_connections ") == 0
            }
        }
        #expect(try client.drain().ending == .reset)
    }

    @Test func `a client that reads slowly but steadily is served, and closed afterwards`() throws {
        let size = 1_500_000
        let upstream = try `Bodies through the gateway`.source(size)
        let gateway = try gateway("body: 6s", upstream.port)
        let client = try gateway.connect(receiveBytes: 4_096)
        // Longer than the deadline, and than the second a closing connection lingers.
        let seen = try waited(atLeast: 6_500) {
            try client.send(gateway.head("GET /", ["Connection: close"]))
            return try client.drain(pauseMilliseconds: 20, pieceBytes: 3_000)
        }
        #expect(seen.count > size)
        #expect(seen.ending == .closed)
    }

    @Test func `an upstream that does not answer is a 504`() throws {
        let upstream = try SilentListener()
        let gateway = try gateway("", upstream.port, "response: 400ms")
        let answer = try waited(atLeast: 350) { try gateway.code("GET /") }
        #expect(answer == (504, "upstream.timeout"))
    }

    @Test func `an upstream that stops in the middle is cut`() throws {
        let upstream = try RawServer { peer in
            _ = try peer.read(through: "\r\n\r\n")
            try peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart")
            _ = try? peer.readUntilClose()
        }
        let gateway = try gateway("body: 400ms", upstream.port)
        let client = try gateway.connect()
        let ending = try waited(atLeast: 350) {
            try client.send(gateway.head("GET /"))
            return try client.drain().ending
        }
        #expect(ending == .reset)
    }

    @Test func `an upstream that takes no more of the request is a 504`() throws {
        let gate = Gate()
        let upstream = try RawServer { peer in
            _ = try peer.read(through: "\r\n\r\n")
            gate.wait()
        }
        defer { gate.open() }
        let gateway = try gateway("body: 5s", upstream.port)
        let client = try gateway.connect()
        try client.send(gateway.head("POST /", ["Content-Length: 90000000"]))
        let piece = [UInt8](repeating: 0x64, count: 1 << 20)
        client.sendAside(piece, times: 90)
        #expect(try client.readResponse().status == 504)
    }

    @Test func `an upstream that does not accept is a 504`() throws {
        let upstream = try SilentListener()
        // The kernel answers for it until its queue is full, and then not at all.
        var waiting: [RawClient] = []
        while let client = try? RawClient(port: upstream.port, seconds: 0.3) {
            waiting.append(client)
            try #require(waiting.count < 1_000)
        }
        let gateway = try gateway("", upstream.port, "connect: 400ms")
        let answer = try waited(atLeast: 350) { try gateway.code("GET /") }
        #expect(answer == (504, "upstream.connect_timeout"))
        withExtendedLifetime(waiting) {}
    }
}
