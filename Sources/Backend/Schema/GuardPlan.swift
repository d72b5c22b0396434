import Postgres

/// What makes one database believe seals: the scripts of the guard with this database's roles, and
/// the grants that only a superuser may give. `db migrate` runs it, with a superuser's login or,
/// for the modes that allow it, with the owner's; `--print-admin-sql` prints what a superuser runs.
struct GuardPlan {
    let script: GuardScript
    let database: String
    /// Logins, as SQL writes them.
    let owner: String
    let runtime: String
    let platform: String?
    /// The longest a request may take.
    let deadlineMilliseconds: UInt32

    /// An arbitrary number of ours: two that change the same privileges at once fail each other.
    private static let lock = "SELECT pg_catalog.pg_advisory_xact_lock(7464326301851279974);"

    // MARK: The cluster

    /// The roles that are missing, what only a superuser may grant, and who is whose member.
    ///
    /// - Parameter verifiers: what `PASSWORD` takes, by login; a login without one gets none.
    func cluster(verifiers: [String: String]) -> String {
        let weak = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
        var text = "BEGIN;\n" + GuardScript.roles + "\n"
        if script.mode == .sealed { text += GuardScript.slotGrant + "\n" }
        text += login(owner, "\(weak) NOBYPASSRLS", verifiers[owner])
        text += login(runtime, "NOINHERIT \(weak) NOBYPASSRLS", verifiers[runtime])
        if let platform {
            text += login(platform, "NOINHERIT \(weak) BYPASSRLS", verifiers[platform])
            text += """
                DO $bypass$
                BEGIN
                    IF EXISTS (SELECT FROM pg_catalog.pg_roles
                        WHERE pg_catalog.quote_ident(rolname) = '\(platform)' AND NOT rolbypassrls)
                    THEN
                        ALTER ROLE \(platform) BYPASSRLS;
                    END IF;
                END
                $bypass$;

                """
        }
        if owner != "ringfence_owner" {
            text += """
                DO $member$
                BEGIN
                    IF NOT pg_catalog.pg_has_role('\(owner)', 'ringfence_owner', 'MEMBER') THEN
                        GRANT ringfence_owner TO \(owner);
                    END IF;
                END
                $member$;

                """
        }
        return text + "COMMIT;\n"
    }

    private func login(_ name: String, _ attributes: String, _ verifier: String?) -> String {
        let password = verifier.map { " PASSWORD '\($0)'" } ?? ""
        return """
            DO $login$
            BEGIN
                IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles
                    WHERE pg_catalog.quote_ident(rolname) = '\(name)')
                THEN
                    CREATE ROLE \(name) LOGIN \(attributes)\(password);
                END IF;
            END
            $login$;

            """
    }

    var createDatabase: String {
        "CREATE DATABASE \(GuardScript.quoted(database)) OWNER ringfence_owner"
    }

    // MARK: The database, by a superuser

    /// Who may connect and what nobody may, before any migration: TEMP and CREATE let a session
    /// plant an object that answers to a table's name later, large objects know no tenants.
    var ground: String {
        let base = GuardScript.quoted(database)
        let logins = ([owner, runtime, platform] as [String?]).compactMap(\.self)
        let patience = Int(deadlineMilliseconds) + 5_000
        return """
            BEGIN;
            SET LOCAL client_min_messages = 'error';
            \(Self.lock)
            REVOKE TEMPORARY, CREATE ON DATABASE \(base) FROM PUBLIC, \(runtime);
            GRANT CONNECT ON DATABASE \(base) TO \(logins.joined(separator: ", ")),
                ringfence_owner, ringfence_reader, ringfence_worker;
            GRANT CREATE ON DATABASE \(base) TO ringfence_owner;
            DO $public$
            BEGIN
                IF EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'public') THEN
                    REVOKE CREATE ON SCHEMA public FROM PUBLIC, \(runtime);
                END IF;
            END
            $public$;
            \(Self.withdrawn)
            ALTER ROLE \(runtime) IN DATABASE \(base) SET statement_timeout = \(patience);
            ALTER ROLE \(runtime) IN DATABASE \(base) SET lock_timeout = \(patience);
            ALTER ROLE \(runtime) IN DATABASE \(base)
                SET idle_in_transaction_session_timeout = 60000;
            ALTER ROLE \(runtime) IN DATABASE \(base) SET search_path = 'pg_catalog', 'pg_temp';
            \(platformLog(base))
            COMMIT;

            """
    }

    /// No policy judges a login with BYPASSRLS, so nothing can make it write a row of `crossings`
    /// before it reads. The server can be made to log each of its statements, without values, and
    /// these settings are a superuser's: the login cannot take them back.
    private func platformLog(_ base: String) -> String {
        guard let platform else { return "" }
        return """
            ALTER ROLE \(platform) IN DATABASE \(base) SET log_statement = 'all';
            ALTER ROLE \(platform) IN DATABASE \(base) SET log_parameter_max_length = 0;
            """
    }

    /// What PostgreSQL lets everybody call: large objects know no tenants, and sessions of one
    /// login, which all tenants share, may end each other.
    private static let withdrawn = """
        DO $withdrawn$
        DECLARE
            command text;
        BEGIN
            FOR command IN
                SELECT pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO pg_signal_backend',
                    p.oid::regprocedure) FROM pg_catalog.pg_proc p
                WHERE pronamespace = 'pg_catalog'::regnamespace
                AND proname IN ('pg_terminate_backend', 'pg_cancel_backend')
                AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(proacl)
                    WHERE grantee = 'pg_signal_backend'::regrole)
                UNION ALL
                SELECT pg_catalog.format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC',
                    p.oid::regprocedure) FROM pg_catalog.pg_proc p
                WHERE pronamespace = 'pg_catalog'::regnamespace
                AND proname OPERATOR(pg_catalog.~)
                    '^(lo(_.*|read|write)|pg_(terminate|cancel)_backend)$'
                AND (proacl IS NULL OR EXISTS (SELECT FROM pg_catalog.aclexplode(proacl)
                    WHERE grantee = 0))
            LOOP
                EXECUTE command;
            END LOOP;
        END
        $withdrawn$;
        """

