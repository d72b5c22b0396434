import HTTP1
import HTTPTransport
import Policy
import Reactor

/// Deadlines. Each is computed from what a connection waits for and since when, whenever it stops
/// moving and again when the timer fires: a timer that was set for something else finds that out
/// and is set anew.
extension GatewayWorker {
    /// How long an answered connection is read on before it is closed.
    static let lingerMilliseconds: UInt64 = 1_000
    /// After this time without a request a connection gives its buffers back.
    static let releaseMilliseconds: UInt64 = 2_000

    private struct Due {
        let subject: Standstill.Subject
        let at: Monotonic
    }

    /// Sets the timers of a connection that stopped moving and of the upstream it waits for.
    func watch(_ connection: ServerConnection, _ key: SlotKey) {
        if let due = due(connection) { schedule(connection, key, due) }
        guard let exchangeKey = connection.exchange, exchanges.contains(exchangeKey) else { return }
        let exchange = exchanges[exchangeKey]
        guard let serverKey = exchange.upstreamKey, servers.contains(serverKey),
            let due = due(servers[serverKey], exchange)
        else { return }
        wheel.schedule(serverKey, at: due.at)
    }

    private func schedule(_ connection: ServerConnection, _ key: SlotKey, _ due: Due) {
        var at = due.at
        if due.subject == .request, connection.stream.holdsMemory {
            at = min(at, now.advanced(byMilliseconds: Self.releaseMilliseconds))
        }
        wheel.schedule(key, at: at)
    }

    // MARK: - Clients

    /// What a client is waited for, if it is: an answer it does not read comes first, since nothing
    /// else can move before.
    private func due(_ client: ServerConnection) -> Due? {
        let deadlines = snapshot.policy.listen.deadlines
        let isUnread = !client.stream.output.isEmpty && client.stream.isEstablished
        let unread = isUnread ? outputDue(client) : nil
        switch client.phase {
        case .handshaking:
            return wait(for: .handshake, 0, of: client, deadlines.handshakeMilliseconds)
        case .awaitingHead:
            guard let since = client.headSince else {
                if let unread { return unread }
                return wait(
                    for: .request, client.requests, of: client, deadlines.idleMilliseconds)
            }
            let head = since.advanced(byMilliseconds: UInt64(deadlines.headMilliseconds))
            if let unread, unread.at < head { return unread }
            return Due(subject: .head, at: head)
        case .exchanging:
            if let unread { return unread }
            guard let key = client.exchange, exchanges.contains(key) else { return nil }
            let exchange = exchanges[key]
            if exchange.requestPhase == .queued, case .waiting(let end) = exchange.share.state {
                return Due(subject: .turn, at: end)
            }
            guard isBodyAwaited(exchange) else { return nil }
            return wait(
                for: .body, client.body.bytesMoved, of: client, deadlines.bodyMilliseconds)
        case .lingering:
            if let unread { return unread }
            return wait(for: .close, 0, of: client, UInt32(Self.lingerMilliseconds))
        }
    }

    private func outputDue(_ client: ServerConnection) -> Due {
        wait(
            for: .output, client.stream.bytesSent, of: client,
            snapshot.policy.listen.deadlines.bodyMilliseconds)
    }

    private func wait(
        for subject: Standstill.Subject, _ mark: UInt64, of client: ServerConnection,
        _ milliseconds: UInt32
    ) -> Due {
        let since = client.standstill.since(subject, mark: mark, now: now)
        return Due(subject: subject, at: since.advanced(byMilliseconds: UInt64(milliseconds)))
    }

    /// Whether it is the client's turn to send.
    private func isBodyAwaited(_ exchange: Exchange) -> Bool {
        switch exchange.requestPhase {
        case .collecting, .discarding: return true
        case .streaming:
            guard let server = exchange.upstreamKey, servers.contains(server) else { return false }
            return servers[server].stream.output.count < ByteStream.outputBytesHigh
        case .queued, .connecting, .sending, .sent, .stopped: return false
        }
    }

