/// What has been queued in one transaction and not yet been answered. Pure: replies in, what they
/// mean out; the session around it sends and waits.
struct PipelineLedger {
    enum Entry: Equatable {
        /// A statement was announced under a name; its identity is proven by the answer.
        case preparation(UInt)
        /// The settings were bound; the server answers them back.
        case binding(BoundScope)
        /// A statement of the handler, whose rows belong to a ticket.
        case statement(ticket: Int, name: String)
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

    /// Takes the reply to the oldest unanswered entry.
    mutating func settle(_ reply: Reply) -> Meaning {
        guard answered < entries.count else { return Self.nonsense }
        let entry = entries[answered]
        // An error that appears while committing is answered before the Sync it belongs to.
        if case .failed(let failure) = reply, entry == .sync { return refusal(of: entry, failure) }
        answered += 1
        switch (reply, entry) {
        case (.synced, .sync): return .synced
        case (.failed(let failure), _): return refusal(of: entry, failure)
        case (.skipped, .preparation), (.skipped, .binding), (.skipped, .statement),
            (.skipped, .scopeProof), (.skipped, .rollBack):
            return .skipped
        case (.rows, .preparation(let identity)): return .prepared(identity)
        case (.rows(let rows), .binding(let scope)):
            guard (try? rows.only().text(0)) == scope.tenant,
                (try? rows.only().text(1)) == scope.vendor
            else { return .doubt(DatabaseFault(.scopeLost, outcome: .unknown)) }
            return .fine
        case (.rows(let rows), .statement(let ticket, _)): return .rows(ticket: ticket, rows)
        case (.rows, .scopeProof), (.rows, .rollBack): return .fine
        case (.rows, .sync), (.skipped, .sync), (.synced, _), (.done, _), (.unexpected, _):
            return Self.nonsense
        }
    }

    private static let nonsense = Meaning.doubt(
        DatabaseFault(.protocolViolation, outcome: .unknown))

    private func refusal(of entry: Entry, _ failure: Reply.Failure) -> Meaning {
        guard let state = failure.state else {
            // libpq's own words about a connection that broke: what the server did is not known.
            return .doubt(DatabaseFault(.unreachable, outcome: .unknown))
        }
        guard !failure.isFatal else {
            // The server's dying words before the Sync's turn mean that nothing was committed.
            let outcome = entry == .sync ? DatabaseFault.Outcome.unknown : .rolledBack
            return .doubt(DatabaseFault(.unreachable, outcome: outcome))
        }
        switch entry {
        case .scopeProof where state == .divisionByZero:
            return .doubt(DatabaseFault(.scopeLost))
        case .statement(_, let name):
            return .refused(
                DatabaseFault(
                    .sql(state), statementNamed: name, constraint: failure.constraint))
        case .sync, .preparation, .binding, .scopeProof, .rollBack:
            return .refused(DatabaseFault(.sql(state), constraint: failure.constraint))
        }
    }
}
