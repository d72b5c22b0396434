public import HTTP1

/// One line of a log, a JSON object written straight into a buffer: no field allocates.
///
/// A line is a whole document whatever its values are: bytes that are no UTF-8 become `\ufffd`,
/// control characters are escaped (C1 and DEL too, a terminal acts on them), a value longer than
/// `valueBytesMax` ends in `…`, and a field that does not fit any more is left out whole, which
/// `"truncated":true` then tells. Keys are literals of ours and written as they are.
public struct LogLine: ~Copyable {
    /// Bytes of one line, its line feed included.
    public static let bytesMax = 8192
    /// Bytes of one text value as written, escapes included, quotes not.
    public static let valueBytesMax = 512
    /// Room kept for `]`, the mark of truncation, `}` and the line feed.
    private static let tailBytes = 24

    private var output: ByteBuffer
    /// Bytes of the buffer this line may fill before its tail.
    private let end: Int
    private var followsField = false
    private var isTruncated = false
    private var list = List.closed

    private enum List { case closed, empty, filled, omitted }

    private init(output: consuming ByteBuffer) {
        end = output.count + Self.bytesMax - Self.tailBytes
        self.output = output
    }

    /// Appends the line whose fields `body` writes.
    ///
    /// - Returns: false when less than `bytesMax` are free in `output`: nothing was written, and
    ///   the caller counts a lost line.
    public static func append(
        to output: inout ByteBuffer, _ body: (inout LogLine) -> Void
    ) -> Bool {
        guard output.freeCapacityMax >= bytesMax else { return false }
        var line = LogLine(output: output)
        line.output.append(UInt8(ascii: "{"))
        body(&line)
        line.endList()
        if line.isTruncated {
            line.output.append(line.followsField ? ",\"truncated\":true" : "\"truncated\":true")
        }
        line.output.append("}\n")
        output = line.finish()
        return true
    }

    private consuming func finish() -> ByteBuffer { output }

    // MARK: Fields

    /// Bytes of a client or upstream.
    public mutating func text(_ key: StaticString, _ value: Span<UInt8>) {
        guard begin(key, valueBytes: Self.quotedBytesMax(value.count)) else { return }
        appendQuoted(value)
    }

    /// For lines that are not written per request.
    public mutating func text(_ key: StaticString, _ value: String) {
        text(key, value.utf8Span.span)
    }

    /// A code or another word of ours, which must need no escape.
    public mutating func code(_ key: StaticString, _ value: StaticString) {
        guard begin(key, valueBytes: value.utf8CodeUnitCount + 2) else { return }
        output.append(UInt8(ascii: "\""))
        output.append(value)
        output.append(UInt8(ascii: "\""))
    }

    public mutating func integer(_ key: StaticString, _ value: Int64) {
        guard begin(key, valueBytes: 20) else { return }
        if value < 0 { output.append(UInt8(ascii: "-")) }
        output.append(decimal: value.magnitude)
    }

    public mutating func integer(_ key: StaticString, _ value: Int) { integer(key, Int64(value)) }

    public mutating func boolean(_ key: StaticString, _ value: Bool) {
        guard begin(key, valueBytes: 5) else { return }
        output.append(value ? "true" : "false")
    }

    /// Milliseconds with microsecond digits: the key should end in `_ms`.
    public mutating func duration(_ key: StaticString, nanoseconds: UInt64) {
        guard begin(key, valueBytes: 30) else { return }
        // Truncated to microseconds; finer is noise of the clock.
        output.append(decimalNanoseconds: nanoseconds / 1000, unitDigits: 3)
    }

    public mutating func identifier(_ key: StaticString, _ value: UUIDv7) {
        guard begin(key, valueBytes: UUIDv7.textBytes + 2) else { return }
        output.append(UInt8(ascii: "\""))
        output.append(value)
        output.append(UInt8(ascii: "\""))
    }

    /// An RFC 3339 time in UTC with milliseconds.
    ///
    /// - Parameter unixMilliseconds: times beyond the year 9999 are written as its end.
    public mutating func time(_ key: StaticString, unixMilliseconds: UInt64) {
        guard begin(key, valueBytes: UTCTime.textBytes + 2) else { return }
        output.append(UInt8(ascii: "\""))
        output.append(UTCTime(unixMilliseconds: unixMilliseconds))
        output.append(UInt8(ascii: "\""))
    }

    // MARK: Lists

    /// Begins a list of texts; it ends by `endList`, by the next field or with the line.
    public mutating func beginList(_ key: StaticString) {
        guard begin(key, valueBytes: 1) else {
            list = .omitted
            return
        }
        output.append(UInt8(ascii: "["))
        list = .empty
    }

