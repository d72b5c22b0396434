import HTTP1
import HTTPTransport
import Policy
import Reactor
import TLS
import Telemetry
import Tokens

/// What other threads tell a worker.
enum WorkerMessage: Sendable {
    /// An accepted connection is this worker's from now on.
    case adopt(SocketParcel)
    case use(Snapshot)
    /// There is something new in `GatewayProcess.directory`.
    case directory
    /// A request of this worker's has its turn at an upstream.
    case granted(ShareGrant, UpstreamGate)
    /// Finish what is open within this time, take nothing new, then end.
    case drain(milliseconds: UInt64)
    case reopenLog
}

/// One core's share of the gateway: its poller, its connections, its caches. It shares the limiter,
/// the snapshots and the counters with its siblings, and nothing else.
///
/// A worker is one loop: wait, read the clock once, serve events, look at deadlines, flush the log.
/// Nothing in it blocks.
final class GatewayWorker {
    static let mailboxKey = SlotKey.fixed(0)
    static let listenerKey = SlotKey.fixed(1)
    static let firstClient: UInt32 = 16

    let index: Int
    let gateway: GatewayProcess
    let counters: WorkerCounters

    var poller: Poller
    var wheel: TimerWheel
    var clients: Slab<ServerConnection>
    /// By place in `clients`: what the handshake took, until a good credential gives it back.
    var handshakeUnits: [AddressBudget.Unit?] = []
    /// By place in `clients`; `nil` until a credential came, and again after a while without one.
    private var memos: [CredentialMemo?] = []
    var servers: Slab<ClientConnection>
    var exchanges: Slab<Exchange>
    var spareExchanges: [Exchange] = []
    /// Clients with more to do that had their share of this turn, and those of the turn before.
    var unfinished: [SlotKey] = []
    var unfinishedNow: [SlotKey] = []
    /// Turns at upstreams for requests of this worker.
    var granted: [(grant: ShareGrant, gate: UpstreamGate)] = []
    /// Clients whose tokens have to be checked.
    var turns = SignatureTurns()
    /// Only the first worker listens; it hands connections to whoever has the fewest.
    var listener: Listener?
    var acceptAgainAt: Monotonic?

    var snapshot: Snapshot
    var directoryView: DirectoryView
    /// The edition in `directoryView`, its number, and whether it may be used.
    var directoryEdition: DirectoryEdition?
    var directoryNumber: UInt64 = 0
    var directoryIsFresh = false
    var directoryGenerations: UInt64 = 1
    var upstreams: UpstreamSet
    var requestHead = RequestHead()
    var responseHead = ResponseHead()
    var requestLimits: HeadLimits
    var authenticator: Authenticator
    var signer: AssertionSigner?
    var sealMinter: SealMinter?
    var log: AppendLog?

    // Places one request is worked out in, reused by the next.
    var scratch: RequestScratch
    /// Lent to the upstream connection whose response is looked at.
    var responseInput = ByteBuffer(
        capacityMax: ByteStream.inputBytesMax, allocating: ByteStream.lentBytes)
    /// Whose request `requestHead` and `scratch` are about; `nil` as soon as another head is read.
    var planned: SlotKey?
    /// A saved request head while it is read again.
    var saved = ByteBuffer(capacityMax: Exchange.headBytesMax)
    var requestIDText = ByteBuffer(capacityMax: 36)
    var expectedEcho = ByteBuffer(capacityMax: 36)
    var tenantText = ByteBuffer(capacityMax: 36)
    var shadowText = ByteBuffer(capacityMax: 128)
    var peerText = ByteBuffer(capacityMax: 64)
    var problem = ByteBuffer(capacityMax: ProblemBody.bytesMax)
    var problemMembers = ByteBuffer(capacityMax: ProblemBody.membersBytesMax)
    /// The type of the body that was cleaned last; empty where it was not.
    var bodyType = ByteBuffer(capacityMax: 65_535)
    var bodyScratch = BodyScratch()
    /// What is left of a body while it is cleaned.
    var cleaned = ByteBuffer(capacityMax: Exchange.bodyRoomMax)
    var logLine = ByteBuffer(capacityMax: 2 * LogLine.bytesMax)

    var now = Monotonic.now()
    var wall = WallClock.now()
    /// For the log, which tells our share of the time: `now` is as old as this turn of the loop.
    var instant: Monotonic { log == nil ? now : .now() }
    var random = RandomSource()
    /// Told of every decision; `nil` in traffic.
    var trace: DecisionTrace?
    /// The time of a rehearsal; `nil` is the machine's.
    var rehearsalClock: RehearsalClock?
    var mail: [WorkerMessage] = []
    /// Set while draining: when what is still open is cut.
    var drainUntil: Monotonic?

