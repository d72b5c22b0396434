/// Why the database did not do what was asked. A fault never holds a parameter, a password or the
/// text of a statement, so it may be logged.
public struct DatabaseFault: Error, Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
        /// The connection string cannot be read, or sets what this module sets itself.
        case invalidConnectionString
        /// No connection could be made, or it broke.
        case unreachable
        /// The server answered and refused the login.
        case refused
        /// Our deadline passed; the connection has been closed.
        case timedOut
        /// The server refused a statement.
        case sql(SQLState)
        /// The server answered something the protocol does not allow at this point, or a
        /// transaction was used in a way it does not offer.
        case protocolViolation
        /// The transaction has already ended, or the connection is closed.
        case poisoned
        /// A parameter holds NUL or invalid UTF-8, or is beyond `Parameter.bytesMax`.
        case invalidParameter
        /// A transaction queued more than `TenantTransaction.statementsMax` statements.
        case tooManyStatements
        /// A result is not of the shape its reader expects.
        case unexpectedShape
        /// The login can step around row-level security; see `RolePosture`.
        case unsafeRole
        /// The transaction was not in the scope it was opened for when it was about to commit.
        case scopeLost
        /// `actAs` could not write exactly one audit row, or a crossing has no reason.
        case auditMissing
        /// The scope has no seal, and the connection's mode needs one.
        case sealMissing
        /// The guard did not accept the seal, or the step into a tenant; the connection has been
        /// closed.
        case contextRefused
        /// What an earlier scope left in the session could not be cleared, or a tenant that a
        /// vendor acted for has left a statement; the connection has been closed before anything
        /// of whoever comes next ran.
        case unclean
        /// Claimed work is not on the list any more: the lease ended and another worker did it.
        case workLost
    }

    /// What became of the transaction's writes.
    public enum Outcome: Equatable, Sendable {
        /// Nothing was written.
        case rolledBack
        /// The connection broke after the commit was asked for and before it was answered.
        case unknown
        /// The commit was proven; only reading a result failed.
        case committed
    }

    public let kind: Kind
    public internal(set) var outcome: Outcome
    /// The registered name of the statement that was refused.
    public let statement: String?
    /// The name of the constraint that was violated.
    public let constraint: String?
    /// What the server said. Only for connecting and for the owner's migrations: the server's words
    /// about a tenant's statement may repeat a parameter.
    public let message: String?

    init(
        _ kind: Kind, outcome: Outcome = .rolledBack, statementNamed statement: String? = nil,
        constraint: String? = nil, message: String? = nil
    ) {
        self.kind = kind
        self.outcome = outcome
        self.statement = statement
        self.constraint = constraint
        self.message = message
    }

    /// The server's code, when it was a statement that failed.
    public var sqlState: SQLState? {
        guard case .sql(let state) = kind else { return nil }
        return state
    }

    /// Whether the same transaction may be run again: nothing of it was written, and the reason may
    /// pass by itself.
    public var permitsRetry: Bool {
        guard outcome == .rolledBack else { return false }
        switch kind {
        case .unreachable, .timedOut, .unclean: return true
        case .sql(let state): return state.belongs(toClass: "40")
        case .poisoned, .refused, .invalidConnectionString, .protocolViolation, .invalidParameter,
            .tooManyStatements, .unexpectedShape, .unsafeRole, .scopeLost, .auditMissing,
            .sealMissing, .contextRefused, .workLost:
            return false
        }
    }
}
