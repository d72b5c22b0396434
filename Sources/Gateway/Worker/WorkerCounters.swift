import Policy
import Telemetry

/// One number of one worker.
struct Counter: Sendable {
    let numbers: CounterSet
    let slot: MetricSlot

    // Inlined, so that no use takes a reference to the numbers.
    @inline(__always) func increment() { numbers.add(slot) }
    @inline(__always) func add(_ amount: UInt64) { numbers.add(slot, amount) }
    @inline(__always) func subtract(_ amount: UInt64 = 1) { numbers.subtract(slot, amount) }
    @inline(__always) func store(_ value: UInt64) { numbers.set(slot, to: value) }
    var value: UInt64 { numbers.value(slot) }
}

/// Every metric of the gateway, declared once. Labels are enums and names of the policy, so no
/// client can add a series.
struct GatewayMetrics: Sendable {
    let catalog: MetricCatalog
    let accepted, connections, refused, exhausted, handshakes, handshakesFailed: MetricSlot
    let handshakesLimited, upstreamWaits: MetricSlot
    let requests: MetricSlots
    let stripped: MetricSlots
    let tenantCookies: MetricSlot
    let shadowRequests, shadowFindings, shadowRefusals: MetricSlots
    let tokens: MetricSlots
    let upstreamConnections: MetricSlots
    let logLinesDropped, snapshotVersion, reloadsRefused, secondReadings: MetricSlot
    let directoryKnown, directoryAge, directoryConnected, directoryTenants: MetricSlot
    let directoryKeys, directoryVersion, directoryBytes, directoryReloads: MetricSlot
    let directoryFaults: MetricSlot
    let reloadSuccessful, reloadSeconds: MetricSlot
    let alarms: MetricSlots
    let seconds: HistogramSlots

    /// `forwarded`, then every refusal, in the order of the registry.
    static let outcomes = ["forwarded"] + Refusal.allCases.map { "\($0.code)" }
    static let carriers =
        StripReason.allCases.map { "header_\($0.name)" }
        + ["cookie_tenant", "query_tenant", "path_tenant", "body_tenant"]

    init() {
        var made = MetricCatalog()
        accepted =
            made.counter("ringfence_connections_accepted", help: "Connections accepted.").only
        connections = made.gauge("ringfence_connections", help: "Connections open.").only
        refused =
            made.counter(
                "ringfence_connections_refused", help: "Connections closed at the bound."
            ).only
        exhausted =
            made.counter(
                "ringfence_descriptors_exhausted",
                help: "Times that accepting had to wait for descriptors."
            ).only
        handshakes = made.counter("ringfence_tls_handshakes", help: "Handshakes done.").only
        handshakesFailed =
            made.counter("ringfence_tls_handshakes_failed", help: "Handshakes that failed.").only
        handshakesLimited =
            made.counter(
                "ringfence_tls_handshakes_limited",
                help: "Connections closed because their address had spent its handshakes."
            ).only
        upstreamWaits =
            made.counter(
                "ringfence_upstream_waits",
                help: "Requests that waited for their turn at an upstream with in_flight."
            ).only
        requests = made.counter(
            "ringfence_requests",
            help: "Requests by outcome: forwarded, or the code of the refusal.",
            labels: [MetricLabel("outcome", Self.outcomes)])
        stripped = made.counter(
            "ringfence_stripped", help: "Parts of requests that were not passed on, by carrier.",
            labels: [MetricLabel("carrier", Self.carriers)])
        tenantCookies =
            made.counter(
                "ringfence_tenant_cookies_set",
                help: "Cookies upstreams set under a tenant's name; taken out when they come back."
            ).only
        shadowRequests = made.counter(
            "ringfence_shadow_requests",
            help: "Requests of routes in shadow by what enforcing would have done.",
            labels: [MetricLabel("verdict", ["unchanged", "changed", "refused"])])
        shadowFindings = made.counter(
            "ringfence_shadow_findings",
            help: "What enforcing would have done on routes in shadow, by carrier.",
            labels: [
                MetricLabel("carrier", ShadowReport.Carrier.allCases.map { "\($0.name)" }),
                MetricLabel("outcome", ShadowReport.Outcome.allCases.map { "\($0.name)" }),
            ])
        shadowRefusals = made.counter(
            "ringfence_shadow_refusals",
            help: "Requests of routes in shadow that enforcing would have refused, by code.",
            labels: [MetricLabel("code", ShadowReport.refusals.map { "\($0.code)" })])
        tokens = made.counter(
            "ringfence_tokens", help: "Token checks by how they were answered.",
            labels: [MetricLabel("answer", ["cached", "verified", "refused", "limited"])])
        upstreamConnections = made.counter(
            "ringfence_upstream_connections", help: "Upstream connections by what became of them.",
            labels: [MetricLabel("event", ["connected", "reused", "failed", "retried"])])
        logLinesDropped =
            made.gauge(
                "ringfence_log_lines_dropped", help: "Access log lines that could not be written."
            ).only
        snapshotVersion =
            made.gauge("ringfence_snapshot_version", help: "Snapshot in force, counted up.").only
        reloadsRefused =
            made.counter("ringfence_reloads_refused", help: "Reloads that kept the old policy.")
            .only
        reloadSuccessful =
            made.gauge(
                "ringfence_config_last_reload_successful",
                help: "1 where the policy in force is the one last read, 0 after a refused reload."
            ).only
        reloadSeconds =
            made.gauge(
                "ringfence_config_last_reload_success_timestamp_seconds",
                help: "When the policy in force was read, in seconds since 1970."
            ).only
        secondReadings =
            made.gauge(
                "ringfence_token_second_readings_skipped",
                help: "Tokens whose header libjwt cannot read, because of its typ or algorithm."
            ).only
        func directory(_ name: String, _ help: String) -> MetricSlot {
            made.gauge("ringfence_directory_" + name, help: help).only
        }
        directoryKnown = directory("known", "Whether anything is known of the directory.")
        directoryAge = directory("age_seconds", "Since the directory was last known to be true.")
        directoryConnected = directory("connected", "Whether the backend's feed answers.")
        directoryTenants = directory("tenants", "Tenants of the directory, deleted ones included.")
        directoryKeys = directory("keys", "API keys of the directory, revoked ones included.")
        directoryVersion = directory("version", "Version of the first vendor's feed.")
        directoryBytes = directory("bytes", "Memory of the directory.")
        directoryReloads = directory("reloads", "Times that all of it had to be read again.")
        directoryFaults = directory("faults", "Questions to the feed that failed.")
        alarms = made.counter(
            "ringfence_alarms", help: "What must never happen; each is a bug or an attack.",
            labels: [MetricLabel("alarm", ["second_reader", "head_scan"])])
        seconds = made.histogram(
            "ringfence_request_seconds", help: "From the first byte of a request to its end.")
        catalog = made
    }
}

