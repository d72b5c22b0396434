extension PathPattern {
    /// Bytes of one pattern.
    public static let bytesMax = 1_024

    /// Reads `/v1/orders/**`: what follows the leading slash is split at slashes; `*` is one
    /// segment, `{tenant}` the segment that names the tenant, `**` at the end any rest; everything
    /// else is literal. A final empty segment stands
    /// for a trailing slash, so `/` is one empty literal. `nil` when the pattern could not match
    /// any canonical path: percent-encodings, dot segments, empty segments inside.
    public init?(_ text: String) {
        guard let pattern = try? Self.read(text) else { return nil }
        self = pattern
    }

    /// Equal for patterns that match the same paths.
    var shape: String {
        let parts = segments.map { segment in
            switch segment {
            case .literal(let bytes): String(decoding: bytes, as: UTF8.self)
            case .any, .tenant: "*"
            case .rest: "**"
            }
        }
        return parts.joined(separator: "/")
    }

    /// Like `init(_:)`, with a reason.
    static func read(_ text: String) throws(Misfit) -> PathPattern {
        guard text.utf8.first == UInt8(ascii: "/") else {
            throw Misfit(.invalidValue, "a path begins with `/`", "write `/\(text.shortened)`")
        }
        guard text.utf8.count <= bytesMax else {
            throw Misfit(.outOfRange, "a path has at most \(bytesMax) bytes")
        }
        let parts = text.utf8.dropFirst().split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        var segments: [Segment] = []
        for (index, part) in parts.enumerated() {
            segments.append(try segment(part, isLast: index == parts.count - 1))
        }
        return PathPattern(text: text, segments: segments)
    }

    private static func segment(_ part: Substring.UTF8View, isLast: Bool) throws(Misfit) -> Segment
    {
        if part.elementsEqual("*".utf8) { return .any }
        if part.elementsEqual("{tenant}".utf8) { return .tenant }
        if part.elementsEqual("**".utf8) {
            guard isLast else {
                throw Misfit(.invalidValue, "`**` stands only at the end of a path")
            }
            return .rest
        }
        guard !part.isEmpty || isLast else {
            throw Misfit(.invalidValue, "a path has no empty segments: `//` is never matched")
        }
        guard !part.elementsEqual(".".utf8), !part.elementsEqual("..".utf8) else {
            throw Misfit(.invalidValue, "a path has no dot segments: they are never matched")
        }
        for byte in part {
            switch byte {
            case UInt8(ascii: "*"):
                throw Misfit(.invalidValue, "`*` is a whole segment, not part of one")
            case UInt8(ascii: "%"):
                throw Misfit(
                    .invalidValue, "a path holds no percent-encodings, for they have two spellings")
            case UInt8(ascii: "{"), UInt8(ascii: "}"):
                throw Misfit(
                    .invalidValue, "the only template is `{tenant}`, as a whole segment")
            case UInt8(ascii: "?"), UInt8(ascii: "#"):
                throw Misfit(.invalidValue, "a path holds no query and no fragment")
            default:
                // pchar of RFC 3986 §3.3.
                let isMark = "-._~!$&'()+,;=:@".utf8.contains(byte)
                guard isMark || NetworkText.isAlphanumeric(byte) else {
                    throw Misfit(
                        .invalidValue,
                        "a path holds letters, digits and -._~!$&'()+,;=:@ between its slashes")
                }
            }
        }
        return .literal(Array(part))
    }
}
