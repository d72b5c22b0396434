import Foundation
@_spi(TenantBinding) import Postgres
import TestSupport
import Testing

/// The roles that are nobody's request, on databases that `db migrate` made and nothing else.
@Suite(.timeLimit(.minutes(30))) struct `Roles beside requests` {
    private static let events = Statement(
        "events", "SELECT topic FROM ringfence.events ORDER BY topic", parameters: 0)
    private static let eventByID = Statement(
        "event by id", "SELECT topic FROM ringfence.events WHERE id = $1::uuid", parameters: 1)
    private static let acmeEvent = Statement(
        "acme's event", "SELECT id::text FROM ringfence.events", parameters: 0)

    /// With `database.platform` in its policy: the URL of that login.
    private func naming(_ role: String, in guarded: GuardedDatabase) throws -> String {
        let url = guarded.cluster.url(role: role, password: "p", in: guarded.database)
        try guarded.folder.write(url + "\n", to: "platform.dsn")
        let path = guarded.folder.path + "/backend.yaml"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try guarded.folder.write(
            text.replacingOccurrences(
                of: "runtime: file:runtime.dsn",
                with: "runtime: file:runtime.dsn, platform: file:platform.dsn"),
            to: "backend.yaml")
        return url
    }

    private func cross(_ url: String) throws(DatabaseFault) -> [String] {
        var connection = CrossTenantConnection(to: ConnectionString(url))
        return try connection.withTransaction(
            reason: "invoice run", actor: "billing",
            deadline: .after(milliseconds: Patience.milliseconds)
        ) { crossing throws(DatabaseFault) in
            var topics: [String] = []
            for row in try crossing.rows(Self.events) { topics.append(try row.text(0)) }
            return topics
        }
    }

    // MARK: Crossing

    @Test(arguments: ["sealed", "statement", "plain"])
    func `the login of database.platform reads across tenants, says why, and no more`(
        _ mode: String
    ) throws {
        let guarded = try GuardedDatabase(mode)
        let role = "platform_\(guarded.database.name)"
        let url = try naming(role, in: guarded)
        try guarded.migrate()
        #expect(try cross(url) == ["acme.event", "globex.event"])
        #expect(
            try guarded.look("SELECT login, actor, reason FROM ringfence_guard.crossings")
                == "\(role)|billing|invoice run")
        // More that somebody gave it by hand goes with the next run.
        try guarded.look("GRANT ALL ON ALL TABLES IN SCHEMA ringfence TO \(role)")
        try guarded.migrate()
        for sql in [
            "INSERT INTO ringfence_guard.crossings (reason, login) VALUES ('a look', 'somebody')",
            "INSERT INTO ringfence_guard.crossings (reason, actor) VALUES ('a look', 'me')",
            "DELETE FROM ringfence_guard.crossings", "SELECT * FROM ringfence_guard.crossings",
            "DELETE FROM ringfence.audit", "DELETE FROM ringfence.events",
            "UPDATE ringfence.tenants SET tier = 'SCALE'", "TRUNCATE ringfence.events",
            "INSERT INTO ringfence.vendors (id, name) VALUES (gen_random_uuid(), 'three')",
            "SELECT * FROM ringfence_guard.keys", "SELECT * FROM ringfence_guard.work",
            "SELECT ringfence_guard.enter('')", "SELECT * FROM ringfence_guard.list_keys()",
            "SELECT * FROM ringfence_guard.claim('x', 1, '1 min')",
            "CREATE TEMP TABLE t (n int)", "CREATE TABLE ringfence.t (n int)",
        ] {
            #expect(try guarded.ask(sql, as: url).state == "42501", "\(sql)")
        }
        for values in ["' ', 'me'", "'why', ''", "NULL, 'me'", "'why', NULL"] {
            let sql = "SELECT ringfence_guard.note_crossing(\(values))"
            #expect(try guarded.ask(sql, as: url).state == "23514", "\(values)")
        }
        #expect(try guarded.run("db", "posture").end == .exited(0))
    }

    /// No row of `crossings` can be demanded of a login with BYPASSRLS; a line of the log can.
    @Test func `the server logs each statement of that login, which cannot take it back`() throws {
        let guarded = try GuardedDatabase("sealed")
        let role = "platform_\(guarded.database.name)"
        let url = try naming(role, in: guarded)
        try guarded.migrate()
        let settings =
            "SELECT concat_ws(' ', current_setting('log_statement'),"
            + " current_setting('log_parameter_max_length'))"
        for sql in [
            "SET log_statement = 'none'", "SELECT set_config('log_statement', 'none', false)",
            "SET log_parameter_max_length = -1", "SET log_min_messages = 'panic'",
            "ALTER ROLE CURRENT_USER SET log_statement = 'none'",
            "ALTER ROLE CURRENT_USER IN DATABASE \(guarded.database.name) RESET log_statement",
        ] {
            #expect(try guarded.ask(sql, as: url).state == "42501", "\(sql)")
        }
        _ = try guarded.ask("ALTER ROLE CURRENT_USER RESET ALL", as: url)
        _ = try guarded.ask(
            "ALTER ROLE CURRENT_USER IN DATABASE \(guarded.database.name) RESET ALL", as: url)
        #expect(try guarded.ask("RESET ALL; \(settings)", as: url).output == "all 0")
        let read = "SELECT 'look of \(role)' FROM ringfence.events"
        _ = try guarded.ask(read, as: url)
        let log = String(
            decoding: try Data(contentsOf: URL(filePath: guarded.cluster.logPath)), as: UTF8.self)
        #expect(log.contains("statement: \(read)"))
    }

    @Test func `a login that was there gets what it needs, and no other role of ours does`() throws
    {
        let guarded = try GuardedDatabase("sealed")
        let role = "old_\(guarded.database.name)"
        try guarded.look("CREATE ROLE \(role) LOGIN NOINHERIT PASSWORD 'p'")
        let url = try naming(role, in: guarded)
        try guarded.migrate()
        #expect(try cross(url) == ["acme.event", "globex.event"])
        for other in [guarded.database.runtime, guarded.database.owner, "ringfence_worker"] {
            try guarded.folder.write(
                guarded.cluster.url(role: other, password: "p", in: guarded.database) + "\n",
                to: "platform.dsn")
            let refused = try guarded.run("db", "migrate")
            #expect(refused.end == .exited(2), "\(other): \(refused.errorOutput)")
            #expect(refused.errorOutput.contains("must be a login of its own"))
        }
        let bypassing = try guarded.look(
            """
            SELECT count(*) FROM pg_roles WHERE rolbypassrls AND rolname IN ('ringfence_worker',
                '\(guarded.database.runtime)', '\(guarded.database.owner)')
            """)
        #expect(bypassing == "0")
    }

    @Test func `without a superuser the owner gives it what it needs, later too`() throws {
        let guarded = try GuardedDatabase("statement", hasAdmin: false)
        let role = "given_\(guarded.database.name)"
        try guarded.look(
            """
            CREATE ROLE \(role) LOGIN NOINHERIT BYPASSRLS PASSWORD 'p';
            GRANT CONNECT ON DATABASE \(guarded.database.name) TO \(role)
            """)
        let url = try naming(role, in: guarded)
        try guarded.migrate()
        #expect(try cross(url) == ["acme.event", "globex.event"])
    }

    // MARK: Working

    /// Whether it is a member of the role or that role itself, with or without INHERIT of others.
    @Test(arguments: ["sealed", "statement", "plain"])
    func `a member of ringfence_worker claims, performs and finishes`(_ mode: String) throws {
        let guarded = try GuardedDatabase(mode)
        let context = try #require(ContextMode(rawValue: mode))
        let role = "worker_\(guarded.database.name)"
        try guarded.look(
            "CREATE ROLE \(role) LOGIN PASSWORD 'p'; GRANT ringfence_worker TO \(role)")
        let deadline = Deadline.after(milliseconds: Patience.milliseconds)
        // A request of acme's asks for the work, as the backend would.
        let key = try guarded.makeKey()
        let seal = try #require(Seal(try key.seal("t", GuardedDatabase.acme)))
        let tenant = try #require(
            mode == "plain" ? TenantScope(uuidText: GuardedDatabase.acme) : TenantScope(seal: seal))
        var runtime = Connection(
            to: ConnectionString(guarded.database.runtimeURL), context: context)
        let event = try runtime.withTransaction(for: tenant, deadline: deadline) {
            transaction throws(DatabaseFault) in
            let event = try transaction.rows(Self.acmeEvent).only().text(0)
            try transaction.enqueue("deliver", rowID: event)
            return event
        }
        let url = guarded.cluster.url(role: role, password: "p", in: guarded.database)
        var worker = WorkerConnection(to: ConnectionString(url), context: context)
        let work = try worker.claim("deliver", most: 10, leaseSeconds: 60, deadline: deadline)
        #expect(work.map(\.rowID) == [event])
        let piece = try #require(work.first)
        let topics = try worker.perform(piece, deadline: deadline) {
            transaction throws(DatabaseFault) in
            let all = try transaction.rows(Self.events).count
            return "\(all) \(try transaction.rows(Self.eventByID, [.text(event)]).only().text(0))"
        }
        #expect(topics == "1 acme.event")
        #expect(try guarded.look("SELECT count(*) FROM ringfence_guard.work") == "0")
        // Outside of work it sees nobody, and it may not do what requests do.
        #expect(try guarded.ask("SELECT count(*) FROM ringfence.events", as: url).output == "0")
        for sql in [
            "INSERT INTO ringfence.events (id, topic, payload) VALUES"
                + " (gen_random_uuid(), 'a', '{}')",
            "SELECT * FROM ringfence_guard.work", "SELECT * FROM ringfence.api_keys",
            "SELECT ringfence_guard.mint(gen_random_uuid(), 60)",
        ] {
            #expect(try guarded.ask(sql, as: url).state == "42501", "\(sql)")
        }
        #expect(try guarded.run("db", "posture").end == .exited(0))
    }
}
