public import HTTP1
public import Reactor
public import TLS

/// Why a byte stream ended before its messages did.
public enum StreamFault: Error, Equatable, Sendable {
    /// The peer reset the connection, or the kernel gave it up.
    case reset
    /// The TLS layer refused the peer, or the peer refused us.
    case tls(TLSFailure)
    /// The stream ended without TLS close_notify: what came before may be cut short.
    case truncated
    /// This machine is out of descriptors or memory; the peer was never asked.
    case exhausted
}

/// What became of an attempt to move bytes.
public enum StreamProgress: Equatable, Sendable {
    /// Something moved; asking again may move more.
    case moved
    /// Nothing moves before the next readiness event.
    case blocked
    /// The buffer has no room for more; consume first.
    case full
    /// The peer has ended its direction in an orderly way.
    case ended
    case failed(StreamFault)
}

/// A socket, in the clear or under TLS, with the two buffers between it and HTTP messages.
///
/// Readiness is edge-triggered: `becameReady` is told what the poller said; `fill` and `flush`
/// remember when the kernel had nothing more to give or to take and ask it again only after the
/// next event.
public struct ByteStream: ~Copyable {
    /// Most bytes held for a reader who does not consume: a whole head and one more read.
    public static let inputBytesMax = 65_536 + readBytes
    /// Most bytes held for a peer who does not read: a body piece that started below
    /// `outputBytesHigh`, with its frame, and a head.
    public static let outputBytesMax = 262_144
    /// Above this, producers of body bytes wait.
    public static let outputBytesHigh = 65_536
    /// Room offered to one read: one TLS record.
    public static let readBytes = 16_384

    /// Bytes received and not yet consumed.
    public var input: ByteBuffer
    /// Bytes to be sent.
    public var output: ByteBuffer
    /// Bytes that have left `output` so far.
    public private(set) var bytesSent: UInt64 = 0
    public private(set) var bytesReceived: UInt64 = 0
    public private(set) var isEstablished: Bool
    /// The server name of the handshake, if the client sent a valid one.
    public private(set) var serverName: [UInt8]?

    // The session borrows the socket's descriptor, so it is declared, and dies, first.
    private var session: TLSSession?
    private var socket: Socket
    private var mayRead = true
    private var mayWrite = true
    /// An end or an error is queued behind what can be read; no event will tell of it again.
    private var endPending = false
    private var outputEnded = false

    /// - Parameter outputBytesMax: for owners that queue whole replies.
    public init(
        socket: consuming Socket, session: consuming TLSSession?,
        outputBytesMax: Int = Self.outputBytesMax
    ) {
        isEstablished = session == nil
        self.session = session
        self.socket = socket
        input = ByteBuffer(capacityMax: Self.inputBytesMax)
        output = ByteBuffer(capacityMax: outputBytesMax)
    }

    public var descriptor: Int32 { socket.number }
    public var isSecure: Bool { session != nil }
    /// Whether a read may find something without another event.
    public var isReadable: Bool { mayRead }

    public mutating func becameReady(_ readiness: Readiness) {
        if !readiness.isDisjoint(with: [.peerClosed, .error]) { endPending = true }
        if endPending || readiness.contains(.readable) { lookAgain() }
        if readiness.contains(.writable) { mayWrite = true }
    }

    /// Asks the kernel at the next `fill`, whatever the last event said: one that has not been
    /// looked at yet may contradict it.
    public mutating func lookAgain() {
        mayRead = true
        session?.socketBecameReadable(endPending: endPending)
    }

    /// Goes on with the TLS handshake: `moved` when it is done.
    public mutating func handshake() -> StreamProgress {
        guard !isEstablished else { return .moved }
        do throws(TLSFailure) {
            switch try session?.handshake() ?? .done {
            case .done:
                isEstablished = true
                serverName = session?.serverName
                return .moved
            case .wantsRead: mayRead = false
            case .wantsWrite: mayWrite = false
            }
            return .blocked
        } catch {
            return .failed(.tls(error))
        }
    }

