import HTTP1
import HTTPTransport
import Policy
import Reactor

/// Steps 9 and 11 of a request's life: its body on the way to the upstream, with backpressure:
/// nobody reads from one side what the other does not take.
extension GatewayWorker {
    /// What a refused request's body may still hold if the connection is to be kept.
    static let discardedBodyBytesMax: UInt64 = 65_536

    /// One round of moving an exchange: the request, the response, then what is ready for the
    /// client.
    func advance(_ key: SlotKey, _ client: ServerConnection, _ clientKey: SlotKey) -> Step {
        let exchange = exchanges[key]
        let request = moveRequest(exchange, client)
        guard clients.contains(clientKey), exchanges.contains(key) else { return .moved }
        let response = moveResponse(exchange, client)
        guard clients.contains(clientKey), exchanges.contains(key) else { return .moved }
        let hasMoved = request == .moved || response == .moved
        let isFull = client.stream.output.count >= ByteStream.outputBytesHigh
        // A head waits for the body behind it, so that both leave in one write.
        if hasMoved, !isFull { return .moved }
        switch client.stream.flush() {
        case .moved, .blocked:
            let hasRoom = client.stream.output.count < ByteStream.outputBytesHigh
            return hasMoved || (isFull && hasRoom) ? .moved : .waiting
        case .full, .ended, .failed:
            dropClient(clientKey)
            return .moved
        }
    }

    private func moveRequest(_ exchange: Exchange, _ client: ServerConnection) -> Step {
        switch exchange.requestPhase {
        case .collecting: return collect(exchange, client)
        case .queued, .connecting, .stopped: return .waiting
        case .sending: return sendCollected(exchange, client)
        case .streaming: return stream(exchange, client)
        case .sent: return flushServer(exchange)
        case .discarding: return discard(exchange, client)
        }
    }

    /// Hands a collected body on as the upstream takes it.
    private func sendCollected(_ exchange: Exchange, _ client: ServerConnection) -> Step {
        guard let key = exchange.upstreamKey, servers.contains(key) else { return .waiting }
        let server = servers[key]
        while exchange.bodySent < exchange.body.count,
            server.stream.output.count < ByteStream.outputBytesHigh
        {
            let end = min(exchange.body.count, exchange.bodySent + BodyReader.pieceBytesMax)
            let isChunk = exchange.requestTarget == .chunked
            if isChunk { server.stream.output.appendChunkHeader(count: end - exchange.bodySent) }
            Self.append(
                exchange.body, exchange.bodySent..<end, to: &server.stream.output)
            if isChunk { server.stream.output.appendChunkEnd() }
            exchange.bodySent = end
        }
        guard exchange.bodySent == exchange.body.count else { return flushServer(exchange) }
        endCollected(exchange, client, server)
        // What follows a held part may have come long ago: nobody will say so again.
        let isFollowed = exchange.requestPhase == .streaming
        let step = flushServer(exchange)
        return isFollowed ? .moved : step
    }

    /// What was held has been handed on whole; what was not follows as it comes.
    private func endCollected(
        _ exchange: Exchange, _ client: ServerConnection, _ server: ClientConnection
    ) {
        if client.body.isEnded {
            if exchange.requestTarget == .chunked { server.stream.output.appendLastChunk() }
            exchange.requestPhase = .sent
            return
        }
        exchange.requestPhase = .streaming
        exchange.bodyHasMoved = true
        dropHeldBody(exchange)
    }

    private static func append(
        _ bytes: borrowing ByteBuffer, _ range: Range<Int>, to output: inout ByteBuffer
    ) {
        output.append(bytes.readable.extracting(range))
    }

    private func stream(_ exchange: Exchange, _ client: ServerConnection) -> Step {
        guard let key = exchange.upstreamKey, servers.contains(key) else { return .waiting }
        let server = servers[key]
        let result: Result<BodyProgress, StreamFault>
        do throws(HTTPViolation) {
            result = try client.moveBody(
                to: &server.stream.output, as: exchange.requestTarget,
                high: ByteStream.outputBytesHigh)
        } catch {
            // Cutting the upstream connection is the only honest end of a half-sent body.
            fail(exchange, violation: error)
            return .moved
        }
        if client.body.bytesMoved > 0 || client.body.isEnded { exchange.bodyHasMoved = true }
        exchange.observation.requestBytes = client.body.bytesMoved
        switch result {
        case .success(.ended): exchange.requestPhase = .sent
        case .success: break
        case .failure:
            dropClient(exchange.clientKey)
            return .moved
        }
        return flushServer(exchange)
    }

    /// Hands waiting request bytes to the upstream; `moved` when there is room for more again.
    private func flushServer(_ exchange: Exchange) -> Step {
        guard let key = exchange.upstreamKey, servers.contains(key) else { return .waiting }
        let server = servers[key]
        guard server.phase == .ready, !server.stream.output.isEmpty else { return .waiting }
        if turns.holds(exchange.clientKey) { return .waiting }
        let wasFull = server.stream.output.count >= ByteStream.outputBytesHigh
        switch server.stream.flush() {
        case .moved, .blocked:
            let hasRoom = server.stream.output.count < ByteStream.outputBytesHigh
            return wasFull && hasRoom ? .moved : .waiting
        case .full, .ended, .failed:
            if !sendAgain(exchange, server) {
                // It may have answered before it stopped listening (RFC 9112 §9.5).
                exchange.requestPhase = .stopped
                server.stream.lookAgain()
            }
            return .moved
        }
    }

    /// Sends the request over another connection if this one, kept from an earlier exchange, turned
    /// out dead before it took a byte.
    func sendAgain(_ exchange: Exchange, _ server: ClientConnection) -> Bool {
        guard server.hasSentNothing, server.responses > 0, !exchange.bodyHasMoved,
            !exchange.responseStarted
        else { return false }
        detachServer(exchange)
        exchange.attempts = ConnectAttempts()
        exchange.attempts.mustBeNew = true
        exchange.requestPhase = .connecting
        counters.upstreamRetries.increment()
        connect(exchange)
        return true
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
                    return .moved
                case .success(.full), .success(.moved):
                    guard client.body.bytesMoved <= Self.discardedBodyBytesMax else { break }
                    scratch.removeAll()
                    continue
                case .success(.starved): return .waiting
                // Who ended its direction may still read the answer.
                case .failure: break
                }
            } catch {}
            client.keepsAlive = false
            finish(exchange)
            return .moved
        }
    }
}
