import TestSupport

/// Routes in shadow: what a client sends reaches the upstream as it came, but for the injected
/// field and what is about whose bytes these are, and the report has exact counts.
struct WatchedRequest: Sendable {
    let id: String
    /// Method and target.
    let start: String
    /// Lines that go on as they are, in order.
    var kept: [String] = []
    /// Lines that do not.
    var gone: [String] = []
    var body: String?
    /// The lines of the answer that pass as they are.
    var answer = ["Cache-Control: no-store"]
    /// The `shadow` list of the access log.
    let report: [String]

    var wire: String {
        let lines = (kept + gone + answer.map { "X-Answer: \($0)" }).map { $0 + "\r\n" }.joined()
        let length = body.map { "Content-Length: \(Wire.length($0))\r\n" } ?? ""
        return "\(start) HTTP/1.1\r\n{host}{auth}\(lines)\(length)\r\n\(body ?? "")"
    }

    var sentWords: String {
        let sent = body.map { "\(start) with `\(Report.escaped($0, limit: 60))`" } ?? start
        return sent + (kept + gone).map { ", `\($0)`" }.joined()
    }

    var requiredWords: String {
        var words = "sent on as it came, with `X-Tenant-ID: acme`"
        if !gone.isEmpty {
            words += ", without " + gone.map { "`\($0)`" }.joined(separator: ", ")
        }
        return words + "; log: " + (report.isEmpty ? "nothing" : report.joined(separator: ", "))
    }

    static let all = heads + targets + bodies + charsets + answers

    private static let heads = [
        WatchedRequest(id: "W1a", start: "GET /watched/x", report: []),
        WatchedRequest(
            id: "W1b", start: "GET /watched/x", gone: ["X-Tenant-ID: evil", "x_tenant_id: evil"],
            report: ["overridden:header_tenant:2"]),
        WatchedRequest(
            id: "W1c", start: "GET /watched/x",
            kept: ["X-Org-Id: evil", "Tenant: acme", "Account-ID: evil", "tenant_id: evil"],
            report: ["stripped:header_tenant:1", "overridden:header_tenant:3"]),
        WatchedRequest(
            id: "W1d", start: "GET /watched/x", kept: ["session_id: 7", "a.b: 1"],
            report: ["stripped:header_irregular_name:2"]),
        WatchedRequest(
            id: "W1e", start: "GET /watched/x",
            kept: ["Cookie: a=1;tenant=evil;  b=2", "Cookie: __Host-tenant_id=acme"],
            report: ["stripped:cookie_tenant:1", "overridden:cookie_tenant:1"]),
        WatchedRequest(
            id: "W1f", start: "GET /watched/x",
            gone: [
                "X-Forwarded-For: 6.6.6.6", "X-Real-IP: 6.6.6.6", "X-HTTP-Method-Override: PUT",
                "baggage: tenant_id=evil", "tracestate: a=1", "X-Tenant-Tier: GOLD",
                "Ringfence-Assertion: a.b.c", "Connection: X-Tenant-ID", "Content_Length: 9",
            ], report: ["stripped:header_irregular_name:1"]),
        WatchedRequest(
            id: "W1g", start: "GET /watched/same/x", kept: ["X-Org-Id: evil"],
            report: ["overridden:header_tenant:1", "refused:header_tenant:tenant.conflict"]),
        WatchedRequest(
            id: "W1h", start: "GET /watched/same/x", kept: ["X-Org-Id: acme"],
            report: ["stripped:header_tenant:1"]),
    ]

    private static let targets = [
        WatchedRequest(
            id: "W1i", start: "GET /watched/x?a=%41&tenant_id=evil&&tenantId=acme&_method=PUT&a",
            report: [
                "stripped:query_tenant:1", "overridden:query_tenant:1", "stripped:query_method:1",
            ]),
        WatchedRequest(
            id: "W1j", start: "GET /watched/x?a[b=c][tenant_id]=evil",
            report: ["refused:query_tenant:request.query.malformed"]),
        WatchedRequest(
            id: "W1k", start: "GET /watched/x?a=1;tenant_id=evil",
            report: ["refused:query_tenant:request.query.malformed"]),
        WatchedRequest(
            id: "W1l", start: "GET /watched/x;tenant_id=evil/y",
            report: ["refused:path_tenant:request.path.ambiguous"]),
        WatchedRequest(
            id: "W1m", start: "GET /watched/into/evil/x", report: ["overridden:path_tenant:1"]),
        WatchedRequest(id: "W1n", start: "GET /watched/into/acme/x?a=1", report: []),
    ]

