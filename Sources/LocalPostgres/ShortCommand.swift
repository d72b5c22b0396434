import Foundation

/// Runs a short command to its end and keeps what it said; a command that takes longer is killed.
/// It has a session of its own: a ^C at the terminal is for us, who tidy up behind it.
package func run(
    _ arguments: [String], environment: [String: String] = [:], input: String = "",
    timeoutSeconds: Double
) -> (end: ChildEnd?, output: String) {
    let path = FileManager.default.temporaryDirectory.path + "/ringfence-\(UUID().uuidString)"
    let scratch = URL(fileURLWithPath: path)
    defer { try? FileManager.default.removeItem(at: scratch) }
    // Files, because they cannot fill up and block the command the way pipes would; private,
    // because input holds passwords.
    guard let sink = try? openPrivateFile(path, truncating: true),
        let source = try? openPrivateFile(path + ".in", truncating: true)
    else { return (nil, "") }
    let isFed = (try? Data(input.utf8).write(to: URL(fileURLWithPath: path + ".in"))) != nil
    try? FileManager.default.removeItem(atPath: path + ".in")
    var settings = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "LC_ALL": "C"]
    settings.merge(environment) { $1 }
    let files: [Int32: Int32] = [0: source.number, 1: sink.number, 2: sink.number]
    guard isFed,
        let child = try? spawn(
            arguments, environment: settings, files: files, startsSession: true)
    else { return (nil, "") }
    let end = child.wait(until: Date(timeIntervalSinceNow: timeoutSeconds))
    let output = (try? Data(contentsOf: scratch)) ?? Data()
    return (end, String(decoding: output, as: UTF8.self))
}
