import HTTPTransport
import Policy
import Postgres
import Reactor
import Telemetry
import Tokens

/// The running backend: one front thread, the database workers, and the health thread.
final class BackendServer {
    /// Requests waiting for each worker; beyond it 503.
    static let queuedPerWorker = 64
    static let connectionsMax = 1_024
    /// Open requests when stopping.
    static let drainMilliseconds: UInt64 = 10_000
    /// The front's own patience, behind the deadline that a worker keeps.
    static let replyGraceMilliseconds: UInt64 = 5_000

    private let state = ServerState()
    private let metrics = BackendMetrics()
    private let sets: [CounterSet]
    private let queue: WorkQueue<Job>
    private let frontStops: Mailbox<UInt64>
    private let healthStops: Mailbox<UInt64>?
    private let announcement: String
    private var front: RunningThread?
    private var workers: [RunningThread] = []
    private var health: RunningThread?
    private var feed: [RunningThread] = []
    private let watchEnd: WorkQueue<Int>
    private var watch: RunningThread?
    private let feedQueue: WorkQueue<FeedJob>
    private let feedStops: Mailbox<UInt64>?

    /// Opens what can fail, addresses, log and key, then starts the threads.
    ///
    /// - Parameter provenCatalogs: the fingerprint of the catalogs that isolation was proven of.
    init(_ setup: BackendSetup, provenCatalogs: String? = nil) throws(StartupFault) {
        let policy = setup.policy
        let count = policy.database.workers
        sets = (0...count).map { [metrics] _ in CounterSet(metrics.catalog) }
        queue = try Self.queue(capacity: count * Self.queuedPerWorker)
        var bounds = HTTPService.Bounds()
        let deadline = UInt64(policy.database.deadlineMilliseconds)
        bounds.connectionsMax = Self.connectionsMax
        bounds.bodyBytesMax = RequestReader.bodyBytesMax
        bounds.replyMilliseconds = deadline + Self.replyGraceMilliseconds
        var announcement = ""
        let service = try Self.open(policy.api, "api", bounds, &announcement)
        frontStops = service.stops
        let desk = FrontDesk(
            assertions: try Self.assertions(setup), reader: try Self.reader(setup),
            log: try Self.log(), queue: queue,
            state: state, metrics: metrics, counters: sets[0], deadlineMilliseconds: deadline)
        var healthDesk: HealthDesk?
        if let address = policy.health {
            let service = try Self.open(address, "health", HTTPService.Bounds(), &announcement)
            healthStops = service.stops
            healthDesk = HealthDesk(service, state: state, metrics: metrics, sets: sets)
        } else {
            healthStops = nil
        }
        watchEnd = try Self.queue(capacity: 1)
        feedQueue = try Self.queue(capacity: FeedDesk.connectionsMax * 2)
        var feedDesk: FeedDesk?
        var feedReplies: Mailbox<(SlotKey, ServiceReply)>?
        if let address = policy.feed {
            let service = try Self.openFeed(address, &announcement)
            feedStops = service.stops
            feedReplies = service.replies
            feedDesk = FeedDesk(
                service, secret: setup.feedSecret, context: setup.context, queue: feedQueue)
        } else {
            feedStops = nil
        }
        self.announcement = announcement
        do throws(StartupFault) {
            for number in 1...count {
                let worker = DatabaseWorker(
                    database: setup.runtime, context: setup.context, room: policy.directory,
                    log: try Self.log(), queue: queue, replies: service.replies, state: state,
                    metrics: metrics, counters: sets[number])
                workers.append(
                    try RunningThread(name: "database-\(number)", worker) { $0.run() })
            }
            if let desk = healthDesk.take() {
                health = try RunningThread(name: "health", desk) { $0.run() }
            }
            if let desk = feedDesk.take(), let replies = feedReplies {
                let worker = FeedWorker(
                    database: setup.runtime, context: setup.context,
                    keepSeconds: policy.directory.keepSeconds, queue: feedQueue,
                    replies: replies, state: state)
                feed.append(try RunningThread(name: "feed-reader", worker) { $0.run() })
                feed.append(try RunningThread(name: "feed", desk) { $0.run() })
            }
            if policy.database.verify == .watch {
                let worker = CatalogWatch(
                    DatabaseProof(setup), state: state, end: watchEnd,
                    every: policy.database.verifyEveryMilliseconds, proven: provenCatalogs)
                watch = try RunningThread(name: "catalog-watch", worker) { $0.run() }
            }
            front = try RunningThread(name: "front", Front(service, desk)) { $0.run() }
        } catch {
            stop()
            throw error
        }
    }

