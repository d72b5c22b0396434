import Foundation
import Synchronization

/// An own PostgreSQL server as a child process, for `ringfence dev` and for tests.
///
/// It listens on a Unix socket that only its account reaches, and asks everybody for a generated
/// password (scram-sha-256). It ends with `stop()`, when the last reference goes, and when this
/// process dies in whatever way.
public final class PostgresServer: Sendable {
    public struct Options: Sendable {
        /// Where the data lives from run to run; see `ServerFolder` for when it cannot be there.
        public var folder: String
        /// Also listen on 127.0.0.1.
        public var loopbackPort: UInt16?
        /// Off only where a power failure may cost the data: tests.
        public var isDurable = true
        /// Deletes the folder at the end.
        public var isThrowaway = false

        public init(folder: String) { self.folder = folder }
    }

    /// Connection URIs of the two roles of a database; they hold passwords.
    public struct Access: Sendable {
        public let ownerURL: String
        public let runtimeURL: String
    }

    /// The account that made the cluster. A superuser: never for anything that serves requests.
    static let admin = "ringfence_admin"

    /// The folder of the Unix socket, as `host=` takes it.
    public let socketFolder: String
    /// Names the socket, and is the TCP port where one was asked for.
    public let port: UInt16
    /// The server's own process.
    public let processID: Int32
    /// Where everything of this server lies.
    public let folder: String
    public let logPath: String

    private let places: ServerFolder
    private let binaries: ServerBinaries
    private let running: Mutex<Running?>

    private struct Running: ~Copyable {
        /// Waits for the end of the server or of the lifeline.
        let supervisor: Child
        /// Closing this end, which the kernel does when we die, ends the server.
        let lifeline: Descriptor
        /// Held so that a second process does not take the running server for a leftover.
        let lock: Descriptor
        /// The supervisor holds it too, and so until it has tidied up after us.
        let tenure: Descriptor

        init(supervisor: Child, lifeline: consuming Lifeline, claim: consuming Claim) {
            self.supervisor = supervisor
            self.lifeline = lifeline.keepNear()
            lock = claim.lock
            tenure = claim.tenure
        }
    }

    /// What is ours alone until the locks close.
    private struct Claim: ~Copyable {
        let places: ServerFolder
        let lock: Descriptor
        let tenure: Descriptor
    }

    private init(
        _ places: ServerFolder, _ binaries: ServerBinaries, port: UInt16, processID: Int32,
        _ running: consuming Running
    ) {
        self.places = places
        self.binaries = binaries
        socketFolder = places.socket
        self.port = port
        self.processID = processID
        folder = places.base
        logPath = places.log
        self.running = Mutex(consume running)
    }

    deinit { stop() }

    /// Starts the server, making the cluster first if the folder holds none, and answers when it
    /// accepts connections. A server left over from a run that crashed is stopped before.
    public static func start(
        _ options: Options, timeoutSeconds: Double = 60
    ) throws(LocalPostgresFault) -> PostgresServer {
        let deadline = Date(timeIntervalSinceNow: timeoutSeconds)
        let binaries = try ServerBinaries.find(
            path: ProcessInfo.processInfo.environment["PATH"])
        let account = try ServerAccount.choose()
        let claim = try claim(options.folder, for: account, until: deadline)
        let places = claim.places
        try clearLeftovers(places, until: deadline)
        try initialise(places, binaries, account, isDurable: options.isDurable, until: deadline)
        let port = options.loopbackPort ?? 5432
        let command =
            try account.prefix(deathSignal: "INT")
            + serverCommand(binaries, places, options, port: port)
        // Orphans of a server killed the hard way hold its shared memory for a moment; the new one
        // refuses to start beside them, which is right, and we ask again.
        while true {
            let lifeline = try Lifeline()
            let child = try supervise(
                command, places, options, watching: lifeline.far, holding: claim.tenure)
            if let pid = awaitReady(child, places, until: deadline) {
                let running = Running(supervisor: child, lifeline: lifeline, claim: claim)
                return PostgresServer(places, binaries, port: port, processID: pid, running)
            }
            let endedItself = child.check() != nil
            _ = consume lifeline
            _ = child.wait(until: Date(timeIntervalSinceNow: 15))
            let log = places.logTail
            guard endedItself, Date() < deadline, log.contains("is still in use") else {
                throw .startFailed(log: log)
            }
            pause(milliseconds: 100)
        }
    }

