extension Sabotage {
    /// Ways by relations that carry no tenant column: what reads them, inherits to them, refers to
    /// them.
    static let relations: [Sabotage] = views + parents + references + counts

    private static let invoices = """
        CREATE SCHEMA private;
        CREATE TABLE private.invoices (org_id uuid, id uuid, total integer);

        """

    private static let views: [Sabotage] = [
        Sabotage(
            "a definer view of a table that nobody declared", .c3, 1,
            invoices + """
                CREATE VIEW shop.bills AS SELECT id, total FROM private.invoices;
                GRANT SELECT ON shop.bills TO {login};
                """),
        Sabotage(
            "a definer view that calls another column the tenant's", .c3, 1,
            invoices + """
                CREATE VIEW shop.bills AS SELECT org_id AS tenant_id, id FROM private.invoices;
                GRANT SELECT ON shop.bills TO {login};
                """),
        Sabotage(
            "a definer view of another one that may not be named", .c3, 1,
            invoices + """
                CREATE VIEW private.bills AS SELECT * FROM private.invoices;
                CREATE VIEW shop.bills AS SELECT id FROM private.bills;
                GRANT SELECT ON shop.bills TO {login};
                """),
        Sabotage(
            "a definer view that deletes from such a table", .c3, 1,
            invoices + """
                CREATE VIEW shop.bills AS SELECT id, total FROM private.invoices;
                GRANT DELETE ON shop.bills TO {login};
                """),
        Sabotage(
            "a definer view of a foreign table", .c3, 1,
            """
            CREATE FOREIGN DATA WRAPPER elsewhere; CREATE SERVER there
                FOREIGN DATA WRAPPER elsewhere;
            CREATE FOREIGN TABLE shop.remote (id uuid) SERVER there;
            CREATE VIEW shop.near AS SELECT id FROM shop.remote;
            GRANT SELECT ON shop.near TO {login};
            """),
        Sabotage(
            "a definer view of what only superusers read", .c3, 1,
            """
            CREATE VIEW shop.figures AS
                SELECT stavalues1::text FROM pg_catalog.pg_statistic;
            GRANT SELECT ON shop.figures TO {login};
            """),
        Sabotage(
            "a materialized view of a table that nobody declared", .c4, 1,
            invoices + """
                CREATE MATERIALIZED VIEW shop.bills AS SELECT id, total FROM private.invoices;
                GRANT SELECT ON shop.bills TO {login};
                """),
        Sabotage(
            "a materialized view that calls another column the tenant's", .c4, 1,
            invoices + """
                CREATE MATERIALIZED VIEW shop.bills AS
                    SELECT org_id AS tenant_id, id FROM private.invoices;
                GRANT SELECT ON shop.bills TO {login};
                """),
        Sabotage(
            "a definer view of a copy that may not be named", .c3, 1,
            invoices + """
                CREATE MATERIALIZED VIEW private.bills AS SELECT * FROM private.invoices;
                CREATE VIEW shop.bills AS SELECT id FROM private.bills;
                GRANT SELECT ON shop.bills TO {login};
                """),
        Sabotage(
            "an extension's table of tenants", .b1, 5,
            """
            CREATE TABLE shop.raw (tenant_id uuid NOT NULL, body text);
            CREATE INDEX ON shop.raw (tenant_id);
            GRANT SELECT ON shop.raw TO {login};
            ALTER EXTENSION plpgsql ADD TABLE shop.raw;
            """),
    ]

    private static let notes = """
        CREATE TABLE shop.base (id uuid NOT NULL, body text);
        CREATE TABLE shop.notes (tenant_id uuid NOT NULL) INHERITS (shop.base);
        CREATE INDEX ON shop.notes (tenant_id);

        """ + CleanSchema.guarded("shop.notes")

