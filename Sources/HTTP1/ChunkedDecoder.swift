/// What `ChunkedDecoder` found in the bytes it was given.
public enum ChunkStep: Equatable, Sendable {
    /// All `consumed` bytes were read; the body goes on.
    case needMore(consumed: Int)
    /// `count` bytes of content at `start`; everything up to `start + count` is consumed, and the
    /// rest is to be given again.
    case data(start: Int, count: Int)
    /// The body ended; what follows `consumed` bytes belongs to the next message.
    case end(consumed: Int)
}

/// Takes the chunked coding off a body (RFC 9112 section 7.1), a few bytes or many at a time; how
/// they were cut makes no difference to content, end or violation.
///
/// Chunk extensions and the trailer section are checked, counted and dropped: no field reaches
/// anyone after the head was judged. Stricter than the RFC in one place: whitespace in the size
/// line ("bad whitespace", which no sender needs) is a violation, because readers differ on it.
public struct ChunkedDecoder: Sendable {
    /// Bytes of extensions in the whole body, semicolons included.
    public static let extensionBytesMax = 4096
    /// Bytes of all trailer lines, line endings included.
    public static let trailerBytesMax = 8192
    public static let sizeDigitsMax = 16

    private enum State: Equatable {
        case size
        case extensionName, extensionNameRest, extensionValue, extensionToken
        case extensionQuoted, extensionEscape, extensionQuotedEnd
        case sizeLineFeed
        case data, dataCarriageReturn, dataLineFeed
        case trailerLine, trailerName, trailerValue, trailerLineFeed, lastLineFeed
        case finished
        case failed(HTTPViolation)
    }

    private var state = State.size
    private var digits = 0
    private var extensionBytes = 0
    private var trailerBytes = 0
    /// Content of the present chunk that has not come yet. Known before the content is, so that a
    /// bound on the body can be enforced at its announcement.
    public private(set) var chunkRemaining: UInt64 = 0

    public init() {}

    /// Whether `end` has been answered.
    public var isFinished: Bool { state == .finished }

    /// Reads on. A decoder that threw throws the same again; one that ended consumes nothing.
    public mutating func next(_ bytes: Span<UInt8>) throws(HTTPViolation) -> ChunkStep {
        var index = 0
        while index < bytes.count {
            switch state {
            case .data:
                // Compared as 64 bits: what a peer announces need not fit an `Int` of the span.
                let available = UInt64(bytes.count - index)
                let count = Int(min(available, chunkRemaining))
                chunkRemaining -= UInt64(count)
                if chunkRemaining == 0 { state = .dataCarriageReturn }
                return .data(start: index, count: count)
            case .finished: return .end(consumed: index)
            case .failed(let violation): throw violation
            default:
                do throws(HTTPViolation) {
                    state = try state(after: bytes[index])
                } catch {
                    state = .failed(error)
                    throw error
                }
                index += 1
                if state == .finished { return .end(consumed: index) }
            }
        }
        if case .failed(let violation) = state { throw violation }
        return state == .finished ? .end(consumed: 0) : .needMore(consumed: index)
    }

    private mutating func state(after byte: UInt8) throws(HTTPViolation) -> State {
        switch state {
        case .size: return try size(byte)
        case .extensionName, .extensionNameRest, .extensionValue, .extensionToken,
            .extensionQuoted, .extensionEscape, .extensionQuotedEnd:
            return try chunkExtension(byte)
        case .sizeLineFeed:
            guard byte == ASCII.lineFeed else { throw .carriageReturnBare }
            digits = 0
            return chunkRemaining == 0 ? .trailerLine : .data
        case .dataCarriageReturn:
            guard byte == ASCII.carriageReturn else { throw .chunkUnterminated }
            return .dataLineFeed
        case .dataLineFeed:
            guard byte == ASCII.lineFeed else { throw .chunkUnterminated }
            return .size
        case .trailerLine, .trailerName, .trailerValue, .trailerLineFeed, .lastLineFeed:
            return try trailer(byte)
        case .data, .finished, .failed:
            preconditionFailure("no single byte is read in data, finished or failed")
        }
    }

    /// `1*HEXDIG`, at most sixteen, at most 2^63 - 1.
    private mutating func size(_ byte: UInt8) throws(HTTPViolation) -> State {
        if let digit = ASCII.hexadecimalValue(byte) {
            guard digits < Self.sizeDigitsMax, chunkRemaining <= UInt64(Int64.max) >> 4 else {
                throw .chunkSizeTooLarge
            }
            digits += 1
            chunkRemaining = chunkRemaining << 4 | UInt64(digit)
            return .size
        }
        guard digits > 0 else {
            throw byte == ASCII.lineFeed ? .lineFeedBare : .chunkSizeMalformed
        }
        return try endOfSizeLine(byte, otherwise: .chunkSizeMalformed)
    }

