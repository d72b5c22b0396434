import Policy

/// Where things stand in the files of a policy.
struct PolicyPlaces {
    let files: [PolicyFile]
    let document: PolicyDocument?

    init(files: [PolicyFile], document: PolicyDocument?) {
        self.files = files
        self.document = document
    }

    init(_ loaded: LoadedSnapshot) {
        self.init(files: loaded.report.files, document: loaded.document)
    }

    /// `policies/gateway.yaml:14`
    func text(_ mark: SourceMark?) -> String? {
        guard let mark, files.indices.contains(mark.file) else { return nil }
        return "\(files[mark.file].path):\(mark.line)"
    }

    func file(_ mark: SourceMark?) -> (path: String, line: Int)? {
        guard let mark, files.indices.contains(mark.file) else { return nil }
        return (files[mark.file].path, mark.line)
    }

    /// The place of a key, or of the last one on the way to it that is written down.
    func mark(of path: String...) -> SourceMark? {
        guard var node = document?.root else { return nil }
        var found: SourceMark?
        for key in path {
            guard let entry = node.entries?.first(where: { $0.key == key }) else { break }
            found = entry.keyMark
            node = entry.node
        }
        return found
    }

    /// The place of a key of the route of this name.
    func routeMark(_ name: String, _ keys: String...) -> SourceMark? {
        let routes = document?.root["routes"]?.items ?? []
        guard let route = routes.first(where: { $0["name"]?.text == name }) else { return nil }
        var node = route
        var found = route["name"]?.mark
        for key in keys {
            guard let entry = node.entries?.first(where: { $0.key == key }) else { break }
            found = entry.keyMark
            node = entry.node
        }
        return found
    }
}
