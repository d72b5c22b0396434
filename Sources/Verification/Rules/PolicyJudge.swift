/// B3 to B9: whether the policies of a relation, as texts, prove isolation.
struct PolicyJudge {
    enum Form {
        /// One of the texts that prove it.
        case canonical
        /// The same, but an empty context is an error and not "no rows".
        case loud
        case other
    }

    let scope: Scope

    /// The form of a whole policy.
    func form(_ policy: Catalog.Policy, of relation: Catalog.Relation) -> Form {
        if policy.isLoose { return .other }
        var isLoud = false
        for text in [policy.using, policy.check].compactMap({ $0 }) {
            for part in PolicyText(text).alternatives {
                guard let right = accepted(part, policy, relation) else { return .other }
                if let read = ContextSource.reading(right), !read.isQuiet { isLoud = true }
            }
        }
        return policy.using == nil && policy.check == nil ? .other : isLoud ? .loud : .canonical
    }

    /// What stands on the right, when `part` compares a column that may open this policy.
    private func accepted(
        _ part: PolicyText, _ policy: Catalog.Policy, _ relation: Catalog.Relation
    ) -> [String]? {
        for key in relation.keys
        where !key.onlyReads || policy.command == "r" || !policy.isPermissive {
            guard let axis = scope.axes[key.axis],
                let right = relation.right(of: key, in: part)
            else { continue }
            if axis.accepted.contains(right) { return right }
        }
        return nil
    }

    /// Whether a restrictive policy in canonical form holds for all commands and all roles.
    func hasFloor(_ relation: Catalog.Relation) -> Bool {
        relation.policies.contains {
            !$0.isPermissive && $0.command == "*" && $0.roles.isEmpty
                && form($0, of: relation) != .other
        }
    }

    func findings() -> [Finding] {
        var findings: [Finding] = []
        for relation in scope.tenanted where relation.isTable && relation.isSecured {
            guard !relation.privileges.isEmpty else { continue }
            findings += judge(relation)
        }
        return findings + contextFindings()
    }

    private func judge(_ relation: Catalog.Relation) -> [Finding] {
        let mine = relation.policies.filter(\.appliesToLogin)
        let permissive = mine.filter(\.isPermissive)
        // What opens the table to a role the login can become, opens it to the login.
        let borrowed = relation.policies.filter { policy in
            policy.isPermissive && !policy.appliesToLogin
                && relation.actors.contains { $0.hears(policy) }
        }
        let floor = hasFloor(relation)
        let areAllCanonical = (permissive + borrowed).allSatisfy {
            form($0, of: relation) != .other
        }
        var findings = (mine + borrowed).flatMap { judge($0, of: relation, floor: floor) }
        let table = "table \(relation.name)"
        let name = relation.name
        if permissive.isEmpty {
            findings.append(
                Finding(
                    .b3, .notice, object: table, relation: name,
                    "no permissive policy of \(name) is for the login: it sees no row"))
        }
        let doubled = ["r", "a", "w", "d"].filter { command in
            permissive.count { $0.covers(command) } > 1
                && !Self.isDesigned(relation, command, permissive)
        }
        if !doubled.isEmpty {
            findings.append(
                Finding(
                    .b4, floor || areAllCanonical ? .notice : .unproven, object: table,
                    relation: name,
                    "several permissive policies of \(name) are combined with OR: "
                        + permissive.map(\.name).joined(separator: ", "),
                    fix: "-- keep one of them, or make the others AS RESTRICTIVE"))
        }
        if !floor {
            findings.append(
                Finding(
                    .b5, areAllCanonical ? .notice : .unproven, object: table, relation: name,
                    "no restrictive policy of \(name) holds for all commands and roles: the next "
                        + "permissive one opens it",
                    fix: floorFix(relation)))
        }
        for key in relation.keys {
            guard let column = relation.column(key.column), !column.isNotNull else { continue }
            findings.append(
                Finding(
                    .b7, areAllCanonical ? .notice : .unproven,
                    object: "column \(relation.name).\(key.column)", relation: name,
                    "\(key.column) of \(name) may be NULL: such a row belongs to nobody",
                    fix: "ALTER TABLE \(name) ALTER COLUMN \(quoted(key.column)) SET NOT NULL;"))
        }
        return findings
    }

    /// A second permissive policy that only reads, by another column, is what such keys are for.
    private static func isDesigned(
        _ relation: Catalog.Relation, _ command: String, _ permissive: [Catalog.Policy]
    ) -> Bool {
        command == "r" && relation.keys.contains(where: \.onlyReads)
            && permissive.count { $0.covers("r") } <= relation.keys.count
    }

