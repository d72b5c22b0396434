extension Sabotage {
    static let reaches: [Sabotage] = [
        Sabotage("TRUNCATE", .c1, 5, "GRANT TRUNCATE ON shop.orders TO {login}"),
        Sabotage(
            "TRIGGER and REFERENCES", .c1, 1,
            "GRANT TRIGGER, REFERENCES ON shop.orders TO {login}"),
        Sabotage(
            "REFERENCES on one column", .c1, 1, "GRANT REFERENCES (id) ON shop.orders TO PUBLIC"),
        Sabotage(
            "a partition without row-level security", .c2, 5,
            """
            ALTER TABLE shop.events_now DISABLE ROW LEVEL SECURITY;
            GRANT SELECT ON shop.events_now TO {login};
            """),
        Sabotage(
            "a new partition that everybody may read", .c2, 5,
            """
            CREATE TABLE shop.events_next PARTITION OF shop.events
                FOR VALUES FROM ('2100-01-01') TO ('2200-01-01');
            GRANT SELECT ON shop.events_next TO PUBLIC;
            """),
        Sabotage(
            "an inheriting table", .c2, 5,
            """
            CREATE TABLE shop.orders_old () INHERITS (shop.orders);
            CREATE INDEX ON shop.orders_old (tenant_id);
            GRANT SELECT ON shop.orders_old TO {login};
            """),
        Sabotage(
            "a definer view", .c3, 5,
            """
            CREATE VIEW shop.all_orders AS SELECT * FROM shop.orders;
            GRANT SELECT ON shop.all_orders TO {login};
            """),
        Sabotage(
            "a definer view of the tables' owner", .c3, 1,
            """
            CREATE VIEW shop.all_orders AS SELECT * FROM shop.orders;
            ALTER VIEW shop.all_orders OWNER TO {owner};
            GRANT SELECT ON shop.all_orders TO {login};
            """),
        Sabotage(
            "a definer view over a definer view", .c3, 5,
            """
            CREATE VIEW shop.inner_sums AS SELECT id FROM shop.orders;
            CREATE VIEW shop.sums AS SELECT id FROM shop.inner_sums;
            GRANT SELECT ON shop.sums TO {login};
            """),
        Sabotage(
            "a view that scans a definer function", .l6, 5,
            """
            CREATE FUNCTION shop.every_order() RETURNS SETOF shop.orders LANGUAGE sql
                SECURITY DEFINER SET search_path = pg_catalog, pg_temp
                AS $$ SELECT * FROM shop.orders $$;
            GRANT EXECUTE ON FUNCTION shop.every_order() TO {login};
            CREATE VIEW shop.calm WITH (security_invoker = true) AS
                SELECT tenant_id, id FROM shop.every_order();
            GRANT SELECT ON shop.calm TO {login};
            """),
        Sabotage(
            "a materialized view", .c4, 5,
            """
            CREATE MATERIALIZED VIEW shop.report AS SELECT tenant_id, id FROM shop.orders;
            GRANT SELECT ON shop.report TO {login};
            """),
        Sabotage(
            "a foreign table", .c5, 1,
            """
            CREATE FOREIGN DATA WRAPPER elsewhere; CREATE SERVER there
                FOREIGN DATA WRAPPER elsewhere;
            CREATE FOREIGN TABLE shop.remote (id uuid) SERVER there;
            GRANT SELECT ON shop.remote TO {login};
            """),
        Sabotage(
            "a foreign table of tenants", .c5, 5,
            """
            CREATE FOREIGN DATA WRAPPER elsewhere; CREATE SERVER there
                FOREIGN DATA WRAPPER elsewhere;
            CREATE FOREIGN TABLE shop.remote (tenant_id uuid) SERVER there;
            GRANT SELECT ON shop.remote TO {login};
            """),
        Sabotage(
            "a definer function that answers rows", .c6, 1,
            """
            CREATE FUNCTION shop.every_order() RETURNS SETOF shop.orders LANGUAGE sql
                SECURITY DEFINER SET search_path = pg_catalog, pg_temp
                AS $$ SELECT * FROM shop.orders $$
            """),
        Sabotage(
            "a definer function without search_path", .f2, 1,
            """
            CREATE FUNCTION shop.one() RETURNS integer LANGUAGE sql SECURITY DEFINER
                AS $$ SELECT 1 $$
            """),
        Sabotage(
            "a LEAKPROOF function", .c7, 5,
            """
            CREATE FUNCTION shop.look(uuid) RETURNS boolean LANGUAGE plpgsql COST 0.0000001
                LEAKPROOF AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$;
            """),
        Sabotage(
            "a rule that copies rows", .c8, 1,
            """
            CREATE RULE copy AS ON INSERT TO shop.orders DO ALSO
                INSERT INTO shop.archive VALUES (NEW.tenant_id, NEW.id, '')
            """),
        Sabotage(
            "a definer trigger that copies rows", .c9, 1,
            """
            CREATE FUNCTION shop.copy() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
                SET search_path = pg_catalog, pg_temp AS
                $$ BEGIN INSERT INTO shop.archive VALUES (NEW.tenant_id, NEW.id, ''); RETURN NEW;
                END $$;
            CREATE TRIGGER copy AFTER INSERT ON shop.orders
                FOR EACH ROW EXECUTE FUNCTION shop.copy();
            """),
        Sabotage(
            "a table without a tenant column", .c10, 1,
            """
            CREATE TABLE shop.settings (name text PRIMARY KEY, value text);
            GRANT SELECT ON shop.settings TO {login};
            """),
        Sabotage(
            "large objects", .c11, 1,
            "GRANT EXECUTE ON FUNCTION pg_catalog.lo_get(oid) TO PUBLIC"),
        Sabotage(
            "SELECT on a sequence", .c12, 1, "GRANT SELECT ON SEQUENCE shop.numbers TO {login}"),
        Sabotage(
            "a function that notifies", .c13, 1,
            """
            CREATE FUNCTION shop.tell(text) RETURNS void LANGUAGE sql
                AS $$ SELECT pg_catalog.pg_notify('orders', $1) $$
            """),
    ]

    static let keys: [Sabotage] = [
        Sabotage(
            "a foreign key without the tenant that cascades", .d1, 5,
            """
            CREATE UNIQUE INDEX ids ON shop.customers (id);
            ALTER TABLE shop.orders ADD FOREIGN KEY (customer_id)
                REFERENCES shop.customers (id) ON DELETE CASCADE;
            """),
        Sabotage(
            "a foreign key without the tenant", .d1, 1,
            """
            CREATE UNIQUE INDEX ids ON shop.customers (id);
            ALTER TABLE shop.orders ADD FOREIGN KEY (customer_id) REFERENCES shop.customers (id);
            """),
        Sabotage(
            "a foreign key that sets NULL", .d1, 5,
            """
            CREATE UNIQUE INDEX ids ON shop.customers (id);
            ALTER TABLE shop.orders ADD FOREIGN KEY (customer_id)
                REFERENCES shop.customers (id) ON DELETE SET NULL;
            """),
        Sabotage(
            "a unique key over all tenants", .d2, 1,
            "CREATE UNIQUE INDEX ON shop.customers (email)"),
        Sabotage(
            "an exclusion over all tenants", .d2, 1,
            "ALTER TABLE shop.orders ADD EXCLUDE USING btree (total WITH =)"),
        Sabotage(
            "a unique key of a uuid", .d2, 0, "CREATE UNIQUE INDEX ON shop.customers (id)"),
        Sabotage(
            "no index that begins with the tenant", .d3, 0,
            "ALTER TABLE shop.archive DROP CONSTRAINT archive_pkey"),
    ]

    static let surroundings: [Sabotage] = [
        Sabotage(
            "a publication of one table", .e1, 1, "CREATE PUBLICATION out FOR TABLE shop.orders"),
        Sabotage("a publication of all tables", .e1, 1, "CREATE PUBLICATION out FOR ALL TABLES"),
        Sabotage("dblink", .e3, 1, "CREATE EXTENSION dblink SCHEMA public"),
        Sabotage(
            "pg_stat_statements for everybody", .e4, 1,
            """
            CREATE EXTENSION pg_stat_statements SCHEMA public;
            GRANT USAGE ON SCHEMA public TO {login};
            """),
        Sabotage(
            "files of the server", .e5, 5,
            "GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_file(text) TO {login}"),
        Sabotage(
            "default privileges for the login", .f3, 1,
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA shop GRANT SELECT ON TABLES "
                + "TO {login}"),
        Sabotage(
            "default privileges for everybody", .f3, 1,
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT SELECT ON TABLES TO PUBLIC"),
        Sabotage(
            "an IMMUTABLE function that reads a setting", .f4, 1,
            """
            CREATE FUNCTION shop.who() RETURNS text LANGUAGE sql IMMUTABLE
                AS $$ SELECT current_setting('app.current_tenant', true) $$
            """),
        Sabotage("the event trigger disabled", .f5, 0, "ALTER EVENT TRIGGER shop_guard DISABLE"),
        Sabotage("the event trigger dropped", .f5, 0, "DROP EVENT TRIGGER shop_guard"),
        Sabotage(
            "statistics of a sensitive column", .s1, 1,
            """
            INSERT INTO shop.customers SELECT '0a5e0000-0000-7000-8000-0000000000a1',
                gen_random_uuid(), 'mail' || n / 50 || '@' || n FROM generate_series(1, 500) AS n;
            ANALYZE shop.customers;
            """, prepare: { $0.sensitiveColumns = ["shop.customers.email"] }),
        Sabotage(
            "plain mode that nobody chose", .b9, 1, "SELECT 1",
            prepare: { $0.context = .automatic }),
        Sabotage(
            "another login beyond row-level security", .e2, 0, "ALTER ROLE {exempt} LOGIN",
            undo: "ALTER ROLE {exempt} NOLOGIN", mention: "{exempt}"),
        // There is one server; it is older than what is asked of it.
        Sabotage(
            "a server older than the fixes", .v1, 1, "SELECT 1",
            prepare: { $0.fixedReleases = $0.fixedReleases.mapValues { $0 + 9_000 } }),
    ]
}
