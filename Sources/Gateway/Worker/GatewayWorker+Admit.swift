import HTTP1
import HTTPTransport
import Policy
import Reactor
import Telemetry
import Tokens

/// Steps 4 to 10 of a request's life: whose route, who calls, for which tenant, what is taken out,
/// what it costs, and the head that will be sent. docs/life-of-a-request.md has the table.
extension GatewayWorker {
    /// What an admitted head asks for next.
    private enum Admission {
        /// The head is ready to be sent.
        case forward
        /// The body has to be read whole first; the head is written afterwards.
        case collect(RouteRule)
        /// Answered here; the fields are in the exchange's `head`.
        case answer(status: UInt16)
        /// The token has to be checked; others go first.
        case later
    }

    /// A whole head is in the connection's input.
    func begin(_ connection: ServerConnection, _ key: SlotKey, headLength: Int) {
        guard let exchange = open(connection, key) else { return }
        exchange.method = requestHead.method
        exchange.isParsed = true
        exchange.clientIsOld = requestHead.version == .http10
        let framing = requestHead.framing
        let expectsContinue = requestHead.expectsContinue && !exchange.clientIsOld
        // An HTTP/1.0 client would have to be told that its connection is kept; it is not.
        let keepsAlive = requestHead.keepAlive && !exchange.clientIsOld && drainUntil == nil
        let admission: Admission
        do throws(Refusal) {
            admission = try admit(exchange, connection, connection.stream.input)
        } catch {
            connection.begin(headLength: headLength, framing: framing, keepsAlive: keepsAlive)
            // A client that waits for leave to send its body is not going to, and a long body is
            // not waited for.
            if expectsContinue || Self.isLong(framing) { connection.keepsAlive = false }
            return refuse(exchange, error)
        }
        if case .later = admission { return joinLine(exchange, connection, key) }
        if case .collect = admission { save(connection.stream.input, headLength, exchange) }
        connection.begin(headLength: headLength, framing: framing, keepsAlive: keepsAlive)
        if expectsContinue, case .answer = admission {
            connection.keepsAlive = false
        } else if expectsContinue, !connection.body.isEnded {
            connection.stream.output.append("HTTP/1.1 100 Continue\r\n\r\n")
        }
        switch admission {
        case .forward:
            exchange.requestTarget = framing == .chunked ? .chunked : .plain
            enter(exchange)
        case .collect(let route):
            beginCollecting(exchange, route, framing)
        case .answer(let status):
            answer(exchange, status: status)
        case .later: break
        }
    }

    private static func isLong(_ framing: BodyFraming) -> Bool {
        if case .length(let count) = framing { return count > discardedBodyBytesMax }
        return false
    }

    private func save(
        _ bytes: borrowing ByteBuffer, _ length: Int, _ exchange: Exchange
    ) {
        exchange.head.removeAll()
        exchange.head.append(bytes.readable.extracting(first: length))
    }

    private func admit(
        _ exchange: Exchange, _ connection: ServerConnection, _ input: borrowing ByteBuffer
    ) throws(Refusal) -> Admission {
        let bytes = input.readable
        observePath(bytes, exchange)
        guard let snapshot = exchange.snapshot else { throw .internalError }
        let route: RouteRule
        switch try snapshot.rules.route(requestHead, bytes) {
        case .matched(let found): route = found
        case .preflight(let found):
            try chargeAddress(gateway.anonymous, exchange, connection, bytes)
            return try preflight(exchange, found, bytes)
        case .methodNotAllowed(let methods):
            exchange.answerFields.append("Allow: ")
            methods.write(into: &exchange.answerFields)
            exchange.answerFields.append("\r\n")
            throw .routeMethod
        case .server:
            exchange.answerFields.append("Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n")
            return .answer(status: 204)
        }
        exchange.route = route.index
        exchange.upstream = route.policy.upstream
        noteOrigin(exchange, route, bytes)
        let view = view(for: snapshot)
        if view.hasTenantHosts || route.takesCertificates {
            try checkServerName(route, snapshot, view, connection, bytes)
        }
        var caller: Caller?
        switch try authenticate(exchange, route, snapshot, connection, bytes) {
        case .done(let known): caller = known
        case .later: return .later
        }
        exchange.caller = caller
        if route.readsPlaces {
            if try awaitsName(exchange, route, bytes) { return .collect(route) }
            caller = try named(exchange, route, snapshot, bytes, bodyName: nil)
            exchange.caller = caller
        }
        let principal = caller?.principal
        try permit(route, principal, bytes, view, snapshot)
        do throws(Refusal) {
            try scratch.plan(route, requestHead, bytes, principal: principal)
            planned = exchange.key
            observe(exchange, route, bytes)
        } catch {
            observe(exchange, route, bytes)
            throw error
        }
        if let caller, let principal { try charge(exchange, route, caller, principal) }
        if try holdsBody(exchange, snapshot, route, bytes) { return .collect(route) }
        bodyType.removeAll()
        try writeHead(
            exchange, snapshot, route, bytes, caller, principal, peer: connection.peer,
            isSecure: connection.stream.isSecure, framing: requestHead.framing)
        return .forward
    }

