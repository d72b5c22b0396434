import HTTP1
import HTTPTransport
import Policy
import Reactor
import Telemetry

/// What clients get: the upstream's response, cleaned, or an answer of our own.
extension GatewayWorker {
    // MARK: - The upstream's response

    /// Writes the head of the upstream's response for the client.
    func writeResponseHead(
        _ exchange: Exchange, _ input: borrowing ByteBuffer, framing: BodyFraming,
        keepsAlive: Bool, to output: inout ByteBuffer
    ) throws(Refusal) {
        guard let snapshot = exchange.snapshot, let index = exchange.route else {
            throw .internalError
        }
        requestIDText.removeAll()
        requestIDText.append(exchange.requestID)
        if snapshot.rules.routes[index].isInShadow {
            judgeResponse(exchange, snapshot.rules.routes[index], input)
        }
        try Self.write(
            responseHead, input, for: snapshot.rules.routes[index],
            framing: clientFraming(exchange, framing), requestID: requestIDText,
            origin: exchange.origin, standings: exchange.standings, closes: !keepsAlive,
            limitHeaders: snapshot.policy.limitHeaders, into: &output)
    }

    private static func write(
        _ head: borrowing ResponseHead, _ input: borrowing ByteBuffer, for route: RouteRule,
        framing: BodyFraming, requestID: borrowing ByteBuffer, origin: borrowing ByteBuffer,
        standings: LimitStandings, closes: Bool, limitHeaders: LimitHeaders,
        into output: inout ByteBuffer
    ) throws(Refusal) {
        let facts = ResponseFacts(
            requestID: requestID.readable, origin: origin.readable, standings: standings,
            closes: closes)
        try route.writeResponse(
            head, input.readable, framing: framing, limitHeaders: limitHeaders, facts: facts,
            into: &output)
    }

    /// How the body goes to the client: a length stays a length, everything else is chunked, and an
    /// HTTP/1.0 client gets the end of the connection.
    private func clientFraming(_ exchange: Exchange, _ framing: BodyFraming) -> BodyFraming {
        switch framing {
        case .none: announcedLength(exchange)
        case .length: framing
        case .chunked, .untilClose: exchange.clientIsOld ? .untilClose : .chunked
        }
    }

    /// A response to HEAD, or a 304, tells the length of a body it does not have (RFC 9110 §8.6).
    private func announcedLength(_ exchange: Exchange) -> BodyFraming {
        guard exchange.method == .head || responseHead.status == 304,
            let length = responseHead.announcedLength
        else { return .none }
        return .length(length)
    }

    /// Passes an interim response on (RFC 9110 §15.2): its status and what may be told.
    func writeInterimHead(
        _ exchange: Exchange, _ input: borrowing ByteBuffer, headLength: Int,
        to output: inout ByteBuffer
    ) {
        guard let snapshot = exchange.snapshot, let index = exchange.route else { return }
        let rules = snapshot.rules.routes[index].responses
        let bytes = input.readable
        // Who does not read misses it; there is always room left for an answer of our own. A line
        // grows by at most its space after the colon and its CR.
        guard output.freeCapacityMax > headLength * 2 + ByteStream.outputBytesHigh else { return }
        output.append("HTTP/1.1 ")
        output.append(decimal: UInt64(responseHead.status))
        output.append(" ")
        output.append(HTTPStatus.reason(responseHead.status))
        output.append("\r\n")
        for place in 0..<responseHead.fields.count {
            let field = responseHead.fields[place]
            let fate = rules.fate(
                of: field.known, name: bytes[field.name], isHopByHop: field.isHopByHop)
            guard fate == .keep, rules.passesInterim(field.known, value: bytes[field.value])
            else { continue }
            output.append(bytes[field.name])
            output.append(": ")
            output.append(bytes[field.value])
            output.append("\r\n")
        }
        output.append("\r\n")
    }

