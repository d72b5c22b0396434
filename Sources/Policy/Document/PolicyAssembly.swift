/// Makes one policy of its files: what they define is put together, an overlay and the environment
/// change values that are there. Every value keeps the mark of the place that set it.
public struct PolicyAssembly {
    public private(set) var root: PolicyNode
    /// Of the files themselves; whether the whole is a policy is the compiler's matter.
    public var diagnostics: [Diagnostic] { list.items }
    var list = DiagnosticList()
    /// Paths of the run's files so far.
    public var paths: [String]

    /// - Parameter root: of the main file.
    public init(root: PolicyNode, paths: [String]) {
        self.root = root
        self.paths = paths
    }

    // MARK: - Included files

    /// Adds what an included file defines.
    ///
    /// - Parameter folder: of the file, as seen from the main file's.
    public mutating func include(_ part: PolicyNode, folder: String) {
        guard let entries = part.entries else {
            return list.add(
                .wrongKind, "an included file takes a mapping, not \(part.kind)", at: part.mark)
        }
        // A main file that is no mapping is an error of its own.
        guard root.entries != nil else { return }
        checkVersion(entries)
        for entry in entries where entry.key != "version" && !entry.key.hasPrefix("x-") {
            guard !GatewayShape.mainFileOnly.contains(entry.key) else {
                list.add(
                    .mainFileOnly, "`\(entry.key)` belongs into the main file", at: entry.keyMark)
                continue
            }
            var entry = entry
            let key = GatewayShape.root.keys.first { $0.name == entry.key }
            if let key { entry.node = entry.node.rebased(key.shape, onto: folder) }
            add(entry, key?.shape)
        }
    }

    private mutating func checkVersion(_ entries: [PolicyEntry]) {
        guard let version = entries.first(where: { $0.key == "version" })?.node else { return }
        guard let text = version.text else {
            return list.add(
                .wrongKind, "`version` takes \(ScalarForm.version.expectation)", at: version.mark)
        }
        if let misfit = ScalarForm.version.misfit(of: text) {
            list.add(misfit.code, misfit.message, at: version.mark)
        }
    }

    /// Lists and tables grow; anything else is defined once.
    private mutating func add(_ entry: PolicyEntry, _ shape: PolicyShape?) {
        guard var entries = root.entries else { return }
        guard let place = entries.firstIndex(where: { $0.key == entry.key }) else {
            entries.append(entry)
            root.value = .mapping(entries)
            return
        }
        let first = entries[place]
        switch (shape, first.node.value, entry.node.value) {
        case (.list, .sequence(let items), .sequence(let more)):
            entries[place].node.value = .sequence(items + more)
        case (.table(_, _, let noun), .mapping(let known), .mapping(let more)):
            entries[place].node.value = .mapping(known + fresh(more, besides: known, noun))
        default:
            list.add(
                .duplicateDefinition, "`\(entry.key)` is defined in two files", at: entry.keyMark,
                label: "also \(self.place(first.keyMark, besides: entry.keyMark))")
            return
        }
        root.value = .mapping(entries)
    }

    private mutating func fresh(
        _ more: [PolicyEntry], besides known: [PolicyEntry], _ noun: String
    ) -> [PolicyEntry] {
        var marks: [String: SourceMark] = [:]
        for entry in known { marks[entry.key] = entry.keyMark }
        return more.filter { entry in
            guard let first = marks[entry.key] else { return true }
            list.add(
                .duplicateDefinition, "`\(entry.key.shortened)` is defined in two files",
                at: entry.keyMark,
                label: "also \(self.place(first, besides: entry.keyMark))",
                notes: ["`\(noun)` of all files are one table"])
            return false
        }
    }

    private func place(_ other: SourceMark, besides mark: SourceMark) -> String {
        PolicyDocument.place(other, besides: mark, in: paths)
    }

    // MARK: - Overlay

    /// Sets what `env/NAME.yaml` says, where there is such a key already: an overlay cannot make a
    /// policy mean something that nobody sees in it.
    ///
    /// - Parameter folder: of the overlay, as seen from the main file's.
    public mutating func overlay(_ part: PolicyNode, folder: String) {
        guard let entries = part.entries else {
            return list.add(
                .wrongKind, "an overlay takes a mapping, not \(part.kind)", at: part.mark)
        }
        checkVersion(entries)
        let settings = entries.filter { entry in
            if entry.key == "include" {
                list.add(
                    .overlayKeyUnknown, "an overlay cannot `include` files", at: entry.keyMark)
            }
            return entry.key != "version" && entry.key != "include"
        }
        let node = PolicyNode(.mapping(settings), mark: part.mark)
        guard root.entries != nil else { return }
        let rebased = node.rebased(.record(GatewayShape.root), onto: folder)
        root = changed(root, by: rebased, at: "the policy")
    }

