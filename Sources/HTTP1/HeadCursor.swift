/// A place in a head that is being parsed. Every step either moves behind what it read, or throws,
/// or answers `false`: the bytes received so far end in the middle of it.
///
/// Steps look at bytes from left to right and throw at the first one that cannot be right, never
/// because of what is missing. So a prefix that throws makes every longer head throw the same, and
/// the outcome does not depend on how the bytes were cut into reads.
struct HeadCursor: ~Escapable {
    let bytes: Span<UInt8>
    /// No byte at or behind this offset is looked at.
    let stop: Int
    /// Whether `stop` is the bound of the head rather than the end of what was received.
    let isAtBound: Bool
    var position = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, limits: HeadLimits) {
        self.bytes = bytes
        isAtBound = bytes.count >= limits.headBytesMax
        stop = min(bytes.count, limits.headBytesMax)
    }

    /// Answers `false` for a step that needs a byte at `stop`.
    func ranOut() throws(HTTPViolation) -> Bool {
        if isAtBound { throw .headTooLarge }
        return false
    }

    /// Where a run of at most `bytesMax` bytes from here, and one byte more to see its end, stops.
    func bound(_ bytesMax: Int) -> Int { min(stop, position + bytesMax + 1) }

    /// CRLF at `position`, whose byte is known to be CR or LF or simply not what was expected.
    /// A line ends with CRLF only: RFC 9112 section 2.2 lets a recipient take a bare LF, which is
    /// how two readers come to see two messages.
    mutating func lineEnd(
        otherwise violation: HTTPViolation
    ) throws(HTTPViolation) -> Bool {
        guard position < stop else { return try ranOut() }
        switch bytes[position] {
        case ASCII.carriageReturn:
            guard position + 1 < stop else { return try ranOut() }
            guard bytes[position + 1] == ASCII.lineFeed else { throw .carriageReturnBare }
            position += 2
            return true
        case ASCII.lineFeed: throw .lineFeedBare
        default: throw violation
        }
    }

    /// One byte that must be `byte`.
    mutating func expect(
        _ byte: UInt8, otherwise violation: HTTPViolation
    ) throws(HTTPViolation) -> Bool {
        guard position < stop else { return try ranOut() }
        guard bytes[position] == byte else { throw violation }
        position += 1
        return true
    }

    /// `HTTP/1.0` or `HTTP/1.1` (RFC 9112 section 2.3; the name is case-sensitive).
    mutating func version(into version: inout HTTPVersion) throws(HTTPViolation) -> Bool {
        let name: StaticString = "HTTP/"
        let literal = name.bytes
        for index in literal.indices {
            guard try expect(literal[index], otherwise: .versionMalformed) else { return false }
        }
        guard position + 2 < stop else {
            // Digits may be judged before they are complete, the number only afterwards.
            for index in position..<stop {
                let byte = bytes[index]
                let isDot = index == position + 1
                guard isDot ? byte == UInt8(ascii: ".") : ASCII.isDigit(byte) else {
                    throw .versionMalformed
                }
            }
            return try ranOut()
        }
        let major = bytes[position]
        let minor = bytes[position + 2]
        guard ASCII.isDigit(major), bytes[position + 1] == UInt8(ascii: "."),
            ASCII.isDigit(minor)
        else { throw .versionMalformed }
        guard major == UInt8(ascii: "1"), minor <= UInt8(ascii: "1") else {
            throw .versionUnsupported
        }
        version = minor == UInt8(ascii: "1") ? .http11 : .http10
        position += 3
        return true
    }
}

/// The versions this layer speaks.
public enum HTTPVersion: UInt8, BitwiseCopyable, Sendable {
    case http10, http11
}
