import Compression
import HTTP1
import HTTPTransport
import Policy
import Reactor

/// Step 9 of a request's life, where its body is held: collected whole, its content coding undone,
/// understood and cleaned, before a byte goes upstream.
extension GatewayWorker {
    /// Bytes collected between two looks at the bounds.
    private static let collectedBytesStep = 262_144

    /// Whether the body is held before it goes on: where it is signed, and where it is cleaned.
    /// What its fields say of it is judged now, before a byte of it is read.
    ///
    /// - Throws: `request.body.type`, `request.body.encoding`.
    func holdsBody(
        _ exchange: Exchange, _ snapshot: Snapshot, _ route: RouteRule, _ bytes: Span<UInt8>
    ) throws(Refusal) -> Bool {
        guard requestHead.framing != .none, requestHead.framing != .length(0) else { return false }
        let isSigned = snapshot.upstreams[exchange.upstream].isAsserted && exchange.caller != nil
        if route.isInShadow {
            return holdsBodyInShadow(exchange, route, bytes, isSigned: isSigned)
        }
        guard let rule = route.bodies else { return isSigned }
        _ = try bodyContentType(bytes, for: rule)
        exchange.bodyCoding = try bodyCoding(bytes)
        return true
    }

    /// The one `Content-Type`; a body without one is what each reader guesses.
    func bodyContentType(
        _ bytes: Span<UInt8>, for rule: BodyRule?
    ) throws(Refusal) -> (type: ContentType, text: Slice) {
        try Self.contentType(of: requestHead, bytes, for: rule)
    }

    /// Of a head that is borrowed, so that its table of fields is not copied.
    private static func contentType(
        of head: borrowing RequestHead, _ bytes: Span<UInt8>, for rule: BodyRule?
    ) throws(Refusal) -> (type: ContentType, text: Slice) {
        guard let index = head.fields.index(of: .contentType), !head.fields.repeats(.contentType)
        else { throw .requestBodyType }
        let text = head.fields[index].value
        let type = try ContentType(bytes[text])
        guard let rule, rule.takes(type) else { throw .requestBodyType }
        return (type, text)
    }

    func bodyCoding(_ bytes: Span<UInt8>) throws(Refusal) -> ContentCoding? {
        try Self.coding(of: requestHead, bytes)
    }

    private static func coding(
        of head: borrowing RequestHead, _ bytes: Span<UInt8>
    ) throws(Refusal) -> ContentCoding? {
        guard let index = head.fields.index(of: .contentEncoding) else { return nil }
        let name = bytes[head.fields[index].value]
        guard !head.fields.repeats(.contentEncoding) else { throw .requestBodyEncoding }
        if name.equalsIgnoringCase("identity") { return nil }
        guard let coding = ContentCoding(name) else { throw .requestBodyEncoding }
        return coding
    }

    /// Gets ready to hold the body of a request whose head was admitted.
    func beginCollecting(_ exchange: Exchange, _ route: RouteRule, _ framing: BodyFraming) {
        exchange.bodyBytesMax = route.policy.body.bytesMax
        if case .length(let count) = framing, count > UInt64(exchange.bodyBytesMax) {
            return refuse(exchange, .requestBodyTooLarge)
        }
        exchange.requestPhase = .collecting
        guard route.isInShadow else { return }
        exchange.bodyKeepsFraming = true
        exchange.requestTarget = framing == .chunked ? .chunked : .plain
    }

    /// Takes in what has come of the body.
    func collect(_ exchange: Exchange, _ client: ServerConnection) -> Step {
        let most = exchange.bodyBytesMax + 1
        let high = min(most, exchange.body.count + Self.collectedBytesStep)
        do throws(HTTPViolation) {
            let result = try client.moveBody(to: &exchange.body, as: .plain, high: high)
            exchange.observation.requestBytes = client.body.bytesMoved
            guard exchange.body.count <= exchange.bodyBytesMax else {
                if exchange.bodyKeepsFraming { return letGo(exchange, .requestBodyTooLarge) }
                fail(exchange, .requestBodyTooLarge)
                return .moved
            }
            guard takeMemory(exchange.body.allocated - exchange.bodyMemory, for: exchange) else {
                if exchange.bodyKeepsFraming { return letGo(exchange, nil) }
                fail(exchange, .requestBodyBudget)
                return .moved
            }
            switch result {
            case .success(.ended): finishCollecting(exchange)
            case .success(.full): break
            case .success(.moved), .success(.starved): return .waiting
            case .failure: dropClient(exchange.clientKey)
            }
        } catch {
            fail(exchange, violation: error)
        }
        return .moved
    }

    func takeMemory(_ bytes: Int, for exchange: Exchange) -> Bool {
        guard bytes > 0 else { return true }
        let most = snapshot.policy.listen.bodyMemoryBytesMax
        guard gateway.bodyMemory.take(bytes, of: most) else { return false }
        exchange.bodyMemory += bytes
        return true
    }

    private func giveMemory(_ bytes: Int, of exchange: Exchange) {
        gateway.bodyMemory.give(bytes)
        exchange.bodyMemory -= bytes
    }

    /// The body is whole: clean it, sign it, write the head, send.
    func finishCollecting(_ exchange: Exchange) {
        guard let snapshot = exchange.snapshot, let index = exchange.route,
            clients.contains(exchange.clientKey)
        else { return }
        let connection = clients[exchange.clientKey]
        let route = snapshot.rules.routes[index]
        // The head is parsed and planned again from its saved bytes, unless the body came with it:
        // otherwise the worker's scratch has served other requests meanwhile, and the same bytes
        // give the same answers.
        swap(&saved, &exchange.head)
        exchange.head.removeAll()
        do throws(Refusal) {
            try replan(exchange, snapshot, route, saved)
            if route.isInShadow {
                bodyType.removeAll()
                judgeBody(exchange, route, saved)
            } else {
                try cleanBody(exchange, route, saved)
            }
            try rewrite(exchange, snapshot, route, saved, connection)
        } catch {
            forgetSaved()
            return fail(exchange, error)
        }
        forgetSaved()
        // A large body takes a while, for which no upstream is to be blamed.
        readClocks()
        enter(exchange)
    }

