/// A schema in which nothing is wrong, and the ways to break it.
public struct CleanSchema: Sendable {
    /// Where it is made: a database without anything in it, and two roles of its own.
    public struct Place: Sendable {
        /// A superuser's way into that database.
        public let administrator: DatabaseAddress
        public let database: String
        public let owner: String
        public let login: String
    }

    public let mode: VerificationReport.Mode
    public let sabotages: [Sabotage]
    /// Roles of the whole cluster that `build` makes where they are missing; they are dropped at
    /// the end if they were.
    let roles: [String]
    let build: @Sendable (Place) throws(ProbeFault) -> Void
    /// Says what is verified. The text is a database's name, of a copy of what was built.
    let adjust: @Sendable (inout VerificationOptions, String) -> Void

    public init(
        mode: VerificationReport.Mode, sabotages: [Sabotage], roles: [String],
        build: @escaping @Sendable (Place) throws(ProbeFault) -> Void,
        adjust: @escaping @Sendable (inout VerificationOptions, String) -> Void
    ) {
        self.mode = mode
        self.sabotages = sabotages
        self.roles = roles
        self.build = build
        self.adjust = adjust
    }

    /// A schema of any application, with one of everything the rules look at, in plain mode.
    public static let plain = CleanSchema(
        mode: .plain, sabotages: Sabotage.all, roles: [],
        build: { place throws(ProbeFault) in
            var session = try ProbeSession(place.administrator, timeoutMilliseconds: 60_000)
            try session.perform(
                ScratchDatabase.filled(
                    script,
                    [
                        ("{login}", place.login), ("{owner}", place.owner),
                        ("{database}", place.database),
                    ]))
        },
        adjust: { options, _ in
            options.context = .setting(setting)
            options.globals = ["shop.countries"]
        })

    static let setting = "app.current_tenant"

    static func guarded(_ table: String) -> String {
        """
        ALTER TABLE \(table) OWNER TO {owner};
        ALTER TABLE \(table) ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant_floor ON \(table) AS RESTRICTIVE USING (tenant_id = shop.tenant());
        CREATE POLICY tenant_rows ON \(table) USING (tenant_id = shop.tenant());

        """
    }

    static let script =
        """
        REVOKE ALL ON DATABASE {database} FROM PUBLIC;
        GRANT CONNECT ON DATABASE {database} TO {login};
        REVOKE ALL ON SCHEMA public FROM PUBLIC;
        DO $$
        DECLARE name text;
        BEGIN
            FOR name IN SELECT oid::regprocedure FROM pg_proc
                WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^lo(_.*|read|write)$'
            LOOP EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', name); END LOOP;
        END
        $$;
        CREATE SCHEMA shop AUTHORIZATION {owner};
        CREATE FUNCTION shop.tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
            RETURN nullif(pg_catalog.current_setting('app.current_tenant', true), '')::uuid;
        ALTER FUNCTION shop.tenant() OWNER TO {owner};
        CREATE TABLE shop.customers (
            tenant_id uuid NOT NULL DEFAULT shop.tenant(), id uuid NOT NULL, email text NOT NULL,
            PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, email));
        CREATE TABLE shop.orders (
            tenant_id uuid NOT NULL DEFAULT shop.tenant(), id uuid NOT NULL, customer_id uuid,
            total integer NOT NULL, parent_id uuid,
            PRIMARY KEY (tenant_id, id),
            FOREIGN KEY (tenant_id, customer_id) REFERENCES shop.customers (tenant_id, id));
        CREATE TABLE shop.events (
            tenant_id uuid NOT NULL DEFAULT shop.tenant(), id uuid NOT NULL,
            at timestamptz NOT NULL, PRIMARY KEY (tenant_id, id, at)) PARTITION BY RANGE (at);
        CREATE TABLE shop.events_now PARTITION OF shop.events
            FOR VALUES FROM ('2020-01-01') TO ('2100-01-01');
        CREATE TABLE shop.archive (tenant_id uuid NOT NULL, id uuid NOT NULL, body text,
            PRIMARY KEY (tenant_id, id));
        CREATE TABLE shop.countries (code text PRIMARY KEY);
        CREATE SEQUENCE shop.numbers;
        ALTER TABLE shop.countries OWNER TO {owner};
        ALTER SEQUENCE shop.numbers OWNER TO {owner};

        """ + guarded("shop.customers") + guarded("shop.orders") + guarded("shop.events")
        + guarded("shop.events_now") + guarded("shop.archive") + """
            CREATE VIEW shop.totals WITH (security_invoker = true) AS
                SELECT tenant_id, count(*) AS orders, sum(total) AS total FROM shop.orders
                GROUP BY tenant_id;
            ALTER VIEW shop.totals OWNER TO {owner};
            CREATE FUNCTION shop.guard_new_tables() RETURNS event_trigger LANGUAGE plpgsql
                SET search_path = pg_catalog, pg_temp AS $$ BEGIN END $$;
            CREATE EVENT TRIGGER shop_guard ON ddl_command_end
                EXECUTE FUNCTION shop.guard_new_tables();
            REVOKE ALL ON ALL FUNCTIONS IN SCHEMA shop FROM PUBLIC;
            GRANT USAGE ON SCHEMA shop TO {login};
            GRANT EXECUTE ON FUNCTION shop.tenant() TO {login};
            GRANT SELECT, INSERT, UPDATE, DELETE ON shop.customers, shop.orders, shop.events
                TO {login};
            GRANT SELECT ON shop.totals, shop.countries TO {login};
            """

    static func options(_ address: DatabaseAddress) -> VerificationOptions {
        var options = VerificationOptions(login: address)
        plain.adjust(&options, "")
        return options
    }
}
