import LocalPostgres
import TestSupport
import Testing

@testable import Verification

@Suite struct `The self-test` {
    struct Run {
        let result: SelfTest.Result
        /// By sabotage: what the reproducer of its leak came to; nil when it showed the leak.
        let attempts: [String: String?]
    }

    static let run = Result {
        let database = try PostgresCluster.shared().makeDatabase()
        var attempts: [String: String?] = [:]
        let result = try SelfTest.run(administrator: DatabaseAddress(database.adminURL)) {
            guard [.t1, .l1].contains($0.sabotage.rule) else { return }
            attempts.updateValue(reproduce($0), forKey: $0.sabotage.name)
        }
        return Run(result: result, attempts: attempts)
    }

    /// Runs what the report says shows the leak, as a person who believes nothing.
    static func reproduce(_ outcome: SelfTest.Outcome) -> String? {
        guard let text = outcome.finding?.reproducer else { return "no reproducer" }
        do {
            var session = try ProbeSession(outcome.address, timeoutMilliseconds: 20_000)
            var words: [String] = []
            for statement in text.split(separator: ";\n") {
                let answer = try session.run(String(statement))
                if answer.first == "t" || answer == .changed(1) { return nil }
                // Row security is judged before constraints.
                if answer.state?.hasPrefix("23") == true { return nil }
                words.append(answer.words)
            }
            return words.joined(separator: " / ")
        } catch {
            return error.words
        }
    }

    @Test func `finds nothing wrong with a clean schema`() throws {
        let result = try Self.run.get().result
        #expect(result.clean == [])
        #expect(result.cleanExitCode == 0)
        #expect(result.isFine)
    }

    @Test func `knows the forty-one ways of the threat table and twenty of its own`() {
        #expect(Sabotage.all.count >= 61)
        #expect(Set(Sabotage.all.map(\.name)).count == Sabotage.all.count)
    }

    @Test func `has a sabotage for every rule there is`() {
        let all = Sabotage.all + Sabotage.guarded(.sealed) + Sabotage.guarded(.statement)
        let seen = Set(all.flatMap { [$0.rule] + $0.others })
        #expect(Rule.allCases.filter { !seen.contains($0) } == [])
    }

    @Test func `has its own names in each mode`() {
        for mode in VerificationReport.Mode.allCases {
            let names = Sabotage.guarded(mode).map(\.name)
            #expect(Set(names).count == names.count)
        }
    }

    @Test(arguments: Sabotage.all.map(\.name)) func `is noticed`(_ name: String) throws {
        let outcome = try #require(
            try Self.run.get().result.outcomes.first { $0.sabotage.name == name })
        #expect(outcome.fault == nil)
        let fired = outcome.rules.map(\.rawValue).joined(separator: " ")
        #expect(outcome.finding != nil, "\(outcome.sabotage.rule.rawValue) is not in \(fired)")
        #expect(outcome.exitCode == outcome.sabotage.exitCode, "\(fired)")
        for rule in outcome.sabotage.others {
            #expect(outcome.rules.contains(rule), "\(rule.rawValue) is not in \(fired)")
        }
    }

    @Test func `shows each leak with a reproducer that really leaks`() throws {
        let attempts = try Self.run.get().attempts
        #expect(attempts.count >= 12)
        for (name, words) in attempts { #expect(words == nil, "\(name): \(words ?? "")") }
    }
}
