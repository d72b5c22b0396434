import Policy
import Telemetry

/// The numbers of the backend, declared once; every thread counts in a set of its own.
struct BackendMetrics: Sendable {
    let catalog: MetricCatalog
    /// By endpoint and class of status.
    let requests: MetricSlots
    /// By code of the registry.
    let refusals: MetricSlots
    /// Client spellings of the tenant dropped from tenants' requests.
    let cleaned: MetricSlots
    let workersConnected: MetricSlots
    let logins: MetricSlots
    let queued: MetricSlots
    let logLinesLost: MetricSlots
    /// From the request's last byte to its answer, by endpoint.
    let duration: HistogramSlots
    /// What of it was spent with the database.
    let database: HistogramSlots

    init() {
        var catalog = MetricCatalog()
        let endpoints = MetricLabel(
            "endpoint", Endpoint.allCases.map(\.template.description))
        requests = catalog.counter(
            "ringfence_backend_requests", help: "Requests answered.",
            labels: [endpoints, MetricLabel("status", ["2xx", "4xx", "5xx"])])
        refusals = catalog.counter(
            "ringfence_backend_refusals", help: "Requests not carried out, by code.",
            labels: [MetricLabel("code", Refusal.allCases.map(\.code.description))])
        cleaned = catalog.counter(
            "ringfence_backend_tenant_fields_cleaned",
            help: "Names of a tenant dropped from requests with a tenant's credential.")
        workersConnected = catalog.gauge(
            "ringfence_backend_database_workers", help: "Database workers that are logged in.")
        logins = catalog.counter(
            "ringfence_backend_database_logins", help: "Logins at the database.")
        queued = catalog.gauge(
            "ringfence_backend_queue", help: "Requests waiting for a database worker.")
        logLinesLost = catalog.counter(
            "ringfence_backend_log_lines_lost", help: "Log lines the target did not take.")
        duration = catalog.histogram(
            "ringfence_backend_request_duration_seconds",
            help: "From the last byte of a request to its answer.", labels: [endpoints])
        database = catalog.histogram(
            "ringfence_backend_database_duration_seconds",
            help: "Time of a request with the database.", labels: [endpoints])
        self.catalog = catalog
    }

    func count(_ answer: Answer, at endpoint: Endpoint, in counters: CounterSet) {
        let kind = answer.status < 400 ? 0 : answer.status < 500 ? 1 : 2
        counters.add(requests[Int(endpoint.rawValue), kind])
        if let refusal = answer.refusal { counters.add(refusals[Int(refusal.rawValue)]) }
    }
}
