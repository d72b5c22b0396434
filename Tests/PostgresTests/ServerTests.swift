import Foundation
import LocalPostgres
import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30))) struct `Local server` {
    private func start(_ folder: String, isThrowaway: Bool = false) throws -> PostgresServer {
        var options = PostgresServer.Options(folder: folder)
        options.isDurable = false
        options.isThrowaway = isThrowaway
        return try PostgresServer.start(options)
    }

    private func answer(_ url: String) throws -> String {
        var session = try OwnerSession(
            connectingTo: ConnectionString(url),
            deadline: .after(milliseconds: Patience.milliseconds))
        let rows = try session.rows(
            "SELECT current_user", deadline: .after(milliseconds: Patience.milliseconds))
        return try rows.only().text(0)
    }

    private func isAlive(_ pid: Int32) -> Bool { kill(pid, 0) == 0 }

    /// Whether the server has our user number in our user namespace.
    private func hasOurIdentity(_ server: PostgresServer) throws -> Bool {
        let files = FileManager.default
        let spaces = try ["self", "\(server.processID)"].map {
            try files.destinationOfSymbolicLink(atPath: "/proc/\($0)/ns/user")
        }
        let status = try String(contentsOfFile: "/proc/\(server.processID)/status", encoding: .utf8)
        return spaces[0] == spaces[1] && status.contains("\nUid:\t\(geteuid())\t")
    }

    /// The processes started by `pid`.
    private func family(of pid: Int32) -> [Int32] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { Int32($0) }.filter { candidate in
            guard
                let status = try? String(
                    contentsOfFile: "/proc/\(candidate)/status", encoding: .utf8)
            else { return false }
            return status.contains("\nPPid:\t\(pid)\n")
        }
    }

    @Test func `it keeps data and passwords from run to run`() throws {
        let folder = try TemporaryFolder()
        let place = folder.path + "/state"
        let first = try start(place)
        let access = try first.prepareDatabase("shop", owner: "shop_owner", runtime: "shop_app")
        #expect(try answer(access.ownerURL) == "shop_owner")
        #expect(try answer(access.runtimeURL) == "shop_app")
        _ = try first.run(sql: "CREATE TABLE public.kept AS SELECT 7 AS x", database: "shop")
        let pid = first.processID
        #expect(first.isRunning)
        first.stop()
        #expect(!first.isRunning)
        #expect(!isAlive(pid))
        let second = try start(place)
        let again = try second.prepareDatabase("shop", owner: "shop_owner", runtime: "shop_app")
        #expect(again.runtimeURL == access.runtimeURL)
        #expect(try answer(again.runtimeURL) == "shop_app")
        #expect(try second.run(sql: "SELECT x FROM public.kept", database: "shop") == "7\n")
    }

    @Test func `nobody enters without the password, and its folders are closed`() throws {
        let folder = try TemporaryFolder()
        let server = try start(folder.path + "/state")
        let access = try server.prepareDatabase("shop", owner: "shop_owner", runtime: "shop_app")
        let wrong = access.ownerURL.replacing(#/:[0-9a-f]{48}@/#, with: ":guess@")
        #expect(wrong != access.ownerURL)
        #expect(throws: DatabaseFault.self) { try answer(wrong) }
        let modes = try ["data", "socket", "secrets"].map { name in
            let path = "\(server.folder)/\(name)"
            let facts = try FileManager.default.attributesOfItem(atPath: path)
            return (facts[.posixPermissions] as? NSNumber)?.intValue
        }
        #expect(modes == [0o700, 0o700, 0o700])
        #expect(try !hasOurIdentity(server) || geteuid() != 0, "the server must not run as root")
    }

    @Test func `a second process cannot take a folder in use`() throws {
        let folder = try TemporaryFolder()
        let server = try start(folder.path + "/state")
        #expect(throws: LocalPostgresFault.inUse(folder: server.folder)) {
            try start(folder.path + "/state")
        }
        #expect(server.isRunning)
    }

    @Test func `a crash of the server is survived`() throws {
        let folder = try TemporaryFolder()
        // With durability, because a crash may cost a throwaway server its last commits.
        let server = try PostgresServer.start(.init(folder: folder.path + "/state"))
        _ = try server.run(sql: "CREATE TABLE public.kept AS SELECT 7 AS x", database: "postgres")
        kill(server.processID, SIGKILL)
        try eventually("the supervisor notices") { !server.isRunning }
        server.stop()
        let again = try start(folder.path + "/state")
        #expect(try again.run(sql: "SELECT x FROM public.kept", database: "postgres") == "7\n")
    }

    @Test func `a record of a dead or strange process does not keep it from starting`() throws {
        let folder = try TemporaryFolder()
        let place = folder.path + "/state"
        try start(place).stop()
        let sleeper = try ChildProcess("sleep", ["60"])
        for pid in [sleeper.pid, 999_999_999] {
            try Data("\(pid)\n\(place)/data\n1\n5432\n".utf8)
                .write(to: URL(fileURLWithPath: place + "/data/postmaster.pid"))
            let server = try start(place)
            #expect(server.isRunning)
            server.stop()
        }
        #expect(sleeper.end == nil, "a stranger must not be signalled")
    }

    @Test func `the server and all it started die when its supervisor is killed`() throws {
        let folder = try TemporaryFolder()
        let server = try start(folder.path + "/state")
        let pid = server.processID
        let children = family(of: pid)
        #expect(!children.isEmpty)
        let parents = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let supervisor = parents.firstMatch(of: #/PPid:\t(\d+)/#).flatMap { Int32($0.1) }
        kill(try #require(supervisor), SIGKILL)
        try eventually("the server ends") {
            !isAlive(pid) && children.allSatisfy { !isAlive($0) }
        }
    }

    @Test func `its own folder is used unless its account cannot reach it`() throws {
        let folder = try TemporaryFolder()
        let home = folder.path + "/home"
        try FileManager.default.createDirectory(
            atPath: home, withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700])
        let server = try start(home + "/clone/.ringfence", isThrowaway: true)
        // In a namespace of its own the server looks like another but reads files as we do.
        let owner = try FileManager.default.attributesOfItem(atPath: server.folder + "/data")
        if (owner[.ownerAccountID] as? NSNumber)?.uint32Value == geteuid() {
            #expect(server.folder == home + "/clone/.ringfence")
        } else {
            #expect(server.folder.hasPrefix("/var/tmp/ringfence-0-"))
        }
        let place = server.folder
        server.stop()
        #expect(!FileManager.default.fileExists(atPath: place))
    }

    @Test func `a long folder gets a short socket`() throws {
        let folder = try TemporaryFolder()
        let long = String(repeating: "long", count: 20)
        let server = try start("\(folder.path)/\(long)", isThrowaway: true)
        #expect(server.socketFolder.utf8.count < 60)
        #expect(try server.run(sql: "SELECT 1", database: "postgres") == "1\n")
        let socket = server.socketFolder
        server.stop()
        #expect(!FileManager.default.fileExists(atPath: socket))
    }

    @Test func `a folder somebody else could write to is refused`() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path + "/state", withIntermediateDirectories: false)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o777], ofItemAtPath: folder.path + "/state")
        #expect(throws: LocalPostgresFault.self) { try start(folder.path + "/state") }
    }

    /// A ^C would end initdb half way, and the folder with the password in it would be left.
    @Test func `what makes it is out of the terminal's reach`() throws {
        let (end, output) = LocalPostgres.run(
            ["sh", "-c", "echo $$; cut -d ' ' -f 6 /proc/$$/stat"], timeoutSeconds: 60)
        #expect(end == .exited(0))
        let words = output.split(separator: "\n")
        #expect(words.count == 2 && words.first == words.last, "\(output)")
    }

    @Test func `it listens on loopback only when asked`() throws {
        let folder = try TemporaryFolder()
        var options = PostgresServer.Options(folder: folder.path + "/state")
        options.isDurable = false
        options.loopbackPort = try ReservedPort.choose()
        let server = try PostgresServer.start(options)
        _ = try RawClient(port: server.port)
        // Another address of this machine: whoever listened on all of them would take it.
        #expect(throws: (any Error).self) {
            try RawClient(port: server.port, address: "127.0.0.2")
        }
    }

    @Test func `names that would need quoting are refused`() throws {
        let folder = try TemporaryFolder()
        let server = try start(folder.path + "/state")
        for name in ["", "Shop", "a b", "x'; DROP", "9a", "é", "a\u{0}"] {
            #expect(throws: LocalPostgresFault.invalidName(name)) {
                try server.prepareDatabase(name, owner: "o", runtime: "r")
            }
            #expect(throws: LocalPostgresFault.invalidName(name)) {
                try server.prepareDatabase("d", owner: "o", runtime: name)
            }
        }
    }
}