    private func judge(
        _ policy: Catalog.Policy, of relation: Catalog.Relation, floor: Bool
    ) -> [Finding] {
        var findings: [Finding] = []
        let object = "policy \(quoted(policy.name)) on \(relation.name)"
        let pin = Self.hash(policy)
        let columns = Set(relation.keys.compactMap { relation.column($0.column)?.number })
        if policy.isPermissive, columns.isDisjoint(with: policy.columns) {
            findings.append(
                Finding(
                    .b6, floor ? .notice : .unproven, object: object, relation: relation.name,
                    "\(object) does not look at the tenant column",
                    fix: "DROP POLICY \(quoted(policy.name)) ON \(relation.name);", pin: pin))
        }
        switch form(policy, of: relation) {
        case .canonical: break
        case .loud:
            findings.append(
                Finding(
                    .b8, .notice, object: object, relation: relation.name,
                    "\(object) fails with 22P02 when the context is empty, which it is in every "
                        + "pooled session after a transaction; wrap it in nullif(…, '')",
                    fix: policyFix(policy, relation), pin: pin))
        case .other:
            // A floor makes any permissive policy narrower than itself; a further restrictive
            // policy narrows, too, but a floor that is none has to be read by somebody.
            let isHarmless = floor
            let (why, fix) = blame(policy, relation)
            findings.append(
                Finding(
                    .b8, isHarmless ? .notice : .unproven, object: object, relation: relation.name,
                    "\(object) \(why): \(policy.using ?? policy.check ?? "")", fix: fix, pin: pin))
        }
        if let check = policy.check, floor == false || !policy.isPermissive,
            PolicyText(check).words == ["true"]
        {
            findings.append(
                Finding(
                    .b8, .leak, object: object + " WITH CHECK", relation: relation.name,
                    "\(object) lets rows of any tenant be written: WITH CHECK (true)",
                    fix: policyFix(policy, relation), pin: pin))
        }
        return findings
    }

    /// Why a policy is not in canonical form, and what would mend it.
    private func blame(
        _ policy: Catalog.Policy, _ relation: Catalog.Relation
    ) -> (why: String, fix: String) {
        if policy.isLoose {
            return (
                "compares under a collation by which different texts may be equal",
                "-- give the tenant column of \(relation.name) a deterministic collation, such as "
                    + "\"C\", and make its policies again"
            )
        }
        let unclear = scope.catalog.functions.first {
            policy.functions.contains($0.oid) && $0.takesNothing && !$0.isDefiner
                && !$0.isResolved && ContextSource.reading(PolicyText($0.body).words) != nil
        }
        if let unclear {
            return (
                "asks \(unclear.name), whose names are looked up along a search path",
                "-- write the body of \(unclear.signature) as LANGUAGE sql RETURN …, which is "
                    + "parsed once; or ALTER FUNCTION \(unclear.signature) SET search_path = "
                    + "pg_catalog, pg_temp;"
            )
        }
        return ("is not in canonical form", policyFix(policy, relation))
    }

    /// What pins a policy: any change of its meaning changes it.
    static func hash(_ policy: Catalog.Policy) -> String {
        SHA256.pin(
            [
                policy.command, policy.isPermissive ? "permissive" : "restrictive",
                policy.roles.joined(separator: ","), policy.using ?? "-", policy.check ?? "-",
            ].joined(separator: "\n"))
    }

    // MARK: The context itself

    private func contextFindings() -> [Finding] {
        var findings: [Finding] = []
        for (axis, _) in zip(scope.axes, scope.profile.axes) {
            guard let axis, case .setting(let name) = axis.source else { continue }
            findings.append(
                Finding(
                    .b9, scope.isPlainExplicit ? .notice : .unproven, object: "setting \(name)",
                    "plain mode: any statement can set \(name), so policies stop mistakes and not "
                        + "injected SQL",
                    reproducer: "SELECT set_config(\(literal(name)), \(literal(axis.b)), true);",
                    fix: "-- use the sealed context, or say plain mode explicitly"))
        }
        return findings
    }

    // MARK: What to write instead

    /// `column = context`, in words for SQL.
    private func condition(_ relation: Catalog.Relation) -> String {
        guard let key = relation.keys.first(where: { !$0.onlyReads }) else { return "false" }
        let axis = scope.axes[key.axis]
        let column = quoted(key.column)
        if let function = scope.catalog.functions.first(where: {
            axis?.functions.contains($0.oid) == true
        }) {
            return "\(column) = \(function.name)()"
        }
        guard case .setting(let name) = axis?.source else { return "\(column) = the context" }
        let type = relation.column(key.column)?.type ?? "uuid"
        return "\(column) = nullif(current_setting(\(literal(name)), true), '')::\(type)"
    }

    private func floorFix(_ relation: Catalog.Relation) -> String {
        "CREATE POLICY tenant_floor ON \(relation.name) AS RESTRICTIVE "
            + "USING (\(condition(relation)));"
    }

    private func policyFix(_ policy: Catalog.Policy, _ relation: Catalog.Relation) -> String {
        let name = quoted(policy.name)
        let commands = ["*": "ALL", "r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"]
        let kind = policy.isPermissive ? "PERMISSIVE" : "RESTRICTIVE"
        let verb = policy.command == "a" ? "WITH CHECK" : "USING"
        return "DROP POLICY \(name) ON \(relation.name); CREATE POLICY \(name) ON "
            + "\(relation.name) AS \(kind) FOR \(commands[policy.command] ?? "ALL") "
            + "\(verb) (\(condition(relation)));"
    }
}
