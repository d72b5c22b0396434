/// One login of a worker: it serves nobody's request, so nobody brings it a seal. The database
/// hands it work and, with each piece, a seal for the tenant whose work it is.
public struct WorkerConnection: ~Copyable {
    private let session: Session

    /// Pieces of work one claim answers at most.
    public static let claimMax = 1000
    /// What a lease may be, in seconds; the seal lives no longer than 300 s of it.
    public static let leaseSeconds = 1...3600

    /// Does not connect yet.
    public init(to address: ConnectionString, context: ContextMode) {
        session = Session(address, context: context)
    }

    /// Logs out.
    public mutating func close() { session.disconnect() }

    /// Takes up to `most` pieces of work that are due and that no other worker holds, the oldest
    /// first. Each is ours for `leaseSeconds`; what is not finished then is given out again.
    public mutating func claim(
        _ kind: StaticString, most: Int, leaseSeconds: Int, deadline: Deadline
    ) throws(DatabaseFault) -> [ClaimedWork] {
        precondition((1...Self.claimMax).contains(most), "claim takes 1 to \(Self.claimMax)")
        precondition(Self.leaseSeconds.contains(leaseSeconds), "a lease is 1 s to 1 h")
        try session.begin(BoundScope(), before: deadline)
        let serial = session.serial
        return try session.conclude { () throws(DatabaseFault) in
            let ticket = try session.queue(
                serial, .claimWork,
                [
                    .text(kind.description), .integer(Int64(most)),
                    .text("PT\(leaseSeconds)S"),
                ])
            try session.commitEarly(serial)
            var work: [ClaimedWork] = []
            for row in try session.read(ticket) { work.append(try ClaimedWork(row)) }
            return work
        }
    }

    /// Runs `body` inside the tenant of the work and takes the work off the list in the same
    /// transaction: either both happen or neither does. Fails with `.workLost` when it is not on
    /// the list any more.
    ///
    /// A body that calls `rollBack()` leaves the work to be given out again; `commit()` is not its
    /// to call.
    public mutating func perform<Value>(
        _ work: ClaimedWork, deadline: Deadline,
        _ body: (inout TenantTransaction) throws(DatabaseFault) -> Value
    ) throws(DatabaseFault) -> Value {
        try session.begin(BoundScope(work.tenant), before: deadline)
        let serial = session.serial
        var transaction = TenantTransaction(work.tenant, of: session, isWhole: false)
        do throws(DatabaseFault) {
            return try session.conclude { () throws(DatabaseFault) in
                let value = try body(&transaction)
                _ = try session.queue(serial, .finishWork, [.text(work.id)])
                return value
            }
        } catch {
            let isLost =
                error.sqlState == .divisionByZero
                && error.statement == Statement.finishWork.name.description
            throw isLost ? DatabaseFault(.workLost) : error
        }
    }
}

@available(*, unavailable) extension WorkerConnection: Sendable {}

/// A piece of work held under a lease.
public struct ClaimedWork: Sendable {
    /// A UUID.
    public let id: String
    /// The row it is about, a UUID; found inside `tenant` only.
    public let rowID: String
    /// Whose work it is. Its seal expires with the lease, or after 300 s.
    public let tenant: TenantScope

    fileprivate init(_ row: Row) throws(DatabaseFault) {
        id = try row.uuid(0)
        rowID = try row.uuid(1)
        guard let seal = Seal(try row.text(2)), let tenant = TenantScope(seal: seal) else {
            throw DatabaseFault(.unexpectedShape)
        }
        self.tenant = tenant
    }
}

extension Statement {
    fileprivate static let claimWork = Statement(
        "claim work",
        """
        SELECT work_id, row_id, seal
        FROM ringfence_guard.claim($1, $2::pg_catalog.int4, $3::pg_catalog.interval)
        """, parameters: 3)

    /// The server refuses the commit when there was nothing to finish.
    fileprivate static let finishWork = Statement(
        "finish work",
        "SELECT 1 / ringfence_guard.finish($1::pg_catalog.uuid)::pg_catalog.int4", parameters: 1)

    static let enqueueWork = Statement(
        "enqueue work",
        """
        SELECT ringfence_guard.enqueue($1, $2::pg_catalog.uuid, $3::pg_catalog.timestamptz)
        """, parameters: 3)
}
