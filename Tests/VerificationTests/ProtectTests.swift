import Foundation
import Testing
import TestSupport
import Verification

@Suite struct `Bringing a legacy schema under the guard` {
    static let keys = """
        shop.customers FOREIGN KEY (org) REFERENCES shop.orgs(id)
        shop.customers PRIMARY KEY (tenant_id, id)
        shop.invoices FOREIGN KEY (tenant_id, order_id) REFERENCES shop.orders(tenant_id, id)
        shop.invoices PRIMARY KEY (tenant_id, id, issued_on)
        shop.order_lines FOREIGN KEY (tenant_id, order_id) REFERENCES shop.orders(tenant_id, id) \
        ON DELETE CASCADE
        shop.order_lines UNIQUE (tenant_id, order_id, sku) INCLUDE (id)
        shop.order_lines PRIMARY KEY (tenant_id, id)
        shop.orders UNIQUE (tenant_id, number) DEFERRABLE INITIALLY DEFERRED
        shop.orders FOREIGN KEY (tenant_id, customer_id) REFERENCES shop.customers(tenant_id, id)
        shop.orders PRIMARY KEY (tenant_id, id)
        shop.orders FOREIGN KEY (tenant_id, previous_id) REFERENCES shop.orders(tenant_id, id) \
        ON DELETE SET NULL (previous_id)
        shop.orgs PRIMARY KEY (id)
        """

    @Test func `every table ends with the tenant in front of its keys and references`() throws {
        let shop = try LegacyShop()
        let plan = try shop.apply(shop.options())
        #expect(plan.refusals == [])
        #expect(try shop.keys() == Self.keys)
        try shop.expectGuarded()
        // The names are the old ones, so that statements which name them go on.
        let made = try shop.ask(
            "SELECT count(*) FROM pg_class WHERE relname LIKE 'ringfence%' AND relkind <> 'v'")
        #expect(made == "0")
        #expect(try shop.plan(shop.options()).steps == [])
    }

    @Test func `a tenant sees and changes its own rows alone`() throws {
        let shop = try LegacyShop()
        _ = try shop.apply(shop.options())
        let acme = try shop.asRuntime(LegacyShop.acme, "SELECT count(*) FROM shop.orders")
        #expect(acme.output == "200\n", "\(acme.errorOutput)")
        for table in ["customers", "orders", "order_lines", "invoices"] {
            let foreign = try shop.asRuntime(
                LegacyShop.acme,
                "SELECT count(*) FROM shop.\(table) WHERE tenant_id <> '\(LegacyShop.acme)'")
            #expect(foreign.output == "0\n", "\(table) \(foreign.errorOutput)")
        }
        #expect(try shop.asRuntime(nil, "SELECT count(*) FROM shop.orders").output == "0\n")
        let hidden = try shop.asRuntime(
            LegacyShop.acme, "SELECT count(*) FROM shop.invoices_2024")
        #expect(hidden.errorOutput.contains("permission denied"))
        let written = try shop.asRuntime(
            LegacyShop.acme,
            "INSERT INTO shop.customers (tenant_id, org, email) VALUES "
                + "('\(LegacyShop.globex)', '\(LegacyShop.globex)', 'x')")
        #expect(written.errorOutput.contains("row-level security"))
        let own = try shop.asRuntime(
            LegacyShop.acme,
            "INSERT INTO shop.customers (org, email) VALUES ('\(LegacyShop.acme)', 'new') "
                + "RETURNING tenant_id")
        #expect(own.output.hasPrefix(LegacyShop.acme), "\(own.errorOutput)")
        // An order of another tenant is not there for a reference either.
        let crossing = try shop.asRuntime(
            LegacyShop.acme,
            "INSERT INTO shop.order_lines (order_id, sku) SELECT max(id) + 1, 'x' "
                + "FROM shop.orders")
        #expect(crossing.errorOutput.contains("violates foreign key"))
    }

    /// The application goes on as it was, as the owner and without a word of tenants, until the
    /// guard binds it.
    @Test(.timeLimit(.minutes(30)))
    func `writers lose no row and see no error while it runs`() throws {
        let shop = try LegacyShop(rows: 1_500)
        try shop.ask("CREATE TABLE public.stop (word text); GRANT ALL ON public.stop TO PUBLIC")
        let writers = try (0..<3).map { try shop.startWriter($0) }
        try eventually("writers at work") {
            try shop.ask("SELECT count(*) > 1520 FROM shop.orders") == "t"
        }
        // Long before the server looks for deadlocks, which could strike a writer.
        var options = shop.options(until: .guarded)
        options.lockTimeoutMilliseconds = 100
        let plan = try shop.apply(options)
        #expect(plan.refusals == [])
        try shop.ask("INSERT INTO public.stop VALUES ('now')")
        var written = 0
        for writer in writers {
            let end = try writer.wait()
            #expect(end == .exited(0), "\(writer.errorOutput)")
            written += Int(writer.output.split(separator: "\n").last ?? "") ?? 0
        }
        #expect(written > 100)
        #expect(try shop.ask("SELECT count(*) FROM shop.orders") == "\(1_500 + written)")
        #expect(try shop.ask("SELECT count(*) FROM shop.invoices") == "\(1_500 + written)")
        _ = try shop.apply(shop.options())
        #expect(try shop.keys() == Self.keys)
        try shop.expectGuarded()
    }

