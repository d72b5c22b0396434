import Foundation
import Glibc
import Synchronization

/// An HTTP server that keeps the exact bytes of every request on every connection and answers what
/// a script says.
public final class RecorderUpstream: Sendable {
    /// One request as it came.
    public struct Request: Sendable {
        /// Counts connections from 0.
        public let connection: Int
        /// Request line, fields and the empty line.
        public let head: [UInt8]
        /// The body with its framing: chunk sizes included.
        public let body: [UInt8]

        public var bytes: [UInt8] { head + body }
        public var headText: String { String(decoding: head, as: UTF8.self) }
        public var requestLine: String { headText.components(separatedBy: "\r\n")[0] }

        /// All values of a field, whatever the case of its name, in order of arrival.
        public func all(_ name: String) -> [String] {
            headText.components(separatedBy: "\r\n").dropFirst().compactMap { line in
                guard let colon = line.firstIndex(of: ":"),
                    line[..<colon].lowercased() == name.lowercased()
                else { return nil }
                return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            }
        }
    }

    /// What happens after a request was read.
    public enum Answer: Sendable {
        /// These bytes, and the connection stays open.
        case bytes([UInt8])
        /// These bytes, then the end.
        case bytesThenClose([UInt8])
        /// These pieces with a pause before each.
        case pieces([[UInt8]], pauseMilliseconds: Int32)
        /// Nothing, and the connection stays open.
        case silence
        /// A reset.
        case reset

        /// A complete answer with a body and `Content-Length`.
        public static func response(
            _ status: Int = 200, _ body: String = "ok", fields: [String] = []
        ) -> Answer {
            let lines =
                ["HTTP/1.1 \(status) Scripted", "Content-Length: \(body.utf8.count)"] + fields
            return .bytes(Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8))
        }
    }

    /// Seconds a connection may be idle before the recorder gives it up.
    private static let idleSeconds = 30.0

    /// 0 for a Unix socket.
    public let port: UInt16
    private let listener: RawSocket
    private let script: @Sendable (Request) -> Answer
    private let state = Mutex(State())

    private struct State {
        var requests: [Request] = []
        var connections = 0
        var openSockets: [Int: RawSocket] = [:]
        var leftovers: [Int: [UInt8]] = [:]
        var isStopped = false
    }

    /// Listens at once; `script` runs on the thread of the connection.
    public convenience init(
        address: String = "127.0.0.1",
        script: @escaping @Sendable (Request) -> Answer = { _ in .response() }
    ) throws {
        let listener = try RawSocket.listen(address: address)
        try self.init(listener, port: listener.port, script)
    }

    /// The same on a Unix socket.
    public convenience init(
        path: String, script: @escaping @Sendable (Request) -> Answer = { _ in .response() }
    ) throws {
        try self.init(RawSocket.listen(path: path), port: 0, script)
    }

    private init(
        _ listener: RawSocket, port: UInt16, _ script: @escaping @Sendable (Request) -> Answer
    ) throws {
        self.listener = listener
        self.port = port
        self.script = script
        let thread = Thread { [weak self, listener] in
            // The listener outlives the recorder by one round at most.
            while true {
                let arrival = listener.accept(seconds: 0.25)
                guard let self, !self.state.withLock({ $0.isStopped }) else { return }
                if let arrival { self.serve(arrival) }
            }
        }
        thread.start()
    }

    deinit { stop() }

    /// Closes every connection and answers no more.
    public func stop() {
        let open = state.withLock { state in
            state.isStopped = true
            defer { state.openSockets = [:] }
            return Array(state.openSockets.values)
        }
        listener.shutDown(Int32(SHUT_RDWR))
        for socket in open { socket.shutDown(Int32(SHUT_RDWR)) }
    }

    /// Every request so far, in order of arrival.
    public var requests: [Request] { state.withLock { $0.requests } }

    /// How many connections were accepted so far.
    public var connectionCount: Int { state.withLock { $0.connections } }

    /// Bytes of a connection that make no whole request (yet).
    public func leftover(connection: Int) -> [UInt8] {
        state.withLock { $0.leftovers[connection] ?? [] }
    }

    /// Waits until `count` requests have come.
    public func waitForRequests(_ count: Int) throws -> [Request] {
        try eventually("\(count) requests, have \(requests.count)") {
            requests.count >= count
        }
        return requests
    }

    private func serve(_ socket: RawSocket) {
        let number = state.withLock { state in
            defer { state.connections += 1 }
            state.openSockets[state.connections] = socket
            return state.connections
        }
        let thread = Thread { [weak self] in
            var pending: [UInt8] = []
            while let more = socket.receive(seconds: Self.idleSeconds), !more.isEmpty {
                guard let self else { return }
                pending += more
                while let (head, body) = RequestFraming.split(pending) {
                    pending.removeFirst(head.count + body.count)
                    let request = Request(connection: number, head: head, body: body)
                    self.state.withLock { $0.requests.append(request) }
                    guard self.answer(request, on: socket) else {
                        self.forget(number)
                        return
                    }
                }
                let leftover = pending
                self.state.withLock { $0.leftovers[number] = leftover }
            }
            self?.forget(number)
        }
        thread.start()
    }

    /// Whether the connection goes on.
    private func answer(_ request: Request, on socket: RawSocket) -> Bool {
        switch script(request) {
        case .bytes(let bytes): return (try? socket.send(bytes)) != nil
        case .bytesThenClose(let bytes):
            try? socket.send(bytes)
            socket.shutDown(Int32(SHUT_RDWR))
            return false
        case .pieces(let pieces, let milliseconds):
            for piece in pieces {
                _ = poll(nil, 0, milliseconds)
                guard (try? socket.send(piece)) != nil else { return false }
            }
            return true
        case .silence: return true
        case .reset:
            socket.resetOnClose()
            return false
        }
    }

    private func forget(_ connection: Int) {
        state.withLock { $0.openSockets[connection] = nil }
    }
}

/// Where one request ends. Written for the well-formed requests a gateway sends, and independent of
/// the project's own parser on purpose.
enum RequestFraming {
    /// Head and framed body of the first request, or `nil` while it is not whole.
    static func split(_ bytes: [UInt8]) -> (head: [UInt8], body: [UInt8])? {
        guard let end = position(after: Array("\r\n\r\n".utf8), in: bytes) else { return nil }
        let head = Array(bytes[..<end])
        let rest = Array(bytes[end...])
        let lines = String(decoding: head, as: UTF8.self).lowercased()
            .components(separatedBy: "\r\n")
        if lines.contains(where: { $0.hasPrefix("transfer-encoding:") && $0.contains("chunked") }) {
            guard let length = chunkedLength(rest) else { return nil }
            return (head, Array(rest[..<length]))
        }
        let declared = lines.first { $0.hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) }
        let length = max(0, declared ?? 0)
        return rest.count >= length ? (head, Array(rest[..<length])) : nil
    }

    private static func chunkedLength(_ bytes: [UInt8]) -> Int? {
        var place = 0
        while let line = position(after: [13, 10], in: Array(bytes[place...])) {
            let text = String(decoding: bytes[place..<(place + line)], as: UTF8.self)
            guard let size = Int(text.prefix { $0.isHexDigit }, radix: 16) else { return nil }
            place += line
            if size == 0 { break }
            guard bytes.count >= place + size + 2 else { return nil }
            place += size + 2
        }
        // Trailers up to the empty line.
        while let line = position(after: [13, 10], in: Array(bytes[place...])) {
            place += line
            if line == 2 { return place }
        }
        return nil
    }
}
