import HTTP1
import Policy
import Postgres
import Reactor
import Verification
import YAML

/// How the program ends; interface of all three programs.
enum ExitCode: Int32 {
    case fine = 0
    case failed = 1
    case invalidConfiguration = 2
    case outOfReach = 4
    case unsafeIsolation = 5
    case usage = 64
    case bug = 70
}

/// Why the program stops before it serves.
struct StartupFault: Error {
    let exit: ExitCode
    let message: String
}

/// A checked configuration with its secrets read.
struct BackendSetup {
    /// Bytes of a connection string or a key.
    private static let secretBytesMax = 65_536

    let policy: BackendPolicy
    let owner: ConnectionString
    let runtime: ConnectionString
    /// The same for looking at the database from outside.
    let ownerAddress: DatabaseAddress
    let runtimeAddress: DatabaseAddress
    /// A superuser's; read where there is one to read and used by `db migrate` alone.
    let admin: ConnectionString?
    let platform: ConnectionString?
    let assertionKey: [UInt8]
    /// What gateways ask the feed with, and what API keys are digested with.
    let feedSecret: [UInt8]?
    let keyPepper: [UInt8]?

    /// - Parameters:
    ///   - path: backend.yaml, or a folder that holds it.
    ///   - isMigration: read the logins that `db migrate` alone uses; a program that serves
    ///     need not be able to.
    /// - Returns: the setup and what else the check had to say.
    static func load(
        _ path: String, isMigration: Bool = false
    ) throws(StartupFault) -> (BackendSetup, warnings: String) {
        var file = path
        if let mode = try? fileMode(path), !mode.isRegular, !path.hasSuffix(".yaml") {
            file = path.hasSuffix("/") ? path + "backend.yaml" : path + "/backend.yaml"
        }
        let loaded = loadBackendPolicy(path: file) { name throws(UnreadableFile) in
            do throws(FileFault) {
                return try readFile(name, bytesMax: PolicyBounds.fileBytesMax + 1)
            } catch {
                throw UnreadableFile(reason: error.words)
            }
        }
        let report = loaded.report.text(colour: false)
        guard let policy = loaded.policy else {
            throw StartupFault(exit: .invalidConfiguration, message: report)
        }
        let (owner, runtime) = (try text(policy.database.owner), try text(policy.database.runtime))
        let setup = BackendSetup(
            policy: policy,
            owner: ConnectionString(owner), runtime: ConnectionString(runtime),
            ownerAddress: DatabaseAddress(owner), runtimeAddress: DatabaseAddress(runtime),
            admin: try isMigration ? address(policy.database.admin) : nil,
            platform: try isMigration ? address(policy.database.platform) : nil,
            assertionKey: try bytes(policy.assertion.key),
            feedSecret: try shared(policy.feedSecret),
            keyPepper: try shared(policy.keyPepper))
        return (setup, loaded.report.warnings > 0 ? report : "")
    }

    private static func address(
        _ secret: SecretReference?
    ) throws(StartupFault) -> ConnectionString? {
        guard let secret else { return nil }
        return ConnectionString(try text(secret))
    }

    /// A one-line secret, without the line end editors leave behind it.
    private static func text(_ secret: SecretReference) throws(StartupFault) -> String {
        var bytes = try bytes(secret)
        while bytes.last == UInt8(ascii: "\n") || bytes.last == UInt8(ascii: "\r") {
            bytes.removeLast()
        }
        guard let text = String(validating: bytes, as: UTF8.self), !text.isEmpty else {
            throw invalid("\(secret.words) holds no text")
        }
        return text
    }

    /// A secret that gateways have too: less one line end, and long enough not to be guessed.
    private static func shared(_ secret: SecretReference?) throws(StartupFault) -> [UInt8]? {
        guard let secret else { return nil }
        var bytes = try bytes(secret)
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        guard bytes.count >= DirectoryPolicy.secretBytesMin,
            bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw invalid(
                "\(secret.words) is no secret of \(DirectoryPolicy.secretBytesMin) printable "
                    + "characters")
        }
        return bytes
    }

    private static func bytes(_ secret: SecretReference) throws(StartupFault) -> [UInt8] {
        switch secret.kind {
        case .file: return try read(secret.name, secret)
        case .env:
            guard let value = ProcessContext.variable(secret.name) else {
                throw invalid("\(secret.words) is not set")
            }
            return Array(value.utf8)
        case .cred:
            guard let folder = ProcessContext.variable("CREDENTIALS_DIRECTORY") else {
                throw invalid("\(secret.words): the service manager has passed no credentials")
            }
            return try read("\(folder)/\(secret.name)", secret)
        }
    }

    private static func read(
        _ path: String, _ secret: SecretReference
    ) throws(StartupFault) -> [UInt8] {
        do throws(FileFault) {
            return try readFile(path, bytesMax: secretBytesMax)
        } catch {
            throw invalid("cannot read \(secret.words): \(error.words)")
        }
    }

    private static func invalid(_ message: String) -> StartupFault {
        StartupFault(exit: .invalidConfiguration, message: "error: \(message)\n")
    }
}

extension SecretReference {
    /// How messages call it: its name, never its content.
    fileprivate var words: String { "`\(kind.rawValue):\(name)`" }
}

/// Bytes of a file with a connection string in it.
private let connectionBytesMax = 65_536

/// The connection string in a file that an option names: its first line. An empty one is refused,
/// because libpq would take it for whatever the environment names.
func connectionLine(in file: String) throws(StartupFault) -> String {
    let bytes: [UInt8]
    do throws(FileFault) {
        bytes = try readFile(file, bytesMax: connectionBytesMax)
    } catch {
        throw StartupFault(
            exit: .invalidConfiguration,
            message: "error: cannot read `\(file)`: \(error.words)\n")
    }
    let line = String(decoding: bytes, as: UTF8.self).prefix { !$0.isNewline }
    guard !line.allSatisfy(\.isWhitespace) else {
        throw StartupFault(exit: .invalidConfiguration, message: "error: `\(file)` is empty\n")
    }
    return String(line)
}

extension FileFault {
    var words: String {
        switch self {
        case .missing: "it does not exist"
        case .denied: "permission denied"
        case .tooLarge: "it is too large"
        case .badPath: "it is no path"
        case .full: "the disk is full"
        case .folder: "it is a folder"
        case .stalled: "nobody writes into the pipe"
        case .other(let code): "error \(code)"
        }
    }
}

extension DatabaseFault {
    /// For the operator; the server's own words only where there are some that hold no tenant's
    /// values.
    var words: String {
        switch kind {
        case .invalidConnectionString:
            return "the connection string cannot be read, or sets `options`, which are ours to set"
        case .unreachable: return message ?? "it cannot be reached"
        case .refused: return message ?? "it refuses the login"
        case .timedOut: return "it did not answer in time"
        default: return message ?? "\(kind)"
        }
    }

    var exit: ExitCode {
        switch kind {
        case .unreachable, .refused, .timedOut: .outOfReach
        case .invalidConnectionString: .invalidConfiguration
        case .unsafeRole: .unsafeIsolation
        default: .failed
        }
    }
}