    /// Whether the server's process lives.
    public var isRunning: Bool {
        running.withLock { $0?.supervisor.check() == nil && $0 != nil }
    }

    /// Stops the server and waits for its end: connections are cut, data is written.
    public func stop(timeoutSeconds: Double = 30) {
        guard let running = running.withLock({ $0.take() }) else { return }
        let supervisor = running.supervisor
        _ = consume running  // Closes the lifeline.
        if supervisor.wait(until: Date(timeIntervalSinceNow: timeoutSeconds)) == nil {
            kill(processID, SIGKILL)
            _ = supervisor.wait(until: Date(timeIntervalSinceNow: 5))
        }
    }
}

// MARK: - Starting

extension PostgresServer {
    /// Makes the folder ours. One whose owner was killed is waited for until its supervisor has
    /// stopped the server, which may end with the folder gone.
    private static func claim(
        _ folder: String, for account: ServerAccount, until deadline: Date
    ) throws(LocalPostgresFault) -> Claim {
        while true {
            let places = try ServerFolder.prepare(folder, for: account)
            let lock = try openPrivateFile(places.lock, truncating: false)
            guard lock.tryLock() else { throw .inUse(folder: places.base) }
            let tenure = try openPrivateFile(places.tenure, truncating: false)
            while !tenure.tryLock() {
                guard Date() < deadline else { throw .inUse(folder: places.base) }
                pause(milliseconds: 20)
            }
            if lock.isStill(at: places.lock), tenure.isStill(at: places.tenure) {
                return Claim(places: places, lock: lock, tenure: tenure)
            }
        }
    }

    /// With the lock held, whatever runs on the data has lost its parent.
    private static func clearLeftovers(
        _ places: ServerFolder, until deadline: Date
    ) throws(LocalPostgresFault) {
        if let leftover = LeftoverServer(in: places) {
            let patience = min(deadline, Date(timeIntervalSinceNow: 20))
            try leftover.stop(in: places, until: patience)
        }
        // The server itself clears a record of a dead process, but not one whose number has gone to
        // a stranger.
        if let pid = LeftoverServer.recordedPID(in: places), kill(pid, 0) == 0 {
            try? FileManager.default.removeItem(atPath: places.data + "/postmaster.pid")
        }
    }

    private static func initialise(
        _ places: ServerFolder, _ binaries: ServerBinaries, _ account: ServerAccount,
        isDurable: Bool, until deadline: Date
    ) throws(LocalPostgresFault) {
        // Written after initdb, so that a cluster half made is made again.
        let mark = places.base + "/initialised"
        if FileManager.default.fileExists(atPath: mark) { return }
        let remains = (try? FileManager.default.contentsOfDirectory(atPath: places.data)) ?? []
        for name in remains {
            try? FileManager.default.removeItem(atPath: "\(places.data)/\(name)")
        }
        // The server's account has to open it, so it lies where only that account looks.
        let passwordFile = places.socket + "/initial"
        defer { try? FileManager.default.removeItem(atPath: passwordFile) }
        let file = try openPrivateFile(passwordFile, truncating: true)
        try file.write(try places.secret(admin) + "\n")
        guard changeOwner(of: passwordFile, to: account.fileOwner) else {
            throw .folderUnusable(places.socket, reason: "cannot give a file away")
        }
        let options = [
            "--username", admin, "--auth", "scram-sha-256", "--pwfile", passwordFile,
            "--encoding", "UTF8", "--locale", "C", "--pgdata", places.data,
        ]
        let (end, output) = LocalPostgres.run(
            try account.prefix(deathSignal: "KILL") + [binaries.initdb] + options
                + (isDurable ? [] : ["--no-sync"]),
            timeoutSeconds: deadline.timeIntervalSinceNow)
        guard end == .exited(0) else { throw .initialisationFailed(output: output) }
        _ = try openPrivateFile(mark, truncating: false)
    }

