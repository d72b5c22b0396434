import Foundation
import TestSupport
import Testing

/// What a client's address may ask without a credential that was verified.
@Suite struct `Limits of addresses` {
    static let limit = "limits: {unauthenticated: {requests: 12/min}}"

    static func gateway(
        _ upstream: RecorderUpstream, more: String = limit, listen: String = "",
        tls: Bool = false
    ) throws -> RunningGateway {
        var policy = PolicyText(port: upstream.port)
        policy.listen = "    workers: 2\n\(listen)"
        policy.more = more
        policy.tls = tls
        policy.routes = """
              - name: login
                match: {path: /login}
                auth: idp
                cors: {origins: ["https://app.example.test"]}
                body: {clean: false}
                upstream: api
            """
        return try RunningGateway(policy)
    }

    static func ask(
        _ client: RawClient, _ gateway: RunningGateway, _ line: String = "GET /open/x",
        _ fields: [String] = [], token: String? = nil
    ) throws -> RawResponse {
        try client.send(gateway.head(line, fields, token: token))
        return try client.readResponse()
    }

    @Test func `R8 requests that need no credential have an end, a known token has none`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try Self.gateway(upstream)
        let client = try gateway.connect()
        let begin = Date()
        var statuses: [Int] = []
        var last: RawResponse?
        for _ in 0..<30 {
            last = try Self.ask(client, gateway)
            statuses.append(last?.status ?? 0)
        }
        let refilled = Int(Date().timeIntervalSince(begin) / 5) + 1
        let admitted = statuses.count { $0 == 200 }
        #expect(admitted >= 12 && admitted <= 12 + refilled)
        #expect(statuses.prefix(12).allSatisfy { $0 == 200 })
        let refused = try #require(last)
        #expect(refused.status == 429)
        #expect(RunningGateway.code(of: refused) == "client.rate_limited")
        let wait = try #require(refused.only("Retry-After").flatMap { Int($0) })
        #expect(wait >= 1 && wait <= 5)
        // With a credential that is good, from the same address; another address.
        #expect(try Self.ask(client, gateway, "GET /x").status == 200)
        let other = try RawClient(port: gateway.port, from: "127.0.0.7")
        #expect(try Self.ask(other, gateway).status == 200)
        // Waiting as told.
        try eventually("a unit") {
            try Self.ask(client, gateway).status == 200
        }
    }

    @Test func `R8 bad credentials spend another budget than public pages`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try Self.gateway(upstream)
        let abuser = try gateway.connect()
        var codes: [String] = []
        for number in 0..<40 {
            let response = try Self.ask(
                abuser, gateway, "GET /x",
                token: try `Floods of forged tokens`.forged(number, gateway))
            codes.append(RunningGateway.code(of: response))
        }
        #expect(codes.prefix(12).allSatisfy { $0 == "token.invalid" })
        #expect(codes.last == "client.rate_limited")
        #expect(codes.count { $0 == "client.rate_limited" } > 20)
        // Behind the same address: somebody whose token nobody has seen, and a public page.
        let globex = try gateway.material.token(tenant: "globex")
        let neighbour = try gateway.connect()
        #expect(try Self.ask(neighbour, gateway, "GET /x", token: globex).status == 200)
        #expect(try Self.ask(neighbour, gateway).status == 200)
        // No credential at all is one that was not verified.
        let bare = try gateway.connect()
        try bare.send("GET /x HTTP/1.1\r\nHost: api.example.test\r\n\r\n")
        let refused = try bare.readResponse()
        #expect(RunningGateway.code(of: refused) == "client.rate_limited")
        #expect(refused.only("WWW-Authenticate") == nil && refused.only("Retry-After") != nil)
    }

    @Test func `R8 an IPv6 network is one address, and a trusted proxy's client is counted`() throws
    {
        let upstream = try RecorderUpstream()
        let gateway = try Self.gateway(
            upstream, more: Self.limit + "\ntrusted_proxies: [127.0.0.1/32]")
        let proxy = try gateway.connect()
        func status(_ address: String) throws -> Int {
            try Self.ask(proxy, gateway, "GET /open/x", ["X-Forwarded-For: \(address)"]).status
        }
        for host in 1...12 { #expect(try status("2001:db8:0:1::\(host)") == 200) }
        // One comes back every five seconds.
        #expect(try (0..<3).map { _ in try status("2001:db8:0:1:ffff::99") }.contains(429))
        #expect(try status("2001:db8:0:2::1") == 200)
        #expect(try status("198.51.100.1") == 200)
        // Who is no trusted proxy names nobody.
        let stranger = try RawClient(port: gateway.port, from: "127.0.0.9")
        let statuses = try (1...20).map { host in
            try Self.ask(
                stranger, gateway, "GET /open/x", ["X-Forwarded-For: 203.0.113.\(host)"]
            ).status
        }
        #expect(statuses.contains(429))
    }

    @Test func `X5 preflights are counted with what needs no credential`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try Self.gateway(upstream)
        let client = try gateway.connect()
        let fields = [
            "Origin: https://app.example.test", "Access-Control-Request-Method: POST",
        ]
        var statuses: [Int] = []
        for _ in 0..<20 {
            statuses.append(try Self.ask(client, gateway, "OPTIONS /login", fields).status)
        }
        #expect(statuses.prefix(12).allSatisfy { $0 == 204 } && statuses.contains(429))
    }

    @Test func `without the key nothing of it is counted`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try Self.gateway(upstream, more: "")
        let client = try gateway.connect()
        for _ in 0..<200 { #expect(try Self.ask(client, gateway).status == 200) }
    }

    @Test func `D4 handshakes of an address have an end, good ones cost nothing`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try Self.gateway(
            upstream, more: "", listen: "    limits: {handshakes: 10/s}", tls: true)
        // Good tokens, one connection after another: more than a second's worth.
        #expect(try Self.handshakes(gateway, 30).allSatisfy { $0 == "200" })
        // Connections that bring nothing: closed before a handshake.
        var open: [RawClient] = []
        try eventually("limited handshakes") {
            guard open.count < 600 else { throw TestSupportError.timedOut("limited handshakes") }
            for _ in 0..<60 { open.append(try gateway.connect()) }
            let limited = try gateway.metric("ringfence_tls_handshakes_limited_total")
            guard limited >= 30 else { return false }
            var closed = 0
            for client in open where try !client.isSilent(seconds: 0.001) && client.isClosed() {
                closed += 1
            }
            return closed >= 30
        }
        open = []
        let other = try RawClient(port: gateway.port, from: "127.0.0.7")
        #expect(other.isSilent(seconds: 0.1))
        try eventually("a handshake") {
            try Self.handshakes(gateway, 1) == ["200"]
        }
    }

    /// What each of so many new connections is answered with, or `closed`.
    static func handshakes(_ gateway: RunningGateway, _ count: Int) throws -> [String] {
        let script = """
            import socket, ssl, sys
            context = ssl.create_default_context(cafile=sys.argv[2])
            for _ in range(int(sys.argv[3])):
                try:
                    peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
                    secure = context.wrap_socket(peer, server_hostname="localhost")
                    secure.sendall(sys.argv[4].encode())
                    print(secure.recv(65536)[9:12].decode())
                except OSError:
                    print("closed")
            """
        let words = [
            "-c", script, "\(gateway.port)", "\(gateway.material.folder.path)/tls.crt", "\(count)",
            gateway.head("GET /x"),
        ]
        let run = try ChildProcess.run("python3", words)
        return run.output.split(separator: "\n").map(String.init)
    }
}
