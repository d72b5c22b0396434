import Policy
import TestSupport
import Testing
import YAML

@Suite struct `The strict profile` {
    @Test func `scalars stay the text that was written`() throws {
        let root = try #require(
            readPolicy(
                Array(
                    """
                    a: no
                    b: 010
                    c: 1.10
                    d: ~
                    e: 12:30:00
                    f: "true"
                    g: 'it''s'
                    h: |
                      two
                      lines
                    i: 0x1F
                    j: 1_000
                    k: ""
                    """.utf8)
            ).root)
        #expect(root["a"]?.text == "no")
        #expect(root["b"]?.text == "010")
        #expect(root["c"]?.text == "1.10")
        #expect(root["d"]?.text == "~")
        #expect(root["e"]?.text == "12:30:00")
        #expect(root["f"]?.text == "true")
        #expect(root["g"]?.text == "it's")
        #expect(root["h"]?.text == "two\nlines\n")
        #expect(root["i"]?.text == "0x1F")
        #expect(root["j"]?.text == "1_000")
        #expect(root["k"]?.text?.isEmpty == true)
    }

    @Test func `a key without a value is not an empty text`() throws {
        let root = try #require(readPolicy(Array("a:\nb: x\n".utf8)).root)
        #expect(root["a"]?.text == nil)
        #expect(root["a"]?.value == .scalar("", isQuoted: false))
    }

    @Test func `marks count lines and characters from one`() throws {
        let root = try #require(readPolicy(Array("é: [ü, {k: wörld}]\n".utf8), file: 3).root)
        let entry = try #require(root.entries?.first)
        #expect(entry.keyMark == SourceMark(file: 3, line: 1, column: 1, length: 1))
        let items = try #require(entry.node.items)
        #expect(items[0].mark == SourceMark(file: 3, line: 1, column: 5, length: 1))
        #expect(items[1].mark == SourceMark(file: 3, line: 1, column: 8, length: 10))
        #expect(items[1]["k"]?.mark == SourceMark(file: 3, line: 1, column: 12, length: 5))
    }

    @Test(arguments: ["\r\n", "\r", "\n"])
    func `every line end of YAML counts as one line`(end: String) throws {
        let lines = ["version: 1", "a:", "  - x", "  - \"y\"", "b: z", ""]
        let root = try #require(readPolicy(Array(lines.joined(separator: end).utf8)).root)
        #expect(root["a"]?.items?.map(\.mark.line) == [3, 4])
        #expect(root["b"]?.mark.line == 5)
        #expect(root["b"]?.text == "z")
    }

    @Test func `the excerpt of a file with CRLF is the right line`() {
        let text = plainPolicy.changing("auth: idp", to: "auth: ipd")
            .split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
        let shown = Files(text).gateway().report.text(colour: false)
        #expect(shown.contains("17 |     auth: ipd\n"))
    }

    @Test func `a byte order mark at the start is skipped and has no column`() throws {
        let bytes: [UInt8] = [0xEF, 0xBB, 0xBF] + Array("version: 2\n".utf8)
        let root = try #require(readPolicy(bytes).root)
        #expect(root["version"]?.mark.column == 10)
        let shown = Files(["policies/gateway.yaml": bytes]).gateway().report.text(colour: false)
        #expect(shown.contains("1 | version: 2\n  |          ^\n"))
    }

    @Test(
        arguments: [
            ("a: &x 1\n", "E1003"), ("a: *x\n", "E1003"), ("&k a: 1\n", "E1003"),
            ("*k : 1\n", "E1003"), ("a: !x 1\n", "E1004"), ("a: !!str 1\n", "E1004"),
            ("a: ! 1\n", "E1004"), ("a: !<tag:x> [1]\n", "E1004"), ("<<: {a: 1}\n", "E1005"),
            ("a: 1\n---\nb: 2\n", "E1006"), ("a: 1\n...\n---\nb: 2\n", "E1006"),
            ("a: 1\na: 1\n", "E1007"), ("{a: 1, \"a\": 2}\n", "E1007"),
            ("a: {b: 1, b: 2}\n", "E1007"), ("? [a]\n: b\n", "E1012"), (": b\n", "E1001"),
            ("\"\": b\n", "E1012"), ("%YAML 1.2\n---\na: 1\n", "E1013"),
            ("%TAG ! tag:x,2000:\n---\na: 1\n", "E1013"), ("", "E1014"), ("\n\n# x\n", "E1014"),
            ("---\n", "E1014"), ("a: \u{85}b\n", "E1015"), ("a: \u{2028}b\n", "E1015"),
            ("a: \u{FEFF}b\n", "E1015"), ("a: \u{7}b\n", "E1015"), ("a: \"\\u202e\"\n", "E1015"),
            ("a: \"\\r\"\n", "E1015"), ("a: [1\n", "E1001"), ("a: 'x\n", "E1001"),
            ("a: b: c\n", "E1001"), ("a: %x\n", "E1001"), ("a: @x\n", "E1001"),
            ("a:\n\t- b\n", "E1001"), ("- a\nb: c\n", "E1001"), ("a: \"\\q\"\n", "E1001"),
        ])
    func `what YAML has and policies have not is refused`(text: String, code: String) throws {
        let reading = readPolicy(Array(text.utf8))
        #expect(reading.root == nil)
        #expect(reading.diagnostics.contains { $0.code.rawValue == code }, "\(reading.diagnostics)")
        for diagnostic in reading.diagnostics {
            let mark = try #require(diagnostic.mark)
            #expect(mark.line >= 1 && mark.column >= 1 && mark.length >= 1)
        }
    }

    @Test func `a merge key in quotes is a key like any other`() {
        #expect(codes(of: "\"<<\": {a: 1}\n").isEmpty)
    }

    @Test(
        arguments: [
            [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80],
            [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80],
            [0xFF], [0xE2, 0x82], [0xC3],
        ] as [[UInt8]])
    func `bytes that are no UTF-8 are refused with their place`(bytes: [UInt8]) {
        let reading = readPolicy(Array("a: 1\nb: ".utf8) + bytes)
        #expect(reading.diagnostics.map(\.code) == [.encoding])
        let mark = reading.diagnostics.first?.mark
        #expect(mark == SourceMark(file: 0, line: 2, column: 4, length: 1))
    }

    @Test func `UTF-16 is not taken for text`() {
        let bytes: [UInt8] = [0xFF, 0xFE] + "a: 1\n".utf8.flatMap { [$0, 0] }
        #expect(readPolicy(bytes).diagnostics.map(\.code) == [.encoding])
    }

    @Test func `all departures that leave the structure clear are shown in one run`() {
        let text = "a: &x 1\nb: !t 2\na: 3\nc: {<<: 1}\n"
        #expect(codes(of: text) == ["E1003", "E1004", "E1007", "E1005"])
    }
}

