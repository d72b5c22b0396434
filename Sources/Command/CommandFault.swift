import LocalPostgres

/// Why a command could not do what it was asked.
enum CommandFault: Error, Equatable {
    case executableUnknown
    case siblingMissing(Sibling, folders: [String])
    case cannotRun(String, reason: String)
    case toolMissing(String)
    case folderUnusable(String, reason: String)
    /// Another playground runs in this folder.
    case alreadyRuns(folder: String, processID: String)
    case portTaken(UInt16)
    case noPortFree(first: UInt16, last: UInt16)
    case database(LocalPostgresFault)
    case ended(program: String, ChildEnd, log: String)
    case notReady(program: String, seconds: Int, log: String)
    /// The gateway or the backend answered something else than the playground needs.
    case unexpectedAnswer(to: String, String)
    /// Not a fault: ^C or SIGTERM while starting.
    case stopAsked

    var exitCode: Int32 {
        switch self {
        case .stopAsked: 0
        case .folderUnusable, .alreadyRuns, .portTaken, .noPortFree, .toolMissing: 1
        case .notReady, .unexpectedAnswer: 1
        case .database: 4
        case .executableUnknown, .siblingMissing, .cannotRun: 70
        // A sibling of another build says so with this number.
        case .ended(_, let end, _): end == .exited(70) ? 70 : 1
        }
    }
}

extension CommandFault: CustomStringConvertible {
    var description: String {
        switch self {
        case .executableUnknown: "cannot find out where this program lies (is /proc mounted?)"
        case .siblingMissing(let sibling, let folders):
            "`\(sibling.rawValue)` is neither in \(folders.joined(separator: " nor in ")); "
                + "the programs of one build are installed together"
        case .cannotRun(let program, let reason): "cannot run \(program): \(reason)"
        case .toolMissing(let tool):
            "`\(tool)` is needed and not on PATH; on Debian and Ubuntu: apt install \(tool)"
        case .folderUnusable(let folder, let reason): "cannot use \(folder): \(reason)"
        case .alreadyRuns(let folder, let processID):
            "`ringfence dev` already runs here (process \(processID) holds \(folder)); stop it "
                + "first, or start this one in another folder"
        case .portTaken(let port):
            "port \(port) of 127.0.0.1 is taken; leave `--port` out to have a free one chosen"
        case .noPortFree(let first, let last):
            "no port from \(first) to \(last) of 127.0.0.1 is free; name another with `--port`"
        case .database(let fault): "PostgreSQL: \(fault)"
        case .ended(let program, let end, let log):
            "\(program) \(Self.describe(end))\(Self.quote(log))"
        case .notReady(let program, let seconds, let log):
            "\(program) was not ready within \(seconds) seconds\(Self.quote(log))"
        case .unexpectedAnswer(let request, let answer): "\(request): \(answer)"
        case .stopAsked: "stopped"
        }
    }

    private static func describe(_ end: ChildEnd) -> String {
        switch end {
        case .exited(let code): "ended with code \(code)"
        case .killed(let signal): "was ended by signal \(signal)"
        }
    }

    private static func quote(_ log: String) -> String {
        log.isEmpty ? " and said nothing" : "; the end of what it said:\n\(log)"
    }
}
