/// Makes the plan from what the catalogs say. No question is asked here: the same state gives the
/// same plan.
///
/// The order is the one in which every stop in between is safe: values before the promise that
/// they are there, new keys before old ones go, policies before the owner is bound by them.
struct ProtectPlanner {
    let state: ProtectState
    let options: ProtectOptions
    let mode: ProtectOptions.Mode
    let tenant: TenantCondition
    var plan = ProtectPlan()

    static func plan(_ state: ProtectState, _ options: ProtectOptions) -> ProtectPlan {
        var planner = ProtectPlanner(state, options)
        planner.refuse()
        guard planner.plan.refusals.isEmpty else { return planner.plan }
        planner.plan.tables = planner.roots.map(\.qualified)
        planner.expand()
        if options.stage >= .guarded { planner.guardTables() }
        if options.stage >= .force { planner.force() }
        planner.remain()
        return planner.plan
    }

    private init(_ state: ProtectState, _ options: ProtectOptions) {
        self.state = state
        self.options = options
        mode = options.mode ?? state.functionMode ?? .sealed
        plan.mode = mode
        tenant = TenantCondition(
            column: state.column, type: options.type, mode: mode,
            function: state.tenantFunction, setting: options.setting)
    }

    var roots: [TableState] { state.roots.compactMap(state.table) }
    var column: String { state.column }

    /// The expression given for a table, when there is one.
    func backfill(of root: TableState) -> String? {
        guard let place = state.roots.firstIndex(of: root.oid), place < options.tables.count else {
            return nil
        }
        return options.tables[place].backfill
    }

    mutating func add(
        _ stage: ProtectOptions.Stage, _ title: String, lock: String,
        wait: ProtectStep.Wait = .short, notes: [String] = [], _ sql: String
    ) {
        plan.steps.append(
            ProtectStep(
                stage: stage, title: title, lock: lock, wait: wait, sql: sql, notes: notes))
    }

    // MARK: Expand

    private mutating func expand() {
        for root in roots { fillColumn(of: root) }
        for root in roots { promiseColumn(of: root) }
        for reference in unpaired { checkCrossings(reference) }
        for root in roots { buildKeys(of: root) }
        for reference in unpaired where !isParentPartitioned(reference) {
            buildReference(reference)
        }
        for root in roots { swapKeys(of: root) }
        swapRemainingReferences()
        for reference in state.references { validate(reference) }
        for root in roots { buildLeadingIndex(of: root) }
    }

    /// Column, the trigger that fills it for writers who do not know it yet, and the values of the
    /// rows that are there.
    private mutating func fillColumn(of root: TableState) {
        let members = state.members(of: root.oid)
        if root.tenant == nil {
            add(
                .expand, "add \(column) to \(root.qualified)",
                lock: "ACCESS EXCLUSIVE on \(root.qualified), a change of the catalog only",
                "ALTER TABLE \(root.qualified) ADD COLUMN \(column) \(options.type.rawValue)")
        }
        guard root.tenant?.isNotNull != true, let expression = backfill(of: root) else { return }
        if !root.triggers.contains(where: { $0.name == ProtectNames.fillTrigger }) {
            add(
                .expand, "fill \(column) of \(root.qualified) for writers that do not name it",
                lock: "SHARE ROW EXCLUSIVE on \(root.qualified), a change of the catalog only",
                notes: ["the trigger goes away with the last step of stage force"],
                fillTrigger(of: root, expression))
        }
        let updates = root.triggers.filter {
            $0.firesOnUpdate && $0.name != ProtectNames.fillTrigger
        }
        for leaf in members where leaf.isLeaf && leaf.bytes > 0 {
            guard leaf.tenant == nil || leaf.hasEmptyTenants else { continue }
            add(
                .expand, "fill \(column) of the rows of \(leaf.qualified)",
                lock: "ROW EXCLUSIVE on \(leaf.qualified), and the rows of "
                    + "\(options.backfillPages) pages at a time",
                notes: updates.map {
                    "fires trigger \($0.name) for each row; what it does happens again"
                },
                backfillLoop(leaf, expression))
        }
    }

