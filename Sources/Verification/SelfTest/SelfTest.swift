import Policy
import YAML

/// The verifier's proof of its own sight: a clean schema must give no finding, and each way of
/// breaking it must be noticed by the rule that is there for it. In scratch databases.
public enum SelfTest {
    /// What became of one sabotage.
    public struct Outcome: Sendable {
        public let sabotage: Sabotage
        public let rules: [Rule]
        public let exitCode: Int32
        /// Why there was no verdict.
        public let fault: String?
        /// The finding of the expected rule.
        public let finding: Finding?
        /// How the login reaches the broken copy while it stands.
        public let address: DatabaseAddress

        public var isCaught: Bool {
            finding != nil && exitCode == sabotage.exitCode
                && sabotage.others.allSatisfy(rules.contains)
        }
    }

    public struct Result: Sendable {
        public let mode: VerificationReport.Mode
        /// Of the clean schema; the inventory of other logins (E2) does not count.
        public let clean: [Finding]
        public let cleanExitCode: Int32
        public let outcomes: [Outcome]

        public var isFine: Bool {
            clean.isEmpty && cleanExitCode == 0 && outcomes.allSatisfy(\.isCaught)
        }

        /// Rules that noticed what was done for them to notice, in the order of the manual.
        public var shown: [Rule] {
            let seen = outcomes.filter(\.isCaught).flatMap {
                [$0.sabotage.rule] + $0.sabotage.others
            }
            return Rule.allCases.filter(seen.contains)
        }
    }

    /// Rules that none of these runs has shown to notice anything.
    public static func unshown(_ results: [Result]) -> [Rule] {
        let shown = Set(results.flatMap(\.shown))
        return Rule.allCases.filter { !shown.contains($0) }
    }

    /// - Parameters:
    ///   - administrator: a superuser; scratch databases and roles are made and dropped.
    ///   - sabotages: `nil` for all of the schema.
    ///   - each: called with what became of each, before its copy is dropped.
    public static func run(
        administrator: DatabaseAddress, schema: CleanSchema = .plain,
        sabotages: [Sabotage]? = nil, each: (Outcome) -> Void = { _ in }
    ) throws(ProbeFault) -> Result {
        var scratch = ScratchDatabase(administrator)
        defer { scratch.remove() }
        try scratch.prepare(schema)
        let bench = Bench(scratch: scratch, schema: schema)
        let clean = try bench.verify(scratch.copy(0), nil)
        var outcomes: [Outcome] = []
        for (index, sabotage) in (sabotages ?? schema.sabotages).enumerated() {
            let outcome = try bench.commit(sabotage, index + 1, each)
            outcomes.append(outcome)
        }
        return Result(
            mode: schema.mode, clean: clean.findings.filter { !isExpected($0) },
            cleanExitCode: clean.exitCode, outcomes: outcomes)
    }

    /// Said of any schema like it, and no defect: the inventory of other logins, plain mode where
    /// it was chosen, keys that look across by design.
    private static func isExpected(_ finding: Finding) -> Bool {
        finding.severity == .notice
            && (finding.rule == .e2 || finding.rule == .b9
                || finding.rule == .d2 && finding.message.hasPrefix("by design: "))
    }
}

/// One clean schema and the copies of it.
private struct Bench {
    let scratch: ScratchDatabase
    let schema: CleanSchema

    func commit(
        _ sabotage: Sabotage, _ number: Int, _ each: (SelfTest.Outcome) -> Void
    ) throws(ProbeFault) -> SelfTest.Outcome {
        let database = try scratch.copy(number)
        do throws(ProbeFault) {
            try scratch.perform(sabotage.script, in: database)
        } catch {
            throw .refused(state: "sabotage", message: "\(sabotage.name): \(error.words)")
        }
        var report: VerificationReport?
        var fault: String?
        do throws(ProbeFault) {
            report = try verify(database, sabotage)
        } catch {
            fault = error.words
        }
        let findings = report?.findings ?? []
        let mention = sabotage.mention.map { scratch.filled($0, database: database) } ?? ""
        let outcome = SelfTest.Outcome(
            sabotage: sabotage, rules: findings.map(\.rule), exitCode: report?.exitCode ?? 4,
            fault: fault,
            finding: findings.first {
                $0.rule == sabotage.rule && (mention.isEmpty || $0.message.contains(mention))
            },
            address: try scratch.address(database))
        each(outcome)
        if let undo = sabotage.undo { try scratch.perform(undo, in: database) }
        try scratch.drop(database)
        return outcome
    }

    func verify(
        _ database: String, _ sabotage: Sabotage?
    ) throws(ProbeFault) -> VerificationReport {
        var options = VerificationOptions(login: try scratch.address(database))
        schema.adjust(&options, database)
        if let prepare = sabotage?.prepare {
            options.administrator = try scratch.administratorAddress(database)
            prepare(&options)
        }
        var report = try Verifier.verify(options)
        if let text = sabotage?.waivers {
            report.apply(try Self.waivers(text), today: Verifier.today)
        }
        return report
    }

    private static func waivers(_ text: String) throws(ProbeFault) -> [WaiverFile.Waiver] {
        let loaded = loadWaivers(path: "waivers.yaml", rules: Rule.allCases.map(\.rawValue)) {
            _ throws(UnreadableFile) in Array(text.utf8)
        }
        guard let file = loaded.file else {
            throw .unexpectedShape("waivers: " + loaded.report.text(colour: false))
        }
        return file.waivers
    }
}
