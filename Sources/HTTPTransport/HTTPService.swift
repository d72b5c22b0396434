public import HTTP1
public import Reactor

/// A small HTTP/1.1 server on one thread for requests that fit in memory: health probes and the
/// backend's front. Heads are parsed as strictly as the gateway's, bodies are bounded, and handlers
/// that need time answer through a mailbox.
public struct HTTPService: ~Copyable {
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
    /// Dropped at most from a peer that goes on sending after its last reply.
    private static let lingerBytesMax = 1_048_576

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
                    outputBytesMax: bounds.replyBytesMax + 2 * ByteStream.outputBytesHigh)
                let guest = Guest(connection, bodyBytesMax: bounds.bodyBytesMax)
                // At the bound the guest is dropped, and its connection closed with it.
                guard let key = guests.insert(guest) else { continue }
                do throws(SystemFault) {
                    try poller.add(number, key: key)
                } catch {
                    _ = guests.remove(key)
                    continue
                }
                watch(guest, key)
            case .exhausted:
                acceptAgainAt = now.advanced(byMilliseconds: 100)
                return
            case .wouldBlock: return
            case nil: return
            }
        }
    }

    /// Moves one connection on as far as it goes, and sets the deadline of what it waits for.
    private mutating func serve(
        _ key: SlotKey, _ handle: (ServiceRequest) -> ServiceAnswer,
        _ refuse: (ServiceDefect) -> ServiceReply
    ) {
        advance(key, handle, refuse)
        if guests.contains(key) { watch(guests[key], key) }
    }

    private mutating func advance(
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
                guard connection.stream.output.isEmpty,
                    connection.stream.endOutput() == .moved
                else { return }
                if connection.drain(bytesMax: Self.lingerBytesMax) != .blocked { drop(key) }
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
                    keepsAlive: head.keepAlive && head.version != .http10 && drainUntil == nil)
                if head.expectsContinue, head.version != .http10 {
                    connection.stream.output.append("HTTP/1.1 100 Continue\r\n\r\n")
                }
                return true
            case .starved:
                if case .awaitingHead(started: true) = connection.phase,
                    connection.headSince == nil
                {
                    // Once a head, not once a byte: who drips gets no more time than others.
                    connection.headSince = now
                }
                releaseMemory(of: guest)
                return false
            case .ended:
                // It may still be reading (half-close).
                connection.phase = .lingering
                return true
            case .failed:
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
        case .later: guest.awaitsReply = true
        }
        return true
    }

    /// Writes the reply and gets ready for the next request, or for the end.
    private mutating func send(_ reply: ServiceReply, to guest: Guest, _ key: SlotKey) {
        let connection = guest.connection
        guard reply.fits(connection.stream.output.freeCapacityMax) else {
            return send(.beyondBound, to: guest, key)
        }
        let closes = reply.closes || !connection.keepsAlive || drainUntil != nil
        reply.write(
            isHead: guest.method == .head, closes: closes, now: WallClock.now(),
            to: &connection.stream.output)
        if closes { connection.phase = .lingering } else { connection.awaitNext() }
    }

    /// The last answer of a connection whose bytes can no longer be told apart.
    private mutating func end(_ guest: Guest, with reply: ServiceReply, _ key: SlotKey) {
        guest.connection.keepsAlive = false
        guest.method = .get
        send(reply, to: guest, key)
    }

    private mutating func watch(_ guest: Guest, _ key: SlotKey) {
        wheel.schedule(key, at: guest.due(bounds, now).at)
    }

    private mutating func expire(_ key: SlotKey, _ refuse: (ServiceDefect) -> ServiceReply) {
        guard guests.contains(key) else { return }
        let guest = guests[key]
        let due = guest.due(bounds, now)
        guard now >= due.at else { return wheel.schedule(key, at: due.at) }
        switch due.subject {
        case .head, .body, .response:
            let defect = guest.awaitsReply ? ServiceDefect.replyOverdue : .timeout
            guest.awaitsReply = false
            end(guest, with: refuse(defect), key)
            if case .failed = guest.connection.stream.flush() { return drop(key) }
            watch(guest, key)
        case .nothing, .handshake, .request, .output, .turn, .close: drop(key)
        }
    }

    private mutating func closeIdle() {
        var key = guests.key(after: nil)
        while let current = key {
            key = guests.key(after: current)
            let connection = guests[current].connection
            guard connection.phase == .awaitingHead(started: false) else { continue }
            if connection.stream.output.isEmpty {
                drop(current)
            } else {
                connection.phase = .lingering
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
        guard let guest = guests.remove(key) else { return }
        // A reply that is not whole must not look whole.
        if !guest.connection.stream.output.isEmpty { guest.connection.stream.abort() }
    }
}
