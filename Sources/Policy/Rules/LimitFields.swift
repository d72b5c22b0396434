public import HTTP1

extension LimitHeaders {
    /// More than `write` and `writeRetryAfter` append together.
    public static let bytesMax = 1_024

    /// Appends the limit fields of a response, each with its line end
    /// (draft-ietf-httpapi-ratelimit-headers; `w` is the window in seconds). The fields with `X-`
    /// have room for one limit: the one that will stop the client first.
    ///
    /// - Parameter route: the route's name, of at most 64 letters, digits, `.`, `_` and `-`.
    public func write(
        _ standings: borrowing LimitStandings, route: [UInt8], into out: inout ByteBuffer
    ) {
        guard !standings.isEmpty else { return }
        if standings.isTierAlone { return writeTier(standings[0], &out) }
        if rateLimit {
            out.append("RateLimit-Policy: ")
            Self.writePolicies(standings, route, &out)
            out.append("\r\nRateLimit: ")
            Self.writeStandings(standings, route, &out)
            out.append("\r\n")
        }
        if xRateLimit, let tightest = standings.tightest {
            Self.writeTightest(standings[tightest], &out)
        }
    }

    /// What most responses carry, in as few pieces as it takes.
    private func writeTier(_ standing: LimitStanding, _ out: inout ByteBuffer) {
        if rateLimit {
            out.append("RateLimit-Policy: \"tier\";q=")
            out.append(decimal: UInt64(standing.limitPerMinute))
            out.append(";w=60\r\nRateLimit: \"tier\";r=")
            out.append(decimal: UInt64(standing.remaining))
            out.append(";t=")
            out.append(decimal: UInt64(standing.resetSeconds))
            out.append("\r\n")
        }
        if xRateLimit { Self.writeTightest(standing, &out) }
    }

    private static func writeTightest(_ standing: LimitStanding, _ out: inout ByteBuffer) {
        out.append("X-RateLimit-Limit: ")
        out.append(decimal: UInt64(standing.limitPerMinute))
        out.append("\r\nX-RateLimit-Remaining: ")
        out.append(decimal: UInt64(standing.remaining))
        out.append("\r\nX-RateLimit-Reset: ")
        out.append(decimal: UInt64(standing.resetSeconds))
        out.append("\r\n")
    }

    private static func writePolicies(
        _ standings: borrowing LimitStandings, _ route: [UInt8], _ out: inout ByteBuffer
    ) {
        for index in 0..<standings.count {
            if index > 0 { out.append(", ") }
            writeName(standings[index].kind, route, &out)
            out.append(";q=")
            out.append(decimal: UInt64(standings[index].limitPerMinute))
            out.append(";w=60")
        }
        guard let concurrency = standings.concurrency else { return }
        if standings.count > 0 { out.append(", ") }
        out.append("\"concurrency\";q=")
        out.append(decimal: UInt64(concurrency.limit))
        out.append(";qu=\"concurrent-requests\"")
    }

    private static func writeStandings(
        _ standings: borrowing LimitStandings, _ route: [UInt8], _ out: inout ByteBuffer
    ) {
        for index in 0..<standings.count {
            if index > 0 { out.append(", ") }
            writeName(standings[index].kind, route, &out)
            out.append(";r=")
            out.append(decimal: UInt64(standings[index].remaining))
            out.append(";t=")
            out.append(decimal: UInt64(standings[index].resetSeconds))
        }
        guard let concurrency = standings.concurrency else { return }
        if standings.count > 0 { out.append(", ") }
        out.append("\"concurrency\";r=")
        out.append(decimal: UInt64(concurrency.remaining))
    }

    private static func writeName(
        _ kind: LimitKind, _ route: [UInt8], _ out: inout ByteBuffer
    ) {
        switch kind {
        case .tier: out.append("\"tier\"")
        case .tierUser: out.append("\"tier:user\"")
        case .route, .routeUser:
            out.append("\"route:")
            out.append(route.span)
            out.append(kind == .route ? "\"" : ":user\"")
        }
    }

    /// Whether a value of `RateLimit` or `RateLimit-Policy` has an item of one of our names.
    static func namesOurs(_ value: Span<UInt8>) -> Bool {
        for index in value.indices where value[index] == UInt8(ascii: "\"") {
            let rest = value.extracting(droppingFirst: index + 1)
            if begins(rest, "tier\"") || begins(rest, "tier:user\"") || begins(rest, "route:")
                || begins(rest, "concurrency\"")
            {
                return true
            }
        }
        return false
    }

    private static func begins(_ text: Span<UInt8>, _ prefix: StaticString) -> Bool {
        let count = prefix.utf8CodeUnitCount
        return text.count >= count && text.extracting(first: count).equals(prefix)
    }

    /// Appends the names of the limits that refused, as items of a JSON array.
    public static func writeRefusing(
        _ standings: borrowing LimitStandings, route: [UInt8], into out: inout ByteBuffer
    ) {
        var isFirst = true
        for index in 0..<standings.count where !standings[index].isAdmitted {
            if !isFirst { out.append(",") }
            isFirst = false
            writeName(standings[index].kind, route, &out)
        }
        if let concurrency = standings.concurrency, !concurrency.isAdmitted {
            if !isFirst { out.append(",") }
            out.append("\"concurrency\"")
        }
    }

    /// Appends `Retry-After` (RFC 9110 section 10.2.3), with its line end.
    public static func writeRetryAfter(_ seconds: UInt32, into out: inout ByteBuffer) {
        out.append("Retry-After: ")
        out.append(decimal: UInt64(seconds))
        out.append("\r\n")
    }
}
