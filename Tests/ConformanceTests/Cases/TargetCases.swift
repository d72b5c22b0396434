/// Section P: the path, the form of the target, and whom the request is for.
///
/// Paths are never normalised: a client sends the canonical one or is answered 400, so the policy
/// sees what the upstream sees (P2, P3).
enum TargetCases {
    static let all = templates + paths + bytes + forms + hosts + versions + bounds

    private static let ambiguous = Verdict.declined(400, "request.path.ambiguous")

    private static let replaced = Fact.stripped(["path_tenant"])
    private static let notFound = Verdict.declined(404, "route.not_found")

    /// P1: `{tenant}` in a route's path is the verified one, whoever was asked for.
    private static let templates: [Case] = [
        .target("P1a", "/mine/evil/orders", notFound),
        .target("P1b", "/own/evil/orders", .forwarded, .target("/own/acme/orders"), replaced),
        .target("P1c", "/own/acme/orders", .forwarded, .target("/own/acme/orders"), .stripped([])),
        .target("P1d", "/mine/acme/orders", .forwarded, .target("/mine/acme/orders")),
        .target("P1e", "/own/%65vil/x", .forwarded, .target("/own/acme/x"), replaced),
        .target("P1f", "/mine/%61cme/x", .forwarded, .target("/mine/acme/x"), .stripped([])),
        .target("P1g", "/own/ACME/x", .forwarded, .target("/own/acme/x"), replaced),
        .target("P1h", "/mine/ACME/x", notFound), .target("P1i", "/mine/acm/x", notFound),
        .target("P1j", "/mine/acmee/x", notFound), .target("P1k", "/mine/acme%20/x", notFound),
        .target("P1l", "/own/globex/a/b/c?x=1", .forwarded, .target("/own/acme/a/b/c?x=1")),
        .target("P1m", "/own/evil;v=1/x", .forwarded, .target("/own/acme;v=1/x"), replaced),
        .target("P1n", "/own/evil;tenant_id=evil/x", ambiguous),
        .target("P1o", "/own/acme/../evil/x", ambiguous), .target("P1p", "/own//x", ambiguous),
        .target("P1q", "/own/evil%2facme/x", ambiguous), .target("P1r", "/own/%2e%2e/x", ambiguous),
        .target("P1s", "/own/acme%00evil/x", ambiguous),
        .target(
            "P1t", "/own/%25evil/x", .forwarded,
            .target("/own/acme/x")),
        .target("P1u", "/theirs/evil/x", notFound),
        .target("P1v", "/theirs/acme/x", .forwarded, .target("/theirs/acme/x")),
        .target("P1w", "/twice/evil/of/acme", .forwarded, .target("/twice/acme/of/acme"), replaced),
        .target("P1x", "/twice/evil/of/evil", .forwarded, .target("/twice/acme/of/acme")),
        .raw("P1y", "GET /mine/evil/x HTTP/1.1\r\n{host}\r\n", .declined(401, "token.missing")),
        .raw(
            "P1z",
            "GET /mine/acme/x HTTP/1.1\r\n{host}Authorization: Bearer {globex}\r\n\r\n", notFound
        ),
        .body(
            "P1za", Case.json, #"{"tenant_id":"evil","x":1}"#, .forwarded, .body(#"{"x":1}"#),
            .target("/clean/own/acme/x?tenant_id=acme"),
            .stripped(["path_tenant", "query_tenant", "body_tenant"]),
            to: "POST /clean/own/evil/x?tenant_id=evil"),
        .raw(
            "P1zb", "GET http://api.test/own/evil/x HTTP/1.1\r\n{host}{auth}\r\n", .forwarded,
            .target("/own/acme/x")),
    ]

