/// Section X as far as the gateway answers it: cross-origin requests (X5) and caches (X9).
enum BrowserCases {
    static let all = preflights + responses + caches

    private static let allowOrigin = "Access-Control-Allow-Origin"
    private static let app = "https://app.test"

    private static func preflight(
        _ id: String, _ lines: String, _ verdict: Verdict, _ facts: Fact...
    ) -> Case {
        Case(id, "OPTIONS /browser/x HTTP/1.1\r\n{host}\(lines)\r\n\r\n", verdict, facts)
    }

    private static let put = "\r\nAccess-Control-Request-Method: PUT"
    private static let refused = Verdict.declined(403, "cors.origin")

    private static let preflights: [Case] = [
        preflight(
            "X5a", "Origin: https://app.test" + put, .answered(204), .reply(allowOrigin, app),
            .reply("Access-Control-Allow-Credentials", "true"), .reply("Vary", vary)),
        preflight("X5b", "Origin: https://evil.test" + put, refused, .replyLacks(allowOrigin)),
        preflight("X5c", "Origin: null" + put, refused, .replyLacks(allowOrigin)),
        preflight("X5d", "Origin: https://app.test.evil" + put, refused, .replyLacks(allowOrigin)),
        preflight("X5e", "Origin: http://app.test" + put, refused, .replyLacks(allowOrigin)),
        preflight("X5f", "Origin: https://APP.test" + put, refused, .replyLacks(allowOrigin)),
        preflight("X5g", "Origin: https://app.test:443" + put, refused, .replyLacks(allowOrigin)),
        preflight("X5h", "Origin: *" + put, refused, .replyLacks(allowOrigin)),
        preflight(
            "X5i", "Origin: https://app.test\r\nX-Tenant-ID: evil" + put, .answered(204)),
        preflight(
            "X5j",
            "Origin: https://app.test" + put
                + "\r\nAccess-Control-Request-Headers: x-tenant-id, content-type", .answered(204),
            .reply("Access-Control-Allow-Headers", "content-type")),
        // Two origins are no preflight, and an ordinary OPTIONS needs a credential.
        preflight(
            "X5k", "Origin: https://app.test\r\nOrigin: https://evil.test" + put,
            .declined(401, "token.missing"), .replyLacks(allowOrigin)),
        preflight("X5l", "Origin: https://app.test", .declined(401, "token.missing")),
        .raw(
            "X5m", "OPTIONS /a HTTP/1.1\r\n{host}Origin: https://app.test\(put)\r\n\r\n",
            .declined(401, "token.missing"), .replyLacks(allowOrigin)),
        preflight(
            "X5n", "Origin: https://app.test\r\nAccess-Control-Request-Method: TRACE",
            .declined(401, "token.missing")),
    ]

    private static let vary =
        "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"

    private static func browser(
        _ id: String, _ lines: String, _ verdict: Verdict, _ facts: Fact...
    ) -> Case {
        Case(id, "GET /browser/x HTTP/1.1\r\n{host}\(lines)\r\n\r\n", verdict, facts)
    }

    private static let responses: [Case] = [
        browser(
            "X5o", "{auth}Origin: https://app.test", .forwarded, .reply(allowOrigin, app),
            .reply("Vary", "Origin")),
        browser(
            "X5p", "{auth}Origin: https://mallory.test", .forwarded, .replyLacks(allowOrigin),
            .reply("Vary", "Origin")),
        browser("X5q", "{auth}Origin: null", .forwarded, .replyLacks(allowOrigin)),
        browser(
            "X5r", "{auth}X-A: 1", .forwarded, .replyLacks(allowOrigin), .reply("Vary", "Origin")),
        browser(
            "X5s", "Origin: https://app.test", .declined(401, "token.missing"),
            .reply(allowOrigin, app), .reply("Vary", "Origin")),
        browser(
            "X5t", "{auth}Origin: https://app.test\r\nOrigin: https://app.test", .forwarded,
            .replyLacks(allowOrigin)),
    ]

    private static let isPrivate = Fact.reply("Cache-Control", "private, no-store")

    private static let caches: [Case] = [
        .get("X9a", "X-A: 1", .forwarded, isPrivate),
        .get("X9b", "X-A: 1", .forwarded, .replyLacks("CDN-Cache-Control")),
        .get("X9c", "X-A: 1", .forwarded, .replyLacks("Surrogate-Control")),
        .raw("X9d", "HEAD /a HTTP/1.1\r\n{host}{auth}\r\n", .forwarded, isPrivate),
        .raw(
            "X9e", "GET /open/x HTTP/1.1\r\n{host}\r\n", .forwarded,
            .reply("Cache-Control", "public, max-age=600")
        ).tenant(nil),
        .bare("X9f", "X: 1", .declined(401, "token.missing"), .reply("Cache-Control", "no-store")),
        .target(
            "X9g", "/nowhere", .declined(404, "route.not_found"),
            .reply("Cache-Control", "no-store")),
    ]
}
