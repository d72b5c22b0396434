/// H17, H18 and U5 on every path: what says who the client is, what only the gateway says, and
/// methods in other places, on routes without a credential, with the vendor's, where the gateway
/// itself answers, and where the upstream has to prove it. `HeaderCases` has the routes of tenants.
enum IdentityCases {
    static let all = open + vendor + signed + answers + hops

    /// A field a client may send, and what becomes of it on any route.
    private struct Line {
        let name: String
        let reason: String
        var isAnew: Fact?

        var text: String { "\(name): evil\r\n" }
        var facts: [Fact] { [isAnew ?? .lacks(name), .stripped([reason])] }
    }

    private static let lines: [Line] =
        [
            Line(
                name: "X-Forwarded-For", reason: "identity",
                isAnew: .field("X-Forwarded-For", "{client}")),
            Line(
                name: "X-Forwarded-Host", reason: "identity",
                isAnew: .field("X-Forwarded-Host", "api.test")),
            Line(name: "X-Forwarded-Proto", reason: "identity", isAnew: .once("X-Forwarded-Proto")),
            Line(name: "Forwarded", reason: "identity", isAnew: .once("Forwarded")),
            Line(name: "X-Request-ID", reason: "gateway_own", isAnew: .once("X-Request-ID")),
            Line(name: "traceparent", reason: "gateway_own", isAnew: .once("traceparent")),
        ]
        + [
            "X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded-Proto-Version",
            "X-Forwarded-User", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP",
            "Fastly-Client-IP", "X-Original-Method", "X-HTTP-Method-Override", "X-HTTP-Method",
            "X-Method-Override", "X-Original-URL", "X-Rewrite-URL", "Remote-User",
            "X-Remote-User", "X-WebAuth-User", "Client-Cert-Chain",
        ].map { Line(name: $0, reason: "identity") }
        + [
            "baggage", "tracestate", "X-Tenant-Tier", "Tenant-Tier", "Ringfence-Tenant",
            "Ringfence-Anything", "X-Ringfence-Role",
        ].map { Line(name: $0, reason: "gateway_own") }
        + [Line(name: "Tenant-ID", reason: "tenant"), Line(name: "X-Org-Id", reason: "tenant")]

    private static let everything = lines.map(\.text).joined() + "Ringfence-Assertion: evil\r\n"

    private static func rows(
        _ vector: String, from first: Int, _ start: String, _ credential: String,
        tenant: String?
    ) -> [Case] {
        Case.rows(vector, from: first, lines) { id, line in
            Case(
                id, "\(start) HTTP/1.1\r\n{host}\(credential)\(line.text)\r\n", .forwarded,
                line.facts
            ).tenant(tenant)
        }
    }

    private static let vendorKey = "Authorization: Bearer {vendor}\r\n"

    /// From here on no other row of H18 has a letter.
    private static let first = 26

    private static let open: [Case] =
        rows("H18", from: first, "GET /open/x", "", tenant: nil) + [
            Case(
                "H18" + place(first + 40), "GET /open/x HTTP/1.1\r\n{host}\(everything)\r\n",
                .forwarded,
                [.lacks("Ringfence-Assertion"), .lacks("X-Tenant-Tier"), .method("GET")]
            ).tenant(nil)
        ]

    private static let vendor: [Case] =
        rows("H18", from: first + 41, "GET /vendor", vendorKey, tenant: nil) + [
            Case(
                "H18" + place(first + 81),
                "GET /vendor HTTP/1.1\r\n{host}\(vendorKey)\(everything)\r\n", .forwarded,
                [.once("Ringfence-Assertion"), .lacks("X-Tenant-Tier")]
            ).tenant(nil)
        ]

    private static let signed: [Case] = [
        .raw(
            "H18" + place(first + 82), "GET /signed/x HTTP/1.1\r\n{host}{auth}\(everything)\r\n",
            .forwarded, .once("Ringfence-Assertion"), .field("X-Tenant-Tier", "FREE"),
            .once("X-Request-ID"), .once("Forwarded"), .lacks("baggage"), .lacks("tracestate")),
        .raw(
            "H18" + place(first + 83),
            "POST /clean/signed/x HTTP/1.1\r\n{host}{auth}\(everything)Content-Type: \(Case.json)"
                + "\r\nContent-Length: 20\r\n\r\n" + #"{"tenant_id":"evil"}"#, .forwarded,
            .once("Ringfence-Assertion"), .field("X-Tenant-Tier", "FREE"), .body("{}")),
        .raw(
            "H18" + place(first + 84), "GET /passing/x HTTP/1.1\r\n{host}{auth}\(everything)\r\n",
            .forwarded, .lacks("Ringfence-Assertion"), .credentialPasses),
        .raw(
            "H18" + place(first + 85), "GET /own/evil/x HTTP/1.1\r\n{host}{auth}\(everything)\r\n",
            .forwarded, .target("/own/acme/x"), .lacks("Ringfence-Assertion")),
    ]

