/// The head of one HTTP/1.1 request (RFC 9112 section 3): line, fields, and everything that follows
/// from them, as offsets into the bytes it was parsed from.
///
/// A place to parse into, reused for one head after the other without allocating. Its properties
/// mean something only after `parse` has answered `complete`, and only together with the same bytes
/// at the same place in their span.
public struct RequestHead: ~Copyable {
    /// What `Upgrade` asked for. Every upgrade is dropped with its field except a WebSocket, which
    /// a client could not do without: it is for the caller to refuse or to serve.
    public enum Upgrade: UInt8, BitwiseCopyable, Sendable {
        case none, webSocket, other
    }

    public private(set) var method = KnownMethod.other
    /// The method as it was written.
    public private(set) var methodName = Slice.empty
    public private(set) var target = RequestTarget()
    public private(set) var version = HTTPVersion.http11
    public private(set) var fields = FieldTable()
    /// Whom the request is for: the authority of the target, else `Host` (RFC 9112 section 3.3);
    /// `nil` only for HTTP/1.0 without either. Valid for `HostName`.
    public private(set) var authority: Slice?
    public private(set) var framing = BodyFraming.none
    /// Whether the client would keep the connection (RFC 9112 section 9.3).
    public private(set) var keepAlive = false
    /// Whether the client waits for `100 Continue` before it sends the body.
    public private(set) var expectsContinue = false
    public private(set) var upgrade = Upgrade.none

    public init() {}

    /// Parses the head that starts at the first byte of `bytes`, which may reach beyond its end.
    ///
    /// Keeps nothing between calls: when more bytes have come, it is given all of them again,
    /// wherever they lie now (`HeadGate` says when that is worth it). A defect is thrown as soon as
    /// it can be seen, and then thrown again however many bytes follow.
    public mutating func parse(
        _ bytes: Span<UInt8>, limits: HeadLimits
    ) throws(HTTPViolation) -> HeadProgress {
        var cursor = HeadCursor(bytes, limits: limits)
        guard try cursor.skipBlankLine(), try parseLine(&cursor, limits),
            try fields.parse(&cursor, limits: limits)
        else { return .incomplete }
        try interpret(bytes, limits)
        return .complete(length: cursor.position)
    }

    /// Whether the field at `index` stays on this hop: by its name, or nominated by `Connection`.
    public func isHopByHop(_ index: Int) -> Bool { fields[index].isHopByHop }

    /// `method SP target SP version CRLF`, each separator exactly one byte (RFC 9112 section 3).
    private mutating func parseLine(
        _ cursor: inout HeadCursor, _ limits: HeadLimits
    ) throws(HTTPViolation) -> Bool {
        guard let name = try cursor.method(limits) else { return false }
        methodName = name
        let token = cursor.bytes[name]
        // A client that speaks the PROXY protocol to us was told so by nobody (version 1).
        if token.equals("PROXY") { throw .proxyPreamble }
        method = try KnownMethod(token)
        guard try cursor.target(of: method, limits: limits, into: &target),
            try cursor.version(into: &version)
        else { return false }
        return try cursor.lineEnd(otherwise: .versionMalformed)
    }

    /// What the fields of a whole head say together.
    private mutating func interpret(
        _ bytes: Span<UInt8>, _ limits: HeadLimits
    ) throws(HTTPViolation) {
        authority = try effectiveAuthority(bytes)
        framing = try fields.framing(bytes, version: version) ?? .none
        keepAlive = try fields.readConnectionOptions(bytes, limits: limits).persists(version)
        expectsContinue = try readExpectation(bytes)
        upgrade = requestedUpgrade(bytes)
    }

    /// RFC 9112 section 3.2: exactly one valid `Host` in HTTP/1.1, at most one in HTTP/1.0. An
    /// authority in the target wins, and a `Host` beside it must say the same.
    private func effectiveAuthority(_ bytes: Span<UInt8>) throws(HTTPViolation) -> Slice? {
        if fields.repeats(.host) { throw .hostRepeated }
        guard let index = fields.index(of: .host) else {
            guard version == .http10 else { throw .hostMissing }
            return target.authority
        }
        let host = fields[index].value
        guard let hostName = HostName(bytes[host]) else { throw .hostMalformed }
        guard let authority = target.authority else { return host }
        guard let targetName = HostName(bytes[authority]) else { throw .targetAuthority }
        // A CONNECT target has its port always, so any default serves to compare it.
        let defaultPort = (target.scheme ?? .http).defaultPort
        guard
            HostName.same(
                targetName, bytes[authority], hostName, bytes[host], defaultPort: defaultPort)
        else { throw .hostConflict }
        return authority
    }

    /// RFC 9110 section 10.1.1: one expectation exists; HTTP/1.0 could not have meant it.
    private func readExpectation(_ bytes: Span<UInt8>) throws(HTTPViolation) -> Bool {
        guard version == .http11, let index = fields.index(of: .expect) else { return false }
        guard !fields.repeats(.expect),
            bytes[fields[index].value].equalsIgnoringCase("100-continue")
        else { throw .expectationUnsupported }
        return true
    }

    private func requestedUpgrade(_ bytes: Span<UInt8>) -> Upgrade {
        guard version == .http11 else { return .none }
        var found = Upgrade.none
        var next = fields.index(of: .upgrade)
        while let index = next {
            let value = bytes[fields[index].value]
            var position = 0
            while let element = value.nextElement(&position) {
                if value.extracting(element).equalsIgnoringCase("websocket") { return .webSocket }
                found = .other
            }
            next = fields.index(of: .upgrade, from: index + 1)
        }
        return found
    }
}

extension HeadCursor {
    /// At most one empty line before the request (RFC 9112 section 2.2), and no PROXY protocol
    /// preamble of version 2, which starts with two.
    fileprivate mutating func skipBlankLine() throws(HTTPViolation) -> Bool {
        guard position < stop else { return try ranOut() }
        guard bytes[position] == ASCII.carriageReturn || bytes[position] == ASCII.lineFeed else {
            return true
        }
        guard try lineEnd(otherwise: .requestLineMalformed) else { return false }
        guard position < stop else { return try ranOut() }
        switch bytes[position] {
        case ASCII.lineFeed: throw .lineFeedBare
        case ASCII.carriageReturn: break
        default: return true
        }
        let signature: StaticString = "\r\n\r\n\0\r\nQUIT\n"
        for index in signature.bytes.indices {
            guard index < stop else { return try ranOut() }
            guard bytes[index] == signature.bytes[index] else { throw .blankLineRepeated }
        }
        throw .proxyPreamble
    }

    /// A method and its space; `nil` when the bytes end before the space.
    fileprivate mutating func method(_ limits: HeadLimits) throws(HTTPViolation) -> Slice? {
        let start = position
        let end = bound(limits.methodBytesMax)
        let token = ByteSet.token
        var index = start
        while index < end, token.contains(bytes[index]) { index &+= 1 }
        position = index
        guard index < end else {
            if index - start > limits.methodBytesMax { throw .methodTooLong }
            _ = try ranOut()
            return nil
        }
        switch bytes[index] {
        case ASCII.space where index > start: break
        case ASCII.space, ASCII.tab, ASCII.carriageReturn: throw .requestLineMalformed
        case ASCII.lineFeed: throw .lineFeedBare
        default: throw .methodMalformed
        }
        position = index + 1
        return Slice(start, index)
    }
}
