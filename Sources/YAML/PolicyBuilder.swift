import Policy

/// Builds the tree of one file from events and notes every departure from the strict profile.
struct PolicyBuilder {
    /// The rest of the file cannot be understood; the reason is in `diagnostics`.
    private struct Stop: Error {}

    /// Departures kept; a file full of anchors needs no 100,000 of them.
    private static let diagnosticsMax = 100

    let file: Int
    private(set) var diagnostics: [Diagnostic] = []
    private var nodes = 0

    init(file: Int) { self.file = file }

    /// The tree, which is only good when `diagnostics` stays empty.
    mutating func build(_ bytes: [UInt8]) -> PolicyNode? {
        guard bytes.count <= PolicyBounds.fileBytesMax else {
            note(
                .fileTooLarge,
                "the file has \(bytes.count) bytes; at most \(PolicyBounds.fileBytesMax) are read",
                at: SourceMark(file: file, line: 1, column: 1, length: 1))
            return nil
        }
        if let finding = TextCheck.first(in: bytes) {
            note(finding)
            return nil
        }
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        return unsafe bytes.withUnsafeBufferPointer { whole in
            let text = unsafe UnsafeBufferPointer(rebasing: whole[start...])
            guard var parser = unsafe YAMLParser(reading: text) else {
                note(.syntax, "invalid YAML: out of memory", at: nil)
                return nil
            }
            return try? document(&parser)
        }
    }

    private mutating func document(_ parser: inout YAMLParser) throws(Stop) -> PolicyNode {
        _ = try next(&parser)  // streamStart
        let opening = try next(&parser)
        guard case .documentStart(let hasDirectives) = opening.kind else {
            let start = SourceMark(file: file, line: 1, column: 1, length: 1)
            note(.emptyFile, "the file is empty", at: start)
            throw Stop()
        }
        if hasDirectives {
            note(.directive, "YAML directives are not allowed", at: mark(opening))
        }
        let first = try next(&parser)
        let root = try node(first, &parser, depth: 0)
        _ = try next(&parser)  // documentEnd
        let closing = try next(&parser)
        if case .documentStart = closing.kind {
            note(
                .severalDocuments, "a second document begins here", at: mark(closing),
                label: "the file must be one document")
            throw Stop()
        }
        if case .scalar("", isQuoted: false) = root.value {
            note(.emptyFile, "the file is empty", at: root.mark)
        }
        return root
    }

    private mutating func next(_ parser: inout YAMLParser) throws(Stop) -> YAMLEvent {
        let event: YAMLEvent
        do {
            event = try parser.next()
        } catch {
            note(error)
            throw Stop()
        }
        if event.hasAnchor {
            note(.anchor, "anchors are not allowed", at: mark(event, first: true))
        }
        if event.hasTag {
            note(.tag, "tags are not allowed", at: mark(event, first: true))
        }
        return event
    }

    private mutating func node(
        _ event: YAMLEvent, _ parser: inout YAMLParser, depth: Int
    ) throws(Stop) -> PolicyNode {
        nodes += 1
        guard nodes <= PolicyBounds.nodesMax else {
            note(
                .tooManyNodes,
                "the file holds more than \(PolicyBounds.nodesMax) keys and values",
                at: mark(event, first: true))
            throw Stop()
        }
        switch event.kind {
        case .scalar(let text, let isQuoted):
            checkCharacters(of: text, event)
            return PolicyNode(.scalar(text, isQuoted: isQuoted), mark: mark(event))
        case .scalarTooLong:
            note(
                .scalarTooLong,
                "the value has more than \(PolicyBounds.scalarBytesMax) bytes",
                at: mark(event, first: true))
            return PolicyNode(.scalar("", isQuoted: true), mark: mark(event))
        case .alias:
            note(.anchor, "aliases are not allowed", at: mark(event))
            return PolicyNode(.scalar("", isQuoted: true), mark: mark(event))
        case .sequenceStart:
            try checkDepth(depth, event)
            return try sequence(event, &parser, depth: depth + 1)
        case .mappingStart:
            try checkDepth(depth, event)
            return try mapping(event, &parser, depth: depth + 1)
        case .streamStart, .streamEnd, .documentStart, .documentEnd, .sequenceEnd, .mappingEnd:
            note(.syntax, "invalid YAML: a value is missing", at: mark(event, first: true))
            throw Stop()
        }
    }

