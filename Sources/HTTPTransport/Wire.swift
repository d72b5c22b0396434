import HTTP1
import Reactor
import TLS

/// What is under the two buffers of a stream: the socket, the session over it, and what the kernel
/// said last. Apart from the buffers, so that bytes can be read straight into another stream's.
struct Wire: ~Copyable {
    // The session borrows the socket's descriptor, so it is declared, and dies, first.
    var session: TLSSession?
    let socket: Socket
    var mayRead = true
    var mayWrite = true
    /// An end or an error is queued behind what can be read; no event will tell of it again.
    var endPending = false
    private(set) var bytesSent: UInt64 = 0
    private(set) var bytesReceived: UInt64 = 0

    init(socket: consuming Socket, session: consuming TLSSession?) {
        self.session = session
        self.socket = socket
    }

    /// Room for what follows the end of a body.
    static let nextBytes = 64

    /// Reads once, at most `room` bytes, which `buffer` must have room for.
    mutating func read(into buffer: inout ByteBuffer, room: Int) -> StreamProgress {
        guard mayRead else { return .blocked }
        guard room > 0 else { return .full }
        if session != nil { return readSecure(into: &buffer, room: room) }
        do throws(SocketFault) {
            return took(try socket.read(into: &buffer, room: room), of: room)
        } catch {
            return .failed(.reset)
        }
    }

    /// Reads once, at most `room` bytes into `buffer` and the first of what follows into `next`. A
    /// body's last read is such a one: had it room for the body alone, it would be full and not say
    /// that the socket is drained, and a call more would have to ask.
    mutating func read(
        into buffer: inout ByteBuffer, room: Int, then next: inout ByteBuffer
    ) -> StreamProgress {
        let nextRoom = min(Self.nextBytes, next.freeCapacityMax)
        // A session knows by itself.
        guard mayRead, room > 0, nextRoom > 0, session == nil else {
            return read(into: &buffer, room: room)
        }
        do throws(SocketFault) {
            let outcome = try socket.read(
                into: &buffer, room: room, then: &next, nextRoom: nextRoom)
            return took(outcome, of: room + nextRoom)
        } catch {
            return .failed(.reset)
        }
    }

    private mutating func took(_ outcome: Reactor.IOOutcome, of room: Int) -> StreamProgress {
        switch outcome {
        case .transferred(let count):
            bytesReceived += UInt64(count)
            // A short read empties the socket, unless an end is queued behind it, which no event
            // will report again.
            if count < room, !endPending { mayRead = false }
            return .moved
        case .wouldBlock:
            mayRead = false
            return .blocked
        case .endOfStream: return .ended
        }
    }

    private mutating func readSecure(into buffer: inout ByteBuffer, room: Int) -> StreamProgress {
        do throws(TLSFailure) {
            switch try session?.read(into: &buffer, max: room) ?? .endOfStream {
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

    /// Sends what `buffer` holds until it is empty (`moved`) or the peer takes no more (`blocked`).
    mutating func send(_ buffer: inout ByteBuffer) -> StreamProgress {
        while !buffer.isEmpty {
            guard mayWrite else { return .blocked }
            let sent: Int
            if session != nil {
                do throws(TLSFailure) {
                    switch try session?.write(buffer.readable) ?? .endOfStream {
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
                    switch try socket.write(buffer.readable) {
                    case .transferred(let count):
                        sent = count
                        if count < buffer.count { mayWrite = false }
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
            buffer.consume(sent)
        }
        return .moved
    }
}
