/// What a session tells the server about whose transaction it is.
extension Session {
    /// Queues what makes row-level security believe the scope.
    func bind(_ serial: UInt64, _ scope: BoundScope) throws(DatabaseFault) {
        if context == .plain {
            try bindSettings(serial, scope)
        } else {
            try send(.enter, scope.seal, nil, as: .entering)
            self.scope = scope
        }
    }

    /// The same by the settings alone, in plain mode.
    func bindSettings(_ serial: UInt64, _ scope: BoundScope) throws(DatabaseFault) {
        try requireOpen(serial)
        try send(.bind, scope.tenant, scope.vendor, as: .binding(scope))
        self.scope = scope
    }

    /// From the vendor into one of its tenants; whatever ran there may have left something.
    func noteActing(_ tenant: TenantScope) {
        scope.tenant = tenant.text
        isActing = true
        lastUser = .several
    }

    /// Queues the guard's step into a tenant. It fails, and all after it, without an audit row.
    func enter(
        _ serial: UInt64, _ tenant: TenantScope, _ values: [Parameter]
    ) throws(DatabaseFault) {
        try requireOpen(serial)
        try scrubAfterActing(serial)
        try send(.actAs, values, as: .entering)
        noteActing(tenant)
    }

    /// Queues the guard's step back to the vendor.
    func leave(_ serial: UInt64) throws(DatabaseFault) {
        try requireOpen(serial)
        do throws(DatabaseFault) {
            try wire.queueOnce(Statement.leave, [.text(scope.seal)])
            ledger.expect(.entering)
        } catch {
            throw fail(error)
        }
        scope.tenant = ""
    }

    /// Queues a check by the server that the scope bound last still holds, by what the mode's
    /// policies read.
    func proveScope(_ serial: UInt64) throws(DatabaseFault) {
        try requireOpen(serial)
        switch context {
        case .plain: try send(.proveSettings, scope.tenant, scope.vendor, as: .scopeProof)
        // The guard's own seal stands for a tenant that a vendor acts as.
        case .statement where !isActing:
            try send(.proveSeal, scope.seal, scope.tenant, as: .scopeProof)
        case .sealed, .statement:
            try send(.proveContext, scope.tenant, scope.vendor, as: .scopeProof)
        }
    }

    /// Queues the audit row of a crossing as a transaction of its own before the one that follows,
    /// in the same write: what was read is told of even when the reader then undoes everything.
    func noteCrossing(reason: String, actor: String) throws(DatabaseFault) {
        try send(.begin, as: .inner)
        try send(.recordCrossing, [.text(reason), .text(actor)], as: .inner)
        try send(.commit, as: .inner)
    }
}
