/// What a session does so that one tenant meets nothing of the one before.
extension Session {
    /// How a login is cleared, which is found out when it is made.
    enum Clearing {
        /// By one call of the guard's procedure, whose text is the one this library knows.
        case byGuard
        /// By a statement for each thing: where there is no guard, or another version's.
        case byStatements
    }

    /// Queues what clears the session of its last user, unless that was the same.
    ///
    /// It is a transaction of its own before the one that follows, in the same write and without a
    /// Sync between them: whatever in it fails makes the server skip all that follows too, so no
    /// statement of the next user runs in a session that was not cleared.
    func scrub(for next: BoundScope) throws(DatabaseFault) {
        switch lastUser {
        case .nobody: break
        case .scope(let last) where last.isSame(as: next): return
        case .scope, .several:
            guard scrubsBetweenScopes else { break }
            switch clearing {
            case .byGuard: try clearOnce(Statement.clearWhole)
            case .byStatements:
                try send(.begin, as: .scrub)
                try clearByStatements()
                try send(.commit, as: .scrub)
            }
        }
        lastUser = .scope(next)
    }

    /// Queues what clears the session of a tenant that the vendor has acted as in this transaction,
    /// before it acts as the next one. That takes the vendor's binding away too, so it is made
    /// again. With one tenant in a transaction nothing is queued.
    func scrubAfterActing(_ serial: UInt64) throws(DatabaseFault) {
        guard isActing, scrubsBetweenScopes else { return }
        try requireOpen(serial)
        switch clearing {
        case .byGuard: try clearOnce(Statement.clearWithin)
        case .byStatements: try clearByStatements()
        }
        try bind(serial, scope)
    }

    private func clearByStatements() throws(DatabaseFault) {
        for statement in Statement.scrub { try send(statement, as: .scrub) }
        try clearOnce(Statement.noneFromSQL)
    }

    /// By a text that is parsed anew each time: whatever is prepared in the session is in doubt.
    private func clearOnce(_ text: StaticString) throws(DatabaseFault) {
        do throws(DatabaseFault) {
            try wire.queueOnce(text)
            ledger.expect(.scrub)
        } catch {
            throw fail(error)
        }
    }
}

/// What clears a session of its last user. It is what DISCARD ALL does, less forgetting the
/// prepared statements, which cost more to make than all else here.
extension Statement {
    /// As a transaction of its own, and as part of one.
    static let clearWhole: StaticString = "CALL ringfence_guard.clear(true)"
    static let clearWithin: StaticString = "CALL ringfence_guard.clear(false)"

    static let begin = Statement("begin", unchecked: "BEGIN", parameters: 0)
    static let commit = Statement("commit", unchecked: "COMMIT", parameters: 0)

    /// In this order.
    static let scrub = [
        Statement(
            "reset authorization", unchecked: "RESET SESSION AUTHORIZATION", parameters: 0),
        // Back to what the login began with: `ConnectionString.sessionOptions` and the role's own.
        Statement("reset settings", unchecked: "RESET ALL", parameters: 0),
        Statement("close cursors", unchecked: "CLOSE ALL", parameters: 0),
        Statement("stop listening", unchecked: "UNLISTEN *", parameters: 0),
        Statement("drop temporary objects", unchecked: "DISCARD TEMP", parameters: 0),
        Statement("forget sequences", unchecked: "DISCARD SEQUENCES", parameters: 0),
    ]

    /// Gives session locks back, and fails (22012) when SQL prepared a statement in this session:
    /// it may stand under the name of one of ours. Parsed anew each time, because a prepared
    /// check could itself have been replaced.
    static let noneFromSQL: StaticString = """
        SELECT pg_catalog.pg_advisory_unlock_all(), 1 OPERATOR(pg_catalog./) (NOT EXISTS (\
        SELECT FROM pg_catalog.pg_prepared_statement() WHERE from_sql))::pg_catalog.int4
        """

    /// Asked at the login, before anybody could have left anything in it. A procedure whose text
    /// is another's is not called.
    static let findClearing = Statement(
        "find clearing",
        unchecked: """
            SELECT EXISTS (SELECT FROM pg_catalog.pg_proc p
                JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
                JOIN pg_catalog.pg_language l ON l.oid = p.prolang
                WHERE n.nspname = 'ringfence_guard' AND p.proname = 'clear' AND p.prokind = 'p'
                AND p.proargtypes = ARRAY['boolean'::regtype]::oidvector AND l.lanname = 'plpgsql'
                AND NOT p.prosecdef AND p.proconfig IS NULL AND p.prosrc = $1
                AND has_function_privilege(p.oid, 'EXECUTE')
                AND has_schema_privilege(n.oid, 'USAGE'))
            """, parameters: 1)
}
