import JSON
import Policy

/// What a run of tests came to, for people, for programs and for CI.
struct TestReport {
    struct File {
        var path: String
        var outcomes: [TestOutcome]
    }

    let coverage: PolicyCoverage
    private(set) var files: [File] = []

    init(coverage: PolicyCoverage) { self.coverage = coverage }

    mutating func add(_ outcome: TestOutcome, of path: String) {
        if files.last?.path != path { files.append(File(path: path, outcomes: [])) }
        files[files.count - 1].outcomes.append(outcome)
    }

    var count: Int { files.reduce(0) { $0 + $1.outcomes.count } }
    var failed: Int { files.reduce(0) { $0 + $1.outcomes.count { !$0.hasPassed } } }

    var summary: String {
        let passed = count - failed
        let cases = count == 1 ? "1 case" : "\(count) cases"
        return "\(cases): \(passed) passed" + (failed > 0 ? ", \(failed) failed" : "")
    }

    /// Only what failed, unless everything is asked for.
    func text(isVerbose: Bool) -> String {
        var out = ""
        for file in files {
            for outcome in file.outcomes where isVerbose || !outcome.hasPassed {
                let word = outcome.hasPassed ? "ok   " : "FAIL "
                out += "\(word) \(place(outcome, file))  \(outcome.testCase.name.printableText)\n"
                if !outcome.hasPassed { out += details(outcome, file) }
            }
        }
        return out
    }

    private func place(_ outcome: TestOutcome, _ file: File) -> String {
        "\(file.path):\(outcome.testCase.mark.line)"
    }

    private func details(_ outcome: TestOutcome, _ file: File) -> String {
        var out = ""
        for item in outcome.differences {
            out += "      \(item.what)  (\(file.path):\(item.mark.line))\n"
            out += "        expected  \(item.expected.printableText)\n"
            out += "        got       \(item.got.printableText)\n"
        }
        return out + "      decided: \(outcome.verdict)\n"
    }

    /// One object.
    func json() -> String {
        var out = JSONWriter()
        out.beginObject()
        out.member("v", 1)
        out.member("passed", count - failed)
        out.member("failed", failed)
        out.key("cases")
        out.beginArray()
        for file in files {
            for outcome in file.outcomes { write(outcome, file, to: &out) }
        }
        out.endArray()
        let sum = coverage.sum
        out.key("coverage")
        out.beginObject()
        out.member("seen", sum.seen)
        out.member("possible", sum.possible)
        out.endObject()
        out.endObject()
        return String(decoding: out.bytes, as: UTF8.self)
    }

    private func write(_ outcome: TestOutcome, _ file: File, to out: inout JSONWriter) {
        out.beginObject()
        out.member("file", file.path)
        out.member("line", outcome.testCase.mark.line)
        out.member("name", outcome.testCase.name)
        out.member("passed", outcome.hasPassed)
        out.member("decided", outcome.verdict)
        out.key("differences")
        out.beginArray()
        for item in outcome.differences {
            out.beginObject()
            out.member("what", item.what)
            out.member("expected", item.expected)
            out.member("got", item.got)
            out.member("line", item.mark.line)
            out.endObject()
        }
        out.endArray()
        out.endObject()
    }

    /// The XML that CI systems read as the report of a run.
    func junit() -> String {
        var out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        out += "<testsuites name=\"ringfence\" tests=\"\(count)\" failures=\"\(failed)\">\n"
        for file in files {
            let failed = file.outcomes.count { !$0.hasPassed }
            let time = file.outcomes.reduce(0) { $0 + $1.milliseconds }
            out += "  <testsuite name=\"\(file.path.xml)\" tests=\"\(file.outcomes.count)\""
            out += " failures=\"\(failed)\" time=\"\(Self.seconds(time))\">\n"
            for outcome in file.outcomes { out += testCase(outcome, file) }
            out += "  </testsuite>\n"
        }
        return out + "</testsuites>\n"
    }

    private func testCase(_ outcome: TestOutcome, _ file: File) -> String {
        var out = "    <testcase name=\"\(outcome.testCase.name.xml)\""
        out += " classname=\"\(file.path.xml)\" file=\"\(file.path.xml)\""
        out += " line=\"\(outcome.testCase.mark.line)\""
        out += " time=\"\(Self.seconds(outcome.milliseconds))\""
        guard !outcome.hasPassed else { return out + "/>\n" }
        let first = outcome.differences.first
        let message = first.map { "\($0.what): expected \($0.expected), got \($0.got)" } ?? ""
        out += ">\n      <failure message=\"\(message.xml)\">"
        return out + details(outcome, file).xml + "</failure>\n    </testcase>\n"
    }

    private static func seconds(_ milliseconds: UInt64) -> String {
        let rest = "\(milliseconds % 1_000)"
        return "\(milliseconds / 1_000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }
}

extension String {
    /// As text or as an attribute of XML 1.0, which has no way to say most control characters.
    fileprivate var xml: String {
        var out = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "\n": out += "&#10;"
            case "\t": out += "&#9;"
            default:
                let isAllowed =
                    (0x20...0xD7FF).contains(scalar.value) || (0xE000...0xFFFD) ~= scalar.value
                    || scalar.value >= 0x1_0000
                out.unicodeScalars.append(isAllowed ? scalar : "\u{FFFD}")
            }
        }
        return out
    }
}
