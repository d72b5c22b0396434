import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30))) struct `Migrating under the guard` {
    private static let newTables = """
        CREATE TABLE ringfence.notes (tenant_id uuid, id uuid, PRIMARY KEY (tenant_id, id));
        CREATE TABLE ringfence.copied AS SELECT gen_random_uuid() AS tenant_id, 1 AS id;
        SELECT gen_random_uuid() AS tenant_id, 1 AS id INTO ringfence.selected;
        CREATE TABLE ringfence.parted (tenant_id uuid NOT NULL, id int) PARTITION BY RANGE (id);
        CREATE TABLE aside.part1 PARTITION OF ringfence.parted FOR VALUES FROM (0) TO (9);
        CREATE TABLE aside.part2 (tenant_id uuid NOT NULL, id int);
        ALTER TABLE ringfence.parted ATTACH PARTITION aside.part2 FOR VALUES FROM (9) TO (99);
        CREATE SCHEMA arch CREATE TABLE part3 PARTITION OF ringfence.parted
            FOR VALUES FROM (99) TO (999);
        CREATE TABLE aside.child () INHERITS (ringfence.notes);
        CREATE TABLE ringfence.alike (LIKE ringfence.notes);
        CREATE TABLE aside.moved (tenant_id uuid NOT NULL);
        ALTER TABLE aside.moved SET SCHEMA ringfence;
        CREATE TABLE ringfence.bare (id int);
        CREATE TABLE aside.alone (tenant_id uuid);
        """

    /// Row security on, forced, tenant NOT NULL with a default, and how many policies, by table.
    private static let protection = """
        SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,
            coalesce(a.attnotnull AND a.atthasdef, false),
            (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid)
        FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
        WHERE c.relname IN ('notes', 'copied', 'selected', 'parted', 'part1', 'part2', 'part3',
            'child', 'alike', 'moved', 'bare', 'alone') AND c.relkind IN ('r', 'p') ORDER BY 1
        """

    @Test(arguments: ["sealed", "statement", "plain"])
    func `closes every table that is made later, wherever it lies`(_ mode: String) throws {
        let guarded = try GuardedDatabase(mode)
        try guarded.look("CREATE SCHEMA aside AUTHORIZATION ringfence_owner")
        let made = try guarded.ask(Self.newTables, as: guarded.database.ownerURL)
        #expect(made.state == nil, "\(made)")
        let closed = [
            "alike", "child", "copied", "moved", "notes", "part1", "part2", "part3", "parted",
        ].map { "\($0)|t|t|2" }
        let wanted =
            ["alike|t|t|2", "alone|f|f|0", "bare|t|f|0"] + closed.dropFirst() + ["selected|t|t|2"]
        #expect(try guarded.look(Self.protection) == wanted.joined(separator: "\n"))
        // Tables without the tenant's column are closed to everybody until they have policies,
        // and the examination says so.
        _ = try guarded.ask(
            "DROP TABLE ringfence.bare; DROP TABLE ringfence.alike", as: guarded.database.ownerURL)
        let posture = try guarded.run("db", "posture")
        #expect(
            posture.output.split(separator: "\n").filter { $0.hasPrefix("unsafe: ") }.isEmpty,
            "\(posture.output)")
    }

    @Test func `refuses tables whose tenant is missing or no UUID, and keeps row security on`()
        throws
    {
        let guarded = try GuardedDatabase("sealed")
        for (sql, state) in [
            ("CREATE TABLE ringfence.x AS SELECT NULL::uuid AS tenant_id", "23502"),
            ("CREATE TABLE ringfence.x (tenant_id text)", "42804"),
        ] {
            #expect(try guarded.ask(sql, as: guarded.database.ownerURL).state == state)
        }
        let off = try guarded.ask(
            """
            ALTER TABLE ringfence.events DISABLE ROW LEVEL SECURITY;
            SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE relname = 'events'
            """, as: guarded.database.ownerURL)
        #expect(off.output == "t" && off.state == nil)
        // Migrations may take FORCE away for a while.
        let migration = try guarded.ask(
            """
            ALTER TABLE ringfence.events NO FORCE ROW LEVEL SECURITY;
            SELECT count(*) FROM ringfence.events;
            ALTER TABLE ringfence.events FORCE ROW LEVEL SECURITY;
            SELECT count(*) FROM ringfence.events
            """, as: guarded.database.ownerURL)
        #expect(migration.output == "2\n0")
    }

    // MARK: Modes

    @Test func `changes the mode of a database in place, there and back`() throws {
        let guarded = try GuardedDatabase("plain", hasAdmin: false)
        let topics = "SELECT string_agg(topic, ',') FROM ringfence.events"
        let set = "SELECT set_config('app.current_tenant', '\(GuardedDatabase.acme)', true);"
        for mode in ["sealed", "statement", "plain", "statement", "sealed", "plain"] {
            try guarded.configure(mode)
            let before = try guarded.run("db", "posture")
            #expect(before.end == .exited(5) && before.output.contains("says \(mode)"))
            try guarded.migrate()
            let posture = try guarded.run("db", "posture")
            #expect(posture.end == .exited(0), "\(mode): \(posture.output)")
            #expect(posture.output.contains("\ncontext: \(mode)\n"))
            let seal = try guarded.makeKey("\(UUID().uuidString).key")
                .seal("t", GuardedDatabase.acme)
            let enter = "SELECT ringfence_guard.enter('\(seal)');"
            #expect(try guarded.ask("BEGIN; \(enter) \(topics)").output == "acme.event")
            let bySetting = try guarded.ask("BEGIN; \(set) \(topics)").output
            #expect(bySetting.hasSuffix("acme.event") == (mode == "plain"), "\(bySetting)")
            let wrapped = try guarded.look(
                "SELECT count(*) FROM pg_policies WHERE qual LIKE '%( SELECT ringfence.%'")
            #expect((wrapped != "0") == (mode == "statement"), "\(mode): \(wrapped)")
        }
    }

    @Test(arguments: ["statement", "plain"])
    func `needs no superuser for the other modes, and says what is missing`(_ mode: String) throws {
        let guarded = try GuardedDatabase(mode, hasAdmin: false)
        let posture = try guarded.run("db", "posture")
        #expect(posture.end == .exited(0), "\(posture.output)")
        #expect(posture.output.contains("does not stop: a later table without protection"))
        #expect(posture.output.contains("does not stop: a login that reads the keys"))
        if mode == "statement" {
            let seal = try guarded.makeKey().seal("t", GuardedDatabase.acme)
            let seen = try guarded.ask(
                "BEGIN; SELECT ringfence_guard.enter('\(seal)'); SELECT topic FROM ringfence.events"
            )
            #expect(seen.output == "acme.event")
        }
        try guarded.migrate()
        // A guard that the owner made changes hands when a superuser comes.
        try guarded.configure(mode)
        try guarded.migrate()
        #expect(
            try guarded.look(
                """
                SELECT string_agg(DISTINCT pg_get_userbyid(relowner), ',') FROM pg_class
                WHERE relnamespace = 'ringfence_guard'::regnamespace AND relkind = 'r'
                """) == "ringfence_guard")
        let after = try guarded.run("db", "posture")
        #expect(after.end == .exited(0) && after.output.contains("stops: a login that reads"))
    }

    @Test func `prints what a superuser has to run for mode sealed, and that is enough`() throws {
        let guarded = try GuardedDatabase("plain", hasAdmin: false)
        try guarded.configure("sealed", hasAdmin: false)
        let refused = try guarded.run("db", "migrate")
        #expect(refused.end == .exited(1))
        #expect(refused.errorOutput.contains("needs a superuser once"))
        #expect(refused.errorOutput.contains("GRANT SET ON PARAMETER backtrace_functions"))
        let printed = try guarded.run("db", "migrate", "--print-admin-sql")
        #expect(printed.end == .exited(0) && refused.errorOutput.contains(printed.output))
        for secret in ["PASSWORD '", "SCRAM"] { #expect(!printed.output.contains(secret)) }
        for _ in 0..<2 {
            let ran = try guarded.ask(
                printed.output, as: guarded.database.adminURL)
            #expect(ran.state == nil, "\(ran)")
        }
        try guarded.migrate()
        let posture = try guarded.run("db", "posture")
        #expect(posture.end == .exited(0), "\(posture.output)")
        #expect(posture.output.contains("\ncontext: sealed\n"))
    }

    // MARK: Roles

    @Test func `makes logins, roles and the database out of nothing, by several at once`() throws {
        let cluster = try PostgresCluster.shared()
        let place = try cluster.makeDatabase()
        let (base, owner, runtime) = ("of_\(place.name)", "own_\(place.name)", "run_\(place.name)")
        func url(_ role: String) -> String {
            cluster.url(role: role, password: "pass-\(role)", in: place)
                .replacingOccurrences(of: "/\(place.name)?", with: "/\(base)?")
        }
        let folder = try TemporaryFolder()
        let config = try RunningBackend.writePolicy(
            to: folder, owner: url(owner), runtime: url(runtime), context: "sealed",
            admin: place.adminURL)
        let migrators = try (0..<3).map { _ in
            try ChildProcess(
                try RunningBackend.program.get(), ["db", "migrate", "--config", config])
        }
        for migrator in migrators {
            #expect(try migrator.wait() == .exited(0), "\(migrator.errorOutput)")
        }
        let posture = try RunningBackend.run(["db", "posture", "--config", config])
        #expect(posture.end == .exited(0), "\(posture.output)\(posture.errorOutput)")
        let facts = try cluster.run(
            sql: """
                SELECT rolname, rolcanlogin, rolinherit, rolsuper OR rolbypassrls OR rolcreaterole
                    OR rolcreatedb OR rolreplication,
                    ARRAY(SELECT roleid::regrole::text FROM pg_auth_members WHERE member = r.oid)
                FROM pg_roles r WHERE rolname IN ('\(owner)', '\(runtime)', 'ringfence_owner',
                    'ringfence_guard', 'ringfence_reader', 'ringfence_worker') ORDER BY 1
                """, in: place)
        let weak = ["guard", "owner", "reader", "worker"].map { "ringfence_\($0)|f|f|f|{}" }
        let wanted =
            weak + ["\(owner)|t|t|f|{ringfence_owner}", "\(runtime)|t|f|f|{}"]
        #expect(
            facts.split(separator: "\n").map(String.init).sorted() == wanted.sorted(), "\(facts)")
        let answer = try ChildProcess.run(
            "/usr/lib/postgresql/15/bin/psql",
            [
                url(runtime), "-XAtc",
                "SELECT current_setting('search_path'),"
                    + " current_setting('statement_timeout') <> '0',"
                    + " current_setting('lock_timeout') <> '0',"
                    + " has_database_privilege(current_database(), 'TEMP')",
            ], environment: nil)
        #expect(answer.output == "pg_catalog, pg_temp|t|t|f\n", "\(answer)")
        try cluster.run(sql: "DROP DATABASE \(base) WITH (FORCE)", in: place)
    }

    @Test func `takes no login for a superuser's that is none`() throws {
        let guarded = try GuardedDatabase("sealed")
        try RunningBackend.writePolicy(
            to: guarded.folder, owner: guarded.database.ownerURL,
            runtime: guarded.database.runtimeURL, context: "sealed",
            admin: guarded.database.ownerURL)
        let result = try guarded.run("db", "migrate")
        #expect(result.end == .exited(1) && result.errorOutput.contains("is no superuser"))
    }

    @Test func `tells programs what it stops`() throws {
        let guarded = try GuardedDatabase("sealed")
        let posture = try guarded.run("db", "posture", "--json")
        let object =
            try JSONSerialization.jsonObject(with: Data(posture.output.utf8)) as? [String: Any]
        #expect(object?["verdict"] as? String == "fit")
        #expect(object?["context"] as? String == "sealed")
        let threats = try #require(object?["threats"] as? [[String: Any]])
        let open = threats.filter { $0["stopped"] as? Bool == false }.count
        #expect(threats.count == 15 && open == 4, "\(posture.output)")
        try guarded.look("ALTER EVENT TRIGGER ringfence_guard_tables DISABLE")
        let broken = try guarded.run("db", "posture", "--json")
        #expect(broken.end == .exited(5) && broken.output.contains(#""kind":"trigger""#))
    }
}
