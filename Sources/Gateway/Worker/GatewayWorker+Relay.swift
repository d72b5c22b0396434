import HTTP1
import HTTPTransport
import Policy
import Reactor

/// Steps 9 to 11 of a request's life: bodies in both directions, one exchange at a time, with
/// backpressure: nobody reads from one side what the other does not take.
extension GatewayWorker {
    /// Moves an exchange on as far as it goes without waiting.
    ///
    /// - Returns: `true` when it is over and its client connection may go on.
    func advance(_ exchange: Exchange) -> Bool {
        guard clients.contains(exchange.clientKey) else { return false }
        let client = clients[exchange.clientKey]
        while true {
            var moved = false
            switch moveRequest(exchange, client) {
            case .over: return afterFinish(exchange.clientKey)
            case .gone: return false
            case .moved: moved = true
            case .waiting: break
            }
            switch moveResponse(exchange, client) {
            case .over: return afterFinish(exchange.clientKey)
            case .gone: return false
            case .moved: moved = true
            case .waiting: break
            }
            guard moved else { return false }
        }
    }

    /// Whether the client connection of a finished exchange is still there to go on.
    private func afterFinish(_ key: SlotKey) -> Bool { clients.contains(key) }

    /// What one attempt to move came to.
    private enum Step {
        case moved
        case waiting
        /// The exchange is over; the client connection has moved on.
        case over
        /// The client connection is gone, and the exchange with it.
        case gone
    }

    // MARK: - Request

    private func moveRequest(_ exchange: Exchange, _ client: ServerConnection) -> Step {
        switch exchange.requestPhase {
        case .collecting: return collect(exchange, client)
        case .connecting: return .waiting
        case .sending: return sendCollected(exchange)
        case .streaming: return stream(exchange, client)
        case .sent: return flushServer(exchange)
        case .discarding: return discard(exchange, client)
        }
    }

    /// A body that is signed or cleaned is complete before a byte goes upstream.
    private func collect(_ exchange: Exchange, _ client: ServerConnection) -> Step {
        do throws(HTTPViolation) {
            let result = try client.moveBody(
                to: &exchange.body, as: .plain, high: exchange.bodyBytesMax + 1)
            guard exchange.body.count <= exchange.bodyBytesMax else {
                return end(exchange, .requestBodyTooLarge)
            }
            switch result {
            case .success(.ended):
                exchange.observation.requestBytes = client.body.bytesMoved
                finishCollecting(exchange)
                return .moved
            case .success(.full): return end(exchange, .requestBodyTooLarge)
            case .success(.moved), .success(.starved):
                scheduleBody(exchange.clientKey)
                return .waiting
            case .failure:
                dropClient(exchange.clientKey)
                return .gone
            }
        } catch {
            return end(exchange, violation: error)
        }
    }

    /// Hands a collected body on as the upstream takes it.
    private func sendCollected(_ exchange: Exchange) -> Step {
        guard let key = exchange.upstreamKey, servers.contains(key) else { return .waiting }
        let server = servers[key]
        var moved = false
        while exchange.bodySent < exchange.body.count,
            server.stream.output.count < ByteStream.outputBytesHigh
        {
            let end = min(exchange.body.count, exchange.bodySent + BodyReader.pieceBytesMax)
            Self.append(
                exchange.body, exchange.bodySent..<end, to: &server.stream.output)
            exchange.bodySent = end
            moved = true
        }
        if exchange.bodySent == exchange.body.count { exchange.requestPhase = .sent }
        let step = flushServer(exchange)
        return step == .waiting && moved ? .moved : step
    }

    private static func append(
        _ bytes: borrowing ByteBuffer, _ range: Range<Int>, to output: inout ByteBuffer
    ) {
        output.append(bytes.readable.extracting(range))
    }

    private func stream(_ exchange: Exchange, _ client: ServerConnection) -> Step {
        guard let key = exchange.upstreamKey, servers.contains(key) else { return .waiting }
        let server = servers[key]
        let before = client.body.bytesMoved
        let result: Result<BodyProgress, StreamFault>
        do throws(HTTPViolation) {
            result = try client.moveBody(
                to: &server.stream.output, as: exchange.requestTarget,
                high: ByteStream.outputBytesHigh)
        } catch {
            // Cutting the upstream connection is the only honest end of a half-sent body.
            return end(exchange, violation: error)
        }
        let moved = client.body.bytesMoved != before
        exchange.observation.requestBytes = client.body.bytesMoved
        switch result {
        case .success(.ended):
            exchange.requestPhase = .sent
            let step = flushServer(exchange)
            return step == .waiting ? .moved : step
        case .success:
            if moved { scheduleBody(exchange.clientKey) }
            let step = flushServer(exchange)
            return step == .waiting && moved ? .moved : step
        case .failure:
            dropClient(exchange.clientKey)
            return .gone
        }
    }

