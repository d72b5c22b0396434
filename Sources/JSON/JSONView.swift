/// An accepted document: its tape and its bytes, for as long as both are borrowed.
///
/// Every question costs the bytes it looks at; none allocates unless it returns an array.
public struct JSONView: ~Escapable {
    /// The bytes of the document.
    public let source: Span<UInt8>
    @usableFromInline let tape: Span<JSONEntry>

    @_lifetime(copy source, copy tape)
    init(source: Span<UInt8>, tape: Span<JSONEntry>) {
        self.source = source
        self.tape = tape
    }

    func entry(_ node: JSONNode) -> JSONEntry { tape[Int(node.place)] }

    /// Every value in document order, for who walks all of them.
    @inlinable public var entries: Span<JSONEntry> {
        @_lifetime(copy self)
        get { tape }
    }

    // MARK: Shape

    public var root: JSONNode { JSONNode(UInt32(0)) }

    /// Values in the document; `node(0)` to `node(count - 1)` are all of them in document order.
    public var count: Int { tape.count }

    /// The value with `index` values before it; nil at and behind `count`.
    public func node(_ index: Int) -> JSONNode? {
        index >= 0 && index < tape.count ? JSONNode(index) : nil
    }

    public func kind(of node: JSONNode) -> JSONKind { entry(node).kind }

    /// Containers around `node`: 0 for the root.
    public func depth(of node: JSONNode) -> Int { Int(entry(node).depth) }

    /// The container around `node`; nil for the root.
    public func parent(of node: JSONNode) -> JSONNode? {
        let parent = entry(node).parent
        return parent == JSONEntry.none ? nil : JSONNode(parent)
    }

    /// The index behind `node` and everything inside it: `node(_:)` of it skips the subtree.
    public func indexAfter(_ node: JSONNode) -> Int { Int(entry(node).after) }

    /// The members of an object or elements of an array in order; nothing for other kinds. A
    /// member is named by its value.
    @_lifetime(copy self)
    public func children(of node: JSONNode) -> JSONChildren {
        JSONChildren(tape: tape, first: Int(node.place) + 1, end: Int(entry(node).after))
    }

    /// How many children `node` has; linear in their number.
    public func childCount(of node: JSONNode) -> Int {
        var children = children(of: node)
        var count = 0
        while children.next() != nil { count += 1 }
        return count
    }

    // MARK: Bytes

    /// Bytes of the value, quotes and brackets included.
    public func range(of node: JSONNode) -> Range<Int> {
        let entry = entry(node)
        return Int(entry.start)..<Int(entry.end)
    }

    /// Bytes of the key in front of the value, quotes included; nil unless `node` is a member.
    public func keyRange(of node: JSONNode) -> Range<Int>? {
        let entry = entry(node)
        return entry.keyEnd > 0 ? Int(entry.keyStart)..<Int(entry.keyEnd) : nil
    }

    /// Bytes from the start of the key to the end of the value, without any comma; nil unless
    /// `node` is a member.
    public func memberRange(of node: JSONNode) -> Range<Int>? {
        let entry = entry(node)
        return entry.keyEnd > 0 ? Int(entry.keyStart)..<Int(entry.end) : nil
    }

    /// The value as written: for a number its exact lexeme.
    @_lifetime(copy self)
    public func rawLexeme(of node: JSONNode) -> Span<UInt8> {
        source.extracting(range(of: node))
    }

    // MARK: Values

    /// The meaning of a string in UTF-8, without a copy; nil for other kinds and for a string
    /// written with escapes, which `appendString` decodes.
    @_lifetime(copy self)
    public func plainString(at node: JSONNode) -> Span<UInt8>? {
        let entry = entry(node)
        guard entry.kind == .string, !entry.isEscaped else { return nil }
        return source.extracting(Int(entry.start) + 1..<Int(entry.end) - 1)
    }

    /// The meaning of a string in UTF-8; nil for other kinds.
    public func string(at node: JSONNode) -> [UInt8]? {
        if let plain = plainString(at: node) {
            return [UInt8](capacity: plain.count) { out in
                for index in plain.indices { out.append(plain[index]) }
            }
        }
        var bytes: [UInt8] = []
        return appendString(at: node, to: &bytes) ? bytes : nil
    }

    /// Appends the meaning of a string; answers false, and appends nothing, for other kinds.
    public func appendString(at node: JSONNode, to bytes: inout [UInt8]) -> Bool {
        let entry = entry(node)
        guard entry.kind == .string else { return false }
        append(StringBytes(source, quoted: entry.start, entry.end), to: &bytes)
        return true
    }

    /// Whether `node` is a string that means exactly `text`.
    public func string(at node: JSONNode, equals text: Span<UInt8>) -> Bool {
        let entry = entry(node)
        guard entry.kind == .string else { return false }
        if !entry.isEscaped {
            return isEqual(entry.start, entry.end, text)
        }
        return isEqual(StringBytes(source, quoted: entry.start, entry.end), text)
    }

    public func string(at node: JSONNode, equals text: String) -> Bool {
        string(at: node, equals: text.utf8Span.span)
    }

