/// One step of a migration: text that commits as a whole, or a statement that cannot run inside a
/// transaction.
public struct ProtectStep: Equatable, Sendable {
    /// What the step waits for before it runs.
    public enum Wait: Equatable, Sendable {
        /// It stops others while it waits: it gives up after `lock_timeout` and tries again.
        case short
        /// It stops nobody's reads or writes: it waits as long as it takes.
        case patient
    }

    public let stage: ProtectOptions.Stage
    public let title: String
    /// Which lock it takes, on what, and for how long.
    public let lock: String
    public let wait: Wait
    public let sql: String
    /// What an operator should know before running it.
    public let notes: [String]
}

/// What is left to do until the tables are under the guard, by what the catalogs say now: run
/// again after an interruption it names the rest.
public struct ProtectPlan: Equatable, Sendable {
    public var steps: [ProtectStep] = []
    /// Why it cannot be done safely; with any of these there are no steps.
    public var refusals: [String] = []
    /// What a person has to look at: it leads past the guard, or is not this command's to change.
    public var remaining: [String] = []
    public var mode = ProtectOptions.Mode.sealed
    /// The tables asked for.
    public var tables: [String] = []
}
