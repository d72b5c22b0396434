import Postgres

extension Statement {
    /// Asks the catalogs what `SchemaPosture` wants to know: one row for each finding, as a kind
    /// and a subject.
    ///
    /// - Policies are compared by the text PostgreSQL makes of them: whatever is not letter for
    ///   letter one of ours counts as open. Texts are complete because sessions of ours search
    ///   `pg_catalog` only, so a function or an operator of another schema shows its schema.
    /// - Privileges are asked of every role the login can become: `SET ROLE` heeds no NOINHERIT.
    /// - Functions of the guard may run with its rights exactly while they are letter for letter
    ///   those of this program. Which of them the login may call is asked by `guardFindings`.
    /// - A wrapped call, as mode `statement` writes it, means the same as a plain one.
    ///
    /// The settings' names are put together here, because a statement that names them whole is
    /// refused: only a transaction may bind its scope.
    ///
    /// $1: the bodies of the guard's functions as one JSON object, by name. $2, $3: what
    /// `ringfence.tenant()` and `ringfence.vendor()` are in the mode that is wanted, $4.
    static let schemaFindings = Statement(
        "schema findings",
        """
        WITH RECURSIVE roles AS (
            SELECT oid FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER')
        ), tables AS (
            SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relkind,
                c.relrowsecurity, c.relforcerowsecurity
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'ringfence' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
            UNION
            -- A partition or child can be read by its own name, wherever it lies.
            SELECT c.oid, n.nspname || '.' || c.relname, c.relkind,
                c.relrowsecurity, c.relforcerowsecurity
            FROM tables JOIN pg_inherits i ON i.inhparent = tables.oid
            JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        ), views AS (
            SELECT oid FROM tables
            UNION
            SELECT r.ev_class FROM views JOIN pg_depend d
                ON d.refobjid = views.oid AND d.refclassid = 'pg_class'::regclass
                AND d.classid = 'pg_rewrite'::regclass
            JOIN pg_rewrite r ON r.oid = d.objid AND r.ev_class <> views.oid
        ), policies AS (
            SELECT tables.name, p.polname, p.polpermissive, p.polcmd, p.polroles,
                regexp_replace(coalesce(pg_get_expr(p.polqual, p.polrelid), ''),
                    '\\( ?SELECT ringfence\\.(tenant|vendor)\\(\\) AS (?:tenant|vendor)\\)',
                    'ringfence.\\1()', 'g') AS condition, p.polwithcheck
            FROM pg_policy p JOIN tables ON tables.oid = p.polrelid
        ), callable AS (
            SELECT p.oid, n.nspname || '.' || p.proname AS name
            FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            -- Those below this number are the server's own.
            WHERE (p.prosecdef OR p.proleakproof AND p.oid >= 16384) AND (
                -- One role may look a name up and another call what was found.
                EXISTS (SELECT FROM roles
                    WHERE has_function_privilege(roles.oid, p.oid, 'EXECUTE'))
                AND (EXISTS (SELECT FROM roles
                        WHERE has_schema_privilege(roles.oid, n.oid, 'USAGE'))
                    OR EXISTS (SELECT FROM pg_depend d WHERE d.refobjid = p.oid
                        AND d.refclassid = 'pg_proc'::regclass AND d.classid IN
                            ('pg_rewrite'::regclass, 'pg_attrdef'::regclass)))
                -- Nobody is asked for EXECUTE where these call it.
                OR EXISTS (SELECT FROM pg_depend d WHERE d.refobjid = p.oid
                    AND d.refclassid = 'pg_proc'::regclass AND (d.classid IN
                        ('pg_amproc'::regclass, 'pg_type'::regclass)
                    OR d.objid IN (SELECT aggfnoid FROM pg_aggregate)
                        AND d.classid = 'pg_proc'::regclass)))
        ), guard AS (
            SELECT p.oid, n.nspname || '.' || p.proname AS name, p.proname, p.proowner
            FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname = 'ringfence_guard' AND NOT p.proleakproof
            AND p.proowner = n.nspowner AND p.prosrc = $1::json ->> p.proname
            AND (NOT p.prosecdef
                OR p.proconfig = ARRAY['search_path=pg_catalog, pg_temp'])
        ), tenant_columns AS (
            SELECT tables.oid, tables.name, a.attnum, a.attnotnull FROM tables
            JOIN pg_attribute a ON a.attrelid = tables.oid AND a.attname = 'tenant_id'
            AND NOT a.attisdropped
        )
        SELECT kind, subject FROM (
            SELECT 'unprotected' AS kind, name AS subject FROM tables
            WHERE NOT relrowsecurity OR relkind NOT IN ('r', 'p')
            UNION ALL
            SELECT 'unforced', name FROM tables
            WHERE relkind IN ('r', 'p') AND NOT relforcerowsecurity
            UNION ALL
            SELECT 'floor-missing', name FROM tables
            WHERE NOT EXISTS (
                SELECT FROM policies WHERE policies.name = tables.name AND NOT polpermissive
                AND polcmd = '*' AND polroles = '{0}')
            UNION ALL
            -- '' and never NULL where a text does not apply: `<> ALL` with a NULL among the texts
            -- is never true, and nothing would be found at all.
            SELECT 'policy-unknown', polname || ' of ' || name FROM policies
            WHERE polwithcheck IS NOT NULL OR condition = '' OR condition <> ALL (
                CASE name
                WHEN 'ringfence.vendors' THEN ARRAY['(id = ringfence.vendor())']
                WHEN 'ringfence.tenants' THEN ARRAY[
                    '(vendor_id = ringfence.vendor())',
                    CASE WHEN polcmd = 'r' THEN '(id = ringfence.tenant())' ELSE '' END,
                    CASE WHEN polpermissive THEN ''
                        ELSE '((vendor_id = ringfence.vendor()) OR (id = ringfence.tenant()))' END]
                WHEN 'ringfence.feeds' THEN ARRAY['(vendor_id = ringfence.vendor())']
                WHEN 'ringfence.feed_marks' THEN ARRAY['(vendor_id = ringfence.vendor())']
                WHEN 'ringfence.domains' THEN ARRAY['(vendor_id = ringfence.vendor())']
                WHEN 'ringfence.api_keys' THEN ARRAY['(vendor_id = ringfence.vendor())']
                WHEN 'ringfence.revocations' THEN ARRAY['(vendor_id = ringfence.vendor())']
                ELSE ARRAY['(tenant_id = ringfence.tenant())'] END)
            UNION ALL
            SELECT 'privilege', privilege || ' ' || name
            FROM tables, unnest(ARRAY['TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
            WHERE EXISTS (SELECT FROM roles
                WHERE has_table_privilege(roles.oid, tables.oid, privilege)
                OR privilege = 'REFERENCES'
                AND has_any_column_privilege(roles.oid, tables.oid, 'REFERENCES'))
            UNION ALL
            SELECT 'audit-changeable', privilege || ' ' || name
            FROM tables, unnest(ARRAY['UPDATE', 'DELETE']) AS privilege
            WHERE name = 'ringfence.audit' AND EXISTS (SELECT FROM roles
                WHERE has_table_privilege(roles.oid, tables.oid, privilege)
                OR privilege = 'UPDATE'
                AND has_any_column_privilege(roles.oid, tables.oid, 'UPDATE'))
            UNION ALL
            SELECT 'key-without-tenant', 'index ' || i.indexrelid::regclass || ' of ' || t.name
            FROM tenant_columns t JOIN pg_index i ON i.indrelid = t.oid AND i.indisunique
            WHERE i.indkey[0] <> t.attnum
            UNION ALL
            SELECT 'key-without-tenant', 'foreign key ' || c.conname || ' of ' || t.name
            FROM tenant_columns t JOIN pg_constraint c ON c.conrelid = t.oid AND c.contype = 'f'
            JOIN tenant_columns o ON o.oid = c.confrelid
            WHERE c.conkey[1] <> t.attnum OR c.confkey[1] <> o.attnum
            UNION ALL
            SELECT 'view', n.nspname || '.' || c.relname
            FROM views JOIN pg_class c ON c.oid = views.oid AND c.relkind IN ('v', 'm')
            JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname <> 'ringfence'
            WHERE NOT coalesce(c.reloptions && ARRAY['security_invoker=true',
                'security_invoker=on', 'security_invoker=1', 'security_invoker=yes'], false)
            AND EXISTS (SELECT FROM roles
                WHERE has_any_column_privilege(roles.oid, c.oid, 'SELECT'))
            UNION ALL
            SELECT 'acts-as-owner', 'rule ' || r.rulename || ' of ' || tables.name
            FROM tables JOIN pg_rewrite r ON r.ev_class = tables.oid
            WHERE tables.relkind IN ('r', 'p')
            UNION ALL
            SELECT 'acts-as-owner', 'trigger ' || t.tgname || ' of ' || tables.name
            FROM tables JOIN pg_trigger t ON t.tgrelid = tables.oid AND NOT t.tgisinternal
            JOIN pg_proc p ON p.oid = t.tgfoid AND p.prosecdef
            UNION ALL
            SELECT 'definer-function', name FROM callable WHERE oid NOT IN (SELECT oid FROM guard)
            UNION ALL
            SELECT 'nullable', name FROM tenant_columns WHERE NOT attnotnull
            UNION ALL
            SELECT 'function-changed', 'ringfence_guard.' || wanted
            FROM json_object_keys($1::json) AS wanted
            WHERE NOT EXISTS (SELECT FROM guard WHERE proname = wanted)
            -- One with other parameters must not stand in for it.
            OR EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE n.nspname = 'ringfence_guard' AND p.proname = wanted
                AND p.oid NOT IN (SELECT oid FROM guard))
            UNION ALL
            SELECT 'slot', name || ' of the server can be set by anybody' FROM pg_settings
            WHERE $4 = 'sealed' AND name = 'backtrace' || '_functions' AND context <> 'superuser'
            UNION ALL
            SELECT 'slot', name || ' is set for its sessions'
            FROM (VALUES ('backtrace' || '_functions'), ('app.' || 'seal')) AS held (name)
            WHERE coalesce(current_setting(name, true), '') <> ''
            UNION ALL
            SELECT 'slot', parname || ' can be set by ' || r.rolname
            FROM pg_parameter_acl, aclexplode(paracl) AS granted
            JOIN pg_roles r ON r.oid = granted.grantee AND NOT r.rolsuper
            AND (has_database_privilege(r.oid, current_database(), 'CONNECT')
                OR r.oid IN (SELECT oid FROM roles))
            WHERE $4 = 'sealed' AND parname = 'backtrace' || '_functions'
            AND r.rolname <> 'ringfence_guard'
            UNION ALL
            SELECT 'slot', parname || ' can be set by everybody'
            FROM pg_parameter_acl, aclexplode(paracl) AS granted
            WHERE parname = 'backtrace' || '_functions' AND granted.grantee = 0
            UNION ALL
            SELECT 'slot', 'backtrace' || '_functions cannot be set by the guard itself'
            FROM guard WHERE $4 = 'sealed' AND proname = 'enter'
            AND NOT has_parameter_privilege(guard.proowner, 'backtrace' || '_functions', 'SET')
            UNION ALL
            SELECT 'trigger', 'ringfence_guard_tables' WHERE $4 = 'sealed' AND NOT EXISTS (
                SELECT FROM pg_event_trigger e JOIN pg_roles o ON o.oid = e.evtowner
                JOIN pg_proc p ON p.oid = e.evtfoid JOIN pg_roles f ON f.oid = p.proowner
                WHERE e.evtname = 'ringfence_guard_tables' AND e.evtenabled IN ('O', 'A')
                AND o.rolsuper AND f.rolsuper AND p.proname = 'guard_tables'
                AND p.prosrc = $5 AND (e.evttags IS NULL OR e.evttags @> ARRAY['CREATE TABLE',
                    'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE', 'CREATE SCHEMA']))
            UNION ALL
            SELECT 'function-changed', wanted.name
            FROM (VALUES ('ringfence.tenant', $2), ('ringfence.vendor', $3))
                AS wanted (name, body)
            WHERE NOT EXISTS (
                SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE n.nspname || '.' || p.proname = wanted.name AND p.pronargs = 0
                AND p.provolatile = 's' AND p.proparallel = 's' AND NOT p.prosecdef
                AND p.proconfig IS NULL AND pg_get_function_sqlbody(p.oid) = wanted.body)
            UNION ALL
            SELECT 'creates-objects', privilege || ' on the database'
            FROM unnest(ARRAY['TEMPORARY', 'CREATE']) AS privilege
            WHERE EXISTS (SELECT FROM roles
                WHERE has_database_privilege(roles.oid, current_database(), privilege))
            UNION ALL
            SELECT 'creates-objects', 'CREATE on schema ' || nspname FROM pg_namespace n
            WHERE nspname !~ '^pg_(toast_)?temp_' AND EXISTS (SELECT FROM roles
                WHERE has_schema_privilege(roles.oid, n.oid, 'CREATE'))
        ) AS findings ORDER BY kind, subject
        """, parameters: 5)
}
