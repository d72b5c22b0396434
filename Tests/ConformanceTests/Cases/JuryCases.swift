/// What real web stacks read as the foreign tenant before it was cleaned or refused: every finding
/// of docs/jury.md again, so that it is noticed without any of them installed.
enum JuryCases {
    static let all = queries + forms + boundaries + parts + paths + cookies

    private static let badQuery = Verdict.declined(400, "request.query.malformed")
    private static let ambiguous = Verdict.declined(400, "request.path.ambiguous")

    /// qs ends a name behind the first `]=`, not at the first `=`.
    private static let brackets = [
        "a[b=c][tenant_id]=evil", "a[=][tenant_id]=evil", "a=[tenant_id]=evil",
        "a[=?tenant_id]=evil", "a[b=c%5D[tenant_id]=evil", "a[b=c][=][tenant_id]=evil",
        "a[b=c][tenant_id%5D=evil", "x=1&a[b=c][tenantId]=evil&y=2", "a[b=c][d=e][org_id]=evil",
    ]

    private static let queries: [Case] =
        Case.rows("Q6", from: 6, brackets) { id, text in .target(id, "/a?\(text)", badQuery) }
        + [
            .target("Q6p", "/a?a[b=c]=1", .forwarded, .target("/a?a[b=c]=1")),
            .target(
                "Q6r", "/a?a[b=c]=1][tenant_id]=x", .forwarded, .target("/a?a[b=c]=1][tenant_id]=x")
            ),
            .target("Q6q", "/a?a[b=c][d]=1", .forwarded, .target("/a?a[b=c][d]=1")),
        ]

    private static let forms: [Case] =
        Case.rows("B17", from: 200, brackets) { id, text in
            .body(id, Case.form, text, Case.malformed)
        } + [.kept("B17" + place(209), Case.form, "a[b=c][d]=1")]

    private static func part(_ head: String, _ content: String = "evil") -> String {
        "--b\r\n\(head)\r\n\r\n\(content)\r\n--b--\r\n"
    }

    private static let evil = part("Content-Disposition: form-data; name=\"tenant_id\"")

    /// One body within another, each whole for somebody: which of both is read, a parameter says.
    private static let twoFaced =
        "--c\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n\(evil)\r\n--c--\r\n"

    private static let boundaries: [Case] =
        Case.rows(
            "B18", from: 130,
            [
                "multipart/form-data; xboundary=b; boundary=c",
                "multipart/form-data; boundary=c; xboundary=b",
                "multipart/form-data; boundary*=utf-8''b",
                "multipart/form-data; boundary*=utf-8''b; boundary=c",
                "multipart/form-data; boundary=c; boundary*=utf-8''b",
                "multipart/form-data; boundary*0=b; boundary=c",
                "multipart/form-data; x=\";boundary=b;\"; boundary=c",
                "multipart/form-data; boundary=c; x=\";boundary=b;\"",
                "multipart/form-data; boundary=\"b,c\"", "multipart/form-data; boundary=\"b;c\"",
                "multipart/form-data; boundary=\"c\\b\"",
                "multipart/form-data; boundary=c; boundary='b'",
                "multipart/form-data; a=b; boundary=c",
                "multipart/form-data; boundary=\"=?utf-8?q?b?=\"",
                "multipart/form-data, multipart/form-data; boundary=b",
            ]
        ) { id, type in .body(id, type, twoFaced, Case.unreadable) }

