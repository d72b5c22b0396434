/// What kind of value a node is.
public enum JSONKind: UInt8, Equatable, Sendable, BitwiseCopyable {
    case object, array, string, number, boolean, null
}

/// A value of a document, named by its place on the tape. It means nothing for another document.
public struct JSONNode: Hashable, Sendable, BitwiseCopyable {
    let place: UInt32

    init(_ place: UInt32) { self.place = place }
    init(_ place: Int) { self.place = UInt32(place) }

    /// Values that start before this one: the root has 0.
    public var index: Int { Int(place) }
}

/// One value in document order, which is the order of its first byte.
struct TapeEntry: BitwiseCopyable, Sendable {
    /// Bytes of the value, quotes included.
    var start: UInt32
    var end: UInt32
    /// Bytes of the key in front of it, quotes included; empty for elements and the root.
    var keyStart: UInt32 = 0
    var keyEnd: UInt32 = 0
    /// The entry behind everything inside this value.
    var after: UInt32
    var parent: UInt32
    /// Containers around this value.
    var depth: UInt16 = 0
    var kind: JSONKind
    var isEscaped = false
    var isKeyEscaped = false

    /// The parent of the root.
    static let none = UInt32.max
}

/// A strict RFC 8259 reader that turns bytes into a flat tape of values.
///
/// What it refuses beyond the grammar: duplicate keys (§4 leaves them open), a byte order mark
/// (§8.1), lone surrogates (§8.2), and whatever exceeds its `JSONLimits`. Numbers are kept as
/// written. It holds offsets, never the bytes: `view(of:)` brings both together.
///
/// It is scratch memory with an owner: a reused one allocates nothing once it has seen the
/// largest document of its workload. There is no recursion.
public struct JSONDocument: ~Copyable {
    private var tape: [TapeEntry] = []
    private var keys = KeyTable()
    private var sourceCount = 0

    /// No memory is taken before the first document.
    public init() {}

    /// Replaces the tape by that of `source`. After a defect the tape is empty.
    public mutating func parse(
        _ source: Span<UInt8>, limits: JSONLimits = JSONLimits()
    ) throws(JSONDefect) {
        tape.removeAll(keepingCapacity: true)
        sourceCount = source.count
        do throws(JSONDefect) {
            try Self.refuseEncoding(of: source, limits: limits)
            try fill(from: source, limits: limits)
        } catch {
            tape.removeAll(keepingCapacity: true)
            throw error
        }
    }

    /// The tape read together with the bytes it was made from.
    ///
    /// `parse` must have accepted exactly these bytes: anything else is a bug of the caller.
    @_lifetime(borrow self, copy source)
    public borrowing func view(of source: Span<UInt8>) -> JSONView {
        precondition(!tape.isEmpty && source.count == sourceCount, "view of another document")
        return JSONView(source: source, tape: tape.span)
    }

    /// Gives the scratch memory back, for an owner that has met an unusually large document.
    public mutating func release() {
        tape = []
        keys = KeyTable()
        sourceCount = 0
    }

    /// Takes room for `values` values in one piece, for an owner that knows how many may come.
    public mutating func reserve(values: Int) {
        tape.removeAll(keepingCapacity: true)
        tape.reserveCapacity(values)
    }

    /// Bytes of scratch memory that a document of so many values and keys takes at most, where
    /// they were reserved.
    public static func scratchBytesMax(values: Int, keys: Int) -> Int {
        values * MemoryLayout<TapeEntry>.stride + KeyTable.scratchBytesMax(keys: keys)
    }

    /// Bytes of scratch memory held.
    public var scratchBytes: Int {
        tape.capacity * MemoryLayout<TapeEntry>.stride + keys.scratchBytes
    }

    /// The bound comes first, so that validation too is bounded. UTF-16 and UTF-32 have no case
    /// of their own: their NUL bytes are no tokens.
    private static func refuseEncoding(
        of source: Span<UInt8>, limits: JSONLimits
    ) throws(JSONDefect) {
        guard source.count <= min(limits.bytesMax, JSONLimits.bytesCeiling) else {
            throw JSONDefect(.tooLong, at: limits.bytesMax)
        }
        if source.count >= 3, source[0] == 0xEF, source[1] == 0xBB, source[2] == 0xBF {
            throw JSONDefect(.byteOrderMark, at: 0)
        }
        do {
            _ = try UTF8Span(validating: source)
        } catch {
            throw JSONDefect(.invalidUTF8, at: error.byteOffsets.lowerBound)
        }
    }
}

// MARK: - Grammar

extension JSONDocument {
    /// What the grammar allows at the next token.
    private enum Expected {
        case value, elementOrEnd, element, keyOrEnd, key, commaOrEnd, nothing
    }

    /// The key in front of the value that is read next.
    private struct PendingKey {
        var start: UInt32 = 0
        var end: UInt32 = 0
        var isEscaped = false
    }

