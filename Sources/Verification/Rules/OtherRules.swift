extension StaticRule {
    /// D: what keys tell across tenants. Checks of keys look past row-level security. Of a key what
    /// must be equal counts: neither the columns that an index includes, nor what an exclusion
    /// compares otherwise.
    static let keys: [StaticRule] = [
        StaticRule(
            .d1,
            """
            SELECT CASE WHEN c.confdeltype IN ('c', 'n', 'd') OR c.confupdtype IN ('c', 'n', 'd')
                    THEN 'leak' ELSE 'unproven' END,
                format('foreign key %I of %s', c.conname, t.name), t.name,
                format('foreign key %I of %s refers to %s without its tenant column: it tells '
                    'whether another tenant''s row exists%s', c.conname, t.name, o.name,
                    CASE WHEN c.confdeltype IN ('c', 'n', 'd') OR c.confupdtype IN ('c', 'n', 'd')
                    THEN ', and changes rows across tenants' ELSE '' END),
                format('-- as owner: add the tenant column on both sides of %I', c.conname), NULL
            FROM pg_constraint c JOIN tables t ON t.oid = c.conrelid
            JOIN tables o ON o.oid = c.confrelid
            WHERE c.contype = 'f' AND c.conparentid = 0 AND NOT EXISTS (
                SELECT FROM keys a, keys b, generate_subscripts(c.conkey, 1) AS i
                WHERE a.oid = t.oid AND b.oid = o.oid AND a.axis = b.axis
                AND c.conkey[i] = a.attnum AND c.confkey[i] = b.attnum)
            """),
        StaticRule(
            .d2,
            """
            WITH parts AS (
                SELECT i.indexrelid AS index, i.indkey[n] AS attnum, a.atttypid AS type,
                    coalesce(l.collisdeterministic, true) AND (x.conexclop IS NULL OR EXISTS
                        (SELECT FROM pg_amop o JOIN pg_am m ON m.oid = o.amopmethod
                        WHERE o.amopopr = x.conexclop[n + 1] AND (m.amname, o.amopstrategy)
                            IN (('btree', 3), ('hash', 1)))) AS is_equal
                FROM tables t JOIN pg_index i ON i.indrelid = t.oid
                    AND (i.indisunique OR i.indisexclusion)
                CROSS JOIN generate_series(0, i.indnkeyatts - 1) AS n
                LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[n]
                LEFT JOIN pg_collation l ON l.oid = i.indcollation[n]
                LEFT JOIN pg_constraint x ON x.conindid = i.indexrelid AND x.contype = 'x')
            SELECT CASE WHEN c.oid::regclass::text = ANY (given.designed)
                    OR NOT EXISTS (SELECT FROM parts p WHERE p.index = c.oid AND NOT (p.is_equal
                        AND p.type IS NOT DISTINCT FROM 'uuid'::regtype))
                    THEN 'notice' ELSE 'unproven' END,
                'index ' || c.oid::regclass, t.name,
                format('unique key %s of %s does not contain the tenant column%s: it tells whether '
                    'another tenant has a value', c.relname, t.name, CASE WHEN EXISTS
                        (SELECT FROM keys k WHERE k.oid = t.oid
                            AND k.attnum = ANY (i.indkey::int2[]))
                        THEN ' as what must be equal' ELSE '' END),
                format('-- as owner: begin %s with the tenant column', c.relname), NULL
            FROM given, tables t JOIN pg_index i ON i.indrelid = t.oid
                AND (i.indisunique OR i.indisexclusion)
            JOIN pg_class c ON c.oid = i.indexrelid
            WHERE NOT EXISTS (SELECT FROM parts p JOIN keys k ON k.oid = t.oid
                AND k.attnum = p.attnum WHERE p.index = c.oid AND p.is_equal)
            """),
        StaticRule(
            .d3,
            """
            SELECT 'notice', 'table ' || t.name, t.name,
                format('no index of %s begins with the tenant column: every read looks at all '
                    'tenants'' rows', t.name),
                format('CREATE INDEX CONCURRENTLY ON %s (%s);', t.name,
                    (SELECT string_agg(quote_ident(a.attname), ', ') FROM pg_attribute a
                    JOIN keys k ON k.oid = t.oid AND a.attnum = k.attnum
                    WHERE a.attrelid = t.oid)), NULL
            FROM tables t WHERE NOT EXISTS (SELECT FROM pg_index i JOIN keys k ON k.oid = t.oid
                WHERE i.indrelid = t.oid AND i.indisvalid AND i.indkey[0] = k.attnum)
            """),
    ]

    /// E and V: what the server around the database lets out.
    static let cluster: [StaticRule] = [
        // The view, because the function below it takes other arguments from 16 on.
        StaticRule(
            .e1,
            """
            SELECT 'unproven', format('publication %I', p.pubname), t.name,
                format('publication %I carries %s: subscribers get the rows of all tenants',
                    p.pubname, t.name),
                format('ALTER PUBLICATION %I DROP TABLE %s; -- where it names tables', p.pubname,
                    t.name), NULL
            FROM pg_publication_tables p
            JOIN tables t ON t.name = format('%I.%I', p.schemaname, p.tablename)
            """),
        StaticRule(
            .e2,
            """
            SELECT 'notice', 'other logins', NULL, 'beyond row-level security: '
                || string_agg(rolname, ', ' ORDER BY rolname), NULL, NULL
            FROM pg_roles WHERE rolcanlogin AND (rolsuper OR rolbypassrls OR rolreplication)
            AND oid NOT IN (SELECT oid FROM me) HAVING count(*) > 0
            """),
        StaticRule(
            .e3,
            """
            SELECT CASE WHEN EXISTS (SELECT FROM pg_depend d JOIN reach
                    ON has_function_privilege(reach.oid, d.objid, 'EXECUTE')
                    WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
                    AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e')
                    THEN 'unproven' ELSE 'notice' END,
                'extension ' || e.extname, NULL,
                format('extension %s is installed; it reads or runs around row-level security',
                    e.extname),
                format('DROP EXTENSION %I; -- or revoke its functions from PUBLIC', e.extname), NULL
            FROM pg_extension e WHERE e.extname IN ('dblink', 'postgres_fdw', 'file_fdw',
                'adminpack', 'pageinspect', 'pg_surgery', 'pg_walinspect', 'lo', 'plperlu',
                'plpython3u', 'pltclu', 'plpythonu', 'plsh', 'pg_read_binary', 'pgrowlocks',
                'pg_freespacemap', 'http', 'pg_cron', 'pg_background')
            """),
        StaticRule(
            .e4,
            """
            SELECT 'unproven', 'view ' || c.oid::regclass, NULL,
                format('%s shows the statements of all tenants that share the login',
                    c.oid::regclass),
                format('REVOKE ALL ON %s FROM PUBLIC, %s;', c.oid::regclass,
                    (SELECT string_agg(quote_ident(rolname), ', ') FROM reach)), NULL
            FROM pg_class c WHERE c.relname IN ('pg_stat_statements', 'pg_stat_monitor')
            AND EXISTS (SELECT FROM reach WHERE has_any_column_privilege(reach.oid, c.oid, 'SELECT')
                AND has_schema_privilege(reach.oid, c.relnamespace, 'USAGE'))
            """),
        StaticRule(
            .e5,
            """
            SELECT 'leak', 'function ' || p.oid::regprocedure, NULL,
                format('the login may call %s: files of the server hold all tenants'' rows',
                    p.oid::regprocedure),
                format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC, %s;', p.oid::regprocedure,
                    (SELECT string_agg(quote_ident(rolname), ', ') FROM reach)), NULL
            FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace
            AND p.proname IN ('pg_read_file', 'pg_read_binary_file', 'pg_ls_dir', 'pg_stat_file',
                'lo_import', 'lo_export', 'pg_ls_logdir', 'pg_ls_waldir', 'pg_current_logfile')
            AND (p.oid IN (SELECT oid FROM unasked) OR EXISTS (SELECT FROM reach
                WHERE has_function_privilege(reach.oid, p.oid, 'EXECUTE')))
            AND NOT (p.proname IN ('lo_import', 'lo_export') AND EXISTS (SELECT FROM me
                WHERE rolsuper))
            """),
        // CVE-2025-8713: statistics could be read past row-level security.
        StaticRule(
            .v1,
            """
            SELECT 'unproven', 'server ' || current_setting('server_version'), NULL,
                'this release lacks fixes to row-level security (CVE-2025-8713 and before); the '
                    'first that have them are 13.22, 14.19, 15.14, 16.10, 17.6', NULL, NULL
            FROM (SELECT current_setting('server_version_num')::int4 AS number) AS v, given
            WHERE number < 130000 OR EXISTS (SELECT FROM unnest(majors, fixes) AS r (major, first)
                WHERE r.major = number / 10000 AND number < r.first)
            """),
    ]

    /// F: functions, and what comes later.
    static let functions: [StaticRule] = [
        StaticRule(
            .f1,
            """
            SELECT DISTINCT CASE WHEN f.provolatile = 'v' THEN 'unproven' ELSE 'notice' END,
                'function ' || f.signature, NULL,
                format('%s, which policies call, is %s', f.signature,
                    CASE WHEN f.provolatile = 'v' THEN 'VOLATILE' ELSE 'not PARALLEL SAFE' END),
                format('ALTER FUNCTION %s STABLE PARALLEL SAFE;', f.signature), f.pin
            FROM code f JOIN pg_depend d ON d.classid = 'pg_policy'::regclass
                AND d.refclassid = 'pg_proc'::regclass AND d.refobjid = f.oid
            JOIN pg_policy p ON p.oid = d.objid JOIN tables t ON t.oid = p.polrelid
            WHERE f.provolatile = 'v' OR f.proparallel <> 's'
            """),
        StaticRule(
            .f2,
            """
            SELECT 'unproven', 'function ' || signature, NULL,
                format('%s runs with the rights of %s and finds names where its caller says',
                    signature, pg_get_userbyid(proowner)),
                format('ALTER FUNCTION %s SET search_path = pg_catalog, pg_temp;', signature), pin
            FROM code WHERE prosecdef AND prosqlbody IS NULL
            AND prolang NOT IN (SELECT oid FROM pg_language WHERE lanname IN ('c', 'internal'))
            AND NOT EXISTS (SELECT FROM unnest(proconfig) AS x (entry)
                WHERE entry ~* '^search_path=')
            AND (callable OR prorettype IN ('trigger'::regtype, 'event_trigger'::regtype))
            """),
        StaticRule(
            .f3,
            """
            SELECT 'unproven', 'default privileges of ' || pg_get_userbyid(a.defaclrole), NULL,
                format('tables and sequences that %s makes%s are handed to %s with %s',
                    pg_get_userbyid(a.defaclrole),
                    coalesce(' in ' || nullif(a.defaclnamespace, 0)::regnamespace, ''),
                    coalesce(r.rolname, 'PUBLIC'), string_agg(x.privilege_type, ', ')),
                format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s REVOKE ALL ON %s FROM %s;',
                    pg_get_userbyid(a.defaclrole),
                    coalesce(' IN SCHEMA ' || nullif(a.defaclnamespace, 0)::regnamespace, ''),
                    CASE a.defaclobjtype WHEN 'r' THEN 'TABLES' ELSE 'SEQUENCES' END,
                    coalesce(quote_ident(r.rolname), 'PUBLIC')), NULL
            FROM pg_default_acl a, aclexplode(a.defaclacl) AS x
            LEFT JOIN reach r ON r.oid = x.grantee
            WHERE a.defaclobjtype IN ('r', 'S') AND x.grantee <> a.defaclrole
            AND (x.grantee = 0 OR r.oid IS NOT NULL)
            GROUP BY a.defaclrole, a.defaclnamespace, a.defaclobjtype, r.rolname
            """),
        StaticRule(
            .f4,
            """
            SELECT 'unproven', 'function ' || signature, NULL,
                format('%s reads a setting and says it is IMMUTABLE: a plan may keep the answer',
                    signature),
                format('ALTER FUNCTION %s STABLE;', signature), pin
            FROM code WHERE provolatile = 'i' AND body ~* '\\mcurrent_setting\\M'
            """),
        // A guard that has such a trigger and lost it was tampered with; one that was installed
        // without a superuser never had any.
        StaticRule(
            .f5,
            """
            SELECT CASE WHEN count(own.oid) > 0 THEN 'unproven' ELSE 'notice' END,
                'tables made later', NULL,
                'no event trigger guards tables that are made later, and nothing watches',
                '-- as superuser: an event trigger on ddl_command_end that enables and forces '
                    'row-level security, or `db verify --watch`', NULL
            FROM given LEFT JOIN (SELECT p.oid, n.nspname FROM pg_proc p
                JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE p.prorettype = 'event_trigger'::regtype) AS own ON own.nspname = given.guard
            WHERE NOT watches AND NOT EXISTS (SELECT FROM pg_event_trigger t
                WHERE t.evtevent = 'ddl_command_end' AND t.evtenabled IN ('O', 'A')
                AND (own.oid IS NULL OR t.evtfoid = own.oid AND (t.evttags IS NULL
                    OR t.evttags @> ARRAY['CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO',
                        'ALTER TABLE', 'CREATE SCHEMA'])))
            HAVING count(*) > 0
            """),
    ]
}
