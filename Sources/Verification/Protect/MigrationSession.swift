internal import CPostgres

/// What the server or libpq said when something asked of a database failed.
public struct ProtectFault: Error, Equatable, Sendable {
    /// Five characters; `nil` when the server was not reached or hung up.
    public let state: String?
    /// The server's own words, without the values of any row.
    public let message: String

    /// A lock was not free in time, or two sessions waited for each other: the same again may work.
    var isPassing: Bool { state == "55P03" || state == "40P01" }
}

/// A session of a table owner that runs text made at run time, one statement after the other, each
/// in its own transaction unless the text says otherwise. For migrations a person asked for; the
/// request path cannot reach this type.
@safe struct MigrationSession: ~Copyable {
    /// Live while this struct lives.
    private let connection: OpaquePointer

    /// One row; NULL is `nil`.
    typealias Row = [String?]

    /// Rows one question may answer: catalogs of a few hundred tables.
    private static let rowsMax = 200_000

    init(connectingTo address: String) throws(ProtectFault) {
        unsafe connection = try unsafe Self.open(address)
    }

    private static let settings = """
        SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;
        SET datestyle = 'ISO'; SET statement_timeout = 0; SET client_min_messages = error;
        SET idle_in_transaction_session_timeout = 0; SET application_name = 'ringfence protect'
        """

    private static func open(_ address: String) throws(ProtectFault) -> OpaquePointer {
        guard !address.utf8.contains(0) else {
            throw ProtectFault(state: nil, message: "the connection string holds NUL")
        }
        guard let opened = unsafe PQconnectdb(address) else {
            throw ProtectFault(state: nil, message: "out of memory")
        }
        guard unsafe PQstatus(opened) == CONNECTION_OK else {
            // libpq's words hold no password.
            let said = unsafe String(cString: PQerrorMessage(opened))
            unsafe PQfinish(opened)
            throw ProtectFault(state: nil, message: firstLine(said))
        }
        _ = unsafe PQsetNoticeReceiver(opened, { _, _ in }, nil)
        let answer = unsafe PQexec(opened, settings)
        defer { unsafe PQclear(answer) }
        guard unsafe PQresultStatus(answer) == PGRES_COMMAND_OK else {
            let said = unsafe String(cString: PQerrorMessage(opened))
            unsafe PQfinish(opened)
            throw ProtectFault(state: nil, message: firstLine(said))
        }
        return unsafe opened
    }

    deinit { unsafe PQfinish(connection) }

    /// Runs `sql`, one or several statements, and answers the rows of the last one.
    @discardableResult
    borrowing func rows(_ sql: String) throws(ProtectFault) -> [Row] {
        guard !sql.utf8.contains(0) else {
            throw ProtectFault(state: nil, message: "the statement holds NUL")
        }
        let answer = unsafe PQexec(connection, sql)
        defer { unsafe PQclear(answer) }
        switch unsafe PQresultStatus(answer) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK: break
        default:
            let state = unsafe Self.field(answer, 67)  // PG_DIAG_SQLSTATE, a C character constant
            let said = unsafe Self.field(answer, 77)  // PG_DIAG_MESSAGE_PRIMARY
            let words = unsafe said ?? String(cString: PQerrorMessage(connection))
            throw ProtectFault(state: state, message: Self.firstLine(words))
        }
        let count = Int(unsafe PQntuples(answer))
        guard count <= Self.rowsMax else {
            throw ProtectFault(state: nil, message: "the catalog is beyond \(Self.rowsMax) rows")
        }
        let width = Int(unsafe PQnfields(answer))
        var rows: [Row] = []
        rows.reserveCapacity(count)
        for row in 0..<count {
            rows.append(
                (0..<width).map { column in
                    let (row, column) = (CInt(row), CInt(column))
                    guard unsafe PQgetisnull(answer, row, column) == 0 else { return nil }
                    return unsafe String(cString: PQgetvalue(answer, row, column))
                })
        }
        return rows
    }

    /// Ends whatever transaction a failed text left open.
    borrowing func rollBack() {
        guard unsafe PQtransactionStatus(connection) != PQTRANS_IDLE else { return }
        _ = try? rows("ROLLBACK")
    }

    private static func field(_ answer: OpaquePointer?, _ code: CInt) -> String? {
        guard let text = unsafe PQresultErrorField(answer, code) else { return nil }
        return unsafe String(cString: text)
    }

    private static func firstLine(_ text: String) -> String {
        String(text.prefix { $0 != "\n" })
    }
}

@available(*, unavailable) extension MigrationSession: Sendable {}
