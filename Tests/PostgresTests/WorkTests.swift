@_spi(Probing) @_spi(TenantBinding) import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30))) struct `Work of tenants` {
    private static let row = "018f0000-0000-7000-8000-0000000000c1"

    private func enqueue(_ tenant: TenantScope, _ fixture: GuardedFixture) throws {
        var connection = try fixture.connect()
        try connection.withTransaction(for: tenant, deadline: .soon) {
            transaction throws(DatabaseFault) in
            try transaction.queue(.insertItem, [1, .text("of \(tenant.text.suffix(1))")])
            try transaction.enqueue("deliver", rowID: Self.row)
        }
    }

    @Test(arguments: ContextMode.allCases)
    func `a worker gets the seal of the tenant whose work it claimed`(_ mode: ContextMode) throws {
        let fixture = try GuardedFixture(mode)
        try enqueue(try fixture.acme(), fixture)
        try enqueue(try fixture.globex(), fixture)
        var worker = fixture.worker
        let none = try worker.claim("other", most: 10, leaseSeconds: 60, deadline: .soon)
        #expect(none.isEmpty)
        let work = try worker.claim("deliver", most: 10, leaseSeconds: 60, deadline: .soon)
        #expect(Set(work.map(\.tenant)) == [Fixture.acme, Fixture.globex])
        #expect(work.allSatisfy { $0.rowID == Self.row })
        let again = try worker.claim("deliver", most: 10, leaseSeconds: 60, deadline: .soon)
        #expect(again.isEmpty, "a lease holds")
        for piece in work {
            let bodies = try worker.perform(piece, deadline: .soon) {
                transaction throws(DatabaseFault) in
                try transaction.rows(.listItems).only().text(1)
            }
            #expect(bodies == "of \(piece.tenant.text.suffix(1))")
        }
    }

    @Test func `work done by another is not done twice`() throws {
        let fixture = try GuardedFixture(.sealed)
        try enqueue(try fixture.acme(), fixture)
        var worker = fixture.worker
        let piece = try #require(
            try worker.claim("deliver", most: 1, leaseSeconds: 60, deadline: .soon).first)
        try worker.perform(piece, deadline: .soon) { _ throws(DatabaseFault) in () }
        let late = fault { () throws(DatabaseFault) in
            try worker.perform(piece, deadline: .soon) { transaction throws(DatabaseFault) in
                try transaction.queue(.insertItem, [2, "twice"])
                return ()
            }
        }
        #expect(late?.kind == .workLost)
        var connection = try fixture.connect()
        #expect(try connection.bodies(of: fixture.acme()) == ["of a"])
    }

    @Test func `a body that fails or undoes leaves the work on the list`() throws {
        let fixture = try GuardedFixture(.sealed)
        try enqueue(try fixture.acme(), fixture)
        var worker = fixture.worker
        let piece = try #require(
            try worker.claim("deliver", most: 1, leaseSeconds: 60, deadline: .soon).first)
        try worker.perform(piece, deadline: .soon) { transaction throws(DatabaseFault) in
            transaction.rollBack()
        }
        let failed = fault { () throws(DatabaseFault) in
            try worker.perform(piece, deadline: .soon) { transaction throws(DatabaseFault) in
                _ = try transaction.rows(.divide, [0])
            }
        }
        #expect(failed?.sqlState == .divisionByZero)
        #expect(failed?.statement == "divide")
        try worker.perform(piece, deadline: .soon) { _ throws(DatabaseFault) in () }
    }

    @Test func `the runtime role cannot claim`() throws {
        let fixture = try GuardedFixture(.sealed)
        var impostor = WorkerConnection(
            to: ConnectionString(fixture.database.runtimeURL), context: .sealed)
        let refused = fault { () throws(DatabaseFault) in
            try impostor.claim("deliver", most: 1, leaseSeconds: 60, deadline: .soon).count
        }
        #expect(refused?.sqlState == .insufficientPrivilege)
    }
}

