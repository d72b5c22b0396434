import HTTPTransport
import Policy
import Reactor
import Synchronization
import TLS
import Tokens

/// The thread behind one feed: does what `KeySetMachine` says. Each issuer has a thread of its own,
/// so that one that does not answer delays nobody.
struct KeyFetcher {
    let feed: KeyFeed
    let resolver: Resolver
    let report: @Sendable (String) -> Void
    /// Whether the last good set is kept on disk; a command that only looks leaves no trace.
    var keepsCopies = true

    /// What went wrong, for people; the same text is said once.
    private enum Fault: Error {
        case unreachable(String)
        case refused(String)

        var text: String {
            switch self {
            case .unreachable(let text), .refused(let text): text
            }
        }

        var outcome: KeyFeed.Outcome {
            switch self {
            case .unreachable: .unreachable
            case .refused: .refused
            }
        }
    }

    private struct Fetched {
        let bytes: [UInt8]
        /// `nil` where the bytes are those of the keys in force.
        let keys: KeySet?
        let maxAgeSeconds: UInt32?
    }

    private var origin: KeyFeed.Origin { feed.origin }

    private var bounds: KeySetMachine.Bounds {
        let remote = origin.remote
        return KeySetMachine.Bounds(
            refreshMilliseconds: remote.refreshSeconds.map { UInt64($0) * 1_000 },
            staleMilliseconds: UInt64(clamping: remote.staleSecondsMax) * 1_000,
            unknownKeyMilliseconds: UInt64(remote.unknownKeyMilliseconds))
    }

    private static var now: UInt64 { Monotonic.now().nanoseconds / 1_000_000 }

    private static func moment(_ milliseconds: UInt64) -> Monotonic {
        Monotonic(nanoseconds: 0).advanced(byMilliseconds: milliseconds)
    }

    /// Fetches until told to stop.
    func run() {
        var machine = KeySetMachine(bounds)
        var wishes: [KeyFeed.Wish] = []
        var lastFault = ""
        var action = machine.handle(.started(age: age()), now: Self.now)
        while !feed.hasEnded {
            feed.show(machine.state)
            switch action {
            case .fetch(let deadline):
                let event = fetch(Self.moment(deadline), &lastFault)
                action = machine.handle(event, now: Self.now)
            case .withdraw:
                feed.withdraw()
                say("its keys are too old and count no more: its tokens are refused")
                action = machine.handle(.woke, now: Self.now)
            case .wait(let until):
                feed.wishes.wait(until: Self.moment(until), into: &wishes)
                let isMissed = wishes.contains(.unknownKey)
                action = machine.handle(isMissed ? .unknownKey : .woke, now: Self.now)
            }
        }
    }

    private func say(_ text: String) { report("issuer \(origin.name): \(text)") }

    /// How old the keys are that the feed began with.
    private func age() -> UInt64? {
        feed.status.fetchedAt.map {
            UInt64(clamping: max(WallClock.now().seconds - $0, 0)) * 1_000
        }
    }

    private func fetch(
        _ deadline: Monotonic, _ lastFault: inout String
    ) -> KeySetMachine.Event {
        feed.beginFetch()
        do throws(Fault) {
            let fetched = try fetchSet(deadline)
            if !feed.hasEnded { accept(fetched, hadFault: !lastFault.isEmpty) }
            lastFault = ""
            return .fetched(maxAge: fetched.maxAgeSeconds, spread: randomUInt64())
        } catch {
            feed.fail(error.outcome)
            let text = error.text
            if text != lastFault { say("\(text); keeping what is known") }
            lastFault = text
            return .failed
        }
    }

    private func accept(_ fetched: Fetched, hadFault: Bool) {
        let now = WallClock.now().seconds
        let keys = fetched.keys ?? feed.keys.set
        guard let keys else { return }
        let outcome: KeyFeed.Outcome = fetched.keys == nil ? .unchanged : .fetched
        if feed.accept(keys, fetched.bytes, fetchedAt: now, outcome: outcome) {
            say("keys fetched: \(keys.summary)")
        } else if hadFault {
            say("keys fetched again, unchanged")
        }
        save(KeyCopy(source: origin.url, fetchedAt: now, bytes: fetched.bytes))
    }

    // MARK: - Network

