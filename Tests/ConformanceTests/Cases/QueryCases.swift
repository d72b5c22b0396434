/// Section Q: the tenant in the query, in every spelling some framework reads as `tenant_id`.
enum QueryCases {
    static let all = plain + spellings + separators + malformed + bounds + injected + bodies

    private static let cleaned = Fact.target("/a?x=1&y=2")

    private static let plain: [Case] = [
        .target("Q1a", "/a?tenant_id=evil", .forwarded, .target("/a"), .stripped(["query_tenant"])),
        .target("Q1b", "/a?x=1&tenant_id=evil&y=2", .forwarded, cleaned),
        .raw(
            "Q1c", "POST /a?tenant_id=evil HTTP/1.1\r\n{host}{auth}Content-Length: 2\r\n\r\nok",
            .forwarded, .target("/a"), .body("ok")),
        .raw(
            "Q1d", "DELETE /a?tenant_id=evil HTTP/1.1\r\n{host}{auth}\r\n", .forwarded,
            .target("/a")),
        .raw(
            "Q1e", "HEAD /a?tenant_id=evil HTTP/1.1\r\n{host}{auth}\r\n", .forwarded,
            .target("/a")),
        .raw(
            "Q1f", "OPTIONS /a?tenant_id=evil HTTP/1.1\r\n{host}{auth}\r\n", .forwarded,
            .target("/a")),
        // Everything else keeps its bytes and its order.
        .target("Q1g", "/a?x=%41+b&tenant_id=evil&&y=&z", .forwarded, .target("/a?x=%41+b&y=&z")),
        .target("Q1h", "/a?&&x=%41&;=;&", .forwarded, .target("/a?&&x=%41&;=;&")),
        .raw("Q1i", "GET /strict/x?tenant_id=evil HTTP/1.1\r\n{host}{auth}\r\n", conflict),
        .raw("Q1j", "GET /same/x?tenant_id=acme HTTP/1.1\r\n{host}{auth}\r\n", .forwarded),
        .raw("Q1k", "GET /same/x?tenant_id=evil HTTP/1.1\r\n{host}{auth}\r\n", conflict),
        .raw(
            "Q1l", "GET /open/x?tenant_id=evil&x=1 HTTP/1.1\r\n{host}\r\n", .forwarded,
            .target("/open/x?x=1")
        ).tenant(nil),
        .target("Q2a", "/a?tenant_id=acme&tenant_id=evil&x=1", .forwarded, .target("/a?x=1")),
        .target("Q2b", "/a?tenant_id=evil&x=1&tenant_id=acme", .forwarded, .target("/a?x=1")),
        .target("Q2c", "/a?x=1&tenant_id=evil&y=2&tenantId=evil", .forwarded, cleaned),
        .target("Q2d", "/a?x=1" + repeated("&tenant_id=evil", 50), .forwarded, .target("/a?x=1")),
        .raw(
            "Q2e", "GET /same/x?tenant_id=acme&tenant_id=evil HTTP/1.1\r\n{host}{auth}\r\n",
            conflict),
    ]

    private static let conflict = Verdict.declined(403, "tenant.conflict")

    /// Each leaves `x=1&y=2`.
    private static let spellings: [Case] =
        names("Q3", encoded) + names("Q4", styles) + names("Q5", paths) + names("Q8", twice)

    /// For forms too, which are queries by another way.
    static let spelt: [String] = encoded + styles + paths + twice

    private static let encoded: [String] = [
        "%74enant_id", "tenant%5Fid", "tenant%5fid", "%74%65%6e%61%6e%74%5f%69%64",
        "%54ENANT_ID", "ten%61nt_id",
    ]

    private static let styles: [String] = [
        "Tenant_Id", "TENANTID", "tenantId", "tenant-id", "TenantID", "X-Tenant-ID",
        "tenant.id", "xTenantId", "tenantid", "org_id", "organizationId", "accountId",
        "workspace_id", "customerExternalId", "app.current_tenant", "tenant", "tenant+id",
        "tenant%20id", "%20tenant_id", "tenant_id%20", "tenant%2Did", "tenant~id",
        "tenant!id",
        "tenant_%C5%BFlug",
    ]

