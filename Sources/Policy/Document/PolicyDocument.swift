/// A policy file as it was read: what diagnostics quote and what the compiler reads. A value's
/// `SourceMark.file` is its index in the run's list, so that every value knows where it comes from.
public struct PolicyFile: Sendable {
    /// How the file came into the policy.
    public enum Origin: Equatable, Sendable {
        /// Named on the command line.
        case main
        /// By the item of `include` at this place.
        case included(SourceMark)
        /// By a value at this place, such as `tenants: {source: file:tenants.yaml}`.
        case referred(SourceMark)
        /// `env/NAME.yaml`, chosen by `--env NAME`.
        case overlay(String)
        /// No file: the value of an environment variable of this name.
        case environment(String)
    }

    /// As the user wrote it; shown, never opened.
    public let path: String
    public let bytes: [UInt8]
    public let origin: Origin

    public init(path: String, bytes: [UInt8], origin: Origin = .main) {
        self.path = path
        self.bytes = bytes
        self.origin = origin
    }

    /// Whether it is a file, and not a variable.
    var isFile: Bool {
        if case .environment = origin { false } else { true }
    }
}

/// The parsed files of one policy, put together: included files, overlay and environment are in
/// `root` already (`PolicyAssembly`), others are what it refers to, by the path they were resolved
/// to.
public struct PolicyDocument: Sendable {
    /// Each value with the mark of the place that set it.
    public var root: PolicyNode
    /// Folder of the first file, with which relative paths inside it are joined; empty for the
    /// current folder.
    public var folder: String
    /// A root of `nil` is a file that could not be read, which has been reported.
    public var references: [(path: String, root: PolicyNode?)]
    /// Paths of the run's files, for messages that name two places.
    public var paths: [String]

    public init(
        root: PolicyNode, folder: String, references: [(path: String, root: PolicyNode?)] = [],
        paths: [String] = []
    ) {
        self.root = root
        self.folder = folder
        self.references = references
        self.paths = paths
    }

    /// The folder part of `path`, without a trailing slash except for `/` itself.
    public static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
        return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
    }

    /// `path` as seen from `folder`. A pure join: `..` is left to the file system, because only it
    /// knows where a symbolic link leads.
    public static func join(_ folder: String, _ path: String) -> String {
        if folder.isEmpty || path.utf8.first == UInt8(ascii: "/") { return path }
        let plain = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        return folder == "/" ? "/" + plain : folder + "/" + plain
    }

    /// Where `other` is, for a message about `mark`: `line 5`, or `tiers.yaml:5` in another file.
    static func place(_ other: SourceMark, besides mark: SourceMark, in paths: [String]) -> String {
        guard other.file != mark.file, paths.indices.contains(other.file) else {
            return "in line \(other.line)"
        }
        return "in \(paths[other.file]):\(other.line)"
    }
}
