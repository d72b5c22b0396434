import TestSupport

/// S13 and S17: what one connection's requests may have to do with each other.
extension Scenario {
    static let reuse: [Scenario] = [
        Scenario(
            "S13a", "`/surplus`, whose answer has a second one behind it, then `/a`, five times",
            "each gets its own answer; the connection with the surplus is not used again"
        ) {
            let bench = try Bench.plain.get()
            let source = bench.newSource()
            let client = try RawClient(port: bench.port, from: source)
            var found: [String] = []
            for round in 0..<5 {
                for target in ["/surplus", "/a/\(round)"] {
                    try client.send(bench.bytes("GET \(target) HTTP/1.1\r\n{host}{auth}\r\n"))
                    let text = try client.readResponse().text
                    if text != "ok \(target)" { found.append("\(target) was answered `\(text)`") }
                }
            }
            var spoilt: Set<Int> = []
            for request in bench.recorder.requests where request.all("x-forwarded-for") == [source]
            {
                if spoilt.contains(request.connection) {
                    found.append("\(request.requestLine) on a connection with a surplus")
                }
                if request.requestLine.contains("/surplus") { spoilt.insert(request.connection) }
            }
            return spoilt.count == 5 ? found : found + ["\(spoilt.count) connections, not 5"]
        },
        Scenario(
            "S13b", "half a body, answered early by the upstream; then a request of another client",
            "the second goes to the upstream on a connection of its own"
        ) {
            let bench = try Bench.plain.get()
            let first = try RawClient(port: bench.port, from: bench.newSource())
            try first.send(
                bench.bytes(
                    "POST /hasty HTTP/1.1\r\n{host}{auth}Content-Length: 20\r\n\r\n0123456789"))
            let early = try first.readResponse()
            let second = try RawClient(port: bench.port, from: bench.newSource())
            try second.send(bench.bytes("GET /hasty HTTP/1.1\r\n{host}{auth}\r\n"))
            let answer = try second.readResponse()
            let received = bench.hasty.received.map { String(decoding: $0, as: UTF8.self) }
            var found: [String] = []
            if early.text != "hasty" { found.append("the first was answered \(early.status)") }
            if answer.text != "hasty" { found.append("the second was answered \(answer.status)") }
            for text in received where text.hasPrefix("POST") && text.contains("GET /hasty") {
                found.append("the second became the first's body: \(text)")
            }
            return received.count == 2 ? found : found + ["\(received.count) connections, not 2"]
        },
    ]

    static let pipelines: [Scenario] = [
        Scenario(
            "S17a", "100 requests in one write, of two tenants in turn",
            "100 answers in order; each reaches the upstream once, for its own tenant"
        ) {
            let found = try pipeline(count: 100) { ["acme", "globex"][$0 % 2] }
            return found
        },
        Scenario(
            "S17b", "99 requests in one write, every third without a credential",
            "99 answers in order, every third 401 and not at the upstream"
        ) {
            try pipeline(count: 99) { ["acme", "globex", nil][$0 % 3] }
        },
        Scenario(
            "S17c", "a request the upstream is slow to answer, then 20 quick ones, in one write",
            "21 answers in order"
        ) {
            try pipeline(count: 21, target: { $0 == 0 ? "/slow" : "/a/\($0)" }) { _ in "acme" }
        },
        Scenario(
            "S17d", "10 requests in one write, of a tenant with 5 a minute",
            "5 answers 200, then 5 answers 429; 5 at the upstream"
        ) {
            let bench = try Bench.plain.get()
            let source = bench.newSource()
            let client = try RawClient(port: bench.port, from: source)
            let one = "GET /a HTTP/1.1\r\n{host}Authorization: Bearer {tiny}\r\n\r\n"
            try client.send(bench.bytes(repeated(one, 10)))
            var statuses: [Int] = []
            for _ in 0..<10 {
                statuses.append(try client.readResponse().status)
            }
            var found: [String] = []
            let expected = [Int](repeating: 200, count: 5) + [Int](repeating: 429, count: 5)
            if statuses != expected { found.append("answered \(statuses)") }
            let count = bench.sightings(from: source).count
            if count != 5 { found.append("the upstream saw \(count)") }
            return found
        },
    ]

    /// Sends `count` requests in one write. `tenant` answers whose credential each has.
    private static func pipeline(
        count: Int, target: (Int) -> String = { "/a/\($0)" }, tenant: (Int) -> String?
    ) throws -> [String] {
        let bench = try Bench.plain.get()
        let source = bench.newSource()
        let client = try RawClient(port: bench.port, from: source)
        var all = ""
        for index in 0..<count {
            let credential = tenant(index).map { "Authorization: Bearer {\($0)}\r\n" } ?? ""
            all += "GET \(target(index)) HTTP/1.1\r\n{host}\(credential)\r\n"
        }
        try client.send(bench.bytes(all))
        var found: [String] = []
        for index in 0..<count {
            let response = try client.readResponse()
            let status = tenant(index) == nil ? 401 : 200
            let isOwn = status == 401 || response.text == "ok \(target(index))"
            if response.status != status || !isOwn {
                found.append("answer \(index): \(response.status) `\(response.text)`")
            }
        }
        var expected = (0..<count).compactMap { index in
            tenant(index).map { "\(target(index)) \($0)" }
        }
        for sighting in bench.sightings(from: source) {
            let seen = "\(sighting.target) \(sighting.all("x-tenant-id").joined(separator: " "))"
            guard let place = expected.firstIndex(of: seen) else {
                found.append("the upstream saw \(seen)")
                continue
            }
            expected.remove(at: place)
        }
        let logged = try bench.log.entries(of: source, atLeast: count)
        if logged.count != count { found.append("\(logged.count) log lines") }
        return found + expected.map { "the upstream never saw \($0)" }
    }
}
