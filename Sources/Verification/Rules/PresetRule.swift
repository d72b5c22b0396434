/// A8 where no catalog shows it: postgresql.conf and the connection string can name a tenant before
/// anything is run, too.
enum PresetRule {
    /// - Parameters:
    ///   - fresh: a session on which nothing was run.
    ///   - known: what the catalogs have shown already.
    static func findings(
        _ fresh: inout ProbeSession, _ scope: Scope, known: [Finding]
    ) throws(ProbeFault) -> [Finding] {
        var findings: [Finding] = []
        for case .setting(let name)? in scope.axes.map({ $0?.source }) {
            let object = "setting \(name)"
            let rows = try fresh.rows("SELECT pg_catalog.current_setting($1, true)", [name])
            guard let value = rows.first?.first ?? nil, !value.isEmpty,
                !known.contains(where: { $0.rule == .a8 && $0.object == object })
            else { continue }
            findings.append(
                Finding(
                    .a8, .leak, object: object,
                    "new sessions start with \(name) set, by the server's configuration or by the "
                        + "connection string",
                    reproducer: "SELECT current_setting(\(literal(name)), true); -- first of all",
                    fix: "-- take \(name) out of postgresql.conf (ALTER SYSTEM RESET), of options= "
                        + "in the connection string and of PGOPTIONS"))
        }
        return findings
    }
}
