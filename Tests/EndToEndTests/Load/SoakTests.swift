import Foundation
import TestSupport
import Testing

/// One load at a time: each takes all cores of a small machine.
@Suite(.serialized) enum `Under load` {}

extension `Under load` {
    @Suite(.serialized) struct `Two hundred clients of four tenants` {
        /// What memory may grow by between the first quarter and the end, in KiB. A short run has
        /// not yet met every buffer it needs at its quarter; in a long one, a leak of 64 bytes a
        /// request would be far above.
        static let growthMaxKiB = seconds < 30 ? 10 * 1024 : 5 * 1024
        static let seconds =
            ProcessInfo.processInfo.environment["RINGFENCE_SOAK_SECONDS"]
            .flatMap { Double($0) } ?? 6

        @Test func `each get their own rows, all of them, once`() throws {
            let site = try Site()
            let parts = [
                RunningProcess(site.gateway.pid), RunningProcess(site.backend.pid),
            ]
            try settle(site)
            let descriptors = parts.map(\.descriptors)
            let crowd = try Crowd(at: site, Crowd.Plan(seconds: Self.seconds))
            let memory = try MemoryWatch(parts).watch(crowd, of: 200, seconds: Self.seconds)
            let report = try crowd.report()
            let (orders, events) = try site.audit(report)
            let table = SoakTable(
                seconds: Self.seconds, report: report, orders: orders, events: events,
                memory: memory)
            table.publish()

            #expect(report.complaints == [])
            #expect(report.complaintCount == 0)
            #expect(report.crossTenantRows == 0)
            #expect(report.total("asked") == report.total("answered"))
            #expect(report.total("answered") == report.total("good"))
            // Nobody was cut off, so nobody had to come twice.
            #expect(report.cuts == 0)
            #expect(report.connections == 200)
            for audit in [orders, events] {
                #expect(audit.isClean, "\(audit)")
                #expect(audit.rows > 0)
            }
            for tenant in Site.tenants.keys {
                #expect((report.accepted["events"]?[tenant]?.count ?? 0) > 0, "\(tenant)")
                #expect((report.accepted["orders"]?[tenant]?.count ?? 0) > 0, "\(tenant)")
            }
            for (name, growth) in zip(["gateway", "backend"], memory) {
                #expect(growth.end - growth.quarter <= Self.growthMaxKiB, "\(name): \(growth)")
            }
            #expect(site.gateway.end == nil)
            #expect(site.backend.end == nil)
            try eventually(
                "descriptors: \(descriptors) before, \(parts.map(\.descriptors)) now"
            ) { zip(parts, descriptors).allSatisfy { $0.descriptors <= $1 } }
        }

        /// Waits until nothing is left of setting up.
        private func settle(_ site: Site) throws {
            let parts = [
                RunningProcess(site.gateway.pid), RunningProcess(site.backend.pid),
            ]
            var last: [Int] = []
            var since = Date()
            try eventually("descriptors come to rest") {
                let now = parts.map(\.descriptors)
                if now != last { (last, since) = (now, Date()) }
                return Date().timeIntervalSince(since) > 1.5
            }
        }

        @Test func `are admitted exactly as often as their tiers say`() throws {
            let limits = ["acme": 100, "globex": 500, "initech": 1000, "umbrella": 1500]
            let beyond = 60
            // The numbers below follow when everything is within one window, which a busy machine
            // may miss.
            var inOneWindow: Crowd.Report?
            for _ in 0..<4 where inOneWindow == nil {
                let site = try Site(limits: limits)
                let crowd = try Crowd(
                    at: site,
                    Crowd.Plan(
                        seconds: 50, budget: limits.mapValues { $0 + beyond }, limits: limits))
                let start = Date()
                let report = try crowd.report()
                if Date().timeIntervalSince(start) < 50 { inOneWindow = report }
            }
            let report = try #require(inOneWindow, "this machine is too slow to tell")
            #expect(report.complaints == [])
            for (tenant, limit) in limits {
                let tally = report.tallies[tenant] ?? [:]
                #expect(tally["asked"] == limit + beyond, "\(tenant): \(tally)")
                #expect(tally["good"] == limit, "\(tenant): \(tally)")
                #expect(tally["refused"] == beyond, "\(tenant): \(tally)")
                // Each admission takes one place, and says so to one request alone.
                let remaining = report.remaining[tenant] ?? []
                #expect(remaining.sorted() == Array(0..<limit), "\(tenant)")
            }
        }
    }
}

@Suite struct `A count of rows` {
    @Test func `notices what is lost, doubled, with somebody else, and never asked for`() {
        func row(_ owner: String, _ maker: String, _ number: String) -> RowAudit.Row {
            RowAudit.Row(owner: owner, maker: maker, number: number)
        }
        let audit = RowAudit(
            [
                row("acme", "acme", "acme-1"), row("acme", "acme", "acme-1"),
                row("acme", "globex", "globex-1"), row("globex", "globex", "globex-9"),
                row("acme", "acme", "acme-3"),
            ],
            accepted: ["acme": ["acme-1", "acme-2"], "globex": ["globex-1"]],
            unknown: ["acme": ["acme-3", "acme-4"]])
        #expect(audit.lost == ["acme-2"])
        #expect(audit.duplicated == ["acme-1"])
        #expect(audit.misplaced == ["acme has globex-1 of globex"])
        #expect(audit.invented == ["globex-9"])
        #expect(!audit.isClean)
    }
}
