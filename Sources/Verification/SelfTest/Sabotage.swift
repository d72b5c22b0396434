/// One way to break a clean schema, and the rule that has to notice.
public struct Sabotage: Sendable {
    public let name: String
    public let rule: Rule
    /// What the exit code becomes; 0 for what must be told and must not fail anybody.
    public let exitCode: Int32
    /// SQL for a superuser in the database; `{login}`, `{owner}` and `{database}` stand for names.
    public let script: String
    /// For what is not inside the database: roles and their memberships.
    public let undo: String?
    /// Other rules that have to notice the same.
    public let others: [Rule]
    /// What the finding has to say, where the clean schema has one of the same rule; a mark stands
    /// for a name here too.
    let mention: String?
    /// Options that make the rule look. The administrator is then given too.
    let prepare: (@Sendable (inout VerificationOptions) -> Void)?
    /// A file of accepted risks.
    let waivers: String?

    init(
        _ name: String, _ rule: Rule, _ exitCode: Int32, _ script: String, undo: String? = nil,
        others: [Rule] = [], mention: String? = nil, waivers: String? = nil,
        prepare: (@Sendable (inout VerificationOptions) -> Void)? = nil
    ) {
        self.name = name
        self.rule = rule
        self.exitCode = exitCode
        self.script = script
        self.undo = undo
        self.others = others
        self.mention = mention
        self.waivers = waivers
        self.prepare = prepare
    }

    /// Those of a schema in plain mode.
    public static let all =
        policies + contexts + identities + reaches + keys + surroundings + attempts + acceptances
        + relations + hidden + meanings

    /// Replaces both policies of `shop.orders`.
    static func both(_ condition: String, check: String? = nil) -> String {
        let tail = check.map { " WITH CHECK (\($0))" } ?? ""
        return """
            DROP POLICY tenant_floor ON shop.orders; DROP POLICY tenant_rows ON shop.orders;
            CREATE POLICY tenant_floor ON shop.orders AS RESTRICTIVE USING (\(condition))\(tail);
            CREATE POLICY tenant_rows ON shop.orders USING (\(condition))\(tail);
            """
    }