    private mutating func changed(
        _ base: PolicyNode, by change: PolicyNode, at name: String
    ) -> PolicyNode {
        switch (base.value, change.value) {
        case (.mapping(var entries), .mapping(let changes)):
            for item in changes where !item.key.hasPrefix("x-") || base[item.key] != nil {
                guard let place = entries.firstIndex(where: { $0.key == item.key }) else {
                    refuse(item, name, among: entries.map(\.key))
                    continue
                }
                let node = changed(entries[place].node, by: item.node, at: "`\(item.key)`")
                // Where the whole value is new, so is what messages about its key show.
                if node.mark == item.node.mark { entries[place].keyMark = item.keyMark }
                entries[place].node = node
            }
            return PolicyNode(.mapping(entries), mark: base.mark)
        case (.sequence(let items), .sequence(let changes)) where Self.areNamed(items):
            return PolicyNode(.sequence(changed(items, by: changes, at: name)), mark: base.mark)
        default: return change
        }
    }

    private static func areNamed(_ items: [PolicyNode]) -> Bool {
        !items.isEmpty && items.allSatisfy { $0["name"]?.text != nil }
    }

    /// Items that have names (routes) are changed one by one: a list that replaced them would lose
    /// the others.
    private mutating func changed(
        _ items: [PolicyNode], by changes: [PolicyNode], at name: String
    ) -> [PolicyNode] {
        var items = items
        for change in changes {
            guard let wanted = change["name"]?.text else {
                list.add(
                    .overlayKeyUnknown, "an item of \(name) needs the `name` of the one it changes",
                    at: change.mark)
                continue
            }
            guard let place = items.firstIndex(where: { $0["name"]?.text == wanted }) else {
                let known = list.wantsSuggestions ? items.compactMap { $0["name"]?.text } : []
                list.add(
                    .overlayKeyUnknown, "no item of \(name) is called `\(wanted.shortened)`",
                    at: change["name"]?.mark, label: Suggestion.label(for: wanted, among: known))
                continue
            }
            let node = changed(items[place], by: change.without("name"), at: "`\(wanted)`")
            items[place] = node
        }
        return items
    }

    private mutating func refuse(
        _ item: PolicyEntry, _ name: String, among known: [String]
    ) {
        list.add(
            .overlayKeyUnknown, "\(name) has no `\(item.key.shortened)` to be changed",
            at: item.keyMark,
            label: list.wantsSuggestions ? Suggestion.label(for: item.key, among: known) : "",
            notes: ["an overlay sets keys that are written in the policy already"])
    }
}

// MARK: - Environment

extension PolicyAssembly {
    /// What the names of overriding variables begin with; the parts of the key follow, in capitals
    /// and with `__` between them.
    static let variablePrefix = "RINGFENCE_"

    /// The parts of a variable's name that names a key; `nil` for all other variables.
    public static func parts(ofVariable name: String) -> [String]? {
        guard name.hasPrefix(variablePrefix) else { return nil }
        let bytes = Array(name.utf8.dropFirst(variablePrefix.utf8.count))
        var parts: [String] = []
        var start = 0
        var index = 0
        while index + 1 < bytes.count {
            if bytes[index] == UInt8(ascii: "_"), bytes[index + 1] == UInt8(ascii: "_") {
                parts.append(String(decoding: bytes[start..<index], as: UTF8.self))
                index += 2
                start = index
            } else {
                index += 1
            }
        }
        parts.append(String(decoding: bytes[min(start, bytes.count)...], as: UTF8.self))
        return parts.count > 1 ? parts : nil
    }

