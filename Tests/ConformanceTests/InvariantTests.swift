import Foundation
import Testing

/// Proves that a row can fail: each piece of evidence is a good one with one thing wrong.
@Suite struct `The judge` {
    private static let row = Case.get("H1a", "X-Tenant-ID: evil", .forwarded)
    private static let refusal = Case.get("H7a", "X-Tenant-ID : evil", .refused(400, "x.y"))
    private static let judge = Judge(invariants: Invariants(upstreamSecrets: ["10.0.0.9:1"]))

    private static func sighting(_ lines: String..., target: String = "/a", body: String = "")
        -> Sighting
    {
        let head = (["GET \(target) HTTP/1.1", "Host: api.test"] + lines).joined(separator: "\r\n")
        return Sighting(head: Wire.latin(head + "\r\n\r\n"), body: Wire.latin(body))
    }

    private static func cleaned(
        _ body: String, as type: String = Case.json, target: String = "/clean/x"
    ) -> Sighting {
        sighting("X-Tenant-ID: acme", "Content-Type: \(type)", target: target, body: body)
    }

    private static let good: Evidence = {
        var seen = Evidence()
        seen.source = "127.1.1.1"
        seen.requests = [sighting("X-Tenant-ID: acme")]
        seen.canaries = 1
        seen.reply = answer(200, "id1")
        seen.canaryReply = answer(200, "id2")
        seen.logged = [
            LogEntry(requestID: "id1", status: 200, code: "forwarded", stripped: ["tenant"]),
            LogEntry(requestID: "id2", status: 200, code: "forwarded"),
        ]
        return seen
    }()

    private static func answer(_ status: Int, _ id: String, _ more: String = "") -> Reply {
        Reply(
            status: status, fields: [("X-Request-ID", id), ("Cache-Control", "private, no-store")],
            text: "ok\(more)")
    }

    @Test func `has nothing against a good exchange`() {
        #expect(Self.judge.defects(of: Self.row, Self.good).isEmpty)
    }

    /// Of a token, as a gateway sends it: signatures have letters as they come.
    private static func assertion(_ claims: String, signature: String) -> Sighting {
        let parts = [#"{"alg":"HS256"}"#, claims].map {
            Data($0.utf8).base64EncodedString().trimmingCharacters(in: ["="])
        }
        return sighting(
            "X-Tenant-ID: acme",
            "Ringfence-Assertion: \(parts.joined(separator: ".")).\(signature)")
    }

