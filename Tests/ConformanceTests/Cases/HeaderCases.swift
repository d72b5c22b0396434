/// Section H: the tenant in a field, in every spelling, and fields that two readers could read in
/// two ways.
enum HeaderCases {
    static let all = spoofed + nominated + malformed + trailers + aliases + trusted + bounds

    /// `client_value: strip` is the default: the field goes, the request goes on.
    private static let spoofed: [Case] = [
        .get("H1a", "X-Tenant-ID: evil", .forwarded, .stripped(["tenant"])),
        .get("H1b", "X-Tenant-ID:evil", .forwarded, .stripped(["tenant"])),
        .get("H1c", "X-Tenant-ID: \t evil \t", .forwarded, .stripped(["tenant"])),
        .get("H1d", "X-Tenant-ID:", .forwarded, .stripped(["tenant"])),
        .post("H1e", "X-Tenant-ID: evil\r\nContent-Length: 2", "ok", .forwarded, .body("ok")),
        // The stricter modes of a route.
        .raw("H1f", "GET /strict/x HTTP/1.1\r\n{host}{auth}X-Tenant-ID: evil\r\n\r\n", conflict),
        .raw("H1g", "GET /strict/x HTTP/1.1\r\n{host}{auth}X-Tenant-ID: acme\r\n\r\n", conflict),
        .raw("H1h", "GET /same/x HTTP/1.1\r\n{host}{auth}X-Tenant-ID: evil\r\n\r\n", conflict),
        .raw("H1i", "GET /same/x HTTP/1.1\r\n{host}{auth}X-Tenant-ID: acme\r\n\r\n", .forwarded),
        .raw("H1j", "GET /same/x HTTP/1.1\r\n{host}{auth}X-Tenant-ID: ACME\r\n\r\n", conflict),
        // INV-1 where no credential is asked for: no tenant at all.
        .raw("H1k", "GET /open/x HTTP/1.1\r\n{host}X-Tenant-ID: evil\r\n\r\n", .forwarded)
            .tenant(nil),
        .raw("H1l", "GET /open/x HTTP/1.1\r\n{host}{auth}X-Tenant-ID: evil\r\n\r\n", .forwarded)
            .tenant(nil),
        .get("H2a", "x-tenant-id: evil", .forwarded, .stripped(["tenant"])),
        .get("H2b", "X-TENANT-ID: evil", .forwarded, .stripped(["tenant"])),
        .get("H2c", "x-TeNaNt-Id: evil", .forwarded, .stripped(["tenant"])),
        .raw("H2d", "GET /strict/x HTTP/1.1\r\n{host}{auth}x-tenant-id: evil\r\n\r\n", conflict),
        .get("H3a", "X-Tenant-ID: evil\r\nX-Tenant-ID: acme\r\nX-Tenant-ID: evil", .forwarded),
        .get("H3b", "X-Tenant-ID: acme\r\nA: 1\r\nX-Tenant-ID: evil", .forwarded, .field("A", "1")),
        .raw(
            "H3c", "GET /a HTTP/1.1\r\nX-Tenant-ID: evil\r\n{host}X-Tenant-ID: acme\r\n{auth}\r\n",
            .forwarded),
        .raw(
            "H3d",
            "GET /same/x HTTP/1.1\r\n{host}{auth}X-Tenant-ID: acme\r\nX-Tenant-ID: evil\r\n\r\n",
            conflict),
        .get("H4a", "X_Tenant_ID: evil", .forwarded, .stripped(["tenant"])),
        .get("H4b", "X-Tenant_ID: evil", .forwarded, .stripped(["tenant"])),
        .get("H4c", "X_Tenant-ID: evil", .forwarded, .stripped(["tenant"])),
        // CGI folds more than `_`: any name of other than letters, digits and `-` is dropped.
        .get("H4d", "X_Color: evil", .forwarded, .lacks("X_Color"), .stripped(["irregular_name"])),
        .get("H4e", "X.Tenant.ID: evil", .forwarded, .stripped(["tenant"])),
        .get("H4f", "X~Color: evil", .forwarded, .stripped(["irregular_name"])),
        .get("H4g", "HTTP_X_TENANT_ID: evil", .forwarded, .stripped(["tenant"])),
        .get("H4h", "Content_Length: 6", .forwarded, .lacks("Content_Length")),
        .raw("H4i", "GET /strict/x HTTP/1.1\r\n{host}{auth}X_Tenant_ID: evil\r\n\r\n", conflict),
    ]

