import Postgres

/// What the runtime role may do: what the handlers need and nothing else. Brought about anew by
/// each `db migrate`, so that a wider grant made by hand does not outlive it.
enum RuntimeGrants {
    /// Names the role in the session, so that the script below needs no name written into it.
    static let nameRole: StaticString =
        "SELECT pg_catalog.set_config('ringfence.runtime_role', $1, false)"

    /// Whether there is such a role, and whether it is the one that asks.
    static let findRole: StaticString = """
        SELECT count(*), coalesce(bool_or(rolname = current_user), false)
        FROM pg_catalog.pg_roles WHERE rolname = $1
        """

    /// TEMP and CREATE go first: whoever may make objects can plant one that answers to the name of
    /// a table of ours in a later session. TRUNCATE, REFERENCES and TRIGGER step around row
    /// security and are never granted; audit rows are written and not read.
    static let script: StaticString = """
        DO $grants$
        DECLARE
            role text := pg_catalog.current_setting('ringfence.runtime_role');
            base text := pg_catalog.current_database();
        BEGIN
            -- One after the other: two that change the same privileges at once fail each other.
            PERFORM pg_advisory_xact_lock(7464326301851279974);
            -- Where a superuser has prepared the database, this is done and not the owner's to do.
            IF EXISTS (SELECT FROM pg_database
                WHERE datname = base AND pg_has_role(datdba, 'USAGE'))
            THEN
                EXECUTE format('REVOKE TEMPORARY, CREATE ON DATABASE %I FROM PUBLIC, %I', base,
                    role);
                EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', base, role);
            END IF;
            IF EXISTS (SELECT FROM pg_namespace
                WHERE nspname = 'public' AND pg_has_role(nspowner, 'USAGE'))
            THEN
                EXECUTE format('REVOKE CREATE ON SCHEMA public FROM PUBLIC, %I', role);
            END IF;
            EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA ringfence, ringfence_migrations'
                ' FROM PUBLIC, %I', role);
            EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ringfence FROM PUBLIC, %I', role);
            EXECUTE format('REVOKE ALL ON SCHEMA ringfence, ringfence_migrations'
                ' FROM PUBLIC, %I', role);
            EXECUTE format('GRANT USAGE ON SCHEMA ringfence, ringfence_migrations TO %I', role);
            EXECUTE format('GRANT EXECUTE ON FUNCTION ringfence.tenant(), ringfence.vendor()'
                ' TO %I', role);
            EXECUTE format('GRANT SELECT ON ringfence_migrations.applied TO %I', role);
            EXECUTE format('GRANT SELECT, INSERT ON ringfence.vendors TO %I', role);
            EXECUTE format('GRANT SELECT, INSERT, UPDATE (name, tier, requests_per_minute, state,'
                ' updated_at, features, void_before, deleted_at) ON ringfence.tenants TO %I',
                role);
            EXECUTE format('GRANT SELECT, INSERT, UPDATE (version, tenants, domains, keys,'
                ' revocations, forgotten) ON ringfence.feeds TO %I', role);
            EXECUTE format('GRANT SELECT, INSERT, DELETE ON ringfence.feed_marks TO %I', role);
            EXECUTE format('GRANT SELECT, INSERT, DELETE ON ringfence.domains TO %I', role);
            EXECUTE format('GRANT SELECT, INSERT, DELETE, UPDATE (revoked_at)'
                ' ON ringfence.api_keys TO %I', role);
            EXECUTE format('GRANT SELECT, INSERT, DELETE, UPDATE (expires_at)'
                ' ON ringfence.revocations TO %I', role);
            EXECUTE format('GRANT SELECT, INSERT ON ringfence.events TO %I', role);
            EXECUTE format('GRANT INSERT ON ringfence.audit TO %I', role);
        END
        $grants$
        """
}
