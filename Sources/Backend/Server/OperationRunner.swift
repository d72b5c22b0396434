import Policy
import Postgres

/// Runs operations on one connection, each in the scope its case names.
struct OperationRunner: ~Copyable {
    /// Runs of one operation: an interrupted one may be repeated while nothing of it was written.
    static let attemptsMax = 3

    private var connection: Connection

    private let context: ContextMode
    private let room: DirectoryRoom

    /// - Parameter room: what one vendor may take of the directory.
    init(database: ConnectionString, context: ContextMode, room: DirectoryRoom) {
        connection = Connection(to: database, context: context)
        self.context = context
        self.room = room
    }

    var isConnected: Bool { connection.isConnected }
    /// Changes with each login.
    var generation: Int { connection.generation }

    /// Logs in if there is no login; see `Connection.connect`.
    mutating func connect(deadline: Deadline) throws(DatabaseFault) {
        try connection.connect(deadline: deadline)
    }

    /// Whether the schema is the one this program was built for and nothing in it is open.
    mutating func isSchemaFit(deadline: Deadline) throws(DatabaseFault) -> Bool {
        // Catalogs are read outside of scopes, where a powerful role is not refused.
        guard try RolePosture.check(&connection, deadline: deadline).isEmpty else { return false }
        guard try SchemaPosture.progress(&connection, deadline: deadline) == .complete else {
            return false
        }
        guard let script = GuardScript(mode: context) else { return false }
        return try SchemaPosture.check(&connection, against: script, deadline: deadline).isEmpty
    }

    /// The answer, refusals included.
    mutating func answer(
        _ operation: Operation, requestID: String, deadline: Deadline
    ) throws(DatabaseFault) -> Answer {
        var attempt = 1
        while true {
            do throws(DatabaseFault) {
                let (outcome, tenant) = try run(operation, requestID, deadline)
                switch outcome {
                case .answered(var answer):
                    answer.tenant = tenant
                    return answer
                case .rejected(let rejection):
                    return Answer(rejection, requestID: requestID, tenant: tenant)
                case .overtaken:
                    guard attempt < Self.attemptsMax else {
                        return Answer(
                            Rejection(.databaseUnavailable), requestID: requestID, tenant: tenant)
                    }
                }
            } catch {
                // Not after a passed deadline: there is no time left to be repeated in. A lost
                // connection leaves open what was written; that is nothing where only rows are
                // read, and found again where the caller has named its event.
                let isHarmless =
                    error.permitsRetry
                    || error.kind == .unreachable && operation.mayRunTwice
                guard isHarmless, error.kind != .timedOut, attempt < Self.attemptsMax
                else { throw error }
            }
            attempt += 1
        }
    }

    private mutating func run(
        _ operation: Operation, _ requestID: String, _ deadline: Deadline
    ) throws(DatabaseFault) -> (Outcome, tenant: String?) {
        let room = room
        return switch operation {
        case .createTenant(let vendor, let tenant):
            try inVendor(vendor, deadline) { transaction throws(DatabaseFault) in
                try transaction.createTenant(
                    tenant, within: room, by: vendor, requestID: requestID)
            }
        case .listTenants(let vendor, let page):
            try inVendor(vendor, deadline) { transaction throws(DatabaseFault) in
                try transaction.listTenants(page)
            }
        case .readTenant(let vendor, let externalID):
            try inVendor(vendor, deadline) { transaction throws(DatabaseFault) in
                try transaction.readTenant(externalID)
            }
        case .changeTenant(let vendor, let externalID, let change):
            try inVendor(vendor, deadline) { transaction throws(DatabaseFault) in
                try transaction.changeTenant(
                    externalID, change, within: room, by: vendor, requestID: requestID)
            }
        case .deleteTenant(let vendor, let externalID):
            try inVendor(vendor, deadline) { transaction throws(DatabaseFault) in
                try transaction.deleteTenant(externalID, by: vendor, requestID: requestID)
            }
        case .createKey(let vendor, let externalID, let key):
            try inVendor(vendor, deadline) { transaction throws(DatabaseFault) in
                try transaction.createKey(
                    key, of: externalID, within: room, by: vendor, requestID: requestID)
            }
        case .listKeys(let vendor, let externalID):
            try inVendor(vendor, deadline) { transaction throws(DatabaseFault) in
                try transaction.listKeys(of: externalID)
            }
        case .revokeKey(let vendor, let externalID, let id):
            try inVendor(vendor, deadline) { transaction throws(DatabaseFault) in
                try transaction.revokeKey(id, of: externalID, by: vendor, requestID: requestID)
            }
        case .revokeTokens(let vendor, let externalID, let revocation):
            try inVendor(vendor, deadline) { transaction throws(DatabaseFault) in
                try transaction.revokeTokens(
                    revocation, of: externalID, within: room, by: vendor,
                    requestID: requestID)
            }
        case .publishFor(let vendor, let externalID, let event):
            try inVendor(vendor, deadline) { transaction throws(DatabaseFault) in
                try transaction.publish(event, for: externalID, by: vendor, requestID: requestID)
            }
        case .publish(let tenant, let event):
            try inTenant(tenant, deadline) { transaction throws(DatabaseFault) in
                try transaction.publish(event, commits: true)
            }
        case .listEvents(let tenant, let topic, let page):
            try inTenant(tenant, deadline) { transaction throws(DatabaseFault) in
                try transaction.listEvents(topic: topic, page)
            }
        case .readEvent(let tenant, let id):
            try inTenant(tenant, deadline) { transaction throws(DatabaseFault) in
                try transaction.readEvent(id)
            }
        }
    }

