import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Verification

/// Not a test of ours: what another tool says of the same sabotages, for docs/verify.md. Run by
/// bench/linters/compare, which names the tool and where to write.
@Suite struct `Other linters` {
    private static let settings = ProcessInfo.processInfo.environment

    @Test(
        .enabled(if: settings["RINGFENCE_PGRLS"] != nil && settings["RINGFENCE_LINTERS"] != nil),
        .timeLimit(.minutes(30)))
    func `are asked about the same sabotages`() throws {
        let tool = try #require(Self.settings["RINGFENCE_PGRLS"])
        let file = try #require(Self.settings["RINGFENCE_LINTERS"])
        let cluster = try PostgresCluster.shared()
        let database = try cluster.makeDatabase()
        let folder = try TemporaryFolder()
        try folder.write("[database]\nschemas = [\"shop\"]\n", to: "pgrls.toml")
        let linter = Linter(
            tool: tool, folder: folder.path, cluster: cluster, database: database)
        let nothing = Sabotage("nothing", .e2, 0, "SELECT 1")
        var baseline: (lint: Set<String>, proof: Set<String>)?
        let lines = Mutex<[String]>(["sabotage\trule\tverify\tpgrls lint\tpgrls verify"])
        _ = try SelfTest.run(
            administrator: DatabaseAddress(database.adminURL),
            sabotages: [nothing] + Sabotage.all
        ) { outcome in
            let said = linter.ask(outcome)
            guard let clean = baseline else {
                baseline = said
                lines.withLock {
                    let proof = said.proof.sorted().joined(separator: " ")
                    $0.append("(the clean schema)\t\t\t\(said.lint.count) findings\t\(proof)")
                }
                return
            }
            let caught = outcome.isCaught ? "yes" : "no"
            let lint = said.lint.subtracting(clean.lint)
            let rules = Set(lint.map { $0.prefix { $0 != " " } }).sorted()
            let proof = said.proof.subtracting(clean.proof).sorted()
            lines.withLock {
                $0.append(
                    [
                        outcome.sabotage.name, outcome.sabotage.rule.rawValue, caught,
                        rules.joined(separator: " "), proof.joined(separator: " "),
                    ].joined(separator: "\t"))
                let text = $0.joined(separator: "\n") + "\n"
                try? text.write(toFile: file, atomically: true, encoding: .utf8)
            }
        }
    }
}

private struct Linter {
    let tool: String
    let folder: String
    let cluster: PostgresCluster
    let database: TestDatabase

    /// What it says of a broken copy, with the administrator's login, and the application's role
    /// under the name that it and others know as one of low trust.
    func ask(_ outcome: SelfTest.Outcome) -> (lint: Set<String>, proof: Set<String>) {
        guard let login = part("user", outcome.address), let name = part("dbname", outcome.address),
            let address = DatabaseAddress(database.adminURL).replacing(database: name)
        else { return (["no address"], []) }
        defer {
            _ = try? cluster.run(sql: "ALTER ROLE authenticated RENAME TO \(login)", in: database)
        }
        _ = try? cluster.run(sql: "ALTER ROLE \(login) RENAME TO authenticated", in: database)
        var lint: Set<String> = []
        for finding in run(["lint"], address)["violations"] as? [[String: Any]] ?? [] {
            let words = ["rule_id", "location", "message"]
                .compactMap { finding[$0].map { "\($0)" } }
            lint.insert(words.joined(separator: " "))
        }
        var proof: Set<String> = []
        for mode in ["cross-tenant", "write"] {
            let said = run(["verify", "--mode", mode], address)
            for table in said["tables"] as? [[String: Any]] ?? [] {
                let verdict = (table["verdict"] as? String ?? "").uppercased()
                if verdict != "PROVEN" { proof.insert("\(verdict)(\(mode))") }
            }
        }
        return (lint, proof)
    }

    private func part(_ keyword: String, _ address: DatabaseAddress) -> String? {
        guard let start = address.text.range(of: "\(keyword)='")?.upperBound else { return nil }
        return String(address.text[start...].prefix { $0 != "'" })
    }

    private func run(_ words: [String], _ address: DatabaseAddress) -> [String: Any] {
        let run = try? ChildProcess.run(
            tool,
            words + ["--format", "json", "--schemas", "shop", "--database-url", address.text],
            folder: folder)
        guard let run, let value = try? JSONSerialization.jsonObject(with: Data(run.output.utf8))
        else { return ["violations": [["rule_id": "failed", "message": run?.errorOutput ?? ""]]] }
        return value as? [String: Any] ?? ["violations": value]
    }
}
