import HTTP1
import Reactor

/// What a campaign is told.
struct Plan {
    var location: TargetLocation
    var authorities: [UInt8]?
    var endpoints: [Endpoint]
    /// Of the attacker.
    var own: Identity
    /// Of the tenant that is attacked.
    var foreign: Identity
    var ownIDs: [String] = []
    var foreignIDs: [String] = []
    /// Texts that only the other tenant's answers hold.
    var marks: [String] = []
    /// Names of the concept, the first one in all spellings.
    var names: [String]
    /// How a credential is written.
    var field = "Authorization: Bearer {token}"
    var publicKey: [UInt8]?
    var expired: String?
    /// Requests in a second at most.
    var rate = 20
    var seconds: UInt64 = 600
    var samples = 60
    var allowsWrites = false
    /// Beginnings of ids to try; all when empty.
    var only: [String] = []

    var ownName: String { own.tenant ?? "" }
    var foreignName: String { foreign.tenant ?? "" }

    /// What a report must not show, with the words for it.
    var secrets: [(secret: String, word: String)] {
        var out = [(own.token, "$TOKEN_A"), (foreign.token, "$TOKEN_B")]
        if let expired { out.append((expired, "$TOKEN_EXPIRED")) }
        // Claims are no secret, a signature over them is.
        for (identity, word) in [(own, "$SIGNATURE_A"), (foreign, "$SIGNATURE_B")] {
            if let last = identity.segments.last { out.append((String(last), word)) }
        }
        return out
    }
}

/// A request that was sent, and what became of it.
struct Exchange {
    var request: [UInt8]
    var outcome: Outcome

    var answer: Answer? {
        if case .answer(let answer) = outcome { return answer }
        return nil
    }
    var status: UInt16 { answer?.status ?? 0 }
    /// Everything that came back, for marks.
    var received: [UInt8] {
        switch outcome {
        case .answer(let answer):
            return answer.body + [10]
                + answer.fields.flatMap { [UInt8]($0.value.utf8) + [10] }
        case .unreadable(let bytes): return bytes
        case .closed, .silent: return []
        }
    }
}

/// One run against one target.
final class Campaign {
    let plan: Plan
    let concept: ConceptName
    let deadline: Monotonic
    private(set) var findings: [Finding] = []
    /// What was learnt and what stands in the way, for the report.
    var notes: [String] = []
    private(set) var requests = 0
    var marks = Marks(given: [], foreign: [], own: [], sent: [])
    /// Told of each finding.
    var progress: (Finding) -> Void = { _ in }

    private var client: TargetClient
    private var earliest = Monotonic.now()
    private var canaries = 0

    /// Most requests of one run.
    static let requestsMax = 100_000
    static let retriesMax = 3
    static let retryAfterSecondsMax: UInt64 = 120

    init(_ plan: Plan) throws(Unreachable) {
        self.plan = plan
        let usual = ConceptName(ConceptName.usual[0])
        guard let concept = plan.names.first.flatMap({ ConceptName($0) }) ?? usual else {
            throw Unreachable(reason: "there is no name to spoof")
        }
        self.concept = concept
        deadline = Monotonic.now().advanced(byMilliseconds: plan.seconds &* 1_000)
        client = try TargetClient(plan.location, authorities: plan.authorities)
    }

    var isOutOfTime: Bool { Monotonic.now() >= deadline || requests >= Self.requestsMax }

    var spoof: Spoof {
        Spoof(
            named: plan.foreignName, own: plan.ownName, names: concept,
            aliases: Array(plan.names.dropFirst()) + ConceptName.usual)
    }

    /// A text that no answer had before.
    func nextCanary() -> String {
        canaries += 1
        return "rf\(String(randomUInt64(), radix: 36))x\(canaries)"
    }

    func draft(_ endpoint: Endpoint, id: String?, canary: String = "") -> RequestDraft {
        endpoint.draft(
            authority: plan.location.authority, id: id,
            canary: canary.isEmpty ? nextCanary() : canary)
    }

    func record(_ finding: Finding) {
        findings.append(finding)
        progress(finding)
    }

    /// Says of findings from `index` on in what way they were special.
    func note(findingsFrom index: Int, _ words: String) {
        for place in findings.indices.dropFirst(index) { findings[place].title += ", \(words)" }
    }

    /// Waits without asking.
    func pause(milliseconds: UInt64) {
        TargetClient.pause(
            until: min(deadline, Monotonic.now().advanced(byMilliseconds: milliseconds)))
    }

    // MARK: - Asking

    /// Sends a request, not sooner than the rate allows, and again when the target says that it
    /// was one too many.
    func ask(_ draft: RequestDraft, as identity: Identity) throws(Unreachable) -> Exchange {
        let bytes = draft.bytes(token: identity.token, field: plan.field)
        let method = KnownMethod.allCases.first { "\($0.name)" == draft.method } ?? .get
        var tries = 0
        while true {
            TargetClient.pause(until: min(earliest, deadline))
            earliest = Monotonic.now().advanced(
                byNanoseconds: 1_000_000_000 / UInt64(max(1, plan.rate)))
            requests += 1
            let outcome = try client.ask(bytes, method: method, until: deadline)
            tries += 1
            guard case .answer(let answer) = outcome, answer.status == 429 || answer.status == 503,
                tries < Self.retriesMax, !isOutOfTime,
                let wait = answer.retryAfterSeconds ?? (answer.status == 429 ? 1 : nil)
            else { return Exchange(request: bytes, outcome: outcome) }
            earliest = Monotonic.now().advanced(
                byMilliseconds: min(wait, Self.retryAfterSecondsMax) &* 1_000 &+ 50)
        }
    }
}
