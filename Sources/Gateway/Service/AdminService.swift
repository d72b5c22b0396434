import HTTP1
import HTTPTransport
import JSON
import Policy
import Reactor
import Release
import Synchronization
import Tokens

/// What the admin socket asks the main thread to do.
enum AdminRequest: Sendable {
    case reload(SlotKey)
    case drain(SlotKey)
}

/// What the main thread last did about the policy, for threads that tell of it.
final class ReloadBoard: Sendable {
    struct Verdict: Sendable {
        var isAccepted: Bool
        /// Why it was refused.
        var reason: String?
        /// Diagnostics for people and as JSON.
        var text: String
        var json: String
        var unixSeconds: Int64
    }

    struct State: Sendable {
        var snapshotVersion: UInt64
        /// When the snapshot in force was put there.
        var loadedAt: WallClock
        /// `nil` until the first reload.
        var verdict: Verdict?
    }

    private let current: Mutex<State>

    init(version: UInt64) {
        current = Mutex(State(snapshotVersion: version, loadedAt: .now()))
    }

    var state: State { current.withLock { $0 } }

    func note(_ verdict: Verdict, version: UInt64) {
        current.withLock { state in
            if verdict.isAccepted { state.loadedAt = .now() }
            state.snapshotVersion = version
            state.verdict = verdict
        }
    }
}

/// `listen.admin`: status, reload and drain, on a thread of its own. Whoever may write to its Unix
/// socket may do all of it.
struct AdminService {
    let gateway: GatewayProcess
    let current: SnapshotBox
    let board: ReloadBoard
    /// Of the main thread, which posts its replies to the service.
    let requests: Mailbox<AdminRequest>
    let publicAddress: SocketAddress
    let healthAddress: SocketAddress?
    let started = WallClock.now()

    func answer(_ request: ServiceRequest) -> ServiceAnswer {
        let path = String(decoding: request.path, as: UTF8.self)
        let isReading = request.method == .get || request.method == .head
        switch path {
        case "/status":
            guard isReading else { return .now(Self.notAllowed("GET, HEAD")) }
            return .now(Self.reply(200, status()))
        case "/reload", "/drain":
            guard request.method == .post else { return .now(Self.notAllowed("POST")) }
            let asked = path == "/reload" ? AdminRequest.reload : AdminRequest.drain
            guard requests.post(asked(request.key)) else { return .now(Self.reply(503, "{}")) }
            return .later
        default: return .now(ServiceReply(status: 404, body: Array("not found\n".utf8)))
        }
    }

    static func reply(_ status: UInt16, _ json: String) -> ServiceReply {
        ServiceReply(
            status: status,
            fields: [
                ("Content-Type", Array("application/json".utf8)),
                ("Cache-Control", Array("no-store".utf8)),
            ], body: Array((json + "\n").utf8))
    }

    private static func notAllowed(_ methods: String) -> ServiceReply {
        ServiceReply(
            status: 405, fields: [("Allow", Array(methods.utf8))], body: Array("\n".utf8))
    }

    // MARK: - Status

    /// One object; `ringfence status` shows it to people.
    private func status() -> String {
        let snapshot = current.snapshot
        let state = board.state
        let now = WallClock.now().seconds
        var out = JSONWriter()
        out.beginObject()
        out.member("v", 1)
        out.member("version", Release.version)
        let readiness = HealthService(gateway: gateway, current: current).readiness
        out.member("ready", readiness.isReady)
        out.key("reason")
        if readiness.words.isEmpty {
            out.null()
        } else {
            out.string(readiness.words.joined(separator: "; "))
        }
        out.member("uptime_seconds", now - started.seconds)
        out.member("public", publicAddress.description)
        out.key("health")
        if let healthAddress { out.string(healthAddress.description) } else { out.null() }
        out.key("snapshot")
        out.beginObject()
        out.member("version", Int64(clamping: state.snapshotVersion))
        out.member("age_seconds", now - state.loadedAt.seconds)
        out.member("routes", snapshot.policy.routes.count)
        out.endObject()
        out.key("last_reload")
        Self.write(state.verdict, to: &out)
        writeWorkers(to: &out)
        writeIssuers(of: snapshot, to: &out)
        writeDirectory(of: snapshot, to: &out)
        out.endObject()
        return String(decoding: out.bytes, as: UTF8.self)
    }

