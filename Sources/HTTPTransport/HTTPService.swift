public import HTTP1
public import Reactor

/// A request as a service sees it: whole, with its body, in memory.
public struct ServiceRequest: Sendable {
    public struct Field: Sendable {
        public let name: [UInt8]
        public let value: [UInt8]
    }

    /// Names the connection to answer.
    public let key: SlotKey
    public let method: KnownMethod
    public let path: [UInt8]
    public let query: [UInt8]?
    public let fields: [Field]
    public let body: [UInt8]
    public let arrived: Monotonic

    /// The value of the only field of this name, compared without case; `nil` when it is absent or
    /// repeated.
    public func only(_ name: StaticString) -> [UInt8]? {
        var found: [UInt8]?
        for field in fields where field.name.span.equalsIgnoringCase(name) {
            guard found == nil else { return nil }
            found = field.value
        }
        return found
    }
}

/// The answer to a `ServiceRequest`: a whole response without framing and date, which the service
/// adds.
public struct ServiceReply: Sendable {
    public var status: UInt16
    /// Written as they are: no CR, LF or NUL, no framing field, no `Date`.
    public var fields: [(name: StaticString, value: [UInt8])]
    public var body: [UInt8]
    public var closes: Bool

    public init(
        status: UInt16, fields: [(name: StaticString, value: [UInt8])] = [], body: [UInt8] = [],
        closes: Bool = false
    ) {
        self.status = status
        self.fields = fields
        self.body = body
        self.closes = closes
    }
}

/// What a service's handler says to a request.
public enum ServiceAnswer: Sendable {
    case now(ServiceReply)
    /// The reply will be posted to `HTTPService.replies` under the request's key.
    case later
}

/// A request that never reached the handler.
public enum ServiceDefect: Equatable, Sendable {
    case violation(HTTPViolation)
    case bodyTooLarge
    /// The client took too long for its head or its body.
    case timeout
    /// The handler that promised an answer for later took too long; the reply it may still post
    /// is dropped.
    case replyOverdue
    case draining
}

/// A small HTTP/1.1 server on one thread for requests that fit in memory: health probes and the
/// backend's front. Heads are parsed as strictly as the gateway's, bodies are bounded, and handlers
/// that need time answer through a mailbox.
public struct HTTPService: ~Copyable {
    public struct Bounds: Sendable {
        public var connectionsMax = 4_096
        public var bodyBytesMax = 1_048_576
        /// A reply that would not fit is answered 500: handlers page by bytes.
        public var replyBytesMax = 8_388_608
        /// From the first byte of a head to its last, in total.
        public var headMilliseconds: UInt64 = 10_000
        /// From the end of the head to the end of the body, in total.
        public var bodyMilliseconds: UInt64 = 30_000
        /// From the end of the request until a handler that said "later" has answered.
        public var replyMilliseconds: UInt64 = 30_000
        /// Between two requests.
        public var idleMilliseconds: UInt64 = 60_000
        public var lingerMilliseconds: UInt64 = 1_000
        public init() {}
    }

    /// One connection with the request it is sending. Not private: the service is destroyed in
    /// other targets, whose code then has to name this type.
    final class Guest {
        let connection: ServerConnection
        var body: ByteBuffer
        var method = KnownMethod.get
        var path: [UInt8] = []
        var query: [UInt8]?
        var fields: [ServiceRequest.Field] = []
        var awaitsReply = false

        init(_ connection: ServerConnection, bodyBytesMax: Int) {
            self.connection = connection
            // One read beyond the bound, so that reaching it is noticed and not a trap.
            body = ByteBuffer(capacityMax: bodyBytesMax + BodyReader.pieceBytesMax)
        }
    }

    /// Replies of other threads, by request key.
    public let replies: Mailbox<(SlotKey, ServiceReply)>
    /// Posting here ends `run`, after open requests were answered or `drainMilliseconds` passed.
    public let stops: Mailbox<UInt64>

    private var listener: Listener?
    private var poller: Poller
    private var guests: Slab<Guest>
    private var wheel: TimerWheel
    private var head = RequestHead()
    private let limits: HeadLimits
    private let bounds: Bounds
    private var now = Monotonic.now()
    private var acceptAgainAt: Monotonic?
    private var drainUntil: Monotonic?