    private static let policies: [Sabotage] = [
        Sabotage(
            "row-level security switched off", .b1, 5,
            "ALTER TABLE shop.orders DISABLE ROW LEVEL SECURITY"),
        Sabotage(
            "not forced on the owner", .b2, 1,
            "ALTER TABLE shop.orders NO FORCE ROW LEVEL SECURITY"),
        Sabotage(
            "a permissive policy for everything, without the floor", .t1, 5,
            """
            DROP POLICY tenant_floor ON shop.orders;
            CREATE POLICY open ON shop.orders USING (true);
            """, others: [.l1, .l2, .l3, .l4]),
        Sabotage(
            "a permissive policy for everything, under the floor", .b8, 0,
            "CREATE POLICY open ON shop.orders USING (true)"),
        Sabotage(
            "a second permissive policy under the floor", .b4, 0,
            "CREATE POLICY more ON shop.orders FOR SELECT USING (total > 0)"),
        Sabotage(
            "coalesce to the row's own tenant", .t1, 5,
            both("tenant_id = coalesce(shop.tenant(), tenant_id)")),
        Sabotage(
            "open while the context was never set", .t1, 5,
            both(
                "current_setting('app.current_tenant', true) IS NULL OR tenant_id = shop.tenant()"
            )),
        Sabotage(
            "open while the context is empty", .t1, 5,
            both("current_setting('app.current_tenant', true) = '' OR tenant_id = shop.tenant()")),
        Sabotage(
            "LIKE a prefix", .t1, 5,
            both("tenant_id::text LIKE current_setting('app.current_tenant', true) || '%'")),
        Sabotage(
            "IS NOT DISTINCT FROM, with a nullable column", .t1, 5,
            """
            ALTER TABLE shop.orders DROP CONSTRAINT orders_pkey;
            ALTER TABLE shop.orders ALTER tenant_id DROP NOT NULL;
            """ + both("tenant_id IS NOT DISTINCT FROM shop.tenant()")),
        Sabotage(
            "WITH CHECK (true)", .l1, 5, both("tenant_id = shop.tenant()", check: "true")),
        Sabotage("the wrong column", .b6, 1, both("customer_id = shop.tenant()")),
        Sabotage(
            "a bypass setting", .b8, 1,
            both(
                "tenant_id = shop.tenant() OR current_setting('app.bypass', true) = 'on'")),
        Sabotage(
            "a hidden constant", .b8, 1,
            both(
                "tenant_id = shop.tenant() OR id = '018f0000-0000-7000-8000-00000000dead'::uuid")),
        Sabotage("the comparison turned round", .t1, 5, both("tenant_id <> shop.tenant()")),
        Sabotage(
            "rows of whoever has customers", .b8, 1,
            both("tenant_id IN (SELECT tenant_id FROM shop.customers)")),
        Sabotage(
            "one tenant for all", .t1, 5,
            both("tenant_id = '0b5e0000-0000-7000-8000-0000000000a2'::uuid")),
        Sabotage(
            "an UPDATE policy for everything, without the floor", .t1, 5,
            """
            DROP POLICY tenant_floor ON shop.orders;
            CREATE POLICY open ON shop.orders FOR UPDATE USING (true);
            """),
        Sabotage(
            "an INSERT policy for everything, without the floor", .l1, 5,
            """
            DROP POLICY tenant_floor ON shop.orders;
            CREATE POLICY open ON shop.orders FOR INSERT WITH CHECK (true);
            """),
        Sabotage(
            "the floor for reading only", .b5, 0,
            """
            DROP POLICY tenant_floor ON shop.orders;
            CREATE POLICY tenant_floor ON shop.orders AS RESTRICTIVE FOR SELECT
                USING (tenant_id = shop.tenant());
            """),
        Sabotage(
            "the floor for another role", .b5, 0,
            "ALTER POLICY tenant_floor ON shop.orders TO {owner}"),
        Sabotage(
            "no policy for the login", .b3, 0,
            "DROP POLICY tenant_rows ON shop.orders"),
        Sabotage(
            "a nullable tenant column", .b7, 0,
            """
            ALTER TABLE shop.orders DROP CONSTRAINT orders_pkey;
            ALTER TABLE shop.orders ALTER tenant_id DROP NOT NULL;
            CREATE UNIQUE INDEX ON shop.orders (tenant_id, id);
            """),
        Sabotage(
            "a bare cast of the context", .b8, 0,
            both("tenant_id = current_setting('app.current_tenant', true)::uuid")),
        Sabotage(
            "another setting in one table", .b8, 1,
            both("tenant_id = nullif(current_setting('app.tenant', true), '')::uuid")),
    ]

    private static let contexts: [Sabotage] = [
        Sabotage(
            "the context function marked IMMUTABLE", .f4, 1,
            "ALTER FUNCTION shop.tenant() IMMUTABLE"),
        Sabotage(
            "the context function with its owner's rights and no search_path", .f2, 1,
            """
            CREATE OR REPLACE FUNCTION shop.tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
                SECURITY DEFINER AS
                $$ SELECT nullif(current_setting('app.current_tenant', true), '')::uuid $$
            """),
        Sabotage(
            "the context function marked VOLATILE", .f1, 1, "ALTER FUNCTION shop.tenant() VOLATILE"
        ),
        Sabotage(
            "the context function not parallel safe", .f1, 0,
            "ALTER FUNCTION shop.tenant() PARALLEL UNSAFE"),
        Sabotage(
            "the context function owned by the login", .b10, 5,
            "ALTER FUNCTION shop.tenant() OWNER TO {login}"),
        Sabotage(
            "the context function replaced", .t1, 5,
            """
            CREATE OR REPLACE FUNCTION shop.tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
                RETURN coalesce(nullif(current_setting('app.current_tenant', true), '')::uuid,
                    '0b5e0000-0000-7000-8000-0000000000a2'::uuid)
            """),
        Sabotage(
            "a context preset for the role", .a8, 5,
            "ALTER ROLE {login} SET app.current_tenant = '018f0000-0000-7000-8000-00000000000a'",
            undo: "ALTER ROLE {login} RESET ALL"),
        Sabotage(
            "a context preset for the database", .a8, 5,
            "ALTER DATABASE {database} SET app.current_tenant = "
                + "'018f0000-0000-7000-8000-00000000000a'"),
        Sabotage(
            "row_security off for the role", .a8, 1, "ALTER ROLE {login} SET row_security = off",
            undo: "ALTER ROLE {login} RESET ALL"),
    ]

