import Glibc
import HTTP1
import Reactor
import Testing

/// A worker as the gateway has one, reduced to echoing: it shows how the pieces fit together.
struct EchoWorker: ~Copyable {
    static let listenerKey = SlotKey.fixed(0)
    static let mailboxKey = SlotKey.fixed(1)
    static let firstConnection: UInt32 = 16

    struct Connection: ~Copyable {
        let socket: Socket
        var pending = ByteBuffer(capacityMax: 65_536)
        var isEnding = false
    }

    enum Message: Sendable { case stop }

    var poller: Poller
    var listener: Listener
    var connections: Slab<Connection>
    var wheel: TimerWheel
    let mailbox: Mailbox<Message>
    var batch: [Message] = []
    let idleMilliseconds: UInt64

    init(
        listener: consuming Listener, mailbox: Mailbox<Message>, idleMilliseconds: UInt64
    ) throws {
        let poller = try Poller()
        try poller.add(listener.number, key: Self.listenerKey)
        try poller.add(mailbox.number, key: Self.mailboxKey)
        self.poller = poller
        self.listener = listener
        connections = Slab(capacity: 64, firstIndex: Self.firstConnection)
        wheel = TimerWheel(capacity: 128, tickMilliseconds: 8, now: .now())
        self.mailbox = mailbox
        self.idleMilliseconds = idleMilliseconds
    }

    mutating func run() throws {
        while true {
            try poller.wait(until: wheel.nextDeadline)
            let now = Monotonic.now()
            for index in 0..<poller.count {
                let event = poller[index]
                switch event.key {
                case Self.listenerKey: try acceptAll(now)
                case Self.mailboxKey:
                    mailbox.drain(into: &batch)
                    if !batch.isEmpty { return }
                default: serve(event.key, now)
                }
            }
            while let key = wheel.expired(now: now) { _ = connections.remove(key) }
        }
    }

    private mutating func acceptAll(_ now: Monotonic) throws {
        while true {
            switch listener.accept() {
            case .accepted(let socket, _):
                let number = socket.number
                guard let key = connections.insert(Connection(socket: socket)) else { continue }
                try poller.add(number, key: key)
                wheel.schedule(key, at: now.advanced(byMilliseconds: idleMilliseconds))
            case .wouldBlock: return
            case .exhausted: return
            }
        }
    }

    private mutating func serve(_ key: SlotKey, _ now: Monotonic) {
        guard connections.contains(key) else { return }
        if connections[key].echo() {
            wheel.schedule(key, at: now.advanced(byMilliseconds: idleMilliseconds))
        } else {
            _ = connections.remove(key)
        }
    }
}

extension EchoWorker.Connection {
    /// Moves what can be moved; answers whether the connection goes on.
    mutating func echo() -> Bool {
        do {
            while true {
                if !pending.isEmpty {
                    switch try socket.write(pending.readable) {
                    case .transferred(let count): pending.consume(count)
                    case .wouldBlock: return true
                    case .endOfStream: return false
                    }
                    continue
                }
                if isEnding { return false }
                switch try socket.read(into: &pending, room: 16_384) {
                case .transferred: continue
                case .wouldBlock: return true
                case .endOfStream: isEnding = true
                }
            }
        } catch {
            return false
        }
    }
}

/// An echo worker on its own thread, for as long as this value lives.
struct EchoServer: ~Copyable {
    let address: SocketAddress
    private let mailbox: Mailbox<EchoWorker.Message>
    private let thread: WorkerThread

    init(on address: SocketAddress, idleMilliseconds: UInt64 = 60_000) throws {
        let listener = try Listener(on: address)
        let bound = listener.address
        let mailbox = try Mailbox<EchoWorker.Message>(capacity: 4)
        let worker = try EchoWorker(
            listener: listener, mailbox: mailbox, idleMilliseconds: idleMilliseconds)
        let thread = try WorkerThread(name: "echo", running: worker) { worker in
            do {
                try worker.run()
            } catch {
                Issue.record("the echo worker ended: \(error)")
            }
        }
        self.address = bound
        self.mailbox = mailbox
        self.thread = thread
    }

