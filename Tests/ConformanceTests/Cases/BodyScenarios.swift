import Foundation
import TestSupport

/// Bodies that are held: what is signed of them, and the memory they share.
extension Scenario {
    static let heldBodies: [Scenario] = [
        Scenario(
            "B1zzp", "a JSON body that names the tenant, to an upstream that gets an assertion",
            "the assertion's `bd` is the SHA-256 of the cleaned body, `{\"x\":1}`"
        ) {
            let bench = try Bench.plain.get()
            let source = bench.newSource()
            let client = try RawClient(port: bench.port, from: source)
            let text = #"{"tenant_id":"evil","x":1}"#
            try client.send(bench.bytes(post("/clean/signed/digest", text)))
            let status = try client.readResponse().status
            guard let sent = bench.sightings(from: source).first else { return ["\(status)"] }
            let token = sent.all("ringfence-assertion").first
            guard let claims = Token.claims(token) else { return ["no assertion"] }
            let digest = try sha256(of: sent.content)
            var found = bench.invariants.defects(of: sent, for: "acme", credential: false)
            if Sighting.text(sent.content) != #"{"x":1}"# { found.append("body \(sent.content)") }
            if claims["bd"] as? String != digest {
                found.append("bd is \(claims["bd"] ?? "missing"), not \(digest)")
            }
            return found
        },
        Scenario(
            "A7e", "another tenant's path, and one that does not exist",
            "the same 404 but for request id and date, and neither reaches the upstream"
        ) {
            let bench = try Bench.plain.get()
            let source = bench.newSource()
            let client = try RawClient(port: bench.port, from: source)
            var answers: [String] = []
            for path in ["/mine/globex/x", "/nowhere/globex/x"] {
                try client.send(bench.bytes("GET \(path) HTTP/1.1\r\n{host}{auth}\r\n"))
                let answer = try client.readResponse()
                let id = answer.only("x-request-id") ?? "-"
                let date = answer.only("date") ?? "-"
                answers.append(
                    (answer.head + answer.text).replacing(id, with: "ID").replacing(date, with: "D")
                )
            }
            let count = bench.sightings(from: source).count
            return Set(answers).count == 1 && count == 0 ? [] : answers + ["\(count) upstream"]
        },
    ]

    /// Held bodies of one worker never meet.
    static let crowds: [Scenario] = [
        Scenario(
            "B24zg", "60 bodies in one write, of two tenants in turn: JSON, forms and none",
            "60 answers in order; each body reaches the upstream clean, once, for its own tenant"
        ) {
            let bench = try Bench.plain.get()
            let source = bench.newSource()
            let client = try RawClient(port: bench.port, from: source)
            try client.send(bench.bytes((0..<60).map { crowd($0).request }.joined()))
            var found: [String] = []
            for index in 0..<60 {
                let answer = try client.readResponse()
                if answer.text != "ok \(crowd(index).target)" {
                    found.append("answer \(index): \(answer.status) `\(answer.text)`")
                }
            }
            return found + missing(in: bench.sightings(from: source))
        },
        Scenario(
            "B24zh", "60 connections with half a body each, finished in the opposite order",
            "each body reaches the upstream clean, once, for its own tenant, under its own type"
        ) {
            // Half of the first one waits for the 59 others.
            let bench = try Bench("B24zh", isSecure: false, deadline: "5m")
            let source = bench.newSource()
            var clients: [RawClient] = []
            for index in 0..<60 {
                let client = try RawClient(port: bench.port, from: source)
                try client.send(bench.bytes(crowd(index).request).dropLast(4))
                clients.append(client)
            }
            var found: [String] = []
            for index in (0..<60).reversed() {
                try clients[index].send(bench.bytes(crowd(index).request).suffix(4))
                let answer = try clients[index].readResponse()
                if answer.text != "ok \(crowd(index).target)" {
                    found.append("answer \(index): \(answer.status) `\(answer.text)`")
                }
            }
            return found + missing(in: bench.sightings(from: source))
        },
    ]

