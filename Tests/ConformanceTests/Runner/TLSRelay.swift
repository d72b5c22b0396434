import Foundation
import HTTP1
import Synchronization
import TLS
import TestSupport

/// Takes connections in the clear and carries them to a server under TLS, so that every raw client
/// can speak to it. Each piece that comes becomes at least one record.
final class TLSRelay: Sendable {
    /// Milliseconds a connection may be quiet.
    private static let quietMilliseconds: Int32 = 30_000

    let port: UInt16
    private let listener: RawSocket
    private let isStopped = Atomic<Bool>(false)

    /// - Parameter recordBytes: the most that one record carries.
    init(to server: UInt16, trusting certificate: String, recordBytes: Int = 16_384) throws {
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
                            address: "127.0.0.1", port: server, seconds: 5),
                        let session = try? context.makeSession(
                            descriptor: far.number, host: "localhost")
                    else { return }
                    try? Self.carry(client, far, session, recordBytes)
                }
            }
        }
        thread.start()
    }

    deinit {
        isStopped.store(true, ordering: .relaxed)
        listener.shutDown(Int32(SHUT_RDWR))
    }

    /// Both directions until either ends.
    private static func carry(
        _ client: RawSocket, _ far: RawSocket, _ made: consuming TLSSession, _ recordBytes: Int
    ) throws {
        var session = made
        while try session.handshake() != .done {
            guard wait([far]) != nil else { return }
            session.socketBecameReadable(endPending: false)
        }
        var received = ByteBuffer(capacityMax: 1 << 20)
        while let ready = wait([client, far]) {
            if ready[1] {
                session.socketBecameReadable(endPending: true)
                while session.isReadable {
                    let outcome = try session.read(into: &received, max: 65_536)
                    try client.send(received.bytes, seconds: 10)
                    received.removeAll()
                    if outcome == .endOfStream || outcome == .truncated { return }
                    if outcome == .wantsRead { break }
                }
            }
            if ready[0] {
                guard let bytes = client.receive(seconds: 0), !bytes.isEmpty else { return }
                try write(bytes[...], to: &session, far, recordBytes)
            }
        }
    }

    private static func write(
        _ bytes: ArraySlice<UInt8>, to session: inout TLSSession, _ far: RawSocket,
        _ recordBytes: Int
    ) throws {
        var rest = bytes
        while !rest.isEmpty {
            let piece = Array(rest.prefix(recordBytes))
            switch try session.write(piece.span) {
            case .transferred(let count): rest = rest.dropFirst(count)
            case .wantsRead, .wantsWrite: _ = poll(nil, 0, 1)
            case .endOfStream, .truncated: return
            }
        }
    }

    /// Which of the sockets have something; `nil` when none has for too long.
    private static func wait(_ sockets: [RawSocket]) -> [Bool]? {
        var entries = sockets.map { pollfd(fd: $0.number, events: Int16(POLLIN), revents: 0) }
        let count = unsafe poll(&entries, nfds_t(entries.count), quietMilliseconds)
        return count > 0 ? entries.map { $0.revents != 0 } : nil
    }
}