    private static let conflict = Verdict.declined(403, "tenant.conflict")

    /// What `Connection` nominates is gone before the tenant is written.
    private static let nominated: [Case] = [
        .get("H5a", "Connection: close, X-Tenant-ID", .forwardedLast),
        .get("H5b", "Connection: close, X-Tenant-ID\r\nX-Tenant-ID: evil", .forwardedLast),
        .get("H5c", "Connection: keep-alive, X-Tenant-ID\r\nX-Tenant-ID: evil", .forwarded),
        .get("H5d", "Connection: X-Tenant-ID, X-Tenant-Tier", .forwarded, tier),
        .get("H6a", "Connection: keep-alive\r\nConnection: x-tenant-id", .forwarded),
        .get("H6b", "connection:\tx-tenant-id", .forwarded),
        .get("H6c", "Connection: ,,X-TENANT-ID ,", .forwarded),
        .get("H6d", "Proxy-Connection: X-Tenant-ID", .forwarded, .stripped(["hop_by_hop"])),
        .get(
            "H6e", "Connection: Host, Via, X-Request-ID, X-Forwarded-For, traceparent", .forwarded,
            .field("Host", "api.test"), .field("Via", "1.1 ringfence"),
            .field("X-Forwarded-For", "{client}")),
        .get("H6f", "Connection: Authorization", .forwarded),
        .get("H6g", "Connection: X-Hop\r\nX-Hop: 1\r\nX-Kept: 2", .forwarded, .lacks("X-Hop")),
        .post(
            "H6h", "Connection: Content-Length\r\nContent-Length: 2", "ok",
            .forwarded, .body("ok")),
        .get("H6i", "Connection: Cookie\r\nCookie: a=1", .forwarded, .lacks("Cookie")),
        .get("H6j", "Connection: X-Tenant-ID: evil", refused("request.field.connection")),
        .get("H6k", "Connection: " + repeated("a,", 33), .refused(431, connectionBound)),
    ]

    private static let tier = Fact.field("X-Tenant-Tier", "FREE")
    private static let connectionBound = "request.field.connection_too_many"

    private static func refused(_ code: String) -> Verdict { .refused(400, code) }
    private static let space = refused("request.field.name_space")
    private static let indented = refused("request.field.indented")
    private static let folded = refused("request.field.folded")
    private static let bareLF = refused("request.line.bare_lf")
    private static let bareCR = refused("request.line.bare_cr")
    private static let nameByte = refused("request.field.name_byte")
    private static let valueByte = refused("request.field.value_byte")
    private static let notASCII = refused("request.field.value_not_ascii")

    /// RFC 9112 section 5: refused, because some reader takes them for the field they hide.
    private static let malformed: [Case] = [
        .get("H7a", "X-Tenant-ID : evil", space),
        .get("H7b", "X-Tenant-ID\t: evil", space),
        .get("H7c", "Content-Length : 0", space),
        .raw("H8a", "GET /a HTTP/1.1\r\n X-Tenant-ID: evil\r\n{host}{auth}\r\n", indented),
        .raw("H8b", "GET /a HTTP/1.1\r\n\tX-Tenant-ID: evil\r\n{host}{auth}\r\n", indented),
        .raw("H8c", "GET /a HTTP/1.1\r\n Host: evil\r\n{host}{auth}\r\n", indented),
        .get("H9a", "X-A: b\r\n X-Tenant-ID: evil", folded),
        .get("H9b", "X-Tenant-ID:\r\n evil", folded),
        .get("H9c", "X-A: b\r\n\tc", folded),
        .get("H9d", "X-A: b\r\n \r\nX-Tenant-ID: evil", folded),
        .get("H10a", "X-A: b\nX-Tenant-ID: evil", bareLF),
        .get("H10b", "X-A: b\n\r\nX-Tenant-ID: evil", bareLF),
        .get("H10c", "X-A: b\n\nX-Tenant-ID: evil", bareLF),
        .get("H11a", "X-A: b\rX-Tenant-ID: evil", bareCR),
        .get("H11b", "X-A: b\r\rX-Tenant-ID: evil", bareCR),
        .get("H11c", "X-A\r: b", refused("request.field.colon_missing")),
        .get("H12a", "X-A: b\0", valueByte),
        .get("H12b", "X-Tenant-ID\0: evil", nameByte),
        .get("H12c", "X-A: b\u{1}", valueByte),
        .get("H12d", "X-A: b\u{1f}c", valueByte),
        .get("H12e", "X-A: b\u{7f}", valueByte),
        .get("H12f", "X\u{7f}A: b", nameByte),
        .get("H12g", "X-A: b\u{b}X-Tenant-ID: evil", valueByte),
        .get("H12h", "X-A: b\u{8}", valueByte),
        .get("H13a", "X-Tenant-ID\u{ad}: evil", nameByte),
        .get("H13b", "\u{ef}\u{bc}\u{b8}-Tenant-ID: evil", nameByte),
        .get("H13c", "\u{c1}\u{98}-Tenant-ID: evil", nameByte),
        .get("H13d", "X-A: caf\u{c3}\u{a9}", notASCII),
        .get("H13e", "X-A: \u{ff}", notASCII),
        .get("H14a", ": evil", refused("request.field.name_empty")),
        .get("H14b", "X-Tenant-ID evil", space),
        .get("H14c", "X-Tenant-ID", refused("request.field.colon_missing")),
        .get("H14d", "X-A: b\r\n   ", folded),
        .get("H14e", "X-A: b\r\n: c\r\nX-Tenant-ID: evil", refused("request.field.name_empty")),
        .get("H14f", "X(A): b", nameByte),
        .get("H14g", "\"X-A\": b", nameByte),
    ]