    @Test func `has nothing against what the letters of a signature happen to say`() {
        var seen = Self.good
        let digest = "-evil_" + String(repeating: "A", count: 37)
        seen.requests = [Self.assertion(#"{"bd":"\#(digest)"}"#, signature: "cbV7RKDGevilmV3_")]
        #expect(Self.judge.defects(of: Self.row, seen).isEmpty)
    }

    private static let spoilt: [(String, @Sendable (inout Evidence) -> Void)] = [
        ("INV-1: X-Tenant-ID is []", { $0.requests = [sighting("X-A: b")] }),
        ("INV-1: X-Tenant-ID is", { $0.requests = [sighting("X-Tenant-ID: evil")] }),
        (
            "INV-1: X-Tenant-ID is",
            { $0.requests = [sighting("X-Tenant-ID: acme", "x-tenant-id: acme")] }
        ),
        (
            "INV-1: another field names a tenant",
            { $0.requests = [sighting("X-Tenant-ID: acme", "X_Tenant_ID: b")] }
        ),
        (
            "INV-1: the query names a tenant",
            { $0.requests = [sighting("X-Tenant-ID: acme", target: "/a?x=1&tenant%5Fid=b")] }
        ),
        (
            "INV-1: the upstream saw `evil`",
            { $0.requests = [sighting("X-Tenant-ID: acme", body: "evil")] }
        ),
        (
            "INV-1: the upstream saw `evil`",
            { $0.requests = [assertion(#"{"ext":"evil"}"#, signature: "cbV7RKDG")] }
        ),
        (
            "INV-1: the upstream saw `evil`",
            { $0.requests = [sighting("X-Tenant-ID: acme", "Ringfence-Assertion: eyJ.b.evil")] }
        ),
        (
            "INV-1: the body names a tenant",
            { $0.requests = [cleaned(#"{"a":[{"tenant_Id":1}]}"#)] }
        ),
        (
            "INV-1: the body names a tenant",
            { $0.requests = [cleaned("x=1&tenant%5Fid=1", as: Case.form)] }
        ),
        (
            "INV-1: the body names a tenant",
            { $0.requests = [cleaned("{}\n{\"orgId\":1}\n", as: "application/x-ndjson")] }
        ),
        (
            "INV-1: the body names a tenant",
            { $0.requests = [cleaned(#"{"tenant_id":"globex"}"#, target: "/into/json")] }
        ),
        ("INV-2: a cleaned body is no JSON", { $0.requests = [cleaned(#"{"a":1"#)] }),
        (
            "INV-2: framed twice",
            {
                $0.requests = [
                    sighting(
                        "X-Tenant-ID: acme", "Content-Length: 5", "Transfer-Encoding: chunked",
                        body: "0\r\n\r\n")
                ]
            }
        ),
        (
            "INV-2: the chunked body does not end",
            {
                $0.requests = [
                    sighting(
                        "X-Tenant-ID: acme", "Transfer-Encoding: chunked",
                        body: "0\r\nX: y\r\n\r\n")
                ]
            }
        ),
        (
            "INV-2: connection was passed on",
            { $0.requests = [sighting("X-Tenant-ID: acme", "connection: X-Tenant-ID")] }
        ),
        ("INV-2: control byte", { $0.requests = [sighting("X-Tenant-ID: acme", "X-A: \0")] }),
        ("INV-2: field", { $0.requests = [sighting("X-Tenant-ID: acme", "X-A : b")] }),
        ("INV-2: target", { $0.requests = [sighting("X-Tenant-ID: acme", target: "/a#b")] }),
        ("A6:", { $0.requests = [sighting("X-Tenant-ID: acme", "Authorization: Bearer x")] }),
        ("INV-3:", { $0.fragments = [Wire.latin("GET /a HTT")] }),
        ("INV-4: 2 requests", { $0.requests += $0.requests }),
        ("INV-4: 0 requests", { $0.requests = [] }),
        ("INV-5:", { $0.gatewayIsAlive = false }),
        ("INV-6: the answer has `evil`", { $0.reply = answer(200, "id1", "evil") }),
        ("INV-6: the answer has `10.0.0.9:1`", { $0.reply = answer(200, "id1", "10.0.0.9:1") }),
        ("INV-6: the answer has X-Tenant-ID", { $0.reply?.fields.append(("X-Tenant-ID", "acme")) }),
        ("INV-6: a tenant's answer may be cached", { $0.reply?.fields.removeLast() }),
        ("INV-7: 1 log lines", { $0.logged.removeLast() }),
        ("INV-7: 3 log lines", { $0.logged.append($0.logged[0]) }),
        ("INV-7: nothing says", { $0.logged[0].stripped = ["credential"] }),
        ("INV-7: logged as 404", { $0.logged[0].status = 404 }),
        ("INV-7: the log and the answer", { $0.logged[0].requestID = "other" }),
        ("the canary was seen 2 times", { $0.canaries = 2 }),
        ("the connection did not go on", { $0.canaryReply = answer(400, "id2") }),
        ("answered 401", { $0.reply = answer(401, "id1") }),
        ("there was no answer", { $0.reply = nil }),
        ("more came", { $0.surprise = "more came: x" }),
    ]

    @Test(arguments: spoilt.indices)
    func `sees what is wrong`(_ index: Int) {
        let (words, spoil) = Self.spoilt[index]
        var seen = Self.good
        spoil(&seen)
        let defects = Self.judge.defects(of: Self.row, seen)
        #expect(defects.contains { $0.hasPrefix(words) }, "\(words) is not among \(defects)")
    }

    @Test func `sees what a refusal must not do`() {
        let defects = Self.judge.defects(of: Self.refusal, Self.good)
        for words in [
            "INV-4: 1 requests, not 0", "answered 200", "refused for nothing", "the canary",
        ] {
            #expect(defects.contains { $0.hasPrefix(words) }, "\(words) is not among \(defects)")
        }
        #expect(defects.contains("the connection was not closed"))
    }

    @Test func `sees each fact that does not hold`() {
        let facts: [Fact] = [
            .target("/b"), .method("POST"), .field("Host", "b"), .lacks("Host"), .never("acme"),
            .body("x"), .stripped(["cookie"]), .reply("X-Request-ID", "b"),
            .replyLacks("Cache-Control"), .says("not there"),
        ]
        for fact in facts {
            let row = Case("H1a", Self.row.wire, .forwarded, [fact])
            #expect(Self.judge.defects(of: row, Self.good).count == 1, "\(fact)")
        }
    }

    @Test func `no row can be judged without having been run`() throws {
        let row = Case.get("H99", "X: y", .forwarded)
        #expect(try Run.plain.get().defects(of: row) == ["the row was not run"])
    }
}
