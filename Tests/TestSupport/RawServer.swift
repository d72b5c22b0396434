import Foundation
import Glibc
import Synchronization

/// A server that does with each connection what a closure says, byte by byte: for upstreams that
/// misbehave in ways a `RecorderUpstream` cannot.
public final class RawServer: Sendable {
    /// 0 for a Unix socket.
    public let port: UInt16
    private let listener: RawSocket
    private let count = Atomic<Int>(0)
    private let isStopped = Atomic<Bool>(false)

    /// Listens at once. `serve` runs on a thread of its own for each connection, which is closed
    /// when it returns or throws.
    public convenience init(
        address: String = "127.0.0.1", serve: @escaping @Sendable (RawClient) throws -> Void
    ) throws {
        let listener = try RawSocket.listen(address: address)
        try self.init(listener, port: listener.port, serve)
    }

    public convenience init(
        path: String, serve: @escaping @Sendable (RawClient) throws -> Void
    ) throws {
        try self.init(RawSocket.listen(path: path), port: 0, serve)
    }

    private init(
        _ listener: RawSocket, port: UInt16, _ serve: @escaping @Sendable (RawClient) throws -> Void
    ) throws {
        self.listener = listener
        self.port = port
        let thread = Thread { [weak self, listener] in
            while true {
                let arrival = listener.accept(seconds: 0.25)
                guard let self, !self.isStopped.load(ordering: .relaxed) else { return }
                guard let arrival else { continue }
                self.count.add(1, ordering: .relaxed)
                Thread { try? serve(RawClient(accepted: arrival)) }.start()
            }
        }
        thread.start()
    }

    deinit { stop() }

    /// Accepts no more.
    public func stop() {
        isStopped.store(true, ordering: .relaxed)
        listener.shutDown(Int32(SHUT_RDWR))
    }

    /// How many connections were accepted so far.
    public var connectionCount: Int { count.load(ordering: .relaxed) }
}
