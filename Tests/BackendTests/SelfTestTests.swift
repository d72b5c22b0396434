import Foundation
import TestSupport
import Testing
@testable import Verification

/// `db verify --self-test`: copies of a clean schema of each mode, each broken in one way.
@Suite(.timeLimit(.minutes(30))) struct `The self-test of each mode` {
    @Test func `a sabotage that nothing notices is missed`() throws {
        let database = try PostgresCluster.shared().makeDatabase()
        let result = try SelfTest.run(
            administrator: DatabaseAddress(database.adminURL),
            sabotages: [
                Sabotage("nothing at all", .b1, 5, "SELECT 1"),
                Sabotage("one rule of two", .d2, 1, "SELECT 1", others: [.b1]),
            ])
        #expect(!result.isFine)
        #expect(result.shown == [])
        #expect(SelfTest.unshown([result]) == Rule.allCases)
    }

    /// On a server of its own: what was made for it is gone afterwards, and what was there is not.
    @Test func `the program says which rules noticed, and leaves nothing behind`() async throws {
        let server = try MortalPostgres()
        let database = try server.makeDatabase("bystander")
        let folder = try TemporaryFolder()
        let admin = try folder.write(database.adminURL + "\n", to: "admin.dsn")
        let left = """
            SELECT string_agg(name, ' ' ORDER BY name) FROM (
                SELECT rolname::text FROM pg_roles WHERE rolname !~ '^pg_'
                UNION ALL SELECT datname::text FROM pg_database
                UNION ALL SELECT parname FROM pg_parameter_acl) AS all_of (name)
            """
        let before = try server.run(sql: left, in: database)
        // It takes minutes, which other tests shall not wait for.
        let run = try await withCheckedThrowingContinuation { waiting in
            Thread.detachNewThread {
                let words = ["db", "verify", "--self-test", "--admin-file", admin]
                waiting.resume(
                    with: Result { try RunningBackend.run(words, seconds: 1_200) })
            }
        }
        #expect(run.end == .exited(0), "\(run.output)\(run.errorOutput)")
        let missed = run.output.split(separator: "\n").filter { $0.contains("MISSED") }
        #expect(missed == [])
        #expect(!run.output.contains("WRONG"))
        for mode in VerificationReport.Mode.allCases {
            let wanted = mode == .plain ? Sabotage.all : Sabotage.guarded(mode)
            let lines = run.output.split(separator: "\n")
                .count { $0.hasPrefix("\(mode.rawValue): noticed by ") }
            #expect(lines == wanted.count)
            let line = run.output.split(separator: "\n").first {
                $0.hasPrefix("\(mode.rawValue): ") && $0.contains("rules that noticed: ")
            }
            #expect(line?.contains(" 0 missed;") == true, "\(run.output)")
            #expect(line?.contains(mode == .plain ? " B9" : " B10") == true)
        }
        #expect(
            run.output.contains(
                "all \(Rule.allCases.count) rules noticed what was done for them to notice\n"))
        #expect(try server.run(sql: left, in: database) == before)
    }
}
