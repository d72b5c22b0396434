/// Section U: tunnels, upgrades and methods in other places. U4 is in `PendingCases`.
enum MethodCases {
    static let all = tunnels + upgrades + overrides

    private static let notAllowed = Verdict.declined(405, "route.method")

    /// After a refused CONNECT the connection still speaks HTTP (RFC 9110 section 9.3.6): what
    /// follows is the next request, with its own credential, and never tunnelled.
    private static let tunnels: [Case] = [
        .raw(
            "U1a", "CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\n{auth}\r\n", notAllowed),
        .raw("U1b", "CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\n\r\n", notAllowed),
        .raw(
            "U1c", "CONNECT api.test HTTP/1.1\r\n{host}{auth}\r\n",
            .refused(400, "request.target.authority")),
        .raw(
            "U1d", "CONNECT /a HTTP/1.1\r\n{host}{auth}\r\n",
            .refused(400, "request.target.authority")),
        .raw(
            "U1e", "CONNECT evil.test:443 HTTP/1.1\r\n{host}{auth}\r\n",
            .refused(400, "request.host.conflict")),
        .raw(
            "U1f",
            "CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\n{auth}"
                + "Content-Length: 5\r\n\r\nhello",
            notAllowed),
        .method("U2a", "TRACE", notAllowed),
        .method("U2b", "TRACK", notAllowed),
        .raw("U2c", "TRACE /a HTTP/1.1\r\n{host}{auth}Max-Forwards: 0\r\n\r\n", notAllowed),
        .raw("U2d", "OPTIONS /a HTTP/1.1\r\n{host}{auth}Max-Forwards: 0\r\n\r\n", .forwarded, hops),
        .method("U2e", "DEBUG", .declined(501, "request.method.unknown")),
    ]

    private static let hops = Fact.lacks("Max-Forwards")

    private static let upgrades: [Case] = [
        .get(
            "U3a",
            "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
                + "Connection: Upgrade, HTTP2-Settings",
            .forwarded, .lacks("Upgrade"), .lacks("HTTP2-Settings")),
        .get("U3b", "Upgrade: HTTP/2.0\r\nConnection: Upgrade", .forwarded, .lacks("Upgrade")),
        .get("U3c", "Upgrade: TLS/1.0\r\nConnection: Upgrade", .forwarded, .lacks("Upgrade")),
        .get("U3d", "Upgrade: anything\r\nConnection: Upgrade", .forwarded, .lacks("Upgrade")),
        .get("U3e", "Upgrade: h2c", .forwarded, .lacks("Upgrade")),
        .raw(
            "U3f",
            "POST /a HTTP/1.1\r\n{host}{auth}Upgrade: h2c\r\nConnection: Upgrade\r\n"
                + "Content-Length: 2\r\n\r\nok", .forwarded, .lacks("Upgrade"), .body("ok")),
        .raw(
            "U3g", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0",
            .refused(400, "request.target.form")),
        .get("U8a", "Max-Forwards: 1", .forwarded, hops),
        .get("U8b", "Proxy-Authorization: Basic evil", .forwarded, .lacks("Proxy-Authorization")),
        .get("U8c", "Proxy-Connection: keep-alive", .forwarded, .lacks("Proxy-Connection")),
        .get("U8d", "Keep-Alive: timeout=100", .forwarded, .lacks("Keep-Alive")),
        .get("U8e", "Proxy-Anything: 1", .forwarded, .lacks("Proxy-Anything")),
        .get("U8f", "TE: trailers, deflate", .forwarded, .lacks("TE")),
        .get("U8g", "Expect: 100-continue", .forwarded, .lacks("Expect")),
        .get("U8h", "Expect: magic", .refused(417, "request.field.expect")),
    ]

    private static let overrides: [Case] = [
        .get("U5a", "X-HTTP-Method-Override: DELETE", .forwarded, .method("GET")),
        .get("U5b", "X-HTTP-Method: DELETE", .forwarded, .lacks("X-HTTP-Method")),
        .get("U5c", "X-Method-Override: DELETE", .forwarded, .lacks("X-Method-Override")),
        .get("U5d", "X_HTTP_Method_Override: DELETE", .forwarded, .lacks("X_HTTP_Method_Override")),
        .target("U5e", "/a?_method=DELETE&x=1", .forwarded, .target("/a?x=1")),
        .target("U5f", "/a?x=1&%5fMETHOD=DELETE", .forwarded, .target("/a?x=1")),
        .body(
            "U5i", Case.form, "x=1&%5Fmethod=DELETE", .forwarded, .method("POST"), .body("x=1")),
        .body(
            "U5j", Case.multipart,
            "--b\r\nContent-Disposition: form-data; name=\"_method\"\r\n\r\nDELETE\r\n--b--\r\n",
            .forwarded, .method("POST"), .body("--b--\r\n")),
        .target("U5g", "/a?method=x", .forwarded, .target("/a?method=x")),
        .target("U5h", "/a?x=1;_method=DELETE", .declined(400, "request.query.malformed")),
        .method("U6a", "FOO", .declined(501, "request.method.unknown")),
        .method("U6b", "get", .refused(400, "request.method.case")),
        .method("U6c", "Get", .refused(400, "request.method.case")),
        .raw(
            "U6d", "POST /reading/x HTTP/1.1\r\n{host}{auth}\r\n", notAllowed,
            .reply("Allow", "GET, HEAD")),
        .raw("U6e", "HEAD /reading/x HTTP/1.1\r\n{host}{auth}\r\n", .forwarded, .method("HEAD")),
        .raw("U6f", "DELETE /reading/x HTTP/1.1\r\n{host}\r\n", notAllowed),
        .method("U6g", "PROPFIND", .declined(501, "request.method.unknown")),
    ]
}
