/// B6: character sets in which other bytes are a tenant's name, in every spelling that some reader
/// takes for one; of bodies, and of queries without one: Django decodes those as the type says.
enum CharsetCases {
    static let all = bodies + parts + bodiless + streamed

    private static func id(_ index: Int) -> String { "B6" + place(index) }

    private static let disguises: [String] = [
        "charset*=utf-8''utf-7", "charset*0=utf-7", "charset*0*=utf-8''utf-7", "CHARSET*1=utf-7",
        "xcharset=ibm037", "charset.x=utf-7", "a=\"charset=utf-7\"", "a*=utf-8''b",
        "charset=utf-8; charset*0=utf-7",
    ]

    /// `tenant_id` in UTF-7, in JSON and in a form.
    private static let json = #"{"+AHQ-enant_id":"evil"}"#
    private static let form = "%2BAHQ-enant_id=evil"

    private static let bodies: [Case] =
        Case.rows("B6", from: 96, disguises) { id, disguise in
            .body(id, "\(Case.json); \(disguise)", json, Case.unreadable)
        }
        + Case.rows("B6", from: 105, disguises) { id, disguise in
            .body(id, "\(Case.form);\(disguise)", form, Case.unreadable)
        }
        + [
            .body(
                id(114), "application/x-ndjson; charset*0=utf-7", json + "\n", Case.unreadable),
            .body(
                id(115), "application/json-patch+json; charset*0=utf-7", "[]", Case.unreadable),
            .body(
                id(116), "multipart/form-data; boundary=\"xcharset=utf-7\"",
                "--xcharset=utf-7--\r\n", Case.unreadable),
            .body(
                id(117), "application/x.charset+json; v=ibm037", json, Case.unreadable),
            .body(
                id(118), "application/json; charset*=utf-8''utf-7", "{}", Case.unreadable,
                to: "POST /clean/x?%2BAHQ-enant_id=evil"),
            // A form's type says nothing but its character set.
            .kept(
                id(119), "\(Case.form); v=1; charset=utf-8", "x=1",
                as: "\(Case.form); charset=utf-8"),
            .kept(id(120), "\(Case.form); v=1", "x=1", as: Case.form),
            .kept(
                id(121), "application/vnd.api+json; ext=\"https://jsonapi.org/ext/atomic\"", "{}"),
            .kept(
                id(122), "application/json;odata.metadata=minimal", "{}",
                as: "application/json; odata.metadata=minimal"),
        ]

    private static func part(_ type: String, _ content: String) -> String {
        "--b\r\nContent-Type: \(type)\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n"
            + "\(content)\r\n--b--\r\n"
    }

    private static let parts: [Case] = [
        .body(
            id(123), Case.multipart, part("application/json; charset*0=utf-7", json),
            Case.unreadable),
        .body(
            id(124), Case.multipart, part("application/a+json; xcharset=utf-7", json),
            Case.unreadable),
        .body(
            id(125), Case.multipart,
            part("application/x-www-form-urlencoded+json", #"{"a":"&tenant_id=evil&"}"#),
            Case.unreadable),
        .kept(id(126), Case.multipart, part("application/pdf; name*=utf-8''a.pdf", "x")),
    ]

    private static let others: [String] = [
        "text/plain; charset=utf-7", "a/b; charset*=utf-8''utf-7", "a/b; charset*0=utf-7",
        "a/b; xcharset=utf-7", "a/b; charset=utf-16", "a/b; a=\";charset=utf-7\"",
        "charset=utf-7", "a/b; charset = utf-7",
    ]

    private static let query = "?%2BAHQ-enant_id=globex&x=1"

    /// A type that describes nothing goes, on every route.
    private static let bodiless: [Case] =
        Case.rows("B6", from: 127, others) { id, type in
            .raw(
                id, "GET /clean/x\(query) HTTP/1.1\r\n{host}{auth}Content-Type: \(type)\r\n\r\n",
                .forwarded, .target("/clean/x\(query)"), .lacks("Content-Type"),
                .stripped(["charset"]))
        }
        + Case.rows(
            "B6", from: 135, ["GET /a", "HEAD /a", "DELETE /a", "POST /strict/x", "GET /q"]
        ) { id, start in
            .raw(
                id,
                "\(start)?x=1 HTTP/1.1\r\n{host}{auth}Content-Type: a/b; charset=cp037\r\n"
                    + "Content-Length: 0\r\n\r\n",
                .forwarded, .lacks("Content-Type"), .stripped(["charset"]))
        }
        + [
            .raw(
                id(140),
                "GET /open/x?+AHQ-enant_id=globex HTTP/1.1\r\n{host}"
                    + "Content-Type: text/plain; charset=utf-7\r\n\r\n",
                .forwarded, .lacks("Content-Type"), .stripped(["charset"])
            ).tenant(nil),
            .raw(
                id(141),
                "GET /a?%5Cx74enant_id=globex HTTP/1.1\r\n{host}{auth}"
                    + "Content-Type: a/b;charset=unicode_escape\r\nContent-Type: a/b\r\n\r\n",
                .forwarded, .field("Content-Type", "a/b"), .stripped(["charset"])),
            .get(
                id(142), "Content-Type: application/json; charset=utf-8", .forwarded,
                .field("Content-Type", "application/json; charset=utf-8"), .stripped([])),
            .get(
                id(143), "Content-Type: a/b; charset=iso-8859-1", .forwarded,
                .lacks("Content-Type"), .stripped(["charset"])),
        ]

    /// A body that passes as it is has its type judged beside a query, and where ours is added.
    private static let streamed: [Case] =
        Case.rows("B6", from: 144, others) { id, type in
            .body(id, type, "x", Case.unreadable, to: "POST /a/x\(query)")
        }
        + [
            .body(
                id(152), "a/b; charset=utf-16", "x", Case.unreadable, to: "POST /q"),
            .raw(
                id(153),
                "POST /open/x?x=1 HTTP/1.1\r\n{host}Content-Type: a/b; charset=utf-7\r\n"
                    + "Content-Length: 1\r\n\r\nx", Case.unreadable
            ).tenant(nil),
            .raw(
                id(154),
                "POST /a/x?x=1 HTTP/1.1\r\n{host}{auth}Content-Type: a/b; charset=utf-7\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", Case.unreadable),
            .body(
                id(155), "a/b; charset=utf-7", "x", .forwarded, .body("x"),
                .field("Content-Type", "a/b; charset=utf-7"), .stripped([]), to: "POST /a/x"),
        ]
        + Case.rows(
            "B6", from: 156, ["utf-8", "iso-8859-15", "windows-1252", "us-ascii"]
        ) { id, charset in
            .body(
                id, "text/plain; charset=\(charset)", "x", .forwarded, .body("x"),
                .field("Content-Type", "text/plain; charset=\(charset)"), .stripped([]),
                to: "POST /a/x?x=1")
        }
}
