internal import CPostgres

/// The rows one statement answered: a value that outlives its transaction.
public struct Rows {
    /// How many rows there are.
    public let count: Int
    /// How many rows the statement touched, by its command tag.
    public let affected: Int

    fileprivate let result: QueryResult?

    /// Bytes one result may hold. A statement bounds itself with LIMIT; this bound turns a
    /// forgotten one into a fault.
    public static let bytesMax = 64 << 20

    static var none: Rows { Rows(count: 0, affected: 0, result: nil) }

    private init(count: Int, affected: Int, result: QueryResult?) {
        self.count = count
        self.affected = affected
        self.result = result
    }

    /// `nil` when the result is beyond `bytesMax`.
    ///
    /// - Safety: `result` is live, and freed by nobody else.
    @unsafe init?(taking result: OpaquePointer) {
        let owner = unsafe QueryResult(owning: result)
        guard unsafe PQresultMemorySize(result) <= Self.bytesMax else { return nil }
        unsafe self.init(
            count: Int(PQntuples(result)), affected: Self.number(PQcmdTuples(result)),
            result: owner)
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

    /// The row at `index`, which must be below `count`.
    public subscript(index: Int) -> Row {
        precondition(index >= 0 && index < count, "no such row")
        return Row(rows: self, index: index)
    }

    /// The first row, if there is one.
    public var first: Row? { count > 0 ? self[0] : nil }

    /// The one row of a result that must have exactly one.
    public func only() throws(DatabaseFault) -> Row {
        guard count == 1 else { throw DatabaseFault(.unexpectedShape) }
        return self[0]
    }
}

extension Rows: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { count }
}

/// One row of a result. Getters throw `.unexpectedShape` for a column that is missing, NULL or of
/// another type; the `…IfPresent` forms answer `nil` for NULL.
public struct Row {
    let rows: Rows
    let index: Int

    /// Whether the value is NULL.
    public func isNull(_ column: Int) throws(DatabaseFault) -> Bool {
        try unsafe cell(column, of: .any) { _ in () } == nil
    }

    /// Any type but `bytea`, in PostgreSQL's output form.
    public func text(_ column: Int) throws(DatabaseFault) -> String {
        try present(textIfPresent(column))
    }

    public func textIfPresent(_ column: Int) throws(DatabaseFault) -> String? {
        try unsafe cell(column, of: .notBytes) { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// Like `text`, as bytes: for JSON that travels on without being read as a `String`.
    public func utf8(_ column: Int) throws(DatabaseFault) -> [UInt8] {
        try unsafe present(cell(column, of: .notBytes) { unsafe Array($0) })
    }

    /// `int2`, `int4` or `int8`.
    public func int64(_ column: Int) throws(DatabaseFault) -> Int64 {
        try present(int64IfPresent(column))
    }

    public func int64IfPresent(_ column: Int) throws(DatabaseFault) -> Int64? {
        let number = try unsafe cell(column, of: .integer) {
            unsafe Int64(String(decoding: $0, as: UTF8.self))
        }
        return try number.map { number throws(DatabaseFault) in try present(number) }
    }

    public func bool(_ column: Int) throws(DatabaseFault) -> Bool {
        try present(boolIfPresent(column))
    }

    public func boolIfPresent(_ column: Int) throws(DatabaseFault) -> Bool? {
        try unsafe cell(column, of: .boolean) { unsafe $0.first == UInt8(ascii: "t") }
    }

    /// A `uuid` in its canonical lower-case form.
    public func uuid(_ column: Int) throws(DatabaseFault) -> String {
        try present(uuidIfPresent(column))
    }

    public func uuidIfPresent(_ column: Int) throws(DatabaseFault) -> String? {
        let text = try unsafe cell(column, of: .uuid) { text -> String? in
            guard unsafe isCanonicalUUID(text) else { return nil }
            return unsafe String(decoding: text, as: UTF8.self)
        }
        return try text.map { text throws(DatabaseFault) in try present(text) }
    }

    /// The tenant of a row that the transaction's own policy let through.
    @_spi(TenantBinding)
    public func tenant(_ column: Int) throws(DatabaseFault) -> TenantScope {
        try present(TenantScope(uuidText: uuid(column)))
    }

    /// `bytea`.
    public func bytes(_ column: Int) throws(DatabaseFault) -> [UInt8] {
        try present(bytesIfPresent(column))
    }

    public func bytesIfPresent(_ column: Int) throws(DatabaseFault) -> [UInt8]? {
        let blob = try unsafe cell(column, of: .bytes) { unsafe decodeHexBytea($0) }
        return try blob.map { blob throws(DatabaseFault) in try present(blob) }
    }

    /// What `body` makes of the value's bytes, which it must not keep; `nil` for NULL.
    private func cell<Value>(
        _ column: Int, of kind: ColumnKind, _ body: (UnsafeRawBufferPointer) -> Value
    ) throws(DatabaseFault) -> Value? {
        guard let result = rows.result else { throw DatabaseFault(.unexpectedShape) }
        return try unsafe result.value(row: index, column, of: kind, body)
    }

    private func present<Value>(_ value: Value?) throws(DatabaseFault) -> Value {
        guard let value else { throw DatabaseFault(.unexpectedShape) }
        return value
    }
}

@available(*, unavailable) extension Rows: Sendable {}
@available(*, unavailable) extension Row: Sendable {}

/// The result as libpq built it, read in place: a copy of every value would cost more than reading
/// the few that are wanted.
///
/// - Safety: nothing else frees or changes what it owns.
@safe private final class QueryResult {
    private let result: OpaquePointer

    /// - Safety: `result` is live, and freed by nobody else.
    @unsafe init(owning result: OpaquePointer) { unsafe self.result = result }

    deinit { unsafe PQclear(result) }

    /// What `body` makes of one value, which it must not keep; `nil` for NULL.
    func value<Value>(
        row: Int, _ column: Int, of kind: ColumnKind, _ body: (UnsafeRawBufferPointer) -> Value
    ) throws(DatabaseFault) -> Value? {
        guard let row = CInt(exactly: row), row >= 0, unsafe row < PQntuples(result),
            let column = CInt(exactly: column), column >= 0, unsafe column < PQnfields(result),
            kind.admits(unsafe PQftype(result, column))
        else { throw DatabaseFault(.unexpectedShape) }
        // The pointer is into what this object owns, and it lives while it is called.
        guard unsafe PQgetisnull(result, row, column) == 0,
            let start = unsafe PQgetvalue(result, row, column)
        else { return nil }
        let length = unsafe Int(PQgetlength(result, row, column))
        return unsafe body(UnsafeRawBufferPointer(start: start, count: length))
    }
}

/// Which columns a getter reads; OIDs of built-in types never change (`pg_type.dat`).
private enum ColumnKind {
    case any, notBytes, bytes, integer, boolean, uuid

    func admits(_ type: UInt32) -> Bool {
        switch self {
        case .any: true
        case .notBytes: type != 17
        case .bytes: type == 17
        case .integer: type == 20 || type == 21 || type == 23
        case .boolean: type == 16
        case .uuid: type == 2950
        }
    }
}

/// The bytes of `\x0a1b`, the form sessions of ours answer `bytea` in.
private func decodeHexBytea(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count >= 2, text.count % 2 == 0, text.starts(with: [0x5C, UInt8(ascii: "x")]) else {
        return nil
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 2 - 1)
    var high: UInt8?
    for digit in text.dropFirst(2) {
        let value: UInt8
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
        default: return nil
        }
        if let first = high {
            bytes.append(first << 4 | value)
            high = nil
        } else {
            high = value
        }
    }
    return bytes
}
