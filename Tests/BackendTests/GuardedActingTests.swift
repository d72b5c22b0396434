import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30))) struct `Acting and working under the guard` {
    private static let modes = ["sealed", "statement", "plain"]

    private static func act(_ tenant: String, reason: String = "asked to") -> String {
        "SELECT ringfence_guard.act_as('\(tenant)', '\(reason)', gen_random_uuid(), 'me',"
            + " 'event.publish', gen_random_uuid(), '{}');"
    }

    private static let context =
        "SELECT ringfence.tenant(), ringfence.vendor(), current_setting('app.current_tenant');"

    @Test(arguments: modes)
    func `a vendor acts for its own tenants, and each time it is written down`(
        _ mode: String
    ) throws {
        let guarded = try GuardedDatabase(mode)
        let key = try guarded.makeKey()
        let seal = try key.seal("v", GuardedDatabase.vendor, seconds: 200)
        let enter = "BEGIN; SELECT ringfence_guard.enter('\(seal)');"
        let (acme, vendor) = (GuardedDatabase.acme, GuardedDatabase.vendor)
        let done = try guarded.ask(
            """
            \(enter) \(Self.context) \(Self.act(acme)) \(Self.context)
            SELECT topic FROM ringfence.events; SELECT ringfence_guard.leave('\(seal)');
            \(Self.context)
            SELECT count(*) FROM ringfence.events; COMMIT
            """)
        #expect(
            done.output.split(separator: "\n") == [
                "|\(vendor)|", "\(acme)|\(vendor)|\(acme)", "acme.event", "|\(vendor)|", "0",
            ], "\(done)")
        let audit = try guarded.look(
            "SELECT tenant_id, vendor_id, actor, reason FROM ringfence.audit")
        #expect(audit == "\(acme)|\(vendor)|me|asked to")

        let tenant = try key.seal("t", acme)
        for (sql, state) in [
            (enter + Self.act(GuardedDatabase.globex), "42501"),
            (enter + Self.act(UUID().uuidString), "42501"),
            (enter + Self.act(acme, reason: " "), "23514"),
            (enter + Self.act(acme) + Self.act(acme), "28000"),
            ("BEGIN; SELECT ringfence_guard.enter('\(tenant)');" + Self.act(acme), "28000"),
            (Self.act(acme), "28000"),
            ("SELECT ringfence_guard.leave('\(seal)')", "28000"),
        ] {
            #expect(try guarded.ask(sql).state == state, "\(sql)")
        }
        #expect(try guarded.look("SELECT count(*) FROM ringfence.audit") == "1")
    }

    @Test func `what acting leaves behind opens nothing once it is undone`() throws {
        let guarded = try GuardedDatabase("statement")
        let seal = try guarded.makeKey().seal("v", GuardedDatabase.vendor)
        let answer = try guarded.ask(
            """
            BEGIN; SELECT ringfence_guard.enter('\(seal)'); \(Self.act(GuardedDatabase.acme))
            SELECT current_setting('app.seal') AS held \\gset
            SELECT topic FROM ringfence.events;
            ROLLBACK; BEGIN; SELECT set_config('app.seal', :'held', true) \\g /dev/null
            SELECT topic FROM ringfence.events
            """)
        #expect(answer.output == "acme.event" && answer.state == "28000", "\(answer)")
    }

    /// A login of the worker role, which nobody has until an operator gives it one.
    private func claim(
        _ guarded: GuardedDatabase, _ arguments: String
    ) throws -> (output: String, state: String?) {
        try guarded.ask(
            "SET ROLE ringfence_worker; SELECT * FROM ringfence_guard.claim(\(arguments))",
            as: guarded.database.adminURL)
    }

    @Test(arguments: modes)
    func `claiming gives the seals of the work it gives away, and no others`(
        _ mode: String
    ) throws {
        let guarded = try GuardedDatabase(mode)
        let key = try guarded.makeKey()
        for tenant in [GuardedDatabase.acme, GuardedDatabase.globex] {
            let queued = try guarded.ask(
                """
                BEGIN; SELECT ringfence_guard.enter('\(try key.seal("t", tenant))');
                SELECT ringfence_guard.enqueue('hook', '\(tenant)', NULL) \\g /dev/null
                SELECT ringfence_guard.enqueue('later', '\(tenant)', now() + interval '1 h')
                    \\g /dev/null
                COMMIT
                """)
            #expect(queued.state == nil, "\(queued)")
        }
        let first = try claim(guarded, "'hook', 1, '300 s'").output
            .split(separator: "|").map(String.init)
        try #require(first.count == 3)
        let second = try claim(guarded, "'hook', 5, '300 s'").output
            .split(separator: "|").map(String.init)
        try #require(second.count == 3)
        #expect(Set([first[1], second[1]]) == [GuardedDatabase.acme, GuardedDatabase.globex])
        for (work, other) in [(first, second), (second, first)] {
            let done = try guarded.ask(
                """
                BEGIN; SELECT ringfence_guard.enter('\(work[2])');
                SELECT ringfence.tenant(); SELECT ringfence_guard.finish('\(other[0])');
                SELECT ringfence_guard.finish('\(work[0])'); ROLLBACK
                """)
            #expect(
                done.output.split(separator: "\n") == [Substring(work[1]), "f", "t"], "\(done)")
        }
        #expect(try claim(guarded, "'hook', 5, '300 s'").output == "")
        #expect(try claim(guarded, "'later', 5, '300 s'").output == "")
        // The lease of a worker that is gone passes.
        try guarded.look("UPDATE ringfence_guard.work SET leased_until = now() - interval '1 s'")
        #expect(try claim(guarded, "'hook', 5, '1 h'").output.split(separator: "\n").count == 2)
        #expect(try guarded.look("SELECT max(attempts) FROM ringfence_guard.work") == "2")
        for wrong in [
            "'hook', 0, '1 s'", "'hook', 1001, '1 s'", "'hook', 1, '2 h'", "'hook', NULL, '1 s'",
        ] {
            #expect(try claim(guarded, wrong).state == "22023", "\(wrong)")
        }
        let none = "SELECT ringfence_guard.enqueue('hook', gen_random_uuid(), NULL)"
        #expect(try guarded.ask(none).state == "23502")
        #expect(
            try guarded.ask("SELECT * FROM ringfence_guard.claim('a', 1, '1 s')").state == "42501")
    }

    @Test(arguments: ["sealed", "statement"])
    func `readers see the tenant of a seal and change nothing`(_ mode: String) throws {
        let guarded = try GuardedDatabase(mode)
        let seal = try guarded.makeKey().seal("t", GuardedDatabase.acme)
        let enter = "SET ROLE ringfence_reader; BEGIN; SELECT ringfence_guard.enter('\(seal)');"
        let admin = guarded.database.adminURL
        #expect(
            try guarded.ask("\(enter) SELECT topic FROM ringfence.events", as: admin).output
                == "acme.event")
        let wrote = try guarded.ask(
            "\(enter) INSERT INTO ringfence.events (id, topic, payload)"
                + " VALUES (gen_random_uuid(), 'a', '{}')",
            as: admin)
        #expect(wrote.state == "42501")
    }
}