    /// Request trailers are dropped without being looked at, so none is on record.
    private static let trailers: [Case] = [
        .chunked(
            "H15a", "2\r\nok\r\n0\r\nX-Tenant-ID: evil\r\n\r\n", .forwarded, .body("ok"), .unaudited
        ),
        .post(
            "H15b", "Trailer: X-Tenant-ID\r\nTransfer-Encoding: chunked",
            "2\r\nok\r\n0\r\nX-Tenant-ID: evil\r\n\r\n", .forwarded, .lacks("Trailer")),
        .post(
            "H15c", "TE: trailers\r\nConnection: TE\r\nTransfer-Encoding: chunked",
            "0\r\nX-Tenant-ID: evil\r\n\r\n", .forwarded, .lacks("TE")),
        .chunked(
            "H15d", "0\r\nAuthorization: Bearer evil\r\nHost: evil\r\n\r\n",
            .forwarded, .unaudited),
        .chunked("H15e", "0\r\nX-Tenant-ID : evil\r\n\r\n", .cut(400, "request.field.name_space")),
        .chunked(
            "H15f", "0\r\nX-A: b\nX-Tenant-ID: evil\r\n\r\n", .cut(400, "request.line.bare_lf")),
        .chunked("H15g", "0\r\n X-Tenant-ID: evil\r\n\r\n", .cut(400, "request.field.folded")),
        .chunked(
            "H15h", "0\r\nX-A: " + repeated("b", 20_000) + "\r\n\r\n",
            .cut(431, "request.chunk.trailers_too_large")),
        .raw(
            "H15i",
            "POST /signed/x HTTP/1.1\r\n{host}{auth}Transfer-Encoding: chunked\r\n\r\n"
                + "2\r\nok\r\n0\r\nX-Tenant-ID: evil\r\n\r\n", .forwarded, .body("ok"),
            .field("Content-Length", "2"), .unaudited),
    ]

    /// The set is the policy's: `workspace` is a tenant's name on the route that says so.
    private static let aliases: [Case] =
        [
            "X-Scope-OrgID", "X-Org-Id", "X-Organization-Id", "X-Organisation-Id", "X-Account-Id",
            "X-Customer-External-Id", "Thanos-Tenant", "Tenant", "X-Tenant", "X-Workspace-ID",
            "Tenant-ID", "TenantId", "X-Tenant-Name", "X-Tenant-Slug", "X-Tenant-Key",
            "Grpc-Metadata-Tenant-ID", "X-X-Tenant-ID", "Tenant-ID-Bin", "App.Current_Tenant",
            "X-Current-Tenant",
        ].enumerated().map { index, name in
            Case.get(
                "H16" + letter(index), "\(name): evil", .forwarded, .lacks(name),
                .stripped(["tenant"]))
        } + [
            .raw(
                "H16za", "GET /named/x HTTP/1.1\r\n{host}{auth}X-Workspace: evil\r\n\r\n",
                .forwarded),
            .get("H16zb", "X-Workspace: blue", .forwarded, .field("X-Workspace", "blue")),
        ]

