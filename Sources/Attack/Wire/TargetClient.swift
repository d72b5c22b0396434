import HTTP1
import HTTPTransport
import Reactor
import TLS

/// What became of one request.
enum Outcome: Sendable {
    case answer(Answer)
    /// The connection was taken and ended without an answer.
    case closed
    /// Nothing, or not all of it, within the deadline.
    case silent
    /// Bytes that are no HTTP answer.
    case unreadable([UInt8])
}

/// Why nothing can be asked.
struct Unreachable: Error { let reason: String }

/// Asks the target one request at a time, each on a connection of its own, so that nothing of an
/// attack is left over for the next.
struct TargetClient: ~Copyable {
    static let answerBytesMax = 1 << 20
    static let patienceMilliseconds: UInt64 = 15_000

    let location: TargetLocation
    private let context: TLSClientContext?
    /// Those that the name has; the first is the one that answered last.
    private var addresses: [SocketAddress]

    /// - Parameter authorities: PEM certificates to trust; the system's when `nil`.
    init(_ location: TargetLocation, authorities: [UInt8]?) throws(Unreachable) {
        let context = try Self.context(location, authorities)
        let addresses = try Self.resolve(location)
        self.location = location
        self.context = context
        self.addresses = addresses
    }

    private static func context(
        _ location: TargetLocation, _ authorities: [UInt8]?
    ) throws(Unreachable) -> TLSClientContext? {
        guard location.isSecure else { return nil }
        do throws(TLSFault) {
            guard let authorities else { return try TLSClientContext() }
            return try TLSClientContext(trust: .authorities(pem: authorities))
        } catch {
            throw Unreachable(reason: "--ca takes a file of certificates: \(error)")
        }
    }

    private static func resolve(
        _ location: TargetLocation
    ) throws(Unreachable) -> [SocketAddress] {
        if let address = IPAddress(location.host) { return [.ip(address, port: location.port)] }
        let deadline = Monotonic.now().advanced(byMilliseconds: 10_000)
        if let resolver = try? Resolver(), let answers = try? Mailbox<NameAnswer>(capacity: 4),
            (try? resolver.resolve(location.host, token: 1, replyTo: answers)) != nil
        {
            var batch: [NameAnswer] = []
            answers.wait(until: deadline, into: &batch)
            if let found = try? batch.first?.result.get(), !found.isEmpty {
                return found.map { .ip($0, port: location.port) }
            }
        }
        throw Unreachable(reason: "`\(location.host)` cannot be resolved")
    }

    /// Sends `bytes` and waits for the answer.
    ///
    /// - Throws: when there is no connection to be had, or its TLS is not valid.
    mutating func ask(
        _ bytes: [UInt8], method: KnownMethod, until limit: Monotonic
    ) throws(Unreachable) -> Outcome {
        let deadline = min(
            limit, Monotonic.now().advanced(byMilliseconds: Self.patienceMilliseconds))
        var reason = "nobody listens there"
        for index in addresses.indices {
            let connection: ClientConnection
            do throws(StreamFault) {
                connection = try ClientConnection(
                    to: addresses[index], target: 0, context: context,
                    serverName: location.host)
            } catch {
                continue
            }
            var visit: Visit
            do throws(SystemFault) {
                visit = try Visit(connection, deadline)
            } catch {
                throw Unreachable(reason: "the system refuses: \(error)")
            }
            if let problem = visit.establish() {
                reason = problem
                continue
            }
            if index > 0 { addresses.swapAt(0, index) }
            return visit.exchange(bytes, method)
        }
        throw Unreachable(reason: "`\(location.origin)` cannot be reached: \(reason)")
    }

    /// Waits without asking anything.
    static func pause(until deadline: Monotonic) {
        guard var poller = try? Poller(eventsMax: 1) else { return }
        while true {
            let now = Monotonic.now()
            guard now < deadline, (try? poller.wait(until: deadline, now: now)) != nil else {
                return
            }
        }
    }
}

/// One connection, driven by blocking waits.
private struct Visit: ~Copyable {
    private let connection: ClientConnection
    private var poller: Poller
    private let deadline: Monotonic

    init(_ connection: ClientConnection, _ deadline: Monotonic) throws(SystemFault) {
        let poller = try Poller(eventsMax: 4)
        try poller.add(connection.stream.descriptor, key: .fixed(0))
        self.poller = poller
        self.connection = connection
        self.deadline = deadline
    }

    /// - Returns: `false` when there is no more time.
    private mutating func wait() -> Bool {
        let now = Monotonic.now()
        guard now < deadline, (try? poller.wait(until: deadline, now: now)) != nil else {
            return false
        }
        for index in 0..<poller.count {
            connection.stream.becameReady(poller[index].readiness)
        }
        return true
    }

    /// - Returns: why there is no connection.
    mutating func establish() -> String? {
        while true {
            switch connection.establish() {
            case .moved: return nil
            case .blocked: guard wait() else { return "no answer in time" }
            case .failed(.tls(let failure)): return "its TLS is not valid: \(failure)"
            case .full, .ended, .failed: return "the connection is refused"
            }
        }
    }

    mutating func exchange(_ bytes: [UInt8], _ method: KnownMethod) -> Outcome {
        connection.begin()
        connection.stream.output.append(bytes)
        let start = Monotonic.now()
        // A server may answer and close before it has read everything: what it says counts.
        while case .blocked = connection.stream.flush() {
            guard !connection.stream.isReadable else { break }
            guard wait() else { return .silent }
        }
        var head = ResponseHead()
        do throws(HTTPViolation) {
            guard let length = try readHead(&head, method) else { return ending }
            let fields = Answer.fields(of: head, in: connection.stream.input)
            let first = Monotonic.now().nanoseconds(since: start)
            connection.begin(headLength: length, framing: head.framing, keepsAlive: false)
            guard let body = try readBody() else { return .silent }
            return .answer(
                Answer(
                    status: head.status, fields: fields, body: body, nanoseconds: first))
        } catch {
            return .unreadable(connection.stream.input.bytes)
        }
    }

    private var ended = false

    private var ending: Outcome {
        guard ended else { return .silent }
        let left = connection.stream.input.bytes
        return left.isEmpty ? .closed : .unreadable(left)
    }

    private mutating func readHead(
        _ head: inout ResponseHead, _ method: KnownMethod
    ) throws(HTTPViolation) -> Int? {
        while true {
            switch try connection.readHead(into: &head, limits: .response, answering: method) {
            case .head(let length):
                guard head.isInterim else { return length }
                try connection.skipInterim(headLength: length)
            case .starved: guard wait() else { return nil }
            case .ended, .failed:
                ended = true
                return nil
            }
        }
    }

    /// What is beyond the bound is not looked at; a body that is cut short is what there is of it.
    private mutating func readBody() throws(HTTPViolation) -> [UInt8]? {
        var body = ByteBuffer(
            capacityMax: TargetClient.answerBytesMax + 2 * BodyReader.pieceBytesMax)
        while true {
            let moved = try connection.moveBody(
                to: &body, as: .plain, high: TargetClient.answerBytesMax)
            switch moved {
            case .success(.ended), .success(.full), .failure: return body.bytes
            case .success(.moved): continue
            case .success(.starved): guard wait() else { return nil }
            }
        }
    }
}
