import Foundation
import TestSupport
import Testing

/// Limits of tenants, users and routes, through the built gateway.
@Suite struct `Limits of the gateway` {
    /// Two workers; tiers of its own, and the routes it says.
    static func gateway(
        port: UInt16, tiers: String, more: String = "", listen: String = "", routes: String = "",
        apiRoute: String = "", upstream: String = ""
    ) throws -> RunningGateway {
        try RunningGateway(
            policy(
                port: port, tiers: tiers, more: more, listen: listen, routes: routes,
                apiRoute: apiRoute, upstream: upstream))
    }

    static func policy(
        port: UInt16, tiers: String, more: String = "", listen: String = "", routes: String = "",
        apiRoute: String = "", upstream: String = ""
    ) -> PolicyText {
        var policy = PolicyText(port: port, upstream)
        policy.listen = "    workers: 2\n\(listen)"
        policy.tiers = tiers
        policy.more = more
        policy.routes = routes
        policy.apiRoute = apiRoute
        return policy
    }

    static func token(
        _ gateway: RunningGateway, tenant: String, tier: String = "FREE", subject: String = "u"
    ) throws -> String {
        try gateway.material.token(tenant: tenant, tier: tier, subject: subject)
    }

    /// Statuses of so many requests over one connection.
    static func statuses(
        _ gateway: RunningGateway, _ line: String, token: String, _ count: Int
    ) throws -> [Int] {
        let client = try gateway.connect()
        return try (0..<count).map { _ in
            try client.send(gateway.head(line, token: token))
            return try client.readResponse().status
        }
    }

