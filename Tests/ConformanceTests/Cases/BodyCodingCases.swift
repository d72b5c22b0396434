/// B15, B16 and B23 to B25: bodies in a content coding, with any method, in any pieces, of any
/// size.
enum BodyCodingCases {
    static let all = codings + refused + lies + bombs + methods + pieces + sizes

    private static let evil = #"{"tenant_id":"evil","x":1}"#
    private static let left = #"{"x":1}"#

    private static func encoded(_ name: String) -> String { "Content-Encoding: \(name)\r\n" }

    private static func coded(
        _ id: String, _ name: String, _ bytes: String, _ verdict: Verdict, _ facts: Fact...,
        type: String = Case.json, to start: String = "POST /clean/x"
    ) -> Case {
        let row = Case.body(id, type, bytes, verdict, to: start, lines: encoded(name))
        return Case(id, row.wire, verdict, facts)
    }

    private static func undone(
        _ id: String, _ name: String, _ bytes: String, type: String = Case.json,
        _ left: String = left, to start: String = "POST /clean/x"
    ) -> Case {
        .cleaned(id, type, bytes, left, to: start, lines: encoded(name))
    }

    private static let gzip = Packing.gzip(evil)
    private static let zlib = Packing.zlib(evil)
    private static let formPart =
        "--b\r\nContent-Disposition: form-data; name=\"tenant_id\"\r\n\r\nevil\r\n--b--\r\n"

