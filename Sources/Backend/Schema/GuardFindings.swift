import Postgres

extension Statement {
    /// Every way in which the login gets at the guard's keys, or at what makes seals of them: one
    /// row for each, as a kind and a subject. It asks what the login can do and not what was
    /// granted to it, so that a grant to a column, to PUBLIC or to a role it can become counts,
    /// however it came about.
    ///
    /// - Privileges are asked of every role the login can become: `SET ROLE` heeds no NOINHERIT.
    /// - A table is read with its children, and its rows are shown by its parents and changed
    ///   through them, wherever they lie. Long values lie in a table of their own, which is asked
    ///   about under its own name.
    /// - A view or rule acts with its owner's rights: what has one over the guard's tables counts
    ///   like them, unless it is a view that runs as whoever asks.
    /// - Of the guard's routines the login may call those of $1, and no other one, whatever its
    ///   body: EXECUTE is all that counts, because a name is looked up but once.
    /// - Beneath all of that lie the server's files, which hold the keys' rows, the statistics of
    ///   all tables, passwords, and settings that name programs.
    ///
    /// $1: a JSON array of signatures.
    static let guardFindings = Statement(
        "guard findings",
        """
        WITH RECURSIVE roles AS (
            SELECT oid FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER')
        ), own AS (
            SELECT c.oid, c.reltoastrelid FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'ringfence_guard' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        ), family AS (
            SELECT oid FROM own
            UNION
            SELECT CASE WHEN i.inhparent = family.oid THEN i.inhrelid ELSE i.inhparent END
            FROM family JOIN pg_inherits i ON family.oid IN (i.inhparent, i.inhrelid)
        ), acting AS (
            SELECT oid FROM family
            UNION
            SELECT r.ev_class FROM acting JOIN pg_depend d
                ON d.refobjid = acting.oid AND d.refclassid = 'pg_class'::regclass
                AND d.classid = 'pg_rewrite'::regclass
            JOIN pg_rewrite r ON r.oid = d.objid AND r.ev_class <> acting.oid
        ), secret AS (
            SELECT oid FROM family
            UNION
            SELECT reltoastrelid FROM own WHERE reltoastrelid <> 0
            UNION
            SELECT acting.oid FROM acting JOIN pg_class c ON c.oid = acting.oid
            WHERE NOT coalesce(c.reloptions && ARRAY['security_invoker=true',
                'security_invoker=on', 'security_invoker=1', 'security_invoker=yes'], false)
            OR EXISTS (SELECT FROM pg_rewrite r
                WHERE r.ev_class = acting.oid AND r.rulename <> '_RETURN')
        )
        SELECT kind, subject FROM (
            SELECT 'keys-readable' AS kind,
                privilege || ' ' || n.nspname || '.' || c.relname AS subject
            FROM secret JOIN pg_class c ON c.oid = secret.oid
            JOIN pg_namespace n ON n.oid = c.relnamespace,
                unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES',
                    'TRIGGER']) AS privilege
            WHERE EXISTS (SELECT FROM roles
                WHERE has_table_privilege(roles.oid, c.oid, privilege)
                OR privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                AND has_any_column_privilege(roles.oid, c.oid, privilege))
            UNION ALL
            SELECT 'guard-callable', p.oid::regprocedure::text
            FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname = 'ringfence_guard'
            AND EXISTS (SELECT FROM roles WHERE has_function_privilege(roles.oid, p.oid, 'EXECUTE'))
            AND NOT EXISTS (SELECT FROM json_array_elements_text($1::json) AS allowed
                WHERE to_regprocedure(allowed) = p.oid)
            UNION ALL
            SELECT 'acts-as-owner', 'rule ' || r.rulename || ' of ' || r.ev_class::regclass
            FROM own JOIN pg_rewrite r ON r.ev_class = own.oid AND r.rulename <> '_RETURN'
            UNION ALL
            SELECT 'acts-as-owner', 'trigger ' || t.tgname || ' of ' || t.tgrelid::regclass
            FROM own JOIN pg_trigger t ON t.tgrelid = own.oid AND NOT t.tgisinternal
            UNION ALL
            SELECT 'beneath', 'SELECT ' || c.relname
            FROM pg_class c WHERE c.relnamespace = 'pg_catalog'::regnamespace
            AND c.relname IN ('pg_statistic', 'pg_statistic_ext_data', 'pg_authid', 'pg_shadow',
                'pg_user_mapping')
            AND EXISTS (SELECT FROM roles
                WHERE has_any_column_privilege(roles.oid, c.oid, 'SELECT'))
            UNION ALL
            SELECT 'beneath', 'call ' || p.oid::regprocedure
            FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
            WHERE (l.lanname = 'internal'
                AND p.prosrc ~ '^(pg_read_(binary_)?file_|be_lo_(import|export))'
                OR l.lanname = 'c' AND p.prosrc IN ('pg_file_write_v1_1', 'pg_file_rename_v1_1',
                    'pg_get_wal_block_info', 'pg_get_wal_fpi_info')
                OR p.proname = 'dblink_connect_u')
            AND EXISTS (SELECT FROM roles WHERE has_function_privilege(roles.oid, p.oid, 'EXECUTE'))
            UNION ALL
            SELECT 'beneath', 'ALTER SYSTEM ' || parname
            FROM pg_parameter_acl, aclexplode(paracl) AS granted
            WHERE granted.privilege_type = 'ALTER SYSTEM'
            AND (granted.grantee = 0 OR granted.grantee IN (SELECT oid FROM roles))
        ) AS findings ORDER BY kind, subject
        """, parameters: 1)
}