@Suite(.timeLimit(.minutes(30))) struct `Crossing tenants` {
    private func prepared() throws -> GuardedFixture {
        let fixture = try GuardedFixture(.sealed)
        var connection = try fixture.connect()
        try connection.insert(1, "of acme", for: fixture.acme())
        try connection.insert(2, "of globex", for: fixture.globex())
        return fixture
    }

    private func crossings(_ fixture: GuardedFixture) throws -> String {
        try fixture.cluster.run(
            sql: "SELECT login, actor, reason FROM ringfence_guard.crossings ORDER BY at",
            in: fixture.database)
    }

    @Test func `the platform role sees all tenants, and it is written down`() throws {
        let fixture = try prepared()
        var platform = fixture.platform
        let bodies = try platform.withTransaction(
            reason: "invoice run 2026-11", actor: "billing", deadline: .soon
        ) { crossing throws(DatabaseFault) in
            var bodies: [String] = []
            for row in try crossing.rows(.listItems) { bodies.append(try row.text(1)) }
            return bodies
        }
        #expect(bodies == ["of acme", "of globex"])
        let login = "platform_\(fixture.database.runtime)"
        #expect(try crossings(fixture) == "\(login)|billing|invoice run 2026-11\n")
    }

    @Test func `a crossing that is undone stays written down`() throws {
        let fixture = try prepared()
        var platform = fixture.platform
        let seen = try platform.withTransaction(
            reason: "look", actor: "ann", deadline: .soon
        ) { crossing throws(DatabaseFault) in
            try crossing.queue(.deleteItems)
            crossing.rollBack()
            return try crossing.rows(.listItems).count
        }
        #expect(seen == 0)
        let failed = fault { () throws(DatabaseFault) in
            try platform.withTransaction(reason: "again", actor: "ann", deadline: .soon) {
                crossing throws(DatabaseFault) in
                _ = try crossing.rows(.listItems)
                _ = try crossing.rows(.divide, [0])
            }
        }
        #expect(failed?.sqlState == .divisionByZero)
        #expect(try crossings(fixture).split(separator: "\n").count == 2)
        var connection = try fixture.connect()
        #expect(try connection.bodies(of: fixture.acme()) == ["of acme"])
    }

    @Test func `where it cannot be written down nothing is read`() throws {
        let fixture = try prepared()
        try fixture.cluster.run(
            sql: "REVOKE EXECUTE ON FUNCTION ringfence_guard.note_crossing FROM platform_"
                + fixture.database.runtime, in: fixture.database)
        var platform = fixture.platform
        var seen = 0
        let refused = fault { () throws(DatabaseFault) in
            try platform.withTransaction(reason: "r", actor: "a", deadline: .soon) {
                crossing throws(DatabaseFault) in
                seen = try crossing.rows(.listItems).count
            }
        }
        #expect(refused?.sqlState == .insufficientPrivilege)
        #expect(seen == 0)
    }

    @Test(arguments: [("", "a"), (" \n", "a"), ("r", "")])
    func `a crossing without a reason or a person is refused`(
        _ reason: String, _ actor: String
    ) throws {
        var platform = try GuardedFixture(.sealed).platform
        let refused = fault { () throws(DatabaseFault) in
            try platform.withTransaction(reason: reason, actor: actor, deadline: .soon) {
                _ throws(DatabaseFault) in ()
            }
        }
        #expect(refused?.kind == .auditMissing)
    }

    @Test func `a login that is less or more than BYPASSRLS cannot cross`() throws {
        let fixture = try prepared()
        let stronger = "strong_\(fixture.database.runtime)"
        try fixture.cluster.run(
            sql: "CREATE ROLE \(stronger) LOGIN BYPASSRLS CREATEROLE PASSWORD 's'",
            in: fixture.database)
        for url in [
            fixture.database.runtimeURL, fixture.database.adminURL, fixture.database.ownerURL,
            fixture.cluster.url(role: stronger, password: "s", in: fixture.database),
        ] {
            var connection = CrossTenantConnection(to: ConnectionString(url))
            let refused = fault { () throws(DatabaseFault) in
                try connection.withTransaction(reason: "r", actor: "a", deadline: .soon) {
                    _ throws(DatabaseFault) in ()
                }
            }
            #expect(refused?.kind == .unsafeRole || refused?.kind == .refused)
        }
    }

    @Test func `the platform role cannot run a tenant's transaction`() throws {
        let fixture = try prepared()
        let url = fixture.cluster.url(
            role: "platform_\(fixture.database.runtime)", password: "p", in: fixture.database)
        var connection = Connection(to: ConnectionString(url), context: .sealed)
        let acme = try fixture.acme()
        let refused = fault { () throws(DatabaseFault) in try connection.bodies(of: acme) }
        #expect(refused?.kind == .unsafeRole)
    }
}
