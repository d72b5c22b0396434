import Foundation
import LocalPostgres

/// A sibling that runs as our child, with its log.
///
/// It has a session of its own: ^C on a terminal goes to the whole foreground group, and the order
/// in which things stop is ours to choose.
final class SupervisedProgram {
    let name: String
    private let child: Child
    private let logPath: String

    /// Characters of a log that a message quotes.
    static let tailCharactersMax = 2_000

    init(
        _ name: String, _ words: [String], environment: [String: String], log: String,
        in state: PlaygroundState
    ) throws(CommandFault) {
        let file = try state.openLog(log)
        do throws(LocalPostgresFault) {
            child = try spawn(
                words, environment: environment, files: [1: file.number, 2: file.number],
                startsSession: true)
        } catch {
            throw .cannotRun(words.first ?? name, reason: "\(error)")
        }
        self.name = name
        logPath = state.path(log)
    }

    /// The end of its log, as much as a terminal shows well.
    var logTail: String { Self.tail(of: logPath) }

    static func tail(of path: String) -> String {
        let bytes = (try? Data(contentsOf: URL(fileURLWithPath: path))) ?? Data()
        let text = String(decoding: bytes.suffix(tailCharactersMax), as: UTF8.self)
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    var end: ChildEnd? { child.check() }

    func requireRunning() throws(CommandFault) {
        if let end { throw .ended(program: name, end, log: logTail) }
    }

    func signal(_ number: Int32) { child.signal(number) }

    /// Asks it to end, and makes it end when it takes too long or `hurry` says so.
    func stop(timeoutSeconds: Double, hurry: () -> Bool) {
        child.signal(SIGTERM)
        let deadline = Date(timeIntervalSinceNow: timeoutSeconds)
        while child.check() == nil {
            guard Date() < deadline, !hurry() else {
                child.signal(SIGKILL)
                _ = child.wait(until: Date(timeIntervalSinceNow: 5))
                return
            }
            _ = child.wait(until: Date(timeIntervalSinceNow: 0.05))
        }
    }
}

/// What a program wrote that ran to its end.
struct ToolResult {
    let end: ChildEnd
    let output: String
    let errors: String
}

extension PlaygroundState {
    /// Runs a program to its end. Input and output pass through private files: words would be seen
    /// by everybody on the machine, and pipes can fill up.
    func runTool(
        _ words: [String], input: String = "", environment: [String: String],
        timeoutSeconds: Int
    ) throws(CommandFault) -> ToolResult {
        let program = words.first ?? ""
        try write(input, to: "run/input")
        let source = try System.openPrivate(path("run/input"), .keeping)
        let output = try System.openPrivate(path("run/output"), .truncating)
        let errors = try System.openPrivate(path("run/errors"), .truncating)
        defer { for name in ["input", "output", "errors"] { remove("run/" + name) } }
        let child: Child
        do throws(LocalPostgresFault) {
            child = try spawn(
                words, environment: environment,
                files: [0: source.number, 1: output.number, 2: errors.number], startsSession: true)
        } catch {
            if error == .systemCallFailed("starting \(program)", code: ENOENT) {
                throw .toolMissing(program)
            }
            throw .cannotRun(program, reason: "\(error)")
        }
        let end = child.wait(until: Date(timeIntervalSinceNow: Double(timeoutSeconds)))
        let said = read("run/errors") ?? ""
        guard let end else {
            throw .notReady(program: program, seconds: timeoutSeconds, log: said)
        }
        return ToolResult(end: end, output: read("run/output") ?? "", errors: said)
    }
}
