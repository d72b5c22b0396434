/// What cannot be done safely, each with the reason and the way out, and what is left for a person.
extension ProtectPlanner {
    /// Row ranges of a page are found without reading the table from 14 on.
    private static let serverVersionMin = 140_000
    /// ON DELETE SET NULL of some columns only.
    private static let columnListVersionMin = 150_000

    mutating func refuse() {
        if state.serverVersion < Self.serverVersionMin {
            refuse("the server is older than PostgreSQL 14")
        }
        for name in state.unknown { refuse("there is no table `\(name)`") }
        let known = state.roots.filter { !$0.isEmpty }
        if Set(known).count != known.count { refuse("a table is named twice") }
        refuseContext()
        refuseRole()
        for root in roots {
            refuseTable(root)
            refuseValues(root)
        }
        for reference in state.references { refuseReference(reference) }
    }

    private mutating func refuse(_ words: String) { plan.refusals.append(words) }

    private mutating func refuseContext() {
        if mode != .plain, options.type == .bigint {
            refuse(
                "a seal names the tenant by uuid, which a bigint column cannot be compared with: "
                    + "add a uuid column with --column and --backfill, or say --mode plain")
        }
        guard let function = state.tenantFunction else {
            if mode != .plain {
                refuse(
                    "the guard is not in this database, so there is no \(mode.rawValue) "
                        + "mode: `ringfence db migrate` installs it, or say --mode plain")
            }
            return
        }
        // Policies that ask another context than the sessions have would show nobody anything.
        if state.functionMode != mode {
            let found = state.functionMode?.rawValue ?? "of an unknown kind"
            refuse(
                "\(function) of this database is \(found), and \(mode.rawValue) is asked "
                    + "for: say --mode \(found), or change the guard with `ringfence db migrate`")
        }
    }

    private mutating func refuseRole() {
        guard let role = state.role else { return }
        if !role.exists { refuse("there is no role `\(role.name)`") }
        if role.isBeyondPolicies {
            refuse(
                "role \(role.name) is superuser or BYPASSRLS: no policy would bind it; give the "
                    + "application another login")
        }
        for table in role.owned {
            refuse(
                "role \(role.name) owns \(table), or can become its owner, and could switch "
                    + "row-level security off: give the application a login that owns nothing")
        }
    }

    private mutating func refuseTable(_ root: TableState) {
        if case .other(let words) = root.kind {
            refuse("\(root.qualified) is \(words); only tables can be put under the guard")
        }
        if !root.isOurs {
            refuse("\(root.qualified) belongs to \(root.owner), and \(state.currentUser) is not it")
        }
        if root.isTemporary { refuse("\(root.qualified) is a temporary table") }
        if let parent = root.parent {
            refuse(
                "\(root.qualified) is a partition: name its table "
                    + "\(state.table(parent)?.qualified ?? "") instead")
        }
        if !root.isRowSecurityOn, state.watchedSchemas.contains(root.schema) {
            refuse(
                "event trigger ringfence_guard_tables watches schema \(root.schema) and would "
                    + "close \(root.qualified) at the first step: a superuser disables it until "
                    + "this is done (ALTER EVENT TRIGGER ringfence_guard_tables DISABLE)")
        }
        if root.hasInheritance {
            refuse(
                "\(root.qualified) is part of an inheritance (INHERITS, no partitions): a key does "
                    + "not hold across it, so that no key can keep tenants apart")
        }
        if let type = root.tenant?.type, type != options.type.rawValue {
            refuse(
                "\(root.qualified).\(column) is \(type) and not \(options.type.rawValue): say "
                    + "--type, or use another column")
        }
        for member in state.members(of: root.oid) where member.oid != root.oid {
            if case .other(let words) = member.kind {
                refuse("partition \(member.qualified) is \(words), which policies cannot judge")
            }
        }
        for (table, index) in replacedKeys(of: root) {
            for (leaf, part) in parts(of: index, on: table)
            where Self.tail(of: part, on: leaf, inserting: column) == nil {
                refuse(
                    "key \(part.name) of \(leaf.qualified) is of a kind this command cannot copy")
            }
        }
    }

    private mutating func refuseValues(_ root: TableState) {
        guard root.tenant?.isNotNull != true else { return }
        let members = state.members(of: root.oid)
        let isEmpty = members.allSatisfy { $0.bytes == 0 }
        let needsValues =
            root.tenant == nil ? !isEmpty : members.contains(where: \.hasEmptyTenants)
        if needsValues, backfill(of: root) == nil {
            refuse(
                "rows of \(root.qualified) have no \(column): say how a row tells its tenant, with "
                    + "--backfill '\(root.qualified)=EXPRESSION'")
        }
        if root.isRowSecurityOn, root.isForced, !state.isBeyondPolicies {
            refuse(
                "row-level security of \(root.qualified) is forced: the owner would fill no row "
                    + "and be told nothing; run this as a BYPASSRLS role, or lift FORCE first")
        }
    }

