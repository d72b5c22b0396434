internal import CPostgres

/// What the server answered to one queued message, copied out of libpq.
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

    /// What of a success is copied: most messages of a transaction are ours, and nobody reads more
    /// of their answers than that they came.
    enum Wanted {
        case rows
        case nothing
        case echo(of: BoundScope)
    }

    /// - Safety: `result` is live.
    @unsafe init(copying result: OpaquePointer, wanting wanted: Wanted) {
        switch unsafe PQresultStatus(result) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
            self =
                switch wanted {
                case .rows: unsafe Rows(copying: result).map(Reply.rows) ?? .unexpected
                case .nothing: .accepted
                case .echo(let scope): .scope(isEchoed: unsafe scope.isEchoed(in: result))
                }
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
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: total) { buffer, count in
            for row in 0..<rowCount {
                for column in 0..<columnCount {
                    guard let value = unsafe PQgetvalue(result, row, column) else { continue }
                    let length = Int(unsafe PQgetlength(result, row, column))
                    // The sum of the lengths above; never beyond it, whatever libpq says now.
                    guard length <= total - count else { return }
                    let target = unsafe UnsafeMutableRawBufferPointer(
                        rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
                    unsafe target.copyMemory(from: .init(start: value, count: length))
                    count += length
                }
            }
        }
        self.init(
            count: Int(rowCount), affected: unsafe Self.number(PQcmdTuples(result)),
            columns: (0..<columnCount).map { unsafe PQftype(result, $0) },
            bytes: bytes, cells: cells)
    }

    /// The decimal number of a command tag; 0 where there is none.
    ///
    /// - Safety: `digits` ends with NUL.
    @unsafe private static func number(_ digits: UnsafePointer<CChar>) -> Int {
        var number = 0
        var next = unsafe digits
        while let digit = Int(exactly: unsafe next.pointee).map({ $0 - 48 }),
            (0...9).contains(digit)
        {
            let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(digit)
            guard !overflow, !carry else { return 0 }
            number = sum
            unsafe next += 1
        }
        return number
    }
}
