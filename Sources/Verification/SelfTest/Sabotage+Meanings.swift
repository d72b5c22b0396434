extension Sabotage {
    /// Policies whose texts are as they should be, and mean something else.
    static let meanings: [Sabotage] = [
        Sabotage(
            "a context preset by the connection string", .a8, 5, "SELECT 1",
            prepare: {
                $0.login = DatabaseAddress(
                    $0.login.text + " options='-c app.current_tenant="
                        + "018f0000-0000-7000-8000-00000000000a'")
            }),
        Sabotage(
            "the context function finds another current_setting first", .b8, 1,
            """
            CREATE FUNCTION shop.current_setting(text, boolean) RETURNS text LANGUAGE sql STABLE
                RETURN coalesce(nullif(pg_catalog.current_setting('app.act_as', true), ''),
                    pg_catalog.current_setting($1, $2));
            CREATE OR REPLACE FUNCTION shop.tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
                SET search_path = shop, pg_catalog
                AS $$ SELECT nullif(current_setting('app.current_tenant', true), '')::uuid $$;
            """, mention: "search path"),
        Sabotage(
            "the context function may find another current_setting", .b8, 1,
            """
            CREATE FUNCTION shop.current_setting(text, boolean) RETURNS text LANGUAGE sql STABLE
                RETURN coalesce(nullif(pg_catalog.current_setting('app.act_as', true), ''),
                    pg_catalog.current_setting($1, $2));
            CREATE OR REPLACE FUNCTION shop.tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
                AS $$ SELECT nullif(current_setting('app.current_tenant', true), '')::uuid $$;
            """, mention: "search path"),
        // Only ICU makes such collations, and not every server has it: the catalogs say so here,
        // and the texts are compared byte by byte all the same.
        Sabotage(
            "a tenant column under which A and a are one", .b8, 1,
            """
            CREATE COLLATION shop.loose FROM pg_catalog."C";
            UPDATE pg_catalog.pg_collation SET collisdeterministic = false
                WHERE oid = 'shop.loose'::regcollation;
            CREATE TABLE shop.notes (tenant_id text COLLATE shop.loose NOT NULL, id uuid NOT NULL,
                PRIMARY KEY (tenant_id, id));
            ALTER TABLE shop.notes OWNER TO {owner};
            ALTER TABLE shop.notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
            CREATE POLICY tenant_floor ON shop.notes AS RESTRICTIVE USING (tenant_id =
                nullif(current_setting('app.current_tenant', true), ''));
            CREATE POLICY tenant_rows ON shop.notes USING (tenant_id =
                nullif(current_setting('app.current_tenant', true), ''));
            GRANT SELECT, INSERT, UPDATE, DELETE ON shop.notes TO {login};
            """, mention: "collation"),
    ]
}
