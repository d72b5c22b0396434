/// B17: the tenant in a urlencoded form, which is a query by another way: every spelling of the
/// query's rows again.
enum FormCases {
    static let all = plain + spellings + separators + malformed + modes + bounds

    private static func cleaned(_ id: String, _ text: String, _ left: String) -> Case {
        .cleaned(id, Case.form, text, left)
    }

    private static let plain: [Case] = [
        cleaned("B17a", "x=1&tenant_id=evil", "x=1"),
        cleaned("B17b", "tenant%5Fid=evil&x=1", "x=1"),
        cleaned("B17c", "tenant_id=evil", ""),
        cleaned("B17d", "x=1&tenant_id=evil&y=2", "x=1&y=2"),
        cleaned("B17e", "tenant_id=acme&tenant_id=evil&x=1", "x=1"),
        cleaned("B17f", "tenant_id=evil&x=1&tenant_id=acme", "x=1"),
        cleaned("B17g", "x=1" + repeated("&tenant_id=evil", 50), "x=1"),
        cleaned("B17h", "x=%41+b&tenant_id=evil&&y=&z", "x=%41+b&y=&z"),
        cleaned("B17i", "+tenant_id=evil&x=1", "x=1"),
        cleaned("B17j", "x=1&tenant_id+=evil", "x=1"),
        cleaned("B17k", "a+tenant_id=evil&x=1", "x=1"),
        .kept("B17l", Case.form, "x=1&y=%26tenant_id%3Dglobex&&z=a+b&"),
        .kept("B17m", Case.form, "q=tenant_id&=x&my_tenant_id_2=1"),
        .kept("B17n", Case.form, "&"), .kept("B17o", Case.form, "x"),
        cleaned("B17p", "_charset_=UTF-8&tenant_id=evil", "_charset_=UTF-8"),
        // A method in a form is one more place for it (U5).
        .body("B17q", Case.form, "_method=DELETE&x=1", .forwarded, .body("x=1")),
        .cleaned(
            "B17r", Case.form, "tenant_id=evil&x=1", "x=1", to: "POST /clean/signed/x"),
        .cleaned(
            "B17s", "Application/X-WWW-Form-Urlencoded", "tenant_id=evil&x=1", "x=1",
            as: Case.form),
    ]

    private static let spellings: [Case] = Case.rows("B17", from: 26, QueryCases.spelt) {
        id, name in cleaned(id, "x=1&\(name)=evil&y=2", "x=1&y=2")
    }

    private static let behind = 26 + QueryCases.spelt.count

    private static let separators: [Case] =
        Case.rows(
            "B17", from: behind,
            [
                ("tenant_id", ""), ("tenant_id=", ""), ("tenant_id==evil", ""),
                ("&&tenant_id=evil&&", ""), ("=x&tenant_id=evil", "=x"), ("x=1&tenant_id", "x=1"),
                ("tenant_id=evil=tenant_id=evil", ""), ("tenant_id[]=evil&tenant_id[]=acme", ""),
            ]
        ) { id, pair in cleaned(id, pair.0, pair.1) }
        + refused(
            behind + 8,
            [
                "a=1;tenant_id=evil", "tenant_id;=evil", "tenant_id=evil;a=1",
                "a;b;tenant%5Fid=evil", "x=1;_method=DELETE",
            ])

    private static func refused(_ first: Int, _ texts: [String]) -> [Case] {
        Case.rows("B17", from: first, texts) { id, text in
            .body(id, Case.form, text, Case.malformed)
        }
    }

    private static let malformed: [Case] = refused(
        behind + 13,
        [
            "%ZZ=1", "x=%", "x=%2", "%u0074enant_id=evil", "%&tenant_id=evil",
            "tenant_id%00x=evil", "tenant_id%0d%0a=evil", "%00tenant_id=evil", "tenant%0a_id=evil",
            "x=1\r\ntenant_id=evil", "x=1\ntenant_id=evil", "x=1 tenant_id=evil", "x=\0",
            "x=\u{e9}", "x=\u{c3}\u{a9}", "x=#tenant_id=evil", "\u{ef}\u{bb}\u{bf}tenant_id=evil",
            "t\0e\0n\0a\0n\0t\0_\0i\0d\0=\0e\0v\0i\0l\0", "tenant_id=evil\t", "x=1\u{7f}",
        ])

    private static let same = "POST /clean/same/x"

    private static let modes: [Case] = [
        .body(
            id(0), Case.form, "x=1&tenant_id=acme", Case.conflict, to: "POST /clean/strict/x"),
        .kept(id(1), Case.form, "x=acme", to: "POST /clean/strict/x"),
        .cleaned(id(2), Case.form, "x=1&tenant_id=%61cme", "x=1", to: same),
        .body(id(3), Case.form, "x=1&tenant_id=evil", Case.conflict, to: same),
        .body(id(4), Case.form, "tenant_id=acme&tenant_id=evil", Case.conflict, to: same),
        .body(id(5), Case.form, "tenant_id=", Case.conflict, to: same),
        into(6, "tenant_id=evil&x=1", "tenant_id=acme&x=1"), into(7, "x=1", "tenant_id=acme&x=1"),
        into(8, "tenant%5fid=acme", "tenant_id=acme"), into(9, "&", "tenant_id=acme&&"),
        into(10, "tenant_id[]=evil&TenantId=evil&x=%41", "tenant_id=acme&x=%41"),
    ]

    private static func id(_ index: Int) -> String { "B17" + place(behind + 33 + index) }

    private static func into(_ index: Int, _ text: String, _ left: String) -> Case {
        .body(id(index), Case.form, text, .forwarded, .body(left), to: "POST /into/form")
    }

    private static let bounds: [Case] = [
        .cleaned(
            id(11), Case.form, repeated("a&", 999) + "tenant_id=evil",
            String(repeated("a&", 999).dropLast())),
        .body(id(12), Case.form, repeated("a&", 1_000) + "tenant_id=evil", Case.tooLarge),
        .body(id(13), Case.form, repeated("a;", 1_000) + "b", Case.tooLarge),
        .body(id(14), Case.form, "x={A*65534}", .forwarded),
        .body(id(15), Case.form, "tenant_id=evil&x={A*65536}", Case.tooLarge),
        into(150, repeated("&", 998), "tenant_id=acme&" + repeated("&", 998)),
        into(151, repeated("a&", 998) + "b", "tenant_id=acme&" + repeated("a&", 998) + "b"),
        .body(id(152), Case.form, repeated("&", 999), Case.tooLarge, to: "POST /into/form"),
        .body(
            id(153), Case.form, repeated("a&", 999) + "b", Case.tooLarge, to: "POST /into/form"),
        .body(id(154), Case.form, repeated("&", 1_000), Case.tooLarge),
    ]
}
