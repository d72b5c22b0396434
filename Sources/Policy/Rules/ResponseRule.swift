public import HTTP1

/// What of an upstream's response reaches the client (INV-6): nothing of this hop, no tenant, none
/// of our internal fields. `Server` and `Location` pass as they are, cookies less their `Domain`.
public struct ResponseRule: Sendable {
    private let names: SkeletonSet
    private let table: FateTable
    private let known: [FieldFate]
    let cookieDomain: RoutePolicy.CookieDomain

    /// - Parameters:
    ///   - hasCORS: whether the route answers cross-origin questions itself; the upstream's own
    ///     answers are then dropped, because two of them are none to a browser.
    ///   - carriesTenant: whether the responses are a tenant's, so no shared cache may keep them.
    ///   - cookieDomain: what becomes of the `Domain` of cookies (attack X7): it would hand them to
    ///     the hosts of other tenants.
    public init(
        names: SkeletonSet, hasCORS: Bool, carriesTenant: Bool = true,
        cookieDomain: RoutePolicy.CookieDomain = .strip
    ) {
        self.names = names
        self.cookieDomain = cookieDomain
        // `Expect` has no meaning in a response and is not ours to write.
        let table = FateTable(
            exact: [
                (["Content-Length", "Transfer-Encoding", "X-Request-ID"], .replaced),
                (FieldNames.hopByHop, .drop(.hopByHop)), (FieldNames.limits, .replaced),
                (FieldNames.responseDropped, .drop(.gatewayOwn)),
                (hasCORS ? FieldNames.cors : [], .replaced),
                (carriesTenant ? FieldNames.targetedCaching : [], .replaced),
            ],
            prefixes: [
                (FieldNames.hopByHopPrefixes, .drop(.hopByHop)),
                (FieldNames.gatewayOwnPrefixes, .drop(.gatewayOwn)),
                (FieldNames.responseDroppedPrefixes, .drop(.gatewayOwn)),
            ])
        self.table = table
        known = KnownField.allCases.map { Self.judge($0.name.bytes, names, table) }
    }

    /// The fate of one response field.
    public func fate(of field: KnownField, name: Span<UInt8>, isHopByHop: Bool) -> FieldFate {
        let fate =
            field == .other
            ? Self.judge(name, names, table) : known[Int(field.rawValue)]
        return isHopByHop && fate == .keep ? .drop(.hopByHop) : fate
    }

    /// Whether a kept field may stand in an interim head as it is: there, a cookie with a `Domain`
    /// is dropped, since the final head is the place for it.
    public func passesInterim(_ field: KnownField, value: Span<UInt8>) -> Bool {
        field != .setCookie || cookieDomain == .keep || !SetCookieValue.namesDomain(value)
    }

    private static func judge(
        _ name: Span<UInt8>, _ names: SkeletonSet, _ table: FateTable
    ) -> FieldFate {
        var skeleton = Skeleton()
        if names.contains(name, using: &skeleton) { return .drop(.tenant) }
        return table.fate(of: skeleton.letters()) ?? .keep
    }
}

/// What the gateway adds to one response, for one call of `RouteRule.writeResponse`.
public struct ResponseFacts: ~Escapable {
    public let requestID: Span<UInt8>
    /// The request's `Origin`; empty for none.
    public let origin: Span<UInt8>
    /// Where the request stands with its limits.
    public let standings: LimitStandings
    /// Whether the connection to the client is closed after this response.
    public let closes: Bool

    @_lifetime(copy requestID, copy origin)
    public init(
        requestID: Span<UInt8>, origin: Span<UInt8>, standings: LimitStandings, closes: Bool
    ) {
        self.requestID = requestID
        self.origin = origin
        self.standings = standings
        self.closes = closes
    }
}

