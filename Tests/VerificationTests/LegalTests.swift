import LocalPostgres
import TestSupport
import Testing

@testable import Verification

/// What ordinary schemas have beside their tenants' tables, and no rule may take for a way around.
@Suite struct `Legal things are no findings` {
    /// What is counted about a clean schema to which `script` was added; `{login}` is its login.
    private static func verdict(_ script: String) throws -> (code: Int32, found: [String]) {
        let (database, options) = try Verifying.clean()
        try PostgresCluster.shared().run(
            sql: ScratchDatabase.filled(script, [("{login}", database.runtime)]), in: database)
        let report = try Verifier.verify(options)
        return (report.exitCode, report.findings.filter(\.counts).map { $0.key + $0.message })
    }

    static let legal: [(what: String, sql: String)] = [
        (
            "definer functions of a closed schema that only the owner's objects call",
            """
            CREATE SCHEMA closed;
            CREATE FUNCTION closed.mails() RETURNS text LANGUAGE sql SECURITY DEFINER
                SET search_path = pg_catalog, pg_temp
                AS $$ SELECT string_agg(email, ',') FROM shop.customers $$;
            CREATE VIEW closed.nice AS SELECT closed.mails();
            CREATE TABLE closed.notes (note text DEFAULT closed.mails());
            """
        ),
        (
            "a definer trigger and a rule on a global table that the login only reads",
            """
            CREATE FUNCTION shop.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
                SET search_path = pg_catalog, pg_temp AS $$ BEGIN RETURN NEW; END $$;
            REVOKE EXECUTE ON FUNCTION shop.note() FROM PUBLIC;
            CREATE TRIGGER note BEFORE INSERT ON shop.countries
                FOR EACH ROW EXECUTE FUNCTION shop.note();
            CREATE RULE add AS ON DELETE TO shop.countries DO ALSO NOTIFY countries;
            CREATE VIEW shop.lands WITH (security_invoker = true) AS
                SELECT code FROM shop.countries;
            GRANT SELECT ON shop.lands TO {login};
            """
        ),
        (
            "a rule that does nothing, and a trigger with the caller's rights",
            """
            CREATE RULE still AS ON INSERT TO shop.totals DO INSTEAD NOTHING;
            GRANT INSERT ON shop.totals TO {login};
            CREATE FUNCTION shop.note() RETURNS trigger LANGUAGE plpgsql
                AS $$ BEGIN RETURN NEW; END $$;
            REVOKE EXECUTE ON FUNCTION shop.note() FROM PUBLIC;
            CREATE TRIGGER note BEFORE INSERT ON shop.countries
                FOR EACH ROW EXECUTE FUNCTION shop.note();
            GRANT INSERT ON shop.countries TO {login};
            """
        ),
        (
            "extensions with types, operator classes, aggregates and functions in C",
            """
            CREATE EXTENSION pg_trgm SCHEMA shop; CREATE EXTENSION citext SCHEMA shop;
            CREATE EXTENSION hstore SCHEMA shop; CREATE EXTENSION btree_gist SCHEMA shop;
            CREATE EXTENSION ltree SCHEMA shop; CREATE EXTENSION unaccent SCHEMA shop;
            CREATE EXTENSION pgcrypto SCHEMA shop;
            ALTER TABLE shop.customers ADD name shop.citext, ADD tags shop.hstore;
            CREATE INDEX ON shop.customers USING gin (email shop.gin_trgm_ops);
            CREATE INDEX ON shop.customers USING gist (tenant_id, email);
            """
        ),
        (
            "aggregates, ranges, domains and enumerations of the owner",
            """
            CREATE FUNCTION shop.add(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE
                RETURN $1 + $2;
            CREATE AGGREGATE shop.total(integer) (SFUNC = shop.add, STYPE = integer);
            CREATE FUNCTION shop.far(integer, integer) RETURNS float8 LANGUAGE sql IMMUTABLE
                RETURN $2 - $1;
            CREATE TYPE shop.span AS RANGE (SUBTYPE = integer, SUBTYPE_DIFF = shop.far);
            CREATE DOMAIN shop.mail AS text CHECK (VALUE <> '');
            CREATE TYPE shop.mark AS ENUM ('red');
            ALTER TABLE shop.orders ADD at shop.span, ADD mark shop.mark[], ADD mail shop.mail;
            """
        ),
        (
            "another name for a function of the server that all may call",
            """
            CREATE FUNCTION shop.shout(text) RETURNS text LANGUAGE internal IMMUTABLE STRICT
                AS 'upper'
            """
        ),
        (
            "an untrusted function that the login may not call",
            """
            CREATE FUNCTION shop.page(text) RETURNS text LANGUAGE internal STRICT
                AS 'pg_read_file_all';
            REVOKE EXECUTE ON FUNCTION shop.page(text) FROM PUBLIC;
            """
        ),
        (
            "grants on system relations that all have anyway",
            """
            GRANT SELECT ON ALL TABLES IN SCHEMA information_schema TO {login};
            GRANT SELECT ON pg_catalog.pg_class, pg_catalog.pg_settings TO {login};
            GRANT SELECT (rolname) ON pg_catalog.pg_roles TO {login};
            """
        ),
        (
            "functions of the server that were taken from all",
            """
            REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(float8), pg_catalog.version()
                FROM PUBLIC
            """
        ),
    ]

    @Test(arguments: legal) func `by themselves`(_ case: (what: String, sql: String)) throws {
        let verdict = try Self.verdict(`case`.sql)
        #expect(verdict.code == 0, "\(`case`.what): \(verdict.found)")
    }

    @Test func `a role the login can become with policies as good as its own`() throws {
        let (database, options) = try Verifying.clean()
        let cluster = try PostgresCluster.shared()
        let role = database.runtime + "_support"
        try cluster.run(
            sql: """
                CREATE ROLE \(role) NOLOGIN; GRANT \(role) TO \(database.runtime);
                GRANT USAGE ON SCHEMA shop TO \(role);
                GRANT EXECUTE ON FUNCTION shop.tenant() TO \(role);
                GRANT SELECT ON shop.orders TO \(role);
                CREATE POLICY support_rows ON shop.orders FOR SELECT TO \(role)
                    USING (tenant_id = shop.tenant());
                """, in: database)
        let report = try Verifier.verify(options)
        // Under the floor any policy of it only narrows, too.
        try cluster.run(
            sql: "ALTER POLICY support_rows ON shop.orders USING (true)", in: database)
        let wide = try Verifier.verify(options)
        try cluster.run(sql: "DROP OWNED BY \(role); DROP ROLE \(role)", in: database)
        #expect(report.exitCode == 0, "\(report.findings.filter(\.counts))")
        #expect(wide.exitCode == 0, "\(wide.findings.filter(\.counts))")
        // 3 rows: 5 conditions in 5 contexts of the login, and one of the role in 4; in the
        // malformed one the policies fail.
        #expect(report.relations.first { $0.relation == "shop.orders" }?.cells == 87)
    }
}
