/// The SQL that makes a database believe seals: schema `ringfence_guard`, and the functions of
/// schema `ringfence` that policies ask. Every script can be run again, and running that of another
/// mode changes the mode in place.
///
/// Written for PostgreSQL 15 (the first with grants on parameters). Scripts name everything with
/// its schema and hold no tenant's value and no key. In one transaction, in this order: `roles` and
/// `slotGrant` (superuser), `home`; as the guard's owner `core`, `protect`, and `acting` where
/// there are our tables; as the owner of schema `ringfence` `context` and `policies`; `grants`;
/// `trigger` (superuser). Names of roles are handed over as SQL writes them: see `quoted`.
public struct GuardScript: Sendable {
    public let mode: ContextMode
    /// Schemas whose new tables are protected by themselves.
    public let schemas: [String]
    public let tenantColumn: String

    /// `nil` unless every name is plain: `a-z`, `0-9` and `_`, at most 63 bytes.
    public init?(
        mode: ContextMode, schemas: [String] = ["ringfence"], tenantColumn: String = "tenant_id"
    ) {
        guard !schemas.isEmpty, (schemas + [tenantColumn]).allSatisfy(Self.isPlain) else {
            return nil
        }
        self.mode = mode
        self.schemas = schemas
        self.tenantColumn = tenantColumn
    }

    /// Whether PostgreSQL reads the name the same with and without quotes.
    public static func isPlain(_ name: String) -> Bool {
        guard let first = name.utf8.first, (1...63).contains(name.utf8.count) else { return false }
        return (isLetter(first) || first == UInt8(ascii: "_"))
            && name.utf8.allSatisfy {
                isLetter($0) || $0 == UInt8(ascii: "_") || (0x30...0x39).contains($0)
            }
    }

