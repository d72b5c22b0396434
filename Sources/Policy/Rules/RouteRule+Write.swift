public import HTTP1

// Step 10: the head for the upstream, serialised from the decisions and never copied as a block.
extension RouteRule {
    /// Appends the finished head to `out`, blank line included, then reads it again with the
    /// independent scanner.
    ///
    /// - Parameters:
    ///   - target: what `plan` wrote, as signed by the assertion.
    ///   - framing: how the body will be sent; never `untilClose`.
    /// - Throws: `internal.scan` when the second reading finds another tenant than the verified
    ///   one, `request.head.too_large` when `out` has no room. `out` is then as it was.
    public func write(
        _ plan: borrowing RewritePlan, _ head: borrowing RequestHead, _ bytes: Span<UInt8>,
        principal: Principal?, target: Span<UInt8>, framing: BodyFraming,
        facts: borrowing RequestFacts, into out: inout ByteBuffer
    ) throws(Refusal) {
        let begin = out.count
        do throws(HTTPViolation) {
            try out.appendRequestLine(method: bytes[head.methodName], target: target)
            try writeHost(head, bytes, facts, &out)
            try writeKept(plan, head, bytes, isBodyOurs: facts.contentType.count > 0, &out)
            try writeTenant(principal, &out)
            try writeOwn(head, bytes, facts, &out)
            if facts.contentType.count > 0 {
                try out.appendField(.contentType, value: facts.contentType)
            }
            try writeFraming(framing, &out)
            try out.appendHeadEnd()
        } catch {
            out.truncate(to: begin)
            throw error == .unwritableSize ? .requestHeadTooLarge : .internalError
        }
        let end = out.count
        let accepted = scan.accepts(
            out.readable.extracting(begin..<end), tenant: principal?.externalID)
        guard accepted else {
            out.truncate(to: begin)
            throw .internalScan
        }
    }

    private func writeOwn(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ facts: borrowing RequestFacts,
        _ out: inout ByteBuffer
    ) throws(HTTPViolation) {
        try out.appendField(.xRequestID, value: facts.requestID)
        if facts.traceparent.count > 0 {
            try out.appendField(.traceparent, value: facts.traceparent)
        }
        try writeForwarded(head, bytes, facts, &out)
        try out.appendField(.via, value: "1.1 ringfence")
        if facts.assertion.count > 0 {
            try out.appendField(.ringfenceAssertion, value: facts.assertion)
        }
    }

    /// The client's authority: of the target where it has one, since it wins over `Host` (attack
    /// P7).
    private func writeHost(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ facts: borrowing RequestFacts,
        _ out: inout ByteBuffer
    ) throws(HTTPViolation) {
        if policy.hostHeader == .preserve, let authority = head.authority {
            try out.appendField(.host, value: bytes[authority])
        } else {
            try out.appendField(.host, value: facts.upstreamAuthority)
        }
    }

    private func writeKept(
        _ plan: borrowing RewritePlan, _ head: borrowing RequestHead, _ bytes: Span<UInt8>,
        isBodyOurs: Bool, _ out: inout ByteBuffer
    ) throws(HTTPViolation) {
        var cookiesWritten = false
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            if isBodyOurs, Self.describesBody(field.known, bytes[field.name]) { continue }
            switch plan[index] {
            case .keep:
                try out.appendField(field, of: bytes)
            case .cleanCookies:
                // Several lines become one (RFC 6265 section 5.4), at the place of the first.
                if !cookiesWritten { try writeCookies(plan, head, bytes, &out) }
                cookiesWritten = true
            case .replaced, .drop: break
            }
        }
    }

    /// Whether a field says something of the body as it came, which need not hold for ours.
    private static func describesBody(_ field: KnownField, _ name: Span<UInt8>) -> Bool {
        switch field {
        case .contentType, .contentEncoding: return true
        case .other: break
        default: return false
        }
        for digest: StaticString in ["Content-MD5", "Digest", "Content-Digest", "Repr-Digest"]
        where name.equalsIgnoringCase(digest) {
            return true
        }
        return false
    }

    private func writeCookies(
        _ plan: borrowing RewritePlan, _ head: borrowing RequestHead, _ bytes: Span<UInt8>,
        _ out: inout ByteBuffer
    ) throws(HTTPViolation) {
        var room = 10
        for index in 0..<head.fields.count where plan[index] == .cleanCookies {
            // Whitespace between cookies is made one space, which may be one more than there was.
            room += head.fields[index].value.count * 2 + 2
        }
        guard out.freeCapacityMax >= room else { throw .unwritableSize }
        let begin = out.count
        out.append("Cookie: ")
        var isFirst = true
        for index in 0..<head.fields.count where plan[index] == .cleanCookies {
            cookies.write(bytes[head.fields[index].value], isFirst: &isFirst, into: &out)
        }
        if isFirst { out.truncate(to: begin) } else { out.append("\r\n") }
    }

    /// Written after every client field is gone, so nothing a client says can remove it (attack
    /// H5).
    private func writeTenant(
        _ principal: Principal?, _ out: inout ByteBuffer
    ) throws(HTTPViolation) {
        guard let principal else { return }
        try out.appendField(name: injectHeader, value: principal.externalID.bytes)
        try out.appendField(name: "X-Tenant-Tier", value: principal.tierName)
    }

    private func writeFraming(
        _ framing: BodyFraming, _ out: inout ByteBuffer
    ) throws(HTTPViolation) {
        switch framing {
        case .none: break
        case .length(let length): try out.appendField(.contentLength, decimal: length)
        case .chunked: try out.appendField(.transferEncoding, value: "chunked")
        case .untilClose: preconditionFailure("a request body cannot end with the connection")
        }
    }
}

