/// The fields of one head in the order they arrived, as offsets into its bytes. A dictionary would
/// silently keep one of two `Content-Length` lines; this keeps both, and `only` refuses them.
///
/// Its places are allocated once, at the first use of a head that is then reused; a head allocates
/// nothing.
public struct FieldTable: ~Copyable {
    public static let capacity = 100

    /// One field line: name and value without the whitespace around them.
    public struct Field: BitwiseCopyable, Sendable {
        public let name: Slice
        public let value: Slice
        public let known: KnownField
        /// Not to be passed on: a hop-by-hop field, or one that a `Connection` option nominates
        /// (RFC 9110 section 7.6.1).
        public internal(set) var isHopByHop: Bool

        static var unused: Field {
            Field(name: .empty, value: .empty, known: .other, isHopByHop: false)
        }
    }

    // Not an `InlineArray`: Swift 6.3 copies the whole of one (a kilobyte) wherever a method reads
    // a place of it, which doubled the cost of a head.
    @usableFromInline var places = [Field](repeating: .unused, count: FieldTable.capacity)
    public private(set) var count = 0
    private var seen = FieldSet.none
    private var seenTwice = FieldSet.none

    init() {}

    /// The field at `index`, which must be in `0..<count`.
    @inlinable public subscript(index: Int) -> Field {
        precondition(index < count)
        return places[index]
    }

    /// Whether at least one field of this name is there; never true for `other`.
    public func contains(_ field: KnownField) -> Bool {
        field != .other && seen.contains(field)
    }

    /// Whether more than one field of this name is there; never true for `other`.
    public func repeats(_ field: KnownField) -> Bool {
        field != .other && seenTwice.contains(field)
    }

    /// The index of the first field of this name at or after `start`, or `nil`.
    public func index(of field: KnownField, from start: Int = 0) -> Int? {
        guard contains(field) else { return nil }
        var index = start
        while index < count {
            if places[index].known == field { return index }
            index += 1
        }
        return nil
    }

    /// The value of a field that must stand alone: `nil` when it is absent, a violation when it is
    /// there twice, even with equal values.
    public func only(_ field: KnownField) throws(HTTPViolation) -> Slice? {
        guard let index = index(of: field) else { return nil }
        if repeats(field) { throw .fieldRepeated }
        return places[index].value
    }

    mutating func removeAll() {
        count = 0
        seen = .none
        seenTwice = .none
    }

    /// The caller has checked that `count` is below `capacity`.
    mutating func append(name: Slice, value: Slice, known: KnownField) {
        places[count] = Field(
            name: name, value: value, known: known, isHopByHop: known.isHopByHop)
        count += 1
        if seen.contains(known) { seenTwice.insert(known) }
        seen.insert(known)
    }

    mutating func markHopByHop(at index: Int) { places[index].isHopByHop = true }
}

extension FieldTable {
    /// Reads field lines up to and with the empty line that ends them (RFC 9112 section 5).
    mutating func parse(
        _ cursor: inout HeadCursor, limits: HeadLimits
    ) throws(HTTPViolation) -> Bool {
        removeAll()
        while cursor.position < cursor.stop {
            let first = cursor.bytes[cursor.position]
            if first == ASCII.carriageReturn || first == ASCII.lineFeed {
                return try cursor.lineEnd(otherwise: .fieldNameByte)
            }
            if ASCII.isWhitespace(first) { throw count == 0 ? .fieldIndented : .fieldFolded }
            guard count < limits.fieldsMax else { throw .fieldsTooMany }
            guard let name = try cursor.fieldName(limits) else { return false }
            let known = KnownField(cursor.bytes[name])
            let obsText = limits.obsTextFields.contains(known)
            guard let value = try cursor.fieldValue(limits, obsText: obsText) else { return false }
            append(name: name, value: value, known: known)
        }
        return try cursor.ranOut()
    }
}

extension HeadCursor {
    /// A name and its colon; `nil` when the bytes end before the colon.
    fileprivate mutating func fieldName(_ limits: HeadLimits) throws(HTTPViolation) -> Slice? {
        let start = position
        let end = bound(limits.fieldNameBytesMax)
        let index = bytes.endOfToken(from: start, to: end)
        position = index
        guard index < end else {
            if index - start > limits.fieldNameBytesMax { throw .fieldNameTooLong }
            _ = try ranOut()
            return nil
        }
        switch bytes[index] {
        case UInt8(ascii: ":"):
            guard index > start else { throw .fieldNameEmpty }
        case ASCII.space, ASCII.tab: throw .fieldNameSpace
        case ASCII.carriageReturn: throw .fieldColonMissing
        case ASCII.lineFeed: throw .lineFeedBare
        default: throw .fieldNameByte
        }
        position = index + 1
        return Slice(start, index)
    }

    /// A value and its line ending; `nil` when the bytes end before it.
    fileprivate mutating func fieldValue(
        _ limits: HeadLimits, obsText: Bool
    ) throws(HTTPViolation) -> Slice? {
        let start = position
        let bound = bound(limits.fieldValueBytesMax)
        let end = bytes.endOfText(from: start, to: bound, obsText: obsText)
        position = end
        guard end < bound else {
            if end - start > limits.fieldValueBytesMax { throw .fieldValueTooLong }
            _ = try ranOut()
            return nil
        }
        let violation: HTTPViolation =
            bytes[end] >= 0x80 ? .fieldValueNotASCII : .fieldValueByte
        guard try lineEnd(otherwise: violation) else { return nil }
        let trimmed = bytes.trimmingWhitespace(start..<end)
        return Slice(trimmed.lowerBound, trimmed.upperBound)
    }
}
