import Foundation
import Testing
import TestSupport
import Verification

@Suite struct `What protecting a table refuses` {
    /// Changes to the legacy schema or to what is asked for, and a word of the refusal.
    static let cases: [(sql: String, change: @Sendable (inout ProtectOptions) -> Void, String)] = [
        ("", { $0.tables.append(.init(name: "shop.nothing")) }, "there is no table"),
        ("", { $0.tables.append($0.tables[0]) }, "named twice"),
        ("", { $0.mode = .sealed }, "the guard is not in this database"),
        ("", { $0.mode = .statement }, "the guard is not in this database"),
        (
            "",
            { options in
                options.mode = .sealed; options.type = .bigint
            },
            "a bigint column cannot be compared"
        ),
        ("", { $0.role = "nobody_at_all" }, "there is no role"),
        ("ALTER ROLE RUNTIME BYPASSRLS", { _ in }, "no policy would bind it"),
        ("GRANT OWNER TO RUNTIME", { _ in }, "can become its owner"),
        ("ALTER TABLE shop.orders OWNER TO CURRENT_USER", { _ in }, "is not it"),
        ("", { $0.tables[3].name = "shop.invoices_2024" }, "is a partition"),
        (
            "CREATE TABLE shop.special () INHERITS (shop.customers)", { _ in },
            "part of an inheritance"
        ),
        ("ALTER TABLE shop.orders ADD tenant_id text", { _ in }, "is text and not uuid"),
        ("", { $0.tables[0].backfill = nil }, "say how a row tells its tenant"),
        (
            "ALTER TABLE shop.customers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
            { _ in }, "would fill no row"
        ),
        ("", { $0.tables.remove(at: 2) }, "name shop.order_lines too"),
        (
            "CREATE VIEW shop.some AS SELECT 1 AS a",
            { $0.tables.append(.init(name: "shop.some")) }, "is a view"
        ),
        (
            """
            ALTER TABLE shop.orders DROP CONSTRAINT orders_customer_id_fkey,
                ADD FOREIGN KEY (customer_id) REFERENCES shop.customers ON UPDATE SET NULL
            """, { _ in }, "would take the tenant along"
        ),
    ]

    @Test(arguments: cases.indices)
    func `what cannot be done safely, with the reason`(_ index: Int) throws {
        let (sql, change, words) = Self.cases[index]
        let shop = try LegacyShop(rows: 4)
        var script = sql.replacingOccurrences(of: "RUNTIME", with: shop.database.runtime)

        script = script.replacingOccurrences(
            of: "GRANT OWNER", with: "GRANT \(shop.database.owner)")
        if !script.isEmpty { try shop.ask(script) }
        var options = shop.options()
        change(&options)
        let before = try shop.keys()
        let plan = try shop.apply(options)
        #expect(plan.steps == [])
        #expect(plan.refusals.contains { $0.contains(words) }, "\(plan.refusals)")
        #expect(try shop.keys() == before)
        #expect(plan.script(options).hasPrefix("-- refused: "))
    }

    @Test func `rows that refer to another tenant stop it before a key changes`() throws {
        let shop = try LegacyShop(rows: 20)
        let before = try shop.keys()
        // Order 2 is Acme's, order 1 Globex's.
        try shop.ask("UPDATE shop.orders SET previous_id = 1 WHERE id = 2")
        #expect(throws: LegacyShop.Stopped.self) { try shop.apply(shop.options()) }
        #expect(try shop.keys() == before)
        try shop.ask("UPDATE shop.orders SET previous_id = NULL WHERE id = 2")
        _ = try shop.apply(shop.options())
        try shop.expectGuarded()
    }

    @Test func `a row without a tenant stops it, and is named by the check`() throws {
        let shop = try LegacyShop(rows: 20)
        try shop.ask("UPDATE shop.invoices SET order_id = NULL WHERE id = 3")
        let stop = #expect(throws: LegacyShop.Stopped.self) { try shop.apply(shop.options()) }
        #expect(stop?.words.contains("23514") == true)
        try shop.ask("UPDATE shop.invoices SET order_id = 3 WHERE id = 3")
        _ = try shop.apply(shop.options())
        try shop.expectGuarded()
    }

