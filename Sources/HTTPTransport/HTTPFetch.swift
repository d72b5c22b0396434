import HTTP1
public import Reactor
public import TLS

/// Where a document is fetched from: `https://host[:port]/path`, nothing else.
public struct FetchLocation: Equatable, Sendable {
    public let host: String
    public let port: UInt16
    /// Path with query, beginning with `/`.
    public let target: String

    /// `nil` for anything that is no such URL: other schemes, user names, fragments.
    public init?(_ url: String) {
        let scheme = "https://"
        guard url.hasPrefix(scheme), !url.utf8.contains(UInt8(ascii: "#")) else { return nil }
        let rest = url.dropFirst(scheme.count)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        let target = slash == rest.endIndex ? "/" : String(rest[slash...])
        for byte in target.utf8 where byte <= 0x20 || byte >= 0x7f { return nil }
        guard let name = HostName([UInt8](authority.utf8).span) else { return nil }
        var host = String(authority)
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { return nil }
            host = String(authority[authority.index(after: authority.startIndex)..<close])
        } else if let colon = authority.firstIndex(of: ":") {
            host = String(authority[..<colon])
        }
        self.host = host
        port = name.port ?? 443
        self.target = target
    }
}

/// Why a document could not be fetched.
public enum FetchFault: Error, Equatable, Sendable {
    case unresolved
    /// The name has no public address, and no other was allowed.
    case addressForbidden
    case refused
    case tls(TLSFailure)
    case timeout
    case protocolViolation
    case status(UInt16)
    case tooLarge
    case cutShort
    case system
}

extension FetchFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unresolved: "its host name has no address"
        case .addressForbidden: "its host name has no public address"
        case .refused: "its server does not accept connections"
        case .tls(let failure): "its TLS is not valid: \(failure)"
        case .timeout: "its server did not answer in time"
        case .protocolViolation: "its answer is not HTTP"
        case .status(let status): "its server answered \(status)"
        case .tooLarge: "its answer is too large"
        case .cutShort: "its answer ended early"
        case .system: "the system refuses"
        }
    }
}

/// What was fetched.
public struct FetchedDocument: Equatable, Sendable {
    public let body: [UInt8]
    /// How long its server says that it stays as it is (`Cache-Control: max-age`).
    public let maxAgeSeconds: UInt32?
}

/// Fetches one small document over HTTPS, blocking the calling thread. For key sets: off the
/// request path, with a deadline, no redirects, bounded bytes, one address after the other.
public struct HTTPFetch {
    public static let bytesMaxDefault = 262_144

    /// - Parameter allowsPrivate: whether the server may have an address that is not public. The
    ///   address that is asked is the one that was looked at: a name that changes its mind in
    ///   between changes nothing.
    /// - Returns: the body of a 200 response. A redirect is a fault like any other status.
    public static func get(
        _ location: FetchLocation, context: TLSClientContext, resolver: Resolver,
        deadline: Monotonic, allowsPrivate: Bool, bytesMax: Int = bytesMaxDefault
    ) throws(FetchFault) -> FetchedDocument {
        let found = try resolve(location, resolver, deadline)
        let addresses = found.filter { allowsPrivate || $0.isPublic }
        guard !addresses.isEmpty else { throw .addressForbidden }
        var fault = FetchFault.refused
        for address in addresses {
            do throws(FetchFault) {
                return try get(
                    location, at: .ip(address, port: location.port), context, deadline, bytesMax)
            } catch {
                fault = error
                // Only an address that does not answer is a reason to try another.
                guard error == .refused else { throw error }
            }
        }
        throw fault
    }

    private static func resolve(
        _ location: FetchLocation, _ resolver: Resolver, _ deadline: Monotonic
    ) throws(FetchFault) -> [IPAddress] {
        do {
            let answers = try Mailbox<NameAnswer>(capacity: 4)
            try resolver.resolve(location.host, token: 1, replyTo: answers)
            var batch: [NameAnswer] = []
            while Monotonic.now() < deadline {
                answers.wait(until: deadline, into: &batch)
                if let answer = batch.first { return try answer.result.get() }
            }
        } catch {
            throw .unresolved
        }
        throw .timeout
    }

    private static func get(
        _ location: FetchLocation, at address: SocketAddress, _ context: TLSClientContext,
        _ deadline: Monotonic, _ bytesMax: Int
    ) throws(FetchFault) -> FetchedDocument {
        let connection: ClientConnection
        do throws(StreamFault) {
            connection = try ClientConnection(
                to: address, target: 0, context: context, serverName: location.host)
        } catch {
            throw .refused
        }
        var visit = try FetchVisit(connection)
        try visit.establish(deadline)
        try visit.send(location, deadline)
        let body = try visit.receive(bytesMax, deadline)
        return FetchedDocument(body: body, maxAgeSeconds: visit.maxAgeSeconds)
    }
}

