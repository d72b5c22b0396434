extension Trick {
    private static let notOwner = "the login owns nothing"
    private static let noCreate = "CREATE is revoked"
    private static let noFiles = "superusers and pg_*_server_files only"
    private static let noLarge = "EXECUTE on lo_* is revoked"

    /// Changing what protects the rows.
    static let definitions: [Trick] = [
        Trick(
            "D1", "row security off for the table", "HackTricks", .statement,
            "ALTER TABLE ringfence.invoices DISABLE ROW LEVEL SECURITY", aim: .answer,
            by: notOwner),
        Trick(
            "D2", "no FORCE", "HackTricks", .statement,
            "ALTER TABLE ringfence.invoices NO FORCE ROW LEVEL SECURITY", aim: .answer,
            by: notOwner),
        Trick(
            "D3", "a policy that is true", "HackTricks", .statement,
            "CREATE POLICY open ON ringfence.invoices USING (true)", aim: .answer, by: notOwner),
        Trick(
            "D4", "ALTER POLICY", "HackTricks", .statement,
            "ALTER POLICY tenant_floor ON ringfence.invoices USING (true)", aim: .answer,
            by: notOwner),
        Trick(
            "D5", "DROP POLICY", "HackTricks", .statement,
            "DROP POLICY tenant_floor ON ringfence.invoices", aim: .answer, by: notOwner),
        Trick(
            "D6", "another ringfence.tenant()", "own", .statement,
            """
            CREATE OR REPLACE FUNCTION ringfence.tenant() RETURNS uuid LANGUAGE sql AS \
            $$ SELECT '{B}'::uuid $$
            """, aim: .answer, by: noCreate),
        Trick(
            "D7", "a leakproof function that reports what it sees", "manual 41.5", .statement,
            """
            CREATE FUNCTION public.spy(text) RETURNS boolean LANGUAGE plpgsql LEAKPROOF COST \
            0.0001 AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$
            """, aim: .answer, by: noCreate),
        Trick(
            "D8", "a function of the C library", "pentestmonkey", .statement,
            """
            CREATE FUNCTION public.system(cstring) RETURNS int LANGUAGE c STRICT AS \
            '/lib/x86_64-linux-gnu/libc.so.6', 'system'
            """, aim: .answer, by: "language c is for superusers"),
        Trick(
            "D9", "a view", "own", .statement,
            "CREATE VIEW public.loot AS SELECT * FROM ringfence.invoices", aim: .answer,
            by: noCreate),
        Trick(
            "D10", "a table in public", "PayloadsAllTheThings", .statement,
            "CREATE TABLE public.loot (line text)", aim: .answer, by: noCreate),
        Trick(
            "D11", "a rule", "own", .statement,
            """
            CREATE RULE copy AS ON INSERT TO ringfence.invoices DO ALSO NOTHING
            """, aim: .answer, by: notOwner),
        Trick(
            "D12", "a trigger", "own", .statement,
            """
            CREATE TRIGGER copy BEFORE INSERT ON ringfence.invoices FOR EACH ROW EXECUTE FUNCTION \
            pg_catalog.suppress_redundant_updates_trigger()
            """, aim: .answer, by: "TRIGGER is not granted"),
        Trick(
            "D13", "TRUNCATE, which asks no policy", "manual 5.8", .statement,
            "TRUNCATE ringfence.payments", aim: .answer, by: "TRUNCATE is not granted"),
        Trick(
            "D14", "DROP TABLE", "OWASP", .text, "'; DROP TABLE ringfence.payments; --",
            aim: .answer, by: "extended protocol; and the login owns nothing"),
        Trick(
            "D15", "a key that refers to another's rows", "manual 5.8", .statement,
            """
            ALTER TABLE ringfence.payments ADD FOREIGN KEY (id) REFERENCES ringfence.invoices (id)
            """, aim: .answer, by: notOwner),
        Trick(
            "D16", "CREATE EXTENSION", "HackTricks", .statement, "CREATE EXTENSION file_fdw",
            aim: .answer, by: noCreate),
        Trick(
            "D17", "ALTER SYSTEM", "HackTricks", .statement,
            "ALTER SYSTEM SET archive_command = 'true'", aim: .answer,
            by: "not within a transaction; superusers only"),
        Trick(
            "D18", "ALTER DATABASE with a tenant for everybody", "own", .statement,
            """
            DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET app.current_tenant = %L', \
            current_database(), '{B}'); END $$
            """, aim: .answer, by: notOwner, threat: .setting),
        Trick(
            "D19", "a grant of what is not one's own", "own", .statement,
            "GRANT SELECT ON ringfence_guard.keys TO PUBLIC", aim: .answer, by: notOwner),
        Trick(
            "D20", "a publication of all tables", "own", .statement,
            "CREATE PUBLICATION loot FOR ALL TABLES", aim: .answer, by: "superusers only"),
    ]

    /// The server's files, programs and network.
    static let files: [Trick] = [
        Trick(
            "F1", "COPY TO PROGRAM", "CVE-2019-9193", .statement,
            "COPY (SELECT 1) TO PROGRAM 'id'", aim: .answer, by: noFiles),
        Trick(
            "F2", "COPY FROM PROGRAM", "CVE-2019-9193", .statement,
            "COPY ringfence.invoices (id, number) FROM PROGRAM 'echo 7'", aim: .answer,
            by: noFiles),
        Trick(
            "F3", "COPY FROM a file", "PayloadsAllTheThings", .statement,
            "COPY ringfence.invoices (number) FROM '{file}'", aim: .answer, by: noFiles),
        Trick(
            "F4", "COPY TO a file", "PayloadsAllTheThings", .statement,
            "COPY ringfence.invoices TO '/tmp/ringfence-loot'", aim: .answer, by: noFiles),
        Trick(
            "F5", "COPY of everything to the client", "PayloadsAllTheThings", .statement,
            "COPY ringfence.invoices TO STDOUT", by: "row security; and the client speaks no COPY"),
        Trick(
            "F6", "COPY FROM the client", "manual (COPY)", .statement,
            "COPY ringfence.invoices FROM STDIN", by: "refused on tables with row security"),
        Trick(
            "F7", "pg_read_file", "PayloadsAllTheThings", .text,
            "' UNION ALL SELECT '', pg_read_file('{file}') --", aim: .answer, by: noFiles),
        Trick(
            "F8", "pg_read_binary_file", "PayloadsAllTheThings", .text,
            "' UNION ALL SELECT '', encode(pg_read_binary_file('{file}'), 'escape') --",
            aim: .answer, by: noFiles),
        Trick(
            "F9", "pg_ls_dir", "PayloadsAllTheThings", .text,
            "' UNION ALL SELECT '', pg_ls_dir('{folder}') --", aim: .answer, by: noFiles),
        Trick(
            "F10", "pg_stat_file", "PayloadsAllTheThings", .text,
            "' UNION ALL SELECT '', pg_stat_file('{file}')::text --", aim: .answer, by: noFiles),
        Trick(
            "F11", "pg_ls_logdir", "HackTricks", .text,
            "' UNION ALL SELECT '', pg_ls_logdir()::text --", aim: .answer, by: noFiles),
        Trick(
            "F12", "lo_import", "PayloadsAllTheThings", .text,
            "' UNION ALL SELECT '', lo_import('{file}')::text --", aim: .answer, by: noLarge,
            threat: .largeObjects),
        Trick(
            "F13", "another's large object", "own", .text,
            "' UNION ALL SELECT '', encode(lo_get(4711), 'escape') --", by: noLarge,
            threat: .largeObjects),
        Trick(
            "F14", "its pages", "own", .text,
            "' UNION ALL SELECT '', encode(data, 'escape') FROM pg_largeobject --", by: noFiles,
            threat: .largeObjects),
        Trick(
            "F15", "a large object of one's own, to write a file with", "PayloadsAllTheThings",
            .text, "' UNION ALL SELECT '', lo_from_bytea(0, 'x')::text --", aim: .answer,
            by: noLarge, threat: .largeObjects),
        Trick(
            "F16", "lo_export", "PayloadsAllTheThings", .text,
            "' UNION ALL SELECT '', lo_export(4711, '/tmp/ringfence-loot')::text --",
            aim: .answer, by: noLarge, threat: .largeObjects),
        Trick(
            "F17", "an external entity in XML", "PortSwigger (XXE)", .text,
            """
            ' UNION ALL SELECT '', xmlparse(document '<!DOCTYPE x [<!ENTITY e SYSTEM \
            "file://{file}">]><x>&e;</x>')::text --
            """, by: "PostgreSQL loads no external entities"),
        Trick(
            "F18", "the same through xpath", "PortSwigger (XXE)", .text,
            """
            ' UNION ALL SELECT '', (xpath('//text()', ('<!DOCTYPE x [<!ENTITY e SYSTEM "file://\
            {file}">]><x>&e;</x>')::xml))::text --
            """, by: "PostgreSQL loads no external entities"),
        Trick(
            "F19", "dblink to elsewhere with what was read", "PayloadsAllTheThings", .text,
            """
            ' UNION ALL SELECT '', extensions.dblink_connect('host=127.0.0.1 port=1 password=x \
            user=x dbname=x connect_timeout=2') --
            """, aim: .answer, by: "nobody listens here; extensions are the operator's to grant"),
        Trick(
            "F20", "a subscription to another server", "own", .statement,
            "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p",
            aim: .answer, by: "not within a transaction; superusers only"),
        Trick(
            "F21", "changes of rows by logical decoding", "own", .text,
            """
            ' UNION ALL SELECT '', \
            pg_create_logical_replication_slot('s', 'test_decoding')::text --
            """,
            aim: .answer, by: "REPLICATION is not granted"),
    ]
}