    private static func serverCommand(
        _ binaries: ServerBinaries, _ places: ServerFolder, _ options: Options, port: UInt16
    ) -> [String] {
        var settings = [
            "listen_addresses": options.loopbackPort == nil ? "" : "127.0.0.1",
            "port": "\(port)",
            "unix_socket_directories": places.socket,
            "unix_socket_permissions": "0700",
            "password_encryption": "scram-sha-256",
            "log_destination": "stderr",
            "logging_collector": "off",
            // Parameters are tenants' data.
            "log_parameter_max_length": "0",
            "log_parameter_max_length_on_error": "0",
            "jit": "off",
            "max_connections": "100",
        ]
        if !options.isDurable {
            settings.merge([
                "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
                "shared_buffers": "32MB", "autovacuum": "off",
                // Many programs under test share one server.
                "max_connections": "400",
            ]) { $1 }
        }
        return [binaries.postgres, "-D", places.data]
            + settings.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
    }

    /// Three processes: we, a shell that survives us, and the server. Our end of the lifeline (the
    /// shell's descriptor 3) closes when we die, and the shell then stops the server and tidies up
    /// with the folder's tenure (descriptor 4) in its hand;
    /// the shell has a session of its own, so ^C and `kill -9` of our group miss it. If the shell
    /// itself is killed, the kernel signals the server. The kernel could tell the server of our own
    /// death too, but it means the death of the thread that started it, which may come at any time.
    private static let supervision = """
        folder=$1 remove=$2 signal=$3 socket=$4; shift 4; cd /
        "$@" 3<&- 4<&- & server=$!
        echo "$server" >"$folder/server.pid"
        {
            read -r _ <&3
            kill -s "$signal" "$server"
            rounds=0
            while kill -0 "$server" && [ "$rounds" -lt 100 ]; do
                sleep 0.1; rounds=$((rounds + 1))
            done
            kill -s KILL "$server"
        } 2>/dev/null 4<&- & watch=$!
        exec 3<&-
        wait "$server"; status=$?
        kill "$watch" 2>/dev/null
        if [ "$remove" = yes ]; then
            rm -rf -- "$socket"
            mv -- "$folder" "$folder.$$" && rm -rf -- "$folder.$$"
        fi
        exit "$status"
        """

    private static func supervise(
        _ command: [String], _ places: ServerFolder, _ options: Options,
        watching lifeline: borrowing Descriptor, holding tenure: borrowing Descriptor
    ) throws(LocalPostgresFault) -> Child {
        try? FileManager.default.removeItem(atPath: places.serverPIDFile)
        let log = try openPrivateFile(places.log, truncating: true)
        // A fast shutdown writes a checkpoint; what is thrown away does not need one.
        let words = [
            places.base, options.isThrowaway ? "yes" : "no",
            options.isThrowaway ? "QUIT" : "INT", places.socket,
        ]
        return try spawn(
            [try findTool("sh", package: "dash"), "-c", supervision, "ringfence-postgres"]
                + words + command,
            environment: [
                "PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC",
            ],
            files: [1: log.number, 2: log.number, 3: lifeline.number, 4: tenure.number],
            startsSession: true)
    }

