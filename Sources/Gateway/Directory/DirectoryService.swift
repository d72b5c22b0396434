import Policy
import Reactor
import Tokens

/// Starts and ends what follows the backend's directory, as the policy asks for it. Belongs to the
/// main thread.
final class DirectoryService {
    private let gateway: GatewayProcess
    /// Drawn once: nobody outside can choose names whose places collide.
    private let seed = randomUInt64()
    private var running: Running?

    /// What decides whether a reload leaves the threads alone.
    fileprivate struct Settings: Equatable {
        let address: String
        let secret: [UInt8]?
        let sealKey: [UInt8]?
        let cache: String?
        let vendors: [[UInt8]]
    }

    private struct Running {
        let settings: Settings
        let stops: [Mailbox<Bool>]
        /// Writes once more when it is told to end, so it is waited for.
        let keeper: Keeper?
    }

    /// A started thread, boxed because what holds it is copied.
    fileprivate final class Keeper {
        private var thread: WorkerThread?
        init(_ thread: consuming WorkerThread) { self.thread = .some(thread) }
        func join() { thread = nil }
    }

    init(_ gateway: GatewayProcess) { self.gateway = gateway }

    /// What `follow` will do. Everything that can fail has been done.
    enum Change {
        /// What is followed stays as it is.
        case none
        /// The policy asks for no directory.
        case end
        /// Threads that wait to be let go.
        case begin(Waiting)
    }

    /// Threads that were made for a policy and do nothing yet.
    final class Waiting {
        fileprivate let settings: Settings
        fileprivate let go: Mailbox<WaitingFollower.Order>
        fileprivate let begun: Mailbox<Bool>
        fileprivate let keeperGo: Mailbox<Bool>
        fileprivate let stops: [Mailbox<Bool>]
        fileprivate var keeper: Keeper?

        fileprivate init(_ settings: Settings) throws(SystemFault) {
            self.settings = settings
            go = try Mailbox(capacity: 1)
            begun = try Mailbox(capacity: 1)
            keeperGo = try Mailbox(capacity: 1)
            stops = [try Mailbox(capacity: 4), try Mailbox(capacity: 4)]
        }

        /// They end without having done anything.
        fileprivate func dismiss() {
            _ = go.post(.end)
            _ = keeperGo.post(false)
        }
    }

    /// Makes all that following `policy` takes; changes nothing of what is followed now.
    ///
    /// - Parameter sealKey: of the feed's database; `nil` where it asks for no seals.
    func prepare(
        _ policy: GatewayPolicy, secret: [UInt8]?, sealKey: [UInt8]?
    ) throws(StartFault) -> Change {
        guard case .directory(let directory) = policy.tenants else { return .end }
        let settings = Settings(
            address: directory.feed.text, secret: secret, sealKey: sealKey,
            cache: directory.cache,
            vendors: policy.vendors.map { [UInt8]($0.name.utf8) })
        guard settings != running?.settings else { return .none }
        let address: SocketAddress
        do throws(SocketAddress.Defect) {
            address = try SocketAddress(parsing: settings.address)
        } catch {
            throw .addressText(settings.address)
        }
        let seals = try Self.seals(settings)
        do throws(SystemFault) {
            let waiting = try Waiting(settings)
            let client = try FeedClient(
                address: address, secret: settings.secret, seals: seals, stops: waiting.stops[0])
            try start(waiting, client)
            return .begin(waiting)
        } catch {
            throw .system(error)
        }
    }

    private func start(
        _ waiting: Waiting, _ client: consuming sending FeedClient
    ) throws(SystemFault) {
        let settings = waiting.settings
        let follower = WaitingFollower(
            client: client, copy: Self.copy(settings), vendors: settings.vendors, seed: seed,
            gateway: gateway, go: waiting.go, begun: waiting.begun, stops: waiting.stops[0])
        let thread = try WorkerThread(name: "directory", running: follower) { $0.run() }
        thread.detach()
        guard let copy = Self.copy(settings) else { return }
        let keeper = DirectoryKeeper(
            copy: copy, state: gateway.directory, stops: waiting.stops[1],
            report: DirectoryService.report)
        let go = waiting.keeperGo
        do throws(SystemFault) {
            waiting.keeper = Keeper(
                try WorkerThread(name: "directory-copy") {
                    var told: [Bool] = []
                    while told.isEmpty { go.wait(until: nil, into: &told) }
                    if told == [true] { keeper.run() }
                })
        } catch {
            waiting.dismiss()
            throw error
        }
    }

    private static func copy(_ settings: Settings) -> DirectoryCopy? {
        settings.cache.map {
            DirectoryCopy(path: $0, address: settings.address, vendors: settings.vendors)
        }
    }