/// The counters of one worker.
final class WorkerCounters: Sendable {
    let set: CounterSet
    let metrics: GatewayMetrics

    init(_ metrics: GatewayMetrics) {
        self.metrics = metrics
        set = CounterSet(metrics.catalog)
    }

    @inline(__always) private func counter(_ slot: MetricSlot) -> Counter {
        Counter(numbers: set, slot: slot)
    }

    var accepted: Counter { counter(metrics.accepted) }
    var connections: Counter { counter(metrics.connections) }
    var connectionsRefused: Counter { counter(metrics.refused) }
    var descriptorsExhausted: Counter { counter(metrics.exhausted) }
    var handshakes: Counter { counter(metrics.handshakes) }
    var handshakesFailed: Counter { counter(metrics.handshakesFailed) }
    var tenantCookies: Counter { counter(metrics.tenantCookies) }
    var handshakesLimited: Counter { counter(metrics.handshakesLimited) }
    var upstreamWaits: Counter { counter(metrics.upstreamWaits) }
    var tokensCached: Counter { counter(metrics.tokens[0]) }
    var tokensVerified: Counter { counter(metrics.tokens[1]) }
    var tokensRefused: Counter { counter(metrics.tokens[2]) }
    var tokensLimited: Counter { counter(metrics.tokens[3]) }
    var upstreamConnects: Counter { counter(metrics.upstreamConnections[0]) }
    var upstreamReuses: Counter { counter(metrics.upstreamConnections[1]) }
    var upstreamConnectFailures: Counter { counter(metrics.upstreamConnections[2]) }
    var upstreamRetries: Counter { counter(metrics.upstreamConnections[3]) }
    var logLinesDropped: Counter { counter(metrics.logLinesDropped) }
    var snapshotVersion: Counter { counter(metrics.snapshotVersion) }
    var reloadsRefused: Counter { counter(metrics.reloadsRefused) }
    var reloadSuccessful: Counter { counter(metrics.reloadSuccessful) }
    var reloadSeconds: Counter { counter(metrics.reloadSeconds) }
    var secondReadingsSkipped: Counter { counter(metrics.secondReadings) }
    var secondReaderAlarms: Counter { counter(metrics.alarms[0]) }
    var headScanAlarms: Counter { counter(metrics.alarms[1]) }

    func countOutcome(_ refusal: Refusal?) {
        set.add(metrics.requests[refusal.map { Int($0.rawValue) + 1 } ?? 0])
    }

    func countStripped(_ report: CleaningReport) {
        let first = CleaningReport.reasonCount
        for reason in 0..<first {
            let count = report.fields(at: reason)
            if count > 0 { set.add(metrics.stripped[reason], UInt64(count)) }
        }
        if report.cookies > 0 { set.add(metrics.stripped[first], UInt64(report.cookies)) }
        let removed = report.query.removed
        if removed > 0 { set.add(metrics.stripped[first + 1], UInt64(removed)) }
        let segments = report.pathSegments
        if segments > 0 { set.add(metrics.stripped[first + 2], UInt64(segments)) }
        let names = report.bodyNames
        if names > 0 { set.add(metrics.stripped[first + 3], UInt64(names)) }
    }

    func countShadow(_ report: ShadowReport) {
        let verdict = report.refusal != nil ? 2 : report.isUnchanged ? 0 : 1
        set.add(metrics.shadowRequests[verdict])
        for carrier in ShadowReport.Carrier.allCases {
            for outcome in ShadowReport.Outcome.allCases {
                let count = report.count(carrier, outcome)
                guard count > 0 else { continue }
                let slot = metrics.shadowFindings[Int(carrier.rawValue), Int(outcome.rawValue)]
                set.add(slot, UInt64(count))
            }
        }
        guard let refusal = report.refusal,
            let place = ShadowReport.refusals.firstIndex(of: refusal)
        else { return }
        set.add(metrics.shadowRefusals[place])
    }

    func record(nanoseconds: UInt64) { set.record(metrics.seconds.only, nanoseconds: nanoseconds) }
}