    private static let paths: [String] = [
        "tenant_id[]", "tenant_id%5B%5D", "tenant_id[0]", "tenant_id[$ne]",
        "filter[tenant_id]", "a[b][tenant_id]", "[tenant_id]", "filter%5Btenant_id%5D",
        "where.tenant_id", "tenant_id.eq", "tenant_id:eq", "filter(tenant_id)",
        "tenant_id[",
        "tenant_id]", "tenant_id__in", "tenant_id,", "a/tenant_id",
        "filter[org+id]", "[org+_id]", "filter[org%20id]", "a[b][+org_id+]", "a.account+id",
    ]

    private static let twice: [String] = [
        "tenant%255Fid", "%2574enant_id", "%25%37%34enant_id", "filter%255Btenant_id%255D",
        "tenant%25%35%66id",
    ]

    private static func names(_ vector: String, _ names: [String]) -> [Case] {
        names.enumerated().map { index, name in
            .target(vector + letter(index), "/a?x=1&\(name)=evil&y=2", .forwarded, cleaned)
        }
    }

    private static let badQuery = Verdict.declined(400, "request.query.malformed")

    /// `;` separates for some servers: a query that names a tenant in that reading is refused,
    /// because there is no cleaning that is right for both readings.
    private static let separators: [Case] = [
        .target("Q6a", "/a?a=1;tenant_id=evil", badQuery),
        .target("Q6b", "/a?tenant_id;=evil", badQuery),
        .target("Q6c", "/a?tenant_id=evil;a=1", badQuery),
        .target("Q6d", "/a?a;b;tenant%5Fid=evil", badQuery),
        .target("Q6e", "/a?a=1;b=2", .forwarded, .target("/a?a=1;b=2")),
        .target("Q6f", "/a?x=a%3Btenant_id%3Dmallory", .forwarded),
        .target("Q7a", "/a?tenant_id", .forwarded, .target("/a")),
        .target("Q7b", "/a?tenant_id=", .forwarded, .target("/a")),
        .target("Q7c", "/a?tenant_id==evil", .forwarded, .target("/a")),
        .target("Q7d", "/a?&&tenant_id=evil&&", .forwarded, .target("/a")),
        .target("Q7e", "/a?=x&tenant_id=evil", .forwarded, .target("/a?=x")),
        .target("Q7f", "/a?x=1&tenant_id", .forwarded, .target("/a?x=1")),
    ]

    private static let malformed: [Case] = [
        .target("Q9a", "/a?%ZZ=1", badQuery),
        .target("Q9b", "/a?x=%", badQuery),
        .target("Q9c", "/a?x=%2", badQuery),
        .target("Q9d", "/a?%u0074enant_id=evil", badQuery),
        .target("Q9e", "/a?x=%2&tenant_id=evil", badQuery),
        .target("Q9f", "/a?%&tenant_id=evil", badQuery),
        .target("Q10a", "/a?tenant_id%00x=evil", badQuery),
        .target("Q10b", "/a?tenant_id%0d%0a=evil", badQuery),
        .target("Q10c", "/a?%00tenant_id=evil", badQuery),
        .target("Q10d", "/a?tenant%0a_id=evil", badQuery),
        .target("Q10e", "/a?tenant_id%7f=evil", badQuery),
        .target("Q10f", "/a?x%2500=1", badQuery),
        .target("Q11a", "/a?a=1#&tenant_id=evil", fragment),
        .target("Q11b", "/a#?tenant_id=evil", fragment),
        .target("Q11c", "/a?#", fragment),
        .target("Q11d", "/a?a=1%23&x=1&y=2", .forwarded, .target("/a?a=1%23&x=1&y=2")),
    ]

    private static let fragment = Verdict.refused(400, "request.target.fragment")
    private static let tooLong = "request.target.too_long"

