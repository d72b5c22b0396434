extension StaticRule {
    /// A: who the login is and what it can become.
    static let identity: [StaticRule] = [
        StaticRule(
            .a1,
            """
            SELECT CASE WHEN flag = 'CREATEDB' THEN 'unproven' ELSE 'leak' END, 'role ' || rolname,
                NULL, format('%s has %s', rolname, flag),
                format('ALTER ROLE %I NO%s; -- as superuser', rolname, flag), NULL
            FROM me, LATERAL (VALUES ('SUPERUSER', rolsuper), ('BYPASSRLS', rolbypassrls),
                ('REPLICATION', rolreplication), ('CREATEROLE', rolcreaterole),
                ('CREATEDB', rolcreatedb)) AS f (flag, is_set)
            WHERE is_set
            """),
        StaticRule(
            .a2,
            """
            SELECT 'leak', 'role ' || r.rolname, NULL,
                format('%s can become %s, which is superuser, BYPASSRLS, REPLICATION or CREATEROLE',
                    me.rolname, r.rolname),
                format('REVOKE %I FROM %I;', r.rolname, me.rolname), NULL
            FROM me JOIN pg_roles r ON r.oid NOT IN (SELECT oid FROM me)
                AND (r.rolsuper OR r.rolbypassrls OR r.rolreplication OR r.rolcreaterole)
                AND pg_has_role(me.oid, r.oid, 'MEMBER')
            WHERE NOT me.rolsuper
            """),
        StaticRule(
            .a3,
            """
            SELECT 'leak', o.what, o.relation,
                format('%s can act as %s, the owner of %s, and switch row-level security off',
                    me.rolname, r.rolname, o.what),
                CASE WHEN r.oid = me.oid THEN o.fix
                    ELSE format('REVOKE %I FROM %I;', r.rolname, me.rolname) END, NULL
            FROM me JOIN reach r ON NOT me.rolsuper AND pg_has_role(me.oid, r.oid, 'MEMBER')
            JOIN (SELECT relowner, 'table ' || name, name,
                    format('ALTER TABLE %s OWNER TO another_role;', name) FROM tenanted
                UNION ALL SELECT n.nspowner, 'schema ' || quote_ident(n.nspname), NULL,
                    format('ALTER SCHEMA %I OWNER TO another_role;', n.nspname)
                FROM pg_namespace n WHERE n.oid IN
                    (SELECT c.relnamespace FROM tenanted t JOIN pg_class c ON c.oid = t.oid)
                UNION ALL SELECT datdba, 'database ' || quote_ident(datname), NULL,
                    format('ALTER DATABASE %I OWNER TO another_role;', datname)
                FROM pg_database WHERE datname = current_database()
            ) AS o (owner, what, relation, fix) ON o.owner = r.oid
            """),
        StaticRule(
            .a4,
            """
            SELECT CASE WHEN r.rolname IN ('pg_read_server_files', 'pg_write_server_files',
                    'pg_execute_server_program') THEN 'leak' ELSE 'unproven' END,
                'role ' || r.rolname, NULL, format('%s is a member of %s', me.rolname, r.rolname),
                format('REVOKE %I FROM %I;', r.rolname, me.rolname), NULL
            FROM me JOIN pg_roles r ON r.rolname ~ '^pg_' AND r.rolname <> 'pg_database_owner'
                AND pg_has_role(me.oid, r.oid, 'MEMBER')
            WHERE NOT me.rolsuper
            """),
        StaticRule(
            .a5,
            """
            SELECT 'unproven', 'TEMP on database ' || quote_ident(current_database()), NULL,
                format('%s may create temporary objects: one that is named like a table answers '
                    'later statements of the same session', string_agg(rolname, ', ')),
                format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC, %s;', current_database(),
                    string_agg(quote_ident(rolname), ', ')), NULL
            FROM reach WHERE has_database_privilege(oid, current_database(), 'TEMPORARY')
            HAVING count(*) > 0
            """),
        StaticRule(
            .a6,
            """
            SELECT 'unproven', 'CREATE on database ' || quote_ident(current_database()), NULL,
                format('%s may create schemas', string_agg(rolname, ', ')),
                format('REVOKE CREATE ON DATABASE %I FROM PUBLIC, %s;', current_database(),
                    string_agg(quote_ident(rolname), ', ')), NULL
            FROM reach WHERE has_database_privilege(oid, current_database(), 'CREATE')
            HAVING count(*) > 0
            """),
        StaticRule(
            .a7,
            """
            SELECT 'unproven', 'CREATE on schema ' || quote_ident(n.nspname), NULL,
                format('%s may create objects in schema %s', string_agg(rolname, ', '), n.nspname),
                format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC, %s;', n.nspname,
                    string_agg(quote_ident(rolname), ', ')), NULL
            FROM pg_namespace n JOIN reach ON n.nspname !~ '^pg_(temp|toast)'
                AND has_schema_privilege(reach.oid, n.oid, 'CREATE')
            GROUP BY n.nspname
            """),
        StaticRule(
            .a8,
            """
            SELECT CASE WHEN preset.name = ANY (given.settings) OR preset.name IN ('role',
                    'session_authorization', 'session_replication_role', 'backtrace_functions')
                    THEN 'leak' ELSE 'unproven' END,
                'setting ' || preset.name, NULL,
                format('new sessions start with %s set%s', preset.name,
                    coalesce(' for role ' || r.rolname, ' for all')),
                format('ALTER %s RESET %s;', CASE WHEN r.oid IS NULL
                    THEN 'DATABASE ' || quote_ident(current_database())
                    ELSE 'ROLE ' || quote_ident(r.rolname) || CASE WHEN s.setdatabase = 0 THEN ''
                        ELSE ' IN DATABASE ' || quote_ident(current_database()) END END,
                    preset.name), NULL
            FROM given, pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole,
                LATERAL (SELECT lower(split_part(entry, '=', 1)), split_part(entry, '=', 2)
                    FROM unnest(s.setconfig) AS entry) AS preset (name, value)
            WHERE s.setrole IN (SELECT 0 UNION ALL SELECT oid FROM me)
            AND s.setdatabase IN (0, (SELECT oid FROM pg_database
                WHERE datname = current_database()))
            AND (preset.name = ANY (given.settings) OR preset.name IN ('role', 'row_security',
                'session_authorization', 'session_replication_role', 'backtrace_functions'))
            AND NOT (preset.name = 'row_security' AND preset.value IN ('on', 'true', '1', 'yes'))
            """),
        // pg_parameter_acl is new in PostgreSQL 15; older servers cannot grant parameters at all.
        StaticRule(
            .a9,
            """
            SELECT CASE WHEN a.parname IN ('backtrace_functions', 'session_replication_role')
                    THEN 'leak' ELSE 'unproven' END, 'parameter ' || a.parname, NULL,
                format('%s may set %s', reach.rolname, a.parname),
                format('REVOKE SET, ALTER SYSTEM ON PARAMETER %s FROM %I;', a.parname,
                    reach.rolname), NULL
            FROM pg_parameter_acl a JOIN pg_settings s ON s.name = a.parname
                AND s.context IN ('superuser', 'sighup', 'postmaster', 'superuser-backend')
            JOIN reach ON has_parameter_privilege(reach.oid, a.parname, 'SET')
                OR has_parameter_privilege(reach.oid, a.parname, 'ALTER SYSTEM')
            WHERE NOT EXISTS (SELECT FROM me WHERE rolsuper)
            """),
    ]
}