    /// A name as SQL writes it, whatever is in it.
    public static func quoted(_ name: String) -> String {
        if isPlain(name) { return name }
        return "\""
            + name.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    /// The setting that holds the context in mode `sealed`. Only a superuser and who was granted it
    /// can write it; a text of `[A-Za-z0-9_ ,]`, transaction-local, told to parallel workers, and
    /// without effect unless a C function of the server bears the name it holds. A developer
    /// option: if a later PostgreSQL takes it away, another such setting stands in here.
    public static let slot = "backtrace_functions"

    /// How long a seal may live, in seconds.
    public static let sealSecondsMax = 300

    // MARK: Roles

    /// The roles nobody logs in as, and who may write the slot; for a superuser, once a cluster.
    /// The lock on a shared catalog lets one of several databases in at a time.
    public static let roles = """
        LOCK TABLE pg_catalog.pg_authid IN SHARE ROW EXCLUSIVE MODE;
        DO $roles$
        DECLARE
            wanted text;
        BEGIN
            FOREACH wanted IN ARRAY ARRAY['ringfence_owner', 'ringfence_guard',
                'ringfence_reader', 'ringfence_worker']
            LOOP
                IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
                    EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN NOINHERIT NOSUPERUSER'
                        ' NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', wanted);
                END IF;
            END LOOP;
        END
        $roles$;
        """

    /// For a superuser, once a cluster. There is nothing to grant in the other modes.
    public static let slotGrant = """
        DO $slot$
        BEGIN
            IF NOT pg_catalog.has_parameter_privilege('ringfence_guard', '\(slot)', 'SET') THEN
                GRANT SET ON PARAMETER \(slot) TO ringfence_guard;
            END IF;
        END
        $slot$;
        """

    /// The guard's schema, of which `role` becomes the owner with all that is in it: a guard that
    /// an owner of tables made for want of a superuser changes hands here.
    public static func home(of role: String) -> String {
        """
        CREATE SCHEMA IF NOT EXISTS ringfence_guard AUTHORIZATION \(role);
        DO $home$
        DECLARE
            command text;
        BEGIN
            FOR command IN
                SELECT 'ALTER SCHEMA ringfence_guard OWNER TO \(role)' FROM pg_catalog.pg_namespace
                WHERE nspname = 'ringfence_guard' AND nspowner <> '\(role)'::regrole
                UNION ALL
                SELECT pg_catalog.format('ALTER TABLE %s OWNER TO \(role)', c.oid::regclass)
                FROM pg_catalog.pg_class c
                WHERE relnamespace = 'ringfence_guard'::regnamespace AND relkind = 'r'
                AND relowner <> '\(role)'::regrole
                UNION ALL
                SELECT pg_catalog.format('ALTER ROUTINE %s OWNER TO \(role)', p.oid::regprocedure)
                FROM pg_catalog.pg_proc p
                WHERE pronamespace = 'ringfence_guard'::regnamespace
                AND prorettype <> 'event_trigger'::regtype AND proowner <> '\(role)'::regrole
            LOOP
                EXECUTE command;
            END LOOP;
        END
        $home$;

        """
    }

    /// Schema `ringfence` for `context`, in a database that has none.
    public static func contextHome(of owner: String) -> String {
        "CREATE SCHEMA IF NOT EXISTS ringfence AUTHORIZATION \(owner);\n"
    }

    /// What `grants` lets the login that serves requests call of the guard, and nothing else: none
    /// of it makes a seal, and none shows or changes a key.
    public var runtimeCalls: [String] {
        let verified = mode == .statement ? ["verified(text)"] : []
        return
            ([
                "mode()", "enter(text)", "clear(boolean)", "enqueue(text, uuid, timestamptz)",
                "finish(uuid)", "act_as(uuid, text, uuid, text, text, uuid, json)", "leave(text)",
            ] + verified).map { "ringfence_guard.\($0)" }
    }

    /// Who may call what. `owners` look after keys, `runtime` serves requests; the others are the
    /// roles of `roles`, left out where those do not exist.
    public func grants(
        owners: [String], runtime: String, reader: String?, worker: String?, hasActing: Bool
    ) -> String {
        let logins = ([runtime, reader, worker] as [String?]).compactMap(\.self)
        let owner = owners.joined(separator: ", ")
        let readers = logins.joined(separator: ", ")
        let writers = ([runtime, worker] as [String?]).compactMap(\.self).joined(separator: ", ")
        var script = """
            REVOKE ALL ON ALL ROUTINES IN SCHEMA ringfence_guard FROM PUBLIC, \(readers);
            REVOKE ALL ON ALL TABLES IN SCHEMA ringfence_guard FROM PUBLIC, \(readers);
            REVOKE ALL ON SCHEMA ringfence_guard FROM PUBLIC, \(readers);
            GRANT USAGE ON SCHEMA ringfence_guard TO \(owner), \(readers);
            GRANT EXECUTE ON FUNCTION ringfence_guard.mode() TO \(owner), \(readers);
            GRANT EXECUTE ON FUNCTION ringfence_guard.enter(text) TO \(readers);
            GRANT EXECUTE ON PROCEDURE ringfence_guard.clear(boolean) TO \(readers);
            GRANT EXECUTE ON FUNCTION ringfence_guard.enqueue(text, uuid, timestamptz),
                ringfence_guard.finish(uuid) TO \(writers);
            GRANT EXECUTE ON FUNCTION
                ringfence_guard.install_key(text, bytea, bytea, timestamptz, timestamptz),
                ringfence_guard.list_keys(), ringfence_guard.retire_key(text, timestamptz),
                ringfence_guard.protect(regclass) TO \(owner);

            """
        if mode == .statement {
            script += """
                GRANT EXECUTE ON FUNCTION ringfence_guard.verified(text) TO \(owner), \(readers);

                """
        }
        if let worker {
            script += """
                GRANT EXECUTE ON FUNCTION ringfence_guard.claim(text, integer, interval)
                    TO \(worker);

                """
        }
        if hasActing {
            script += """
                GRANT EXECUTE ON FUNCTION
                    ringfence_guard.act_as(uuid, text, uuid, text, text, uuid, json),
                    ringfence_guard.leave(text) TO \(runtime);

                """
        }
        return script
    }
}