/// Not a test: what the test below runs in a process of its own.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["RINGFENCE_HOLD_SERVER"] != nil))
struct `Held server` {
    @Test func `holds a server until it is killed`() throws {
        let database = try PostgresCluster.shared().makeDatabase()
        var session = try OwnerSession(
            connectingTo: ConnectionString(database.adminURL),
            deadline: .after(milliseconds: Patience.milliseconds))
        let row = try session.rows(
            """
            SELECT (SELECT setting FROM pg_settings WHERE name = 'data_directory'),
            pg_backend_pid()
            """, deadline: .after(milliseconds: Patience.milliseconds)
        ).only()
        let place = ProcessInfo.processInfo.environment["RINGFENCE_HOLD_SERVER"] ?? ""
        let facts = "\(try row.text(0)) \(try row.int64(1))"
        try Data(facts.utf8).write(to: URL(fileURLWithPath: place), options: .atomic)
        // A statement that would run on if nobody stopped it.
        _ = try? session.rows("SELECT pg_sleep(120)", deadline: .after(milliseconds: 120_000))
    }
}

@Suite(.timeLimit(.minutes(30))) struct `Death of the parent` {
    @Test func `kill -9 of a process ends its server, backends and folders`() throws {
        let folder = try TemporaryFolder()
        let mark = folder.path + "/facts"
        var environment = ProcessInfo.processInfo.environment
        environment["RINGFENCE_HOLD_SERVER"] = mark
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        // The same program with the same arguments, but another selection of tests.
        var arguments = Array(CommandLine.arguments.dropFirst())
        while let filter = arguments.firstIndex(of: "--filter") {
            arguments.removeSubrange(filter...min(filter + 1, arguments.count - 1))
        }
        let holder = try ChildProcess(
            program, arguments + ["--filter", "Held server"], environment: environment)
        try eventually("the holder is ready\n\(holder.output)") {
            FileManager.default.fileExists(atPath: mark)
        }
        let facts = try String(contentsOfFile: mark, encoding: .utf8).split(separator: " ")
        let data = String(facts[0])
        let backend = try #require(Int32(facts[1]))
        let record = try String(contentsOfFile: data + "/postmaster.pid", encoding: .utf8)
        let postmaster = try #require(Int32(record.split(separator: "\n")[0]))
        #expect(kill(backend, 0) == 0)
        holder.signal(SIGKILL)
        try eventually("server, backend and folder go") {
            kill(postmaster, 0) != 0 && kill(backend, 0) != 0
                && !FileManager.default.fileExists(atPath: data)
        }
    }
}
