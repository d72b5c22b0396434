/// One login and, at most, one open transaction. `Connection` owns it; a transaction borrows it by
/// serial number, so that one kept beyond its closure finds nothing.
///
/// A transaction is one implicit-transaction pipeline: PostgreSQL commits at the Sync what ran
/// since the last one, or nothing of it when any message failed.
final class Session {
    private let address: ConnectionString
    let context: ContextMode
    private let purpose: Purpose
    var wire = Wire()
    var ledger = PipelineLedger()
    private var backoff = Backoff()

    private var prepared = PreparedNames()
    /// Logins so far.
    private(set) var generation = 0
    /// What the present login could do around row-level security.
    private(set) var findings: [RolePosture.Finding] = []
    private(set) var clearing = Clearing.byStatements
    /// Transactions begun on the present login.
    private var uses = 0
    /// Who could have left something in the present login.
    var lastUser = LastUser.nobody
    /// Off only where a test shows what it is for.
    var scrubsBetweenScopes = true

    private(set) var serial: UInt64 = 0
    private var phase = Phase.closed
    private var deadline = Deadline(monotonicNanoseconds: 0)
    var scope = BoundScope()
    var isActing = false
    private var results: [Rows?] = []
    private var parameterBytesLeft = 0
    private var isAbandoned = false

    enum Phase {
        /// No transaction.
        case closed
        case open
        /// A message failed or the handler broke a rule: the transaction can only roll back.
        case failed(DatabaseFault)
        /// Ended by an early `commit()`: proven, with results still readable, or not.
        case ended(DatabaseFault?)
    }

    /// What the login is for, and so what it may be able to do.
    enum Purpose {
        case withinScopes
        /// Reads all tenants' rows: has BYPASSRLS, and is nothing more.
        case acrossTenants

        func permits(_ findings: [RolePosture.Finding]) -> Bool {
            switch self {
            case .withinScopes: findings.isEmpty
            case .acrossTenants: findings.map(\.kind) == [.bypassesRowSecurity]
            }
        }
    }

    enum LastUser {
        case nobody
        case scope(BoundScope)
        /// A vendor that acted as a tenant.
        case several
    }

    /// After so many transactions a login is replaced: whatever no scrub knows of ends with it.
    var usesMax = 20_000

    init(
        _ address: ConnectionString, context: ContextMode, purpose: Purpose = .withinScopes
    ) {
        self.address = address
        self.context = context
        self.purpose = purpose
    }

    var isConnected: Bool { wire.isOpen }
    var roundTrips: UInt64 { wire.roundTrips }

    func disconnect() {
        wire.close()
        prepared.removeAll()
    }

    /// Stands ready after this: the old login if it is beyond doubt, else a new one, whose role is
    /// examined before anything else runs on it.
    func connect(before deadline: Deadline) throws(DatabaseFault) {
        if uses < usesMax, wire.standsIdle() { return }
        disconnect()
        guard backoff.permitsAttempt else { throw DatabaseFault(.unreachable) }
        do throws(DatabaseFault) {
            try wire.open(address, before: deadline)
            try wire.enterPipeline()
            generation += 1
            uses = 0
            lastUser = .nobody
            try examineLogin(before: deadline)
        } catch {
            disconnect()
            backoff.noteFailure()
            throw error
        }
        backoff.noteSuccess()
    }

    /// Whether the login is fit, and how it is cleared; in one round trip.
    private func examineLogin(before deadline: Deadline) throws(DatabaseFault) {
        begin(before: deadline)
        defer { phase = .closed }
        let role = try queue(serial, RolePosture.statement, [])
        let procedure = try queue(serial, .findClearing, [.text(GuardScript.clearingBody)])
        try endWithSync(asCommit: true)
        findings = try RolePosture.findings(in: read(role))
        clearing = try read(procedure).only().bool(0) ? .byGuard : .byStatements
    }

    /// Runs a statement outside any scope, in the session as it is: it sees no tenant's rows.
    func runUnbound(
        _ statement: Statement, before deadline: Deadline
    ) throws(DatabaseFault) -> Rows {
        begin(before: deadline)
        defer { phase = .closed }
        let ticket = try queue(serial, statement, [])
        try endWithSync(asCommit: true)
        return try read(ticket)
    }

