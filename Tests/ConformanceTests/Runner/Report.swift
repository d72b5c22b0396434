/// The words of a failure: what was sent, what came back, what the upstream and the log saw.
enum Report {
    /// Scalars of any one text that are shown.
    private static let shownMax = 1_000

    static func text(_ row: Case, _ seen: Evidence, _ defects: [String]) -> String {
        var lines = ["\(row.id): \(Vector.title(of: row.vector))"]
        lines.append("  sent:     \(escaped(row.wire))")
        lines.append("  required: \(row.requiredWords)")
        lines.append("  answered: \(reply(seen.reply))")
        if let canary = seen.canaryReply { lines.append("  then:     \(reply(canary))") }
        if seen.isClosed { lines.append("  then:     closed") }
        for request in seen.requests {
            lines.append("  upstream: \(escaped(Sighting.text(request.bytes)))")
        }
        for fragment in seen.fragments {
            lines.append("  upstream: (cut off) \(escaped(Sighting.text(fragment)))")
        }
        if seen.requests.isEmpty && seen.fragments.isEmpty { lines.append("  upstream: nothing") }
        for entry in seen.logged {
            let cause = entry.cause.map { " (\($0))" } ?? ""
            lines.append("  logged:   \(entry.status) \(entry.code)\(cause) \(entry.stripped)")
        }
        return (lines + defects.map { "  WRONG:    \($0)" }).joined(separator: "\n")
    }

    private static func reply(_ reply: Reply?) -> String {
        reply.map { escaped($0.text) } ?? "nothing"
    }

    /// Bytes as a reader can see them, at most `limit` scalars.
    static func escaped(_ text: String, limit: Int = shownMax) -> String {
        var out = ""
        var count = 0
        for scalar in text.unicodeScalars {
            guard count < limit else { return "\(out)… (\(text.unicodeScalars.count) bytes)" }
            count += 1
            switch scalar {
            case "\r": out += "\\r"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case " "..."~": out.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16)
                out += "\\x" + (digits.count < 2 ? "0" : "") + digits
            }
        }
        return out
    }
}
