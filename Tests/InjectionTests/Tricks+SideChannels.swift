extension Trick {
    private static let composite = "keys and references begin with the tenant"
    private static let barrier = "row security is asked before the condition"
    private static let invoices = "INSERT INTO ringfence.invoices (id, number)"

    /// Sleeps when there is such a row of another's.
    private static func slow(_ number: String) -> String {
        """
        ' OR (SELECT pg_sleep(600) FROM (SELECT set_config('app.current_tenant','{B}',true) AS s \
        OFFSET 0) AS f CROSS JOIN LATERAL (SELECT FROM ringfence.invoices WHERE f.s IS NOT NULL \
        AND number = '\(number)' OFFSET 0) AS x) IS NULL --
        """
    }

    /// Rows named, written, referred to.
    static let writes: [Trick] = [
        Trick(
            "W1", "INSERT for another", "manual 5.8", .statement,
            "INSERT INTO ringfence.invoices (tenant_id, id, number) VALUES ('{B}', 99, 'x')",
            aim: .answer, by: "the policy judges what is written"),
        Trick(
            "W2", "giving a row to another", "manual 5.8", .statement,
            "UPDATE ringfence.invoices SET tenant_id = '{B}' WHERE id = 5", aim: .answer,
            by: "the policy judges what is written"),
        Trick(
            "W3", "UPDATE of everything", "OWASP", .statement,
            "UPDATE ringfence.invoices SET note = note", by: "row security"),
        Trick(
            "W4", "DELETE of everything that is not one's own", "OWASP", .statement,
            "DELETE FROM ringfence.invoices WHERE tenant_id <> '{A}'", by: "row security"),
        Trick(
            "W5", "MERGE into another's", "own", .statement,
            """
            MERGE INTO ringfence.invoices AS i USING (SELECT 1) AS s ON i.number = 'known-1' \
            WHEN MATCHED THEN UPDATE SET note = 'owned' WHEN NOT MATCHED THEN DO NOTHING
            """, by: "row security"),
        Trick(
            "W6", "ON CONFLICT DO UPDATE of another's", "manual (INSERT)", .statement,
            """
            INSERT INTO ringfence.invoices (tenant_id, id, number) VALUES ('{B}', 1, 'known-1') \
            ON CONFLICT (tenant_id, id) DO UPDATE SET note = 'owned' RETURNING note
            """, aim: .answer, by: "the policy judges what is written"),
        Trick(
            "W7", "SELECT FOR UPDATE", "own", .text,
            "' OR true ORDER BY id FOR UPDATE --", by: "row security"),
        Trick(
            "W8", "a tenant made up", "own", .statement,
            """
            INSERT INTO ringfence.tenants (id, vendor_id, external_id, name, tier) VALUES \
            (gen_random_uuid(), '{VB}', 'mole', 'mole', 'SCALE')
            """, aim: .answer, by: "it takes a vendor's seal"),
        Trick(
            "W9", "one's own limits lifted", "own", .statement,
            "UPDATE ringfence.tenants SET tier = 'ENTERPRISE', requests_per_minute = NULL",
            by: "a tenant may read its row; writing takes a vendor's seal"),
        Trick(
            "W10", "a row of one's own, forged by the physical address", "own", .text,
            "' OR ctid IN (SELECT format('(%s,%s)', a, b)::tid FROM generate_series(0, 40) AS a, "
                + "generate_series(1, 99) AS b) --", by: barrier),
        Trick(
            "W11", "rows by TABLESAMPLE", "own", .statement,
            "SELECT note FROM ringfence.invoices TABLESAMPLE SYSTEM (100)", by: "row security"),
        Trick(
            "W12", "tables of the other schemas", "PayloadsAllTheThings", .text,
            """
            ' UNION ALL SELECT table_schema || '.' || table_name, query_to_xml(format('SELECT * \
            FROM %I.%I LIMIT 99', table_schema, table_name), true, false, '')::text FROM \
            information_schema.tables WHERE table_schema LIKE 'ringfence%' AND \
            has_table_privilege(format('%I.%I', table_schema, table_name), 'SELECT') --
            """, by: "row security"),
        Trick(
            "W13", "another vendor's tenants, keys and domains", "own", .text,
            """
            ' UNION ALL SELECT id::text, name FROM ringfence.tenants UNION ALL SELECT '', k::text \
            FROM ringfence.api_keys AS k UNION ALL SELECT '', d::text FROM ringfence.domains AS d --
            """, by: "row security"),
    ]

    /// Learning without reading.
    static let sideChannels: [Trick] = [
        Trick(
            "C1", "blind, yes or no", "PortSwigger (blind)", .text,
            "' OR EXISTS (SELECT FROM ringfence.invoices WHERE number = 'known-1') AND id = 1 --",
            then: [
                .text(
                    "' OR EXISTS (SELECT FROM ringfence.invoices WHERE number = 'absent') "
                        + "AND id = 1 --")
            ], aim: .difference, by: "row security"),
        Trick(
            "C2", "by an error of a cast", "PayloadsAllTheThings", .text,
            "' AND 1 = CAST((SELECT note FROM ringfence.invoices WHERE tenant_id = '{B}' LIMIT 1) "
                + "AS int) --", by: "row security"),
        Trick(
            "C3", "by an error of a cheap function before row security", "CVE-2012-0868, 41.5",
            .text, "' OR (note ~ 'canary' AND note::int = 1) --", by: barrier),
        Trick(
            "C4", "by a division in the condition", "PortSwigger (blind)", .text,
            "' OR 1 / (CASE WHEN number = 'known-1' THEN 0 ELSE 1 END) = 2 --",
            then: [.text("' OR 1 / (CASE WHEN number = 'absent' THEN 0 ELSE 1 END) = 2 --")],
            aim: .difference, by: barrier),
        Trick(
            "C5", "by time: pg_sleep when there is such a row", "PayloadsAllTheThings", .text,
            slow("known-1"), then: [.text(slow("absent"))], aim: .difference, by: "row security",
            threat: .expression),
        Trick(
            "C6", "a sleep without end", "PayloadsAllTheThings", .text,
            "' OR pg_sleep(3600) IS NULL --", aim: .time, by: "the deadline"),
        Trick(
            "C7", "work without end", "own", .text,
            """
            ' OR (SELECT count(*) FROM generate_series(1, 100000) AS a, generate_series(1, 100000) \
            AS b, generate_series(1, 100000) AS c) = 1 --
            """, aim: .time, by: "the deadline"),
        Trick(
            "C8", "a timeout switched off, then a sleep", "own", .statement,
            "SET LOCAL statement_timeout = 0", "SELECT pg_sleep(3600)", aim: .time,
            by: "the deadline, which is ours and not the server's"),
        Trick(
            "C9", "a lock of the table, and a sleep", "own", .statement,
            "DO $$ BEGIN LOCK TABLE ringfence.payments; PERFORM pg_sleep(3600); END $$",
            aim: .time, by: "the deadline"),
        Trick(
            "C10", "UNIQUE: is the number taken", "own", .statement,
            "\(invoices) VALUES (901, 'known-1')",
            then: [.statement("\(invoices) VALUES (902, 'absent-1')")], aim: .difference,
            by: composite),
        Trick(
            "C11", "ON CONFLICT DO NOTHING", "own", .statement,
            "\(invoices) VALUES (903, 'known-2') ON CONFLICT DO NOTHING RETURNING 'new'",
            then: [
                .statement(
                    "\(invoices) VALUES (904, 'absent-2') ON CONFLICT DO NOTHING RETURNING 'new'")
            ], aim: .difference, by: composite),
        Trick(
            "C12", "the same with the other's id", "own", .statement,
            """
            INSERT INTO ringfence.invoices (tenant_id, id, number) VALUES ('{B}', 1, 'known-1') \
            ON CONFLICT DO NOTHING
            """,
            then: [
                .statement(
                    """
                    INSERT INTO ringfence.invoices (tenant_id, id, number) VALUES \
                    ('{B}', 905, 'absent-3') ON CONFLICT DO NOTHING
                    """)
            ], aim: .difference, by: "the policy is asked before the key"),
        Trick(
            "C13", "a reference to another's row", "own", .statement,
            "INSERT INTO ringfence.payments (tenant_id, id, invoice) VALUES ('{B}', 1, 1)",
            then: [
                .statement(
                    "INSERT INTO ringfence.payments (tenant_id, id, invoice) VALUES ('{B}', 1, 999)"
                )
            ], aim: .difference, by: "the policy is asked before the key"),
        Trick(
            "C14", "a tenant's existence, by a reference", "own", .statement,
            """
            INSERT INTO ringfence.events (tenant_id, id, topic, payload) VALUES ('{B}', '{A}', \
            'x', '{}')
            """,
            then: [
                .statement(
                    """
                    INSERT INTO ringfence.events (tenant_id, id, topic, payload) VALUES \
                    ('{none}', '{A}', 'x', '{}')
                    """)
            ], aim: .difference, by: "the policy is asked before the key"),
        Trick(
            "C15", "statistics of values", "CVE-2017-7484", .text,
            "' UNION ALL SELECT attname, s::text FROM pg_statistic AS s, pg_attribute --",
            aim: .answer, by: "superusers only"),
        Trick(
            "C16", "pg_stats", "CVE-2019-10130", .text,
            """
            ' UNION ALL SELECT tablename, most_common_vals::text || histogram_bounds::text FROM \
            pg_stats WHERE schemaname = 'ringfence' --
            """, by: "it hides tables with row security"),
        Trick(
            "C17", "estimates of EXPLAIN", "CVE-2017-7484, own", .statement,
            "EXPLAIN SELECT FROM ringfence.invoices WHERE note = 'known often'",
            then: [.statement("EXPLAIN SELECT FROM ringfence.invoices WHERE note = 'never'")],
            aim: .difference, by: "nothing: statistics are of whole tables",
            threat: .estimates, isAccepted: true),
        Trick(
            "C18", "EXPLAIN by way of query_to_xml", "own", .text,
            "' UNION ALL SELECT '', query_to_xml('EXPLAIN SELECT 1', true, false, '')::text --",
            aim: .answer, by: "it takes queries only"),
        Trick(
            "C19", "sizes and counts in the catalogs", "manual 54", .text,
            """
            ' UNION ALL SELECT relname, reltuples::text FROM pg_class WHERE oid = \
            'ringfence.invoices'::regclass AND reltuples > 4000 --
            """, aim: .answer, by: "nothing: they are of whole tables", threat: .estimates,
            isAccepted: true),
        Trick(
            "C20", "last_value of a sequence", "own", .text,
            "' UNION ALL SELECT '', last_value::text FROM ringfence.numbers --", aim: .answer,
            by: "USAGE alone is granted"),
        Trick(
            "C21", "currval of a sequence", "own", .text,
            "' UNION ALL SELECT '', 'canary ' || currval('ringfence.numbers') --",
            by: "the scrub before the next tenant"),
        Trick(
            "C22", "ending the sessions of others", "HackTricks", .text,
            """
            ' UNION ALL SELECT '', pg_terminate_backend(pid)::text FROM pg_stat_activity WHERE \
            usename = current_user AND pid <> pg_backend_pid() --
            """, aim: .disturbance, by: "EXECUTE on it is revoked", threat: .otherSessions),
        Trick(
            "C23", "cancelling their statements", "HackTricks", .text,
            """
            ' UNION ALL SELECT '', pg_cancel_backend(pid)::text FROM pg_stat_activity WHERE \
            usename = current_user AND pid <> pg_backend_pid() --
            """, aim: .answer, by: "EXECUTE on it is revoked", threat: .otherSessions),
        Trick(
            "C24", "messages by NOTIFY", "manual (NOTIFY)", .text,
            "' UNION ALL SELECT '', pg_notify('gossip', 'x')::text --", aim: .answer,
            by: "nothing: but nothing of ours listens", isAccepted: true),
        Trick(
            "C25", "names of tables and columns", "PayloadsAllTheThings", .text,
            """
            ' UNION ALL SELECT table_name, column_name FROM information_schema.columns WHERE \
            table_name = 'invoices' --
            """, aim: .answer, by: "nothing: a schema is no secret", isAccepted: true),
    ]
}