    private static let identities: [Sabotage] = [
        Sabotage(
            "a superuser", .a1, 5, "ALTER ROLE {login} SUPERUSER",
            undo: "ALTER ROLE {login} NOSUPERUSER"),
        Sabotage(
            "BYPASSRLS", .a1, 5, "ALTER ROLE {login} BYPASSRLS",
            undo: "ALTER ROLE {login} NOBYPASSRLS"),
        Sabotage(
            "REPLICATION", .a1, 5, "ALTER ROLE {login} REPLICATION",
            undo: "ALTER ROLE {login} NOREPLICATION"),
        Sabotage(
            "CREATEROLE", .a1, 5, "ALTER ROLE {login} CREATEROLE",
            undo: "ALTER ROLE {login} NOCREATEROLE"),
        Sabotage(
            "CREATEDB", .a1, 1, "ALTER ROLE {login} CREATEDB",
            undo: "ALTER ROLE {login} NOCREATEDB"),
        Sabotage(
            "member of an exempt role", .a2, 5, "GRANT {exempt} TO {login}",
            undo: "REVOKE {exempt} FROM {login}"),
        Sabotage(
            "member of the owner", .a3, 5, "GRANT {owner} TO {login}",
            undo: "REVOKE {owner} FROM {login}"),
        Sabotage(
            "owner of a table", .a3, 5, "ALTER TABLE shop.orders OWNER TO {login}"),
        Sabotage("owner of the schema", .a3, 5, "ALTER SCHEMA shop OWNER TO {login}"),
        Sabotage(
            "owner of the database", .a3, 5, "ALTER DATABASE {database} OWNER TO {login}"),
        Sabotage(
            "member of pg_read_server_files", .a4, 5, "GRANT pg_read_server_files TO {login}",
            undo: "REVOKE pg_read_server_files FROM {login}"),
        Sabotage(
            "member of pg_read_all_stats", .a4, 1, "GRANT pg_read_all_stats TO {login}",
            undo: "REVOKE pg_read_all_stats FROM {login}"),
        Sabotage(
            "member of pg_write_all_data", .a4, 1, "GRANT pg_write_all_data TO {login}",
            undo: "REVOKE pg_write_all_data FROM {login}"),
        Sabotage(
            "TEMP", .a5, 1, "GRANT TEMPORARY ON DATABASE {database} TO PUBLIC"),
        Sabotage(
            "CREATE on the database", .a6, 1, "GRANT CREATE ON DATABASE {database} TO {login}"),
        Sabotage("CREATE on a schema", .a7, 1, "GRANT CREATE ON SCHEMA public TO PUBLIC"),
        Sabotage(
            "SET on the slot", .a9, 5,
            "GRANT SET ON PARAMETER backtrace_functions TO {login}",
            undo: "REVOKE SET ON PARAMETER backtrace_functions FROM {login}"),
        Sabotage(
            "SET on session_replication_role", .a9, 5,
            "GRANT SET ON PARAMETER session_replication_role TO {login}",
            undo: "REVOKE SET ON PARAMETER session_replication_role FROM {login}"),
    ]
}