// Who asked, over which hop: RFC 7239 and the older family.
extension RouteRule {
    private func writeForwarded(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ facts: borrowing RequestFacts,
        _ out: inout ByteBuffer
    ) throws(HTTPViolation) {
        let authorityBytes = head.authority.map { $0.count } ?? 0
        var room = 128 + facts.clientAddress.count * 2 + authorityBytes
        for index in 0..<head.fields.count where facts.isTrustedProxy {
            let field = head.fields[index]
            guard field.known == .forwarded || field.known == .xForwardedFor else { continue }
            room += field.value.count + 2
        }
        guard out.freeCapacityMax >= room else { throw .unwritableSize }
        out.append("Forwarded: ")
        if facts.isTrustedProxy { writePrior(.forwarded, head, bytes, &out) }
        out.append("for=")
        writeNode(facts.clientAddress, &out)
        out.append(facts.isSecure ? ";proto=https" : ";proto=http")
        if let authority = head.authority {
            out.append(";host=\"")
            out.append(bytes[authority])
            out.append("\"")
        }
        out.append("\r\nX-Forwarded-For: ")
        if facts.isTrustedProxy { writePrior(.xForwardedFor, head, bytes, &out) }
        if facts.clientAddress.count > 0 {
            out.append(facts.clientAddress)
        } else {
            out.append("unknown")
        }
        out.append("\r\n")
        try writeProto(head, bytes, facts, &out)
        guard let authority = head.authority else { return }
        if facts.isTrustedProxy, let index = head.fields.index(of: .xForwardedHost),
            !head.fields.repeats(.xForwardedHost),
            HostName(bytes[head.fields[index].value]) != nil
        {
            try out.appendField(.xForwardedHost, value: bytes[head.fields[index].value])
        } else {
            try out.appendField(.xForwardedHost, value: bytes[authority])
        }
    }

    /// The trusted proxy's word where it is one of the two, else ours.
    private func writeProto(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ facts: borrowing RequestFacts,
        _ out: inout ByteBuffer
    ) throws(HTTPViolation) {
        var value: StaticString = facts.isSecure ? "https" : "http"
        if facts.isTrustedProxy, let index = head.fields.index(of: .xForwardedProto),
            !head.fields.repeats(.xForwardedProto)
        {
            let said = bytes[head.fields[index].value]
            if Self.equals(said, "https") { value = "https" }
            if Self.equals(said, "http") { value = "http" }
        }
        try out.appendField(.xForwardedProto, value: value)
    }

    /// Whether every quote of a `Forwarded` value is closed (RFC 7239 section 4): an open one would
    /// take what is appended into its string.
    private static func closesQuotes(_ value: Span<UInt8>) -> Bool {
        var isQuoted = false
        var isEscaped = false
        for index in value.indices {
            if isEscaped {
                isEscaped = false
            } else if isQuoted, value[index] == UInt8(ascii: "\\") {
                isEscaped = true
            } else if value[index] == UInt8(ascii: "\"") {
                isQuoted.toggle()
            }
        }
        return !isQuoted
    }

    /// What earlier hops said, in order, each followed by a comma.
    private func writePrior(
        _ field: KnownField, _ head: borrowing RequestHead, _ bytes: Span<UInt8>,
        _ out: inout ByteBuffer
    ) {
        var next = head.fields.index(of: field)
        while let index = next {
            let value = bytes[head.fields[index].value]
            if value.count > 0, field != .forwarded || Self.closesQuotes(value) {
                out.append(value)
                out.append(", ")
            }
            next = head.fields.index(of: field, from: index + 1)
        }
    }

    /// A node of RFC 7239 section 6: IPv6 in brackets and quotes.
    private func writeNode(_ address: Span<UInt8>, _ out: inout ByteBuffer) {
        guard address.count > 0 else {
            out.append("unknown")
            return
        }
        var isIPv6 = false
        for index in address.indices where address[index] == UInt8(ascii: ":") { isIPv6 = true }
        if isIPv6 { out.append("\"[") }
        out.append(address)
        if isIPv6 { out.append("]\"") }
    }

    private static func equals(_ text: Span<UInt8>, _ expected: StaticString) -> Bool {
        guard text.count == expected.bytes.count else { return false }
        for index in text.indices where text[index] != expected.bytes[index] { return false }
        return true
    }
}
