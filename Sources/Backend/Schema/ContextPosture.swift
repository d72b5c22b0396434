import Postgres

/// Which mode the database is in, as it stands, and what else around it decides what an attacker
/// can do.
struct ContextFacts: Equatable, Sendable {
    /// `nil` where `ringfence.tenant()` is none of the three.
    var mode: ContextMode?
    var hasGuard = false
    /// Whether new tables are protected by an event trigger that is this version's.
    var hasTrigger = false
    /// Whether the login may call functions of large objects, or read where they lie.
    var reachesLargeObjects = false
    var makesTemporaryObjects = false
    /// Whether the login may end other sessions, or cancel what they run; all tenants share one.
    var endsSessions = false
    /// A login, no superuser, that can connect and read or own the keys, by any role it can become.
    var keysOfLogin: String?
    /// What the login's statements are bounded by as long as they do not say otherwise; empty for
    /// nothing.
    var statementTimeout = ""

    static func read(
        _ connection: inout Connection, deadline: Deadline
    ) throws(DatabaseFault) -> ContextFacts {
        let bodies = ContextMode.allCases.compactMap { mode in
            GuardScript(mode: mode)?.functionTexts["guard_tables"]?.body
        }
        let values: [Parameter] = [.text(SchemaPosture.list(bodies))]
        let row = try connection.inspect(.contextFacts, values, deadline: deadline).only()
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

    /// What is stopped, where nothing was found that takes the reason away.
    ///
    /// - Parameter findings: all that was found wrong with the database as it stands.
    func threats(given findings: [SchemaPosture.Finding]) -> [Threat] {
        guard !findings.isEmpty else { return claims.map(\.threat) }
        return claims.map { claim in
            let breach = findings.first { claim.restsOn.contains($0.kind) }
            guard claim.threat.isStopped, let breach else { return claim.threat }
            return Threat(name: claim.threat.name, isStopped: false, why: "\(breach)")
        }
    }

    /// A threat, and the findings any of which would make its being stopped untrue.
    private struct Claim {
        let threat: Threat
        let restsOn: Set<SchemaPosture.Finding.Kind>
    }

    /// What lets rows through, or changes them, whatever the context is.
    private static let rows: Set<SchemaPosture.Finding.Kind> = [
        .unprotected, .unforced, .floorMissing, .policyUnknown, .privilege, .keyWithoutTenant,
        .view, .actsAsOwner, .definerFunction, .functionChanged, .nullable, .slot, .beneath,
    ]

    /// The same, and what lets SQL of the login choose the context.
    private static let seals = rows.union([.keysReadable, .guardCallable, .createsObjects])

    private var claims: [Claim] {
        [Claim(threat: Self.forgetting, restsOn: Self.rows)]
            + context.map { Claim(threat: $0, restsOn: Self.seals) }
            + surroundings.map { Claim(threat: $0, restsOn: []) }
    }

    private static let forgetting = Threat(
        name: "a statement that forgets the tenant", isStopped: true,
        why: "row-level security is forced: no tenant, no rows")

    private var context: [Threat] {
        let isForgeable = mode == .plain || mode == nil
        let one = mode == .sealed
        return [
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
                name: "a second tenant's valid seal within one statement", isStopped: one,
                why: one
                    ? "the guard refuses a second subject; a statement of its own gives the first "
                        + "up (RESET ALL), and whoever holds a valid seal may enter with it"
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
                    ? "the role may call functions of large objects or read where they lie; a "
                        + "superuser can revoke it"
                    : "lo_* is revoked"),
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
                    : "there is no event trigger of this version; `db posture` finds such a table "
                        + "afterwards"),
            Threat(
                name: "a statement that never ends", isStopped: !statementTimeout.isEmpty,
                why: statementTimeout.isEmpty
                    ? "the role has no statement_timeout"
                    : "statement_timeout is \(statementTimeout) where no statement sets another"),
            Threat(
                name: "a login that reads the keys", isStopped: keysOfLogin == nil,
                why: keysOfLogin.map { "\($0) owns them or may read them" }
                    ?? "none owns them or may read them, nor can become a role that does"),
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
        WITH roles AS (
            SELECT oid FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER')
        ), keepers AS (
            SELECT r.oid FROM pg_roles r
            JOIN pg_namespace n ON n.nspname = 'ringfence_guard'
            JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'keys'
            WHERE NOT r.rolsuper AND (r.oid IN (n.nspowner, c.relowner)
                OR has_any_column_privilege(r.oid, c.oid, 'SELECT'))
        ), bounds AS (
            -- As the server does: what is set for a role in a database goes before what is set
            -- for the role, that before what is set for the database.
            SELECT split_part(setting, '=', 2) AS bound
            FROM pg_db_role_setting s, unnest(s.setconfig) AS setting
            WHERE s.setrole IN (0, session_user::regrole) AND s.setdatabase IN (0,
                (SELECT oid FROM pg_database WHERE datname = current_database()))
            AND setting LIKE 'statement_timeout=%'
            ORDER BY s.setrole = 0, s.setdatabase = 0 LIMIT 1
        )
        SELECT
            coalesce((SELECT pg_get_function_sqlbody(p.oid) FROM pg_proc p
                JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE n.nspname = 'ringfence' AND p.proname = 'tenant' AND p.pronargs = 0), ''),
            EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE n.nspname = 'ringfence_guard' AND p.proname = 'enter'),
            EXISTS (SELECT FROM pg_event_trigger e JOIN pg_roles o ON o.oid = e.evtowner
                JOIN pg_proc p ON p.oid = e.evtfoid JOIN pg_roles f ON f.oid = p.proowner
                WHERE e.evtname = 'ringfence_guard_tables' AND e.evtenabled IN ('O', 'A')
                AND o.rolsuper AND f.rolsuper
                AND p.prosrc IN (SELECT json_array_elements_text($1::json))
                AND (e.evttags IS NULL OR e.evttags @> ARRAY['CREATE TABLE', 'CREATE TABLE AS',
                    'SELECT INTO', 'ALTER TABLE', 'CREATE SCHEMA'])),
            EXISTS (SELECT FROM pg_proc p, roles
                WHERE p.pronamespace = 'pg_catalog'::regnamespace
                AND p.proname ~ '^(lo(_.*|read|write))$'
                AND has_function_privilege(roles.oid, p.oid, 'EXECUTE'))
            OR EXISTS (SELECT FROM roles WHERE has_any_column_privilege(roles.oid,
                'pg_catalog.pg_largeobject'::regclass, 'SELECT')),
            EXISTS (SELECT FROM roles
                WHERE has_database_privilege(roles.oid, current_database(), 'TEMPORARY')),
            EXISTS (SELECT FROM pg_proc p, roles
                WHERE p.pronamespace = 'pg_catalog'::regnamespace
                AND p.proname IN ('pg_terminate_backend', 'pg_cancel_backend')
                AND has_function_privilege(roles.oid, p.oid, 'EXECUTE')),
            coalesce((SELECT min(r.rolname::text) FROM pg_roles r
                JOIN keepers ON pg_has_role(r.oid, keepers.oid, 'MEMBER')
                WHERE r.rolcanlogin AND NOT r.rolsuper
                AND has_database_privilege(r.oid, current_database(), 'CONNECT')), ''),
            coalesce((SELECT bound || CASE WHEN bound ~ '^[0-9]+$' THEN ' ms' ELSE '' END
                FROM bounds WHERE bound !~ '^0+[.0]*[^0-9]*$'), '')
        """, parameters: 1)
}
