import Glibc

/// One value for a `$n` of a statement. Values never become part of the text.
public enum Parameter: Equatable, Sendable {
    case null
    /// For columns of text, uuid, json, timestamp and the like, in PostgreSQL's input form.
    case text(String)
    /// Like `text`, from bytes that are checked to be UTF-8 without NUL.
    case utf8([UInt8])
    /// For `bytea`.
    case bytes([UInt8])
    case integer(Int64)
    case boolean(Bool)

    /// Bytes one transaction may send as parameters.
    public static let bytesMax = 32 << 20
}

extension Parameter: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(nilLiteral: ()) { self = .null }
}

/// The values of one statement in the form libpq wants them, in memory that is used again.
struct ParameterBuffer {
    /// All values, each followed by NUL.
    private(set) var bytes: [UInt8] = []
    /// Where each value starts; -1 is NULL.
    private(set) var starts: [Int] = []
    private(set) var lengths: [Int32] = []
    /// 0 text, 1 binary.
    private(set) var formats: [Int32] = []

    /// Takes `values`, refusing what the protocol cannot carry before a byte is sent: text holding
    /// NUL or invalid UTF-8, and more than `budget` bytes in all.
    mutating func encode(_ values: [Parameter], budget: Int) -> Bool {
        clear()
        for value in values {
            guard append(value, budget: budget) else { return false }
        }
        return bytes.count <= budget
    }

    /// Takes the one or two values of the statements that carry a scope.
    mutating func encode(_ first: String, _ second: String?, budget: Int) -> Bool {
        clear()
        guard append(.text(first), budget: budget) else { return false }
        if let second, !append(.text(second), budget: budget) { return false }
        return bytes.count <= budget
    }

    private mutating func clear() {
        bytes.removeAll(keepingCapacity: true)
        starts.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        formats.removeAll(keepingCapacity: true)
    }

    private mutating func append(_ value: Parameter, budget: Int) -> Bool {
        let start = bytes.count
        var isNull = false
        var isBinary = false
        switch value {
        case .null: isNull = true
        case .text(let text):
            guard text.utf8.count <= budget - start else { return false }
            bytes.append(contentsOf: text.utf8)
        case .utf8(let text):
            guard text.count <= budget - start else { return false }
            guard (try? UTF8Span(validating: text.span)) != nil else { return false }
            bytes.append(contentsOf: text)
        case .bytes(let blob):
            guard blob.count <= budget - start else { return false }
            bytes.append(contentsOf: blob)
            isBinary = true
        case .integer(let number): bytes.append(contentsOf: String(number).utf8)
        case .boolean(let flag): bytes.append(UInt8(ascii: flag ? "t" : "f"))
        }
        guard isBinary || !holdsNUL(from: start) else { return false }
        guard let length = Int32(exactly: bytes.count - start) else { return false }
        starts.append(isNull ? -1 : start)
        lengths.append(length)
        formats.append(isBinary ? 1 : 0)
        bytes.append(0)
        return true
    }

    private func holdsNUL(from start: Int) -> Bool {
        unsafe bytes.withUnsafeBytes { raw in
            let value = unsafe UnsafeRawBufferPointer(rebasing: raw[start...])
            guard let first = value.baseAddress, unsafe !value.isEmpty else { return false }
            return unsafe memchr(first, 0, value.count) != nil
        }
    }
}
