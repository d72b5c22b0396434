import JSON
import Release

/// What a run came to, for people, for programs and for CI.
struct AttackReport {
    let target: String
    let own: String
    let foreign: String
    let findings: [Finding]
    let notes: [String]
    let requests: Int
    let milliseconds: UInt64

    /// Exit codes, the same as of `ringfence db verify`.
    enum Exit {
        static let fine: Int32 = 0
        static let unproven: Int32 = 1
        static let unreachable: Int32 = 4
        static let leak: Int32 = 5
        static let usage: Int32 = 64
        static let bug: Int32 = 70
    }

    func count(_ verdict: Verdict) -> Int { findings.count { $0.verdict == verdict } }

    var exitCode: Int32 {
        if count(.leak) > 0 { return Exit.leak }
        let tried = findings.contains { $0.verdict == .isolated || $0.verdict == .refused }
        return count(.unproven) > 0 || !tried ? Exit.unproven : Exit.fine
    }

    var summary: String {
        let counts = Verdict.allCases.filter { count($0) > 0 }
            .map { "\(count($0)) \($0.rawValue)" }
        let end =
            switch exitCode {
            case Exit.fine: "isolated"
            case Exit.leak: "NOT isolated"
            default: "not proven"
            }
        return "\(target): \(counts.joined(separator: ", ")): \(end) "
            + "(\(requests) requests, \(milliseconds / 1_000) s)"
    }

    // MARK: - For people

    /// What was found, and with `isVerbose` everything that was tried.
    func text(isVerbose: Bool) -> String {
        var out = "as A (\(own)) against B (\(foreign)) at \(target)\n"
        for note in notes { out += "note: \(note.printable)\n" }
        for verdict in [Verdict.leak, .unproven, .refused, .isolated, .skipped] {
            let isShown = isVerbose || verdict == .leak || verdict == .unproven
            for finding in findings where finding.verdict == verdict && isShown {
                out += line(finding)
                if verdict == .leak || verdict == .unproven, !finding.reproducer.isEmpty {
                    out += "         request: \(finding.reproducer)\n"
                }
            }
        }
        return out + families + summary.printable + "\n"
    }

    private func line(_ finding: Finding) -> String {
        let word = finding.verdict.rawValue
        let space = String(repeating: " ", count: max(1, 9 - word.count))
        return "\(word)\(space)\(finding.vector)  \(finding.endpoint.printable)  "
            + "\(finding.title): \(finding.reason.printable)\n"
    }

    /// One line for each family that was tried.
    private var families: String {
        var order: [String] = []
        for finding in findings where !order.contains(finding.family) {
            order.append(finding.family)
        }
        var out = ""
        for family in order {
            let some = findings.filter { $0.family == family }
            let counts = Verdict.allCases.compactMap { verdict -> String? in
                let number = some.count { $0.verdict == verdict }
                return number > 0 ? "\(number) \(verdict.rawValue)" : nil
            }
            let space = String(repeating: " ", count: max(1, 12 - family.count))
            out += "  \(family)\(space)\(counts.joined(separator: ", "))\n"
        }
        return out
    }

    // MARK: - For programs

    func json() -> String {
        var out = JSONWriter()
        out.beginObject()
        out.member("v", 1)
        out.member("ringfence", Release.version)
        out.member("target", target)
        out.member("attacker", own)
        out.member("attacked", foreign)
        out.member("requests", requests)
        out.member("milliseconds", Int64(clamping: milliseconds))
        out.member("exit", Int64(exitCode))
        out.key("summary")
        out.beginObject()
        for verdict in Verdict.allCases {
            out.member(verdict.rawValue.lowercased(), count(verdict))
        }
        out.endObject()
        out.key("notes")
        out.beginArray()
        for note in notes { out.string(note) }
        out.endArray()
        out.key("findings")
        out.beginArray()
        for finding in findings { write(finding, to: &out) }
        out.endArray()
        out.endObject()
        return String(decoding: out.bytes, as: UTF8.self) + "\n"
    }

    private func write(_ finding: Finding, to out: inout JSONWriter) {
        out.beginObject()
        out.member("vector", finding.vector)
        out.member("title", finding.title)
        out.member("endpoint", finding.endpoint)
        out.member("verdict", finding.verdict.rawValue)
        out.member("reason", finding.reason)
        out.member("status", Int64(finding.status))
        out.key("precedents")
        out.beginArray()
        for precedent in finding.precedents.split(separator: " ") {
            out.string(String(precedent))
        }
        out.endArray()
        out.member("request", finding.reproducer)
        if let timing = finding.timing {
            out.key("timing")
            out.beginObject()
            out.member("shift_ns", timing.shift)
            out.member("low_ns", timing.low)
            out.member("high_ns", timing.high)
            out.member("median_ns", timing.median)
            out.member("pairs", timing.pairs)
            out.endObject()
        }
        out.endObject()
    }
}

extension String {
    /// Without what a terminal would act on.
    var printable: String {
        var out = ""
        for scalar in unicodeScalars {
            let isControl =
                scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
                || (0x202a...0x202e).contains(scalar.value)
                || (0x2066...0x2069).contains(scalar.value)
            out.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
        }
        return out
    }
}
