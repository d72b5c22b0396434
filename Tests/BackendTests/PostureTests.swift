import Foundation
import TestSupport
import Testing

/// A database of one test with the policy that names it; no program runs on it yet.
struct Bench {
    let cluster: PostgresCluster
    let database: TestDatabase
    let folder: TemporaryFolder
    let config: String

    init(runtime: String? = nil, owner: String? = nil) throws {
        cluster = try PostgresCluster.shared()
        database = try cluster.makeDatabase()
        folder = try TemporaryFolder()
        config = try RunningBackend.writePolicy(
            to: folder, owner: owner ?? database.ownerURL, runtime: runtime ?? database.runtimeURL,
            context: "sealed", admin: database.adminURL)
    }

    func run(_ words: String...) throws -> (
        end: ChildProcess.End, output: String, errorOutput: String
    ) {
        try RunningBackend.run(words + ["--config", config])
    }

    func migrate() throws {
        let result = try run("db", "migrate")
        guard result.end == .exited(0) else {
            throw TestSupportError.closedEarly(result.errorOutput)
        }
    }

    func use(runtime: String) throws {
        try RunningBackend.writePolicy(
            to: folder, owner: database.ownerURL, runtime: runtime, context: "sealed",
            admin: database.adminURL)
    }
}

@Suite struct `The role that serves requests` {
    /// What a superuser does to the role, and what the program says about it.
    static let weaknesses: [(sql: String, words: String)] = [
        ("ALTER ROLE %r SUPERUSER", "is a superuser"),
        ("ALTER ROLE %r BYPASSRLS", "has BYPASSRLS"),
        ("ALTER ROLE %r CREATEROLE", "has CREATEROLE"),
        ("ALTER ROLE %r REPLICATION", "has REPLICATION"),
        ("GRANT %o TO %r", "NOINHERIT does not prevent SET ROLE"),
        ("ALTER TABLE ringfence.events OWNER TO %r", "owns table ringfence.events"),
        ("GRANT pg_read_server_files TO %r", "reaches files of the server"),
        (
            "ALTER ROLE %r SET app.current_tenant = '018f0000-0000-7000-8000-00000000000a'",
            "start with app.current_tenant set"
        ),
    ]

    @Test(arguments: weaknesses) func `is refused when it can step around row security (G3)`(
        _ weakness: (sql: String, words: String)
    ) throws {
        let bench = try Bench()
        try bench.migrate()
        #expect(try bench.run("db", "posture").end == .exited(0))
        let sql = weakness.sql.replacingOccurrences(of: "%r", with: bench.database.runtime)
            .replacingOccurrences(of: "%o", with: bench.database.owner)
        try bench.cluster.run(sql: sql, in: bench.database)
        defer {
            // Roles belong to the whole cluster; a powerful one is not left behind.
            _ = try? bench.cluster.run(
                sql: """
                    ALTER ROLE \(bench.database.runtime) NOSUPERUSER NOBYPASSRLS NOCREATEROLE \
                    NOREPLICATION
                    """, in: bench.database)
        }
        let posture = try bench.run("db", "posture")
        #expect(posture.end == .exited(5))
        #expect(posture.output.contains(weakness.words), "\(posture.output)")
        let run = try bench.run("run")
        #expect(run.end == .exited(5))
        #expect(run.errorOutput.contains(weakness.words), "\(run.errorOutput)")
        #expect(run.errorOutput.contains("refusing to serve"))
    }

    @Test func `must not be the owner`() throws {
        let bench = try Bench()
        try bench.migrate()
        try bench.use(runtime: bench.database.ownerURL)
        let run = try bench.run("run")
        #expect(run.end == .exited(5), "\(run.errorOutput)")
        #expect(run.errorOutput.contains("owns "))
        let migrate = try bench.run("db", "migrate")
        #expect(migrate.end == .exited(5))
        #expect(migrate.errorOutput.contains("are the same role"))
    }

    @Test func `must not be the superuser`() throws {
        let bench = try Bench()
        try bench.migrate()
        try bench.use(runtime: bench.database.adminURL)
        let run = try bench.run("run")
        #expect(run.end == .exited(5))
        #expect(run.errorOutput.contains("is a superuser"))
    }
}

@Suite struct `The schema` {
    /// Event triggers do not fire for whoever says this, who is a superuser.
    private static let past = "SET session_replication_role = replica; "

