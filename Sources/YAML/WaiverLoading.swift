public import Policy

/// Reads the waivers file at `path` and compiles it.
///
/// - Parameters:
///   - rules: the ids there are.
///   - read: answers the file's bytes.
public func loadWaivers(
    path: String, rules: [String], read: (String) throws(UnreadableFile) -> [UInt8]
) -> (file: WaiverFile?, report: PolicyReport) {
    let bytes: [UInt8]
    do {
        bytes = try read(path)
    } catch {
        let message = "cannot read `\(path)`: \(error.reason)"
        let diagnostic = Diagnostic(.fileUnreadable, message, at: nil)
        return (nil, PolicyReport(files: [], diagnostics: [diagnostic], counts: nil))
    }
    let files = [PolicyFile(path: path, bytes: bytes)]
    let reading = readPolicy(bytes)
    guard let root = reading.root else {
        return (nil, PolicyReport(files: files, diagnostics: reading.diagnostics, counts: nil))
    }
    let (file, diagnostics) = WaiverFile.compile(root, rules: rules)
    return (file, PolicyReport(files: files, diagnostics: diagnostics, counts: nil))
}
