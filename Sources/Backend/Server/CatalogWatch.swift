import Reactor
import Verification

/// Looks at the catalogs while the server runs: when they are not those that were verified, the
/// database is verified again, and until that proves isolation requests should go elsewhere. So it
/// is on a new day, because the last one of an accepted risk may be over.
struct CatalogWatch: ~Copyable {
    private let proof: DatabaseProof
    /// Between two looks; one query each.
    private let lookMilliseconds: UInt64
    private let state: ServerState
    /// Nothing is ever put into it: it is closed when the server stops.
    private let end: WorkQueue<Int>
    private var fingerprint: String?
    /// The day by which the last verdict judged accepted risks.
    private var day = Verifier.today

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
        let today = Verifier.today
        let isOverdue = proof.waiverFile != nil && today != day
        guard now != fingerprint || isOverdue || !state.isIsolationProven else { return }
        if now != fingerprint { state.isIsolationProven = false }
        guard var report = try? proof.verify() else { return }
        do throws(StartupFault) {
            report.apply(try proof.readWaivers(), today: today)
        } catch {
            // Nobody accepts anything in a file that cannot be read.
            StandardStream.error.write(error.message)
        }
        day = today
        fingerprint = report.subject.catalogFingerprint
        state.isIsolationProven = report.exitCode == 0
        StandardStream.error.write("drift: \(report.summary)\n")
    }
}