    /// The server's process once `postmaster.pid` says "ready", which is what `pg_ctl` waits for;
    /// `nil` when the supervisor ended or time is up.
    private static func awaitReady(
        _ supervisor: Child, _ places: ServerFolder, until deadline: Date
    ) -> Int32? {
        while supervisor.check() == nil, Date() < deadline {
            let ours = (try? String(contentsOfFile: places.serverPIDFile, encoding: .utf8))
                .flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
            let record = try? String(
                contentsOfFile: places.data + "/postmaster.pid", encoding: .utf8)
            let lines = record?.split(separator: "\n", omittingEmptySubsequences: false) ?? []
            if let ours, lines.count >= 8, Int32(lines[0]) == ours,
                lines[7].hasPrefix("ready")
            {
                return ours
            }
            pause(milliseconds: 10)
        }
        return nil
    }
}

// MARK: - Databases

extension PostgresServer {
    /// Makes the database and its two roles unless they exist: an owner for migrations, and a
    /// runtime role that owns nothing, is a member of nothing and may only connect.
    public func prepareDatabase(
        _ database: String, owner: String, runtime: String
    ) throws(LocalPostgresFault) -> Access {
        for name in [database, owner, runtime] { try Self.requirePlain(name) }
        let ownerPassword = try places.secret(owner)
        let runtimePassword = try places.secret(runtime)
        let weak = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
        _ = try run(
            sql: """
                SELECT 'CREATE ROLE ' || name FROM (VALUES ('\(owner)'), ('\(runtime)')) AS r (name)
                WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \\gexec
                ALTER ROLE \(owner) \(weak) PASSWORD '\(ownerPassword)';
                ALTER ROLE \(runtime) \(weak) NOINHERIT PASSWORD '\(runtimePassword)';
                SELECT 'CREATE DATABASE \(database) OWNER \(owner)'
                WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '\(database)') \\gexec
                REVOKE ALL ON DATABASE \(database) FROM PUBLIC;
                GRANT CONNECT ON DATABASE \(database) TO \(owner), \(runtime);
                \\connect \(database)
                REVOKE ALL ON SCHEMA public FROM PUBLIC;
                -- Large objects know no tenants, and everybody may call these.
                SELECT 'REVOKE EXECUTE ON FUNCTION ' || oid::regprocedure || ' FROM PUBLIC'
                FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
                AND proname ~ '^lo(_.*|read|write)$' \\gexec
                """, database: "postgres")
        return Access(
            ownerURL: url(user: owner, password: ownerPassword, database: database),
            runtimeURL: url(user: runtime, password: runtimePassword, database: database))
    }

    /// A connection URI of the superuser: for what prepares a database, and for tests that must
    /// break rules.
    public func adminURL(database: String) throws(LocalPostgresFault) -> String {
        url(user: Self.admin, password: try places.secret(Self.admin), database: database)
    }

    /// Runs a script as superuser with `psql` and answers its unaligned output.
    public func run(sql: String, database: String) throws(LocalPostgresFault) -> String {
        try Self.requirePlain(database)
        let command = [
            binaries.psql, "--no-psqlrc", "--quiet", "--no-align", "--tuples-only",
            "--set", "ON_ERROR_STOP=1", "--file", "-",
        ]
        let environment = [
            "PGHOST": places.socket, "PGPORT": "\(port)", "PGUSER": Self.admin,
            "PGDATABASE": database, "PGPASSWORD": try places.secret(Self.admin),
        ]
        let (end, output) = LocalPostgres.run(
            command, environment: environment, input: sql + "\n", timeoutSeconds: 60)
        guard end == .exited(0) else { throw .statementFailed(output: output) }
        return output
    }

    private func url(user: String, password: String, database: String) -> String {
        let host = places.socket.utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            let isPlain = scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
            return isPlain && byte < 128 ? String(scalar) : String(format: "%%%02X", byte)
        }.joined()
        return "postgresql://\(user):\(password)@/\(database)?host=\(host)&port=\(port)"
    }

    private static func requirePlain(_ name: String) throws(LocalPostgresFault) {
        let first = name.utf8.first.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
        let rest = name.utf8.allSatisfy {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "_")
        }
        guard first == true, rest, name.utf8.count <= 63 else { throw .invalidName(name) }
    }
}
