/// A rule that the catalogs alone answer. Its query sees the relations of `prelude` and answers
/// rows of: severity, object, relation or NULL, message, fix or NULL, pin or NULL.
struct StaticRule {
    let rule: Rule
    let sql: String

    init(_ rule: Rule, _ sql: String) {
        self.rule = rule
        self.sql = sql
    }

    /// What all of them start with.
    /// - me: the role the session acts as and the one that logged in.
    /// - reach: those, and all roles they can become; NOINHERIT does not prevent SET ROLE. Of a
    ///   superuser, which is a member of everything, only itself.
    /// - keys: the columns that say whose a row is.
    /// - heirs: tables of tenants, and what they inherit from; to read an ancestor is to read them.
    /// - closure: every view over a tenant relation or its ancestor, over other views too.
    /// - declared: what was said to hold nothing of any tenant.
    /// - undeclared: what no policy judges, and nobody declared; of the system's own relations and
    ///   TOAST, what the login itself may not read.
    /// - lending: views that read with their owner's rights, and what they read, by way of other
    ///   such views too. The system's own relations leave no dependency; the view's text has them.
    static let prelude = """
        WITH me AS (SELECT * FROM pg_roles WHERE rolname IN (current_user, session_user)),
        reach AS (SELECT r.oid, r.rolname FROM pg_roles r
            WHERE EXISTS (SELECT FROM me WHERE pg_has_role(me.oid, r.oid, 'MEMBER'))
            AND (NOT EXISTS (SELECT FROM me WHERE rolsuper) OR r.oid IN (SELECT oid FROM me))),
        keys AS (SELECT * FROM unnest($1::oid[], $2::int2[], $3::int4[]) AS k (oid, attnum, axis)),
        tenanted AS (SELECT DISTINCT k.oid, k.oid::regclass::text AS name, c.relkind, c.relowner,
            c.relrowsecurity, c.relforcerowsecurity
            FROM keys k JOIN pg_class c ON c.oid = k.oid),
        tables AS (SELECT * FROM tenanted WHERE relkind IN ('r', 'p')),
        given AS (SELECT $4::text[] AS globals, $5::text[] AS allowed, $6::text[] AS settings,
            $7::text[] AS designed, $8::bool AS watches, $10::text AS guard,
            $11::text[] AS withheld, $12::text[] AS pinned,
            $13::int4[] AS majors, $14::int4[] AS fixes),
        spaces AS (SELECT oid, nspname FROM pg_namespace WHERE nspname = ANY ($9::text[])
            OR $9::text[] = '{}' AND nspname !~ '^pg_' AND nspname <> 'information_schema'),
        heirs AS (
            WITH RECURSIVE walk (child, ancestor) AS (
                SELECT inhrelid, inhparent FROM pg_inherits
                    WHERE inhrelid IN (SELECT oid FROM tenanted)
                UNION SELECT w.child, i.inhparent FROM walk w JOIN pg_inherits i
                    ON i.inhrelid = w.ancestor)
            SELECT * FROM walk WHERE ancestor NOT IN (SELECT oid FROM tenanted)),
        edges AS (SELECT DISTINCT r.ev_class AS view, d.refobjid AS base
            FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass
                AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
            JOIN pg_class c ON c.oid = r.ev_class AND c.relkind IN ('v', 'm')
            WHERE d.refobjid <> r.ev_class),
        closure AS (
            WITH RECURSIVE walk (view, base) AS (
                SELECT view, base FROM edges WHERE base IN
                    (SELECT oid FROM tables UNION SELECT ancestor FROM heirs)
                UNION SELECT e.view, w.base FROM edges e JOIN walk w ON e.base = w.view)
            SELECT * FROM walk),
        declared AS (SELECT c.oid FROM given, pg_class c JOIN pg_namespace n
            ON n.oid = c.relnamespace WHERE c.oid::regclass::text = ANY (globals)
            OR quote_ident(n.nspname) || '.*' = ANY (globals)),
        extended AS (SELECT d.objid AS oid FROM pg_depend d
            WHERE d.classid = 'pg_class'::regclass AND d.deptype = 'e'
            AND d.objid NOT IN (SELECT oid FROM tenanted)),
        undeclared AS (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE CASE WHEN c.relkind = 't' OR n.nspname ~ '^pg_(catalog|toast)'
                    OR n.nspname = 'information_schema'
                THEN c.relkind IN ('r', 'v', 't') AND NOT EXISTS (SELECT FROM reach
                    WHERE has_any_column_privilege(reach.oid, c.oid, 'SELECT'))
                ELSE c.relkind IN ('r', 'p', 'f', 'm') AND c.oid NOT IN
                    (SELECT oid FROM tables UNION SELECT oid FROM declared
                    UNION SELECT oid FROM extended) END),
        lending AS (
            WITH RECURSIVE lenders AS (SELECT v.oid FROM pg_class v WHERE v.relkind = 'v'
                AND NOT EXISTS (SELECT FROM unnest(v.reloptions) AS x (entry)
                    WHERE lower(entry) ~ '^security_invoker=(true|on|1|yes)$')
                AND v.oid >= 16384),
            reading AS (SELECT e.view, e.base FROM edges e JOIN lenders l ON l.oid = e.view
                UNION SELECT l.oid, x.found[1]::oid FROM lenders l
                    JOIN pg_rewrite r ON r.ev_class = l.oid,
                    regexp_matches(r.ev_action::text, ':relid (\\d+)', 'g') AS x (found)
                    WHERE x.found[1]::oid <> l.oid),
            walk (view, base) AS (
                SELECT view, base FROM reading
                UNION SELECT w.view, r.base FROM walk w JOIN reading r ON r.view = w.base)
            SELECT * FROM walk),
        lent AS (SELECT l.view, t.relforcerowsecurity AS is_judged
                FROM lending l JOIN tables t ON t.oid = l.base
            UNION ALL SELECT l.view, false FROM lending l JOIN heirs h ON h.ancestor = l.base
            UNION ALL SELECT l.view, false FROM lending l JOIN closure c ON c.view = l.base
                JOIN pg_class m ON m.oid = c.view AND m.relkind = 'm')
        """ + code

