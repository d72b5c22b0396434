import CYAML
import Policy

/// One event of libyaml, copied into Swift values: nothing of libyaml's outlives the call.
struct YAMLEvent {
    enum Kind: Equatable {
        case streamStart, streamEnd, documentEnd, sequenceStart, sequenceEnd, mappingStart
        case mappingEnd, alias
        case documentStart(hasDirectives: Bool)
        case scalar(String, isQuoted: Bool)
        /// A scalar whose text was not copied because it is longer than `PolicyBounds` allow.
        case scalarTooLong
    }

    var kind: Kind
    var hasAnchor = false
    var hasTag = false
    /// The collection is written `[...]` or `{...}`.
    var isFlow = false
    var start: YAMLMark
    var end: YAMLMark
}

/// A place as libyaml counts: from 0, in characters.
struct YAMLMark: Equatable {
    var index: Int
    var line: Int
    var column: Int
}

/// Why libyaml stopped; the texts are its own.
struct YAMLProblem: Error {
    var problem: String
    var context: String
    var mark: YAMLMark
    var contextMark: YAMLMark?
}

/// libyaml's event parser over bytes that stay where they are.
///
/// The parser is allocated apart, because libyaml keeps pointers into its own struct and a Swift
/// value may be moved.
@safe struct YAMLParser: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>

    /// `nil` when there is no memory.
    ///
    /// - Safety: `bytes` stay valid and unchanged as long as the parser lives.
    @unsafe init?(reading bytes: UnsafeBufferPointer<UInt8>) {
        unsafe parser = .allocate(capacity: 1)
        unsafe parser.initialize(to: yaml_parser_t())
        guard unsafe yaml_parser_initialize(parser) != 0 else {
            unsafe parser.deallocate()
            return nil
        }
        // Told, not guessed: a byte order mark must not switch to UTF-16.
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
    }

    /// The next event. After an error or the end of the stream it must not be asked again.
    mutating func next() throws(YAMLProblem) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) != 0 else { throw problem() }
        defer { unsafe yaml_event_delete(&event) }
        return unsafe Self.copy(event)
    }

    private func problem() -> YAMLProblem {
        let state = unsafe parser.pointee
        let problem = unsafe state.problem.map { unsafe String(cString: $0) }
        let context = unsafe state.context.map { unsafe String(cString: $0) }
        return unsafe YAMLProblem(
            problem: problem ?? "out of memory", context: context ?? "",
            mark: YAMLMark(state.problem_mark),
            contextMark: context == nil ? nil : YAMLMark(state.context_mark))
    }

    private static func copy(_ event: yaml_event_t) -> YAMLEvent {
        let start = unsafe YAMLMark(event.start_mark)
        let end = unsafe YAMLMark(event.end_mark)
        var copy = YAMLEvent(kind: .streamEnd, start: start, end: end)
        switch unsafe event.type {
        case YAML_STREAM_START_EVENT: copy.kind = .streamStart
        case YAML_DOCUMENT_START_EVENT:
            let data = unsafe event.data.document_start
            let hasTags = unsafe data.tag_directives.start != data.tag_directives.end
            let hasVersion = unsafe data.version_directive != nil
            copy.kind = .documentStart(hasDirectives: hasVersion || hasTags)
        case YAML_DOCUMENT_END_EVENT: copy.kind = .documentEnd
        case YAML_ALIAS_EVENT: copy.kind = .alias
        case YAML_SEQUENCE_START_EVENT:
            let data = unsafe event.data.sequence_start
            copy.kind = .sequenceStart
            copy.hasAnchor = unsafe data.anchor != nil
            copy.hasTag = unsafe data.tag != nil
            copy.isFlow = unsafe data.style == YAML_FLOW_SEQUENCE_STYLE
        case YAML_SEQUENCE_END_EVENT: copy.kind = .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            let data = unsafe event.data.mapping_start
            copy.kind = .mappingStart
            copy.hasAnchor = unsafe data.anchor != nil
            copy.hasTag = unsafe data.tag != nil
            copy.isFlow = unsafe data.style == YAML_FLOW_MAPPING_STYLE
        case YAML_MAPPING_END_EVENT: copy.kind = .mappingEnd
        case YAML_SCALAR_EVENT:
            let data = unsafe event.data.scalar
            copy.hasAnchor = unsafe data.anchor != nil
            copy.hasTag = unsafe data.tag != nil
            let bytes = unsafe UnsafeBufferPointer(start: data.value, count: data.length)
            let isQuoted = unsafe data.style != YAML_PLAIN_SCALAR_STYLE
            if bytes.count > PolicyBounds.scalarBytesMax {
                copy.kind = .scalarTooLong
            } else {
                copy.kind = unsafe .scalar(
                    String(decoding: bytes, as: UTF8.self), isQuoted: isQuoted)
            }
        default: copy.kind = .streamEnd
        }
        return copy
    }
}

extension YAMLMark {
    fileprivate init(_ mark: yaml_mark_t) {
        // Files are bounded by 1 MiB; clamping only guards against a bug in libyaml.
        index = Int(clamping: mark.index)
        line = Int(clamping: mark.line)
        column = Int(clamping: mark.column)
    }
}
