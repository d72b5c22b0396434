/// L7 and L8: what one client of the pooler leaves in the session that the next one gets. The only
/// probes that cannot be rolled back, because what outlives a transaction is their subject; they
/// take away what they planted.
struct PoolerProbe {
    let scope: Scope
    let address: DatabaseAddress
    let timeoutMilliseconds: Int
    private(set) var findings: [Finding] = []
    private(set) var probes: [ProbeOutcome] = []

    /// How many clients may try to meet the same server session.
    private static let clientsMax = 8
    /// How long a second client waits for a session while the first one holds its own.
    private static let patienceMilliseconds = 2_000
    private static let lock = "7464326301851280001"

    init(_ scope: Scope, _ address: DatabaseAddress, _ options: VerificationOptions) {
        self.scope = scope
        self.address = address
        timeoutMilliseconds = options.timeoutMilliseconds
    }

    private func client(_ milliseconds: Int) throws(ProbeFault) -> ProbeSession {
        try ProbeSession(address, timeoutMilliseconds: milliseconds)
    }

    private var setting: String {
        for axis in scope.axes {
            if case .setting(let name) = axis?.source { return name }
        }
        return "app.current_tenant"
    }

    private static let plants: [(name: String, plant: String, find: String, clear: String)] = [
        (
            "a temporary table", "CREATE TEMP TABLE ringfence_plant (x int)",
            "SELECT 1 WHERE pg_catalog.to_regclass('pg_temp.ringfence_plant') IS NOT NULL",
            "DROP TABLE IF EXISTS pg_temp.ringfence_plant"
        ),
        (
            "a prepared statement", "PREPARE ringfence_plant AS SELECT 1",
            "SELECT 1 FROM pg_catalog.pg_prepared_statements WHERE name = 'ringfence_plant'",
            "DEALLOCATE ringfence_plant"
        ),
        (
            "a subscription", "LISTEN ringfence_plant",
            "SELECT 1 FROM pg_catalog.pg_listening_channels() AS c WHERE c = 'ringfence_plant'",
            "UNLISTEN ringfence_plant"
        ),
        (
            "an advisory lock", "SELECT pg_catalog.pg_advisory_lock(\(lock))",
            "SELECT 1 FROM pg_catalog.pg_locks WHERE locktype = 'advisory' "
                + "AND pid = pg_catalog.pg_backend_pid() "
                + "AND (classid::int8 << 32 | objid::int8) = \(lock)",
            "SELECT pg_catalog.pg_advisory_unlock(\(lock))"
        ),
        (
            "a setting", "SELECT pg_catalog.set_config('ringfence.plant', 'x', false)",
            "SELECT 1 WHERE pg_catalog.current_setting('ringfence.plant', true) = 'x'",
            "SELECT pg_catalog.set_config('ringfence.plant', '', false)"
        ),
    ]

    mutating func run() throws(ProbeFault) {
        let subject = (scope.axes.compactMap { $0 }.first?.a) ?? "a"
        let server: String
        do {
            var first = try client(timeoutMilliseconds)
            server = try plant(subject, &first)
            // Two clients at once, as behind a pooler of transactions. One of sessions may have
            // none left for the second client, and lets it wait.
            let patience = min(timeoutMilliseconds, Self.patienceMilliseconds)
            let isMet = (try? examine(server, subject, patience)) ?? false
            first.close()
            if isMet { return }
        }
        // One after the other, as behind a pooler of sessions.
        for _ in 0..<Self.clientsMax where try examine(server, subject, timeoutMilliseconds) {
            return
        }
        for rule in [Rule.l7, .l8] {
            probes.append(
                ProbeOutcome(
                    rule, "a second client in the same server session", expected: "",
                    observed: "no second client met it", .skipped))
        }
    }

    /// The same with a session that is lent to two clients as it is.
    mutating func runLending() throws(ProbeFault) {
        let subject = (scope.axes.compactMap { $0 }.first?.a) ?? "a"
        var session = try client(timeoutMilliseconds)
        let server = try plant(subject, &session)
        _ = try examine(server, subject, &session)
    }

    /// Answers which server session it was that took everything.
    private func plant(
        _ subject: String, _ session: inout ProbeSession
    ) throws(ProbeFault) -> String {
        let server = try session.rows("SELECT pg_catalog.pg_backend_pid()").first?.first ?? nil
        _ = try session.run("SELECT pg_catalog.set_config($1, $2, false)", [setting, subject])
        for plant in Self.plants { _ = try session.runScript(plant.plant) }
        return server ?? ""
    }

    /// - Returns: whether this client met the server session.
    private mutating func examine(
        _ server: String, _ subject: String, _ milliseconds: Int
    ) throws(ProbeFault) -> Bool {
        var second = try client(milliseconds)
        return try examine(server, subject, &second)
    }

    private mutating func examine(
        _ server: String, _ subject: String, _ second: inout ProbeSession
    ) throws(ProbeFault) -> Bool {
        // One statement tells both: between two, a pooler may hand over another session.
        let row =
            try second.rows(
                "SELECT pg_catalog.pg_backend_pid(), pg_catalog.current_setting($1, true)",
                [setting]
            ).first ?? []
        guard row.first == server else { return false }
        let isPoisoned = (row.last ?? nil) == subject
        judge(.l7, "a context set for the session by another client", isPresent: isPoisoned)
        for plant in Self.plants {
            let found = try second.run(plant.find)
            if case .rows(let rows) = found {
                judge(.l8, plant.name, isPresent: !rows.isEmpty)
            }
            _ = try second.runScript(plant.clear)
        }
        _ = try second.run("SELECT pg_catalog.set_config($1, '', false)", [setting])
        return true
    }

    private mutating func judge(_ rule: Rule, _ name: String, isPresent: Bool) {
        probes.append(
            ProbeOutcome(
                rule, name, expected: "gone", observed: isPresent ? "still there" : "gone",
                isPresent ? .failed : .passed))
        guard isPresent else { return }
        findings.append(
            Finding(
                rule, .leak, object: "pooler: \(name)",
                "behind the pooler, \(name) of one client is there for the next one",
                fix: "-- pgbouncer: server_reset_query = DISCARD ALL, server_reset_query_always = 1"
            ))
    }
}
