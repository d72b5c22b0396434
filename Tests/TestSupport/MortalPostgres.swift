import Foundation
import Glibc
import LocalPostgres

/// A PostgreSQL server of one test, to be killed and started again on the same data and the same
/// socket. It is durable, because what it has acknowledged must be there afterwards.
public final class MortalPostgres {
    private let folder: String
    private var server: PostgresServer

    public init() throws {
        folder = try ScratchSpace.shared().newPath("mortal")
        server = try PostgresServer.start(PostgresServer.Options(folder: folder))
    }

    deinit {
        server.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Makes a database of this name with an owner and a runtime role.
    public func makeDatabase(_ name: String) throws -> TestDatabase {
        let owner = "\(name)_owner"
        let runtime = "\(name)_runtime"
        let access = try server.prepareDatabase(name, owner: owner, runtime: runtime)
        return TestDatabase(
            name: name, owner: owner, runtime: runtime, ownerURL: access.ownerURL,
            runtimeURL: access.runtimeURL, adminURL: try server.adminURL(database: name))
    }

    /// Kills the server and every process it started, the way a machine out of memory does.
    public func killEveryProcess() throws {
        // The server first, or it would see its children die and start others.
        let children = RunningProcess(server.processID).children
        for pid in [server.processID] + children { kill(pid, SIGKILL) }
        try eventually("the end of PostgreSQL") { !server.isRunning }
    }

    /// Starts the server again where it was.
    public func startAgain() throws {
        server.stop()
        server = try PostgresServer.start(PostgresServer.Options(folder: folder))
    }

    /// Runs a script as superuser and answers what `psql` printed.
    public func run(sql: String, in database: TestDatabase) throws -> String {
        try server.run(sql: sql, database: database.name)
    }
}
