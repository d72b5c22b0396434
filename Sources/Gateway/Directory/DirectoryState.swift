import Policy
import Reactor
import Synchronization

/// What the gateway knows of the backend's directory, and since when: shared by the thread that
/// follows it, the workers that ask it and whoever tells how it is.
final class DirectoryState: Sendable {
    /// An edition with everything that belongs to it.
    struct Published: Sendable {
        let edition: DirectoryEdition
        /// Where the feed goes on from.
        let positions: [DirectoryPosition]
        /// Counts up with every edition of the process.
        let number: UInt64
        /// Rows, counted once: counting asks both tables.
        let tenants: Int
        let keys: Int
    }

    private let current = Mutex<Current>(Current())
    private struct Current {
        var published: Published?
        var editions: UInt64 = 0
        var term: UInt64 = 0
    }

    /// The number of what is published, so that a worker can look without a lock.
    private let count = Atomic<UInt64>(0)
    /// When the backend was asked for what it then answered, monotonic; below zero for what was
    /// true before the machine started.
    private let confirmed = Atomic<Int64>(.min)
    private let isConnected = Atomic<Bool>(false)
    private let reloads = Atomic<UInt64>(0)
    private let faults = Atomic<UInt64>(0)

    var published: Published? { current.withLock { $0.published } }
    /// Of `published`; 0 when there is none.
    var number: UInt64 { count.load(ordering: .acquiring) }

    /// Somebody else tells what is known from now on. A follower is not waited for when it is told
    /// to end: what it still says, with the number it got here, is not heard.
    func beginTerm() -> UInt64 {
        current.withLock { known in
            known.term += 1
            return known.term
        }
    }

    /// Hands out a new edition.
    func publish(
        _ edition: DirectoryEdition, at positions: [DirectoryPosition], term: UInt64
    ) {
        let (tenants, keys) = (edition.tenantCount, edition.keyCount)
        current.withLock { known in
            guard known.term == term else { return }
            known.editions += 1
            known.published = Published(
                edition: edition, positions: positions, number: known.editions,
                tenants: tenants, keys: keys)
            count.store(known.editions, ordering: .releasing)
        }
    }

    /// Positions go on without changes too.
    func advance(to positions: [DirectoryPosition], term: UInt64) {
        current.withLock { known in
            guard known.term == term, let old = known.published, old.positions != positions
            else { return }
            known.published = Published(
                edition: old.edition, positions: positions, number: old.number,
                tenants: old.tenants, keys: old.keys)
        }
    }

    /// What is known was true at `moment`.
    func confirm(at moment: Int64, term: UInt64) {
        current.withLock { known in
            guard known.term == term else { return }
            confirmed.store(moment, ordering: .releasing)
        }
    }

    /// Another backend from now on: nothing is known.
    func forget() {
        current.withLock { known in
            known.term += 1
            known.published = nil
            count.store(0, ordering: .releasing)
            confirmed.store(.min, ordering: .releasing)
        }
    }

    func noteConnection(_ isOpen: Bool) { isConnected.store(isOpen, ordering: .relaxed) }
    func noteReload() { reloads.add(1, ordering: .relaxed) }
    func noteFault() { faults.add(1, ordering: .relaxed) }

    /// Nanoseconds since what is known was last known to be true; `nil` when nothing is.
    func age(now: Monotonic) -> UInt64? {
        let moment = confirmed.load(ordering: .acquiring)
        guard moment != .min else { return nil }
        let now = Int64(clamping: now.nanoseconds)
        let (age, overflow) = now.subtractingReportingOverflow(moment)
        return overflow ? .max : UInt64(max(age, 0))
    }

    /// Whether what is known may be used.
    func isFresh(_ policy: DirectoryPolicy, now: Monotonic) -> Bool {
        guard let age = age(now: now) else { return false }
        return age <= UInt64(policy.staleMillisecondsMax) * 1_000_000
    }

    /// For `/readyz`, metrics and `status`.
    struct Report: Sendable {
        var tenants = 0
        var keys = 0
        /// Of the first vendor's feed; others are in `positions`.
        var version: Int64 = 0
        var positions: [DirectoryPosition] = []
        var editions: UInt64 = 0
        /// `nil` when nothing is known.
        var ageSeconds: UInt64?
        var isConnected = false
        var reloads: UInt64 = 0
        var faults: UInt64 = 0
        var bytes = 0
    }

    func report(now: Monotonic) -> Report {
        var report = Report()
        if let published {
            report.tenants = published.tenants
            report.keys = published.keys
            report.positions = published.positions
            report.version = published.positions.first?.version ?? 0
            report.editions = published.number
            report.bytes = published.edition.bytes
        }
        report.ageSeconds = age(now: now).map { $0 / 1_000_000_000 }
        report.isConnected = isConnected.load(ordering: .relaxed)
        report.reloads = reloads.load(ordering: .relaxed)
        report.faults = faults.load(ordering: .relaxed)
        return report
    }
}
