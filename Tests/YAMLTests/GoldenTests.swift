import Foundation
import Policy
import Testing
import YAML

/// One file of `Golden/` holds the cases of one code: each a title, the files, the expected output.
struct GoldenCase: CustomTestStringConvertible {
    var title: Substring
    var files: [String: [UInt8]] = [:]
    var order: [String] = []
    var output = ""

    var testDescription: String { String(title) }

    /// What `ringfence check` would print; with `--env NAME` where there is `env/NAME.yaml`, and
    /// with the variables that are there as `$NAME`.
    func run() -> String {
        let files = Files(self.files)
        if let test = order.first(where: { $0.hasSuffix(".test.yaml") }) {
            return files.tests(test).report.text(colour: false)
        }
        if self.files["policies/backend.yaml"] != nil {
            return files.backend().report.text(colour: false)
        }
        let overlay = order.first { $0.hasPrefix("policies/env/") }?.dropFirst(13).dropLast(5)
        let variables = order.filter { $0.hasPrefix("$") }.map { name in
            (
                String(name.dropFirst()),
                String(decoding: self.files[name]?.dropLast() ?? [], as: UTF8.self)
            )
        }
        return files.gateway(overlay: overlay.map(String.init), variables: variables).report
            .text(colour: false)
    }

    /// `=== title`, then `--- path` before each file and `--- output` before what is expected.
    static func all(in bytes: Data) -> [GoldenCase] {
        var cases: [GoldenCase] = []
        var section = ""
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            let text = String(decoding: line, as: UTF8.self)
            if text.hasPrefix("=== ") {
                cases.append(GoldenCase(title: Substring(text.dropFirst(4))))
            } else if text.hasPrefix("--- ") {
                section = String(text.dropFirst(4))
                if section != "output" {
                    cases[cases.count - 1].order.append(section)
                    cases[cases.count - 1].files[section] = []
                }
            } else if section == "output" {
                cases[cases.count - 1].output += text + "\n"
            } else if !cases.isEmpty {
                cases[cases.count - 1].files[section]? += Array(line) + [UInt8(ascii: "\n")]
            }
        }
        // What follows the last line end is no line.
        if let last = cases.indices.last, cases[last].output.hasSuffix("\n\n") {
            cases[last].output.removeLast()
        }
        return cases
    }

    func written() -> Data {
        var data = Data("=== \(title)\n".utf8)
        for path in order {
            data += Data("--- \(path)\n".utf8) + Data(files[path] ?? [])
        }
        return data + Data("--- output\n".utf8) + Data(run().utf8)
    }
}

@Suite struct `Diagnostics as users see them` {
    static let folder = repository.appending(path: "Tests/YAMLTests/Golden")
    /// Made by size, or by the programs at start: shown by tests of their own.
    static let elsewhere: Set<DiagnosticCode> = [
        .tooManyNodes, .fileTooLarge, .scalarTooLong, .materialInvalid, .materialMissing,
        .secretReadable, .certificateEnding, .audienceUnknown, .sealMissing,
    ]
    static let codes = DiagnosticCode.allCases.filter { !elsewhere.contains($0) }

    @Test(arguments: codes) func `each code looks as its golden file says`(
        code: DiagnosticCode
    ) throws {
        let file = Self.folder.appending(path: "\(code.rawValue).txt")
        let cases = GoldenCase.all(in: try Data(contentsOf: file))
        #expect(!cases.isEmpty)
        if writesGoldens {
            let data = cases.map { $0.written() }.reduce(Data(), +)
            return try data.write(to: file)
        }
        for item in cases {
            let output = item.run()
            #expect(output == item.output, "\(item.title)")
            #expect(output.contains("[\(code.rawValue)]"), "\(item.title)")
        }
    }

    @Test func `no golden file is left over`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(Set(names) == Set(Self.codes.map { "\($0.rawValue).txt" }))
    }

    @Test func `a secret written into a policy is printed nowhere`() throws {
        let report = Files(
            plainPolicy.changing(
                "version: 1\n",
                to: "version: 1\nvendors: {acme: {key: hunter2, a: b}, b: hunter2}\n")
        ).gateway().report
        #expect(report.codes.contains("E1212"))
        #expect(!report.json().contains("hunter2"))
        let shown = report.text(colour: false).split(separator: "\n")
        #expect(!shown.contains { $0.contains("key: hunter2") })
    }
}