    static let all: [StaticRule] =
        identity + reach + relations + keys + cluster + guarding + functions + system

    static func run(
        _ session: inout ProbeSession, _ scope: Scope, _ options: VerificationOptions
    ) throws(ProbeFault) -> [Finding] {
        let keys = scope.tenanted.flatMap { relation in
            relation.keys.compactMap { key in
                relation.column(key.column).map { (relation.oid, $0.number, String(key.axis)) }
            }
        }
        let settings = scope.axes.compactMap { axis -> String? in
            guard case .setting(let name) = axis?.source else { return nil }
            return name
        }
        let allowed = options.allowedFunctions.flatMap { entry in
            entry.value.map { "\(entry.key)=\($0)" }
        }
        let pinned = options.pinnedFunctions.flatMap { entry in
            entry.value.map { "\(entry.key)=\($0)" }
        }
        let globals = scope.profile.globals + options.globals
        let values: [String?] = [
            arrayText(keys.map(\.0)), arrayText(keys.map(\.1)), arrayText(keys.map(\.2)),
            arrayText(globals), arrayText(allowed), arrayText(settings),
            arrayText(Array(scope.profile.designedKeys.keys)), options.watches ? "t" : "f",
            arrayText(options.schemas), options.guardSchema,
            arrayText(options.withheldFunctions), arrayText(pinned),
            arrayText(options.fixedReleases.map { String($0.key) }),
            arrayText(options.fixedReleases.map { String($0.value) }),
        ]
        var findings: [Finding] = []
        // One statement: what the rules share is computed once, and all see one moment.
        let parts = all.map { rule in
            "SELECT '\(rule.rule.rawValue)', answer.* FROM (\(rule.sql)) AS answer "
                + "(severity, object, relation, message, fix, pin)"
        }
        for row in try session.rows(prelude + parts.joined(separator: "\nUNION ALL\n"), values) {
            guard row.count == 7, let rule = Rule(rawValue: row[0] ?? ""),
                let severity = Severity(rawValue: row[1] ?? "")
            else { throw .unexpectedShape("the static rules") }
            let object = row[2] ?? ""
            let reason = scope.profile.designedKeys.first { object == "index \($0.key)" }?.value
            findings.append(
                Finding(
                    rule, severity, object: object, relation: row[3],
                    reason.map { "by design: \($0)" } ?? row[4] ?? "",
                    fix: reason == nil ? row[5] : nil, pin: row[6]))
        }
        return findings
    }
}
