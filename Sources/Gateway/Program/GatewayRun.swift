import HTTP1
import HTTPTransport
import Policy
import Reactor
import Release
import Synchronization
import TLS

/// `ringfence-gateway run`: from the policy to threads that serve, until a signal.
struct GatewayRun {
    var path = "policies/"
    var overlay: String?
    var announceFile: String?

    /// Serves until SIGTERM or SIGINT and answers the exit code.
    func run() -> Int32 {
        do throws(StartFault) {
            return try serve()
        } catch {
            return fail(error.description, 1)
        }
    }

    private func serve() throws(StartFault) -> Int32 {
        // Too late is no fault: only speed is lost.
        OpenSSLMemory.keepFreedBlocks()
        // Before threads, so that every one inherits the blocked signals.
        let signals = try Self.signals()
        let resolver = try Self.resolver()
        forbidMemoryDumps()
        let loader = SnapshotLoader(path: path, resolver: resolver, overlay: overlay)
        let loaded = loader.load(version: 1)
        write(loaded.report.text(colour: false) + "\n", to: .error)
        guard let snapshot = loaded.snapshot else { return GatewayProgram.Exit.invalid }
        _ = raiseDescriptorLimit(to: UInt64(snapshot.policy.listen.connectionsMax) * 2 + 256)
        let server = try GatewayServer(
            snapshot: snapshot, certificates: loaded.certificates,
            clientAuthorities: loaded.clientAuthorities, resolver: resolver)
        try server.start(announceFile: announceFile)
        server.control(signals: signals, loader: loader)
        return GatewayProgram.Exit.fine
    }

    private static func signals() throws(StartFault) -> SignalSource {
        do throws(SystemFault) { return try SignalSource() } catch { throw .system(error) }
    }

    private static func resolver() throws(StartFault) -> Resolver {
        do throws(SystemFault) { return try Resolver() } catch { throw .system(error) }
    }

    private func fail(_ message: String, _ code: Int32) -> Int32 {
        write("ringfence-gateway: \(message)\n", to: .error)
        return code
    }
}

extension StartFault: CustomStringConvertible {
    var description: String {
        switch self {
        case .system(let fault): "the system refuses: \(fault)"
        case .address(let text, .addressInUse) where text.hasPrefix("unix:"):
            "\(text) is in use by another process (`ss -lxp` shows which), or is no socket"
        case .address(let text, .addressInUse):
            "\(text) is in use by another process (`ss -ltnp` shows which)"
        case .address(let text, let fault): "cannot listen on \(text): \(fault)"
        case .addressText(let text): "`\(text)` is not an address to listen on"
        case .tls(let fault): "TLS cannot be set up: \(fault)"
        case .cryptography(let text): "cryptography cannot be set up: \(text)"
        case .log(let target, let fault): "cannot write the access log to \(target): \(fault)"
        case .announcement(let path, let fault): "cannot write `\(path)`: \(fault)"
        }
    }
}

/// The running gateway: its threads and what the main thread does meanwhile.
final class GatewayServer {
    /// How often the main thread looks at what is not per request.
    private static let lookMilliseconds: UInt64 = 5_000
    /// Held bodies and the documents they are looked at with: larger ones are not kept for others.
    private static let largeBlockBytes: Int32 = 1 << 21
    /// What a thread may keep free beyond its use.
    private static let freeBytesKept: Int32 = 1 << 22

    private let gateway: GatewayProcess
    private let directory: DirectoryService
    private let box: SnapshotBox
    private let ticketKeys: TLSTicketKeys
    private let publicAddress: SocketAddress
    private let healthAddress: SocketAddress?
    private var workers: [Worker] = []
    private var healthStops: Mailbox<UInt64>?
    private var admin: AdminThread?
    private let adminRequests: Mailbox<AdminRequest>
    private let board = ReloadBoard(version: 1)
    private var keyFetchers: KeyFetchers
    private var version: UInt64 = 1

    /// A started worker's thread, boxed because arrays cannot hold what cannot be copied.
    private final class Worker {
        private var thread: WorkerThread?
        init(_ thread: consuming WorkerThread) { self.thread = .some(thread) }
        func join() { thread = nil }
    }

