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

        public var isCaught: Bool { finding != nil && exitCode == sabotage.exitCode }
    }

    public struct Result: Sendable {
        /// Of the clean schema; the inventory of other logins (E2) does not count.
        public let clean: [Finding]
        public let cleanExitCode: Int32
        public let outcomes: [Outcome]

        public var isFine: Bool {
            clean.isEmpty && cleanExitCode == 0 && outcomes.allSatisfy(\.isCaught)
        }
    }

    /// - Parameters:
    ///   - administrator: a superuser; scratch databases and roles are made and dropped.
    ///   - each: called with what became of each, before its copy is dropped.
    public static func run(
        administrator: DatabaseAddress, sabotages: [Sabotage] = Sabotage.all,
        each: (Outcome) -> Void = { _ in }
    ) throws(ProbeFault) -> Result {
        let scratch = ScratchDatabase(administrator)
        defer { scratch.remove() }
        try scratch.prepare(CleanSchema.script)
        let clean = try verify(scratch.copy(0), scratch, nil)
        var outcomes: [Outcome] = []
        for (index, sabotage) in sabotages.enumerated() {
            let outcome = try commit(sabotage, index + 1, scratch, each)
            outcomes.append(outcome)
        }
        return Result(
            clean: clean.findings.filter { $0.rule != .e2 && !isExpected($0) },
            cleanExitCode: clean.exitCode, outcomes: outcomes)
    }

    /// Plain mode is what the scratch schema has, and it is said: a notice.
    private static func isExpected(_ finding: Finding) -> Bool {
        finding.rule == .b9 && finding.severity == .notice
    }

    private static func commit(
        _ sabotage: Sabotage, _ number: Int, _ scratch: ScratchDatabase, _ each: (Outcome) -> Void
    ) throws(ProbeFault) -> Outcome {
        let database = try scratch.copy(number)
        do throws(ProbeFault) {
            try scratch.perform(sabotage.script, in: database)
        } catch {
            throw .refused(state: "sabotage", message: "\(sabotage.name): \(error.words)")
        }
        var report: VerificationReport?
        var fault: String?
        do throws(ProbeFault) {
            report = try verify(database, scratch, sabotage)
        } catch {
            fault = error.words
        }
        let findings = report?.findings ?? []
        let outcome = Outcome(
            sabotage: sabotage, rules: findings.map(\.rule), exitCode: report?.exitCode ?? 4,
            fault: fault, finding: findings.first { $0.rule == sabotage.rule },
            address: try scratch.address(database))
        each(outcome)
        if let undo = sabotage.undo { try scratch.perform(undo, in: database) }
        try scratch.drop(database)
        return outcome
    }

    private static func verify(
        _ database: String, _ scratch: ScratchDatabase, _ sabotage: Sabotage?
    ) throws(ProbeFault) -> VerificationReport {
        var options = CleanSchema.options(try scratch.address(database))
        if sabotage?.isPrepared == true {
            options.sensitiveColumns = ["shop.customers.email"]
            options.administrator = try scratch.administratorAddress(database)
            if sabotage?.rule == .b9 { options.context = .automatic }
        }
        return try Verifier.verify(options)
    }
}
