extension GuardScript {
    /// What policies of this mode compare the tenant column with. In mode `statement` the
    /// sub-select makes it one verification for each table of a statement, not one for each row.
    public var tenantCall: String {
        mode == .statement ? "(SELECT ringfence.tenant())" : "ringfence.tenant()"
    }

    private var schemaList: String {
        schemas.map { "'\($0)'" }.joined(separator: ", ")
    }

    /// Brings the table that variable `target` names under the guard, unless it is already. One
    /// ALTER TABLE first: where it fires the event trigger again, that finds row security on.
    private var protection: String {
        """
        SELECT n.nspname, c.relname, c.relrowsecurity AND c.relforcerowsecurity AS is_closed,
                    a.attnum, a.atttypid, a.attnotnull, a.atthasdef
                INTO found
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = '\(tenantColumn)'
                    AND NOT a.attisdropped
                WHERE c.oid = target AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't';
                IF found.relname IS NULL THEN
                    CONTINUE;
                END IF;
                IF found.attnum IS NOT NULL AND found.atttypid <> 'uuid'::regtype THEN
                    RAISE EXCEPTION '%.%: column \(tenantColumn) must be of type uuid',
                        found.nspname, found.relname USING errcode = '42804';
                END IF;
                IF NOT found.is_closed OR found.attnum IS NOT NULL
                    AND NOT (found.attnotnull AND found.atthasdef)
                THEN
                    EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY,'
                        ' FORCE ROW LEVEL SECURITY', found.nspname, found.relname)
                    || CASE WHEN NOT found.attnotnull
                        THEN ', ALTER COLUMN \(tenantColumn) SET NOT NULL' ELSE '' END
                    || CASE WHEN NOT found.atthasdef
                        THEN ', ALTER COLUMN \(tenantColumn) SET DEFAULT ringfence.tenant()'
                        ELSE '' END;
                END IF;
                IF found.attnum IS NOT NULL AND NOT EXISTS (SELECT FROM pg_policy
                    WHERE polrelid = target AND polname = 'tenant_floor')
                THEN
                    EXECUTE format('CREATE POLICY tenant_floor ON %I.%I AS RESTRICTIVE'
                        ' USING (\(tenantColumn) = \(tenantCall))', found.nspname, found.relname);
                END IF;
                IF found.attnum IS NOT NULL AND NOT EXISTS (SELECT FROM pg_policy
                    WHERE polrelid = target AND polname = 'tenant_rows')
                THEN
                    EXECUTE format('CREATE POLICY tenant_rows ON %I.%I'
                        ' USING (\(tenantColumn) = \(tenantCall))', found.nspname, found.relname);
                END IF;
        """
    }

    /// `protect(table)`: the same for one table and all its partitions and children, by hand; run
    /// by the table's owner. Run this script as the guard's owner.
    public var protect: String {
        """
        CREATE OR REPLACE FUNCTION ringfence_guard.protect(relation regclass) RETURNS void
            LANGUAGE plpgsql SET search_path TO 'pg_catalog', 'pg_temp' AS $$
        DECLARE
            target oid;
            found record;
        BEGIN
            FOR target IN
                WITH RECURSIVE family AS (
                    SELECT relation::oid AS oid
                    UNION
                    SELECT i.inhrelid FROM pg_inherits i JOIN family f ON f.oid = i.inhparent
                ) SELECT oid FROM family
            LOOP
                \(protection)
            END LOOP;
        END
        $$;

        """
    }