    private mutating func sequence(
        _ opening: YAMLEvent, _ parser: inout YAMLParser, depth: Int
    ) throws(Stop) -> PolicyNode {
        var items: [PolicyNode] = []
        while true {
            let event = try next(&parser)
            if event.kind == .sequenceEnd {
                let place = opening.isFlow ? mark(from: opening.start, to: event.end) : nil
                return PolicyNode(.sequence(items), mark: place ?? mark(opening, first: true))
            }
            items.append(try node(event, &parser, depth: depth))
        }
    }

    private mutating func mapping(
        _ opening: YAMLEvent, _ parser: inout YAMLParser, depth: Int
    ) throws(Stop) -> PolicyNode {
        var entries: [PolicyEntry] = []
        // Where each key was first seen: linear, for a file may hold 30,000 tenants.
        var lines: [String: Int] = [:]
        while true {
            let event = try next(&parser)
            if event.kind == .mappingEnd {
                let place = opening.isFlow ? mark(from: opening.start, to: event.end) : nil
                let first = entries.first?.keyMark ?? mark(opening, first: true)
                return PolicyNode(.mapping(entries), mark: place ?? first)
            }
            let key = try node(event, &parser, depth: depth)
            let name = self.name(of: key)
            if let name {
                if let line = lines[name] {
                    note(
                        .duplicateKey, "duplicate key `\(String(name.prefix(60)))`", at: key.mark,
                        label: "already given in line \(line)")
                } else {
                    lines[name] = key.mark.line
                }
            }
            let opening = try next(&parser)
            let value = try node(opening, &parser, depth: depth)
            entries.append(PolicyEntry(key: name ?? "", keyMark: key.mark, node: value))
        }
    }

    /// The text of a key; `nil` when it is none, which is noted.
    private mutating func name(of key: PolicyNode) -> String? {
        guard let text = key.text, !text.isEmpty else {
            note(.complexKey, "a key must be plain text", at: key.mark)
            return nil
        }
        if case .scalar("<<", isQuoted: false) = key.value {
            note(.mergeKey, "merge keys are not allowed", at: key.mark)
        }
        return text
    }

    private mutating func checkDepth(_ depth: Int, _ event: YAMLEvent) throws(Stop) {
        guard depth >= PolicyBounds.depthMax else { return }
        note(
            .tooDeep, "values are nested more than \(PolicyBounds.depthMax) deep",
            at: mark(event, first: true))
        throw Stop()
    }

    /// Escapes (`"\0"`, `"\u202e"`) make characters that the text itself may not hold.
    private mutating func checkCharacters(of text: String, _ event: YAMLEvent) {
        guard
            let scalar = text.unicodeScalars.first(where: {
                TextCheck.isUnsafe($0.value) || $0 == "\r"
            })
        else { return }
        note(
            .unsafeCharacter, "the value holds the character \(Self.name(scalar.value))",
            at: mark(event))
    }
}

extension PolicyBuilder {
    private mutating func note(
        _ code: DiagnosticCode, _ message: String, at mark: SourceMark?, label: String = "",
        notes: [String] = []
    ) {
        guard diagnostics.count < Self.diagnosticsMax else { return }
        diagnostics.append(Diagnostic(code, message, at: mark, label: label, notes: notes))
    }

    private mutating func note(_ finding: TextCheck) {
        let place = SourceMark(file: file, line: finding.line, column: finding.column, length: 1)
        switch finding.finding {
        case .notUTF8: note(.encoding, "the file is not valid UTF-8", at: place)
        case .unsafe(let value):
            note(.unsafeCharacter, "the file holds the character \(Self.name(value))", at: place)
        }
    }

    private mutating func note(_ problem: YAMLProblem) {
        let mark = mark(from: problem.mark, to: problem.mark)
        var notes: [String] = []
        if let context = problem.contextMark, context.line != problem.mark.line {
            let place = self.mark(from: context, to: context)
            notes.append("\(problem.context) that begins at \(place.line):\(place.column)")
        }
        if problem.problem == "found character that cannot start any token" {
            notes.append("YAML is indented with spaces; values that begin with a sign need quotes")
        }
        note(.syntax, "invalid YAML: \(problem.problem)", at: mark, notes: notes)
    }

    /// The place of an event; `first` keeps to one character, for what may span lines.
    private func mark(_ event: YAMLEvent, first: Bool = false) -> SourceMark {
        mark(from: event.start, to: first ? event.start : event.end)
    }

    /// Several lines are shown by the first: the renderer cuts the underline at its end.
    private func mark(from start: YAMLMark, to end: YAMLMark) -> SourceMark {
        SourceMark(
            file: file, line: start.line + 1, column: start.column + 1,
            length: max(end.index - start.index, 1))
    }

    private static func name(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(4 - digits.utf8.count, 0)) + digits
    }
}
