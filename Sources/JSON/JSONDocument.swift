/// What kind of value a node is.
public enum JSONKind: UInt8, Equatable, Sendable, BitwiseCopyable {
    case object, array, string, number, boolean, null
}

/// A value of a document, named by its place on the tape. It means nothing for another document.
public struct JSONNode: Hashable, Sendable, BitwiseCopyable {
    let place: UInt32

    init(_ place: UInt32) { self.place = place }
    init(_ place: Int) { self.place = UInt32(place) }

    /// The value with `index` values before it; whether there is one is the caller's to know.
    public init(at index: Int) { place = UInt32(truncatingIfNeeded: index) }

    /// Values that start before this one: the root has 0.
    public var index: Int { Int(place) }
}

/// One value of a document, where it lies and where it belongs.
public struct JSONEntry: BitwiseCopyable, Sendable {
    /// Bytes of the value, quotes and brackets included.
    public internal(set) var start: UInt32
    public internal(set) var end: UInt32
    /// Bytes of the key in front of it, quotes included; both 0 for elements and the root.
    public internal(set) var keyStart: UInt32
    public internal(set) var keyEnd: UInt32
    /// The index behind everything inside this value.
    public internal(set) var after: UInt32
    /// The index of the container around it; `none` for the root.
    public internal(set) var parent: UInt32
    /// Of what the key means (`KeyTable.Secret`); equal keys have equal ones. It says nothing else,
    /// and is another one in every process.
    public internal(set) var keyHash: UInt32
    /// Containers around this value.
    public internal(set) var depth: UInt16
    public internal(set) var kind: JSONKind
    @usableFromInline var escapes: UInt8

    public static let none = UInt32.max

    /// Whether the value is a string with escapes, and so the key: their bytes then differ from
    /// what they mean.
    @inlinable public var isEscaped: Bool { escapes & 1 != 0 }
    @inlinable public var isKeyEscaped: Bool { escapes & 2 != 0 }
    /// The key, if any, and the value.
    @inlinable public var memberStart: UInt32 { keyEnd > 0 ? keyStart : start }

    /// Room for an entry.
    static var blank: JSONEntry {
        JSONEntry(
            start: 0, end: 0, keyStart: 0, keyEnd: 0, after: 0, parent: 0, keyHash: 0, depth: 0,
            kind: .null, escapes: 0)
    }
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
    /// The first `count` of them are the document; the rest is room.
    private var tape: [JSONEntry] = []
    private var count = 0
    private var keys = KeyTable()
    /// What keys are hashed with; another one must not change any answer.
    var secret = KeyTable.secret
    private var sourceCount = 0

    /// No memory is taken before the first document.
    public init() {}

    /// Replaces the tape by that of `source`. After a defect the tape is empty.
    public mutating func parse(
        _ source: Span<UInt8>, limits: JSONLimits = JSONLimits()
    ) throws(JSONDefect) {
        count = 0
        sourceCount = source.count
        do throws(JSONDefect) {
            try Self.refuseEncoding(of: source, limits: limits)
            try fill(from: source, limits: limits)
        } catch {
            count = 0
            throw error
        }
    }

    /// The tape read together with the bytes it was made from.
    ///
    /// `parse` must have accepted exactly these bytes: anything else is a bug of the caller.
    @_lifetime(borrow self, copy source)
    public borrowing func view(of source: Span<UInt8>) -> JSONView {
        precondition(count > 0 && source.count == sourceCount, "view of another document")
        return JSONView(source: source, tape: tape.span.extracting(0..<count))
    }

    /// Gives the scratch memory back, for an owner that has met an unusually large document.
    public mutating func release() {
        tape = []
        count = 0
        keys = KeyTable()
        sourceCount = 0
    }

    /// Takes room for `values` values in one piece, for an owner that knows how many may come.
    public mutating func reserve(values: Int) {
        count = 0
        guard tape.count < values else { return }
        tape = []
        tape = [JSONEntry](repeating: .blank, count: values)
    }

    /// Bytes of scratch memory that a document of so many values and keys takes at most, where
    /// they were reserved.
    public static func scratchBytesMax(values: Int, keys: Int) -> Int {
        values * MemoryLayout<JSONEntry>.stride + KeyTable.scratchBytesMax(keys: keys)
    }

    /// Bytes of scratch memory held.
    public var scratchBytes: Int {
        tape.capacity * MemoryLayout<JSONEntry>.stride + keys.scratchBytes
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
        guard !UTF8Check.accepts(source) else { return }
        do {
            // Only to tell where.
            _ = try UTF8Span(validating: source)
        } catch {
            throw JSONDefect(.invalidUTF8, at: error.byteOffsets.lowerBound)
        }
        throw JSONDefect(.invalidUTF8, at: 0)
    }
}

// MARK: - Grammar

extension JSONDocument {
    /// What the grammar allows at the next token.
    enum Expected {
        case value, elementOrEnd, element, keyOrEnd, key, commaOrEnd, nothing
    }

    /// The key in front of the value that is read next.
    private struct PendingKey {
        var start = 0
        var end = 0
        var hash: UInt32 = 0
        var isEscaped = false
    }

    /// Where the reader stands.
    struct Place {
        var position = 0
        var expected = Expected.value
        /// The innermost open container, if any.
        var open = JSONEntry.none
        var isInObject = false
        var depth: UInt16 = 0
        var keyCount = 0
        var nodeCount = 0

        /// The byte that closes the innermost container.
        @inline(__always)
        var closing: UInt8 { isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]") }
    }

    /// Entries there is room for at first.
    private static let roomMin = 64