    /// The meaning of the key in front of the value; nil unless `node` is a member.
    public func key(of node: JSONNode) -> [UInt8]? {
        var bytes: [UInt8] = []
        return appendKey(of: node, to: &bytes) ? bytes : nil
    }

    /// The meaning of the key in UTF-8, without a copy; nil unless `node` is a member, and for a
    /// key written with escapes, which `appendKey` decodes.
    @_lifetime(copy self)
    public func plainKey(of node: JSONNode) -> Span<UInt8>? {
        let entry = entry(node)
        guard entry.keyEnd > 0, !entry.isKeyEscaped else { return nil }
        return source.extracting(Int(entry.keyStart) + 1..<Int(entry.keyEnd) - 1)
    }

    /// Appends the meaning of the key; answers false unless `node` is a member.
    public func appendKey(of node: JSONNode, to bytes: inout [UInt8]) -> Bool {
        let entry = entry(node)
        guard entry.keyEnd > 0 else { return false }
        append(StringBytes(keyOf: entry, source), to: &bytes)
        return true
    }

    /// Whether `node` is a member whose key means exactly `name`.
    public func key(of node: JSONNode, equals name: Span<UInt8>) -> Bool {
        let entry = entry(node)
        guard entry.keyEnd > 0 else { return false }
        if !entry.isKeyEscaped {
            return isEqual(entry.keyStart, entry.keyEnd, name)
        }
        // The meaning is never longer than what is written.
        guard Int(entry.keyEnd - entry.keyStart) - 2 >= name.count else { return false }
        return isEqual(StringBytes(keyOf: entry, source), name)
    }

    /// The exact value of a number written as an integer: `-?(0|[1-9][0-9]*)` within 64 bits, but
    /// not `-0`, which some readers keep apart from 0. Nil for `1.0` and `1e3` too: whoever needs
    /// them reads the lexeme.
    public func integer(at node: JSONNode) -> Int64? {
        guard kind(of: node) == .number else { return nil }
        let lexeme = rawLexeme(of: node)
        let isNegative = lexeme[0] == UInt8(ascii: "-")
        var value: Int64 = 0
        for index in (isNegative ? 1 : 0)..<lexeme.count {
            guard isDigit(lexeme[index]) else { return nil }
            let digit = Int64(lexeme[index] &- UInt8(ascii: "0"))
            // Downwards for negative numbers: Int64.min has no positive counterpart.
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = shifted.addingReportingOverflow(isNegative ? -digit : digit)
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return isNegative && value == 0 ? nil : value
    }

    /// Nil for other kinds.
    public func boolean(at node: JSONNode) -> Bool? {
        let entry = entry(node)
        guard entry.kind == .boolean else { return nil }
        return source[Int(entry.start)] == UInt8(ascii: "t")
    }

    public func isNull(at node: JSONNode) -> Bool { kind(of: node) == .null }

    // MARK: Search

    /// The member of the object `node` whose key means exactly `name`; nil when there is none or
    /// `node` is no object. Linear in the number of members.
    public func member(of node: JSONNode, named name: Span<UInt8>) -> JSONNode? {
        let object = entry(node)
        guard object.kind == .object else { return nil }
        let length = UInt32(truncatingIfNeeded: name.count &+ 2)
        var place = Int(node.place) + 1
        while place < Int(object.after) {
            let member = tape[place]
            // Without escapes the length decides about most.
            if member.keyEnd &- member.keyStart == length || member.isKeyEscaped,
                key(of: JSONNode(place), equals: name)
            {
                return JSONNode(place)
            }
            place = Int(member.after)
        }
        return nil
    }

    public func member(of node: JSONNode, named name: String) -> JSONNode? {
        member(of: node, named: name.utf8Span.span)
    }

    private func append(_ meaning: consuming StringBytes, to bytes: inout [UInt8]) {
        while let byte = meaning.next() { bytes.append(byte) }
    }

    /// The same of a string without escapes, which means what is written between its quotes.
    private func isEqual(_ start: UInt32, _ end: UInt32, _ text: Span<UInt8>) -> Bool {
        let written = source.extracting(Int(start) + 1..<Int(end) - 1)
        guard written.count == text.count else { return false }
        for index in text.indices where written[index] != text[index] { return false }
        return true
    }

    private func isEqual(_ meaning: consuming StringBytes, _ text: Span<UInt8>) -> Bool {
        for index in text.indices {
            guard meaning.next() == text[index] else { return false }
        }
        return meaning.next() == nil
    }
}

/// Walks the children of one container: `while let child = children.next()`.
public struct JSONChildren: ~Escapable {
    private let tape: Span<JSONEntry>
    private var place: Int
    private let end: Int

    @_lifetime(copy tape)
    init(tape: Span<JSONEntry>, first: Int, end: Int) {
        self.tape = tape
        place = first
        self.end = end
    }

    @_lifetime(self: copy self)
    public mutating func next() -> JSONNode? {
        guard place < end else { return nil }
        defer { place = Int(tape[place].after) }
        return JSONNode(place)
    }
}
