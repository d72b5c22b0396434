import Foundation
import TestSupport

/// How much memory processes hold while a crowd is at work.
struct MemoryWatch {
    /// In KiB: when the clients begin to connect, at a quarter of the time, at the end, and the
    /// most there was.
    struct Growth: CustomStringConvertible {
        var start = 0, quarter = 0, end = 0, peak = 0
        var description: String { "start \(start), quarter \(quarter), end \(end), peak \(peak)" }
    }

    private let processes: [RunningProcess]

    init(_ processes: [RunningProcess]) { self.processes = processes }

    /// Looks until the crowd has gone.
    func watch(_ crowd: Crowd, of clients: Int, seconds: Double) throws -> [Growth] {
        var growth = processes.map { _ in Growth() }
        // What counts begins when everybody is there.
        var start: Date?
        var next = Date()
        try eventually(within: seconds + Patience.seconds, "the end of the load") {
            guard crowd.isRunning else { return true }
            guard Date() >= next else { return false }
            next = Date(timeIntervalSinceNow: 0.2)
            if start == nil, let progress = try? crowd.progress(), progress.connections >= clients {
                start = Date()
            }
            let passed = start.map { Date().timeIntervalSince($0) } ?? 0
            for (index, process) in processes.enumerated() {
                let now = process.residentKiB
                if growth[index].start == 0 { growth[index].start = now }
                if passed <= seconds / 4 { growth[index].quarter = now }
                growth[index].end = now
                growth[index].peak = max(growth[index].peak, now)
            }
            return false
        }
        // A short run may be over before all are seen; a long one has to have been looked at.
        let passed = start.map { Date().timeIntervalSince($0) } ?? 0
        guard seconds < 30 || passed > seconds / 2 else {
            throw TestSupportError.timedOut("\(clients) clients at once")
        }
        return growth
    }
}

/// What a soak found, for people.
struct SoakTable {
    let seconds: Double
    let report: Crowd.Report
    let orders, events: RowAudit
    let memory: [MemoryWatch.Growth]

    var text: String {
        var lines = ["tenant      requests   good  refused  events kept  orders kept"]
        func row(_ cells: [String], _ widths: [Int]) -> String {
            zip(cells, widths).map { cell, width in
                width < 0
                    ? cell.padding(toLength: -width, withPad: " ", startingAt: 0)
                    : String(repeating: " ", count: max(0, width - cell.count)) + cell
            }.joined()
        }
        for tenant in Site.tenants.keys.sorted() {
            let tally = report.tallies[tenant] ?? [:]
            let kept = ["events", "orders"].map { report.accepted[$0]?[tenant]?.count ?? 0 }
            lines.append(
                row(
                    [
                        tenant, "\(tally["asked"] ?? 0)", "\(tally["good"] ?? 0)",
                        "\(tally["refused"] ?? 0)", "\(kept[0])", "\(kept[1])",
                    ], [-10, 10, 7, 9, 13, 13]))
        }
        let audits = [orders, events]
        func count(_ list: (RowAudit) -> [String]) -> Int {
            audits.reduce(0) { $0 + list($1).count }
        }
        let rate = Int(Double(report.total("answered")) / seconds)
        lines += [
            "requests \(report.total("asked")), answered \(report.total("answered")), "
                + "\(rate) a second, p50 \(tenths(report.p50Milliseconds)) ms, "
                + "p99 \(tenths(report.p99Milliseconds)) ms",
            "cross-tenant rows \(report.crossTenantRows + count(\.misplaced)), "
                + "lost \(count(\.lost)), duplicated \(count(\.duplicated)), "
                + "complaints \(report.complaintCount)",
        ]
        for (name, growth) in zip(["gateway", "backend"], memory) {
            lines.append("\(name) memory in KiB: \(growth)")
        }
        return lines.joined(separator: "\n")
    }

    private func tenths(_ value: Double) -> String { String(format: "%.1f", value) }

    /// To the test's output, and to the file `RINGFENCE_SOAK_TABLE` names.
    func publish() {
        print(text)
        guard let path = ProcessInfo.processInfo.environment["RINGFENCE_SOAK_TABLE"] else { return }
        try? Data((text + "\n").utf8).write(to: URL(fileURLWithPath: path))
    }
}
