@_spi(Probing) @_spi(TenantBinding) import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30))) struct `Transactions` {
    @Test func `an error in any statement undoes all of them`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let refused = fault { () throws(DatabaseFault) in
            try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
                transaction throws(DatabaseFault) in
                try transaction.queue(.insertItem, [1, "before"])
                try transaction.queue(.divide, [0])
                try transaction.queue(.insertItem, [2, "after"])
                return ()
            }
        }
        #expect(refused?.sqlState == .divisionByZero)
        #expect(refused?.outcome == .rolledBack)
        #expect(refused?.permitsRetry == false)
        let generation = connection.generation
        #expect(try connection.bodies(of: Fixture.acme) == [])
        #expect(connection.generation == generation, "a refused statement is no doubt")
    }

    @Test func `a fault that the handler swallows still fails the transaction`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let refused = fault { () throws(DatabaseFault) in
            try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
                transaction throws(DatabaseFault) in
                try transaction.queue(.insertItem, [1, "before"])
                _ = try? transaction.rows(.divide, [0])
                return "fine"
            }
        }
        #expect(refused?.sqlState == .divisionByZero)
        #expect(try connection.bodies(of: Fixture.acme) == [])
    }

    @Test func `a handler that throws leaves nothing behind`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let refused = fault { () throws(DatabaseFault) in
            try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
                transaction throws(DatabaseFault) in
                try transaction.queue(.insertItem, [1, "a"])
                return try transaction.rows(.listItems).only().bool(0)
            }
        }
        #expect(refused?.kind == .unexpectedShape)
        #expect(refused?.outcome == .rolledBack)
        #expect(try connection.bodies(of: Fixture.acme) == [])
        #expect(connection.generation == 1)
    }

    @Test func `a handler may undo everything and still answer`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let seen = try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
            transaction throws(DatabaseFault) in
            try transaction.queue(.insertItem, [1, "dry run"])
            transaction.rollBack()
            return try transaction.rows(.listItems).count
        }
        #expect(seen == 1)
        #expect(try connection.bodies(of: Fixture.acme) == [])
        #expect(connection.generation == 1)
    }

    @Test func `a constraint that fails at the commit fails the transaction`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let refused = fault { () throws(DatabaseFault) in
            try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
                transaction throws(DatabaseFault) in
                try transaction.queue(.insertItem, [1, "same"])
                try transaction.queue(.insertItem, [2, "same"])
                return try transaction.rows(.listItems).count
            }
        }
        #expect(refused?.sqlState == .uniqueViolation)
        #expect(refused?.constraint == "late")
        #expect(refused?.outcome == .rolledBack)
        #expect(try connection.bodies(of: Fixture.acme) == [])
        #expect(connection.generation == 1)
    }

    @Test func `a violated key is told with its constraint and without any value`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        try connection.insert(1, "secret one", for: Fixture.acme)
        let refused = fault { () throws(DatabaseFault) in
            try connection.insert(1, "secret two", for: Fixture.acme)
        }
        #expect(refused?.sqlState == .uniqueViolation)
        #expect(refused?.constraint == "items_pkey")
        #expect(refused?.message == nil)
        #expect(refused.map { "\($0)".contains("secret") } == false)
    }

    @Test func `an early commit is proven and its results stay readable`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let body = try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
            transaction throws(DatabaseFault) in
            try transaction.queue(.insertItem, [1, "kept"])
            let ticket = try transaction.queue(.listItems)
            try transaction.commit()
            return try transaction.rows(ticket).only().text(1)
        }
        #expect(body == "kept")
        let late = fault { () throws(DatabaseFault) in
            try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
                transaction throws(DatabaseFault) in
                try transaction.queue(.insertItem, [2, "kept too"])
                try transaction.commit()
                try transaction.queue(.insertItem, [3, "too late"])
                return ()
            }
        }
        #expect(late?.kind == .poisoned)
        #expect(late?.outcome == .committed)
        #expect(late?.permitsRetry == false)
        #expect(try connection.bodies(of: Fixture.acme) == ["kept", "kept too"])
    }

    @Test func `an early commit that fails cannot be swallowed`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let refused = fault { () throws(DatabaseFault) in
            try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
                transaction throws(DatabaseFault) in
                try transaction.queue(.divide, [0])
                try? transaction.commit()
                return 1
            }
        }
        #expect(refused?.sqlState == .divisionByZero)
        #expect(refused?.outcome == .rolledBack)
        #expect(try connection.bodies(of: Fixture.acme) == [])
    }

    @Test func `a ticket of an ended transaction finds nothing`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        var kept: Ticket?
        try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
            transaction throws(DatabaseFault) in kept = try transaction.queue(.listItems)
        }
        let ticket = try #require(kept)
        let refused = fault { () throws(DatabaseFault) in
            try connection.withTransaction(for: Fixture.globex, deadline: .soon) {
                transaction throws(DatabaseFault) in
                try transaction.queue(.listItems)
                return try transaction.rows(ticket).count
            }
        }
        #expect(refused?.kind == .poisoned)
    }

    @Test func `the bound of statements is a fault`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let refused = fault { () throws(DatabaseFault) in
            try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
                transaction throws(DatabaseFault) in
                for number in 0...TenantTransaction.statementsMax {
                    try transaction.queue(.insertItem, [.integer(Int64(number)), nil])
                }
                return ()
            }
        }
        #expect(refused?.kind == .tooManyStatements)
        let count = try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
            transaction throws(DatabaseFault) in
            for number in 0..<(TenantTransaction.statementsMax - 1) {
                try transaction.queue(.insertItem, [.integer(Int64(number)), nil])
            }
            return try transaction.rows(.listItems).count
        }
        #expect(count == TenantTransaction.statementsMax - 1)
    }
}