    private func forgetSaved() {
        saved.removeAll()
        if saved.allocated > Exchange.bytesKept { saved.release() }
    }

    private func replan(
        _ exchange: Exchange, _ snapshot: Snapshot, _ route: RouteRule,
        _ head: borrowing ByteBuffer
    ) throws(Refusal) {
        guard planned != exchange.key else { return }
        planned = nil
        do throws(HTTPViolation) {
            _ = try requestHead.parse(head.readable, limits: requestLimits)
        } catch {
            throw .internalError
        }
        let isUnnamed = route.namesTenantInBody && exchange.caller?.principal == nil
        if isUnnamed { try nameFromBody(exchange, route, snapshot, head.readable) }
        do throws(Refusal) {
            try scratch.plan(
                route, requestHead, head.readable, principal: exchange.caller?.principal)
        } catch {
            if isUnnamed { observe(exchange, route, head.readable) }
            throw error
        }
        guard isUnnamed else { return }
        observe(exchange, route, head.readable)
        if let caller = exchange.caller, let principal = caller.principal {
            try charge(exchange, route, caller, principal)
        }
    }

    private func rewrite(
        _ exchange: Exchange, _ snapshot: Snapshot, _ route: RouteRule,
        _ head: borrowing ByteBuffer, _ connection: ServerConnection
    ) throws(Refusal) {
        try writeHead(
            exchange, snapshot, route, head.readable, exchange.caller,
            exchange.caller?.principal, peer: connection.peer,
            isSecure: connection.stream.isSecure,
            framing: exchange.bodyKeepsFraming
                ? requestHead.framing : .length(UInt64(exchange.body.count)))
    }

    /// Puts the cleaned body in the place of the one that came, and its type into `bodyType`.
    private func cleanBody(
        _ exchange: Exchange, _ route: RouteRule, _ head: borrowing ByteBuffer
    ) throws(Refusal) {
        bodyType.removeAll()
        guard let rule = route.bodies, !exchange.body.isEmpty else { return }
        let bytes = head.readable
        let (type, text) = try bodyContentType(bytes, for: rule)
        if let coding = exchange.bodyCoding { try decodeBody(exchange, coding) }
        let room = exchange.body.count + Self.growth(of: exchange.body, rule, type)
        let document = Self.documentRoom(of: exchange.body, type)
        guard takeMemory(room + document.bytesCharged, for: exchange) else {
            throw .requestBodyBudget
        }
        // The document is gone as soon as the body is clean.
        defer { giveMemory(document.bytesCharged, of: exchange) }
        bodyScratch.reserve(document)
        if room > cleaned.capacityMax { cleaned = ByteBuffer(capacityMax: room) }
        defer { Exchange.settle(&cleaned) }
        let report = try Self.clean(
            exchange.body, rule, type, bytes[text], exchange.caller?.principal?.externalID,
            &bodyScratch, into: &cleaned)
        trace?.noteBody(exchange.body, as: type, removed: report.removed, route)
        if report.isChanged { swap(&exchange.body, &cleaned) }
        type.write(bytes[text], into: &bodyType)
        exchange.observation.stripped.bodyNames = report.removed
    }

    private static func growth(
        of body: borrowing ByteBuffer, _ rule: BodyRule, _ type: ContentType
    ) -> Int {
        rule.growthMax(of: body.readable, as: type)
    }

    static func documentRoom(
        of body: borrowing ByteBuffer, _ type: ContentType
    ) -> BodyRoom {
        BodyRoom(of: body.readable, as: type)
    }

    private static func clean(
        _ body: borrowing ByteBuffer, _ rule: BodyRule, _ type: ContentType,
        _ text: Span<UInt8>, _ tenant: ExternalID?, _ scratch: inout BodyScratch,
        into cleaned: inout ByteBuffer
    ) throws(Refusal) -> BodyReport {
        try rule.clean(
            body.readable, as: type, text, tenant: tenant, &scratch, into: &cleaned)
    }

    /// Undoes the content coding within the bound of the body; identity is what is sent.
    func decodeBody(_ exchange: Exchange, _ coding: ContentCoding) throws(Refusal) {
        var decoded = ByteBuffer(capacityMax: exchange.bodyBytesMax)
        try decodeBody(exchange, coding, into: &decoded)
        exchange.body = decoded
    }

    /// The same into a buffer beside it.
    func decodeBody(
        _ exchange: Exchange, _ coding: ContentCoding, into decoded: inout ByteBuffer
    ) throws(Refusal) {
        guard takeMemory(exchange.bodyBytesMax, for: exchange) else { throw .requestBodyBudget }
        do throws(ContentCodingDefect) {
            try Self.decode(exchange.body, coding, into: &decoded, exchange.bodyBytesMax)
        } catch {
            switch error {
            case .malformed: throw .requestBodyMalformed
            case .tooLong: throw .requestBodyTooLarge
            case .exhausted: throw .requestBodyBudget
            }
        }
    }

    private static func decode(
        _ body: borrowing ByteBuffer, _ coding: ContentCoding, into decoded: inout ByteBuffer,
        _ bytesMax: Int
    ) throws(ContentCodingDefect) {
        try ContentDecoder().decode(body.readable, coding, into: &decoded, bytesMax: bytesMax)
    }
}
