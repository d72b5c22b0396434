import Foundation
import TestSupport
import Testing

extension `Under load` {
    /// `kill -9`, with forty clients in the middle of their requests, twice each.
    @Suite(.serialized) struct `When a part is killed` {
        /// Clients must have noticed before the part comes back, or nothing was tested.
        static let faultsSeen = 40
        /// Good answers of the part before it is killed, and after it has come back.
        static let goodAnswers = 150

        enum Part: String, CaseIterable { case backend, postgres, application }

        @Test(arguments: Part.allCases)
        func `clients see faults or cuts, never a wrong answer, and then it goes on`(
            _ part: Part
        ) throws {
            let site = try Site()
            let gateway = site.gateway.pid
            let crowd = try Crowd(at: site, Self.plan)
            var strikes = 0
            repeat {
                try Self.waitForGood(crowd, "before")
                try Self.strike(part, site)
                strikes += 1
                try Self.waitForFaults(crowd, part)
                try Self.repair(part, site)
                let start = Date()
                try Self.waitForGood(crowd, "after")
                print("\(part) answers again after \(Date().timeIntervalSince(start)) s")
            } while try strikes < 2 || Self.hasMissedAnswers(crowd, part, strikes)
            let report = try crowd.finish()
            #expect(site.gateway.pid == gateway)
            #expect(site.gateway.end == nil, "\(site.gateway.errorOutput)")
            Self.expectNothingWrong(report)
            // The clients' own connections are the gateway's, and it has cut only those that were
            // in the middle of an answer.
            #expect(report.refusedConnections == 0)
            #expect(report.total("500") == 0)
            let (orders, events) = try site.audit(report)
            #expect(events.isClean, "\(events)")
            if part == .application {
                // It was in the middle of long answers, which nobody may have taken for whole ones;
                // what it had, it had in memory.
                #expect(report.cuts > 0)
            } else {
                #expect(orders.isClean, "\(orders)")
            }
        }

        @Test func `the gateway itself comes back on its port`() throws {
            let site = try Site()
            let crowd = try Crowd(at: site, Self.plan)
            for _ in 1...2 {
                let before = try Self.waitForGood(crowd, "before")
                let old = site.gateway.pid
                try site.killGateway()
                try crowd.wait("clients notice") {
                    $0.refusedConnections >= before.refusedConnections + Self.faultsSeen
                }
                try site.startGateway()
                #expect(site.gateway.pid != old)
                try Self.waitForGood(crowd, "after")
            }
            let report = try crowd.finish()
            #expect(site.backend.end == nil, "\(site.backend.errorOutput)")
            Self.expectNothingWrong(report)
            let (orders, events) = try site.audit(report)
            #expect(orders.isClean, "\(orders)")
            #expect(events.isClean, "\(events)")
        }

        // MARK: Steps

        /// Whether the application, each time it was killed, happened to be between two of its long
        /// answers: what is to be seen then is a cut one.
        private static func hasMissedAnswers(
            _ crowd: Crowd, _ part: Part, _ strikes: Int
        ) throws -> Bool {
            guard part == .application, strikes < strikesMax else { return false }
            return try crowd.wait("a look at the cuts") { _ in true }.cuts == 0
        }

        private static let strikesMax = 8

        private static let plan = Crowd.Plan(
            clients: 40, seconds: 1_200, pause: 0.01, expectsFaults: true)

        private static func strike(_ part: Part, _ site: Site) throws {
            switch part {
            case .backend: try site.killBackend()
            case .postgres: try site.postgres.killEveryProcess()
            case .application: try site.killApplication()
            }
        }

        private static func repair(_ part: Part, _ site: Site) throws {
            switch part {
            case .backend: try site.startBackend()
            case .postgres: try site.postgres.startAgain()
            case .application: try site.startApplication()
            }
        }

        /// Both upstreams answer, and go on answering.
        @discardableResult
        private static func waitForGood(
            _ crowd: Crowd, _ when: String
        ) throws -> Crowd.Progress {
            let first = try crowd.wait("a first look") { _ in true }
            return try crowd.wait("good answers \(when)") {
                $0.goodOrders >= first.goodOrders + goodAnswers
                    && $0.goodEvents >= first.goodEvents + goodAnswers
            }
        }

        /// The part's own clients see faults; who asks the other upstream notices nothing.
        private static func waitForFaults(_ crowd: Crowd, _ part: Part) throws {
            let first = try crowd.wait("a first look") { _ in true }
            let (broken, other) =
                part == .application ? ("orders", "events") : ("events", "orders")
            try crowd.wait("faults of \(broken), answers of \(other)") { now in
                func more(_ counts: KeyPath<Crowd.Progress, [String: Int]>, _ name: String) -> Int {
                    (now[keyPath: counts][name] ?? 0) - (first[keyPath: counts][name] ?? 0)
                }
                return more(\.faults, broken) >= faultsSeen && more(\.good, other) >= faultsSeen
            }
        }

        private static func expectNothingWrong(_ report: Crowd.Report) {
            print(report.tallies)
            #expect(report.complaints == [])
            #expect(report.complaintCount == 0)
            #expect(report.crossTenantRows == 0)
            // Each question has an answer, or its connection was seen to end.
            #expect(report.total("asked") == report.total("answered") + report.total("cut"))
        }
    }
}
