public import Policy

/// Reads the test file at `path`, which is about `policy`, and compiles it.
///
/// - Parameters:
///   - policy: loaded without errors; its files come first in the report.
///   - read: answers a file's bytes.
public func loadPolicyTests(
    path: String, for policy: LoadedPolicy<GatewayPolicy>,
    read: (String) throws(UnreadableFile) -> [UInt8]
) -> (file: PolicyTestFile?, report: PolicyReport) {
    var files = policy.report.files
    func report(_ diagnostics: [Diagnostic]) -> PolicyReport {
        PolicyReport(files: files, diagnostics: diagnostics, counts: nil)
    }
    let bytes: [UInt8]
    do {
        bytes = try read(path)
    } catch {
        let message = "cannot read `\(path)`: \(error.reason)"
        return (nil, report([Diagnostic(.fileUnreadable, message, at: nil)]))
    }
    files.append(PolicyFile(path: path, bytes: bytes))
    let reading = readPolicy(bytes, file: files.count - 1)
    guard let root = reading.root, let meaning = policy.policy, let document = policy.document
    else { return (nil, report(reading.diagnostics)) }
    let (file, diagnostics) = PolicyTestFile.compile(root, for: meaning, document: document)
    return (file, report(diagnostics))
}
