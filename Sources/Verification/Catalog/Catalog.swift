/// What the catalogs say about the relations and functions that matter, as the login reads them.
struct Catalog {
    struct Relation {
        let oid: String
        /// Schema and name, quoted where needed, as the server prints them.
        let name: String
        let schema: String
        let bareName: String
        /// `r`, `p`, `v`, `m` or `f`.
        let kind: String
        let isSecured: Bool
        let isForced: Bool
        let isChild: Bool
        /// Triggers, on it or on a partition or child that its rows go to, or rules other than a
        /// view's own.
        let hasTriggers: Bool
        /// An extension made it, or was told that it did.
        let isExtended: Bool
        /// SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER; also on columns alone.
        let privileges: [String]
        let columns: [Column]
        var policies: [Policy] = []
        /// Other roles the login can become, to which policies of it are addressed.
        var actors: [Actor] = []
        /// Whose its rows are.
        var keys: [Profile.Key] = []

        func column(_ name: String) -> Column? { columns.first { $0.name == name } }

        /// What one comparison sets a key equal to; `nil` when `part` is no such comparison.
        func right(of key: Profile.Key, in part: PolicyText) -> [String]? {
            let column = column(key.column)
            return part.right(
                comparing: key.column, of: bareName,
                below: column?.isDomain == true ? column?.type : nil)
        }

        var isTable: Bool { kind == "r" || kind == "p" }
    }

    struct Column {
        let name: String
        let number: String
        /// Without a length; of a domain the type below it.
        let type: String
        let isDomain: Bool
        /// `N` numbers, `S` strings, `U` other and so on (pg_type.typcategory).
        let category: String
        let isNotNull: Bool
        /// Its domain does, at any depth.
        let refusesNull: Bool
        let hasDefault: Bool
        let mayInsert: Bool
        let mayUpdate: Bool
    }

    struct Policy {
        let name: String
        /// `*`, `r`, `a`, `w` or `d`.
        let command: String
        let isPermissive: Bool
        let roles: [String]
        let appliesToLogin: Bool
        let using: String?
        let check: String?
        /// Numbers of the columns it looks at.
        let columns: [String]
        let functions: [String]
        /// It compares under a collation by which different texts may be equal.
        let isLoose: Bool

        /// The condition for rows that are written.
        var judging: String? { check ?? using }
        func covers(_ other: String) -> Bool { command == "*" || command == other }
    }

    /// A role the login can become with SET ROLE, and what changes for it at one relation.
    struct Actor {
        let name: String
        /// SELECT, INSERT, UPDATE and DELETE; also on columns alone.
        let privileges: [String]
        /// Names of the policies that are for it and not for PUBLIC.
        let policies: Set<String>

        func hears(_ policy: Policy) -> Bool {
            policy.roles.isEmpty || policies.contains(policy.name)
        }
    }

    struct Function {
        let oid: String
        /// `schema.name`, and with the types of its parameters.
        let name: String
        let signature: String
        let body: String
        let isVolatile: Bool
        let isDefiner: Bool
        let isOwnedByLogin: Bool
        let takesNothing: Bool
        /// Whether the names in its body mean what they say, whatever the search path is: because
        /// they were looked up when it was made, or because nothing can come before `pg_catalog`.
        let isResolved: Bool

        var pin: String { SHA256.pin(body) }
    }

    var relations: [Relation]
    let functions: [Function]
    let version: String
    let versionNumber: Int
    let database: String
    let login: String
    let sessionUser: String
    let isSuperuser: Bool
}

extension Catalog {
    /// Reads it in a session that searches no schema, so that every name is printed in full.
    static func read(
        _ session: inout ProbeSession, schemas: [String]
    ) throws(ProbeFault) -> Catalog {
        let identity = try session.rows(identityQuery)
        guard let me = identity.first, me.count == 6, let number = me[1].flatMap({ Int($0) }) else {
            throw .unexpectedShape("who the login is")
        }
        var relations: [Relation] = []
        let columns = Dictionary(
            grouping: try session.rows(columnsQuery, [arrayText(schemas)]), by: { $0[0] ?? "" })
        let policies = Dictionary(
            grouping: try session.rows(policiesQuery, [arrayText(schemas)]), by: { $0[0] ?? "" })
        let actors = Dictionary(grouping: try session.rows(actorsQuery), by: { $0[0] ?? "" })
        for row in try session.rows(relationsQuery, [arrayText(schemas)]) {
            let cells = row.map { $0 ?? "" }
            guard cells.count == 11 else { throw .unexpectedShape("which relations there are") }
            relations.append(
                Relation(
                    oid: cells[0], name: cells[1], schema: cells[2], bareName: cells[3],
                    kind: cells[4], isSecured: cells[5] == "t", isForced: cells[6] == "t",
                    isChild: cells[7] == "t", hasTriggers: cells[8] == "t",
                    isExtended: cells[9] == "t",
                    privileges: cells[10].split(separator: ",").map(String.init),
                    columns: (columns[cells[0]] ?? []).map(Self.column),
                    policies: (policies[cells[0]] ?? []).map(Self.policy),
                    actors: Self.actors(actors[cells[0]] ?? [])))
        }
        let functions = try session.rows(functionsQuery).map { row in
            let cells = row.map { $0 ?? "" }
            return Function(
                oid: cells[0], name: cells[1], signature: cells[2], body: cells[3],
                isVolatile: cells[4] == "v", isDefiner: cells[5] == "t",
                isOwnedByLogin: cells[6] == "t", takesNothing: cells[7] == "0",
                isResolved: cells[8] == "t")
        }
        return Catalog(
            relations: relations, functions: functions, version: me[0] ?? "",
            versionNumber: number, database: me[2] ?? "", login: me[3] ?? "",
            sessionUser: me[4] ?? "", isSuperuser: me[5] == "t")
    }

