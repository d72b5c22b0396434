import Foundation
import TestSupport

/// Clients of all four tenants on TLS connections that stay open: one Python process
/// (Programs/clients.py), so that nothing that is tested judges itself.
final class Crowd {
    /// What the clients are to do.
    struct Plan {
        var clients = 200
        /// The longest it may take.
        var seconds: Double
        /// Between an answer and the next question, on average, in seconds.
        var pause = 0.0
        /// 502, 503, 504 and cut connections are to be expected.
        var expectsFaults = false
        /// Requests by tenant, after which it asks no more; all counted against `limits`.
        var budget: [String: Int]?
        var limits: [String: Int]?
    }

    /// What has happened so far; written every tenth of a second.
    struct Progress: Decodable {
        /// Answers as expected, and 502, 503 or 504, by upstream.
        let good, faults: [String: Int]
        /// Connections that ended with a question open, and those that never came to be.
        let cuts, refusedConnections: Int
        let connections: Int

        var goodOrders: Int { good["orders"] ?? 0 }
        var goodEvents: Int { good["events"] ?? 0 }
    }

    struct Report: Decodable {
        /// By tenant: asked, answered, good, refused, cut, and statuses by number.
        let tallies: [String: [String: Int]]
        let crossTenantRows: Int
        let cuts, refusedConnections: Int
        let connections: Int
        let complaintCount: Int
        /// The first of them.
        let complaints: [String]
        /// Rows that were acknowledged, and those nobody can know about, by upstream and tenant.
        let accepted, unknown: [String: [String: [String]]]
        /// What the admitted were told is left, by tenant.
        let remaining: [String: [Int]]
        let p50Milliseconds, p99Milliseconds: Double

        func total(_ what: String) -> Int { tallies.values.reduce(0) { $0 + ($1[what] ?? 0) } }
    }

    private struct Orders: Encodable {
        let port: UInt16
        let certificate, run, progress, report: String
        let seed: UInt32
        let tenants: [String: String]
        let clients: Int
        let seconds, pause: Double
        let faults: Bool
        let budget, limits: [String: Int]?
    }

    /// Repeats the same choices with `RINGFENCE_SOAK_SEED`.
    let seed: UInt32
    private let process: ChildProcess
    private let progressPath, reportPath: String

    init(at site: Site, _ plan: Plan) throws {
        let name = String(UInt32.random(in: 0 ... .max), radix: 36)
        let given = ProcessInfo.processInfo.environment["RINGFENCE_SOAK_SEED"]
        seed = given.flatMap { UInt32($0) } ?? UInt32.random(in: 0 ... .max)
        progressPath = "\(site.folder.path)/\(name).progress"
        reportPath = "\(site.folder.path)/\(name).report"
        let orders = Orders(
            port: site.gatewayPort, certificate: "\(site.folder.path)/tls.crt", run: name,
            progress: progressPath, report: reportPath, seed: seed, tenants: site.tokens,
            clients: plan.clients, seconds: plan.seconds, pause: plan.pause,
            faults: plan.expectsFaults, budget: plan.budget, limits: plan.limits)
        let text = String(decoding: try JSONEncoder().encode(orders), as: UTF8.self)
        let path = try site.folder.write(text, to: "\(name).plan")
        process = try ChildProcess(
            "/usr/bin/python3", ["-B", "\(Site.programs.path)/clients.py", path])
        print("clients: seed \(seed)")
    }

    var isRunning: Bool { process.end == nil }

    func progress() throws -> Progress? {
        guard isRunning else { throw TestSupportError.closedEarly(process.errorOutput) }
        guard let data = FileManager.default.contents(atPath: progressPath) else { return nil }
        return try JSONDecoder().decode(Progress.self, from: data)
    }

    /// Waits until `condition` holds and answers how things stood then.
    @discardableResult
    func wait(
        _ what: String, until condition: (Progress) -> Bool
    ) throws -> Progress {
        var last: Progress?
        try eventually("\(what); \(String(describing: last))") {
            last = try progress()
            return last.map(condition) ?? false
        }
        guard let last else { throw TestSupportError.timedOut(what) }
        return last
    }

    /// Lets everybody finish what is open, and go.
    func finish() throws -> Report {
        process.signal(SIGTERM)
        return try report()
    }

    /// Waits for the end of the plan.
    func report(seconds: Double = Patience.seconds) throws -> Report {
        guard try process.wait(seconds: seconds) == .exited(0),
            let data = FileManager.default.contents(atPath: reportPath)
        else { throw TestSupportError.closedEarly(process.errorOutput) }
        return try JSONDecoder().decode(Report.self, from: data)
    }
}