    /// Undone, cleaned, and passed on as it is meant.
    private static let codings: [Case] = [
        undone("B15a", "gzip", gzip), undone("B15b", "x-gzip", gzip),
        undone("B15c", "GZip", gzip), undone("B15d", "deflate", zlib),
        undone("B15e", "identity", evil), undone("B15f", "Identity", evil),
        undone("B15g", "gzip", Packing.gzip("x=1&tenant_id=evil"), type: Case.form, "x=1"),
        undone("B15h", "gzip", Packing.gzip(formPart), type: Case.multipart, "--b--\r\n"),
        undone(
            "B15i", "deflate", Packing.zlib("{}\n" + evil), type: "application/x-ndjson",
            "{}\n" + left),
        undone("B15j", "gzip", gzip, to: "POST /clean/signed/x"),
        undone("B15k", "gzip", gzip, to: "GET /clean/x"),
        .body(
            "B15l", Case.json, Packing.gzip(left), .forwarded, .body(left),
            .lacks("Content-Encoding"), .field("Content-Length", "7"), .stripped([]),
            lines: encoded("gzip")),
        .body(
            "B15m", Case.json, Packing.gzip(evil), .forwarded,
            .body(#"{"tenant_id":"acme","x":1}"#), to: "POST /into/json", lines: encoded("gzip")),
        coded("B15n", "gzip", gzip, Case.conflict, to: "POST /clean/same/x"),
        coded("B15o", "gzip", Packing.gzip("[]"), .forwarded, .body("[]")),
        // On a route that passes bodies as they are, so does their coding.
        .body(
            "B15p", Case.json, Packing.gzip(left), .forwarded, .body(Packing.gzip(left)),
            .field("Content-Encoding", "gzip"), to: "POST /a/x", lines: encoded("gzip")),
    ]

    private static let refused: [Case] =
        Case.rows(
            "B15", from: 26,
            [
                "br", "zstd", "compress", "x-compress", "dcb", "aes128gcm", "exi", "pack200-gzip",
                "gzip, gzip", "gzip, deflate", "gzip, br", "identity, gzip", "gzip, identity",
                "gzip,", ",gzip", "gzip;q=1", "gzip gzip", "\"gzip\"", "gzip\t;", "*", "", "xgzip",
                "x-deflate", "raw", "gzip\\", "g\u{7a}ip2",
            ]
        ) { id, name in coded(id, name, gzip, Case.coded) }
        + [
            .body(
                "B15zza", Case.json, gzip, Case.coded,
                lines: encoded("gzip") + encoded("gzip")),
            .body(
                "B15zzb", Case.json, gzip, Case.coded,
                lines: encoded("identity") + encoded("gzip")),
            coded(
                "B15zzc", "br", "\u{b}\u{2}\u{80}{}\u{3}", Case.coded,
                .says("undoes gzip or deflate")),
            coded("B15zzd", "br", evil, Case.coded, to: "POST /clean/dead/x"),
            // Which of two refusals it is does not depend on what is read first.
            coded("B15zze", "br", evil, Case.unreadable, type: "text/plain"),
            .body(
                "B15zzf", Case.json, evil, .forwarded, .body(left),
                .stripped(["body_tenant", "irregular_name"]), lines: "Content_Encoding: gzip\r\n"),
            .cleaned("B15zzg", Case.json, evil, left, lines: "X-Content-Encoding: gzip\r\n"),
        ]

    private static func cut(_ text: String, _ count: Int) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.dropLast(count)))
    }

    private static func behind(_ text: String, _ count: Int) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.dropFirst(count)))
    }

    /// B16: a body that is not in the coding it is said to be in.
    private static let lies: [Case] = [
        coded("B16a", "gzip", evil, Case.malformed), coded("B16b", "deflate", evil, Case.malformed),
        .body("B16c", Case.json, gzip, Case.malformed),
        .body("B16d", Case.json, zlib, Case.malformed),
        coded("B16e", "identity", gzip, Case.malformed),
        coded("B16f", "deflate", gzip, Case.malformed),
        coded("B16g", "gzip", zlib, Case.malformed),
        coded("B16h", "gzip", cut(gzip, 1), Case.malformed),
        coded("B16i", "gzip", cut(gzip, 8), Case.malformed),
        coded("B16j", "gzip", cut(gzip, 12), Case.malformed),
        coded("B16k", "gzip", gzip + "x", Case.malformed),
        coded("B16l", "gzip", gzip + "\0", Case.malformed),
        coded("B16m", "gzip", Packing.gzip("{}") + gzip, Case.malformed),
        coded("B16n", "gzip", Packing.gzip(evil, checksum: 1), Case.malformed),
        coded("B16o", "deflate", Packing.zlib(evil, checksum: 1), Case.malformed),
        coded("B16p", "deflate", cut(zlib, 1), Case.malformed),
        coded("B16q", "deflate", zlib + "x", Case.malformed),
        // A bare DEFLATE stream is what some servers take `deflate` for.
        coded("B16r", "deflate", Sighting.text(Packing.deflate(evil)), Case.malformed),
        coded("B16s", "gzip", Packing.gzip(gzip), Case.malformed),
        coded("B16t", "gzip", "\u{1f}\u{8b}", Case.malformed),
        coded("B16u", "gzip", "\u{1f}\u{8b}\u{7}" + behind(gzip, 3), Case.malformed),
        coded("B16v", "gzip", "\u{1f}\u{8b}\u{8}\u{ff}" + behind(gzip, 4), Case.malformed),
        coded("B16w", "gzip", Packing.gzip("\u{ef}\u{bb}\u{bf}" + evil), Case.malformed),
        coded("B16x", "gzip", Packing.gzip(""), Case.malformed),
        coded(
            "B16y", "gzip", Packing.gzip(#"{"tenant_id":"acme","tenant_id":"evil"}"#),
            Case.malformed),
    ]

    /// B25: 1 KB that becomes 10 MB, and what just fits and just does not.
    private static let bombs: [Case] = [
        coded("B25a", "gzip", Packing.gzip("[\"A", repeats: 40_000, checksum: 0), Case.tooLarge),
        coded(
            "B25b", "gzip", Packing.gzip("[\"A", repeats: 40_000, checksum: 0), Case.tooLarge,
            .says("`body.max`"), to: "POST /clean/dead/x"),
        coded("B25c", "gzip", Packing.gzip("A", repeats: 254, checksum: 0), Case.malformed),
        coded("B25d", "gzip", Packing.gzip("A", repeats: 255, checksum: 0), Case.tooLarge),
        coded("B25e", "gzip", "{A*65537}", Case.tooLarge),
    ]

    private static let methods: [Case] =
        Case.rows("B23", ["GET", "DELETE", "OPTIONS", "PUT", "PATCH", "HEAD"]) { id, method in
            .cleaned(id, Case.json, evil, left, to: "\(method) /clean/x")
        }
        + Case.rows("B23", from: 6, ["GET", "DELETE", "OPTIONS", "PUT", "PATCH", "HEAD"]) {
            id, method in
            .raw(
                id,
                "\(method) /clean/x HTTP/1.1\r\n{host}{auth}Content-Type: \(Case.json)\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n" + Case.chunks([evil]), .forwarded,
                .body(left), .method(method), .lacks("Transfer-Encoding"),
                .stripped(["body_tenant"]))
        }
        + [
            .body("B23m", nil, evil, Case.unreadable, to: "GET /clean/x"),
            .body("B23n", "text/plain", evil, Case.unreadable, to: "DELETE /clean/x"),
            .cleaned("B23o", Case.form, "tenant_id=evil&x=1", "x=1", to: "DELETE /clean/x"),
            .cleaned("B23p", Case.form, "tenant_id=evil&x=1", "x=1", to: "GET /clean/x"),
            .raw(
                "B23r",
                "POST /clean/x HTTP/1.0\r\n{host}{auth}Content-Type: \(Case.json)\r\n"
                    + "Content-Length: \(evil.utf8.count)\r\n\r\n\(evil)", .forwardedLast,
                .body(left)),
            .body("B23s", Case.json, evil, .declined(405, "route.method"), to: "TRACE /clean/x"),
            .body("B23q", Case.json, evil, Case.conflict, to: "GET /clean/strict/x"),
        ]

    private static func chunked(
        _ id: String, _ wire: String, _ verdict: Verdict, _ facts: Fact...,
        type: String = Case.json, to start: String = "POST /clean/x"
    ) -> Case {
        Case(
            id,
            "\(start) HTTP/1.1\r\n{host}{auth}Content-Type: \(type)\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n" + wire, verdict, facts)
    }

    private static func bytes(_ text: String) -> [String] { text.unicodeScalars.map { String($0) } }

    /// B24: however a body is cut, it is one body. `PieceScenarios` cuts the packets too.
    private static let pieces: [Case] = [
        chunked("B24a", Case.chunks(bytes(evil)), .forwarded, whole, lengthOfLeft, audited),
        chunked("B24b", Case.chunks([#"{"tenant"#, #"_id":"evil","x":1}"#]), .forwarded, whole),
        chunked(
            "B24c", Case.chunks([#"{"\u00"#, #"74enant_id":"evil","x":1}"#]), .forwarded, whole),
        chunked("B24d", Case.chunks([#"{"x":1"#, "}"]), .forwarded, whole, .stripped([])),
        chunked(
            "B24e", Case.chunks(bytes("x=1&tenant%5Fid=evil")), .forwarded, .body("x=1"),
            type: Case.form),
        chunked(
            "B24f", Case.chunks(bytes(formPart)), .forwarded, .body("--b--\r\n"),
            type: Case.multipart),
        chunked("B24g", Case.chunks(bytes("[\"\u{c3}\u{a9}\u{ff}\"]")), Case.malformed),
        chunked("B24h", Case.chunks(bytes(#"{"x":1,"x":2}"#)), Case.malformed),
        chunked("B24i", "0\r\n\r\n", .forwarded, .body("")),
        // What is behind the last chunk is no part of it.
        chunked(
            "B24j", "7\r\n\(left)\r\n0\r\nX-Tenant-ID: evil\r\n\r\n", .forwarded, whole,
            .unaudited),
        chunked("B24k", "7;tenant_id=evil\r\n\(left)\r\n0\r\n\r\n", .forwarded, whole, .unaudited),
        chunked("B24l", "1a\r\n\(evil)\r\n0\r\n\n", .refused(400, "request.line.bare_lf")),
        chunked("B24m", "1a\r\n\(evil)x0\r\n\r\n", .refused(400, "request.chunk.unterminated")),
        chunked("B24n", "g\r\n\(evil)\r\n0\r\n\r\n", .refused(400, "request.chunk.size_malformed")),
        .raw(
            "B24o",
            "POST /clean/x HTTP/1.1\r\n{host}{auth}Content-Type: \(Case.json)\r\n"
                + "\(encoded("gzip"))Transfer-Encoding: chunked\r\n\r\n"
                + Case.chunks(bytes(gzip)), .forwarded, whole, lengthOfLeft,
            .lacks("Content-Encoding")),
        chunked(
            "B24p",
            Case.chunks(["{\"tenant_id\":\"evil\",\"x\":\"", "{A*20000}", "{A*20000}", "\"}"]),
            .forwarded, .field("Content-Length", "40008")),
    ]

    private static let whole = Fact.body(left)
    private static let lengthOfLeft = Fact.field("Content-Length", "7")
    private static let audited = Fact.stripped(["body_tenant"])

    /// B25: more than the route holds. A dead upstream behind it would be 502 if it were asked.
    private static let sizes: [Case] = [
        .body("B25f", Case.json, "\"{A*65535}\"", Case.tooLarge, to: "POST /clean/dead/x"),
        .body(
            "B25g", Case.json, "\"{A*65535}\"", Case.tooLarge, .says("`body.max`"),
            .reply("Connection", "close")),
        chunked(
            "B25h", Case.chunks(["\"{A*65535}\""]), Case.tooLarge, to: "POST /clean/dead/x"),
        chunked("B25i", Case.chunks([#"{"tenant_id":"evil","x":""#, "{A*65536}"]), Case.tooLarge),
        chunked("B25j", Case.chunks(["{A*30000}", "{A*30000}", "{A*30000}"]), Case.tooLarge),
        chunked("B25k", "10000000\r\n{A*70000}", Case.tooLarge),
        .raw(
            "B25l",
            "POST /clean/x HTTP/1.1\r\n{host}{auth}Content-Type: \(Case.json)\r\n"
                + "Content-Length: 10485760\r\n\r\n", Case.tooLarge),
        .raw(
            "B25m",
            "POST /clean/x HTTP/1.1\r\n{host}{auth}Content-Type: \(Case.json)\r\n"
                + "Expect: 100-continue\r\nContent-Length: 65537\r\n\r\n", Case.tooLarge),
        .raw(
            "B25n",
            "POST /clean/x HTTP/1.1\r\n{host}{auth}Content-Type: \(Case.json)\r\n"
                + "Expect: 100-continue\r\nContent-Length: \(evil.utf8.count)\r\n\r\n\(evil)",
            .forwarded, whole),
        .body(
            "B25o", Case.json, "[]", .declined(502, "upstream.connect"), to: "POST /clean/dead/x"),
        .body("B25p", Case.json, "[", Case.malformed, to: "POST /clean/dead/x"),
        .raw(
            "B25q",
            "POST /clean/x HTTP/1.1\r\n{host}{auth}Content-Type: \(Case.json)\r\n"
                + "Content-Length: 100\r\n\r\n\(evil)", .refused(408, "request.timeout")
        ).canary(.following).slow,
        // A route that streams has no bound, and a body that turns out wrong has no proper end.
        .raw(
            "B25r",
            "POST /a/x HTTP/1.1\r\n{host}{auth}Transfer-Encoding: chunked\r\n\r\n"
                + "11170\r\n{A*70000}\r\ng\r\n", .cut(400, "request.chunk.size_malformed")),
        .body("B25s", nil, "{A*100000}", .forwarded, to: "POST /a/x"),
    ]
}