    private static let bounds: [Case] = [
        .target("Q12a", "/a?" + repeated("a&", 999) + "tenant_id=evil", .forwarded),
        .target("Q12b", "/a?" + repeated("a&", 1_000) + "tenant_id=evil", .declined(414, tooLong)),
        .target("Q12c", "/a?" + repeated("a;", 1_000) + "b", .declined(414, tooLong)),
        .target("Q12d", "/a?" + repeated("a", 8_189), .forwarded),
        .target("Q12e", "/a?" + repeated("a", 8_190), .refused(414, tooLong)),
        .target("Q12f", "/a?" + repeated("a", 1 << 20) + "&tenant_id=evil", .refused(414, tooLong)),
        // Readers stop at a thousand, empty ones counted: ours is first, and one of them.
        .target(
            "Q12g", "/q?" + repeated("&", 998), .forwarded,
            .target("/q?tenant_id=acme&" + repeated("&", 998))),
        .target("Q12h", "/q?" + repeated("&", 999), .declined(414, tooLong)),
        .target(
            "Q12i", "/q?" + repeated("a&", 998) + "b", .forwarded,
            .target("/q?tenant_id=acme&" + repeated("a&", 998) + "b")),
        .target("Q12j", "/q?" + repeated("a&", 999) + "b", .declined(414, tooLong)),
        .target("Q12k", "/a?" + repeated("&", 999), .forwarded),
        .target("Q12l", "/a?" + repeated("&", 1_000), .declined(414, tooLong)),
        .target(
            "Q12m", "/q?" + repeated("tenant_id&", 700) + repeated("&", 300),
            .declined(414, tooLong)),
    ]

    private static let injected: [Case] = [
        .target("Q13a", "/q", .forwarded, .target("/q?tenant_id=acme")),
        .target("Q13b", "/q?", .forwarded, .target("/q?tenant_id=acme")),
        .target("Q13c", "/q?x=1", .forwarded, .target("/q?tenant_id=acme&x=1")),
        .target("Q13d", "/q?tenant_id=evil", .forwarded, .target("/q?tenant_id=acme")),
        .target("Q13e", "/q?tenant_id=acme&x=1", .forwarded, .target("/q?tenant_id=acme&x=1")),
        .target("Q13f", "/q?x=1&", .forwarded, .target("/q?tenant_id=acme&x=1&")),
        .target(
            "Q13g", "/q?tenantId[]=evil&%74enant_id=evil", .forwarded,
            .target("/q?tenant_id=acme")),
    ]

    private static let everywhere =
        "{host}{auth}X-Tenant-ID: evil\r\nCookie: tenant_id=evil; a=1\r\n"

    /// Q14: more than one carrier at once.
    private static let bodies: [Case] = [
        .body(
            "Q14a", Case.form, "x=1&tenant_id=evil", .forwarded, .target("/clean/x"), .body("x=1"),
            .stripped(["query_tenant", "body_tenant"]), to: "POST /clean/x?tenant_id=evil"),
        .body(
            "Q14b", Case.json, #"{"tenant_id":"evil"}"#, .forwarded, .target("/clean/x?y=2"),
            .body("{}"), to: "POST /clean/x?tenant_id=evil&y=2"),
        .raw(
            "Q14c",
            "POST /clean/own/evil/x?tenantId=evil&y=2 HTTP/1.1\r\n\(everywhere)"
                + "Content-Type: application/json\r\nContent-Length: 20\r\n\r\n"
                + #"{"tenant_id":"evil"}"#, .forwarded,
            .target("/clean/own/acme/x?tenant_id=acme&y=2"), .body("{}"),
            .field("Cookie", "a=1"),
            .stripped([
                "tenant", "query_tenant", "cookie_tenant", "path_tenant", "body_tenant",
            ])),
        .raw(
            "Q14d",
            "POST /clean/same/x?tenant_id=acme HTTP/1.1\r\n{host}{auth}X-Tenant-ID: acme\r\n"
                + "Cookie: tenant_id=acme\r\nContent-Type: \(Case.form)\r\n"
                + "Content-Length: 18\r\n\r\nx=1&tenant_id=evil", conflict),
        .raw(
            "Q14e",
            "POST /clean/same/x?tenant_id=acme HTTP/1.1\r\n{host}{auth}X-Tenant-ID: acme\r\n"
                + "Cookie: tenant_id=acme\r\nContent-Type: \(Case.form)\r\n"
                + "Content-Length: 18\r\n\r\nx=1&tenant_id=acme", .forwarded,
            .target("/clean/same/x"), .body("x=1"), .lacks("Cookie")),
        // What the head asks for already is refused before a body is waited for.
        .raw(
            "Q14f",
            "POST /clean/strict/x?tenant_id=acme HTTP/1.1\r\n{host}{auth}"
                + "Content-Type: \(Case.json)\r\nContent-Length: 2\r\n\r\n{}", conflict),
        .body(
            "Q14g", Case.form, "x=1&account=evil", .forwarded,
            .target("/into/both?account=acme&y=2"), .body("account=acme&x=1"),
            to: "POST /into/both?account=evil&y=2"),
    ]
}
