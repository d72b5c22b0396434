/// Tells rules from one another: what one has found out about a name holds for itself alone.
enum RuleIdentity {
    /// Never 0. Drawn, because a target without side effects has nothing to count with: that two
    /// of a thousand rules get the same one happens once in 10^13 processes.
    static func make() -> UInt64 { .random(in: 1 ... .max) }
}
