import JSON

/// The defect of `bytes`, or nil when they are accepted.
func defect(of bytes: [UInt8], limits: JSONLimits = JSONLimits()) -> JSONDefect? {
    var document = JSONDocument()
    do throws(JSONDefect) {
        try document.parse(bytes.span, limits: limits)
        return nil
    } catch {
        return error
    }
}

func defect(of text: String, limits: JSONLimits = JSONLimits()) -> JSONDefect? {
    defect(of: Array(text.utf8), limits: limits)
}

/// Calls `body` with the view of an accepted document.
func withView(_ text: String, _ body: (borrowing JSONView) -> Void) throws(JSONDefect) {
    try withView(Array(text.utf8), body)
}

func withView(_ bytes: [UInt8], _ body: (borrowing JSONView) -> Void) throws(JSONDefect) {
    var document = JSONDocument()
    try document.parse(bytes.span)
    body(document.view(of: bytes.span))
}

/// One line for each value: depth, kind, decoded key, decoded string or lexeme.
func outline(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONDefect) -> [String] {
    var document = JSONDocument()
    try document.parse(bytes.span, limits: limits)
    let view = document.view(of: bytes.span)
    var lines: [String] = []
    for index in 0..<view.count {
        guard let node = view.node(index) else { continue }
        var line = "\(view.depth(of: node)) \(view.kind(of: node))"
        if let key = view.key(of: node) { line += " key \(key)" }
        if let string = view.string(at: node) { line += " \(string)" }
        if view.kind(of: node) == .number || view.kind(of: node) == .boolean {
            line += " \(String(decoding: bytes[view.range(of: node)], as: UTF8.self))"
        }
        line += " to \(view.indexAfter(node))"
        lines.append(line)
    }
    return lines
}

/// Writes an accepted document again, from its tape alone.
func rewritten(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONDefect) -> [UInt8] {
    var document = JSONDocument()
    try document.parse(bytes.span, limits: limits)
    let view = document.view(of: bytes.span)
    var writer = JSONWriter()
    var open: [JSONNode] = []
    for index in 0...view.count {
        while let container = open.last, view.indexAfter(container) <= index {
            if view.kind(of: container) == .object {
                writer.endObject()
            } else {
                writer.endArray()
            }
            open.removeLast()
        }
        guard let node = view.node(index) else { continue }
        if let key = view.key(of: node) { writer.key(key.span) }
        switch view.kind(of: node) {
        case .object:
            writer.beginObject()
            open.append(node)
        case .array:
            writer.beginArray()
            open.append(node)
        case .string:
            let string = view.string(at: node) ?? []
            writer.string(string.span)
        case .number: writer.raw(view.rawLexeme(of: node))
        case .boolean: writer.boolean(view.boolean(at: node) ?? false)
        case .null: writer.null()
        }
    }
    return writer.bytes
}

/// xorshift64*: the same numbers from the same seed on every machine.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
}
