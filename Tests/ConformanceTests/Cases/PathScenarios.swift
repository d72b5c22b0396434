import TestSupport

/// H18 where one request cannot show it: another target of an upstream, connections that end, the
/// listener of probes; and the memory dense documents are looked at with (B12).
extension Scenario {
    private static let forged =
        "X-Tenant-ID: evil\r\nX-Forwarded-For: evil\r\nForwarded: for=evil\r\nX-Real-IP: evil\r\n"
        + "X-Tenant-Tier: evil\r\nRingfence-Assertion: evil\r\nbaggage: evil\r\n"
        + "tracestate: evil\r\nX-HTTP-Method-Override: evil\r\nConnection: X-Tenant-ID\r\n"

    static let otherPaths: [Scenario] = [
        Scenario(
            "H18" + place(150),
            "16 requests and 16 bodies with forged fields, to an upstream with a dead target",
            "the other target sees each once, for `acme`, with one assertion, and nothing forged"
        ) {
            let bench = try Bench.plain.get()
            var found: [String] = []
            for round in 0..<16 {
                // A connection each: whoever serves it begins with either target.
                let source = bench.newSource()
                let client = try RawClient(port: bench.port, from: source)
                try client.send(
                    bench.bytes(
                        "GET /second/\(round) HTTP/1.1\r\n{host}{auth}\(forged)\r\n"
                            + "POST /second/\(round) HTTP/1.1\r\n{host}{auth}\(forged)"
                            + "Content-Length: 2\r\n\r\nok"))
                for _ in 0..<2 {
                    let status = try client.readResponse().status
                    if status != 200 { found.append("answered \(status)") }
                }
                found += defects(bench.sightings(from: source), 2, on: bench)
            }
            return found
        },
        Scenario(
            "H18" + place(151),
            "forged fields in 20 requests, each behind an answer that ends its "
                + "upstream connection",
            "each is seen once, on a new connection, for `acme`, and nothing forged"
        ) {
            let bench = try Bench.plain.get()
            let source = bench.newSource()
            let client = try RawClient(port: bench.port, from: source)
            var found: [String] = []
            for round in 0..<20 {
                try client.send(
                    bench.bytes("GET /surplus/later HTTP/1.1\r\n{host}{auth}X-A: \(round)\r\n\r\n"))
                try client.send(
                    bench.bytes("GET /signed/\(round) HTTP/1.1\r\n{host}{auth}\(forged)\r\n"))
                for _ in 0..<2 {
                    let status = try client.readResponse().status
                    if status != 200 { found.append("answered \(status)") }
                }
            }
            let seen = bench.sightings(from: source).filter { $0.target.hasPrefix("/signed") }
            return found + defects(seen, 20, on: bench)
        },
        Scenario(
            "H18" + place(152), "forged fields and the tenant's, to the listener of probes",
            "answered as ever, nothing of them comes back, and no upstream hears of it"
        ) {
            let bench = try Bench.plain.get()
            var found: [String] = []
            for (target, status) in [
                ("/livez", 200), ("/readyz", 200), ("/metrics", 200), ("/a?tenant_id=evil", 404),
                ("/signed/x", 404),
            ] {
                let source = bench.newSource()
                let client = try RawClient(port: bench.healthPort, from: source)
                try client.send(bench.bytes("GET \(target) HTTP/1.1\r\n{host}{auth}\(forged)\r\n"))
                let reply = Reply(try client.readResponse())
                if reply.status != status { found.append("\(target): \(reply.status)") }
                if reply.text.contains("evil") { found.append("\(target) repeats `evil`") }
                for (name, _) in reply.fields
                where name.lowercased().hasPrefix("x-") || name.lowercased().contains("tenant") {
                    found.append("\(target) answers with \(name)")
                }
                if !bench.sightings(from: source).isEmpty { found.append("\(target) went on") }
            }
            return found
        },
    ]