    /// Reads once into `input`.
    public mutating func fill() -> StreamProgress {
        guard mayRead else { return .blocked }
        let room = min(Self.readBytes, input.freeCapacityMax)
        guard room > 0 else { return .full }
        if session != nil { return fillSecure(room) }
        do throws(SocketFault) {
            switch try socket.read(into: &input, room: room) {
            case .transferred(let count):
                bytesReceived += UInt64(count)
                // A short read empties the socket, unless an end is queued behind it, which no
                // event will report again.
                if count < room, !endPending { mayRead = false }
                return .moved
            case .wouldBlock:
                mayRead = false
                return .blocked
            case .endOfStream:
                return .ended
            }
        } catch {
            return .failed(.reset)
        }
    }

    private mutating func fillSecure(_ room: Int) -> StreamProgress {
        do throws(TLSFailure) {
            switch try session?.read(into: &input, max: room) ?? .endOfStream {
            case .transferred(let count):
                bytesReceived += UInt64(count)
                mayRead = session?.isReadable ?? false
                return .moved
            case .wantsRead:
                mayRead = false
                return .blocked
            case .wantsWrite:
                mayWrite = false
                return .blocked
            case .endOfStream: return .ended
            case .truncated: return .failed(.truncated)
            }
        } catch {
            return .failed(.tls(error))
        }
    }

    /// Sends what `output` holds until it is empty (`moved`) or the peer takes no more (`blocked`).
    public mutating func flush() -> StreamProgress {
        while !output.isEmpty {
            guard mayWrite else { return .blocked }
            let offered = output.count
            let sent: Int
            if session != nil {
                do throws(TLSFailure) {
                    switch try Self.write(output, over: &session) {
                    case .transferred(let count): sent = count
                    case .wantsWrite:
                        mayWrite = false
                        return .blocked
                    case .wantsRead:
                        mayRead = false
                        return .blocked
                    case .endOfStream, .truncated: return .failed(.reset)
                    }
                } catch {
                    return .failed(.tls(error))
                }
            } else {
                do throws(SocketFault) {
                    switch try socket.write(output.readable) {
                    case .transferred(let count):
                        sent = count
                        if count < offered { mayWrite = false }
                    case .wouldBlock:
                        mayWrite = false
                        return .blocked
                    case .endOfStream: return .failed(.reset)
                    }
                } catch {
                    return .failed(.reset)
                }
            }
            bytesSent += UInt64(sent)
            output.consume(sent)
        }
        return .moved
    }

    private static func write(
        _ bytes: borrowing ByteBuffer, over session: inout TLSSession?
    ) throws(TLSFailure) -> TLS.IOOutcome {
        try session?.write(bytes.readable) ?? .endOfStream
    }

    /// What `output` holds is the last: `endOutput` follows as soon as it has left.
    public mutating func expectEnd() { session?.expectEnd() }

    /// Says that nothing more will be sent (close_notify and FIN), and goes on reading. What is in
    /// `output` must have left before.
    ///
    /// - Returns: `blocked` when the peer has to read first; call again when it did.
    @discardableResult
    public mutating func endOutput() -> StreamProgress {
        guard !outputEnded else { return .moved }
        // A FIN that overtook close_notify would look like a cut.
        if isEstablished, session != nil, (try? session?.shutdown()) == .wantsWrite {
            mayWrite = false
            return .blocked
        }
        outputEnded = true
        try? socket.shutdownWrite()
        return .moved
    }

    /// Makes the coming close look like what it is to a peer in the middle of a message: no
    /// close_notify, and a reset in place of a FIN.
    public func abort() { socket.resetOnClose() }

    /// Asks how a TCP connect went; `true` once connected.
    public func finishConnecting() throws(SocketFault) -> Bool { try socket.finishConnecting() }

    /// Whether the buffers hold memory.
    public var holdsMemory: Bool { input.allocated > 0 || output.allocated > 0 }

    /// Gives the memory of empty buffers back; a connection that has been idle for a while then
    /// holds none. One in use keeps its memory, so that a request allocates nothing.
    public mutating func releaseEmptyBuffers() {
        if input.isEmpty { input.release() }
        if output.isEmpty { output.release() }
    }
}
