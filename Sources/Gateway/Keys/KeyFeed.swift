import Policy
import Reactor
import Synchronization
import TLS
import Tokens

/// The keys of one issuer that are fetched, for as long as its policy stays the same: reloads share
/// it. One thread writes (`KeyFetcher`), everybody reads.
final class KeyFeed: Sendable {
    /// All that a fetch depends on; equal means that what was fetched is as good as ever.
    struct Origin: Equatable, Sendable {
        let name: String
        let issuer: String
        /// Without `certificateAuthority`, whose place in the file is no difference.
        let remote: RemoteKeys
        let algorithms: [TokenAlgorithm]
        /// `nil` is the system's.
        let authorities: [UInt8]?
        let stateFolder: String?

        /// Whether keys fetched for one are keys of the other.
        func sharesKeys(with other: Origin) -> Bool {
            issuer == other.issuer && remote.source == other.remote.source
                && algorithms == other.algorithms && authorities == other.authorities
        }

        /// What the fetch begins with.
        var url: String {
            switch remote.source {
            case .url(let url): url
            case .discovery: DiscoveryDocument.url(ofIssuer: issuer)
            }
        }
    }

    /// How a fetch ended, for metrics, in the order of `outcomes`.
    enum Outcome: Int, CaseIterable { case fetched, unchanged, unreachable, refused }
    static let outcomes = ["fetched", "unchanged", "unreachable", "refused"]

    enum Wish: Equatable, Sendable { case unknownKey, stop }

    struct Known: Sendable {
        /// `nil` before the first fetch, and when the last good set has grown too old.
        var keys: KeySet?
        /// The bytes it was read from.
        var bytes: [UInt8] = []
        /// Wall-clock seconds.
        var fetchedAt: Int64?
        /// Differs between any two sets.
        var version: UInt64 = 0
        var state = KeySetMachine.State.empty
        /// Whether a fetch has ended since the process started, however.
        var isTried = false
        var counts = [UInt64](repeating: 0, count: Outcome.allCases.count)
    }

    let origin: Origin
    let context: TLSClientContext
    /// For its thread.
    let wishes: Mailbox<Wish>
    private let known = Mutex(Known())
    private let changes = Atomic<UInt64>(0)
    private let isKeyMissed = Atomic<Bool>(false)
    private let isOver = Atomic<Bool>(false)

    init(_ origin: Origin, context: TLSClientContext) throws(SystemFault) {
        self.origin = origin
        self.context = context
        wishes = try Mailbox(capacity: 8)
    }

    // MARK: - Readers

    /// Grows when another set counts, or none any more.
    var epoch: UInt64 { changes.load(ordering: .acquiring) }

    var status: Known { known.withLock { $0 } }

    var keys: (set: KeySet?, version: UInt64) { known.withLock { ($0.keys, $0.version) } }

    /// A verified form named a key that is not in the set: it may be new. However many say so, the
    /// fetcher hears it once, and decides when it may ask again (attack: floods of random names).
    func noteUnknownKey() {
        guard !isKeyMissed.load(ordering: .relaxed),
            !isKeyMissed.exchange(true, ordering: .relaxed)
        else { return }
        _ = wishes.post(.unknownKey)
    }

    /// No snapshot uses it any more. A fetch that is under way is thrown away: the feed that took
    /// its place may have written its copy already.
    func end() {
        isOver.store(true, ordering: .releasing)
        _ = wishes.post(.stop)
    }

    var hasEnded: Bool { isOver.load(ordering: .acquiring) }

    // MARK: - The fetcher's

    /// From here on the next unknown key is news.
    func beginFetch() { isKeyMissed.store(false, ordering: .relaxed) }

    /// - Returns: whether it is another set than the one before.
    func accept(
        _ keys: KeySet, _ bytes: [UInt8], fetchedAt: Int64, outcome: Outcome?
    ) -> Bool {
        let isNew = known.withLock { known in
            known.fetchedAt = fetchedAt
            if let outcome { known.count(outcome) }
            // A set that says the same again leaves every verification that was made with it valid.
            guard known.keys == nil || known.bytes != bytes else { return false }
            known.keys = keys
            known.bytes = bytes
            known.version &+= 1
            return true
        }
        if isNew { changes.add(1, ordering: .releasing) }
        return isNew
    }

    /// The bytes that the keys in force were read from.
    func holds(_ bytes: [UInt8]) -> Bool {
        known.withLock { $0.keys != nil && $0.bytes == bytes }
    }

    func fail(_ outcome: Outcome) { known.withLock { $0.count(outcome) } }

    func withdraw() {
        known.withLock {
            $0.keys = nil
            $0.bytes = []
            $0.version &+= 1
        }
        changes.add(1, ordering: .releasing)
    }

    func show(_ state: KeySetMachine.State) { known.withLock { $0.state = state } }

    /// Takes over what a feed knew whose policy has changed in other things.
    func inherit(from other: KeyFeed) {
        let old = other.status
        guard let keys = old.keys, let fetchedAt = old.fetchedAt else { return }
        _ = accept(keys, old.bytes, fetchedAt: fetchedAt, outcome: nil)
    }
}

extension KeyFeed.Known {
    fileprivate mutating func count(_ outcome: KeyFeed.Outcome) {
        isTried = true
        counts[outcome.rawValue] &+= 1
    }
}

/// The keys of one issuer as one snapshot sees them: fixed, or those of a feed.
final class IssuerKeys: Sendable {
    private struct Made {
        var version: UInt64
        var issuer: TokenIssuer?
    }

    /// What sessions have for an index: connections remember whose their last token was over
    /// reloads, which change how many issuers there are.
    static let indexOfSessions = Int(UInt32.max)

    let index: Int
    let policy: IssuerPolicy
    let vendorName: String
    /// `nil` where keys come from a file.
    let feed: KeyFeed?
    private let made: Mutex<Made>

    /// Keys that stay as they are. `nil` keys refuse every token.
    init(index: Int, policy: IssuerPolicy, vendorName: String, keys: KeySet?) {
        self.index = index
        self.policy = policy
        self.vendorName = vendorName
        feed = nil
        let issuer = keys.map {
            TokenIssuer(index: index, policy: policy, vendorName: vendorName, keys: $0)
        }
        made = Mutex(Made(version: 0, issuer: issuer))
    }

    init(index: Int, policy: IssuerPolicy, vendorName: String, feed: KeyFeed) {
        self.index = index
        self.policy = policy
        self.vendorName = vendorName
        self.feed = feed
        made = Mutex(Made(version: 0, issuer: nil))
    }

    /// Grows with every change, so that results cached for withdrawn keys are not used again.
    var epoch: UInt64 { feed?.epoch ?? 0 }

    /// `nil` where there are no keys: every token is refused.
    var issuer: TokenIssuer? {
        guard let feed else { return made.withLock { $0.issuer } }
        let (keys, version) = feed.keys
        return made.withLock { made in
            if made.version != version {
                made.version = version
                made.issuer = keys.map {
                    TokenIssuer(index: index, policy: policy, vendorName: vendorName, keys: $0)
                }
            }
            return made.issuer
        }
    }

    func noteUnknownKey() { feed?.noteUnknownKey() }
}