    /// Whatever a proxy in front would say is the gateway's to say: nobody is trusted by default.
    private static let trusted: [Case] =
        [
            "X-Real-IP", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Client-Cert",
            "X-SSL-Client-Verify", "X-Envoy-External-Address", "X-Accel-Internal",
            "X-Internal-User", "X-Forwarded-Port", "X-Forwarded-Uri", "X-Forwarded-Prefix",
            "X-Forwarded-User", "True-Client-IP", "CF-Connecting-IP", "Client-IP", "Remote-User",
            "X-Auth-Request-Email", "X-Original-Host", "X_Forwarded_User", "X-Consumer-ID",
            "Client-Cert", "X-Host",
        ].enumerated().map { index, name in
            Case.get(
                "H17" + letter(index), "\(name): evil", .forwarded, .lacks(name),
                .stripped(["identity"]))
        } + [
            .get(
                "H17za", "X-Forwarded-For: evil", .forwarded,
                .field("X-Forwarded-For", "{client}")),
            .get(
                "H17zb", "X-Forwarded-Host: evil", .forwarded,
                .field("X-Forwarded-Host", "api.test")),
            .get("H17zc", "X-Forwarded-Proto: evil", .forwarded, .stripped(["identity"])),
            .get("H17zd", "Forwarded: for=evil;host=evil", .forwarded, .stripped(["identity"])),
            .get(
                "H17ze", "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: evil", .forwarded,
                .field("X-Forwarded-For", "{client}")),
            .get("H18a", "X-Tenant-Tier: evil", .forwarded, tier, .stripped(["gateway_own"])),
            .get("H18b", "X_Tenant_Tier: evil", .forwarded, tier, .lacks("X_Tenant_Tier")),
            .get("H18c", "X-Request-ID: evil", .forwarded, .stripped(["gateway_own"])),
            .get("H18d", "Ringfence-Assertion: evil", .forwarded, .lacks("Ringfence-Assertion")),
            .get("H18e", "X-Ringfence-Role: evil", .forwarded, .lacks("X-Ringfence-Role")),
            .get("H18f", "traceparent: evil\r\ntracestate: evil", .forwarded, .lacks("tracestate")),
            .get("H18g", "baggage: tenant_id=evil", .forwarded, .lacks("baggage")),
            .raw(
                "H18h", "GET /signed/x HTTP/1.1\r\n{host}{auth}Ringfence-Assertion: evil\r\n\r\n",
                .forwarded),
            .get(
                "H19a", "User-Agent: x%0d%0aX-Color: red", .forwarded, .field("User-Agent", literal)
            ),
            .get("H19b", #"User-Agent: x\r\nX-Color: red"#, .forwarded, .lacks("X-Color")),
            .get("H19c", "X-A:  b  c  ", .forwarded, .field("X-A", "b  c")),
        ]

    private static let literal = "x%0d%0aX-Color: red"

    /// Two fields are there already: `Host` and `Authorization`.
    private static let bounds: [Case] = [
        .get("H20a", lines(98), .forwarded, .field("F97", "1")),
        .get("H20b", lines(99), .refused(431, "request.field.too_many")),
        .get("H20c", lines(2_000), .refused(431, "request.field.too_many")),
        .get("H20d", "A: " + repeated("b", 16_383), .forwarded),
        .get("H20e", "A: " + repeated("b", 16_384), .refused(431, valueBound)),
        .get("H20f", "A: " + repeated("b", 65_536), .refused(431, valueBound)),
        .get("H20g", heavy(5), .refused(431, "request.head.too_large")),
        .get("H20h", repeated("n", 256) + ": 1", .forwarded, .field(repeated("n", 256), "1")),
        .get("H20i", repeated("n", 257) + ": 1", .refused(431, nameBound)),
        .get("H20j", repeated("n", 8_192) + ": 1", .refused(431, nameBound)),
        .get("H20k", repeated("n", 70_000), .refused(431, nameBound)),
    ]

    private static let valueBound = "request.field.value_too_long"
    private static let nameBound = "request.field.name_too_long"

    private static func lines(_ count: Int) -> String {
        (0..<count).map { "F\($0): 1" }.joined(separator: "\r\n")
    }

    private static func heavy(_ count: Int) -> String {
        (0..<count).map { "F\($0): " + repeated("b", 14_000) }.joined(separator: "\r\n")
    }
}

func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

/// `a` to `z`.
func letter(_ index: Int) -> String {
    String(Character(Unicode.Scalar(UInt8(ascii: "a") + UInt8(index % 26))))
}
