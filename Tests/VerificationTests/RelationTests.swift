import LocalPostgres
import TestSupport
import Testing

@testable import Verification

/// What is legal around tables without a tenant column, and must be found so.
@Suite struct `Relations without a tenant column` {
    private static func findings(
        after script: (TestDatabase) -> String,
        _ prepare: (inout VerificationOptions) -> Void = { _ in }
    ) throws -> [Finding] {
        var (database, options) = try Verifying.clean()
        try PostgresCluster.shared().run(sql: script(database), in: database)
        prepare(&options)
        let report = try Verifier.verify(options)
        return report.findings.filter { $0.rule != .e2 && $0.rule != .b9 }
    }

    @Test func `definer views of what is global or the system's are no finding`() throws {
        let findings = try Self.findings { database in
            """
            CREATE VIEW shop.names AS SELECT code FROM shop.countries;
            CREATE VIEW shop.longer AS SELECT code FROM shop.names;
            CREATE VIEW shop.relations AS SELECT relname FROM pg_catalog.pg_class;
            CREATE VIEW shop.figures AS SELECT most_common_vals::text FROM pg_catalog.pg_stats;
            CREATE VIEW shop.columns AS SELECT * FROM information_schema.columns;
            CREATE VIEW shop.one AS SELECT 1 AS one;
            GRANT SELECT ON shop.names, shop.longer, shop.relations, shop.figures, shop.columns,
                shop.one TO \(database.runtime);
            """
        }
        #expect(findings == [])
    }

    /// PostgreSQL reads what an invoker view reads as the caller, whoever owns the view around it.
    @Test func `a definer view of an invoker view is no finding`() throws {
        let findings = try Self.findings { database in
            """
            CREATE VIEW shop.sums AS SELECT tenant_id, orders FROM shop.totals;
            CREATE VIEW shop.around AS SELECT tenant_id FROM shop.sums;
            GRANT SELECT ON shop.sums, shop.around TO \(database.runtime);
            INSERT INTO shop.orders (tenant_id, id, total)
                SELECT gen_random_uuid(), gen_random_uuid(), 1 FROM generate_series(1, 3);
            """
        }
        #expect(findings == [])
    }

    /// A view of a copy is the copy's, declared or not.
    @Test func `a definer view of a copy of tenants' rows is a leak`() throws {
        let findings = try Self.findings {
            """
            CREATE MATERIALIZED VIEW shop.sums AS SELECT sum(total) AS total FROM shop.orders;
            CREATE VIEW shop.shown AS SELECT total FROM shop.sums;
            GRANT SELECT ON shop.shown TO \($0.runtime);
            """
        } _: {
            $0.globals.append("shop.sums")
        }
        #expect(findings.map(\.rule) == [.c3])
        #expect(findings.first?.severity == .leak)
    }

    @Test func `an invoker view of a table that the login may not read is no finding`() throws {
        let findings = try Self.findings { database in
            """
            CREATE TABLE shop.hidden (id integer);
            CREATE VIEW shop.outlook WITH (security_invoker = true) AS SELECT id FROM shop.hidden;
            CREATE VIEW shop.unread AS SELECT id FROM shop.hidden;
            CREATE MATERIALIZED VIEW shop.copy AS SELECT id FROM shop.hidden;
            GRANT SELECT ON shop.outlook TO \(database.runtime);
            """
        }
        #expect(findings == [])
    }

    @Test func `a view and a copy are believed to be global when that was said`() throws {
        let script = { (database: TestDatabase) in
            """
            CREATE TABLE shop.hidden (id integer);
            CREATE VIEW shop.outlook AS SELECT id FROM shop.hidden;
            CREATE MATERIALIZED VIEW shop.copy AS SELECT id FROM shop.hidden;
            GRANT SELECT ON shop.outlook, shop.copy TO \(database.runtime);
            """
        }
        #expect(try Self.findings(after: script).map(\.rule) == [.c3, .c4])
        let said = try Self.findings(after: script) {
            $0.globals += ["shop.outlook", "shop.copy"]
        }
        #expect(said == [])
    }

    @Test func `a copy of tenants' rows is a leak whatever was said`() throws {
        let findings = try Self.findings {
            """
            CREATE MATERIALIZED VIEW shop.sums AS SELECT sum(total) AS total FROM shop.orders;
            GRANT SELECT ON shop.sums TO \($0.runtime);
            """
        } _: {
            $0.globals.append("shop.sums")
        }
        #expect(findings.map(\.rule) == [.c4])
        #expect(findings.first?.severity == .leak)
    }

    @Test func `what an extension keeps for itself is no finding, nor a view of it`() throws {
        let findings = try Self.findings { database in
            """
            CREATE TABLE shop.systems (id integer);
            ALTER EXTENSION plpgsql ADD TABLE shop.systems;
            CREATE VIEW shop.known AS SELECT id FROM shop.systems;
            GRANT SELECT ON shop.systems, shop.known TO \(database.runtime);
            """
        }
        #expect(findings == [])
    }

