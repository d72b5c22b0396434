import Testing

@testable import Policy

@Suite struct `A report` {
    private let file = PolicyFile(path: "policies/gateway.yaml", bytes: Array("a: 1\nb:\t2\n".utf8))

    private func report(_ diagnostics: [Diagnostic]) -> PolicyReport {
        PolicyReport(files: [file], diagnostics: diagnostics, counts: nil)
    }

    @Test func `material that the programs cannot use looks like any other error`() {
        let mark = SourceMark(file: 0, line: 2, column: 4, length: 1)
        let shown = report([
            Diagnostic(
                .materialInvalid, "`tls.key` holds no private key", at: mark, label: "PEM expected")
        ]).text(colour: false)
        #expect(
            shown == """
                error[E1315]: `tls.key` holds no private key
                 --> policies/gateway.yaml:2:4
                  |
                2 | b: 2
                  |    ^ PEM expected
                checked 1 file: 1 error

                """)
    }

    @Test func `diagnostics are in the order of the files`() {
        let marks = [(1, 1), (0, 2), (0, 1)].map {
            SourceMark(file: $0.0, line: $0.1, column: 1, length: 1)
        }
        let items = marks.map { Diagnostic(.unused, "\($0.file).\($0.line)", at: $0) }
        let first = Diagnostic(.fileUnreadable, "none", at: nil)
        let sorted = report(items + [first]).diagnostics.map(\.message)
        #expect(sorted == ["none", "0.1", "0.2", "1.1"])
    }

    @Test func `exit codes tell errors, warnings and nothing apart`() {
        let warning = Diagnostic(.unused, "w", at: nil)
        let error = Diagnostic(.unknownKey, "e", at: nil)
        #expect(report([]).exitCode(strict: true) == 0)
        #expect(report([warning]).exitCode(strict: false) == 0)
        #expect(report([warning]).exitCode(strict: true) == 3)
        #expect(report([warning, error]).exitCode(strict: false) == 2)
        #expect(report([warning, error, error]).summary == "checked 1 file: 2 errors, 1 warning")
    }

    @Test func `colours are terminal codes around the same text`() {
        let mark = SourceMark(file: 0, line: 1, column: 1, length: 1)
        let report = report([
            Diagnostic(.unknownKey, "unknown", at: mark, label: "label", notes: ["note"]),
            Diagnostic(.unused, "unused", at: mark),
        ])
        let coloured = report.text(colour: true)
        #expect(coloured.contains("\u{1B}[1;31merror[E1204]\u{1B}[0m"))
        #expect(coloured.contains("\u{1B}[1;33mwarning[W2007]\u{1B}[0m"))
        var plain = ""
        var isCode = false
        for scalar in coloured.unicodeScalars {
            if scalar == "\u{1B}" { isCode = true }
            if !isCode { plain.unicodeScalars.append(scalar) }
            if scalar == "m" { isCode = false }
        }
        #expect(plain == report.text(colour: false))
    }

    @Test func `what a file or a name holds cannot move the cursor`() {
        let hostile = PolicyFile(path: "a\u{1B}[2Jb", bytes: Array("x\u{1B}]0;t\u{7}\u{202E}".utf8))
        let mark = SourceMark(file: 0, line: 1, column: 1, length: 1)
        let item = Diagnostic(
            .unknownKey, "m\u{1B}[1m", at: mark, label: "l\u{9B}", notes: ["n\nerror[E1]: fake"])
        let report = PolicyReport(files: [hostile], diagnostics: [item], counts: nil)
        let shown = report.text(colour: false)
        #expect(
            shown.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && $0 != "\u{9B}" })
        #expect(!shown.unicodeScalars.contains("\u{202E}"))
        #expect(shown.split(separator: "\n").count == 7)
    }

    @Test func `marks outside the file are shown without a line`() {
        for mark in [
            SourceMark(file: 0, line: 9, column: 9, length: 9),
            SourceMark(file: 0, line: 1, column: 99, length: 99),
            SourceMark(file: 7, line: 1, column: 1, length: 1),
            SourceMark(file: 0, line: 0, column: 0, length: 0),
        ] {
            #expect(
                report([Diagnostic(.unused, "m", at: mark)]).text(colour: false).contains("m\n"))
        }
    }

    @Test func `a hundred diagnostics are shown and all are counted`() {
        let items = (1...150).map { Diagnostic(.unused, "item \($0).", at: nil) }
        let shown = report(items).text(colour: false)
        #expect(shown.contains("item 100.") && !shown.contains("item 101."))
        #expect(shown.hasSuffix("... and 50 more\nchecked 1 file: 150 warnings\n"))
    }

    @Test func `JSON holds everything on one ASCII line`() {
        let mark = SourceMark(file: 0, line: 1, column: 2, length: 3)
        let text = report([
            Diagnostic(.unknownKey, "unknown key `\"é\\\n😀`", at: mark, label: "l", notes: ["n"]),
            Diagnostic(.fileUnreadable, "gone", at: nil),
        ]).json()
        #expect(
            text == """
                {"v":1,"diagnostics":[{"code":"E1016","severity":"error","message":"gone",\
                "file":null,"line":null,"column":null,"length":null,"label":null,"notes":[]},\
                {"code":"E1204","severity":"error",\
                "message":"unknown key `\\"\\u00e9\\\\\\u000a\\ud83d\\ude00`",\
                "file":"policies/gateway.yaml","line":1,"column":2,"length":3,"label":"l",\
                "notes":["n"]}],"files":["policies/gateway.yaml"],"routes":null,"issuers":null,\
                "tiers":null,"shadows":null,"exceptions":null,"errors":2,"warnings":0}
                """)
    }

    @Test func `the first error is kept however many warnings come before it`() {
        var list = DiagnosticList()
        for _ in 0..<DiagnosticList.kept { list.add(.unused, "w", at: nil) }
        list.add(.unused, "dropped", at: nil)
        #expect(!list.hasErrors && list.items.count == DiagnosticList.kept)
        list.add(.unknownKey, "e", at: nil)
        #expect(list.hasErrors && list.items.last?.code == .unknownKey)
        list.add(.unknownKey, "e", at: nil)
        #expect(list.items.count == DiagnosticList.kept + 1)
    }
}

