import HTTP1
import HTTPTransport
import Reactor
import TLS

/// One request of a command to a running gateway, waiting for the answer.
struct ToolCall: ~Copyable {
    /// Where the request goes and what is said on the way.
    struct Place {
        var address: SocketAddress
        /// `nil` in the clear.
        var context: TLSClientContext?
        var serverName = "localhost"
        var authority = "localhost"
        /// For people.
        var name: String
    }

    static let answerBytesMax = 4 << 20
    /// A reload reads files and keys; it answers when it is done.
    static let patienceMilliseconds: UInt64 = 30_000

    private let place: Place
    private let connection: ClientConnection
    private var poller: Poller
    private let deadline = Monotonic.now().advanced(byMilliseconds: Self.patienceMilliseconds)

    /// - Throws: where nobody listens, in words for people.
    init(to place: Place) throws(ToolFault) {
        self.place = place
        do {
            let connection = try ClientConnection(
                to: place.address, target: 0, context: place.context,
                serverName: place.serverName)
            let poller = try Poller(eventsMax: 4)
            try poller.add(connection.stream.descriptor, key: .fixed(0))
            self.connection = connection
            self.poller = poller
        } catch {
            throw ToolFault(message: "no gateway answers on `\(place.name)`")
        }
    }

    /// The status and the body of the answer.
    ///
    /// - Parameter fields: lines without their ends, none with a line end in it.
    mutating func send(
        _ method: String, _ target: String, fields: [String] = [], body: [UInt8] = []
    ) throws(ToolFault) -> (status: UInt16, body: [UInt8]) {
        do {
            return try exchange(method, target, fields, body)
        } catch let fault as ToolFault {
            throw fault
        } catch {
            throw ToolFault(message: "the gateway's answer cannot be read: \(error)")
        }
    }

    private mutating func exchange(
        _ method: String, _ target: String, _ fields: [String], _ content: [UInt8]
    ) throws -> (status: UInt16, body: [UInt8]) {
        try establish()
        connection.begin()
        connection.stream.output.append(
            text: "\(method) \(target) HTTP/1.1\r\nHost: \(place.authority)\r\n"
                + fields.map { $0 + "\r\n" }.joined()
                + "Content-Length: \(content.count)\r\nConnection: close\r\n\r\n")
        connection.stream.output.append(content)
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

    private mutating func establish() throws {
        while true {
            switch connection.establish() {
            case .moved: return
            case .blocked: try wait()
            case .failed(.tls(let failure)):
                throw ToolFault(message: "`\(place.name)` is not who it should be: \(failure)")
            case .full, .ended, .failed:
                throw ToolFault(message: "no gateway answers on `\(place.name)`")
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