@Suite(.timeLimit(.minutes(30))) struct `Round trips` {
    @Test func `independent statements and their commit take one round trip`() throws {
        let fixture = try Fixture()
        let relay = try CountingRelay(to: fixture.cluster.socketPath)
        let address = fixture.database.runtimeURL.replacingHost(with: relay.folder)
        var connection = Connection(to: ConnectionString(address), context: .plain)
        try connection.connect(deadline: .soon)
        let (before, seen) = (connection.roundTrips, relay.bursts)
        let count = try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
            transaction throws(DatabaseFault) in
            for number in 0..<5 {
                try transaction.queue(
                    .insertItem, [.integer(Int64(number)), .text("row \(number)")])
            }
            let ticket = try transaction.queue(.listItems)
            try transaction.commit()
            return try transaction.rows(ticket).count
        }
        #expect(count == 5)
        #expect(connection.roundTrips - before == 1)
        #expect(relay.bursts - seen == 1)
    }

    @Test func `each read before going on costs one more`() throws {
        let fixture = try Fixture()
        let relay = try CountingRelay(to: fixture.cluster.socketPath)
        let address = fixture.database.runtimeURL.replacingHost(with: relay.folder)
        var connection = Connection(to: ConnectionString(address), context: .plain)
        try connection.connect(deadline: .soon)
        let (before, seen) = (connection.roundTrips, relay.bursts)
        try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
            transaction throws(DatabaseFault) in
            let count = try transaction.rows(.listItems).count
            try transaction.queue(.insertItem, [.integer(Int64(count)), "next"])
            _ = try transaction.rows(.listItems)
            return ()
        }
        #expect(connection.roundTrips - before == 3)
        #expect(relay.bursts - seen == 3)
    }

    @Test func `pipelines larger than every buffer do not block each other`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let text = String(repeating: "x", count: 200_000)
        let echoed = try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
            transaction throws(DatabaseFault) in
            var tickets: [Ticket] = []
            for number in 0..<60 {
                tickets.append(try transaction.queue(.echo, [.text("\(number)" + text)]))
            }
            try transaction.commit()
            var lengths = 0
            for ticket in tickets { lengths += try transaction.rows(ticket).only().text(0).count }
            return lengths
        }
        #expect(echoed == 60 * 200_000 + 10 + 50 * 2)
    }
}