    private mutating func inVendor(
        _ vendor: VendorCaller, _ deadline: Deadline,
        _ body: (inout VendorTransaction) throws(DatabaseFault) -> Outcome
    ) throws(DatabaseFault) -> (Outcome, tenant: String?) {
        let outcome = try connection.withTransaction(
            forVendor: vendor.scope, deadline: deadline, body)
        return (outcome, nil)
    }

    /// Admits the tenant, then runs `body`; answers with the tenant the database was bound to.
    private mutating func inTenant(
        _ caller: TenantCaller, _ deadline: Deadline,
        _ body: (inout TenantTransaction) throws(DatabaseFault) -> Outcome
    ) throws(DatabaseFault) -> (Outcome, tenant: String?) {
        let names: [Parameter] = [.text(caller.vendor.scope.text), .text(caller.externalID)]
        do throws(DatabaseFault) {
            return try connection.withTransaction(
                for: caller.scope, deadline: deadline
            ) { transaction throws(DatabaseFault) in
                let admission = try transaction.queue(.admitTenant, names)
                let outcome = try body(&transaction)
                return (outcome, tenant: try transaction.rows(admission).only().uuid(0))
            }
        } catch {
            let isRefused =
                error.sqlState == .divisionByZero
                && error.statement == Statement.admitTenant.name.description
            guard isRefused else { throw error }
        }
        return try connection.withTransaction(
            for: caller.scope, deadline: deadline
        ) { transaction throws(DatabaseFault) in
            let row = try transaction.rows(.explainTenant, names).only()
            let isSuspended = try row.textIfPresent(1) == TenantState.suspended.rawValue
            let refusal = isSuspended ? Refusal.tenantSuspended : .tenantUnknown
            return (.rejected(Rejection(refusal)), tenant: try row.uuid(0))
        }
    }
}

extension Rejection {
    /// What the client is told when the database failed; the rest is for the log.
    init(_ fault: DatabaseFault) {
        let isOpen = fault.outcome != .rolledBack
        switch fault.kind {
        case .timedOut: self.init(.databaseTimeout)
        case .unreachable, .refused, .invalidConnectionString, .poisoned, .unsafeRole, .unclean:
            self.init(isOpen ? .databaseTimeout : .databaseUnavailable)
        case .contextRefused: self.init(.databaseSeal)
        case .sql(let state):
            self.init(Self.isPassing(state) ? .databaseUnavailable : .internalError)
        case .protocolViolation, .invalidParameter, .tooManyStatements, .unexpectedShape,
            .scopeLost, .auditMissing, .sealMissing, .workLost:
            self.init(.internalError)
        }
        if isOpen, refusal == .databaseTimeout {
            detail = "it is not known whether the request took effect; repeat it with the same `id`"
        }
    }

    /// Connection exceptions, rollbacks, resources, intervention by an operator, the server's own
    /// trouble (PostgreSQL manual, appendix A).
    ///
    /// Also a lock that was not to be had in time (55P03), and a server that only reads (25006):
    /// after a failover the address may lead to a standby for a while.
    private static func isPassing(_ state: SQLState) -> Bool {
        ["08", "40", "53", "57", "58"].contains(String(state.description.prefix(2)))
            || ["55P03", "25006"].contains(state.description)
    }
}
