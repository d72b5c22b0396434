extension Migrations {
    /// Keys that are there already have none.
    static let keyRoles: StaticString = """
        ALTER TABLE ringfence.api_keys ADD COLUMN role text COLLATE "C"
            CHECK (role ~ '^[A-Za-z0-9._:-]{1,64}$');
        """

    /// A statement that writes many rows changed the one row of `feeds` for each of them, and met
    /// all that it had left of it every time: 40,000 tenants took 41 s under the vendor's lock.
    /// Now the row is locked for each and changed once, by the end of the statement; in between
    /// the newest mark, which an index finds, is the newest version.
    static let manyVersions: StaticString = """
        CREATE OR REPLACE FUNCTION ringfence.give_version() RETURNS trigger
            LANGUAGE plpgsql SET search_path TO 'pg_catalog' AS $$
        DECLARE
            told bigint;
            given bigint;
        BEGIN
            SELECT version INTO told FROM ringfence.feeds
            WHERE vendor_id = NEW.vendor_id FOR NO KEY UPDATE;
            IF NOT FOUND THEN
                INSERT INTO ringfence.feeds (vendor_id, version) VALUES (NEW.vendor_id, 0)
                ON CONFLICT (vendor_id) DO NOTHING;
                SELECT version INTO STRICT told FROM ringfence.feeds
                WHERE vendor_id = NEW.vendor_id FOR NO KEY UPDATE;
            END IF;
            -- A statement of its own, so it sees what was committed while the lock was waited for.
            SELECT version INTO given FROM ringfence.feed_marks
            WHERE vendor_id = NEW.vendor_id ORDER BY version DESC LIMIT 1;
            given := greatest(told, given) + 1;
            INSERT INTO ringfence.feed_marks (vendor_id, version) VALUES (NEW.vendor_id, given);
            DELETE FROM ringfence.feed_marks
            WHERE vendor_id = NEW.vendor_id AND version = given - 65536;
            NEW.version := given;
            RETURN NEW;
        END
        $$;

        CREATE FUNCTION ringfence.tell_versions() RETURNS trigger
            LANGUAGE plpgsql SET search_path TO 'pg_catalog' AS $$
        BEGIN
            UPDATE ringfence.feeds AS feed SET version = newest.version
            FROM (SELECT vendor_id, max(version) AS version FROM changed GROUP BY vendor_id)
                AS newest
            WHERE feed.vendor_id = newest.vendor_id AND feed.version < newest.version;
            RETURN NULL;
        END
        $$;
        CREATE TRIGGER tell_versions_of_new AFTER INSERT ON ringfence.tenants
            REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION ringfence.tell_versions();
        CREATE TRIGGER tell_versions_of_old AFTER UPDATE ON ringfence.tenants
            REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION ringfence.tell_versions();
        CREATE TRIGGER tell_versions_of_new AFTER INSERT ON ringfence.api_keys
            REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION ringfence.tell_versions();
        CREATE TRIGGER tell_versions_of_old AFTER UPDATE ON ringfence.api_keys
            REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION ringfence.tell_versions();
        CREATE TRIGGER tell_versions_of_new AFTER INSERT ON ringfence.revocations
            REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION ringfence.tell_versions();
        CREATE TRIGGER tell_versions_of_old AFTER UPDATE ON ringfence.revocations
            REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION ringfence.tell_versions();
        REVOKE ALL ON FUNCTION ringfence.tell_versions() FROM PUBLIC;
        """

    /// What gateways follow: each thing a directory tells has the version at which it last changed,
    /// so one index answers both "everything" and "what is new".
    ///
    /// - Versions of a vendor are given out under a lock on its row of `feeds` that is held until
    ///   the commit: whoever sees one version sees all before it. A sequence would not: a number
    ///   drawn earlier may be committed later, and a reader in between would never see it.
    /// - A mark is drawn for every version. A database that was put back to an earlier state and
    ///   went on has other marks for the same numbers, so a gateway that has seen more than there
    ///   is now is told to begin again, however many changes were made meanwhile.
    /// - These are a vendor's tables, like `tenants`: no tenant sees them. Hosts and ids of keys
    ///   are unique among all vendors, because a request names them before anybody is known.
    static let directory: StaticString = """
        CREATE TABLE ringfence.feeds (
            vendor_id uuid PRIMARY KEY DEFAULT ringfence.vendor()
                REFERENCES ringfence.vendors (id),
            version bigint NOT NULL
        );

        CREATE TABLE ringfence.feed_marks (
            vendor_id uuid NOT NULL DEFAULT ringfence.vendor()
                REFERENCES ringfence.vendors (id),
            version bigint NOT NULL,
            mark uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
            PRIMARY KEY (vendor_id, version)
        );

        CREATE TABLE ringfence.domains (
            host text COLLATE "C" PRIMARY KEY
                CHECK (octet_length(host) BETWEEN 3 AND 253
                    AND host ~ '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+'
                        '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
            vendor_id uuid NOT NULL DEFAULT ringfence.vendor(),
            owner_id uuid NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            FOREIGN KEY (vendor_id, owner_id) REFERENCES ringfence.tenants (vendor_id, id)
        );
        CREATE INDEX domains_of_tenant ON ringfence.domains (vendor_id, owner_id, host);

        CREATE TABLE ringfence.api_keys (
            id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[a-z2-7]{16}$'),
            vendor_id uuid NOT NULL DEFAULT ringfence.vendor(),
            owner_id uuid NOT NULL,
            name text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 256),
            digest bytea NOT NULL CHECK (octet_length(digest) = 32),
            scopes text[] COLLATE "C" NOT NULL DEFAULT '{}',
            created_at timestamptz NOT NULL DEFAULT now(),
            expires_at timestamptz,
            revoked_at timestamptz,
            version bigint NOT NULL DEFAULT 0,
            FOREIGN KEY (vendor_id, owner_id) REFERENCES ringfence.tenants (vendor_id, id)
        );
        CREATE INDEX api_keys_of_tenant ON ringfence.api_keys (vendor_id, owner_id, created_at);
        CREATE INDEX api_keys_by_version ON ringfence.api_keys (vendor_id, version);

        CREATE TABLE ringfence.revocations (
            vendor_id uuid NOT NULL DEFAULT ringfence.vendor(),
            owner_id uuid NOT NULL,
            token bytea NOT NULL CHECK (octet_length(token) = 16),
            created_at timestamptz NOT NULL DEFAULT now(),
            expires_at timestamptz NOT NULL,
            version bigint NOT NULL DEFAULT 0,
            PRIMARY KEY (vendor_id, owner_id, token),
            FOREIGN KEY (vendor_id, owner_id) REFERENCES ringfence.tenants (vendor_id, id)
        );
        CREATE INDEX revocations_by_version ON ringfence.revocations (vendor_id, version);

        ALTER TABLE ringfence.tenants
            DROP CONSTRAINT tenants_state_check,
            ADD CONSTRAINT tenants_state_check
                CHECK (state IN ('active', 'suspended', 'deleted')),
            ADD COLUMN features text[] COLLATE "C" NOT NULL DEFAULT '{}',
            ADD COLUMN void_before timestamptz,
            ADD COLUMN deleted_at timestamptz,
            ADD COLUMN version bigint NOT NULL DEFAULT 0;

        -- The tenants that are there already are the first versions. The owner sees no rows while
        -- row security is forced on it.
        ALTER TABLE ringfence.tenants NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE ringfence.vendors NO FORCE ROW LEVEL SECURITY;
        UPDATE ringfence.tenants SET version = numbered.version
        FROM (SELECT id, row_number() OVER (PARTITION BY vendor_id ORDER BY id) AS version
            FROM ringfence.tenants) AS numbered
        WHERE tenants.id = numbered.id;
        INSERT INTO ringfence.feeds (vendor_id, version)
        SELECT v.id, coalesce(max(t.version), 0) FROM ringfence.vendors v
        LEFT JOIN ringfence.tenants t ON t.vendor_id = v.id GROUP BY v.id;
        INSERT INTO ringfence.feed_marks (vendor_id, version)
        SELECT vendor_id, version FROM ringfence.feeds;
        ALTER TABLE ringfence.tenants FORCE ROW LEVEL SECURITY;
        ALTER TABLE ringfence.vendors FORCE ROW LEVEL SECURITY;
        CREATE INDEX tenants_by_version ON ringfence.tenants (vendor_id, version);

        -- The last 65536 marks are enough to know a gateway that was away for a while.
        CREATE FUNCTION ringfence.give_version() RETURNS trigger
            LANGUAGE plpgsql SET search_path TO 'pg_catalog' AS $$
        DECLARE
            given bigint;
        BEGIN
            INSERT INTO ringfence.feeds AS feed (vendor_id, version) VALUES (NEW.vendor_id, 1)
            ON CONFLICT (vendor_id) DO UPDATE SET version = feed.version + 1
            RETURNING feed.version INTO given;
            INSERT INTO ringfence.feed_marks (vendor_id, version) VALUES (NEW.vendor_id, given);
            DELETE FROM ringfence.feed_marks
            WHERE vendor_id = NEW.vendor_id AND version = given - 65536;
            NEW.version := given;
            RETURN NEW;
        END
        $$;
        CREATE TRIGGER give_version BEFORE INSERT OR UPDATE ON ringfence.tenants
            FOR EACH ROW EXECUTE FUNCTION ringfence.give_version();
        CREATE TRIGGER give_version BEFORE INSERT OR UPDATE ON ringfence.api_keys
            FOR EACH ROW EXECUTE FUNCTION ringfence.give_version();
        CREATE TRIGGER give_version BEFORE INSERT OR UPDATE ON ringfence.revocations
            FOR EACH ROW EXECUTE FUNCTION ringfence.give_version();

        -- Domains are told with their tenant.
        CREATE FUNCTION ringfence.touch_owners() RETURNS trigger
            LANGUAGE plpgsql SET search_path TO 'pg_catalog' AS $$
        BEGIN
            UPDATE ringfence.tenants SET updated_at = now()
            WHERE (vendor_id, id) IN (SELECT vendor_id, owner_id FROM touched);
            RETURN NULL;
        END
        $$;
        CREATE TRIGGER touch_owners_of_new AFTER INSERT ON ringfence.domains
            REFERENCING NEW TABLE AS touched
            FOR EACH STATEMENT EXECUTE FUNCTION ringfence.touch_owners();
        CREATE TRIGGER touch_owners_of_old AFTER DELETE ON ringfence.domains
            REFERENCING OLD TABLE AS touched
            FOR EACH STATEMENT EXECUTE FUNCTION ringfence.touch_owners();

        ALTER TABLE ringfence.feeds ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        ALTER TABLE ringfence.feed_marks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        ALTER TABLE ringfence.domains ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        ALTER TABLE ringfence.api_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        ALTER TABLE ringfence.revocations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

        CREATE POLICY vendor_floor ON ringfence.feeds AS RESTRICTIVE
            USING (vendor_id = ringfence.vendor());
        CREATE POLICY vendor_rows ON ringfence.feeds USING (vendor_id = ringfence.vendor());
        CREATE POLICY vendor_floor ON ringfence.feed_marks AS RESTRICTIVE
            USING (vendor_id = ringfence.vendor());
        CREATE POLICY vendor_rows ON ringfence.feed_marks USING (vendor_id = ringfence.vendor());
        CREATE POLICY vendor_floor ON ringfence.domains AS RESTRICTIVE
            USING (vendor_id = ringfence.vendor());
        CREATE POLICY vendor_rows ON ringfence.domains USING (vendor_id = ringfence.vendor());
        CREATE POLICY vendor_floor ON ringfence.api_keys AS RESTRICTIVE
            USING (vendor_id = ringfence.vendor());
        CREATE POLICY vendor_rows ON ringfence.api_keys USING (vendor_id = ringfence.vendor());
        CREATE POLICY vendor_floor ON ringfence.revocations AS RESTRICTIVE
            USING (vendor_id = ringfence.vendor());
        CREATE POLICY vendor_rows ON ringfence.revocations
            USING (vendor_id = ringfence.vendor());

        REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ringfence FROM PUBLIC;
        """
}
