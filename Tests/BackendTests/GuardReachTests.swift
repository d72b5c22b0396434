import Foundation
import TestSupport
import Testing

/// One way to let the runtime role at keys or at what makes seals: what somebody does, what undoes
/// it, and what the program says. `%r` is the runtime role, `%h` another one nobody logs in as.
struct GuardReach: Sendable, CustomTestStringConvertible {
    let sql: String
    let undo: String
    let words: String

    var testDescription: String { words }

    init(_ sql: String, undo: String, _ words: String) {
        (self.sql, self.undo, self.words) = (sql, undo, words)
    }

    /// A privilege on an object, to the role itself or another one.
    init(_ privilege: String, on object: String, to role: String = "%r", _ words: String) {
        sql = "GRANT \(privilege) ON \(object) TO \(role)"
        undo = "REVOKE \(privilege) ON \(object) FROM \(role)"
        self.words = words
    }

    private static let keys = "ringfence_guard.keys"

    /// On tables of the guard, by whole rows or single columns.
    static let tables: [GuardReach] =
        ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"].map {
            GuardReach($0, on: keys, "may \($0) \(keys)")
        }
        + ["SELECT", "INSERT", "UPDATE", "REFERENCES"].map {
            GuardReach("\($0) (opad)", on: keys, "may \($0) \(keys)")
        }
        + [
            GuardReach("SELECT (ipad, opad, kid)", on: keys, "may SELECT \(keys)"),
            GuardReach("SELECT (ipad)", on: keys, to: "PUBLIC", "may SELECT \(keys)"),
            GuardReach(
                "SELECT", on: "ringfence_guard.work", "may SELECT ringfence_guard.work"),
            GuardReach(
                "INSERT (tenant_id)", on: "ringfence_guard.work",
                "may INSERT ringfence_guard.work"),
            GuardReach(
                "SELECT (reason)", on: "ringfence_guard.crossings",
                "may SELECT ringfence_guard.crossings"),
        ]

    /// Every routine of the guard that is not for whoever serves requests.
    static let routines: [GuardReach] = [
        "install_key(text, bytea, bytea, timestamptz, timestamptz)", "list_keys()",
        "retire_key(text, timestamptz)", "claim(text, integer, interval)", "mint(uuid, integer)",
        "sign(text)", "is_valid(text)", "protect(regclass)", "note_crossing(text, text)",
    ].flatMap { signature in
        let name = signature.prefix { $0 != "(" }
        return ["%r", "PUBLIC"].map { role in
            GuardReach(
                "EXECUTE", on: "FUNCTION ringfence_guard.\(signature)", to: role,
                "may call ringfence_guard.\(name)(")
        }
    }

    /// By way of another role, with and without INHERIT, over one step or two.
    static let memberships: [GuardReach] = [
        GuardReach(
            "GRANT ringfence_worker TO %r", undo: "REVOKE ringfence_worker FROM %r",
            "may call ringfence_guard.claim("),
        GuardReach(
            "ALTER ROLE %r INHERIT; GRANT ringfence_worker TO %r",
            undo: "REVOKE ringfence_worker FROM %r; ALTER ROLE %r NOINHERIT",
            "may call ringfence_guard.claim("),
        GuardReach(
            "CREATE ROLE %h NOLOGIN NOINHERIT; GRANT ringfence_worker TO %h; GRANT %h TO %r",
            undo: "DROP ROLE %h", "may call ringfence_guard.claim("),
        GuardReach(
            "CREATE ROLE %h NOLOGIN; GRANT UPDATE (opad) ON \(keys) TO %h; GRANT %h TO %r",
            undo: "DROP OWNED BY %h; DROP ROLE %h", "may UPDATE \(keys)"),
        GuardReach(
            "GRANT ringfence_guard TO %r", undo: "REVOKE ringfence_guard FROM %r",
            "NOINHERIT does not prevent SET ROLE"),
        GuardReach(
            "GRANT pg_read_all_data TO %r", undo: "REVOKE pg_read_all_data FROM %r",
            "may SELECT \(keys)"),
        GuardReach(
            "GRANT pg_write_all_data TO %r", undo: "REVOKE pg_write_all_data FROM %r",
            "may INSERT \(keys)"),
    ]

    static let ownership: [GuardReach] =
        [
            ("TABLE \(keys)", "table \(keys)"),
            ("FUNCTION ringfence_guard.mint(uuid, integer)", "function ringfence_guard.mint"),
        ].map { object, words in
            GuardReach(
                "ALTER \(object) OWNER TO %r", undo: "ALTER \(object) OWNER TO ringfence_guard",
                "owns \(words)")
        } + [
            // Not to the role itself: what was granted to it would go with the ownership.
            GuardReach(
                "CREATE ROLE %h NOLOGIN; ALTER SCHEMA ringfence_guard OWNER TO %h; GRANT %h TO %r",
                undo: "ALTER SCHEMA ringfence_guard OWNER TO ringfence_guard; DROP ROLE %h",
                "owner of schema ringfence_guard")
        ]

    static let schemas: [GuardReach] = ["ringfence_guard", "pg_catalog", "ringfence"].map {
        GuardReach("CREATE", on: "SCHEMA \($0)", "CREATE on schema \($0)")
    }

    /// By what acts for somebody else, or shows or takes rows of the keys under another name.
    static let detours: [GuardReach] = [
        GuardReach(
            "CREATE VIEW public.pads AS SELECT * FROM \(keys); GRANT SELECT (ipad) ON public.pads "
                + "TO %r", undo: "DROP VIEW public.pads", "may SELECT public.pads"),
        GuardReach(
            "CREATE VIEW public.pads AS SELECT * FROM \(keys); GRANT INSERT ON public.pads TO %r",
            undo: "DROP VIEW public.pads", "may INSERT public.pads"),
        GuardReach(
            """
            CREATE VIEW public.near WITH (security_invoker) AS SELECT * FROM \(keys);
            CREATE VIEW public.far AS SELECT * FROM public.near; GRANT SELECT ON public.far TO %r
            """, undo: "DROP VIEW public.far, public.near", "may SELECT public.far"),
        GuardReach(
            """
            CREATE MATERIALIZED VIEW public.pads AS SELECT * FROM \(keys);
            GRANT SELECT ON public.pads TO PUBLIC
            """, undo: "DROP MATERIALIZED VIEW public.pads", "may SELECT public.pads"),
        GuardReach(
            """
            CREATE TABLE public.box (id text, pad bytea);
            CREATE RULE fill AS ON INSERT TO public.box DO INSTEAD INSERT INTO \(keys)
                VALUES (NEW.id, NEW.pad, NEW.pad, now(), 'infinity');
            GRANT INSERT ON public.box TO %r
            """, undo: "DROP TABLE public.box", "may INSERT public.box"),
        GuardReach(
            """
            CREATE VIEW public.box WITH (security_invoker) AS SELECT ''::text AS id;
            CREATE RULE clear AS ON DELETE TO public.box DO INSTEAD DELETE FROM \(keys);
            GRANT DELETE ON public.box TO %r
            """, undo: "DROP VIEW public.box", "may DELETE public.box"),
        GuardReach(
            "CREATE TABLE public.more () INHERITS (\(keys)); GRANT INSERT ON public.more TO %r",
            undo: "DROP TABLE public.more", "may INSERT public.more"),
        GuardReach(
            """
            CREATE TABLE public.above (kid text COLLATE "C");
            ALTER TABLE \(keys) INHERIT public.above; GRANT UPDATE ON public.above TO %r
            """, undo: "ALTER TABLE \(keys) NO INHERIT public.above; DROP TABLE public.above",
            "may UPDATE public.above"),
        GuardReach(
            """
            CREATE FUNCTION pg_catalog.peek() RETURNS text LANGUAGE sql SECURITY DEFINER
            RETURN (SELECT string_agg(encode(ipad, 'hex'), '') FROM \(keys))
            """, undo: "DROP FUNCTION pg_catalog.peek()", "may call pg_catalog.peek"),
        GuardReach(
            """
            CREATE SCHEMA aside; CREATE ROLE %h NOLOGIN; GRANT %h TO %r;
            CREATE FUNCTION aside.peek() RETURNS text LANGUAGE sql SECURITY DEFINER
            RETURN (SELECT string_agg(encode(ipad, 'hex'), '') FROM \(keys));
            REVOKE EXECUTE ON FUNCTION aside.peek() FROM PUBLIC;
            GRANT EXECUTE ON FUNCTION aside.peek() TO %h; GRANT USAGE ON SCHEMA aside TO %r
            """, undo: "DROP SCHEMA aside CASCADE; DROP ROLE %h", "may call aside.peek"),
        GuardReach(
            """
            CREATE SCHEMA aside;
            CREATE FUNCTION aside.step(text, int) RETURNS text LANGUAGE sql SECURITY DEFINER
            RETURN (SELECT string_agg(encode(ipad, 'hex'), '') FROM \(keys));
            REVOKE EXECUTE ON FUNCTION aside.step(text, int) FROM PUBLIC;
            CREATE AGGREGATE aside.pads (int) (SFUNC = aside.step, STYPE = text)
            """, undo: "DROP SCHEMA aside CASCADE", "may call aside.step"),
        GuardReach(
            """
            CREATE SCHEMA aside;
            CREATE FUNCTION aside.peek() RETURNS text LANGUAGE sql SECURITY DEFINER
            RETURN (SELECT string_agg(encode(ipad, 'hex'), '') FROM \(keys));
            CREATE VIEW public.pads AS SELECT aside.peek(); GRANT SELECT ON public.pads TO %r
            """, undo: "DROP SCHEMA aside CASCADE", "may call aside.peek"),
        GuardReach(
            """
            CREATE FUNCTION public.copy() RETURNS trigger LANGUAGE plpgsql
            AS 'BEGIN RETURN NEW; END';
            CREATE TRIGGER copy AFTER INSERT ON ringfence_guard.work
            FOR EACH ROW EXECUTE FUNCTION public.copy()
            """, undo: "DROP FUNCTION public.copy() CASCADE",
            "trigger copy of ringfence_guard.work"),
        GuardReach(
            "CREATE RULE quiet AS ON DELETE TO \(keys) DO INSTEAD NOTHING",
            undo: "DROP RULE quiet ON \(keys)", "rule quiet of \(keys)"),
    ]

    /// By what lies under the tables.
    static let beneath: [GuardReach] = [
        GuardReach(
            "EXECUTE", on: "FUNCTION pg_read_binary_file(text)",
            "may call pg_read_binary_file(text)"),
        GuardReach("EXECUTE", on: "FUNCTION lo_import(text)", "may call lo_import(text)"),
        GuardReach(
            """
            CREATE FUNCTION public.file(text) RETURNS text LANGUAGE internal STRICT
            AS 'pg_read_file_all'
            """, undo: "DROP FUNCTION public.file(text)", "may call public.file(text)"),
        GuardReach("SELECT", on: "pg_statistic", "may SELECT pg_statistic"),
        GuardReach("SELECT (stavalues1)", on: "pg_statistic", "may SELECT pg_statistic"),
        GuardReach("SELECT (rolpassword)", on: "pg_authid", "may SELECT pg_authid"),
        GuardReach("SELECT", on: "pg_shadow", to: "PUBLIC", "may SELECT pg_shadow"),
        GuardReach(
            alone("GRANT ALTER SYSTEM ON PARAMETER archive_command TO %r"),
            undo: alone("REVOKE ALTER SYSTEM ON PARAMETER archive_command FROM %r"),
            "may ALTER SYSTEM archive_command"),
    ]

    /// What is granted on parameters belongs to the whole cluster, and two who change the same row
    /// at once fail each other.
    static func alone(_ sql: String) -> String {
        "BEGIN; LOCK TABLE pg_parameter_acl IN SHARE ROW EXCLUSIVE MODE; \(sql); COMMIT"
    }

    static let sorts = [
        tables, routines, memberships, ownership, schemas, detours, beneath,
    ]
}