    static let cookieCounts: [Scenario] = [
        Scenario(
            "O3e",
            "answers with 3 cookies, 2 of them under a tenant's name, twice; and once on a "
                + "route in shadow",
            "`ringfence_tenant_cookies_set_total` is 4: in shadow they are not taken out"
        ) {
            let bench = try Bench.fresh("cookies")
            let lines = ["tenant_id=acme; Path=/", "a=tenant_id", "__Host-org_id=1; Secure"]
            let answer = lines.map { "X-Answer: Set-Cookie: \($0)\r\n" }.joined()
            var found: [String] = []
            for target in ["/a", "/signed/x", "/watched/x"] {
                let client = try RawClient(port: bench.port, from: bench.newSource())
                try client.send(bench.bytes("GET \(target) HTTP/1.1\r\n{host}{auth}\(answer)\r\n"))
                let reply = Reply(try client.readResponse())
                if reply.all("set-cookie") != lines { found.append("\(reply.all("set-cookie"))") }
            }
            let name = "ringfence_tenant_cookies_set_total"
            let count = try bench.metrics(name)[name]
            return count == 4 ? found : found + ["counted \(count ?? -1)"]
        }
    ]

    private static func defects(_ seen: [Sighting], _ count: Int, on bench: Bench) -> [String] {
        var found = seen.count == count ? [] : ["\(seen.count) requests upstream, not \(count)"]
        for sighting in seen {
            found += bench.invariants.defects(of: sighting, for: "acme", credential: false)
            for name in [
                "ringfence-assertion", "x-forwarded-for", "forwarded", "x-tenant-tier",
                "x-request-id", "traceparent", "x-forwarded-host", "x-forwarded-proto",
            ] where sighting.all(name).count != 1 {
                found.append("\(name) is \(sighting.all(name))")
            }
            for name in ["x-real-ip", "baggage", "tracestate"] where !sighting.all(name).isEmpty {
                found.append("\(name) was passed on")
            }
        }
        return found
    }

    /// A document may need several times its own size while it is looked at.
    static let denseBodies: [Scenario] = [
        Scenario(
            "B12zzza", "8 bodies of 1.4 MB with a key every 8 bytes, one after the other",
            "200 each; afterwards the gateway keeps less than one of their documents took"
        ) {
            let bench = try Bench.fresh("B12")
            // Both workers have served something.
            for round in 0..<8 { _ = try dense(bench, round, #"{"a":1}"#) }
            let before = try residentKiB(bench.gateway.pid)
            let text = "[" + repeated(#"{"a":1},"#, 180_000) + "{}]"
            for round in 0..<8 {
                let answer = try dense(bench, round, text)
                if answer.0 != 200 { return ["body \(round) was answered \(answer)"] }
            }
            // A document took 17 MB. What the allocator keeps of it is given back in time.
            var after: [Int] = []
            try? eventually("the memory of 8 dense bodies is given back") {
                after.append(try residentKiB(bench.gateway.pid) - before)
                return after.last ?? 0 < 12_288
            }
            return after.last ?? 0 < 12_288 ? [] : ["grew by KiB: \(Set(after).sorted())"]
        },
        Scenario(
            "B12zzzb", "a body of 260 KB with a key every 8 bytes, where bodies may have 1 MiB",
            "503 `request.body.budget`, and 200 for one of as many bytes without a key"
        ) {
            let bench = try Bench.small("B12zzzb")
            let keys = "[" + repeated(#"{"a":1},"#, 32_500) + "{}]"
            var found: [String] = []
            for round in 0..<4 {
                let refused = try dense(bench, round, keys)
                if refused.0 != 503 || refused.1 != "request.body.budget" {
                    found.append("answered \(refused)")
                }
                let plain = try dense(bench, round, #"{"a":"{A*260000}"}"#)
                if plain.0 != 200 { found.append("without keys answered \(plain)") }
            }
            return found
        },
    ]

    private static func dense(
        _ bench: Bench, _ round: Int, _ text: String
    ) throws -> (Int, String?) {
        let client = try RawClient(port: bench.port, from: bench.newSource())
        try client.send(
            bench.bytes(
                "POST /clean/large/\(round) HTTP/1.1\r\n{host}{auth}Content-Type: \(Case.json)\r\n"
                    + "Content-Length: \(Wire.length(text))\r\n\r\n\(text)"))
        let reply = Reply(try client.readResponse())
        return (reply.status, reply.code)
    }
}