    private mutating func fill(
        from source: Span<UInt8>, limits: JSONLimits
    ) throws(JSONDefect) {
        var lexer = JSONLexer(source, digitsMax: limits.digitsMax)
        var open = TapeEntry.none
        var keyCount = 0
        var key = PendingKey()
        var expected = Expected.value
        while expected != .nothing {
            let byte = try lexer.firstByte()
            switch expected {
            case .elementOrEnd where byte == UInt8(ascii: "]"),
                .keyOrEnd where byte == UInt8(ascii: "}"):
                expected = try close(&open, &lexer, source)
            case .value, .element, .elementOrEnd:
                if expected == .element, byte == UInt8(ascii: "]") {
                    throw JSONDefect(.trailingComma, at: lexer.position)
                }
                expected = try append(byte, key, &open, &lexer, limits)
                key = PendingKey()
            case .key, .keyOrEnd:
                if expected == .key, byte == UInt8(ascii: "}") {
                    throw JSONDefect(.trailingComma, at: lexer.position)
                }
                guard keyCount < limits.keysMax else {
                    throw JSONDefect(.tooManyKeys, at: lexer.position)
                }
                keyCount += 1
                key = try Self.readKey(byte, &lexer)
                expected = .value
            case .commaOrEnd:
                let isObject = tape[Int(open)].kind == .object
                if byte == UInt8(ascii: ",") {
                    lexer.advance()
                    expected = isObject ? .key : .element
                } else if byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    expected = try close(&open, &lexer, source)
                } else {
                    throw JSONDefect(.unexpectedByte, at: lexer.position)
                }
            case .nothing: break
            }
        }
        guard lexer.isAtEnd() else { throw JSONDefect(.trailingData, at: lexer.position) }
    }

    /// Reads `"key" :`.
    private static func readKey(
        _ byte: UInt8, _ lexer: inout JSONLexer
    ) throws(JSONDefect) -> PendingKey {
        guard byte == UInt8(ascii: "\"") else {
            throw JSONDefect(.unexpectedByte, at: lexer.position)
        }
        let start = UInt32(lexer.position)
        let isEscaped = try lexer.consumeString()
        let end = UInt32(lexer.position)
        guard try lexer.firstByte() == UInt8(ascii: ":") else {
            throw JSONDefect(.unexpectedByte, at: lexer.position)
        }
        lexer.advance()
        return PendingKey(start: start, end: end, isEscaped: isEscaped)
    }

    /// Appends the value that starts with `byte`: whole, or the opening of a container.
    private mutating func append(
        _ byte: UInt8, _ key: PendingKey, _ open: inout UInt32, _ lexer: inout JSONLexer,
        _ limits: JSONLimits
    ) throws(JSONDefect) -> Expected {
        let place = UInt32(tape.count)
        guard tape.count < limits.nodesMax else {
            throw JSONDefect(.tooManyNodes, at: lexer.position)
        }
        let start = UInt32(lexer.position)
        var entry = TapeEntry(
            start: start, end: start, keyStart: key.start, keyEnd: key.end, after: place + 1,
            parent: open, kind: .null, isKeyEscaped: key.isEscaped)
        if open != TapeEntry.none { entry.depth = tape[Int(open)].depth + 1 }
        var isContainer = false
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard Int(entry.depth) < limits.depthMax else {
                throw JSONDefect(.tooDeep, at: lexer.position)
            }
            entry.kind = byte == UInt8(ascii: "{") ? .object : .array
            isContainer = true
            lexer.advance()
        case UInt8(ascii: "\""):
            entry.kind = .string
            entry.isEscaped = try lexer.consumeString()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            entry.kind = .number
            try lexer.consumeNumber()
        case UInt8(ascii: "t"):
            entry.kind = .boolean
            try lexer.consume(word: 0x7472_7565, count: 4)
        case UInt8(ascii: "f"):
            entry.kind = .boolean
            try lexer.consume(word: 0x66_616C_7365, count: 5)
        case UInt8(ascii: "n"):
            try lexer.consume(word: 0x6E75_6C6C, count: 4)
        default: throw JSONDefect(.unexpectedByte, at: lexer.position)
        }
        entry.end = UInt32(lexer.position)
        tape.append(entry)
        if isContainer {
            open = place
            return entry.kind == .object ? .keyOrEnd : .elementOrEnd
        }
        return open == TapeEntry.none ? .nothing : .commaOrEnd
    }

    /// Consumes the closing byte of the innermost container.
    private mutating func close(
        _ open: inout UInt32, _ lexer: inout JSONLexer, _ source: Span<UInt8>
    ) throws(JSONDefect) -> Expected {
        lexer.advance()
        let place = Int(open)
        tape[place].end = UInt32(lexer.position)
        tape[place].after = UInt32(tape.count)
        if tape[place].kind == .object {
            // A second reference, so that `keys` may change while the tape is read: no copy.
            let entries = tape
            try keys.refuseDuplicates(in: place, of: entries.span, source)
        }
        open = tape[place].parent
        return open == TapeEntry.none ? .nothing : .commaOrEnd
    }
}