    private struct Crowd {
        let target: String
        let request: String
        /// Tenant, target, type and body as the upstream has to see them.
        let seen: String
    }

    private static func crowd(_ index: Int) -> Crowd {
        let tenant = ["acme", "globex"][index % 2]
        let target = "/clean/crowd/\(index)"
        let head = "POST \(target) HTTP/1.1\r\n{host}Authorization: Bearer {\(tenant)}\r\n"
        let (type, text, left) =
            switch index % 3 {
            case 0: (Case.json, #"{"tenant_id":"evil","n":\#(index)}"#, #"{"n":\#(index)}"#)
            case 1: (Case.form, "n=\(index)&tenant_id=evil", "n=\(index)")
            default: ("", "", "")
            }
        let typeLine = type.isEmpty ? "" : "Content-Type: \(type)\r\n"
        return Crowd(
            target: target,
            request: head + typeLine + "Content-Length: \(text.utf8.count)\r\n\r\n\(text)",
            seen: "\(tenant) \(target) \(type) \(left)")
    }

    private static func missing(in sightings: [Sighting]) -> [String] {
        let seen = sightings.map { one in
            let tenant = one.all("x-tenant-id").joined(separator: ",")
            let type = one.all("content-type").joined(separator: ",")
            return "\(tenant) \(one.target) \(type) \(Sighting.text(one.content))"
        }
        let expected = (0..<60).map { crowd($0).seen }
        return seen.sorted() == expected.sorted()
            ? [] : seen.filter { !expected.contains($0) } + ["\(seen.count) requests upstream"]
    }

    /// Bodies of a whole process share 1 MiB here.
    static let bodyMemory: [Scenario] = [
        Scenario(
            "B25t",
            "half-sent bodies until the memory for bodies is full; a small one now, and afterwards",
            "503 `request.body.budget` with `Retry-After`, nothing upstream; 200 when they are gone"
        ) {
            let bench = try Bench.small("B25t")
            var holders: [RawClient] = []
            var found: [String] = []
            var small = ["never full"]
            // On a busy machine two of them may still be growing when one is refused, and neither
            // fits in the end: then there is room for one more.
            for _ in 0..<5 where !small.isEmpty {
                found += try fill(bench, &holders)
                small = try Self.small(bench, 503, "while it is full")
            }
            found += small
            // Streamed bodies and requests without one are not concerned.
            found += try Self.small(bench, 200, "streamed", to: "/a/x")
            holders = []
            return found + (try passesSoon(bench))
        },
        Scenario(
            "B25u", "the same, and the half-sent bodies are never finished",
            "408 for those that were held, after the deadline for bodies, and then 200 for others"
        ) {
            let bench = try Bench.small("B25u", deadline: "3s")
            var holders: [RawClient] = []
            var found = try fill(bench, &holders)
            var late = 0
            for holder in holders {
                let status = try holder.readResponse().status
                if status == 408 { late += 1 }
                // When the first had gone before the last came, there was room for more.
                if status != 408 && status != 503 {
                    found.append("a half-sent body was answered \(status)")
                }
            }
            if late == 0 { found.append("none was late") }
            return found + (try passesSoon(bench))
        },
        Scenario(
            "B25v", "40 bodies of 300 KB, one after the other, every second one malformed",
            "200 and 400 in turn: each gives back the memory it took"
        ) {
            let bench = try Bench.small("B25v")
            let client = try RawClient(port: bench.port, from: bench.newSource())
            var found: [String] = []
            for round in 0..<40 {
                let end = round % 2 == 0 ? "\"}" : "\""
                let text = #"{"tenant_id":"evil","x":"{A*300000}"# + end
                try client.send(bench.bytes(post("/clean/large/\(round)", text)))
                let answer = try client.readResponse()
                let expected = round % 2 == 0 ? 200 : 400
                if answer.status != expected {
                    found.append("body \(round) was answered \(answer.status) \(answer.text)")
                }
            }
            return found
        },
        Scenario(
            "B25w", "a gzip body of 64 KB that becomes 10 MB, on a route that takes 16 MB",
            "503 `request.body.budget`: what comes out is reserved before it is made"
        ) {
            let bench = try Bench.small("B25w")
            let client = try RawClient(port: bench.port, from: bench.newSource())
            let bomb = Packing.gzip("[\"A", repeats: 40_000, checksum: 0)
            try client.send(
                bench.bytes(post("/clean/large/x", bomb, lines: "Content-Encoding: gzip\r\n")))
            let answer = Reply(try client.readResponse())
            return budget(answer, "the bomb") + (try passesSoon(bench))
        },
    ]

    private static func post(_ path: String, _ text: String, lines: String = "") -> String {
        "POST \(path) HTTP/1.1\r\n{host}{auth}Content-Type: application/json\r\n\(lines)"
            + "Content-Length: \(Wire.length(text))\r\n\r\n\(text)"
    }

    /// Connections with half a body of 600 KB each, until one is refused.
    private static func fill(_ bench: Bench, _ holders: inout [RawClient]) throws -> [String] {
        let head =
            "POST /clean/large/x HTTP/1.1\r\n{host}{auth}Content-Type: application/json\r\n"
            + "Content-Length: 600000\r\n\r\n\"{A*300000}"
        for _ in 0..<8 {
            let client = try RawClient(port: bench.port, from: bench.newSource())
            do {
                try client.send(bench.bytes(head))
            } catch TestSupportError.socket("send", _) {
                // Refused before everything was sent; the answer says how.
            }
            guard !client.isSilent(seconds: 0.5) else {
                holders.append(client)
                continue
            }
            let answer = Reply(try client.readResponse())
            return budget(answer, "the one too many") + (holders.isEmpty ? ["none fitted"] : [])
        }
        return ["\(holders.count) half-sent bodies were held"]
    }

    private static func budget(_ answer: Reply, _ which: String) -> [String] {
        var found: [String] = []
        if answer.status != 503 || answer.code != "request.body.budget" {
            found.append("\(which) was answered \(answer.status) \(answer.code ?? "")")
        }
        if answer.all("retry-after").count != 1 { found.append("\(which): no Retry-After") }
        return found
    }

    /// One body of 200 KB.
    private static func small(
        _ bench: Bench, _ status: Int, _ when: String, to path: String = "/clean/large/x"
    ) throws -> [String] {
        let source = bench.newSource()
        let client = try RawClient(port: bench.port, from: source)
        let text = #"{"tenant_id":"\#(path == "/a/x" ? "acme" : "evil")","x":"{A*200000}"}"#
        try client.send(bench.bytes(post(path, text)))
        let answer = Reply(try client.readResponse())
        let sent = bench.sightings(from: source)
        if status == 503 {
            return budget(answer, when) + (sent.isEmpty ? [] : ["\(when): \(sent.count) upstream"])
        }
        let defects = sent.flatMap {
            bench.invariants.defects(of: $0, for: "acme", credential: false)
        }
        return answer.status == status && sent.count == 1
            ? defects : ["\(when): answered \(answer.status), \(sent.count) upstream"]
    }

    /// Whether a body passes, at the latest when the gateway has seen that others are gone.
    private static func passesSoon(_ bench: Bench) throws -> [String] {
        var found: [String] = []
        do {
            try eventually("a body passes") {
                found = try small(bench, 200, "afterwards")
                return found.isEmpty
            }
        } catch TestSupportError.timedOut {}
        return found
    }

    /// By another program, in base64url.
    private static func sha256(of bytes: [UInt8]) throws -> String {
        let folder = try TemporaryFolder()
        try folder.write(Sighting.text(bytes), to: "body")
        let script = "openssl dgst -sha256 -binary body | base64 -w0 | tr '+/' '-_' | tr -d ="
        let run = try ChildProcess.run("sh", ["-c", script], folder: folder.path)
        return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
