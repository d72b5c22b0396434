/// Whether a login is as weak as row-level security needs it to be.
public enum RolePosture {
    /// One way around row-level security.
    public struct Finding: Equatable, Sendable, CustomStringConvertible {
        public enum Kind: String, CaseIterable, Sendable {
            case superuser
            case bypassesRowSecurity = "bypassrls"
            case createsRoles = "createrole"
            case replicates = "replication"
            /// Member, by any path and with or without INHERIT, of a role with one of the above.
            case memberOfPowerfulRole = "member-of-powerful"
            /// Member of a built-in role that reads, writes or runs files of the server.
            case memberOfServerRole = "member-of-server-role"
            case ownsObjects = "owner"
            /// Member of a role that owns tables, functions, a schema or the database.
            case memberOfOwner = "member-of-owner"
            /// New sessions of the login start inside a tenant or vendor.
            case presetScope = "preset-scope"
        }

        public let kind: Kind
        /// The role the session acts as or logged in as.
        public let role: String
        /// The other role, object or setting concerned; empty when the role itself is.
        public let subject: String

        /// One sentence for the operator, with what to do.
        public var description: String {
            switch kind {
            case .superuser:
                "role \(role) is a superuser; row-level security does not apply to it"
            case .bypassesRowSecurity: "role \(role) has BYPASSRLS"
            case .createsRoles: "role \(role) has CREATEROLE and can grant itself other roles"
            case .replicates: "role \(role) has REPLICATION and can read every table's changes"
            case .memberOfPowerfulRole:
                "role \(role) is a member of \(subject), which is superuser, BYPASSRLS, "
                    + "CREATEROLE or REPLICATION; NOINHERIT does not prevent SET ROLE"
            case .memberOfServerRole:
                "role \(role) is a member of \(subject), which reaches files of the server"
            case .ownsObjects:
                "role \(role) owns \(subject) and can switch off row-level security"
            case .memberOfOwner:
                "role \(role) is a member of \(subject); "
                    + "NOINHERIT does not prevent SET ROLE"
            case .presetScope: "sessions of role \(role) start with \(subject) set"
            }
        }
    }

    /// Examines the connection's present login anew; empty means fit for use. The same is done
    /// at each login, and transactions are refused with `.unsafeRole` while there are findings.
    public static func check(
        _ connection: inout Connection, deadline: Deadline
    ) throws(DatabaseFault) -> [Finding] {
        try findings(
            in: connection.session.inspect(statement, requiresFitness: false, before: deadline))
    }

    static func findings(in rows: Rows) throws(DatabaseFault) -> [Finding] {
        var findings: [Finding] = []
        for row in rows {
            // A kind this file does not know would be a finding lost.
            guard let kind = Finding.Kind(rawValue: try row.text(0)) else {
                throw DatabaseFault(.unexpectedShape)
            }
            findings.append(
                Finding(kind: kind, role: try row.text(1), subject: try row.text(2)))
        }
        return findings
    }

    /// Membership is asked of `pg_has_role(…, 'MEMBER')`, which follows every path and ignores
    /// INHERIT, for the current and the session user: `SET ROLE` can be undone by any statement.
    /// A superuser counts as member of everything, so only the fact itself is told of it.
    static let statement = Statement(
        "role posture",
        unchecked: """
            WITH me AS (
                SELECT * FROM pg_roles WHERE rolname IN (current_user, session_user)
            ), weak AS (
                SELECT * FROM me WHERE NOT rolsuper
            ), owned AS (
                SELECT relowner AS owner, 'table ' || n.nspname || '.' || relname AS subject
                FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
                WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND nspname !~ '^pg_'
                AND nspname <> 'information_schema'
                UNION ALL
                SELECT proowner, 'function ' || n.nspname || '.' || proname
                FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace
                WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
                UNION ALL
                SELECT nspowner, 'schema ' || nspname FROM pg_namespace
                WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
                UNION ALL
                SELECT datdba, 'database ' || datname FROM pg_database
                WHERE datname = current_database()
            )
            SELECT kind, role, subject FROM (
                SELECT 'superuser' AS kind, rolname::text AS role, '' AS subject
                FROM me WHERE rolsuper
                UNION ALL SELECT 'bypassrls', rolname, '' FROM me WHERE rolbypassrls
                UNION ALL SELECT 'createrole', rolname, '' FROM me WHERE rolcreaterole
                UNION ALL SELECT 'replication', rolname, '' FROM me WHERE rolreplication
                UNION ALL
                SELECT 'member-of-powerful', weak.rolname, r.rolname
                FROM weak JOIN pg_roles r ON r.oid <> weak.oid
                AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolreplication)
                AND pg_has_role(weak.oid, r.oid, 'MEMBER')
                UNION ALL
                SELECT 'member-of-server-role', weak.rolname, r.rolname
                FROM weak JOIN pg_roles r ON r.rolname IN ('pg_read_server_files',
                    'pg_write_server_files', 'pg_execute_server_program')
                AND pg_has_role(weak.oid, r.oid, 'MEMBER')
                UNION ALL
                SELECT CASE WHEN owned.owner = weak.oid THEN 'owner' ELSE 'member-of-owner' END,
                    weak.rolname,
                    CASE WHEN owned.owner = weak.oid THEN '' ELSE o.rolname || ', owner of ' END
                    -- One of each owner is enough; a table says more than a schema.
                    || coalesce(min(subject) FILTER (WHERE subject LIKE 'table %'), min(subject))
                FROM weak JOIN owned ON pg_has_role(weak.oid, owned.owner, 'MEMBER')
                JOIN pg_roles o ON o.oid = owned.owner
                GROUP BY weak.rolname, weak.oid, owned.owner, o.rolname
                UNION ALL
                SELECT 'preset-scope', session_user, name
                FROM (VALUES ('app.current_tenant'), ('app.current_vendor')) AS scope (name)
                WHERE coalesce(current_setting(name, true), '') <> ''
            ) AS findings ORDER BY role, kind, subject
            """, parameters: 0)
}