    /// Does what was prepared. At the start the copy on disk is read before this returns, so before
    /// anybody is let in.
    func follow(_ change: Change) {
        let waiting: Waiting
        switch change {
        case .none: return
        case .end:
            end()
            return gateway.directory.forget()
        case .begin(let made): waiting = made
        }
        var isSameBackend = true
        if let running {
            end()
            // Another backend's tenants are not this one's, and a copy on disk is of that one.
            isSameBackend = running.settings.address == waiting.settings.address
            if !isSameBackend { gateway.directory.forget() }
        }
        let term = gateway.directory.beginTerm()
        _ = waiting.go.post(.follow(term: term, readsCopy: isSameBackend))
        var told: [Bool] = []
        while told.isEmpty { waiting.begun.wait(until: nil, into: &told) }
        _ = waiting.keeperGo.post(true)
        running = Running(
            settings: waiting.settings, stops: waiting.stops, keeper: waiting.keeper)
    }

    /// Ends the threads. The follower is not waited for; the copy on disk is.
    func end() {
        for stop in running?.stops ?? [] { _ = stop.post(true) }
        running?.keeper?.join()
        running = nil
    }

    private static func seals(_ settings: Settings) throws(StartFault) -> FeedSeals? {
        guard let key = settings.sealKey else { return nil }
        do throws(KeyDefect) {
            return try FeedSeals(keyFile: key, vendors: settings.vendors)
        } catch {
            throw .cryptography(error.message)
        }
    }

    fileprivate static let report: @Sendable (String) -> Void = {
        Reactor.write("ringfence-gateway: \($0)\n", to: .error)
    }
}

/// The follower's thread before it is let go.
private struct WaitingFollower: ~Copyable {
    enum Order: Sendable {
        /// - term: see `DirectoryState.beginTerm`.
        case follow(term: UInt64, readsCopy: Bool)
        case end
    }

    private var client: FeedClient?
    private let copy: DirectoryCopy?
    private let vendors: [[UInt8]]
    private let seed: UInt64
    private let gateway: GatewayProcess
    private let go: Mailbox<Order>
    private let begun: Mailbox<Bool>
    private let stops: Mailbox<Bool>

    init(
        client: consuming FeedClient, copy: DirectoryCopy?, vendors: [[UInt8]], seed: UInt64,
        gateway: GatewayProcess, go: Mailbox<Order>, begun: Mailbox<Bool>, stops: Mailbox<Bool>
    ) {
        self.client = consume client
        self.copy = copy
        self.vendors = vendors
        self.seed = seed
        self.gateway = gateway
        self.go = go
        self.begun = begun
        self.stops = stops
    }

    mutating func run() {
        var told: [Order] = []
        while told.isEmpty { go.wait(until: nil, into: &told) }
        guard case .follow(let term, let readsCopy) = told[0], let client = client.take() else {
            return
        }
        let replica =
            readsCopy ? begin(term) : DirectoryReplica(seed: seed, vendors: vendors)
        _ = begun.post(true)
        var follower = DirectoryFollower(
            client: client, replica: replica, seed: seed, state: gateway.directory, term: term,
            stops: stops, publish: { [gateway] in gateway.tell(.directory) },
            report: DirectoryService.report)
        follower.run()
    }

    /// What is on disk, if it is good; it counts from when it was true.
    private func begin(_ term: UInt64) -> DirectoryReplica {
        let state = gateway.directory
        let report = DirectoryService.report
        guard let copy, state.published == nil else {
            return DirectoryReplica(seed: seed, vendors: vendors)
        }
        do throws(DirectoryCopy.Fault) {
            try copy.checkMode()
            var content = try copy.read(seed: seed)
            let age = WallClock.now().seconds - content.asOf
            // A copy from the future says that the clock cannot be believed.
            guard age >= 0 else {
                report("the copy of the directory is from the future: not used")
                return DirectoryReplica(seed: seed, vendors: vendors)
            }
            state.confirm(
                at: Int64(clamping: Monotonic.now().nanoseconds)
                    - min(age, 1 << 32) * 1_000_000_000, term: term)
            state.publish(
                content.replica.edition(), at: content.replica.positions, term: term)
            gateway.tell(.directory)
            report("the directory begins with a copy of \(age) s ago")
            return content.replica
        } catch {
            if case .file(.missing) = error {
                report("there is no copy of the directory yet")
            } else {
                report("the copy of the directory is not used: \(error.words)")
            }
        }
        return DirectoryReplica(seed: seed, vendors: vendors)
    }
}
