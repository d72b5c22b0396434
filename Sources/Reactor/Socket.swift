import CLinux
public import HTTP1

/// A connected or connecting stream socket, never blocking, closed when its owner lets go.
public struct Socket: ~Copyable, Sendable {
    private let descriptor: FileDescriptor

    /// - Parameter descriptor: a non-blocking stream socket.
    public init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// The kernel's number, for registering, TLS and logs; valid while this value lives.
    public var number: Int32 { descriptor.number }

    /// Gives the descriptor away, for an upgrade that leaves this transport.
    public consuming func relinquish() -> FileDescriptor { descriptor }
}

// MARK: - Opening

extension Socket {
    /// Bytes the kernel holds unsent for a TCP peer that does not read. Its own bound is megabytes,
    /// of which a third must leave before it says so: a slow but steady reader would look like one
    /// that stands still.
    static let unsentBytesMax: Int32 = 131_072

    /// Starts connecting and returns at once. When the socket is reported writable,
    /// `finishConnecting` tells how it went; until then nothing may be sent.
    public static func connect(to address: SocketAddress) throws(SocketFault) -> Socket {
        var raw = try address.raw()
        let number = unsafe rf_stream_socket(&raw)
        guard number >= 0 else { throw SocketFault(negative: number) }
        let socket = unsafe Socket(FileDescriptor(adopting: number))
        if case .ip = address {
            _ = rf_no_delay(number)
            _ = rf_unsent_low_mark(number, Socket.unsentBytesMax)
        }
        let result = unsafe rf_connect(number, &raw)
        guard result == 0 || result == -EINPROGRESS else { throw SocketFault(negative: result) }
        return socket
    }

    /// Hands `body` two sockets connected to each other.
    public static func withPair<Result: ~Copyable, Failure: Error>(
        _ body: (consuming Socket, consuming Socket) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var numbers = InlineArray<2, Int32>(repeating: -1)
        var span = numbers.mutableSpan
        let result = unsafe span.withUnsafeMutableBufferPointer {
            unsafe rf_socket_pair($0.baseAddress)
        }
        precondition(result == 0, "no descriptors left for a pair of sockets")
        return try body(
            unsafe Socket(FileDescriptor(adopting: numbers[0])),
            unsafe Socket(FileDescriptor(adopting: numbers[1])))
    }

    /// Asks how connecting went.
    ///
    /// - Returns: `false` while it is still going on.
    /// - Throws: why it failed; the kernel forgets the reason once it has told it.
    public func finishConnecting() throws(SocketFault) -> Bool {
        let failure = rf_pending_error(number)
        guard failure == 0 else { throw SocketFault(negative: failure) }
        var peer = rf_address()
        let result = unsafe rf_peer_address(number, &peer)
        if result == -ENOTCONN { return false }
        guard result == 0 else { throw SocketFault(negative: result) }
        return true
    }

    /// The other side, as the kernel knows it.
    public func peerAddress() throws(SocketFault) -> PeerAddress {
        var peer = rf_address()
        let result = unsafe rf_peer_address(number, &peer)
        guard result == 0 else { throw SocketFault(negative: result) }
        return PeerAddress(peer)
    }

    /// Whether small writes leave at once (TCP_NODELAY).
    public var sendsAtOnce: Bool { rf_has_no_delay(number) == 1 }

    /// Bounds the kernel's buffers, in bytes; the kernel doubles the number and has a minimum.
    public func limitBuffers(sendBytes: Int32? = nil, receiveBytes: Int32? = nil) {
        if let sendBytes { _ = rf_send_buffer(number, sendBytes) }
        if let receiveBytes { _ = rf_receive_buffer(number, receiveBytes) }
    }
}

// MARK: - Transfer

