import CPostgres
import Glibc
@_spi(Probing) @_spi(TenantBinding) import Postgres

extension Statement {
    /// What the backend's `GET /v1/events/{id}` asks.
    static let readEvent = Statement(
        "read event",
        """
        SELECT id, external_id, topic, payload,
            to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        FROM ringfence.events WHERE id = $1::uuid
        """, parameters: 1)

    /// What the backend asks first in every tenant's transaction.
    static let admitTenant = Statement(
        "admit tenant",
        """
        SELECT ringfence.tenant(), 1 / (count(*) FILTER (WHERE state = 'active'))::int4
        FROM ringfence.tenants
        WHERE id = ringfence.tenant() AND vendor_id = $1::uuid AND external_id = $2
        """, parameters: 2)

    /// Answers the process that serves this connection.
    static let findServer = Statement(
        "find server", "SELECT pg_catalog.pg_backend_pid()", parameters: 0)
}

/// Reads events inside their tenant, by the product's own code.
final class ScopedReader {
    private var connection: Connection
    private let scopes: [TenantScope]
    let serverPID: Int64

    init(_ url: String) throws {
        connection = Connection(to: ConnectionString(url))
        scopes = EventKey.all.compactMap { TenantScope(uuidText: $0.tenant) }
        let deadline = Deadline.after(milliseconds: 10_000)
        serverPID = try connection.rowsOutsideTransactions(.findServer, deadline: deadline)
            .only().int64(0)
    }

    /// One transaction for each of `count` keys.
    ///
    /// - Parameter isAdmitted: also asks for the tenant's state, as the backend does.
    func read(_ count: Int, isAdmitted: Bool) throws -> Int {
        let keys = EventKey.all
        var bytes = 0
        for turn in 0..<count {
            let key = keys[turn % keys.count]
            let found = try connection.withTransaction(
                for: scopes[turn % keys.count], deadline: .after(milliseconds: 10_000)
            ) { transaction throws(DatabaseFault) in
                if isAdmitted {
                    try transaction.queue(
                        .admitTenant, [.text(EventKey.vendor), .text(key.tenantExternalID)])
                }
                let found = try transaction.queue(.readEvent, [.text(key.event)])
                try transaction.commit()
                return try transaction.rows(found)
            }
            bytes += try found.only().utf8(3).count
        }
        return bytes
    }
}

/// Reads the same events from the table without row-level security by plain libpq: what a program
/// that knows of no tenants would do, its `WHERE` aside.
///
/// - Safety: the connection is freed by `deinit` alone.
@safe final class PlainReader {
    private let connection: OpaquePointer?
    private let keys: [[ContiguousArray<CChar>]]
    var serverPID: Int64 { unsafe Int64(PQbackendPID(connection)) }

    private static let statement = """
        SELECT id, external_id, topic, payload,
            to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        FROM bench.events WHERE tenant_id = $1::uuid AND id = $2::uuid
        """

    init(_ url: String) throws {
        keys = EventKey.all.map { [$0.tenant.utf8CString, $0.event.utf8CString] }
        unsafe connection = PQconnectdb(url)
        guard unsafe PQstatus(connection) == CONNECTION_OK else {
            throw BenchFault("no plain connection")
        }
        let answer = unsafe PQprepare(connection, "read", Self.statement, 2, nil)
        defer { unsafe PQclear(answer) }
        guard unsafe PQresultStatus(answer) == PGRES_COMMAND_OK else {
            throw BenchFault("the plain statement was refused")
        }
    }

    deinit { unsafe PQfinish(connection) }

    func read(_ count: Int) throws -> Int {
        var bytes = 0
        for turn in 0..<count {
            let key = keys[turn % keys.count]
            let answer = unsafe key[0].withUnsafeBufferPointer { tenant in
                unsafe key[1].withUnsafeBufferPointer { event in
                    let values: InlineArray<2, UnsafePointer<CChar>?> =
                        [tenant.baseAddress, event.baseAddress]
                    return unsafe values.span.withUnsafeBufferPointer {
                        unsafe PQexecPrepared(
                            connection, "read", 2, $0.baseAddress, nil, nil, 0)
                    }
                }
            }
            defer { unsafe PQclear(answer) }
            guard unsafe PQntuples(answer) == 1, let value = unsafe PQgetvalue(answer, 0, 3) else {
                throw BenchFault("a plain read answered no row")
            }
            bytes += unsafe strlen(value)
        }
        return bytes
    }
}