    init(
        index: Int, gateway: GatewayProcess, listener: consuming Listener?, snapshot: Snapshot
    ) throws(StartFault) {
        self.index = index
        self.gateway = gateway
        counters = gateway.counters[index]
        let capacity = snapshot.policy.listen.connectionsMax
        do throws(SystemFault) {
            poller = try Poller()
        } catch {
            throw .system(error)
        }
        clients = Slab(capacity: capacity, firstIndex: Self.firstClient)
        let firstServer = Self.firstClient + UInt32(capacity)
        servers = Slab(capacity: capacity, firstIndex: firstServer)
        exchanges = Slab(capacity: capacity, firstIndex: firstServer + UInt32(capacity))
        wheel = TimerWheel(
            capacity: Int(Self.firstClient) + 2 * capacity, tickMilliseconds: 16, now: .now())
        self.snapshot = snapshot
        directoryView = DirectoryView(snapshot.rules.directory, generation: 1, of: snapshot)
        upstreams = UpstreamSet(snapshot: snapshot, gates: gateway.gates)
        requestLimits = HeadLimits(snapshot.policy.listen.heads)
        authenticator = try Authenticator(counters: counters, budget: gateway.budget)
        signer = try Self.signer(for: snapshot)
        sealMinter = try Self.sealMinter(for: snapshot)
        do throws(KeyDefect) {
            scratch = try RequestScratch()
        } catch {
            throw .cryptography(error.message)
        }
        log = try gateway.openLog(snapshot.policy)
        do throws(SystemFault) {
            try poller.add(gateway.mailboxes[index].number, key: Self.mailboxKey)
            if let number = listener?.number { try poller.add(number, key: Self.listenerKey) }
        } catch {
            throw .system(error)
        }
        self.listener = listener
    }

    /// Serves until drained.
    func run() {
        while true {
            if let drainUntil {
                if clients.count == 0 || now >= drainUntil { break }
            }
            let isIdle = unfinished.isEmpty && turns.isEmpty && granted.isEmpty
            var deadline = isIdle ? wheel.nextDeadline : now
            for other in [acceptAgainAt, drainUntil] {
                if let other { deadline = min(deadline ?? other, other) }
            }
            turn(until: deadline)
        }
        // Whoever is still in the middle of something is cut, and seen in the log.
        while let key = clients.key(after: nil) { dropClient(key) }
        log?.flush()
    }

    /// One turn of the loop: waits for what is ready, and serves it and what is due.
    func turn(until deadline: Monotonic?) {
        do throws(SystemFault) {
            try poller.wait(until: deadline, now: now)
        } catch {
            // epoll_wait fails only for our own bugs.
            preconditionFailure("\(error)")
        }
        readClocks()
        refreshDirectory()
        // Upstreams first: what a kept connection says is known before it gets a request.
        for place in 0..<poller.count where !clients.owns(poller[place].key) {
            serve(poller[place])
        }
        for place in 0..<poller.count where clients.owns(poller[place].key) {
            serve(poller[place])
        }
        if let again = acceptAgainAt, now >= again {
            acceptAgainAt = nil
            accept()
        }
        while let key = wheel.expired(now: now) { expire(key) }
        advanceUnfinished()
        advanceLine()
        if !granted.isEmpty { advanceGranted() }
        if index == 0 { _ = gateway.limiter.sweep(nowNanoseconds: now.nanoseconds, count: 8) }
        log?.flush()
        counters.logLinesDropped.store(log?.droppedLines ?? 0)
        counters.secondReadingsSkipped.store(authenticator.secondReadingsSkipped)
    }

    func readClocks() {
        if let rehearsalClock {
            now = rehearsalClock.now
            wall = rehearsalClock.wall
        } else {
            now = .now()
            wall = .now()
        }
    }

    private func serve(_ event: ReadyEvent) {
        switch event.key {
        case Self.mailboxKey: readMail()
        case Self.listenerKey: accept()
        default:
            if clients.owns(event.key) {
                guard clients.contains(event.key) else { return }
                clientBecameReady(event.key, event.readiness)
            } else if servers.contains(event.key) {
                serverBecameReady(event.key, event.readiness)
            }
        }
    }

    private func readMail() {
        gateway.mailboxes[index].drain(into: &mail)
        for message in mail {
            switch message {
            case .adopt(let parcel):
                if let socket = parcel.take() { adopt(socket, peer: parcel.peer) }
            case .use(let snapshot): use(snapshot)
            case .directory: break  // It has woken the loop, which looks once a turn.
            case .granted(let grant, let gate): granted.append((grant, gate))
            case .drain(let milliseconds): drain(milliseconds)
            case .reopenLog: try? log?.reopen()
            }
        }
        mail.removeAll(keepingCapacity: true)
    }

    /// From the next request on, `snapshot` decides.
    private func use(_ snapshot: Snapshot) {
        for key in upstreams.takeAll() { dropServer(key) }
        self.snapshot = snapshot
        upstreams = UpstreamSet(snapshot: snapshot, gates: gateway.gates)
        requestLimits = HeadLimits(snapshot.policy.listen.heads)
        // The loader has made a signer of the same bytes before; failing here means no memory, and
        // then requests that need an assertion are refused.
        signer = try? Self.signer(for: snapshot)
        sealMinter = try? Self.sealMinter(for: snapshot)
        renewDirectory()
        counters.snapshotVersion.store(index == 0 ? snapshot.version : 0)
    }

