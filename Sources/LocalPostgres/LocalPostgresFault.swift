/// Why the local PostgreSQL server is not available.
public enum LocalPostgresFault: Error, Equatable, Sendable, CustomStringConvertible {
    /// Neither PATH nor the places of the distributions hold `initdb`, `postgres` and `psql`.
    case serverNotInstalled
    /// A tool of the system that starting needs is missing.
    case toolMissing(String, package: String)
    /// The server refuses to run as root, and no other identity could be taken.
    case noUnprivilegedAccount
    /// Another living process of ours uses the same folder.
    case inUse(folder: String)
    /// A folder exists and is not ours, or cannot be made.
    case folderUnusable(String, reason: String)
    /// A server of a run before did not stop.
    case leftoverServer(pid: Int32)
    case initialisationFailed(output: String)
    /// The server ended, or was not ready in time; `log` is the end of its log.
    case startFailed(log: String)
    case statementFailed(output: String)
    /// A role or database is not named `[a-z][a-z0-9_]{0,62}`.
    case invalidName(String)
    case systemCallFailed(String, code: Int32)

    public var description: String {
        switch self {
        case .serverNotInstalled:
            "no PostgreSQL server found on PATH or under /usr/lib/postgresql; "
                + "on Debian and Ubuntu: apt install postgresql"
        case .toolMissing(let tool, let package):
            "`\(tool)` not found on PATH; on Debian and Ubuntu: apt install \(package)"
        case .noUnprivilegedAccount:
            "PostgreSQL does not run as root, and neither another account nor a user namespace "
                + "is allowed here; run as an ordinary user"
        case .inUse(let folder): "another process runs the server in \(folder)"
        case .folderUnusable(let folder, let reason): "cannot use \(folder): \(reason)"
        case .leftoverServer(let pid): "an earlier server (process \(pid)) does not stop"
        case .initialisationFailed(let output): "initdb failed:\n\(output)"
        case .startFailed(let log): "PostgreSQL did not start; the end of its log:\n\(log)"
        case .statementFailed(let output): "preparing the database failed:\n\(output)"
        case .invalidName(let name): "`\(name)` is not a plain lower-case name"
        case .systemCallFailed(let call, let code): "\(call) failed with error \(code)"
        }
    }
}