@Suite(.timeLimit(.minutes(30))) struct `Keys and seals` {
    private func fill(_ text: String, _ guarded: GuardedDatabase) -> String {
        text.replacingOccurrences(of: "%r", with: guarded.database.runtime)
            .replacingOccurrences(of: "%h", with: "beside_\(guarded.database.runtime)")
    }

    private func expectRefusal(
        _ reach: GuardReach, _ guarded: GuardedDatabase, starting: Bool = true
    ) throws {
        try guarded.look(fill(reach.sql, guarded))
        let posture = try guarded.run("db", "posture")
        let run = starting ? try guarded.run("run") : nil
        try guarded.look(fill(reach.undo, guarded))
        #expect(posture.end == .exited(5), "\(reach.sql)")
        let unsafe = posture.output.split(separator: "\n").filter { $0.hasPrefix("unsafe: ") }
        #expect(unsafe.contains { $0.contains(reach.words) }, "\(reach.sql): \(posture.output)")
        // What it found takes its promises away.
        for promise in [
            "a forged setting", "injected SQL that changes", "the runtime role's password",
            "a second tenant's valid seal",
        ] {
            #expect(!posture.output.contains("  stops: \(promise)"), "\(posture.output)")
        }
        guard let run else { return }
        #expect(run.end == .exited(5), "\(reach.sql): \(run.errorOutput)")
        #expect(run.errorOutput.contains(reach.words), "\(reach.sql): \(run.errorOutput)")
        #expect(run.errorOutput.contains("refusing to serve"))
    }

    @Test(arguments: ["sealed", "statement", "plain"])
    func `are served from by no role that can get at them`(_ mode: String) throws {
        let guarded = try GuardedDatabase(mode)
        try guarded.look(fill("ALTER ROLE %r NOINHERIT", guarded))
        let clean = try guarded.run("db", "posture")
        #expect(clean.end == .exited(0), "\(clean.output)")
        // A start asks the same questions; one of each sort will do in the other modes.
        for sort in GuardReach.sorts {
            for (place, reach) in sort.enumerated() {
                try expectRefusal(reach, guarded, starting: mode == "sealed" || place == 0)
            }
        }
        if mode != "statement" {
            try expectRefusal(
                GuardReach(
                    "EXECUTE", on: "FUNCTION ringfence_guard.verified(text)",
                    "may call ringfence_guard.verified(text)"), guarded)
        }
        let after = try guarded.run("db", "posture")
        #expect(after.end == .exited(0), "\(after.output)")
    }

    @Test(arguments: ["statement", "plain"])
    func `are so where the owner keeps them`(_ mode: String) throws {
        let guarded = try GuardedDatabase(mode, hasAdmin: false)
        for sort in [GuardReach.tables, GuardReach.routines, GuardReach.detours] {
            for (place, reach) in sort.enumerated() where place % 3 == 0 {
                try expectRefusal(reach, guarded, starting: place == 0)
            }
        }
        let owner = guarded.database.owner
        try expectRefusal(
            GuardReach(
                "GRANT \(owner) TO %r", undo: "REVOKE \(owner) FROM %r",
                "NOINHERIT does not prevent SET ROLE"), guarded)
        let after = try guarded.run("db", "posture")
        #expect(after.end == .exited(0), "\(after.output)")
    }

    /// Whoever may not connect may still become a role that the login can become.
    @Test func `are not reached by a role that may write the slot and not connect`() throws {
        let guarded = try GuardedDatabase("sealed")
        let name = guarded.database.name
        try guarded.look("REVOKE CONNECT ON DATABASE \(name) FROM PUBLIC")
        try expectRefusal(
            GuardReach(
                GuardReach.alone(
                    """
                    CREATE ROLE %h NOLOGIN; GRANT %h TO %r;
                    GRANT SET ON PARAMETER backtrace_functions TO %h
                    """), undo: GuardReach.alone("DROP OWNED BY %h; DROP ROLE %h"),
                fill("backtrace_functions can be set by %h", guarded)), guarded)
        #expect(try guarded.run("db", "posture").end == .exited(0))
    }

    @Test(arguments: ["sealed", "plain"])
    func `are looked after at each new login of a backend that runs`(_ mode: String) throws {
        let backend = try RunningBackend(workers: 1, context: mode)
        let tenant = try backend.makeTenant()
        let runtime = try #require(backend.database).runtime
        let end =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '\(runtime)'"
        for reach in [
            GuardReach(
                "SELECT (ipad, opad, kid)", on: "ringfence_guard.keys", to: runtime, ""),
            GuardReach(
                "EXECUTE",
                on: "FUNCTION ringfence_guard.install_key"
                    + "(text, bytea, bytea, timestamptz, timestamptz)", to: runtime, ""),
            GuardReach(
                "EXECUTE", on: "FUNCTION ringfence_guard.mint(uuid, integer)", to: "PUBLIC", ""),
        ] {
            try backend.look(reach.sql)
            try backend.look(end)
            try eventually("unreadiness") { try backend.health("/readyz").status == 503 }
            #expect(try backend.send("GET", "/v1/events", as: tenant.scope).status == 503)
            try backend.look(reach.undo)
            try eventually("service") {
                try backend.send("GET", "/v1/events", as: tenant.scope).status == 200
            }
        }
    }

    /// What is said of a seal's worth is said of one that somebody else holds, too.
    @Test func `of a second tenant change nothing within a statement, and say so`() throws {
        let guarded = try GuardedDatabase("sealed")
        let key = try guarded.makeKey()
        let first = try key.seal("t", GuardedDatabase.acme, seconds: 200)
        let second = try key.seal("t", GuardedDatabase.globex, seconds: 200)
        let topics = "SELECT string_agg(topic, ',') FROM ringfence.events"
        let enter = "BEGIN; SELECT ringfence_guard.enter('\(first)');"
        let within = try guarded.ask(
            "\(enter) \(topics), (SELECT ringfence_guard.enter('\(second)')) AS x")
        #expect(within.state == "28000" && !within.output.contains("globex.event"))
        let own = try guarded.ask(
            "\(enter) RESET ALL; SELECT ringfence_guard.enter('\(second)'); \(topics)")
        #expect(own.output == "globex.event" && own.state == nil)
        let posture = try guarded.run("db", "posture").output
        #expect(posture.contains("  stops: a second tenant's valid seal within one statement"))
        #expect(posture.contains("(RESET ALL), and whoever holds a valid seal may enter with it"))
    }
}

