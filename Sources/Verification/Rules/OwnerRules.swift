/// B9 in sealed mode: the slot that holds the context must be out of reach, and empty at the start.
enum SlotRule {
    static func findings(
        _ session: inout ProbeSession, _ scope: Scope
    ) throws(ProbeFault) -> [Finding] {
        guard scope.mode == .sealed else { return [] }
        let rows = try session.rows(
            "SELECT context, coalesce(reset_val, '') FROM pg_settings WHERE name = $1",
            [ContextSource.slotName])
        guard let row = rows.first, row.count == 2 else {
            return [
                Finding(
                    .b9, .unproven, object: "parameter \(ContextSource.slotName)",
                    "this server has no parameter \(ContextSource.slotName)")
            ]
        }
        var findings: [Finding] = []
        if row[0] != "superuser" {
            findings.append(
                Finding(
                    .b9, .leak, object: "parameter \(ContextSource.slotName)",
                    "any session can set \(ContextSource.slotName) on this server"))
        }
        if row[1] != "" {
            findings.append(
                Finding(
                    .a8, .leak, object: "parameter \(ContextSource.slotName)",
                    "sessions start with \(ContextSource.slotName) set"))
        }
        return findings
    }
}

/// S1: most common values and histograms of columns that are said to be sensitive. Whoever may run
/// EXPLAIN reads them off its estimates, past row-level security. Only the owner or a superuser
/// sees whether there are any.
enum StatisticsRule {
    static func findings(_ options: VerificationOptions) throws(ProbeFault) -> [Finding] {
        guard !options.sensitiveColumns.isEmpty else { return [] }
        guard let address = options.administrator else {
            return [
                Finding(
                    .s1, .unproven, object: "sensitive columns",
                    "statistics are seen by owners only, and no administrator was given (--admin)")
            ]
        }
        var session = try ProbeSession(address, timeoutMilliseconds: options.timeoutMilliseconds)
        return try session.rows(query, [arrayText(options.sensitiveColumns)]).map { row in
            let (table, column) = (row[0] ?? "", row[1] ?? "")
            return Finding(
                .s1, .unproven, object: "column \(table).\(column)", relation: table,
                "estimates of EXPLAIN tell values of \(table).\(column) of all tenants",
                fix: "ALTER TABLE \(table) ALTER COLUMN \(quoted(column)) SET STATISTICS 0; "
                    + "-- before the first ANALYZE; else as superuser: DELETE FROM pg_statistic …")
        }
    }

    private static let query = """
        SELECT DISTINCT format('%I.%I', s.schemaname, s.tablename), s.attname
        FROM pg_catalog.pg_stats s
        WHERE format('%s.%s.%s', s.schemaname, s.tablename, s.attname) = ANY ($1::text[])
        AND (s.most_common_vals IS NOT NULL OR s.histogram_bounds IS NOT NULL)
        """
}
