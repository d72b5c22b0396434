/// One login of the runtime role, used by one thread. It logs in when first needed and again after
/// any doubt; there is no way to run a statement on it outside a transaction.
///
/// Where a transaction is of another tenant or vendor than the one before, the session is cleared
/// in the same write: settings, cursors, temporary objects, locks and listening. A login is given
/// up at the first surprise, and after 20,000 transactions.
public struct Connection: ~Copyable {
    let session: Session

    /// Does not connect yet.
    ///
    /// - Parameter context: what the schema was made for; `sealed` and `statement` need scopes made
    ///   from seals.
    public init(to address: ConnectionString, context: ContextMode) {
        session = Session(address, context: context)
    }

    /// Logs in now, unless the present login still stands. Fails at once with `.unreachable` while
    /// earlier failures are recent (at most 5 s).
    public mutating func connect(deadline: Deadline) throws(DatabaseFault) {
        try session.connect(before: deadline)
    }

    /// Logs out.
    public mutating func close() { session.disconnect() }

    /// Whether there is a login that is not known to be broken.
    public var isConnected: Bool { session.isConnected }

    /// Logins so far; a change tells that the connection was replaced.
    public var generation: Int { session.generation }

    /// Runs `body` inside `tenant` and answers its value once the server has confirmed the commit.
    ///
    /// When `body` throws, when any statement fails, or when the deadline passes, nothing is
    /// written. With independent statements and `commit()` the whole takes one round trip.
    public mutating func withTransaction<Value>(
        for tenant: TenantScope, deadline: Deadline,
        _ body: (inout TenantTransaction) throws(DatabaseFault) -> Value
    ) throws(DatabaseFault) -> Value {
        try session.begin(BoundScope(tenant), before: deadline)
        var transaction = TenantTransaction(tenant, of: session, isWhole: true)
        return try session.conclude { () throws(DatabaseFault) in try body(&transaction) }
    }

    /// Like `withTransaction(for:)`, for what belongs to a vendor and to none of its tenants.
    public mutating func withTransaction<Value>(
        forVendor vendor: VendorScope, deadline: Deadline,
        _ body: (inout VendorTransaction) throws(DatabaseFault) -> Value
    ) throws(DatabaseFault) -> Value {
        try session.begin(BoundScope(vendor), before: deadline)
        var transaction = VendorTransaction(vendor, of: session)
        return try session.conclude { () throws(DatabaseFault) in try body(&transaction) }
    }

    /// Runs one statement outside any scope and unable to write: for questions about the catalogs.
    /// Tables of tenants show no row. Refused like a transaction where the login is unfit.
    public mutating func inspect(
        _ statement: Statement, _ values: [Parameter] = [], deadline: Deadline
    ) throws(DatabaseFault) -> Rows {
        try session.inspect(statement, values, before: deadline)
    }
}

@available(*, unavailable) extension Connection: Sendable {}

/// For tests of what no transaction can see.
extension Connection {
    /// The settings an unbound statement would find on this session right now.
    @_spi(Probing) public mutating func readScopeOutsideTransactions(
        deadline: Deadline
    ) throws(DatabaseFault) -> (tenant: String?, vendor: String?) {
        try session.connect(before: deadline)
        let row = try session.runUnbound(.readScope, before: deadline).only()
        return (try row.textIfPresent(0), try row.textIfPresent(1))
    }

    /// Runs any statement with no tenant bound, in the session as it was left.
    @_spi(Probing) public mutating func rowsOutsideTransactions(
        _ statement: Statement, deadline: Deadline
    ) throws(DatabaseFault) -> Rows {
        try session.connect(before: deadline)
        return try session.runUnbound(statement, before: deadline)
    }

    /// How often this connection sent something and then waited for an answer.
    @_spi(Probing) public var roundTrips: UInt64 { session.roundTrips }

    /// Off, one tenant meets what another one left: to measure what clearing costs, and to see
    /// that tests of it can fail.
    @_spi(Probing) public var scrubsBetweenScopes: Bool {
        get { session.scrubsBetweenScopes }
        set { session.scrubsBetweenScopes = newValue }
    }

    /// Whether the session is cleared by the guard's procedure, and not statement by statement.
    @_spi(Probing) public var isClearedByGuard: Bool { session.clearing == .byGuard }

    /// Transactions after which a login is replaced.
    @_spi(Probing) public var usesMax: Int {
        get { session.usesMax }
        set { session.usesMax = newValue }
    }
}
