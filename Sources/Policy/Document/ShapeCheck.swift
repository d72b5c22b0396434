/// Holds a document against its declaration and notes everything that does not fit. What it says
/// is said here only: the compiler reads what is left in silence.
struct ShapeCheck {
    /// `env:` secrets are for development.
    let isDevelopment: Bool
    private(set) var list = DiagnosticList()

    init(isDevelopment: Bool) { self.isDevelopment = isDevelopment }

    /// What a value belongs to, for messages.
    private struct Place {
        var name: String
        var mark: SourceMark
    }

    mutating func check(root node: PolicyNode, _ record: PolicyRecord) {
        check(node, .record(record), Place(name: record.noun, mark: node.mark))
    }

    private mutating func check(_ node: PolicyNode, _ shape: PolicyShape, _ place: Place) {
        if case .anything = shape { return }
        if case .scalar("", isQuoted: false) = node.value {
            list.add(
                .missingValue, "\(place.name) has no value", at: place.mark,
                notes: ["it takes \(shape.expectation)"])
            return
        }
        // Depth is bounded by the declaration, which is a tree of a few levels.
        switch shape {
        case .scalar(let form): check(node, form, place)
        case .anything: return
        case .oneOrList(let form):
            if node.items != nil {
                check(node, .list(.scalar(form), minimum: 1), place)
            } else {
                check(node, form, place)
            }
        case .list(let item, let minimum): checkList(node, item, minimum, place)
        case .record(let record): checkRecord(node, record, place)
        case .table(let shape, let names, let noun):
            guard let entries = node.entries else {
                return noteKind(node, "a mapping of \(noun)", place)
            }
            for entry in entries {
                if let misfit = names.misfit(of: entry.key) {
                    list.add(misfit.code, misfit.message, at: entry.keyMark, label: misfit.label)
                }
                check(entry.node, shape, Place(name: "`\(entry.key)`", mark: entry.keyMark))
            }
        case .word(let word, let other):
            guard let text = node.text else { return check(node, other, place) }
            guard text != word else { return }
            if case .word = other { return check(node, other, place) }
            list.add(
                .unknownWord, "\(place.name) takes \(shape.expectation), not \(node.kind)",
                at: node.mark, label: Suggestion.label(for: text, among: [word]))
        }
    }

    private mutating func check(_ node: PolicyNode, _ form: ScalarForm, _ place: Place) {
        guard let text = node.text else { return noteKind(node, form.expectation, place) }
        if text.isEmpty {
            list.add(
                .missingValue, "\(place.name) is empty", at: node.mark,
                notes: ["it takes \(form.expectation)"])
        } else if let misfit = form.misfit(of: text) {
            list.add(misfit.code, misfit.message, at: node.mark, label: misfit.label)
        } else if case .secret = form, !isDevelopment, text.hasPrefix("env:") {
            list.add(
                .environmentSecret, "\(place.name) is read from the environment", at: node.mark,
                label: "write `file:PATH` or `cred:NAME`")
        }
    }

    private mutating func checkList(
        _ node: PolicyNode, _ item: PolicyShape, _ minimum: Int, _ place: Place
    ) {
        guard let items = node.items else {
            let label = node.text.map { "write `[\($0.shortened)]`" } ?? ""
            return noteKind(node, "a list", place, label)
        }
        guard items.count >= minimum else {
            return list.add(.emptyList, "\(place.name) lists nothing", at: node.mark)
        }
        var seen: Set<String> = []
        for node in items {
            check(node, item, Place(name: "an item of \(place.name)", mark: node.mark))
            if let text = node.text, !seen.insert(text).inserted {
                list.add(
                    .repeatedItem, "`\(text.shortened)` is listed twice in \(place.name)",
                    at: node.mark)
            }
        }
    }

    private mutating func checkRecord(_ node: PolicyNode, _ record: PolicyRecord, _ place: Place) {
        guard let entries = node.entries else { return noteKind(node, "a mapping", place) }
        // A required key that was misspelt is not reported as missing as well.
        var meant: Set<String> = []
        for entry in entries {
            if let key = record.keys.first(where: { $0.name == entry.key }) {
                check(
                    entry.node, key.shape, Place(name: "`\(key.name)`", mark: entry.keyMark))
            } else if !entry.key.hasPrefix("x-") {
                noteUnknown(entry, record, node, &meant)
            }
        }
        for key in record.keys where key.isRequired && node[key.name] == nil {
            guard !meant.contains(key.name) else { continue }
            list.add(
                .missingKey, "\(record.noun) needs the key `\(key.name)`", at: place.mark,
                label: "add `\(key.name)`", notes: key.absence.map { [$0] } ?? [])
        }
    }

    /// Three kinds: a key of a later version, a slip, and something this mapping never has.
    private mutating func noteUnknown(
        _ entry: PolicyEntry, _ record: PolicyRecord, _ node: PolicyNode, _ meant: inout Set<String>
    ) {
        if record.notYet.contains(entry.key) {
            return list.add(
                .notAvailable, "`\(entry.key)` is not available in this version",
                at: entry.keyMark)
        }
        let known = record.keys.map(\.name)
        let nearest =
            list.wantsSuggestions ? Suggestion.nearest(to: entry.key, among: known) : nil
        let key = record.keys.first { $0.name == nearest && node[$0.name] == nil }
        if let key { meant.insert(key.name) }
        let label = nearest.map { "did you mean `\($0)`?" } ?? ""
        var notes: [String] = []
        if let absence = key?.absence { notes.append(absence) }
        if nearest == nil {
            let keys = known.map { "`\($0)`" }.joined(separator: ", ")
            notes.append("keys of \(record.noun): \(keys)")
        }
        list.add(
            .unknownKey, "unknown key `\(entry.key.shortened)`", at: entry.keyMark, label: label,
            notes: notes)
    }

    private mutating func noteKind(
        _ node: PolicyNode, _ expectation: String, _ place: Place, _ label: String = ""
    ) {
        list.add(
            .wrongKind, "\(place.name) takes \(expectation), not \(node.kind)", at: node.mark,
            label: label)
    }
}