    private static let listenerKey = SlotKey.fixed(0)
    private static let repliesKey = SlotKey.fixed(1)
    private static let stopsKey = SlotKey.fixed(2)
    private static let firstGuest: UInt32 = 8
    /// Of each buffer of an idle connection.
    private static let idleBytesKept = 65_536

    public init(
        listener: consuming Listener, limits: HeadLimits = .request, bounds: Bounds = Bounds()
    ) throws(SystemFault) {
        // Everything that may throw comes before the first field is filled.
        let replies = try Mailbox<(SlotKey, ServiceReply)>(capacity: bounds.connectionsMax * 2)
        let stops = try Mailbox<UInt64>(capacity: 16)
        let poller = try Poller()
        try poller.add(listener.number, key: Self.listenerKey)
        try poller.add(replies.number, key: Self.repliesKey)
        try poller.add(stops.number, key: Self.stopsKey)
        self.replies = replies
        self.stops = stops
        self.poller = poller
        self.limits = limits
        self.bounds = bounds
        guests = Slab(capacity: bounds.connectionsMax, firstIndex: Self.firstGuest)
        wheel = TimerWheel(
            capacity: bounds.connectionsMax + Int(Self.firstGuest), tickMilliseconds: 32,
            now: .now())
        self.listener = .some(listener)
    }

    /// Serves until told to stop.
    ///
    /// - Parameters:
    ///   - handle: called on this thread; must not block.
    ///   - refuse: makes the answer to a request that is not one.
    public mutating func run(
        handle: (ServiceRequest) -> ServiceAnswer, refuse: (ServiceDefect) -> ServiceReply
    ) throws(SystemFault) {
        var posted: [(SlotKey, ServiceReply)] = []
        var stopping: [UInt64] = []
        while true {
            if let drainUntil, guests.count == 0 || now >= drainUntil { return }
            var deadline = wheel.nextDeadline
            for other in [acceptAgainAt, drainUntil] {
                if let other { deadline = min(deadline ?? other, other) }
            }
            try poller.wait(until: deadline)
            now = .now()
            for index in 0..<poller.count {
                let event = poller[index]
                switch event.key {
                case Self.listenerKey: accept()
                case Self.repliesKey:
                    replies.drain(into: &posted)
                    for (key, reply) in posted where guests.contains(key) {
                        let guest = guests[key]
                        guard guest.awaitsReply else { continue }
                        guest.awaitsReply = false
                        send(reply, to: guest, key)
                        serve(key, handle, refuse)
                    }
                case Self.stopsKey:
                    stops.drain(into: &stopping)
                    // The bell is writable from the start, which is an event too.
                    guard let patience = stopping.max() else { continue }
                    listener = nil
                    drainUntil = now.advanced(byMilliseconds: patience)
                    closeIdle()
                default:
                    guard guests.contains(event.key) else { continue }
                    guests[event.key].connection.stream.becameReady(event.readiness)
                    serve(event.key, handle, refuse)
                }
            }
            if let again = acceptAgainAt, now >= again {
                acceptAgainAt = nil
                accept()
            }
            while let key = wheel.expired(now: now) { expire(key, refuse) }
        }
    }

    private mutating func accept() {
        while listener != nil {
            switch listener?.accept() {
            case .accepted(let socket, let peer):
                let number = socket.number
                let connection = ServerConnection(
                    socket: socket, session: nil, peer: peer,
                    outputBytesMax: bounds.replyBytesMax + ByteStream.outputBytesHigh)
                let guest = Guest(connection, bodyBytesMax: bounds.bodyBytesMax)
                // At the bound the guest is dropped, and its connection closed with it.
                guard let key = guests.insert(guest) else { continue }
                do throws(SystemFault) {
                    try poller.add(number, key: key)
                } catch {
                    _ = guests.remove(key)
                    continue
                }
                wheel.schedule(key, at: now.advanced(byMilliseconds: bounds.headMilliseconds))
            case .exhausted:
                acceptAgainAt = now.advanced(byMilliseconds: 100)
                return
            case .wouldBlock: return
            case nil: return
            }
        }
    }