@Suite(.timeLimit(.minutes(30))) struct `Lost connections` {
    @Test func `a passed deadline closes the connection and nothing is written`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let clock = ContinuousClock()
        let start = clock.now
        let late = fault { () throws(DatabaseFault) in
            try connection.withTransaction(
                for: Fixture.acme, deadline: .after(milliseconds: 200)
            ) { transaction throws(DatabaseFault) in
                try transaction.queue(.insertItem, [1, "late"])
                return try transaction.rows(.rest, ["30"]).count
            }
        }
        #expect(late?.kind == .timedOut)
        #expect(late?.outcome == .rolledBack)
        #expect(clock.now - start >= .milliseconds(200))
        let isConnected = connection.isConnected
        #expect(!isConnected)
        #expect(try connection.bodies(of: Fixture.acme) == [])
        #expect(connection.generation == 2)
    }

    @Test func `a deadline that passes during the commit leaves the outcome unknown`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let late = fault { () throws(DatabaseFault) in
            try connection.withTransaction(
                for: Fixture.acme, deadline: .after(milliseconds: 200)
            ) { transaction throws(DatabaseFault) in
                try transaction.queue(.rest, ["30"])
                return ()
            }
        }
        #expect(late?.kind == .timedOut)
        #expect(late?.outcome == .unknown)
        #expect(late?.permitsRetry == false)
    }

    @Test func `a server process that is terminated in a transaction is a fault, then replaced`()
        throws
    {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let lost = fault { () throws(DatabaseFault) in
            try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
                transaction throws(DatabaseFault) in
                try transaction.queue(.insertItem, [1, "lost"])
                let pid = try transaction.rows(.backend).only().int64(0)
                terminate(pid, fixture)
                return try transaction.rows(.listItems).count
            }
        }
        #expect(lost?.kind == .unreachable)
        #expect(lost?.outcome == .rolledBack)
        #expect(lost?.permitsRetry == true)
        #expect(try connection.bodies(of: Fixture.acme) == [])
        #expect(connection.generation == 2)
    }

    @Test func `a connection lost between transactions is replaced unnoticed`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let pid = try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
            transaction throws(DatabaseFault) in try transaction.rows(.backend).only().int64(0)
        }
        terminate(pid, fixture)
        try connection.insert(1, "a", for: Fixture.acme)
        #expect(connection.generation == 2)
        #expect(try connection.bodies(of: Fixture.acme) == ["a"])
    }

    /// Ends the backend and waits until it is gone.
    private func terminate(_ pid: Int64, _ fixture: Fixture) {
        _ = try? fixture.cluster.run(
            sql: "SELECT pg_terminate_backend(\(pid), 10000)", in: fixture.database)
    }

    @Test func `failed logins are told apart and slowed down`() throws {
        let fixture = try Fixture()
        let database = fixture.database
        let wrong = fixture.cluster.url(role: database.runtime, password: "no", in: database)
        var refused = Connection(to: ConnectionString(wrong), context: .plain)
        let first = fault { () throws(DatabaseFault) in try refused.connect(deadline: .soon) }
        #expect(first?.kind == .refused)
        #expect(first?.permitsRetry == false)
        // Each refusal doubles the pause: one of them outlasts whatever holds this thread up.
        var second = first
        for _ in 0..<8 where second?.kind == .refused {
            second = fault { () throws(DatabaseFault) in try refused.connect(deadline: .soon) }
        }
        #expect(second?.kind == .unreachable, "the pause after a failure answers at once")

        let nowhere = database.runtimeURL.replacingHost(with: "/nonexistent")
        var unreachable = Connection(to: ConnectionString(nowhere), context: .plain)
        let none = fault { () throws(DatabaseFault) in try unreachable.connect(deadline: .soon) }
        #expect(none?.kind == .unreachable)

        let elsewhere = database.runtimeURL.replacing("/\(database.name)?", with: "/nothere?")
        var missing = Connection(to: ConnectionString(elsewhere), context: .plain)
        let absent = fault { () throws(DatabaseFault) in try missing.connect(deadline: .soon) }
        #expect(absent?.kind == .refused)
    }

    @Test func `a server that accepts and says nothing runs into the deadline`() throws {
        let folder = try TemporaryFolder()
        let silent = try SilentListener(path: "\(folder.path)/.s.PGSQL.5432")
        var connection = Connection(
            to: ConnectionString("host=\(folder.path) user=u dbname=d port=5432"), context: .plain)
        let late = fault { () throws(DatabaseFault) in
            try connection.connect(deadline: .after(milliseconds: 200))
        }
        #expect(late?.kind == .timedOut)
        withExtendedLifetime(silent) {}
    }

    @Test(arguments: [
        "host=/tmp options='-c app.current_tenant=x'", "postgresql://u@/d?options=-crole%3Dx",
        "postgresql://[", "nonsense", "NUL",
    ])
    func `a connection string that is broken or sets session options is refused`(
        _ text: String
    ) throws {
        // A NUL in an argument would garble the report, so it is made here.
        let text = text.replacing("NUL", with: "host=/tmp\u{0}")
        var connection = Connection(to: ConnectionString(text), context: .plain)
        let refused = fault { () throws(DatabaseFault) in try connection.connect(deadline: .soon) }
        #expect(refused?.kind == .invalidConnectionString)
        #expect(!"\(ConnectionString("password=secret"))".contains("secret"))
    }

    @Test func `a statement whose table changed is prepared anew after one fault`() throws {
        let fixture = try Fixture()
        var connection = try fixture.connect()
        let everything = Statement("all of b", "SELECT * FROM app.b", parameters: 0)
        func columns() throws(DatabaseFault) -> Int {
            try connection.withTransaction(for: Fixture.acme, deadline: .soon) {
                transaction throws(DatabaseFault) in try transaction.rows(everything).count
            }
        }
        let grant = "GRANT SELECT ON app.b TO \(fixture.database.runtime);"
        try fixture.cluster.run(
            sql: "CREATE TABLE app.b (x int); ALTER TABLE app.b OWNER TO \(fixture.database.owner);"
                + grant, in: fixture.database)
        #expect(try columns() == 0)
        try fixture.cluster.run(sql: "ALTER TABLE app.b ADD y text", in: fixture.database)
        let stale = fault { () throws(DatabaseFault) in try columns() }
        #expect(stale?.sqlState?.description == "0A000")
        #expect(try columns() == 0)
        #expect(connection.generation == 2)
    }
}