    /// Every new table and partition is closed by itself: with the tenant column NOT NULL and the
    /// two policies, or, without that column, to everybody until somebody gives it policies. A
    /// table outside the schemas counts when it is a child of one inside. For a superuser, who owns
    /// the function too: it runs with the rights of whoever makes a table.
    ///
    /// ALTER TABLE counts where row security is off: for ATTACH PARTITION, SET SCHEMA, and for
    /// switching it off, which so has no effect. NO FORCE is left to the owner, for migrations.
    public var trigger: String {
        """
        DROP EVENT TRIGGER IF EXISTS ringfence_guard_tables;
        CREATE OR REPLACE FUNCTION ringfence_guard.guard_tables() RETURNS event_trigger
            LANGUAGE plpgsql SET search_path TO 'pg_catalog', 'pg_temp' AS $$
        DECLARE
            target oid;
            found record;
        BEGIN
            FOR target IN
                WITH RECURSIVE touched AS (
                    SELECT objid AS oid, command_tag AS tag FROM pg_event_trigger_ddl_commands()
                    WHERE classid = 'pg_class'::regclass
                ), family AS (
                    SELECT oid, tag FROM touched
                    UNION
                    SELECT i.inhrelid, f.tag FROM pg_inherits i
                    JOIN family f ON f.oid = i.inhparent
                ), lineage AS (
                    SELECT oid AS child, oid FROM family
                    UNION
                    SELECT l.child, i.inhparent FROM pg_inherits i
                    JOIN lineage l ON l.oid = i.inhrelid
                )
                SELECT DISTINCT f.oid FROM family f
                JOIN pg_class c ON c.oid = f.oid
                    AND (f.tag <> 'ALTER TABLE' OR NOT c.relrowsecurity)
                JOIN lineage l ON l.child = f.oid
                JOIN pg_class a ON a.oid = l.oid
                JOIN pg_namespace n ON n.oid = a.relnamespace AND n.nspname IN (\(schemaList))
            LOOP
                \(protection)
            END LOOP;
        END
        $$;
        REVOKE ALL ON FUNCTION ringfence_guard.guard_tables() FROM PUBLIC;
        CREATE EVENT TRIGGER ringfence_guard_tables ON ddl_command_end
            WHEN TAG IN ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE',
                'CREATE SCHEMA')
            EXECUTE FUNCTION ringfence_guard.guard_tables();

        """
    }

    /// Gives every policy of the schemas that asks `ringfence.tenant()` or `ringfence.vendor()` the
    /// form of this mode; run as the tables' owner. What else a policy says is left as it is.
    public var policies: String {
        let plain = #"'ringfence.\1()'"#
        let wrapped = #"'( SELECT ringfence.\1() AS \1)'"#
        return """
            DO $policies$
            DECLARE
                policy record;
            BEGIN
                FOR policy IN
                    SELECT p.polname, n.nspname, c.relname, p.polqual IS NOT NULL AS has_using,
                        p.polwithcheck IS NOT NULL AS has_check, old.using_text, old.check_text,
                        pg_catalog.regexp_replace(pg_catalog.regexp_replace(old.using_text,
                            \(Self.wrappedCall), \(plain), 'g'), \(Self.plainCall),
                            \(mode == .statement ? wrapped : plain), 'g') AS using_wanted,
                        pg_catalog.regexp_replace(pg_catalog.regexp_replace(old.check_text,
                            \(Self.wrappedCall), \(plain), 'g'), \(Self.plainCall),
                            \(mode == .statement ? wrapped : plain), 'g') AS check_wanted
                    FROM pg_catalog.pg_policy p
                    JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
                    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                    CROSS JOIN LATERAL (SELECT
                        coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), '') AS using_text,
                        coalesce(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), '')
                            AS check_text) AS old
                    WHERE n.nspname IN (\(schemaList))
                LOOP
                    IF policy.has_using AND policy.using_wanted <> policy.using_text THEN
                        EXECUTE pg_catalog.format('ALTER POLICY %I ON %I.%I USING (%s)',
                            policy.polname, policy.nspname, policy.relname, policy.using_wanted);
                    END IF;
                    IF policy.has_check AND policy.check_wanted <> policy.check_text THEN
                        EXECUTE pg_catalog.format('ALTER POLICY %I ON %I.%I WITH CHECK (%s)',
                            policy.polname, policy.nspname, policy.relname, policy.check_wanted);
                    END IF;
                END LOOP;
            END
            $policies$;

            """
    }

    /// How PostgreSQL 15 writes the two forms back.
    private static let plainCall = #"'\mringfence\.(tenant|vendor)\(\)'"#
    private static let wrappedCall =
        #"'\( ?SELECT ringfence\.(tenant|vendor)\(\) AS (?:tenant|vendor)\)'"#
}