    /// Where the upstream must name the tenant its work ran under, it has to be the request's.
    func echoMatches(_ exchange: Exchange, _ input: borrowing ByteBuffer) -> Bool {
        guard let snapshot = exchange.snapshot,
            snapshot.upstreams[exchange.upstream].echoRequired
        else { return true }
        let bytes = input.readable
        var found: Slice?
        for place in 0..<responseHead.fields.count {
            let field = responseHead.fields[place]
            guard bytes[field.name].equalsIgnoringCase("Ringfence-Tenant") else { continue }
            guard found == nil else { return false }
            found = field.value
        }
        guard let tenant = exchange.caller?.principal?.tenant else { return found == nil }
        guard let found else { return false }
        expectedEcho.removeAll()
        tenant.write(into: &expectedEcho)
        return Self.equal(bytes[found], expectedEcho)
    }

    private static func equal(_ bytes: Span<UInt8>, _ other: borrowing ByteBuffer) -> Bool {
        bytes.equals(other.readable)
    }

    // MARK: - Our own answers

    /// Answers an exchange that never reached an upstream.
    func refuse(_ exchange: Exchange, _ refusal: Refusal) {
        exchange.observation.refusal = refusal
        writeProblem(exchange, refusal)
        concludeLocally(exchange)
    }

    /// Ends an exchange that may already be on its way: answered if nothing of a response has left,
    /// cut otherwise.
    func fail(_ exchange: Exchange, _ refusal: Refusal) {
        if exchange.responseStarted { return cut(exchange, refusal) }
        exchange.observation.refusal = refusal
        detachServer(exchange)
        leaveUpstream(exchange)
        writeProblem(exchange, refusal)
        concludeLocally(exchange)
    }

    /// Answers with a status and the exchange's `answerFields`.
    func answer(_ exchange: Exchange, status: UInt16) {
        guard clients.contains(exchange.clientKey) else { return }
        let client = clients[exchange.clientKey]
        exchange.observation.status = status
        writeStart(exchange, status, keepsAlive: client.keepsAlive, to: &client.stream.output)
        client.stream.output.append("\r\n")
        concludeLocally(exchange)
    }

    private func writeProblem(_ exchange: Exchange, _ refusal: Refusal) {
        guard clients.contains(exchange.clientKey) else { return }
        let client = clients[exchange.clientKey]
        // A closing status is announced as one.
        if refusal.status == 408 || refusal.status == 413 { client.keepsAlive = false }
        exchange.observation.status = refusal.status
        exchange.responseStarted = true
        requestIDText.removeAll()
        requestIDText.append(exchange.requestID)
        problem.removeAll()
        writeMembers(exchange, refusal)
        Self.write(
            refusal, requestID: requestIDText, members: problemMembers, into: &problem)
        writeStart(
            exchange, refusal.status, keepsAlive: client.keepsAlive, to: &client.stream.output)
        writeRefusalFields(exchange, refusal, to: &client.stream.output)
        client.stream.output.append("Content-Type: ")
        client.stream.output.append(ProblemBody.contentType)
        client.stream.output.append("\r\nCache-Control: no-store\r\nContent-Length: ")
        client.stream.output.append(decimal: UInt64(problem.count))
        client.stream.output.append("\r\n\r\n")
        if exchange.method != .head { client.stream.output.append(problem) }
        exchange.observation.responseBytes = UInt64(problem.count)
    }

    private static func write(
        _ refusal: Refusal, requestID: borrowing ByteBuffer, members: borrowing ByteBuffer,
        into out: inout ByteBuffer
    ) {
        ProblemBody.write(
            refusal, requestID: requestID.readable, detail: refusal.entry.detail,
            members: members.readable, into: &out)
    }

    /// The status line, what every answer of ours carries, and the exchange's `answerFields`.
    private func writeStart(
        _ exchange: Exchange, _ status: UInt16, keepsAlive: Bool, to output: inout ByteBuffer
    ) {
        requestIDText.removeAll()
        requestIDText.append(exchange.requestID)
        output.append("HTTP/1.1 ")
        output.append(decimal: UInt64(status))
        output.append(" ")
        output.append(HTTPStatus.reason(status))
        output.append("\r\nDate: ")
        output.appendDate(epochSeconds: wall.seconds)
        output.append("\r\nX-Request-ID: ")
        output.append(requestIDText)
        output.append("\r\n")
        if !keepsAlive { output.append("Connection: close\r\n") }
        output.append(exchange.answerFields)
    }