    /// The guard over our tables, which the migrations have made; as a superuser, any number of
    /// times.
    var inDatabase: String {
        """
        BEGIN;
        SET LOCAL client_min_messages = 'error';
        \(Self.lock)
        \(GuardScript.home(of: "ringfence_guard"))
        \(Self.asOwnerOfTables)
        \(ours(guardRole: "ringfence_guard", others: Self.roles))
        \(script.policies)
        SET LOCAL ROLE ringfence_guard;
        \(script.core)
        \(script.protect)
        \(script.acting)
        RESET ROLE;
        \(script.grants(
            owners: [owner, "ringfence_owner"], runtime: runtime, reader: "ringfence_reader",
            worker: "ringfence_worker", hasActing: true))
        \(platformGrants)
        \(Self.asOwnerOfTables)
        \(context(guardRole: "ringfence_guard", others: Self.roles))
        RESET ROLE;
        \(script.trigger)
        \(mark)
        COMMIT;

        """
    }

    /// Beside the guard's, the roles of `GuardScript.roles`.
    static let roles = ["ringfence_owner", "ringfence_reader", "ringfence_worker"]

    /// Becomes whoever owns the schema, so that what is made or changed stays that role's.
    private static let asOwnerOfTables = """
        SELECT pg_catalog.set_config('role', pg_catalog.pg_get_userbyid(nspowner), true)
        FROM pg_catalog.pg_namespace WHERE nspname = 'ringfence';
        """

    /// By the owner of the tables alone: for the modes that need no superuser, with the owner as
    /// the guard. It could read every tenant's rows before; now it can also read the keys.
    var byOwner: String {
        """
        BEGIN;
        SET LOCAL client_min_messages = 'error';
        \(Self.lock)
        CREATE SCHEMA IF NOT EXISTS ringfence_guard;
        \(script.policies)
        \(script.core)
        \(script.protect)
        \(script.acting)
        \(script.grants(
            owners: [owner], runtime: runtime, reader: nil, worker: nil, hasActing: true))
        \(platformGrants)
        \(context(guardRole: owner, others: []))
        \(mark)
        COMMIT;

        """
    }

    private func context(guardRole: String, others: [String]) -> String {
        var callers = [runtime, owner]
        for role in [guardRole, platform].compactMap(\.self) + others
        where !callers.contains(role) {
            callers.append(role)
        }
        return script.context(callers: callers)
    }

    /// What the guard and the other roles need of our tables; run as their owner.
    private func ours(guardRole: String, others: [String]) -> String {
        """
        GRANT USAGE ON SCHEMA ringfence TO \(guardRole), \(others.joined(separator: ", "));
        GRANT SELECT (id, vendor_id) ON ringfence.tenants TO \(guardRole);
        GRANT INSERT ON ringfence.audit TO \(guardRole);
        GRANT SELECT ON ringfence.tenants, ringfence.events, ringfence.audit
            TO ringfence_reader;
        GRANT SELECT ON ringfence.tenants, ringfence.events TO ringfence_worker;

        """
    }

    /// The role that crosses tenants reads their rows, and tells why in `crossings`; nothing else,
    /// whatever it had before.
    private var platformGrants: String {
        guard let platform else { return "" }
        return """
            REVOKE ALL ON ALL TABLES IN SCHEMA ringfence, ringfence_guard FROM \(platform);
            REVOKE ALL ON ALL ROUTINES IN SCHEMA ringfence_guard FROM \(platform);
            GRANT USAGE ON SCHEMA ringfence, ringfence_guard TO \(platform);
            GRANT SELECT ON ALL TABLES IN SCHEMA ringfence TO \(platform);
            GRANT EXECUTE ON FUNCTION ringfence_guard.note_crossing(text, text) TO \(platform);

            """
    }

    /// What tells a later run that this very guard is installed.
    private var mark: String { "COMMENT ON SCHEMA ringfence_guard IS '\(markText)';" }

    /// FNV-1a: it tells versions apart and need not resist anybody, since whoever can write it can
    /// replace the guard.
    var markText: String {
        let text =
            ([script.core, script.acting, script.protect, script.trigger, runtime, owner]
            + [platform].compactMap(\.self)).joined(separator: "\n")
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return "ringfence guard, \(script.mode.rawValue), \(String(hash, radix: 16))"
    }

    // MARK: To print

    /// Everything a superuser has to run once, for `psql`. Passwords are left to that superuser.
    var printed: String {
        """
        -- For a superuser of the server, with psql; it may be run again.
        \(cluster(verifiers: [:]))
        SELECT '\(createDatabase.split(separator: "'").joined(separator: "''"))'
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_database
            WHERE pg_catalog.quote_ident(datname) = '\(GuardScript.quoted(database))') \\gexec
        \\connect \(GuardScript.quoted(database))
        \(ground)
        -- The rest needs the tables: after the first `ringfence-backend db migrate`.
        SELECT EXISTS (SELECT FROM pg_catalog.pg_class
            WHERE oid = pg_catalog.to_regclass('ringfence.audit')) AS has_tables \\gset
        \\if :has_tables
        \(inDatabase)
        \\else
        \\echo 'Run `ringfence-backend db migrate`, then this again.'
        \\endif
        -- Logins made above have no password yet: \\password \(runtime)

        """
    }
}
