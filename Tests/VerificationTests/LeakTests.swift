import LocalPostgres
import TestSupport
import Testing

@testable import Verification

@Suite struct `Verifying` {
    static func clean() throws -> (TestDatabase, VerificationOptions) {
        let cluster = try PostgresCluster.shared()
        let database = try cluster.makeDatabase()
        try cluster.run(sql: script(for: database), in: database)
        return (database, CleanSchema.options(DatabaseAddress(database.runtimeURL)))
    }

    private static func script(
        for database: TestDatabase, named name: String? = nil
    ) -> String {
        CleanSchema.script
            .split(separator: "{login}", omittingEmptySubsequences: false)
            .joined(separator: database.runtime)
            .split(separator: "{owner}", omittingEmptySubsequences: false)
            .joined(separator: database.owner)
            .split(separator: "{database}", omittingEmptySubsequences: false)
            .joined(separator: name ?? database.name)
    }

    @Test func `a database that cannot be reached is a fault and no verdict`() {
        let address = DatabaseAddress("postgresql://nobody@/nothing?host=/nonexistent")
        #expect(throws: ProbeFault.self) {
            try Verifier.verify(VerificationOptions(login: address))
        }
    }

    @Test func `leaves every table as it was`() throws {
        let (database, options) = try Self.clean()
        let cluster = try PostgresCluster.shared()
        let count = """
            SELECT (SELECT count(*) FROM shop.orders) + (SELECT count(*) FROM shop.customers)
                + (SELECT count(*) FROM shop.events)
            """
        try cluster.run(
            sql: """
                INSERT INTO shop.customers VALUES
                ('018f0000-0000-7000-8000-00000000000a', gen_random_uuid(), 'a@a'),
                ('018f0000-0000-7000-8000-00000000000b', gen_random_uuid(), 'b@b')
                """, in: database)
        let report = try Verifier.verify(options)
        #expect(report.exitCode == 0)
        #expect(try cluster.run(sql: count, in: database) == "2\n")
    }

    @Test func `counts what it tried`() throws {
        let (_, options) = try Self.clean()
        let report = try Verifier.verify(options)
        let orders = try #require(report.relations.first { $0.relation == "shop.orders" })
        #expect(orders.verdict == .proven)
        #expect(orders.policies.allSatisfy { $0.isCanonical })
        // 5 contexts, 3 rows, 5 conditions.
        #expect(orders.cells == 75)
        #expect(report.subject.mode == .plain)
        #expect(report.subject.profile == "generic")
        #expect(report.counts.probesFailed == 0)
        for rule in [Rule.t1, .l1, .l2, .l3, .l4, .l5, .l6] {
            #expect(
                report.probes.contains {
                    $0.probe == rule && $0.relation == "shop.orders" && $0.result == .passed
                }, "\(rule.rawValue)")
        }
        #expect(report.relations.first { $0.relation == "shop.countries" }?.isGlobal == true)
    }

    @Test func `plain mode that was not chosen is unproven`() throws {
        var (_, options) = try Self.clean()
        options.context = .automatic
        let report = try Verifier.verify(options)
        #expect(report.exitCode == 1)
        #expect(report.findings.first { $0.severity == .unproven }?.rule == .b9)
    }

    @Test func `other columns, settings and types will do`() throws {
        let cluster = try PostgresCluster.shared()
        let database = try cluster.makeDatabase()
        try cluster.run(
            sql: """
                REVOKE ALL ON SCHEMA public FROM PUBLIC;
                CREATE SCHEMA app;
                CREATE TABLE app."Order Lines" (org bigint NOT NULL, id int NOT NULL,
                    PRIMARY KEY (org, id));
                ALTER TABLE app."Order Lines" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
                CREATE POLICY floor ON app."Order Lines" AS RESTRICTIVE
                    USING (org = (SELECT nullif(current_setting('my.org', true), '')::bigint));
                CREATE POLICY open ON app."Order Lines"
                    USING (org = (SELECT nullif(current_setting('my.org', true), '')::bigint));
                GRANT USAGE ON SCHEMA app TO \(database.runtime);
                GRANT SELECT, INSERT, UPDATE, DELETE ON app."Order Lines" TO \(database.runtime);
                """, in: database)
        var options = VerificationOptions(login: DatabaseAddress(database.runtimeURL))
        options.tenantColumns = ["org"]
        options.context = .setting("my.org")
        let report = try Verifier.verify(options)
        #expect(report.exitCode == 0, "\(report.findings)")
        #expect(report.relations.map(\.relation) == ["app.\"Order Lines\""])
    }

    @Test func `the fingerprint changes with what a verdict rests on`() throws {
        let (database, options) = try Self.clean()
        let cluster = try PostgresCluster.shared()
        // Roles are the whole cluster's, and other tests make some meanwhile.
        try eventually("two looks that agree") {
            let before = try CatalogFingerprint.read(options)
            try cluster.run(sql: "ANALYZE shop.orders", in: database)
            return try CatalogFingerprint.read(options) == before
        }
        for change in [
            "GRANT SELECT ON shop.archive TO \(database.runtime)",
            "ALTER TABLE shop.orders NO FORCE ROW LEVEL SECURITY",
            "ALTER POLICY tenant_rows ON shop.orders USING (true)",
            "CREATE TABLE shop.new (tenant_id uuid)",
            "ALTER ROLE \(database.runtime) SET app.current_tenant = 'x'",
        ] {
            let old = try CatalogFingerprint.read(options)
            try cluster.run(sql: change, in: database)
            #expect(try CatalogFingerprint.read(options) != old, "\(change)")
        }
    }

    @Test func `an accepted definer function is none any more when its body changes`() throws {
        let (database, base) = try Self.clean()
        var options = base
        let cluster = try PostgresCluster.shared()
        let function = { (body: String) in
            """
            CREATE OR REPLACE FUNCTION shop.count_all() RETURNS bigint LANGUAGE sql SECURITY DEFINER
                SET search_path = pg_catalog, pg_temp AS $$ \(body) $$;
            """
        }
        try cluster.run(sql: function("SELECT 1::bigint"), in: database)
        let finding = try #require(
            try Verifier.verify(options).findings.first { $0.rule == .c6 })
        let pin = try #require(finding.pin)
        options.allowedFunctions["shop.count_all()"] = [pin]
        #expect(try Verifier.verify(options).exitCode == 0)
        try cluster.run(sql: function("SELECT count(*) FROM shop.orders"), in: database)
        #expect(try Verifier.verify(options).exitCode == 1)
    }

    @Test func `a table with triggers is written to only when that was asked for`() throws {
        let (database, base) = try Self.clean()
        var options = base
        try PostgresCluster.shared().run(
            sql: """
                CREATE FUNCTION shop.nothing() RETURNS trigger LANGUAGE plpgsql
                    AS $$ BEGIN RETURN NEW; END $$;
                CREATE TRIGGER nothing BEFORE INSERT ON shop.orders
                    FOR EACH ROW EXECUTE FUNCTION shop.nothing();
                REVOKE EXECUTE ON FUNCTION shop.nothing() FROM PUBLIC;
                """, in: database)
        let probe = { (report: VerificationReport) in
            report.probes.first { $0.probe == .l1 && $0.relation == "shop.orders" }?.result
        }
        let careful = try Verifier.verify(options)
        #expect(probe(careful) == .skipped)
        options.firesTriggers = true
        let bold = try Verifier.verify(options)
        #expect(probe(bold) == .passed)
    }

    /// A partition's triggers fire for rows that come by its table, a rule for every statement.
    @Test(arguments: [
        (
            "shop.events",
            """
            CREATE TRIGGER counts BEFORE INSERT ON shop.events_now
                FOR EACH ROW EXECUTE FUNCTION shop.counts()
            """
        ),
        (
            "shop.orders",
            """
            CREATE TABLE shop.fired (at int); GRANT SELECT, INSERT ON shop.fired TO PUBLIC;
            CREATE RULE counts AS ON INSERT TO shop.orders
                DO ALSO INSERT INTO shop.fired SELECT nextval('shop.firings')
            """
        ),
    ])
    func `fires nothing that lies on a partition or in a rule`(
        _ relation: String, _ sql: String
    ) throws {
        let (database, options) = try Self.clean()
        let cluster = try PostgresCluster.shared()
        try cluster.run(
            sql: """
                CREATE SEQUENCE shop.firings; GRANT USAGE ON SEQUENCE shop.firings TO PUBLIC;
                CREATE FUNCTION shop.counts() RETURNS trigger LANGUAGE plpgsql
                    AS $$ BEGIN PERFORM nextval('shop.firings'); RETURN NEW; END $$;
                REVOKE EXECUTE ON FUNCTION shop.counts() FROM PUBLIC;
                \(sql)
                """, in: database)
        let report = try Verifier.verify(options)
        #expect(
            try cluster.run(sql: "SELECT is_called FROM shop.firings", in: database) == "f\n")
        let probe = report.probes.first { $0.probe == .l1 && $0.relation == relation }
        #expect(probe?.result == .skipped, "\(probe?.observed ?? "no probe")")
        // The table that asks for nothing is tried as before.
        #expect(
            report.probes.contains {
                $0.probe == .l1 && $0.relation == "shop.customers" && $0.result == .passed
            })
        // Asked for, it does fire: a sequence is not rolled back.
        var bold = options
        bold.firesTriggers = true
        _ = try Verifier.verify(bold)
        #expect(
            try cluster.run(sql: "SELECT is_called FROM shop.firings", in: database) == "t\n")
    }

    /// What a database of another encoding does not know is in no statement.
    @Test func `asks in ASCII, so that a database of any encoding can be verified`() throws {
        let texts = [StaticRule.prelude] + StaticRule.all.map(\.sql)
        for text in texts {
            #expect(text.utf8.allSatisfy { $0 < 0x80 }, "\(text)")
        }
        let cluster = try PostgresCluster.shared()
        let (database, options) = try Self.clean()
        let name = "latin_\(database.name)"
        try cluster.run(
            sql: """
                CREATE DATABASE \(name) OWNER \(database.owner) ENCODING 'LATIN1'
                    LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
                \\connect \(name)
                \(Self.script(for: database, named: name))
                SET client_encoding = 'UTF8';
                CREATE TABLE shop.caf\u{e9} (id int);
                """, in: database)
        var latin = options
        latin.login = DatabaseAddress(
            database.runtimeURL.replacing("/\(database.name)?", with: "/\(name)?"))
        let report = try Verifier.verify(latin)
        #expect(report.exitCode == 0, "\(report.findings.map(\.message))")
        try cluster.run(sql: "DROP DATABASE \(name) WITH (FORCE)", in: database)
    }
}
