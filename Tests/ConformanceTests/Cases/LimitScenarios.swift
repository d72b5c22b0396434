import Foundation
import TestSupport

/// R1 to R8 and J16: getting more than the limit, and what a refusal says. Every scenario has
/// tenants of its own.
extension Scenario {
    static let limits = evasions + counted + tiers + refusedLimits + addresses

    private static let evasions: [Scenario] = [
        Scenario(
            "R1a",
            "120 requests, each with another address, agent, spelling of the host, path, query and "
                + "cookie, of a tenant with 100 a minute", "100 answers 200, then 20 answers 429"
        ) {
            let bench = try Bench.limited.get()
            let start = Date()
            let client = try RawClient(port: bench.port, from: bench.newSource())
            let statuses = try (0..<120).map { number in
                let host = number % 2 == 0 ? "Api.Test" : "api.test"
                let path = number % 3 == 0 ? "/a/x" : "/a/X/\(number)"
                let head =
                    "GET \(path)?x=\(number) HTTP/1.1\r\nHost: \(host)\r\n"
                    + "Authorization: Bearer {r1}\r\nX-Forwarded-For: 198.51.100.\(number)\r\n"
                    + "X-Real-IP: 203.0.113.\(number)\r\nUser-Agent: agent/\(number)\r\n"
                    + "Cookie: visitor=\(number)\r\n\r\n"
                try client.send(bench.bytes(head))
                return try client.readResponse().status
            }
            return defects(statuses, ok: 100, limited: 20, inOrder: true, since: start)
        },
        Scenario(
            "R2a", "30 requests of each of 5 users of a tenant with 100 a minute, in turn",
            "100 answers 200, then 50 answers 429"
        ) {
            let bench = try Bench.limited.get()
            let start = Date()
            let statuses = try (0..<150).map { try bench.status(token: "r2-\($0 % 5)") }
            return defects(statuses, ok: 100, limited: 50, inOrder: true, since: start)
        },
        Scenario(
            "R3a", "200 connections over two workers, all asking at once, of a tenant with 100",
            "100 answers 200 and 100 answers 429"
        ) {
            let bench = try Bench.limited.get()
            let start = Date()
            let clients = try (0..<200).map { _ in
                try RawClient(port: bench.port, from: bench.newSource())
            }
            for client in clients { try client.send(bench.request(token: "r3")) }
            let statuses = try clients.map {
                try $0.readResponse().status
            }
            return defects(statuses, ok: 100, limited: 100, since: start)
        },
        Scenario(
            "R3b", "20 connections with 10 requests in one write each, then 3 seconds of more",
            "100 answers 200, all others 429: nothing comes back before a minute is over"
        ) {
            let bench = try Bench.limited.get()
            let start = Date()
            let clients = try (0..<20).map { _ in
                try RawClient(port: bench.port, from: bench.newSource())
            }
            for client in clients {
                try client.send((0..<10).flatMap { _ in bench.request(token: "r3-pipelined") })
            }
            var statuses: [Int] = []
            for client in clients {
                for _ in 0..<10 {
                    statuses.append(try client.readResponse().status)
                }
            }
            for _ in 0..<30 {
                pass(seconds: 0.1)
                statuses.append(try bench.status(token: "r3-pipelined"))
            }
            return defects(statuses, ok: 100, limited: 130, since: start)
        },
        Scenario(
            "R5a", "7 requests of a tenant with 5 a minute to each of two gateways",
            "each gateway admits 5: the limit is one gateway's, for all of its workers"
        ) {
            var found: [String] = []
            let start = Date()
            for bench in [try Bench.limited.get(), try Bench.plain.get()] {
                let statuses = try (0..<7).map { _ in try bench.status(token: "r5") }
                found += defects(statuses, ok: 5, limited: 2, inOrder: true, since: start)
            }
            return found
        },
    ]

