/// L1 to L5: what the deployed login can really do, tried and always rolled back. Nothing is ever
/// committed, and tables with triggers or rules are written to only when that was asked for,
/// because those may do what no rollback takes back.
struct LiveProbes {
    let scope: Scope
    let setter: ContextSetter
    let firesTriggers: Bool
    private let isScratch: Bool
    private(set) var findings: [Finding] = []
    private(set) var probes: [ProbeOutcome] = []

    init(_ scope: Scope, _ options: VerificationOptions) {
        self.scope = scope
        setter = ContextSetter(scope, options)
        isScratch = options.isScratch
        firesTriggers = options.firesTriggers || scope.profile.firesTriggers
    }

    /// Relations the login can do anything with, and the key by which rows are written to them.
    private var targets: [Catalog.Relation] {
        scope.tenanted.filter { !$0.privileges.isEmpty }
    }

    static func writeKey(_ relation: Catalog.Relation) -> Profile.Key? {
        relation.keys.first { !$0.onlyReads }
    }

    /// - Parameter fresh: a session on which nothing was run.
    mutating func run(_ fresh: inout ProbeSession) throws(ProbeFault) {
        _ = try fresh.rows("BEGIN")
        for relation in targets { try lookUnbound(relation, "never set", &fresh) }
        _ = try fresh.rows("ROLLBACK")
        for (number, axis) in scope.axes.enumerated() {
            guard let axis, setter.canEnter(number) else { continue }
            try run(number, axis, &fresh)
        }
        try truncate(&fresh)
    }

    private mutating func run(
        _ number: Int, _ axis: Scope.Axis, _ session: inout ProbeSession
    ) throws(ProbeFault) {
        let written = targets.filter { Self.writeKey($0)?.axis == number && $0.isTable }
        _ = try session.rows("BEGIN")
        defer { _ = try? session.rows("ROLLBACK") }
        guard try setter.enter(&session, number, axis.a).state == nil else { return }
        for relation in written { try insertForeign(relation, axis, &session) }
        var planted: Set<String> = []
        for relation in written where try plant(relation, axis.a, &session) {
            planted.insert(relation.name)
        }
        if setter.isPlain(number) {
            // Rows of B are there, too: what A sees below, it sees although it must not.
            _ = try setter.enter(&session, number, axis.b)
            for relation in written { _ = try plant(relation, axis.b, &session) }
            _ = try setter.enter(&session, number, axis.a)
        }
        for relation in written {
            try moveRows(relation, axis, planted.contains(relation.name), &session)
        }
        for relation in targets where relation.keys.contains(where: { $0.axis == number }) {
            try lookAcross(relation, number, axis, &session)
        }
        guard setter.isPlain(number) else { return }
        for (name, subject) in [("empty", ""), ("malformed", "%no tenant")] {
            _ = try setter.enter(&session, number, subject)
            for relation in targets where relation.keys.contains(where: { $0.axis == number }) {
                try lookUnbound(relation, name, &session)
            }
        }
    }

    // MARK: Writing

    /// What a row needs beside the keys, by type; checks and references may still refuse it.
    private static func filler(_ column: Catalog.Column) -> String {
        switch (column.type, column.category) {
        case ("uuid", _): "pg_catalog.gen_random_uuid()"
        case ("json", _), ("jsonb", _): "'{}'"
        case ("bytea", _): "'\\x00'"
        case (_, "N"): "1"
        case (_, "B"): "true"
        case (_, "D"): "pg_catalog.now()"
        case (_, "A"): "'{}'"
        case (let type, "E"): "(pg_catalog.enum_first(NULL::\(type)))"
        case (_, "S"): "'x'"
        default: "NULL"
        }
    }

    private func insertion(_ relation: Catalog.Relation, _ subject: String, isFull: Bool) -> String
    {
        var names: [String] = []
        var values: [String] = []
        for key in relation.keys where !key.onlyReads {
            names.append(quoted(key.column))
            values.append(literal(subject))
        }
        if isFull {
            let needed = relation.columns.filter { column in
                (column.isNotNull || column.refusesNull) && !column.hasDefault && column.mayInsert
                    && !relation.keys.contains { $0.column == column.name && !$0.onlyReads }
            }
            names += needed.map { quoted($0.name) }
            values += needed.map(Self.filler)
        }
        return "INSERT INTO \(relation.name) (\(names.joined(separator: ", "))) VALUES "
            + "(\(values.joined(separator: ", ")))"
    }

