import HTTP1
import Testing

@Suite struct `Bounds of a head` {
    private func repeated(_ byte: Character, _ count: Int) -> String {
        String(repeating: byte, count: count)
    }

    /// The value is accepted at its bound and is refused one byte later, whole or in single bytes.
    private func expectBound(
        _ violation: HTTPViolation, limits: HeadLimits = .request, at max: Int,
        _ head: (Int) -> String
    ) {
        let good = bytes(head(max))
        #expect(request(good, limits: limits) == .complete(good.count))
        let bad = bytes(head(max + 1))
        #expect(request(bad, limits: limits) == .violation(violation))
        #expect(drip(bad, limits: limits).outcome == .violation(violation))
        #expect(drip(bad, gated: true, limits: limits).outcome == .violation(violation))
    }

    @Test func `P14 a method of 32 bytes, not 33`() {
        expectBound(.methodTooLong, at: 32) {
            "\(repeated("A", $0)) / HTTP/1.1\r\nHost: a\r\n\r\n"
        }
    }

    @Test func `P14 a target of 8192 bytes, not 8193`() {
        let limits = HeadLimits(targetBytesMax: 300)
        expectBound(.targetTooLong, limits: limits, at: 300) {
            "GET /\(repeated("a", $0 - 1)) HTTP/1.1\r\nHost: a\r\n\r\n"
        }
        expectBound(.targetTooLong, limits: limits, at: 300) {
            "GET /?\(repeated("a", $0 - 2)) HTTP/1.1\r\nHost: a\r\n\r\n"
        }
        expectBound(.targetTooLong, limits: limits, at: 300) {
            "GET http://a/\(repeated("a", $0 - 9)) HTTP/1.1\r\nHost: a\r\n\r\n"
        }
        #expect(HeadLimits.request.targetBytesMax == 8192)
        for (count, outcome) in [(8191, nil), (8192, HTTPViolation.targetTooLong)] {
            let head = bytes("GET /\(repeated("a", count)) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(
                request(head) == outcome.map { .violation($0) } ?? .complete(head.count))
        }
    }