    /// Heads of parts in which somebody finds another name than the first one.
    private static let parts: [Case] = Case.rows(
        "B19", from: 40,
        [
            // Rack takes the last `name=`, inside of quotes or not.
            "Content-Disposition: form-data; filename=\"; name=tenant_id;\"; name=\"x\"",
            "Content-Disposition: form-data; name=\"x\"; filename=\"; name=tenant_id;\"",
            "Content-Disposition: form-data; filename=\"a;name=tenant_id\"; name=\"x\"",
            "Content-Disposition: form-data; filename=\"a; name='tenant_id'\"; name=\"x\"",
            "Content-Disposition: form-data; name=\"x; name=tenant_id\"",
            "Content-Disposition: form-data; name=\"x\"; filename=\"a.txt; NAME = tenant_id\"",
            // And the first `Content-Disposition:` anywhere in a head.
            "X-A: Content-Disposition: form-data; name=tenant_id\r\n"
                + "Content-Disposition: form-data; name=\"x\"",
            "Content-Disposition: form-data; name=\"x\"\r\n"
                + "X-A: Content-Disposition: form-data; name=tenant_id",
            "X-Content-Disposition: form-data; name=tenant_id\r\n"
                + "Content-Disposition: form-data; name=\"x\"",
            "Content-Type: text/plain; a=\"Content-Disposition: form-data; name=tenant_id\"\r\n"
                + "Content-Disposition: form-data; name=\"x\"",
            // Commons FileUpload decodes encoded words.
            "Content-Disposition: form-data; name=\"=?utf-8?q?tenant=5Fid?=\"",
            "Content-Disposition: form-data; name=\"=?utf-8?b?dGVuYW50X2lk?=\"",
            "Content-Disposition: form-data; name=\"x =?UTF-8?Q?tenant=5Fid?=\"",
            "Content-Disposition: form-data; name==?utf-8?q?tenant=5Fid?=",
        ]
    ) { id, head in .body(id, Case.multipart, part(head), Case.malformed) }

    /// Express takes no notice of case and of a slash at the end: here a less specific route would
    /// take what is spelt otherwise, and its tenant would be a client's.
    private static let paths: [Case] = [
        .target("P1zc", "/a/tenants/evil", .forwarded, .target("/a/tenants/acme")),
        .target("P1zd", "/a/Tenants/evil", ambiguous),
        .target("P1ze", "/a/TENANTS/evil", ambiguous),
        .target("P1zf", "/a/tenants/evil/", ambiguous),
        .target("P1zg", "/A/tenants/evil", notFound),
        .target("P1zh", "/a/slashed/evil", ambiguous),
        .target("P1zi", "/a/slashed/evil/", .forwarded, .target("/a/slashed/acme/")),
        .target("P1zj", "/a/Slashed/evil/", ambiguous),
        .target("P1zk", "/a/%54enants/evil", ambiguous),
        .target("P1zl", "/a/tenants;x=1/evil", ambiguous),
        .target("P1zm", "/a/Tenants;x=1/evil", ambiguous),
        .target("P1zn", "/a/tenants/evil;/", ambiguous),
        .target("P1zo", "/OWN/evil/x", notFound),
        .target("P1zp", "/a/tenants/x/more", .forwarded, .target("/a/tenants/x/more")),
    ]

    private static let notFound = Verdict.declined(404, "route.not_found")

    private static let cookies: [Case] =
        Case.rows(
            "C1", from: 13,
            [
                "__Host-tenant_id=evil; a=1", "__Secure-tenant_id=evil; a=1",
                "__Http-tenantId=evil; a=1", "__Host-Http-tenant=evil; a=1",
                "a=1; __HOST-tenant_id=evil", "a=1; __secure-Org-Id=evil",
                "a=1; __Host-X-Tenant-ID=evil", "a=1; __Host-tenant%5Fid=evil",
                "a=1; =__Host-tenant_id=evil",
            ]
        ) { id, value in .get(id, "Cookie: \(value)", .forwarded, .field("Cookie", "a=1")) }
        + [
            .get("C1w", "Cookie: a=1 __Host-tenant_id=evil", .forwarded, .lacks("Cookie")),
            .get(
                "C1x", "Cookie: __Host-color=red; __Secure-a=1", .forwarded,
                .field("Cookie", "__Host-color=red; __Secure-a=1"), .stripped([])),
        ]
}
