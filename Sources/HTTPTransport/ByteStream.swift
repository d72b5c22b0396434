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
    /// From here on, producers of body bytes wait. Four TLS records of these bytes, like the bytes
    /// alone, fit one segment of the loopback interface (65,483 bytes): 256 bytes more, and each
    /// full output would leave as a large segment and a tiny one, at double the kernel's cost.
    public static let outputBytesHigh = 65_280
    /// Room offered to one read: one TLS record.
    public static let readBytes = 16_384

    /// What is worth lending: a full output of the other side in one read.
    public static let lentBytes = 65_536

    /// Bytes received and not yet consumed.
    public var input: ByteBuffer
    /// Bytes to be sent.
    public var output: ByteBuffer
    public private(set) var isEstablished: Bool
    /// The server name of the handshake, if the client sent a valid one.
    public private(set) var serverName: [UInt8]?

    var wire: Wire
    private var outputEnded = false

    /// - Parameter outputBytesMax: for owners that queue whole replies.
    public init(
        socket: consuming Socket, session: consuming TLSSession?,
        outputBytesMax: Int = Self.outputBytesMax
    ) {
        isEstablished = session == nil
        wire = Wire(socket: socket, session: session)
        input = ByteBuffer(capacityMax: Self.inputBytesMax)
        output = ByteBuffer(capacityMax: outputBytesMax)
    }

    public var descriptor: Int32 { wire.socket.number }
    public var isSecure: Bool { wire.session != nil }
    /// What a client's certificate says; see `TLSSession.peerCertificate`.
    public var peerCertificate: TLSPeerCertificate? {
        switch wire.session {
        case .some(let session): session.peerCertificate
        case nil: nil
        }
    }
    /// Bytes that have left `output` so far, and bytes that came.
    public var bytesSent: UInt64 { wire.bytesSent }
    public var bytesReceived: UInt64 { wire.bytesReceived }
    /// Whether a read may find something without another event.
    public var isReadable: Bool { wire.mayRead }

    public mutating func becameReady(_ readiness: Readiness) {
        if !readiness.isDisjoint(with: [.peerClosed, .error]) { wire.endPending = true }
        if wire.endPending || readiness.contains(.readable) { lookAgain() }
        if readiness.contains(.writable) { wire.mayWrite = true }
    }

    /// Asks the kernel at the next `fill`, whatever the last event said: one that has not been
    /// looked at yet may contradict it.
    public mutating func lookAgain() {
        wire.mayRead = true
        wire.session?.socketBecameReadable(endPending: wire.endPending)
    }

    /// Goes on with the TLS handshake: `moved` when it is done.
    public mutating func handshake() -> StreamProgress {
        guard !isEstablished else { return .moved }
        do throws(TLSFailure) {
            switch try wire.session?.handshake() ?? .done {
            case .done:
                isEstablished = true
                serverName = wire.session?.serverName
                return .moved
            case .wantsRead: wire.mayRead = false
            case .wantsWrite: wire.mayWrite = false
            }
            return .blocked
        } catch {
            return .failed(.tls(error))
        }
    }

    /// Reads once into `input`: what it has room for, at least `readBytes`.
    public mutating func fill() -> StreamProgress {
        let room = max(Self.readBytes, input.room)
        return wire.read(into: &input, room: min(room, input.freeCapacityMax))
    }

    /// Puts `memory`, which must be empty, in place of smaller memory of the input for as long as
    /// something may be read: the owner of many streams lends all of them the same, which is warm
    /// and need not be held for each. `giveBack` follows before another stream's turn.
    public mutating func lend(_ memory: inout ByteBuffer) {
        guard wire.mayRead, input.allocated < memory.allocated else { return }
        exchangeInput(with: &memory)
    }

    /// Ends what `lend` began. What has not been consumed moves to memory of the stream's own,
    /// which is not kept once it is empty again if it had to be large.
    public mutating func giveBack(_ memory: inout ByteBuffer) {
        if input.allocated > memory.allocated { exchangeInput(with: &memory) }
        if input.isEmpty, input.allocated > Self.readBytes { input.release() }
    }

    private mutating func exchangeInput(with memory: inout ByteBuffer) {
        precondition(memory.isEmpty && memory.capacityMax == input.capacityMax)
        swap(&input, &memory)
        guard !memory.isEmpty else { return }
        input.append(memory)
        memory.removeAll()
    }

    /// Sends what `output` holds until it is empty (`moved`) or the peer takes no more (`blocked`).
    public mutating func flush() -> StreamProgress { wire.send(&output) }

    /// What `output` holds is the last: `endOutput` follows as soon as it has left.
    public mutating func expectEnd() { wire.session?.expectEnd() }

    /// Says that nothing more will be sent (close_notify and FIN), and goes on reading. What is in
    /// `output` must have left before.
    ///
    /// - Returns: `blocked` when the peer has to read first; call again when it did.
    @discardableResult
    public mutating func endOutput() -> StreamProgress {
        guard !outputEnded else { return .moved }
        // A FIN that overtook close_notify would look like a cut.
        if isEstablished, isSecure, (try? wire.session?.shutdown()) == .wantsWrite {
            wire.mayWrite = false
            return .blocked
        }
        outputEnded = true
        try? wire.socket.shutdownWrite()
        return .moved
    }

    /// Makes the coming close look like what it is to a peer in the middle of a message: no
    /// close_notify, and a reset in place of a FIN.
    public func abort() { wire.socket.resetOnClose() }

    /// Asks how a TCP connect went; `true` once connected.
    public func finishConnecting() throws(SocketFault) -> Bool {
        try wire.socket.finishConnecting()
    }

    /// Whether the buffers hold memory.
    public var holdsMemory: Bool { input.allocated > 0 || output.allocated > 0 }

    /// Gives the memory of empty buffers back; a connection that has been idle for a while then
    /// holds none. One in use keeps its memory, so that a request allocates nothing.
    public mutating func releaseEmptyBuffers() {
        if input.isEmpty { input.release() }
        releaseEmptyOutput()
    }

    mutating func releaseEmptyOutput() {
        if output.isEmpty { output.release() }
    }
}
