/// What has been queued in one transaction and not yet been answered. Pure: replies in, what they
/// mean out; the session around it sends and waits.
struct PipelineLedger {
    enum Entry {
        /// A statement was announced under a name; its identity is proven by the answer.
        case preparation(UInt)
        /// The settings were bound; the server answers them back.
        case binding(BoundScope)
        /// The guard took a seal, or a step between vendor and tenant.
        case entering
        /// Clears the session of its last user.
        case scrub
        /// Another statement of ours that has to succeed.
        case inner
        /// A statement of the handler, whose rows belong to a ticket.
        case statement(ticket: Int, name: StaticString)
        /// The server checked that the transaction is still in its scope.
        case scopeProof
        case rollBack
        case sync
    }

    enum Meaning {
        case prepared(UInt)
        /// Nothing to keep.
        case fine
        case rows(ticket: Int, Rows)
        /// The server will skip everything up to the Sync.
        case refused(DatabaseFault)
        /// Follows a refusal.
        case skipped
        /// The transaction has ended.
        case synced
        /// The connection cannot be trusted any more.
        case doubt(DatabaseFault)
    }

    private var entries: [Entry] = []
    private var answered = 0

    /// Everything queued has been answered.
    var isSettled: Bool { answered == entries.count }

    mutating func reset() {
        entries.removeAll(keepingCapacity: true)
        answered = 0
    }

    mutating func expect(_ entry: Entry) { entries.append(entry) }

    /// What to keep of the reply to the oldest unanswered entry, should it succeed.
    var wanted: Reply.Wanted {
        guard answered < entries.count else { return .nothing }
        switch entries[answered] {
        case .statement: return .rows
        case .binding(let scope): return .echo(of: scope)
        case .preparation, .entering, .scrub, .inner, .scopeProof, .rollBack, .sync:
            return .nothing
        }
    }

    /// Takes the reply to the oldest unanswered entry.
    mutating func settle(_ reply: Reply) -> Meaning {
        guard answered < entries.count else { return Self.nonsense }
        let entry = entries[answered]
        // An error that appears while committing is answered before the Sync it belongs to.
        if case .failed(let failure) = reply, case .sync = entry {
            return refusal(of: entry, failure)
        }
        answered += 1
        switch (reply, entry) {
        case (.synced, .sync): return .synced
        case (.failed(let failure), _): return refusal(of: entry, failure)
        case (.skipped, .preparation), (.skipped, .binding), (.skipped, .statement),
            (.skipped, .scopeProof), (.skipped, .rollBack), (.skipped, .entering),
            (.skipped, .scrub), (.skipped, .inner):
            return .skipped
        case (.accepted, .preparation(let identity)): return .prepared(identity)
        case (.scope(isEchoed: true), .binding): return .fine
        case (.scope(isEchoed: false), .binding), (.accepted, .binding), (.rows, .binding):
            return .doubt(DatabaseFault(.scopeLost, outcome: .unknown))
        case (.rows(let rows), .statement(let ticket, _)): return .rows(ticket: ticket, rows)
        case (.accepted, .scopeProof), (.accepted, .rollBack), (.accepted, .entering),
            (.accepted, .scrub), (.accepted, .inner):
            return .fine
        case (.rows, _), (.accepted, _), (.scope, _), (.skipped, .sync), (.synced, _), (.done, _),
            (.unexpected, _):
            return Self.nonsense
        }
    }

    private static var nonsense: Meaning {
        .doubt(DatabaseFault(.protocolViolation, outcome: .unknown))
    }

    private func refusal(of entry: Entry, _ failure: Reply.Failure) -> Meaning {
        guard let state = failure.state else {
            // libpq's own words about a connection that broke: what the server did is not known.
            return .doubt(DatabaseFault(.unreachable, outcome: .unknown))
        }
        guard !failure.isFatal else {
            // The server's dying words before the Sync's turn mean that nothing was committed.
            var fault = DatabaseFault(.unreachable, outcome: .rolledBack)
            if case .sync = entry { fault.outcome = .unknown }
            return .doubt(fault)
        }
        switch entry {
        case .scopeProof where state == .divisionByZero:
            return .doubt(DatabaseFault(.scopeLost))
        case .scrub: return .doubt(DatabaseFault(.unclean))
        // `leave` says by this that the tenant has prepared a statement.
        case .entering where state == .divisionByZero: return .doubt(DatabaseFault(.unclean))
        case .entering where state == .invalidAuthorization:
            return .doubt(DatabaseFault(.contextRefused))
        case .statement(_, let name):
            let fault = DatabaseFault(
                .sql(state), statementNamed: name.description, constraint: failure.constraint)
            // Also the guard's answer to a function that tries to change the context.
            return state == .invalidAuthorization ? .doubt(fault) : .refused(fault)
        case .sync, .preparation, .binding, .entering, .inner, .scopeProof, .rollBack:
            let fault = DatabaseFault(.sql(state), constraint: failure.constraint)
            return state == .invalidAuthorization ? .doubt(fault) : .refused(fault)
        }
    }
}
