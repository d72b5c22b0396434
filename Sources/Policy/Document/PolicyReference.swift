/// The tables of keys in docs/policy.md, made from the declarations.
package enum PolicyReference {
    /// The part of docs/policy.md between its two markers; a test holds the file against it.
    package static func markdown() -> String {
        var out = ""
        let files = [
            ("gateway.yaml", GatewayShape.root), ("The tenants file", BackendShape.tenants),
            ("backend.yaml", BackendShape.root), ("Tests of policies", PolicyTestShape.root),
        ]
        for (title, record) in files {
            out += "### \(title)\n\n| key | takes | default | |\n| --- | --- | --- | --- |\n"
            rows(record, prefix: "", into: &out)
            out += "\n"
        }
        return out
    }

    private static func rows(_ record: PolicyRecord, prefix: String, into out: inout String) {
        for key in record.keys {
            let path = prefix + key.name
            let fallback = key.fallback.map { "`\($0)`" } ?? (key.isRequired ? "required" : "")
            let takes = key.shape.expectation
            out += "| `\(path)` | \(escaped(takes)) | \(fallback) | \(escaped(key.help)) |\n"
            nested(key.shape, path: path, into: &out)
        }
    }

    private static func nested(_ shape: PolicyShape, path: String, into out: inout String) {
        switch shape {
        case .scalar, .oneOrList, .anything: break
        case .record(let record): rows(record, prefix: path + ".", into: &out)
        case .list(let item, _): nested(item, path: path + "[]", into: &out)
        case .table(let value, _, _): nested(value, path: path + ".NAME", into: &out)
        case .word(_, let other): nested(other, path: path, into: &out)
        }
    }

    private static func escaped(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