    /// What somebody does to the schema by hand, and what the program says about it.
    static let sabotages: [(sql: String, words: String)] = [
        (
            past + "ALTER TABLE ringfence.events DISABLE ROW LEVEL SECURITY",
            "security is off for ringfence.events"
        ),
        (
            "ALTER TABLE ringfence.events NO FORCE ROW LEVEL SECURITY",
            "security is not forced for ringfence.events"
        ),
        ("DROP POLICY tenant_floor ON ringfence.events", "ringfence.events has no restrictive"),
        (
            "CREATE POLICY open ON ringfence.events USING (true)",
            "policy open of ringfence.events is none of ours"
        ),
        (
            """
            CREATE POLICY ajar ON ringfence.events
            USING (tenant_id = ringfence.tenant() OR current_setting('app.admin', true) = 'on')
            """, "policy ajar of ringfence.events"
        ),
        (
            """
            DROP POLICY tenant_rows ON ringfence.events;
            CREATE POLICY tenant_rows ON ringfence.events
            USING (tenant_id = ringfence.tenant()) WITH CHECK (true)
            """, "policy tenant_rows of ringfence.events"
        ),
        (
            "CREATE POLICY all_tenants ON ringfence.tenants USING (id = ringfence.tenant())",
            "policy all_tenants of ringfence.tenants"
        ),
        (
            past + "CREATE TABLE ringfence.notes (tenant_id uuid, body text)",
            "security is off for ringfence.notes"
        ),
        (
            "CREATE VIEW ringfence.everything AS SELECT * FROM ringfence.events",
            "security is off for ringfence.everything"
        ),
        ("GRANT TRUNCATE ON ringfence.events TO %r", "may TRUNCATE ringfence.events"),
        ("GRANT TRIGGER ON ringfence.audit TO %r", "may TRIGGER ringfence.audit"),
        ("GRANT TEMPORARY ON DATABASE %d TO %r", "TEMPORARY on the database"),
        ("GRANT CREATE ON DATABASE %d TO PUBLIC", "CREATE on the database"),
        ("GRANT CREATE ON SCHEMA public TO PUBLIC", "CREATE on schema public"),
        (
            """
            CREATE OR REPLACE FUNCTION ringfence.tenant() RETURNS uuid LANGUAGE sql STABLE
            PARALLEL SAFE RETURN current_setting('app.current_tenant')::uuid
            """, "function ringfence.tenant is not the one"
        ),
        ("ALTER FUNCTION ringfence.tenant() IMMUTABLE", "function ringfence.tenant is not the one"),
        (
            "CREATE POLICY open ON ringfence.tenants USING (true)",
            "policy open of ringfence.tenants"
        ),
        (
            "CREATE POLICY open ON ringfence.vendors FOR INSERT WITH CHECK (true)",
            "policy open of ringfence.vendors"
        ),
        (
            past + "CREATE TABLE public.child () INHERITS (ringfence.events)",
            "security is off for public.child"
        ),
        (
            """
            CREATE VIEW public.report AS SELECT * FROM ringfence.events;
            GRANT SELECT ON public.report TO %r
            """, "may read view public.report"
        ),
        (
            """
            CREATE VIEW public.near WITH (security_invoker) AS SELECT * FROM ringfence.events;
            CREATE VIEW public.far AS SELECT topic FROM public.near;
            GRANT SELECT (topic) ON public.far TO %r
            """, "may read view public.far"
        ),
        (
            """
            CREATE MATERIALIZED VIEW public.counts AS SELECT count(*) FROM ringfence.events;
            GRANT SELECT ON public.counts TO PUBLIC
            """, "may read view public.counts"
        ),
        (
            """
            CREATE RULE copy AS ON INSERT TO ringfence.events DO ALSO
            UPDATE ringfence.tenants SET name = 'x'
            """, "rule copy of ringfence.events"
        ),
        (
            """
            CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
            AS 'BEGIN RETURN NEW; END';
            REVOKE ALL ON FUNCTION public.f() FROM PUBLIC;
            CREATE TRIGGER copy AFTER INSERT ON ringfence.events
            FOR EACH ROW EXECUTE FUNCTION public.f()
            """, "trigger copy of ringfence.events runs with its owner's rights"
        ),
        (
            """
            GRANT USAGE ON SCHEMA public TO %r;
            CREATE FUNCTION public.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER
            RETURN (SELECT count(*) FROM ringfence.events)
            """, "may call public.peek"
        ),
        (
            """
            GRANT USAGE ON SCHEMA public TO %r;
            CREATE FUNCTION public.leak(text) RETURNS boolean LANGUAGE plpgsql LEAKPROOF
            AS 'BEGIN RETURN true; END'
            """, "may call public.leak"
        ),
        ("GRANT DELETE ON ringfence.audit TO %r", "may DELETE ringfence.audit"),
        ("GRANT UPDATE (reason) ON ringfence.audit TO %r", "may UPDATE ringfence.audit"),
        ("GRANT REFERENCES (id) ON ringfence.events TO %r", "may REFERENCES ringfence.events"),
        (
            """
            CREATE ROLE helper_of_%r NOLOGIN; GRANT TRUNCATE ON ringfence.events TO helper_of_%r;
            GRANT helper_of_%r TO %r
            """, "may TRUNCATE ringfence.events"
        ),
        (
            "CREATE UNIQUE INDEX by_id ON ringfence.events (id)",
            "index ringfence.by_id of ringfence.events does not begin with the tenant"
        ),
        (
            """
            CREATE UNIQUE INDEX by_id ON ringfence.events (id);
            ALTER TABLE ringfence.audit ADD CONSTRAINT about FOREIGN KEY (id)
            REFERENCES ringfence.events (id)
            """, "foreign key about of ringfence.audit"
        ),
        (
            "ALTER FUNCTION ringfence.vendor() SECURITY DEFINER",
            "function ringfence.vendor is not the one"
        ),
        (
            "GRANT SET ON PARAMETER backtrace_functions TO %r",
            "backtrace_functions can be set by %r"
        ),
        (
            "ALTER ROLE %r SET backtrace_functions = '018f0000000070008000000000000000a,'",
            "backtrace_functions is set for its sessions"
        ),
        ("ALTER ROLE %r SET app.seal = 'x'", "app.seal is set for its sessions"),
        ("DROP EVENT TRIGGER ringfence_guard_tables", "event trigger ringfence_guard_tables"),
        (
            "GRANT SELECT ON ringfence_guard.keys TO %r",
            "may SELECT ringfence_guard.keys"
        ),
        (
            """
            CREATE OR REPLACE FUNCTION ringfence_guard.is_valid(seal text) RETURNS boolean
            LANGUAGE plpgsql STABLE PARALLEL SAFE AS 'BEGIN RETURN true; END'
            """, "function ringfence_guard.is_valid is not the one"
        ),
        (
            """
            DO $do$
            BEGIN
                EXECUTE format('CREATE FUNCTION ringfence_guard.is_valid(seal text, more int)'
                    ' RETURNS boolean LANGUAGE plpgsql STABLE AS %L', (SELECT prosrc FROM pg_proc
                    WHERE oid = 'ringfence_guard.is_valid(text)'::regprocedure));
                ALTER FUNCTION ringfence_guard.is_valid(text, int) OWNER TO ringfence_guard;
                REVOKE ALL ON FUNCTION ringfence_guard.is_valid(text, int) FROM PUBLIC;
            END
            $do$;
            CREATE OR REPLACE FUNCTION ringfence_guard.is_valid(seal text) RETURNS boolean
            LANGUAGE plpgsql STABLE PARALLEL SAFE AS 'BEGIN RETURN true; END'
            """, "function ringfence_guard.is_valid is not the one"
        ),
        (
            "ALTER FUNCTION ringfence_guard.enter(text) RESET search_path",
            "function ringfence_guard.enter is not the one"
        ),
        (
            """
            CREATE FUNCTION ringfence_guard.back_door() RETURNS text LANGUAGE sql SECURITY DEFINER
            RETURN (SELECT string_agg(kid, '') FROM ringfence_guard.keys)
            """, "may call ringfence_guard.back_door"
        ),
        (
            "ALTER TABLE ringfence.audit DROP CONSTRAINT audit_pkey;"
                + "ALTER TABLE ringfence.audit ALTER COLUMN tenant_id DROP NOT NULL",
            "the tenant of a row of ringfence.audit may be NULL"
        ),
    ]