@Suite struct `Bounds of a policy file` {
    private func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }

    @Test func `values nest 32 deep and no deeper`() {
        #expect(codes(of: nested(PolicyBounds.depthMax)).isEmpty)
        #expect(codes(of: nested(PolicyBounds.depthMax + 1)) == ["E1008"])
        let braces = String(repeating: "{a: ", count: PolicyBounds.depthMax + 1)
        #expect(codes(of: braces + "x") == ["E1008"])
    }

    @Test func `a megabyte of opening brackets is refused at once`() {
        let text = String(repeating: "[", count: PolicyBounds.fileBytesMax)
        let dashes = String(repeating: "- ", count: PolicyBounds.fileBytesMax / 2)
        let start = secondsOfThread()
        #expect(codes(of: text) == ["E1008"])
        #expect(codes(of: dashes) == ["E1008"])
        #expect(secondsOfThread() - start < 20)
    }

    @Test func `a file holds 100,000 keys and values and no more`() {
        let items = String(repeating: "a,", count: PolicyBounds.nodesMax - 1)
        #expect(codes(of: "[\(items)]").isEmpty)
        #expect(codes(of: "[\(items)b]") == ["E1009"])
    }

    @Test func `a file has 1 MiB and no more`() {
        let line = "# padding\n"
        let head = "a: 1\n"
        let lines = PolicyBounds.fileBytesMax / line.utf8.count + 1
        var text = head + String(repeating: line, count: lines)
        text.removeLast(text.utf8.count - PolicyBounds.fileBytesMax)
        #expect(text.utf8.count == PolicyBounds.fileBytesMax)
        #expect(codes(of: text).isEmpty)
        #expect(codes(of: text + " ") == ["E1010"])
    }

    @Test func `a value has 64 KiB and no more`() {
        let value = String(repeating: "v", count: PolicyBounds.scalarBytesMax)
        #expect(codes(of: "a: \(value)").isEmpty)
        #expect(codes(of: "a: \(value)v") == ["E1011"])
        #expect(codes(of: "a: \"\(value)v\"") == ["E1011"])
    }

    @Test func `a long line is shown around the place only`() {
        let padding = String(repeating: "p", count: 300)
        let (before, after) = (padding.prefix(58), padding.prefix(57))
        let text = "version: 1\nx-a: [\(padding), &b \(padding)]\n"
        let shown = Files(text).gateway().report.text(colour: false)
        #expect(
            shown.hasPrefix(
                """
                error[E1003]: anchors are not allowed
                 --> policies/gateway.yaml:2:309
                  |
                2 | ...\(before), &b \(after)...
                  | \(String(repeating: " ", count: 63))^

                """))
    }

    @Test func `the bounds are shown like every other error`() {
        let nodes = "[" + String(repeating: "a,", count: PolicyBounds.nodesMax) + "]"
        #expect(
            Files(nodes).gateway().report.text(colour: false).hasPrefix(
                "error[E1009]: the file holds more than 100000 keys and values\n"))
        let large = String(repeating: "#", count: PolicyBounds.fileBytesMax + 1)
        #expect(
            Files(large).gateway().report.text(colour: false).hasPrefix(
                "error[E1010]: the file has 1048577 bytes; at most 1048576 are read\n"))
        let scalar = "a: " + String(repeating: "s", count: PolicyBounds.scalarBytesMax + 1)
        #expect(
            Files(scalar).gateway().report.text(colour: false).hasPrefix(
                "error[E1011]: the value has more than 65536 bytes\n"))
    }

    @Test func `twenty thousand tenants of an unknown tier are refused in bounded time`() {
        var tenants = "version: 1\ntenants:\n"
        for index in 0..<20_000 { tenants += "  t\(index): {tier: STARTR}\n" }
        let text = plainPolicy.changing(
            "version: 1\n", to: "version: 1\ntenants: {source: file:tenants.yaml}\n")
        let start = secondsOfThread()
        let loaded = Files(text, tenants: tenants).gateway()
        #expect(secondsOfThread() - start < 30)
        #expect(loaded.policy == nil)
        #expect(loaded.report.errors > 100)
        let shown = loaded.report.text(colour: false).split(separator: "\n")
        #expect(shown.count < 1_000)
        #expect(shown.contains { $0.hasPrefix("... and ") })
    }
}