    private static let json = "Content-Type: application/json"
    private static let form = "Content-Type: application/x-www-form-urlencoded"

    private static let bodies = [
        WatchedRequest(
            id: "W1o", start: "POST /watched/x", kept: [json],
            body: #" {"tenant_id":"evil","a":{"org_id":"acme"},"n":1.50} "#,
            report: ["stripped:body_tenant:1", "overridden:body_tenant:1"]),
        WatchedRequest(
            id: "W1p", start: "POST /watched/x", kept: [form],
            body: "tenant=evil&_method=PUT&a=%41",
            report: ["overridden:body_tenant:1", "stripped:body_method:1"]),
        WatchedRequest(
            id: "W1q", start: "POST /watched/x",
            kept: ["Content-Type: multipart/form-data; boundary=b"],
            body:
                "--b\r\nContent-Disposition: form-data; name=\"org_id\"\r\n\r\nevil\r\n--b--\r\n",
            report: ["overridden:body_tenant:1"]),
        WatchedRequest(
            id: "W1r", start: "POST /watched/x", kept: [json], body: #"{"a":1,"a":2}"#,
            report: ["refused:body_tenant:request.body.malformed"]),
        WatchedRequest(
            id: "W1s", start: "POST /watched/x", kept: ["Content-Type: application/xml"],
            body: "<tenant>evil</tenant>", report: ["refused:body_tenant:request.body.type"]),
        WatchedRequest(
            id: "W1t", start: "POST /watched/x",
            kept: [json, "Content-Encoding: br", "Digest: a=b"],
            body: "x", report: ["refused:body_tenant:request.body.encoding"]),
        WatchedRequest(
            id: "W1u", start: "POST /watched/opaque/x", kept: [json], body: #"{"tenant":"evil"}"#,
            report: ["unjudged:body_tenant:1"]),
        WatchedRequest(
            id: "W1v", start: "POST /watched/x", kept: [json], body: "{A*70000}",
            report: ["refused:body_tenant:request.body.too_large", "unjudged:body_tenant:1"]),
        WatchedRequest(
            id: "W1w", start: "POST /watched/into/acme/x", kept: [json],
            body: #"{"account":"evil","b":1}"#, report: ["overridden:body_tenant:1"]),
        WatchedRequest(
            id: "W1x", start: "POST /watched/same/x?tenant=evil", kept: [json, "Tenant: acme"],
            body: #"{"tenant_id":"evil"}"#,
            report: [
                "stripped:header_tenant:1", "overridden:query_tenant:1",
                "refused:query_tenant:tenant.conflict", "overridden:body_tenant:1",
            ]),
    ]

    private static let charsets = [
        WatchedRequest(
            id: "W1zb", start: "GET /watched/x?%2BAHQ-enant_id=evil",
            kept: ["Content-Type: text/plain; charset*0=utf-7"],
            report: ["stripped:header_charset:1"]),
        WatchedRequest(
            id: "W1zc", start: "POST /watched/opaque/x?a=1",
            kept: ["Content-Type: text/plain; charset=utf-7"], body: "x",
            report: ["refused:body_tenant:request.body.type", "unjudged:body_tenant:1"]),
        WatchedRequest(
            id: "W1zd", start: "POST /watched/x",
            kept: ["Content-Type: application/json; charset*0=utf-7"], body: "{}",
            report: ["refused:body_tenant:request.body.type"]),
        WatchedRequest(
            id: "W1ze", start: "POST /watched/x", kept: [form], body: #"{"a":"=","tenant":"evil"}"#,
            report: ["refused:body_tenant:request.body.malformed"]),
    ]

    private static let answers = [
        WatchedRequest(
            id: "W1y", start: "GET /watched/x",
            answer: [
                "Set-Cookie: a=1; Domain=x.test", "Cache-Control: max-age=60", "Org-Id: acme",
            ],
            report: [
                "stripped:response_tenant:1", "stripped:response_cookie_domain:1",
                "stripped:response_caching:1",
            ]),
        WatchedRequest(
            id: "W1z", start: "GET /watched/x", answer: ["Cache-Control: private"], report: []),
    ]
}

extension Scenario {
    static let shadow: [Scenario] =
        WatchedRequest.all.map { watched in
            Scenario(
                watched.id, watched.sentWords, watched.requiredWords
            ) { try defects(of: watched, on: Bench.plain.get()) }
        } + [
            Scenario(
                "W1za", "all of these once more, to a gateway of their own",
                "every `ringfence_shadow_...` sample of `/metrics` is the sum of their lists"
            ) {
                let bench = try Bench.fresh("shadow")
                var found: [String] = []
                for watched in WatchedRequest.all { found += try defects(of: watched, on: bench) }
                return found + (try metricDefects(bench))
            }
        ]