    @Test(arguments: sabotages) func `is examined before serving`(
        _ sabotage: (sql: String, words: String)
    ) throws {
        let bench = try Bench()
        try bench.migrate()
        #expect(try bench.run("db", "posture").end == .exited(0))
        let sql = sabotage.sql.replacingOccurrences(of: "%r", with: bench.database.runtime)
            .replacingOccurrences(of: "%d", with: bench.database.name)
        try bench.cluster.run(sql: sql, in: bench.database)
        defer {
            // What is granted on parameters belongs to the whole cluster, in one row.
            if sql.contains("ON PARAMETER") {
                _ = try? bench.cluster.run(
                    sql:
                        "REVOKE SET ON PARAMETER backtrace_functions "
                        + "FROM \(bench.database.runtime)",
                    in: bench.database)
            }
        }
        let posture = try bench.run("db", "posture")
        #expect(posture.end == .exited(5))
        let words = sabotage.words.replacingOccurrences(of: "%r", with: bench.database.runtime)
        #expect(posture.output.contains(words), "\(posture.output)")
        let run = try bench.run("run")
        #expect(run.end == .exited(5), "\(run.errorOutput)")
        #expect(run.errorOutput.contains(words))
    }

    @Test func `has its grants put right by the next migration`() throws {
        let bench = try Bench()
        try bench.migrate()
        let runtime = bench.database.runtime
        try bench.cluster.run(
            sql: """
                GRANT ALL ON ALL TABLES IN SCHEMA ringfence TO \(runtime);
                GRANT TEMPORARY, CREATE ON DATABASE \(bench.database.name) TO \(runtime);
                """, in: bench.database)
        #expect(try bench.run("db", "posture").end == .exited(5))
        try bench.migrate()
        let posture = try bench.run("db", "posture")
        #expect(posture.end == .exited(0), "\(posture.output)")
    }

