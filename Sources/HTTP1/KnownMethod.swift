/// A request method (RFC 9110 section 9). `other` is a valid token that is not listed: methods are
/// extensible, so it parses, and whoever routes answers 501.
public enum KnownMethod: UInt8, BitwiseCopyable, CaseIterable, Sendable {
    case other, get, head, post, put, patch, delete, options, trace, track, connect

    /// The method as it is written; empty for `other`.
    public var name: StaticString {
        switch self {
        case .other: ""
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .trace: "TRACE"
        case .track: "TRACK"
        case .connect: "CONNECT"
        }
    }

    /// Whether asking twice has the effect of asking once (RFC 9110 section 9.2.2).
    public var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .other, .post, .patch, .track, .connect: false
        }
    }

    /// Whether the client asks for no change (RFC 9110 section 9.2.1).
    public var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace: true
        case .other, .post, .put, .patch, .delete, .track, .connect: false
        }
    }

    /// The method that `token` spells exactly.
    ///
    /// A known method in another case is a violation, not `other`: RFC 9110 section 9.1 makes the
    /// two different methods, but readers exist that fold `get` to GET, so the same bytes would
    /// have two meanings.
    public init(_ token: Span<UInt8>) throws(HTTPViolation) {
        let candidate = Self.candidate(token)
        guard candidate != .other, token.equalsIgnoringCase(candidate.name) else {
            self = .other
            return
        }
        guard token.equals(candidate.name) else { throw .methodCase }
        self = candidate
    }

    /// The only method of this length and with these letters that can match.
    private static func candidate(_ token: Span<UInt8>) -> KnownMethod {
        func letter(_ index: Int) -> Unicode.Scalar { Unicode.Scalar(token[index] | 0x20) }
        switch token.count {
        case 3: return letter(0) == "g" ? .get : .put
        case 4: return letter(0) == "h" ? .head : .post
        case 5: return letter(0) == "p" ? .patch : letter(4) == "e" ? .trace : .track
        case 6: return .delete
        case 7: return letter(0) == "o" ? .options : .connect
        default: return .other
        }
    }
}
