/// The head of one HTTP/1.1 response of an upstream (RFC 9112 section 4), read as strictly as a
/// request: an upstream that can be made to write an ambiguous head is as good as a client's own.
///
/// Used like `RequestHead`; a violation's `responseCode` names the defect.
public struct ResponseHead: ~Copyable {
    /// In `100...599`, never 101.
    public private(set) var status: UInt16 = 0
    /// The reason phrase, perhaps empty.
    public private(set) var reason = Slice.empty
    public private(set) var version = HTTPVersion.http11
    public private(set) var fields = FieldTable()
    public private(set) var framing = BodyFraming.none
    /// The `Content-Length` as it was sent; also of a response that has no body (RFC 9110
    /// section 8.6: HEAD and 304 tell the length of the body they leave out).
    public private(set) var announcedLength: UInt64?
    /// Whether the upstream would keep the connection; never with `untilClose`.
    public private(set) var keepAlive = false

    public init() {}

    /// Whether another head of the same response follows (RFC 9110 section 15.2).
    public var isInterim: Bool { status < 200 }

    /// Parses the head that starts at the first byte of `bytes`, like `RequestHead.parse`.
    /// - Parameter method: what the request asked, for a response to HEAD has no body.
    public mutating func parse(
        _ bytes: Span<UInt8>, limits: HeadLimits, answering method: KnownMethod
    ) throws(HTTPViolation) -> HeadProgress {
        var cursor = HeadCursor(bytes, limits: limits)
        guard try parseLine(&cursor, limits), try fields.parse(&cursor, limits: limits) else {
            return .incomplete
        }
        let announced = try fields.framing(bytes, version: version)
        announcedLength = nil
        if case .length(let length) = announced { announcedLength = length }
        framing = try Self.framing(announced, status: status, answering: method)
        let options = try fields.readConnectionOptions(bytes, limits: limits)
        keepAlive = options.persists(version) && framing != .untilClose
        return .complete(length: cursor.position)
    }

    /// Whether the field at `index` stays on this hop: by its name, or nominated by `Connection`.
    public func isHopByHop(_ index: Int) -> Bool { fields[index].isHopByHop }

    /// Whether a response of this status to this method has a body (RFC 9110 section 6.4.1).
    public static func permitsBody(status: UInt16, answering method: KnownMethod) -> Bool {
        method != .head && status >= 200 && status != 204 && status != 304
    }

    /// RFC 9112 section 6.3. Responses to HEAD and 304 may announce the body they do not have; 1xx
    /// and 204 must not (RFC 9110 section 8.6), and one that does is about to send it.
    private static func framing(
        _ announced: BodyFraming?, status: UInt16, answering method: KnownMethod
    ) throws(HTTPViolation) -> BodyFraming {
        if permitsBody(status: status, answering: method) { return announced ?? .untilClose }
        if status < 200 || status == 204, let announced, announced != .length(0) {
            throw .bodyUnexpected
        }
        return .none
    }

    /// `version SP 3DIGIT SP [ reason ] CRLF`.
    private mutating func parseLine(
        _ cursor: inout HeadCursor, _ limits: HeadLimits
    ) throws(HTTPViolation) -> Bool {
        guard try cursor.version(into: &version),
            try cursor.expect(ASCII.space, otherwise: .statusLineMalformed)
        else { return false }
        var code: UInt16 = 0
        for _ in 0..<3 {
            guard cursor.position < cursor.stop else { return try cursor.ranOut() }
            let byte = cursor.bytes[cursor.position]
            guard ASCII.isDigit(byte) else { throw .statusLineMalformed }
            code = code * 10 + UInt16(byte & 0x0f)
            cursor.position += 1
        }
        guard try cursor.expect(ASCII.space, otherwise: .statusLineMalformed) else { return false }
        guard (100...599).contains(code) else { throw .statusOutOfRange }
        // No upgrade is ever passed on, so none can be answered.
        if code == 101 { throw .switchingUnasked }
        status = code
        let start = cursor.position
        let end = cursor.bytes.endOfText(from: start, to: cursor.stop, obsText: true)
        cursor.position = end
        guard try cursor.lineEnd(otherwise: .statusLineMalformed) else { return false }
        reason = Slice(start, end)
        return true
    }
}
