import HTTP1
import HTTPTransport
import Policy
import Reactor

/// Step 11 of a request's life: the upstream's response on its way to the client, and the ways an
/// exchange can end.
extension GatewayWorker {
    func moveResponse(_ exchange: Exchange, _ client: ServerConnection) -> Step {
        guard exchange.responsePhase != .done, let key = exchange.upstreamKey,
            servers.contains(key)
        else { return .waiting }
        let server = servers[key]
        server.stream.lend(&responseInput)
        defer { server.stream.giveBack(&responseInput) }
        if exchange.responsePhase == .awaitingHead {
            let step = readResponseHead(exchange, client, server)
            // What came with the head moves on before the lent memory is taken back.
            guard exchange.responsePhase == .streaming else { return step }
        }
        return streamResponse(exchange, client, server)
    }

    private func readResponseHead(
        _ exchange: Exchange, _ client: ServerConnection, _ server: ClientConnection
    ) -> Step {
        switch exchange.requestPhase {
        case .sent, .streaming, .sending, .stopped: break
        case .collecting, .queued, .connecting, .discarding: return .waiting
        }
        do throws(HTTPViolation) {
            switch try server.readHead(
                into: &responseHead, limits: .response, answering: exchange.method)
            {
            case .head(let length):
                try relayHead(exchange, client, server, headLength: length)
            case .starved: return .waiting
            case .ended, .failed:
                if !sendAgain(exchange, server) { fail(exchange, .upstreamReset) }
            }
        } catch {
            exchange.observation.violation = error.responseCode
            fail(exchange, .upstreamProtocol)
        }
        return .moved
    }

    private func relayHead(
        _ exchange: Exchange, _ client: ServerConnection, _ server: ClientConnection,
        headLength: Int
    ) throws(HTTPViolation) {
        if server.hasSentNothing {
            // An answer to nothing; the next one might be somebody else's.
            return fail(exchange, .upstreamProtocol)
        }
        if responseHead.isInterim {
            // 100 is ours to send; HTTP/1.0 has none.
            if responseHead.status != 100, !exchange.clientIsOld {
                writeInterimHead(
                    exchange, server.stream.input, headLength: headLength,
                    to: &client.stream.output)
            }
            return try server.skipInterim(headLength: headLength)
        }
        exchange.observation.answered = instant
        let framing = responseHead.framing
        guard echoMatches(exchange, server.stream.input) else {
            return fail(exchange, .upstreamEcho)
        }
        // What was not read of the request cannot be told from the next one.
        if !client.body.isEnded || drainUntil != nil { client.keepsAlive = false }
        switch framing {
        case .none, .length: exchange.responseTarget = .plain
        case .chunked, .untilClose:
            exchange.responseTarget = exchange.clientIsOld ? .plain : .chunked
            if exchange.clientIsOld { client.keepsAlive = false }
        }
        do throws(Refusal) {
            try writeResponseHead(
                exchange, server.stream.input, framing: framing, keepsAlive: client.keepsAlive,
                to: &client.stream.output)
        } catch {
            return fail(exchange, error)
        }
        countTenantCookies(exchange, server.stream.input)
        exchange.observation.status = responseHead.status
        exchange.responseStarted = true
        server.begin(
            headLength: headLength, framing: framing, keepsAlive: responseHead.keepAlive)
        exchange.responsePhase = .streaming
    }

    private func countTenantCookies(_ exchange: Exchange, _ input: borrowing ByteBuffer) {
        guard let snapshot = exchange.snapshot, let index = exchange.route else { return }
        let count = snapshot.rules.routes[index].tenantCookies(in: responseHead, input.readable)
        if count > 0 { counters.tenantCookies.add(UInt64(count)) }
    }

    private func streamResponse(
        _ exchange: Exchange, _ client: ServerConnection, _ server: ClientConnection
    ) -> Step {
        do throws(HTTPViolation) {
            let result = try server.moveBody(
                to: &client.stream.output, as: exchange.responseTarget,
                high: ByteStream.outputBytesHigh)
            exchange.observation.responseBytes = server.body.bytesMoved
            switch result {
            case .success(.ended):
                exchange.responsePhase = .done
                finish(exchange)
                return .moved
            case .success: return .waiting
            case .failure: cut(exchange, .upstreamReset)
            }
        } catch {
            exchange.observation.violation = error.responseCode
            cut(exchange, .upstreamReset)
        }
        return .moved
    }

    // MARK: - Ends

    /// Ends a response in the middle so that nobody can take it for complete: no last chunk, fewer
    /// bytes than announced, no close_notify, a reset in place of a FIN.
    func cut(_ exchange: Exchange, _ refusal: Refusal) {
        exchange.observation.wasCut = true
        exchange.observation.refusal = refusal
        if clients.contains(exchange.clientKey) {
            _ = clients[exchange.clientKey].stream.flush()
        }
        dropClient(exchange.clientKey)
    }

    /// The bytes of a request body are none; those behind them cannot be told apart.
    func fail(_ exchange: Exchange, violation: HTTPViolation) {
        exchange.observation.violation = violation.code
        if clients.contains(exchange.clientKey) { clients[exchange.clientKey].keepsAlive = false }
        fail(exchange, Refusal(violation))
    }

    /// The exchange is over in the ordinary way: account for it, keep what may be kept.
    func finish(_ exchange: Exchange) {
        let key = exchange.clientKey
        releaseServer(exchange)
        account(exchange)
        retire(exchange)
        guard clients.contains(key) else { return }
        let client = clients[key]
        if client.keepsAlive, drainUntil == nil {
            client.awaitNext()
        } else {
            lingerFrom(client)
        }
    }

    /// The client is gone: nobody is left to answer.
    func abandon(_ key: SlotKey) {
        guard exchanges.contains(key) else { return }
        let exchange = exchanges[key]
        if exchange.responsePhase != .done, exchange.observation.refusal == nil {
            exchange.observation.refusal = .clientClosed
            exchange.observation.wasCut = exchange.responseStarted
        }
        detachServer(exchange)
        account(exchange)
        retire(exchange)
    }

    func retire(_ exchange: Exchange) {
        _ = exchanges.remove(exchange.key)
        if exchange.holdsPlaces { settle(exchange) }
        gateway.bodyMemory.give(exchange.bodyMemory)
        exchange.reset()
        if spareExchanges.count < 1_024 { spareExchanges.append(exchange) }
    }
}