    func expireClient(_ key: SlotKey) {
        let connection = clients[key]
        guard let due = due(connection) else { return }
        guard now >= due.at else {
            if due.subject == .request {
                connection.stream.releaseEmptyBuffers()
                forgetCredential(of: key)
            }
            return schedule(connection, key, due)
        }
        switch due.subject {
        case .handshake:
            counters.handshakesFailed.increment()
            dropClient(key)
        case .request:
            lingerFrom(connection)
            advanceClient(key)
        case .head:
            guard let exchange = open(connection, key) else { return }
            connection.begin(
                headLength: connection.stream.input.count, framing: .none, keepsAlive: false)
            refuse(exchange, .requestTimeout)
            advanceClient(key)
        case .body:
            if let exchangeKey = connection.exchange, exchanges.contains(exchangeKey) {
                expireBody(exchanges[exchangeKey], connection)
            }
            advanceClient(key)
        case .turn:
            if let exchangeKey = connection.exchange, exchanges.contains(exchangeKey) {
                fail(exchanges[exchangeKey], .upstreamBusy)
            }
            advanceClient(key)
        case .output, .close: dropClient(key)
        case .response, .nothing: break
        }
    }

    /// A request body does not come: answered where that is still possible.
    private func expireBody(_ exchange: Exchange, _ connection: ServerConnection) {
        connection.keepsAlive = false
        if exchange.responsePhase == .done {
            finish(exchange)
        } else if exchange.responseStarted {
            cut(exchange, .requestTimeout)
        } else {
            fail(exchange, .requestTimeout)
        }
    }

    // MARK: - Upstreams

    /// What an upstream is waited for, if it is.
    private func due(_ server: ClientConnection, _ exchange: Exchange) -> Due? {
        guard let snapshot = exchange.snapshot else { return nil }
        let stall = UInt64(snapshot.policy.listen.deadlines.bodyMilliseconds)
        if server.phase != .ready {
            return exchange.attempts.deadline.map { Due(subject: .handshake, at: $0) }
        }
        if !server.stream.output.isEmpty, exchange.requestPhase != .stopped {
            return wait(for: .output, server.stream.bytesSent, of: server, stall)
        }
        switch exchange.responsePhase {
        case .awaitingHead:
            guard exchange.requestPhase == .sent || exchange.requestPhase == .stopped else {
                return nil
            }
            return wait(
                for: .response, server.responses, of: server,
                snapshot.upstreams[exchange.upstream].responseMilliseconds)
        case .streaming:
            // While the client does not read, nothing is asked of the upstream.
            guard clients.contains(exchange.clientKey),
                clients[exchange.clientKey].stream.output.count < ByteStream.outputBytesHigh
            else { return nil }
            return wait(for: .body, server.body.bytesMoved, of: server, stall)
        case .done: return nil
        }
    }

    private func wait(
        for subject: Standstill.Subject, _ mark: UInt64, of server: ClientConnection,
        _ milliseconds: UInt64
    ) -> Due {
        let since = server.standstill.since(subject, mark: mark, now: now)
        return Due(subject: subject, at: since.advanced(byMilliseconds: milliseconds))
    }

    func expireServer(_ key: SlotKey) {
        let server = servers[key]
        guard let exchangeKey = server.exchange, exchanges.contains(exchangeKey) else {
            if let end = server.keptUntil, now < end { return wheel.schedule(key, at: end) }
            upstreams.forget(key, of: server.target)
            return dropServer(key)
        }
        let exchange = exchanges[exchangeKey]
        guard let due = due(server, exchange) else { return }
        guard now >= due.at else { return wheel.schedule(key, at: due.at) }
        let clientKey = exchange.clientKey
        if due.subject == .handshake {
            counters.upstreamConnectFailures.increment()
            fail(exchange, .upstreamConnectTimeout)
        } else {
            fail(exchange, .upstreamTimeout)
        }
        advanceClient(clientKey)
    }
}