    /// Sets one value from a variable, where there is such a key already.
    ///
    /// - Parameters:
    ///   - file: of the variable in the run's list, for marks.
    ///   - parsed: reads the variable as YAML; asked only where a list or a mapping is replaced,
    ///     because a text needs no quotes in a variable.
    public mutating func override(
        _ name: String, value: String, file: Int, parsed: () -> PolicyNode?
    ) {
        guard let parts = Self.parts(ofVariable: name), root.entries != nil else { return }
        let mark = SourceMark(
            file: file, line: 1, column: 1, length: max(value.unicodeScalars.count, 1))
        var path: [Int] = []
        var node = root
        for part in parts {
            let known = Self.children(of: node)
            let found = known.indices.filter { Self.folded(known[$0].name) == part }
            guard found.count == 1, let place = found.first else {
                let problem =
                    found.isEmpty
                    ? "there is no key `\(part.shortened)`"
                    : "`\(part.shortened)` stands for several keys"
                // Without a place: the value that would be shown may be a secret.
                return list.add(
                    .overrideUnknown, "variable `\(name)` sets nothing: \(problem)", at: nil,
                    notes: ["a variable sets a key that is written in the policy already"])
            }
            path.append(place)
            node = known[place].node
        }
        var replacement = PolicyNode(.scalar(value, isQuoted: true), mark: mark)
        if node.items != nil || node.entries != nil {
            // What is no YAML has been reported.
            guard let read = parsed() else { return }
            replacement = read
        }
        root = Self.replacing(root, path[...], replacement)
    }

    /// What a part of a variable's name may stand for: keys, or items by their name.
    private static func children(of node: PolicyNode) -> [(name: String, node: PolicyNode)] {
        switch node.value {
        case .mapping(let entries): entries.map { ($0.key, $0.node) }
        case .sequence(let items): items.map { ($0["name"]?.text ?? "", $0) }
        case .scalar: []
        }
    }

    private static func folded(_ key: String) -> String {
        String(
            decoding: key.utf8.map { byte in
                guard NetworkText.isAlphanumeric(byte) else { return UInt8(ascii: "_") }
                return byte &- UInt8(ascii: "a") < 26 ? byte & 0xDF : byte
            }, as: UTF8.self)
    }

    private static func replacing(
        _ node: PolicyNode, _ path: ArraySlice<Int>, _ value: PolicyNode
    ) -> PolicyNode {
        guard let place = path.first else { return value }
        var node = node
        switch node.value {
        case .mapping(var entries):
            entries[place].node = replacing(entries[place].node, path.dropFirst(), value)
            node.value = .mapping(entries)
        case .sequence(var items):
            items[place] = replacing(items[place], path.dropFirst(), value)
            node.value = .sequence(items)
        case .scalar: break
        }
        return node
    }
}

// MARK: - Paths

extension PolicyNode {
    fileprivate func without(_ key: String) -> PolicyNode {
        guard let entries else { return self }
        return PolicyNode(.mapping(entries.filter { $0.key != key }), mark: mark)
    }

    /// This value with the paths in it seen from another folder: "relative to the file that names
    /// them" is then the same as "relative to the main file" for whatever reads it.
    func rebased(_ shape: PolicyShape, onto folder: String) -> PolicyNode {
        guard !folder.isEmpty else { return self }
        var node = self
        switch (shape, value) {
        case (.scalar(let form), .scalar(let text, let isQuoted)),
            (.oneOrList(let form), .scalar(let text, let isQuoted)):
            node.value = .scalar(form.rebased(text, onto: folder), isQuoted: isQuoted)
        case (.oneOrList(let form), .sequence(let items)):
            node.value = .sequence(items.map { $0.rebased(.scalar(form), onto: folder) })
        case (.list(let item, _), .sequence(let items)):
            node.value = .sequence(items.map { $0.rebased(item, onto: folder) })
        case (.record(let record), .mapping(let entries)):
            node.value = .mapping(
                entries.map { entry in
                    let key = record.keys.first { $0.name == entry.key }
                    return key.map { entry.rebased($0.shape, onto: folder) } ?? entry
                })
        case (.table(let shape, _, _), .mapping(let entries)):
            node.value = .mapping(entries.map { $0.rebased(shape, onto: folder) })
        case (.word(_, let other), _): return rebased(other, onto: folder)
        default: break
        }
        return node
    }
}

extension PolicyEntry {
    fileprivate func rebased(_ shape: PolicyShape, onto folder: String) -> PolicyEntry {
        PolicyEntry(key: key, keyMark: keyMark, node: node.rebased(shape, onto: folder))
    }
}

extension ScalarForm {
    /// `text` with the relative path in it, if it is of a form that holds one, seen from another
    /// folder.
    func rebased(_ text: String, onto folder: String) -> String {
        switch self {
        case .secret, .material, .keySet, .tenantSource, .accessLog, .listenAddress, .target,
            .folder:
            break
        default: return text
        }
        for scheme in ["file:", "unix:"] where text.hasPrefix(scheme) {
            let path = String(text.dropFirst(scheme.utf8.count))
            guard !path.isEmpty, !path.hasPrefix("/") else { return text }
            return scheme + PolicyDocument.join(folder, path)
        }
        return text
    }
}
