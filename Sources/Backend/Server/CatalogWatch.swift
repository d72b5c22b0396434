import Reactor
import Verification

/// Looks at the catalogs while the server runs: when they are not those that were verified, the
/// database is verified again, and until that proves isolation requests should go elsewhere.
struct CatalogWatch: ~Copyable {
    /// Between two looks; one query each.
    static let lookMilliseconds: UInt64 = 5_000

    private let options: VerificationOptions
    private let state: ServerState
    /// Nothing is ever put into it: it is closed when the server stops.
    private let end: WorkQueue<Int>
    private var fingerprint: String?

    init(_ options: VerificationOptions, state: ServerState, end: WorkQueue<Int>) {
        self.options = options
        self.state = state
        self.end = end
    }

    /// Looks until the queue is closed.
    mutating func run() {
        fingerprint = try? CatalogFingerprint.read(options)
        while true {
            let look = Monotonic.now().advanced(byMilliseconds: Self.lookMilliseconds)
            if end.take(until: look) == nil, Monotonic.now() < look { return }
            lookForDrift()
        }
    }

    /// A database out of reach has not drifted; the workers tell of it.
    private mutating func lookForDrift() {
        guard let now = try? CatalogFingerprint.read(options) else { return }
        guard now != fingerprint || !state.isIsolationProven else { return }
        if now != fingerprint { state.isIsolationProven = false }
        guard let report = try? Verifier.verify(options) else { return }
        fingerprint = report.subject.catalogFingerprint
        state.isIsolationProven = report.exitCode == 0
        StandardStream.error.write("drift: \(report.summary)\n")
    }
}
