import HTTP1
import HTTPTransport
import Policy
import Reactor
import Synchronization
import TLS
import Telemetry

/// Why the gateway did not start.
enum StartFault: Error {
    case system(SystemFault)
    case address(String, SocketFault)
    case addressText(String)
    case tls(TLSFault)
    case cryptography(String)
    case log(String, FileFault)
    /// What `--announce` names.
    case announcement(String, FileFault)
}

/// What the workers of one process share: the limiter, the counters, each other's mailboxes. Made
/// once; snapshots come and go.
final class GatewayProcess: Sendable {
    let limiter = LimiterTable()
    let budget = SignatureBudget()
    /// What is known of the backend's directory, where the policy names it.
    let directory = DirectoryState()
    /// Handshakes in vain.
    let handshakes = AddressBudget()
    /// Requests that need no credential, and requests refused for theirs.
    let anonymous = AddressBudget()
    let unverified = AddressBudget()
    let gates = UpstreamGates()
    /// Memory of bodies that are held whole.
    let bodyMemory = ByteBudget()
    let metrics = GatewayMetrics()
    let counters: [WorkerCounters]
    let mailboxes: [Mailbox<WorkerMessage>]
    /// `nil` where the listener is cleartext.
    let tls: TLSServerContext?
    let isReady = Atomic<Bool>(false)

    /// Messages a worker may be behind with; each new connection is one.
    static let mailboxMax = 8_192
    /// Bytes of log lines of one loop turn.
    static let logBytesMax = 1_048_576

    init(workers: Int, tls: TLSServerContext?) throws(StartFault) {
        self.tls = tls
        let metrics = metrics
        counters = (0..<workers).map { _ in WorkerCounters(metrics) }
        var mailboxes: [Mailbox<WorkerMessage>] = []
        do throws(SystemFault) {
            for _ in 0..<workers { mailboxes.append(try Mailbox(capacity: Self.mailboxMax)) }
        } catch {
            throw .system(error)
        }
        self.mailboxes = mailboxes
    }

    /// Connections of all workers.
    var openConnections: Int {
        var sum: UInt64 = 0
        for worker in counters { sum &+= worker.connections.value }
        return Int(clamping: sum)
    }

    /// The worker with the fewest connections.
    func leastLoadedWorker() -> Int {
        var chosen = 0
        var fewest = UInt64.max
        for (index, worker) in counters.enumerated() {
            let count = worker.connections.value
            if count < fewest {
                fewest = count
                chosen = index
            }
        }
        return chosen
    }

    /// A log of its own for each worker, on the one target the policy names; `nil` for none.
    func openLog(_ policy: GatewayPolicy) throws(StartFault) -> AppendLog? {
        let target: AppendLog.Target
        switch policy.listen.accessLog {
        case nil: target = .standardOutput
        case "": return nil
        case let path?: target = .file(path: path)
        }
        do throws(FileFault) {
            return try AppendLog(target, bytesMax: Self.logBytesMax)
        } catch {
            throw .log(policy.listen.accessLog ?? "standard output", error)
        }
    }

    func tell(_ message: WorkerMessage) {
        for mailbox in mailboxes { _ = mailbox.post(message) }
    }

    /// The exposition of `/metrics`.
    func exposition() -> [UInt8] {
        var out = ByteBuffer(capacityMax: 4_194_304)
        do throws(ExpositionFault) {
            try OpenMetricsEncoder.append(metrics.catalog, counters.map(\.set), to: &out)
        } catch {
            return []
        }
        return out.bytes
    }
}
