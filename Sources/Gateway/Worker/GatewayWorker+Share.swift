import HTTPTransport
import Policy
import Reactor

/// What one exchange has of an upstream that takes only so many requests at once.
struct UpstreamShare {
    enum State {
        case none
        case waiting(until: Monotonic)
        case held
    }

    var state = State.none
    var owner = ShareOwner.nobody
    var gate: UpstreamGate?
}

/// Turns at upstreams with `in_flight`: everybody else goes on at once.
extension GatewayWorker {
    /// A request whose head, and where it is held whose body, is ready: it goes on when it has its
    /// turn. A slow upload holds none.
    func enter(_ exchange: Exchange) {
        guard let set = exchange.upstreams, set.hasGates, let gate = set.gates[exchange.upstream]
        else { return connect(exchange) }
        exchange.holdsPlaces = true
        exchange.share.owner = owner(of: exchange)
        exchange.share.gate = gate
        let weight = exchange.caller?.principal?.allowance.weight ?? 1
        let waiter = ShareWaiter(worker: index, exchange: exchange.key)
        switch gate.arrive(exchange.share.owner, weight: Int(weight), waiter) {
        case .granted:
            exchange.share.state = .held
            connect(exchange)
        case .waiting:
            counters.upstreamWaits.increment()
            exchange.share.state = .waiting(until: now.advanced(byMilliseconds: patience(exchange)))
            exchange.requestPhase = .queued
        case .full:
            exchange.share = UpstreamShare()
            fail(exchange, .upstreamBusy)
        }
    }

    private func patience(_ exchange: Exchange) -> UInt64 {
        guard let snapshot = exchange.snapshot else { return 0 }
        let policy = snapshot.policy.upstreams[exchange.upstream].inFlight
        return UInt64(policy?.waitMilliseconds ?? 0)
    }

    private func owner(of exchange: Exchange) -> ShareOwner {
        guard let caller = exchange.caller else { return .nobody }
        guard let principal = caller.principal else {
            return ShareOwner(high: 0, low: UInt64(caller.claims.vendor) + 1)
        }
        return ShareOwner(high: principal.tenant.high, low: principal.tenant.low)
    }

    /// The exchange wants nothing more of its upstream.
    func leaveUpstream(_ exchange: Exchange) {
        guard let gate = exchange.share.gate else { return }
        switch exchange.share.state {
        case .none: break
        case .held: pass(gate.leave(exchange.share.owner), gate)
        case .waiting:
            // Where it has its turn already, `advanceGranted` finds it gone and passes the turn on.
            let waiter = ShareWaiter(worker: index, exchange: exchange.key)
            _ = gate.withdraw(exchange.share.owner, waiter)
        }
        exchange.share = UpstreamShare()
    }

    /// Tells those who go next. Own ones are served at the end of this turn of the loop.
    private func pass(_ grants: [ShareGrant], _ gate: UpstreamGate) {
        var open = grants
        while let grant = open.popLast() {
            if grant.waiter.worker == index {
                granted.append((grant, gate))
            } else if !gateway.mailboxes[grant.waiter.worker].post(.granted(grant, gate)) {
                // Its worker is far behind: the request waits in vain, and the turn is others'.
                open += gate.leave(grant.owner)
            }
        }
    }

    /// Serves the requests of this worker that have their turn.
    func advanceGranted() {
        var turns: [(grant: ShareGrant, gate: UpstreamGate)] = []
        swap(&turns, &granted)
        for (grant, gate) in turns {
            guard exchanges.contains(grant.waiter.exchange) else {
                pass(gate.leave(grant.owner), gate)
                continue
            }
            let exchange = exchanges[grant.waiter.exchange]
            guard case .waiting = exchange.share.state, exchange.share.gate === gate else {
                pass(gate.leave(grant.owner), gate)
                continue
            }
            exchange.share.state = .held
            let clientKey = exchange.clientKey
            connect(exchange)
            advanceClient(clientKey)
        }
    }
}
