extension Trick {
    private static let noTemp = "TEMP is revoked from everybody"
    static let scrubbed = "the scrub before the next tenant"
    private static let noMember = "the login is a member of nothing"
    private static let ownLogin =
        "nothing: a login may always change its own; no rows, but no service either"
    private static let loot = "SELECT current_setting('x.loot', true)"

    /// What is planted for the next tenant of the connection.
    static let sessions: [Trick] = [
        Trick(
            "P1", "a temporary table in the place of a table", "CVE-2018-1058", .statement,
            "CREATE TEMP TABLE invoices AS SELECT 'planted'::text AS note", by: noTemp,
            threat: .temporary),
        Trick(
            "P2", "a temporary view over the next tenant's rows", "own", .statement,
            "CREATE TEMP VIEW loot AS SELECT note FROM ringfence.invoices",
            "SELECT set_config('search_path','pg_temp,ringfence',false)", by: noTemp,
            threat: .temporary),
        Trick(
            "P3", "a function in pg_temp", "CVE-2018-1058", .statement,
            """
            CREATE FUNCTION pg_temp.lower(text) RETURNS text LANGUAGE sql AS \
            'SELECT note FROM ringfence.invoices LIMIT 1'
            """, by: noTemp, threat: .temporary),
        Trick(
            "P4", "SELECT INTO a temporary table", "own", .statement,
            "SELECT note INTO TEMP loot FROM ringfence.invoices", by: noTemp, threat: .temporary),
        Trick(
            "P5", "the next tenant's prepared statement, replaced", "own", .statement,
            """
            DO $$ DECLARE victim text; BEGIN SELECT name INTO STRICT victim FROM \
            pg_prepared_statements WHERE statement LIKE \
            '%SELECT note FROM ringfence.invoices ORDER%' AND statement NOT LIKE 'DO %'; \
            EXECUTE format('DEALLOCATE %I', victim); EXECUTE format('PREPARE %I AS SELECT \
            set_config(''x.loot'', string_agg(note, '' ''), false) FROM ringfence.invoices', \
            victim); END $$
            """, collect: loot, by: "a session with such a statement is given up"),
        Trick(
            "P6", "the same by stacked DEALLOCATE and PREPARE", "own", .text,
            """
            '; DEALLOCATE list; PREPARE list AS SELECT set_config('x.loot', string_agg(note, ' '), \
            false) FROM ringfence.invoices; --
            """, collect: loot, by: "extended protocol: one statement each"),
        Trick(
            "P7", "EXECUTE of another's prepared statement", "own", .statement,
            "DO $$ BEGIN EXECUTE 'EXECUTE list'; END $$", by: "it runs in the caller's context"),
        Trick(
            "P8", "DEALLOCATE ALL", "own", .statement, "DEALLOCATE ALL",
            by: "the login is given up and made anew"),
        Trick(
            "P9", "DISCARD ALL", "own", .statement, "DISCARD ALL",
            by: "not within a transaction; and it leaves no context"),
        Trick(
            "P10", "search_path for the session", "CVE-2018-1058", .text,
            "' UNION ALL SELECT '', set_config('search_path','public,pg_temp,ringfence',false) --",
            by: scrubbed),
        Trick(
            "P11", "a statement_timeout for the next tenant", "own", .text,
            "' UNION ALL SELECT '', set_config('statement_timeout','5s',false) --",
            by: scrubbed),
        Trick(
            "P12", "row_security off", "manual 5.8", .text,
            "' UNION ALL SELECT '', set_config('row_security','off',false) --",
            then: [.text("' OR true --")], by: "it makes queries fail; the scrub turns it back"),
        Trick(
            "P13", "row_security off before reading", "manual 5.8", .statement,
            "SET LOCAL row_security = off", "SELECT note FROM ringfence.invoices",
            by: "the login may not bypass row security, so the query fails"),
        Trick(
            "P14", "read-only for the session", "own", .text,
            "' UNION ALL SELECT '', set_config('default_transaction_read_only','on',false) --",
            by: scrubbed),
        Trick(
            "P15", "a stash in a setting of one's own making", "own", .text,
            "' UNION ALL SELECT '', set_config('x.loot','planted',false) --", by: scrubbed),
        Trick(
            "P16", "client_encoding", "CVE-2006-2314", .text,
            "' UNION ALL SELECT '', set_config('client_encoding','SJIS',false) --",
            by: scrubbed),
        Trick(
            "P17", "standard_conforming_strings off", "CVE-2006-2313", .text,
            "' UNION ALL SELECT '', set_config('standard_conforming_strings','off',false) --",
            by: scrubbed),
        Trick(
            "P18", "triggers off: session_replication_role", "manual 20.11", .text,
            "' UNION ALL SELECT '', set_config('session_replication_role','replica',false) --",
            by: "superusers only"),
        Trick(
            "P19", "LISTEN for the next tenant's messages", "manual (NOTIFY)", .statement,
            "LISTEN gossip", by: scrubbed),
        Trick(
            "P20", "a lock of the session", "manual 13.3.5", .text,
            "' UNION ALL SELECT '', pg_advisory_lock(42)::text --", by: scrubbed),
        Trick(
            "P21", "a cursor held over the commit", "own", .statement,
            "DECLARE loot CURSOR WITH HOLD FOR SELECT note FROM ringfence.invoices", by: scrubbed),
        Trick(
            "P22", "lastval of the tenant before", "manual 9.17", .statement,
            "SELECT 'canary ' || lastval()", by: scrubbed),
        Trick(
            "P23", "a library into the session", "pentestmonkey", .statement,
            "LOAD 'auto_explain'", aim: .answer, by: "superusers only"),
    ]

