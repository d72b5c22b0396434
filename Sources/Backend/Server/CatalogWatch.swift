import Reactor
import Verification

/// Looks at the catalogs while the server runs: when they are not those that were verified, the
/// database is verified again, and until that proves isolation requests should go elsewhere.
struct CatalogWatch: ~Copyable {
    private let proof: DatabaseProof
    /// Between two looks; one query each.
    private let lookMilliseconds: UInt64
    private let state: ServerState
    /// Nothing is ever put into it: it is closed when the server stops.
    private let end: WorkQueue<Int>
    private var fingerprint: String?

    init(
        _ proof: DatabaseProof, state: ServerState, end: WorkQueue<Int>,
        every milliseconds: UInt32, proven fingerprint: String?
    ) {
        self.fingerprint = fingerprint
        self.proof = proof
        lookMilliseconds = UInt64(milliseconds)
        self.state = state
        self.end = end
    }

    /// Looks until the queue is closed.
    mutating func run() {
        while true {
            let look = Monotonic.now().advanced(byMilliseconds: lookMilliseconds)
            if end.take(until: look) == nil, Monotonic.now() < look { return }
            lookForDrift()
        }
    }

    /// A database out of reach has not drifted; the workers tell of it.
    private mutating func lookForDrift() {
        guard let now = try? CatalogFingerprint.read(proof.options) else { return }
        guard now != fingerprint || !state.isIsolationProven else { return }
        if now != fingerprint { state.isIsolationProven = false }
        guard let report = try? proof.verify() else { return }
        fingerprint = report.subject.catalogFingerprint
        state.isIsolationProven = report.exitCode == 0
        StandardStream.error.write("drift: \(report.summary)\n")
    }
}
