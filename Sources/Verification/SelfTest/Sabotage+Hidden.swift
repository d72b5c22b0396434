extension Sabotage {
    /// Other people's rights, where nobody calls them by name.
    static let hidden: [Sabotage] =
        borrowed + uncalled + system + [
            Sabotage(
                "a domain of the login", .a3, 5,
                """
                CREATE DOMAIN shop.mail AS text; ALTER DOMAIN shop.mail OWNER TO {login};
                ALTER TABLE shop.customers ALTER email TYPE shop.mail;
                """),
            Sabotage(
                "an enumeration of the login, in an array", .a3, 5,
                """
                CREATE TYPE shop.mark AS ENUM ('red'); ALTER TYPE shop.mark OWNER TO {login};
                ALTER TABLE shop.customers ADD marks shop.mark[];
                """),
            Sabotage(
                "a function of the login in an index", .a3, 1,
                """
                CREATE FUNCTION shop.low(text) RETURNS text LANGUAGE sql IMMUTABLE
                    RETURN lower($1);
                CREATE INDEX ON shop.customers (tenant_id, shop.low(email));
                ALTER FUNCTION shop.low(text) OWNER TO {login};
                """),
            Sabotage(
                "a trigger function of the login", .a3, 1,
                """
                CREATE FUNCTION shop.note() RETURNS trigger LANGUAGE plpgsql
                    AS $$ BEGIN RETURN NEW; END $$;
                ALTER FUNCTION shop.note() OWNER TO {login};
                CREATE TRIGGER note BEFORE INSERT ON shop.orders
                    FOR EACH ROW EXECUTE FUNCTION shop.note();
                """),
            Sabotage(
                "another name for what reads files", .e5, 5,
                """
                CREATE FUNCTION shop.page(text) RETURNS text LANGUAGE internal STRICT
                    AS 'pg_read_file_all'
                """),
            Sabotage(
                "another name for what reads large objects", .e5, 1,
                "CREATE FUNCTION shop.page(oid) RETURNS bytea LANGUAGE internal STRICT "
                    + "AS 'be_lo_get'"
            ),
            Sabotage(
                "a function of the server with other types", .e5, 1,
                "CREATE FUNCTION shop.peek(bigint) RETURNS text LANGUAGE internal STRICT "
                    + "AS 'textout'"
            ),
        ]

    private static let support = """
        CREATE ROLE {login}_support NOLOGIN; GRANT {login}_support TO {login};
        GRANT USAGE ON SCHEMA shop TO {login}_support;
        GRANT EXECUTE ON FUNCTION shop.tenant() TO {login}_support;
        GRANT SELECT ON shop.orders TO {login}_support;

        """
    private static let noSupport = "DROP OWNED BY {login}_support; DROP ROLE {login}_support"

    /// Policies for a role that the login, which inherits nothing, can become.
    private static let borrowed: [Sabotage] = [
        Sabotage(
            "a policy for a role the login can become, without the floor", .t1, 5,
            support + """
                DROP POLICY tenant_floor ON shop.orders;
                CREATE POLICY all_rows ON shop.orders FOR SELECT TO {login}_support USING (true);
                """, undo: noSupport, others: [.b5, .b6, .b8]),
        Sabotage(
            "a policy for a role the login can become, the floor for the login", .t1, 5,
            support + """
                ALTER POLICY tenant_floor ON shop.orders TO {login};
                CREATE POLICY all_rows ON shop.orders FOR SELECT TO {login}_support USING (true);
                """, undo: noSupport, others: [.b5, .b8]),
        Sabotage(
            "a policy for a role the login can become, open to what it cannot read", .b8, 1,
            support + """
                REVOKE SELECT ON shop.orders FROM {login}_support;
                DROP POLICY tenant_floor ON shop.orders;
                CREATE POLICY all_rows ON shop.orders FOR SELECT TO {login}_support USING (true);
                """, undo: noSupport),
    ]

    private static func mails(_ name: String, _ rest: String) -> String {
        """
        CREATE FUNCTION \(name)() RETURNS text LANGUAGE sql SECURITY DEFINER
            SET search_path = pg_catalog, pg_temp
            AS $$ SELECT string_agg(email, ',') FROM shop.customers $$;
        \(rest)
        """
    }

    /// Definer code that runs without being called by name.
    private static let uncalled: [Sabotage] = [
        Sabotage(
            "a definer function of a closed schema, in a view", .c6, 1,
            "CREATE SCHEMA closed;"
                + mails(
                    "closed.mails",
                    """
                    CREATE VIEW shop.nice WITH (security_invoker = true) AS
                        SELECT tenant_id, closed.mails() FROM shop.orders;
                    GRANT SELECT ON shop.nice TO {login};
                    """)),
        Sabotage(
            "a definer function of a closed schema, as a default", .c6, 1,
            "CREATE SCHEMA closed;"
                + mails(
                    "closed.mails",
                    "ALTER TABLE shop.orders ADD note text DEFAULT closed.mails()")),
        Sabotage(
            "a definer function of a closed schema, called by another one", .c6, 1,
            "CREATE SCHEMA closed;"
                + mails(
                    "closed.mails",
                    """
                    CREATE FUNCTION shop.mails() RETURNS text LANGUAGE sql RETURN closed.mails()
                    """)),
        Sabotage(
            "a definer function of a closed schema, as a default of a partition", .c6, 1,
            "CREATE SCHEMA closed;"
                + mails(
                    "closed.mails",
                    """
                    ALTER TABLE shop.events ADD note text;
                    ALTER TABLE shop.events_now ADD CHECK (note <> closed.mails());
                    """)),
        Sabotage(
            "an aggregate of a revoked definer function", .c6, 1,
            """
            CREATE FUNCTION shop.step(text, integer) RETURNS text LANGUAGE sql SECURITY DEFINER
                SET search_path = pg_catalog, pg_temp
                AS $$ SELECT string_agg(email, ',') FROM shop.customers $$;
            REVOKE EXECUTE ON FUNCTION shop.step(text, integer) FROM PUBLIC;
            CREATE AGGREGATE shop.every(integer) (SFUNC = shop.step, STYPE = text);
            """),
        Sabotage(
            "an aggregate of a revoked function of the server", .c11, 1,
            """
            CREATE AGGREGATE shop.put(bytea) (
                SFUNC = pg_catalog.lo_from_bytea, STYPE = oid, INITCOND = '0')
            """),
        Sabotage(
            "an operator class of a revoked definer function", .c6, 1,
            """
            CREATE FUNCTION shop.order(text, text) RETURNS integer LANGUAGE plpgsql IMMUTABLE
                SECURITY DEFINER SET search_path = pg_catalog, pg_temp
                AS $$ BEGIN RETURN 0; END $$;
            REVOKE EXECUTE ON FUNCTION shop.order(text, text) FROM PUBLIC;
            CREATE OPERATOR CLASS shop.odd FOR TYPE text USING btree AS
                OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
                FUNCTION 1 shop.order(text, text);
            """),
        Sabotage(
            "a range of a revoked definer function", .c6, 1,
            """
            CREATE FUNCTION shop.between(integer, integer) RETURNS float8 LANGUAGE plpgsql
                IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
                AS $$ BEGIN RETURN 1; END $$;
            REVOKE EXECUTE ON FUNCTION shop.between(integer, integer) FROM PUBLIC;
            CREATE TYPE shop.span AS RANGE (SUBTYPE = integer, SUBTYPE_DIFF = shop.between);
            """),
        Sabotage(
            "a definer trigger on a view", .c9, 1,
            trigger("INSTEAD OF INSERT ON shop.totals")
                + "GRANT INSERT ON shop.totals TO {login};"),
        Sabotage(
            "a definer trigger on a global table", .c9, 1,
            trigger("BEFORE INSERT ON shop.countries")
                + "GRANT INSERT ON shop.countries TO {login};"),
        Sabotage(
            "a definer trigger below a view", .c9, 1,
            trigger("BEFORE INSERT ON shop.countries")
                + """
                CREATE VIEW shop.lands AS SELECT code FROM shop.countries;
                GRANT INSERT ON shop.lands TO {login};
                """),
        Sabotage(
            "a rule on a view", .c8, 1,
            """
            CREATE RULE add AS ON INSERT TO shop.totals DO INSTEAD
                INSERT INTO shop.archive VALUES (NEW.tenant_id, gen_random_uuid(), '');
            GRANT INSERT ON shop.totals TO {login};
            """),
        Sabotage(
            "a rule on a global table", .c8, 1,
            """
            CREATE RULE add AS ON INSERT TO shop.countries DO ALSO
                INSERT INTO shop.archive VALUES (NEW.code::uuid, gen_random_uuid(), '');
            GRANT INSERT ON shop.countries TO {login};
            """),
    ]

    private static func trigger(_ event: String) -> String {
        """
        CREATE FUNCTION shop.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = pg_catalog, pg_temp AS $$ BEGIN RETURN NEW; END $$;
        REVOKE EXECUTE ON FUNCTION shop.note() FROM PUBLIC;
        CREATE TRIGGER note \(event) FOR EACH ROW EXECUTE FUNCTION shop.note();

        """
    }

    /// What lies among the server's own.
    private static let system: [Sabotage] = [
        Sabotage(
            "a definer function among the server's", .c6, 1, mails("pg_catalog.mails", "")),
        Sabotage(
            "a definer function in information_schema", .c6, 1,
            mails("information_schema.mails", "")),
        Sabotage(
            "a function of the server made a definer", .c6, 1,
            """
            ALTER FUNCTION pg_catalog.query_to_xml(text, boolean, boolean, text) SECURITY DEFINER;
            """),
        Sabotage(
            "statistics", .e6, 5, "GRANT SELECT ON pg_catalog.pg_statistic TO {login}"),
        Sabotage(
            "one column of the statistics", .e6, 5,
            "GRANT SELECT (stavalues1) ON pg_catalog.pg_statistic TO PUBLIC"),
        Sabotage(
            "pages of large objects", .e6, 5,
            "GRANT SELECT ON pg_catalog.pg_largeobject TO {login}"),
        Sabotage(
            "passwords of roles", .e6, 1, "GRANT SELECT ON pg_catalog.pg_authid TO {login}"),
        Sabotage(
            "long values of a tenant table", .e6, 5,
            """
            GRANT USAGE ON SCHEMA pg_toast TO {login};
            DO $$ BEGIN EXECUTE (SELECT format('GRANT SELECT ON %s TO {login}',
                reltoastrelid::regclass) FROM pg_catalog.pg_class
                WHERE oid = 'shop.archive'::regclass); END $$;
            """),
        Sabotage(
            "a function of the server made LEAKPROOF", .c7, 5,
            "ALTER FUNCTION pg_catalog.textlike(text, text) LEAKPROOF"),
    ]
}