    @Test func `a lock it cannot get is given up, and writers do not queue behind it`() throws {
        let shop = try LegacyShop(rows: 4)
        var options = shop.options()
        options.lockTimeoutMilliseconds = 50
        options.attempts = 3
        let holder = try ChildProcess(
            "psql", ["-XAtq", "-d", shop.database.ownerURL],
            input: "BEGIN; SELECT 1 FROM shop.customers; SELECT pg_sleep(60);")
        try eventually("the lock") {
            try shop.ask(
                "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'shop.customers'::regclass")
                == "t"
        }
        let stop = #expect(throws: LegacyShop.Stopped.self) { try shop.apply(options) }
        #expect(stop?.words.contains("locked(") == true)
        holder.signal(SIGKILL)
        try shop.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                + "WHERE datname = current_database() AND query LIKE '%pg_sleep(60%'"
                + " AND pid <> pg_backend_pid()")
        _ = try shop.apply(shop.options())
        try shop.expectGuarded()
    }

    @Test func `a second one at the same time is refused`() throws {
        let shop = try LegacyShop(rows: 4)
        let holder = try ChildProcess(
            "psql", ["-XAtq", "-d", shop.database.ownerURL],
            input: "SELECT pg_advisory_lock(7464326301851279975); SELECT pg_sleep(60);")
        try eventually("the lock") {
            try shop.ask(
                "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' "
                    + "AND database = "
                    + "(SELECT oid FROM pg_database WHERE datname = current_database())"
            ) == "t"
        }
        let stop = #expect(throws: LegacyShop.Stopped.self) { try shop.apply(shop.options()) }
        #expect(stop?.words == "busy")
        withExtendedLifetime(holder) {}
    }

    @Test func `what leads past the guard is named`() throws {
        let shop = try LegacyShop(rows: 4)
        try shop.ask(
            """
            SET ROLE \(shop.database.owner);
            CREATE VIEW shop.totals AS SELECT count(*) FROM shop.orders;
            CREATE VIEW shop.above AS SELECT * FROM shop.totals;
            CREATE VIEW shop.fine WITH (security_invoker = true) AS SELECT id FROM shop.orders;
            CREATE MATERIALIZED VIEW shop.daily AS SELECT customer_id FROM shop.orders;
            CREATE FUNCTION shop.all_orders() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS
                'SELECT count(*) FROM shop.orders';
            CREATE RULE copied AS ON INSERT TO shop.customers DO ALSO NOTHING;
            CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
                'BEGIN RETURN NEW; END';
            CREATE TRIGGER touch BEFORE UPDATE ON shop.orders FOR EACH ROW
                EXECUTE FUNCTION shop.touch();
            CREATE POLICY old_one ON shop.orders USING (true);
            ALTER TABLE shop.order_lines ADD EXCLUDE USING btree (sku WITH =, id WITH =);
            GRANT TRUNCATE ON shop.orders TO pg_monitor;
            RESET ROLE;
            CREATE PUBLICATION everything FOR TABLE shop.orders;
            """)
        let plan = try shop.plan(shop.options())
        let wanted = [
            "view shop.totals reads", "view shop.above reads", "materialized view shop.daily",
            "shop.all_orders() runs with", "rule copied", "trigger touch", "policy old_one",
            "exclusion constraint", "pg_monitor may TRUNCATE", "publication everything",
            "leads to shop.orgs", "made later are not guarded",
        ]
        for words in wanted {
            #expect(plan.remaining.contains { $0.contains(words) }, "\(words) \(plan.remaining)")
        }
        #expect(!plan.remaining.contains { $0.contains("shop.fine") })
        #expect(plan.steps.contains { $0.notes.contains { $0.contains("fires trigger touch") } })
    }
}
