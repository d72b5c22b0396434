extension Trick {
    private static let tenant = "set_config('app.current_tenant','{B}',true)"
    private static let back = "set_config('app.current_tenant','{A}',true)"
    private static let unforgeable = "the setting is no context: a seal is, or the slot"
    private static let slotGuarded = "only the guard may set the slot"
    private static let rows = "SELECT id::text, note FROM ringfence.invoices"

    /// First `before`, then another's rows, then `after`, in one statement.
    private static func union(_ before: String, _ after: String) -> String {
        """
        ' UNION ALL SELECT x.id::text, x.note FROM (SELECT \(before) AS s OFFSET 0) AS f \
        CROSS JOIN LATERAL (\(rows) WHERE f.s IS NOT NULL OFFSET 0) AS x \
        UNION ALL SELECT '', \(after) --
        """
    }

    /// Whether another has such a row.
    private static func blind(_ number: String) -> String {
        """
        ' OR (\(tenant) = '{B}' AND EXISTS (SELECT FROM ringfence.invoices \
        WHERE number = '\(number)')) AND \(back) = '{A}' --
        """
    }

    /// The tenant, changed from within a statement.
    static let expressions: [Trick] = [
        Trick(
            "S1", "tenant setting in a sub-select of FROM", "PayloadsAllTheThings, own", .text,
            """
            ' UNION ALL SELECT x.id::text, x.note FROM (SELECT \(tenant) AS s OFFSET 0) AS f \
            CROSS JOIN LATERAL (\(rows) WHERE f.s IS NOT NULL OFFSET 0) AS x --
            """, by: "the proof at the end finds another tenant and undoes all", threat: nil),
        Trick(
            "S2", "the same, and back before the end", "own", .text, union(tenant, back),
            by: unforgeable, threat: .expression),
        Trick(
            "S3", "in a materialized CTE", "own", .statement,
            """
            WITH f AS MATERIALIZED (SELECT \(tenant) AS s), x AS MATERIALIZED (SELECT i.note \
            FROM f CROSS JOIN LATERAL (SELECT note FROM ringfence.invoices WHERE f.s IS NOT NULL \
            OFFSET 0) AS i) SELECT note FROM x UNION ALL SELECT \(back)
            """, by: unforgeable, threat: .expression),
        Trick(
            "S4", "in WHERE, asking yes or no", "PortSwigger (blind)", .text, blind("known-1"),
            then: [.text(blind("absent"))], aim: .difference, by: unforgeable, threat: .expression),
        Trick(
            "S5", "as an argument of a function", "own", .text,
            """
            ' UNION ALL SELECT length(\(tenant))::text, query_to_xml('SELECT note FROM \
            ringfence.invoices WHERE id < 9', true, false, '')::text UNION ALL SELECT '', \(back) --
            """, by: unforgeable, threat: .expression),
        Trick(
            "S6", "in ORDER BY", "PortSwigger", .order,
            "(SELECT CASE WHEN \(tenant) IS NULL THEN 1 END)", by: "the proof at the end"),
        Trick(
            "S7", "by text that query_to_xml runs", "PayloadsAllTheThings", .text,
            """
            ' UNION ALL SELECT query_to_xml('SELECT \(tenant.doubled)', true, false, '')::text, \
            query_to_xml('SELECT note FROM ringfence.invoices WHERE id < 9', true, false, '')::text\
             UNION ALL SELECT query_to_xml('SELECT \(back.doubled)', true, false, '')::text, '' --
            """, by: unforgeable, threat: .expression),
        Trick(
            "S8", "schema_to_xml after it", "PayloadsAllTheThings", .text,
            """
            ' UNION ALL SELECT \(tenant), table_to_xml('ringfence.events', true, false, '')::text \
            UNION ALL SELECT '', \(back) --
            """, by: unforgeable, threat: .expression),
        Trick(
            "S9", "ts_stat runs a query's text", "manual 12.4.4", .text,
            """
            ' UNION ALL SELECT '', string_agg(word, ' ') FROM (SELECT \(tenant) AS s OFFSET 0) \
            AS f CROSS JOIN LATERAL ts_stat(left(f.s, 0) || 'SELECT to_tsvector(''simple'', note) \
            FROM ringfence.invoices WHERE id < 9') UNION ALL SELECT '', \(back) --
            """, by: unforgeable, threat: .expression),
        Trick(
            "S10", "the vendor's setting: names of tenants", "own", .text,
            """
            ' UNION ALL SELECT x.id::text, x.name FROM (SELECT \
            set_config('app.current_vendor','{VB}',true) AS s OFFSET 0) AS f CROSS JOIN LATERAL \
            (SELECT id, name FROM ringfence.tenants WHERE f.s IS NOT NULL OFFSET 0) AS x \
            UNION ALL SELECT '', set_config('app.current_vendor','',true) --
            """, by: unforgeable, threat: .expression),
        Trick(
            "S11", "the tenant's setting for the whole session", "own", .text,
            "' UNION ALL SELECT '', set_config('app.current_tenant','{B}',false) --",
            then: [.text("' OR true --")], by: "the proof at the end; every transaction binds anew"
        ),
        Trick(
            "S12", "and written into another's rows", "own", .statement,
            "SELECT \(tenant)", "UPDATE ringfence.invoices SET note = 'owned' WHERE id = 1",
            "SELECT \(back)", by: unforgeable, threat: .expression),
        Trick(
            "S13", "app.seal with a seal of another tenant's id", "own", .text,
            union("set_config('app.seal','{tampered}',true)", "''"),
            by: "its MAC is wrong; in mode sealed nobody reads that setting", threat: .expression),
        Trick(
            "S14", "app.seal with another's expired seal", "own", .text,
            union("set_config('app.seal','{expired}',true)", "''"),
            by: "it is expired; in mode sealed nobody reads that setting", threat: .expression),
        Trick(
            "S15", "app.seal with another's valid seal, caught somehow", "own", .text,
            union(
                "set_config('app.seal','{live}',true)", "set_config('app.seal','{own}',true)"),
            by: "in mode sealed nobody reads that setting", threat: .secondSeal),
        Trick(
            "S16", "a proof of acting for a tenant, made up", "own", .text,
            union("set_config('app.seal','{own}' || '{B}' || repeat('0', 64),true)", "''"),
            by: "acting takes a vendor's seal and the database's MAC", threat: .expression),
        Trick(
            "S17", "the slot by set_config", "own", .text,
            union("set_config('backtrace_functions',replace('{B}','-','') || ',',true)", "''"),
            by: slotGuarded, threat: .expression),
        Trick(
            "S18", "the slot, for whoever comes next", "own", .text,
            "' UNION ALL SELECT '', set_config('backtrace_functions','',false) --",
            by: slotGuarded, threat: .setting),
        Trick(
            "S19", "naming the tenant in a condition", "PortSwigger", .text,
            "' OR tenant_id = '{B}' --", by: "row security"),
        Trick(
            "S20", "everything: OR true", "OWASP", .text, "' OR '1'='1", by: "row security"),
        Trick(
            "S21", "UNION with the same table, whole rows", "OWASP", .text,
            "' UNION SELECT 'x', to_jsonb(i)::text FROM ringfence.invoices AS i --",
            by: "row security"),
    ]

    /// Statements that set, where the client's text is a statement of its own.
    static let settings: [Trick] = [
        Trick(
            "T1", "SET LOCAL of the tenant", "PayloadsAllTheThings (stacked)", .statement,
            "SET LOCAL app.current_tenant = '{B}'", rows,
            "SET LOCAL app.current_tenant = '{A}'", by: unforgeable, threat: .setting),
        Trick(
            "T2", "SET SESSION of the tenant", "the same", .statement,
            "SET app.current_tenant = '{B}'", then: [.text("' OR true --")],
            by: "the proof at the end; every transaction binds anew"),
        Trick(
            "T3", "SET of the slot", "own", .statement,
            "SET LOCAL backtrace_functions = '018f0000000070008000000000000000b,'", rows,
            by: slotGuarded, threat: .setting),
        Trick(
            "T4", "RESET of the slot", "own", .statement, "RESET backtrace_functions",
            by: slotGuarded, threat: .setting),
        Trick(
            "T5", "SET LOCAL of the seal, another's valid one", "own", .statement,
            "SET LOCAL app.seal = '{live}'", rows, "SET LOCAL app.seal = '{own}'",
            by: "in mode sealed nobody reads that setting", threat: .secondSeal),
        Trick(
            "T6", "RESET ALL within the transaction", "manual (RESET)", .statement,
            "RESET ALL", rows, by: "no tenant is left, so no rows; the proof undoes the rest"),
        Trick(
            "T7", "DO block that sets, reads and keeps", "PayloadsAllTheThings, own", .statement,
            """
            DO $$ BEGIN PERFORM \(tenant); PERFORM set_config('x.loot', (SELECT string_agg(note, \
            ' ') FROM ringfence.invoices WHERE id < 9), false); PERFORM \(back); END $$
            """, then: [.statement("SELECT current_setting('x.loot', true)")], by: unforgeable,
            threat: .expression),
        Trick(
            "T8", "DO block over every setting that names a tenant", "own", .statement,
            """
            DO $$ BEGIN EXECUTE 'SET LOCAL ROLE NONE'; EXECUTE 'SET LOCAL app.current_vendor = \
            ''{VB}'''; PERFORM set_config('x.loot', (SELECT string_agg(name, ' ') FROM \
            ringfence.tenants), false); EXECUTE 'SET LOCAL app.current_vendor = '''''; END $$
            """, then: [.statement("SELECT current_setting('x.loot', true)")], by: unforgeable,
            threat: .setting),
        Trick(
            "T9", "DO block that commits first", "own", .statement,
            """
            DO $$ BEGIN COMMIT; PERFORM \(tenant); PERFORM set_config('x.loot', (SELECT \
            string_agg(note, ' ') FROM ringfence.invoices WHERE id < 9), false); COMMIT; END $$
            """, then: [.statement("SELECT current_setting('x.loot', true)")],
            by: "the proof at the end gives the connection up; and the context ends at COMMIT"),
        Trick(
            "T10", "COMMIT, then as another", "own", .statement,
            "COMMIT", "SELECT \(tenant)", rows, "SELECT \(back)",
            by: "the context ends with the transaction", threat: .setting),
        Trick(
            "T11", "ROLLBACK, then as another", "own", .statement,
            "ROLLBACK", "SELECT \(tenant)", rows, "SELECT \(back)",
            by: "the context ends with the transaction", threat: .setting),
        Trick(
            "T12", "SAVEPOINT and ROLLBACK TO", "own", .statement,
            "SAVEPOINT s", "SELECT \(tenant)", rows, "ROLLBACK TO s",
            by: "no savepoints in a pipeline; none undoes what was entered before",
            threat: .setting),
        Trick(
            "T13", "an exception that undoes the context", "own", .statement,
            """
            DO $$ BEGIN BEGIN PERFORM \(tenant); PERFORM 1/0; EXCEPTION WHEN others THEN \
            PERFORM set_config('x.loot', (SELECT string_agg(note, ' ') FROM ringfence.invoices \
            WHERE id < 9), false); END; END $$
            """, then: [.statement("SELECT current_setting('x.loot', true)")],
            by: "it undoes the attacker's own step"),
        Trick(
            "T14", "stacked statement behind a semicolon", "OWASP", .text,
            "'; SELECT \(tenant); SELECT note FROM ringfence.invoices; SELECT \(back); --",
            by: "extended protocol: one statement each", threat: nil),
        Trick(
            "T15", "stacked COMMIT and a transaction of one's own", "OWASP", .text,
            """
            '; COMMIT; BEGIN; SELECT \(tenant); SELECT note FROM ringfence.invoices; \
            SELECT \(back); --
            """, by: "extended protocol: one statement each"),
    ]
}

extension String {
    /// As it stands within quotes.
    fileprivate var doubled: String { replacing("'", with: "''") }
}
