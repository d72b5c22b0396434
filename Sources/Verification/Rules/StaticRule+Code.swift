extension StaticRule {
    /// The part of the prelude that says which functions the login can have run.
    /// - steps: where writing to one relation writes to another, too: through a view, down to
    ///   partitions and children, along a foreign key that cascades.
    /// - writable, readable: what the login can write to and read, all steps taken.
    /// - holders: what calls functions where the login works, and asks for EXECUTE; not for the
    ///   schema's USAGE, which is about finding a name.
    /// - unasked: functions that run for the login and ask it for nothing: an aggregate asks its
    ///   owner, an operator class, a type and a foreign data wrapper nobody.
    /// - code: functions that are not the server's own, with those of system schemas that somebody,
    ///   and no extension, put there or made run as their owner.
    static let code = """
        , steps AS (
            SELECT view AS source, base AS target FROM edges
            WHERE pg_relation_is_updatable(view, true) & 28 <> 0
            UNION SELECT inhparent, inhrelid FROM pg_inherits
            UNION SELECT confrelid, conrelid FROM pg_constraint WHERE contype = 'f'
                AND (confdeltype IN ('c', 'n', 'd') OR confupdtype IN ('c', 'n', 'd'))),
        writable AS (
            WITH RECURSIVE walk (oid) AS (
                SELECT c.oid FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'f')
                AND EXISTS (SELECT FROM reach
                    WHERE has_any_column_privilege(reach.oid, c.oid, 'INSERT, UPDATE')
                    OR has_table_privilege(reach.oid, c.oid, 'DELETE, TRUNCATE'))
                UNION SELECT s.target FROM walk w JOIN steps s ON s.source = w.oid)
            SELECT * FROM walk),
        readable AS (
            WITH RECURSIVE walk (oid) AS (
                (SELECT c.oid FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'f')
                AND EXISTS (SELECT FROM reach
                    WHERE has_any_column_privilege(reach.oid, c.oid, 'SELECT'))
                UNION SELECT oid FROM writable)
                UNION SELECT e.base FROM walk w JOIN edges e ON e.view = w.oid)
            SELECT walk.oid FROM walk JOIN pg_class c ON c.oid = walk.oid AND c.relkind <> 'm'),
        holders (classid, objid) AS (
            SELECT 'pg_rewrite'::regclass, r.oid FROM pg_rewrite r
                JOIN readable c ON c.oid = r.ev_class
            UNION ALL SELECT 'pg_policy'::regclass, p.oid FROM pg_policy p
                JOIN readable c ON c.oid = p.polrelid
            UNION ALL SELECT 'pg_attrdef'::regclass, a.oid FROM pg_attrdef a
                JOIN writable c ON c.oid = a.adrelid
            UNION ALL SELECT 'pg_constraint'::regclass, k.oid FROM pg_constraint k
                WHERE k.contypid <> 0 OR k.conrelid IN (SELECT oid FROM writable)
            UNION ALL SELECT 'pg_trigger'::regclass, t.oid FROM pg_trigger t
                JOIN writable c ON c.oid = t.tgrelid
            UNION ALL SELECT 'pg_class'::regclass, oid FROM writable
            UNION ALL SELECT 'pg_class'::regclass, i.indexrelid FROM pg_index i
                JOIN writable c ON c.oid = i.indrelid
            UNION ALL SELECT 'pg_operator'::regclass, oid FROM pg_operator
            UNION ALL SELECT 'pg_cast'::regclass, oid FROM pg_cast
            UNION ALL SELECT 'pg_proc'::regclass, p.oid FROM pg_proc p WHERE p.prokind <> 'a'
                AND EXISTS (SELECT FROM reach
                    WHERE has_function_privilege(reach.oid, p.oid, 'EXECUTE'))),
        held AS (SELECT DISTINCT d.refobjid AS oid FROM pg_depend d
            JOIN holders h ON h.classid = d.classid AND h.objid = d.objid
            WHERE d.refclassid = 'pg_proc'::regclass),
        unasked AS (
            SELECT d.refobjid AS oid FROM pg_depend d WHERE d.refclassid = 'pg_proc'::regclass
            AND d.classid IN ('pg_amproc'::regclass, 'pg_type'::regclass,
                'pg_foreign_data_wrapper'::regclass)
            UNION SELECT part FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid,
                unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn,
                    aggmtransfn, aggminvtransfn, aggmfinalfn]::oid[]) AS part
            WHERE EXISTS (SELECT FROM reach
                WHERE has_function_privilege(reach.oid, p.oid, 'EXECUTE')
                AND (has_schema_privilege(reach.oid, p.pronamespace, 'USAGE')
                    OR p.oid IN (SELECT oid FROM held)))),
        code AS (SELECT written.*, EXISTS (SELECT FROM given
                WHERE signature || '=' || pin = ANY (allowed)
                OR split_part(signature, '(', 1) || '=' || pin = ANY (allowed)) AS is_allowed
            FROM (SELECT p.*, p.oid::regprocedure::text AS signature,
            coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) AS body,
            encode(sha256(convert_to(coalesce(pg_get_function_sqlbody(p.oid), p.prosrc), 'UTF8')),
                'hex') AS pin,
            EXISTS (SELECT FROM reach WHERE has_function_privilege(reach.oid, p.oid, 'EXECUTE'))
                AND (EXISTS (SELECT FROM reach
                    WHERE has_schema_privilege(reach.oid, p.pronamespace, 'USAGE'))
                    OR p.oid IN (SELECT oid FROM held))
                OR p.oid IN (SELECT oid FROM unasked) AS callable
            FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                OR n.nspname !~ '^pg_(toast_)?temp_' AND (p.prosecdef OR p.oid >= 16384)
                AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
                    AND d.objid = p.oid AND d.deptype = 'e')) AS written)

        """
}