    private mutating func fill(
        from source: Span<UInt8>, limits: JSONLimits
    ) throws(JSONDefect) {
        let lexer = JSONLexer(source, digitsMax: limits.digitsMax)
        var place = Place()
        while true {
            place = try Self.read(lexer, from: place, limits, source, secret, into: &tape, &keys)
            if place.expected == .nothing { break }
            let room = max(Self.roomMin, tape.count)
            tape.append(contentsOf: repeatElement(JSONEntry.blank, count: room))
        }
        let end = lexer.spaceEnd(from: place.position)
        guard lexer.isEnd(end) else { throw JSONDefect(.trailingData, at: end) }
        count = place.nodeCount
    }

    /// Reads until the document is whole, or there is no room for an entry that is needed.
    private static func read(
        _ lexer: borrowing JSONLexer, from start: Place, _ limits: JSONLimits,
        _ source: Span<UInt8>, _ secret: KeyTable.Secret, into entries: inout [JSONEntry],
        _ keys: inout KeyTable
    ) throws(JSONDefect) -> Place {
        // Asked once, not at every write, whether nobody else holds the tape.
        var tape = entries.mutableSpan
        var place = start
        while place.expected != .nothing {
            var byte = try lexer.firstByte(from: &place.position)
            var key = PendingKey()
            switch place.expected {
            case .commaOrEnd where byte == UInt8(ascii: ","):
                place.position &+= 1
                place.expected = place.isInObject ? .key : .element
                continue
            case .commaOrEnd,
                .elementOrEnd where byte == UInt8(ascii: "]"),
                .keyOrEnd where byte == UInt8(ascii: "}"):
                guard byte == place.closing else {
                    throw JSONDefect(.unexpectedByte, at: place.position)
                }
                tape[Int(place.open)].end = UInt32(truncatingIfNeeded: place.position &+ 1)
                tape[Int(place.open)].after = UInt32(truncatingIfNeeded: place.nodeCount)
                if place.isInObject {
                    try keys.refuseDuplicates(in: Int(place.open), of: tape.span, source)
                }
                leave(&place, tape.span)
                continue
            case .key where byte == UInt8(ascii: "}"), .element where byte == UInt8(ascii: "]"):
                throw JSONDefect(.trailingComma, at: place.position)
            case .key, .keyOrEnd:
                guard place.keyCount < limits.keysMax else {
                    throw JSONDefect(.tooManyKeys, at: place.position)
                }
                guard byte == UInt8(ascii: "\"") else {
                    throw JSONDefect(.unexpectedByte, at: place.position)
                }
                if readPlainMembers(lexer, limits, secret, from: &place, into: &tape) { continue }
                place.keyCount &+= 1
                if let plain = lexer.plainKey(from: place.position, secret) {
                    key = PendingKey(
                        start: place.position, end: plain.end, hash: plain.hash, isEscaped: false)
                    place.position = plain.end &+ 1
                    byte = plain.next
                } else {
                    let (token, hash) = try lexer.key(from: place.position, secret)
                    key = PendingKey(
                        start: place.position, end: token.end, hash: hash,
                        isEscaped: token.isEscaped)
                    place.position = try lexer.colonEnd(from: token.end)
                    byte = try lexer.firstByte(from: &place.position)
                }
            case .value, .element, .elementOrEnd, .nothing: break
            }
            guard place.nodeCount < limits.nodesMax else {
                throw JSONDefect(.tooManyNodes, at: place.position)
            }
            guard place.nodeCount < tape.count else {
                // It is read again, its key too, when there is room.
                if key.end > 0 {
                    place.keyCount &-= 1
                    place.position = key.start
                }
                return place
            }
            let value =
                byte == UInt8(ascii: "\"")
                ? try lexer.string(from: place.position)
                : try lexer.value(byte, from: place.position)
            let index = place.nodeCount
            try enter(value, key, &place, limits, &tape[index])
            if place.expected == .commaOrEnd, lexer.follows(UInt8(ascii: ","), at: place.position) {
                place.position &+= 1
                place.expected = place.isInObject ? .key : .element
            }
        }
        return place
    }

    /// Takes a value in: whole, or the opening of a container.
    @inline(__always)
    private static func enter(
        _ value: JSONToken, _ key: PendingKey, _ place: inout Place, _ limits: JSONLimits,
        _ entry: inout JSONEntry
    ) throws(JSONDefect) {
        let isContainer = value.kind == .object || value.kind == .array
        guard !isContainer || Int(place.depth) < limits.depthMax else {
            throw JSONDefect(.tooDeep, at: place.position)
        }
        let index = UInt32(truncatingIfNeeded: place.nodeCount)
        entry = JSONEntry(
            start: UInt32(truncatingIfNeeded: place.position),
            end: UInt32(truncatingIfNeeded: value.end),
            keyStart: UInt32(truncatingIfNeeded: key.start),
            keyEnd: UInt32(truncatingIfNeeded: key.end),
            after: index &+ 1, parent: place.open, keyHash: key.hash, depth: place.depth,
            kind: value.kind,
            escapes: (value.isEscaped ? 1 : 0) | (key.isEscaped ? 2 : 0))
        place.nodeCount &+= 1
        place.position = value.end
        if isContainer {
            place.open = index
            place.isInObject = value.kind == .object
            place.depth &+= 1
            place.expected = place.isInObject ? .keyOrEnd : .elementOrEnd
        } else {
            place.expected = place.open == JSONEntry.none ? .nothing : .commaOrEnd
        }
    }

    /// Behind the closing byte of the innermost container.
    @inline(__always)
    private static func leave(_ place: inout Place, _ tape: Span<JSONEntry>) {
        place.position &+= 1
        place.open = tape[Int(place.open)].parent
        place.depth &-= 1
        place.isInObject =
            place.open != JSONEntry.none && tape[Int(place.open)].kind == .object
        place.expected = place.open == JSONEntry.none ? .nothing : .commaOrEnd
    }
}
