public import Policy

/// Why a file could not be read, in the words of the system.
public struct UnreadableFile: Error {
    public let reason: String

    public init(reason: String) { self.reason = reason }
}

/// What came of loading a policy with all its files.
public struct LoadedPolicy<Policy: Sendable>: Sendable {
    /// `nil` exactly when the report holds an error.
    public let policy: Policy?
    public let report: PolicyReport
    /// What was read, with the place of every key; `nil` where the first file could not be.
    public var document: PolicyDocument?
}

/// Reads gateway.yaml at `path` and the files it names, and compiles them.
///
/// - Parameters:
///   - isDevelopment: `env:` secrets are not warned about.
///   - read: answers a file's bytes; asked once for each file. Files beyond
///     `PolicyBounds.fileBytesMax` need not be answered whole: one byte more is enough to be
///     refused.
public func loadGatewayPolicy(
    path: String, isDevelopment: Bool = false,
    read: (String) throws(UnreadableFile) -> [UInt8]
) -> LoadedPolicy<GatewayPolicy> {
    var loading = Loading()
    guard let root = loading.load(path, namedAt: nil, read) else {
        return LoadedPolicy(policy: nil, report: loading.report(counts: nil))
    }
    var document = PolicyDocument(root: root, folder: PolicyDocument.folder(of: path))
    for (path, mark) in GatewayPolicy.references(in: document) {
        document.references.append((path, loading.load(path, namedAt: mark, read)))
    }
    let (policy, diagnostics) = GatewayPolicy.compile(document, isDevelopment: isDevelopment)
    loading.diagnostics += diagnostics
    return LoadedPolicy(
        policy: policy, report: loading.report(counts: PolicyReport.Counts(root: root)),
        document: document)
}

/// Reads and compiles backend.yaml at `path`; the parameters are those of `loadGatewayPolicy`.
public func loadBackendPolicy(
    path: String, isDevelopment: Bool = false,
    read: (String) throws(UnreadableFile) -> [UInt8]
) -> LoadedPolicy<BackendPolicy> {
    var loading = Loading()
    guard let root = loading.load(path, namedAt: nil, read) else {
        return LoadedPolicy(policy: nil, report: loading.report(counts: nil))
    }
    let document = PolicyDocument(root: root, folder: PolicyDocument.folder(of: path))
    let (policy, diagnostics) = BackendPolicy.compile(document, isDevelopment: isDevelopment)
    loading.diagnostics += diagnostics
    return LoadedPolicy(policy: policy, report: loading.report(counts: nil))
}

/// The files of one run and what was found in them.
private struct Loading {
    var files: [PolicyFile] = []
    var diagnostics: [Diagnostic] = []

    mutating func load(
        _ path: String, namedAt mark: SourceMark?,
        _ read: (String) throws(UnreadableFile) -> [UInt8]
    ) -> PolicyNode? {
        let bytes: [UInt8]
        do {
            bytes = try read(path)
        } catch {
            diagnostics.append(
                Diagnostic(.fileUnreadable, "cannot read `\(path)`: \(error.reason)", at: mark))
            return nil
        }
        files.append(PolicyFile(path: path, bytes: bytes))
        let reading = readPolicy(bytes, file: files.count - 1)
        diagnostics += reading.diagnostics
        return reading.root
    }

    func report(counts: PolicyReport.Counts?) -> PolicyReport {
        PolicyReport(files: files, diagnostics: diagnostics, counts: counts)
    }
}
