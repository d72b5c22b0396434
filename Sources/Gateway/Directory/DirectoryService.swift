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
    private struct Settings: Equatable {
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
    private final class Keeper {
        private var thread: WorkerThread?
        init(_ thread: consuming WorkerThread) { self.thread = .some(thread) }
        func join() { thread = nil }
    }

    init(_ gateway: GatewayProcess) { self.gateway = gateway }

    /// Makes the threads those of `policy`. At the start the copy on disk is read here, before
    /// anybody is let in.
    ///
    /// - Parameter sealKey: of the feed's database; `nil` where it asks for no seals.
    func follow(
        _ policy: GatewayPolicy, secret: [UInt8]?, sealKey: [UInt8]?
    ) throws(StartFault) {
        guard case .directory(let directory) = policy.tenants else {
            end()
            gateway.directory.forget()
            return
        }
        let settings = Settings(
            address: directory.feed.text, secret: secret, sealKey: sealKey,
            cache: directory.cache,
            vendors: policy.vendors.map { [UInt8]($0.name.utf8) })
        guard settings != running?.settings else { return }
        var isSameBackend = true
        if let running {
            end()
            // Another backend's tenants are not this one's, and a copy on disk is of that one.
            isSameBackend = running.settings.address == settings.address
            if !isSameBackend { gateway.directory.forget() }
        }
        try start(settings, readsCopy: isSameBackend)
    }

    /// Ends the threads. The follower is not waited for; the copy on disk is.
    func end() {
        for stop in running?.stops ?? [] { _ = stop.post(true) }
        running?.keeper?.join()
        running = nil
    }

    private func start(_ settings: Settings, readsCopy: Bool) throws(StartFault) {
        let address: SocketAddress
        do throws(SocketAddress.Defect) {
            address = try SocketAddress(parsing: settings.address)
        } catch {
            throw .addressText(settings.address)
        }
        let seals = try Self.seals(settings)
        do throws(SystemFault) {
            var stops = [try Mailbox<Bool>(capacity: 4)]
            let client = try FeedClient(
                address: address, secret: settings.secret, seals: seals, stops: stops[0])
            let term = gateway.directory.beginTerm()
            let replica =
                readsCopy
                ? Self.begin(settings, gateway, seed: seed, term: term)
                : DirectoryReplica(seed: seed, vendors: settings.vendors)
            let follower = DirectoryFollower(
                client: client, replica: replica, seed: seed, state: gateway.directory, term: term,
                stops: stops[0], publish: { [gateway] in gateway.tell(.directory) },
                report: Self.report)
            let thread = try WorkerThread(name: "directory", running: follower) { $0.run() }
            thread.detach()
            var kept: Keeper?
            if let cache = settings.cache {
                let stop = try Mailbox<Bool>(capacity: 4)
                let keeper = DirectoryKeeper(
                    copy: DirectoryCopy(path: cache), state: gateway.directory, stops: stop,
                    report: Self.report)
                kept = Keeper(try WorkerThread(name: "directory-copy") { keeper.run() })
                stops.append(stop)
            }
            running = Running(settings: settings, stops: stops, keeper: kept)
        } catch {
            throw .system(error)
        }
    }

    private static func seals(_ settings: Settings) throws(StartFault) -> FeedSeals? {
        guard let key = settings.sealKey else { return nil }
        do throws(KeyDefect) {
            return try FeedSeals(keyFile: key, vendors: settings.vendors)
        } catch {
            throw .cryptography(error.message)
        }
    }

    /// What is on disk, if it is good; it counts from when it was true.
    private static func begin(
        _ settings: Settings, _ gateway: GatewayProcess, seed: UInt64, term: UInt64
    ) -> sending DirectoryReplica {
        let state = gateway.directory
        guard let cache = settings.cache, state.published == nil else {
            return DirectoryReplica(seed: seed, vendors: settings.vendors)
        }
        do throws(DirectoryCopy.Fault) {
            let copy = DirectoryCopy(path: cache)
            try copy.checkMode()
            var content = try copy.read(seed: seed, vendors: settings.vendors)
            let age = WallClock.now().seconds - content.asOf
            // A copy from the future says that the clock cannot be believed.
            guard age >= 0 else {
                report("the copy of the directory is from the future: not used")
                return DirectoryReplica(seed: seed, vendors: settings.vendors)
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
        return DirectoryReplica(seed: seed, vendors: settings.vendors)
    }

    private static let report: @Sendable (String) -> Void = {
        Reactor.write("ringfence-gateway: \($0)\n", to: .error)
    }
}
