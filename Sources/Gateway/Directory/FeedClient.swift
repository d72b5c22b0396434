import HTTP1
import HTTPTransport
import Reactor

/// Why the backend's feed could not be read.
enum FeedFault: Error, Equatable {
    case unreachable
    case cutShort
    case timeout
    case protocolViolation
    /// 401: the secret is not the backend's, or seals are missing. Others: the backend's own
    /// trouble.
    case status(UInt16)
    case tooLarge
    /// No seal could be made for the database behind it.
    case unsealed
    /// The thread was told to end.
    case stopped

    var words: String {
        switch self {
        case .unreachable: "the backend's feed cannot be reached"
        case .cutShort: "the backend's feed broke off"
        case .timeout: "the backend's feed did not answer in time"
        case .protocolViolation: "the backend's feed does not speak HTTP"
        case .status(401): "the backend's feed refuses the secret or the seals"
        case .status(let status): "the backend's feed answers \(status)"
        case .tooLarge: "the backend's feed sent a page beyond its bound"
        case .unsealed: "no seals can be made for the backend's feed"
        case .stopped: "stopped"
        }
    }
}

/// Asks the backend's feed for one page after the other, over one connection that is kept; blocks
/// the calling thread, which can be woken to end.
struct FeedClient: ~Copyable {
    /// Bytes of one page; the backend ends a page well before.
    static let pageBytesMax = 8_388_608

    private let address: SocketAddress
    private let secret: [UInt8]?
    private var seals: FeedSeals?
    private let stops: Mailbox<Bool>
    private var poller: Poller
    private var connection: ClientConnection?
    private var head = ResponseHead()
    private static let connectionKey = SlotKey.fixed(0)
    private static let stopsKey = SlotKey.fixed(1)

    init(
        address: SocketAddress, secret: [UInt8]?, seals: consuming FeedSeals? = nil,
        stops: Mailbox<Bool>
    ) throws(SystemFault) {
        let poller = try Poller(eventsMax: 4)
        try poller.add(stops.number, key: Self.stopsKey)
        self.poller = poller
        self.address = address
        self.secret = secret
        self.seals = seals
        self.stops = stops
    }

    /// The body of a 200 response to `target`.
    mutating func ask(
        _ target: String, deadline: Monotonic, into body: inout ByteBuffer
    ) throws(FeedFault) {
        let isKept = connection != nil
        do throws(FeedFault) {
            try attempt(target, deadline, into: &body)
        } catch {
            connection = nil
            // A kept connection may have ended meanwhile, as one does when the backend restarts.
            guard isKept, error == .cutShort, body.isEmpty else { throw error }
            do throws(FeedFault) {
                try attempt(target, deadline, into: &body)
            } catch {
                connection = nil
                throw error
            }
        }
    }

    private mutating func attempt(
        _ target: String, _ deadline: Monotonic, into body: inout ByteBuffer
    ) throws(FeedFault) {
        body.removeAll()
        let connection = try connected(deadline)
        connection.begin()
        connection.stream.output.append("GET ")
        connection.stream.output.append(text: target)
        connection.stream.output.append(" HTTP/1.1\r\nHost: directory\r\n")
        if let secret {
            connection.stream.output.append("Authorization: Bearer ")
            connection.stream.output.append(secret)
            connection.stream.output.append("\r\n")
        }
        if seals != nil {
            connection.stream.output.append("Ringfence-Seal: ")
            guard seals?.append(to: &connection.stream.output) == true else { throw .unsealed }
            connection.stream.output.append("\r\n")
        }
        connection.stream.output.append("\r\n")
        while true {
            switch connection.stream.flush() {
            case .moved: break
            case .blocked:
                try wait(connection, deadline)
                continue
            case .full, .ended, .failed: throw .cutShort
            }
            break
        }
        try receive(connection, deadline, into: &body)
        // Kept only when the answer was whole and nothing is behind it.
        if !connection.finish(requestIsComplete: true) { self.connection = nil }
    }

    private mutating func connected(_ deadline: Monotonic) throws(FeedFault) -> ClientConnection {
        if let connection { return connection }
        let made: ClientConnection
        do throws(StreamFault) {
            made = try ClientConnection(to: address, target: 0, context: nil, serverName: "")
        } catch {
            throw .unreachable
        }
        do throws(SystemFault) {
            try poller.add(made.stream.descriptor, key: Self.connectionKey)
        } catch {
            throw .unreachable
        }
        while true {
            switch made.establish() {
            case .moved:
                connection = made
                return made
            case .blocked: try wait(made, deadline)
            case .full, .ended, .failed: throw .unreachable
            }
        }
    }

    private mutating func receive(
        _ connection: ClientConnection, _ deadline: Monotonic, into body: inout ByteBuffer
    ) throws(FeedFault) {
        while true {
            switch readHead(connection) {
            case .success(.head(let length)):
                connection.begin(
                    headLength: length, framing: head.framing, keepsAlive: head.keepAlive)
            case .success(.starved):
                try wait(connection, deadline)
                continue
            case .success(.ended), .success(.failed): throw .cutShort
            case .failure(let fault): throw fault
            }
            break
        }
        guard head.status == 200 else { throw .status(head.status) }
        while true {
            switch moveBody(connection, into: &body) {
            case .success(.ended):
                guard body.count <= Self.pageBytesMax else { throw .tooLarge }
                return
            case .success(.full): throw .tooLarge
            case .success(.moved), .success(.starved):
                guard body.count <= Self.pageBytesMax else { throw .tooLarge }
                try wait(connection, deadline)
            case .failure(let fault): throw fault
            }
        }
    }

    private mutating func readHead(
        _ connection: ClientConnection
    ) -> Result<HeadOutcome, FeedFault> {
        do throws(HTTPViolation) {
            return .success(
                try connection.readHead(into: &head, limits: .response, answering: .get))
        } catch {
            return .failure(.protocolViolation)
        }
    }

    private func moveBody(
        _ connection: ClientConnection, into body: inout ByteBuffer
    ) -> Result<BodyProgress, FeedFault> {
        do throws(HTTPViolation) {
            let moved = try connection.moveBody(
                to: &body, as: .plain, high: Self.pageBytesMax + 1)
            return moved.mapError { _ in .cutShort }
        } catch {
            return .failure(.protocolViolation)
        }
    }

    private mutating func wait(
        _ connection: ClientConnection, _ deadline: Monotonic
    ) throws(FeedFault) {
        let now = Monotonic.now()
        guard now < deadline else { throw .timeout }
        do throws(SystemFault) {
            try poller.wait(until: deadline, now: now)
        } catch {
            throw .unreachable
        }
        for index in 0..<poller.count {
            if poller[index].key == Self.stopsKey {
                var told: [Bool] = []
                stops.drain(into: &told)
                // The bell can ring without a message.
                if !told.isEmpty { throw .stopped }
            } else {
                connection.stream.becameReady(poller[index].readiness)
            }
        }
    }
}