    func observe(_ exchange: Exchange, _ route: RouteRule, _ bytes: Span<UInt8>) {
        exchange.observation.stripped = scratch.plan.report
        if route.isInShadow { exchange.observation.shadow = scratch.plan.shadow }
        exchange.observation.wasCleaned = true
        trace?.noteHead(requestHead, bytes, on: route)
    }

    /// Step 10: the assertion, and the head as the upstream will see it.
    func writeHead(
        _ exchange: Exchange, _ snapshot: Snapshot, _ route: RouteRule, _ bytes: Span<UInt8>,
        _ caller: Caller?, _ principal: Principal?, peer: PeerAddress, isSecure: Bool,
        framing: BodyFraming
    ) throws(Refusal) {
        scratch.begin(requestID: exchange.requestID, peer: peer, random: &random)
        if let caller, snapshot.upstreams[exchange.upstream].isAsserted {
            if snapshot.upstreams[exchange.upstream].isSealed {
                try scratch.mintSeal(
                    caller, snapshot: snapshot, now: wall.seconds, with: &sealMinter)
            }
            try scratch.sign(
                caller, snapshot: snapshot,
                audience: snapshot.upstreams[exchange.upstream].audience,
                method: bytes[requestHead.methodName], body: exchange.body,
                isStreamed: exchange.bodyIsStreamed, now: wall.seconds, with: &signer)
        }
        exchange.head.removeAll()
        do throws(Refusal) {
            try scratch.write(
                route, requestHead, bytes, principal: principal, framing: framing,
                hop: Hop(isSecure: isSecure, isTrustedProxy: snapshot.trusts(peer)),
                authority: snapshot.authority(of: exchange.upstream), contentType: bodyType,
                into: &exchange.head)
        } catch {
            if error == .internalScan { counters.headScanAlarms.increment() }
            throw error
        }
        guard exchange.head.count <= Exchange.sentHeadBytesMax else { throw .requestHeadTooLarge }
    }

    // MARK: - Answers without an upstream

    private func preflight(
        _ exchange: Exchange, _ route: RouteRule, _ bytes: Span<UInt8>
    ) throws(Refusal) -> Admission {
        exchange.route = route.index
        guard let cors = route.cors, let origin = requestHead.fields.index(of: .origin) else {
            throw .routeNotFound
        }
        var asked = Slice.empty
        if let index = requestHead.fields.index(of: .accessControlRequestHeaders) {
            guard !requestHead.fields.repeats(.accessControlRequestHeaders) else {
                throw .requestMalformed
            }
            asked = requestHead.fields[index].value
        }
        try cors.writePreflight(
            origin: bytes[requestHead.fields[origin].value], fields: bytes[asked],
            into: &exchange.answerFields)
        return .answer(status: 204)
    }

    private func noteOrigin(_ exchange: Exchange, _ route: RouteRule, _ bytes: Span<UInt8>) {
        guard route.cors != nil, let index = requestHead.fields.index(of: .origin),
            !requestHead.fields.repeats(.origin)
        else { return }
        let origin = bytes[requestHead.fields[index].value]
        if origin.count <= exchange.origin.capacityMax { exchange.origin.append(origin) }
    }

    /// The path as it came, without the query: a query may hold what a log must not.
    private func observePath(_ bytes: Span<UInt8>, _ exchange: Exchange) {
        let path = bytes[requestHead.target.path]
        var count = min(path.count, Exchange.loggedPathBytesMax)
        if exchange.snapshot?.scrubsKeys == true, let key = LoggedKeys.first(in: path) {
            count = min(count, key)
        }
        exchange.loggedPath.append(path.extracting(first: count))
    }
}