    @Test func `is migrated once`() throws {
        let bench = try Bench()
        let first = try bench.run("db", "migrate")
        #expect(first.output.hasPrefix("applied 1"), "\(first.output)\(first.errorOutput)")
        let second = try bench.run("db", "migrate")
        #expect(second.end == .exited(0))
        #expect(second.output.contains("nothing to apply"))
    }

    @Test func `may be migrated by several at once`() throws {
        let bench = try Bench()
        for _ in 0..<3 {
            let migrators = try (0..<4).map { _ in
                try ChildProcess(
                    try RunningBackend.program.get(), ["db", "migrate", "--config", bench.config])
            }
            for migrator in migrators {
                #expect(try migrator.wait() == .exited(0), "\(migrator.errorOutput)")
            }
        }
        #expect(try bench.run("db", "posture").end == .exited(0))
    }

    @Test func `must be there before serving`() throws {
        let bench = try Bench()
        // As the test cluster makes it: nobody may TEMP or CREATE, and there is no schema yet.
        let run = try bench.run("run")
        #expect(run.end == .exited(1))
        #expect(
            run.errorOutput.hasPrefix("error: migrations 1, 2, ")
                && run.errorOutput.contains(" are missing; run"),
            "\(run.errorOutput)")
        let posture = try bench.run("db", "posture")
        #expect(posture.end == .exited(1))
        #expect(posture.output.hasPrefix("unproven: "), "\(posture.output)")
    }

    @Test func `of a newer program is not served from, nor migrated`() throws {
        let bench = try Bench()
        try bench.migrate()
        try bench.cluster.run(
            sql: """
                INSERT INTO ringfence_migrations.applied (number, name, checksum)
                VALUES (9999, 'from the future', 'x')
                """, in: bench.database)
        let run = try bench.run("run")
        #expect(run.end == .exited(1))
        #expect(run.errorOutput.contains("9999"), "\(run.errorOutput)")
        let migrate = try bench.run("db", "migrate")
        #expect(migrate.end == .exited(1))
        #expect(migrate.errorOutput.contains("a newer one was here"))
    }

    @Test func `is not migrated for a role that does not exist`() throws {
        let bench = try Bench()
        // Nobody is there to make it.
        try RunningBackend.writePolicy(
            to: bench.folder, owner: bench.database.ownerURL,
            runtime: "postgresql://nobody_at_all:x@/\(bench.database.name)", context: "plain")
        let migrate = try bench.run("db", "migrate")
        #expect(migrate.end == .exited(1))
        #expect(migrate.errorOutput.contains("`nobody_at_all`"))
        #expect(migrate.errorOutput.contains("CREATE ROLE nobody_at_all LOGIN"))
    }

    @Test(arguments: [
        "postgresql:///db?host=/tmp", "host=/tmp dbname=x", "postgresql://Quoted:x@/db",
        "postgresql://a%3B%20drop:x@/db", "not a connection string",
    ])
    func `is not migrated for a role without a plain name`(_ runtime: String) throws {
        let bench = try Bench()
        try bench.use(runtime: runtime)
        let migrate = try bench.run("db", "migrate")
        #expect(migrate.end == .exited(2), "\(migrate.errorOutput)")
        #expect(migrate.errorOutput.contains("must name its role"))
    }
}