@Suite struct `What db posture promises` {
    @Test func `is taken back where the ground for it is gone`() throws {
        let guarded = try GuardedDatabase("sealed")
        let runtime = guarded.database.runtime
        let base = guarded.database.name
        for (sql, promise, undo) in [
            (
                "CREATE POLICY open ON ringfence.events USING (true)",
                "a statement that forgets the tenant", "DROP POLICY open ON ringfence.events"
            ),
            (
                "GRANT EXECUTE ON FUNCTION lo_put(oid, bigint, bytea) TO \(runtime)",
                "large objects",
                "REVOKE EXECUTE ON FUNCTION lo_put(oid, bigint, bytea) FROM "
                    + runtime
            ),
            (
                "GRANT SELECT (data) ON pg_largeobject TO \(runtime)", "large objects",
                "REVOKE SELECT (data) ON pg_largeobject FROM \(runtime)"
            ),
            (
                "ALTER ROLE \(runtime) IN DATABASE \(base) SET statement_timeout = 0",
                "a statement that never ends",
                "ALTER ROLE \(runtime) IN DATABASE \(base) SET statement_timeout = '7s'"
            ),
            (
                "ALTER ROLE \(runtime) IN DATABASE \(base) SET statement_timeout = '0s'",
                "a statement that never ends",
                "ALTER ROLE \(runtime) IN DATABASE \(base) SET statement_timeout = 7000"
            ),
            (
                """
                CREATE ROLE auditor_\(base) LOGIN NOINHERIT;
                GRANT CONNECT ON DATABASE \(base) TO auditor_\(base);
                GRANT ringfence_guard TO auditor_\(base)
                """, "a login that reads the keys",
                "DROP OWNED BY auditor_\(base); DROP ROLE auditor_\(base)"
            ),
            (
                """
                CREATE ROLE auditor_\(base) LOGIN;
                GRANT CONNECT ON DATABASE \(base) TO auditor_\(base);
                GRANT SELECT (ipad) ON ringfence_guard.keys TO auditor_\(base)
                """, "a login that reads the keys",
                "DROP OWNED BY auditor_\(base); DROP ROLE auditor_\(base)"
            ),
            (
                "ALTER EVENT TRIGGER ringfence_guard_tables DISABLE",
                "a later table without protection",
                "ALTER EVENT TRIGGER ringfence_guard_tables ENABLE"
            ),
        ] {
            let before = try guarded.run("db", "posture").output
            #expect(before.contains("  stops: \(promise)"), "\(before)")
            try guarded.look(sql)
            let broken = try guarded.run("db", "posture").output
            #expect(broken.contains("  does not stop: \(promise)"), "\(sql): \(broken)")
            try guarded.look(undo)
        }
        let after = try guarded.run("db", "posture")
        #expect(after.end == .exited(0))
        #expect(after.output.contains("statement_timeout is 7000 ms where no"), "\(after.output)")
    }

    @Test(arguments: ["sealed", "statement"])
    func `of later tables takes a trigger of this version`(_ mode: String) throws {
        let guarded = try GuardedDatabase(mode)
        let promise = "  stops: a later table without protection"
        #expect(try guarded.run("db", "posture").output.contains(promise))
        try guarded.look(
            """
            DROP EVENT TRIGGER ringfence_guard_tables;
            CREATE EVENT TRIGGER ringfence_guard_tables ON ddl_command_end
                WHEN TAG IN ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE')
                EXECUTE FUNCTION ringfence_guard.guard_tables()
            """)
        let posture = try guarded.run("db", "posture")
        #expect(!posture.output.contains(promise), "\(posture.output)")
        #expect(posture.end == .exited(mode == "sealed" ? 5 : 0))
    }
}
