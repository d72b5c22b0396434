import HTTP1
import HTTPTransport
import Reactor
import TLS

/// The client of a rehearsal: one connection, one request after the other.
final class RehearsalClient {
    static let bodyBytesMax = 4 << 20

    private let connection: ClientConnection
    private let serverName: String
    private let peer: PeerAddress
    private var head = ResponseHead()
    private var request: [UInt8] = []
    private var handedOn = 0
    private var isHead = false
    private var hasHead = false
    private var bytes = ByteBuffer(capacityMax: RehearsalClient.bodyBytesMax)
    private(set) var isAnswered = false
    /// The gateway ended the connection.
    private(set) var isEnded = false
    private(set) var status: UInt16 = 0
    private(set) var fields: [(name: String, value: String)] = []
    var body: [UInt8] { bytes.bytes }

    init(
        _ socket: consuming Socket, context: TLSClientContext?, serverName: String,
        peer: PeerAddress
    ) throws(RehearsalFault) {
        self.serverName = serverName
        self.peer = peer
        var session: TLSSession?
        if let context {
            do throws(TLSFault) {
                session = try context.makeSession(descriptor: socket.number, host: serverName)
            } catch {
                throw .tls(error)
            }
        }
        connection = ClientConnection(socket: socket, session: session)
    }

    /// Whether another request may follow the last one.
    func isUsable(for name: String, _ from: PeerAddress) -> Bool {
        guard !isEnded, isAnswered, name == serverName, from == peer else { return false }
        guard connection.finish(requestIsComplete: handedOn == request.count) else { return false }
        connection.stream.lookAgain()
        return connection.isStillIdle()
    }

    func begin(_ bytes: [UInt8], isHead: Bool) {
        request = bytes
        handedOn = 0
        self.isHead = isHead
        hasHead = false
        isAnswered = false
        isEnded = false
        status = 0
        fields = []
        self.bytes.removeAll()
        connection.begin()
    }

    /// Goes on as far as it can without waiting; answers whether anything moved.
    func step() -> Bool {
        connection.stream.lookAgain()
        guard !isAnswered, !isEnded else { return false }
        switch connection.establish() {
        case .moved: break
        case .blocked: return false
        case .full, .ended, .failed:
            isEnded = true
            return false
        }
        let before = (handedOn, connection.stream.bytesReceived)
        send()
        receive()
        return before != (handedOn, connection.stream.bytesReceived)
    }

    private func send() {
        // A span of an object's property could outlive it.
        let request = request
        while true {
            let room = connection.stream.output.freeCapacityMax
            let end = min(request.count, handedOn + room)
            if handedOn < end {
                // A copy of the reference: what a class holds may not be lent for so long.
                let bytes = request
                connection.stream.output.append(bytes.span.extracting(handedOn..<end))
                handedOn = end
            }
            // The gateway may have answered and ended before it read everything.
            guard case .moved = connection.stream.flush(), handedOn < request.count else { return }
        }
    }

    private func receive() {
        do throws(HTTPViolation) {
            if !hasHead {
                switch try connection.readHead(
                    into: &head, limits: .response, answering: isHead ? .head : .get)
                {
                case .head(let length):
                    if head.isInterim { return try connection.skipInterim(headLength: length) }
                    read(connection.stream.input)
                    hasHead = true
                    connection.begin(
                        headLength: length, framing: head.framing, keepsAlive: head.keepAlive)
                case .starved: return
                case .ended, .failed:
                    isEnded = true
                    return
                }
            }
            switch try connection.moveBody(to: &bytes, as: .plain, high: Self.bodyBytesMax) {
            case .success(.ended), .success(.full): isAnswered = true
            case .success(.moved), .success(.starved): break
            case .failure: isEnded = true
            }
        } catch {
            isEnded = true
        }
    }

    private func read(_ input: borrowing ByteBuffer) {
        let span = input.readable
        status = head.status
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            fields.append((text(span[field.name]), text(span[field.value])))
        }
    }
}