    init(
        snapshot: Snapshot, certificates: [TLSCertificate],
        clientAuthorities: TLSClientAuthorities?, resolver: Resolver
    ) throws(StartFault) {
        boundFreeMemory(largeBytes: Self.largeBlockBytes, keptBytes: Self.freeBytesKept)
        keyFetchers = KeyFetchers(resolver: resolver)
        box = SnapshotBox(snapshot)
        let listen = snapshot.policy.listen
        do throws(TLSFault) {
            ticketKeys = try TLSTicketKeys(nowSeconds: UInt64(max(WallClock.now().seconds, 0)))
        } catch {
            throw .tls(error)
        }
        var context: TLSServerContext?
        if let tls = listen.tls {
            do throws(TLSFault) {
                context = try TLSServerContext(
                    certificates: certificates,
                    profile: tls.profile == .modern ? .modern : .intermediate,
                    ticketKeys: ticketKeys, identity: "public",
                    clientAuthorities: clientAuthorities)
            } catch {
                throw .tls(error)
            }
        }
        do throws(SystemFault) {
            adminRequests = try Mailbox(capacity: 64)
        } catch {
            throw .system(error)
        }
        let cores = usableCores()
        let count = listen.workers ?? cores.count
        gateway = try GatewayProcess(workers: count, tls: context)
        directory = DirectoryService(gateway)
        let feed = try directory.prepare(
            snapshot.policy, secret: snapshot.feedSecret, sealKey: snapshot.sealKey)
        // All that can be refused first, then what runs.
        let listener = try Self.listener(on: listen.publicAddress.text)
        publicAddress = listener.address
        var health: Listener?
        var admin: Listener?
        var healthAddress: SocketAddress?
        if let text = listen.health?.text {
            let listener = try Self.listener(on: text)
            healthAddress = listener.address
            health = .some(listener)
        }
        self.healthAddress = healthAddress
        if let text = listen.admin?.text { admin = .some(try Self.listener(on: text)) }
        directory.follow(feed)
        do throws(StartFault) {
            try startHealth(health.take())
            try startAdmin(admin.take())
            // First, so that keys kept from before are there for the first request.
            keyFetchers.follow(snapshot)
            try startWorkers(count, listener: listener, snapshot: snapshot)
        } catch {
            // Whatever runs already would be waited for.
            end(afterMilliseconds: 0)
            throw error
        }
    }

    private static func listener(on text: String) throws(StartFault) -> Listener {
        let address: SocketAddress
        do throws(SocketAddress.Defect) {
            address = try SocketAddress(parsing: text)
        } catch {
            throw .addressText(text)
        }
        do throws(SocketFault) {
            return try Listener(on: address)
        } catch {
            throw .address(text, error)
        }
    }

    private func startHealth(_ listener: consuming sending Listener?) throws(StartFault) {
        guard let listener else { return }
        do throws(SystemFault) {
            let service = try HTTPService(listener: listener)
            healthStops = service.stops
            let health = HealthService(gateway: gateway, current: box)
            let thread = try WorkerThread(name: "health", running: service) { service in
                do throws(SystemFault) {
                    try service.run(
                        handle: { .now(health.answer($0)) }, refuse: HealthService.refuse)
                } catch {
                    preconditionFailure("\(error)")
                }
            }
            thread.detach()
        } catch {
            throw .system(error)
        }
    }

    private func startAdmin(_ listener: consuming sending Listener?) throws(StartFault) {
        guard let listener else { return }
        let service = AdminService(
            gateway: gateway, current: box, board: board, requests: adminRequests,
            publicAddress: publicAddress, healthAddress: healthAddress)
        admin = try AdminThread(service, on: listener)
    }

    private func startWorkers(
        _ count: Int, listener: consuming Listener, snapshot: Snapshot
    ) throws(StartFault) {
        var first: Listener? = .some(listener)
        for index in 0..<count {
            let worker = try GatewayWorker(
                index: index, gateway: gateway, listener: first.take(), snapshot: snapshot)
            do throws(SystemFault) {
                let seat = WorkerSeat(worker)
                let thread = try WorkerThread(name: "worker-\(index)", running: seat) { seat in
                    seat.worker.run()
                }
                workers.append(Worker(thread))
            } catch {
                throw .system(error)
            }
        }
    }

    /// Says where it listens, to people and to a parent process.
    ///
    /// - Throws: when the parent cannot be told; it would wait for ever.
    func start(announceFile: String?) throws(StartFault) {
        gateway.isReady.store(true, ordering: .releasing)
        noteSuccess()
        let scheme = gateway.tls == nil ? "http" : "https"
        var text = "ringfence-gateway \(Release.version): \(scheme)://\(publicAddress)"
        text += ", \(gateway.mailboxes.count) workers"
        if let healthAddress { text += ", health on http://\(healthAddress)" }
        write(text + "\n", to: .error)
        guard let announceFile else { return }
        var lines = "public=\(publicAddress)\n"
        if let healthAddress { lines += "health=\(healthAddress)\n" }
        let bytes = [UInt8](lines.utf8)
        do throws(FileFault) {
            try writeFileAtomically(announceFile, bytes.span)
        } catch {
            stop()
            throw .announcement(announceFile, error)
        }
    }