extension Socket {
    /// Reads once, at most `room` bytes (`1...buffer.freeCapacityMax`).
    ///
    /// Fewer bytes than `room` mean that the socket is drained: the next read may wait for the next
    /// event, which saves the call that would only learn `wouldBlock`. Except after `peerClosed`,
    /// which is not reported again: then read on until `endOfStream`.
    public func read(
        into buffer: inout ByteBuffer, room: Int
    ) throws(SocketFault) -> IOOutcome {
        precondition(room > 0, "a read without room looks like the end of the stream")
        var result = 0
        _ = unsafe buffer.fill(minimum: room) { space in
            result = unsafe rf_receive(number, space.baseAddress, room)
            return max(result, 0)
        }
        return try Self.outcome(ofRead: result)
    }

    /// Reads once, first at most `room` bytes (`1...buffer.freeCapacityMax`) into `buffer`, then
    /// what follows them into `next` (at most `nextRoom`, with the same bounds). Only when both are
    /// full may there be more.
    public func read(
        into buffer: inout ByteBuffer, room: Int, then next: inout ByteBuffer, nextRoom: Int
    ) throws(SocketFault) -> IOOutcome {
        precondition(room > 0, "a read without room looks like the end of the stream")
        var result = 0
        _ = unsafe buffer.fill(minimum: room) { space in
            _ = unsafe next.fill(minimum: nextRoom) { nextSpace in
                result = unsafe rf_receive_two(
                    number, space.baseAddress, room, nextSpace.baseAddress, nextRoom)
                return max(result - room, 0)
            }
            return min(max(result, 0), room)
        }
        return try Self.outcome(ofRead: result)
    }

    /// Reads once into the start of `space`, which must not be empty; see above.
    public func read(into space: inout MutableSpan<UInt8>) throws(SocketFault) -> IOOutcome {
        precondition(!space.isEmpty, "a read without room looks like the end of the stream")
        let result = unsafe space.withUnsafeMutableBytes {
            unsafe rf_receive(number, $0.baseAddress, $0.count)
        }
        return try Self.outcome(ofRead: result)
    }

    /// Writes once. Fewer bytes than offered mean that the kernel's buffer is full: an event tells
    /// when the socket is writable again. An empty span transfers nothing and asks nobody.
    public func write(_ bytes: Span<UInt8>) throws(SocketFault) -> IOOutcome {
        guard !bytes.isEmpty else { return .transferred(0) }
        let result = unsafe bytes.withUnsafeBufferPointer {
            unsafe rf_send(number, $0.baseAddress, $0.count)
        }
        return try Self.outcome(ofWrite: result)
    }

    /// Writes `first`, then `second`, in one call and, where they fit, one segment.
    public func write(
        _ first: Span<UInt8>, _ second: Span<UInt8>
    ) throws(SocketFault) -> IOOutcome {
        guard !first.isEmpty || !second.isEmpty else { return .transferred(0) }
        let result = unsafe first.withUnsafeBufferPointer { head in
            unsafe second.withUnsafeBufferPointer { tail in
                unsafe rf_send_two(
                    number, head.baseAddress, head.count, tail.baseAddress, tail.count)
            }
        }
        return try Self.outcome(ofWrite: result)
    }

    /// Sends the end of the stream and goes on reading.
    public func shutdownWrite() throws(SocketFault) {
        let result = rf_shutdown_write(number)
        guard result == 0 else { throw SocketFault(negative: result) }
    }

    /// Makes the coming close a reset: the peer learns that what it got is not complete.
    public func resetOnClose() { _ = rf_reset_on_close(number) }

    private static func outcome(ofRead result: Int) throws(SocketFault) -> IOOutcome {
        if result > 0 { return .transferred(result) }
        if result == 0 { return .endOfStream }
        return try outcome(ofWrite: result)
    }

    private static func outcome(ofWrite result: Int) throws(SocketFault) -> IOOutcome {
        if result >= 0 { return .transferred(result) }
        if result == Int(-EAGAIN) { return .wouldBlock }
        throw SocketFault(negative: Int32(result))
    }
}
