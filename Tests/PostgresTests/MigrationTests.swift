import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30))) struct `Migrations` {
    private static let first = Migration(
        number: 1, name: "schema",
        script: "CREATE SCHEMA shop; CREATE TABLE shop.orders (id int PRIMARY KEY)")
    private static let second = Migration(
        number: 2, name: "notes", script: "ALTER TABLE shop.orders ADD note text")

    private func owner(of database: TestDatabase) throws -> OwnerSession {
        try OwnerSession(connectingTo: ConnectionString(database.ownerURL), deadline: .soon)
    }

    private func migrate(
        _ list: [Migration], _ database: TestDatabase
    ) throws -> Result<[Int], MigrationFault> {
        var session = try owner(of: database)
        return Result { () throws(MigrationFault) in try session.migrate(list, deadline: .soon) }
    }

    @Test func `each migration is applied once`() throws {
        let database = try PostgresCluster.shared().makeDatabase()
        #expect(try migrate([Self.first], database) == .success([1]))
        #expect(try migrate([Self.first, Self.second], database) == .success([2]))
        #expect(try migrate([Self.first, Self.second], database) == .success([]))
        var session = try owner(of: database)
        let names = try session.rows(
            "SELECT name FROM ringfence_migrations.applied ORDER BY number", deadline: .soon)
        #expect(try names.map { try $0.text(0) } == ["schema", "notes"])
    }

    @Test func `concurrent migrators wait for each other`() async throws {
        let database = try PostgresCluster.shared().makeDatabase()
        // Slow enough that all of them are at it together.
        let slow = Migration(
            number: 1, name: "slow", script: "CREATE SCHEMA shop; SELECT pg_sleep(0.3)")
        let outcomes = try await withThrowingTaskGroup(of: [Int].self) { group in
            for _ in 0..<4 {
                group.addTask { try migrate([slow, Self.create], database).get() }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == [1, 2] } == 1)
        #expect(outcomes.count { $0.isEmpty } == 3)
    }

    private static let create = Migration(
        number: 2, name: "table", script: "CREATE TABLE shop.orders (id int)")

    @Test func `an edited migration is told`() throws {
        let database = try PostgresCluster.shared().makeDatabase()
        _ = try migrate([Self.first, Self.second], database)
        let edited = Migration(number: 1, name: "schema", script: Self.first.script + " ")
        #expect(
            try migrate([edited, Self.second], database) == .failure(.edited(number: 1)))
    }

    @Test func `a database newer than the program is told`() throws {
        let database = try PostgresCluster.shared().makeDatabase()
        _ = try migrate([Self.first, Self.second], database)
        #expect(try migrate([Self.first], database) == .failure(.unknownApplied(number: 2)))
    }

    @Test func `numbers must ascend, and none may come in below what is applied`() throws {
        let database = try PostgresCluster.shared().makeDatabase()
        #expect(
            try migrate([Self.second, Self.first], database) == .failure(.notAscending(number: 1)))
        let zero = Migration(number: 0, name: "zero", script: "SELECT 1")
        #expect(try migrate([zero], database) == .failure(.notAscending(number: 0)))
        let fifth = Migration(number: 5, name: "five", script: "SELECT 5")
        _ = try migrate([Self.first, fifth], database)
        #expect(
            try migrate([Self.first, Self.second, fifth], database)
                == .failure(.outOfOrder(number: 2)))
    }

    @Test func `a failing migration leaves nothing, and those before it stay`() throws {
        let database = try PostgresCluster.shared().makeDatabase()
        let broken = Migration(
            number: 2, name: "broken", script: "CREATE TABLE shop.half (id int); SELECT 1 / 0")
        guard
            case .failure(.failed(let number, let fault)) = try migrate(
                [Self.first, broken], database)
        else {
            Issue.record("expected a failure")
            return
        }
        #expect(number == 2)
        #expect(fault.sqlState == .divisionByZero)
        #expect(fault.message == "division by zero")
        #expect(try migrate([Self.first, Self.second], database) == .success([2]))
        var session = try owner(of: database)
        let half = try session.rows("SELECT to_regclass('shop.half')", deadline: .soon)
        #expect(try half.only().isNull(0))
    }

    @Test func `a script may not end its transaction`() throws {
        let database = try PostgresCluster.shared().makeDatabase()
        let sly = Migration(number: 1, name: "sly", script: "SELECT 1; COMMIT")
        #expect(try migrate([sly], database) == .failure(.endedTransaction(number: 1)))
    }

    @Test func `names without a schema are refused`() throws {
        let database = try PostgresCluster.shared().makeDatabase()
        let loose = Migration(number: 1, name: "loose", script: "CREATE TABLE orders (id int)")
        guard case .failure(.failed(1, _)) = try migrate([loose], database) else {
            Issue.record("expected a failure")
            return
        }
    }

    @Test func `a migrator that cannot get the lock in time gives up`() throws {
        let database = try PostgresCluster.shared().makeDatabase()
        var holder = try owner(of: database)
        _ = try holder.rows(
            "SELECT pg_advisory_lock(7464326301851279973)", deadline: .soon)
        var session = try owner(of: database)
        let outcome = Result { () throws(MigrationFault) in
            try session.migrate([Self.first], deadline: .after(milliseconds: 200))
        }
        guard case .failure(.database(let fault)) = outcome else {
            Issue.record("expected a failure")
            return
        }
        #expect(fault.kind == .timedOut)
        _ = try holder.rows("SELECT 1", deadline: .soon)
    }
}