    private func fetchSet(_ deadline: Monotonic) throws(Fault) -> Fetched {
        var url = origin.url
        if origin.remote.source == .discovery {
            let document = try get(url, "its configuration", deadline)
            do throws(DiscoveryDefect) {
                url = try DiscoveryDocument(document.body.span, issuer: origin.issuer).keySetURL
            } catch {
                throw .refused("its configuration \(error.message)")
            }
        }
        let document = try get(url, "its key set", deadline)
        if feed.holds(document.body) {
            return Fetched(bytes: document.body, keys: nil, maxAgeSeconds: document.maxAgeSeconds)
        }
        do throws(KeyDefect) {
            // What comes over the network holds public keys only.
            let set = try KeySet(
                jwkSet: document.body.span, algorithms: origin.algorithms, allowsSecrets: false)
            return Fetched(bytes: document.body, keys: set, maxAgeSeconds: document.maxAgeSeconds)
        } catch {
            throw .refused("its key set \(error.message)")
        }
    }

    private func get(
        _ url: String, _ what: String, _ deadline: Monotonic
    ) throws(Fault) -> FetchedDocument {
        guard let location = FetchLocation(url) else {
            throw .refused("\(what) is at no https URL that can be fetched")
        }
        do throws(FetchFault) {
            return try HTTPFetch.get(
                location, context: feed.context, resolver: resolver, deadline: deadline,
                allowsPrivate: origin.remote.allowsPrivateAddresses)
        } catch .addressForbidden {
            throw .refused(
                "\(what) is not fetched: \(location.host) has no public address, and the policy "
                    + "does not say `jwks_private: true`")
        } catch {
            throw .unreachable("\(what) cannot be fetched: \(error.description)")
        }
    }

    // MARK: - Disk

    private func save(_ copy: KeyCopy) {
        guard keepsCopies, let folder = origin.stateFolder else { return }
        do throws(FileFault) {
            try copy.write(KeyCopy.path(folder: folder, issuer: origin.name))
        } catch {
            say("its keys cannot be kept in \(folder): \(error.description)")
        }
    }

    /// Before the thread runs and before anybody is served: the last good set, where there is one.
    func restore() {
        guard let folder = origin.stateFolder, feed.keys.set == nil else { return }
        let path = KeyCopy.path(folder: folder, issuer: origin.name)
        let now = WallClock.now().seconds
        let copy: KeyCopy
        do throws(KeyCopy.Defect) {
            copy = try KeyCopy.read(
                path, source: origin.url, now: now, bytesMax: KeySet.setBytesMax)
        } catch {
            if error != .missing { say("\(path) \(error.message), and is not used") }
            return
        }
        let age = max(now - copy.fetchedAt, 0)
        guard age < origin.remote.staleSecondsMax else {
            return say("\(path) is too old (\(age) s), and is not used")
        }
        do throws(KeyDefect) {
            let set = try KeySet(
                jwkSet: copy.bytes.span, algorithms: origin.algorithms, allowsSecrets: false)
            _ = feed.accept(set, copy.bytes, fetchedAt: copy.fetchedAt, outcome: nil)
            say("starting with keys of \(age) s ago: \(set.summary)")
        } catch {
            say("\(path) \(error.message), and is not used")
        }
    }
}

extension KeySet {
    /// How many keys, and what they are called; names are of an alphabet that is safe in a log.
    fileprivate var summary: String {
        let shown = 8
        let names = keys.prefix(shown).map { key in
            key.name.map { String(decoding: $0, as: UTF8.self) } ?? "unnamed"
        }
        let more = keys.count > shown ? ", and \(keys.count - shown) more" : ""
        let left = skipped.isEmpty ? "" : "; \(skipped.count) not usable"
        return "\(keys.count) (\(names.joined(separator: ", "))\(more)\(left))"
    }
}

/// The fetchers of the snapshot in force. The main thread's.
struct KeyFetchers {
    private var running: [KeyFeed] = []
    private let resolver: Resolver

    init(resolver: Resolver) { self.resolver = resolver }

    /// Starts what is new in a snapshot and stops what is no longer in it. Reads at most one small
    /// file for each issuer and waits for nobody.
    mutating func follow(_ snapshot: Snapshot) {
        let wanted = snapshot.issuers.compactMap(\.feed)
        for feed in running where !wanted.contains(where: { $0 === feed }) { feed.end() }
        for feed in wanted where !running.contains(where: { $0 === feed }) {
            let fetcher = KeyFetcher(
                feed: feed, resolver: resolver,
                report: { write("ringfence-gateway: \($0)\n", to: .error) })
            fetcher.restore()
            do throws(SystemFault) {
                try WorkerThread(name: "keys") { fetcher.run() }.detach()
            } catch {
                write(
                    "ringfence-gateway: keys of \(feed.origin.name) cannot be fetched: \(error)\n",
                    to: .error)
            }
        }
        running = wanted
    }

    mutating func stop() {
        for feed in running { feed.end() }
        running = []
    }
}
