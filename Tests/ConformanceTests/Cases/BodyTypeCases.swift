/// B14, B21 and B22: what a body is called, and what nobody here can clean.
enum BodyTypeCases {
    static let all =
        types + lies + impostors + CharsetCases.all + documents + lines + binaries + remarks

    private static let evil = #"{"tenant_id":"evil"}"#

    private static let types: [Case] =
        // As it came, as it is passed on.
        Case.rows(
            "B14",
            [
                ("APPLICATION/JSON", Case.json), ("Application/Json;Charset=\"UTF-8\";", Case.json),
                ("text/json", "text/json"), ("application/vnd.x+json", "application/vnd.x+json"),
                ("application/problem+json; charset=utf-8", "application/problem+json"),
                (
                    "application/vnd.api+json ; ext=\"tenant\"",
                    "application/vnd.api+json; ext=\"tenant\""
                ),
                ("application/ld+json;profile=\"a b\"", "application/ld+json; profile=\"a b\""),
                ("application/json;;;", Case.json),
                ("application/json\t;\tv=1", "\(Case.json); v=1"),
                ("image/x+json", "image/x+json"), (" application/json ", Case.json),
            ]
        ) { id, pair in .cleaned(id, pair.0, evil, "{}", as: pair.1) }
        + [
            .body(
                "B14l", Case.json, evil, .forwarded, .body("{}"), .field("Content-Type", Case.json),
                .stripped(["body_tenant", "irregular_name"]),
                lines: "Content_Type: text/plain\r\n"),
            .cleaned(
                "B14m", Case.json, evil, "{}", lines: "X-Content-Type: text/plain\r\n"),
            .raw(
                "B14n",
                "POST /clean/x HTTP/1.1\r\n{host}{auth}cONTENT-tYPE: application/json\r\n"
                    + "Content-Length: 20\r\n\r\n\(evil)", .forwarded, .body("{}"),
                .field("Content-Type", Case.json)),
        ]
        + Case.rows(
            "B14", from: 14,
            [
                "text/plain", "text/html", "text/javascript", "application/javascript",
                "application/octet-stream", "application/x-json", "application/jsonp",
                "application/json5", "application/hjson", "application/json+xml",
                "application/+json",
                "*/*", "application/*", "json", "application", "application/", "/json", "",
                "application/json, text/plain", "text/plain, application/json",
                "application/json; charset=utf-8, text/plain",
                "application/json;/x-www-form-urlencoded", "application/json/x",
                "application/json x", "application /json", "application/ json",
                "application/json; charset", "application/json; charset=",
                "application/json; =utf-8",
                "application/json; a=1; A=2", "application/json; a=\"b",
                "application/json; a=\"\\b\"",
                "application/json; charset = utf-8", "application\\/json", "\"application/json\"",
                "application/json%00", "application/json;v=(1)",
                "application/json; a=\"; charset=utf-16\"",
            ]
        ) { id, type in .body(id, type, evil, Case.unreadable) }

