import Foundation
import LocalPostgres
import TestSupport
import Testing

@testable import Verification

@Suite struct `The self-test` {
    static let result = Result {
        let database = try PostgresCluster.shared().makeDatabase()
        return try SelfTest.run(administrator: DatabaseAddress(database.adminURL))
    }

    @Test func `finds nothing wrong with a clean schema`() throws {
        let result = try Self.result.get()
        #expect(result.clean == [])
        #expect(result.cleanExitCode == 0)
    }

    @Test func `knows the forty-one ways of the threat table and twenty of its own`() {
        #expect(Sabotage.all.count >= 61)
        #expect(Set(Sabotage.all.map(\.name)).count == Sabotage.all.count)
    }

    @Test(arguments: Sabotage.all.map(\.name)) func `is noticed`(_ name: String) throws {
        let outcome = try #require(
            try Self.result.get().outcomes.first { $0.sabotage.name == name })
        #expect(outcome.fault == nil)
        let fired = outcome.rules.map(\.rawValue).joined(separator: " ")
        #expect(outcome.finding != nil, "\(outcome.sabotage.rule.rawValue) is not in \(fired)")
        #expect(outcome.exitCode == outcome.sabotage.exitCode, "\(fired)")
    }
}