    /// What may follow a size or a whole extension.
    private mutating func endOfSizeLine(
        _ byte: UInt8, otherwise violation: HTTPViolation
    ) throws(HTTPViolation) -> State {
        switch byte {
        case ASCII.carriageReturn: return .sizeLineFeed
        case ASCII.lineFeed: throw .lineFeedBare
        case UInt8(ascii: ";"):
            try countExtensionByte()
            return .extensionName
        default: throw violation
        }
    }

    private mutating func countExtensionByte() throws(HTTPViolation) {
        guard extensionBytes < Self.extensionBytesMax else { throw .chunkExtensionsTooLong }
        extensionBytes += 1
    }

    /// `";" name [ "=" ( token / quoted-string ) ]`, RFC 9112 section 7.1.1.
    private mutating func chunkExtension(_ byte: UInt8) throws(HTTPViolation) -> State {
        let isToken = ByteSet.token.contains(byte)
        let next: State?
        switch state {
        case .extensionName: next = isToken ? .extensionNameRest : nil
        case .extensionNameRest:
            let isAssignment = byte == UInt8(ascii: "=")
            next = isToken ? .extensionNameRest : isAssignment ? .extensionValue : nil
        case .extensionValue:
            let isQuote = byte == UInt8(ascii: "\"")
            next = isToken ? .extensionToken : isQuote ? .extensionQuoted : nil
        case .extensionToken: next = isToken ? .extensionToken : nil
        case .extensionQuoted:
            switch byte {
            case UInt8(ascii: "\""): next = .extensionQuotedEnd
            case UInt8(ascii: "\\"): next = .extensionEscape
            default: next = Self.isText(byte) ? .extensionQuoted : nil
            }
        case .extensionEscape: next = Self.isText(byte) ? .extensionQuoted : nil
        default: next = nil
        }
        if let next {
            try countExtensionByte()
            return next
        }
        switch state {
        case .extensionNameRest, .extensionToken, .extensionQuotedEnd:
            return try endOfSizeLine(byte, otherwise: .chunkExtensionMalformed)
        default: throw byte == ASCII.lineFeed ? .lineFeedBare : .chunkExtensionMalformed
        }
    }

    /// Field lines as in a head (RFC 9112 section 7.1.2), then the empty line.
    private mutating func trailer(_ byte: UInt8) throws(HTTPViolation) -> State {
        if state == .lastLineFeed {
            guard byte == ASCII.lineFeed else { throw .carriageReturnBare }
            return .finished
        }
        if state == .trailerLine, byte == ASCII.carriageReturn { return .lastLineFeed }
        if state != .trailerLineFeed, byte == ASCII.lineFeed { throw .lineFeedBare }
        guard trailerBytes < Self.trailerBytesMax else { throw .trailersTooLarge }
        trailerBytes += 1
        switch state {
        case .trailerLine:
            if ASCII.isWhitespace(byte) { throw .fieldFolded }
            if byte == UInt8(ascii: ":") { throw .fieldNameEmpty }
            guard ByteSet.token.contains(byte) else { throw .fieldNameByte }
            return .trailerName
        case .trailerName:
            if byte == UInt8(ascii: ":") { return .trailerValue }
            if ASCII.isWhitespace(byte) { throw .fieldNameSpace }
            if byte == ASCII.carriageReturn { throw .fieldColonMissing }
            guard ByteSet.token.contains(byte) else { throw .fieldNameByte }
            return .trailerName
        case .trailerValue:
            if byte == ASCII.carriageReturn { return .trailerLineFeed }
            guard Self.isText(byte) else {
                throw byte >= 0x80 ? .fieldValueNotASCII : .fieldValueByte
            }
            return .trailerValue
        default:
            guard byte == ASCII.lineFeed else { throw .carriageReturnBare }
            return .trailerLine
        }
    }

    /// HTAB, SP or VCHAR.
    private static func isText(_ byte: UInt8) -> Bool {
        byte == ASCII.tab || (byte >= 0x20 && byte < 0x7f)
    }
}

/// The chunked coding being written (RFC 9112 section 7.1): no extensions, no trailers.
extension ByteBuffer {
    /// Room that one chunk needs besides its content, the last chunk included.
    public static let chunkOverheadBytesMax = 16 + 2 + 2 + 5

    /// The size line of a chunk of `count` bytes, which must be at least 1: a chunk of none would
    /// end the body.
    public mutating func appendChunkHeader(count: Int) {
        precondition(count > 0)
        append(hexadecimal: UInt64(count))
        append("\r\n")
    }

    /// What follows the content of a chunk.
    public mutating func appendChunkEnd() { append("\r\n") }

    /// What follows the last chunk.
    public mutating func appendLastChunk() { append("0\r\n\r\n") }
}