    /// Hands waiting request bytes to the upstream.
    private func flushServer(_ exchange: Exchange) -> Step {
        guard let key = exchange.upstreamKey, servers.contains(key) else { return .waiting }
        let server = servers[key]
        guard server.phase == .ready, !server.stream.output.isEmpty else { return .waiting }
        let before = server.stream.bytesSent
        switch server.stream.flush() {
        case .moved:
            if exchange.requestPhase == .sent, exchange.responsePhase == .awaitingHead {
                let patience = exchange.snapshot?.upstreams[exchange.upstream].responseMilliseconds
                wheel.schedule(key, at: now.advanced(byMilliseconds: patience ?? 0))
            }
            return .moved
        case .blocked:
            if server.stream.bytesSent != before {
                scheduleBody(key)
                return .moved
            }
            return .waiting
        case .full, .ended, .failed:
            return serverBroke(exchange, server)
        }
    }

    /// Reads and drops what is left of the body of a request that was answered without an upstream.
    private func discard(_ exchange: Exchange, _ client: ServerConnection) -> Step {
        var scratch = ByteBuffer(capacityMax: BodyReader.pieceBytesMax * 2)
        while true {
            do throws(HTTPViolation) {
                switch try client.moveBody(
                    to: &scratch, as: .plain, high: BodyReader.pieceBytesMax)
                {
                case .success(.ended):
                    finish(exchange)
                    return .over
                case .success(.full), .success(.moved):
                    guard client.body.bytesMoved <= Self.discardedBodyBytesMax else { break }
                    scratch.removeAll()
                    continue
                case .success(.starved):
                    // The answer must not wait for the body it refuses.
                    if case .failed = client.stream.flush() {
                        dropClient(exchange.clientKey)
                        return .gone
                    }
                    scheduleBody(exchange.clientKey)
                    return .waiting
                case .failure:
                    dropClient(exchange.clientKey)
                    return .gone
                }
            } catch {}
            client.keepsAlive = false
            finish(exchange)
            return .over
        }
    }

    // MARK: - Response

    private func moveResponse(_ exchange: Exchange, _ client: ServerConnection) -> Step {
        switch exchange.responsePhase {
        case .done: return .waiting
        case .awaitingHead: return readResponseHead(exchange, client)
        case .streaming: return streamResponse(exchange, client)
        }
    }

    private func readResponseHead(_ exchange: Exchange, _ client: ServerConnection) -> Step {
        guard let key = exchange.upstreamKey, servers.contains(key) else { return .waiting }
        let server = servers[key]
        guard server.phase == .ready,
            exchange.requestPhase == .sent || exchange.requestPhase == .streaming
                || exchange.requestPhase == .sending
        else { return .waiting }
        do throws(HTTPViolation) {
            switch try server.readHead(
                into: &responseHead, limits: .response, answering: exchange.method)
            {
            case .head(let length):
                return try relayHead(exchange, client, server, headLength: length)
            case .starved: return .waiting
            case .ended, .failed: return serverBroke(exchange, server)
            }
        } catch {
            exchange.observation.violation = error.responseCode
            return end(exchange, .upstreamProtocol)
        }
    }

