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

    /// What the backend's `GET /v1/events` asks.
    static let listEvents = Statement(
        "list events",
        """
        SELECT id, external_id, topic, payload,
            to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), found
        FROM (
            SELECT page.*, count(*) OVER () AS found,
                sum(octet_length(payload::text)) OVER (ORDER BY id DESC) AS bytes
            FROM (
                SELECT id, external_id, topic, payload, created_at FROM ringfence.events
                WHERE id < $1::uuid ORDER BY id DESC LIMIT $2::int8
            ) AS page
        ) AS measured
        WHERE bytes <= $3::int8 ORDER BY id DESC
        """, parameters: 3)

    /// Answers the process that serves this connection.
    static let findServer = Statement(
        "find server", "SELECT pg_catalog.pg_backend_pid()", parameters: 0)
}

/// Reads events inside their tenant, by the product's own code.
final class ScopedReader {
    fileprivate var connection: Connection
    fileprivate let scopes: [TenantScope]
    let serverPID: Int64

    init(_ url: String) throws {
        connection = Connection(to: ConnectionString(url), context: .plain)
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

extension ScopedReader {
    /// The newest page of one tenant after the other.
    func readPages(_ count: Int) throws -> Int {
        var bytes = 0
        for turn in 0..<count {
            let found = try connection.withTransaction(
                for: scopes[turn % scopes.count], deadline: .after(milliseconds: 10_000)
            ) { transaction throws(DatabaseFault) in
                let found = try transaction.queue(
                    .listEvents,
                    [.text(EventKey.beyondAll), .integer(EventKey.page), .integer(4 << 20)])
                try transaction.commit()
                return try transaction.rows(found)
            }
            for row in found { bytes += try row.utf8(3).count }
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

    private static let pageStatement = """
        SELECT id, external_id, topic, payload,
            to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), found
        FROM (
            SELECT page.*, count(*) OVER () AS found,
                sum(octet_length(payload::text)) OVER (ORDER BY id DESC) AS bytes
            FROM (
                SELECT id, external_id, topic, payload, created_at FROM bench.events
                WHERE tenant_id = $4::uuid AND id < $1::uuid ORDER BY id DESC LIMIT $2::int8
            ) AS page
        ) AS measured
        WHERE bytes <= $3::int8 ORDER BY id DESC
        """

    init(_ url: String) throws {
        keys = EventKey.all.map { [$0.tenant.utf8CString, $0.event.utf8CString] }
        unsafe connection = PQconnectdb(url)
        guard unsafe PQstatus(connection) == CONNECTION_OK else {
            throw BenchFault("no plain connection")
        }
        let answer = unsafe PQprepare(connection, "read", Self.statement, 2, nil)
        defer { unsafe PQclear(answer) }
        let pageAnswer = unsafe PQprepare(connection, "page", Self.pageStatement, 4, nil)
        defer { unsafe PQclear(pageAnswer) }
        guard unsafe PQresultStatus(answer) == PGRES_COMMAND_OK,
            unsafe PQresultStatus(pageAnswer) == PGRES_COMMAND_OK
        else { throw BenchFault("a plain statement was refused") }
    }

    deinit { unsafe PQfinish(connection) }

    /// One statement for each of `count` keys.
    func read(_ count: Int) throws -> Int {
        var bytes = 0
        for turn in 0..<count { bytes += try payloadBytes("read", keys[turn % keys.count], 1) }
        return bytes
    }

    /// The newest page of one tenant after the other.
    func readPages(_ count: Int) throws -> Int {
        let bounds = [EventKey.beyondAll, "\(EventKey.page)", "\(4 << 20)"].map(\.utf8CString)
        let values = keys.prefix(EventKey.tenantCount).map { bounds + [$0[0]] }
        var bytes = 0
        for turn in 0..<count {
            bytes += try payloadBytes("page", values[turn % values.count], EventKey.page)
        }
        return bytes
    }

    private func payloadBytes(
        _ name: StaticString, _ values: [ContiguousArray<CChar>], _ rows: Int64
    ) throws(BenchFault) -> Int {
        let answer = unsafe withUnsafeTemporaryAllocation(
            of: UnsafePointer<CChar>?.self, capacity: values.count
        ) { pointers in
            for index in values.indices {
                // The array lives in `keys` or `bounds` while the call below runs.
                unsafe pointers.initializeElement(
                    at: index, to: values[index].withUnsafeBufferPointer { $0.baseAddress })
            }
            return unsafe PQexecPrepared(
                connection, UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self),
                CInt(values.count), pointers.baseAddress, nil, nil, 0)
        }
        defer { unsafe PQclear(answer) }
        let count = unsafe PQntuples(answer)
        guard count == rows else { throw BenchFault("\(count) rows instead of \(rows)") }
        var bytes = 0
        for row in 0..<count { bytes += unsafe Int(PQgetlength(answer, row, 3)) }
        return bytes
    }
}