    private static let lies: [Case] = [
        .body("B14zza", nil, evil, Case.unreadable),
        .body(
            "B14zzb", Case.json, evil, Case.unreadable, lines: "Content-Type: text/plain\r\n"),
        .body("B14zzc", Case.json, evil, Case.unreadable, lines: "Content-Type: \(Case.json)\r\n"),
        .body(
            "B14zzd", "text/plain", evil, Case.unreadable, lines: "content-type: \(Case.json)\r\n"),
        // One thing called another.
        .body("B14zze", Case.form, evil, Case.malformed),
        .body("B14zzf", Case.multipart, evil, Case.malformed),
        .body("B14zzg", Case.json, "tenant_id=evil", Case.malformed),
        .body("B14zzh", Case.json, "--b\r\n\r\nevil\r\n--b--\r\n", Case.malformed),
        .body("B14zzi", "application/x-ndjson", "tenant_id=evil", Case.malformed),
        .body(
            "B14zzj", Case.form, "--b\r\nContent-Disposition: form-data; name=\"tenant_id\"\r\n",
            Case.malformed),
        // Said in the answer, so that nobody has to ask which key of the policy it is.
        .body(
            "B14zzk", "text/csv", "tenant_id\nevil\n", Case.unreadable,
            .says("`body: {clean: false}`"), .reply("Content-Type", "application/problem+json")),
        .body(
            "B14zzl", nil, evil, Case.unreadable, .replyLacks("Retry-After"),
            to: "POST /clean/dead/x"),
        // A client that asks for leave to send such a body does not get it.
        .raw(
            "B14zzo",
            "POST /clean/x HTTP/1.1\r\n{host}{auth}Content-Type: text/csv\r\n"
                + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
            .refused(415, "request.body.type")),
        // Who calls is asked first.
        .raw(
            "B14zzm",
            "POST /clean/x HTTP/1.1\r\n{host}Content-Type: text/csv\r\n"
                + "Content-Length: 4\r\n\r\nevil",
            .declined(401, "token.missing")),
        // A route that passes bodies as they are passes these.
        .body(
            "B14zzn", "text/plain", "tenant_id: globex", .forwarded, .body("tenant_id: globex"),
            to: "POST /a/x"),
    ]

