import HTTP1
import HTTPTransport
import Policy
import Reactor
import Telemetry

/// The client's side: handshakes, heads, the last bytes of the answer.
extension GatewayWorker {
    /// Rounds of moving one connection gets before the others have their turn.
    static let roundsMax = 32
    /// Bytes dropped at a time from a connection that has had its last answer.
    static let lingerBytes = 262_144

    /// What one attempt to move came to. An exchange or connection may be gone afterwards,
    /// whichever it says; whoever goes on looks first.
    enum Step {
        /// There may be more to do at once.
        case moved
        /// An event or a deadline will tell when there is.
        case waiting
    }

    func clientBecameReady(_ key: SlotKey, _ readiness: Readiness) {
        let connection = clients[key]
        connection.stream.becameReady(readiness)
        switch connection.phase {
        case .exchanging, .awaitingHead:
            // A reset client reads no answer, and its request must not take anybody's turn.
            if readiness.contains(.error) { return dropClient(key) }
        case .handshaking, .lingering: break
        }
        moveOn(connection, key)
    }

    /// Moves a client connection and its exchange on as far as they go without waiting.
    func advanceClient(_ key: SlotKey) {
        guard clients.contains(key) else { return }
        moveOn(clients[key], key)
    }

    private func moveOn(_ connection: ServerConnection, _ key: SlotKey) {
        for _ in 0..<Self.roundsMax {
            let step = advance(connection, key)
            guard clients.contains(key) else { return }
            if step == .waiting { return watch(connection, key) }
        }
        guard !connection.isUnfinished else { return }
        connection.isUnfinished = true
        unfinished.append(key)
    }

    /// Goes on with those who would have held up the others.
    func advanceUnfinished() {
        guard !unfinished.isEmpty else { return }
        swap(&unfinished, &unfinishedNow)
        for key in unfinishedNow where clients.contains(key) {
            clients[key].isUnfinished = false
            advanceClient(key)
        }
        unfinishedNow.removeAll(keepingCapacity: true)
    }

    private func advance(_ connection: ServerConnection, _ key: SlotKey) -> Step {
        switch connection.phase {
        case .handshaking: return shakeHands(connection, key)
        case .awaitingHead:
            guard flush(connection, key), !connection.awaitsTurn else { return .waiting }
            return readRequest(connection, key)
        case .exchanging:
            guard let exchangeKey = connection.exchange, exchanges.contains(exchangeKey) else {
                dropClient(key)
                return .waiting
            }
            return advance(exchangeKey, connection, key)
        case .lingering: return linger(connection, key)
        }
    }

    private func shakeHands(_ connection: ServerConnection, _ key: SlotKey) -> Step {
        switch connection.stream.handshake() {
        case .moved:
            counters.handshakes.increment()
            connection.phase = .awaitingHead(started: false)
            return .moved
        case .blocked: return .waiting
        case .full, .ended, .failed:
            counters.handshakesFailed.increment()
            dropClient(key)
            return .waiting
        }
    }

    /// Sends what waits; `false` when the connection is gone or its peer reads too slowly for more.
    private func flush(_ connection: ServerConnection, _ key: SlotKey) -> Bool {
        switch connection.stream.flush() {
        case .moved: return true
        case .blocked: return connection.stream.output.count < ByteStream.outputBytesHigh
        case .full, .ended, .failed:
            dropClient(key)
            return false
        }
    }

    private func readRequest(_ connection: ServerConnection, _ key: SlotKey) -> Step {
        do throws(HTTPViolation) {
            planned = nil
            switch try connection.readHead(into: &requestHead, limits: requestLimits) {
            case .head(let length): begin(connection, key, headLength: length)
            case .starved:
                // Once a head, not once a byte: who drips gets no more time than others.
                if connection.phase == .awaitingHead(started: true), connection.headSince == nil {
                    connection.headSince = now
                }
                return .waiting
            case .ended:
                // A client may have said all it has to say and still be reading (half-close).
                lingerFrom(connection)
            case .failed: dropClient(key)
            }
        } catch {
            refuseUnreadable(connection, key, error)
        }
        return .moved
    }

    /// A connection whose bytes are no request any more is answered once and closed.
    private func refuseUnreadable(
        _ connection: ServerConnection, _ key: SlotKey, _ violation: HTTPViolation
    ) {
        guard let exchange = open(connection, key) else { return }
        exchange.observation.violation = violation.code
        connection.begin(
            headLength: connection.stream.input.count, framing: .none, keepsAlive: false)
        refuse(exchange, Refusal(violation))
    }

    /// Gives the connection an exchange; at the bound it is closed.
    func open(_ connection: ServerConnection, _ key: SlotKey) -> Exchange? {
        let exchange = spareExchanges.popLast() ?? Exchange()
        guard let exchangeKey = exchanges.insert(exchange) else {
            dropClient(key)
            return nil
        }
        exchange.key = exchangeKey
        exchange.clientKey = key
        exchange.upstreams = upstreams
        exchange.requestID = UUIDv7(milliseconds: wall.milliseconds, random: random.take10())
        exchange.peer = connection.peer
        exchange.observation.started = now
        exchange.observation.startedWall = wall
        connection.exchange = exchangeKey
        return exchange
    }

    /// No more requests on this connection: what is written is sent, then it is closed.
    func lingerFrom(_ connection: ServerConnection) {
        connection.exchange = nil
        connection.phase = .lingering
        connection.stream.expectEnd()
    }

    private func linger(_ connection: ServerConnection, _ key: SlotKey) -> Step {
        switch connection.stream.flush() {
        case .moved: break
        case .blocked: return .waiting
        case .full, .ended, .failed:
            dropClient(key)
            return .waiting
        }
        guard connection.stream.endOutput() == .moved else { return .waiting }
        switch connection.drain(bytesMax: Self.lingerBytes) {
        case .moved: return .moved
        case .blocked: return .waiting
        case .full, .ended, .failed:
            dropClient(key)
            return .waiting
        }
    }
}
