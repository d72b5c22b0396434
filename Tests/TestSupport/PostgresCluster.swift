import Foundation
import LocalPostgres
import Synchronization

/// The PostgreSQL server of this test process: started when first asked for, and deleted when the
/// process ends in whatever way.
public final class PostgresCluster: Sendable {
    private static let started = Result { try PostgresCluster() }

    /// The one cluster of this process.
    public static func shared() throws -> PostgresCluster { try started.get() }

    private let server: PostgresServer
    private let databases = Atomic<Int>(0)

    private init() throws {
        var options = PostgresServer.Options(folder: try ScratchSpace.shared().newPath("pg"))
        options.isDurable = false
        options.isThrowaway = true
        server = try PostgresServer.start(options)
    }

    /// A fresh database with an owner and a runtime role of its own.
    public func makeDatabase() throws -> TestDatabase {
        let number = databases.add(1, ordering: .relaxed).newValue
        let name = "test\(number)"
        let owner = "owner\(number)"
        let runtime = "runtime\(number)"
        let access = try server.prepareDatabase(name, owner: owner, runtime: runtime)
        return TestDatabase(
            name: name, owner: owner, runtime: runtime, ownerURL: access.ownerURL,
            runtimeURL: access.runtimeURL, adminURL: try server.adminURL(database: name))
    }

    /// Runs a script as superuser and answers what `psql` printed.
    @discardableResult
    public func run(sql: String, in database: TestDatabase) throws -> String {
        try server.run(sql: sql, database: database.name)
    }

    /// A connection URI for a role the test made itself.
    public func url(role: String, password: String, in database: TestDatabase) -> String {
        let place = database.adminURL.drop { $0 != "@" }
        return "postgresql://\(role):\(password)\(place)"
    }

    /// The file of the server's Unix socket.
    public var socketPath: String { "\(server.socketFolder)/.s.PGSQL.\(server.port)" }

    /// What the server logs, of all databases.
    public var logPath: String { server.logPath }
}

/// One database of the cluster. The URIs hold passwords and are for libpq.
public struct TestDatabase: Sendable {
    public let name: String
    public let owner: String
    public let runtime: String
    public let ownerURL: String
    public let runtimeURL: String
    /// The superuser: to break what the product must notice.
    public let adminURL: String
}
