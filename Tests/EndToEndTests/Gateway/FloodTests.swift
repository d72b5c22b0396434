import Foundation
import TestSupport
import Testing

/// Tokens that nobody signed, in numbers, beside clients who mean well.
@Suite struct `Floods of forged tokens` {
    /// Signature checks in vain a second.
    static let rate = 20

    static func gateway(
        _ upstream: RecorderUpstream, more: String = "", rate: String = "20/s"
    ) throws -> RunningGateway {
        var policy = PolicyText(port: upstream.port)
        // One worker, so that there is one cache of tokens.
        policy.listen = "    workers: 1\n    limits: {signature_checks: \(rate)}"
        policy.more = more
        return try RunningGateway(policy)
    }

    static func upstream() throws -> RecorderUpstream {
        try RecorderUpstream { _ in .bytes(Array("HTTP/1.1 204 None\r\n\r\n".utf8)) }
    }

    /// Acme's token with another signature, different for every number below 4,000.
    static func forged(_ number: Int, _ gateway: RunningGateway) throws -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let parts = gateway.material.acme.split(separator: ".").map(String.init)
        try #require(parts.count == 3 && number < 4_000)
        var signature = Array(parts[2])
        let own = signature[0...1]
        signature[0] = alphabet[number / 64]
        signature[1] = alphabet[number % 64]
        if signature[0...1] == own { signature[2] = signature[2] == "A" ? "B" : "A" }
        return parts[0] + "." + parts[1] + "." + String(signature)
    }

    /// Asks over a connection that is kept.
    static func ask(
        _ client: RawClient, _ gateway: RunningGateway, _ fields: [String] = [],
        token: String? = nil
    ) throws -> RawResponse {
        try client.send(gateway.head("GET /", fields, token: token))
        return try client.readResponse()
    }

    /// Asks with so many forged tokens in one write: only the gateway's own time is spent.
    static func ask(
        _ client: RawClient, _ gateway: RunningGateway, forged numbers: Range<Int>,
        _ fields: (Int) -> [String] = { _ in [] }
    ) throws -> [RawResponse] {
        let heads = try numbers.map {
            gateway.head("GET /", fields($0), token: try forged($0, gateway))
        }
        try client.send(heads.joined())
        return try numbers.map { _ in try client.readResponse() }
    }

    @Test func `forged tokens of one address get 401, then 429, and others do not notice`()
        throws
    {
        let upstream = try Self.upstream()
        let gateway = try Self.gateway(upstream)
        let neighbour = try gateway.connect()
        #expect(try Self.ask(neighbour, gateway).status == 204)
        let other = try RawClient(port: gateway.port, from: "127.0.0.7")
        let flood = try gateway.connect()
        let begin = Date()
        var refusals: [RawResponse] = []
        for batch in 0..<4 {
            refusals += try Self.ask(flood, gateway, forged: batch * 50..<(batch + 1) * 50)
            // From the same address, but its token is known.
            for _ in 0..<10 { #expect(try Self.ask(neighbour, gateway).status == 204) }
        }
        let statuses = refusals.map(\.status)
        #expect(statuses.allSatisfy { $0 == 401 || $0 == 429 })
        #expect(statuses.prefix(Self.rate).allSatisfy { $0 == 401 })
        let most = Self.rate + Int(Date().timeIntervalSince(begin) * Double(Self.rate)) + 1
        #expect(statuses.count { $0 == 401 } <= most)
        let limited = try #require(refusals.last { $0.status == 429 })
        #expect(RunningGateway.code(of: limited) == "token.rate_limited")
        #expect(limited.only("Retry-After") == "1")
        #expect(limited.only("WWW-Authenticate") == nil)
        // New tokens of another address are checked meanwhile.
        for tenant in ["globex", "initech"] {
            let token = try gateway.material.token(tenant: tenant)
            #expect(try Self.ask(other, gateway, token: token).status == 204)
        }
        let count = statuses.count { $0 == 429 }
        #expect(
            try gateway.metric("ringfence_requests_total{outcome=\"token.rate_limited\"}") == count)
        #expect(try gateway.metric("ringfence_tokens_total{answer=\"limited\"}") == count)
    }

    @Test func `an address that stops is heard again`() throws {
        let upstream = try Self.upstream()
        let gateway = try Self.gateway(upstream)
        let flood = try gateway.connect()
        let refusals = try Self.ask(flood, gateway, forged: 0..<200)
        #expect(refusals.contains { $0.status == 429 })
        let token = try gateway.material.token(tenant: "globex")
        try eventually("a unit") {
            try Self.ask(flood, gateway, token: token).status == 204
        }
    }

    @Test func `a client that repeats one bad token spends one unit`() throws {
        let upstream = try Self.upstream()
        let gateway = try Self.gateway(upstream)
        let client = try gateway.connect()
        let token = try Self.forged(1, gateway)
        for _ in 0..<200 {
            let response = try Self.ask(client, gateway, token: token)
            #expect(response.status == 401)
        }
        #expect(try gateway.metric("ringfence_tokens_total{answer=\"refused\"}") == 200)
    }

    @Test func `behind a trusted proxy the address is the one it reports`() throws {
        let upstream = try Self.upstream()
        let gateway = try Self.gateway(
            upstream, more: "trusted_proxies: [127.0.0.1/32, 10.0.0.0/8]")
        let proxy = try gateway.connect()
        // What the client itself wrote stands in front and says nothing.
        let refusals = try Self.ask(proxy, gateway, forged: 0..<200) { number in
            ["X-Forwarded-For: 198.51.100.\(number), 203.0.113.9, 10.1.1.1"]
        }
        #expect(refusals.contains { $0.status == 429 })
        for field in [
            "X-Forwarded-For: 203.0.113.9, 203.0.113.10",
            "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 203.0.113.11:4711",
            "X-Forwarded-For: [2001:db8::1]:80", "X-Forwarded-For: nonsense", "X-None: 1",
        ] {
            let token = try Self.forged(1_000, gateway)
            let response = try Self.ask(proxy, gateway, [field], token: token)
            #expect(response.status == 401, "\(field)")
        }
        // Who is no trusted proxy names nobody.
        let stranger = try RawClient(port: gateway.port, from: "127.0.0.9")
        let others = try Self.ask(stranger, gateway, forged: 2_000..<2_200) { number in
            ["X-Forwarded-For: 192.0.2.\(number - 2_000)"]
        }
        #expect(others.contains { $0.status == 429 })
    }

    @Test func `a token that many connections bring at once is checked once`() throws {
        let upstream = try Self.upstream()
        let gateway = try Self.gateway(upstream)
        var clients: [RawClient] = []
        for _ in 0..<100 { clients.append(try gateway.connect()) }
        for client in clients { try client.send(gateway.head("GET /")) }
        for client in clients { #expect(try client.readResponse().status == 204) }
        #expect(try gateway.metric("ringfence_tokens_total{answer=\"verified\"}") == 1)
        #expect(try gateway.metric("ringfence_tokens_total{answer=\"cached\"}") == 99)
    }

    @Test func `a flood from many addresses is answered to the last, good ones in between`()
        throws
    {
        let upstream = try Self.upstream()
        let gateway = try Self.gateway(upstream, rate: "100/s")
        let good = try RawClient(port: gateway.port, from: "127.0.0.7")
        #expect(try Self.ask(good, gateway).status == 204)
        var flood: [RawClient] = []
        for number in 0..<40 {
            let client = try RawClient(port: gateway.port, from: "127.0.1.\(number + 1)")
            var heads = ""
            for index in 0..<20 {
                heads += gateway.head("GET /", token: try Self.forged(number * 20 + index, gateway))
            }
            client.sendAside(Array(heads.utf8))
            flood.append(client)
        }
        for _ in 0..<50 { #expect(try Self.ask(good, gateway).status == 204) }
        for client in flood {
            for _ in 0..<20 { #expect(try client.readResponse().status == 401) }
        }
    }

    @Test func `pipelined requests with known and unknown tokens are answered in order`() throws {
        let upstream = try Self.upstream()
        let gateway = try Self.gateway(upstream)
        let client = try gateway.connect()
        let forged = try Self.forged(3, gateway)
        let globex = try gateway.material.token(tenant: "globex")
        let tokens = [nil, forged, nil, globex, forged, nil]
        try client.send(tokens.map { gateway.head("GET /", token: $0) }.joined())
        let statuses = try tokens.map { _ in try client.readResponse().status }
        #expect(statuses == [204, 401, 204, 204, 401, 204])
    }

    @Test func `clients that leave while they wait do no harm`() throws {
        let upstream = try Self.upstream()
        let gateway = try Self.gateway(upstream, rate: "unlimited")
        for number in 0..<200 {
            let client = try gateway.connect()
            try client.send(gateway.head("GET /", token: try Self.forged(number, gateway)))
            if number % 2 == 0 { client.resetWhenReleased() }
        }
        for number in 200..<300 {
            #expect(
                try gateway.code("GET /", token: try Self.forged(number, gateway)).status == 401)
        }
        #expect(try gateway.ask("GET /").status == 204)
        #expect(gateway.process.end == nil)
    }
}
