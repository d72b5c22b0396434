/// L6: every plan for a granted relation must carry the tenant's condition at each scan of a tenant
/// relation. It shows what no text of a view does: what the planner really made of it.
struct PlanProbe {
    let scope: Scope
    let setter: ContextSetter
    private(set) var findings: [Finding] = []
    private(set) var probes: [ProbeOutcome] = []
    /// What a view may scan: these run with the rights of who asks.
    private var builtIn: Set<String> = []

    init(_ scope: Scope, _ options: VerificationOptions) {
        self.scope = scope
        setter = ContextSetter(scope, options)
    }

    /// Functions that came with the server, as plans name them; not where somebody has added
    /// another of the same name, or changed one.
    private static let builtInQuery = """
        SELECT pg_catalog.format('pg_catalog.%I', p.proname) FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace GROUP BY p.proname
        HAVING pg_catalog.bool_and(p.oid < 16384 AND NOT p.prosecdef)
        """

    mutating func run(
        _ session: inout ProbeSession, _ options: VerificationOptions
    ) throws(ProbeFault) {
        let granted = scope.catalog.relations.filter {
            $0.privileges.contains("SELECT") && $0.kind != "f"
                && (!$0.keys.isEmpty || $0.kind == "v" && !scope.isGlobal($0, options))
        }
        builtIn = Set(try session.rows(Self.builtInQuery).compactMap { $0.first ?? nil })
        for (number, axis) in scope.axes.enumerated() {
            guard let axis, setter.canEnter(number) else { continue }
            _ = try session.rows("BEGIN")
            if try setter.enter(&session, number, axis.a).state == nil {
                for relation in granted
                where (relation.keys.first?.axis ?? number) == number {
                    try explain(relation, &session)
                }
            }
            _ = try session.rows("ROLLBACK")
        }
    }

    private mutating func explain(
        _ relation: Catalog.Relation, _ session: inout ProbeSession
    ) throws(ProbeFault) {
        _ = try session.rows("SAVEPOINT plan")
        let sql = "EXPLAIN (VERBOSE, COSTS OFF) SELECT 1 FROM \(relation.name)"
        let answer = try session.run(sql)
        _ = try session.rows("ROLLBACK TO plan")
        guard case .rows(let rows) = answer else {
            probes.append(
                ProbeOutcome(
                    .l6, relation: relation.name, "EXPLAIN", expected: "", observed: answer.words,
                    .skipped))
            return
        }
        let nodes = PlanNode.read(rows.compactMap { $0.first ?? nil })
        let bare = nodes.filter { node in
            scope.tenanted.contains { tenanted in
                tenanted.isTable && node.relation == tenanted.name
                    && !tenanted.keys.contains { node.mentions($0.column) }
            }
        }
        let judge = PolicyJudge(scope: scope)
        let isAround = scope.tenanted.contains { tenanted in
            bare.contains { $0.relation == tenanted.name } && judge.hasFloor(tenanted)
        }
        let isOpaque =
            relation.kind == "v"
            && nodes.contains {
                $0.kind.contains("Function Scan") && !builtIn.contains($0.relation)
            }
        let observed =
            bare.first.map { "\($0.kind) on \($0.relation) without it" }
            ?? (isOpaque ? "a function is scanned, and what it reads is unknown" : "all carry it")
        probes.append(
            ProbeOutcome(
                .l6, relation: relation.name, "EXPLAIN",
                expected: "each scan carries the tenant's condition", observed: observed,
                bare.isEmpty && !isOpaque ? .passed : .failed))
        guard !bare.isEmpty || isOpaque else { return }
        findings.append(
            Finding(
                // Where the policies are good as texts, a scan without them goes around them; where
                // they are not, the plan only shows that once more.
                .l6, isAround ? .leak : .unproven, object: relation.name,
                relation: relation.name, "the plan for \(relation.name): \(observed)",
                reproducer: "\(sql);"))
    }
}

/// One line of a plan that names what is scanned, with the conditions below it.
struct PlanNode: Equatable {
    var kind: String
    var relation: String
    var conditions = ""

    static func read(_ lines: [String]) -> [PlanNode] {
        var nodes: [PlanNode] = []
        for line in lines {
            let text = line.drop { $0 == " " || $0 == "-" || $0 == ">" }
            let isNode = line.contains("->") || line.first != " "
            if isNode, let place = text.firstRange(" on ") {
                let name = text[place.upperBound...].prefixOutsideQuotes
                nodes.append(
                    PlanNode(kind: String(text[..<place.lowerBound]), relation: String(name)))
            } else if isNode {
                nodes.append(PlanNode(kind: String(text), relation: ""))
            } else if let last = nodes.indices.last, !text.hasPrefix("Output:") {
                nodes[last].conditions += " " + text
            }
        }
        return nodes
    }

    /// Whether a condition names the column, as a word.
    func mentions(_ column: String) -> Bool {
        PolicyText(conditions).words.contains(PolicyText.words(ofName: column).first ?? column)
    }
}

extension Substring {
    fileprivate func firstRange(_ text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) {
                return start..<index(start, offsetBy: text.count)
            }
            start = index(after: start)
        }
        return nil
    }

    /// Up to the first blank that is not inside double quotes.
    fileprivate var prefixOutsideQuotes: Substring {
        var isQuoted = false
        return prefix { character in
            if character == "\"" { isQuoted.toggle() }
            return isQuoted || character != " "
        }
    }
}
