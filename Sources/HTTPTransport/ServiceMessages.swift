public import HTTP1
public import Reactor

/// A request as a service sees it: whole, with its body, in memory.
public struct ServiceRequest: Sendable {
    public struct Field: Sendable {
        public let name: [UInt8]
        public let value: [UInt8]
    }

    /// Names the connection to answer.
    public let key: SlotKey
    public let method: KnownMethod
    public let path: [UInt8]
    public let query: [UInt8]?
    public let fields: [Field]
    public let body: [UInt8]
    public let arrived: Monotonic

    /// The value of the only field of this name, compared without case; `nil` when it is absent or
    /// repeated.
    public func only(_ name: StaticString) -> [UInt8]? {
        var found: [UInt8]?
        for field in fields where field.name.span.equalsIgnoringCase(name) {
            guard found == nil else { return nil }
            found = field.value
        }
        return found
    }
}

/// The answer to a `ServiceRequest`: a whole response without framing and date, which the service
/// adds.
public struct ServiceReply: Sendable {
    public var status: UInt16
    /// Written as they are: no CR, LF or NUL, no framing field, no `Date`.
    public var fields: [(name: StaticString, value: [UInt8])]
    public var body: [UInt8]
    public var closes: Bool

    public init(
        status: UInt16, fields: [(name: StaticString, value: [UInt8])] = [], body: [UInt8] = [],
        closes: Bool = false
    ) {
        self.status = status
        self.fields = fields
        self.body = body
        self.closes = closes
    }
}

/// What a service's handler says to a request.
public enum ServiceAnswer: Sendable {
    case now(ServiceReply)
    /// The reply will be posted to `HTTPService.replies` under the request's key.
    case later
}

/// A request that never reached the handler.
public enum ServiceDefect: Equatable, Sendable {
    case violation(HTTPViolation)
    case bodyTooLarge
    /// The client took too long for its head or its body.
    case timeout
    /// The handler that promised an answer for later took too long; the reply it may still post
    /// is dropped.
    case replyOverdue
    case draining
}

extension ServiceReply {
    /// What takes the place of a reply that does not fit, which is the handler's bug.
    static let beyondBound = ServiceReply(status: 500, closes: true)

    /// Whether the whole response has room in so many bytes.
    func fits(_ room: Int) -> Bool {
        var bytes = body.count + 1_024
        for field in fields { bytes += field.name.utf8CodeUnitCount + field.value.count + 4 }
        return bytes <= room
    }

    /// Appends the whole response, which must fit.
    func write(isHead: Bool, closes: Bool, now: WallClock, to output: inout ByteBuffer) {
        output.append("HTTP/1.1 ")
        output.append(decimal: UInt64(status))
        output.append(" ")
        output.append(HTTPStatus.reason(status))
        output.append("\r\nDate: ")
        output.appendDate(epochSeconds: now.seconds)
        for field in fields {
            output.append("\r\n")
            output.append(field.name)
            output.append(": ")
            output.append(field.value.span)
        }
        if status != 204 {
            output.append("\r\nContent-Length: ")
            output.append(decimal: UInt64(body.count))
        }
        if closes { output.append("\r\nConnection: close") }
        output.append("\r\n\r\n")
        if !isHead { output.append(body.span) }
    }
}
