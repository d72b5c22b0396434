import Foundation
import HTTP1
import HTTPTransport
import Reactor
import TLS

/// How a connection came to its end.
enum WireEnd: Error, Equatable {
    /// Nothing moved in time.
    case timedOut(String)
    /// The peer ended its direction in an orderly way: FIN, and close_notify where there is TLS.
    case ended
    /// A reset, or a FIN without close_notify: what came before may be cut short.
    case cut
    case malformed(String)
}

/// One end of a connection, in the clear or under TLS, for tests written as straight-line code: every
/// call waits, with a deadline. Used by one thread at a time.
final class Wire {
    static let patience = 8.0

    private var stream: ByteStream
    private var poller: Poller
    private var isConnecting: Bool
    /// Says that the owner gave up; looked at while waiting.
    private let isStopped: @Sendable () -> Bool

    init(
        socket: consuming Socket, session: consuming TLSSession?, isConnecting: Bool = false,
        isStopped: @escaping @Sendable () -> Bool = { false }
    ) throws {
        poller = try Poller(eventsMax: 4)
        try poller.add(socket.number, key: .fixed(0))
        stream = ByteStream(socket: socket, session: session)
        self.isConnecting = isConnecting
        self.isStopped = isStopped
    }

    /// Connects, and shakes hands where `trust` asks for TLS.
    static func connect(
        to address: SocketAddress, trust: TLSClientContext? = nil, name: String = "localhost",
        receiveBytes: Int32? = nil, handshakes: Bool = true
    ) throws -> Wire {
        let socket = try Socket.connect(to: address)
        if let receiveBytes { socket.limitBuffers(receiveBytes: receiveBytes) }
        let session = try trust?.makeSession(descriptor: socket.number, host: name)
        let wire = try Wire(socket: socket, session: session, isConnecting: true)
        let deadline = Date(timeIntervalSinceNow: patience)
        while try !wire.stream.finishConnecting() { try wire.wait(deadline, "connect") }
        wire.isConnecting = false
        if handshakes { try wire.shakeHands() }
        return wire
    }

    /// Completes the TLS handshake, as client or as server.
    func shakeHands(seconds: Double = patience) throws {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while true {
            switch stream.handshake() {
            case .moved: return
            case .blocked: try wait(deadline, "handshake")
            default: throw WireEnd.cut
            }
        }
    }

    private func wait(_ deadline: Date, _ what: @autoclosure () -> String) throws {
        while true {
            let left = deadline.timeIntervalSinceNow
            guard left > 0, !isStopped() else { throw WireEnd.timedOut(what()) }
            // Short turns, so that a stopped owner is noticed.
            let turn = Monotonic.now().advanced(byMilliseconds: UInt64(min(left, 0.1) * 1_000) + 1)
            if try poller.wait(until: turn) > 0 { break }
        }
        for index in 0..<poller.count { stream.becameReady(poller[index].readiness) }
    }

    // MARK: Sending

    func send(_ text: String, seconds: Double = patience) throws {
        try send([UInt8](text.utf8), seconds: seconds)
    }

    func send(_ bytes: [UInt8], seconds: Double = patience) throws {
        let taken = try offer(bytes, seconds: seconds)
        guard taken == bytes.count else { throw WireEnd.timedOut("send after \(taken) bytes") }
    }

    /// Sends what the peer takes within `seconds`, and answers how much that was.
    func offer(_ bytes: [UInt8], seconds: Double) throws -> Int {
        let deadline = Date(timeIntervalSinceNow: seconds)
        var sent = 0
        while sent < bytes.count || !stream.output.isEmpty {
            let piece = min(bytes.count - sent, 65_536 - min(stream.output.count, 65_536))
            if piece > 0 {
                stream.output.append(bytes.span.extracting(sent..<(sent + piece)))
                sent += piece
            }
            switch stream.flush() {
            case .moved: continue
            case .blocked:
                do { try wait(deadline, "send") } catch { return sent - stream.output.count }
            default: throw WireEnd.cut
            }
        }
        return sent
    }

    /// Says that no more will be sent.
    func endOutput() { stream.endOutput() }

    /// Makes the end of this value a reset.
    func resetWhenReleased() { stream.abort() }

    // MARK: Receiving

    /// What arrives next: at least one byte.
    func receive(seconds: Double = patience, max: Int = 65_536) throws -> [UInt8] {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while stream.input.isEmpty {
            switch stream.fill() {
            case .moved, .full: continue
            case .blocked: try wait(deadline, "receive")
            case .ended: throw WireEnd.ended
            case .failed: throw WireEnd.cut
            }
        }
        return take(min(stream.input.count, max))
    }

    private func take(_ count: Int) -> [UInt8] {
        let bytes = Self.copy(stream.input, count)
        stream.input.consume(count)
        return bytes
    }

    private static func copy(_ buffer: borrowing ByteBuffer, _ count: Int) -> [UInt8] {
        let view = buffer.readable
        return unsafe view.withUnsafeBufferPointer { unsafe Array($0.prefix(count)) }
    }

    /// Exactly `count` bytes, handed to `body` as they come.
    func read(_ count: Int, seconds: Double = patience, _ body: ([UInt8]) throws -> Void) throws {
        var left = count
        while left > 0 {
            let piece = try receive(seconds: seconds, max: left)
            left -= piece.count
            try body(piece)
        }
    }

    func read(_ count: Int, seconds: Double = patience) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try read(count, seconds: seconds) { bytes += $0 }
        return bytes
    }

    /// One line without its end.
    func readLine(seconds: Double = patience) throws -> String {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while true {
            if let end = Self.lineEnd(stream.input) {
                let line = String(decoding: take(end + 1), as: UTF8.self)
                guard line.hasSuffix("\r\n") else { throw WireEnd.malformed(line) }
                return String(line.unicodeScalars.dropLast(2).map(Character.init))
            }
            switch stream.fill() {
            case .moved: continue
            case .full: throw WireEnd.malformed("endless line")
            case .blocked: try wait(deadline, "line")
            case .ended: throw WireEnd.ended
            case .failed: throw WireEnd.cut
            }
        }
    }

    private static func lineEnd(_ buffer: borrowing ByteBuffer) -> Int? {
        let view = buffer.readable
        for index in view.indices where view[index] == 10 { return index }
        return nil
    }

    /// Reads to the end, which `isOrderly` or not.
    func readToEnd(seconds: Double = patience) throws -> (bytes: [UInt8], isOrderly: Bool) {
        var bytes: [UInt8] = []
        while true {
            do {
                bytes += try receive(seconds: seconds)
            } catch WireEnd.ended {
                return (bytes, true)
            } catch WireEnd.cut {
                return (bytes, false)
            }
        }
    }

    /// Whether nothing arrives for `seconds`, not even the end.
    func isSilent(seconds: Double) -> Bool {
        do {
            _ = try receive(seconds: seconds)
            return false
        } catch WireEnd.timedOut {
            return true
        } catch {
            return false
        }
    }
}