    private static func defects(of watched: WatchedRequest, on bench: Bench) throws -> [String] {
        let source = bench.newSource()
        let client = try RawClient(port: bench.port, from: source)
        try client.send(bench.bytes(watched.wire))
        let reply = Reply(try client.readResponse())
        guard reply.status == 200, let sent = bench.sightings(from: source).first else {
            return ["\(watched.id) was answered \(reply.status) \(reply.code ?? "")"]
        }
        var found: [String] = []
        if sent.requestLine != "\(watched.start) HTTP/1.1" { found.append(sent.requestLine) }
        let lines = sent.lines.dropFirst()
        let kept = lines.filter { watched.kept.contains($0) }
        if Array(kept) != watched.kept { found.append("kept \(kept)") }
        for line in lines where watched.gone.contains(line) { found.append("passed on: \(line)") }
        if sent.all("x-tenant-id") != ["acme"] { found.append("\(sent.all("x-tenant-id"))") }
        // Nothing else is there but what the gateway writes on every route.
        let names = Set(sent.fields.map { $0.name.lowercased() })
        let known = Set((watched.kept + watched.answer.map { _ in "X-Answer:" }).map(name))
        let other = names.subtracting(known).subtracting(ownNames)
        if !other.isEmpty { found.append("not sent by the client: \(other)") }
        if sent.content != bench.bytes(watched.body ?? "") { found.append("another body") }
        for line in watched.answer {
            let value = line.drop { $0 != ":" }.dropFirst(2)
            if reply.all(name(line)) != [String(value)] { found.append("answered without \(line)") }
        }
        let logged = try bench.log.entries(of: source, atLeast: 1).first
        if logged?.shadow != watched.report { found.append("told \(logged?.shadow ?? [])") }
        return found.map { "\(watched.id): \($0)" }
    }

    private static let ownNames: Set<String> = [
        "host", "x-tenant-id", "x-tenant-tier", "x-request-id", "traceparent", "forwarded",
        "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "via", "content-length",
    ]

    private static func name(_ line: String) -> String {
        String(line.prefix { $0 != ":" }).lowercased()
    }

    private static func metricDefects(_ bench: Bench) throws -> [String] {
        var expected: [String: Int] = [:]
        func count(_ name: String, _ amount: Int = 1) { expected[name, default: 0] += amount }
        for watched in WatchedRequest.all {
            // A body that nobody looked into is not known to change.
            let isChanged = watched.report.contains { !$0.hasPrefix("unjudged") }
            var verdict = isChanged ? "changed" : "unchanged"
            for entry in watched.report {
                let words = entry.split(separator: ":").map(String.init)
                if words[0] == "refused" {
                    verdict = "refused"
                    count("ringfence_shadow_refusals_total{code=\"\(words[2])\"}")
                }
                let carrier = "carrier=\"\(words[1])\",outcome=\"\(words[0])\""
                count("ringfence_shadow_findings_total{\(carrier)}", Int(words[2]) ?? 1)
            }
            count("ringfence_shadow_requests_total{verdict=\"\(verdict)\"}")
        }
        var found: [String] = []
        var told: [String: Int] = [:]
        // A request is counted when its answer has left.
        let total = WatchedRequest.all.count
        try eventually("\(total) requests are counted") {
            told = try bench.metrics("ringfence_shadow_").filter { $0.value != 0 }
            return told.filter { $0.key.contains("_requests_") }.values.reduce(0, +) >= total
        }
        for name in Set(expected.keys).union(told.keys) where expected[name] != told[name] {
            found.append("\(name) is \(told[name] ?? 0), not \(expected[name] ?? 0)")
        }
        return found
    }
}