    private func fillTrigger(of root: TableState, _ expression: String) -> String {
        let function = ProtectNames.fillFunction(root)
        return """
            CREATE OR REPLACE FUNCTION \(function)() RETURNS trigger LANGUAGE plpgsql
                SET search_path = \(searchPath) AS $fill$
            BEGIN
                NEW.\(column) := (SELECT (\(expression)) FROM (SELECT NEW.*) AS \(root.name));
                RETURN NEW;
            END $fill$;
            CREATE OR REPLACE TRIGGER \(ProtectNames.fillTrigger)
                BEFORE INSERT OR UPDATE ON \(root.qualified) FOR EACH ROW
                WHEN (NEW.\(column) IS NULL) EXECUTE FUNCTION \(function)()
            """
    }

    /// Pages from the first to the last there are now: rows that come or move later are filled by
    /// the trigger. Each round commits, so that no row stays locked for longer than one.
    private func backfillLoop(_ leaf: TableState, _ expression: String) -> String {
        """
        DO $backfill$
        #variable_conflict use_column
        DECLARE
            ringfence_page bigint := 0;
            ringfence_pages bigint := pg_relation_size(\(literal(leaf.qualified))::regclass)
                / current_setting('block_size')::bigint;
            ringfence_tries int := 0;
        BEGIN
            WHILE ringfence_page <= ringfence_pages LOOP
                BEGIN
                    UPDATE \(leaf.qualified) AS \(rootName(of: leaf))
                    SET \(column) = (\(expression))
                    WHERE \(column) IS NULL
                        AND ctid >= format('(%s,0)', ringfence_page)::tid
                        AND ctid < format('(%s,0)',
                            ringfence_page + \(options.backfillPages))::tid;
                    ringfence_page := ringfence_page + \(options.backfillPages);
                    ringfence_tries := 0;
                EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
                    ringfence_tries := ringfence_tries + 1;
                    IF ringfence_tries >= \(options.attempts) THEN RAISE; END IF;
                    PERFORM pg_sleep(0.05 * least(ringfence_tries, 20));
                END;
                COMMIT;
            END LOOP;
        END $backfill$
        """
    }

    /// The name that the operator's expression qualifies its columns with.
    private func rootName(of leaf: TableState) -> String {
        for root in roots where state.members(of: root.oid).contains(where: { $0.oid == leaf.oid })
        {
            return root.name
        }
        return leaf.name
    }

    /// In the form SET takes.
    private var searchPath: String {
        state.searchPath.isEmpty ? "pg_catalog, pg_temp" : state.searchPath + ", pg_temp"
    }

    /// NOT NULL through a CHECK that was validated without stopping anybody: the server then
    /// believes the CHECK and does not read the table under the strong lock.
    private mutating func promiseColumn(of root: TableState) {
        let (table, check) = (root.qualified, ProtectNames.presence)
        if root.tenant?.isNotNull != true {
            if root.presenceCheck == nil {
                add(
                    .expand, "demand \(column) of every new row of \(table)",
                    lock: "ACCESS EXCLUSIVE on \(table), a change of the catalog only",
                    """
                    ALTER TABLE \(table) ADD CONSTRAINT \(check)
                        CHECK (\(column) IS NOT NULL) NOT VALID
                    """)
            }
            if root.presenceCheck != true {
                add(
                    .expand, "find out that every row of \(table) has \(column)",
                    lock: "SHARE UPDATE EXCLUSIVE on \(table) while it is read; reads and writes "
                        + "go on", wait: .patient,
                    notes: ["fails when the expression gave NULL for a row"],
                    "ALTER TABLE \(table) VALIDATE CONSTRAINT \(check)")
            }
            add(
                .expand, "make \(column) of \(table) NOT NULL",
                lock: "ACCESS EXCLUSIVE on \(table), without reading it: the CHECK is proof",
                """
                BEGIN;
                ALTER TABLE \(table) ALTER COLUMN \(column) SET NOT NULL;
                ALTER TABLE \(table) DROP CONSTRAINT \(check);
                COMMIT
                """)
        } else if root.presenceCheck != nil {
            add(
                .expand, "drop the CHECK that NOT NULL has replaced",
                lock: "ACCESS EXCLUSIVE on \(table), a change of the catalog only",
                "ALTER TABLE \(table) DROP CONSTRAINT \(check)")
        }
    }
}