    @Test(.timeLimit(.minutes(30)))
    func `after each step it can be left and taken up again`() throws {
        let shop = try LegacyShop(rows: 20)
        // Looking for rows leaves nothing behind.
        func isQuestion(_ step: ProtectStep) -> Bool { step.sql.hasPrefix("DO $crossings$") }
        var left = try shop.plan(shop.options()).steps
        #expect(left.count > 40)
        while let step = left.first {
            try shop.runAsOwner(step.sql)
            left.removeFirst()
            if isQuestion(step) { continue }
            let next = try shop.plan(shop.options())
            #expect(next.refusals == [])
            let titles = next.steps.filter { !isQuestion($0) }.map(\.title)
            #expect(titles == left.filter { !isQuestion($0) }.map(\.title), "\(step.title)")
            guard titles.count == left.count(where: { !isQuestion($0) }) else { return }
        }
        #expect(try shop.keys() == Self.keys)
        try shop.expectGuarded()
    }

    @Test func `what an interrupted build left is removed and built again`() throws {
        let shop = try LegacyShop(rows: 20)
        let plan = try shop.plan(shop.options())
        let build = try #require(plan.steps.firstIndex { $0.sql.contains("CONCURRENTLY") })
        for step in plan.steps[...build] { try shop.runAsOwner(step.sql) }
        try shop.ask(
            "UPDATE pg_index SET indisvalid = false FROM pg_class c "
                + "WHERE c.oid = indexrelid AND c.relname LIKE 'ringfence_key_%'")
        let again = try shop.plan(shop.options())
        #expect(again.steps.contains { $0.sql.hasPrefix("DROP INDEX CONCURRENTLY") })
        _ = try shop.apply(shop.options())
        #expect(try shop.keys() == Self.keys)
    }

    @Test func `the printed script does the same`() throws {
        let shop = try LegacyShop(rows: 20)
        let options = shop.options()
        let script = try shop.plan(options).script(options)
        try shop.runAsOwner(script)
        #expect(try shop.keys() == Self.keys)
        try shop.expectGuarded()
        let longest = script.split(separator: "\n").filter { $0.hasPrefix("--") }.map(\.count).max()
        #expect(longest ?? 0 <= 110)
    }

    @Test(arguments: [
        (ProtectOptions.ColumnType.text, "org::text"), (.bigint, "1 + id % 2"),
    ])
    func `a tenant may be a text or a number in plain mode`(
        _ type: ProtectOptions.ColumnType, _ expression: String
    ) throws {
        let shop = try LegacyShop(rows: 20)
        var options = shop.options()
        options.type = type
        options.tables = [
            .init(name: "shop.order_lines", backfill: type == .text ? "sku" : "id % 2")
        ]
        _ = try shop.apply(options)
        #expect(try shop.plan(options).steps == [])
        let own = try shop.asRuntime(
            type == .text ? "a" : "1", "SELECT count(*) > 5 FROM shop.order_lines")
        #expect(own.output == "t\n", "\(own.errorOutput)")
    }

    @Test func `a reference keeps what it does, and no old one is left beside it`() throws {
        let shop = try LegacyShop(rows: 20)
        try shop.ask(
            """
            SET ROLE \(shop.database.owner);
            CREATE TABLE shop.parents (id bigint PRIMARY KEY, org uuid NOT NULL);
            CREATE TABLE shop.children (
                id bigint PRIMARY KEY, org uuid NOT NULL,
                moved bigint CONSTRAINT moved REFERENCES shop.parents (id) ON UPDATE CASCADE
                    ON DELETE RESTRICT,
                late bigint DEFAULT 1 CONSTRAINT late REFERENCES shop.parents (id)
                    ON DELETE SET DEFAULT DEFERRABLE INITIALLY DEFERRED,
                held bigint CONSTRAINT held REFERENCES shop.parents (id) DEFERRABLE);
            INSERT INTO shop.parents SELECT n, '\(LegacyShop.acme)' FROM generate_series(1, 4) n;
            INSERT INTO shop.children VALUES (1, '\(LegacyShop.acme)', 2, 3, 4);
            """)
        var options = shop.options()
        options.tables = [
            .init(name: "shop.parents", backfill: "org"),
            .init(name: "shop.children", backfill: "org"),
        ]
        let plan = try shop.apply(options)
        #expect(plan.refusals == [])
        let references = """
            SELECT string_agg(format('%s %s', conname, pg_get_constraintdef(oid)), E'\\n'
                ORDER BY conname COLLATE "C")
            FROM pg_constraint WHERE conrelid = 'shop.children'::regclass AND contype = 'f'
                AND convalidated
            """
        let head = "FOREIGN KEY (tenant_id,"
        let tail = "REFERENCES shop.parents(tenant_id, id)"
        let made = try shop.ask(references)
        #expect(
            made == """
                held \(head) held) \(tail) DEFERRABLE
                late \(head) late) \(tail) ON DELETE SET DEFAULT (late) \
                DEFERRABLE INITIALLY DEFERRED
                moved \(head) moved) \(tail) ON UPDATE CASCADE ON DELETE RESTRICT
                """)
        // They still do it: a moved parent takes its child along, a lost one gives it the default.
        try shop.ask(
            """
            UPDATE shop.parents SET id = 20 WHERE id = 2;
            DELETE FROM shop.parents WHERE id = 3;
            """)
        #expect(
            try shop.ask("SELECT concat_ws(' ', moved, late, held) FROM shop.children")
                == "20 1 4")
        let stopped = Result {
            try shop.ask("DELETE FROM shop.parents WHERE id = 20")
        }
        #expect(throws: (any Error).self) { try stopped.get() }
    }
}
