import Policy
import Reactor
import Synchronization

/// Keys of issuers that are fetched, for a command that is over in a moment: those the gateway kept
/// on disk, and one attempt at newer ones. Nothing is written.
enum FetchedKeys {
    static let patienceMilliseconds: UInt64 = 5_000

    /// Waits until every issuer's keys are there or were not to be had.
    ///
    /// - Returns: what went wrong, for people.
    static func fetch(for snapshot: Snapshot, _ resolver: Resolver) -> [String] {
        let feeds = snapshot.issuers.compactMap(\.feed)
        guard !feeds.isEmpty, let pause = try? Mailbox<Bool>(capacity: 1) else { return [] }
        let said = Said()
        for feed in feeds {
            let fetcher = KeyFetcher(
                feed: feed, resolver: resolver, report: { said.add($0) }, keepsCopies: false)
            fetcher.restore()
            guard (try? WorkerThread(name: "keys") { fetcher.run() }.detach()) != nil else {
                continue
            }
        }
        let end = Monotonic.now().advanced(byMilliseconds: patienceMilliseconds)
        var none: [Bool] = []
        while feeds.contains(where: { !$0.status.isTried }), Monotonic.now() < end {
            pause.wait(until: Monotonic.now().advanced(byMilliseconds: 5), into: &none)
        }
        for feed in feeds { feed.end() }
        let missing = feeds.contains { $0.keys.set == nil }
        return missing ? said.lines : []
    }

    private final class Said: Sendable {
        private let known = Mutex<[String]>([])
        var lines: [String] { known.withLock { $0 } }
        func add(_ line: String) { known.withLock { $0.append(line) } }
    }
}
