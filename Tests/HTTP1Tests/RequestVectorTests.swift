import HTTP1
import Testing

/// One row of the attack catalogue: bytes and the only outcome they may have.
struct Vector: CustomTestStringConvertible, Sendable {
    let id: String
    let bytes: [UInt8]
    let expected: HTTPViolation

    init(_ id: String, _ text: String, _ expected: HTTPViolation) {
        self.id = id
        bytes = latin(text)
        self.expected = expected
    }

    /// A whole request with these extra field lines (each with its line ending).
    static func fields(_ id: String, _ lines: String, _ expected: HTTPViolation) -> Vector {
        Vector(id, "GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n", expected)
    }

    static func line(_ id: String, _ line: String, _ expected: HTTPViolation) -> Vector {
        Vector(id, "\(line)\r\nHost: a\r\n\r\n", expected)
    }

    static func target(_ id: String, _ target: String, _ expected: HTTPViolation) -> Vector {
        line(id, "GET \(target) HTTP/1.1", expected)
    }

    static func host(_ id: String, _ host: String, _ expected: HTTPViolation) -> Vector {
        Vector(id, "GET / HTTP/1.1\r\nHost:\(host)\r\n\r\n", expected)
    }

    var testDescription: String { "\(id) \(shown(bytes))" }
}

@Suite struct `Attack catalogue, request heads` {
    static let headers: [Vector] = [
        .fields("H7", "X-Tenant-ID : evil\r\n", .fieldNameSpace),
        .fields("H7", "X-Tenant-ID\t: evil\r\n", .fieldNameSpace),
        .fields("H7", "X-Tenant-ID  evil\r\n", .fieldNameSpace),
        Vector("H8", "GET / HTTP/1.1\r\n X-Tenant-ID: evil\r\nHost: a\r\n\r\n", .fieldIndented),
        Vector("H8", "GET / HTTP/1.1\r\n\tX-Tenant-ID: evil\r\nHost: a\r\n\r\n", .fieldIndented),
        Vector("H8", "GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n", .fieldIndented),
        .fields("H9", "X-A: b\r\n X-Tenant-ID: evil\r\n", .fieldFolded),
        .fields("H9", "X-A: b\r\n\tX-Tenant-ID: evil\r\n", .fieldFolded),
        .fields("H9", "X-Tenant-ID:\r\n evil\r\n", .fieldFolded),
        .fields("H9", "X-Tenant-ID:\r\n \r\n", .fieldFolded),
        .fields("H10", "X-A: b\nX-Tenant-ID: evil\r\n", .lineFeedBare),
        .fields("H10", "X-A: b\n\r\n", .lineFeedBare),
        .fields("H10", "X-A:\nX-Tenant-ID: evil\r\n", .lineFeedBare),
        .fields("H10", "X-A\nX-Tenant-ID: evil\r\n", .lineFeedBare),
        .fields("H10", "\nX-Tenant-ID: evil\r\n", .lineFeedBare),
        .fields("H11", "X-A: b\rX-Tenant-ID: evil\r\n", .carriageReturnBare),
        .fields("H11", "X-A: b\r\r\n", .carriageReturnBare),
        .fields("H11", "X-A: b\r \r\n", .carriageReturnBare),
        .fields("H11", "\rX-A: b\r\n", .carriageReturnBare),
        .fields("H11", "X-A\r: b\r\n", .fieldColonMissing),
        .fields("H12", "X-A: b\0\r\n", .fieldValueByte),
        .fields("H12", "X-A: \u{01}\r\n", .fieldValueByte),
        .fields("H12", "X-A: b\u{0b}c\r\n", .fieldValueByte),
        .fields("H12", "X-A: b\u{0c}c\r\n", .fieldValueByte),
        .fields("H12", "X-A: b\u{1f}\r\n", .fieldValueByte),
        .fields("H12", "X-A: b\u{7f}c\r\n", .fieldValueByte),
        .fields("H12", "X-A: 0123456789\u{7f}0123456789\r\n", .fieldValueByte),
        .fields("H12", "X-Tenant-ID\0: evil\r\n", .fieldNameByte),
        .fields("H12", "X-Ten\u{01}ant-ID: evil\r\n", .fieldNameByte),
        .fields("H12", "X-Tenant-ID\u{7f}: evil\r\n", .fieldNameByte),
        .fields("H12", "\u{0b}X-Tenant-ID: evil\r\n", .fieldNameByte),
        .fields("H13", "X-Tenant-ID\u{ad}: evil\r\n", .fieldNameByte),
        .fields("H13", "\u{ef}\u{bc}\u{b8}-Tenant-ID: evil\r\n", .fieldNameByte),
        .fields("H13", "\u{c1}\u{98}-Tenant-ID: evil\r\n", .fieldNameByte),
        .fields("H13", "X-A: caf\u{c3}\u{a9}\r\n", .fieldValueNotASCII),
        .fields("H13", "X-A: \u{80}\r\n", .fieldValueNotASCII),
        .fields("H13", "X-A: 0123456789abcdef\u{ff}\r\n", .fieldValueNotASCII),
        .fields("H14", ": evil\r\n", .fieldNameEmpty),
        .fields("H14", ":\r\n", .fieldNameEmpty),
        .fields("H14", "evil\r\n", .fieldColonMissing),
        .fields("H14", "   \r\n", .fieldFolded),
        .fields("H14", "\t\r\n", .fieldFolded),
        .fields("H14", "X(A): b\r\n", .fieldNameByte),
        .fields("H14", "\"X-A\": b\r\n", .fieldNameByte),
        .fields("H14", "X/A: b\r\n", .fieldNameByte),
        .fields("H6", "Connection: \"close\"\r\n", .connectionMalformed),
        .fields("H6", "Connection: close x-tenant-id\r\n", .connectionMalformed),
        .fields("H6", "Connection: close;x=y\r\n", .connectionMalformed),
        .fields("U3", "Expect: 100-continue, x\r\n", .expectationUnsupported),
        .fields("U3", "Expect: \r\n", .expectationUnsupported),
        .fields("U3", "Expect: 200-ok\r\n", .expectationUnsupported),
        .fields(
            "U3", "Expect: 100-continue\r\nExpect: 100-continue\r\n", .expectationUnsupported),
    ]