    private static let counted: [Scenario] = [
        Scenario(
            "R4a",
            "heads that are refused: no route, a method of no route, a query with two readings, "
                + "another tenant, a path with dots; then 7 good requests of a tenant with 5",
            "the refused heads cost nothing: 5 answers 200, then 2 answers 429"
        ) {
            let bench = try Bench.limited.get()
            let start = Date()
            let client = try RawClient(port: bench.port, from: bench.newSource())
            var found: [String] = []
            for (head, status) in [
                ("GET /nowhere", 404), ("POST /reading/x", 405), ("GET /a?%zz=1", 400),
                ("GET /strict/x?tenant_id=evil", 403), ("GET /a/../b", 400),
            ] {
                for _ in 0..<4 {
                    try client.send(bench.request(head, token: "r4"))
                    let seen = try client.readResponse().status
                    if seen != status { found.append("\(head) was answered \(seen)") }
                }
            }
            let statuses = try (0..<7).map { _ in try bench.status(token: "r4") }
            return found + defects(statuses, ok: 5, limited: 2, inOrder: true, since: start)
        },
        Scenario(
            "R4b",
            "HEAD, OPTIONS, a body that is refused, a body that breaks off, and a request of a "
                + "tenant with 5 a minute; then another",
            "each costs one: the sixth is answered 429"
        ) {
            let bench = try Bench.limited.get()
            let client = try RawClient(port: bench.port, from: bench.newSource())
            var statuses: [Int] = []
            for method in ["HEAD", "OPTIONS"] {
                try client.send(bench.request("\(method) /a/x", token: "r4-counted"))
                statuses.append(
                    try client.readResponse(toHEAD: method == "HEAD")
                        .status)
            }
            let refused = try RawClient(port: bench.port, from: bench.newSource())
            try refused.send(
                bench.request(
                    "POST /clean/x", token: "r4-counted",
                    "Content-Type: application/json\r\nContent-Length: 2\r\n") + Array("{]".utf8))
            statuses.append(try refused.readResponse().status)
            let broken = try RawClient(port: bench.port, from: bench.newSource())
            try broken.send(
                bench.request(
                    "POST /clean/x", token: "r4-counted",
                    "Content-Type: application/json\r\nContent-Length: 200\r\n") + Array("{".utf8))
            broken.closeWriting()
            _ = try? broken.readUntilClose()
            for _ in 0..<2 { statuses.append(try bench.status(token: "r4-counted")) }
            let expected = [200, 200, 400, 200, 429]
            return statuses == expected ? [] : ["answered \(statuses), not \(expected)"]
        },
        Scenario(
            "R7a", "6 requests of a tenant with 5 a minute, then one after the wait that was told",
            "429 with `Retry-After`, and fields that agree with it; the last is answered 200"
        ) {
            let bench = try Bench.limited.get()
            var found: [String] = []
            var last: RawResponse?
            for number in 0..<6 {
                let response = try bench.answer(token: "r7")
                last = response
                let left = max(4 - number, 0)
                if response.only("RateLimit-Policy") != "\"tier\";q=5;w=60"
                    || response.only("RateLimit")?.hasPrefix("\"tier\";r=\(left);t=") != true
                    || response.only("X-RateLimit-Limit") != "5"
                    || response.only("X-RateLimit-Remaining") != "\(left)"
                {
                    found.append("the fields of answer \(number): \(response.head)")
                }
            }
            guard let refused = last, refused.status == 429,
                let wait = refused.only("Retry-After").flatMap({ Int($0) }), wait >= 1, wait <= 60
            else { return found + ["answered \(last?.head ?? "nothing")"] }
            if refused.only("X-RateLimit-Reset") != "\(wait)"
                || refused.only("RateLimit") != "\"tier\";r=0;t=\(wait)"
            {
                found.append("fields that disagree: \(refused.head)")
            }
            if !refused.text.contains("\"violated-policies\":[\"tier\"]") {
                found.append("the body: \(refused.text)")
            }
            pass(seconds: Double(wait))
            let status = try bench.status(token: "r7")
            return status == 200 ? found : found + ["after \(wait) s answered \(status)"]
        },
    ]

    private static let tiers: [Scenario] = [
        Scenario(
            "R6a", "a tenant uses up 5 a minute, changes to a tier with 100, and back",
            "95 more are admitted, and none in the old tier: what was used stays used"
        ) {
            let bench = try Bench.limited.get()
            let start = Date()
            let small = try (0..<6).map { _ in try bench.status(token: "r6-tiny") }
            let large = try (0..<97).map { _ in try bench.status(token: "r6-starter") }
            let back = try bench.status(token: "r6-tiny")
            return defects(small, ok: 5, limited: 1, inOrder: true, since: start)
                + defects(large, ok: 95, limited: 2, inOrder: true, since: start)
                + (back == 429 ? [] : ["back in the old tier: \(back)"])
        },
        Scenario(
            "R6b", "a tier with `requests: custom`, a tenant without a number of its own",
            "the tier's `fallback` holds: 7 answers 200, then 429"
        ) {
            let bench = try Bench.limited.get()
            let start = Date()
            let statuses = try (0..<9).map { _ in try bench.status(token: "r6-custom") }
            return defects(statuses, ok: 7, limited: 2, inOrder: true, since: start)
        },
        Scenario(
            "R6c", "a tier with `requests: 0/min`", "403 `rate.denied`, and no `Retry-After`"
        ) {
            let bench = try Bench.limited.get()
            let response = try bench.answer(token: "r6-none")
            let isRight =
                response.status == 403 && response.text.contains("\"rate.denied\"")
                && response.only("Retry-After") == nil
            return isRight ? [] : ["answered \(response.head) \(response.text)"]
        },
    ]

