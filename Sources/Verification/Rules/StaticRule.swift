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
    /// - closure: every view over a tenant relation, over other views too.
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
        edges AS (SELECT DISTINCT r.ev_class AS view, d.refobjid AS base
            FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass
                AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
            JOIN pg_class c ON c.oid = r.ev_class AND c.relkind IN ('v', 'm')
            WHERE d.refobjid <> r.ev_class),
        closure AS (
            WITH RECURSIVE walk (view, base) AS (
                SELECT view, base FROM edges WHERE base IN (SELECT oid FROM tables)
                UNION SELECT e.view, w.base FROM edges e JOIN walk w ON e.base = w.view)
            SELECT * FROM walk)
        """ + code

    static let all: [StaticRule] = identity + reach + keys + cluster + guarding + functions + system

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
