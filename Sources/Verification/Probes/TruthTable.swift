/// T: the conditions of all policies together, evaluated over rows that are made up, for each
/// context there can be. It needs no data, and begins on a backend where no context was ever set:
/// "never set", "empty" and "malformed" are three states, and policies that are open in only one
/// of them are common.
struct TruthTable {
    let scope: Scope
    let setter: ContextSetter
    private(set) var findings: [Finding] = []
    private(set) var probes: [ProbeOutcome] = []
    /// Evaluated cells by relation.
    private(set) var cells: [String: Int] = [:]
    private var wrong: [String: Int] = [:]

    init(_ scope: Scope, _ options: VerificationOptions) {
        self.scope = scope
        setter = ContextSetter(scope, options)
    }

    /// A context a transaction can be in.
    struct Context {
        let axis: Int?
        let name: String
        /// Set for the transaction; nil: nothing is.
        let subject: String?
        /// What rows may be seen by it.
        let owner: String?
    }

    /// Whose a made-up row is, by key.
    private struct Row { let values: [String?] }

    private struct Condition {
        let command: String
        let words: String
        let text: String
    }

    private var contexts: [Context] {
        var list = [Context(axis: nil, name: "never set", subject: nil, owner: nil)]
        for (number, axis) in scope.axes.enumerated() {
            guard let axis, setter.canEnter(number) else { continue }
            if setter.isPlain(number) {
                list.append(Context(axis: number, name: "empty", subject: "", owner: nil))
            }
            list.append(Context(axis: number, name: "A", subject: axis.a, owner: axis.a))
            list.append(Context(axis: number, name: "B", subject: axis.b, owner: axis.b))
            if setter.isPlain(number) {
                list.append(
                    Context(axis: number, name: "malformed", subject: "%no tenant", owner: nil))
            }
        }
        return list
    }

    /// - Parameter session: fresh; nothing was run on it.
    mutating func run(_ session: inout ProbeSession) throws(ProbeFault) {
        let judged = scope.tenanted.filter {
            $0.isTable && $0.isSecured && !$0.privileges.isEmpty
        }
        for (number, axis) in scope.axes.enumerated() where axis != nil && !setter.canEnter(number)
        {
            findings.append(
                Finding(
                    .t3, .unproven, object: "context",
                    "the context is sealed and no seal key was given: rows of A and B cannot be "
                        + "tried (--seal-key)"))
        }
        let ready = judged.filter { relation in
            guard let name = volatileFunction(of: relation) else { return true }
            findings.append(
                Finding(
                    .t3, .unproven, object: "table \(relation.name)", relation: relation.name,
                    "a policy calls \(name), which is VOLATILE and is not run for a trial"))
            return false
        }
        for context in contexts {
            _ = try session.rows("BEGIN")
            var entered = ProbeSession.Answer.changed(0)
            if let axis = context.axis, let subject = context.subject {
                entered = try setter.enter(&session, axis, subject)
            }
            if case .failed(let state, let message, _) = entered {
                findings.append(
                    Finding(
                        .t3, .unproven, object: "context \(context.name)",
                        "the context cannot be entered: \(message) (\(state))"))
            } else {
                for relation in ready {
                    try judge(relation, context, nil, &session)
                    for actor in relation.actors {
                        try judge(relation, context, actor, &session)
                    }
                }
            }
            _ = try session.rows("ROLLBACK")
        }
        for relation in ready {
            let count = cells[relation.name] ?? 0
            let bad = wrong[relation.name] ?? 0
            probes.append(
                ProbeOutcome(
                    .t1, relation: relation.name, "truth table", expected: "\(count) cells agree",
                    observed: "\(count - bad) agree", bad == 0 ? .passed : .failed))
        }
    }

    private func volatileFunction(of relation: Catalog.Relation) -> String? {
        let called = Set(relation.policies.flatMap(\.functions))
        return scope.catalog.functions.first { called.contains($0.oid) && $0.isVolatile }?.name
    }

    /// `(p1 OR p2 …) AND r1 AND r2 …` for each thing the login may do, or may as `actor`.
    private func conditions(
        _ relation: Catalog.Relation, _ actor: Catalog.Actor?
    ) -> [Condition] {
        let sides: [(String, String, String, Bool)] = [
            ("r", "SELECT", "SELECT", false), ("a", "INSERT", "INSERT", true),
            ("w", "UPDATE", "UPDATE of", false), ("w", "UPDATE", "UPDATE to", true),
            ("d", "DELETE", "DELETE", false),
        ]
        return sides.compactMap { command, privilege, words, isCheck in
            let privileges = actor?.privileges ?? relation.privileges
            guard privileges.contains(privilege) else { return nil }
            let mine = relation.policies.filter {
                (actor?.hears($0) ?? $0.appliesToLogin) && $0.covers(command)
            }
            let texts = { (isPermissive: Bool) in
                mine.filter { $0.isPermissive == isPermissive }
                    .compactMap { isCheck ? $0.judging : $0.using }.map { "(\($0))" }
            }
            let open = texts(true)
            guard !open.isEmpty else { return nil }
            let text = (["(" + open.joined(separator: " OR ") + ")"] + texts(false))
                .joined(separator: " AND ")
            let who = actor.map { " as \($0.name)" } ?? ""
            return Condition(command: command, words: words + who, text: text)
        }
    }

