public import HTTP1

/// What became of an attempt to move a body on.
public enum BodyProgress: Equatable, Sendable {
    /// Bytes moved; there may be more.
    case moved
    /// Everything that was there has moved; more is due.
    case starved
    /// The receiving buffer is at its high mark; nothing more moves before it drains.
    case full
    /// The body is complete, and its end is written too.
    case ended
}

/// How a body is framed where it goes.
public enum BodyTarget: Equatable, Sendable {
    /// The bytes alone: the length is announced, or the buffer is the destination.
    case plain
    /// Chunked coding, the last chunk included (RFC 9112 §7.1).
    case chunked
}

/// Takes one message body out of a stream's input, whatever its framing, and writes it as the other
/// side wants it. A body byte is copied once here, and nowhere else.
public struct BodyReader: Sendable {
    private enum State: Sendable {
        case length(remaining: UInt64)
        case chunked(ChunkedDecoder)
        case untilClose
        case ended
    }
    /// Most bytes moved or read as one piece.
    public static let pieceBytesMax = 65_536

    private var state: State
    /// Body bytes moved so far, without framing.
    public private(set) var bytesMoved: UInt64 = 0

    public init(_ framing: BodyFraming) {
        switch framing {
        case .none, .length(0): state = .ended
        case .length(let count): state = .length(remaining: count)
        case .chunked: state = .chunked(ChunkedDecoder())
        case .untilClose: state = .untilClose
        }
    }

    /// Whether the body has been moved whole. One that lasts until the connection closes never is:
    /// its owner calls `endOfStream`.
    public var isEnded: Bool {
        if case .ended = state { return true }
        return false
    }

    /// Moves what is there from `input` to `output`, until `output` holds `high` bytes; the framing
    /// of a chunk is written beyond.
    ///
    /// The final frame of an announced-empty body is not written here: a body that was `ended` from
    /// the start has no frame.
    public mutating func move(
        from input: inout ByteBuffer, to output: inout ByteBuffer, as target: BodyTarget, high: Int
    ) throws(HTTPViolation) -> BodyProgress {
        var moved = false
        while true {
            switch state {
            case .ended: return .ended
            case .length(let remaining):
                guard output.count < high else { return .full }
                guard !input.isEmpty else { return moved ? .moved : .starved }
                let piece = Self.piece(input.count, to: output, high: high)
                let limit = min(UInt64(piece), remaining)
                let count = Int(limit)
                append(input.readable.extracting(first: count), to: &output, as: target)
                input.consume(count)
                moved = true
                if limit == remaining {
                    state = .ended
                    if target == .chunked { output.appendLastChunk() }
                    return .ended
                }
                state = .length(remaining: remaining - limit)
            case .untilClose:
                guard output.count < high else { return .full }
                guard !input.isEmpty else { return moved ? .moved : .starved }
                let count = Self.piece(input.count, to: output, high: high)
                append(input.readable.extracting(first: count), to: &output, as: target)
                input.consume(count)
                moved = true
            case .chunked(var decoder):
                guard output.count < high else { return .full }
                guard !input.isEmpty else { return moved ? .moved : .starved }
                let step: ChunkStep
                do throws(HTTPViolation) {
                    let view = input.readable
                    let limit = Self.piece(view.count, to: output, high: high)
                    step = try decoder.next(view.extracting(first: limit))
                } catch {
                    state = .ended
                    throw error
                }
                switch step {
                case .needMore(let consumed):
                    input.consume(consumed)
                    state = .chunked(decoder)
                    if input.isEmpty { return moved ? .moved : .starved }
                case .data(let start, let count):
                    append(
                        input.readable.extracting(start..<(start + count)), to: &output,
                        as: target)
                    input.consume(start + count)
                    moved = true
                    state = .chunked(decoder)
                case .end(let consumed):
                    input.consume(consumed)
                    state = .ended
                    if target == .chunked { output.appendLastChunk() }
                    return .ended
                }
            }
        }
    }

    /// What is left of a body of announced length.
    var bytesLeft: UInt64? {
        if case .length(let remaining) = state { return remaining }
        return nil
    }

    /// How much of `count` bytes goes at once into an output that is below its mark.
    private static func piece(_ count: Int, to output: borrowing ByteBuffer, high: Int) -> Int {
        min(count, pieceBytesMax, high - output.count)
    }

    /// How many bytes the owner may put into `output` from where they come, without handing them to
    /// `move`: those of an announced length that are neither decoded nor coded. `pass` tells of
    /// them.
    func passableBytes(
        to output: borrowing ByteBuffer, as target: BodyTarget, high: Int
    ) -> Int {
        guard target == .plain, case .length(let remaining) = state, output.count < high else {
            return 0
        }
        return Int(min(UInt64(Self.piece(Self.pieceBytesMax, to: output, high: high)), remaining))
    }

    /// `count` bytes, at most `passableBytes`, went into the output.
    mutating func pass(_ count: Int) {
        guard count > 0, case .length(let remaining) = state else { return }
        precondition(count <= remaining, "more bytes than the body has")
        bytesMoved += UInt64(count)
        state = UInt64(count) == remaining ? .ended : .length(remaining: remaining - UInt64(count))
    }

    /// The connection was closed in an orderly way. Completes a body that lasts until then, and
    /// answers whether the body is complete.
    public mutating func endOfStream(
        to output: inout ByteBuffer, as target: BodyTarget
    ) -> Bool {
        switch state {
        case .untilClose:
            state = .ended
            if target == .chunked { output.appendLastChunk() }
            return true
        case .ended: return true
        case .length, .chunked: return false
        }
    }

    private mutating func append(
        _ bytes: Span<UInt8>, to output: inout ByteBuffer, as target: BodyTarget
    ) {
        bytesMoved += UInt64(bytes.count)
        switch target {
        case .plain: output.append(bytes)
        case .chunked:
            output.appendChunkHeader(count: bytes.count)
            output.append(bytes)
            output.appendChunkEnd()
        }
    }
}
