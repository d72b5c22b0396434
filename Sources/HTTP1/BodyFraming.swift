/// Where the body of a message ends (RFC 9112 section 6.3).
public enum BodyFraming: Equatable, BitwiseCopyable, Sendable {
    /// No body.
    case none
    /// Exactly so many bytes, at most 2^63 - 1; zero when `Content-Length: 0` was written.
    case length(UInt64)
    case chunked
    /// Everything up to the close of the connection; of responses only.
    case untilClose
}

extension FieldTable {
    /// What `Content-Length` and `Transfer-Encoding` say together; `nil` when neither is there.
    ///
    /// Stricter than RFC 9112 sections 6.1 and 6.3 wherever two readers could differ: both fields,
    /// either one twice, any coding but `chunked` alone, and a coding in HTTP/1.0 are violations.
    func framing(
        _ bytes: Span<UInt8>, version: HTTPVersion
    ) throws(HTTPViolation) -> BodyFraming? {
        if let index = index(of: .transferEncoding) {
            if repeats(.transferEncoding) { throw .codingRepeated }
            if contains(.contentLength) { throw .framingConflict }
            guard version == .http11 else { throw .codingVersion }
            try Self.checkCoding(bytes[self[index].value])
            return .chunked
        }
        guard let index = index(of: .contentLength) else { return nil }
        if repeats(.contentLength) { throw .lengthRepeated }
        return .length(try Self.length(bytes[self[index].value]))
    }

    /// `chunked` and nothing else. A list of other codings is a message we could not frame (501);
    /// anything that is no such list is an attempt to be read in two ways (400).
    private static func checkCoding(_ value: Span<UInt8>) throws(HTTPViolation) {
        if value.equalsIgnoringCase("chunked") { return }
        var position = 0
        let token = ByteSet.token
        while let element = value.nextElement(&position) {
            guard !element.isEmpty else { throw .codingMalformed }
            for index in element where !token.contains(value[index]) { throw .codingMalformed }
        }
        throw .codingUnsupported
    }

    /// `1*DIGIT` without leading zeros: the RFC allows them, and a reader that takes `010` for
    /// octal frames another body.
    private static func length(_ value: Span<UInt8>) throws(HTTPViolation) -> UInt64 {
        guard !value.isEmpty else { throw .lengthMalformed }
        for index in value.indices where !ASCII.isDigit(value[index]) { throw .lengthMalformed }
        guard value.count == 1 || value[0] != UInt8(ascii: "0") else { throw .lengthMalformed }
        // Nineteen digits stay below 2^64, so the sum cannot overflow.
        guard value.count <= 19 else { throw .lengthTooLarge }
        var length: UInt64 = 0
        for index in value.indices { length = length * 10 + UInt64(value[index] & 0x0f) }
        guard length <= UInt64(Int64.max) else { throw .lengthTooLarge }
        return length
    }
}