extension RouteRule {
    /// Appends the response head for the client to `out`, blank line included.
    ///
    /// - Parameters:
    ///   - head: parsed from `bytes`, not interim.
    ///   - framing: how the body will be sent; `untilClose` only together with `facts.closes`.
    /// - Throws: `upstream.protocol` when `out` has no room, `upstream.cookie_domain` where the
    ///   route refuses cookies with a `Domain`.
    public func writeResponse(
        _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, framing: BodyFraming,
        limitHeaders: LimitHeaders, facts: borrowing ResponseFacts, into out: inout ByteBuffer
    ) throws(Refusal) {
        let begin = out.count
        if responses.cookieDomain == .reject { try refuseCookieDomains(head, bytes) }
        do throws(HTTPViolation) {
            try out.appendStatusLine(head.status, reason: bytes[head.reason])
            var limits: LimitHeaders = limitHeaders
            try writeKept(head, bytes, framing, facts.standings, &limits, &out)
            try out.appendField(.xRequestID, value: facts.requestID)
            try out.appendField(.via, value: "1.1 ringfence")
            let own = LimitHeaders.bytesMax + CORSRule.bytesMax + facts.origin.count
            guard out.freeCapacityMax >= own else { throw HTTPViolation.unwritableSize }
            limits.write(facts.standings, route: limitName, into: &out)
            cors?.writeResponse(origin: facts.origin, into: &out)
            if facts.closes { try out.appendField(.connection, value: "close") }
            switch framing {
            case .none, .untilClose: break
            case .length(let length): try out.appendField(.contentLength, decimal: length)
            case .chunked: try out.appendField(.transferEncoding, value: "chunked")
            }
            try out.appendHeadEnd()
        } catch {
            out.truncate(to: begin)
            throw .upstreamProtocol
        }
    }

    private func refuseCookieDomains(
        _ head: borrowing ResponseHead, _ bytes: Span<UInt8>
    ) throws(Refusal) {
        for index in 0..<head.fields.count where head.fields[index].known == .setCookie {
            guard !SetCookieValue.namesDomain(bytes[head.fields[index].value]) else {
                throw .upstreamCookieDomain
            }
        }
    }

    private func writeKept(
        _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, _ framing: BodyFraming,
        _ standings: borrowing LimitStandings, _ limits: inout LimitHeaders,
        _ out: inout ByteBuffer
    ) throws(HTTPViolation) {
        // Ours takes the place of theirs: of two that disagree some cache obeys the wrong one.
        let ownCaching = carriesTenant && !isInShadow && !isPrivate(head, bytes)
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            if ownCaching, field.known == .cacheControl { continue }
            let fate = responses.fate(
                of: field.known, name: bytes[field.name], isHopByHop: field.isHopByHop)
            // The length a HEAD or 304 announces is what a GET would get (RFC 9110 section 8.6).
            let announces =
                field.known == .contentLength && framing == .none && head.status != 204
            if fate != .keep {
                if fate == .replaced, UpstreamLimits.mayPass(field.known) {
                    try writeLimit(index, of: head, bytes, standings, &limits, &out)
                }
                guard announces else { continue }
            }
            if field.known == .retryAfter, standings.blockedSeconds > 0 {
                try Self.writeRetry(bytes[field.value], standings, &out)
                continue
            }
            if field.known == .setCookie, responses.cookieDomain == .strip,
                SetCookieValue.namesDomain(bytes[field.value])
            {
                try Self.writeHostCookie(bytes[field.value], &out)
            } else {
                try out.appendField(field, of: bytes)
            }
        }
        if ownCaching {
            try out.appendField(.cacheControl, value: "private, no-store")
        }
    }

    private func writeLimit(
        _ index: Int, of head: borrowing ResponseHead, _ bytes: Span<UInt8>,
        _ standings: borrowing LimitStandings, _ limits: inout LimitHeaders,
        _ out: inout ByteBuffer
    ) throws(HTTPViolation) {
        let theirs = UpstreamLimits(head, bytes, standings)
        let field = head.fields[index]
        if theirs.replacesOurs { limits.xRateLimit = false }
        guard theirs.passes(field.known, name: bytes[field.name], value: bytes[field.value]) else {
            return
        }
        try out.appendField(field, of: bytes)
    }

    /// Who waits as the upstream says must not be refused by us then.
    private static func writeRetry(
        _ value: Span<UInt8>, _ standings: borrowing LimitStandings, _ out: inout ByteBuffer
    ) throws(HTTPViolation) {
        let blocked = UInt64(standings.blockedSeconds)
        if let seconds = UpstreamLimits.integer(value), seconds < blocked {
            try out.appendField(.retryAfter, decimal: blocked)
        } else {
            try out.appendField(.retryAfter, value: value)
        }
    }

    private static func writeHostCookie(
        _ value: Span<UInt8>, _ out: inout ByteBuffer
    ) throws(HTTPViolation) {
        let name: StaticString = "Set-Cookie: "
        guard out.freeCapacityMax >= name.utf8CodeUnitCount + value.count + 2 else {
            throw .unwritableSize
        }
        out.append(name)
        SetCookieValue.writeWithoutDomain(value, into: &out)
        out.append("\r\n")
    }
}
