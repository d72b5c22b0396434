/// What an attack came to.
package enum Verdict: String, Sendable, CaseIterable {
    /// The other tenant's data, or an answer that follows the other tenant's name.
    case leak = "LEAK"
    /// It cannot be told.
    case unproven = "UNPROVEN"
    /// The target refused.
    case refused = "REFUSED"
    /// The attacker got what is the attacker's anyway.
    case isolated = "ISOLATED"
    /// Not tried: it has no meaning here.
    case skipped = "SKIPPED"
}

/// One attack with its end.
struct Finding: Sendable {
    var vector: String
    var family: String
    var title: String
    /// Records of the same weakness elsewhere.
    var precedents: String
    /// The request that was attacked, as it was given.
    var endpoint: String
    var verdict: Verdict
    /// Why, in one line.
    var reason: String
    /// 0 when there was no answer.
    var status: UInt16 = 0
    /// The exact bytes, and the same as a report may show them.
    var request: [UInt8] = []
    var reproducer = ""
    var milliseconds: UInt64 = 0
    /// Of a comparison by time.
    var timing: TimingEstimate?
}
