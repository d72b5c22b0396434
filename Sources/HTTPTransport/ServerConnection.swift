public import HTTP1
public import Reactor
public import TLS

/// What became of an attempt to read a message head.
public enum HeadOutcome: Equatable, Sendable {
    /// A whole head; its bytes are the first `length` of the stream's input until consumed.
    case head(length: Int)
    /// No whole head yet.
    case starved
    /// The peer ended the stream; `midMessage` when part of a head had come.
    case ended(midMessage: Bool)
    case failed(StreamFault)
}

/// The server's side of one HTTP/1.1 connection: handshake, heads, bodies, persistence. It moves
/// bytes and keeps the framing straight; what requests mean is its owner's business.
///
/// One thread owns it. Heads are parsed into the owner's scratch, so that an idle connection costs
/// no table of fields.
public final class ServerConnection {
    /// What the connection is doing; the owner moves it on and sets the deadline that goes with it.
    public enum Phase: Equatable, Sendable {
        case handshaking
        /// Waiting for a head; `started` once its first byte is there.
        case awaitingHead(started: Bool)
        case exchanging
        /// Answered for the last time: what the peer still sends is read and dropped, so that the
        /// answer is not destroyed by a reset (RFC 9112 §9.6).
        case lingering
    }

    public let peer: PeerAddress
    public var stream: ByteStream
    public var phase: Phase
    /// The body of the current request.
    public private(set) var body = BodyReader(.none)
    /// Whether the connection may carry another request after this one.
    public var keepsAlive = true
    /// Requests begun on this connection.
    public private(set) var requests: UInt64 = 0
    /// The exchange in progress, for the owner.
    public var exchange: SlotKey?
    /// For the owner's deadlines: since when a head is coming, and what has not moved since when.
    public var headSince: Monotonic?
    public var standstill = Standstill()
    /// For the owner's loop: there is more to do though no event will tell.
    public var isUnfinished = false
    /// For the owner: under which authorities the handshake was made.
    public var authorityEpoch: UInt64 = 0
    /// The head that has come is not to be taken before the owner says so.
    public var awaitsTurn = false
    /// Bytes of input already seen not to complete a head.
    private var scanned = 0

    public init(
        socket: consuming Socket, session: consuming TLSSession?, peer: PeerAddress,
        outputBytesMax: Int = ByteStream.outputBytesMax
    ) {
        self.peer = peer
        phase = session == nil ? .awaitingHead(started: false) : .handshaking
        stream = ByteStream(socket: socket, session: session, outputBytesMax: outputBytesMax)
    }

    /// Reads until a head is whole. Call in phase `awaitingHead`.
    ///
    /// - Throws: the violation, as soon as the offending line is there; the connection can then
    ///   only be answered and closed.
    public func readHead(
        into head: inout RequestHead, limits: HeadLimits
    ) throws(HTTPViolation) -> HeadOutcome {
        while true {
            if stream.input.count > scanned {
                phase = .awaitingHead(started: true)
                let progress = try Self.parse(
                    stream.input, known: scanned, into: &head, limits: limits)
                if case .complete(let length) = progress {
                    scanned = 0
                    return .head(length: length)
                }
                scanned = stream.input.count
                guard scanned <= limits.headBytesMax else { throw .headTooLarge }
            }
            switch stream.fill() {
            case .moved: continue
            case .blocked: return .starved
            case .full: throw .headTooLarge
            case .ended: return .ended(midMessage: !stream.input.isEmpty)
            case .failed(let fault): return .failed(fault)
            }
        }
    }

    /// Drops the head of `length` bytes and gets ready for its body.
    public func begin(headLength length: Int, framing: BodyFraming, keepsAlive: Bool) {
        stream.input.consume(length)
        body = BodyReader(framing)
        self.keepsAlive = keepsAlive
        phase = .exchanging
        headSince = nil
        requests &+= 1
    }

    /// Moves what there is of the request body into `output`, reading as needed.
    ///
    /// - Throws: a violation of chunked coding; the connection can then only be answered once.
    public func moveBody(
        to output: inout ByteBuffer, as target: BodyTarget, high: Int
    ) throws(HTTPViolation) -> Result<BodyProgress, StreamFault> {
        try stream.move(&body, to: &output, as: target, high: high)
    }

    /// Gets ready for the next request on the connection.
    public func awaitNext() {
        phase = .awaitingHead(started: !stream.input.isEmpty)
        scanned = 0
        exchange = nil
    }

    /// Reads and drops what the peer sends.
    ///
    /// - Returns: `moved` after about `room` bytes, so that its owner can look at others meanwhile;
    ///   `blocked` when nothing is there; `ended` when nothing more will come.
    public func drain(bytesMax room: Int) -> StreamProgress {
        var dropped = 0
        while dropped < room {
            dropped += stream.input.count
            stream.input.removeAll()
            switch stream.fill() {
            case .moved, .full: continue
            case .blocked: return .blocked
            case .ended, .failed: return .ended
            }
        }
        return .moved
    }

    /// Parses the head again only when the new bytes can make a difference.
    private static func parse(
        _ bytes: borrowing ByteBuffer, known: Int, into head: inout RequestHead, limits: HeadLimits
    ) throws(HTTPViolation) -> HeadProgress {
        guard HeadGate.opens(bytes.readable, known: known, limits: limits) else {
            return .incomplete
        }
        return try head.parse(bytes.readable, limits: limits)
    }
}