    static let targets: [Vector] =
        ["<", ">", "\"", "{", "}", "|", "^", "`", "\\", "\u{80}", "\u{ff}", "\u{01}", "\u{7f}"]
        .flatMap { byte -> [Vector] in
            [
                .target("P6", "/a\(byte)b", .targetByte), .target("P6", "/?a\(byte)b", .targetByte),
                .target("P6", "http://a/x\(byte)", .targetByte),
            ]
        } + [
            .target("P6", "/a\tb", .targetByte),
            .target("P6", "/a b", .versionMalformed),
            .target("P6", "/[x]", .targetByte),
            .target("P6", "/a%", .targetPercent),
            .target("P6", "/a%2", .targetPercent),
            .target("P6", "/a%zz", .targetPercent),
            .target("P6", "/a%2g", .targetPercent),
            .target("P6", "/a%u0041", .targetPercent),
            .target("P6", "/%%41", .targetPercent),
            .target("Q11", "/x?a=1#&tenant_id=evil", .targetFragment),
            .target("Q11", "/x#?tenant_id=evil", .targetFragment),
            .target("Q11", "#", .targetFragment),
            .target("Q11", "http://a#x", .targetFragment),
            .target("P8", "http://user@a/", .targetUserinfo),
            .target("P8", "http://user:pw@a/", .targetUserinfo),
            .target("P8", "http://@a/", .targetUserinfo),
            .target("P8", "ftp://a/", .targetScheme),
            .target("P8", "httpx://a/", .targetScheme),
            .target("P8", "httpsx://a/", .targetScheme),
            .target("P8", "http:/a/", .targetScheme),
            .target("P8", "http:a", .targetScheme),
            .target("P8", "http//a/", .targetScheme),
            .target("P8", "http:///x", .targetAuthority),
            .target("P8", "http://:80/", .targetAuthority),
            .target("P8", "http://a:/", .targetAuthority),
            .target("P8", "http://a:080/", .targetAuthority),
            .target("P8", "http://a:0/", .targetAuthority),
            .target("P8", "http://a:65536/", .targetAuthority),
            .target("P8", "http://a:8x/", .targetAuthority),
            .target("P8", "http://a..b/", .targetAuthority),
            .target("P8", "http://[::1%25eth0]/", .targetByte),
            .target("P8", "http://a", .targetPathMissing),
            .target("P8", "http://a?x", .targetPathMissing),
            .target("P8", "http://a%2fb/", .targetByte),
            .target("P8", "http://a,b/", .targetByte),
            .target("P13", "*", .targetForm),
            .target("P13", "a:443", .targetScheme),
            .target("P13", "evil.example", .targetScheme),
            .target("P13", "x/y", .targetScheme),
            .target("P13", "?x", .targetScheme),
            .target("P13", "", .requestLineMalformed),
            .line("P13", "POST * HTTP/1.1", .targetForm),
            .line("P13", "OPTIONS *x HTTP/1.1", .targetByte),
            .line("P13", "OPTIONS ** HTTP/1.1", .targetByte),
            .line("U1", "CONNECT / HTTP/1.1", .targetAuthority),
            .line("U1", "CONNECT a HTTP/1.1", .targetAuthority),
            .line("U1", "CONNECT a:443/x HTTP/1.1", .targetByte),
            .line("U1", "CONNECT u@a:443 HTTP/1.1", .targetUserinfo),
            .line("U1", "CONNECT http://a:443/ HTTP/1.1", .targetAuthority),
        ]