    static func object(_ response: RawResponse) -> [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(response.body))) as? [String: Any] ?? [:]
    }

    @Test func `a route's limit holds besides the tier's and a refusal costs neither`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try Self.gateway(
            port: upstream.port, tiers: "  FREE: {requests: 10/min}",
            routes: """
                  - name: export
                    match: {path: /export/**}
                    auth: idp
                    limits: {requests: 3/min}
                    body: {clean: false}
                    upstream: api
                """)
        let token = try Self.token(gateway, tenant: "acme")
        let exports = try Self.statuses(gateway, "GET /export/x", token: token, 8)
        #expect(exports == [200, 200, 200, 429, 429, 429, 429, 429])
        let refused = try gateway.ask("GET /export/x", token: token)
        #expect(
            refused.only("RateLimit-Policy") == #""tier";q=10;w=60, "route:export";q=3;w=60"#)
        let standing = try #require(refused.only("RateLimit"))
        #expect(standing.hasPrefix(#""tier";r=7;t="#))
        #expect(standing.contains(#", "route:export";r=0;t="#))
        #expect(refused.only("X-RateLimit-Limit") == "3")
        #expect(refused.only("X-RateLimit-Remaining") == "0")
        #expect(Self.object(refused)["code"] as? String == "rate.limited")
        #expect(Self.object(refused)["violated-policies"] as? [String] == ["route:export"])
        // Seven are left of the tier's ten.
        let others = try Self.statuses(gateway, "GET /x", token: token, 9)
        #expect(others == [200, 200, 200, 200, 200, 200, 200, 429, 429])
        // Another tenant has its own of both.
        let other = try Self.token(gateway, tenant: "globex")
        #expect(try Self.statuses(gateway, "GET /export/x", token: other, 4).last == 429)
        #expect(try Self.statuses(gateway, "GET /x", token: other, 1) == [200])
        #expect(upstream.requests.count == 3 + 7 + 3 + 1)
    }

    @Test func `R2 users have a part of their tenant's limit and no more`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try Self.gateway(
            port: upstream.port, tiers: "  FREE: {requests: 8/min, per_user: 3/min}",
            routes: """
                  - name: quiet
                    match: {path: /quiet/**}
                    auth: idp
                    limits: {tier: false, requests: 100/min, per_user: 2/min}
                    body: {clean: false}
                    upstream: api
                """)
        let users = try (1...4).map {
            try Self.token(gateway, tenant: "acme", subject: "u\($0)")
        }
        #expect(
            try Self.statuses(gateway, "GET /", token: users[0], 5) == [200, 200, 200, 429, 429])
        #expect(try Self.statuses(gateway, "GET /", token: users[1], 4) == [200, 200, 200, 429])
        // Eight of the tenant: two are left, whoever asks.
        #expect(try Self.statuses(gateway, "GET /", token: users[2], 3) == [200, 200, 429])
        #expect(try Self.statuses(gateway, "GET /", token: users[3], 1) == [429])
        // A route that does not count for the tier has limits of its own.
        #expect(try Self.statuses(gateway, "GET /quiet/", token: users[3], 3) == [200, 200, 429])
        let refused = try gateway.ask("GET /quiet/", token: users[3])
        #expect(
            refused.only("RateLimit-Policy")
                == #""route:quiet";q=100;w=60, "route:quiet:user";q=2;w=60"#)
        #expect(Self.object(refused)["violated-policies"] as? [String] == ["route:quiet:user"])
        // The same subject of another tenant is somebody else.
        let other = try Self.token(gateway, tenant: "globex", subject: "u1")
        #expect(try Self.statuses(gateway, "GET /", token: other, 3) == [200, 200, 200])
    }

    @Test func `a feature is for tiers that have it, and the others are told which`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try Self.gateway(
            port: upstream.port,
            tiers: """
                  FREE: {requests: 5/min}
                  GROWTH: {requests: 50/min, features: [analytics]}
                  SCALE: {requests: 500/min, features: [api-access, analytics]}
                """,
            routes: """
                  - name: analytics
                    match: {path: /analytics/**}
                    auth: idp
                    feature: analytics
                    body: {clean: false}
                    upstream: api
                """)
        let free = try Self.token(gateway, tenant: "acme")
        for _ in 0..<9 {
            let refused = try gateway.ask("GET /analytics/x", token: free)
            #expect(refused.status == 403 && refused.only("Retry-After") == nil)
            #expect(Self.object(refused)["code"] as? String == "feature.missing")
            #expect(Self.object(refused)["feature"] as? String == "analytics")
            #expect(Self.object(refused)["tiers"] as? [String] == ["GROWTH", "SCALE"])
        }
        // A refused head costs nothing.
        #expect(try Self.statuses(gateway, "GET /", token: free, 6).count { $0 == 200 } == 5)
        for tier in ["GROWTH", "SCALE"] {
            let token = try Self.token(gateway, tenant: "t\(tier.count)", tier: tier)
            #expect(try Self.statuses(gateway, "GET /analytics/x", token: token, 1) == [200])
        }
        #expect(upstream.requests.count == 7)
    }

    @Test func `a tenant's open requests are bounded and each end makes room`() throws {
        let gate = Gate()
        let upstream = try RecorderUpstream { request in
            if request.requestLine.contains("/slow") { gate.wait() }
            return .response()
        }
        let gateway = try Self.gateway(
            port: upstream.port, tiers: "  FREE: {requests: 100/min, concurrency: 3}")
        let token = try Self.token(gateway, tenant: "acme")
        var open: [RawClient] = []
        for _ in 0..<3 {
            let client = try gateway.connect()
            try client.send(gateway.head("GET /slow", token: token))
            open.append(client)
        }
        _ = try upstream.waitForRequests(3)
        let refused = try gateway.ask("GET /", token: token)
        #expect(refused.status == 429 && refused.only("Retry-After") == "1")
        #expect(Self.object(refused)["code"] as? String == "concurrency.limited")
        #expect(Self.object(refused)["violated-policies"] as? [String] == ["concurrency"])
        #expect(
            refused.only("RateLimit-Policy")
                == #""tier";q=100;w=60, "concurrency";q=3;qu="concurrent-requests""#)
        #expect(refused.only("RateLimit")?.hasPrefix(#""tier";r=97;t="#) == true)
        // Another tenant does not notice.
        let other = try Self.token(gateway, tenant: "globex")
        #expect(try gateway.ask("GET /", token: other).status == 200)
        // A client that leaves makes room, and so does an answer.
        open.removeLast().resetWhenReleased()
        try eventually("room") { try gateway.ask("GET /", token: token).status == 200 }
        for _ in 0..<3 { gate.open() }
        for client in open { #expect(try client.readResponse().status == 200) }
        for _ in 0..<20 { #expect(try gateway.ask("GET /", token: token).status == 200) }
    }

    @Test func `a limit of 0 is a 403 that no waiting changes`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try Self.gateway(
            port: upstream.port, tiers: "  NONE: {requests: 0/min}\n  FREE: {requests: 5/min}",
            routes: """
                  - name: closed
                    match: {path: /closed}
                    auth: idp
                    limits: {requests: 0/min}
                    body: {clean: false}
                    upstream: api
                """)
        for (tier, line) in [("NONE", "GET /"), ("FREE", "GET /closed")] {
            let token = try Self.token(gateway, tenant: "acme", tier: tier)
            let refused = try gateway.ask(line, token: token)
            #expect(refused.status == 403 && refused.only("Retry-After") == nil)
            #expect(RunningGateway.code(of: refused) == "rate.denied")
        }
        #expect(upstream.requests.isEmpty)
    }

    @Test func `an upstream's own limits stay, ours are added, and the stricter is told`() throws {
        let upstream = try RecorderUpstream { request in
            let left = request.requestLine.contains("/strict") ? 1 : 4_000
            return .response(
                request.requestLine.contains("/later") ? 503 : 200,
                fields: [
                    "RateLimit-Policy: \"burst\";q=20;w=1", "RateLimit: \"burst\";r=\(left);t=1",
                    "RateLimit: \"tier\";r=1000000", "RateLimit: limit=5, remaining=4",
                    "RateLimit-Remaining: 3", "X-RateLimit-Limit: 5000",
                    "X-RateLimit-Remaining: \(left)", "X-RateLimit-Reset: 1", "Retry-After: 2",
                ])
        }
        let gateway = try Self.gateway(port: upstream.port, tiers: "  FREE: {requests: 3/min}")
        let token = try Self.token(gateway, tenant: "acme")
        let first = try gateway.ask("GET /x", token: token)
        #expect(
            first.all("RateLimit-Policy") == [#""burst";q=20;w=1"#, #""tier";q=3;w=60"#])
        #expect(first.all("RateLimit") == [#""burst";r=4000;t=1"#, #""tier";r=2;t=60"#])
        #expect(first.all("RateLimit-Remaining").isEmpty)
        #expect(first.all("X-RateLimit-Limit") == ["3"])
        #expect(first.all("X-RateLimit-Remaining") == ["2"])
        #expect(first.only("Retry-After") == "2")
        let second = try gateway.ask("GET /strict", token: token)
        #expect(second.all("X-RateLimit-Limit") == ["3"])
        #expect(second.all("X-RateLimit-Remaining") == ["1"])
        // Nothing is left with us: who waits two seconds would be refused.
        let third = try gateway.ask("GET /later", token: token)
        #expect(
            third.status == 503 && third.all("RateLimit").last?.hasPrefix("\"tier\";r=0") == true)
        let wait = try #require(third.only("Retry-After").flatMap { Int($0) })
        #expect(wait > 50 && wait <= 60)
        // Without a limit of ours only the upstream's own are told.
        let open = try gateway.ask("GET /open/x")
        #expect(open.all("X-RateLimit-Remaining") == ["4000"])
        #expect(open.all("RateLimit") == [#""burst";r=4000;t=1"#])
    }

    @Test func `a reload changes limits and keeps what was counted`() throws {
        let upstream = try RecorderUpstream()
        func policy(_ route: Int, _ tier: Int) -> PolicyText {
            Self.policy(
                port: upstream.port, tiers: "  FREE: {requests: \(tier)/min}",
                apiRoute: "    limits: {requests: \(route)/min}")
        }
        let gateway = try RunningGateway(policy(3, 50))
        let token = try Self.token(gateway, tenant: "acme")
        #expect(try Self.statuses(gateway, "GET /", token: token, 4).last == 429)
        try gateway.reload(policy(5, 50), expecting: `Reloading the gateway`.done)
        #expect(try Self.statuses(gateway, "GET /", token: token, 3) == [200, 200, 429])
        try gateway.reload(policy(500, 7), expecting: `Reloading the gateway`.done)
        #expect(try Self.statuses(gateway, "GET /", token: token, 3) == [200, 200, 429])
        try gateway.reload(policy(500, 2), expecting: `Reloading the gateway`.done)
        #expect(try Self.statuses(gateway, "GET /", token: token, 1) == [429])
    }
}
