import Foundation
import Testing
import TestSupport
import Verification

@Suite struct `A protected table` {
    /// What is not the tables' business, done by whoever owns the database.
    static func close(_ shop: LegacyShop) throws {
        try shop.ask(
            """
            REVOKE ALL ON DATABASE \(shop.database.name) FROM PUBLIC;
            GRANT CONNECT ON DATABASE \(shop.database.name) TO \(shop.database.runtime);
            REVOKE ALL ON SCHEMA public FROM PUBLIC;
            DO $$
            DECLARE name text;
            BEGIN
                FOR name IN SELECT oid::regprocedure FROM pg_proc
                    WHERE pronamespace = 'pg_catalog'::regnamespace
                    AND proname ~ '^lo(_.*|read|write)$'
                LOOP EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', name); END LOOP;
            END $$;
            CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql
                SET search_path = pg_catalog, pg_temp AS $$ BEGIN END $$;
            CREATE EVENT TRIGGER watch_\(shop.database.name) ON ddl_command_end
                EXECUTE FUNCTION public.watch();
            REVOKE ALL ON FUNCTION public.watch() FROM PUBLIC;
            """)
    }

    @Test(.timeLimit(.minutes(30)))
    func `is proven by db verify`() throws {
        let shop = try LegacyShop(rows: 20)
        _ = try shop.apply(shop.options())
        try Self.close(shop)
        var options = VerificationOptions(login: DatabaseAddress(shop.database.runtimeURL))
        options.schemas = ["shop"]
        options.context = .setting("app.current_tenant")
        let report: VerificationReport
        do throws(ProbeFault) {
            report = try Verifier.verify(options)
        } catch {
            throw LegacyShop.Stopped(words: error.words)
        }
        let open = report.findings.filter(\.counts)
        #expect(open.isEmpty, "\(report.text(colour: false))")
        #expect(report.exitCode == 0)
        let names = report.relations.map(\.relation)
        #expect(Set(LegacyShop.tables).isSubset(of: Set(names)), "\(names)")
        for relation in report.relations where LegacyShop.tables.contains(relation.relation) {
            #expect(relation.verdict == .proven, "\(relation.relation)")
        }
    }

    /// As the guard's scripts make it, by mode.
    static let functions: [(mode: ProtectOptions.Mode, body: String, policy: String)] = [
        (
            .sealed,
            "nullif(split_part(current_setting('backtrace_functions'), ',', 1), '')::uuid",
            "(tenant_id = ringfence.tenant())"
        ),
        (
            .statement, "ringfence_guard.verified('t')",
            "(tenant_id = ( SELECT ringfence.tenant() AS tenant))"
        ),
        (
            .plain, "nullif(current_setting('app.current_tenant', true), '')::uuid",
            "(tenant_id = ringfence.tenant())"
        ),
    ]

    @Test(arguments: functions.indices)
    func `asks the guard of the database, in its mode`(_ index: Int) throws {
        let (mode, body, policy) = Self.functions[index]
        let shop = try LegacyShop(rows: 4)
        try shop.ask(
            """
            CREATE SCHEMA ringfence AUTHORIZATION \(shop.database.owner);
            CREATE SCHEMA ringfence_guard;
            CREATE FUNCTION ringfence_guard.verified(text) RETURNS uuid LANGUAGE sql STABLE
                RETURN NULL::uuid;
            GRANT USAGE ON SCHEMA ringfence_guard TO PUBLIC;
            CREATE FUNCTION ringfence.tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
                RETURN \(body);
            ALTER FUNCTION ringfence.tenant() OWNER TO \(shop.database.owner);
            REVOKE ALL ON FUNCTION ringfence.tenant() FROM PUBLIC;
            """)
        for other in ProtectOptions.Mode.allCases where other != mode {
            let plan = try shop.plan(shop.options(mode: other))
            #expect(plan.refusals.contains { $0.contains("is \(mode.rawValue)") })
        }
        // Unless a mode is said, it is the one that is in force.
        var options = shop.options()
        options.mode = nil
        let plan = try shop.apply(options)
        #expect(plan.mode == mode && plan.refusals == [])
        #expect(try shop.plan(shop.options(mode: mode)).steps == [])
        let texts = try shop.ask(
            "SELECT string_agg(DISTINCT pg_get_expr(polqual, polrelid), '|') FROM pg_policy")
        #expect(texts == policy)
        let may = try shop.ask(
            "SELECT has_function_privilege('\(shop.database.runtime)', 'ringfence.tenant()', "
                + "'EXECUTE')")
        #expect(may == "t")
        #expect(try shop.asRuntime(nil, "SELECT count(*) FROM shop.orders").output == "0\n")
    }

