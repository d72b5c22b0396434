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

    /// Crosses into one tenant, with a reason and an audit row.
    ///
    /// `audit` inserts exactly one row; its first three parameters are the vendor, the tenant and
    /// the reason, and `values` follow. It runs inside the tenant, in this transaction, and is
    /// proven before `body` starts. Afterwards no tenant is bound again.
    ///
    /// A fault inside rolls back the vendor's whole transaction, the audit row included: nothing
    /// was done that it could tell about.
    public mutating func actAs<Value>(
        _ tenant: TenantScope, reason: String, audit: Statement, values: [Parameter] = [],
        _ body: (inout TenantTransaction) throws(DatabaseFault) -> Value
    ) throws(DatabaseFault) -> Value {
        do throws(DatabaseFault) {
            guard reason.contains(where: { !$0.isWhitespace }) else {
                throw DatabaseFault(.auditMissing)
            }
            try session.bind(serial, BoundScope(tenant: tenant.text, vendor: vendor.text))
            let facts: [Parameter] = [.text(vendor.text), .text(tenant.text), .text(reason)]
            let ticket = try session.queue(serial, audit, facts + values)
            guard try session.read(ticket).affected == 1 else {
                throw DatabaseFault(.auditMissing)
            }
            var transaction = TenantTransaction(tenant, of: session, isWhole: false)
            let value = try body(&transaction)
            try session.proveScope(serial)
            try session.bind(serial, BoundScope(vendor: vendor.text))
            return value
        } catch {
            throw session.fail(error)
        }
    }
}

@available(*, unavailable) extension VendorTransaction: Sendable {}