    /// Tells a waiting parent the addresses, of which it may have left the choice to the kernel.
    func announce(to path: String) throws(StartupFault) {
        do throws(FileFault) {
            try writeFileAtomically(path, announcement.utf8Span.span)
        } catch {
            throw StartupFault(
                exit: .failed, message: "error: cannot write `\(path)`: \(error.words)\n")
        }
    }

    /// Answers what is open, then ends all threads.
    func stop() {
        state.beginStopping()
        _ = frontStops.post(Self.drainMilliseconds)
        front = nil
        queue.close()
        workers.removeAll()
        // Gateways ask again elsewhere; there is nothing to finish.
        _ = feedStops?.post(0)
        feedQueue.close()
        feed.removeAll()
        watchEnd.close()
        watch = nil
        _ = healthStops?.post(0)
        health = nil
    }

    // MARK: Parts

    private static func queue<Message>(
        capacity: Int
    ) throws(StartupFault) -> WorkQueue<Message> {
        do throws(SystemFault) {
            return try WorkQueue(capacity: capacity)
        } catch {
            throw StartupFault(exit: .failed, message: "error: \(error)\n")
        }
    }

    private static func open(
        _ address: ListenAddress, _ name: String, _ bounds: HTTPService.Bounds,
        _ announcement: inout String
    ) throws(StartupFault) -> HTTPService {
        let listener = try listen(address)
        announcement += "\(name)=\(listener.address)\n"
        do throws(SystemFault) {
            return try HTTPService(listener: listener, bounds: bounds)
        } catch {
            throw StartupFault(exit: .failed, message: "error: \(error)\n")
        }
    }

    private static func openFeed(
        _ address: ListenAddress, _ announcement: inout String
    ) throws(StartupFault) -> HTTPService {
        var bounds = HTTPService.Bounds()
        bounds.connectionsMax = FeedDesk.connectionsMax
        bounds.bodyBytesMax = 0
        bounds.replyMilliseconds = FeedQuestion.waitMillisecondsMax + replyGraceMilliseconds
        return try open(address, "feed", bounds, &announcement)
    }

    private static func reader(_ setup: BackendSetup) throws(StartupFault) -> RequestReader {
        do throws(KeyDefect) {
            return try RequestReader(pepper: setup.keyPepper)
        } catch {
            throw StartupFault(
                exit: .invalidConfiguration,
                message: "error: `keys.pepper` cannot be used: \(error)\n")
        }
    }

    private static func listen(_ address: ListenAddress) throws(StartupFault) -> Listener {
        let place: SocketAddress
        do throws(SocketAddress.Defect) {
            place = try SocketAddress(parsing: address.text)
        } catch {
            throw StartupFault(
                exit: .invalidConfiguration, message: "error: `\(address.text)` is no address\n")
        }
        do throws(SocketFault) {
            return try Listener(on: place)
        } catch {
            throw StartupFault(
                exit: .failed, message: "error: cannot listen on `\(address.text)`: \(error)\n")
        }
    }

    private static func assertions(
        _ setup: BackendSetup
    ) throws(StartupFault) -> AssertionDesk {
        do throws(KeyDefect) {
            return try AssertionDesk(
                keyFile: setup.assertionKey, audience: setup.policy.assertion.audience,
                context: setup.context, now: .now())
        } catch {
            throw StartupFault(
                exit: .invalidConfiguration,
                message: "error: `assertion.key` cannot be used: \(error)\n")
        }
    }

    private static func log() throws(StartupFault) -> AccessLog {
        do throws(FileFault) {
            return try AccessLog(.standardOutput)
        } catch {
            throw StartupFault(
                exit: .failed, message: "error: cannot write to standard output: \(error.words)\n")
        }
    }
}

/// A thread of the server; letting go of it waits for its end.
private final class RunningThread {
    private let thread: WorkerThread

    init<Worker: ~Copyable>(
        name: String, _ worker: consuming sending Worker,
        _ body: @escaping @Sendable (inout Worker) -> Void
    ) throws(StartupFault) {
        do throws(SystemFault) {
            thread = try WorkerThread(name: name, running: worker, body)
        } catch {
            throw StartupFault(exit: .failed, message: "error: \(error)\n")
        }
    }
}
