/// One login of the platform role, which has BYPASSRLS: the one way to see several tenants at once,
/// for the platform's own needs and never for a request. It has a role and a connection string of
/// its own, so a program that holds none cannot cross.
public struct CrossTenantConnection: ~Copyable {
    private let session: Session

    /// Does not connect yet.
    public init(to address: ConnectionString) {
        session = Session(address, context: .plain, purpose: .acrossTenants)
    }

    /// Logs out.
    public mutating func close() { session.disconnect() }

    /// Runs `body` across all tenants. Before it can see a row, a row in
    /// `ringfence_guard.crossings` that tells when, by which login, by whom and why has been
    /// committed; it stays when `body` throws or rolls back, because what was read was read.
    ///
    /// - Parameters:
    ///   - reason: why; not blank, else `.auditMissing`.
    ///   - actor: the person or job in whose name this runs.
    /// - Throws: `.unsafeRole` for a login that is more than BYPASSRLS, or that is less and would
    ///   silently see nothing.
    public mutating func withTransaction<Value>(
        reason: String, actor: String, deadline: Deadline,
        _ body: (inout CrossTenant) throws(DatabaseFault) -> Value
    ) throws(DatabaseFault) -> Value {
        guard reason.contains(where: { !$0.isWhitespace }),
            actor.contains(where: { !$0.isWhitespace })
        else { throw DatabaseFault(.auditMissing) }
        try session.begin(BoundScope(), before: deadline)
        var transaction = CrossTenant(of: session)
        return try session.conclude { () throws(DatabaseFault) in
            try session.noteCrossing(reason: reason, actor: actor)
            return try body(&transaction)
        }
    }
}

@available(*, unavailable) extension CrossTenantConnection: Sendable {}

/// A transaction that sees every tenant's rows. No function that takes a `TenantTransaction` takes
/// one, and the other way round. It lives while its closure runs.
public struct CrossTenant: ~Copyable {
    private let session: Session
    private let serial: UInt64

    init(of session: Session) {
        self.session = session
        serial = session.serial
    }

    /// See `TenantTransaction.queue`.
    @discardableResult
    public mutating func queue(
        _ statement: Statement, _ values: [Parameter] = []
    ) throws(DatabaseFault) -> Ticket {
        try session.queue(serial, statement, values)
    }

    /// See `TenantTransaction.rows`.
    public mutating func rows(_ ticket: Ticket) throws(DatabaseFault) -> Rows {
        try session.read(ticket)
    }

    /// See `TenantTransaction.rows`.
    public mutating func rows(
        _ statement: Statement, _ values: [Parameter] = []
    ) throws(DatabaseFault) -> Rows {
        try session.read(session.queue(serial, statement, values))
    }

    /// See `TenantTransaction.commit`.
    public mutating func commit() throws(DatabaseFault) { try session.commitEarly(serial) }

    /// See `TenantTransaction.rollBack`. The crossing stays recorded.
    public mutating func rollBack() { session.abandon(serial) }
}

@available(*, unavailable) extension CrossTenant: Sendable {}

extension Statement {
    static let recordCrossing = Statement(
        "record crossing", "SELECT ringfence_guard.note_crossing($1, $2)", parameters: 2)
}
