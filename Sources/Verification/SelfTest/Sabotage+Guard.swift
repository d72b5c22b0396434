extension Sabotage {
    /// Those of a database that believes seals, as `db migrate` makes it.
    public static func guarded(_ mode: VerificationReport.Mode) -> [Sabotage] {
        switch mode {
        case .plain: []
        case .sealed: slot + entering + texts + reachOfGuard + triggers + policiesOfGuard + detours
        case .statement:
            verifying + entering + texts + reachOfGuard + triggers + policiesOfGuard + detours
        }
    }

    private static func context(_ expression: String) -> String {
        """
        CREATE OR REPLACE FUNCTION ringfence.tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
            RETURN \(expression)
        """
    }

    /// Where the context lies in a parameter that only the guard can write.
    private static let slot: [Sabotage] = [
        Sabotage(
            "the slot preset for the login", .a8, 5,
            "ALTER ROLE {login} SET \(ContextSource.slotName) = 'x'",
            undo: "ALTER ROLE {login} RESET \(ContextSource.slotName)"),
        Sabotage(
            "the slot preset for the database", .a8, 5,
            "ALTER DATABASE {database} SET \(ContextSource.slotName) = 'x'"),
        Sabotage(
            "SET on the slot for the login", .a9, 5,
            "GRANT SET ON PARAMETER \(ContextSource.slotName) TO {login}",
            undo: "REVOKE SET ON PARAMETER \(ContextSource.slotName) FROM {login}",
            others: [.l10]),
        Sabotage(
            "enter that checks nothing", .b10, 5,
            """
            CREATE OR REPLACE FUNCTION ringfence_guard.enter(seal text) RETURNS void
                LANGUAGE plpgsql SECURITY DEFINER SET search_path TO 'pg_catalog', 'pg_temp' AS $$
            BEGIN PERFORM set_config('\(ContextSource.slotName)',
                replace(substr(seal, 8, 36), '-', '') || ',', true);
            END $$
            """, others: [.l10]),
        Sabotage(
            "a context that is never nobody", .t1, 5,
            context(
                "coalesce(nullif(pg_catalog.split_part(pg_catalog.current_setting("
                    + "'\(ContextSource.slotName)'), ',', 1), ''), "
                    + "'0a5e0000-0000-7000-8000-0000000000a1')::uuid")),
    ]

    /// Where every statement verifies the seal anew.
    private static let verifying: [Sabotage] = [
        Sabotage(
            "enter that checks nothing", .b10, 5,
            """
            CREATE OR REPLACE FUNCTION ringfence_guard.enter(seal text) RETURNS void
                LANGUAGE plpgsql SECURITY DEFINER SET search_path TO 'pg_catalog', 'pg_temp' AS $$
            BEGIN PERFORM set_config('app.seal', seal, true); END $$
            """, others: [.l10]),
        Sabotage(
            "statements that verify nothing", .b10, 1,
            """
            CREATE OR REPLACE FUNCTION ringfence_guard.verified(scope text) RETURNS uuid
                LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
                SET search_path TO 'pg_catalog', 'pg_temp' AS $$
            BEGIN
                RETURN CASE WHEN substr(current_setting('app.seal', true), 7, 1) = scope
                    THEN substr(current_setting('app.seal', true), 8, 36)::uuid END;
            END $$
            """),
        Sabotage(
            "a context that is never nobody", .t1, 5,
            context(
                "coalesce(ringfence_guard.verified('t'), "
                    + "'0a5e0000-0000-7000-8000-0000000000a1'::uuid)")),
    ]

    private static let entering: [Sabotage] = [
        Sabotage(
            "seals that are all valid", .b10, 5,
            """
            CREATE OR REPLACE FUNCTION ringfence_guard.is_valid(seal text) RETURNS boolean
                LANGUAGE sql STABLE AS 'SELECT true'
            """, others: [.l10]),
        Sabotage(
            "enter of another owner", .b10, 1,
            "ALTER FUNCTION ringfence_guard.enter(text) OWNER TO {owner}"),
        Sabotage(
            "enter of the login", .b10, 5,
            "ALTER FUNCTION ringfence_guard.enter(text) OWNER TO {login}"),
        Sabotage(
            "enter without its search path", .f2, 1,
            "ALTER FUNCTION ringfence_guard.enter(text) RESET search_path", others: [.b10]),
        Sabotage(
            "enter with the caller's rights", .t3, 1,
            "ALTER FUNCTION ringfence_guard.enter(text) SECURITY INVOKER", others: [.b10]),
        Sabotage(
            "a seal that sessions show", .l9, 5,
            """
            ALTER FUNCTION ringfence_guard.enter(text) RENAME TO entered;
            CREATE FUNCTION ringfence_guard.enter(seal text) RETURNS void
                LANGUAGE plpgsql SECURITY DEFINER SET search_path TO 'pg_catalog', 'pg_temp' AS $$
            BEGIN
                PERFORM ringfence_guard.entered(seal);
                PERFORM set_config('application_name', seal, true);
            END $$;
            ALTER FUNCTION ringfence_guard.enter(text) OWNER TO ringfence_guard;
            GRANT EXECUTE ON FUNCTION ringfence_guard.enter(text) TO {login};
            """, others: [.b10]),
    ]

    /// Texts and attributes that are not those of this version.
    private static let texts: [Sabotage] = [
        Sabotage(
            "the event trigger's function replaced", .b10, 1,
            """
            CREATE OR REPLACE FUNCTION ringfence_guard.guard_tables() RETURNS event_trigger
                LANGUAGE plpgsql SET search_path TO 'pg_catalog', 'pg_temp' AS $$ BEGIN END $$
            """),
        Sabotage(
            "the event trigger's function without its search path", .b10, 1,
            "ALTER FUNCTION ringfence_guard.guard_tables() RESET search_path"),
        Sabotage(
            "the event trigger's function of the tables' owner", .b10, 1,
            "ALTER FUNCTION ringfence_guard.guard_tables() OWNER TO {owner}"),
        Sabotage(
            "protect that does nothing", .b10, 1,
            """
            CREATE OR REPLACE FUNCTION ringfence_guard.protect(relation regclass) RETURNS void
                LANGUAGE plpgsql SET search_path TO 'pg_catalog', 'pg_temp' AS $$ BEGIN END $$
            """),
        Sabotage(
            "keys that are never retired", .b10, 1,
            """
            CREATE OR REPLACE FUNCTION ringfence_guard.retire_key(retired text, at timestamptz)
                RETURNS boolean LANGUAGE sql SECURITY DEFINER
                SET search_path TO 'pg_catalog', 'pg_temp' AS 'SELECT true'
            """),
        Sabotage(
            "a list that hides keys", .b10, 1,
            """
            CREATE OR REPLACE FUNCTION ringfence_guard.list_keys()
                RETURNS TABLE (kid text, not_before timestamptz, not_after timestamptz, state text)
                LANGUAGE sql STABLE SECURITY DEFINER SET search_path TO 'pg_catalog', 'pg_temp'
                AS $$ SELECT ''::text, now(), now(), ''::text WHERE false $$
            """),
        Sabotage(
            "a guard that says another mode", .b10, 1,
            """
            CREATE OR REPLACE FUNCTION ringfence_guard.mode() RETURNS text
                LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 'plain'::text
            """),
        Sabotage(
            "a trigger on the keys", .b10, 1,
            """
            CREATE FUNCTION ringfence.copy() RETURNS trigger LANGUAGE plpgsql
                SET search_path = pg_catalog, pg_temp AS $$ BEGIN RETURN NEW; END $$;
            REVOKE ALL ON FUNCTION ringfence.copy() FROM PUBLIC;
            CREATE TRIGGER copy AFTER INSERT ON ringfence_guard.keys
                FOR EACH ROW EXECUTE FUNCTION ringfence.copy();
            """),
    ]

    /// What the login can do with the guard.
    private static let reachOfGuard: [Sabotage] = [
        Sabotage(
            "the login a member of the guard's role", .b10, 5, "GRANT ringfence_guard TO {login}",
            undo: "REVOKE ringfence_guard FROM {login}"),
        Sabotage(
            "claims for the login", .b10, 5,
            "GRANT EXECUTE ON FUNCTION ringfence_guard.claim(text, integer, interval) TO {login}"),
        Sabotage(
            "minting for everybody", .b10, 1,
            "GRANT EXECUTE ON FUNCTION ringfence_guard.mint(uuid, integer) TO PUBLIC"),
        Sabotage(
            "keys installed by the login", .b10, 5,
            """
            GRANT EXECUTE ON FUNCTION
                ringfence_guard.install_key(text, bytea, bytea, timestamptz, timestamptz)
                TO {login}
            """),
        Sabotage(
            "keys that can be read", .b10, 5, "GRANT SELECT ON ringfence_guard.keys TO {login}"),
        Sabotage(
            "one column of the keys", .b10, 5,
            "GRANT SELECT (ipad) ON ringfence_guard.keys TO PUBLIC"),
        Sabotage(
            "work of all tenants", .b10, 5, "GRANT SELECT ON ringfence_guard.work TO {login}"),
    ]

    private static let triggers: [Sabotage] = [
        Sabotage(
            "the event trigger disabled", .f5, 1,
            "ALTER EVENT TRIGGER ringfence_guard_tables DISABLE"),
        Sabotage(
            "the event trigger dropped", .f5, 1, "DROP EVENT TRIGGER ringfence_guard_tables"),
        Sabotage(
            "another event trigger in its place", .f5, 1,
            """
            DROP EVENT TRIGGER ringfence_guard_tables;
            CREATE FUNCTION ringfence.idle() RETURNS event_trigger LANGUAGE plpgsql
                SET search_path = pg_catalog, pg_temp AS $$ BEGIN END $$;
            REVOKE ALL ON FUNCTION ringfence.idle() FROM PUBLIC;
            CREATE EVENT TRIGGER idle ON ddl_command_end EXECUTE FUNCTION ringfence.idle();
            """),
        Sabotage(
            "the event trigger for fewer commands", .f5, 1,
            """
            DROP EVENT TRIGGER ringfence_guard_tables;
            CREATE EVENT TRIGGER ringfence_guard_tables ON ddl_command_end
                WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION ringfence_guard.guard_tables();
            """),
    ]

    private static let policiesOfGuard: [Sabotage] = [
        Sabotage(
            "the floor of a table by the setting", .b8, 1,
            """
            ALTER POLICY tenant_floor ON ringfence.events
                USING (tenant_id = nullif(current_setting('app.current_tenant', true), '')::uuid)
            """),
        Sabotage(
            "the context by the setting", .b10, 1,
            context("nullif(pg_catalog.current_setting('app.current_tenant', true), '')::uuid")),
        Sabotage(
            "a later table whose guard was taken off", .b1, 5,
            """
            ALTER EVENT TRIGGER ringfence_guard_tables DISABLE;
            ALTER TABLE ringfence.events DISABLE ROW LEVEL SECURITY;
            ALTER EVENT TRIGGER ringfence_guard_tables ENABLE;
            """),
    ]
}
