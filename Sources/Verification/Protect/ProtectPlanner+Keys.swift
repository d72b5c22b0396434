/// Keys that begin with the tenant take the place of those that do not know it: a key checks across
/// all tenants, and would tell one what another has.
extension ProtectPlanner {
    /// Whether `index` is to be replaced.
    func isReplaced(_ index: TableState.Index) -> Bool {
        index.isUnique && index.isValid && !index.isExclusion
            && !index.name.hasPrefix("ringfence_key_") && !index.columns.contains(column)
    }

    /// The keys of a table and its partitions that are not part of another one.
    func replacedKeys(
        of root: TableState
    ) -> [(table: TableState, index: TableState.Index)] {
        state.members(of: root.oid).flatMap { table in
            table.indexes.filter { isReplaced($0) && $0.parent == nil }.map { (table, $0) }
        }
    }

    /// `index` itself and what partitions have of it, from the top down.
    func parts(
        of index: TableState.Index, on table: TableState
    ) -> [(table: TableState, index: TableState.Index)] {
        var found = [(table, index)]
        var next = 0
        while next < found.count {
            let parent = found[next].1.oid
            next += 1
            for child in state.tables {
                for part in child.indexes where part.parent == parent {
                    found.append((child, part))
                }
            }
        }
        return found
    }

    mutating func buildKeys(of root: TableState) {
        for (table, index) in replacedKeys(of: root) {
            for (leaf, part) in parts(of: index, on: table) where leaf.isLeaf {
                buildIndex(
                    ProtectNames.key(part), on: leaf,
                    title: "build the key that takes the place of \(part.name)",
                    definition: { "CREATE UNIQUE INDEX CONCURRENTLY \($0)\($1)" },
                    tail: Self.tail(of: part, on: leaf, inserting: column))
            }
        }
    }

    /// ` ON t USING btree (tenant_id, …` from what the server says of the present index.
    static func tail(
        of index: TableState.Index, on table: TableState, inserting column: String
    ) -> String? {
        for only in ["", "ONLY "] {
            let start = "CREATE UNIQUE INDEX \(index.name) ON \(only)\(table.qualified) "
            guard index.definition.hasPrefix(start + "USING btree (") else { continue }
            let rest = index.definition.dropFirst((start + "USING btree (").count)
            return " ON \(only)\(table.qualified) USING btree (\(column), \(rest)"
        }
        return nil
    }

    private mutating func buildIndex(
        _ name: String, on table: TableState, title: String,
        definition: (String, String) -> String, tail: String?
    ) {
        guard let tail else { return }
        let present = table.indexes.first { $0.name == name }
        if present?.isValid == true { return }
        if present != nil {
            add(
                .expand, "remove what an interrupted build left of \(name)",
                lock: "SHARE UPDATE EXCLUSIVE on \(table.qualified)", wait: .patient,
                "DROP INDEX CONCURRENTLY \(table.schema).\(name)")
        }
        add(
            .expand, title,
            lock: "SHARE UPDATE EXCLUSIVE on \(table.qualified) while it is read; reads and writes "
                + "go on", wait: .patient, definition(name, tail))
    }

    // MARK: The change from old to new

    mutating func swapKeys(of root: TableState) {
        let keys = replacedKeys(of: root)
        guard !keys.isEmpty else { return }
        let incoming = unpaired.filter { $0.parent == root.oid }
        var lines: [String] = ["BEGIN;"]
        // A reference holds on to the key it was made for.
        for reference in incoming { lines += dropReference(reference) }
        for (table, index) in keys { lines += replace(index, on: table) }
        for reference in incoming where isParentPartitioned(reference) {
            lines.append(composite(reference, named: reference.name, isValidated: false) + ";")
        }
        lines.append("COMMIT")
        let children = incoming.compactMap { state.table($0.child)?.qualified }
            .filter { $0 != root.qualified }
        let locked = [root.qualified] + Set(children).sorted()
        let named = keys.map(\.index.name).joined(separator: ", ")
        add(
            .expand, "put the new keys of \(root.qualified) in the place of \(named)",
            lock: "ACCESS EXCLUSIVE on \(locked.joined(separator: ", ")), a change of the catalog "
                + "only",
            notes: [
                "statements with ON CONFLICT (…) on these columns must name \(column) too from "
                    + "here on"
            ],
            lines.joined(separator: "\n"))
    }

