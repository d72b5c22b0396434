import HTTP1
import HTTPTransport
import Policy
import Reactor

/// The upstream's side: choosing, connecting, keeping and dropping connections.
extension GatewayWorker {
    func serverBecameReady(_ key: SlotKey, _ readiness: Readiness) {
        let server = servers[key]
        server.stream.becameReady(readiness)
        guard let exchangeKey = server.exchange, exchanges.contains(exchangeKey) else {
            // A kept connection has nothing to say; if it does, or ends, it is of no more use.
            if !server.isStillIdle() {
                upstreams.forget(key, of: server.target)
                dropServer(key)
            }
            return
        }
        let exchange = exchanges[exchangeKey]
        if server.phase != .ready {
            establish(exchange, server, key)
        }
        advanceClient(exchange.clientKey)
    }

    /// Finds a connection for an exchange whose head is ready: a kept one, or a new one.
    func connect(_ exchange: Exchange) {
        guard let snapshot = exchange.snapshot, let set = exchange.upstreams else { return }
        let upstream = snapshot.upstreams[exchange.upstream]
        if exchange.attempts.deadline == nil {
            exchange.attempts.deadline = now.advanced(byMilliseconds: upstream.connectMilliseconds)
            exchange.attempts.target = set.nextTarget(of: exchange.upstream)
        }
        if !exchange.attempts.mustBeNew {
            while let key = set.take(exchange.attempts.target) {
                guard servers.contains(key) else { continue }
                let server = servers[key]
                guard server.isStillIdle() else {
                    dropServer(key)
                    continue
                }
                counters.upstreamReuses.increment()
                attach(exchange, server, key)
                send(exchange, server)
                return
            }
        }
        connectAnew(exchange, snapshot, set)
    }

    private func connectAnew(_ exchange: Exchange, _ snapshot: Snapshot, _ set: UpstreamSet) {
        while exchange.attempts.count < ConnectAttempts.attemptsMax {
            let target = snapshot.targets[exchange.attempts.target]
            guard let address = target.addresses.address(at: exchange.attempts.address) else {
                // Every address of this target was tried, or none is known.
                let tried = exchange.attempts.address
                exchange.attempts.address = 0
                exchange.attempts.count += 1
                exchange.attempts.target = set.target(
                    after: exchange.attempts.target, of: exchange.upstream)
                let targets = snapshot.upstreams[exchange.upstream].targets.count
                if exchange.attempts.count >= targets, tried == 0 {
                    return fail(exchange, .upstreamUnresolved)
                }
                if exchange.attempts.count >= targets { break }
                continue
            }
            exchange.attempts.address += 1
            let server: ClientConnection
            do throws(StreamFault) {
                server = try ClientConnection(
                    to: address, target: exchange.attempts.target, context: target.tls,
                    serverName: target.serverName)
            } catch {
                continue
            }
            guard let key = servers.insert(server) else { return fail(exchange, .overloaded) }
            do throws(SystemFault) {
                try poller.add(server.stream.descriptor, key: key)
            } catch {
                dropServer(key)
                return fail(exchange, .overloaded)
            }
            counters.upstreamConnects.increment()
            attach(exchange, server, key)
            if let deadline = exchange.attempts.deadline { wheel.schedule(key, at: deadline) }
            establish(exchange, server, key)
            return
        }
        counters.upstreamConnectFailures.increment()
        fail(exchange, .upstreamConnect)
    }

    private func attach(_ exchange: Exchange, _ server: ClientConnection, _ key: SlotKey) {
        server.exchange = exchange.key
        exchange.upstreamKey = key
        exchange.requestPhase = .connecting
    }

    private func establish(_ exchange: Exchange, _ server: ClientConnection, _ key: SlotKey) {
        switch server.establish() {
        case .moved: send(exchange, server)
        case .blocked: break
        case .failed(.tls), .failed(.truncated):
            // The address answers, but is not whom we trust: no other address would be better.
            detachServer(exchange)
            counters.upstreamConnectFailures.increment()
            fail(exchange, .upstreamTLS)
        case .full, .ended, .failed(.reset):
            detachServer(exchange)
            exchange.attempts.mustBeNew = true
            if let snapshot = exchange.snapshot, let set = exchange.upstreams {
                connectAnew(exchange, snapshot, set)
            }
        }
    }

    /// The connection is ready: the head goes first.
    private func send(_ exchange: Exchange, _ server: ClientConnection) {
        server.begin()
        exchange.observation.forwarded = now
        server.stream.output.append(exchange.head)
        guard clients.contains(exchange.clientKey) else { return }
        if !exchange.body.isEmpty {
            // A collected body may be larger than an output buffer; it goes on as room appears.
            exchange.bodySent = 0
            exchange.requestPhase = .sending
        } else {
            exchange.requestPhase =
                clients[exchange.clientKey].body.isEnded ? .sent : .streaming
        }
        if let key = exchange.upstreamKey { scheduleBody(key) }
    }

    /// Lets go of the upstream connection without keeping it.
    func detachServer(_ exchange: Exchange) {
        if let key = exchange.upstreamKey { dropServer(key) }
        exchange.upstreamKey = nil
    }

    /// Keeps the upstream connection of a finished exchange if it can serve another.
    func releaseServer(_ exchange: Exchange) {
        guard let key = exchange.upstreamKey, servers.contains(key) else { return }
        exchange.upstreamKey = nil
        let server = servers[key]
        let isReusable = server.finish(requestIsComplete: exchange.requestPhase == .sent)
        guard isReusable, let set = exchange.upstreams, set === upstreams, drainUntil == nil,
            set.keep(key, for: server.target)
        else { return dropServer(key) }
        let patience = set.snapshot.upstreams[exchange.upstream].idleMilliseconds
        wheel.schedule(key, at: now.advanced(byMilliseconds: patience))
    }

    func expireServer(_ key: SlotKey) {
        let server = servers[key]
        guard let exchangeKey = server.exchange, exchanges.contains(exchangeKey) else {
            upstreams.forget(key, of: server.target)
            return dropServer(key)
        }
        let exchange = exchanges[exchangeKey]
        let clientKey = exchange.clientKey
        if server.phase != .ready {
            detachServer(exchange)
            counters.upstreamConnectFailures.increment()
            fail(exchange, .upstreamConnectTimeout)
        } else if exchange.responseStarted {
            if clients.contains(clientKey) {
                // The upstream stalled in the middle of its response.
                exchange.observation.wasCut = true
                exchange.observation.refusal = .upstreamTimeout
                clients[clientKey].stream.abort()
                dropClient(clientKey)
            }
            return
        } else {
            detachServer(exchange)
            fail(exchange, .upstreamTimeout)
        }
        advanceClient(clientKey)
    }
}