    private func writeRefusalFields(
        _ exchange: Exchange, _ refusal: Refusal, to output: inout ByteBuffer
    ) {
        if refusal.status == 401 { output.append("WWW-Authenticate: Bearer\r\n") }
        // RFC 6750 section 3.1: the token is good and grants less than was asked for.
        if refusal == .roleMissing {
            output.append("WWW-Authenticate: Bearer error=\"insufficient_scope\"\r\n")
        }
        if refusal == .scopeInsufficient, let index = exchange.route {
            output.append("WWW-Authenticate: Bearer error=\"insufficient_scope\"")
            exchange.snapshot?.rules.routes[index].writeScopes(exchange.method, into: &output)
            output.append("\r\n")
        }
        if refusal.isUpstreamFault {
            output.append("Proxy-Status: ringfence; error=")
            output.append(refusal.proxyError)
            output.append("\r\n")
        }
        writeLimits(exchange, refusal, to: &output)
        if let snapshot = exchange.snapshot, let index = exchange.route,
            let cors = snapshot.rules.routes[index].cors
        {
            Self.write(cors, origin: exchange.origin, into: &output)
        }
    }

    private static func write(
        _ cors: CORSRule, origin: borrowing ByteBuffer, into output: inout ByteBuffer
    ) {
        cors.writeResponse(origin: origin.readable, into: &output)
    }

    /// After an answer of ours: what is left of the request's body is dropped if it is short, so
    /// that its bytes are never read as a request (attack S12), else the connection ends.
    private func concludeLocally(_ exchange: Exchange) {
        exchange.responsePhase = .done
        guard clients.contains(exchange.clientKey) else { return }
        let client = clients[exchange.clientKey]
        if client.body.isEnded || !client.keepsAlive { return finish(exchange) }
        exchange.requestPhase = .discarding
    }

    // MARK: - Accounting

    /// Step 12: one log line, and the counters.
    func account(_ exchange: Exchange) {
        let seen = exchange.observation
        let elapsed = instant.nanoseconds(since: seen.started)
        counters.countOutcome(seen.refusal)
        counters.record(nanoseconds: elapsed)
        if seen.wasCleaned { counters.countStripped(seen.stripped) }
        if let shadow = seen.shadow { counters.countShadow(shadow) }
        trace?.noteEnd(of: exchange)
        guard log != nil, log?.makeRoom(for: LogLine.bytesMax) == true else { return }
        writeLogLine(exchange, elapsed)
    }

    private func writeLogLine(_ exchange: Exchange, _ elapsed: UInt64) {
        logLine.removeAll()
        let seen = exchange.observation
        _ = LogLine.append(to: &logLine) { line in
            line.time(
                "time",
                unixMilliseconds: seen.startedWall.milliseconds)
            line.identifier("request_id", exchange.requestID)
            peerText.removeAll()
            exchange.peer.append(to: &peerText)
            line.text("peer", buffer: peerText)
            if exchange.isParsed {
                line.code("method", exchange.method.name)
                line.text("path", buffer: exchange.loggedPath)
            }
            line.integer("status", Int(seen.status))
            line.code("code", seen.refusal?.code ?? "forwarded")
            if let defect = seen.defect { line.code("defect", defect) }
            if let violation = seen.violation { line.code("violation", violation) }
            if let key = seen.apiKey { line.text("key", array: key.bytes) }
            if let principal = exchange.caller?.principal {
                line.text("tenant", array: principal.externalID.bytes)
                tenantText.removeAll()
                principal.tenant.write(into: &tenantText)
                line.text("tenant_id", buffer: tenantText)
                line.text("tier", array: principal.tierName)
                line.text("subject", array: principal.subject)
            }
            if let snapshot = exchange.snapshot, let index = exchange.route {
                line.text("route", array: snapshot.routeNames[index])
                line.text("upstream", array: snapshot.upstreams[exchange.upstream].audience)
            }
            writeStripped(seen.stripped, used: exchange.caller == nil ? 0 : 1, &line)
            if let shadow = seen.shadow { writeShadow(shadow, &line) }
            if seen.wasCut { line.boolean("cut", true) }
            line.integer("request_bytes", Int64(clamping: seen.requestBytes))
            line.integer("response_bytes", Int64(clamping: seen.responseBytes))
            line.duration("total_ms", nanoseconds: elapsed)
            if let forwarded = seen.forwarded {
                line.duration(
                    "gateway_ms", nanoseconds: forwarded.nanoseconds(since: seen.started))
                if let answered = seen.answered {
                    line.duration(
                        "upstream_ms", nanoseconds: answered.nanoseconds(since: forwarded))
                }
            }
        }
        log?.lines.append(logLine)
    }

