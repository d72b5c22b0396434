extension StaticRule {
    /// B10: what the context rests on is what was read, belongs to whom it should, and makes no
    /// seal for the login.
    static let guarding: [StaticRule] = [
        StaticRule(
            .b10,
            """
            SELECT DISTINCT 'leak', 'function ' || f.signature, NULL,
                format('%s can replace %s, on which the context rests', me.rolname, f.signature),
                format('ALTER FUNCTION %s OWNER TO another_role;', f.signature), f.pin
            FROM given, me, code f JOIN pg_namespace n ON n.oid = f.pronamespace
            WHERE NOT me.rolsuper AND pg_has_role(me.oid, f.proowner, 'MEMBER')
            AND (f.is_allowed OR n.nspname = given.guard
                OR EXISTS (SELECT FROM pg_depend d JOIN pg_policy p ON p.oid = d.objid
                    JOIN tables t ON t.oid = p.polrelid WHERE d.classid = 'pg_policy'::regclass
                    AND d.refclassid = 'pg_proc'::regclass AND d.refobjid = f.oid))
            """),
        StaticRule(
            .b10,
            """
            SELECT 'unproven', 'function ' || signature, NULL,
                format('%s is not the one that was read and found good', signature),
                '-- put the right one back: ringfence-backend db migrate', pin
            FROM code, given WHERE NOT is_allowed AND (
                EXISTS (SELECT FROM unnest(allowed) AS e
                    WHERE starts_with(e, split_part(signature, '(', 1) || '='))
                OR EXISTS (SELECT FROM unnest(pinned) AS e
                    WHERE starts_with(e, split_part(signature, '(', 1) || '='))
                AND NOT EXISTS (SELECT FROM unnest(pinned) AS e
                    WHERE starts_with(e, format('%s=%s ', split_part(signature, '(', 1), pin))))
            """),
        StaticRule(
            .b10,
            """
            SELECT 'unproven', 'attributes of ' || signature, NULL,
                format('%s is "%s" and not as it was made', signature, attributes),
                '-- put the right ones back: ringfence-backend db migrate', NULL
            FROM (SELECT *, CASE WHEN prosecdef THEN 'definer ' ELSE 'invoker ' END
                    || CASE provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable'
                        ELSE 'volatile' END
                    || coalesce(' ' || array_to_string(proconfig, ' '), '') AS attributes
                FROM code) AS f, given
            WHERE EXISTS (SELECT FROM unnest(pinned) AS e
                WHERE starts_with(e, format('%s=%s ', split_part(signature, '(', 1), pin)))
            AND format('%s=%s %s', split_part(signature, '(', 1), pin, attributes) <> ALL (pinned)
            """),
        StaticRule(
            .b10,
            """
            SELECT 'unproven', 'function ' || f.signature, NULL,
                format('%s belongs to %s, the rest of the guard to %s', f.signature,
                    pg_get_userbyid(f.proowner), pg_get_userbyid(n.nspowner)),
                format('ALTER FUNCTION %s OWNER TO %I;', f.signature, pg_get_userbyid(n.nspowner)),
                f.pin
            FROM given, code f JOIN pg_namespace n ON n.oid = f.pronamespace
            WHERE n.nspname = given.guard AND f.proowner <> n.nspowner
            AND f.prorettype <> 'event_trigger'::regtype
            """),
        // It runs with the rights of whoever makes a table, a superuser's too.
        StaticRule(
            .b10,
            """
            SELECT 'unproven', 'function ' || f.signature, NULL,
                format('%s runs with the rights of whoever makes a table, and %s, who is no '
                    'superuser, can replace it', f.signature, o.rolname),
                format('ALTER FUNCTION %s OWNER TO a_superuser;', f.signature), f.pin
            FROM given, code f JOIN pg_namespace n ON n.oid = f.pronamespace
            JOIN pg_roles o ON o.oid = f.proowner
            WHERE n.nspname = given.guard AND f.prorettype = 'event_trigger'::regtype
            AND NOT o.rolsuper
            """),
        StaticRule(
            .b10,
            """
            SELECT 'unproven', format('%s on %s', o.name, c.oid::regclass), NULL,
                format('%s on %s runs whenever the guard looks at its own rows, and is no part '
                    'of it', o.name, c.oid::regclass),
                format('DROP %s ON %s;', o.name, c.oid::regclass), NULL
            FROM given, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN (SELECT tgrelid, format('TRIGGER %I', tgname) FROM pg_trigger
                    WHERE NOT tgisinternal
                UNION ALL SELECT ev_class, format('RULE %I', rulename) FROM pg_rewrite
                    WHERE rulename <> '_RETURN'
                UNION ALL SELECT polrelid, format('POLICY %I', polname) FROM pg_policy
            ) AS o (oid, name) ON o.oid = c.oid
            WHERE n.nspname = given.guard AND c.relkind IN ('r', 'p')
            """),
        StaticRule(
            .b10,
            """
            SELECT CASE WHEN prosecdef THEN 'leak' ELSE 'unproven' END, 'EXECUTE on ' || signature,
                NULL, format('the login may call %s, which makes seals or keys', signature),
                format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC, %s;', signature,
                    (SELECT string_agg(quote_ident(rolname), ', ') FROM reach)), pin
            FROM code, given WHERE callable AND split_part(signature, '(', 1) = ANY (withheld)
            """),
        StaticRule(
            .b10,
            """
            SELECT 'leak', 'table ' || c.oid::regclass, NULL,
                format('%s may read or change %s, which is the guard''s own',
                    string_agg(reach.rolname, ', '), c.oid::regclass),
                format('REVOKE ALL ON %s FROM PUBLIC, %s;', c.oid::regclass,
                    string_agg(quote_ident(reach.rolname), ', ')), NULL
            FROM (
                -- The guard reads a table with its children; a parent shows its children's rows.
                WITH RECURSIVE family AS (
                    SELECT c.oid FROM given, pg_class c JOIN pg_namespace n
                        ON n.oid = c.relnamespace
                    WHERE n.nspname = given.guard AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
                    UNION SELECT CASE WHEN i.inhparent = f.oid THEN i.inhrelid ELSE i.inhparent END
                    FROM family f JOIN pg_inherits i ON f.oid IN (i.inhparent, i.inhrelid))
                SELECT oid FROM family) AS c
            JOIN reach ON has_table_privilege(reach.oid, c.oid,
                    'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
                OR has_any_column_privilege(reach.oid, c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
            GROUP BY c.oid
            """),
    ]
}
