import JSON
import Release

/// Forms that CI systems and code scanners read.
extension AttackReport {
    /// JUnit: a leak is a failure, what cannot be told an error.
    func junit() -> String {
        var out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        out += "<testsuites name=\"ringfence attack\" tests=\"\(findings.count)\""
        out += " failures=\"\(count(.leak))\" errors=\"\(count(.unproven))\">\n"
        out += "  <testsuite name=\"\(target.xml)\" tests=\"\(findings.count)\""
        out += " failures=\"\(count(.leak))\" errors=\"\(count(.unproven))\""
        out += " skipped=\"\(count(.skipped))\">\n"
        for finding in findings {
            out += "    <testcase name=\"\(finding.vector.xml): \(finding.title.xml)\""
            out += " classname=\"\(finding.endpoint.xml)\""
            out += " time=\"\(finding.milliseconds / 1_000)."
            out += "\(String("\(1_000 + finding.milliseconds % 1_000)".dropFirst()))\">"
            let reason = finding.reason.xml
            switch finding.verdict {
            case .leak:
                out += "<failure message=\"\(reason)\">\(finding.reproducer.xml)</failure>"
            case .unproven:
                out += "<error message=\"\(reason)\">\(finding.reproducer.xml)</error>"
            case .skipped: out += "<skipped message=\"\(reason)\"/>"
            case .refused, .isolated: break
            }
            out += "</testcase>\n"
        }
        return out + "  </testsuite>\n</testsuites>\n"
    }

    /// SARIF 2.1.0: leaks are errors, what cannot be told is a warning.
    func sarif() -> String {
        let shown = findings.filter { $0.verdict == .leak || $0.verdict == .unproven }
        var out = JSONWriter()
        out.beginObject()
        out.member("$schema", "https://json.schemastore.org/sarif-2.1.0.json")
        out.member("version", "2.1.0")
        out.key("runs")
        out.beginArray()
        out.beginObject()
        writeTool(shown, to: &out)
        out.key("invocations")
        out.beginArray()
        out.beginObject()
        out.member("executionSuccessful", true)
        out.member("exitCode", Int64(exitCode))
        out.endObject()
        out.endArray()
        out.key("results")
        out.beginArray()
        for finding in shown { writeResult(finding, to: &out) }
        out.endArray()
        out.endObject()
        out.endArray()
        out.endObject()
        return String(decoding: out.bytes, as: UTF8.self) + "\n"
    }

    private func writeTool(_ shown: [Finding], to out: inout JSONWriter) {
        out.key("tool")
        out.beginObject()
        out.key("driver")
        out.beginObject()
        out.member("name", "ringfence attack")
        out.member("version", Release.version)
        out.key("rules")
        out.beginArray()
        var seen = Set<String>()
        for finding in shown where seen.insert(finding.vector).inserted {
            out.beginObject()
            out.member("id", finding.vector)
            writeText("shortDescription", finding.title, to: &out)
            out.endObject()
        }
        out.endArray()
        out.endObject()
        out.endObject()
    }

    private func writeResult(_ finding: Finding, to out: inout JSONWriter) {
        out.beginObject()
        out.member("ruleId", finding.vector)
        out.member("level", finding.verdict == .leak ? "error" : "warning")
        let words = "\(finding.verdict.rawValue): \(finding.endpoint): \(finding.reason)"
        writeText("message", words, to: &out)
        out.key("locations")
        out.beginArray()
        out.beginObject()
        out.key("physicalLocation")
        out.beginObject()
        out.key("artifactLocation")
        out.beginObject()
        out.member("uri", target)
        out.endObject()
        out.endObject()
        out.key("logicalLocations")
        out.beginArray()
        out.beginObject()
        out.member("fullyQualifiedName", finding.endpoint)
        out.endObject()
        out.endArray()
        out.endObject()
        out.endArray()
        out.key("properties")
        out.beginObject()
        out.member("request", finding.reproducer)
        out.endObject()
        out.endObject()
    }

    private func writeText(_ key: String, _ text: String, to out: inout JSONWriter) {
        out.key(key)
        out.beginObject()
        out.member("text", text)
        out.endObject()
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