/// One connection of a fetch, driven by blocking waits.
private struct FetchVisit: ~Copyable {
    private let connection: ClientConnection
    private var poller: Poller
    private var head = ResponseHead()
    /// Of the response that was received.
    private(set) var maxAgeSeconds: UInt32?

    init(_ connection: ClientConnection) throws(FetchFault) {
        do throws(SystemFault) {
            let poller = try Poller(eventsMax: 4)
            try poller.add(connection.stream.descriptor, key: .fixed(0))
            self.poller = poller
            self.connection = connection
        } catch {
            throw .system
        }
    }

    private mutating func wait(_ deadline: Monotonic) throws(FetchFault) {
        let now = Monotonic.now()
        guard now < deadline else { throw .timeout }
        do throws(SystemFault) {
            try poller.wait(until: deadline, now: now)
        } catch {
            throw .system
        }
        for index in 0..<poller.count {
            connection.stream.becameReady(poller[index].readiness)
        }
    }

    mutating func establish(_ deadline: Monotonic) throws(FetchFault) {
        while true {
            switch connection.establish() {
            case .moved: return
            case .blocked: try wait(deadline)
            case .failed(.tls(let failure)): throw .tls(failure)
            case .full, .ended, .failed: throw .refused
            }
        }
    }

    mutating func send(_ location: FetchLocation, _ deadline: Monotonic) throws(FetchFault) {
        connection.begin()
        connection.stream.output.append("GET ")
        connection.stream.output.append(text: location.target)
        connection.stream.output.append(" HTTP/1.1\r\nHost: ")
        let isIPv6 = location.host.utf8.contains(UInt8(ascii: ":"))
        connection.stream.output.append(text: isIPv6 ? "[\(location.host)]" : location.host)
        if location.port != 443 {
            connection.stream.output.append(":")
            connection.stream.output.append(decimal: UInt64(location.port))
        }
        connection.stream.output.append(
            "\r\nAccept: application/json\r\nUser-Agent: ringfence\r\nConnection: close\r\n\r\n")
        while true {
            switch connection.stream.flush() {
            case .moved: return
            case .blocked: try wait(deadline)
            case .full, .ended, .failed: throw .cutShort
            }
        }
    }

    mutating func receive(_ bytesMax: Int, _ deadline: Monotonic) throws(FetchFault) -> [UInt8] {
        var body = ByteBuffer(capacityMax: bytesMax + 2 * BodyReader.pieceBytesMax)
        do throws(HTTPViolation) {
            while true {
                let outcome = try connection.readHead(
                    into: &head, limits: .response, answering: .get)
                if case .head(let length) = outcome {
                    guard !head.isInterim else {
                        try connection.skipInterim(headLength: length)
                        continue
                    }
                    readCacheControl()
                    connection.begin(
                        headLength: length, framing: head.framing, keepsAlive: head.keepAlive)
                    break
                }
                guard outcome == .starved else { return try fail(.cutShort) }
                if let fault = waitFault(deadline) { return try fail(fault) }
            }
            guard head.status == 200 else { return try fail(.status(head.status)) }
            while true {
                switch try connection.moveBody(to: &body, as: .plain, high: bytesMax + 1) {
                case .success(.ended):
                    return body.count <= bytesMax ? body.bytes : try fail(.tooLarge)
                case .success(.full): return try fail(.tooLarge)
                case .success(.moved), .success(.starved):
                    guard body.count <= bytesMax else { return try fail(.tooLarge) }
                    if let fault = waitFault(deadline) { return try fail(fault) }
                case .failure: return try fail(.cutShort)
                }
            }
        } catch {
            throw fault ?? .protocolViolation
        }
    }

    /// While the head's bytes are still there.
    private mutating func readCacheControl() {
        var values: [[UInt8]] = []
        var place = head.fields.index(of: .cacheControl)
        while let index = place {
            values.append(Self.bytes(of: connection.stream.input, head.fields[index].value))
            place = head.fields.index(of: .cacheControl, from: index + 1)
        }
        maxAgeSeconds = CacheControl.maxAge(values)
    }

    private static func bytes(of input: borrowing ByteBuffer, _ slice: Slice) -> [UInt8] {
        let text = input.readable[slice]
        return [UInt8](capacity: text.count) { out in
            for index in text.indices { out.append(text[index]) }
        }
    }

    /// Why the inner steps gave up, carried past the typed throw of the parser.
    private var fault: FetchFault?

    private mutating func fail(_ fault: FetchFault) throws(HTTPViolation) -> [UInt8] {
        self.fault = fault
        throw .requestLineMalformed
    }

    private mutating func waitFault(_ deadline: Monotonic) -> FetchFault? {
        do throws(FetchFault) {
            try wait(deadline)
            return nil
        } catch {
            return error
        }
    }
}
