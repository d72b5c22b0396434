import JSON

/// Oracle: an accepted document, written again from its tape, is accepted and has the same tape;
/// whatever is refused is refused at an offset inside the input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = Reading(bytes) else { return 0 }
    guard let second = Reading(first.rewritten) else {
        preconditionFailure("the writer's output is refused")
    }
    precondition(first.values == second.values, "rewriting changed the document")
    precondition(first.rewritten == second.rewritten, "rewriting is not idempotent")
    return 0
}

// SwiftPM renames the entry point of an executable to `<target>_main`, which keeps the fuzzer's own
// `main` out of the link; this one does what that one would.
@_cdecl("FuzzJSON_main")
public func fuzzJSONMain(
    _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
    var count = count
    var arguments = unsafe arguments
    return unsafe runFuzzer(&count, &arguments, fuzzJSON)
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// What a document means, free of how it is written.
private struct Reading {
    struct Value: Equatable {
        let kind: JSONKind
        let depth: Int
        let indexAfter: Int
        let key: [UInt8]?
        let string: [UInt8]?
        /// Of numbers and literals, byte for byte.
        let lexeme: [UInt8]
    }

    private(set) var values: [Value] = []
    private(set) var rewritten: [UInt8] = []

    /// Nil when `bytes` are refused.
    init?(_ bytes: [UInt8]) {
        var document = JSONDocument()
        // The bounds are tested elsewhere; here they would only hide what lies behind them.
        let limits = JSONLimits(bytesMax: JSONLimits.bytesCeiling)
        do throws(JSONDefect) {
            try document.parse(bytes.span, limits: limits)
        } catch {
            precondition((0...bytes.count).contains(error.offset), "a defect outside the input")
            return nil
        }
        let view = document.view(of: bytes.span)
        var writer = JSONWriter()
        var open: [JSONNode] = []
        for index in 0...view.count {
            while let container = open.last, view.indexAfter(container) <= index {
                let isObject = view.kind(of: container) == .object
                if isObject { writer.endObject() } else { writer.endArray() }
                open.removeLast()
            }
            guard let node = view.node(index) else { continue }
            Self.write(node, of: view, to: &writer, &open)
            let range = view.range(of: node)
            let hasLexeme = ![.object, .array, .string].contains(view.kind(of: node))
            values.append(
                Value(
                    kind: view.kind(of: node), depth: view.depth(of: node),
                    indexAfter: view.indexAfter(node), key: view.key(of: node),
                    string: view.string(at: node), lexeme: hasLexeme ? Array(bytes[range]) : []))
        }
        rewritten = writer.bytes
    }

    private static func write(
        _ node: JSONNode, of view: borrowing JSONView, to writer: inout JSONWriter,
        _ open: inout [JSONNode]
    ) {
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
}
