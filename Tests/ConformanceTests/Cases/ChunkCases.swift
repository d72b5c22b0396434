/// Section S, the chunked coding. On `/a` bodies are streamed, so the head may be on its way when a
/// chunk turns out wrong: the upstream is cut off. On `/signed` the body is read whole first, and
/// nothing is sent.
enum ChunkCases {
    static let all = streamed + held

    private static func cut(_ defect: String) -> Verdict { .cut(400, "request.chunk." + defect) }
    private static let size = cut("size_malformed")
    private static let sizeBound = cut("size_too_large")
    private static let extension_ = cut("extension_malformed")
    private static let unterminated = cut("unterminated")
    private static let bareLF = Verdict.cut(400, "request.line.bare_lf")
    private static let bareCR = Verdict.cut(400, "request.line.bare_cr")

    private static let streamed: [Case] = [
        whole("S8a", "0x5", size), whole("S8b", "+5", size), whole("S8c", "-0", size),
        whole("S8d", "5_0", size), whole("S8e", " 5", size), whole("S8f", "5 ", size),
        whole("S8g", "5\t", size), whole("S8h", "", size), whole("S8i", "g", size),
        whole("S8j", "00000000000000005", sizeBound), whole("S8k", "FFFFFFFFFFFFFFFF", sizeBound),
        whole("S8l", "8000000000000000", sizeBound), whole("S8m", "5\r5", bareCR),
        whole("S8n", "5\0", size), whole("S8o", "\u{ff}", size),
        whole("S8p", "10000000000000005", sizeBound),
        whole("S8q", "0000000000000005", .forwarded), whole("S8r", "05", .forwarded),
        .chunked(
            "S8s", "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", .forwarded, .body(twice)),
        whole("S9a", "5;a=b", .forwarded), whole("S9b", "5;a", .forwarded),
        whole("S9c", "5;a=\"b;c\"", .forwarded), whole("S9d", "5;a=b;c=d", .forwarded),
        .chunked("S9e", "5;\nhello\r\n0\r\n\r\n", bareLF),
        .chunked("S9f", "5;a=\"\r\nhello\r\n0\r\n\r\n", extension_),
        whole("S9g", "5;a\rb", bareCR), .chunked("S9h", "5;a=b\nhello\r\n0\r\n\r\n", bareLF),
        whole("S9i", "5;a=\0", extension_), whole("S9j", "5;", extension_),
        whole("S9k", "5;=b", extension_), whole("S9l", "5 ;a=b", size),
        whole("S9m", "5;a=b c", extension_),
        .chunked(
            "S9n", repeated("1;" + repeated("e", 900) + "\r\nx\r\n", 18) + "0\r\n\r\n",
            cut("extensions_too_long")),
        whole("S9o", "5;" + repeated("e", 16_384), cut("extensions_too_long")),
        .chunked("S10a", "5\r\nhelloXX0\r\n\r\n", unterminated),
        .chunked("S10b", "5\r\nhello\n0\r\n\r\n", unterminated),
        .chunked("S10c", "5\r\nhello\r0\r\n\r\n", unterminated),
        .chunked("S10d", "5\r\nhello0\r\n\r\n", unterminated),
        .chunked("S10e", "5\nhello\r\n0\r\n\r\n", bareLF),
        .chunked("S10f", "4\r\nhello\r\n0\r\n\r\n", unterminated),
        .chunked("S11a", "5\r\nhello\r\n00\r\n\r\n", .forwarded, .body("hello")),
        .chunked("S11b", "5\r\nhello\r\n000;x\r\n\r\n", .forwarded, .body("hello")),
        .chunked("S11c", "0\n\n", bareLF),
        .chunked("S11d", "0\r\n\n", bareLF),
        .chunked("S11e", "0\r\n\r", bareCR),
        // The canary's bytes would be trailers here; nothing follows, so the deadline decides.
        .chunked("S11f", "5\r\nhello\r\n0\r\n", late).canary(.following).slow,
        .chunked("S11g", "5\r\nhel", late).canary(.following).slow,
        // A body of a length, one byte short: what follows is its last byte.
        .post("S11h", "Content-Length: 6", "hello", late).canary(.following).slow,
    ]

    private static let late = Verdict.cut(408, "request.timeout")
    private static let twice = "01234567890123456789"

    /// One chunk of five bytes whose size line is `line`, and the last chunk.
    private static func whole(_ id: String, _ line: String, _ verdict: Verdict) -> Case {
        .chunked(id, "\(line)\r\nhello\r\n0\r\n\r\n", verdict)
    }

    private static let held: [Case] =
        [
            ("a", "0x5\r\nhello\r\n0\r\n\r\n", "request.chunk.size_malformed"),
            ("b", "5\r\nhelloXX0\r\n\r\n", "request.chunk.unterminated"),
            ("c", "5;a=b\nhello\r\n0\r\n\r\n", "request.line.bare_lf"),
            ("d", "5\r\nhello\r\n0\r\nX-Tenant-ID : evil\r\n\r\n", "request.field.name_space"),
            ("e", "ffffffffffffffff\r\nhello", "request.chunk.size_too_large"),
        ].map { letter, body, code in
            Case(
                "S10z" + letter,
                "POST /signed/x HTTP/1.1\r\n{host}{auth}Transfer-Encoding: chunked\r\n\r\n" + body,
                .refused(400, code))
        } + [
            Case(
                "S10zf",
                "POST /signed/x HTTP/1.1\r\n{host}{auth}Transfer-Encoding: chunked\r\n\r\n"
                    + "20000\r\n" + repeated("x", 0x20000) + "\r\n0\r\n\r\n",
                .refused(413, "request.body.too_large"))
        ]
}