    private static func column(_ row: [String?]) -> Column {
        let cells = row.map { $0 ?? "" }
        return Column(
            name: cells[1], number: cells[2], type: cells[3], isDomain: cells[9] != "",
            category: cells[4], isNotNull: cells[5] == "t", refusesNull: cells[9] == "t",
            hasDefault: cells[6] == "t", mayInsert: cells[7] == "t", mayUpdate: cells[8] == "t")
    }

    private static func policy(_ row: [String?]) -> Policy {
        func list(_ index: Int) -> [String] {
            (row[index] ?? "").split(separator: ",").map(String.init)
        }
        return Policy(
            name: row[1] ?? "", command: row[2] ?? "*", isPermissive: row[3] == "t",
            roles: list(4), appliesToLogin: row[5] == "t", using: row[6], check: row[7],
            columns: list(8), functions: list(9), isLoose: row[10] == "t")
    }

    private static func actors(_ rows: [[String?]]) -> [Actor] {
        let found = Dictionary(grouping: rows, by: { $0[1] ?? "" })
        return found.keys.sorted().map { name in
            let rows = found[name] ?? []
            return Actor(
                name: name,
                privileges: (rows.first?[2] ?? "").split(separator: ",").map(String.init),
                policies: Set(rows.compactMap { $0[3] }))
        }
    }

    private static let identityQuery = """
        SELECT current_setting('server_version'), current_setting('server_version_num'),
            current_database(), current_user, session_user,
            (SELECT bool_or(rolsuper) FROM pg_roles WHERE rolname IN (current_user, session_user))
        """

    /// Privileges of any role the login is a member of count: NOINHERIT does not prevent SET ROLE.
    private static let relationsQuery = """
        WITH RECURSIVE reach AS (
            SELECT r.oid FROM pg_roles r WHERE pg_has_role(current_user, r.oid, 'MEMBER')
            OR pg_has_role(session_user, r.oid, 'MEMBER')),
        firing AS (
            SELECT tgrelid AS oid FROM pg_trigger WHERE NOT tgisinternal
            UNION
            SELECT i.inhparent FROM firing JOIN pg_inherits i ON i.inhrelid = firing.oid)
        SELECT c.oid, c.oid::regclass::text, n.nspname, c.relname, c.relkind, c.relrowsecurity,
            c.relforcerowsecurity,
            EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid),
            c.oid IN (SELECT oid FROM firing) OR EXISTS (SELECT FROM pg_rewrite w
                WHERE w.ev_class = c.oid AND w.ev_type <> '1'),
            EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                AND d.objid = c.oid AND d.deptype = 'e'),
            array_to_string(ARRAY(
                SELECT p.name FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE',
                    'REFERENCES', 'TRIGGER']) WITH ORDINALITY AS p (name, place)
                WHERE EXISTS (SELECT FROM reach WHERE has_table_privilege(reach.oid, c.oid, p.name)
                    OR p.name IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                    AND has_any_column_privilege(reach.oid, c.oid, p.name))
                ORDER BY p.place), ',')
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND (n.nspname = ANY ($1::text[]) OR $1::text[] = '{}' AND n.nspname !~ '^pg_'
            AND n.nspname <> 'information_schema')
        ORDER BY 2
        """