    /// Which carriers had something taken out, by name; never what it was.
    ///
    /// - Parameter used: credentials that did what they were sent for, which is no news.
    private func writeStripped(_ report: CleaningReport, used: Int, _ line: inout LogLine) {
        var fields = 0
        for reason in StripReason.allCases { fields += report.fields(reason) }
        let isUsed = report.fields(.credential) <= used
        if isUsed { fields -= report.fields(.credential) }
        let others =
            report.cookies + report.query.removed + report.pathSegments + report.bodyNames
        guard fields + others > 0 else { return }
        line.beginList("stripped")
        for reason in StripReason.allCases where report.fields(reason) > 0 {
            if reason == .credential, isUsed { continue }
            line.element(code: reason.name)
        }
        if report.cookies > 0 { line.element(code: "cookie_tenant") }
        if report.query.removed > 0 { line.element(code: "query_tenant") }
        if report.pathSegments > 0 { line.element(code: "path_tenant") }
        if report.bodyNames > 0 { line.element(code: "body_tenant") }
        line.endList()
    }
}

extension LogLine {
    fileprivate mutating func text(_ key: StaticString, buffer: borrowing ByteBuffer) {
        text(key, buffer.readable)
    }

    fileprivate mutating func text(_ key: StaticString, array: [UInt8]) { text(key, array.span) }
}

extension Refusal {
    /// Faults on the way to the upstream, which `Proxy-Status` explains (RFC 9209).
    var isUpstreamFault: Bool {
        switch self {
        case .upstreamConnect, .upstreamConnectTimeout, .upstreamTLS, .upstreamReset,
            .upstreamProtocol, .upstreamTimeout, .upstreamEcho, .upstreamCookieDomain,
            .upstreamUnresolved:
            true
        default: false
        }
    }

    /// The error type of RFC 9209 §2.3.
    var proxyError: StaticString {
        switch self {
        case .upstreamConnect: "connection_refused"
        case .upstreamConnectTimeout: "connection_timeout"
        case .upstreamTLS: "tls_certificate_error"
        case .upstreamReset: "connection_terminated"
        case .upstreamTimeout: "http_response_timeout"
        case .upstreamUnresolved: "dns_error"
        case .upstreamProtocol: "http_protocol_error"
        default: "proxy_internal_error"
        }
    }

    /// The refusal that a malformed request is answered with.
    init(_ violation: HTTPViolation) {
        switch violation.status {
        case 414: self = .requestTargetTooLong
        case 431: self = .requestHeadTooLarge
        case 505: self = .requestVersion
        case 417: self = .requestExpectation
        case 413: self = .requestBodyTooLarge
        case 501: self = .requestTransferEncoding
        default:
            switch violation {
            case .proxyPreamble: self = .requestProxyProtocol
            case .hostMissing, .hostRepeated, .hostMalformed, .hostConflict: self = .requestHost
            case .framingConflict, .lengthMalformed, .lengthRepeated, .lengthTooLarge,
                .codingMalformed, .codingUnsupported, .codingRepeated, .codingVersion:
                self = .requestFraming
            case .targetMalformed, .targetForm, .targetByte, .targetFragment, .targetPercent,
                .targetScheme, .targetPathMissing, .targetAuthority, .targetUserinfo:
                self = .requestTarget
            default: self = .requestMalformed
            }
        }
    }
}