    /// Runs one attempt and takes it back.
    private func attempt(
        _ sql: String, _ session: inout ProbeSession, keeping: Bool = false
    ) throws(ProbeFault) -> ProbeSession.Answer {
        _ = try session.rows("SAVEPOINT attempt")
        let answer = try session.run(sql)
        let isKept = keeping && answer.state == nil
        _ = try session.rows(isKept ? "RELEASE attempt" : "ROLLBACK TO attempt")
        return answer
    }

    private func plant(
        _ relation: Catalog.Relation, _ subject: String, _ session: inout ProbeSession
    ) throws(ProbeFault) -> Bool {
        guard mayWrite(relation), relation.privileges.contains("INSERT") else { return false }
        let full = insertion(relation, subject, isFull: true)
        return try attempt(full, &session, keeping: true).state == nil
    }

    private func mayWrite(_ relation: Catalog.Relation) -> Bool {
        firesTriggers || !relation.hasTriggers
    }

    /// L1. Row security is judged before NOT NULL, CHECK and keys of the table: where one of those
    /// is answered and not 42501, the policies had let the row through. What a domain refuses has
    /// not come to them yet. That 42501 came of the policies and not of a missing grant is seen by
    /// the own row, which must not get it.
    private mutating func insertForeign(
        _ relation: Catalog.Relation, _ axis: Scope.Axis, _ session: inout ProbeSession
    ) throws(ProbeFault) {
        let name = "INSERT for B in the context of A"
        guard relation.privileges.contains("INSERT") else { return }
        guard mayWrite(relation) else {
            return skip(.l1, relation, name, "it has triggers or rules (--fire-triggers)")
        }
        var foreign = insertion(relation, axis.b, isFull: false)
        var answer = try attempt(foreign, &session)
        let isFull = answer.breaksDomain
        if isFull {
            foreign = insertion(relation, axis.b, isFull: true)
            answer = try attempt(foreign, &session)
        }
        let own = try attempt(insertion(relation, axis.a, isFull: isFull), &session)
        if answer.state == "42501" {
            guard own.state != "42501" else {
                return skip(.l1, relation, name, "the own row is refused, too: \(own.words)")
            }
            return pass(.l1, relation, name, "42501", "42501")
        }
        if relation.kind == "p", answer.state == "23514", own.state == "23514" {
            return skip(.l1, relation, name, "no partition takes the row, which is asked first")
        }
        guard answer.state == nil || answer.breaksTable else {
            return skip(.l1, relation, name, answer.words)
        }
        fail(
            .l1, relation, name, expected: "42501", observed: answer.words,
            reproducer: reproducer(axis, foreign))
    }

    /// L2: rows moved to B, and rows of B changed or deleted.
    private mutating func moveRows(
        _ relation: Catalog.Relation, _ axis: Scope.Axis, _ isPlanted: Bool,
        _ session: inout ProbeSession
    ) throws(ProbeFault) {
        guard let key = Self.writeKey(relation), mayWrite(relation) else { return }
        let column = quoted(key.column)
        let (a, b) = (literal(axis.a), literal(axis.b))
        var attempts: [(String, String)] = []
        if relation.privileges.contains("UPDATE"),
            relation.column(key.column)?.mayUpdate == true
        {
            attempts.append(
                (
                    "UPDATE of the own row to B",
                    "UPDATE \(relation.name) SET \(column) = \(b) WHERE \(column) = \(a)"
                ))
            attempts.append(
                (
                    "UPDATE of rows of B",
                    "UPDATE \(relation.name) SET \(column) = \(b) WHERE \(column) = \(b)"
                ))
        }
        if relation.privileges.contains("DELETE") {
            attempts.append(
                ("DELETE of rows of B", "DELETE FROM \(relation.name) WHERE \(column) = \(b)"))
        }
        for (name, sql) in attempts {
            let answer = try attempt(sql, &session)
            switch answer {
            case .changed(0):
                pass(
                    .l2, relation, name, "42501 or 0 rows",
                    isPlanted ? "0 rows" : "0 rows, none own")
            case .failed("42501", _, _): pass(.l2, relation, name, "42501 or 0 rows", "42501")
            case .changed, .rows:
                fail(
                    .l2, relation, name, expected: "42501 or 0 rows", observed: answer.words,
                    reproducer: reproducer(axis, sql))
            case .failed where answer.breaksTable:
                fail(
                    .l2, relation, name, expected: "42501 or 0 rows", observed: answer.words,
                    reproducer: reproducer(axis, sql))
            case .failed: skip(.l2, relation, name, answer.words)
            }
        }
    }

