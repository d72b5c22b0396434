/// Section S: where a request ends. Every row is followed by a canary in the same write, so that a
/// reader that sees another end shows itself.
enum FramingCases {
    static let all = conflicts + codings + lengths + unread + lines + preambles + bodies

    private static let framing = "request.framing."

    private static func framed(_ defect: String) -> Verdict { .refused(400, framing + defect) }

    /// RFC 9112 section 6.3 lets a server take `Transfer-Encoding` and close; this one refuses.
    private static let conflicts: [Case] = [
        .post("S1a", "Content-Length: 6\r\n" + chunked, "0\r\n\r\nG", framed("conflict")),
        .post("S1b", chunked + "\r\nContent-Length: 6", "0\r\n\r\nG", framed("conflict")),
        .post("S1c", "Content-Length: 0\r\n" + chunked, "0\r\n\r\n", framed("conflict")),
        .post(
            "S1d", "Content-Length: 5\r\nTransfer-Encoding: identity", "hello", framed("conflict")),
        .post("S1e", "Content-Length: x\r\n" + chunked, "0\r\n\r\n", framed("conflict")),
        .get("S1f", "Content-Length: 6\r\n" + chunked, framed("conflict")),
    ]

    private static let chunked = "Transfer-Encoding: chunked"
    private static let unsupported = Verdict.refused(501, framing + "coding_unsupported")

    private static let codings: [Case] = [
        coding("S2a", "x", unsupported),
        coding("S2b", "identity", unsupported),
        coding("S2c", "chunked, identity", unsupported),
        coding("S2d", "identity, chunked", unsupported),
        coding("S2e", "chunked, chunked", unsupported),
        coding("S2f", "gzip, chunked", unsupported),
        coding("S2g", "gzip", unsupported),
        coding("S2h", "chunked,chunked", unsupported),
        coding("S2i", "chunked, cow", unsupported),
        coding("S3a", "xchunked", unsupported),
        coding("S3b", "chunkedx", unsupported),
        coding("S3c", "CHUNKED", .forwarded),
        coding("S3d", "\t chunked \t", .forwarded),
        coding("S3e", "\u{b}chunked", valueByte),
        coding("S3f", "\"chunked\"", framed("coding_malformed")),
        coding("S3g", "chunked;a=b", framed("coding_malformed")),
        coding("S3h", ",chunked", framed("coding_malformed")),
        coding("S3i", "chunked,", framed("coding_malformed")),
        coding("S3j", "\u{a0}chunked", .refused(400, "request.field.value_not_ascii")),
        coding("S3k", "", framed("coding_malformed")),
        coding("S3l", "chunked chunked", framed("coding_malformed")),
        coding("S3m", "'chunked'", unsupported),
        coding("S3n", "chunked\0", valueByte),
        coding("S3o", "chunked\r", .refused(400, "request.line.bare_cr")),
        coding("S3p", "\r\n chunked", .refused(400, "request.field.folded")),
        .post("S3q", "Transfer-Encoding : chunked", "0\r\n\r\n", nameSpace),
        .post("S3r", "X: y\r\n Transfer-Encoding: chunked", "0\r\n\r\n", folded),
        // Another field of no meaning, dropped for its name; the length alone frames the body.
        .post(
            "S3s", "Content-Length: 5\r\nTransfer_Encoding: chunked", "0\r\n\r\n", .forwarded,
            .body("0\r\n\r\n"), .lacks("Transfer_Encoding")),
        .post(
            "S3t", "Content-Length: 5\r\nTransferEncoding: chunked", "0\r\n\r\n", .forwarded,
            .body("0\r\n\r\n")),
        .post(
            "S3u", "Content-Length: 5\r\nX-Transfer-Encoding: chunked", "0\r\n\r\n", .forwarded,
            .body("0\r\n\r\n")),
        .post("S3v", "tRANSFER-eNCODING: ChUnKeD", "0\r\n\r\n", .forwarded, .body("")),
        .post("S4a", chunked + "\r\n" + chunked, "0\r\n\r\n", framed("coding_repeated")),
        .post("S4b", chunked + "\r\nTransfer-Encoding: x", "0\r\n\r\n", framed("coding_repeated")),
        .post("S4c", "Transfer-Encoding:\r\n" + chunked, "0\r\n\r\n", framed("coding_repeated")),
        .raw("S7a", "POST /a HTTP/1.0\r\n{host}{auth}\(chunked)\r\n\r\n0\r\n\r\n", old),
        .raw("S7b", "GET /a HTTP/1.0\r\n{host}{auth}\(chunked)\r\n\r\n0\r\n\r\n", old),
        .raw(
            "S7c", "POST /a HTTP/1.0\r\n{host}{auth}Connection: keep-alive\r\n\(chunked)\r\n\r\n",
            old),
    ]

    private static func coding(_ id: String, _ value: String, _ verdict: Verdict) -> Case {
        .post(id, "Transfer-Encoding:\(value)", "0\r\n\r\n", verdict)
    }

