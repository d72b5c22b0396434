import HTTP1
import HTTPTransport
import Policy
import Reactor
import Tokens

/// What a request costs: step 8 for the limits of its tenant, and before that the budget of its
/// address for what needs no credential or brings a bad one. docs/limits.md has the whole of it.
extension GatewayWorker {
    // MARK: The tenant

    /// Step 8: deciding and charging are one step.
    func charge(
        _ exchange: Exchange, _ route: RouteRule, _ caller: Caller, _ principal: Principal
    ) throws(Refusal) {
        guard route.isLimitedByTierAlone(principal) else {
            return try chargeSeveral(exchange, route, caller, principal)
        }
        switch gateway.limiter.charge(
            &caller.limit, tenant: principal.tenant, limit: principal.limit,
            nowNanoseconds: now.nanoseconds)
        {
        case .uncounted: return
        case .overloaded: throw .overloaded
        case .counted(let standing):
            exchange.standings.removeAll()
            exchange.standings.append(standing)
            guard standing.isAdmitted else {
                throw standing.limitPerMinute == 0 ? .rateDenied : .rateLimited
            }
        }
    }

    private func chargeSeveral(
        _ exchange: Exchange, _ route: RouteRule, _ caller: Caller, _ principal: Principal
    ) throws(Refusal) {
        guard let snapshot = exchange.snapshot else { throw .internalError }
        let concurrency = principal.allowance.concurrency
        var demands = demands(route, caller, principal, snapshot)
        guard demands.count > 0 else { return }
        let charge = gateway.limiter.charge(
            &demands, concurrency: concurrency, standings: &exchange.standings,
            nowNanoseconds: now.nanoseconds)
        for index in 0..<demands.count {
            caller.limits.remember(
                demands[index].handle, demands[index].kind, route: route.index,
                tier: &caller.limit)
        }
        guard charge == .counted else { throw .overloaded }
        guard exchange.standings.isAdmitted else {
            if exchange.standings.isDenied { throw .rateDenied }
            throw exchange.standings.isRateExceeded ? .rateLimited : .concurrencyLimited
        }
        guard concurrency != nil else { return }
        exchange.openPlace = demands[0].handle
        exchange.holdsPlaces = true
    }

    private func demands(
        _ route: RouteRule, _ caller: Caller, _ principal: Principal, _ snapshot: Snapshot
    ) -> LimitDemands {
        var demands = LimitDemands(tenant: principal.tenant)
        for raw in 0..<UInt8(LimitStandings.countMax) {
            guard let kind = LimitKind(rawValue: raw) else { continue }
            let limit = route.limit(kind, of: principal)
            // Open requests are counted where the tenant's are.
            let isForOpen = kind == .tier && principal.allowance.concurrency != nil
            guard limit != nil || isForOpen else { continue }
            var key = LimitKey(tenant: principal.tenant)
            if kind.isOfRoute { key.scope = snapshot.limitScopes[route.index] }
            if kind.isPerUser {
                let issuer = principal.issuer.map { snapshot.policy.issuers[$0].issuer } ?? ""
                key.user = caller.limits.user(principal, issuer: issuer)
            }
            demands.append(
                LimitDemand(
                    kind: kind, key: key, perMinute: limit,
                    handle: caller.limits.handle(kind, route: route.index, tier: caller.limit)))
        }
        return demands
    }

    /// The request is over: what was held for it is free again.
    func settle(_ exchange: Exchange) {
        gateway.limiter.close(exchange.openPlace)
        exchange.openPlace = LimiterHandle()
        leaveUpstream(exchange)
        exchange.holdsPlaces = false
    }

    // MARK: The address

