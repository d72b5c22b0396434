/// Parts of a form that a framework reads into an object (Spring's `@RequestPart`, Jersey's
/// `@FormDataParam`), and fields that say how the others are encoded.
enum PartCases {
    static let all = objects + files + charsets

    private static func form(_ type: String, _ content: String, file: String = "") -> String {
        "--b\r\nContent-Disposition: form-data; name=\"order\"\(file)\r\n"
            + "Content-Type: \(type)\r\n\r\n\(content)\r\n--b--\r\n"
    }

    private static let types: [(String, String)] = [
        ("application/xml", "<a><tenant_id>evil</tenant_id></a>"),
        ("text/xml; charset=utf-8", "<a tenant_id=\"evil\"/>"),
        ("application/soap+xml", "<tenant_id>evil</tenant_id>"),
        ("image/svg+xml", "<svg tenant_id=\"evil\"/>"),
        ("application/*+xml", "<tenant_id>evil</tenant_id>"),
    ]

    private static let objects: [Case] =
        Case.rows("B21", from: 11, types) { id, pair in
            .body(
                id, Case.multipart, form(pair.0, pair.1), Case.unreadable,
                .says("`body: {clean: false}`"))
        }
        + Case.rows("B21", from: 16, types) { id, pair in
            .body(
                id, Case.multipart, form(pair.0, pair.1, file: "; filename=\"a.xml\""),
                Case.unreadable)
        }
        + Case.rows(
            "B22", from: 130,
            [
                ("application/cbor", "\u{a1}itenant_iddevil"),
                ("application/vnd.acme+cbor", "\u{a1}itenant_iddevil"),
                ("application/yaml", "tenant_id: evil"), ("application/x-yaml", "tenant_id: evil"),
                ("text/yaml", "tenant_id: evil"), ("text/x-yaml; charset=utf-8", "tenant_id: evil"),
                ("application/x-msgpack", "\u{81}\u{a9}tenant_id\u{a4}evil"),
                ("application/x-protobuf", "\n\u{4}evil"), ("application/protobuf", "\n\u{4}evil"),
                ("application/x-jackson-smile", ":)\n\0"), ("application/bson", "\u{19}\0\0\0"),
                ("application/x-java-serialized-object", "\u{ac}\u{ed}\0\u{5}"),
                ("application/toml", "tenant_id = 'evil'"),
                ("application/x-json", #"{"tenant_id":"evil"}"#),
                ("text/x-json", #"{"tenant_id":"evil"}"#),
                ("application/javascript", #"{"tenant_id":"evil"}"#),
                ("application/graphql", "{a(tenantId:1)}"),
                ("application/x-www-form-urlencoded; charset=utf-8", "tenant_id=evil"),
                ("application/*", #"{"tenant_id":"evil"}"#), ("*/*", #"{"tenant_id":"evil"}"#),
                ("application/vnd.a+json; charset=utf-16", #"{"tenant_id":"evil"}"#),
            ]
        ) { id, pair in .body(id, Case.multipart, form(pair.0, pair.1), Case.unreadable) }

    private static let files: [Case] =
        Case.rows(
            "B18", from: 156,
            [
                "text/plain", "text/csv", "image/png", "application/pdf", "application/zip",
                "application/octet-stream", "text/html",
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            ]
        ) { id, type in
            .kept(id, Case.multipart, form(type, "tenant_id=globex", file: "; filename=\"a\""))
        }
        + [
            .cleaned(
                "B18zzzzzzi", Case.multipart,
                form("application/vnd.a+json; charset=utf-8", #"{"tenant_id":"evil"}"#),
                form("application/vnd.a+json; charset=utf-8", "{}")),
            // An upload that cannot be cleaned has a route of its own.
            .body(
                "B18zzzzzzj", Case.multipart, form("application/xml", "<a>globex</a>"), .forwarded,
                .body(form("application/xml", "<a>globex</a>")), to: "POST /a/x"),
        ]

    private static func charset(_ value: String, _ name: String = "_charset_") -> String {
        "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n--b--\r\n"
    }

    /// Readers decode the other fields as this one says.
    private static let charsets: [Case] =
        Case.rows(
            "B6", from: 78, ["utf-16", "utf-7", "iso-8859-1", "windows-1252", "x", "%75tf-7"]
        ) {
            id, value in
            .body(id, Case.form, "_charset_=\(value)&a=1", Case.unreadable)
        }
        + Case.rows("B6", from: 84, ["utf-16", "utf-7", "iso-8859-1", "UTF-8, utf-16"]) {
            id, value in .body(id, Case.multipart, charset(value), Case.unreadable)
        }
        + [
            .body("B6zzzk", Case.form, "a=1&%5Fcharset_=utf-7", Case.unreadable),
            .body("B6zzzl", Case.form, "_CHARSET_=utf-7", Case.unreadable),
            .body("B6zzzm", Case.form, "a=1;_charset_=utf-7", Case.malformed),
            .body("B6zzzn", Case.multipart, charset("utf-7", "_Charset_"), Case.unreadable),
            .kept("B6zzzo", Case.form, "_charset_=&a=1"),
            .kept("B6zzzp", Case.form, "_charset_&a=1"),
            .kept("B6zzzq", Case.form, "_charset_=utf-8&a=1"),
            .kept("B6zzzr", Case.multipart, charset("UTF-8")),
        ]
}
