import Synchronization

/// The snapshot in force, for threads that are not workers.
final class SnapshotBox: Sendable {
    private let current: Mutex<Snapshot>
    init(_ snapshot: Snapshot) { current = Mutex(snapshot) }
    var snapshot: Snapshot { current.withLock { $0 } }
    func replace(_ snapshot: Snapshot) { current.withLock { $0 = snapshot } }
}
