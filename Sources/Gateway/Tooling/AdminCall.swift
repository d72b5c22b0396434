import HTTP1
import HTTPTransport
import Reactor

/// One request to a gateway's admin socket, waiting for the answer.
struct AdminCall: ~Copyable {
    static let answerBytesMax = 4 << 20
    /// A reload reads files and keys; it answers when it is done.
    static let patienceMilliseconds: UInt64 = 30_000

    private let connection: ClientConnection
    private var poller: Poller
    private let deadline = Monotonic.now().advanced(byMilliseconds: Self.patienceMilliseconds)

    /// - Throws: where nobody listens, in words for people.
    init(to path: String) throws(ToolFault) {
        do {
            let connection = try ClientConnection(
                to: .unix(path: path), target: 0, context: nil, serverName: "localhost")
            let poller = try Poller(eventsMax: 4)
            try poller.add(connection.stream.descriptor, key: .fixed(0))
            self.connection = connection
            self.poller = poller
        } catch {
            throw ToolFault(message: "no gateway answers on `unix:\(path)`")
        }
    }

    /// The status and the body of the answer.
    mutating func send(
        _ method: String, _ target: String
    ) throws(ToolFault) -> (status: UInt16, body: [UInt8]) {
        do {
            return try exchange(method, target)
        } catch let fault as ToolFault {
            throw fault
        } catch {
            throw ToolFault(message: "the gateway's answer cannot be read: \(error)")
        }
    }

    private mutating func exchange(
        _ method: String, _ target: String
    ) throws -> (status: UInt16, body: [UInt8]) {
        while case .blocked = connection.establish() { try wait() }
        guard connection.phase == .ready else { throw Self.unreachable }
        connection.begin()
        connection.stream.output.append(
            text: "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
                + "Connection: close\r\n\r\n")
        var head = ResponseHead()
        var body = ByteBuffer(
            capacityMax: Self.answerBytesMax + 2 * BodyReader.pieceBytesMax)
        while case .blocked = connection.stream.flush() { try wait() }
        reading: while true {
            switch try connection.readHead(into: &head, limits: .response, answering: .get) {
            case .head(let length):
                connection.begin(headLength: length, framing: head.framing, keepsAlive: false)
                break reading
            case .starved: try wait()
            case .ended, .failed: throw Self.unreachable
            }
        }
        while true {
            switch try connection.moveBody(
                to: &body, as: .plain, high: Self.answerBytesMax)
            {
            case .success(.ended): return (head.status, body.bytes)
            case .success(.moved), .success(.starved): try wait()
            case .success(.full), .failure: throw Self.unreachable
            }
        }
    }

    private static var unreachable: ToolFault {
        ToolFault(message: "the gateway ended the connection before it answered")
    }

    private mutating func wait() throws {
        let now = Monotonic.now()
        guard now < deadline else {
            throw ToolFault(message: "the gateway did not answer in time")
        }
        try poller.wait(until: deadline, now: now)
        for index in 0..<poller.count {
            connection.stream.becameReady(poller[index].readiness)
        }
    }
}