    private static let parents: [Sabotage] = [
        Sabotage(
            "a global parent of a tenants' table", .c2, 5,
            notes + "GRANT SELECT ON shop.base TO {login}",
            prepare: { $0.globals.append("shop.base") }),
        Sabotage(
            "a global grandparent that may be emptied", .c2, 5,
            """
            CREATE TABLE shop.root (id uuid NOT NULL);

            """ + notes + """
                ALTER TABLE shop.base INHERIT shop.root;
                GRANT TRUNCATE ON shop.root TO {login};
                """,
            prepare: { $0.globals += ["shop.base", "shop.root"] }),
        Sabotage(
            "a definer view of a global parent", .c3, 5,
            notes + """
                CREATE VIEW shop.bodies AS SELECT body FROM shop.base;
                GRANT SELECT ON shop.bodies TO {login};
                """,
            prepare: { $0.globals += ["shop.base", "shop.bodies"] }),
    ]

    private static let references: [Sabotage] = [
        Sabotage(
            "a global row whose end is the end of tenants' rows", .d1, 5,
            """
            ALTER TABLE shop.orders ADD country text REFERENCES shop.countries ON DELETE CASCADE;
            GRANT DELETE ON shop.countries TO {login};
            """),
        Sabotage(
            "a global row whose end is theirs by way of another", .d1, 5,
            """
            CREATE TABLE shop.continents (code text PRIMARY KEY);
            ALTER TABLE shop.countries ADD continent text
                REFERENCES shop.continents ON DELETE CASCADE;
            ALTER TABLE shop.orders ADD country text REFERENCES shop.countries ON DELETE SET NULL;
            GRANT SELECT, DELETE ON shop.continents TO {login};
            """, prepare: { $0.globals.append("shop.continents") }),
        Sabotage(
            "a global key that changes tenants' rows", .d1, 5,
            """
            ALTER TABLE shop.orders ADD country text REFERENCES shop.countries ON UPDATE CASCADE;
            GRANT UPDATE (code) ON shop.countries TO {login};
            """),
        Sabotage(
            "a global row that goes only while no tenant uses it", .d1, 1,
            """
            ALTER TABLE shop.orders ADD country text REFERENCES shop.countries;
            GRANT DELETE ON shop.countries TO {login};
            """),
        Sabotage(
            "a global table that refers to tenants' rows", .d1, 1,
            """
            CREATE UNIQUE INDEX ids ON shop.orders (id);
            CREATE TABLE shop.marks (order_id uuid REFERENCES shop.orders (id));
            GRANT INSERT ON shop.marks TO {login};
            """, prepare: { $0.globals.append("shop.marks") }),
        Sabotage(
            "a global table that goes with tenants' rows", .d1, 5,
            """
            CREATE UNIQUE INDEX ids ON shop.orders (id);
            CREATE TABLE shop.marks (order_id uuid REFERENCES shop.orders (id) ON DELETE CASCADE);
            GRANT UPDATE ON shop.marks TO {login};
            """, prepare: { $0.globals.append("shop.marks") }),
        Sabotage(
            "a unique key that only includes the tenant", .d2, 1,
            "CREATE UNIQUE INDEX ON shop.customers (email) INCLUDE (tenant_id)"),
        Sabotage(
            "an exclusion of other tenants' values", .d2, 1,
            """
            CREATE EXTENSION btree_gist SCHEMA public;
            ALTER TABLE shop.orders ADD EXCLUDE USING gist
                (tenant_id WITH OPERATOR(pg_catalog.<>), total WITH OPERATOR(pg_catalog.=));
            """),
        Sabotage(
            "an exclusion of all other uuids", .d2, 1,
            """
            CREATE EXTENSION btree_gist SCHEMA public;
            ALTER TABLE shop.orders ADD EXCLUDE USING gist
                (customer_id WITH OPERATOR(pg_catalog.<>));
            """),
    ]

    private static let counts: [Sabotage] = [
        Sabotage(
            "UPDATE on a sequence", .c12, 1, "GRANT UPDATE ON SEQUENCE shop.numbers TO {login}"),
        Sabotage(
            "USAGE on a sequence", .c12, 0, "GRANT USAGE ON SEQUENCE shop.numbers TO {login}"),
    ]
}
