import Release

/// Looks at one database as the deployed login does, and proves isolation or says what is missing.
public enum Verifier {
    /// `YYYY-MM-DD` in UTC, by which waivers expire.
    public static var today: String { UTCTime.date(wallSeconds()) }

    /// - Throws: `ProbeFault` when the database gives no answer; the verdict is then none.
    public static func verify(
        _ options: VerificationOptions
    ) throws(ProbeFault) -> VerificationReport {
        let start = milliseconds()
        var session = try ProbeSession(
            options.login, timeoutMilliseconds: options.timeoutMilliseconds)
        let fingerprint = try CatalogFingerprint.read(&session, options)
        // Names are printed in full only when no schema is searched.
        _ = try session.rows("SET search_path = ''")
        let catalog = try Catalog.read(&session, schemas: options.schemas)
        let scope = Scope(catalog, options)
        var findings = try StaticRule.run(&session, scope, options)
        findings += PolicyJudge(scope: scope).findings()
        findings += try SlotRule.findings(&session, scope)
        findings += try StatisticsRule.findings(options)

        var fresh = try ProbeSession(
            options.login, timeoutMilliseconds: options.timeoutMilliseconds)
        findings += try PresetRule.findings(&fresh, scope, known: findings)
        var table = TruthTable(scope, options)
        try table.run(&fresh)
        var unused = try ProbeSession(
            options.login, timeoutMilliseconds: options.timeoutMilliseconds)
        var live = LiveProbes(scope, options)
        try live.run(&unused)
        var plans = PlanProbe(scope, options)
        try plans.run(&session, options)
        var forge = ForgeProbe(scope, options)
        try forge.run(&unused)
        findings += table.findings + live.findings + plans.findings + forge.findings
        var probes = table.probes + live.probes + plans.probes + forge.probes
        if let address = options.pooler {
            var pooler = PoolerProbe(scope, address, options)
            try pooler.run()
            findings += pooler.findings
            probes += pooler.probes
        } else if options.lendsSession {
            var pooler = PoolerProbe(scope, options.login, options)
            try pooler.runLending()
            findings += pooler.findings
            probes += pooler.probes
        }
        var subject = subject(scope, options)
        subject.catalogFingerprint = fingerprint
        subject.startedAt = wallSeconds() - (milliseconds() - start) / 1000
        subject.milliseconds = milliseconds() - start
        return VerificationReport(
            subject: subject, findings: findings,
            relations: relations(scope, options, table.cells), probes: probes)
    }

    private static func subject(
        _ scope: Scope, _ options: VerificationOptions
    ) -> VerificationReport.Subject {
        var subject = VerificationReport.Subject()
        subject.programVersion = Release.version
        subject.serverVersion = scope.catalog.version
        subject.serverVersionNumber = scope.catalog.versionNumber
        subject.database = scope.catalog.database
        subject.login = scope.catalog.login
        subject.sessionUser = scope.catalog.sessionUser
        subject.mode = scope.mode
        subject.profile = scope.profile.name
        subject.schemas = Array(Set(scope.catalog.relations.map(\.schema))).sorted()
        subject.tenantColumns = Array(Set(scope.tenanted.flatMap { $0.keys.map(\.column) }))
            .sorted()
        subject.usedPooler = options.pooler != nil
        subject.usedAdministrator = options.administrator != nil
        return subject
    }

    /// What the login can reach; a relation it can do nothing with has no verdict.
    private static func relations(
        _ scope: Scope, _ options: VerificationOptions, _ cells: [String: Int]
    ) -> [RelationVerdict] {
        let judge = PolicyJudge(scope: scope)
        let kinds: [String: RelationVerdict.Kind] = [
            "r": .table, "p": .partitioned, "v": .view, "m": .materialized, "f": .foreign,
        ]
        let commands = ["*": "ALL", "r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"]
        return scope.catalog.relations.filter { !$0.privileges.isEmpty }.map { relation in
            var verdict = RelationVerdict(
                relation: relation.name, kind: kinds[relation.kind] ?? .table,
                tenantColumns: relation.keys.map(\.column), privileges: relation.privileges,
                policies: relation.policies.map { policy in
                    RelationVerdict.Policy(
                        name: policy.name, command: commands[policy.command] ?? "ALL",
                        isPermissive: policy.isPermissive, roles: policy.roles,
                        using: policy.using, check: policy.check,
                        isCanonical: judge.form(policy, of: relation) != .other,
                        hash: PolicyJudge.hash(policy))
                }, isGlobal: scope.isGlobal(relation, options))
            verdict.cells = cells[relation.name] ?? 0
            return verdict
        }
    }
}
