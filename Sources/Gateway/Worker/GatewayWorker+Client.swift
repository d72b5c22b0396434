import HTTP1
import HTTPTransport
import Policy
import Reactor
import Telemetry

/// The client's side: handshakes, heads, the request body, the last bytes of the answer.
extension GatewayWorker {
    /// What a refused request's body may still hold if the connection is to be kept.
    static let discardedBodyBytesMax: UInt64 = 65_536
    /// How long an answered connection is read on before it is closed.
    static let lingerMilliseconds: UInt64 = 1_000
    /// After this time without a request a connection gives its buffers back.
    static let releaseMilliseconds: UInt64 = 2_000

    func clientBecameReady(_ key: SlotKey, _ readiness: Readiness) {
        let connection = clients[key]
        connection.stream.becameReady(readiness)
        if readiness.contains(.error), connection.phase == .exchanging {
            // A reset client reads no answer.
            return dropClient(key)
        }
        advanceClient(key)
    }

    /// Moves a client connection on as far as it goes without waiting.
    func advanceClient(_ key: SlotKey) {
        while clients.contains(key) {
            let connection = clients[key]
            switch connection.phase {
            case .handshaking:
                guard shakeHands(connection, key) else { return }
            case .awaitingHead:
                guard flush(connection, key), readRequest(connection, key) else { return }
            case .exchanging:
                guard let exchangeKey = connection.exchange, exchanges.contains(exchangeKey) else {
                    return dropClient(key)
                }
                guard advance(exchanges[exchangeKey]) else { return }
            case .lingering:
                linger(connection, key)
                return
            }
        }
    }

    /// Answers whether there is more to do at once.
    private func shakeHands(_ connection: ServerConnection, _ key: SlotKey) -> Bool {
        switch connection.stream.handshake() {
        case .moved:
            counters.handshakes.increment()
            connection.phase = .awaitingHead(started: false)
            scheduleIdle(key)
            return true
        case .blocked:
            return false
        case .full, .ended, .failed:
            counters.handshakesFailed.increment()
            dropClient(key)
            return false
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

    private func readRequest(_ connection: ServerConnection, _ key: SlotKey) -> Bool {
        do throws(HTTPViolation) {
            switch try connection.readHead(into: &requestHead, limits: requestLimits) {
            case .head(let length):
                begin(connection, key, headLength: length)
                return true
            case .starved:
                scheduleHead(connection, key)
                return false
            case .ended, .failed:
                dropClient(key)
                return false
            }
        } catch {
            refuseUnreadable(connection, key, error)
            return true
        }
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
        exchange.snapshot = snapshot
        exchange.upstreams = upstreams
        exchange.requestID = UUIDv7(milliseconds: wall.milliseconds, random: random.take10())
        connection.peer.append(to: &exchange.peerText)
        exchange.observation.started = now
        exchange.observation.startedWall = wall
        connection.exchange = exchangeKey
        return exchange
    }

    private func linger(_ connection: ServerConnection, _ key: SlotKey) {
        switch connection.stream.flush() {
        case .moved: break
        case .blocked: return
        case .full, .ended, .failed: return dropClient(key)
        }
        connection.stream.endOutput()
        if connection.drain(bytesMax: 262_144) { dropClient(key) }
    }

    // MARK: - Deadlines

    func scheduleIdle(_ key: SlotKey) {
        let patience = min(
            Self.releaseMilliseconds, UInt64(snapshot.policy.listen.deadlines.idleMilliseconds))
        wheel.schedule(key, at: now.advanced(byMilliseconds: patience))
        clients[key].idleSince = now
    }

    /// A head has to be whole within its deadline from its first byte on, however it drips.
    private func scheduleHead(_ connection: ServerConnection, _ key: SlotKey) {
        guard connection.phase == .awaitingHead(started: true), connection.headSince == nil else {
            return
        }
        connection.headSince = now
        let patience = UInt64(snapshot.policy.listen.deadlines.headMilliseconds)
        wheel.schedule(key, at: now.advanced(byMilliseconds: patience))
    }

    func scheduleBody(_ key: SlotKey) {
        let patience = UInt64(snapshot.policy.listen.deadlines.bodyMilliseconds)
        wheel.schedule(key, at: now.advanced(byMilliseconds: patience))
    }

    func expireClient(_ key: SlotKey) {
        let connection = clients[key]
        switch connection.phase {
        case .handshaking:
            counters.handshakesFailed.increment()
            dropClient(key)
        case .awaitingHead(started: false):
            let patience = UInt64(snapshot.policy.listen.deadlines.idleMilliseconds)
            let end = connection.idleSince.advanced(byMilliseconds: patience)
            guard now < end else { return dropClient(key) }
            connection.stream.releaseEmptyBuffers()
            wheel.schedule(key, at: end)
        case .awaitingHead(started: true):
            guard let exchange = open(connection, key) else { return }
            connection.begin(
                headLength: connection.stream.input.count, framing: .none, keepsAlive: false)
            refuse(exchange, .requestTimeout)
            advanceClient(key)
        case .exchanging:
            guard let exchangeKey = connection.exchange, exchanges.contains(exchangeKey) else {
                return dropClient(key)
            }
            expireExchange(exchanges[exchangeKey], connection, key)
        case .lingering:
            dropClient(key)
        }
    }

    /// The client has not moved: a body that does not come is answered, an answer that is not read
    /// is cut.
    private func expireExchange(
        _ exchange: Exchange, _ connection: ServerConnection, _ key: SlotKey
    ) {
        let waitsForBody =
            exchange.requestPhase == .collecting || exchange.requestPhase == .streaming
            || exchange.requestPhase == .discarding
        if exchange.responseStarted || !waitsForBody {
            // Waiting for the upstream has its own deadline.
            guard !connection.stream.output.isEmpty else { return }
            connection.stream.abort()
            dropClient(key)
        } else {
            connection.keepsAlive = false
            fail(exchange, .requestTimeout)
            advanceClient(key)
        }
    }
}
