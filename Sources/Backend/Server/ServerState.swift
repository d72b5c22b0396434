import Synchronization

/// What the threads of one process know of each other.
final class ServerState: Sendable {
    private let connected = Atomic<Int>(0)
    private let schemaIsFit = Atomic<Bool>(true)
    private let isolationIsProven = Atomic<Bool>(true)
    private let isStopping = Atomic<Bool>(false)

    /// Database workers that are logged in.
    var connectedWorkers: Int { connected.load(ordering: .relaxed) }

    func noteWorker(isConnected: Bool) {
        connected.add(isConnected ? 1 : -1, ordering: .relaxed)
    }

    /// Whether the schema is the one this program was built for, and the role fit to serve from it,
    /// by the last look at them.
    var isSchemaFit: Bool {
        get { schemaIsFit.load(ordering: .relaxed) }
        set { schemaIsFit.store(newValue, ordering: .relaxed) }
    }

    /// Whether the last verification proved isolation (`database.verify: watch`).
    var isIsolationProven: Bool {
        get { isolationIsProven.load(ordering: .relaxed) }
        set { isolationIsProven.store(newValue, ordering: .relaxed) }
    }

    func beginStopping() { isStopping.store(true, ordering: .relaxed) }

    /// Why requests should go elsewhere; `nil` when they are welcome.
    var unreadiness: StaticString? {
        if isStopping.load(ordering: .relaxed) { return "stopping" }
        if !isSchemaFit { return "role or schema is unfit; see db posture" }
        if !isIsolationProven { return "isolation is not proven; see db verify" }
        if connectedWorkers == 0 { return "no database connection" }
        return nil
    }
}