    static let lines: [Vector] = [
        .line("P13", "GET / http/1.1", .versionMalformed),
        .line("P13", "GET / Http/1.1", .versionMalformed),
        .line("P13", "GET / HTTP/1.2", .versionUnsupported),
        .line("P13", "GET / HTTP/2.0", .versionUnsupported),
        .line("P13", "GET / HTTP/0.9", .versionUnsupported),
        .line("P13", "GET / HTTP/3.1", .versionUnsupported),
        .line("P13", "GET / HTTP/1.10", .versionMalformed),
        .line("P13", "GET / HTTP/01.1", .versionMalformed),
        .line("P13", "GET / HTTP/1,1", .versionMalformed),
        .line("P13", "GET / HTTP/1.", .versionMalformed),
        .line("P13", "GET / HTTP/1", .versionMalformed),
        .line("P13", "GET / HTTP/", .versionMalformed),
        .line("P13", "GET / HTTPS/1.1", .versionMalformed),
        .line("P13", "GET / ICAP/1.0", .versionMalformed),
        .line("P13", "PRI * HTTP/2.0", .targetForm),
        .line("P14", "G(T / HTTP/1.1", .methodMalformed),
        .line("P14", "G\u{e9}T / HTTP/1.1", .methodMalformed),
        .line("P14", "\"GET\" / HTTP/1.1", .methodMalformed),
        .line("P14", "\u{16}\u{03}\u{01}", .methodMalformed),
        .line("S15", "GET /x?tenant_id=evil", .versionMissing),
        .line("S15", "GET http://a/", .versionMissing),
        .line("S15", "GET http://a", .versionMissing),
        .line("S15", "GET", .requestLineMalformed),
        .line("S15", "GET ", .versionMissing),
        .line("S16", "GET  / HTTP/1.1", .requestLineMalformed),
        .line("S16", "GET /  HTTP/1.1", .versionMalformed),
        .line("S16", "GET\t/ HTTP/1.1", .requestLineMalformed),
        .line("S16", "GET /\tHTTP/1.1", .targetByte),
        .line("S16", "GET / \tHTTP/1.1", .versionMalformed),
        .line("S16", "GET / HTTP/1.1 ", .versionMalformed),
        .line("S16", "GET / HTTP/1.1\t", .versionMalformed),
        .line("S16", " GET / HTTP/1.1", .requestLineMalformed),
        .line("S16", "\tGET / HTTP/1.1", .requestLineMalformed),
        .line("S16", "GET / ", .versionMalformed),
        .line("S16", "get / HTTP/1.1", .methodCase),
        .line("S16", "Get / HTTP/1.1", .methodCase),
        .line("S16", "oPTIONS * HTTP/1.1", .methodCase),
        .line("S16", "pOST / HTTP/1.1", .methodCase),
        .line("S16", "tracK / HTTP/1.1", .methodCase),
        .line("S16", "GET\u{0b}/ HTTP/1.1", .methodMalformed),
        .line("S16", "GET\u{0c}/ HTTP/1.1", .methodMalformed),
        .line("S16", "GET\0/ HTTP/1.1", .methodMalformed),
        .line("S16", "GET /\u{0b}HTTP/1.1", .targetByte),
        .line("S16", "GET / HTTP/1.1\u{0b}", .versionMalformed),
        .line("S16", "GET / HTTP/1.1 X-Tenant-ID: evil", .versionMalformed),
        Vector("S14", "GET / HTTP/1.1\nHost: a\n\n", .lineFeedBare),
        Vector("S14", "GET / HTTP/1.1\nHost: a\r\n\r\n", .lineFeedBare),
        Vector("S14", "GET / HTTP/1.1\r\nHost: a\n\n", .lineFeedBare),
        Vector("S14", "GET / HTTP/1.1\r\nHost: a\r\n\n", .lineFeedBare),
        Vector("S14", "GET / HTTP/1.1\rHost: a\r\r", .carriageReturnBare),
        Vector("S14", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", .carriageReturnBare),
        Vector("S14", "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n", .carriageReturnBare),
        Vector("S14", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", .carriageReturnBare),
        Vector("S14", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .blankLineRepeated),
        Vector("S14", String(repeating: "\r\n", count: 100), .blankLineRepeated),
        Vector("S14", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .lineFeedBare),
        Vector("S14", "\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .lineFeedBare),
        Vector("S14", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", .carriageReturnBare),
        Vector("S14", "GET\n/ HTTP/1.1\r\nHost: a\r\n\r\n", .lineFeedBare),
        Vector("S14", "GET /\nHTTP/1.1\r\nHost: a\r\n\r\n", .lineFeedBare),
        Vector("S19", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET / HTTP/1.1\r\n", .proxyPreamble),
        Vector("S19", "PROXY UNKNOWN\r\nGET / HTTP/1.1\r\n", .proxyPreamble),
        Vector("S19", "\r\n\r\n\0\r\nQUIT\n\u{21}\u{11}\0\u{0c}", .proxyPreamble),
        Vector("S19", "\r\n\r\n\0\r\nQUIT\r\u{21}\u{11}\0\u{0c}", .blankLineRepeated),
    ]

    static let hosts: [Vector] =
        [
            "acme,evil", "acme evil", "acme/x", "a@evil", "", "   ", ":80", "a:", "a:0443", "a:0",
            "a:65536", "a:999999", "a:-1", "a:+1", "a:8o", "a:80:80", "a?x", "a#x", "a%2eb", "%61",
            ".", "..", ".a", "a..b", "a..", "a:80 x", "[", "]", "[]", "[::1", "::1", "[::1]x",
            "[::1%25eth0]", "[::1%eth0]", "[v1.x]", "[1.2.3.4]", "[1:2:3:4:5:6:7:8:9]",
            "[1:2:3:4:5:6:7]", "[:1]", "[1:]", "[::1::]", "[12345::]", "[g::]", "256.1.1.1",
            "1.2.3", "127.1", "1.2.3.4.5", "01.2.3.4", "0x7f.0.0.1", "0x7f000001", "2130706433",
            "1.2.3.0x4", "a b", "a\tb", "a\\b", "a;b", "a|b", "(a)", "a~b", "a!b",
            String(repeating: "a", count: 64), String(repeating: "a.", count: 127) + "a",
        ].map { .host("P9", " \($0)", .hostMalformed) } + [
            .host("P9", " caf\u{e9}", .fieldValueNotASCII),
            .host("P9", " a\rb", .carriageReturnBare),
            .host("P9", " a\0b", .fieldValueByte),
            Vector("P9", "GET / HTTP/1.1\r\n\r\n", .hostMissing),
            Vector("P9", "GET / HTTP/1.1\r\nX-Host: a\r\n\r\n", .hostMissing),
            Vector("P9", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .hostRepeated),
            Vector("P9", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nhOST: b\r\n\r\n", .hostRepeated),
            Vector("P9", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", .hostRepeated),
            Vector("P9", "GET / HTTP/1.0\r\nHost: a,b\r\n\r\n", .hostMalformed),
            Vector("P7", "GET http://evil/x HTTP/1.1\r\nHost: acme\r\n\r\n", .hostConflict),
            Vector("P7", "GET http://a:81/x HTTP/1.1\r\nHost: a\r\n\r\n", .hostConflict),
            Vector("P7", "GET http://a/x HTTP/1.1\r\nHost: a:443\r\n\r\n", .hostConflict),
            Vector("P7", "GET https://a/x HTTP/1.1\r\nHost: a:80\r\n\r\n", .hostConflict),
            Vector("P7", "GET http://[::1]/ HTTP/1.1\r\nHost: [::2]\r\n\r\n", .hostConflict),
            Vector("P7", "GET http://a/ HTTP/1.1\r\n\r\n", .hostMissing),
            Vector("P7", "GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n", .hostMalformed),
            Vector("U1", "CONNECT a:443 HTTP/1.1\r\nHost: b:443\r\n\r\n", .hostConflict),
        ]

    static let framing: [Vector] =
        [
            "+5", "-1", "0x5", "5_0", "5 0", "5,5", "5, 6", "", " ", "05", "00", "5.0", "5;",
            "1e1", "5\t5", "a", "\"5\"", "000", "0 0", "-0", "+0", "5\\r", "5%20",
        ].map { .fields("S5", "Content-Length: \($0)\r\n", .lengthMalformed) } + [
            .fields("S5", "Content-Length: 9223372036854775808\r\n", .lengthTooLarge),
            .fields("S5", "Content-Length: 18446744073709551621\r\n", .lengthTooLarge),
            .fields("S5", "Content-Length: 99999999999999999999999\r\n", .lengthTooLarge),
            .fields("S5", "Content-Length: \u{b2}\r\n", .fieldValueNotASCII),
            .fields("S1", "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", .framingConflict),
            .fields("S1", "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n", .framingConflict),
            .fields("S1", "Transfer-Encoding: x\r\nContent-Length: 6\r\n", .framingConflict),
            .fields("S1", "Transfer-Encoding: chunked\r\nContent-Length:\r\n", .framingConflict),
            .fields("S2", "Transfer-Encoding: x\r\n", .codingUnsupported),
            .fields("S2", "Transfer-Encoding: identity\r\n", .codingUnsupported),
            .fields("S2", "Transfer-Encoding: gzip\r\n", .codingUnsupported),
            .fields("S2", "Transfer-Encoding: chunked, identity\r\n", .codingUnsupported),
            .fields("S2", "Transfer-Encoding: identity, chunked\r\n", .codingUnsupported),
            .fields("S2", "Transfer-Encoding: chunked, chunked\r\n", .codingUnsupported),
            .fields("S2", "Transfer-Encoding: gzip, chunked\r\n", .codingUnsupported),
            .fields(
                "S4", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                .codingRepeated),
            .fields(
                "S4", "Transfer-Encoding: chunked\r\ntransfer-encoding: x\r\n", .codingRepeated),
            .fields("S4", "Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n", .codingRepeated),
            .fields("S6", "Content-Length: 5\r\nContent-Length: 5\r\n", .lengthRepeated),
            .fields("S6", "Content-Length: 5\r\ncontent-length: 6\r\n", .lengthRepeated),
            .fields("S6", "Content-Length:\r\nContent-Length: 6\r\n", .lengthRepeated),
            .fields("S6", "Content-Length: 0\r\nX: y\r\nCONTENT-LENGTH: 6\r\n", .lengthRepeated),
            Vector(
                "S7", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                .codingVersion),
            Vector(
                "S7", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
                .codingVersion),
        ]

    @Test(arguments: [headers, targets, lines, hosts, framing].joined())
    func `every hostile head has exactly one outcome, however it is cut`(_ vector: Vector) {
        #expect(request(vector.bytes) == .violation(vector.expected))

        // S20: bytes that come one at a time end in the same violation, at the byte that is wrong,
        // and once there no further byte changes it.
        let slow = drip(vector.bytes)
        #expect(slow.outcome == .violation(vector.expected))
        for end in slow.at...vector.bytes.count {
            #expect(request(Array(vector.bytes[0..<end])) == .violation(vector.expected))
        }
        for end in 0..<slow.at {
            #expect(request(Array(vector.bytes[0..<end])) == .incomplete)
        }
        // Behind the gate the answer may come later, but it comes and is the same.
        let withNewline = vector.bytes + bytes("\r\n")
        #expect(drip(withNewline, gated: true).outcome == .violation(vector.expected))
    }

    @Test func `statuses follow the catalogue`() {
        let badRequest = (Self.headers + Self.targets + Self.hosts).map(\.expected)
            .filter { $0 != .expectationUnsupported }
        #expect(badRequest.allSatisfy { $0.status == 400 })
        #expect(Self.framing.allSatisfy { [400, 501].contains($0.expected.status) })
        #expect(Self.lines.allSatisfy { [400, 505].contains($0.expected.status) })
        #expect(HTTPViolation.expectationUnsupported.status == 417)
        #expect(HTTPViolation.headTooLarge.status == 431)
        #expect(HTTPViolation.targetTooLong.status == 414)
        #expect(HTTPViolation.versionUnsupported.status == 505)
        #expect(HTTPViolation.codingUnsupported.status == 501)
    }
}
