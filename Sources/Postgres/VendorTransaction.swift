/// A transaction of a vendor: no tenant is bound, so it sees what the schema's policies grant to
/// `app.current_vendor` and no tenant's rows.
public struct VendorTransaction: ~Copyable {
    public let vendor: VendorScope

    private let session: Session
    private let serial: UInt64

    init(_ vendor: VendorScope, of session: Session) {
        self.vendor = vendor
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

    /// See `TenantTransaction.rollBack`.
    public mutating func rollBack() { session.abandon(serial) }

    /// What the connection was opened for.
    public var context: ContextMode { session.context }

    /// Crosses into one tenant by the guard, with a reason and an audit row that it writes inside
    /// the tenant, in this transaction. Afterwards no tenant is bound again. Before the second
    /// tenant of a transaction the session is cleared as between transactions: settings and cursors
    /// that the vendor made are gone too.
    ///
    /// The guard refuses a tenant that is not this vendor's (42501); that and everything else
    /// refused inside rolls back the vendor's whole transaction, the audit row included: nothing
    /// was done that it could tell about.
    public mutating func actAs<Value>(
        _ tenant: TenantScope, reason: String, record: AuditRecord,
        _ body: (inout TenantTransaction) throws(DatabaseFault) -> Value
    ) throws(DatabaseFault) -> Value {
        do throws(DatabaseFault) {
            guard reason.contains(where: { !$0.isWhitespace }) else {
                throw DatabaseFault(.auditMissing)
            }
            try session.enter(serial, tenant, record.values(for: tenant, reason))
            var transaction = TenantTransaction(tenant, of: session, isWhole: false)
            let value = try body(&transaction)
            try session.proveScope(serial)
            try session.leave(serial)
            return value
        } catch {
            throw session.fail(error)
        }
    }

    /// The same in plain mode, for schemas that the guard's `act_as` knows nothing of.
    ///
    /// `audit` inserts exactly one row; its first three parameters are the vendor, the tenant and
    /// the reason, and `values` follow. It runs inside the tenant, in this transaction, and is
    /// proven before `body` starts. Nothing looks whether the tenant is this vendor's.
    public mutating func actAs<Value>(
        _ tenant: TenantScope, reason: String, audit: Statement, values: [Parameter] = [],
        _ body: (inout TenantTransaction) throws(DatabaseFault) -> Value
    ) throws(DatabaseFault) -> Value {
        do throws(DatabaseFault) {
            guard reason.contains(where: { !$0.isWhitespace }) else {
                throw DatabaseFault(.auditMissing)
            }
            guard context == .plain else { throw DatabaseFault(.sealMissing) }
            try session.scrubAfterActing(serial)
            try session.bindSettings(
                serial, BoundScope(tenant: tenant.text, vendor: vendor.text))
            session.noteActing(tenant)
            let facts: [Parameter] = [.text(vendor.text), .text(tenant.text), .text(reason)]
            let ticket = try session.queue(serial, audit, facts + values)
            guard try session.read(ticket).affected == 1 else {
                throw DatabaseFault(.auditMissing)
            }
            var transaction = TenantTransaction(tenant, of: session, isWhole: false)
            let value = try body(&transaction)
            try session.proveScope(serial)
            try session.bindSettings(serial, BoundScope(vendor: vendor.text))
            return value
        } catch {
            throw session.fail(error)
        }
    }
}

@available(*, unavailable) extension VendorTransaction: Sendable {}

/// What an audit row tells beside vendor, tenant and reason.
public struct AuditRecord: Sendable {
    /// A UUID.
    public var id: String
    /// What was done, as `event.publish`.
    public var action: String
    /// Who in the vendor's name.
    public var actor: String?
    /// A UUID.
    public var requestID: String?
    /// JSON.
    public var detail: [UInt8]

    public init(
        id: String, action: String, actor: String? = nil, requestID: String? = nil,
        detail: [UInt8] = Array("{}".utf8)
    ) {
        self.id = id
        self.action = action
        self.actor = actor
        self.requestID = requestID
        self.detail = detail
    }

    /// In the order of `Statement.actAs`.
    fileprivate func values(for tenant: TenantScope, _ reason: String) -> [Parameter] {
        [
            .text(tenant.text), .text(reason), .text(id), actor.map { .text($0) } ?? .null,
            .text(action), requestID.map { .text($0) } ?? .null, .utf8(detail),
        ]
    }
}