    /// Who the session is.
    static let roles: [Trick] = [
        Trick(
            "R1", "SET ROLE to the owner of the tables", "HackTricks", .statement,
            "SET ROLE ringfence_owner", aim: .answer, by: noMember),
        Trick(
            "R2", "SET ROLE to the guard", "HackTricks", .statement,
            "SET LOCAL ROLE ringfence_guard", aim: .answer, by: noMember),
        Trick(
            "R3", "the role as a setting, in an expression", "HackTricks", .text,
            "' UNION ALL SELECT '', set_config('role','ringfence_worker',true) --", aim: .answer,
            by: noMember),
        Trick(
            "R4", "RESET ROLE", "own", .statement, "RESET ROLE",
            "SELECT note FROM ringfence.invoices", by: "the login is the role already"),
        Trick(
            "R5", "SET SESSION AUTHORIZATION", "HackTricks", .statement,
            "SET SESSION AUTHORIZATION ringfence_owner", aim: .answer, by: "superusers only"),
        Trick(
            "R6", "the same as a setting", "HackTricks", .text,
            "' UNION ALL SELECT '', set_config('session_authorization','ringfence_owner',true) --",
            aim: .answer, by: "superusers only"),
        Trick(
            "R7", "ALTER ROLE to bypass row security", "HackTricks", .statement,
            "ALTER ROLE CURRENT_USER BYPASSRLS", aim: .answer, by: "superusers only"),
        Trick(
            "R8", "GRANT of the owner to oneself", "HackTricks", .statement,
            "GRANT ringfence_owner TO CURRENT_USER", aim: .answer,
            by: "it takes CREATEROLE or ADMIN"),
        Trick(
            "R9", "CREATE ROLE", "HackTricks", .statement, "CREATE ROLE mole LOGIN SUPERUSER",
            aim: .answer, by: "it takes CREATEROLE"),
        Trick(
            "R10", "ALTER ROLE with a slot for every later login", "own", .statement,
            "ALTER ROLE CURRENT_USER SET backtrace_functions = 'x'", aim: .answer,
            by: "the login may not set it", threat: .setting),
        Trick(
            "R11", "a login of its own with the password, through dblink", "PayloadsAllTheThings",
            .statement,
            """
            SELECT note FROM extensions.dblink('{dsn}', $q$ SELECT \
            set_config('app.current_tenant','{B}',false) UNION ALL SELECT note FROM \
            ringfence.invoices $q$) AS t (note text)
            """,
            """
            SELECT note FROM extensions.dblink('{dsn}&options=-c%20app.current_tenant%3D{B}', \
            'SELECT note FROM ringfence.invoices') AS t (note text)
            """, by: "a login without a seal sees no rows", threat: .password),
        Trick(
            "R12", "dblink without a password", "PayloadsAllTheThings", .statement,
            """
            SELECT note FROM extensions.dblink('dbname=postgres', 'SELECT 1::text') AS t (note text)
            """, aim: .answer, by: "it takes a password that is asked for"),
        Trick(
            "R13", "pg_authid, for hashes", "pentestmonkey", .text,
            "' UNION ALL SELECT rolname, rolpassword FROM pg_authid --", aim: .answer,
            by: "superusers only"),
        Trick(
            "R14", "a tenant for every later login by default", "own", .statement,
            "ALTER ROLE CURRENT_USER SET app.current_tenant = '{B}'", aim: .answer,
            by: "superusers only, for a setting that nothing defines", threat: .setting),
        Trick(
            "R15", "a timeout for every later login by default", "own", .statement,
            "ALTER ROLE CURRENT_USER SET statement_timeout = '5s'", by: ownLogin,
            isAccepted: true),
        Trick(
            "R16", "another password for the login", "own", .statement,
            "ALTER ROLE CURRENT_USER PASSWORD 'x'", by: ownLogin, isAccepted: true),
        Trick(
            "R17", "either out of an expression", "own", .text,
            """
            ' UNION ALL SELECT '', query_to_xml('ALTER ROLE CURRENT_USER PASSWORD ''x''', true, \
            false, '')::text --
            """, aim: .answer, by: "an expression runs queries only"),
    ]
}
