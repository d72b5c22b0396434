/// Everything `ringfence help CODE` can explain: diagnostics of policy files (`E1204`) and refusals
/// of the programs (`rate.limited`).
public enum CodeReference {
    /// What the `type` of a problem body begins with; the code follows.
    public static let problemPrefix = "urn:ringfence:problem:"

    /// The text for `code`, or for the `type` of a problem body, or `nil` when there is no such
    /// code. Case does not matter.
    public static func help(for code: String) -> String? {
        var wanted = code.lowercased()
        if wanted.hasPrefix(problemPrefix) {
            wanted = String(wanted.dropFirst(problemPrefix.utf8.count))
        }
        if let found = DiagnosticCode.allCases.first(where: { $0.rawValue.lowercased() == wanted })
        {
            let kind = found.severity.rawValue
            return "\(kind) \(found.rawValue): \(found.title)\n\n\(wrapped("\(found.help)"))"
        }
        if let found = Refusal.allCases.first(where: { "\($0.code)" == wanted }) {
            return "\(found.code) (HTTP \(found.status)): \(found.title)\n\n"
                + wrapped("\(found.entry.help)")
        }
        return nil
    }

    /// The code that was probably meant.
    public static func nearest(to code: String) -> String? {
        let known =
            DiagnosticCode.allCases.map(\.rawValue) + Refusal.allCases.map { "\($0.code)" }
        return Suggestion.nearest(to: code, among: known)
    }

    /// The whole of docs/codes.md; a test holds the file against it.
    package static func markdown() -> String {
        var out = """
            # Codes

            Every code of a diagnostic, an answer or an outcome in the log. `ringfence help CODE`
            shows one. The rules of `ringfence db verify` (`C10`) are in [verify.md](verify.md).
            This page is made from the registry in `Sources/Policy/Registry`; a test compares both.

            ## Policy files

            Errors (E) stop a start or a reload; warnings (W) do not, unless `--strict` is given.

            """
        for code in DiagnosticCode.allCases {
            out += "\n### \(code.rawValue)\n\n**\(code.title).** \(code.help)\n"
        }
        out += """

            ## Refusals and faults

            The `code` of a problem body, and of the access log. Below 500 the request was refused;
            from 500 on something broke. The body's `type` is `urn:ringfence:problem:` and the
            code; `ringfence help` takes it as it is.

            """
        for refusal in Refusal.allCases {
            out += "\n### \(refusal.code)\n\n"
            out += "\(refusal.status). **\(refusal.title).** \(refusal.entry.help)\n"
        }
        return out
    }

    /// Columns of a terminal that help is wrapped to.
    private static let columns = 80

    private static func wrapped(_ text: String) -> String {
        var out = ""
        var column = 0
        for word in text.split(separator: " ") {
            if column > 0, column + 1 + word.count > columns {
                out += "\n"
                column = 0
            }
            if column > 0 {
                out += " "
                column += 1
            }
            out += word
            column += word.count
        }
        return out + "\n"
    }
}