    private func relayHead(
        _ exchange: Exchange, _ client: ServerConnection, _ server: ClientConnection,
        headLength: Int
    ) throws(HTTPViolation) -> Step {
        if responseHead.isInterim {
            // 100 is ours to send; an upgrade nobody asked for is no response to this request.
            if responseHead.status != 100, !exchange.clientIsOld {
                writeInterimHead(exchange, server.stream.input, to: &client.stream.output)
            }
            try server.skipInterim(headLength: headLength)
            return .moved
        }
        exchange.observation.answered = now
        let framing = responseHead.framing
        guard echoMatches(exchange, server.stream.input) else {
            return end(exchange, .upstreamEcho)
        }
        // What was not read of the request cannot be told from the next one.
        if !client.body.isEnded { client.keepsAlive = false }
        if drainUntil != nil { client.keepsAlive = false }
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
            return end(exchange, error)
        }
        exchange.observation.status = responseHead.status
        exchange.responseStarted = true
        server.begin(
            headLength: headLength, framing: framing, keepsAlive: responseHead.keepAlive)
        exchange.responsePhase = .streaming
        scheduleBody(server: exchange)
        return .moved
    }

    private func scheduleBody(server exchange: Exchange) {
        if let key = exchange.upstreamKey { scheduleBody(key) }
    }

    private func streamResponse(_ exchange: Exchange, _ client: ServerConnection) -> Step {
        guard let key = exchange.upstreamKey, servers.contains(key) else { return .waiting }
        let server = servers[key]
        let before = server.body.bytesMoved
        let result: Result<BodyProgress, StreamFault>
        do throws(HTTPViolation) {
            result = try server.moveBody(
                to: &client.stream.output, as: exchange.responseTarget,
                high: ByteStream.outputBytesHigh)
        } catch {
            exchange.observation.violation = error.responseCode
            return cut(exchange, client)
        }
        exchange.observation.responseBytes = server.body.bytesMoved
        let moved = server.body.bytesMoved != before
        switch result {
        case .success(.ended):
            exchange.responsePhase = .done
            finish(exchange)
            return .over
        case .success(.full), .success(.moved), .success(.starved):
            if moved { scheduleBody(key) }
            let held = client.stream.output.count
            switch client.stream.flush() {
            case .moved: return moved || held > 0 ? .moved : .waiting
            case .blocked:
                // Whose turn it is decides whose deadline runs.
                if client.stream.output.count < held { scheduleBody(exchange.clientKey) }
                if client.stream.output.count >= ByteStream.outputBytesHigh {
                    wheel.cancel(key)
                    if held == client.stream.output.count, moved { return .waiting }
                }
                return client.stream.output.count < held ? .moved : .waiting
            case .full, .ended, .failed:
                dropClient(exchange.clientKey)
                return .gone
            }
        case .failure:
            return cut(exchange, client)
        }
    }

    // MARK: - Ends

    /// The upstream connection ended or failed before its response head was whole.
    private func serverBroke(_ exchange: Exchange, _ server: ClientConnection) -> Step {
        if exchange.responseStarted {
            guard clients.contains(exchange.clientKey) else { return .gone }
            return cut(exchange, clients[exchange.clientKey])
        }
        // Only while nothing has left this process may a request be sent again.
        if server.hasSentNothing, server.responses > 0 {
            detachServer(exchange)
            exchange.attempts.mustBeNew = true
            exchange.requestPhase = .connecting
            counters.upstreamRetries.increment()
            connect(exchange)
            return .moved
        }
        return end(exchange, .upstreamReset)
    }

    /// Ends a response in the middle so that nobody can take it for complete: no last chunk, fewer
    /// bytes than announced, no close_notify, a reset in place of a FIN.
    private func cut(_ exchange: Exchange, _ client: ServerConnection) -> Step {
        exchange.observation.wasCut = true
        exchange.observation.refusal = .upstreamReset
        _ = client.stream.flush()
        client.stream.abort()
        dropClient(exchange.clientKey)
        return .gone
    }

    private func end(_ exchange: Exchange, _ refusal: Refusal) -> Step {
        fail(exchange, refusal)
        return exchanges.contains(exchange.key) ? .moved : .over
    }

    private func end(_ exchange: Exchange, violation: HTTPViolation) -> Step {
        exchange.observation.violation = violation.code
        clients[exchange.clientKey].keepsAlive = false
        return end(exchange, Refusal(violation))
    }

    /// The exchange is over in the ordinary way: account for it, keep what may be kept.
    func finish(_ exchange: Exchange) {
        let key = exchange.clientKey
        releaseServer(exchange)
        account(exchange)
        retire(exchange)
        guard clients.contains(key) else { return }
        let client = clients[key]
        client.exchange = nil
        if client.keepsAlive, drainUntil == nil {
            client.awaitNext()
            scheduleIdle(key)
        } else {
            client.phase = .lingering
            wheel.schedule(key, at: now.advanced(byMilliseconds: Self.lingerMilliseconds))
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
        if let serverKey = exchange.upstreamKey { dropServer(serverKey) }
        exchange.upstreamKey = nil
        account(exchange)
        retire(exchange)
    }

    private func retire(_ exchange: Exchange) {
        _ = exchanges.remove(exchange.key)
        exchange.reset()
        if spareExchanges.count < 1_024 { spareExchanges.append(exchange) }
    }
}