    /// JSON to readers that never look at the type, and a form to those that look at its start.
    private static let impostors: [Case] =
        Case.rows(
            "B14", from: 67,
            [
                #"{"a":"=","tenant_id":"evil"}"#, #"{"\u0074enant_id":"evil"}"#, "{}",
                #"[{"a":"=","tenant_id":"evil"}]"#, #"[1,{"a":"=","tenant_id":"evil"}]"#,
                #"["a",{"\u0074enant_id":"evil"}]"#, #"[[{"\u0074enant_id":"evil"}]]"#,
                #"/*=*/{"tenant_id":"evil"}"#, #"x=1&{"a":"=","tenant_id":"evil"}"#,
                #"tenant_id=1&{"a":"=","tenant_id":"evil"}"#, #"&{"a":"=","tenant_id":"evil"}"#,
                #"{'a':'=','tenant_id':'evil'}"#, " \(evil)", "\n\(evil)",
                "\u{ef}\u{bb}\u{bf}\(evil)",
            ]
        ) { id, text in .body(id, Case.form, text, Case.malformed) }
        + [
            .kept("B14" + place(82), Case.form, "[0].name=x&[0][id]=y&a={\"b\":1}"),
            .body(
                "B14" + place(83), Case.form, #"{"a":"=","tenant_id":"evil"}"#, Case.malformed,
                to: "POST /into/form"),
        ]
        + Case.rows(
            "B14", from: 84,
            [
                "application/x-www-form-urlencoded+json", "Application/X-WWW-Form-URLENCODED+JSON",
                "application/form-data+json", "x/multipart+json",
                "application/json; a=\"multipart/form-data\"",
                "application/json; a=\"application/x-www-form-urlencoded\"",
            ]
        ) { id, type in .body(id, type, #"{"a":"&tenant_id=evil&"}"#, Case.unreadable) }

    /// B21: XML is not rewritten.
    private static let documents: [Case] =
        Case.rows(
            "B21",
            [
                ("application/xml", "<a><tenant_id>evil</tenant_id></a>"),
                ("text/xml", "<x:tenant_id xmlns:x=\"a\">evil</x:tenant_id>"),
                ("application/soap+xml", "<a tenant_id=\"evil\"/>"),
                ("text/xml; charset=utf-8", "<a><![CDATA[<tenant_id>evil</tenant_id>]]></a>"),
                ("application/xml", "<a>&#116;enant_id=evil</a>"),
                ("application/xml", "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///evil\">]><a>&x;</a>"),
                ("text/xml; charset=utf-16", "\u{ff}\u{fe}<\0a\0/\0>\0"),
                ("application/xhtml+xml", "<input name=\"tenant_id\" value=\"evil\"/>"),
                ("image/svg+xml", "<svg tenant_id=\"evil\"/>"),
            ]
        ) { id, pair in .body(id, pair.0, pair.1, Case.unreadable) }
        + [
            .body("B21j", Case.json, "<tenant_id>evil</tenant_id>", Case.malformed),
            .body("B21k", Case.form, "<tenant_id>evil</tenant_id>\n", Case.malformed),
        ]

    private static let ndjson = "application/x-ndjson"
    private static let bulk = #"{"index":{"_index":"x","_id":"1"}}"#

    private static let lines: [Case] = [
        .cleaned(
            "B22a", ndjson, "\(bulk)\n{\"tenant_id\":\"evil\",\"x\":1}\n", "\(bulk)\n{\"x\":1}\n"),
        .cleaned("B22b", "application/jsonl", "\(evil)\r\n\n{\"x\":1}", "{}\r\n\n{\"x\":1}"),
        .cleaned("B22c", "application/ndjson", "1\n\(evil)", "1\n{}"),
        .cleaned("B22d", "application/jsonlines", "\(evil)\n", "{}\n"),
        .cleaned(
            "B22e", "application/x-jsonlines; charset=utf-8", "[\(evil)]\n\(evil)\n", "[{}]\n{}\n",
            as: "application/x-jsonlines"),
        .kept("B22f", ndjson, "\(bulk)\n{\"x\":1}\n\n"),
        .kept("B22g", ndjson, "\n"),
        .body("B22h", ndjson, "{}\n{\"x\":1", Case.malformed),
        .body("B22i", ndjson, "{\n\"tenant_id\":\"evil\"}\n", Case.malformed),
        .body("B22j", ndjson, "{} {\"tenant_id\":\"evil\"}\n", Case.malformed),
        .body("B22k", ndjson, "{\"x\":1,\"x\":2}\n", Case.malformed),
        .body("B22l", ndjson, "{}\r\(evil)\n", Case.malformed),
        .body("B22m", ndjson, "\u{ef}\u{bb}\u{bf}\(evil)\n", Case.malformed),
        .body("B22n", ndjson, "{}\n\u{1e}\(evil)\n", Case.malformed),
        .body("B22o", ndjson, evil + "\n", Case.conflict, to: "POST /clean/strict/x"),
        .body("B22p", ndjson, "{}\n" + evil, Case.conflict, to: "POST /clean/same/x"),
        .body("B22q", ndjson, repeated("1\n", 65_537), Case.tooLarge, to: "POST /clean/large/x"),
        .body(
            "B22r", ndjson, "{}\n\(evil)\n", .forwarded,
            .body("{\"tenant_id\":\"acme\"}\n{\"tenant_id\":\"acme\"}\n"), to: "POST /into/json"),
    ]

    private static let binaries: [Case] =
        Case.rows(
            "B22", from: 26,
            [
                ("text/csv", "id,tenant_id\n1,evil\n"),
                ("text/tab-separated-values", "tenant_id\tx\n"),
                ("application/msgpack", "\u{81}\u{a9}tenant_id\u{a4}evil"),
                ("application/x-msgpack", "\u{81}\u{a9}tenant_id\u{a4}evil"),
                ("application/cbor", "\u{a1}itenant_iddevil"), ("application/bson", "\u{19}\0\0\0"),
                ("application/protobuf", "\n\u{4}evil"), ("application/x-protobuf", "\n\u{4}evil"),
                ("application/grpc", "\0\0\0\0\u{6}\n\u{4}evil"),
                ("application/grpc+proto", "\0\0\0\0\u{6}\n\u{4}evil"),
                ("application/grpc-web", "\0\0\0\0\u{6}\n\u{4}evil"),
                ("application/grpc-web+proto", "\0\0\0\0\u{6}\n\u{4}evil"),
                ("application/grpc-web-text", "AAAAAAYKBGV2aWw="),
                ("application/grpc-web-text+proto", "AAAAAAYKBGV2aWw="),
                ("application/connect+proto", "\0\0\0\0\u{6}\n\u{4}evil"),
                ("application/x-thrift", "\u{80}\u{1}\0\u{1}"), ("application/avro", "Obj\u{1}"),
                ("application/yaml", "tenant_id: evil\n"), ("text/yaml", "tenant_id: evil\n"),
                ("application/toml", "tenant_id = 'evil'\n"),
                ("application/json-seq", "\u{1e}\(evil)\n"),
                ("text/event-stream", "data: \(evil)\n\n"), ("application/zip", "PK\u{3}\u{4}"),
                ("application/gzip", Packing.gzip(evil)),
                ("application/http", "GET /evil HTTP/1.1\r\n"),
                ("message/http", "GET /evil HTTP/1.1\r\n"),
                ("application/x-ndjson; charset=utf-16", evil),
                ("application/x-www-form-urlencoded+json2", evil), ("application/x-amf", "\0\u{3}"),
                ("application/vnd.ms-excel", "tenant_id\tevil"),
                ("text/plain+form", "tenant_id=evil"),
            ]
        ) { id, pair in .body(id, pair.0, pair.1, Case.unreadable) }
        + [
            // gRPC in its JSON spelling is framed, so it is no JSON.
            .body(
                "B22zzza", "application/grpc+json", "\0\0\0\0\u{14}\(evil)", Case.malformed),
            .body(
                "B22zzzb", "application/grpc-web+json", "\0\0\0\0\u{14}\(evil)", Case.malformed),
            // Where bodies pass as they are, what is around them is cleaned all the same.
            .body(
                "B22zzzc", "application/grpc", "\0\0\0\0\u{6}\n\u{4}acme", .forwarded,
                .body("\0\0\0\0\u{6}\n\u{4}acme"), .stripped(["tenant"]), to: "POST /a/x",
                lines: "Grpc-Metadata-Tenant-Id-Bin: ZXZpbA==\r\ntenant-id-bin: evil\r\n"),
        ]

    /// The answer says what to configure, so that nobody has to ask which key of the policy it is.
    private static let remarks: [Case] =
        Case.rows(
            "B22", from: 104,
            [
                "application/grpc", "application/grpc+thrift", "application/grpc-web",
                "application/grpc-web-text", "application/protobuf", "application/x-protobuf",
                "application/vnd.google.protobuf", "application/protobuf; proto=acme.Order",
                "application/connect+json; v=1", "application/proto",
            ]
        ) { id, type in
            let isConnect = type.hasPrefix("application/connect+json")
            return isConnect
                ? .body(id, type, "\0\0\0\0\u{14}\(evil)", Case.malformed)
                : .body(
                    id, type, "\0\0\0\0\u{8}\n\u{6}globex", Case.unreadable,
                    .says("`body: {clean: false}`"))
        }
        + [
            // gRPC's metadata are fields, with a body and without one, in every spelling.
            .body(
                "B22zzzzk", "application/grpc", "\0\0\0\0\0", .forwarded, .body("\0\0\0\0\0"),
                .field("X-Kept-Bin", "AAEC"), .stripped(["tenant"]), to: "POST /a/x",
                lines: "grpc-metadata-x-tenant-id: evil\r\nGrpc-Metadata-Grpc-Metadata-Tenant: "
                    + "evil\r\nX-Tenant-ID-Bin: ZXZpbA==\r\nX-Kept-Bin: AAEC\r\n"),
            .body(
                "B22zzzzl", "application/grpc-web", "\0\0\0\0\0", .forwarded,
                .stripped(["tenant"]), to: "POST /a/x",
                lines: "grpc_metadata_tenant_id_bin: evil\r\n"),
            .body(
                "B22zzzzm", "application/grpc", "\0\0\0\0\0", Case.conflict,
                to: "POST /strict/x", lines: "Grpc-Metadata-Tenant-Id-Bin: ZXZpbA==\r\n"),
        ]
}
