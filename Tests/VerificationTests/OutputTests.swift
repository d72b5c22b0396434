import Foundation
import Policy
import Testing
import Verification
import YAML

@Suite struct `What a verification is written as` {
    /// One of everything, with text that must not become markup or colour.
    static func report() -> VerificationReport {
        var subject = VerificationReport.Subject()
        subject.programVersion = "1.0"
        subject.serverVersion = "15.18 (Debian 15.18-0+deb12u1)"
        subject.serverVersionNumber = 150_018
        subject.database = "shop<script>"
        subject.login = "app_rw"
        subject.sessionUser = "app_rw"
        subject.startedAt = 1_795_305_600
        subject.catalogFingerprint = String(repeating: "ab", count: 32)
        let policy = RelationVerdict.Policy(
            name: "tenant_rows", command: "ALL", isPermissive: true, roles: [],
            using: "(tenant_id = ringfence.tenant())", check: nil, isCanonical: true,
            hash: String(repeating: "cd", count: 32))
        let relation = { (name: String) in
            RelationVerdict(
                relation: name, kind: .table, tenantColumns: ["tenant_id"],
                privileges: ["SELECT", "INSERT"], policies: [policy], isGlobal: false)
        }
        return VerificationReport(
            subject: subject,
            findings: [
                Finding(
                    .b8, .unproven, object: "policy odd on shop.orders", relation: "shop.orders",
                    "it says \u{1B}[31m\"other\" & more", fix: "DROP POLICY odd ON shop.orders",
                    pin: String(repeating: "12", count: 32)),
                Finding(
                    .l3, .leak, object: "shop.lines", relation: "shop.lines", "3 rows of B",
                    reproducer: "SELECT 1\nFROM shop.lines"),
                Finding(.e2, .notice, object: "role admin", "superuser"),
            ], relations: [relation("shop.orders"), relation("shop.lines"), relation("shop.a")],
            probes: [
                ProbeOutcome(
                    .l3, relation: "shop.lines", "SELECT as A", expected: "0 rows",
                    observed: "3 rows", .failed)
            ])
    }

    static func object(_ bytes: [UInt8]) throws -> [String: Any] {
        let value = try JSONSerialization.jsonObject(with: Data(bytes))
        return try #require(value as? [String: Any])
    }

    @Test func `people read findings, the worst last, then the relations and one line`() {
        let text = Self.report().text(colour: false)
        let lines = text.split(separator: "\n").map(String.init)
        #expect(text.contains("unproven[B8]: a policy is not in canonical form\n"))
        #expect(text.contains("  --> policy odd on shop.orders\n"))
        #expect(text.contains("= mends it: DROP POLICY odd"))
        #expect(text.contains("LEAK     shop.lines"))
        #expect(text.contains("PROVEN   shop.a"))
        #expect(!text.contains("\u{1B}"))
        #expect(lines.last?.hasPrefix("verified 3 relations of shop<script> as app_rw") == true)
        let leak = lines.firstIndex { $0.hasPrefix("leak[L3]") } ?? 0
        #expect(leak > lines.firstIndex { $0.hasPrefix("unproven[B8]") } ?? .max)
        let coloured = Self.report().text(colour: true)
        #expect(coloured.contains("\u{1B}[1;31mleak[L3]\u{1B}[0m"))
        #expect(!coloured.contains("it says \u{1B}"))
    }

    @Test func `programs read the same as JSON`() throws {
        let json = try Self.object(Self.report().json())
        #expect(json["v"] as? Int == 1)
        #expect(json["verdict"] as? String == "LEAK")
        #expect(json["exit"] as? Int == 5)
        let findings = try #require(json["findings"] as? [[String: Any]])
        #expect(findings.map { $0["rule"] as? String } == ["L3", "B8", "E2"])
        #expect(findings[2]["fix"] is NSNull)
        let relations = try #require(json["relations"] as? [[String: Any]])
        #expect(relations.map { $0["verdict"] as? String } == ["PROVEN", "LEAK", "UNPROVEN"])
        #expect((json["probes"] as? [[String: Any]])?.first?["result"] as? String == "failed")
    }