    // MARK: References

    private mutating func refuseReference(_ reference: ReferenceState) {
        guard let child = state.table(reference.child), let parent = state.table(reference.parent),
            !isPaired(reference)
        else { return }
        let isChildNamed = isNamed(child)
        let name = "\(reference.name) of \(child.qualified)"
        if isNamed(parent), !isChildNamed, holdsReplacedKey(reference, of: parent) {
            refuse(
                "\(child.qualified) refers to \(parent.qualified) by a key without the tenant "
                    + "(\(reference.name)): name \(child.qualified) too")
            return
        }
        guard unpaired.contains(reference), isChildNamed else {
            if child.parent != nil, isNamed(parent), holdsReplacedKey(reference, of: parent) {
                refuse("partition \(child.qualified) has a reference of its own: \(reference.name)")
            }
            return
        }
        if !isNamed(parent), !hasPairedKey(reference, on: parent) {
            refuse(
                "\(child.qualified) refers to \(parent.qualified), which has no unique key with "
                    + "\(column): name \(parent.qualified) too")
        }
        if child.kind == .partitioned, parent.kind == .partitioned {
            refuse("\(name) leads from one partitioned table to another: remake it by hand")
        }
        refuseActions(reference, name)
    }

    private mutating func refuseActions(_ reference: ReferenceState, _ name: String) {
        if reference.match == "f", reference.columns.count > 1 {
            refuse("\(name) is MATCH FULL, which does not mean the same with the tenant in it")
        }
        if reference.onUpdate == "n" || reference.onUpdate == "d" {
            refuse("\(name) sets columns on update, which would take the tenant along")
        }
        if reference.onDelete == "n" || reference.onDelete == "d" {
            if state.serverVersion < Self.columnListVersionMin {
                refuse("\(name) sets columns on delete: the server needs PostgreSQL 15 for that")
            }
            if reference.deleteColumns.isEmpty, reference.columns.contains(column) {
                refuse("\(name) would set \(column) on delete")
            }
        }
    }

    private func isNamed(_ table: TableState) -> Bool {
        roots.contains { root in
            root.oid == table.oid || state.members(of: root.oid).contains { $0.oid == table.oid }
        }
    }

    private func holdsReplacedKey(_ reference: ReferenceState, of parent: TableState) -> Bool {
        parent.indexes.contains {
            isReplaced($0) && Set($0.columns.compactMap(\.self)) == Set(reference.parentColumns)
        }
    }

    private func hasPairedKey(_ reference: ReferenceState, on parent: TableState) -> Bool {
        let wanted = Set(reference.parentColumns + [column])
        return parent.indexes.contains {
            $0.isUnique && $0.isValid && Set($0.columns.compactMap(\.self)) == wanted
                && $0.columns.count == wanted.count
        }
    }

    // MARK: What is left

    mutating func remain() {
        for root in roots {
            for table in state.members(of: root.oid) { remain(on: table) }
        }
        for reference in state.references where !unpaired.contains(reference) {
            guard let child = state.table(reference.child),
                let parent = state.table(reference.parent), isNamed(child), !isNamed(parent),
                parent.tenant == nil
            else { continue }
            plan.remaining.append(
                "\(reference.name) of \(child.qualified) leads to \(parent.qualified), which has "
                    + "no \(column): kept, as to a table of all tenants")
        }
        if state.role == nil {
            plan.remaining.append(
                "no grants were looked at: name the application's login by --role")
        } else if let function = state.tenantFunction, state.role?.mayCallFunction == false,
            !state.ownsFunction
        {
            plan.remaining.append(
                "the owner of \(function) grants \(state.role?.name ?? "") EXECUTE on it and USAGE "
                    + "on its schema")
        }
        plan.remaining += state.obstacles
    }

    private mutating func remain(on table: TableState) {
        for index in table.indexes where !index.columns.contains(column) {
            if index.isExclusion {
                plan.remaining.append(
                    "exclusion constraint \(index.constraint ?? index.name) of \(table.qualified) "
                        + "judges rows of all tenants together; it cannot be rebuilt online: drop "
                        + "it and add it with `\(column) WITH =` in front")
            } else if index.isUnique, !index.isValid, !index.name.hasPrefix("ringfence_key_") {
                plan.remaining.append(
                    "unique index \(index.name) of \(table.qualified) is invalid: DROP INDEX "
                        + "CONCURRENTLY \(table.schema).\(index.name)")
            }
        }
        for policy in table.policies
        where policy.name != ProtectNames.floor && policy.name != ProtectNames.rows {
            let kind = policy.isPermissive ? "permissive" : "restrictive"
            plan.remaining.append(
                "\(kind) policy \(policy.name) of \(table.qualified) is none of these: `db verify` "
                    + "calls the table unproven until it is dropped or waived (B4, B8): DROP "
                    + "POLICY \(policy.name) ON \(table.qualified)")
        }
    }
}