    private func drain(_ milliseconds: UInt64) {
        listener = nil
        drainUntil = now.advanced(byMilliseconds: milliseconds)
        var key = clients.key(after: nil)
        while let current = key {
            key = clients.key(after: current)
            let connection = clients[current]
            if connection.phase == .handshaking { dropClient(current) }
            guard connection.phase == .awaitingHead(started: false) else { continue }
            // A request that is already here is still answered.
            connection.stream.lookAgain()
            advanceClient(current)
            if clients.contains(current), connection.phase == .awaitingHead(started: false) {
                lingerFrom(connection)
                advanceClient(current)
            }
        }
    }

    // MARK: - Accepting

    /// How long the first worker waits when the process is out of descriptors.
    static let acceptBackoffMilliseconds: UInt64 = 50

    private func accept() {
        while drainUntil == nil {
            switch listener?.accept() {
            case .accepted(let socket, let peer):
                gateway.counters[index].accepted.increment()
                let chosen = gateway.leastLoadedWorker()
                if chosen == index {
                    adopt(socket, peer: peer)
                } else {
                    gateway.counters[chosen].connections.add(1)
                    // A full mailbox drops the connection; its worker is far behind.
                    let parcel = SocketParcel(socket, peer: peer)
                    if !gateway.mailboxes[chosen].post(.adopt(parcel)) {
                        gateway.counters[chosen].connections.subtract()
                        counters.connectionsRefused.increment()
                    }
                }
            case .exhausted:
                // Those who wait stay in the kernel's queue; a few are told at once.
                counters.descriptorsExhausted.increment()
                _ = listener?.shed(atMost: 16)
                acceptAgainAt = now.advanced(byMilliseconds: Self.acceptBackoffMilliseconds)
                return
            case .wouldBlock: return
            case nil: return
            }
        }
    }

    func adopt(_ socket: consuming Socket, peer: PeerAddress) {
        // Connections handed over were counted by who handed them over.
        if index == 0 { counters.connections.add(1) }
        guard gateway.openConnections <= snapshot.policy.listen.connectionsMax, drainUntil == nil
        else {
            counters.connectionsRefused.increment()
            counters.connections.subtract()
            return
        }
        let number = socket.number
        var session: TLSSession?
        var unit: AddressBudget.Unit?
        if let context = gateway.tls {
            guard takeHandshake(of: peer, &unit) else {
                counters.handshakesLimited.increment()
                counters.connections.subtract()
                return
            }
            do throws(TLSFault) {
                session = try context.makeSession(descriptor: number)
            } catch {
                counters.handshakesFailed.increment()
                counters.connections.subtract()
                return
            }
        }
        let connection = ServerConnection(socket: socket, session: session, peer: peer)
        connection.authorityEpoch = snapshot.clientAuthorityEpoch
        guard let key = clients.insert(connection) else {
            counters.connectionsRefused.increment()
            counters.connections.subtract()
            return
        }
        if unit != nil { remember(unit, of: key) }
        do throws(SystemFault) {
            try poller.add(number, key: key)
        } catch {
            dropClient(key)
            return
        }
        watch(connection, key)
    }

    // MARK: - Ends

    /// What the client's last credential was.
    func memo(of key: SlotKey) -> CredentialMemo {
        let place = Int(key.index - Self.firstClient)
        while memos.count <= place { memos.append(nil) }
        if let memo = memos[place] { return memo }
        let made = CredentialMemo()
        memos[place] = made
        return made
    }

    func forgetCredential(of key: SlotKey) {
        let place = Int(key.index - Self.firstClient)
        if place < memos.count { memos[place] = nil }
    }

    func dropClient(_ key: SlotKey) {
        wheel.cancel(key)
        guard let connection = clients.remove(key) else { return }
        forgetCredential(of: key)
        if !handshakeUnits.isEmpty { remember(nil, of: key) }
        counters.connections.subtract()
        // What is not whole must not look whole.
        if connection.exchange != nil || !connection.stream.output.isEmpty {
            connection.stream.abort()
        }
        if let exchangeKey = connection.exchange { abandon(exchangeKey) }
    }

    func dropServer(_ key: SlotKey) {
        wheel.cancel(key)
        _ = servers.remove(key)
    }

    private func expire(_ key: SlotKey) {
        if clients.contains(key) {
            expireClient(key)
        } else if servers.contains(key) {
            expireServer(key)
        }
    }
}

extension HeadLimits {
    fileprivate init(_ bounds: HeadBounds) {
        self.init(
            headBytesMax: bounds.headBytesMax, fieldsMax: bounds.fieldsMax,
            targetBytesMax: bounds.targetBytesMax)
    }
}
