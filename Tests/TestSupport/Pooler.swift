import Foundation

/// pgbouncer before one database of the tests' cluster, with one session to share, as applications
/// have it. It listens on a socket in a folder of its own.
public final class Pooler: Sendable {
    private let process: ChildProcess
    private let folder: TemporaryFolder
    /// A connection URI through it.
    public let url: String

    /// Where Debian and others install it.
    public static let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// - Parameters:
    ///   - url: a connection URI of the cluster, with user and password.
    ///   - settings: further lines of its configuration, such as `pool_mode = transaction`.
    public init(before url: String, _ settings: [String]) throws {
        guard let program = Self.program else { throw TestSupportError.productMissing("pgbouncer") }
        guard
            let parts = URLComponents(
                string: url.replacing("@/", with: "@localhost/", maxReplacements: 1)),
            let user = parts.user, let password = parts.password
        else { throw TestSupportError.malformedResponse("a connection URI") }
        let database = String(parts.path.dropFirst())
        func option(_ name: String) -> String {
            parts.queryItems?.first { $0.name == name }?.value ?? ""
        }
        folder = try TemporaryFolder()
        try folder.write("\"\(user)\" \"\(password)\"\n", to: "users.txt")
        let lines =
            [
                "[databases]",
                "\(database) = host=\(option("host")) port=\(option("port")) dbname=\(database)",
                "[pgbouncer]", "listen_port = 6432", "unix_socket_dir = \(folder.path)",
                "auth_type = plain", "auth_file = \(folder.path)/users.txt",
                "default_pool_size = 1", "min_pool_size = 0",
            ] + settings
        let file = try folder.write(lines.joined(separator: "\n") + "\n", to: "pgbouncer.ini")
        let host = folder.path.replacing("/", with: "%2F")
        self.url = "postgresql://\(user):\(password)@/\(database)?host=\(host)&port=6432"
        let words = try Self.prefix(socketFolder: option("host"), own: folder.path)
        process = try ChildProcess("env", words + [program, file])
        let socket = "\(folder.path)/.s.PGSQL.6432"
        try eventually("pgbouncer; \(process.errorOutput)") {
            if process.end != nil { throw TestSupportError.closedEarly(process.errorOutput) }
            return FileManager.default.fileExists(atPath: socket)
        }
    }

    /// It refuses to run as root, and must reach the server's socket: so it runs as whoever owns
    /// that, or under another number where the server does so too.
    private static func prefix(socketFolder: String, own: String) throws -> [String] {
        let files = FileManager.default
        let owner = try files.attributesOfItem(atPath: socketFolder)
        let user = (owner[.ownerAccountID] as? NSNumber)?.intValue ?? 0
        let group = (owner[.groupOwnerAccountID] as? NSNumber)?.intValue ?? 0
        if user == Int(geteuid()) {
            return user == 0
                ? ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--"] : []
        }
        try files.setAttributes(
            [.ownerAccountID: user, .groupOwnerAccountID: group], ofItemAtPath: own)
        return [
            "setpriv", "--reuid", "\(user)", "--regid", "\(group)", "--clear-groups",
            "--pdeathsig", "KILL", "--",
        ]
    }
}