    public mutating func element(_ value: Span<UInt8>) {
        guard beginElement(valueBytes: Self.quotedBytesMax(value.count)) else { return }
        appendQuoted(value)
    }

    /// A word of ours, which must need no escape.
    public mutating func element(code value: StaticString) {
        guard beginElement(valueBytes: value.utf8CodeUnitCount + 2) else { return }
        output.append(UInt8(ascii: "\""))
        output.append(value)
        output.append(UInt8(ascii: "\""))
    }

    public mutating func endList() {
        if list == .empty || list == .filled { output.append(UInt8(ascii: "]")) }
        list = .closed
    }

    // MARK: Room

    /// Writes `,"key":` when the field fits whole.
    private mutating func begin(_ key: StaticString, valueBytes: Int) -> Bool {
        endList()
        guard hasRoom(key.utf8CodeUnitCount + 4 + valueBytes) else { return false }
        if followsField { output.append(UInt8(ascii: ",")) }
        followsField = true
        output.append(UInt8(ascii: "\""))
        output.append(key)
        output.append("\":")
        return true
    }

    private mutating func beginElement(valueBytes: Int) -> Bool {
        switch list {
        case .closed, .omitted: return false
        case .empty, .filled:
            guard hasRoom(valueBytes + 1) else { return false }
            if list == .filled { output.append(UInt8(ascii: ",")) }
            list = .filled
            return true
        }
    }

    private mutating func hasRoom(_ count: Int) -> Bool {
        if end - output.count < count { isTruncated = true }
        return end - output.count >= count
    }

    /// Bytes `count` bytes may take between quotes at worst: six each, or cut and marked by `…`.
    private static func quotedBytesMax(_ count: Int) -> Int {
        min(count, valueBytesMax) * 6 > valueBytesMax ? valueBytesMax + 5 : count * 6 + 2
    }

    // MARK: Text

    private mutating func appendQuoted(_ value: Span<UInt8>) {
        output.append(UInt8(ascii: "\""))
        // Nothing behind this many bytes can be written, so nothing behind them is validated. The
        // few more keep a scalar across the limit whole: it is cut as text, not as bad UTF-8.
        let value = value.extracting(0..<min(value.count, Self.valueBytesMax + 4))
        var room = Self.valueBytesMax
        var isWhole = true
        var start = 0
        while isWhole, start < value.count {
            let rest = value.extracting(start..<value.count)
            do {
                _ = try UTF8Span(validating: rest)
                isWhole = append(valid: rest, &room)
                break
            } catch {
                isWhole =
                    append(valid: rest.extracting(0..<error.byteOffsets.lowerBound), &room)
                    && append(escape: 0xFFFD, &room)
                start += max(error.byteOffsets.upperBound, 1)
            }
        }
        if !isWhole { output.append("…") }
        output.append(UInt8(ascii: "\""))
    }

    /// Appends text known to be UTF-8 while `room` lasts; answers whether it lasted.
    private mutating func append(valid text: Span<UInt8>, _ room: inout Int) -> Bool {
        var plainStart = 0
        var index = 0
        while index < text.count {
            let byte = text[index]
            // What most bytes are: printable, without a meaning in JSON.
            if byte &- 0x20 < 0x5F, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), room > 0
            {
                room -= 1
                index += 1
                continue
            }
            let length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
            let isControl =
                byte < 0x20 || byte == 0x7F
                || byte == 0xC2 && index + 1 < text.count && text[index + 1] < 0xA0
            let isEscaped = isControl || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
            guard !isEscaped else {
                output.append(text.extracting(plainStart..<index))
                let unit = length == 1 ? byte : text[index + 1]
                guard isControl ? append(escape: UInt16(unit), &room) : append(quoted: byte, &room)
                else { return false }
                index += length
                plainStart = index
                continue
            }
            guard room >= length else {
                output.append(text.extracting(plainStart..<index))
                return false
            }
            room -= length
            index += length
        }
        output.append(text.extracting(plainStart..<text.count))
        return true
    }

    private mutating func append(quoted byte: UInt8, _ room: inout Int) -> Bool {
        guard room >= 2 else { return false }
        room -= 2
        output.append(UInt8(ascii: "\\"))
        output.append(byte)
        return true
    }

    private mutating func append(escape unit: UInt16, _ room: inout Int) -> Bool {
        guard room >= 6 else { return false }
        room -= 6
        output.append("\\u")
        for place in 0..<4 {
            output.append(hexadecimalDigit(UInt64(unit) >> UInt64(12 - 4 * place)))
        }
        return true
    }
}