    /// Limits no gateway may start with.
    private static let refusedLimits: [Scenario] = zip(
        "defghijk",
        [
            "-1/min", "1e3/min", "1.5/min", "1000000001/min", "99999999999999999999/min", "100",
            "100/sec", "none",
        ]
    ).map { letter, limit in
        Scenario(
            "R6\(letter)", "a gateway started with a tier of `requests: \(limit)`",
            "it ends with 2 and says where"
        ) {
            let material = try Material.shared.get()
            let file = "limit-\(letter).yaml"
            try material.folder.write(
                """
                version: 1
                listen: {public: {address: "127.0.0.1:0", workers: 1, tls: none}}
                issuers:
                  idp:
                    issuer: https://idp.test/
                    jwks: file:idp.pub
                    audience: [api]
                    algorithms: [RS256]
                    tenant: {claim: tenant_id}
                    tier: {claim: tier}
                upstreams: {api: {targets: ["http://127.0.0.1:1"]}}
                tiers: {FREE: {requests: "\(limit)"}}
                routes:
                  - {name: a, match: {path: /a}, auth: idp, upstream: api}
                """, to: file)
            let run = try ChildProcess.run(
                material.program,
                ["run", "--config", "\(material.folder.path)/\(file)", "--die-with-parent"])
            var found: [String] = []
            if run.end != .exited(2) { found.append("it ended with \(run.end)") }
            if !run.errorOutput.contains("\(file):12:") { found.append(run.errorOutput) }
            return found
        }
    }

    /// Lets real time pass, because a limit is about it: a client's pace, or the wait it was told.
    private static func pass(seconds: Double) {
        _ = DispatchSemaphore(value: 0).wait(timeout: .now() + seconds)
    }

    /// What is wrong with the answers to requests of one tenant, the first of which came after
    /// `start`: exact within a minute. On a machine so busy that the minute is over before the last
    /// answer, what was used first may be used again.
    static func defects(
        _ statuses: [Int], ok: Int, limited: Int, inOrder: Bool = false, since start: Date
    ) -> [String] {
        let expected =
            [Int](repeating: 200, count: ok) + [Int](repeating: 429, count: limited)
        if (inOrder ? statuses : statuses.sorted()) == expected { return [] }
        let counts = Dictionary(grouping: statuses) { $0 }.mapValues(\.count)
        let minutes = Int(Date().timeIntervalSince(start) + 5) / 60
        if minutes > 0, counts.keys.allSatisfy({ $0 == 200 || $0 == 429 }),
            counts[200, default: 0] <= ok * (minutes + 1)
        {
            return []
        }
        return ["answered \(counts.sorted { $0.key < $1.key })"]
    }
}

extension Bench {
    /// What an address may ask without a credential in `limited`.
    static let unauthenticated = 30

    /// In the clear, with limits for addresses.
    static let limited = Result {
        try Bench("limited", isSecure: false) { policy in
            policy.replacingOccurrences(of: "64MiB}", with: "64MiB, signature_checks: 10/s}")
                + "\nlimits: {unauthenticated: {requests: \(unauthenticated)/min}}\n"
        }
    }

    func request(
        _ line: String = "GET /a", token: String, _ fields: String = ""
    ) -> [UInt8] {
        let credential = token.isEmpty ? "" : "Authorization: Bearer {\(token)}\r\n"
        return bytes("\(line) HTTP/1.1\r\n{host}\(credential)\(fields)\r\n")
    }

    func request(bearer: String) -> [UInt8] {
        bytes("GET /a HTTP/1.1\r\n{host}Authorization: Bearer \(bearer)\r\n\r\n")
    }

    /// The answer to one request over a connection of its own.
    func answer(_ line: String = "GET /a", token: String) throws -> RawResponse {
        let client = try RawClient(port: port, from: newSource())
        try client.send(request(line, token: token))
        return try client.readResponse()
    }

    func status(token: String) throws -> Int { try answer(token: token).status }
}

extension BenchPolicy {
    /// Tenants whose requests are counted, each in one scenario.
    static let countedTokens: [(String, TokenRecipe)] =
        [
            counted("r1", tier: "STARTER"), counted("r3", tier: "STARTER"),
            counted("r3-pipelined", tier: "STARTER"), counted("r4", tier: "TINY"),
            counted("r4-counted", tier: "TINY"), counted("r5", tier: "TINY"),
            counted("r6-tiny", tenant: "r6", tier: "TINY"),
            counted("r6-starter", tenant: "r6", tier: "STARTER"),
            counted("r6-custom", tier: "ENTERPRISE"), counted("r6-none", tier: "NONE"),
            counted("r7", tier: "TINY"), counted("r8-known", tier: "FREE"),
            counted("r8-new", tier: "FREE"),
        ] + (0..<5).map { counted("r2-\($0)", tenant: "r2", tier: "STARTER", subject: "u\($0)") }

    private static func counted(
        _ name: String, tenant: String? = nil, tier: String, subject: String = "u1"
    ) -> (String, TokenRecipe) {
        (
            name,
            TokenRecipe(changes: [
                "tenant_id": "\"\(tenant ?? name)\"", "tier": "\"\(tier)\"",
                "sub": "\"\(subject)\"",
            ])
        )
    }
}