@Suite struct `The registry of codes` {
    @Test func `every code has its number, a title and a help text`() {
        for code in DiagnosticCode.allCases {
            let text = code.rawValue
            #expect(text.utf8.count == 5)
            #expect(text.hasPrefix("E1") || text.hasPrefix("W2"))
            #expect(code.title.utf8CodeUnitCount > 0 && code.help.utf8CodeUnitCount > 20)
            #expect("\(code.help)".hasSuffix("."), "\(text)")
            #expect(!"\(code.title)".hasSuffix("."), "\(text)")
        }
        for refusal in Refusal.allCases {
            #expect(refusal.title.utf8CodeUnitCount > 0)
            #expect(refusal.entry.help.utf8CodeUnitCount > 0)
        }
    }

    @Test func `codes are in order, so that the page is`() {
        let codes = DiagnosticCode.allCases.map(\.rawValue)
        #expect(codes == codes.sorted())
    }

    @Test func `help explains diagnostics and refusals in eighty columns`() throws {
        let codes = DiagnosticCode.allCases.map(\.rawValue) + Refusal.allCases.map { "\($0.code)" }
        for code in codes {
            let help = try #require(CodeReference.help(for: code))
            #expect(help.contains(code))
            let lines: [Substring] = help.split(separator: "\n")
            #expect(lines.dropFirst().allSatisfy { $0.count <= 80 })
        }
        #expect(CodeReference.help(for: "e1204") == CodeReference.help(for: "E1204"))
        #expect(CodeReference.help(for: "E9999") == nil)
        #expect(CodeReference.nearest(to: "rate.limitd") == "rate.limited")
    }
}