    private static func write(_ verdict: ReloadBoard.Verdict?, to out: inout JSONWriter) {
        guard let verdict else { return out.null() }
        out.beginObject()
        out.member("accepted", verdict.isAccepted)
        out.key("reason")
        if let reason = verdict.reason { out.string(reason) } else { out.null() }
        out.member("unix_seconds", verdict.unixSeconds)
        out.member("text", verdict.text)
        out.endObject()
    }

    private func writeWorkers(to out: inout JSONWriter) {
        out.member("connections", gateway.openConnections)
        out.key("workers")
        out.beginArray()
        for counters in gateway.counters {
            out.beginObject()
            out.member("connections", Int64(clamping: counters.connections.value))
            out.endObject()
        }
        out.endArray()
    }

    private func writeIssuers(of snapshot: Snapshot, to out: inout JSONWriter) {
        out.key("issuers")
        out.beginArray()
        for keys in snapshot.issuers {
            out.beginObject()
            out.member("name", keys.policy.name)
            out.key("keys")
            if let issuer = keys.issuer { out.integer(issuer.keys.keys.count) } else { out.null() }
            out.endObject()
        }
        out.endArray()
    }

    /// `null` where the policy names no directory.
    private func writeDirectory(of snapshot: Snapshot, to out: inout JSONWriter) {
        out.key("directory")
        guard case .directory(let settings) = snapshot.policy.tenants else { return out.null() }
        let report = gateway.directory.report(now: .now())
        out.beginObject()
        out.member("fresh", gateway.directory.isFresh(settings, now: .now()))
        out.member("connected", report.isConnected)
        out.key("age_seconds")
        if let age = report.ageSeconds { out.integer(Int64(clamping: age)) } else { out.null() }
        out.member("max_stale_seconds", Int64(settings.staleMillisecondsMax / 1_000))
        out.member("tenants", report.tenants)
        out.member("keys", report.keys)
        out.member("version", report.version)
        out.endObject()
    }

    /// What a reload is answered with: the same diagnostics that `check` shows.
    static func reply(to reload: ReloadBoard.State) -> ServiceReply {
        guard let verdict = reload.verdict else { return reply(503, "{}") }
        var out = JSONWriter()
        out.beginObject()
        out.member("v", 1)
        out.member("accepted", verdict.isAccepted)
        out.member("snapshot", Int64(clamping: reload.snapshotVersion))
        out.key("reason")
        if let reason = verdict.reason { out.string(reason) } else { out.null() }
        out.member("text", verdict.text)
        out.key("report")
        out.raw([UInt8](verdict.json.utf8).span)
        out.endObject()
        return Self.reply(
            verdict.isAccepted ? 200 : 409, String(decoding: out.bytes, as: UTF8.self))
    }
}

/// The thread of the admin socket.
final class AdminThread {
    private let replies: Mailbox<(SlotKey, ServiceReply)>
    private let stops: Mailbox<UInt64>
    private var thread: WorkerThread?
    /// What open requests get when the process ends.
    private static let patienceMilliseconds: UInt64 = 1_000

    init(_ admin: AdminService, on listener: consuming sending Listener) throws(StartFault) {
        do throws(SystemFault) {
            let service = try HTTPService(listener: listener)
            let (replies, stops) = (service.replies, service.stops)
            let thread = try WorkerThread(name: "admin", running: service) { service in
                do throws(SystemFault) {
                    try service.run(
                        handle: { admin.answer($0) }, refuse: HealthService.refuse)
                } catch {
                    preconditionFailure("\(error)")
                }
            }
            self.replies = replies
            self.stops = stops
            self.thread = .some(thread)
        } catch {
            throw .system(error)
        }
    }

    func reply(_ reply: ServiceReply, to key: SlotKey) { _ = replies.post((key, reply)) }

    /// Answers what is open, then ends and takes the socket away.
    func stop() {
        _ = stops.post(Self.patienceMilliseconds)
        thread = nil
    }
}
