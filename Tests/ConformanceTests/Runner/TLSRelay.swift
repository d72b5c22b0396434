import Foundation
import HTTP1
import Synchronization
import TLS
import TestSupport

/// Takes connections in the clear and carries them to a server under TLS, so that every raw client
/// can speak to it. Each piece that is sent becomes a record of its own. The server sees the
/// client's address.
final class TLSRelay: Sendable {
    /// Milliseconds a connection may be quiet.
    private static let quietMilliseconds: Int32 = 30_000

    let port: UInt16
    private let listener: RawSocket
    private let isStopped = Atomic<Bool>(false)

    /// What one read of a client's bytes is sent as: at most so many bytes in each record.
    typealias Division = @Sendable ([UInt8]) -> [[UInt8]]

    init(
        to server: UInt16, trusting certificate: String,
        dividing: @escaping Division = { bytes in [bytes] }
    ) throws {
        let pem = Array(try Data(contentsOf: URL(fileURLWithPath: certificate)))
        let context = try TLSClientContext(trust: .authorities(pem: pem), resumesSessions: false)
        listener = try RawSocket.listen(address: "127.0.0.1")
        port = listener.port
        let listener = listener
        let thread = Thread { [weak self] in
            while true {
                let client = listener.accept(seconds: 0.25)
                guard let self, !self.isStopped.load(ordering: .relaxed) else { return }
                guard let client else { continue }
                Thread.detachNewThread {
                    guard
                        let far = try? RawSocket.connect(
                            address: "127.0.0.1", port: server, from: client.peerAddress),
                        let session = try? context.makeSession(
                            descriptor: far.number, host: "localhost")
                    else { return }
                    try? Self.carry(client, far, session, dividing)
                    Self.close(client)
                }
            }
        }
        thread.start()
    }

    deinit {
        isStopped.store(true, ordering: .relaxed)
        listener.shutDown(Int32(SHUT_RDWR))
    }

    /// Both directions until the server ends. A server that takes no more may still answer.
    private static func carry(
        _ client: RawSocket, _ far: RawSocket, _ made: consuming TLSSession, _ divide: Division
    ) throws {
        var session = made
        while try session.handshake() != .done {
            guard wait([far]) != nil else { return }
            session.socketBecameReadable(endPending: false)
        }
        var received = ByteBuffer(capacityMax: 1 << 20)
        var takesMore = true
        while let ready = wait(takesMore ? [far, client] : [far]) {
            if ready[0] {
                session.socketBecameReadable(endPending: true)
                while session.isReadable {
                    let outcome = try session.read(into: &received, max: 65_536)
                    let bytes = received.bytes
                    received.removeAll()
                    try client.send(bytes)
                    if outcome == .endOfStream || outcome == .truncated { return }
                    if outcome == .wantsRead { break }
                }
            }
            if takesMore, ready[1] {
                guard let bytes = client.receive(seconds: 0), !bytes.isEmpty else { return }
                do {
                    for piece in divide(bytes) { try write(piece, to: &session, far) }
                } catch {
                    takesMore = false
                }
            }
        }
    }

    private static func write(
        _ bytes: [UInt8], to session: inout TLSSession, _ far: RawSocket
    ) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(16_384))
            switch try session.write(piece.span) {
            case .transferred(let count): rest = rest.dropFirst(count)
            case .wantsRead, .wantsWrite:
                guard far.isWritable(seconds: Patience.seconds) else {
                    throw TestSupportError.timedOut("relay")
                }
            case .endOfStream, .truncated: throw TestSupportError.closedEarly("relay")
            }
        }
    }

    /// Ends the client's connection without losing what was sent to it: closing a socket with
    /// unread bytes resets the connection.
    private static func close(_ client: RawSocket) {
        client.shutDown(Int32(SHUT_WR))
        while let bytes = client.receive(seconds: 1), !bytes.isEmpty {}
    }

    /// Which of the sockets have something; `nil` when none has for too long.
    private static func wait(_ sockets: [RawSocket]) -> [Bool]? {
        var entries = sockets.map { pollfd(fd: $0.number, events: Int16(POLLIN), revents: 0) }
        let count = unsafe poll(&entries, nfds_t(entries.count), quietMilliseconds)
        return count > 0 ? entries.map { $0.revents != 0 } : nil
    }
}
