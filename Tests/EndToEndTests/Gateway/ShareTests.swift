import Foundation
import Synchronization
import TestSupport
import Testing

/// Upstreams that take only so many requests at once.
@Suite struct `Shares of an upstream` {
    static func gateway(
        _ upstream: RecorderUpstream, _ settings: String,
        tiers: String = "  OPEN: {requests: unlimited}"
    ) throws -> RunningGateway {
        var policy = PolicyText(port: upstream.port, settings)
        policy.listen = "    workers: 2"
        policy.tiers = tiers
        return try RunningGateway(policy)
    }

    /// Answers each request when the gate opens once for it, and counts what is there at once.
    final class Slow: Sendable {
        let gate = Gate()
        private let state = Mutex((now: 0, most: 0))

        var most: Int { state.withLock { $0.most } }
        var now: Int { state.withLock { $0.now } }

        func answer(_ request: RecorderUpstream.Request) -> RecorderUpstream.Answer {
            guard request.requestLine.contains("/slow") else { return .response() }
            state.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            gate.wait()
            state.withLock { $0.now -= 1 }
            return .response()
        }
    }

    @Test func `one tenant leaves room for others, and its own wait in line`() throws {
        let slow = Slow()
        let upstream = try RecorderUpstream { slow.answer($0) }
        let gateway = try Self.gateway(upstream, "in_flight: {max: 6, queue: 3, wait: 20s}")
        var flood: [RawClient] = []
        for _ in 0..<7 {
            let client = try gateway.connect()
            try client.send(gateway.head("GET /slow"))
            flood.append(client)
        }
        // Four of six, three wait, and the next is told so.
        _ = try upstream.waitForRequests(4)
        try eventually("three that wait") {
            try gateway.metric("ringfence_upstream_waits_total") == 3
        }
        let refused = try gateway.ask("GET /slow")
        #expect(refused.status == 503 && RunningGateway.code(of: refused) == "upstream.busy")
        #expect(refused.only("Retry-After") == "1")
        #expect(upstream.requests.count == 4)
        // Somebody else goes at once, as often as it likes.
        let token = gateway.material.globex
        for _ in 0..<20 { #expect(try gateway.ask("GET /", token: token).status == 200) }
        #expect(try gateway.ask("GET /open/x").status == 200)
        // Each end lets one more go.
        for _ in 0..<7 { slow.gate.open() }
        for client in flood { #expect(try client.readResponse().status == 200) }
        #expect(slow.most == 4 && upstream.requests.count == 4 + 20 + 1 + 3)
        #expect(try gateway.ask("GET /").status == 200)
    }

    @Test func `who has waited long enough is told, and its turn goes to others`() throws {
        let slow = Slow()
        let upstream = try RecorderUpstream { slow.answer($0) }
        let gateway = try Self.gateway(upstream, "in_flight: {max: 1, queue: 5, wait: 2s}")
        let first = try gateway.connect()
        try first.send(gateway.head("GET /slow"))
        _ = try upstream.waitForRequests(1)
        let begin = Date()
        let refused = try gateway.ask("GET /slow", token: gateway.material.globex)
        #expect(refused.status == 503 && RunningGateway.code(of: refused) == "upstream.busy")
        #expect(Date().timeIntervalSince(begin) >= 1.9)
        // Clients that go away while they wait, on both workers.
        for _ in 0..<4 {
            let client = try gateway.connect()
            try client.send(gateway.head("GET /slow", token: gateway.material.globex))
            client.resetWhenReleased()
        }
        slow.gate.open()
        #expect(try first.readResponse().status == 200)
        for _ in 0..<20 { #expect(try gateway.ask("GET /").status == 200) }
        #expect(slow.now == 0)
    }

    @Test func `a body is read before a turn is taken`() throws {
        let upstream = try RecorderUpstream()
        var policy = PolicyText(port: upstream.port, "in_flight: {max: 1, queue: 2, wait: 200ms}")
        policy.isAsserted = true
        let gateway = try RunningGateway(policy)
        let slow = try gateway.connect()
        try slow.send(gateway.head("POST /", ["Content-Length: 10"]) + "01234")
        for _ in 0..<5 { #expect(try gateway.ask("GET /").status == 200) }
        try slow.send("56789")
        #expect(try slow.readResponse().status == 200)
    }

    @Test func `nothing of a turn is lost, whatever becomes of its request`() throws {
        let upstream = try RecorderUpstream { request in
            if request.requestLine.contains("/reset") { return .reset }
            if request.requestLine.contains("/half") {
                return .bytesThenClose(
                    Array("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".utf8))
            }
            if request.requestLine.contains("/silent") { return .silence }
            return .response()
        }
        let gateway = try Self.gateway(
            upstream, "in_flight: {max: 3, queue: 50, wait: 10s}, response: 200ms")
        let workers = 6
        let wrong = Atomic<Int>(0)
        inThreads(workers) { worker in
            for round in 0..<12 {
                let token = worker % 2 == 0 ? gateway.material.acme : gateway.material.globex
                let kinds = ["/", "/reset", "/half", "/silent", "/x", "/gone"]
                let kind = kinds[(round + worker) % kinds.count]
                do {
                    let client = try gateway.connect()
                    let fields = kind == "/half" ? ["Connection: close"] : []
                    try client.send(gateway.head("GET \(kind)", fields, token: token))
                    if kind == "/gone" {
                        client.resetWhenReleased()
                    } else if kind != "/half" {
                        let status = try client.readResponse().status
                        // On a busy machine any answer of the upstream may come late.
                        let expected = ["/reset": 502, "/silent": 504][kind] ?? 200
                        if status != expected && status != 504 { wrong.add(1, ordering: .relaxed) }
                    } else {
                        _ = try client.readUntilClose()
                    }
                } catch {
                    wrong.add(1, ordering: .relaxed)
                }
            }
        }
        #expect(wrong.load(ordering: .relaxed) == 0)
        // All three turns are there.
        for token in [gateway.material.acme, gateway.material.globex] {
            let last = try (0..<30).map { _ in try gateway.ask("GET /", token: token).status }
            #expect(last.allSatisfy { $0 == 200 || $0 == 504 } && last.contains(200))
        }
    }

    @Test func `a reload changes the bound and forgets nobody`() throws {
        let slow = Slow()
        let upstream = try RecorderUpstream { slow.answer($0) }
        func policy(_ max: Int) -> PolicyText {
            PolicyText(port: upstream.port, "in_flight: {max: \(max), queue: 9, wait: 20s}")
        }
        let gateway = try RunningGateway(policy(1))
        var clients: [RawClient] = []
        for _ in 0..<4 {
            let client = try gateway.connect()
            try client.send(gateway.head("GET /slow"))
            clients.append(client)
        }
        _ = try upstream.waitForRequests(1)
        try gateway.reload(policy(6), expecting: `Reloading the gateway`.done)
        slow.gate.open()
        // The end of the first lets all others go that the new bound allows.
        _ = try upstream.waitForRequests(4)
        try eventually("three at once") { slow.now == 3 }
        for _ in 0..<3 { slow.gate.open() }
        for client in clients { #expect(try client.readResponse().status == 200) }
        #expect(slow.most == 3)
    }
}