    @Test func `an escape across the bound of the target does not help it`() {
        let limits = HeadLimits(targetBytesMax: 10)
        for length in 8...12 {
            let target = repeated("/", length - 3) + "%41"
            let head = bytes("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
            let expected: Outcome =
                length <= 10 ? .complete(head.count) : .violation(.targetTooLong)
            #expect(request(head, limits: limits) == expected)
        }
    }

    @Test func `a target that never ends is refused before its line does`() {
        let endless = bytes("GET /\(repeated("a", 8192))")
        #expect(request(endless) == .violation(.targetTooLong))
        #expect(request(Array(endless.dropLast())) == .incomplete)
    }

    @Test func `H20 a hundred fields, not a hundred and one`() {
        expectBound(.fieldsTooMany, at: 100) {
            "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: $0 - 1) + "\r\n"
        }
        expectBound(.fieldsTooMany, limits: HeadLimits(fieldsMax: 3), at: 3) {
            "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: $0 - 1) + "\r\n"
        }
    }

    @Test func `H20 a name of 256 bytes, not 257`() {
        expectBound(.fieldNameTooLong, at: 256) {
            "GET / HTTP/1.1\r\nHost: a\r\n\(repeated("x", $0)): y\r\n\r\n"
        }
        let long = "GET / HTTP/1.1\r\nHost: a\r\n\(repeated("x", 8192)): y\r\n\r\n"
        #expect(request(long) == .violation(.fieldNameTooLong))
    }

    @Test func `H20 a value of 16384 bytes, not 16385`() {
        let limits = HeadLimits(fieldValueBytesMax: 200)
        expectBound(.fieldValueTooLong, limits: limits, at: 200) {
            "GET / HTTP/1.1\r\nHost: a\r\nX:\(repeated("y", $0))\r\n\r\n"
        }
        // Whitespace counts: it is held and scanned like the rest.
        expectBound(.fieldValueTooLong, limits: limits, at: 200) {
            "GET / HTTP/1.1\r\nHost: a\r\nX:\(repeated(" ", $0))\r\n\r\n"
        }
        let long = "GET / HTTP/1.1\r\nHost: a\r\nX: \(repeated("y", 65_536))\r\n\r\n"
        #expect(request(long) == .violation(.fieldValueTooLong))
    }

    @Test func `H20 a head of headBytesMax, not one more`() {
        let limits = HeadLimits(headBytesMax: 400)
        let fixed = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n".utf8.count
        expectBound(.headTooLarge, limits: limits, at: 400) {
            "GET / HTTP/1.1\r\nHost: a\r\nX: \(repeated("y", $0 - fixed))\r\n\r\n"
        }
    }

    @Test func `H20 the largest head of all fits its offsets`() {
        let value = repeated("y", 16_300)
        var head = "GET / HTTP/1.1\r\nHost: a\r\n"
        for _ in 0..<4 { head += "X: \(value)\r\n" }
        let rest = 65_535 - head.utf8.count - "Z: \r\n\r\n".utf8.count
        let good = bytes(head + "Z: \(repeated("z", rest))\r\n\r\n")
        #expect(good.count == 65_535)
        #expect(request(good) == .complete(65_535))
        #expect(request(good + bytes("GET / HTTP/1.1\r\n")) == .complete(65_535))
        let bad = bytes(head + "Z: \(repeated("z", rest + 1))\r\n\r\n")
        #expect(request(bad) == .violation(.headTooLarge))
    }

    @Test func `an incomplete head at the bound is refused, not waited for`() {
        let limits = HeadLimits(headBytesMax: 40)
        let partial = bytes("GET / HTTP/1.1\r\nHost: a\r\nX: yyyyyyyyyyyyyyyyyyyyy")
        #expect(request(Array(partial[0..<39]), limits: limits) == .incomplete)
        #expect(request(Array(partial[0..<40]), limits: limits) == .violation(.headTooLarge))
    }

    @Test func `thirty-two Connection options, not thirty-three`() {
        expectBound(.connectionOptionsTooMany, at: 32) {
            let options = String(repeating: "a,", count: $0 - 1) + "a"
            return "GET / HTTP/1.1\r\nHost: a\r\nConnection: \(options)\r\n\r\n"
        }
        expectBound(.connectionOptionsTooMany, at: 32) {
            let options = String(repeating: ",", count: $0 - 2)
            return "GET / HTTP/1.1\r\nHost: a\r\nConnection: a\r\nConnection:\(options)\r\n\r\n"
        }
    }

    @Test func `a slow sender costs two looks a line`() {
        var head = "GET / HTTP/1.1\r\nHost: a\r\n"
        for index in 0..<90 { head += "Field-\(index): \(repeated("y", 80))\r\n" }
        let whole = bytes(head + "\r\n")
        let slow = drip(whole, gated: true)
        #expect(slow.outcome == .complete(whole.count))
        // A carriage return, the byte behind it, and the line feed's own opening.
        #expect(slow.parses <= 93 * 3 + whole.count / 4096)
    }

    @Test func `the gate opens for control bytes, behind a carriage return, and nothing else`() {
        func opens(_ old: String, _ new: String) -> Bool {
            let held = latin(old + new)
            return HeadGate.opens(held.span, known: old.utf8.count, limits: .request)
        }
        for byte in UInt8.min...UInt8.max {
            let byteAlone = [byte]
            let new = text(byteAlone.span)
            #expect(opens("GET /", new) == (byte < 0x20 && byte != 9 || byte == 0x7f))
            #expect(opens("GET /\r", new))
        }
        #expect(!opens("GET /", ""))
        #expect(!opens("GET /\r", ""))
        #expect(!opens("GET /\r\n", "Host: a"))
        #expect(opens("GET /", "a\nb"))
    }

    @Test func `a line that never ends is looked at now and then`() {
        let endless = bytes("GET /\(repeated("a", 20_000))")
        let slow = drip(endless, gated: true)
        #expect(slow.outcome == .violation(.targetTooLong))
        #expect(slow.at <= 8192 + 4096)
        #expect(slow.parses <= 4)
    }
}
