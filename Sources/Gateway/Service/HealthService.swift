import HTTP1
import HTTPTransport
import Policy
import Reactor
import Synchronization
import Telemetry

/// Probes and metrics on an address of their own, on a thread of their own: a worker that is busy
/// or stuck does not keep them from answering, and nothing here changes anything.
struct HealthService {
    let gateway: GatewayProcess
    /// The snapshot in force, for readiness.
    let current: SnapshotBox

    func answer(_ request: ServiceRequest) -> ServiceReply {
        guard request.method == .get || request.method == .head else {
            return ServiceReply(
                status: 405, fields: [("Allow", Array("GET, HEAD".utf8))], body: Array("\n".utf8))
        }
        switch String(decoding: request.path, as: UTF8.self) {
        case "/livez": return text(200, "alive\n")
        case "/readyz":
            let readiness = readiness
            let lines = (readiness.isReady ? ["ready"] : []) + readiness.words
            return text(readiness.isReady ? 200 : 503, lines.map { $0 + "\n" }.joined())
        case "/metrics":
            noteDirectory()
            return ServiceReply(
                status: 200,
                fields: [("Content-Type", Array("\(OpenMetricsEncoder.contentType)".utf8))],
                body: KeyMetrics.appended(
                    to: gateway.exposition(), issuers: current.snapshot.issuers,
                    now: WallClock.now().seconds))
        default: return text(404, "not found\n")
        }
    }

    /// Why nobody's tenant can be looked up; `nil` while they can, and where there is no directory.
    private var directoryUnreadiness: String? {
        guard case .directory(let settings) = current.snapshot.policy.tenants,
            !gateway.directory.isFresh(settings, now: .now())
        else { return nil }
        guard let age = gateway.directory.age(now: .now()) else {
            return "nothing is known of the directory"
        }
        let most = settings.staleMillisecondsMax / 1_000
        return "the directory is \(age / 1_000_000_000) s old, at most \(most) s"
    }

    /// Gauges that are true when they are asked for.
    private func noteDirectory() {
        let report = gateway.directory.report(now: .now())
        let (set, metrics) = (gateway.counters[0].set, gateway.metrics)
        set.set(metrics.directoryKnown, to: report.ageSeconds == nil ? 0 : 1)
        set.set(metrics.directoryAge, to: report.ageSeconds ?? 0)
        set.set(metrics.directoryConnected, to: report.isConnected ? 1 : 0)
        set.set(metrics.directoryTenants, to: UInt64(report.tenants))
        set.set(metrics.directoryKeys, to: UInt64(report.keys))
        set.set(metrics.directoryVersion, to: UInt64(report.version))
        set.set(metrics.directoryBytes, to: UInt64(report.bytes))
        set.set(metrics.directoryReloads, to: report.reloads)
        set.set(metrics.directoryFaults, to: report.faults)
    }

    /// Whether requests should be sent here, and what is missing, if only for some.
    struct Readiness {
        var isReady: Bool
        var words: [String]
    }

    /// Ready once every issuer has keys or was at least asked for them, and any of them has some:
    /// one dead issuer keeps nobody else's tenants waiting, and a gateway that could verify nothing
    /// takes no traffic from one that can.
    var readiness: Readiness {
        guard gateway.isReady.load(ordering: .acquiring) else {
            return Readiness(isReady: false, words: ["stopping"])
        }
        let issuers = current.snapshot.issuers
        let missing = issuers.filter { $0.issuer == nil }
        let words = missing.map { "no keys of issuer \($0.policy.name)" }
        let isWaiting = missing.contains { $0.feed?.status.isTried != true }
        guard missing.isEmpty || (!isWaiting && missing.count < issuers.count) else {
            return Readiness(isReady: false, words: words)
        }
        if let reason = directoryUnreadiness {
            return Readiness(isReady: false, words: [reason] + words)
        }
        return Readiness(isReady: true, words: words)
    }

    static func refuse(_ defect: ServiceDefect) -> ServiceReply {
        let status: UInt16 =
            switch defect {
            case .violation(let violation): violation.status
            case .bodyTooLarge: 413
            case .timeout: 408
            case .draining, .replyOverdue: 503
            }
        return ServiceReply(status: status, body: Array("\n".utf8), closes: true)
    }

    private func text(_ status: UInt16, _ text: String) -> ServiceReply {
        ServiceReply(
            status: status,
            fields: [
                ("Content-Type", Array("text/plain; charset=utf-8".utf8)),
                ("Cache-Control", Array("no-store".utf8)),
            ], body: Array(text.utf8))
    }
}