    /// The same in a session that nobody left anything in, and unable to write.
    ///
    /// - Parameter requiresFitness: refuses a login that could step around row-level security.
    func inspect(
        _ statement: Statement, _ values: [Parameter] = [], requiresFitness: Bool = true,
        before deadline: Deadline
    ) throws(DatabaseFault) -> Rows {
        try connect(before: deadline)
        guard purpose.permits(findings) || !requiresFitness else {
            throw DatabaseFault(.unsafeRole)
        }
        begin(before: deadline)
        defer { phase = .closed }
        try scrub(for: BoundScope())
        try send(.readOnly, as: .inner)
        let ticket = try queue(serial, statement, values)
        try endWithSync(asCommit: true)
        return try read(ticket)
    }

    // MARK: A transaction

    func begin(_ scope: BoundScope, before deadline: Deadline) throws(DatabaseFault) {
        guard scope.isNobody || !context.needsSeal || !scope.seal.isEmpty else {
            throw DatabaseFault(.sealMissing)
        }
        try connect(before: deadline)
        guard purpose.permits(findings) else { throw DatabaseFault(.unsafeRole) }
        begin(before: deadline)
        try scrub(for: scope)
        if !scope.isNobody { try bind(serial, scope) }
    }

    private func begin(before deadline: Deadline) {
        serial &+= 1
        uses += 1
        self.deadline = deadline
        phase = .open
        scope = BoundScope()
        isActing = false
        isAbandoned = false
        parameterBytesLeft = Parameter.bytesMax
        results.removeAll(keepingCapacity: true)
        ledger.reset()
    }

    func queue(
        _ serial: UInt64, _ statement: Statement, _ values: [Parameter]
    ) throws(DatabaseFault) -> Ticket {
        try requireOpen(serial)
        precondition(
            values.count == statement.parameters, "\(statement.name): wrong number of values")
        guard results.count < TenantTransaction.statementsMax else {
            throw fail(DatabaseFault(.tooManyStatements))
        }
        let ticket = Ticket(serial: serial, index: results.count)
        results.append(nil)
        try send(
            statement, values, as: .statement(ticket: ticket.index, name: statement.name))
        return ticket
    }

    /// Waits for the rows of a queued statement; everything queued before it is answered too.
    func read(_ ticket: Ticket) throws(DatabaseFault) -> Rows {
        guard ticket.serial == serial, results.indices.contains(ticket.index) else {
            throw DatabaseFault(.poisoned)
        }
        if let rows = results[ticket.index] { return rows }
        try requireOpen(ticket.serial)
        do throws(DatabaseFault) {
            try wire.queueFlushRequest()
            while true {
                try absorb(wire.nextInPipeline(before: deadline, wanting: ledger.wanted))
                if let rows = results[ticket.index] { return rows }
            }
        } catch {
            // The Sync has not been sent, and without it the server commits nothing.
            var fault = error
            fault.outcome = .rolledBack
            throw fail(fault)
        }
    }

    func commitEarly(_ serial: UInt64) throws(DatabaseFault) {
        try requireOpen(serial)
        do throws(DatabaseFault) {
            try endWithSync(asCommit: !isAbandoned)
            phase = .ended(nil)
        } catch {
            phase = .ended(error)
            throw error
        }
    }

    func abandon(_ serial: UInt64) {
        if serial == self.serial { isAbandoned = true }
    }

    /// Runs the handler and ends the transaction: when this returns a value, the server has
    /// confirmed the commit. A handler that throws leaves nothing behind, whoever catches it.
    func conclude<Value>(
        _ handler: () throws(DatabaseFault) -> Value
    ) throws(DatabaseFault) -> Value {
        defer { phase = .closed }
        do throws(DatabaseFault) {
            let value = try handler()
            try end()
            return value
        } catch {
            var fault = error
            switch phase {
            case .open, .failed:
                if wire.isOpen { try? endWithSync(asCommit: false) }
            case .ended(nil): fault.outcome = .committed
            case .ended, .closed: break
            }
            throw fault
        }
    }

    private func end() throws(DatabaseFault) {
        switch phase {
        case .open: try commitEarly(serial)
        case .failed(let fault): throw fault
        case .ended(let fault?): throw fault
        case .ended(nil), .closed: return
        }
    }
}