    private func replace(_ index: TableState.Index, on table: TableState) -> [String] {
        if let constraint = index.constraint {
            return ["ALTER TABLE \(table.qualified) DROP CONSTRAINT \(constraint);"]
                + parts(of: index, on: table).reversed().flatMap { adopt($0.index, on: $0.table) }
        }
        return ["DROP INDEX \(table.schema).\(index.name);"]
            + parts(of: index, on: table).reversed().flatMap { adopt($0.index, on: $0.table) }
    }

    /// On a leaf the built index takes the old name; above it a shell is made, and what the
    /// partitions have is attached. Both change the catalog only.
    private func adopt(_ index: TableState.Index, on table: TableState) -> [String] {
        var lines: [String] = []
        let built = ProtectNames.key(index)
        if let constraint = index.constraint {
            if table.isLeaf {
                let kind = index.isPrimary ? "PRIMARY KEY" : "UNIQUE"
                var timing = index.isDeferrable ? " DEFERRABLE" : ""
                if index.isDeferred { timing += " INITIALLY DEFERRED" }
                lines.append(
                    "ALTER TABLE \(table.qualified) ADD CONSTRAINT \(constraint) \(kind) "
                        + "USING INDEX \(built)\(timing);")
            } else {
                lines.append(
                    "ALTER TABLE ONLY \(table.qualified) ADD CONSTRAINT \(constraint) "
                        + "\(inserting(column, into: index.constraintDefinition));")
            }
        } else if table.isLeaf {
            lines.append("ALTER INDEX \(table.schema).\(built) RENAME TO \(index.name);")
        } else if let tail = Self.tail(of: index, on: table, inserting: column) {
            lines.append("CREATE UNIQUE INDEX \(index.name)\(tail);")
        }
        let name = index.constraint ?? index.name
        if !table.isLeaf {
            for (child, part) in parts(of: index, on: table) where part.parent == index.oid {
                lines.append(
                    "ALTER INDEX \(table.schema).\(name) ATTACH PARTITION "
                        + "\(child.schema).\(part.constraint ?? part.name);")
            }
        }
        if index.isReplicaIdentity {
            lines.append("ALTER TABLE \(table.qualified) REPLICA IDENTITY USING INDEX \(name);")
        }
        return lines
    }

    /// `PRIMARY KEY (id)` becomes `PRIMARY KEY (tenant_id, id)`.
    private func inserting(_ column: String, into definition: String) -> String {
        guard let place = definition.firstIndex(of: "(") else { return definition }
        return definition[...place] + "\(column), " + definition[definition.index(after: place)...]
    }

    // MARK: An index to find a tenant's rows by

    mutating func buildLeadingIndex(of root: TableState) {
        let name = ProtectNames.leading(root)
        let members = state.members(of: root.oid)
        let hasOne = members.allSatisfy { table in
            table.indexes.contains { index in
                index.isValid && (index.columns.first == column || isReplaced(index))
            }
        }
        guard !hasOne else { return }
        for leaf in members where leaf.isLeaf {
            let own = leaf.oid == root.oid ? name : "\(name)_\(leaf.oid)"
            buildIndex(
                own, on: leaf, title: "build an index that finds a tenant's rows",
                definition: { "CREATE INDEX CONCURRENTLY \($0)\($1)" },
                tail: " ON \(leaf.qualified) (\(column))")
        }
        if !root.isLeaf {
            add(
                .expand, "join the indexes of the partitions of \(root.qualified)",
                lock: "SHARE on \(root.qualified) and its partitions, a change of the catalog only",
                "CREATE INDEX IF NOT EXISTS \(name) ON \(root.qualified) (\(column))")
        }
    }
}
