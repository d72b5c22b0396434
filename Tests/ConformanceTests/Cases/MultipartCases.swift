/// B18 and B19: the tenant in a part of a multipart form (RFC 7578), and the ways in which parsers
/// of it differ.
enum MultipartCases {
    static let all = names + contents + dispositions + heads + framings + modes + bounds

    private static func part(_ disposition: String, _ content: String = "evil") -> String {
        "Content-Disposition: \(disposition)\r\n\r\n\(content)"
    }

    private static func form(_ parts: String...) -> String {
        parts.map { "--b\r\n\($0)\r\n" }.joined() + "--b--\r\n"
    }

    private static let kept = part("form-data; name=\"x\"", "1")
    private static let evil = part("form-data; name=\"tenant_id\"")

    private static let names: [Case] =
        [
            .cleaned("B18a", Case.multipart, form(evil, kept), form(kept)),
            .cleaned("B18b", Case.multipart, form(kept, evil), form(kept)),
            .cleaned("B18c", Case.multipart, form(evil), form()),
            .cleaned("B18d", Case.multipart, form(evil, kept, evil, evil), form(kept)),
        ]
        + Case.rows(
            "B18", from: 4,
            [
                "form-data; name=tenant_id", "form-data; name='tenant_id'",
                "form-data; NAME=\"tenant_id\"", "form-data;\tname=\"tenant_id\"  ;",
                "form-data ; name=\"tenant_id\"", "Form-Data; Name=\"Tenant-Id\"",
                "form-data;name=tenantId", "form-data; name=\"TENANTID\"",
                "form-data; name=\"tenant%5Fid\"", "form-data; name=\"tenant%255Fid\"",
                "form-data; name=\"tenant_id[]\"", "form-data; name=\"filter[tenant_id]\"",
                "form-data; name=\" tenant_id\"", "form-data; name=\"tenant_id \"",
                "form-data; name=\"tenant.id\"", "form-data; name=\"X-Tenant-ID\"",
                "form-data; name=\"org_id\"; filename=\"a.txt\"",
                "form-data; filename=\"a.txt\"; name=\"tenantId\"",
                "form-data; filename=a; filename*=utf-8''a; name=tenant_id",
                "form-data; name=\"tenant_\u{c5}\u{bf}lug\"", "form-data;; ; name=\"tenant_id\"",
            ]
        ) { id, disposition in
            .cleaned(id, Case.multipart, form(kept, part(disposition), kept), form(kept, kept))
        }

    private static let jsonPart = "Content-Type: application/json\r\n"