    @Test func `references to rows that the login cannot touch are no finding`() throws {
        let findings = try Self.findings { database in
            """
            CREATE TABLE shop.tenants (id uuid PRIMARY KEY, name text);
            ALTER TABLE shop.orders ADD FOREIGN KEY (tenant_id) REFERENCES shop.tenants
                ON DELETE CASCADE ON UPDATE CASCADE;
            ALTER TABLE shop.orders ADD country text REFERENCES shop.countries ON DELETE SET NULL;
            GRANT SELECT, UPDATE (name) ON shop.tenants TO \(database.runtime);
            CREATE TABLE shop.marks (tenant uuid, order_id uuid, mark integer,
                FOREIGN KEY (tenant, order_id) REFERENCES shop.orders ON DELETE CASCADE);
            GRANT SELECT, DELETE, INSERT (mark) ON shop.marks TO \(database.runtime);
            """
        } _: {
            $0.globals += ["shop.tenants", "shop.marks"]
        }
        #expect(findings == [])
    }

    @Test func `rows that are judged by policies of their own are no leak`() throws {
        let findings = try Self.findings { database in
            """
            CREATE TABLE shop.tenants (id uuid PRIMARY KEY, name text);
            ALTER TABLE shop.tenants ENABLE ROW LEVEL SECURITY;
            CREATE POLICY own ON shop.tenants USING (id = shop.tenant());
            ALTER TABLE shop.orders ADD FOREIGN KEY (tenant_id) REFERENCES shop.tenants
                ON DELETE CASCADE;
            GRANT SELECT, DELETE ON shop.tenants TO \(database.runtime);
            """
        } _: {
            $0.globals.append("shop.tenants")
        }
        #expect(findings.map(\.rule) == [.d1])
        #expect(findings.first?.severity == .unproven)
    }

    @Test func `a parent that nobody reads, and one with a tenant, are no finding`() throws {
        let findings = try Self.findings { _ in
            """
            CREATE TABLE shop.base (id uuid NOT NULL);
            CREATE TABLE shop.notes (tenant_id uuid NOT NULL) INHERITS (shop.base);
            CREATE INDEX ON shop.notes (tenant_id);
            ALTER TABLE shop.notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
            CREATE POLICY tenant_floor ON shop.notes AS RESTRICTIVE
                USING (tenant_id = shop.tenant());
            """
        }
        #expect(findings == [])
    }

    @Test func `keys whose equal parts hold the tenant are no finding`() throws {
        let findings = try Self.findings { _ in
            """
            CREATE EXTENSION btree_gist SCHEMA public;
            ALTER TABLE shop.orders ADD EXCLUDE USING gist (
                tenant_id WITH OPERATOR(pg_catalog.=), total WITH OPERATOR(pg_catalog.=),
                id WITH OPERATOR(pg_catalog.<>));
            ALTER TABLE shop.orders ADD EXCLUDE USING gist (
                int4range(total, total + 1) WITH OPERATOR(pg_catalog.&&),
                tenant_id WITH OPERATOR(pg_catalog.=));
            CREATE UNIQUE INDEX ON shop.customers (tenant_id, email) INCLUDE (id);
            """
        }
        #expect(findings == [])
    }

    @Test func `a key of a uuid is told and no more, whatever it includes`() throws {
        let findings = try Self.findings { _ in
            "CREATE UNIQUE INDEX ON shop.customers (id) INCLUDE (email)"
        }
        #expect(findings.map(\.rule) == [.d2])
        #expect(findings.first?.severity == .notice)
    }

    @Test func `a key that takes two tenants for one is none of theirs`() throws {
        let database = try PostgresCluster.shared().makeDatabase()
        try PostgresCluster.shared().run(
            sql: """
                REVOKE ALL ON SCHEMA public FROM PUBLIC;
                CREATE SCHEMA app;
                CREATE COLLATION app.ci (provider = icu, locale = 'und-u-ks-level2',
                    deterministic = false);
                CREATE TABLE app.rows (tenant_id text NOT NULL, name text NOT NULL,
                    UNIQUE (tenant_id, name));
                CREATE UNIQUE INDEX careless ON app.rows (tenant_id COLLATE app.ci, name);
                GRANT USAGE ON SCHEMA app TO \(database.runtime);
                GRANT SELECT, INSERT ON app.rows TO \(database.runtime);
                """, in: database)
        let options = VerificationOptions(login: DatabaseAddress(database.runtimeURL))
        let keys = try Verifier.verify(options).findings.filter { $0.rule == .d2 }
        #expect(keys.map(\.object) == ["index app.careless"])
        #expect(keys.first?.severity == .unproven)
    }

    @Test func `a sequence that the login may only use is told, and fails nobody`() throws {
        let findings = try Self.findings {
            "GRANT USAGE ON SEQUENCE shop.numbers TO \($0.runtime)"
        }
        #expect(findings.map(\.rule) == [.c12])
        #expect(findings.first?.severity == .notice)
    }

    @Test func `the fingerprint sees what of a key must be equal, and what is an extension's`()
        throws
    {
        let (database, options) = try Verifying.clean()
        let cluster = try PostgresCluster.shared()
        try cluster.run(
            sql: "CREATE UNIQUE INDEX narrow ON shop.customers (tenant_id, email)", in: database)
        for change in [
            """
            DROP INDEX shop.narrow;
            CREATE UNIQUE INDEX narrow ON shop.customers (tenant_id) INCLUDE (email);
            """,
            "ALTER EXTENSION plpgsql ADD TABLE shop.archive",
        ] {
            let old = try CatalogFingerprint.read(options)
            try cluster.run(sql: change, in: database)
            #expect(try CatalogFingerprint.read(options) != old, "\(change)")
        }
    }
}
