import HTTP1
import HTTPTransport
import Reactor
import Synchronization
import TestSupport

/// A service on a port of its own, on a thread of its own, which says what it was asked.
final class RunningService: Sendable {
    let port: UInt16
    let replies: Mailbox<(SlotKey, ServiceReply)>
    let stops: Mailbox<UInt64>
    /// Keys of requests whose answer comes later.
    let owed = Mutex<[SlotKey]>([])

    static let replyBytes = 3_000_000

    init(_ bounds: HTTPService.Bounds = HTTPService.Bounds()) throws {
        let listener = try Listener(on: SocketAddress(parsing: "127.0.0.1:0"))
        guard case .ip(_, let port) = listener.address else {
            throw TestSupportError.closedEarly("listener")
        }
        self.port = port
        let service = try HTTPService(listener: listener, bounds: bounds)
        replies = service.replies
        stops = service.stops
        let thread = try WorkerThread(name: "service", running: service) { [self] service in
            try? service.run(
                handle: { request in answer(request) },
                refuse: Self.refuse)
        }
        thread.detach()
    }

    func stop() { _ = stops.post(0) }

    private func answer(_ request: ServiceRequest) -> ServiceAnswer {
        switch String(decoding: request.path, as: UTF8.self) {
        case "/later":
            owed.withLock { $0.append(request.key) }
            return .later
        case "/large":
            return .now(
                ServiceReply(status: 200, body: Array(repeating: 0x6c, count: Self.replyBytes)))
        case "/beyond":
            return .now(ServiceReply(status: 200, body: Array(repeating: 0x62, count: 9_000_000)))
        case "/close": return .now(ServiceReply(status: 200, closes: true))
        case "/none": return .now(ServiceReply(status: 204))
        default:
            let words = request.path + [0x20] + request.body
            return .now(ServiceReply(status: 200, fields: [("X-Told", [0x31])], body: words))
        }
    }

    private static func refuse(_ defect: ServiceDefect) -> ServiceReply {
        let status: UInt16 =
            switch defect {
            case .violation(let violation): violation.status
            case .bodyTooLarge: 413
            case .timeout: 408
            case .replyOverdue: 504
            case .draining: 503
            }
        return ServiceReply(status: status, closes: true)
    }
}