    /// Moves one connection on as far as it goes.
    private mutating func serve(
        _ key: SlotKey, _ handle: (ServiceRequest) -> ServiceAnswer,
        _ refuse: (ServiceDefect) -> ServiceReply
    ) {
        while guests.contains(key) {
            let guest = guests[key]
            let connection = guest.connection
            if case .failed = connection.stream.flush() { return drop(key) }
            // A peer that does not read its answers gets no more of them.
            guard connection.stream.output.count < ByteStream.outputBytesHigh else { return }
            switch connection.phase {
            case .handshaking: return drop(key)
            case .awaitingHead:
                guard readHead(key, guest, refuse) else { return }
            case .exchanging:
                guard !guest.awaitsReply else { return }
                guard readBody(key, guest, handle, refuse) else { return }
            case .lingering:
                guard connection.stream.output.isEmpty else { return }
                connection.stream.endOutput()
                if connection.drain(bytesMax: 65_536) { drop(key) }
                return
            }
        }
    }

    /// Answers whether there is more to do at once.
    private mutating func readHead(
        _ key: SlotKey, _ guest: Guest, _ refuse: (ServiceDefect) -> ServiceReply
    ) -> Bool {
        let connection = guest.connection
        do throws(HTTPViolation) {
            switch try connection.readHead(into: &head, limits: limits) {
            case .head(let length):
                adopt(connection.stream.input, into: guest)
                // Asked before "100 Continue", which would invite what is refused.
                if case .length(let count) = head.framing, count > UInt64(bounds.bodyBytesMax) {
                    end(guest, with: refuse(.bodyTooLarge), key)
                    return true
                }
                connection.begin(
                    headLength: length, framing: head.framing,
                    keepsAlive: head.keepAlive && drainUntil == nil)
                if head.expectsContinue {
                    connection.stream.output.append("HTTP/1.1 100 Continue\r\n\r\n")
                }
                let patience = bounds.bodyMilliseconds
                wheel.schedule(key, at: now.advanced(byMilliseconds: patience))
                return true
            case .starved:
                if case .awaitingHead(started: true) = connection.phase,
                    connection.headSince == nil
                {
                    // Once a head, not once a byte: who drips gets no more time than others.
                    connection.headSince = now
                    wheel.schedule(key, at: now.advanced(byMilliseconds: bounds.headMilliseconds))
                }
                releaseMemory(of: guest)
                return false
            case .ended, .failed:
                drop(key)
                return false
            }
        } catch {
            end(guest, with: refuse(.violation(error)), key)
            return true
        }
    }

