public import Policy

/// Why a file or a folder could not be read, in the words of the system.
public struct UnreadableFile: Error {
    public let reason: String

    public init(reason: String) { self.reason = reason }
}

/// What came of loading a policy with all its files.
public struct LoadedPolicy<Policy: Sendable>: Sendable {
    /// `nil` exactly when the report holds an error.
    public let policy: Policy?
    public let report: PolicyReport
    /// The files put together; each value's `mark.file` is the index in `report.files` of the file
    /// or variable that set it. `nil` when the main file could not be read.
    public let document: PolicyDocument?
}

/// Which values count: flags of the command line (`overlay` is one) come before the environment,
/// that before the overlay, that before the files, those before defaults.
public struct PolicySettings: Sendable {
    /// `NAME` of `env/NAME.yaml`.
    public var overlay: String?
    /// Of the environment; those that name no key are left alone.
    public var variables: [(name: String, value: String)]
    /// `env:` secrets are not warned about.
    public var isDevelopment: Bool

    public init(
        overlay: String? = nil, variables: [(name: String, value: String)] = [],
        isDevelopment: Bool = false
    ) {
        self.overlay = overlay
        self.variables = variables
        self.isDevelopment = isDevelopment
    }

    /// Whether `--env` takes this: a name, so that it cannot lead out of the folder.
    public static func isOverlayName(_ text: String) -> Bool {
        let marks = "._-".utf8
        let isWord = text.utf8.allSatisfy { byte in
            byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26
                || marks.contains(byte)
        }
        return isWord && (1...64).contains(text.utf8.count) && !marks.contains(text.utf8.first ?? 0)
    }
}

/// Reads gateway.yaml at `path`, the files it includes and names, the overlay and the environment,
/// and compiles all of it.
///
/// - Parameters:
///   - list: answers the names in a folder, in any order; asked for patterns of `include`.
///   - read: answers a file's bytes; asked once for each file. Files beyond
///     `PolicyBounds.fileBytesMax` need not be answered whole: one byte more is enough to be
///     refused.
public func loadGatewayPolicy(
    path: String, settings: PolicySettings = PolicySettings(),
    list: (String) throws(UnreadableFile) -> [String] = noFolders,
    read: (String) throws(UnreadableFile) -> [UInt8]
) -> LoadedPolicy<GatewayPolicy> {
    var loading = PolicyFiles()
    guard let root = loading.load(path, .main, namedAt: nil, read) else {
        return LoadedPolicy(policy: nil, report: loading.report(counts: nil), document: nil)
    }
    let folder = PolicyDocument.folder(of: path)
    var assembly = PolicyAssembly(root: root, paths: loading.paths)
    loading.include(
        root, PolicyFiles.Place(path: path, folder: folder), into: &assembly, list, read)
    loading.overlay(settings.overlay, folder: folder, into: &assembly, read)
    loading.override(settings.variables, in: &assembly)
    loading.diagnostics += assembly.diagnostics
    var document = PolicyDocument(root: assembly.root, folder: folder)
    for (path, mark) in GatewayPolicy.references(in: document) {
        let file = loading.load(path, .referred(mark), namedAt: mark, read)
        document.references.append((path, file))
    }
    document.paths = loading.paths
    let (policy, diagnostics) = GatewayPolicy.compile(
        document, isDevelopment: settings.isDevelopment)
    let isWhole = !loading.diagnostics.contains { $0.severity == .error }
    loading.diagnostics += diagnostics
    return LoadedPolicy(
        policy: isWhole ? policy : nil,
        report: loading.report(counts: PolicyReport.Counts(root: document.root)),
        document: document)
}

/// For policies that are not in a file system: no pattern of `include` finds anything.
public func noFolders(_ path: String) throws(UnreadableFile) -> [String] {
    throw UnreadableFile(reason: "No such file or directory")
}

/// Reads and compiles backend.yaml at `path`, which stands alone; the parameters are those of
/// `loadGatewayPolicy`.
public func loadBackendPolicy(
    path: String, isDevelopment: Bool = false,
    read: (String) throws(UnreadableFile) -> [UInt8]
) -> LoadedPolicy<BackendPolicy> {
    var loading = PolicyFiles()
    guard let root = loading.load(path, .main, namedAt: nil, read) else {
        return LoadedPolicy(policy: nil, report: loading.report(counts: nil), document: nil)
    }
    let document = PolicyDocument(
        root: root, folder: PolicyDocument.folder(of: path), paths: loading.paths)
    let (policy, diagnostics) = BackendPolicy.compile(document, isDevelopment: isDevelopment)
    loading.diagnostics += diagnostics
    return LoadedPolicy(policy: policy, report: loading.report(counts: nil), document: document)
}
