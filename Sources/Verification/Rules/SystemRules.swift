extension StaticRule {
    /// A3, C7 and E: what reaches rows through the server's own objects, and types of columns.
    static let system: [StaticRule] = [
        // Constraints of a domain are checked over the rows of all tenants.
        StaticRule(
            .a3,
            """
            SELECT DISTINCT 'leak', 'type ' || t.oid::regtype, NULL,
                format('%s can act as %s, the owner of %s, which a tenant table''s column is of: '
                    'a new constraint tells what other tenants'' rows hold', me.rolname,
                    r.rolname, t.oid::regtype),
                CASE WHEN r.oid = me.oid THEN format('ALTER %s %s OWNER TO another_role;',
                        CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, t.oid::regtype)
                    ELSE format('REVOKE %I FROM %I;', r.rolname, me.rolname) END, NULL
            FROM me JOIN reach r ON NOT me.rolsuper AND pg_has_role(me.oid, r.oid, 'MEMBER')
            JOIN pg_type t ON t.typowner = r.oid AND (t.typelem = 0 OR t.typcategory <> 'A')
            WHERE t.oid IN (
                WITH RECURSIVE walk (oid) AS (
                    SELECT a.atttypid FROM tables x JOIN pg_attribute a ON a.attrelid = x.oid
                        AND a.attnum > 0 AND NOT a.attisdropped
                    UNION SELECT part.oid FROM walk w JOIN (
                        SELECT oid, typelem FROM pg_type WHERE typelem <> 0
                        UNION ALL SELECT oid, typbasetype FROM pg_type WHERE typbasetype <> 0
                        UNION ALL SELECT y.oid, a.atttypid FROM pg_type y
                            JOIN pg_attribute a ON a.attrelid = y.typrelid AND a.attnum > 0
                            WHERE y.typtype = 'c' AND NOT a.attisdropped
                        UNION ALL SELECT rngtypid, rngsubtype FROM pg_range
                        UNION ALL SELECT rngmultitypid, rngtypid FROM pg_range
                    ) AS part (whole, oid) ON part.whole = w.oid)
                SELECT oid FROM walk)
            """),
        // Those of policies are B10. An index of expressions is computed for all tenants' rows.
        StaticRule(
            .a3,
            """
            SELECT DISTINCT 'unproven', 'function ' || f.signature, NULL,
                format('%s can act as %s, the owner of %s, and replace what a tenant table calls '
                    'for whoever writes to it or analyzes it', me.rolname, r.rolname, f.signature),
                CASE WHEN r.oid = me.oid
                    THEN format('ALTER FUNCTION %s OWNER TO another_role;', f.signature)
                    ELSE format('REVOKE %I FROM %I;', r.rolname, me.rolname) END, NULL
            FROM me JOIN reach r ON NOT me.rolsuper AND pg_has_role(me.oid, r.oid, 'MEMBER')
            JOIN code f ON f.proowner = r.oid
            JOIN pg_depend d ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = f.oid
            JOIN (SELECT 'pg_trigger'::regclass, oid, tgrelid FROM pg_trigger
                UNION ALL SELECT 'pg_attrdef'::regclass, oid, adrelid FROM pg_attrdef
                UNION ALL SELECT 'pg_constraint'::regclass, oid, conrelid FROM pg_constraint
                UNION ALL SELECT 'pg_class'::regclass, indexrelid, indrelid FROM pg_index
            ) AS part (classid, objid, relation) ON part.classid = d.classid
                AND part.objid = d.objid AND part.relation IN (SELECT oid FROM tables)
            """),
        // Rows that initdb made are of the first transaction; ALTER FUNCTION leaves a later one.
        StaticRule(
            .c7,
            """
            SELECT CASE WHEN EXISTS (SELECT FROM reach
                    WHERE has_function_privilege(reach.oid, p.oid, 'EXECUTE'))
                    THEN 'leak' ELSE 'unproven' END,
                'function ' || p.oid::regprocedure, NULL,
                format('function %s of the server is LEAKPROOF and was altered since it was '
                    'installed: it sees rows before policies do', p.oid::regprocedure),
                format('ALTER FUNCTION %s NOT LEAKPROOF; -- as superuser', p.oid::regprocedure),
                NULL
            FROM pg_proc p WHERE p.proleakproof AND p.oid < 16384 AND p.xmin::text::int8 > 2
            """),
        StaticRule(
            .e5,
            """
            SELECT CASE WHEN l.lanname = 'internal' AND f.prosrc IN (SELECT b.prosrc
                    FROM pg_proc b WHERE b.oid < 16384 AND b.proname IN ('pg_read_file',
                        'pg_read_binary_file', 'pg_ls_dir', 'pg_stat_file', 'lo_import',
                        'lo_export', 'pg_ls_logdir', 'pg_ls_waldir', 'pg_current_logfile'))
                    THEN 'leak' ELSE 'unproven' END,
                'function ' || f.signature, NULL,
                format('the login can have %s run, which is in language %s and may do what the '
                    'server can', f.signature, l.lanname),
                format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC, %s; -- or read it and allow it '
                    'by its hash', f.signature,
                    (SELECT string_agg(quote_ident(rolname), ', ') FROM reach)), f.pin
            FROM code f JOIN pg_language l ON l.oid = f.prolang AND NOT l.lanpltrusted
            WHERE NOT f.is_allowed AND f.prokind <> 'a'
            AND (f.callable
                AND f.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
                OR EXISTS (SELECT FROM pg_trigger g WHERE g.tgfoid = f.oid
                    AND (g.tgrelid IN (SELECT oid FROM tables)
                        OR g.tgrelid IN (SELECT oid FROM writable))))
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
                AND d.objid = f.oid AND (d.deptype = 'e'
                    OR d.deptype = 'i' AND d.refclassid = 'pg_type'::regclass))
            AND NOT EXISTS (SELECT FROM pg_proc b, reach WHERE b.oid < 16384
                AND b.prolang = f.prolang AND b.prosrc = f.prosrc
                AND b.proargtypes = f.proargtypes AND b.prorettype = f.prorettype
                AND b.proretset = f.proretset AND (f.proisstrict OR NOT b.proisstrict)
                AND has_function_privilege(reach.oid, b.oid, 'EXECUTE'))
            """),
        // What initdb grants on information_schema is not in pg_init_privs: all may read all.
        StaticRule(
            .e6,
            """
            SELECT CASE WHEN bool_or(x.privilege_type = 'SELECT')
                    AND (c.oid IN ('pg_statistic'::regclass, 'pg_statistic_ext_data'::regclass,
                        'pg_largeobject'::regclass)
                        OR c.oid IN (SELECT b.reltoastrelid FROM pg_class b
                            JOIN tables t ON t.oid = b.oid))
                    THEN 'leak' ELSE 'unproven' END,
                'grant on ' || c.oid::regclass, NULL,
                format('the login may %s %s, which the server does not let it as it comes',
                    string_agg(DISTINCT x.privilege_type, ', '), c.oid::regclass),
                format('REVOKE %s ON %s FROM %s;', string_agg(DISTINCT x.privilege_type, ', '),
                    c.oid::regclass,
                    string_agg(DISTINCT coalesce(quote_ident(r.rolname), 'PUBLIC'), ', ')), NULL
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                AND n.nspname IN ('pg_catalog', 'pg_toast', 'information_schema'),
            LATERAL (SELECT c.relacl, 0 UNION ALL SELECT a.attacl, a.attnum FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL) AS part (acl, number),
            LATERAL aclexplode(part.acl) AS x LEFT JOIN reach r ON r.oid = x.grantee
            WHERE x.grantee <> c.relowner AND (x.grantee = 0 OR r.oid IS NOT NULL)
            AND NOT EXISTS (SELECT FROM me WHERE rolsuper)
            AND NOT EXISTS (SELECT FROM pg_init_privs i, aclexplode(i.initprivs) AS y
                WHERE i.classoid = 'pg_class'::regclass AND i.objoid = c.oid
                AND i.objsubid IN (0, part.number) AND y.grantee IN (0, x.grantee)
                AND y.privilege_type = x.privilege_type)
            AND NOT (n.nspname = 'information_schema' AND c.oid < 16384
                AND x.privilege_type = 'SELECT')
            AND EXISTS (SELECT FROM reach WHERE has_schema_privilege(reach.oid, n.oid, 'USAGE'))
            GROUP BY c.oid
            """),
    ]
}