    /// The main thread's loop: signals, ticket keys, and memory that a crowd of connections left.
    /// Returns when everything has ended.
    func control(signals: borrowing SignalSource, loader: SnapshotLoader) {
        guard var poller = try? Poller(eventsMax: 4),
            (try? poller.add(signals.number, key: .fixed(0))) != nil,
            (try? poller.add(adminRequests.number, key: .fixed(1))) != nil
        else { preconditionFailure("the main thread cannot poll") }
        var asked: [AdminRequest] = []
        var memory = MemoryWatch(residentBytes: residentBytes())
        while true {
            let wake = Monotonic.now().advanced(byMilliseconds: Self.lookMilliseconds)
            _ = try? poller.wait(until: wake)
            lookAfter(&memory)
            // They rotate every twelve hours.
            let seconds = UInt64(max(WallClock.now().seconds, 0))
            _ = try? ticketKeys.rotateIfDue(nowSeconds: seconds)
            while let signal = signals.next() {
                switch signal {
                case .hangUp: reload(loader)
                case .interrupt, .terminate: return stop()
                }
            }
            adminRequests.drain(into: &asked)
            for request in asked {
                switch request {
                case .reload(let key):
                    reload(loader)
                    admin?.reply(AdminService.reply(to: board.state), to: key)
                case .drain(let key):
                    admin?.reply(AdminService.reply(202, "{\"v\":1,\"draining\":true}"), to: key)
                    return stop()
                }
            }
        }
    }

    private func lookAfter(_ memory: inout MemoryWatch) {
        let connections = gateway.openConnections
        guard
            memory.isWorthReturning(residentBytes: residentBytes(), connections: connections)
        else { return }
        returnFreeMemory()
        memory.returned(residentBytes: residentBytes(), connections: connections)
    }

    /// Reads everything again; on any error the old snapshot stays.
    private func reload(_ loader: SnapshotLoader) {
        gateway.tell(.reopenLog)
        let loaded = loader.load(version: version + 1, previous: box.snapshot)
        write(loaded.report.text(colour: false) + "\n", to: .error)
        guard let snapshot = loaded.snapshot else {
            return refuseReload("the policy has errors", loaded.report)
        }
        let old = box.snapshot.policy.listen
        let new = snapshot.policy.listen
        guard old.publicAddress.text == new.publicAddress.text,
            old.health?.text == new.health?.text, old.admin?.text == new.admin?.text,
            old.workers == new.workers,
            (old.tls == nil) == (new.tls == nil), old.tls?.profile == new.tls?.profile,
            old.connectionsMax == new.connectionsMax, old.accessLog == new.accessLog
        else {
            return refuseReload(
                "addresses, workers, connections, the access log, `tls: none` and the TLS profile "
                    + "need a restart", loaded.report)
        }
        // First all that can be refused, and only then anything that changes what is in force.
        var certificates: TLSServerContext.Change?
        do throws(TLSFault) {
            certificates = try gateway.tls?.prepare(
                loaded.certificates, clientAuthorities: loaded.clientAuthorities)
        } catch {
            return refuseReload("the certificates cannot be used: \(error)", loaded.report)
        }
        let feed: DirectoryService.Change
        do throws(StartFault) {
            feed = try directory.prepare(
                snapshot.policy, secret: snapshot.feedSecret, sealKey: snapshot.sealKey)
        } catch {
            return refuseReload(error.description, loaded.report)
        }
        if let certificates { gateway.tls?.use(certificates) }
        directory.follow(feed)
        version += 1
        box.replace(snapshot)
        noteSuccess()
        gateway.tell(.use(snapshot))
        keyFetchers.follow(snapshot)
        note(loaded.report, reason: nil)
        write("ringfence-gateway: reloaded, snapshot \(version)\n", to: .error)
    }

    private func noteSuccess() {
        let counters = gateway.counters[0]
        counters.snapshotVersion.store(version)
        counters.reloadSuccessful.store(1)
        counters.reloadSeconds.store(UInt64(max(WallClock.now().seconds, 0)))
    }

    private func note(_ report: PolicyReport, reason: String?) {
        let verdict = ReloadBoard.Verdict(
            isAccepted: reason == nil, reason: reason, text: report.text(colour: false),
            json: report.json(), unixSeconds: WallClock.now().seconds)
        board.note(verdict, version: version)
    }

    private func refuseReload(_ reason: String, _ report: PolicyReport) {
        gateway.counters[0].reloadsRefused.increment()
        gateway.counters[0].reloadSuccessful.store(0)
        note(report, reason: reason)
        write("ringfence-gateway: reload refused, the old policy stays: \(reason)\n", to: .error)
    }

    private func stop() {
        gateway.isReady.store(false, ordering: .releasing)
        write("ringfence-gateway: stopping\n", to: .error)
        end(afterMilliseconds: UInt64(box.snapshot.policy.listen.deadlines.drainMilliseconds))
    }

    /// Ends whatever runs, and waits for it.
    private func end(afterMilliseconds patience: UInt64) {
        gateway.tell(.drain(milliseconds: patience))
        for worker in workers { worker.join() }
        admin?.stop()
        keyFetchers.stop()
        directory.end()
        _ = healthStops?.post(0)
    }
}
