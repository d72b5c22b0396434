public import Policy

/// Bounds of one policy file.
public enum PolicyBounds {
    public static let fileBytesMax = 1_048_576
    /// Keys and values together.
    public static let nodesMax = 100_000
    /// Lists and mappings inside each other.
    public static let depthMax = 32
    public static let scalarBytesMax = 65_536
}

/// What came of reading one file: a tree, or reasons why not.
public struct PolicyReading: Sendable {
    /// `nil` exactly when `diagnostics` is not empty.
    public let root: PolicyNode?
    public let diagnostics: [Diagnostic]
}

/// Reads one policy file under the strict profile: one document in UTF-8, without anchors, aliases,
/// tags, directives, merge keys or duplicate keys, inside `PolicyBounds`. Scalars stay text.
///
/// Goes on after what leaves the structure clear, so that one run shows all of it, and stops at
/// what does not.
///
/// - Parameter file: index of the file in the run's list, for the marks.
public func readPolicy(_ bytes: [UInt8], file: Int = 0) -> PolicyReading {
    var builder = PolicyBuilder(file: file)
    let root = builder.build(bytes)
    let diagnostics = builder.diagnostics
    return PolicyReading(root: diagnostics.isEmpty ? root : nil, diagnostics: diagnostics)
}