    private static let valueByte = Verdict.refused(400, "request.field.value_byte")
    private static let nameSpace = Verdict.refused(400, "request.field.name_space")
    private static let folded = Verdict.refused(400, "request.field.folded")
    private static let old = framed("coding_version")

    private static let lengths: [Case] = [
        length("S5a", "+5"), length("S5b", "-1"), length("S5c", "0x5"), length("S5d", "5_0"),
        length("S5e", "5 0"), length("S5f", "5,5"), length("S5g", "5, 6"), length("S5h", " "),
        length("S5i", ""), length("S5j", "05"), length("S5k", "5.0"), length("S5l", "5e0"),
        length("S5m", "five"), length("S5n", "\"5\""), length("S5o", "00"),
        length("S5p", "9223372036854775808", "length_too_large"),
        length("S5q", "18446744073709551621", "length_too_large"),
        length("S5r", repeated("9", 200), "length_too_large"),
        .post("S5s", "Content-Length: \t5\t ", "hello", .forwarded, .body("hello")),
        .post("S5t", "Content-Length: 0", "", .forwarded, .field("Content-Length", "0")),
        .raw(
            "S5u",
            "POST /signed/x HTTP/1.1\r\n{host}{auth}Content-Length: 9223372036854775807\r\n\r\n",
            .refused(413, "request.body.too_large")),
        .post("S5v", "Content-Length: 5\u{b}", "hello", valueByte),
        .post("S6a", "Content-Length: 5\r\nContent-Length: 5", "hello", repeatedLength),
        .post("S6b", "Content-Length: 5\r\nContent-Length: 6", "hello", repeatedLength),
        .post("S6c", "Content-Length:\r\nContent-Length: 5", "hello", repeatedLength),
        .post("S6d", "content-length: 5\r\nCONTENT-LENGTH: 0", "hello", repeatedLength),
        .post("S6e", "Content-Length : 5\r\nContent-Length: 0", "hello", nameSpace),
        .post(
            "S6f", "Content_Length: 0\r\nContent-Length: 5", "hello", .forwarded, .body("hello"),
            .lacks("Content_Length")),
    ]

    private static let repeatedLength = framed("length_repeated")

    private static func length(
        _ id: String, _ value: String, _ defect: String = "length_malformed"
    ) -> Case {
        .post(id, "Content-Length: \(value)", "hello", framed(defect))
    }

    /// S12: a body nobody wants is read and dropped, or the connection ends; it is never a request.
    private static let unread: [Case] = [
        body("S12a", "POST /nowhere", "{auth}", .declined(404, "route.not_found")),
        body("S12b", "POST /a", "", .declined(401, "token.missing")),
        body("S12c", "POST /reading/x", "{auth}", .declined(405, "route.method")),
        body("S12d", "POST /a/..", "{auth}", .declined(400, "request.path.ambiguous")),
        body(
            "S12e", "POST /strict/x", "{auth}X-Tenant-ID: evil\r\n",
            .declined(403, "tenant.conflict")),
        body("S12f", "FOO /a", "{auth}", .declined(501, "request.method.unknown")),
        body("S12g", "TRACE /a", "{auth}", .declined(405, "route.method")),
        .raw(
            "S12h",
            "POST /nowhere HTTP/1.1\r\n{host}\(chunked)\r\n\r\n"
                + "32\r\nGET /canary HTTP/1.1\r\nHost: a\r\nA: 012345678901\r\n\r\n\r\n0\r\n\r\n",
            .declined(404, "route.not_found")),
        .raw(
            "S12i",
            "POST /nowhere HTTP/1.1\r\n{host}Content-Length: 100000\r\n\r\n"
                + repeated(inner, 100_000 / inner.utf8.count + 1).prefix(100_000),
            .refused(404, "route.not_found")),
        .raw(
            "S12j", "POST /nowhere HTTP/1.1\r\n{host}\(chunked)\r\n\r\nzz\r\n",
            .refused(404, "route.not_found")),
        .raw(
            "S12k", "POST /a HTTP/1.1\r\n{host}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
            .refused(401, "token.missing")),
        .raw(
            "S12l",
            "POST /dead HTTP/1.1\r\n{host}{auth}Content-Length: \(inner.utf8.count)\r\n\r\n"
                + inner, .declined(502, "upstream.connect")),
        body("S12m", "OPTIONS *", "", .answered(204)),
        // A rest that never comes does not keep the connection for ever.
        .raw(
            "S12n", "POST /nowhere HTTP/1.1\r\n{host}Content-Length: 6\r\n\r\nhello",
            .refused(404, "route.not_found")
        ).canary(.following).slow,
        .raw(
            "S12o", "POST /signed/x HTTP/1.1\r\n{host}{auth}Content-Length: 100000\r\n\r\n",
            .refused(413, "request.body.too_large")),
    ]

    private static let inner = "GET /canary HTTP/1.1\r\nHost: api.test\r\n\r\n"

    private static func body(
        _ id: String, _ start: String, _ lines: String, _ verdict: Verdict
    ) -> Case {
        let length = "Content-Length: \(inner.utf8.count)\r\n"
        return Case(id, "\(start) HTTP/1.1\r\n{host}\(lines)\(length)\r\n\(inner)", verdict)
    }

