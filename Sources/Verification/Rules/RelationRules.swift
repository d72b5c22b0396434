extension StaticRule {
    /// C2, C3, C4 and D1 of relations that no policy of a tenant's table judges: what a column is
    /// called there proves nothing.
    static let relations: [StaticRule] = [
        StaticRule(
            .c2,
            """
            SELECT CASE WHEN c.relrowsecurity THEN 'unproven' ELSE 'leak' END,
                'table ' || c.oid::regclass, c.oid::regclass::text,
                format('%s has no tenant column and %s inherits from it: who reaches the parent '
                    'reaches the rows of all tenants, past the policies of the child',
                    c.oid::regclass, string_agg(t.name, ', ' ORDER BY t.name)),
                format('REVOKE ALL ON %s FROM PUBLIC, %s;', c.oid::regclass,
                    (SELECT string_agg(quote_ident(rolname), ', ') FROM reach)), NULL
            FROM heirs h JOIN pg_class c ON c.oid = h.ancestor JOIN tenanted t ON t.oid = h.child
            WHERE EXISTS (SELECT FROM reach
                WHERE has_any_column_privilege(reach.oid, c.oid, 'SELECT, UPDATE')
                OR has_table_privilege(reach.oid, c.oid, 'DELETE, TRUNCATE'))
            GROUP BY c.oid, c.relrowsecurity
            """),
        StaticRule(
            .c3,
            """
            SELECT 'unproven', 'view ' || v.oid::regclass, v.oid::regclass::text,
                format('view %s reads %s with the rights of %s; no policy judges that, and nobody '
                    'declared it global', v.oid::regclass,
                    string_agg(DISTINCT l.base::regclass::text, ', '),
                    pg_get_userbyid(v.relowner)),
                format('ALTER VIEW %s SET (security_invoker = true); -- or declare it global',
                    v.oid::regclass), NULL
            FROM lending l JOIN pg_class v ON v.oid = l.view
            JOIN spaces n ON n.oid = v.relnamespace
            WHERE l.base IN (SELECT oid FROM undeclared)
            AND v.oid NOT IN (SELECT oid FROM declared UNION SELECT view FROM lent)
            AND EXISTS (SELECT FROM reach
                WHERE has_any_column_privilege(reach.oid, v.oid, 'SELECT, INSERT, UPDATE')
                OR has_table_privilege(reach.oid, v.oid, 'DELETE'))
            GROUP BY v.oid, v.relowner
            """),
        // What it holds was read with its owner's rights when it was last filled.
        StaticRule(
            .c4,
            """
            SELECT CASE WHEN v.is_tenants THEN 'leak' ELSE 'unproven' END,
                'materialized view ' || v.name, v.name,
                CASE WHEN v.is_tenants
                    THEN format('materialized view %s holds rows of all tenants', v.name)
                    ELSE format('materialized view %s holds what %s could read, no policy judges '
                        'who reads it, and nobody declared it global', v.name,
                        pg_get_userbyid(v.relowner)) END,
                format('REVOKE ALL ON %s FROM PUBLIC, %s;%s', v.name,
                    (SELECT string_agg(quote_ident(rolname), ', ') FROM reach),
                    CASE WHEN v.is_tenants THEN '' ELSE ' -- or declare it global' END), NULL
            FROM (SELECT c.oid, c.oid::regclass::text AS name, c.relowner, c.relnamespace,
                    c.oid IN (SELECT view FROM closure) AS is_tenants
                FROM pg_class c WHERE c.relkind = 'm') AS v
            WHERE (v.is_tenants OR v.oid IN (SELECT oid FROM undeclared)
                AND v.relnamespace IN (SELECT oid FROM spaces))
            AND EXISTS (SELECT FROM reach
                WHERE has_any_column_privilege(reach.oid, v.oid, 'SELECT'))
            """),
        // Of a table without a tenant column, what the login can make go (0) or change (a column),
        // also by what follows of it; checks of references ask no policy.
        StaticRule(
            .d1,
            """
            WITH RECURSIVE ripple (relation, attnum) AS (
                SELECT c.confrelid, 0 FROM pg_constraint c WHERE c.contype = 'f'
                    AND EXISTS (SELECT FROM reach
                        WHERE has_table_privilege(reach.oid, c.confrelid, 'DELETE'))
                UNION SELECT c.confrelid, k FROM pg_constraint c, unnest(c.confkey) AS k
                    WHERE c.contype = 'f' AND EXISTS (SELECT FROM reach
                        WHERE has_column_privilege(reach.oid, c.confrelid, k, 'UPDATE'))
                UNION SELECT c.conrelid, x.attnum FROM ripple r
                    JOIN pg_constraint c ON c.contype = 'f' AND c.confrelid = r.relation,
                    LATERAL (SELECT 0 WHERE r.attnum = 0 AND c.confdeltype = 'c'
                        UNION ALL SELECT k FROM unnest(c.conkey) AS k
                        WHERE r.attnum = 0 AND c.confdeltype IN ('n', 'd')
                        OR r.attnum = ANY (c.confkey) AND c.confupdtype IN ('c', 'n', 'd')
                    ) AS x (attnum)),
            touched AS (
                SELECT c.oid, bool_or(CASE WHEN r.attnum = 0 THEN c.confdeltype ELSE c.confupdtype
                    END IN ('c', 'n', 'd')) AS is_changed
                FROM pg_constraint c JOIN ripple r ON r.relation = c.confrelid
                    AND (r.attnum = 0 OR r.attnum = ANY (c.confkey))
                WHERE c.contype = 'f' AND c.conparentid = 0 GROUP BY c.oid)
            SELECT CASE WHEN x.is_changed AND NOT o.relrowsecurity THEN 'leak' ELSE 'unproven' END,
                format('foreign key %I of %s', c.conname, t.name), t.name,
                format('rows of %s go or change their keys by what the login may do, and foreign '
                    'key %I of %s refers to them: it tells whether rows of other tenants do%s',
                    o.oid::regclass, c.conname, t.name, CASE WHEN x.is_changed
                    THEN ', and changes rows across tenants' ELSE '' END),
                format('REVOKE DELETE, UPDATE ON %s FROM PUBLIC, %s; -- and on what it refers to',
                    o.oid::regclass, (SELECT string_agg(quote_ident(rolname), ', ') FROM reach)),
                NULL
            FROM touched x JOIN pg_constraint c ON c.oid = x.oid
            JOIN tables t ON t.oid = c.conrelid
            JOIN pg_class o ON o.oid = c.confrelid
            WHERE o.oid NOT IN (SELECT oid FROM tables)
            """),
        StaticRule(
            .d1,
            """
            SELECT CASE WHEN c.confdeltype IN ('c', 'n', 'd') OR c.confupdtype IN ('c', 'n', 'd')
                    THEN 'leak' ELSE 'unproven' END,
                format('foreign key %I of %s', c.conname, g.oid::regclass), g.oid::regclass::text,
                format('%s has no tenant column, the login may write it, and foreign key %I refers '
                    'to %s: it tells whether another tenant''s row exists%s', g.oid::regclass,
                    c.conname, o.name,
                    CASE WHEN c.confdeltype IN ('c', 'n', 'd') OR c.confupdtype IN ('c', 'n', 'd')
                    THEN ', and changes rows across tenants' ELSE '' END),
                format('-- as owner: add the tenant column on both sides of %I', c.conname), NULL
            FROM pg_constraint c JOIN tables o ON o.oid = c.confrelid
            JOIN pg_class g ON g.oid = c.conrelid
            WHERE c.contype = 'f' AND c.conparentid = 0 AND g.oid NOT IN (SELECT oid FROM tables)
            AND EXISTS (SELECT FROM reach, unnest(c.conkey) AS k
                WHERE has_column_privilege(reach.oid, g.oid, k, 'INSERT')
                OR has_column_privilege(reach.oid, g.oid, k, 'UPDATE'))
            """),
    ]
}
