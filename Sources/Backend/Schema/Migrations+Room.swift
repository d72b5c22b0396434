extension Migrations {
    /// How much of the directory each vendor takes, counted where its versions are given out: on
    /// the row that is locked by whoever changes anything, so two that want the last place wait
    /// for each other. Counting rows instead would cost every new tenant a look at all others.
    ///
    /// `forgotten` is the highest version that a deleted row had. Whoever follows the feed and has
    /// not come that far may still hold such a row as good, and begins again at nothing.
    static let room: StaticString = """
        -- The owner sees no rows while row security is forced on it.
        ALTER TABLE ringfence.tenants NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE ringfence.domains NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE ringfence.api_keys NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE ringfence.revocations NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE ringfence.feeds NO FORCE ROW LEVEL SECURITY,
            ADD COLUMN tenants bigint NOT NULL DEFAULT 0,
            ADD COLUMN domains bigint NOT NULL DEFAULT 0,
            ADD COLUMN keys bigint NOT NULL DEFAULT 0,
            ADD COLUMN revocations bigint NOT NULL DEFAULT 0,
            ADD COLUMN forgotten bigint NOT NULL DEFAULT 0;
        UPDATE ringfence.feeds SET
            tenants = (SELECT count(*) FROM ringfence.tenants t
                WHERE t.vendor_id = feeds.vendor_id),
            domains = (SELECT count(*) FROM ringfence.domains d
                WHERE d.vendor_id = feeds.vendor_id),
            keys = (SELECT count(*) FROM ringfence.api_keys k
                WHERE k.vendor_id = feeds.vendor_id),
            revocations = (SELECT count(*) FROM ringfence.revocations r
                WHERE r.vendor_id = feeds.vendor_id);
        ALTER TABLE ringfence.tenants FORCE ROW LEVEL SECURITY;
        ALTER TABLE ringfence.domains FORCE ROW LEVEL SECURITY;
        ALTER TABLE ringfence.api_keys FORCE ROW LEVEL SECURITY;
        ALTER TABLE ringfence.revocations FORCE ROW LEVEL SECURITY;
        ALTER TABLE ringfence.feeds FORCE ROW LEVEL SECURITY;

        CREATE INDEX api_keys_by_end ON ringfence.api_keys
            (vendor_id, (coalesce(revoked_at, expires_at)))
            WHERE coalesce(revoked_at, expires_at) IS NOT NULL;
        CREATE INDEX revocations_by_end ON ringfence.revocations (vendor_id, expires_at);

        -- Called with 1 for rows that came and with -1 for rows that went.
        CREATE FUNCTION ringfence.count_rows() RETURNS trigger
            LANGUAGE plpgsql SET search_path TO 'pg_catalog' AS $$
        BEGIN
            UPDATE ringfence.feeds AS feed SET
                tenants = feed.tenants
                    + CASE TG_TABLE_NAME WHEN 'tenants' THEN counted.many ELSE 0 END,
                domains = feed.domains
                    + CASE TG_TABLE_NAME WHEN 'domains' THEN counted.many ELSE 0 END,
                keys = feed.keys
                    + CASE TG_TABLE_NAME WHEN 'api_keys' THEN counted.many ELSE 0 END,
                revocations = feed.revocations
                    + CASE TG_TABLE_NAME WHEN 'revocations' THEN counted.many ELSE 0 END
            FROM (SELECT vendor_id, count(*) * TG_ARGV[0]::bigint AS many
                FROM touched GROUP BY vendor_id) AS counted
            WHERE feed.vendor_id = counted.vendor_id;
            RETURN NULL;
        END
        $$;
        CREATE TRIGGER count_new AFTER INSERT ON ringfence.tenants
            REFERENCING NEW TABLE AS touched
            FOR EACH STATEMENT EXECUTE FUNCTION ringfence.count_rows('1');
        CREATE TRIGGER count_old AFTER DELETE ON ringfence.tenants
            REFERENCING OLD TABLE AS touched
            FOR EACH STATEMENT EXECUTE FUNCTION ringfence.count_rows('-1');
        CREATE TRIGGER count_new AFTER INSERT ON ringfence.domains
            REFERENCING NEW TABLE AS touched
            FOR EACH STATEMENT EXECUTE FUNCTION ringfence.count_rows('1');
        CREATE TRIGGER count_old AFTER DELETE ON ringfence.domains
            REFERENCING OLD TABLE AS touched
            FOR EACH STATEMENT EXECUTE FUNCTION ringfence.count_rows('-1');
        CREATE TRIGGER count_new AFTER INSERT ON ringfence.api_keys
            REFERENCING NEW TABLE AS touched
            FOR EACH STATEMENT EXECUTE FUNCTION ringfence.count_rows('1');
        CREATE TRIGGER count_old AFTER DELETE ON ringfence.api_keys
            REFERENCING OLD TABLE AS touched
            FOR EACH STATEMENT EXECUTE FUNCTION ringfence.count_rows('-1');
        CREATE TRIGGER count_new AFTER INSERT ON ringfence.revocations
            REFERENCING NEW TABLE AS touched
            FOR EACH STATEMENT EXECUTE FUNCTION ringfence.count_rows('1');
        CREATE TRIGGER count_old AFTER DELETE ON ringfence.revocations
            REFERENCING OLD TABLE AS touched
            FOR EACH STATEMENT EXECUTE FUNCTION ringfence.count_rows('-1');

        REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ringfence FROM PUBLIC;
        """
}