    private static let contents: [Case] = [
        .kept("B18za", Case.multipart, form(kept)), .kept("B18zb", Case.multipart, "--b--\r\n"),
        .kept("B18zc", Case.multipart, form(part("form-data; name=\"q\"", "tenant_id=globex"))),
        .kept(
            "B18zd", Case.multipart,
            form(part("form-data; name=\"f\"; filename=\"tenant_id\"", "a\r\n-- \n--c\r\n\0\u{ff}"))
        ),
        .kept("B18ze", Case.multipart, form(part("form-data; name=\"e\"", ""))),
        .kept(
            "B18zf", Case.multipart,
            form("Content-Type: text/plain; charset=iso-8859-1\r\nX-A: b\r\n" + kept)),
        .cleaned(
            "B18zg", Case.multipart,
            form(jsonPart + part("form-data; name=\"m\"", #"{"tenant_id":"evil","x":1}"#)),
            form(jsonPart + part("form-data; name=\"m\"", #"{"x":1}"#))),
        .cleaned(
            "B18zh", Case.multipart,
            form(
                jsonPart
                    + part("form-data; name=\"m\"; filename=\"blob\"", #"[{"tenantId":"evil"}]"#)),
            form(jsonPart + part("form-data; name=\"m\"; filename=\"blob\"", "[{}]"))),
        .body(
            "B18zi", "multipart/form-data; boundary=\"b c\"", "--b c--", Case.unreadable),
        .cleaned(
            "B18zj", "Multipart/Form-Data;boundary=\"b\"; charset=UTF-8", form(evil, kept),
            form(kept), as: "multipart/form-data; boundary=b"),
        .cleaned(
            "B18zk", "multipart/form-data; boundary=----WebKitFormBoundary7MA4",
            "------WebKitFormBoundary7MA4\r\n\(evil)\r\n------WebKitFormBoundary7MA4--\r\n",
            "------WebKitFormBoundary7MA4--\r\n"),
        .cleaned("B18zl", Case.multipart, "\r\n" + form(evil, kept), form(kept)),
        .cleaned(
            "B18zm", Case.multipart, String(form(evil, kept).unicodeScalars.dropLast(2)), form(kept)
        ),
        .body(
            "B18zn", Case.multipart, form(jsonPart + part("form-data; name=\"m\"", "{")),
            Case.malformed),
        .body(
            "B18zo", Case.multipart,
            form(jsonPart + part("form-data; name=\"m\"", #"{"x":1,"x":"evil"}"#)), Case.malformed),
    ]

    private static func refused(
        _ vector: String, from first: Int, _ texts: [String], _ verdict: Verdict = Case.malformed
    ) -> [Case] {
        Case.rows(vector, from: first, texts) { id, text in
            .body(id, Case.multipart, text, verdict)
        }
    }

    /// B19: two names, or one with two readings.
    private static let dispositions: [Case] = refused(
        "B19", from: 0,
        [
            "form-data; name=\"x\"; name=\"tenant_id\"",
            "form-data; name=\"tenant_id\"; name=\"x\"",
            "form-data; name=x; NAME=tenant_id", "form-data; name=\"tenant\\_id\"",
            "form-data; name=\"x\\\"; name=\\\"tenant_id\"", "form-data; name*=utf-8''tenant%5fid",
            "form-data; name=\"x\"; name*=utf-8''tenant%5fid",
            "form-data; name*=utf-8''tenant%5fid; name=\"x\"",
            "form-data; name*0=\"tenant\"; name*1=\"_id\"", "form-data; name =\"tenant_id\"",
            "form-data; name= \"tenant_id\"", "form-data; name=\"tenant_id", "form-data; name",
            "form-data; name=", "form-data", "form-data; name=\"\"",
            "attachment; name=\"tenant_id\"",
            "name=\"tenant_id\"", "; name=\"tenant_id\"", "form-data, name=\"tenant_id\"",
            "form-data; name=\"x\", name=\"tenant_id\"", "form-data; name=\"x\" name=\"tenant_id\"",
            "form-data; name=\"x\"; filename=\"a\"; filename=\"b\"",
            "form-data; filename=\"a\\\"; name=\\\"tenant_id\"", "form-data; name=\"tenant\0_id\"",
            "form-data; name=\"tenant%00_id\"", "form-data; name=tenant id",
            "form-data; name=\"x\"; size=1", "form-data; name=x; a",
        ].map { form(part($0)) })

    private static let field = "Content-Disposition: form-data; name=\"tenant_id\""

    /// Heads of parts that somebody reads as having no name, or another.
    private static let heads: [Case] = refused(
        "B18", from: 41,
        [
            form("Content-Disposition: form-data;\r\n name=\"tenant_id\"\r\n\r\nevil"),
            form("Content-Disposition:\r\n\tform-data; name=\"tenant_id\"\r\n\r\nevil"),
            form("\(field)\n\nevil"), form("\(field)\r\n\nevil"), form("\(field)\r\r\nevil"),
            form("Content-Disposition : form-data; name=\"tenant_id\"\r\n\r\nevil"),
            form(" \(field)\r\n\r\nevil"), form("\(field)"), form("\(field)\r\n"),
            form("X: y\r\n\r\nevil"), form("\r\nevil"), form(""), form("\r\n\(field)\r\n\r\nevil"),
            form("Content-Disposition: form-data; name=\"x\"\r\n\(field)\r\n\r\nevil"),
            form("\(field)\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nevil"),
            form("Content-Transfer-Encoding: base64\r\n\(field)\r\n\r\nZXZpbA=="),
            form("Content-Transfer-Encoding: quoted-printable\r\n\(kept)"),
            form("\(jsonPart)\(jsonPart)\(kept)"), form("Content_Disposition: x\r\n\(kept)"),
            form("X-A: \u{1}\r\n\(kept)"), form("X-A: b\r\(kept)"), form("no colon\r\n\(kept)"),
        ])

    /// Delimiters that only some readers see.
    private static let framings: [Case] =
        refused(
            "B18", from: 63,
            [
                "preamble\r\n" + form(evil), "\r\n\r\n" + form(evil), "x" + form(evil),
                form(kept) + "epilogue", form(kept) + form(evil), form(kept) + "\r\n",
                "--b\r\n\(evil)\r\n", "--b\r\n\(evil)", "--b\r\n\(kept)\n--b\n\(evil)\r\n--b--\r\n",
                "--b \r\n\(evil)\r\n--b--\r\n", "--b\t\r\n\(evil)\r\n--b--\r\n",
                "--b\n\(evil)\r\n--b--\r\n", "--b\r\n\(kept)\r\n--b \r\n\(evil)\r\n--b--\r\n",
                "--b\r\n\(kept)\r--b\r\n\(evil)\r\n--b--\r\n", "--b\r\n\(kept)\n--b--\r\n",
                "--b\r\n\(kept)\r\n--bb\r\n\(evil)\r\n--b--\r\n", "--b--\r\n" + form(evil),
                "--b\r\n\(kept)\r\n--b-\r\n", "--b\r\n\(kept)\r\n--b--x\r\n",
                "-b\r\n\(evil)\r\n-b--\r\n",
                "--B\r\n\(evil)\r\n--B--\r\n", "--b\r\n\(kept)\r\n--b--\r\n\0", "--b", "--", "x=1",
                "--b\r\n--b--\r\n",
            ])
        + Case.rows(
            "B18", from: 90,
            [
                "multipart/form-data", "multipart/form-data; boundary=",
                "multipart/form-data; boundary=\"\"", "multipart/form-data; boundary=a; boundary=b",
                "multipart/form-data; boundary=\"b \"", "multipart/form-data; boundary*=utf-8''b",
                "multipart/form-data; boundary=b; BOUNDARY=c", "multipart/form-data; boundary=b,c",
                "multipart/form-data; boundary=" + repeated("b", 71),
                "multipart/mixed; boundary=b", "multipart/related; boundary=b",
                "multipart/alternative; boundary=b", "multipart/byteranges; boundary=b",
            ]
        ) { id, type in .body(id, type, form(evil), Case.unreadable) }
        + refused(
            "B18", from: 103,
            [
                form("Content-Type: multipart/mixed; boundary=c\r\n\(kept)"),
                form("Content-Type: application/x-www-form-urlencoded\r\n\(kept)"),
                form("Content-Type: application/json; charset=utf-16\r\n\(kept)"),
                form("Content-Type: a\r\n\(kept)"), form("Content-Type: \r\n\(kept)"),
            ], Case.unreadable)

    private static let same = "POST /clean/same/x"

    private static let modes: [Case] = [
        .body(
            id(0), Case.multipart, form(part("form-data; name=\"tenant_id\"", "acme")),
            Case.conflict, to: "POST /clean/strict/x"),
        .cleaned(
            id(1), Case.multipart, form(part("form-data; name=\"tenant_id\"", "acme"), kept),
            form(kept), to: same),
        .body(id(2), Case.multipart, form(evil, kept), Case.conflict, to: same),
        .body(
            id(3), Case.multipart, form(part("form-data; name=\"tenant_id\"", "acme "), kept),
            Case.conflict, to: same),
        .body(
            id(4), Case.multipart, form(evil, kept), .forwarded, .body(form(ours, kept)),
            to: "POST /into/form"),
        .body(
            id(5), Case.multipart, form(kept), .forwarded, .body(form(ours, kept)),
            to: "POST /into/form"),
        .body(
            id(6), Case.multipart, "--b--", .forwarded, .body(form(ours)), to: "POST /into/form"),
        .cleaned(
            id(7), Case.multipart, form(evil, kept), form(kept), to: "POST /clean/signed/x"),
    ]

    private static let ours = part("form-data; name=\"tenant_id\"", "acme")

    private static func id(_ index: Int) -> String { "B18" + place(108 + index) }

    private static let bounds: [Case] = [
        .cleaned(
            id(8), Case.multipart,
            repeated("--b\r\n\(kept)\r\n", 999) + form(evil),
            repeated("--b\r\n\(kept)\r\n", 999) + form()),
        .body(
            id(9), Case.multipart, repeated("--b\r\n\(kept)\r\n", 1_000) + form(evil),
            Case.tooLarge),
        .body(id(10), Case.multipart, form(repeated("A: b\r\n", 16) + evil), Case.tooLarge),
        .body(id(11), Case.multipart, form("A: {b*8192}\r\n" + evil), Case.tooLarge),
        .body(
            id(12), Case.multipart, form(part("form-data; name=\"f\"", "{A*65536}")),
            Case.tooLarge),
        .body(
            id(100), Case.multipart, repeated("--b\r\n\(kept)\r\n", 998) + form(kept), .forwarded,
            .body("--b\r\n\(ours)\r\n" + repeated("--b\r\n\(kept)\r\n", 998) + form(kept)),
            to: "POST /into/form"),
        .body(
            id(101), Case.multipart, repeated("--b\r\n\(kept)\r\n", 999) + form(kept),
            Case.tooLarge, to: "POST /into/form"),
        // A delimiter that begins with itself.
        .kept(
            id(102), "multipart/form-data; boundary=-b-",
            "---b-\r\n" + part("form-data; name=x", "-----bb---b")
                + "\r\n---b---\r\n"),
        .body(
            id(103), "multipart/form-data; boundary=-b-",
            "---b-\r\n" + part("form-data; name=x", "-----b---b-\r\n\(evil)")
                + "\r\n---b---\r\n", Case.malformed),
    ]
}
