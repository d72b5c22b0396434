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
        let clientKey = exchange.clientKey
        if server.phase != .ready { establish(exchange, server, key) }
        advanceClient(clientKey)
    }

    /// Finds a connection for an exchange whose head is ready: a kept one, or a new one.
    func connect(_ exchange: Exchange) {
        guard let set = exchange.upstreams else { return }
        if exchange.attempts.deadline == nil {
            let patience = set.snapshot.upstreams[exchange.upstream].connectMilliseconds
            exchange.attempts.deadline = now.advanced(byMilliseconds: patience)
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
        connectAnew(exchange, set)
    }

    private func connectAnew(_ exchange: Exchange, _ set: UpstreamSet) {
        let snapshot = set.snapshot
        let targets = snapshot.upstreams[exchange.upstream].targets.count
        while exchange.attempts.count < ConnectAttempts.attemptsMax {
            let target = snapshot.targets[exchange.attempts.target]
            guard let address = target.addresses.address(at: exchange.attempts.address) else {
                // Every address of this target was tried, or none is known.
                exchange.attempts.targetsTried += 1
                guard exchange.attempts.targetsTried < targets else { break }
                exchange.attempts.address = 0
                exchange.attempts.target = set.target(
                    after: exchange.attempts.target, of: exchange.upstream)
                continue
            }
            exchange.attempts.address += 1
            exchange.attempts.count += 1
            let server: ClientConnection
            do throws(StreamFault) {
                server = try ClientConnection(
                    to: address, target: exchange.attempts.target, context: target.tls,
                    serverName: target.serverName)
            } catch {
                guard error != .exhausted else { return fail(exchange, .overloaded) }
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
            establish(exchange, server, key)
            return
        }
        counters.upstreamConnectFailures.increment()
        fail(exchange, exchange.attempts.count == 0 ? .upstreamUnresolved : .upstreamConnect)
    }

    private func attach(_ exchange: Exchange, _ server: ClientConnection, _ key: SlotKey) {
        server.exchange = exchange.key
        exchange.upstreamKey = key
        exchange.requestPhase = .connecting
    }

    private func establish(_ exchange: Exchange, _ server: ClientConnection, _ key: SlotKey) {
        switch server.establish() {
        case .moved:
            // One that speaks or hangs up before it is asked is no better than one that refuses.
            guard server.isStillIdle() else { return connectElsewhere(exchange) }
            send(exchange, server)
        case .blocked: break
        case .failed(.tls), .failed(.truncated):
            // The address answers, but is not whom we trust: no other address would be better.
            counters.upstreamConnectFailures.increment()
            fail(exchange, .upstreamTLS)
        case .full, .ended, .failed(.reset), .failed(.exhausted): connectElsewhere(exchange)
        }
    }

    private func connectElsewhere(_ exchange: Exchange) {
        detachServer(exchange)
        exchange.attempts.mustBeNew = true
        guard let set = exchange.upstreams else { return }
        connectAnew(exchange, set)
    }

    /// The connection is ready: the head goes first.
    private func send(_ exchange: Exchange, _ server: ClientConnection) {
        server.begin()
        exchange.observation.forwarded = instant
        server.stream.output.append(exchange.head)
        guard clients.contains(exchange.clientKey) else { return }
        if !exchange.body.isEmpty || exchange.bodyKeepsFraming {
            // A collected body may be larger than an output buffer; it goes on as room appears.
            exchange.bodySent = 0
            exchange.requestPhase = .sending
        } else {
            exchange.requestPhase =
                clients[exchange.clientKey].body.isEnded ? .sent : .streaming
        }
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
        let end = now.advanced(byMilliseconds: patience)
        server.keptUntil = end
        wheel.schedule(key, at: end)
    }
}