    private static let paths: [Case] = [
        .target("P2a", "/a/../evil", ambiguous),
        .target("P2b", "/a/./x", ambiguous),
        .target("P2c", "/a/..", ambiguous),
        .target("P2d", "/a/x/.", ambiguous),
        .target("P2e", "/./a", ambiguous),
        .target("P2f", "/../a", ambiguous),
        .target("P2g", "/a/...", .forwarded, .target("/a/...")),
        .target("P2h", "/a/.x", .forwarded, .target("/a/.x")),
        .target("P2i", "/a/..;x/evil", ambiguous),
        .target("P3a", "/a/%2e%2e/evil", ambiguous),
        .target("P3b", "/a/.%2e/evil", ambiguous),
        .target("P3c", "/a/%2E./evil", ambiguous),
        .target("P3d", "/a%2fevil", ambiguous),
        .target("P3e", "/a%2Fevil", ambiguous),
        .target("P3f", "/a%5cevil", ambiguous),
        .target("P3g", "/a%5Cevil", ambiguous),
        .target("P3h", "/a/%252e%252e%252fevil", ambiguous),
        .target("P3i", "/a/%25%32%65", ambiguous),
        .target("P3j", "/a/%2e", ambiguous),
        .target("P3k", "/a/b%20c", .forwarded, .target("/a/b%20c")),
        .target("P3l", "/a/100%25", .forwarded, .target("/a/100%25")),
        .target("P3m", "/%61/x", .forwarded, .target("/%61/x")),
        .target("P4a", "//evil/x", ambiguous),
        .target("P4b", "/a//evil", ambiguous),
        .target("P4c", "/a/acme%00evil", ambiguous),
        .target("P4d", "/a//", ambiguous),
        .target("P4e", "/a/", .forwarded, .target("/a/")),
        .target("P4f", "/a/%0d%0aX-Tenant-ID:%20evil", ambiguous),
        .target("P4g", "/a/%7f", ambiguous),
        .target("P5a", "/a/acme;tenant_id=evil/x", ambiguous),
        .target("P5b", "/a;tenant_id=evil/x", ambiguous),
        .target("P5c", "/a/x;tenant%5Fid=evil", ambiguous),
        .target("P5d", "/a/x;a=1;TenantID=evil", ambiguous),
        .target("P5e", "/a/x;tenant_id", ambiguous),
        // Other parameters of a segment stay, where the route does not spell the segment out.
        .target("P5f", "/a/x;jsessionid=1", .forwarded, .target("/a/x;jsessionid=1")),
        .target("P5g", "/a;jsessionid=1", ambiguous),
    ]

    /// P6: what RFC 3986 does not allow raw.
    private static let bytes: [Case] =
        [
            ("a", "<", byte), ("b", ">", byte), ("c", "\"", byte), ("d", "{", byte),
            ("e", "}", byte), ("f", "|", byte), ("g", "^", byte), ("h", "`", byte),
            ("i", "\\", byte), ("j", "\u{80}", byte), ("k", "\u{ff}", byte), ("l", "\u{1}", byte),
            ("m", "\0", byte), ("n", "\u{7f}", byte), ("o", "\t", byte), ("p", "[", byte),
            ("q", " ", Verdict.refused(400, "request.version.malformed")),
            ("r", "%", Verdict.refused(400, "request.target.percent")),
            ("s", "%g1", Verdict.refused(400, "request.target.percent")),
        ].map { letter, text, verdict in .target("P6" + letter, "/a/x\(text)", verdict) }
        + [
            .target("P6za", "/a?x=\u{c3}\u{a9}", byte),
            .target("P6zb", "/a?x=<", byte),
            .target("P6zc", "/a?x=|", byte),
            .target("P6zd", "/a?x[]=1", .forwarded, .target("/a?x[]=1")),
        ]

    private static let byte = Verdict.refused(400, "request.target.byte")
    private static let conflict = Verdict.refused(400, "request.host.conflict")
    private static let scheme = Verdict.refused(400, "request.target.scheme")
    private static let authority = Verdict.refused(400, "request.target.authority")
    private static let form = Verdict.refused(400, "request.target.form")
    private static let line = Verdict.refused(400, "request.line.malformed")

    private static let forms: [Case] = [
        .target("P7a", "http://api.test/a?x=1", .forwarded, .target("/a?x=1"), host),
        .target("P7b", "http://API.test:80/a", .forwarded, .target("/a")),
        .target("P7c", "HTTP://api.test/a?tenant_id=evil", .forwarded, .target("/a")),
        .target("P7d", "http://evil.test/a", conflict),
        .target("P7e", "http://api.test:8080/a", conflict),
        .host("P7f", "", .refused(400, "request.host.missing")),
        .raw("P7g", "GET http://api.test/a HTTP/1.1\r\n{auth}\r\n", .refused(400, missing)),
        .target("P8a", "http://u@api.test/a", userinfo),
        .target("P8b", "http://u:p@api.test/a", userinfo),
        .target("P8c", "ftp://api.test/a", scheme),
        .target("P8d", "http:///a", authority),
        .target("P8e", "http://api.test", .refused(400, "request.target.path_missing")),
        .target("P8f", "http://api.test?x=1", .refused(400, "request.target.path_missing")),
        .target("P8g", "http:/api.test/a", scheme),
        .target("P8h", "a", scheme),
        .target("P8i", "javascript:x", scheme),
        .target("P8j", "http://api.test:0/a", authority),
        .target("P8k", "http://api.test:99999/a", authority),
        .target("P13a", "*", form),
        .raw("P13b", "OPTIONS * HTTP/1.1\r\n{host}\r\n", .answered(204)),
        .raw("P13c", "OPTIONS * HTTP/1.1\r\n{host}X-Tenant-ID: evil\r\n\r\n", .answered(204)),
        .raw("P13d", "OPTIONS *x HTTP/1.1\r\n{host}{auth}\r\n", byte),
        .target("P13e", "api.test:80", scheme),
        .target("P13f", "", line),
    ]