    private static let columnsQuery = """
        WITH RECURSIVE below (domain, type, refuses) AS (
            SELECT oid, typbasetype, typnotnull FROM pg_type WHERE typtype = 'd'
            UNION ALL SELECT b.domain, t.typbasetype, b.refuses OR t.typnotnull
            FROM below b JOIN pg_type t ON t.oid = b.type AND t.typtype = 'd')
        SELECT a.attrelid, a.attname, a.attnum, format_type(coalesce(b.type, a.atttypid), -1),
            t.typcategory, a.attnotnull, a.atthasdef OR a.attidentity <> '',
            has_column_privilege(a.attrelid, a.attnum, 'INSERT'),
            has_column_privilege(a.attrelid, a.attnum, 'UPDATE'), b.refuses
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
        LEFT JOIN below b ON b.domain = a.atttypid
            AND NOT EXISTS (SELECT FROM pg_type d WHERE d.oid = b.type AND d.typtype = 'd')
        WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND (n.nspname = ANY ($1::text[]) OR $1::text[] = '{}' AND n.nspname !~ '^pg_'
            AND n.nspname <> 'information_schema')
        ORDER BY a.attrelid, a.attnum
        """

    private static let policiesQuery = """
        SELECT p.polrelid, p.polname, p.polcmd, p.polpermissive,
            array_to_string(ARRAY(SELECT rolname FROM pg_roles WHERE oid = ANY (p.polroles)
                ORDER BY 1), ','),
            0 = ANY (p.polroles) OR EXISTS (SELECT FROM unnest(p.polroles) AS r (oid)
                WHERE r.oid <> 0 AND pg_has_role(current_user, r.oid, 'USAGE')),
            pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid),
            array_to_string(ARRAY(SELECT DISTINCT d.refobjsubid FROM pg_depend d
                WHERE d.classid = 'pg_policy'::regclass AND d.objid = p.oid
                AND d.refclassid = 'pg_class'::regclass AND d.refobjid = p.polrelid
                AND d.refobjsubid > 0), ','),
            array_to_string(ARRAY(SELECT DISTINCT d.refobjid FROM pg_depend d
                WHERE d.classid = 'pg_policy'::regclass AND d.objid = p.oid
                AND d.refclassid = 'pg_proc'::regclass), ','),
            EXISTS (SELECT FROM pg_collation k WHERE NOT k.collisdeterministic
                AND concat(p.polqual::text, p.polwithcheck::text)
                    ~ format(':inputcollid %s[^0-9]', k.oid))
        FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY ($1::text[]) OR $1::text[] = '{}' AND n.nspname !~ '^pg_'
            AND n.nspname <> 'information_schema'
        ORDER BY p.polrelid, p.polpermissive, p.polname
        """

    /// A superuser can become anybody, which A1 says.
    private static let actorsQuery = """
        WITH me AS (SELECT oid, rolsuper FROM pg_catalog.pg_roles
            WHERE rolname IN (current_user, session_user)),
        reach AS (SELECT r.oid, r.rolname FROM pg_catalog.pg_roles r
            WHERE EXISTS (SELECT FROM me WHERE pg_catalog.pg_has_role(me.oid, r.oid, 'MEMBER'))
            AND NOT EXISTS (SELECT FROM me WHERE rolsuper) AND r.rolname <> current_user)
        SELECT DISTINCT p.polrelid, reach.rolname,
            pg_catalog.array_to_string(ARRAY(
                SELECT n.name FROM pg_catalog.unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'])
                    AS n (name)
                WHERE pg_catalog.has_table_privilege(reach.oid, p.polrelid, n.name)
                OR n.name <> 'DELETE'
                    AND pg_catalog.has_any_column_privilege(reach.oid, p.polrelid, n.name)), ','),
            p.polname
        FROM pg_catalog.pg_policy p, pg_catalog.unnest(p.polroles) AS r (oid), reach
        WHERE r.oid <> 0 AND pg_catalog.pg_has_role(reach.oid, r.oid, 'USAGE')
        """

    /// `pg_catalog` is searched first unless a path names it further back. Where the caller's path
    /// decides, no other function may be there to be found; one whose parameter is of a type that
    /// did not come with the server, as citext's `split_part`, is never found with a text.
    private static let functionsQuery = """
        SELECT p.oid, format('%s.%s', quote_ident(n.nspname), quote_ident(p.proname)),
            p.oid::regprocedure::text, coalesce(pg_get_function_sqlbody(p.oid), p.prosrc),
            p.provolatile, p.prosecdef, pg_has_role(session_user, p.proowner, 'MEMBER')
                OR pg_has_role(current_user, p.proowner, 'MEMBER'), p.pronargs,
            p.prosqlbody IS NOT NULL OR l.lanname = 'sql' AND coalesce(
                (SELECT entry !~ 'pg_catalog' OR entry ~ '^search_path="?pg_catalog"?(,|$)'
                    FROM unnest(p.proconfig) AS entry WHERE entry ~ '^search_path='),
                NOT EXISTS (SELECT FROM pg_proc s
                    WHERE s.proname IN ('current_setting', 'split_part')
                    AND s.pronamespace <> 'pg_catalog'::regnamespace
                    AND s.proargtypes[0] < 16384))
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        JOIN pg_language l ON l.oid = p.prolang
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        """
}
