public import HTTP1
public import Reactor
public import TLS

/// The client's side of one HTTP/1.1 connection to one address of an upstream. It carries one
/// exchange at a time and may be kept for the next.
///
/// One thread owns it.
public final class ClientConnection {
    public enum Phase: Equatable, Sendable {
        case connecting
        case handshaking
        /// Requests may be sent.
        case ready
    }

    public var stream: ByteStream
    public private(set) var phase: Phase
    /// The body of the current response.
    public private(set) var body = BodyReader(.none)
    /// Whether the response so far leaves the connection usable for another request.
    public private(set) var keepsAlive = false
    /// Responses completed on this connection; above 0 it came from the pool.
    public private(set) var responses: UInt64 = 0
    /// `bytesSent` of the stream when the current request began.
    private var sentBefore: UInt64 = 0
    /// The exchange in progress, for the owner.
    public var exchange: SlotKey?
    /// For the owner's deadlines; `keptUntil` is that of a connection without an exchange.
    public var standstill = Standstill()
    public var keptUntil: Monotonic?
    /// Which target of which upstream this is, for the owner's pool.
    public let target: Int
    private var scanned = 0
    private var interimHeads = 0
    /// Most 1xx heads before the final one; a peer that sends more is broken or hostile.
    public static let interimHeadsMax = 16

    /// Starts connecting.
    ///
    /// - Parameter makeSession: makes the TLS session for the new socket's descriptor; `nil` in the
    ///   clear.
    public init(
        to address: SocketAddress, target: Int, context: TLSClientContext?, serverName: String
    ) throws(StreamFault) {
        self.target = target
        let socket: Socket
        do throws(SocketFault) {
            socket = try Socket.connect(to: address)
        } catch {
            throw error == .exhausted ? .exhausted : .reset
        }
        var session: TLSSession?
        if let context {
            do throws(TLSFault) {
                session = try context.makeSession(descriptor: socket.number, host: serverName)
            } catch {
                throw .reset
            }
        }
        stream = ByteStream(socket: socket, session: session)
        phase = .connecting
    }

    /// Speaks over a socket that is connected already.
    public init(socket: consuming Socket, session: consuming TLSSession?) {
        target = 0
        stream = ByteStream(socket: socket, session: session)
        phase = stream.isSecure ? .handshaking : .ready
    }

    /// Goes on with connecting and the handshake: `moved` once requests may be sent.
    ///
    /// - Returns: `failed(.reset)` when the address did not accept; another may.
    public func establish() -> StreamProgress {
        if phase == .connecting {
            do throws(SocketFault) {
                guard try stream.finishConnecting() else { return .blocked }
            } catch {
                return .failed(.reset)
            }
            phase = stream.isSecure ? .handshaking : .ready
        }
        if phase == .handshaking {
            let progress = stream.handshake()
            guard progress == .moved else { return progress }
            phase = .ready
        }
        return .moved
    }

    /// Gets ready for a request; its bytes go to `stream.output`.
    public func begin() {
        sentBefore = stream.bytesSent
        keepsAlive = false
        scanned = 0
        interimHeads = 0
    }

    /// Whether nothing of the current request has left the process: it may be sent elsewhere.
    public var hasSentNothing: Bool { stream.bytesSent == sentBefore }

    /// Reads until a response head is whole and drops nothing: the owner reads its fields from the
    /// stream's input and calls `begin(headLength:)` or `skipInterim(headLength:)`.
    public func readHead(
        into head: inout ResponseHead, limits: HeadLimits, answering method: KnownMethod
    ) throws(HTTPViolation) -> HeadOutcome {
        while true {
            if stream.input.count > scanned {
                let progress = try Self.parse(
                    stream.input, known: scanned, into: &head, limits: limits,
                    answering: method)
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

    /// Drops an interim (1xx) head.
    public func skipInterim(headLength length: Int) throws(HTTPViolation) {
        interimHeads += 1
        guard interimHeads <= Self.interimHeadsMax else { throw .switchingUnasked }
        stream.input.consume(length)
        scanned = 0
    }

    /// Drops the final head and gets ready for its body.
    public func begin(headLength length: Int, framing: BodyFraming, keepsAlive: Bool) {
        stream.input.consume(length)
        body = BodyReader(framing)
        self.keepsAlive = keepsAlive && framing != .untilClose
    }

    /// Moves what there is of the response body into `output`, reading as needed.
    public func moveBody(
        to output: inout ByteBuffer, as target: BodyTarget, high: Int
    ) throws(HTTPViolation) -> Result<BodyProgress, StreamFault> {
        try stream.move(&body, to: &output, as: target, high: high)
    }

    /// The exchange is over.
    ///
    /// - Parameter requestIsComplete: every byte of the request has been sent.
    /// - Returns: whether the connection may be kept: an exact, complete response, nothing behind
    ///   it (attack S13), and the request sent whole.
    public func finish(requestIsComplete: Bool) -> Bool {
        responses &+= 1
        exchange = nil
        scanned = 0
        // One that was busy with a large body may not be for a long time.
        if stream.output.allocated > ByteStream.readBytes { stream.releaseEmptyOutput() }
        return keepsAlive && requestIsComplete && body.isEnded && stream.input.isEmpty
            && stream.output.isEmpty
    }

    /// Whether a kept connection without an exchange is good for another: anything it says
    /// disqualifies it, because it would be taken for the answer to whatever request came next. The
    /// owner has `becameReady` told of all events of its turn before it asks.
    public func isStillIdle() -> Bool {
        guard stream.isReadable else { return stream.input.isEmpty }
        switch stream.fill() {
        case .blocked: return stream.input.isEmpty
        case .moved, .full, .ended, .failed: return false
        }
    }

    /// Parses the head again only when the new bytes can make a difference.
    private static func parse(
        _ bytes: borrowing ByteBuffer, known: Int, into head: inout ResponseHead,
        limits: HeadLimits, answering method: KnownMethod
    ) throws(HTTPViolation) -> HeadProgress {
        guard HeadGate.opens(bytes.readable, known: known, limits: limits) else {
            return .incomplete
        }
        return try head.parse(bytes.readable, limits: limits, answering: method)
    }
}
