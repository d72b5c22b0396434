/// Foreign keys that pair the tenants of both rows: without it a row of one tenant may hang on a
/// row of another, learn that it exists, keep it from being deleted, or go with it.
extension ProtectPlanner {
    /// Foreign keys between tables of tenants that do not pair the tenants.
    var unpaired: [ReferenceState] {
        state.references.filter { reference in
            guard !isOurs(reference), !isPaired(reference) else { return false }
            return isTenant(reference.child) && isTenant(reference.parent)
                && !(state.table(reference.child)?.parent != nil)
        }
    }

    /// One that this command has made and that has not taken the old one's place yet.
    private func isOurs(_ reference: ReferenceState) -> Bool {
        reference.name.hasPrefix("ringfence_reference_")
    }

    func isPaired(_ reference: ReferenceState) -> Bool {
        zip(reference.columns, reference.parentColumns).contains { $0 == column && $1 == column }
    }

    private func isTenant(_ oid: String) -> Bool {
        guard let table = state.table(oid) else { return false }
        return table.tenant != nil || roots.contains { $0.oid == oid }
    }

    func isParentPartitioned(_ reference: ReferenceState) -> Bool {
        state.table(reference.parent)?.kind == .partitioned
    }

    private func made(_ reference: ReferenceState, on child: String) -> ReferenceState? {
        state.references.first {
            $0.name == ProtectNames.reference(reference) && $0.child == child
        }
    }

    // MARK: Steps

    mutating func checkCrossings(_ reference: ReferenceState) {
        guard let child = state.table(reference.child), let parent = state.table(reference.parent),
            // The server has asked the same since then.
            !state.references.contains(where: { $0.name == ProtectNames.reference(reference) })
        else { return }
        let pairs = zip(reference.columns, reference.parentColumns)
            .map { "ringfence_child.\($0) = ringfence_parent.\($1)" }.joined(separator: " AND ")
        add(
            .expand,
            "look for rows of \(child.qualified) that refer to another tenant's "
                + "\(parent.qualified)",
            lock: "ACCESS SHARE on both while they are read; reads and writes go on",
            wait: .patient,
            notes: ["changes nothing; stops the migration when there are any"],
            """
            DO $crossings$
            DECLARE found bigint;
            BEGIN
                SELECT count(*) INTO found FROM \(child.qualified) ringfence_child
                JOIN \(parent.qualified) ringfence_parent ON \(pairs)
                WHERE ringfence_child.\(column) <> ringfence_parent.\(column);
                IF found > 0 THEN
                    RAISE EXCEPTION USING ERRCODE = '23503', MESSAGE = format(
                        '%s rows of %s refer to rows of another tenant in %s (%s)', found,
                        \(literal(child.qualified)), \(literal(parent.qualified)),
                        \(literal(reference.name)));
                END IF;
            END $crossings$
            """)
    }

    mutating func buildReference(_ reference: ReferenceState) {
        guard let child = state.table(reference.child), let parent = state.table(reference.parent)
        else { return }
        let name = ProtectNames.reference(reference)
        let isJoined = child.kind == .partitioned
        let tables =
            isJoined
            ? state.members(of: child.oid).filter(\.isLeaf) : [child]
        if isJoined, made(reference, on: child.oid) != nil { return }
        for table in tables {
            let present = made(reference, on: table.oid)
            if present == nil {
                add(
                    .expand,
                    "pair the tenants in \(reference.name), for new rows of "
                        + table.qualified,
                    lock: "SHARE ROW EXCLUSIVE on \(table.qualified) and \(parent.qualified), a "
                        + "change of the catalog only",
                    composite(reference, named: name, on: table, isValidated: false))
            }
            if present?.isValidated != true {
                add(
                    .expand,
                    "find out that \(reference.name) holds with tenants for "
                        + table.qualified,
                    lock: "SHARE UPDATE EXCLUSIVE on \(table.qualified), ROW SHARE on "
                        + "\(parent.qualified) while they are read; reads and writes go on",
                    wait: .patient, "ALTER TABLE \(table.qualified) VALIDATE CONSTRAINT \(name)")
            }
        }
        if isJoined {
            add(
                .expand, "join \(reference.name) of the partitions of \(child.qualified)",
                lock: "SHARE ROW EXCLUSIVE on \(child.qualified), its partitions and "
                    + "\(parent.qualified), a change of the catalog only",
                composite(reference, named: name, isValidated: true))
        }
    }