// MARK: - Talking

extension Session {
    func requireOpen(_ serial: UInt64) throws(DatabaseFault) {
        guard serial == self.serial else { throw DatabaseFault(.poisoned) }
        switch phase {
        case .open: return
        case .failed(let fault), .ended(let fault?): throw fault
        case .closed, .ended(nil): throw DatabaseFault(.poisoned)
        }
    }

    /// Remembers the first fault of the transaction, which from now on can only roll back.
    func fail(_ fault: DatabaseFault) -> DatabaseFault {
        guard case .open = phase else { return fault }
        phase = .failed(fault)
        return fault
    }

    /// Queues a statement, announcing it first if this login does not know it yet.
    func send(
        _ statement: Statement, _ values: [Parameter] = [], as entry: PipelineLedger.Entry
    ) throws(DatabaseFault) {
        do throws(DatabaseFault) {
            let name = try announce(statement)
            let sent = try wire.queuePrepared(name, values, budget: parameterBytesLeft)
            parameterBytesLeft -= sent
            ledger.expect(entry)
        } catch {
            throw fail(error)
        }
    }

    /// The same for a statement of ours whose values are of a scope.
    func send(
        _ statement: Statement, _ first: String, _ second: String?, as entry: PipelineLedger.Entry
    ) throws(DatabaseFault) {
        do throws(DatabaseFault) {
            let name = try announce(statement)
            let sent = try wire.queuePrepared(name, first, second, budget: parameterBytesLeft)
            parameterBytesLeft -= sent
            ledger.expect(entry)
        } catch {
            throw fail(error)
        }
    }

    private func announce(_ statement: Statement) throws(DatabaseFault) -> PreparedName {
        if let name = prepared[statement] { return name }
        let name = prepared.announce(statement)
        try wire.queuePrepare(name, statement.text)
        ledger.expect(.preparation(statement.identity))
        return name
    }

    /// Takes one reply; throws when it refuses something.
    private func absorb(_ reply: Reply) throws(DatabaseFault) {
        switch ledger.settle(reply) {
        case .fine, .synced, .skipped: return
        case .prepared(let identity): prepared.prove(identity)
        case .rows(let ticket, let rows): results[ticket] = rows
        case .refused(let fault):
            // A changed table or a lost name: only a new login knows what is prepared.
            if let state = fault.sqlState, Self.staleStates.contains(state) { wire.close() }
            throw fault
        case .doubt(let fault):
            wire.close()
            throw fault
        }
    }

    /// "Cached plan must not change result type" and "prepared statement does not exist".
    private static let staleStates = [SQLState("0A000"), SQLState("26000")].compactMap(\.self)

    /// Sends the one Sync and reads everything up to its answer.
    private func endWithSync(asCommit: Bool) throws(DatabaseFault) {
        var isSyncSent = false
        do throws(DatabaseFault) {
            if !asCommit {
                try wire.queueOnce(Statement.rollBack.text)
                ledger.expect(.rollBack)
            } else if !scope.isNobody {
                try proveScope(serial)
            }
            try wire.queueSync()
            ledger.expect(.sync)
            isSyncSent = true
            try absorbAll()
        } catch {
            var fault = error
            if !(isSyncSent && asCommit) { fault.outcome = .rolledBack }
            throw fault
        }
        // Answered to the end and still not idle: nothing we know how to explain.
        if !wire.isIdle { wire.close() }
    }

    /// Reads what is still unanswered. Throws the first refusal, after the Sync's answer has put
    /// the connection in order again.
    private func absorbAll() throws(DatabaseFault) {
        var refusal: DatabaseFault?
        defer { prepared.forgetUnproven() }
        while !ledger.isSettled {
            let reply: Reply
            do throws(DatabaseFault) {
                reply = try wire.nextInPipeline(before: deadline, wanting: ledger.wanted)
            } catch {
                // After a refusal nothing can have been committed; else we cannot know.
                var fault = refusal ?? error
                fault.outcome = refusal == nil ? .unknown : .rolledBack
                throw fault
            }
            do throws(DatabaseFault) {
                try absorb(reply)
            } catch {
                guard wire.isOpen else { throw refusal ?? error }
                refusal = refusal ?? error
            }
        }
        if let refusal { throw refusal }
    }
}
