import HTTP1
import HTTPTransport
import Reactor

/// A request as an upstream saw it.
struct SentRequest {
    var method: String
    /// Path and query.
    var target: String
    var fields: [(name: String, value: String)]
    var body: [UInt8]
    /// The head as it came.
    var head: [UInt8]

    /// The values of a field, whatever the case of its name.
    func values(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }
}

/// The one upstream of a rehearsal, on the thread of whoever rehearses: it keeps what it is sent
/// and answers everything with 200.
final class RecordingUpstream {
    private struct Guest {
        let connection: ServerConnection
        var request: SentRequest?
        var body: ByteBox
    }

    /// A buffer that an array can hold.
    private final class ByteBox {
        var bytes = ByteBuffer(capacityMax: RecordingUpstream.bodyBytesMax)
    }

    static let bodyBytesMax = 32 << 20

    private var listener: Listener
    private var guests: [Guest] = []
    private var head = RequestHead()
    private var sent: [SentRequest] = []

    let address: SocketAddress

    /// Listens on a port of this machine that only the worker beside it is told.
    init() throws(SocketFault) {
        listener = try Listener(on: .ip(IPAddress(v4: 0x7F00_0001), port: 0), backlog: 64)
        address = listener.address
    }

    /// What came since the last call.
    func takeSent() -> [SentRequest] {
        defer { sent = [] }
        return sent
    }

    /// Goes on as far as it can without waiting.
    func step() {
        while case .accepted(let socket, let peer) = listener.accept() {
            guests.append(
                Guest(
                    connection: ServerConnection(socket: socket, session: nil, peer: peer),
                    request: nil, body: ByteBox()))
        }
        var kept: [Guest] = []
        for guest in guests {
            var guest = guest
            guest.connection.stream.lookAgain()
            if serve(&guest) { kept.append(guest) }
        }
        guests = kept
    }

    /// Whether the connection is still of use.
    private func serve(_ guest: inout Guest) -> Bool {
        while true {
            if guest.request == nil {
                do throws(HTTPViolation) {
                    switch try guest.connection.readHead(into: &head, limits: .request) {
                    case .head(let length):
                        guest.request = read(guest.connection.stream.input, length)
                        guest.connection.begin(
                            headLength: length, framing: head.framing, keepsAlive: head.keepAlive)
                    case .starved: return true
                    case .ended, .failed: return false
                    }
                } catch {
                    return false
                }
            }
            do throws(HTTPViolation) {
                switch try guest.connection.moveBody(
                    to: &guest.body.bytes, as: .plain, high: Self.bodyBytesMax)
                {
                case .success(.ended): answer(&guest)
                case .success(.moved), .success(.starved): return true
                case .success(.full), .failure: return false
                }
            } catch {
                return false
            }
        }
    }

    private func read(_ input: borrowing ByteBuffer, _ length: Int) -> SentRequest {
        let bytes = input.readable
        var request = SentRequest(
            method: text(bytes[head.methodName]), target: text(bytes[head.target.path]),
            fields: [], body: [], head: copy(bytes.extracting(first: length)))
        if let query = head.target.query { request.target += "?" + text(bytes[query]) }
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            request.fields.append((text(bytes[field.name]), text(bytes[field.value])))
        }
        return request
    }

    private func answer(_ guest: inout Guest) {
        guard var request = guest.request else { return }
        request.body = guest.body.bytes.bytes
        sent.append(request)
        guest.body.bytes.removeAll()
        guest.request = nil
        guest.connection.stream.output.append("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        _ = guest.connection.stream.flush()
        guest.connection.awaitNext()
    }
}

func copy(_ bytes: Span<UInt8>) -> [UInt8] {
    [UInt8](capacity: bytes.count) { out in
        for index in bytes.indices { out.append(bytes[index]) }
    }
}

func text(_ bytes: Span<UInt8>) -> String { String(decoding: copy(bytes), as: UTF8.self) }