    private func rows(_ relation: Catalog.Relation) -> [Row] {
        var rows = [Row(values: [])]
        for key in relation.keys {
            let axis = scope.axes[key.axis]
            let values: [String?] = [axis?.a ?? "a", axis?.b ?? "b", nil]
            rows = rows.flatMap { row in values.map { Row(values: row.values + [$0]) } }
        }
        return rows
    }

    /// A query for one row with the columns of the relation, of which only the keys are anything.
    /// A domain's constraints are not asked: a policy judges rows that keep them.
    /// - Parameter keys: an expression for each, of type text.
    private func record(_ keys: [String], _ relation: Catalog.Relation) -> String {
        let columns = relation.columns.map { column in
            let name = quoted(column.name)
            guard let place = relation.keys.firstIndex(where: { $0.column == column.name }) else {
                return "(NULL::\(relation.name)).\(name) AS \(name)"
            }
            return "(\(keys[place]))::\(column.type) AS \(name)"
        }
        return "SELECT \(columns.joined(separator: ", "))"
    }

    private static func text(_ value: String?) -> String {
        (value.map(literal) ?? "NULL") + "::text"
    }

    /// As another role only what is let through counts: nobody asked for its own rows.
    private mutating func judge(
        _ relation: Catalog.Relation, _ context: Context, _ actor: Catalog.Actor?,
        _ session: inout ProbeSession
    ) throws(ProbeFault) {
        let conditions = conditions(relation, actor)
        guard !conditions.isEmpty else { return }
        let rows = rows(relation)
        let values = rows.enumerated().map { number, row in
            "(" + (["\(number)"] + row.values.map(Self.text)).joined(separator: ", ") + ")"
        }
        let keys = relation.keys.indices.map { "\"key \($0)\"" }
        let columns = conditions.map { "coalesce((\($0.text)), false)" }
        // The alias is the relation's name, because conditions may qualify columns with it.
        let query = """
            SELECT \(columns.joined(separator: ", ")) \
            FROM (VALUES \(values.joined(separator: ", "))) \
            AS "made up" ("n of row", \(keys.joined(separator: ", "))), \
            LATERAL (\(record(keys, relation))) AS \(quoted(relation.bareName)) \
            ORDER BY "n of row"
            """
        _ = try session.rows("SAVEPOINT cell")
        if let actor { _ = try session.run(Self.becoming(actor)) }
        let answer = try session.run(query)
        switch answer {
        case .rows(let found) where found.count == rows.count:
            for (row, admitted) in zip(rows, found) {
                for (condition, cell) in zip(conditions, admitted) {
                    note(relation, context, actor, row, condition, isAdmitted: cell == "t")
                }
            }
        case .failed where actor != nil: break
        case .failed(_, let message, _) where context.owner != nil:
            findings.append(
                Finding(
                    .t3, .unproven, object: "table \(relation.name)", relation: relation.name,
                    "the policies of \(relation.name) fail in the context of \(context.name): "
                        + message))
        case .failed:
            // No rows and an error come to the same thing: nothing is let through.
            cells[relation.name, default: 0] += rows.count * conditions.count
        default: throw .unexpectedShape("the truth table of \(relation.name)")
        }
        _ = try session.rows("ROLLBACK TO cell")
    }

    private static func becoming(_ actor: Catalog.Actor) -> String {
        "SET LOCAL ROLE \(quoted(actor.name))"
    }

    private mutating func note(
        _ relation: Catalog.Relation, _ context: Context, _ actor: Catalog.Actor?, _ row: Row,
        _ condition: Condition, isAdmitted: Bool
    ) {
        cells[relation.name, default: 0] += 1
        let isOwn = zip(relation.keys, row.values).contains { key, value in
            value != nil && value == context.owner && key.axis == context.axis
                && (!key.onlyReads || condition.command == "r")
        }
        guard isAdmitted != isOwn, isAdmitted || actor == nil else { return }
        wrong[relation.name, default: 0] += 1
        let rule = isAdmitted ? Rule.t1 : .t2
        let object = "table \(relation.name)"
        // One finding a relation and kind: the first cell shows it, the others are the same.
        guard !findings.contains(where: { $0.rule == rule && $0.object == object }) else { return }
        let whose = row.values.map { value in
            guard let value else { return "nobody" }
            return scope.axes.contains { $0?.a == value } ? "A" : "B"
        }.joined(separator: "/")
        let entering = context.axis.map { axis in
            context.subject.map { setter.words(axis, $0) + "\n" } ?? ""
        }
        let becoming = actor.map { Self.becoming($0) + ";\n" } ?? ""
        findings.append(
            Finding(
                rule, isAdmitted ? .leak : .unproven, object: object, relation: relation.name,
                isAdmitted
                    ? "\(condition.words) on \(relation.name) admits a row of \(whose) while the "
                        + "context is: \(context.name)"
                    : "\(condition.words) on \(relation.name) refuses the own row of \(whose)",
                reproducer: """
                    BEGIN;
                    \(entering ?? "")\(becoming)SELECT (\(condition.text)) AS admitted FROM \
                    (\(record(row.values.map(Self.text), relation))) \
                    AS \(quoted(relation.bareName));
                    ROLLBACK;
                    """))
    }
}