    private static let host = Fact.field("Host", "api.test")
    private static let missing = "request.host.missing"
    private static let userinfo = Verdict.refused(400, "request.target.userinfo")

    private static let badHost = Verdict.refused(400, "request.host.malformed")

    private static let hosts: [Case] = [
        .host("P9a", "X-Host: api.test\r\n", .refused(400, missing)),
        .host("P9b", "{host}Host: evil\r\n", .refused(400, "request.host.repeated")),
        .host("P9c", "{host}{host}", .refused(400, "request.host.repeated")),
        .host("P9d", "Host: acme,evil\r\n", badHost),
        .host("P9e", "Host: acme evil\r\n", badHost),
        .host("P9f", "Host: acme/x\r\n", badHost),
        .host("P9g", "Host: a@evil\r\n", badHost),
        .host("P9h", "Host:\r\n", badHost),
        .host("P9i", "Host: api.test\r\n evil\r\n", .refused(400, "request.field.folded")),
        .host("P9j", "Host: api.test?x\r\n", badHost),
        .host("P9k", "Host: api.test#x\r\n", badHost),
        .host("P9l", "Host: api%2etest\r\n", badHost),
        .host("P9m", "Host: .\r\n", badHost),
        .host("P9n", "Host: " + repeated("a", 300) + "\r\n", badHost),
        hosted("P10a", "shop.test", .forwarded),
        hosted("P10b", "SHOP.Test", .forwarded),
        hosted("P10c", "shop.test.", .forwarded),
        hosted("P10d", "shop.test:80", .forwarded),
        hosted("P10e", "shop.test:8080", .forwarded),
        hosted("P10f", "shop.test:0443", badHost),
        hosted("P10g", "shop.test:", badHost),
        hosted("P10h", "shop.test..", badHost),
        hosted("P10i", "sh\u{c3}\u{b6}p.test", .refused(400, "request.field.value_not_ascii")),
        hosted("P10j", "[fe80::1%25eth0]", badHost),
        hosted("P10k", "[::1]", .declined(404, "route.not_found")),
        hosted("P10l", "other.test", .declined(404, "route.not_found")),
        hosted("P10m", "shop.test.evil", .declined(404, "route.not_found")),
        hosted("P10n", "127.1", badHost),
        hosted("P10o", "0x7f.1", badHost),
        .raw(
            "P10p", "GET /elsewhere HTTP/1.1\r\nHost: other.test\r\n{auth}\r\n", .forwarded,
            .field("X-Forwarded-Host", "other.test"), .field("Host", "{upstream}")),
    ]

    private static func hosted(_ id: String, _ host: String, _ verdict: Verdict) -> Case {
        .raw(id, "GET /hosted HTTP/1.1\r\nHost: \(host)\r\n{auth}\r\n", verdict)
    }

    private static let version = Verdict.refused(400, "request.version.malformed")
    private static let unsupported = Verdict.refused(505, "request.version.unsupported")

    private static let versions: [Case] = [
        .raw("P13g", "GET /a http/1.1\r\n{host}{auth}\r\n", version),
        .raw("P13h", "GET /a HTTP/1.2\r\n{host}{auth}\r\n", unsupported),
        .raw("P13i", "GET /a HTTP/2.0\r\n{host}{auth}\r\n", unsupported),
        .raw("P13j", "GET /a HTTP/1.10\r\n{host}{auth}\r\n", version),
        .raw("P13k", "GET /a HTTP/01.1\r\n{host}{auth}\r\n", version),
        .raw("P13l", "GET /a HTTP/1\r\n{host}{auth}\r\n", version),
        .raw("P13m", "GET /a HTTP/1.1x\r\n{host}{auth}\r\n", version),
        .raw("P13n", "GET /a HTTPS/1.1\r\n{host}{auth}\r\n", version),
        .raw("P13o", "GET /a HTTP/0.9\r\n{host}{auth}\r\n", unsupported),
        .raw("P13p", "GET /a HTTP/1.0\r\n{host}{auth}\r\n", .forwardedLast),
        // HTTP/1.0 knows no Host; the upstream's own address takes its place.
        .raw(
            "P13q", "GET /a HTTP/1.0\r\n{auth}\r\n", .forwardedLast, .field("Host", "{upstream}")),
    ]

    private static let bounds: [Case] = [
        .target("P14a", "/a/" + repeated("x", 8_189), .forwarded),
        .target("P14b", "/a/" + repeated("x", 8_190), .refused(414, "request.target.too_long")),
        .method("P14c", repeated("M", 32), .declined(501, "request.method.unknown")),
        .method("P14d", repeated("M", 33), .refused(501, "request.method.too_long")),
        .method("P14e", "G@T", .refused(400, "request.method.malformed")),
        .method("P14f", "GET\u{0}", .refused(400, "request.method.malformed")),
        .method("P14g", "G\u{c9}T", .refused(400, "request.method.malformed")),
        .method("P14h", "", line),
    ]
}
