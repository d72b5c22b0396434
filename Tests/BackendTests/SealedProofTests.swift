import Foundation
import TestSupport
import Testing

/// `db verify` where the database believes seals.
@Suite(.timeLimit(.minutes(10))) struct `Proof of the sealed context` {
    typealias Place = `Proof of our own database`.Place

    struct Probe: Equatable {
        let name: String
        let outcome: String
        let observed: String
    }

    private func probes(_ json: String, _ rule: String) throws -> [Probe] {
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8))
        let report = try #require(object as? [String: Any])
        let probes = try #require(report["probes"] as? [[String: Any]])
        return probes.filter { $0["probe"] as? String == rule }.map {
            Probe(
                name: $0["attempt"] as? String ?? "", outcome: $0["result"] as? String ?? "",
                observed: $0["observed"] as? String ?? "")
        }
    }

    @Test(arguments: ["sealed", "statement"])
    func `bad seals are tried and refused alike, and no seal shows`(_ context: String) throws {
        let place = try Place(context)
        let result = try place.run("db", "verify", "--json")
        #expect(result.end == .exited(0), "\(result.output)\(result.errorOutput)")
        let forged = try probes(result.output, "L10")
        #expect(forged.allSatisfy { $0.outcome == "passed" }, "\(forged)")
        for kind in [
            "forged", "expired", "of too long a life", "of another database", "truncated",
            "lengthened", "of another tenant", "of an unknown key",
        ] {
            let probe = forged.first { $0.name == "a seal that is \(kind)" }
            #expect(probe?.observed == "28000", "\(kind)")
        }
        #expect(forged.count >= 20, "\(forged)")
        #expect(try probes(result.output, "L9").map(\.outcome) == ["passed"])
        // The key of the proof is over, and another proof takes it away.
        let left = "SELECT count(*) FROM ringfence_guard.keys WHERE kid LIKE 'pr%'"
        let valid = left + " AND not_after > now()"
        #expect(try place.cluster.run(sql: valid, in: place.database) == "0\n")
        _ = try place.run("db", "verify")
        #expect(try place.cluster.run(sql: left, in: place.database) == "1\n")
    }

    @Test func `a gateway's key serves as well, and without any the verdict is unproven`() throws {
        let place = try Place("sealed")
        let login = try place.folder.write(place.database.runtimeURL + "\n", to: "login.dsn")
        _ = try RunningBackend.makeSealKey("seal.key", place.folder, place.config)
        let words = [
            "db", "verify", "--login-file", login, "--guard", "ringfence_guard", "--profile",
            "ringfence",
        ]
        let sealed = try RunningBackend.run(
            words + ["--seal-key", "\(place.folder.path)/seal.key"])
        #expect(sealed.end == .exited(0), "\(sealed.output)\(sealed.errorOutput)")
        let bare = try RunningBackend.run(words)
        #expect(bare.end == .exited(1))
        #expect(bare.output.contains("no seal key was given"), "\(bare.output)")
    }

    @Test func `a database that is less than the configuration says is not proven`() throws {
        let place = try Place("statement")
        let text = try String(contentsOfFile: place.config, encoding: .utf8)
        try place.folder.write(
            text.replacingOccurrences(of: "context: statement", with: "context: sealed"),
            to: "backend.yaml")
        let result = try place.run("db", "verify")
        #expect(result.end == .exited(1), "\(result.output)")
        #expect(result.output.contains("[B10]"), "\(result.output)")
        let plain = try Place("plain")
        try plain.folder.write(
            text.replacingOccurrences(of: "context: statement", with: "context: sealed"),
            to: "backend.yaml")
        let forgeable = try plain.run("db", "verify")
        #expect(forgeable.end == .exited(1), "\(forgeable.output)")
        #expect(forgeable.output.contains("[B9]"), "\(forgeable.output)")
    }

    private static let plainTenant = """
        CREATE OR REPLACE FUNCTION ringfence.tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
            RETURN nullif(pg_catalog.current_setting('app.current_tenant', true), '')::uuid
        """

    /// What is done, the exit code, the rule that tells, and what undoes it outside the database.
    static let sabotages: [(name: String, sql: String, code: Int32, rule: String, undo: String)] = [
        (
            "the slot preset for the login", "ALTER ROLE %r SET backtrace_functions = 'x'", 5, "A8",
            ""
        ),
        (
            "the slot preset for the database", "ALTER DATABASE %d SET backtrace_functions = 'x'",
            5, "A8", ""
        ),
        (
            "SET on the slot for the login", "GRANT SET ON PARAMETER backtrace_functions TO %r", 5,
            "A9", "REVOKE SET ON PARAMETER backtrace_functions FROM %r"
        ),
        ("the login a member of the guard's role", "GRANT ringfence_guard TO %r", 5, "B10", ""),
        (
            "enter that checks nothing",
            """
            CREATE OR REPLACE FUNCTION ringfence_guard.enter(seal text) RETURNS void
                LANGUAGE plpgsql SECURITY DEFINER SET search_path TO 'pg_catalog', 'pg_temp' AS $$
            BEGIN PERFORM set_config('backtrace_functions',
                replace(substr(seal, 8, 36), '-', '') || ',', true);
            END $$
            """, 5, "B10", ""
        ),
        (
            "seals that are all valid",
            """
            CREATE OR REPLACE FUNCTION ringfence_guard.is_valid(seal text) RETURNS boolean
                LANGUAGE sql STABLE AS 'SELECT true'
            """, 5, "B10", ""
        ),
        (
            "enter of another owner", "ALTER FUNCTION ringfence_guard.enter(text) OWNER TO %o", 1,
            "B10", ""
        ),
        (
            "enter of the login", "ALTER FUNCTION ringfence_guard.enter(text) OWNER TO %r", 5,
            "B10", ""
        ),
        (
            "enter without its search path",
            "ALTER FUNCTION ringfence_guard.enter(text) RESET search_path", 1, "F2", ""
        ),
        (
            "enter with the caller's rights",
            "ALTER FUNCTION ringfence_guard.enter(text) SECURITY INVOKER", 1, "T3", ""
        ),
        (
            "claims for the login",
            "GRANT EXECUTE ON FUNCTION ringfence_guard.claim(text, integer, interval) TO %r", 5,
            "B10", ""
        ),
        (
            "minting for everybody",
            "GRANT EXECUTE ON FUNCTION ringfence_guard.mint(uuid, integer) TO PUBLIC", 1, "B10", ""
        ),
        (
            "keys installed by the login",
            """
            GRANT EXECUTE ON FUNCTION
                ringfence_guard.install_key(text, bytea, bytea, timestamptz, timestamptz) TO %r
            """, 5, "B10", ""
        ),
        ("keys that can be read", "GRANT SELECT ON ringfence_guard.keys TO %r", 5, "B10", ""),
        (
            "one column of the keys", "GRANT SELECT (ipad) ON ringfence_guard.keys TO PUBLIC", 5,
            "B10", ""
        ),
        ("work of all tenants", "GRANT SELECT ON ringfence_guard.work TO %r", 5, "B10", ""),
        (
            "the event trigger disabled", "ALTER EVENT TRIGGER ringfence_guard_tables DISABLE", 1,
            "F5", ""
        ),
        ("the event trigger dropped", "DROP EVENT TRIGGER ringfence_guard_tables", 1, "F5", ""),
        (
            "another event trigger in its place",
            """
            DROP EVENT TRIGGER ringfence_guard_tables;
            CREATE FUNCTION ringfence.idle() RETURNS event_trigger LANGUAGE plpgsql
                SET search_path = pg_catalog, pg_temp AS $$ BEGIN END $$;
            REVOKE ALL ON FUNCTION ringfence.idle() FROM PUBLIC;
            CREATE EVENT TRIGGER idle ON ddl_command_end EXECUTE FUNCTION ringfence.idle();
            """, 1, "F5", ""
        ),
        (
            "the floor of a table by the setting",
            """
            ALTER POLICY tenant_floor ON ringfence.events
                USING (tenant_id = nullif(current_setting('app.current_tenant', true), '')::uuid)
            """, 1, "B8", ""
        ),
        ("the context by the setting", plainTenant, 1, "B10", ""),
        (
            "a context that is never nobody",
            """
            CREATE OR REPLACE FUNCTION ringfence.tenant() RETURNS uuid LANGUAGE sql STABLE
                PARALLEL SAFE RETURN coalesce(nullif(pg_catalog.split_part(
                pg_catalog.current_setting('backtrace_functions'), ',', 1), ''),
                '0a5e0000-0000-7000-8000-0000000000a1')::uuid
            """, 5, "T1", ""
        ),
    ]

    @Test(arguments: sabotages.indices)
    func `a guard that was tampered with is told`(_ index: Int) throws {
        let place = try Place("sealed")
        let (name, sql, code, rule, undo) = Self.sabotages[index]
        func filled(_ text: String) -> String {
            text.replacingOccurrences(of: "%r", with: place.database.runtime)
                .replacingOccurrences(of: "%o", with: place.database.owner)
                .replacingOccurrences(of: "%d", with: place.database.name)
        }
        try place.cluster.run(sql: filled(sql), in: place.database)
        defer { _ = try? place.cluster.run(sql: filled(undo), in: place.database) }
        let result = try place.run("db", "verify")
        #expect(result.end == .exited(code), "\(name): \(result.output)\(result.errorOutput)")
        #expect(result.output.contains("[\(rule)]"), "\(name): \(result.output)")
    }

    @Test func `tables that db protect brought under the guard are proven`() throws {
        let place = try Place("sealed")
        let shop = """
            CREATE SCHEMA shop AUTHORIZATION \(place.database.owner);
            GRANT USAGE ON SCHEMA shop TO \(place.database.runtime);
            SET ROLE \(place.database.owner);
            CREATE TABLE shop.customers (id uuid PRIMARY KEY, org uuid NOT NULL, name text);
            CREATE TABLE shop.orders (id uuid PRIMARY KEY, org uuid NOT NULL,
                customer uuid NOT NULL REFERENCES shop.customers (id), total integer);
            GRANT SELECT, INSERT, UPDATE, DELETE ON shop.customers, shop.orders
                TO \(place.database.runtime);
            INSERT INTO shop.customers SELECT gen_random_uuid(), gen_random_uuid(), 'x'
                FROM generate_series(1, 5);
            INSERT INTO shop.orders SELECT gen_random_uuid(), org, id, 1 FROM shop.customers;
            """
        try place.cluster.run(sql: shop, in: place.database)
        let open = try place.run("db", "verify")
        #expect(open.end != .exited(0), "\(open.output)")
        let protect = try place.run(
            "db", "protect", "shop.customers", "shop.orders", "--backfill", "shop.customers=org",
            "--backfill", "shop.orders=org", "--mode", "sealed", "--apply")
        #expect(protect.end == .exited(0), "\(protect.output)\(protect.errorOutput)")
        for name in ["orders_customer_fkey"] {
            try place.cluster.run(
                sql: "ALTER TABLE shop.orders DROP CONSTRAINT IF EXISTS \(name)",
                in: place.database)
        }
        let result = try place.run("db", "verify")
        #expect(result.end == .exited(0), "\(result.output)\(result.errorOutput)")
        for table in ["shop.customers", "shop.orders", "ringfence.events"] {
            #expect(result.output.contains("PROVEN   \(table) "), "\(table) \(result.output)")
        }
        // As somebody else's database, by its login, its guard and the gateway's key.
        let login = try place.folder.write(place.database.runtimeURL + "\n", to: "login.dsn")
        _ = try RunningBackend.makeSealKey("seal.key", place.folder, place.config)
        let foreign = try RunningBackend.run([
            "db", "verify", "--login-file", login, "--guard", "ringfence_guard", "--schema", "shop",
            "--profile", "generic", "--seal-key", "\(place.folder.path)/seal.key",
        ])
        #expect(foreign.end == .exited(0), "\(foreign.output)\(foreign.errorOutput)")
        #expect(foreign.output.contains("PROVEN   shop.orders "))
    }
}
