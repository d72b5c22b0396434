/// The declaration of `tests/*.test.yaml`.
enum PolicyTestShape {
    static let repeatsMax = 100_000
    /// From a millisecond to a day.
    static let pause = PolicyShape.scalar(.duration(1...86_400_000, isWholeSeconds: false))

    static let root = PolicyRecord(
        "a test file",
        [
            PolicyKey("version", .scalar(.version), required: true, "Version of the file format."),
            PolicyKey(
                "clock", .scalar(.text), default: "2026-01-01T00:00:00Z",
                "What time it is when a case begins (UTC)."),
            PolicyKey(
                "tokens", .table(.record(token), names: GatewayShape.name, noun: "tokens"),
                "Credentials, made for the test and signed by keys that only the test knows."),
            TestCredentialShape.keys, TestCredentialShape.sessions,
            TestCredentialShape.certificates,
            PolicyKey(
                "tenants", .anything,
                "Tenants in place of the policy's own, as in the tenants file."),
            PolicyKey(
                "cases", .list(.record(testCase), minimum: 1), required: true,
                "What is tried; each case begins with nothing charged."),
        ])

    static let token = PolicyRecord(
        "a token",
        [
            PolicyKey(
                "issuer", .scalar(.reference(.issuer, or: [], notYet: [])), "Whose token it is."),
            PolicyKey(
                "vendor", .scalar(.reference(.vendor, or: [], notYet: [])),
                "Whose key it is, where `auth: vendor` is."),
            PolicyKey(
                "claims", .anything,
                "Its claims; `iss`, `aud`, `iat` and `exp` are added where they are missing. Text "
                    + "in quotes is a string, whatever it looks like."),
            PolicyKey(
                "ttl", .scalar(.duration(1_000...31_536_000_000, isWholeSeconds: true)),
                default: "5m", "How long it lives, from `clock` on."),
            PolicyKey("type", .scalar(.text), "Its `typ`."),
            PolicyKey(
                "forged", .scalar(.boolean), default: "false",
                "Signed by a key that is nobody's."),
        ])

    static let testCase = PolicyRecord(
        "a case",
        [
            PolicyKey("name", .scalar(.text), required: true, "What it proves."),
            PolicyKey(
                "after", pause, "Time that passes before the first request."),
            PolicyKey(
                "repeat", .scalar(.integer(1...repeatsMax, or: [])), default: "1",
                "How often the request is sent; the last one is judged."),
            PolicyKey("every", pause, "Time that passes between two of them."),
            PolicyKey("request", .record(request), required: true, "What is sent."),
            PolicyKey("expect", .record(expect), required: true, "What comes of it."),
        ])

    static let request = PolicyRecord(
        "a request",
        [
            PolicyKey("method", .scalar(.text), default: "GET", "Its method."),
            PolicyKey("url", .scalar(.text), required: true, "Where it goes: a URL, or a path."),
            PolicyKey("token", .scalar(.text), "One of `tokens`, sent as bearer token."),
            PolicyKey("key", .scalar(.text), "One of `keys`."),
            PolicyKey("session", .scalar(.text), "One of `sessions`."),
            PolicyKey(
                "certificate", .scalar(.text), "One of `certificates`, shown in the handshake."),
            PolicyKey(
                "headers", .table(.oneOrList(.text), names: .headerName, noun: "headers"),
                "Fields of its head."),
            PolicyKey("body", .anything, "Its body as text."),
            PolicyKey(
                "json", .anything,
                "Its body as JSON; `Content-Type: application/json` is added."),
            PolicyKey(
                "from", .scalar(.text), default: "192.0.2.1", "The address it comes from."),
        ])

    static let expect = PolicyRecord(
        "an expectation",
        [
            PolicyKey(
                "decision", .scalar(.word(["forward", "refuse", "answer"], notYet: [])),
                "Whether it goes upstream, is refused, or is answered by the gateway itself."),
            PolicyKey(
                "status", .scalar(.integer(100...599, or: [])),
                "Status of the answer; every upstream answers 200."),
            PolicyKey("code", .scalar(.text), "Code of the refusal."),
            PolicyKey("route", .scalar(.text), "Name of the route that took it."),
            PolicyKey("tenant", .scalar(.text), "External id of the tenant it acts for."),
            PolicyKey(
                "upstream", .scalar(.reference(.upstream, or: [], notYet: [])),
                "Where it goes."),
            PolicyKey("sent", .record(sent), "The request as the upstream sees it."),
            PolicyKey(
                "headers", .table(.scalar(.text), names: .headerName, noun: "headers"),
                "Fields of the answer; the last of equal ones counts."),
        ])

    static let sent = PolicyRecord(
        "what is sent",
        [
            PolicyKey("method", .scalar(.text), "Its method."),
            PolicyKey("path", .scalar(.text), "Its path without the query."),
            PolicyKey("query", .anything, "Its query, byte for byte; \"\" for none."),
            PolicyKey(
                "headers", .table(.scalar(.text), names: .headerName, noun: "headers"),
                "Fields it has exactly once, with this value."),
            PolicyKey(
                "without", .list(.scalar(.headerName), minimum: 1), "Fields it does not have."),
            PolicyKey("body", .anything, "Its body, byte for byte."),
            PolicyKey(
                "json", .anything, "Its body as JSON, whatever the order of members."),
        ])
}
