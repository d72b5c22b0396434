import Foundation
import Reactor
import Synchronization
import TLS

/// A server whose behaviour is a function from a connection, run on a thread of its own, in straight
/// lines. A function that returns or throws closes its connection.
final class TestServer: Sendable {
    typealias Script = @Sendable (Wire, TestServer) throws -> Void

    let address: SocketAddress
    /// 0 for a Unix socket.
    let port: UInt16
    private let script: Script
    private let tls: TLSServerContext?
    private let stopped = Atomic<Bool>(false)
    private let accepted = Atomic<Int>(0)
    private let open = Atomic<Int>(0)
    private let notes = Mutex<[String]>([])

    init(
        at address: SocketAddress = .ip(IPAddress(v4: 0x7f00_0001), port: 0),
        tls: TLSServerContext? = nil, backlog: Int32 = 256, _ script: @escaping Script
    ) throws {
        let listener = try Listener(on: address, backlog: backlog)
        self.address = listener.address
        if case .ip(_, let port) = listener.address { self.port = port } else { port = 0 }
        self.script = script
        self.tls = tls
        let box = Box(listener)
        let thread = Thread { [weak self] in
            Self.accept(box) { self }
        }
        thread.start()
    }

    deinit { stopped.store(true, ordering: .relaxed) }

    /// A server that reads requests one after the other and answers each.
    static func answering(
        tls: TLSServerContext? = nil, at address: SocketAddress? = nil,
        _ answer: @escaping @Sendable (Message, Wire) throws -> Void
    ) throws -> TestServer {
        try TestServer(at: address ?? .ip(IPAddress(v4: 0x7f00_0001), port: 0), tls: tls) {
            wire, server in
            while let request = try wire.readRequest(seconds: 30) {
                server.note("\(request.method) \(request.target)")
                try answer(request, wire)
            }
        }
    }

    /// Refuses new connections and closes the open ones; returns when that is done.
    func stop() {
        stopped.store(true, ordering: .relaxed)
        let deadline = Date(timeIntervalSinceNow: 5)
        while Date() < deadline, open.load(ordering: .acquiring) > 0 {
            Thread.sleep(forTimeInterval: 0.01)
        }
    }

    var isStopped: Bool { stopped.load(ordering: .relaxed) }
    /// Connections so far.
    var connections: Int { accepted.load(ordering: .acquiring) }
    /// Connections whose script is running.
    var openConnections: Int { open.load(ordering: .acquiring) }
    /// What the scripts noted, in order.
    var noted: [String] { notes.withLock { $0 } }
    func note(_ text: String) { notes.withLock { $0.append(text) } }

    private final class Box: @unchecked Sendable {
        var listener: Listener?
        init(_ listener: consuming Listener) { self.listener = .some(listener) }
    }

    /// Holds the server only while it works for it, so that letting go of it ends the thread.
    private static func accept(_ box: Box, _ server: () -> TestServer?) {
        guard var poller = try? Poller(eventsMax: 4), let number = box.listener?.number,
            (try? poller.add(number, key: .fixed(0))) != nil
        else { return }
        server()?.open.add(1, ordering: .acquiringAndReleasing)
        defer {
            box.listener = nil
            server()?.open.subtract(1, ordering: .acquiringAndReleasing)
        }
        while true {
            _ = try? poller.wait(until: Monotonic.now().advanced(byMilliseconds: 50))
            guard let server = server(), !server.isStopped else { return }
            while case .accepted(let socket, let peer)? = box.listener?.accept() {
                server.serve(SocketParcel(socket, peer: peer))
            }
        }
    }

    private func serve(_ parcel: SocketParcel) {
        accepted.add(1, ordering: .acquiringAndReleasing)
        open.add(1, ordering: .acquiringAndReleasing)
        let thread = Thread { [self] in
            defer { open.subtract(1, ordering: .acquiringAndReleasing) }
            guard let socket = parcel.take() else { return }
            do {
                let session = try tls?.makeSession(descriptor: socket.number)
                let wire = try Wire(
                    socket: socket, session: session, isStopped: { [weak self] in
                        self?.isStopped ?? true
                    })
                try wire.shakeHands()
                try script(wire, self)
            } catch {
                // The end of a connection is what many tests are about; they look at the other side.
            }
        }
        thread.stackSize = 1 << 20
        thread.start()
    }
}

/// A port of this machine whose queue of waiting connections is full: connecting to it neither
/// succeeds nor fails.
final class FullPort {
    let port: UInt16
    private let listener: Reactor.Listener
    private var waiting: [Wire] = []

    init() throws {
        listener = try Reactor.Listener(
            on: .ip(IPAddress(v4: 0x7f00_0001), port: 0), backlog: 0)
        guard case .ip(_, let port) = listener.address else { throw WireEnd.malformed("port") }
        self.port = port
        for _ in 0..<4 {
            let socket = try Socket.connect(to: listener.address)
            waiting.append(try Wire(socket: socket, session: nil))
        }
    }
}
