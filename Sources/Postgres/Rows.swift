/// The rows one statement answered, copied out of libpq: a value that outlives its transaction.
public struct Rows: Sendable {
    /// How many rows there are.
    public let count: Int
    /// How many rows the statement touched, by its command tag.
    public let affected: Int

    /// The type of each column, as its OID in `pg_type`.
    let columns: [UInt32]
    /// All values in text form, one after the other.
    let bytes: [UInt8]
    /// Row by row, where each value lies in `bytes`; a start of -1 is NULL.
    let cells: [Cell]

    struct Cell: Sendable {
        let start: Int32
        let length: Int32
    }

    /// Bytes of values one result may hold. A statement bounds itself with LIMIT; this bound turns
    /// a forgotten one into a fault.
    public static let bytesMax = 64 << 20

    static let none = Rows(count: 0, affected: 0, columns: [], bytes: [], cells: [])

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
public struct Row: Sendable {
    let rows: Rows
    let index: Int

    /// Whether the value is NULL.
    public func isNull(_ column: Int) throws(DatabaseFault) -> Bool {
        try cell(column, of: .any) == nil
    }

    /// Any type but `bytea`, in PostgreSQL's output form.
    public func text(_ column: Int) throws(DatabaseFault) -> String {
        try present(textIfPresent(column))
    }

    public func textIfPresent(_ column: Int) throws(DatabaseFault) -> String? {
        try cell(column, of: .notBytes).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Like `text`, as bytes: for JSON that travels on without being read as a `String`.
    public func utf8(_ column: Int) throws(DatabaseFault) -> [UInt8] {
        try present(cell(column, of: .notBytes).map { Array($0) })
    }

    /// `int2`, `int4` or `int8`.
    public func int64(_ column: Int) throws(DatabaseFault) -> Int64 {
        try present(int64IfPresent(column))
    }

    public func int64IfPresent(_ column: Int) throws(DatabaseFault) -> Int64? {
        guard let digits = try cell(column, of: .integer) else { return nil }
        return try present(Int64(String(decoding: digits, as: UTF8.self)))
    }

    public func bool(_ column: Int) throws(DatabaseFault) -> Bool {
        try present(boolIfPresent(column))
    }

    public func boolIfPresent(_ column: Int) throws(DatabaseFault) -> Bool? {
        try cell(column, of: .boolean).map { $0.first == UInt8(ascii: "t") }
    }

    /// A `uuid` in its canonical lower-case form.
    public func uuid(_ column: Int) throws(DatabaseFault) -> String {
        try present(uuidIfPresent(column))
    }

    public func uuidIfPresent(_ column: Int) throws(DatabaseFault) -> String? {
        guard let text = try cell(column, of: .uuid) else { return nil }
        guard isCanonicalUUID(text) else { throw DatabaseFault(.unexpectedShape) }
        return String(decoding: text, as: UTF8.self)
    }

    /// `bytea`.
    public func bytes(_ column: Int) throws(DatabaseFault) -> [UInt8] {
        try present(bytesIfPresent(column))
    }

    public func bytesIfPresent(_ column: Int) throws(DatabaseFault) -> [UInt8]? {
        guard let text = try cell(column, of: .bytes) else { return nil }
        return try present(decodeHexBytea(text))
    }

    /// The value's bytes, or `nil` for NULL.
    private func cell(
        _ column: Int, of kind: ColumnKind
    ) throws(DatabaseFault) -> ArraySlice<UInt8>? {
        guard rows.columns.indices.contains(column), kind.admits(rows.columns[column]) else {
            throw DatabaseFault(.unexpectedShape)
        }
        let cell = rows.cells[index * rows.columns.count + column]
        guard cell.start >= 0 else { return nil }
        return rows.bytes[Int(cell.start)..<Int(cell.start) + Int(cell.length)]
    }

    private func present<Value>(_ value: Value?) throws(DatabaseFault) -> Value {
        guard let value else { throw DatabaseFault(.unexpectedShape) }
        return value
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
private func decodeHexBytea(_ text: ArraySlice<UInt8>) -> [UInt8]? {
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
