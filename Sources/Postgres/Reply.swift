internal import CPostgres

/// What the server answered to one queued message.
enum Reply {
    case rows(Rows)
    /// The server did what was asked, and nothing of its answer is kept.
    case accepted
    /// The settings the server answered, compared in place with those that were bound.
    case scope(isEchoed: Bool)
    case failed(Failure)
    /// Not run, because an earlier message of the pipeline failed.
    case skipped
    case synced
    /// Nothing more for this message.
    case done
    /// Nothing we ask for is answered like this, for example the start of a COPY.
    case unexpected

    struct Failure {
        let state: SQLState?
        let constraint: String?
        let message: String
        /// The server closes the session after saying this.
        let isFatal: Bool
    }

    /// What of a success is kept: most messages of a transaction are ours, and nobody reads more
    /// of their answers than that they came.
    enum Wanted {
        case rows
        case nothing
        case echo(of: BoundScope)
    }

    /// - Safety: `result` is live, and freed by nobody else.
    @unsafe init(taking result: OpaquePointer, wanting wanted: Wanted) {
        if case .rows = wanted, unsafe Self.isSuccess(result) {
            self = unsafe Rows(taking: result).map(Reply.rows) ?? .unexpected
            return
        }
        defer { unsafe PQclear(result) }
        switch unsafe PQresultStatus(result) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
            self =
                switch wanted {
                case .rows, .nothing: .accepted
                case .echo(let scope): .scope(isEchoed: unsafe scope.isEchoed(in: result))
                }
        case PGRES_FATAL_ERROR: self = unsafe .failed(Failure(copying: result))
        case PGRES_PIPELINE_ABORTED: self = .skipped
        case PGRES_PIPELINE_SYNC: self = .synced
        default: self = .unexpected
        }
    }

    /// - Safety: `result` is live.
    @unsafe private static func isSuccess(_ result: OpaquePointer) -> Bool {
        let status = unsafe PQresultStatus(result)
        return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK
    }
}

extension Reply.Failure {
    /// - Safety: `result` is live and an error.
    @unsafe fileprivate init(copying result: OpaquePointer) {
        func field(_ code: Character) -> String? {
            guard let ascii = code.asciiValue,
                let value = unsafe PQresultErrorField(result, CInt(ascii))
            else { return nil }
            return unsafe String(cString: value)
        }
        state = field("C").flatMap { SQLState($0) }
        constraint = field("n")
        message = field("M") ?? ""
        isFatal = ["FATAL", "PANIC"].contains(field("V") ?? "FATAL")
    }
}

extension BoundScope {
    /// Whether the one row of `result` is the tenant and the vendor, byte for byte.
    ///
    /// - Safety: `result` is live.
    @unsafe fileprivate func isEchoed(in result: OpaquePointer) -> Bool {
        guard unsafe PQntuples(result) == 1, unsafe PQnfields(result) == 2 else { return false }
        return unsafe isValue(result, 0, tenant) && isValue(result, 1, vendor)
    }

    /// - Safety: `result` is live and has the column.
    @unsafe private func isValue(
        _ result: OpaquePointer, _ column: CInt, _ text: String
    ) -> Bool {
        guard unsafe PQgetisnull(result, 0, column) == 0,
            let value = unsafe PQgetvalue(result, 0, column)
        else { return false }
        let expected = text.utf8Span.span
        guard unsafe Int(PQgetlength(result, 0, column)) == expected.count else { return false }
        for index in expected.indices
        where unsafe UInt8(bitPattern: value[index]) != expected[index] {
            return false
        }
        return true
    }
}