    // MARK: Reading

    /// L3, of views, too.
    private mutating func lookAcross(
        _ relation: Catalog.Relation, _ number: Int, _ axis: Scope.Axis,
        _ session: inout ProbeSession
    ) throws(ProbeFault) {
        guard relation.privileges.contains("SELECT"),
            let key = relation.keys.first(where: { $0.axis == number })
        else { return }
        let column = quoted(key.column)
        let sql =
            "SELECT count(*) FROM (SELECT \(column) FROM \(relation.name) "
            + "WHERE \(column) IS DISTINCT FROM \(literal(axis.a)) LIMIT 1) AS foreign_rows"
        let answer = try attempt(sql, &session)
        let name = "SELECT of rows that are not A's"
        switch answer.first {
        case "0": pass(.l3, relation, name, "0 rows", "0 rows")
        case .some:
            fail(
                .l3, relation, name, expected: "0 rows", observed: "at least 1 row",
                reproducer: reproducer(axis, sql))
        case nil: skip(.l3, relation, name, answer.words)
        }
    }

    /// L4.
    private mutating func lookUnbound(
        _ relation: Catalog.Relation, _ context: String, _ session: inout ProbeSession
    ) throws(ProbeFault) {
        guard relation.privileges.contains("SELECT"), let key = relation.keys.first else { return }
        let sql =
            "SELECT count(*) FROM (SELECT \(quoted(key.column)) FROM \(relation.name) LIMIT 1"
            + ") AS unbound_rows"
        let answer = try attempt(sql, &session)
        let name = "SELECT, context \(context)"
        switch answer.first {
        case "0": pass(.l4, relation, name, "0 rows or an error", "0 rows")
        case .some:
            fail(
                .l4, relation, name, expected: "0 rows or an error", observed: "at least 1 row",
                reproducer: "-- context \(context)\n\(sql);")
        case nil: pass(.l4, relation, name, "0 rows or an error", answer.state ?? "an error")
        }
    }

    /// L5. Only where the catalogs say that it will be refused: the answer is asked for before
    /// anything is locked, and a TRUNCATE that works would stop every reader until the rollback.
    private mutating func truncate(_ session: inout ProbeSession) throws(ProbeFault) {
        _ = try session.rows("BEGIN")
        for relation in targets where relation.isTable {
            let isAllowed =
                relation.privileges.contains("TRUNCATE") || scope.catalog.isSuperuser
            guard !isAllowed || isScratch else {
                skip(.l5, relation, "TRUNCATE", "the login may (C1); not tried")
                continue
            }
            let answer = try attempt("TRUNCATE \(relation.name)", &session)
            if answer.state == "42501" {
                pass(.l5, relation, "TRUNCATE", "42501", "42501")
            } else {
                fail(
                    .l5, relation, "TRUNCATE", expected: "42501", observed: answer.words,
                    reproducer: "BEGIN; TRUNCATE \(relation.name); ROLLBACK;")
            }
        }
        _ = try session.rows("ROLLBACK")
    }

    // MARK: Noting

    private func reproducer(_ axis: Scope.Axis, _ sql: String) -> String {
        let number = scope.axes.firstIndex { $0?.source == axis.source } ?? 0
        return "BEGIN;\n\(setter.words(number, axis.a))\n\(sql);\nROLLBACK;"
    }

    private mutating func pass(
        _ rule: Rule, _ relation: Catalog.Relation, _ name: String, _ expected: String,
        _ observed: String
    ) {
        probes.append(
            ProbeOutcome(
                rule, relation: relation.name, name, expected: expected, observed: observed,
                .passed))
    }

    private mutating func skip(
        _ rule: Rule, _ relation: Catalog.Relation, _ name: String, _ reason: String
    ) {
        probes.append(
            ProbeOutcome(
                rule, relation: relation.name, name, expected: "", observed: reason, .skipped))
    }

    private mutating func fail(
        _ rule: Rule, _ relation: Catalog.Relation, _ name: String, expected: String,
        observed: String, reproducer: String
    ) {
        probes.append(
            ProbeOutcome(
                rule, relation: relation.name, name, expected: expected, observed: observed,
                .failed))
        guard !findings.contains(where: { $0.rule == rule && $0.relation == relation.name }) else {
            return
        }
        findings.append(
            Finding(
                rule, .leak, object: "\(relation.name)", relation: relation.name,
                "\(name) on \(relation.name): \(observed) where \(expected) is right",
                reproducer: reproducer))
    }
}
