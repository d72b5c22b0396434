/// Reads the catalogs about the tables asked for. Nothing is written, and the search path holds
/// `pg_catalog` alone, so that every text the server writes names its schema.
struct TableInspection: ~Copyable {
    var state = ProtectState()
    let options: ProtectOptions

    private init(_ options: ProtectOptions) { self.options = options }

    static func read(
        _ session: borrowing MigrationSession, _ options: ProtectOptions
    ) throws(ProtectFault) -> ProtectState {
        var inspection = TableInspection(options)
        do throws(ProtectFault) {
            try inspection.resolve(session)
            try session.rows(
                """
                BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
                SET LOCAL search_path = pg_catalog, pg_temp
                """)
            try inspection.readTables(session)
            try inspection.readReferences(session)
            try inspection.readColumns(session)
            try inspection.readIndexes(session)
            try inspection.readPolicies(session)
            try inspection.readTriggers(session)
            try inspection.readContext(session)
            try inspection.readRole(session)
            try inspection.readObstacles(session)
            try session.rows("COMMIT")
        } catch {
            session.rollBack()
            throw error
        }
        return inspection.state
    }

    /// Names are looked up with the session's own search path, as the operator would.
    private mutating func resolve(_ session: borrowing MigrationSession) throws(ProtectFault) {
        let facts = try session.rows(
            """
            SELECT current_setting('server_version_num'), quote_ident(current_user),
                current_setting('search_path'), (parse_ident(\(literal(options.column))))[1],
                quote_ident((parse_ident(\(literal(options.column))))[1]),
                (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user)
            """)
        guard let row = facts.first, row.count == 6 else { return }
        state.serverVersion = row[0].flatMap { Int($0) } ?? 0
        state.currentUser = row[1] ?? ""
        state.searchPath = row[2] ?? ""
        state.column = row[4] ?? ""
        state.isBeyondPolicies = row[5] == "t"
        for table in options.tables {
            let found = try session.rows(
                "SELECT to_regclass(\(literal(table.name)))::oid")
            if let oid = found.first?.first ?? nil {
                state.roots.append(oid)
            } else {
                state.roots.append("")
                state.unknown.append(table.name)
            }
        }
    }

    private mutating func readTables(_ session: borrowing MigrationSession) throws(ProtectFault) {
        for root in state.roots where !root.isEmpty {
            try append(
                session,
                """
                SELECT root.relid::oid AS oid, root.parentrelid::oid AS parent, root.level
                FROM pg_partition_tree(\(root)) root
                UNION ALL
                SELECT \(root), NULL, 0
                WHERE NOT EXISTS (SELECT FROM pg_partition_tree(\(root)))
                """)
        }
    }

    /// - Parameter places: a query of oid, parent and level.
    private mutating func append(
        _ session: borrowing MigrationSession, _ places: String
    ) throws(ProtectFault) {
        let rows = try session.rows(
            """
            SELECT c.oid, quote_ident(n.nspname), quote_ident(c.relname), c.relkind,
                quote_ident(pg_get_userbyid(c.relowner)),
                pg_has_role(current_user, c.relowner, 'USAGE'),
                c.relrowsecurity, c.relforcerowsecurity, c.relpersistence = 't',
                place.parent, place.level, pg_relation_size(c.oid),
                EXISTS (SELECT FROM pg_inherits i JOIN pg_class other
                        ON other.oid IN (i.inhrelid, i.inhparent) AND other.oid <> c.oid
                    WHERE c.oid IN (i.inhrelid, i.inhparent) AND c.relkind = 'r'
                        AND NOT c.relispartition)
            FROM (\(places)) place
            JOIN pg_class c ON c.oid = place.oid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            ORDER BY place.level, n.nspname, c.relname
            """)
        for row in rows {
            var table = TableState()
            table.oid = row[0] ?? ""
            if state.table(table.oid) != nil { continue }
            table.schema = row[1] ?? ""
            table.name = row[2] ?? ""
            table.kind = Self.kind(row[3])
            table.owner = row[4] ?? ""
            table.isOurs = row[5] == "t"
            table.isRowSecurityOn = row[6] == "t"
            table.isForced = row[7] == "t"
            table.isTemporary = row[8] == "t"
            table.level = row[10].flatMap { Int($0) } ?? 0
            table.bytes = row[11].flatMap { Int64($0) } ?? 0
            table.hasInheritance = row[12] == "t"
            // A partition asked for by itself has one too: the plan refuses it.
            table.parent = row[9]
            state.tables.append(table)
        }
    }

