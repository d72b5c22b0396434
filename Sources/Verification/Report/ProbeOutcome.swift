/// One thing that was tried, and what came of it. What was tried is always rolled back.
public struct ProbeOutcome: Equatable, Sendable {
    public enum Result: String, CaseIterable, Sendable {
        case passed, failed
        /// Not tried, or without a clear answer; `observed` says why.
        case skipped
    }

    /// `t1` or one of `l1`…`l10`.
    public let probe: Rule
    /// `schema.name`; `nil` when no single relation is concerned.
    public let relation: String?
    /// What was done, such as `INSERT for B in the context of A`.
    public let attempt: String
    public let expected: String
    public let observed: String
    public let result: Result

    public init(
        _ probe: Rule, relation: String? = nil, _ attempt: String, expected: String,
        observed: String, _ result: Result
    ) {
        self.probe = probe
        self.relation = relation
        self.attempt = attempt
        self.expected = expected
        self.observed = observed
        self.result = result
    }
}
