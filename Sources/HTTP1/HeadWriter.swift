/// A message head being written, line by line. Every line is checked before its first byte is
/// appended: a byte that would end it early, or a head that would outgrow the buffer, throws and
/// leaves the buffer as it was. So no value, wherever it came from, can become a field of its own.
extension ByteBuffer {
    /// `METHOD target HTTP/1.1`. The target may hold VCHAR only, so that no space ends it early.
    public mutating func appendRequestLine(
        method: Span<UInt8>, target: Span<UInt8>
    ) throws(HTTPViolation) {
        guard HeadBytes.isToken(method), HeadBytes.isVisible(target) else {
            throw .unwritableByte
        }
        try reserve(method.count + target.count + 12)
        append(method)
        append(UInt8(ascii: " "))
        append(target)
        append(" HTTP/1.1\r\n")
    }

    /// `HTTP/1.1 status reason`; `status` must be in 100...599.
    public mutating func appendStatusLine(_ status: UInt16) throws(HTTPViolation) {
        let reason = HTTPStatus.reason(status)
        guard (100...599).contains(status) else { throw .unwritableByte }
        try reserve(reason.utf8CodeUnitCount + 15)
        append("HTTP/1.1 ")
        append(decimal: UInt64(status))
        append(UInt8(ascii: " "))
        append(reason)
        append("\r\n")
    }

    /// `HTTP/1.1 status reason` with the reason phrase of an upstream.
    public mutating func appendStatusLine(
        _ status: UInt16, reason: Span<UInt8>
    ) throws(HTTPViolation) {
        guard (100...599).contains(status), HeadBytes.isText(reason) else {
            throw .unwritableByte
        }
        try reserve(reason.count + 15)
        append("HTTP/1.1 ")
        append(decimal: UInt64(status))
        append(UInt8(ascii: " "))
        append(reason)
        append("\r\n")
    }

    /// `name: value`. The value may be empty and may hold `obs-text`: whether it should was decided
    /// when it was read.
    public mutating func appendField(
        name: Span<UInt8>, value: Span<UInt8>
    ) throws(HTTPViolation) {
        guard HeadBytes.isToken(name), HeadBytes.isText(value) else { throw .unwritableByte }
        try reserve(name.count + value.count + 4)
        append(line: name, value: value)
    }

    /// `name: value`, of arrays that objects hold.
    public mutating func appendField(name: [UInt8], value: [UInt8]) throws(HTTPViolation) {
        try appendField(name: name.span, value: value.span)
    }

    /// A field as it was parsed out of `bytes`, whose name and value are known to be fit since.
    public mutating func appendField(
        _ field: FieldTable.Field, of bytes: Span<UInt8>
    ) throws(HTTPViolation) {
        let name = bytes[field.name]
        let value = bytes[field.value]
        try reserve(name.count + value.count + 4)
        append(line: name, value: value)
    }

    // Names in our own text are right; what they are is tested, not asked with each request.

    public mutating func appendField(
        name: StaticString, value: Span<UInt8>
    ) throws(HTTPViolation) {
        guard name.utf8CodeUnitCount > 0, HeadBytes.isText(value) else { throw .unwritableByte }
        assert(HeadBytes.isToken(name.bytes))
        try reserve(name.utf8CodeUnitCount + value.count + 4)
        append(line: name.bytes, value: value)
    }

    public mutating func appendField(
        name: StaticString, value: [UInt8]
    ) throws(HTTPViolation) {
        try appendField(name: name, value: value.span)
    }

    public mutating func appendField(
        name: StaticString, value: StaticString
    ) throws(HTTPViolation) {
        guard name.utf8CodeUnitCount > 0 else { throw .unwritableByte }
        assert(HeadBytes.isToken(name.bytes) && HeadBytes.isText(value.bytes))
        try reserve(name.utf8CodeUnitCount + value.utf8CodeUnitCount + 4)
        append(line: name.bytes, value: value.bytes)
    }

    public mutating func appendField(
        _ field: KnownField, value: Span<UInt8>
    ) throws(HTTPViolation) {
        try appendField(name: field.name, value: value)
    }

    public mutating func appendField(
        _ field: KnownField, value: StaticString
    ) throws(HTTPViolation) {
        try appendField(name: field.name, value: value)
    }

    /// `name: 123`, such as a `Content-Length`.
    public mutating func appendField(
        name: StaticString, decimal: UInt64
    ) throws(HTTPViolation) {
        guard name.utf8CodeUnitCount > 0 else { throw .unwritableByte }
        assert(HeadBytes.isToken(name.bytes))
        try reserve(name.utf8CodeUnitCount + 24)
        append(name)
        append(": ")
        append(decimal: decimal)
        append("\r\n")
    }

    public mutating func appendField(
        _ field: KnownField, decimal: UInt64
    ) throws(HTTPViolation) {
        try appendField(name: field.name, decimal: decimal)
    }

    /// `Date: …` for a time in seconds since 1970.
    public mutating func appendDateField(epochSeconds: Int64) throws(HTTPViolation) {
        try reserve(Self.dateBytes + 8)
        append("Date: ")
        appendDate(epochSeconds: epochSeconds)
        append("\r\n")
    }

    /// The empty line that ends a head.
    public mutating func appendHeadEnd() throws(HTTPViolation) {
        try reserve(2)
        append("\r\n")
    }

    private func reserve(_ count: Int) throws(HTTPViolation) {
        guard count <= freeCapacityMax else { throw .unwritableSize }
    }
}

/// What the parts of a head may hold.
private enum HeadBytes {
    /// At least one byte, all `tchar`.
    static func isToken(_ bytes: Span<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.endOfToken(from: 0, to: bytes.count) == bytes.count
    }

    /// HTAB, SP, VCHAR and `obs-text`.
    static func isText(_ bytes: Span<UInt8>) -> Bool {
        bytes.endOfText(from: 0, to: bytes.count, obsText: true) == bytes.count
    }

    /// At least one byte, all VCHAR.
    static func isVisible(_ bytes: Span<UInt8>) -> Bool {
        // Excluding a byte that is none of them excludes nothing more.
        !bytes.isEmpty && bytes.isVisible(except: 0x7f)
    }
}