    private static func kind(_ letter: String?) -> TableState.Kind {
        switch letter {
        case "r": .table
        case "p": .partitioned
        case "v": .other("a view")
        case "m": .other("a materialized view")
        case "f": .other("a foreign table")
        case "S": .other("a sequence")
        default: .other("not a table")
        }
    }

    /// Foreign keys of the tables and to them; what is referred to is read as a table as well.
    private mutating func readReferences(
        _ session: borrowing MigrationSession
    ) throws(ProtectFault) {
        let all = oids
        guard !state.tables.isEmpty else { return }
        let rows = try session.rows(
            """
            SELECT k.oid, quote_ident(k.conname), k.conrelid, k.confrelid, k.convalidated,
                k.condeferrable, k.condeferred, k.confdeltype, k.confupdtype, k.confmatchtype
            FROM pg_constraint k
            WHERE k.contype = 'f' AND k.conparentid = 0
                AND (k.conrelid = ANY (\(all)) OR k.confrelid = ANY (\(all)))
            ORDER BY k.conrelid, k.conname
            """)
        for row in rows {
            var reference = ReferenceState()
            reference.oid = row[0] ?? ""
            reference.name = row[1] ?? ""
            reference.child = row[2] ?? ""
            reference.parent = row[3] ?? ""
            reference.isValidated = row[4] == "t"
            reference.isDeferrable = row[5] == "t"
            reference.isDeferred = row[6] == "t"
            reference.onDelete = row[7] ?? ""
            reference.onUpdate = row[8] ?? ""
            reference.match = row[9] ?? ""
            state.references.append(reference)
        }
        let columns = try session.rows(
            """
            SELECT k.oid, quote_ident(a.attname), quote_ident(b.attname),
                coalesce(to_jsonb(k) -> 'confdelsetcols' @> to_jsonb(place.child), false)
            FROM pg_constraint k
            CROSS JOIN unnest(k.conkey, k.confkey) WITH ORDINALITY place (child, parent, number)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = place.child
            JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = place.parent
            WHERE k.contype = 'f' AND k.conparentid = 0
                AND (k.conrelid = ANY (\(all)) OR k.confrelid = ANY (\(all)))
            ORDER BY k.oid, place.number
            """)
        for row in columns {
            guard let index = state.references.firstIndex(where: { $0.oid == row[0] }),
                let child = row[1], let parent = row[2]
            else { continue }
            state.references[index].columns.append(child)
            state.references[index].parentColumns.append(parent)
            if row[3] == "t" { state.references[index].deleteColumns.append(child) }
        }
        let others = Set(state.references.flatMap { [$0.child, $0.parent] })
            .filter { state.table($0) == nil }.sorted()
        for oid in others {
            try append(session, "SELECT \(oid)::oid AS oid, NULL::oid AS parent, 0 AS level")
        }
    }

    private mutating func readColumns(_ session: borrowing MigrationSession) throws(ProtectFault) {
        guard !state.tables.isEmpty else { return }
        let rows = try session.rows(
            """
            SELECT a.attrelid, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                pg_get_expr(d.adbin, d.adrelid), a.attgenerated <> '' OR a.attidentity <> ''
            FROM pg_attribute a
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE a.attrelid = ANY (\(oids)) AND NOT a.attisdropped AND a.attnum > 0
                AND quote_ident(a.attname) = \(literal(state.column))
            """)
        for row in rows {
            change(row[0]) {
                $0.tenant = TableState.Column(
                    type: row[1] ?? "", isNotNull: row[2] == "t", defaultText: row[3],
                    isGenerated: row[4] == "t")
            }
        }
        let checks = try session.rows(
            """
            SELECT conrelid, convalidated FROM pg_constraint
            WHERE contype = 'c' AND conrelid = ANY (\(oids))
                AND conname = \(literal(ProtectNames.presence))
            """)
        for row in checks { change(row[0]) { $0.presenceCheck = row[1] == "t" } }
        // Asked only where it matters: it reads a table until it finds one.
        for table in state.tables
        where table.isOurs && table.isLeaf && isMember(table) && table.tenant?.isNotNull == false {
            let found = try session.rows(
                "SELECT EXISTS (SELECT FROM ONLY \(table.qualified) "
                    + "WHERE \(state.column) IS NULL)")
            if found.first?.first == "t" { change(table.oid) { $0.hasEmptyTenants = true } }
        }
    }

