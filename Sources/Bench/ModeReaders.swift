import CPostgres
@_spi(Probing) @_spi(TenantBinding) import Postgres

extension Statement {
    static let readGuarded = Statement(
        "read guarded", "SELECT payload FROM bench.guarded WHERE id = $1::int8", parameters: 1)
}

/// What one block of transactions does.
struct ModeWork {
    /// Queries of one row in each transaction.
    let queries: Int
    /// All in one write, or one after the other's answer.
    let isPipelined: Bool
    /// Every transaction is of another tenant than the one before.
    let changesTenant: Bool
    let scrubs: Bool
}

/// Reads inside tenants, by the library.
final class ModeReader {
    private var connection: Connection
    private var scopes: [TenantScope] = []
    private let database: ModeDatabase
    let serverPID: Int64

    init(_ database: ModeDatabase) throws {
        self.database = database
        connection = Connection(to: ConnectionString(database.runtimeURL), context: database.mode)
        connection.usesMax = .max
        serverPID = try connection.rowsOutsideTransactions(
            .findServer, deadline: .after(milliseconds: 10_000)
        ).only().int64(0)
    }

    func renewSeals() throws { scopes = try database.scopes() }

    func run(_ count: Int, _ work: ModeWork) throws -> Int {
        connection.scrubsBetweenScopes = work.scrubs
        var bytes = 0
        for turn in 0..<count {
            let scope = scopes[work.changesTenant ? turn % scopes.count : 0]
            bytes += try connection.withTransaction(
                for: scope, deadline: .after(milliseconds: 10_000)
            ) { transaction throws(DatabaseFault) in
                work.isPipelined
                    ? try Self.pipelined(&transaction, turn, work.queries)
                    : try Self.stepwise(&transaction, turn, work.queries)
            }
        }
        return bytes
    }

    private static func pipelined(
        _ transaction: inout TenantTransaction, _ turn: Int, _ queries: Int
    ) throws(DatabaseFault) -> Int {
        var tickets: [Ticket] = []
        for query in 0..<queries {
            tickets.append(try transaction.queue(.readGuarded, [key(turn, query)]))
        }
        try transaction.commit()
        var bytes = 0
        for ticket in tickets { bytes += try transaction.rows(ticket).only().utf8(0).count }
        return bytes
    }

    private static func stepwise(
        _ transaction: inout TenantTransaction, _ turn: Int, _ queries: Int
    ) throws(DatabaseFault) -> Int {
        var bytes = 0
        for query in 0..<queries {
            bytes += try transaction.rows(.readGuarded, [key(turn, query)]).only().utf8(0).count
        }
        return bytes
    }

    private static func key(_ turn: Int, _ query: Int) -> Parameter {
        .integer(Int64((turn + query * 37) % ModeDatabase.rowsPerTenant))
    }
}

/// The same reads by plain libpq, each with its tenant in the WHERE, from the table without
/// row-level security: what a program pays that trusts itself.
///
/// - Safety: the connection is freed by `deinit` alone.
@safe final class OpenReader {
    private let connection: OpaquePointer?
    private let tenants: [ContiguousArray<CChar>]
    private let keys: [ContiguousArray<CChar>]
    var serverPID: Int64 { unsafe Int64(PQbackendPID(connection)) }

    init(_ database: ModeDatabase) throws {
        tenants = (0..<ModeDatabase.tenantCount).map { ModeDatabase.tenant($0).utf8CString }
        keys = (0..<ModeDatabase.rowsPerTenant).map { "\($0)".utf8CString }
        unsafe connection = PQconnectdb(database.runtimeURL)
        let answer = unsafe PQprepare(
            connection, "read",
            "SELECT payload FROM bench.open WHERE tenant_id = $1::uuid AND id = $2::int8", 2, nil)
        defer { unsafe PQclear(answer) }
        guard unsafe PQresultStatus(answer) == PGRES_COMMAND_OK,
            unsafe PQenterPipelineMode(connection) == 1
        else { throw BenchFault("no plain connection") }
    }

    deinit { unsafe PQfinish(connection) }

    func run(_ count: Int, _ work: ModeWork) throws -> Int {
        var bytes = 0
        for turn in 0..<count {
            let tenant = work.changesTenant ? turn % tenants.count : 0
            for query in 0..<work.queries {
                send(tenant: tenant, key: (turn + query * 37) % keys.count)
                if !work.isPipelined {
                    _ = unsafe PQsendFlushRequest(connection)
                    bytes += try payloadBytes()
                }
            }
            _ = unsafe PQpipelineSync(connection)
            if work.isPipelined { for _ in 0..<work.queries { bytes += try payloadBytes() } }
            let synced = unsafe PQgetResult(connection)
            defer { unsafe PQclear(synced) }
            guard unsafe PQresultStatus(synced) == PGRES_PIPELINE_SYNC else {
                throw BenchFault("a plain transaction did not end")
            }
        }
        return bytes
    }

    private func send(tenant: Int, key: Int) {
        unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: 2) {
            values in
            // The arrays live in `self` while the call below runs.
            unsafe values.initializeElement(
                at: 0, to: tenants[tenant].withUnsafeBufferPointer { $0.baseAddress })
            unsafe values.initializeElement(
                at: 1, to: keys[key].withUnsafeBufferPointer { $0.baseAddress })
            _ = unsafe PQsendQueryPrepared(
                connection, "read", 2, values.baseAddress, nil, nil, 0)
        }
    }

    /// Of one result and the end behind it.
    private func payloadBytes() throws(BenchFault) -> Int {
        let answer = unsafe PQgetResult(connection)
        defer { unsafe PQclear(answer) }
        guard unsafe PQntuples(answer) == 1, unsafe PQgetResult(connection) == nil else {
            throw BenchFault("not one row")
        }
        return unsafe Int(PQgetlength(answer, 0, 0))
    }
}
