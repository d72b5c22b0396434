/// Names a queued statement until its rows are read.
public struct Ticket: Sendable {
    let serial: UInt64
    let index: Int
}

/// A transaction inside one tenant: the only road to a statement. It lives while its closure runs.
public struct TenantTransaction: ~Copyable {
    /// Whose rows every statement of this transaction sees.
    public let tenant: TenantScope

    private let session: Session
    private let serial: UInt64
    /// False inside `VendorTransaction.actAs`, where the vendor's transaction decides on the end.
    private let isWhole: Bool

    /// Statements one transaction may queue.
    public static let statementsMax = 256

    init(_ tenant: TenantScope, of session: Session, isWhole: Bool) {
        self.tenant = tenant
        self.session = session
        serial = session.serial
        self.isWhole = isWhole
    }

    /// Queues a statement without waiting. Its rows, if wanted, are read by the ticket later: all
    /// queued so far travel in one round trip.
    @discardableResult
    public mutating func queue(
        _ statement: Statement, _ values: [Parameter] = []
    ) throws(DatabaseFault) -> Ticket {
        try session.queue(serial, statement, values)
    }

    /// The rows of a queued statement; waits for them unless they have come already.
    public mutating func rows(_ ticket: Ticket) throws(DatabaseFault) -> Rows {
        try session.read(ticket)
    }

    /// Runs a statement and waits for its rows: one round trip, for a handler that must read before
    /// it goes on.
    public mutating func rows(
        _ statement: Statement, _ values: [Parameter] = []
    ) throws(DatabaseFault) -> Rows {
        try session.read(session.queue(serial, statement, values))
    }

    /// Commits now and proves it, so that queued statements and the commit share one round trip.
    /// Afterwards tickets can still be read and nothing can be queued. A handler that does not call
    /// it is committed when it returns.
    public mutating func commit() throws(DatabaseFault) {
        guard isWhole else { throw session.fail(DatabaseFault(.protocolViolation)) }
        try session.commitEarly(serial)
    }

    /// Hands work about one of the tenant's rows to the workers of `kind`, when this commits. They
    /// take it with `WorkerConnection.claim`, not before `availableAt`, a timestamp in
    /// PostgreSQL's input form; `nil` is at once.
    public mutating func enqueue(
        _ kind: StaticString, rowID: String, availableAt: String? = nil
    ) throws(DatabaseFault) {
        let time = availableAt.map { Parameter.text($0) } ?? .null
        _ = try session.queue(serial, .enqueueWork, [.text(kind.description), .text(rowID), time])
    }

    /// Makes the transaction undo everything when the handler returns; the handler's value is
    /// answered all the same. Inside `actAs` it undoes the vendor's whole transaction.
    public mutating func rollBack() { session.abandon(serial) }
}

@available(*, unavailable) extension TenantTransaction: Sendable {}