    private mutating func readIndexes(_ session: borrowing MigrationSession) throws(ProtectFault) {
        guard !state.tables.isEmpty else { return }
        let rows = try session.rows(
            """
            SELECT x.indrelid, x.indexrelid, quote_ident(c.relname), x.indisunique,
                x.indisprimary, x.indisexclusion, x.indisvalid, x.indisreplident,
                pg_get_indexdef(x.indexrelid), quote_ident(k.conname),
                pg_get_constraintdef(k.oid), k.condeferrable, k.condeferred,
                (SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = x.indexrelid)
            FROM pg_index x
            JOIN pg_class c ON c.oid = x.indexrelid
            LEFT JOIN pg_constraint k ON k.conindid = x.indexrelid AND k.conrelid = x.indrelid
                AND k.contype IN ('p', 'u', 'x')
            WHERE x.indrelid = ANY (\(oids))
            ORDER BY x.indrelid, x.indisprimary DESC, c.relname
            """)
        for row in rows {
            var index = TableState.Index()
            index.oid = row[1] ?? ""
            index.name = row[2] ?? ""
            index.isUnique = row[3] == "t"
            index.isPrimary = row[4] == "t"
            index.isExclusion = row[5] == "t"
            index.isValid = row[6] == "t"
            index.isReplicaIdentity = row[7] == "t"
            index.definition = row[8] ?? ""
            index.constraint = row[9]
            index.constraintDefinition = row[10] ?? ""
            index.isDeferrable = row[11] == "t"
            index.isDeferred = row[12] == "t"
            index.parent = row[13]
            change(row[0]) { $0.indexes.append(index) }
        }
        let columns = try session.rows(
            """
            SELECT x.indrelid, x.indexrelid, quote_ident(a.attname)
            FROM pg_index x
            CROSS JOIN generate_series(0, x.indnkeyatts - 1) place
            LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[place]
                AND a.attnum > 0
            WHERE x.indrelid = ANY (\(oids))
            ORDER BY x.indexrelid, place
            """)
        for row in columns {
            change(row[0]) { table in
                guard let place = table.indexes.firstIndex(where: { $0.oid == row[1] }) else {
                    return
                }
                table.indexes[place].columns.append(row[2])
            }
        }
    }

    private mutating func readPolicies(_ session: borrowing MigrationSession) throws(ProtectFault) {
        guard !state.tables.isEmpty else { return }
        let rows = try session.rows(
            """
            SELECT polrelid, quote_ident(polname), polpermissive, polcmd, polroles = '{0}',
                pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
            FROM pg_policy WHERE polrelid = ANY (\(oids)) ORDER BY polrelid, polname
            """)
        for row in rows {
            change(row[0]) {
                $0.policies.append(
                    TableState.Policy(
                        name: row[1] ?? "", isPermissive: row[2] == "t", command: row[3] ?? "",
                        isForAll: row[4] == "t", using: row[5], check: row[6]))
            }
        }
    }

    private mutating func readTriggers(_ session: borrowing MigrationSession) throws(ProtectFault) {
        guard !state.tables.isEmpty else { return }
        let rows = try session.rows(
            """
            SELECT t.tgrelid, quote_ident(t.tgname),
                quote_ident(n.nspname) || '.' || quote_ident(p.proname), p.prosecdef,
                t.tgtype & 16 <> 0
            FROM pg_trigger t
            JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE t.tgrelid = ANY (\(oids)) AND NOT t.tgisinternal AND t.tgparentid = 0
            ORDER BY t.tgrelid, t.tgname
            """)
        for row in rows {
            change(row[0]) {
                $0.triggers.append(
                    TableState.Trigger(
                        name: row[1] ?? "", function: row[2] ?? "", actsAsOwner: row[3] == "t",
                        firesOnUpdate: row[4] == "t"))
            }
        }
    }

    // MARK: Small things

    var oids: String { "ARRAY[\(state.tables.map(\.oid).joined(separator: ","))]::oid[]" }

    func isMember(_ table: TableState) -> Bool {
        state.roots.contains { root in state.members(of: root).contains { $0.oid == table.oid } }
    }

    mutating func change(_ oid: String?, _ body: (inout TableState) -> Void) {
        guard let index = state.tables.firstIndex(where: { $0.oid == oid }) else { return }
        body(&state.tables[index])
    }

}
