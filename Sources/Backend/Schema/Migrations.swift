import Postgres

/// The schema, step by step. Each script is applied once and never edited afterwards: the next need
/// is the next number.
enum Migrations {
    static let all: [Migration] = [
        Migration(
            number: 1, name: "tenants, events and audit", script: tenantsAndEvents.description),
        Migration(
            number: 2, name: "the directory and its feed", script: directory.description),
        Migration(number: 3, name: "roles of API keys", script: keyRoles.description),
        Migration(number: 4, name: "room in the directory", script: room.description),
        Migration(number: 5, name: "versions of many rows", script: manyVersions.description),
    ]

    static var newest: Int { all.last?.number ?? 0 }

    /// What a table of tenants' rows looks like here, and every later one:
    /// - `tenant_id` is NOT NULL and comes first in every key. Checks of keys look past row
    ///   security, so a key without it would tell one tenant what another one has.
    /// - Row security is FORCEd, so that the owner's own session sees no tenant's rows either.
    /// - One RESTRICTIVE policy is the floor that no later permissive one can widen, and one
    ///   PERMISSIVE policy has the same text, so that comparing texts is a proof (`SchemaPosture`).
    ///   Neither has WITH CHECK: USING then also judges what is written.
    ///
    /// The functions are parsed when they are made (`RETURN`), so no session's search path can
    /// change their meaning, and PostgreSQL inlines them: the policy costs what a plain comparison
    /// costs and can use the keys. nullif: outside any transaction of ours the setting is the empty
    /// text or absent, which must mean "no tenant" and not an error that poisons a session.
    private static let tenantsAndEvents: StaticString = """
        CREATE SCHEMA ringfence;

        CREATE FUNCTION ringfence.tenant() RETURNS uuid
            LANGUAGE sql STABLE PARALLEL SAFE
            RETURN nullif(pg_catalog.current_setting('app.current_tenant', true), '')::uuid;
        CREATE FUNCTION ringfence.vendor() RETURNS uuid
            LANGUAGE sql STABLE PARALLEL SAFE
            RETURN nullif(pg_catalog.current_setting('app.current_vendor', true), '')::uuid;

        CREATE TABLE ringfence.vendors (
            id uuid PRIMARY KEY,
            name text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 256),
            created_at timestamptz NOT NULL DEFAULT now()
        );

        CREATE TABLE ringfence.tenants (
            id uuid PRIMARY KEY,
            vendor_id uuid NOT NULL DEFAULT ringfence.vendor() REFERENCES ringfence.vendors (id),
            external_id text COLLATE "C" NOT NULL
                CHECK (external_id ~ '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$'),
            name text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 256),
            tier text NOT NULL CHECK (tier IN ('STARTER', 'GROWTH', 'SCALE', 'ENTERPRISE')),
            requests_per_minute integer
                CHECK (requests_per_minute BETWEEN 0 AND 1000000000),
            state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended')),
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now(),
            UNIQUE (vendor_id, external_id),
            CONSTRAINT tenants_of_vendor UNIQUE (vendor_id, id)
        );

        CREATE TABLE ringfence.events (
            tenant_id uuid NOT NULL DEFAULT ringfence.tenant()
                REFERENCES ringfence.tenants (id),
            id uuid NOT NULL,
            external_id text COLLATE "C"
                CHECK (octet_length(external_id) BETWEEN 1 AND 128),
            topic text COLLATE "C" NOT NULL CHECK (octet_length(topic) BETWEEN 1 AND 128),
            -- json keeps the very text that was sent. jsonb would not: it sorts members, turns
            -- 1.0e2 into 100, refuses \\u0000, and a receiver that checks a signature over the
            -- text would be told that it was forged.
            payload json NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (tenant_id, id),
            UNIQUE (tenant_id, external_id)
        );
        CREATE INDEX events_by_topic ON ringfence.events (tenant_id, topic, id);

        CREATE TABLE ringfence.audit (
            tenant_id uuid NOT NULL DEFAULT ringfence.tenant(),
            id uuid NOT NULL,
            at timestamptz NOT NULL DEFAULT now(),
            vendor_id uuid NOT NULL,
            actor text,
            action text NOT NULL,
            reason text NOT NULL CHECK (reason <> ''),
            request_id uuid NOT NULL,
            detail json NOT NULL,
            PRIMARY KEY (tenant_id, id),
            -- Both at once: a vendor is named in the rows of its own tenants only.
            FOREIGN KEY (vendor_id, tenant_id) REFERENCES ringfence.tenants (vendor_id, id)
        );

        ALTER TABLE ringfence.vendors ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        ALTER TABLE ringfence.tenants ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        ALTER TABLE ringfence.events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        ALTER TABLE ringfence.audit ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

        CREATE POLICY vendor_floor ON ringfence.vendors AS RESTRICTIVE
            USING (id = ringfence.vendor());
        CREATE POLICY vendor_rows ON ringfence.vendors
            USING (id = ringfence.vendor());

        -- A vendor's rows, and to a tenant its own one, to read.
        CREATE POLICY tenants_floor ON ringfence.tenants AS RESTRICTIVE
            USING (vendor_id = ringfence.vendor() OR id = ringfence.tenant());
        CREATE POLICY vendor_rows ON ringfence.tenants
            USING (vendor_id = ringfence.vendor());
        CREATE POLICY own_row ON ringfence.tenants FOR SELECT
            USING (id = ringfence.tenant());

        CREATE POLICY tenant_floor ON ringfence.events AS RESTRICTIVE
            USING (tenant_id = ringfence.tenant());
        CREATE POLICY tenant_rows ON ringfence.events
            USING (tenant_id = ringfence.tenant());

        CREATE POLICY tenant_floor ON ringfence.audit AS RESTRICTIVE
            USING (tenant_id = ringfence.tenant());
        CREATE POLICY tenant_rows ON ringfence.audit
            USING (tenant_id = ringfence.tenant());

        REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ringfence FROM PUBLIC;
        """
}