    /// What the schema of SARIF 2.1.0 requires of the members we write, by its sections.
    @Test func `code scanning reads it as SARIF`() throws {
        var report = Self.report()
        report.apply([Self.waiver("B8", "policy odd on shop.orders", "12")], today: "2026-01-01")
        let log = try Self.object(report.sarif())
        #expect(log["version"] as? String == "2.1.0")  // 3.13.2
        let runs = try #require(log["runs"] as? [[String: Any]])
        let run = try #require(runs.first)
        let tool = try #require(run["tool"] as? [String: Any])  // 3.14.6
        let driver = try #require(tool["driver"] as? [String: Any])  // 3.18.2
        #expect(driver["name"] is String)  // 3.19.8
        let rules = try #require(driver["rules"] as? [[String: Any]])
        #expect(rules.count == Rule.allCases.count)
        for rule in rules {
            #expect(rule["id"] is String)  // 3.49.3
            for key in ["shortDescription", "fullDescription", "help"] {
                let message = rule[key] as? [String: Any]  // 3.12: text is required
                #expect((message?["text"] as? String)?.isEmpty == false, "\(rule["id"] ?? "")")
            }
        }
        let invocations = try #require(run["invocations"] as? [[String: Any]])
        #expect(invocations.first?["executionSuccessful"] as? Bool == true)  // 3.20.14
        let time = invocations.first?["startTimeUtc"] as? String
        #expect(time == "2026-11-22T00:00:00Z")
        let results = try #require(run["results"] as? [[String: Any]])
        #expect(results.count == report.findings.count)
        for result in results {
            #expect((result["message"] as? [String: Any])?["text"] is String)  // 3.27.11
            let level = try #require(result["level"] as? String)
            #expect(["note", "warning", "error"].contains(level))  // 3.27.10
            let index = try #require(result["ruleIndex"] as? Int)
            #expect(rules[index]["id"] as? String == result["ruleId"] as? String)  // 3.27.6
            for suppression in result["suppressions"] as? [[String: Any]] ?? [] {
                let kind = suppression["kind"] as? String  // 3.35.2
                #expect(["inSource", "external"].contains(kind))
                #expect(suppression["justification"] is String)
            }
        }
        #expect(results.contains { $0["suppressions"] != nil })
    }

    @Test func `what is mended by SQL is printed, and nothing runs it`() {
        let script = Self.report().fixScript
        #expect(script.contains("-- B8 policy odd on shop.orders\n"))
        #expect(script.contains("\nDROP POLICY odd ON shop.orders;\n"))
        #expect(script.contains("-- no statement mends this"))
        #expect(!script.contains("role admin"))
    }

    static func waiver(
        _ rule: String, _ object: String, _ hash: String?, expires: String = "2026-12-31"
    ) -> WaiverFile.Waiver {
        let text = """
            version: 1
            waivers:
              - rule: \(rule)
                object: \(object)
                reason: read by two of us on the day
                owner: ada@example.com
                expires: \(expires)
            """ + (hash.map { "\n    hash: \"\(String(repeating: $0, count: 32))\"" } ?? "")
        let (file, report) = loadWaivers(path: "w.yaml", rules: Rule.allCases.map(\.rawValue)) {
            _ in
            Array(text.utf8)
        }
        guard let waiver = file?.waivers.first else {
            preconditionFailure(report.text(colour: false))
        }
        return waiver
    }

    @Test func `an accepted risk holds for its object, its text and its time`() {
        let object = "policy odd on shop.orders"
        var report = Self.report()
        report.findings.removeAll { $0.rule == .l3 }
        var accepted = report
        accepted.apply([Self.waiver("B8", object, "12")], today: "2026-12-31")
        #expect(accepted.exitCode == 0)
        #expect(accepted.verdictWord == "WAIVED")
        let cases: [(WaiverFile.Waiver, String, Rule)] = [
            (Self.waiver("B8", object, "12"), "2027-01-01", .w1),
            (Self.waiver("B8", "policy other on shop.orders", "12"), "2026-01-01", .w2),
            (Self.waiver("B8", object, "34"), "2026-01-01", .w4),
            (Self.waiver("B8", object, nil), "2026-01-01", .w4),
        ]
        for (waiver, today, rule) in cases {
            var judged = report
            judged.apply([waiver], today: today)
            #expect(judged.findings.contains { $0.rule == rule }, "\(rule)")
            #expect(judged.exitCode == 1, "\(rule)")
        }
    }

    @Test func `a leak that was shown cannot be waived`() {
        var report = Self.report()
        report.apply([Self.waiver("L3", "shop.lines", nil)], today: "2026-01-01")
        #expect(report.exitCode == 5)
        #expect(report.findings.contains { $0.rule == .w3 })
        #expect(report.findings.allSatisfy { $0.waiver == nil })
    }

    @Test(arguments: [
        ("rule: Q1", "there is no rule `Q1`"), ("expires: tomorrow", "`tomorrow` is no date"),
        ("expires: 2026-02-30", "is no date"), ("reason: ok", "a reason has 10 to 1000 bytes"),
        ("hash: abc", "is no SHA-256"), ("raeson: because I say so", "unknown key"),
    ])
    func `a waivers file says what is wrong with it`(_ line: String, _ words: String) {
        let key = line.prefix { $0 != ":" }
        var lines = [
            "rule: B8", "object: x", "reason: read by two of us", "owner: ada",
            "expires: 2026-12-31",
        ].filter { !$0.hasPrefix(key + ":") }
        lines.append(line)
        let text = "version: 1\nwaivers:\n  - " + lines.joined(separator: "\n    ") + "\n"
        let (file, report) = loadWaivers(path: "w.yaml", rules: Rule.allCases.map(\.rawValue)) {
            _ in
            Array(text.utf8)
        }
        #expect(file == nil)
        #expect(report.text(colour: false).contains(words), "\(report.text(colour: false))")
    }

    @Test func `every rule has a manual`() {
        for rule in Rule.allCases {
            #expect(!rule.title.isEmpty && !rule.meaning.isEmpty && !rule.remedy.isEmpty, "\(rule)")
        }
    }
}