    private mutating func adopt(_ bytes: borrowing ByteBuffer, into guest: Guest) {
        let view = bytes.readable
        guest.body.removeAll()
        guest.method = head.method
        guest.path = Self.copy(view[head.target.path])
        guest.query = head.target.query.map { Self.copy(view[$0]) }
        guest.fields.removeAll(keepingCapacity: true)
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            guest.fields.append(
                ServiceRequest.Field(
                    name: Self.copy(view[field.name]), value: Self.copy(view[field.value])))
        }
    }

    private static func copy(_ bytes: Span<UInt8>) -> [UInt8] {
        [UInt8](capacity: bytes.count) { out in
            for index in bytes.indices { out.append(bytes[index]) }
        }
    }

    private mutating func readBody(
        _ key: SlotKey, _ guest: Guest, _ handle: (ServiceRequest) -> ServiceAnswer,
        _ refuse: (ServiceDefect) -> ServiceReply
    ) -> Bool {
        let connection = guest.connection
        do throws(HTTPViolation) {
            let moved = try connection.moveBody(
                to: &guest.body, as: .plain, high: bounds.bodyBytesMax + 1)
            guard guest.body.count <= bounds.bodyBytesMax else {
                end(guest, with: refuse(.bodyTooLarge), key)
                return true
            }
            switch moved {
            case .success(.ended): break
            case .success(.full):
                end(guest, with: refuse(.bodyTooLarge), key)
                return true
            case .success(.moved), .success(.starved): return false
            case .failure:
                drop(key)
                return false
            }
        } catch {
            end(guest, with: refuse(.violation(error)), key)
            return true
        }
        let request = ServiceRequest(
            key: key, method: guest.method, path: guest.path, query: guest.query,
            fields: guest.fields, body: guest.body.bytes, arrived: now)
        guest.body.removeAll()
        switch handle(request) {
        case .now(let reply): send(reply, to: guest, key)
        case .later:
            guest.awaitsReply = true
            wheel.schedule(key, at: now.advanced(byMilliseconds: bounds.replyMilliseconds))
        }
        return true
    }

    /// Writes the reply and gets ready for the next request, or for the end.
    private mutating func send(_ reply: ServiceReply, to guest: Guest, _ key: SlotKey) {
        let connection = guest.connection
        let closes = reply.closes || !connection.keepsAlive || drainUntil != nil
        Self.write(
            reply, isHead: guest.method == .head, closes: closes, now: WallClock.now(),
            to: &connection.stream.output)
        if closes {
            connection.phase = .lingering
            wheel.schedule(key, at: now.advanced(byMilliseconds: bounds.lingerMilliseconds))
        } else {
            connection.awaitNext()
            wheel.schedule(key, at: now.advanced(byMilliseconds: bounds.idleMilliseconds))
        }
    }

    /// The last answer of a connection whose bytes can no longer be told apart.
    private mutating func end(_ guest: Guest, with reply: ServiceReply, _ key: SlotKey) {
        guest.connection.keepsAlive = false
        guest.method = .get
        send(reply, to: guest, key)
    }

    private static func write(
        _ reply: ServiceReply, isHead: Bool, closes: Bool, now: WallClock,
        to output: inout ByteBuffer
    ) {
        // A reply that does not fit its buffer is the handler's bug; it is answered as one.
        var fieldBytes = 0
        for field in reply.fields { fieldBytes += field.name.utf8CodeUnitCount + field.value.count }
        guard reply.body.count + fieldBytes + 1_024 <= output.freeCapacityMax else {
            output.append("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n")
            output.append("Connection: close\r\n\r\n")
            return
        }
        output.append("HTTP/1.1 ")
        output.append(decimal: UInt64(reply.status))
        output.append(" ")
        output.append(HTTPStatus.reason(reply.status))
        output.append("\r\nDate: ")
        output.appendDate(epochSeconds: now.seconds)
        for field in reply.fields {
            output.append("\r\n")
            output.append(field.name)
            output.append(": ")
            output.append(field.value.span)
        }
        if reply.status != 204 {
            output.append("\r\nContent-Length: ")
            output.append(decimal: UInt64(reply.body.count))
        }
        if closes { output.append("\r\nConnection: close") }
        output.append("\r\n\r\n")
        if !isHead { output.append(reply.body.span) }
    }

    private mutating func expire(_ key: SlotKey, _ refuse: (ServiceDefect) -> ServiceReply) {
        guard guests.contains(key) else { return }
        let guest = guests[key]
        switch guest.connection.phase {
        case .awaitingHead(started: true), .exchanging:
            let defect = guest.awaitsReply ? ServiceDefect.replyOverdue : .timeout
            guest.awaitsReply = false
            end(guest, with: refuse(defect), key)
            if case .failed = guest.connection.stream.flush() { drop(key) }
        case .awaitingHead, .handshaking, .lingering: drop(key)
        }
    }

    private mutating func closeIdle() {
        var key = guests.key(after: nil)
        while let current = key {
            key = guests.key(after: current)
            if guests[current].connection.phase == .awaitingHead(started: false) {
                drop(current)
            }
        }
    }

    /// Memory that one large request or reply took does not stay with an idle connection.
    private func releaseMemory(of guest: Guest) {
        if guest.body.allocated > Self.idleBytesKept { guest.body.release() }
        if guest.connection.stream.output.allocated > Self.idleBytesKept
            || guest.connection.stream.input.allocated > Self.idleBytesKept
        {
            guest.connection.stream.releaseEmptyBuffers()
        }
    }

    private mutating func drop(_ key: SlotKey) {
        wheel.cancel(key)
        _ = guests.remove(key)
    }
}