    private static let bareLF = Verdict.refused(400, "request.line.bare_lf")
    private static let bareCR = Verdict.refused(400, "request.line.bare_cr")
    private static let blank = Verdict.refused(400, "request.line.blank")
    private static let line = Verdict.refused(400, "request.line.malformed")
    private static let good = "GET /a HTTP/1.1\r\n{host}{auth}\r\n"

    private static let lines: [Case] = [
        .raw("S14a", "GET /a HTTP/1.1\nHost: api.test\n\n", bareLF),
        .raw("S14b", "GET /a HTTP/1.1\rHost: api.test\r\r", bareCR),
        .raw("S14c", "GET /a HTTP/1.1\r\r\n{host}{auth}\r\n", bareCR),
        .raw("S14d", "\r\n" + good, .forwarded),
        .raw("S14e", "\r\n\r\n" + good, blank),
        .raw("S14f", repeated("\r\n", 100) + good, blank),
        .raw("S14g", "\n" + good, bareLF),
        .raw("S14h", "\r" + good, bareCR),
        .raw("S14i", "GET /a HTTP/1.1\r\n{host}{auth}\n", bareLF),
        .raw("S14j", "GET /a HTTP/1.1\r\n{host}{auth}\r\r\n", bareCR),
        .raw("S15a", "GET /a?tenant_id=evil\r\n", .refused(400, "request.version.missing")),
        .raw("S15b", "GET /a\r\n\r\n", .refused(400, "request.version.missing")),
        .raw("S15c", "GET /a\n", bareLF),
        .raw("S15d", "GET /a \r\n{host}{auth}\r\n", version),
        .raw("S16a", "GET  /a HTTP/1.1\r\n{host}{auth}\r\n", line),
        .raw("S16b", "GET\t/a HTTP/1.1\r\n{host}{auth}\r\n", line),
        .raw("S16c", "GET /a HTTP/1.1 \r\n{host}{auth}\r\n", version),
        .raw("S16d", "GET /a  HTTP/1.1\r\n{host}{auth}\r\n", version),
        .raw("S16e", " GET /a HTTP/1.1\r\n{host}{auth}\r\n", line),
        .raw("S16f", "GET\u{b}/a HTTP/1.1\r\n{host}{auth}\r\n", methodByte),
        .raw("S16g", "GET /a\tHTTP/1.1\r\n{host}{auth}\r\n", .refused(400, "request.target.byte")),
        .raw("S16h", "GET /a HTTP/1.1\t\r\n{host}{auth}\r\n", version),
        .raw("S16i", "get /a HTTP/1.1\r\n{host}{auth}\r\n", .refused(400, "request.method.case")),
        .raw("S16j", "GET\0 /a HTTP/1.1\r\n{host}{auth}\r\n", methodByte),
        .raw("S16k", "{host}{auth}\r\n", methodByte),
        .raw("S16l", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}", methodByte),
    ]

    private static let version = Verdict.refused(400, "request.version.malformed")
    private static let methodByte = Verdict.refused(400, "request.method.malformed")
    private static let proxy = Verdict.refused(400, "request.proxy_protocol")

    /// S19: nobody enabled the PROXY protocol.
    private static let preambles: [Case] = [
        .raw("S19a", "PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n" + good, proxy),
        .raw("S19b", "PROXY UNKNOWN\r\n" + good, proxy),
        .raw("S19c", "\r\n\r\n\0\r\nQUIT\n\u{21}\u{11}\0\u{c}" + repeated("\0", 12) + good, proxy),
        .raw("S19d", "\r\n\r\n\0\r\nQUIT\n\u{20}\0\0\0" + good, proxy),
    ]

    /// S18: a method says nothing about a body; its framing does.
    private static let bodies: [Case] =
        framed + [
            .raw(
                "S18m", "HEAD /a HTTP/1.1\r\n{host}{auth}Content-Length: 5\r\n\r\nhello",
                .forwarded, .body("hello")),
            .raw(
                "S18n", "TRACE /a HTTP/1.1\r\n{host}{auth}Content-Length: 5\r\n\r\nhello",
                .declined(405, "route.method")),
            .raw(
                "S18o",
                "POST /signed/x HTTP/1.1\r\n{host}{auth}\(chunked)\r\n\r\n"
                    + "5\r\nhello\r\n0\r\n\r\n", .forwarded, .body("hello")),
            .raw(
                "S18p", "GET /signed/x HTTP/1.1\r\n{host}{auth}Content-Length: 5\r\n\r\nhello",
                .forwarded, .body("hello")),
        ]

    private static var framed: [Case] {
        var rows: [Case] = []
        for method in ["GET", "DELETE", "OPTIONS", "PUT", "PATCH", "POST"] {
            let start = "\(method) /a HTTP/1.1\r\n{host}{auth}"
            for end in [
                "Content-Length: 5\r\n\r\nhello", "\(chunked)\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            ] {
                let id = "S18" + letter(rows.count)
                rows.append(.raw(id, start + end, .forwarded, .body("hello"), .method(method)))
            }
        }
        return rows
    }
}
