import Policy

/// The files of one run and what was found in them.
struct PolicyFiles {
    private(set) var files: [PolicyFile] = []
    var diagnostics: [Diagnostic] = []
    /// Where each included file was named first, by its path from the main file's folder.
    private var included: [String: SourceMark] = [:]

    var paths: [String] { files.map(\.path) }

    mutating func load(
        _ path: String, _ origin: PolicyFile.Origin, namedAt mark: SourceMark?,
        _ read: (String) throws(UnreadableFile) -> [UInt8]
    ) -> PolicyNode? {
        let bytes: [UInt8]
        do {
            bytes = try read(path)
        } catch {
            note(.fileUnreadable, "cannot read `\(path)`: \(error.reason)", at: mark)
            return nil
        }
        return parse(PolicyFile(path: path, bytes: bytes, origin: origin))
    }

    private mutating func parse(_ file: PolicyFile) -> PolicyNode? {
        files.append(file)
        let reading = readPolicy(file.bytes, file: files.count - 1)
        diagnostics += reading.diagnostics
        return reading.root
    }

    func report(counts: PolicyReport.Counts?) -> PolicyReport {
        PolicyReport(files: files, diagnostics: diagnostics, counts: counts)
    }

    private mutating func note(
        _ code: DiagnosticCode, _ message: String, at mark: SourceMark?, label: String = ""
    ) {
        diagnostics.append(Diagnostic(code, message, at: mark, label: label))
    }

    // MARK: - Included files

    /// A file that includes others.
    struct Place {
        /// As it is opened and shown.
        let path: String
        /// Of the main file.
        let folder: String
        /// From the main file's folder: the file itself, and the folder it is in.
        var name: String
        var inside = ""
        var depth = 0

        init(path: String, folder: String) {
            self.path = path
            self.folder = folder
            name =
                folder.isEmpty ? path : String(path.dropFirst(folder == "/" ? 1 : folder.count + 1))
        }

        /// One that it includes.
        func included(_ name: String) -> Place {
            var place = Place(path: PolicyDocument.join(folder, name), folder: folder)
            place.name = name
            place.inside = PolicyDocument.folder(of: name)
            place.depth = depth + 1
            return place
        }
    }

    /// Adds what the `include` of a file names, each with what it includes itself behind it.
    mutating func include(
        _ root: PolicyNode, _ place: Place, into assembly: inout PolicyAssembly,
        _ list: (String) throws(UnreadableFile) -> [String],
        _ read: (String) throws(UnreadableFile) -> [UInt8]
    ) {
        if place.depth == 0 { included[IncludePattern.plain(place.name)] = SourceMark.none }
        // What is no list of patterns is an error that the shape check reports.
        for item in root["include"]?.items ?? [] {
            guard let pattern = item.text.flatMap({ IncludePattern($0) }) else { continue }
            guard place.depth < IncludePattern.depthMax else {
                let bound = "files are included more than \(IncludePattern.depthMax) deep"
                return note(.includeBounds, bound, at: item.mark)
            }
            for name in names(pattern, place, item.mark, list) {
                guard isNew(name, at: item.mark) else { continue }
                guard files.count < IncludePattern.filesMax else {
                    let bound = "the policy has more than \(IncludePattern.filesMax) files"
                    return note(.includeBounds, bound, at: item.mark)
                }
                let inner = place.included(name)
                guard
                    let part = load(
                        inner.path, .included(item.mark), namedAt: item.mark, read)
                else { continue }
                assembly.paths = paths
                assembly.include(part, folder: inner.inside)
                include(part, inner, into: &assembly, list, read)
            }
        }
    }

    /// The files an item means, from the main file's folder, in the order of their bytes: the order
    /// of a folder differs from machine to machine.
    private mutating func names(
        _ pattern: IncludePattern, _ place: Place, _ mark: SourceMark,
        _ list: (String) throws(UnreadableFile) -> [String]
    ) -> [String] {
        let folder = IncludePattern.plain(PolicyDocument.join(place.inside, pattern.folder))
        guard pattern.isPattern else { return [PolicyDocument.join(folder, pattern.name)] }
        let opened = folder.isEmpty ? place.folder : PolicyDocument.join(place.folder, folder)
        var found: [String] = []
        var reason = ""
        do throws(UnreadableFile) {
            found = try list(opened.isEmpty ? "." : opened).filter { pattern.matches($0) }
        } catch {
            reason = ": \(error.reason)"
        }
        if found.isEmpty {
            let text = PolicyDocument.join(folder, pattern.name)
            note(.includeUnmatched, "no file is called `\(text)`\(reason)", at: mark)
        }
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            .map { PolicyDocument.join(folder, $0) }
    }

    private mutating func isNew(_ name: String, at mark: SourceMark) -> Bool {
        let plain = IncludePattern.plain(name)
        guard let first = included[plain] else {
            included[plain] = mark
            return true
        }
        let isMain = first == .none
        let place = paths.indices.contains(first.file) ? "\(paths[first.file]):\(first.line)" : ""
        note(
            .includedTwice, "`\(plain)` \(isMain ? "is the main file" : "is included twice")",
            at: mark, label: isMain ? "" : "also by \(place)")
        return false
    }

    // MARK: - Overlay and environment

    mutating func overlay(
        _ name: String?, folder: String, into assembly: inout PolicyAssembly,
        _ read: (String) throws(UnreadableFile) -> [UInt8]
    ) {
        guard let name else { return }
        let path = PolicyDocument.join(folder, "env/\(name).yaml")
        guard let part = load(path, .overlay(name), namedAt: nil, read) else { return }
        assembly.paths = paths
        assembly.overlay(part, folder: "env")
    }

    mutating func override(
        _ variables: [(name: String, value: String)], in assembly: inout PolicyAssembly
    ) {
        // The order of an environment means nothing.
        for (name, value) in variables.sorted(by: { $0.name < $1.name })
        where PolicyAssembly.parts(ofVariable: name) != nil {
            let file = PolicyFile(
                path: "$" + name, bytes: Array(value.utf8), origin: .environment(name))
            let index = files.count
            files.append(file)
            var findings: [Diagnostic] = []
            assembly.override(name, value: value, file: index) {
                let reading = readPolicy(file.bytes, file: index)
                findings = reading.diagnostics
                return reading.root
            }
            diagnostics += findings
        }
        assembly.paths = paths
    }
}
