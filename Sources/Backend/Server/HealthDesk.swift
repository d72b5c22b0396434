import HTTP1
import HTTPTransport
import Policy
import Reactor
import Telemetry

/// Probes and metrics, on an address and a thread of their own; nothing that changes anything.
struct HealthDesk: ~Copyable {
    /// More than all series of the catalogue need.
    private static let expositionBytesMax = 1 << 20

    private var service: HTTPService
    private let state: ServerState
    private let metrics: BackendMetrics
    private let sets: [CounterSet]

    init(
        _ service: consuming HTTPService, state: ServerState, metrics: BackendMetrics,
        sets: [CounterSet]
    ) {
        self.service = service
        self.state = state
        self.metrics = metrics
        self.sets = sets
    }

    /// Serves until told to stop.
    mutating func run() {
        let (state, metrics, sets) = (state, metrics, sets)
        do throws(SystemFault) {
            try service.run(
                handle: { .now(Self.answer($0, state, metrics, sets)) },
                refuse: { Answer(Rejection($0), requestID: FreshID.make()).reply })
        } catch {
            preconditionFailure("the health listener cannot poll: \(error)")
        }
    }

    private static func answer(
        _ request: ServiceRequest, _ state: ServerState, _ metrics: BackendMetrics,
        _ sets: [CounterSet]
    ) -> ServiceReply {
        guard request.method == .get || request.method == .head else {
            var rejection = Rejection(.routeMethod)
            rejection.allowed = [.get, .head]
            return Answer(rejection, requestID: FreshID.make()).reply
        }
        switch String(decoding: request.path, as: UTF8.self) {
        case "/livez": return text(200, "alive")
        case "/readyz":
            guard let reason = state.unreadiness else { return text(200, "ready") }
            return text(503, reason)
        case "/metrics":
            var output = ByteBuffer(capacityMax: expositionBytesMax)
            do throws(ExpositionFault) {
                try OpenMetricsEncoder.append(metrics.catalog, sets, to: &output)
            } catch {
                return text(500, "metrics do not fit")
            }
            let type = Array(OpenMetricsEncoder.contentType.description.utf8)
            return ServiceReply(
                status: 200, fields: [("Content-Type", type)], body: output.bytes)
        default: return Answer(Rejection(.routeNotFound), requestID: FreshID.make()).reply
        }
    }

    private static func text(_ status: UInt16, _ text: StaticString) -> ServiceReply {
        ServiceReply(
            status: status, fields: [("Content-Type", Array("text/plain".utf8))],
            body: Array((text.description + "\n").utf8))
    }
}