    /// Step 5, within what the client's address may ask without a verified credential (attack R8).
    /// Requests that need none and those whose credential is refused have a budget each: who sends
    /// bad tokens takes nothing from the public pages of everybody behind the same address.
    func authenticate(
        _ exchange: Exchange, _ route: RouteRule, _ snapshot: Snapshot,
        _ connection: ServerConnection, _ bytes: Span<UInt8>
    ) throws(Refusal) -> Authentication {
        if route.isOpen, snapshot.unauthenticatedRate != nil {
            try chargeAddress(gateway.anonymous, exchange, connection, bytes)
        }
        readCertificate(exchange, route, snapshot, connection)
        let found: Authentication
        do throws(Refusal) {
            found = try authenticator.authenticate(
                requestHead, bytes, route: route, snapshot: snapshot,
                circumstances(exchange, connection), turns: &turns, &exchange.observation)
        } catch {
            if error.status == 401 {
                try chargeAddress(gateway.unverified, exchange, connection, bytes)
            }
            throw error
        }
        if connection.requests == 0, case .done(.some) = found {
            giveBackHandshake(of: exchange.clientKey)
        }
        return found
    }

    func chargeAddress(
        _ budget: AddressBudget, _ exchange: Exchange, _ connection: ServerConnection,
        _ bytes: Span<UInt8>
    ) throws(Refusal) {
        guard let snapshot = exchange.snapshot, let rate = snapshot.unauthenticatedRate else {
            return
        }
        let address = snapshot.payingAddress(of: connection.peer, requestHead, bytes)
        if case .spent(let wait) = budget.take(address, rate: rate, now: now.nanoseconds) {
            exchange.retrySeconds = LimitStanding.seconds(wait)
            throw .clientRateLimited
        }
    }

    /// Whether the address may begin another handshake; a Unix socket has no address.
    func takeHandshake(of peer: PeerAddress, _ unit: inout AddressBudget.Unit?) -> Bool {
        guard let rate = snapshot.handshakeRate, let address = peer.address else { return true }
        guard
            case .taken(let taken) = gateway.handshakes.take(
                address, rate: rate, now: now.nanoseconds)
        else { return false }
        unit = taken
        return true
    }

    func remember(_ unit: AddressBudget.Unit?, of key: SlotKey) {
        let place = Int(key.index - Self.firstClient)
        while handshakeUnits.count <= place { handshakeUnits.append(nil) }
        handshakeUnits[place] = unit
    }

    private func giveBackHandshake(of key: SlotKey) {
        let place = Int(key.index - Self.firstClient)
        guard place < handshakeUnits.count, let unit = handshakeUnits[place] else { return }
        gateway.handshakes.giveBack(unit, now: now.nanoseconds)
        handshakeUnits[place] = nil
    }

    // MARK: What refusals say

    /// Members of the problem body that only this refusal has.
    func writeMembers(_ exchange: Exchange, _ refusal: Refusal) {
        problemMembers.removeAll()
        guard let snapshot = exchange.snapshot, let index = exchange.route else { return }
        let route = snapshot.rules.routes[index]
        switch refusal {
        case .featureMissing:
            let members =
                exchange.caller?.principal.map { route.lacksAPIKeys($0) } ?? false
                ? route.keyFeatureProblem : route.featureProblem
            problemMembers.append(members.span)
        case .rateLimited, .rateDenied, .concurrencyLimited:
            problemMembers.append(",\"violated-policies\":[")
            LimitHeaders.writeRefusing(
                exchange.standings, route: route.limitName, into: &problemMembers)
            problemMembers.append("]")
        default: break
        }
    }

    /// The limit fields of an answer of our own, and how long to wait where waiting helps.
    func writeLimits(_ exchange: Exchange, _ refusal: Refusal, to output: inout ByteBuffer) {
        if let snapshot = exchange.snapshot, let index = exchange.route {
            snapshot.policy.limitHeaders.write(
                exchange.standings, route: snapshot.rules.routes[index].limitName, into: &output)
        }
        switch refusal {
        case .clientRateLimited:
            LimitHeaders.writeRetryAfter(max(exchange.retrySeconds ?? 1, 1), into: &output)
        default:
            // The budget of signature checks refills many times a second; of a fault nobody knows.
            guard refusal.status == 429 || refusal.status == 503 else { return }
            LimitHeaders.writeRetryAfter(exchange.standings.retrySeconds, into: &output)
        }
    }
}