    @Test func `an event trigger that would close it at the first step is named`() throws {
        let shop = try LegacyShop(rows: 4)
        try shop.ask(
            """
            CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM 1 WHERE 'x' IN ('ringfence', 'shop'); END $$;
            CREATE EVENT TRIGGER ringfence_guard_tables ON ddl_command_end
                EXECUTE FUNCTION public.watch();
            """)
        let plan = try shop.plan(shop.options())
        #expect(plan.refusals.contains { $0.contains("watches schema shop") })
        try shop.ask("ALTER EVENT TRIGGER ringfence_guard_tables DISABLE")
        #expect(try shop.plan(shop.options()).refusals == [])
    }
}

@Suite struct `The commands db protect and db evidence` {
    private func backend(
        _ words: [String]
    ) throws -> (end: ChildProcess.End, output: String, errorOutput: String) {
        let program = try BuiltProducts.path("ringfence-backend")
        return try ChildProcess.run(program, ["db"] + words)
    }

    @Test func `protect prints a script, applies it, and says what is left`() throws {
        let shop = try LegacyShop(rows: 4)
        let folder = try TemporaryFolder()
        let owner = try folder.write(shop.database.ownerURL + "\n", to: "owner.dsn")
        var words = [
            "protect", "--owner-file", owner, "--role", shop.database.runtime, "--mode", "plain",
        ]
        for table in shop.options().tables {
            words += [table.name, "--backfill", "\(table.name)=\(table.backfill ?? "")"]
        }
        let printed = try backend(words)
        #expect(printed.end == .exited(0), "\(printed.errorOutput)")
        #expect(printed.output.hasPrefix("-- Brings shop.customers, shop.orders"))
        #expect(try shop.ask("SELECT count(*) FROM pg_policy") == "0")
        let applied = try backend(words + ["--apply"])
        #expect(applied.end == .exited(0), "\(applied.errorOutput)")
        #expect(applied.output.contains("left for you: customers_org_fkey"))
        #expect(applied.output.contains("steps done"))
        try shop.expectGuarded()
        let again = try backend(words + ["--apply"])
        #expect(again.output.hasSuffix("nothing was left to do\n"))
    }

    @Test(arguments: [
        (["protect"], 64, "takes 1 to 64 tables"),
        (["protect", "t", "--mode", "closed"], 64, "takes one of `sealed`, `statement`, `plain`"),
        (["protect", "t", "--backfill", "u=1"], 64, "not among the tables"),
        (["protect", "t", "--attempts", "0"], 64, "takes 1 to 1000"),
        (["protect", "t", "--owner-file", "/nowhere"], 2, "cannot read `/nowhere`"),
        (["protect", "t", "--config", "a", "--owner-file", "b"], 64, "both say where"),
        (["evidence"], 64, "`keygen` or `check`"),
        (["evidence", "check", "/nowhere", "--public-key", "/nowhere"], 2, "cannot read"),
    ])
    func `what makes no sense is refused`(
        _ words: [String], _ code: Int32, _ message: String
    ) throws {
        let run = try backend(words)
        #expect(run.end == .exited(code), "\(run.errorOutput)")
        #expect(run.errorOutput.contains(message), "\(run.errorOutput)")
    }

    @Test func `a database out of reach is 4, and the password is not shown`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "postgresql://someone:sesame@127.0.0.1:1/x?connect_timeout=2", to: "dsn")
        let run = try backend(["protect", "t", "--owner-file", file])
        #expect(run.end == .exited(4), "\(run.errorOutput)")
        #expect(!run.errorOutput.contains("sesame"))
    }

    @Test func `evidence keys are made once, and a report is checked without a database`() throws {
        let folder = try TemporaryFolder()
        let (secret, open) = (folder.path + "/key", folder.path + "/key.pub")
        let made = try backend(["evidence", "keygen", "--private", secret, "--public", open])
        #expect(made.end == .exited(0), "\(made.errorOutput)")
        let mode = try FileManager.default.attributesOfItem(atPath: secret)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        let again = try backend(["evidence", "keygen", "--private", secret, "--public", open])
        #expect(again.end == .exited(1))
        let key = try Data(contentsOf: URL(fileURLWithPath: secret))
        let page = try Evidence.write(
            `What a verification is written as`.report(), privatePEM: Array(key))
        let report = folder.path + "/report.html"
        try Data(page).write(to: URL(fileURLWithPath: report))
        let check = try backend(["evidence", "check", report, "--public-key", open])
        #expect(check.end == .exited(0), "\(check.errorOutput)")
        try Data(page + Array("<p>".utf8)).write(to: URL(fileURLWithPath: report))
        let changed = try backend(["evidence", "check", report, "--public-key", open])
        #expect(changed.end == .exited(1))
        #expect(changed.errorOutput.contains("is no evidence"))
    }
}