    /// Where the gateway answers nothing of it comes back.
    private static let answers: [Case] = [
        own(0, "GET /nowhere", "{auth}", .declined(404, "route.not_found")),
        own(1, "GET /a", "", .declined(401, "token.missing")),
        own(2, "GET /a", "Authorization: Bearer a.b.c\r\n", .declined(401, "token.invalid")),
        own(3, "GET /strict/x", "{auth}", .declined(403, "tenant.conflict")),
        own(4, "GET /mine/evil/x", "{auth}", .declined(403, "tenant.conflict")),
        own(5, "POST /reading/x", "{auth}", .declined(405, "route.method")),
        own(6, "GET /a//x", "{auth}", .declined(400, "request.path.ambiguous")),
        own(7, "GET /a?%zz", "{auth}", .declined(400, "request.query.malformed")),
        own(8, "GET /dead", "{auth}", .declined(502, "upstream.connect")),
        own(9, "TRACE /a", "{auth}", .declined(405, "route.method")),
        own(10, "FOO /a", "{auth}", .declined(501, "request.method.unknown")),
        own(11, "GET /a", "{auth}Expect: magic\r\n", .refused(417, "request.field.expect")),
        own(12, "OPTIONS *", "", .answered(204)),
        own(13, "OPTIONS /browser/x", preflight, .answered(204)),
        own(
            14, "OPTIONS /browser/x", preflight.replacing("app.test", with: "other.test"),
            .declined(403, "cors.origin")),
        own(15, "GET /browser/x", "Origin: https://app.test\r\n", .declined(401, "token.missing")),
        // A page does not learn to send them either.
        own(
            16, "OPTIONS /browser/x",
            preflight + "Access-Control-Request-Headers: x-tenant-id, x_org_id, content-type\r\n",
            .answered(204)
        ).and(.reply("Access-Control-Allow-Headers", "content-type")),
    ]

    private static let preflight =
        "Origin: https://app.test\r\nAccess-Control-Request-Method: PUT\r\n"

    private static func own(
        _ index: Int, _ start: String, _ lines: String, _ verdict: Verdict
    ) -> Case {
        let facts = ["Ringfence-Assertion", "baggage", "X-Real-IP", "X-Tenant-Tier"].map {
            Fact.replyLacks($0)
        }
        return Case(
            "H18" + place(first + 90 + index),
            "\(start) HTTP/1.1\r\n{host}\(lines)\(everything)\r\n", verdict, facts)
    }

    private static let nominated =
        "Connection: X-Tenant-ID, X-Tenant-Tier, Ringfence-Assertion, X-Request-ID, traceparent, "
        + "Forwarded, X-Forwarded-For, Via, Host\r\n"

    /// H5, H6: what `Connection` names is gone before ours is written, wherever it is written.
    private static let hops: [Case] = [
        hop(
            "H5e", "GET /signed/x", .once("Ringfence-Assertion"), .field("X-Tenant-Tier", "FREE"),
            .once("X-Request-ID"), .once("traceparent"), .once("Forwarded"), .once("Via")),
        hop("H5f", "GET /q", .target("/q?tenant_id=acme"), .once("X-Tenant-Tier")),
        hop("H5g", "GET /own/evil/x", .target("/own/acme/x"), .once("X-Tenant-Tier")),
        hop("H5h", "GET /second/x", .once("Ringfence-Assertion"), .once("X-Tenant-Tier")),
        hop("H5i", "GET /passing/x", .once("X-Tenant-Tier"), .credentialPasses),
        hop("H5j", "GET /elsewhere", .field("Host", "{upstream}")),
        Case(
            "H5k", "GET /open/x HTTP/1.1\r\n{host}\(nominated)X-Tenant-ID: evil\r\n\r\n",
            .forwarded,
            [.once("X-Request-ID"), .once("Via"), .field("X-Forwarded-For", "{client}")]
        ).tenant(nil),
        Case(
            "H5l",
            "GET /vendor HTTP/1.1\r\n{host}\(vendorKey)\(nominated)X-Tenant-ID: evil\r\n\r\n",
            .forwarded, [.once("Ringfence-Assertion"), .once("X-Request-ID")]
        ).tenant(nil),
        .body(
            "H5m", Case.json, #"{"tenant_id":"evil"}"#, .forwarded, .body(#"{"tenant_id":"acme"}"#),
            .once("Content-Length"), .once("Content-Type"), to: "POST /into/json",
            lines: nominated + "Connection: Content-Length, Content-Type\r\n"),
    ]

    private static func hop(_ id: String, _ start: String, _ facts: Fact...) -> Case {
        Case(
            id, "\(start) HTTP/1.1\r\n{host}{auth}\(nominated)X-Tenant-ID: evil\r\n\r\n",
            .forwarded, facts)
    }
}
