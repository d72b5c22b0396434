internal import CPostgres

/// What the server answered to one queued message, copied out of libpq.
enum Reply {
    case rows(Rows)
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

    /// - Safety: `result` is live.
    @unsafe init(copying result: OpaquePointer) {
        switch unsafe PQresultStatus(result) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
            self = unsafe Rows(copying: result).map(Reply.rows) ?? .unexpected
        case PGRES_FATAL_ERROR: self = unsafe .failed(Failure(copying: result))
        case PGRES_PIPELINE_ABORTED: self = .skipped
        case PGRES_PIPELINE_SYNC: self = .synced
        default: self = .unexpected
        }
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

extension Rows {
    /// `nil` when the values are beyond `bytesMax`.
    ///
    /// - Safety: `result` is live.
    @unsafe fileprivate init?(copying result: OpaquePointer) {
        let rowCount = unsafe PQntuples(result)
        let columnCount = unsafe PQnfields(result)
        var cells: [Cell] = []
        var total = 0
        cells.reserveCapacity(Int(rowCount) * Int(columnCount))
        for row in 0..<rowCount {
            for column in 0..<columnCount {
                guard unsafe PQgetisnull(result, row, column) == 0 else {
                    cells.append(Cell(start: -1, length: 0))
                    continue
                }
                let length = unsafe PQgetlength(result, row, column)
                cells.append(Cell(start: Int32(total), length: length))
                total += Int(length)
                guard total <= Self.bytesMax else { return nil }
            }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(total)
        for row in 0..<rowCount {
            for column in 0..<columnCount {
                guard let value = unsafe PQgetvalue(result, row, column) else { continue }
                let length = Int(unsafe PQgetlength(result, row, column))
                let raw = unsafe UnsafeRawBufferPointer(start: value, count: length)
                unsafe bytes.append(contentsOf: raw)
            }
        }
        self.init(
            count: Int(rowCount),
            affected: Int(unsafe String(cString: PQcmdTuples(result))) ?? 0,
            columns: (0..<columnCount).map { unsafe PQftype(result, $0) },
            bytes: bytes, cells: cells)
    }
}
