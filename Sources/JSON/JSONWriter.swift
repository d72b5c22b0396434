/// Writes one document, or a line of several, without white space; commas are its business.
///
/// It writes what it is told: that objects have keys and containers are closed is the caller's
/// duty. Kept and `reset`, it allocates nothing once `bytes` has grown.
public struct JSONWriter: ~Copyable {
    /// What was written so far.
    public private(set) var bytes: [UInt8]
    /// Whether a value stands before the next one in its container. One flag is enough for any
    /// depth: a closed container is itself such a value.
    private var followsValue = false

    public init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Appends what `body` writes to `output`; its memory is moved, not copied.
    public static func append(to output: inout [UInt8], _ body: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        swap(&output, &writer.bytes)
        body(&writer)
        swap(&output, &writer.bytes)
    }

    /// Forgets what was written and keeps the memory.
    public mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        followsValue = false
    }

    /// Ends a document by a line feed, so that the next value starts another one.
    public mutating func endLine() {
        bytes.append(0x0A)
        followsValue = false
    }

    // MARK: Structure

    public mutating func beginObject() { open(UInt8(ascii: "{")) }
    public mutating func endObject() { close(UInt8(ascii: "}")) }
    public mutating func beginArray() { open(UInt8(ascii: "[")) }
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    /// The key of the next value; bytes that are no UTF-8 become U+FFFD.
    public mutating func key(_ name: Span<UInt8>) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        followsValue = false
    }

    public mutating func key(_ name: String) { key(name.utf8Span.span) }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        followsValue = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        followsValue = true
    }

    private mutating func separate() {
        if followsValue { bytes.append(UInt8(ascii: ",")) }
        followsValue = true
    }

    // MARK: Values

    /// A string; bytes that are no UTF-8 become `\ufffd`, so the output is always a document.
    public mutating func string(_ text: Span<UInt8>) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        var start = 0
        while start < text.count {
            let rest = text.extracting(start..<text.count)
            do {
                _ = try UTF8Span(validating: rest)
                escape(rest)
                break
            } catch {
                // Each byte is read at most twice: validation stops at the first bad one.
                escape(rest.extracting(0..<error.byteOffsets.lowerBound))
                append(escape: 0xFFFD)
                start += max(error.byteOffsets.upperBound, 1)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    public mutating func string(_ text: String) { string(text.utf8Span.span) }

    /// A stable code or title. Copies it when it is longer than 15 bytes: a `StaticString` cannot
    /// be read in place without unsafe code.
    public mutating func string(_ text: StaticString) { string(text.description) }

    public mutating func integer(_ value: Int64) {
        separate()
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        append(decimal: value.magnitude)
    }

    public mutating func integer(_ value: Int) { integer(Int64(value)) }

    public mutating func unsigned(_ value: UInt64) {
        separate()
        append(decimal: value)
    }

    public mutating func boolean(_ value: Bool) {
        separate()
        append(ascii: value ? "true" : "false")
    }

    public mutating func null() {
        separate()
        append(ascii: "null")
    }

    /// A value already written as JSON, such as a lexeme or a subtree of an accepted document.
    public mutating func raw(_ lexeme: Span<UInt8>) {
        separate()
        append(lexeme)
    }

    // MARK: Members

    public mutating func member(_ name: String, _ value: Span<UInt8>) {
        key(name)
        string(value)
    }

    public mutating func member(_ name: String, _ value: String) {
        key(name)
        string(value)
    }

    public mutating func member(_ name: String, code value: StaticString) {
        key(name)
        string(value)
    }

    public mutating func member(_ name: String, _ value: Int64) {
        key(name)
        integer(value)
    }

    public mutating func member(_ name: String, _ value: Int) {
        key(name)
        integer(value)
    }

    public mutating func member(_ name: String, _ value: Bool) {
        key(name)
        boolean(value)
    }

    public mutating func memberNull(_ name: String) {
        key(name)
        null()
    }

    // MARK: Bytes

    /// RFC 8259 §7; DEL and the C1 controls (U+0080 to U+009F) are escaped too, because a terminal
    /// acts on them.
    private mutating func escape(_ text: Span<UInt8>) {
        var index = 0
        while index < text.count {
            let byte = text[index]
            index += 1
            switch byte {
            case 0xC2 where index < text.count && text[index] < 0xA0:
                append(escape: UInt16(text[index]))
                index += 1
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x08: append(ascii: "\\b")
            case 0x09: append(ascii: "\\t")
            case 0x0A: append(ascii: "\\n")
            case 0x0C: append(ascii: "\\f")
            case 0x0D: append(ascii: "\\r")
            case 0x00..<0x20, 0x7F: append(escape: UInt16(byte))
            default: bytes.append(byte)
            }
        }
    }

    private mutating func append(escape unit: UInt16) {
        append(ascii: "\\u")
        for place in 0..<4 {
            let digit = UInt8(truncatingIfNeeded: unit >> UInt16(12 - 4 * place) & 15)
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }

    private mutating func append(ascii text: String) { append(text.utf8Span.span) }

    private mutating func append(_ text: Span<UInt8>) {
        for index in text.indices { bytes.append(text[index]) }
    }

    private mutating func append(decimal value: UInt64) {
        var digits = [20 of UInt8](repeating: 0)
        var place = digits.count
        var rest = value
        repeat {
            place -= 1
            digits[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        for index in place..<digits.count { bytes.append(digits[index]) }
    }
}