    /// `ALTER TABLE … ADD CONSTRAINT … FOREIGN KEY` with the tenant in front.
    func composite(
        _ reference: ReferenceState, named name: String, on table: TableState? = nil,
        isValidated: Bool
    ) -> String {
        let child = (table ?? state.table(reference.child))?.qualified ?? ""
        let parent = state.table(reference.parent)?.qualified ?? ""
        var text =
            "ALTER TABLE \(child) ADD CONSTRAINT \(name) FOREIGN KEY "
            + "(\(([column] + reference.columns).joined(separator: ", "))) REFERENCES \(parent) "
            + "(\(([column] + reference.parentColumns).joined(separator: ", ")))"
        text += " ON UPDATE \(Self.action(reference.onUpdate))"
        text += " ON DELETE \(Self.action(reference.onDelete))"
        if reference.onDelete == "n" || reference.onDelete == "d" {
            // Without the list the tenant itself would be set to NULL.
            let columns =
                reference.deleteColumns.isEmpty ? reference.columns : reference.deleteColumns
            text += " (\(columns.joined(separator: ", ")))"
        }
        if reference.isDeferrable { text += " DEFERRABLE" }
        if reference.isDeferred { text += " INITIALLY DEFERRED" }
        return isValidated ? text : text + " NOT VALID"
    }

    private static func action(_ letter: String) -> String {
        switch letter {
        case "r": "RESTRICT"
        case "c": "CASCADE"
        case "n": "SET NULL"
        case "d": "SET DEFAULT"
        default: "NO ACTION"
        }
    }

    /// Statements by which the paired one takes the old one's name.
    func dropReference(_ reference: ReferenceState) -> [String] {
        let child = state.table(reference.child)?.qualified ?? ""
        var lines = ["ALTER TABLE \(child) DROP CONSTRAINT \(reference.name);"]
        // What refers to a partitioned table is made anew behind the new key.
        if !isParentPartitioned(reference) {
            lines.append(
                "ALTER TABLE \(child) RENAME CONSTRAINT \(ProtectNames.reference(reference)) "
                    + "TO \(reference.name);")
        }
        return lines
    }

    /// References to tables whose keys stay as they are.
    mutating func swapRemainingReferences() {
        for reference in unpaired {
            if let parent = state.table(reference.parent),
                roots.contains(where: { $0.oid == parent.oid }), !replacedKeys(of: parent).isEmpty
            {
                continue
            }
            var lines = ["BEGIN;"] + dropReference(reference)
            if isParentPartitioned(reference) {
                lines.append(composite(reference, named: reference.name, isValidated: false) + ";")
            }
            let tables = [reference.child, reference.parent].compactMap {
                state.table($0)?.qualified
            }
            add(
                .expand, "put the paired \(reference.name) in the place of the old one",
                lock: "ACCESS EXCLUSIVE on \(tables.joined(separator: ", ")), a change of the "
                    + "catalog only",
                (lines + ["COMMIT"]).joined(separator: "\n"))
        }
    }

    /// What was made NOT VALID in a change of keys, in this run or in an interrupted one.
    mutating func validate(_ reference: ReferenceState) {
        guard let child = state.table(reference.child),
            roots.contains(where: { $0.oid == child.oid })
        else { return }
        let isMadeHere = unpaired.contains(reference) && isParentPartitioned(reference)
        let isLeftOver = isPaired(reference) && !reference.isValidated && !isOurs(reference)
        guard isMadeHere || isLeftOver else { return }
        add(
            .expand, "find out that \(reference.name) holds with tenants for \(child.qualified)",
            lock: "SHARE UPDATE EXCLUSIVE on \(child.qualified), ROW SHARE on what it refers to, "
                + "while they are read; reads and writes go on", wait: .patient,
            "ALTER TABLE \(child.qualified) VALIDATE CONSTRAINT \(reference.name)")
    }
}
