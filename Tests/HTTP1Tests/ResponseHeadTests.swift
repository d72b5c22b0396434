import HTTP1
import Testing

@Suite struct `Response head` {
    private static func response(_ text: String, _ method: KnownMethod = .get) -> Outcome {
        var head = ResponseHead()
        return head.outcome(latin(text), answering: method)
    }

    private func framing(_ text: String, _ method: KnownMethod = .get) -> BodyFraming? {
        var head = ResponseHead()
        guard case .complete = head.outcome(latin(text), answering: method) else { return nil }
        return head.framing
    }

    static let bad: [(text: String, violation: HTTPViolation)] = [
        ("HTTP/1.1 200\r\n\r\n", .statusLineMalformed),
        ("HTTP/1.1  200 OK\r\n\r\n", .statusLineMalformed),
        ("HTTP/1.1 20 OK\r\n\r\n", .statusLineMalformed),
        ("HTTP/1.1 2000 OK\r\n\r\n", .statusLineMalformed),
        ("HTTP/1.1 2x0 OK\r\n\r\n", .statusLineMalformed),
        ("HTTP/1.1\t200 OK\r\n\r\n", .statusLineMalformed),
        ("HTTP/1.1 +20 OK\r\n\r\n", .statusLineMalformed),
        ("HTTP/1.1 099 OK\r\n\r\n", .statusOutOfRange),
        ("HTTP/1.1 000 OK\r\n\r\n", .statusOutOfRange),
        ("HTTP/1.1 600 OK\r\n\r\n", .statusOutOfRange),
        ("HTTP/1.1 999 OK\r\n\r\n", .statusOutOfRange),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", .switchingUnasked),
        ("HTTP/1.1 200 O\0K\r\n\r\n", .statusLineMalformed),
        ("HTTP/1.1 200 O\u{7f}K\r\n\r\n", .statusLineMalformed),
        ("HTTP/1.1 200 OK\n\r\n", .lineFeedBare), ("HTTP/1.1 200 OK\rX\r\n", .carriageReturnBare),
        ("HTTP/2.0 200 OK\r\n\r\n", .versionUnsupported),
        ("HTTP/1.2 200 OK\r\n\r\n", .versionUnsupported),
        ("http/1.1 200 OK\r\n\r\n", .versionMalformed), ("ICY 200 OK\r\n\r\n", .versionMalformed),
        ("\r\nHTTP/1.1 200 OK\r\n\r\n", .versionMalformed),
        ("<html>", .versionMalformed), (" HTTP/1.1 200 OK\r\n\r\n", .versionMalformed),
        ("HTTP/1.1 200 OK\r\n X: y\r\n\r\n", .fieldIndented),
        ("HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n", .fieldFolded),
        ("HTTP/1.1 200 OK\r\nX : y\r\n\r\n", .fieldNameSpace),
        ("HTTP/1.1 200 OK\r\nX\r\n\r\n", .fieldColonMissing),
        ("HTTP/1.1 200 OK\r\nX: y\nZ: z\r\n\r\n", .lineFeedBare),
        ("HTTP/1.1 200 OK\r\nX: y\0\r\n\r\n", .fieldValueByte),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            .framingConflict
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", .lengthRepeated),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n", .lengthMalformed),
        ("HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n", .lengthMalformed),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n", .lengthTooLarge),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .codingUnsupported),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .codingUnsupported),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: \"chunked\"\r\n\r\n", .codingMalformed),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            .codingRepeated
        ),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .codingVersion),
        ("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", .bodyUnexpected),
        ("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", .bodyUnexpected),
        ("HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n", .bodyUnexpected),
        ("HTTP/1.1 200 OK\r\nConnection: a b\r\n\r\n", .connectionMalformed),
    ]

    @Test(arguments: bad)
    func `a hostile response has one outcome, however it is cut`(
        _ row: (text: String, violation: HTTPViolation)
    ) {
        let input = latin(row.text)
        #expect(Self.response(row.text) == .violation(row.violation), "\(shown(input))")
        var head = ResponseHead()
        var first: Outcome = .incomplete
        for end in 0...input.count {
            let outcome = head.outcome(Array(input[0..<end]))
            if first == .incomplete { first = outcome }
            #expect(outcome == first)
        }
        #expect(first == .violation(row.violation))
    }

    @Test func `a status line is read into its parts`() {
        let input = latin("HTTP/1.0 404 Not \t caf\u{e9} \r\nServer: x\r\n\r\nbody")
        var head = ResponseHead()
        #expect(head.outcome(input) == .complete(input.count - 4))
        #expect(head.status == 404)
        #expect(head.version == .http10)
        #expect(text(input.span[head.reason]) == "Not \t caf\u{e9} ")
        #expect(head.isInterim == false)
        #expect(head.fields.index(of: .server) == 0)
        #expect(head.outcome(latin("HTTP/1.1 599 \r\n\r\n")) == .complete(17))
        #expect(head.reason.isEmpty == true)
        #expect(head.outcome(latin("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")) == .complete(37))
        #expect(head.isInterim == true)
        #expect(head.framing == .none)
    }

    @Test func `a body ends where status, method and fields say`() {
        #expect(framing("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n") == .length(5))
        #expect(framing("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") == .chunked)
        #expect(framing("HTTP/1.1 200 OK\r\n\r\n") == .untilClose)
        #expect(framing("HTTP/1.0 200 OK\r\n\r\n") == .untilClose)
        #expect(framing("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n") == .length(0))
        for (status, lines) in [
            (204, ""), (204, "Content-Length: 0\r\n"), (304, ""), (304, "Content-Length: 5\r\n"),
            (304, "Transfer-Encoding: chunked\r\n"), (100, ""), (103, ""),
        ] {
            #expect(framing("HTTP/1.1 \(status) x\r\n\(lines)\r\n") == BodyFraming.none)
        }
        for lines in ["", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"] {
            #expect(framing("HTTP/1.1 200 OK\r\n\(lines)\r\n", .head) == BodyFraming.none)
        }
    }

    @Test func `a connection persists only behind a body that ends`() {
        func keepAlive(_ text: String) -> Bool? {
            var head = ResponseHead()
            guard case .complete = head.outcome(latin(text)) else { return nil }
            return head.keepAlive
        }
        #expect(keepAlive("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n") == true)
        #expect(keepAlive("HTTP/1.1 200 OK\r\n\r\n") == false)
        #expect(
            keepAlive("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n") == false)
        #expect(keepAlive("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n") == false)
        #expect(
            keepAlive("HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n")
                == true)
    }

    @Test func `hop-by-hop and nominated fields are marked`() {
        let input = latin(
            "HTTP/1.1 200 OK\r\nConnection: x-a\r\nX-A: b\r\nKeep-Alive: 1\r\nUpgrade: h2c\r\n"
                + "Trailer: x\r\nX-B: c\r\nContent-Length: 0\r\nProxy-Authenticate: Basic\r\n\r\n")
        var head = ResponseHead()
        #expect(head.outcome(input) == .complete(input.count))
        var kept: [String] = []
        for index in 0..<head.fields.count where !head.isHopByHop(index) {
            kept.append(text(input.span[head.fields[index].name]))
        }
        #expect(kept == ["X-B", "Content-Length"])
    }

    @Test func `values above ASCII pass by default and can be refused`() {
        let input = latin("HTTP/1.1 200 OK\r\nX: caf\u{e9}\r\n\r\n")
        var head = ResponseHead()
        #expect(head.outcome(input) == .complete(input.count))
        #expect(head.outcome(input, limits: .request) == .violation(.fieldValueNotASCII))
    }

    @Test func `bounds hold for responses too`() {
        let limits = HeadLimits(headBytesMax: 100, fieldsMax: 2)
        var head = ResponseHead()
        let many = latin("HTTP/1.1 200 OK\r\nA: 1\r\nA: 2\r\nA: 3\r\n\r\n")
        #expect(head.outcome(many, limits: limits) == .violation(.fieldsTooMany))
        let reason = latin("HTTP/1.1 200 \(String(repeating: "x", count: 100))\r\n\r\n")
        #expect(head.outcome(reason, limits: limits) == .violation(.headTooLarge))
        let long = latin("HTTP/1.1 200 OK\r\nA: \(String(repeating: "x", count: 100))\r\n\r\n")
        #expect(head.outcome(long, limits: limits) == .violation(.headTooLarge))
    }

    @Test func `no cut and no mutation changes what a response means`() throws {
        var generator = SplitMix64.announced("Random responses")
        let seeds = [
            "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nServer: x\r\nDate: y\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nConnection: close, x-a\r\nX-A: b\r\n\r\n",
            "HTTP/1.0 404 \r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n",
        ]
        var complete = 0
        for _ in 0..<3000 {
            var input = latin(seeds.randomElement(using: &generator) ?? "")
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 0..<input.count, using: &generator)
                input[place] = UInt8.random(in: 0...255, using: &generator)
            }
            var head = ResponseHead()
            var slow = ResponseHead()
            let whole = head.outcome(input)
            var first: Outcome = .incomplete
            for end in 0...input.count where first == .incomplete {
                first = slow.outcome(Array(input[0..<end]))
            }
            try #require(first == whole, "\(shown(input))")
            guard case .complete = whole else { continue }
            complete += 1
            #expect(slow.summary(input) == head.summary(input))
        }
        #expect(complete > 100)
    }
}
