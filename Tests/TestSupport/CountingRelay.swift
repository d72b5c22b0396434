import Foundation
import Glibc
import Synchronization

/// Stands between a client and a server's Unix socket and counts how often the client spoke after
/// the server did: round trips, as the wire sees them.
public final class CountingRelay: Sendable {
    /// Has a socket of the same name as the server's.
    public let folder: String
    private let place: TemporaryFolder
    private let listener: RawSocket
    private let count = Atomic<Int>(0)
    private let bytesOfClients = Atomic<Int>(0)
    private let isStopped = Atomic<Bool>(false)

    /// Every connection to `folder` is relayed to the socket at `path`.
    public init(to path: String) throws {
        place = try TemporaryFolder()
        folder = place.path
        let name = URL(fileURLWithPath: path).lastPathComponent
        listener = try RawSocket.listen(path: "\(folder)/\(name)")
        let thread = Thread { [weak self, listener] in
            while true {
                let client = listener.accept(seconds: 0.25)
                guard let self, !self.isStopped.load(ordering: .relaxed) else { return }
                guard let client,
                    let server = try? RawSocket.connect(path: path, seconds: 5)
                else { continue }
                self.relay(client, server)
            }
        }
        thread.start()
    }

    deinit {
        isStopped.store(true, ordering: .relaxed)
        listener.shutDown(Int32(SHUT_RDWR))
    }

    /// Bursts of the client so far, over all connections.
    public var bursts: Int { count.load(ordering: .relaxed) }
    /// What clients sent so far, over all connections.
    public var clientBytes: Int { bytesOfClients.load(ordering: .relaxed) }

    private func relay(_ client: RawSocket, _ server: RawSocket) {
        let thread = Thread { [weak self] in
            var serverSpoke = true
            while true {
                var entries = [client, server].map {
                    pollfd(fd: $0.number, events: Int16(POLLIN), revents: 0)
                }
                let ready = unsafe poll(&entries, 2, 30_000)
                guard ready > 0 else { return }
                for (from, to, entry) in [
                    (client, server, entries[0]), (server, client, entries[1]),
                ] where entry.revents != 0 {
                    guard let bytes = from.receive(seconds: 0), !bytes.isEmpty else { return }
                    if from === client {
                        self?.bytesOfClients.add(bytes.count, ordering: .relaxed)
                        if serverSpoke { self?.count.add(1, ordering: .relaxed) }
                    }
                    serverSpoke = from === server
                    guard (try? to.send(bytes)) != nil else { return }
                }
            }
        }
        thread.start()
    }
}

/// Accepts connections, as the kernel does by itself, and never says a word.
public final class SilentListener: Sendable {
    /// 0 for a Unix socket.
    public let port: UInt16
    private let socket: RawSocket

    public init(path: String) throws {
        socket = try RawSocket.listen(path: path)
        port = 0
    }

    public init(address: String = "127.0.0.1") throws {
        socket = try RawSocket.listen(address: address)
        port = socket.port
    }
}
