import JSON

extension PolicyNode {
    /// The value as JSON: text in quotes is a string; without them `true`, `false`, `null` and
    /// numbers are what they are in JSON, and everything else is a string.
    func writeJSON(into out: inout JSONWriter) {
        switch value {
        case .scalar(let text, let isQuoted):
            if !isQuoted, Self.isLiteral(text) {
                out.raw([UInt8](text.utf8).span)
            } else if !isQuoted, text.isEmpty {
                out.null()
            } else {
                out.string(text)
            }
        case .sequence(let items):
            out.beginArray()
            for item in items { item.writeJSON(into: &out) }
            out.endArray()
        case .mapping(let entries):
            out.beginObject()
            for entry in entries {
                out.key(entry.key)
                entry.node.writeJSON(into: &out)
            }
            out.endObject()
        }
    }

    var json: [UInt8] {
        var out = JSONWriter()
        writeJSON(into: &out)
        return out.bytes
    }

    private static func isLiteral(_ text: String) -> Bool {
        var document = JSONDocument()
        let bytes = [UInt8](text.utf8)
        guard (try? document.parse(bytes.span)) != nil else { return false }
        let view = document.view(of: bytes.span)
        switch view.kind(of: view.root) {
        case .number, .boolean, .null: return view.range(of: view.root).count == bytes.count
        case .string, .object, .array: return false
        }
    }
}
