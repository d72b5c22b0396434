/// Section C: the tenant in a cookie. C3 and C5 are about sessions, which do not exist yet.
enum CookieCases {
    static let all: [Case] = [
        cookie("C1a", "tenant_id=evil", nil),
        cookie("C1b", "a=1; tenant_id=evil; b=2", "a=1; b=2"),
        cookie("C1c", "X-Tenant-ID=evil; a=1", "a=1"),
        cookie("C1d", "a=1; tenantId=evil", "a=1"),
        cookie("C1e", "a=1; __Host-sid=1; b", "a=1; __Host-sid=1; b"),
        cookie("C1f", "a=1; tenant%5Fid=evil", "a=1"),
        cookie("C1g", "a=%7B1%7D;b=\"x y\"; c==", "a=%7B1%7D;b=\"x y\"; c=="),
        cookie("C1h", "a=1;tenant_id=evil;b=2", "a=1; b=2"),
        cookie("C1i", "filter[tenant_id]=evil; a=1", "a=1"),
        .raw(
            "C1j", "GET /strict/x HTTP/1.1\r\n{host}{auth}Cookie: tenant_id=evil\r\n\r\n",
            conflict),
        .raw("C1k", "GET /same/x HTTP/1.1\r\n{host}{auth}Cookie: tenant_id=evil\r\n\r\n", conflict),
        .raw(
            "C1l", "GET /same/x HTTP/1.1\r\n{host}{auth}Cookie: tenant_id=acme\r\n\r\n",
            .forwarded),
        .raw("C1m", "GET /open/x HTTP/1.1\r\n{host}Cookie: tenant_id=evil\r\n\r\n", .forwarded)
            .tenant(nil),
        .get("C2a", "Cookie: a=1\r\nCookie: tenant_id=evil; b=2", .forwarded, joined),
        .get("C2b", "Cookie: a=1; tenant_id=evil\r\nCookie: b=2", .forwarded, joined),
        .get("C2c", "Cookie: tenant_id=evil\r\nCookie: org_id=evil", .forwarded, .lacks("Cookie")),
        .get("C2d", "Cookie: a=1\r\nX-A: 1\r\ncookie: b=2", .forwarded, joined, .stripped([])),
        cookie("C4a", "=tenant_id=evil; a=1", "a=1"),
        cookie("C4b", "a=1;  tenant_id = evil ; b=2", "a=1; b=2"),
        cookie("C4c", "tenant_id=\"evil\"; a=1", "a=1"),
        cookie("C4d", "tenant_id; a=1", "a=1"),
        cookie("C4e", "$Version=1; tenant_id=evil; $Path=/", "$Version=1; $Path=/"),
        cookie("C4f", "a=1, tenant_id=evil", nil),
        cookie("C4g", "a=\"1; tenant_id=evil\"; b=2", "a=\"1; b=2"),
        cookie(
            "C4h", repeated("a=1; ", 3_000) + "tenant_id=evil", repeated("a=1; ", 2_999) + "a=1"),
        cookie("C4i", ";;; tenant_id=evil ;;;", nil),
        cookie("C4j", "tenant_id%00=evil; a=1", "a=1"),
        .get("C4k", "Cookie: " + repeated("a=1; ", 5_000), .refused(431, valueBound)),
        .get("C4l", "Cookie: a=" + repeated("x", 65_536), .refused(431, valueBound)),
        .get("C4m", "Cookie: a=1\0; b=2", .refused(400, "request.field.value_byte")),
    ]

    private static let conflict = Verdict.declined(403, "tenant.conflict")
    private static let joined = Fact.field("Cookie", "a=1; b=2")
    private static let valueBound = "request.field.value_too_long"

    /// - Parameter left: the upstream's `Cookie`; `nil` for none.
    private static func cookie(_ id: String, _ value: String, _ left: String?) -> Case {
        .get(
            id, "Cookie: \(value)", .forwarded,
            left.map { .field("Cookie", $0) } ?? .lacks("Cookie"))
    }
}
