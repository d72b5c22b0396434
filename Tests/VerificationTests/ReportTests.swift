import Testing
import Verification

@Suite struct `A verification report` {
    static func report(_ findings: [Finding]) -> VerificationReport {
        VerificationReport(
            subject: .init(), findings: findings,
            relations: ["shop.orders", "shop.items"].map {
                RelationVerdict(
                    relation: $0, kind: .table, tenantColumns: ["tenant_id"],
                    privileges: ["SELECT"], policies: [], isGlobal: false)
            }, probes: [])
    }

    static func verdicts(_ report: VerificationReport) -> [RelationVerdict.Verdict] {
        report.relations.map(\.verdict)
    }

    @Test func `without findings is a proof`() {
        let report = Self.report([])
        #expect(report.exitCode == 0)
        #expect(Self.verdicts(report) == [.proven, .proven])
    }

    @Test func `about no tenant's relation proves nothing`() {
        let report = VerificationReport(subject: .init(), findings: [], relations: [], probes: [])
        #expect(report.exitCode == 1)
    }

    @Test func `is no proof of any relation while a global finding stands`() {
        let report = Self.report([Finding(.a5, .unproven, object: "TEMP", "may create")])
        #expect(report.exitCode == 1)
        #expect(Self.verdicts(report) == [.unproven, .unproven])
    }

    @Test func `names the relation that leaks`() {
        let report = Self.report([
            Finding(.b8, .unproven, object: "p", relation: "shop.items", "odd"),
            Finding(.b1, .leak, object: "shop.orders", relation: "shop.orders", "off"),
        ])
        #expect(report.exitCode == 5)
        #expect(Self.verdicts(report) == [.unproven, .leak])
        #expect(report.findings.map(\.rule) == [.b1, .b8], "the worst first")
    }

    @Test func `says waived, not proven, when the only finding was accepted`() {
        var report = Self.report([
            Finding(.b8, .unproven, object: "p", relation: "shop.items", "odd")
        ])
        report.findings[0].waiver = Waiver(reason: "read", owner: "ops", expires: "2030-01-01")
        report.settle()
        #expect(report.exitCode == 0)
        #expect(Self.verdicts(report) == [.waived, .proven])
    }

    @Test func `takes no notice into account`() {
        let report = Self.report([Finding(.e2, .notice, object: "role x", "is superuser")])
        #expect(report.exitCode == 0)
    }
}
