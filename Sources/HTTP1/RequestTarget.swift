/// The schemes this layer knows, with the port each implies (RFC 9110 section 4.2).
public enum URIScheme: UInt8, BitwiseCopyable, Sendable {
    case http, https

    public var defaultPort: UInt16 {
        switch self {
        case .http: 80
        case .https: 443
        }
    }
}

/// What a request line asks for, as offsets into the head (RFC 9112 section 3.2).
public struct RequestTarget: BitwiseCopyable, Sendable {
    public enum Form: UInt8, BitwiseCopyable, Sendable {
        /// `/path?query`
        case origin
        /// `http://authority/path?query`
        case absolute
        /// `*`, of OPTIONS only
        case asterisk
        /// `host:port`, of CONNECT only
        case authority
    }

    public internal(set) var form = Form.origin
    /// The target as it was written.
    public internal(set) var whole = Slice.empty
    /// Of an absolute target.
    public internal(set) var scheme: URIScheme?
    /// Of an absolute target or an authority.
    public internal(set) var authority: Slice?
    /// With its leading slash; empty for `*` and for an authority.
    public internal(set) var path = Slice.empty
    /// Without its question mark; `nil` when there is none.
    public internal(set) var query: Slice?

    init() {}
}

extension HeadCursor {
    /// A target and the space that ends it. Every form ends before a byte that is no part of it;
    /// `endDefect` judges that byte.
    mutating func target(
        of method: KnownMethod, limits: HeadLimits, into target: inout RequestTarget
    ) throws(HTTPViolation) -> Bool {
        target = RequestTarget()
        let start = position
        let end = bound(limits.targetBytesMax)
        guard start < end else { return try ranOut() }
        let found: Bool
        switch (method, bytes[start]) {
        case (.connect, _):
            target.form = .authority
            found = try authority(to: end, into: &target)
        case (.options, UInt8(ascii: "*")):
            target.form = .asterisk
            position += 1
            found = position < end
        case (_, UInt8(ascii: "*")): throw .targetForm
        case (_, UInt8(ascii: "/")):
            found = try pathAndQuery(to: end, into: &target)
        default:
            target.form = .absolute
            guard try scheme(to: end, into: &target), try authority(to: end, into: &target)
            else { return try targetRanOut(from: start, limits) }
            guard bytes[position] == UInt8(ascii: "/") else {
                let isQuery = bytes[position] == UInt8(ascii: "?")
                throw isQuery ? .targetPathMissing : endDefect ?? .targetPathMissing
            }
            found = try pathAndQuery(to: end, into: &target)
        }
        guard found else { return try targetRanOut(from: start, limits) }
        if let defect = endDefect { throw defect }
        target.whole = Slice(start, position)
        position += 1
        return true
    }

    private func targetRanOut(
        from start: Int, _ limits: HeadLimits
    ) throws(HTTPViolation) -> Bool {
        if position - start > limits.targetBytesMax { throw .targetTooLong }
        return try ranOut()
    }

    /// What is wrong with the byte that ended the target; `nil` for the one space.
    private var endDefect: HTTPViolation? {
        switch bytes[position] {
        case ASCII.space: nil
        case ASCII.carriageReturn: .versionMissing
        case ASCII.lineFeed: .lineFeedBare
        case UInt8(ascii: "#"): .targetFragment
        default: .targetByte
        }
    }

    /// `http://` or `https://`; schemes are case-insensitive (RFC 3986 section 3.1).
    private mutating func scheme(
        to end: Int, into target: inout RequestTarget
    ) throws(HTTPViolation) -> Bool {
        let longest: StaticString = "https"
        let letters = longest.bytes
        let start = position
        var index = start
        while index < end, index - start < letters.count,
            ASCII.lowered(bytes[index]) == letters[index - start]
        {
            index += 1
        }
        position = index
        guard index < end else { return false }
        guard index - start >= 4 else { throw unknownScheme(from: start) }
        target.scheme = index - start == 4 ? .http : .https
        let separator: StaticString = "://"
        for offset in separator.bytes.indices {
            guard position < end else { return false }
            guard bytes[position] == separator.bytes[offset] else {
                throw unknownScheme(from: start)
            }
            position += 1
        }
        return true
    }

    /// Names the defect of a target that starts with neither a slash nor a known scheme, by what
    /// has been received of it at the first wrong byte.
    private func unknownScheme(from start: Int) -> HTTPViolation {
        switch bytes[position] {
        case ASCII.space: position == start ? .requestLineMalformed : .targetForm
        case ASCII.tab: .requestLineMalformed
        case ASCII.carriageReturn: .versionMissing
        case ASCII.lineFeed: .lineFeedBare
        case UInt8(ascii: "#"): .targetFragment
        case let byte where ByteSet.query.contains(byte): .targetScheme
        default: .targetByte
        }
    }

    /// An authority, checked whole once its end is there; it may not name a user.
    private mutating func authority(
        to end: Int, into target: inout RequestTarget
    ) throws(HTTPViolation) -> Bool {
        let start = position
        let allowed = ByteSet.authority
        var index = start
        while index < end, allowed.contains(bytes[index]) { index &+= 1 }
        position = index
        guard index < end else { return false }
        if bytes[index] == UInt8(ascii: "@") { throw .targetUserinfo }
        let slice = Slice(start, index)
        guard let name = HostName(bytes[slice]) else {
            // A byte that belongs nowhere is named before what it cut short.
            let delimits = bytes[index] == UInt8(ascii: "/") || bytes[index] == UInt8(ascii: "?")
            throw delimits ? .targetAuthority : endDefect ?? .targetAuthority
        }
        // RFC 9110 section 9.3.6: CONNECT has no default port.
        if target.form == .authority, name.port == nil { throw .targetAuthority }
        target.authority = slice
        return true
    }

    private mutating func pathAndQuery(
        to end: Int, into target: inout RequestTarget
    ) throws(HTTPViolation) -> Bool {
        let start = position
        let pathSet = ByteSet.path
        var index = start
        while index < end {
            let byte = bytes[index]
            if pathSet.contains(byte) {
                index &+= 1
            } else if byte == UInt8(ascii: "%") {
                for digit in (index + 1)..<min(index + 3, end)
                where ASCII.hexadecimalValue(bytes[digit]) == nil {
                    throw .targetPercent
                }
                index = min(index + 3, end)
            } else {
                break
            }
        }
        position = index
        guard index < end else { return false }
        target.path = Slice(start, index)
        guard bytes[index] == UInt8(ascii: "?") else { return true }
        let queryStart = index + 1
        let querySet = ByteSet.query
        index = queryStart
        while index < end, querySet.contains(bytes[index]) { index &+= 1 }
        position = index
        guard index < end else { return false }
        target.query = Slice(queryStart, index)
        return true
    }
}