    deinit { _ = mailbox.post(.stop) }
}

/// A client that waits, within a deadline, until its socket can do what is asked.
struct Client: ~Copyable {
    let socket: Socket
    private var poller: Poller
    static let patienceMilliseconds: UInt64 = 120_000

    init(_ socket: consuming Socket) throws {
        let poller = try Poller(eventsMax: 4)
        try poller.add(socket.number, key: .fixed(0))
        self.socket = socket
        self.poller = poller
    }

    static func connected(to address: SocketAddress) throws -> Client {
        var client = try Client(Socket.connect(to: address))
        try client.wait(for: .writable)
        let isConnected = try client.socket.finishConnecting()
        #expect(isConnected)
        return client
    }

    /// Waits for the next event that has `readiness`.
    mutating func wait(for readiness: Readiness) throws {
        let deadline = Monotonic.now().advanced(byMilliseconds: Self.patienceMilliseconds)
        while Monotonic.now() < deadline {
            try poller.wait(until: deadline)
            for index in 0..<poller.count
            where !poller[index].readiness.isDisjoint(with: readiness) {
                return
            }
        }
        throw Impatience()
    }

    /// Whether an event with `readiness` is there without waiting.
    mutating func isReady(_ readiness: Readiness) throws -> Bool {
        try poller.wait(until: Monotonic(nanoseconds: 0))
        for index in 0..<poller.count
        where !poller[index].readiness.isDisjoint(with: readiness) {
            return true
        }
        return false
    }

    mutating func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            switch try socket.write(bytes.span.extracting(sent..<bytes.count)) {
            case .transferred(let count): sent += count
            case .wouldBlock: try wait(for: .writable)
            case .endOfStream: throw Impatience()
            }
        }
    }

    /// Up to `count` bytes, fewer only at the end of the stream.
    mutating func receive(_ count: Int) throws -> [UInt8] {
        var buffer = ByteBuffer(capacityMax: max(count, 1))
        while buffer.count < count {
            switch try socket.read(into: &buffer, room: count - buffer.count) {
            case .transferred: continue
            case .wouldBlock: try wait(for: [.readable])
            case .endOfStream: return buffer.bytes
            }
        }
        return buffer.bytes
    }

    /// Whether the peer ends the connection, by FIN or RST, without another byte.
    mutating func isEnded() throws -> Bool {
        do {
            return try receive(1).isEmpty
        } catch SocketFault.reset {
            return true
        }
    }
}

/// Accepts the next connection, waiting for it within a deadline.
func acceptOne(_ listener: inout Listener) throws -> Socket {
    var poller = try Poller(eventsMax: 4)
    try poller.add(listener.number, key: .fixed(0))
    let deadline = Monotonic.now().advanced(byMilliseconds: Client.patienceMilliseconds)
    while Monotonic.now() < deadline {
        try poller.wait(until: deadline)
        if case .accepted(let socket, _) = listener.accept() { return socket }
    }
    throw Impatience()
}

/// A test waited longer than its deadline.
struct Impatience: Error {}

/// A path for this test alone; the folder goes away with the value.
final class Scratch {
    let folder: String

    init() throws {
        folder = "/tmp/ringfence-reactor-\(String(randomUInt64(), radix: 16))"
        let result = unsafe mkdir(folder, 0o700)
        try #require(result == 0)
    }

    deinit {
        guard let listing = unsafe opendir(folder) else { return }
        while let entry = unsafe readdir(listing) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
                unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { _ = unsafe unlink(path(name)) }
        }
        unsafe closedir(listing)
        _ = unsafe rmdir(folder)
    }

    func path(_ name: String) -> String { folder + "/" + name }
}
