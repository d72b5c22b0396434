extension StaticRule {
    /// B1, B2 and C: ways to rows that no policy judges.
    static let reach: [StaticRule] = [
        StaticRule(
            .b1,
            """
            SELECT 'leak', 'table ' || t.name, t.name,
                format('row-level security is off on %s', t.name),
                format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;',
                    t.name), NULL
            FROM tables t WHERE NOT t.relrowsecurity
            AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = t.oid)
            AND EXISTS (SELECT FROM reach WHERE has_table_privilege(reach.oid, t.oid,
                    'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
                OR has_any_column_privilege(reach.oid, t.oid, 'SELECT, INSERT, UPDATE'))
            """),
        StaticRule(
            .b2,
            """
            SELECT 'unproven', 'table ' || t.name, t.name,
                format('the owner of %s, and all that runs with its rights, sees all rows', t.name),
                format('ALTER TABLE %s FORCE ROW LEVEL SECURITY;', t.name), NULL
            FROM tables t WHERE t.relrowsecurity AND NOT t.relforcerowsecurity
            """),
        StaticRule(
            .c1,
            """
            SELECT CASE WHEN p.name = 'TRUNCATE' THEN 'leak' ELSE 'unproven' END,
                p.name || ' on ' || t.name, t.name,
                format('%s may %s %s; row-level security does not judge that',
                    string_agg(reach.rolname, ', '), p.name, t.name),
                format('REVOKE %s ON %s FROM PUBLIC, %s;', p.name, t.name,
                    string_agg(quote_ident(reach.rolname), ', ')), NULL
            FROM tables t CROSS JOIN (VALUES ('TRUNCATE'), ('REFERENCES'), ('TRIGGER')) AS p (name)
            JOIN reach ON has_table_privilege(reach.oid, t.oid, p.name) OR p.name = 'REFERENCES'
                AND has_any_column_privilege(reach.oid, t.oid, 'REFERENCES')
            GROUP BY p.name, t.name
            """),
        StaticRule(
            .c2,
            """
            SELECT 'leak', 'table ' || t.name, t.name,
                format('%s is a part of %s, can be named by itself, and has no row-level security',
                    t.name, i.inhparent::regclass),
                format('REVOKE ALL ON %s FROM PUBLIC, %s; ALTER TABLE %s ENABLE ROW LEVEL '
                    'SECURITY, FORCE ROW LEVEL SECURITY;', t.name,
                    (SELECT string_agg(quote_ident(rolname), ', ') FROM reach), t.name), NULL
            FROM tables t JOIN pg_inherits i ON i.inhrelid = t.oid
            WHERE NOT t.relrowsecurity
            AND EXISTS (SELECT FROM reach WHERE has_table_privilege(reach.oid, t.oid,
                    'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
                OR has_any_column_privilege(reach.oid, t.oid, 'SELECT, INSERT, UPDATE'))
            """),
        StaticRule(
            .c3,
            """
            SELECT CASE WHEN o.rolsuper OR o.rolbypassrls
                    OR EXISTS (SELECT FROM lent WHERE lent.view = v.oid AND NOT lent.is_judged)
                    THEN 'leak' ELSE 'unproven' END,
                'view ' || v.oid::regclass, v.oid::regclass::text,
                format('view %s reads tenants'' rows with the rights of %s', v.oid::regclass,
                    o.rolname),
                format('ALTER VIEW %s SET (security_invoker = true);', v.oid::regclass), NULL
            FROM pg_class v JOIN pg_roles o ON o.oid = v.relowner
            WHERE v.oid IN (SELECT view FROM lent)
            AND EXISTS (SELECT FROM reach
                WHERE has_any_column_privilege(reach.oid, v.oid, 'SELECT, INSERT, UPDATE')
                OR has_table_privilege(reach.oid, v.oid, 'DELETE'))
            """),
        StaticRule(
            .c5,
            """
            SELECT CASE WHEN c.oid IN (SELECT oid FROM tenanted) THEN 'leak' ELSE 'unproven' END,
                'foreign table ' || c.oid::regclass, c.oid::regclass::text,
                format('foreign table %s can be reached and cannot have policies', c.oid::regclass),
                format('REVOKE ALL ON %s FROM PUBLIC, %s;', c.oid::regclass,
                    (SELECT string_agg(quote_ident(rolname), ', ') FROM reach)), NULL
            FROM given, pg_class c JOIN spaces n ON n.oid = c.relnamespace WHERE c.relkind = 'f'
            AND NOT c.oid::regclass::text = ANY (globals)
            AND EXISTS (SELECT FROM reach
                WHERE has_any_column_privilege(reach.oid, c.oid, 'SELECT, INSERT, UPDATE')
                OR has_table_privilege(reach.oid, c.oid, 'DELETE'))
            """),
        StaticRule(
            .c6,
            """
            SELECT 'unproven', 'function ' || signature, NULL,
                format('function %s runs with the rights of %s for whoever calls it', signature,
                    pg_get_userbyid(proowner)),
                CASE WHEN oid IN (SELECT oid FROM unasked)
                    THEN format('ALTER FUNCTION %s SECURITY INVOKER; -- or read it and allow it '
                        'by its hash: what calls it does not ask for EXECUTE', signature)
                    ELSE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC, %s; -- or read it and '
                        'allow it by its hash', signature,
                        (SELECT string_agg(quote_ident(rolname), ', ') FROM reach)) END, pin
            FROM code, given WHERE prosecdef AND callable
            AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
            AND NOT is_allowed
            """),
        StaticRule(
            .c7,
            """
            SELECT CASE WHEN callable THEN 'leak' ELSE 'unproven' END, 'function ' || signature,
                NULL,
                format('function %s is LEAKPROOF: it sees rows before policies do', signature),
                format('ALTER FUNCTION %s NOT LEAKPROOF; -- as superuser', signature), pin
            FROM code, given WHERE proleakproof AND NOT is_allowed
            """),
        StaticRule(
            .c8,
            """
            SELECT 'unproven', format('rule %I on %s', r.rulename, t.name), t.name,
                format('rule %I on %s runs with the rights of its owner', r.rulename, t.name),
                format('DROP RULE %I ON %s;', r.rulename, t.name),
                encode(sha256(convert_to(pg_get_ruledef(r.oid), 'UTF8')), 'hex')
            FROM pg_rewrite r JOIN (SELECT oid, oid::regclass::text AS name FROM tables
                UNION SELECT oid, oid::regclass::text FROM writable) AS t ON t.oid = r.ev_class
            WHERE r.rulename <> '_RETURN' AND r.oid >= 16384
            AND NOT (r.ev_qual::text = '<>'
                AND pg_get_ruledef(r.oid) ~ ' DO INSTEAD NOTHING;$')
            """),
        StaticRule(
            .c9,
            """
            SELECT 'unproven', format('trigger %I on %s', g.tgname, t.name), t.name,
                format('trigger %I on %s calls %s, which runs with the rights of %s', g.tgname,
                    t.name, f.signature, pg_get_userbyid(f.proowner)),
                format('ALTER FUNCTION %s SECURITY INVOKER; -- or read it and allow it by its hash',
                    f.signature), f.pin
            FROM given, (SELECT oid, oid::regclass::text AS name FROM tables
                UNION SELECT oid, oid::regclass::text FROM writable) AS t
            JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
            JOIN code f ON f.oid = g.tgfoid AND f.prosecdef
            WHERE NOT f.is_allowed
            """),
        StaticRule(
            .c10,
            """
            SELECT 'unproven', 'table ' || c.oid::regclass, c.oid::regclass::text,
                format('%s has no tenant column, and the login may %s it', c.oid::regclass,
                    CASE WHEN EXISTS (SELECT FROM reach
                        WHERE has_any_column_privilege(reach.oid, c.oid, 'SELECT'))
                    THEN 'read' ELSE 'write' END),
                format('REVOKE ALL ON %s FROM PUBLIC, %s; -- or declare it global',
                    c.oid::regclass, (SELECT string_agg(quote_ident(rolname), ', ') FROM reach)),
                NULL
            FROM given, pg_class c JOIN spaces n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND c.oid NOT IN (SELECT oid FROM tenanted)
            AND NOT (c.oid::regclass::text = ANY (globals)
                OR quote_ident(n.nspname) || '.*' = ANY (globals))
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                AND d.objid = c.oid AND d.deptype = 'e')
            AND EXISTS (SELECT FROM reach
                WHERE has_any_column_privilege(reach.oid, c.oid, 'SELECT, INSERT, UPDATE')
                OR has_table_privilege(reach.oid, c.oid, 'DELETE, TRUNCATE'))
            """),
        StaticRule(
            .c11,
            """
            SELECT 'unproven', 'large objects', NULL,
                'large objects belong to no tenant, and the login may call '
                    || string_agg(p.oid::regprocedure::text, ', ' ORDER BY p.oid),
                string_agg(format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC, %s;',
                    p.oid::regprocedure, (SELECT string_agg(quote_ident(rolname), ', ')
                        FROM reach)), ' ' ORDER BY p.oid), NULL
            FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace
            AND p.proname ~ '^lo(_.*|read|write)$' AND (p.oid IN (SELECT oid FROM unasked)
                OR EXISTS (SELECT FROM reach
                    WHERE has_function_privilege(reach.oid, p.oid, 'EXECUTE')))
            HAVING count(*) > 0
            """),
        StaticRule(
            .c12,
            """
            SELECT CASE WHEN s.may_set OR s.may_read THEN 'unproven' ELSE 'notice' END,
                'sequence ' || s.name, NULL,
                CASE WHEN s.may_set THEN format('the login may set sequence %s back, to numbers '
                        'that other tenants have, and read it', s.name)
                    WHEN s.may_read THEN format('the login may read sequence %s, which tells how '
                        'much all tenants did', s.name)
                    ELSE format('the login may use sequence %s; its numbers, and its row of '
                        'pg_sequences, tell how much all tenants did', s.name) END,
                format('REVOKE %s ON SEQUENCE %s FROM PUBLIC, %s;%s',
                    CASE WHEN s.may_set OR s.may_read THEN 'SELECT, UPDATE' ELSE 'USAGE' END,
                    s.name, (SELECT string_agg(quote_ident(rolname), ', ') FROM reach),
                    CASE WHEN s.may_set OR s.may_read THEN ''
                        ELSE ' -- an identity column needs no right on its sequence' END), NULL
            FROM (SELECT c.oid::regclass AS name,
                    bool_or(has_sequence_privilege(reach.oid, c.oid, 'UPDATE')) AS may_set,
                    bool_or(has_sequence_privilege(reach.oid, c.oid, 'SELECT')) AS may_read
                FROM pg_class c JOIN spaces n ON n.oid = c.relnamespace AND c.relkind = 'S'
                JOIN reach ON has_sequence_privilege(reach.oid, c.oid, 'SELECT, USAGE, UPDATE')
                GROUP BY c.oid) AS s
            """),
        StaticRule(
            .c13,
            """
            SELECT 'unproven', 'function ' || signature, NULL,
                format('function %s mentions pg_notify, NOTIFY, dblink, COPY ... PROGRAM or '
                    'large objects: data leaves the row''s reach', signature), NULL, pin
            FROM code, given WHERE (body ILIKE '%pg_notify%' OR body ~* '\\mnotify\\s'
                OR body ILIKE '%dblink%' OR body ILIKE '%copy%' AND body ILIKE '%program%'
                OR body ~* '\\mlo_(from_bytea|put|get|create|export|import)')
            AND (callable OR oid IN (SELECT g.tgfoid FROM pg_trigger g JOIN tables t
                ON t.oid = g.tgrelid))
            AND NOT is_allowed
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
                AND d.objid = code.oid AND d.deptype = 'e')
            """),
    ]
}
