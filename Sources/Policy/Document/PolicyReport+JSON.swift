extension PolicyReport {
    /// The report as one JSON object on one line (`--json`): `v` is 1 as long as no member is
    /// removed or changes its meaning. Members without a value are `null`.
    public func json() -> String {
        var out = "{\"v\":1,\"diagnostics\":["
        for (index, item) in diagnostics.enumerated() {
            if index > 0 { out += "," }
            out += object(item)
        }
        out += "],\"files\":[" + files.map { $0.path.quoted }.joined(separator: ",") + "]"
        out += ",\"routes\":\(number(counts?.routes))"
        out += ",\"issuers\":\(number(counts?.issuers))"
        out += ",\"tiers\":\(number(counts?.tiers))"
        out += ",\"shadows\":\(number(counts?.shadows))"
        out += ",\"exceptions\":\(number(counts?.exceptions))"
        return out + ",\"errors\":\(errors),\"warnings\":\(warnings)}"
    }

    private func object(_ item: Diagnostic) -> String {
        var out = "{\"code\":\(item.code.rawValue.quoted)"
        out += ",\"severity\":\(item.severity.rawValue.quoted)"
        out += ",\"message\":\(item.message.quoted)"
        if let mark = item.mark, files.indices.contains(mark.file) {
            out += ",\"file\":\(files[mark.file].path.quoted)"
            out += ",\"line\":\(mark.line),\"column\":\(mark.column),\"length\":\(mark.length)"
        } else {
            out += ",\"file\":null,\"line\":null,\"column\":null,\"length\":null"
        }
        out += ",\"label\":\(item.label.isEmpty ? "null" : item.label.quoted)"
        return out + ",\"notes\":[" + item.notes.map(\.quoted).joined(separator: ",") + "]}"
    }

    private func number(_ value: Int?) -> String { value.map { String($0) } ?? "null" }
}

extension String {
    /// A JSON string (RFC 8259 §7). Everything but printable ASCII is escaped, so that a log or a
    /// terminal can show the output as it is.
    var quoted: String {
        var out = "\""
        for unit in utf16 {
            switch unit {
            case UInt16(UInt8(ascii: "\"")): out += "\\\""
            case UInt16(UInt8(ascii: "\\")): out += "\\\\"
            case 0x20...0x7E: out.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            default:
                let digits = String(unit, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            }
        }
        return out + "\""
    }
}
