/// Policies, grants, and at last the owner.
extension ProtectPlanner {
    mutating func guardTables() {
        for root in roots {
            if root.tenant?.defaultText == nil {
                add(
                    .guarded, "let \(column) of \(root.qualified) be the transaction's tenant",
                    lock: "ACCESS EXCLUSIVE on \(root.qualified), a change of the catalog only",
                    "ALTER TABLE \(root.qualified) ALTER COLUMN \(column) "
                        + "SET DEFAULT \(tenant.subject)")
            }
            for table in state.members(of: root.oid) { addPolicies(to: table) }
            grant(on: root)
        }
        letRoleCall()
    }

    /// The floor and the policy for rows, with one text: no later permissive policy widens the
    /// floor. USING also judges what is written where WITH CHECK is absent.
    private mutating func addPolicies(to table: TableState) {
        var lines: [String] = []
        for (name, isPermissive) in [(ProtectNames.floor, false), (ProtectNames.rows, true)] {
            let present = table.policies.first { $0.name == name }
            if let present {
                if isRight(present, isPermissive: isPermissive) { continue }
                lines.append("DROP POLICY \(name) ON \(table.qualified);")
            }
            lines.append(
                "CREATE POLICY \(name) ON \(table.qualified)"
                    + (isPermissive ? "" : " AS RESTRICTIVE") + " USING (\(tenant.condition));")
        }
        if !table.isRowSecurityOn {
            lines.append("ALTER TABLE \(table.qualified) ENABLE ROW LEVEL SECURITY;")
        }
        guard !lines.isEmpty else { return }
        add(
            .guarded, "put \(table.qualified) under row-level security",
            lock: "ACCESS EXCLUSIVE on \(table.qualified), a change of the catalog only",
            notes: [
                "from here on logins other than the owner see rows of the transaction's tenant, "
                    + "and none without one"
            ],
            (["BEGIN;"] + lines + ["COMMIT"]).joined(separator: "\n"))
    }

    private func isRight(_ policy: TableState.Policy, isPermissive: Bool) -> Bool {
        policy.isPermissive == isPermissive && policy.command == "*" && policy.isForAll
            && policy.check == nil && tenant.matches(policy.using)
    }

    /// What the application needs of the table, and nothing that policies do not judge. Partitions
    /// are reached through their parent only.
    private mutating func grant(on root: TableState) {
        guard let role = state.role else { return }
        let rows: Set<String> = ["SELECT", "INSERT", "UPDATE", "DELETE"]
        var lines: [String] = []
        if !role.mayUse.contains(root.schema) {
            lines.append("GRANT USAGE ON SCHEMA \(root.schema) TO \(role.name);")
        }
        if root.rolePrivileges.isDisjoint(with: rows) {
            lines.append(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON \(root.qualified) TO \(role.name);")
        }
        for table in state.members(of: root.oid) {
            let isPartition = table.oid != root.oid
            var excess = table.rolePrivileges.union(table.publicPrivileges)
            if !isPartition { excess.subtract(rows) }
            guard !excess.isEmpty else { continue }
            let words = isPartition ? "ALL" : excess.sorted().joined(separator: ", ")
            lines.append("REVOKE \(words) ON \(table.qualified) FROM PUBLIC, \(role.name);")
        }
        guard !lines.isEmpty else { return }
        add(
            .guarded, "grant \(role.name) the rows of \(root.qualified) and nothing else",
            lock: "none that stops reads or writes",
            (["BEGIN;"] + lines + ["COMMIT"]).joined(separator: "\n"))
    }

    /// Sequences tell the volume of all tenants to whoever may read them; a policy calls the
    /// function with the rights of whoever reads the table.
    private mutating func letRoleCall() {
        guard let role = state.role else { return }
        var lines: [String] = []
        for (sequence, held) in role.sequences.sorted(by: { $0.key < $1.key }) {
            if !held.contains("USAGE") {
                lines.append("GRANT USAGE ON SEQUENCE \(sequence) TO \(role.name);")
            }
            let excess = held.subtracting(["USAGE"]).sorted()
            if !excess.isEmpty {
                lines.append(
                    "REVOKE \(excess.joined(separator: ", ")) ON SEQUENCE \(sequence) "
                        + "FROM PUBLIC, \(role.name);")
            }
        }
        if let function = state.tenantFunction, !role.mayCallFunction, state.ownsFunction {
            let schema = function.prefix { $0 != "." }
            lines.append("GRANT USAGE ON SCHEMA \(schema) TO \(role.name);")
            lines.append("GRANT EXECUTE ON FUNCTION \(function)() TO \(role.name);")
        }
        guard !lines.isEmpty else { return }
        add(
            .guarded, "grant \(role.name) what the tables need around them",
            lock: "none that stops reads or writes",
            (["BEGIN;"] + lines + ["COMMIT"]).joined(separator: "\n"))
    }

    mutating func force() {
        for root in roots {
            let tables = state.members(of: root.oid).filter { !$0.isForced }
            if !tables.isEmpty {
                let lines = tables.map { "ALTER TABLE \($0.qualified) FORCE ROW LEVEL SECURITY;" }
                add(
                    .force, "bind the owner of \(root.qualified) as well",
                    lock: "ACCESS EXCLUSIVE on \(tables.map(\.qualified).joined(separator: ", ")), "
                        + "a change of the catalog only",
                    notes: [
                        "from here on a session of \(root.owner) without a tenant sees no rows: "
                            + "the application logs in as another role before this"
                    ],
                    (["BEGIN;"] + lines + ["COMMIT"]).joined(separator: "\n"))
            }
            let hasTrigger = root.triggers.contains { $0.name == ProtectNames.fillTrigger }
            let isMade = root.tenant?.isNotNull != true && backfill(of: root) != nil
            if hasTrigger || isMade {
                add(
                    .force, "take the trigger that filled \(column) of \(root.qualified) away",
                    lock: "ACCESS EXCLUSIVE on \(root.qualified), a change of the catalog only",
                    """
                    BEGIN;
                    DROP TRIGGER IF EXISTS \(ProtectNames.fillTrigger) ON \(root.qualified);
                    DROP FUNCTION IF EXISTS \(ProtectNames.fillFunction(root))();
                    COMMIT
                    """)
            }
        }
    }
}
