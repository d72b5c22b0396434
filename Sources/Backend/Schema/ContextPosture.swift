import Postgres

/// Which mode the database is in, as it stands, and what else around it decides what an attacker
/// can do.
struct ContextFacts: Equatable, Sendable {
    /// `nil` where `ringfence.tenant()` is none of the three.
    var mode: ContextMode?
    var hasGuard = false
    var hasTrigger = false
    /// Whether the login may call functions of large objects.
    var reachesLargeObjects = false
    var makesTemporaryObjects = false
    /// Whether the login may end other sessions, or cancel what they run; all tenants share one.
    var endsSessions = false
    /// Whether somebody can log in as the owner of the keys.
    var keysOfLogin: String?
    /// What the login's statements are bounded by; empty for nothing.
    var statementTimeout = ""

    static func read(
        _ connection: inout Connection, deadline: Deadline
    ) throws(DatabaseFault) -> ContextFacts {
        let row = try connection.inspect(.contextFacts, deadline: deadline).only()
        var facts = ContextFacts()
        let body = try row.text(0)
        facts.mode = ContextMode.allCases.first { mode in
            GuardScript(mode: mode)?.contextBodies.tenant == body
        }
        facts.hasGuard = try row.bool(1)
        facts.hasTrigger = try row.bool(2)
        facts.reachesLargeObjects = try row.bool(3)
        facts.makesTemporaryObjects = try row.bool(4)
        facts.endsSessions = try row.bool(5)
        let login = try row.text(6)
        facts.keysOfLogin = login.isEmpty ? nil : login
        facts.statementTimeout = try row.text(7)
        return facts
    }

    /// What one could try, whether it is stopped here, and by what.
    struct Threat: Equatable, Sendable {
        let name: String
        let isStopped: Bool
        let why: String
    }

    var threats: [Threat] {
        let isForgeable = mode == .plain || mode == nil
        let one = mode == .sealed
        var list = [
            Threat(
                name: "a statement that forgets the tenant", isStopped: true,
                why: "row-level security is forced: no tenant, no rows"),
            Threat(
                name: "a forged setting (SET, RESET, startup options, ALTER ROLE)",
                isStopped: !isForgeable,
                why: isForgeable
                    ? "any SQL of the role can write app.current_tenant"
                    : one
                        ? "the context lies in a setting that only the guard can write"
                        : "what is set is no context without a valid seal"),
            Threat(
                name: "injected SQL that changes the tenant (set_config in an expression)",
                isStopped: !isForgeable,
                why: isForgeable
                    ? "the setting can be written within the same statement"
                    : "a seal is needed, and the role can read no key"),
            Threat(
                name: "a second tenant's seal in the same transaction", isStopped: one,
                why: one
                    ? "the guard refuses a second subject"
                    : isForgeable
                        ? "nothing is sealed" : "SQL that holds another valid seal can set it"),
            Threat(
                name: "the runtime role's password in the wrong hands", isStopped: !isForgeable,
                why: isForgeable
                    ? "whoever logs in chooses the tenant" : "a login without seals sees no rows"),
            Threat(
                name: "a captured seal, until it expires", isStopped: false,
                why: isForgeable
                    ? "nothing is sealed"
                    : "it is good for its own tenant, for \(GuardScript.sealSecondsMax) s at most"),
            Threat(
                name: "an injected statement that changes the login's own settings or password",
                isStopped: false,
                why: "a role may always change its own, though not from within an expression; "
                    + (isForgeable
                        ? "later logins fail, and who set the password logs in and chooses the "
                            + "tenant"
                        : "no row is read by it, but later logins fail")),
        ]
        list += surroundings
        return list
    }

    /// What has nothing to do with the mode.
    private var surroundings: [Threat] {
        [
            Threat(
                name: "a poisoned session: temporary objects in the place of tables",
                isStopped: !makesTemporaryObjects,
                why: makesTemporaryObjects
                    ? "the role may make temporary objects" : "TEMP is revoked"),
            Threat(
                name: "large objects, which know no tenants", isStopped: !reachesLargeObjects,
                why: reachesLargeObjects
                    ? "the role may call lo_get; a superuser can revoke it" : "lo_* is revoked"),
            Threat(
                name: "ending or cancelling other sessions of the same login",
                isStopped: !endsSessions,
                why: endsSessions
                    ? "the role may call pg_terminate_backend or pg_cancel_backend; a superuser "
                        + "can revoke it"
                    : "pg_terminate_backend and pg_cancel_backend are revoked"),
            Threat(
                name: "a later table without protection", isStopped: hasTrigger,
                why: hasTrigger
                    ? "an event trigger closes every new table and partition"
                    : "there is no event trigger; `db posture` finds such a table afterwards"),
            Threat(
                name: "a statement that never ends", isStopped: !statementTimeout.isEmpty,
                why: statementTimeout.isEmpty
                    ? "the role has no statement_timeout"
                    : "statement_timeout is \(statementTimeout)"),
            Threat(
                name: "a login that reads the keys", isStopped: keysOfLogin == nil,
                why: keysOfLogin.map { "\($0) owns them, and the tables" }
                    ?? "the owner of the keys cannot log in"),
            Threat(
                name: "superusers, the owner of the tables, backups", isStopped: false,
                why: "they are above row-level security"),
            Threat(
                name: "estimates and sizes (EXPLAIN, catalogs)", isStopped: false,
                why: "statistics are of whole tables"),
        ]
    }
}

extension Statement {
    /// Facts that no finding is made of. Settings of the role are read from the catalog, because
    /// our own sessions bring theirs along.
    fileprivate static let contextFacts = Statement(
        "context facts",
        """
        WITH RECURSIVE roles AS (
            SELECT oid FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER')
        )
        SELECT
            coalesce((SELECT pg_get_function_sqlbody(p.oid) FROM pg_proc p
                JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE n.nspname = 'ringfence' AND p.proname = 'tenant' AND p.pronargs = 0), ''),
            EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE n.nspname = 'ringfence_guard' AND p.proname = 'enter'),
            EXISTS (SELECT FROM pg_event_trigger
                WHERE evtname = 'ringfence_guard_tables' AND evtenabled IN ('O', 'A')),
            EXISTS (SELECT FROM pg_proc p, roles
                WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname = 'lo_get'
                AND has_function_privilege(roles.oid, p.oid, 'EXECUTE')),
            EXISTS (SELECT FROM roles
                WHERE has_database_privilege(roles.oid, current_database(), 'TEMPORARY')),
            EXISTS (SELECT FROM pg_proc p, roles
                WHERE p.pronamespace = 'pg_catalog'::regnamespace
                AND p.proname IN ('pg_terminate_backend', 'pg_cancel_backend')
                AND has_function_privilege(roles.oid, p.oid, 'EXECUTE')),
            coalesce((SELECT r.rolname::text FROM pg_namespace n
                JOIN pg_roles r ON r.oid = n.nspowner
                WHERE n.nspname = 'ringfence_guard' AND r.rolcanlogin), ''),
            coalesce((SELECT min(split_part(setting, '=', 2)) || ' ms'
                FROM pg_db_role_setting s, unnest(s.setconfig) AS setting
                WHERE s.setrole = session_user::regrole
                AND setting LIKE 'statement_timeout=%'), '')
        """, parameters: 0)
}
