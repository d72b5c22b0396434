/// Refuses paths that two servers could read differently (attacks P2 to P5), so that the bytes the
/// routes are matched by are the bytes that are forwarded and mean the same there.
///
/// Nothing is normalised: a client sends the canonical path or gets 400. Accepted are a trailing
/// slash, encoded bytes other than those below, and matrix parameters that name no tenant.
public enum PathRule {
    /// - Parameter names: the tenant names of the route, for matrix parameters.
    /// - Throws: `request.target` for bytes and encodings RFC 3986 section 3.3 does not allow,
    ///   `request.path.ambiguous` for what has two readings.
    public static func check(_ path: Span<UInt8>, names: SkeletonSet) throws(Refusal) {
        guard path.count > 0, path[0] == UInt8(ascii: "/") else { throw .requestTarget }
        var start = 1
        while start <= path.count {
            var end = start
            while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
            // An empty segment is fine only as the end of the path.
            guard end > start || end == path.count else { throw .requestPathAmbiguous }
            try checkSegment(path.extracting(start..<end), names)
            start = end + 1
        }
    }

    private static func checkSegment(
        _ segment: Span<UInt8>, _ names: SkeletonSet
    ) throws(Refusal) {
        var index = 0
        var dots = 0
        var hasOther = false
        var hasParameters = false
        while index < segment.count {
            let (byte, next) = try decode(segment, at: index)
            switch byte {
            case UInt8(ascii: ";"):
                // `..;x` is `..` to a servlet container, and `/;x/` is `//`, so what stands before
                // the parameters is judged without them.
                if !hasParameters {
                    guard dots > 0 || hasOther else { throw .requestPathAmbiguous }
                    try checkDots(dots, hasOther)
                }
                hasParameters = true
                try checkParameter(segment, from: next, names)
            case UInt8(ascii: "."): dots += hasParameters ? 0 : 1
            default: hasOther = hasOther || !hasParameters
            }
            index = next
        }
        if !hasParameters { try checkDots(dots, hasOther) }
    }

    private static func checkDots(_ dots: Int, _ hasOther: Bool) throws(Refusal) {
        if !hasOther, dots == 1 || dots == 2 { throw .requestPathAmbiguous }
    }

    /// The name of the matrix parameter that starts at `start`, up to `=` or the next `;`.
    private static func checkParameter(
        _ segment: Span<UInt8>, from start: Int, _ names: SkeletonSet
    ) throws(Refusal) {
        var end = start
        while end < segment.count {
            let (byte, next) = try decode(segment, at: end)
            if byte == UInt8(ascii: "=") || byte == UInt8(ascii: ";") { break }
            end = next
        }
        guard names.judge(segment.extracting(start..<end)) == .clean else {
            throw .requestPathAmbiguous
        }
    }

    /// One byte of the path, decoded, if it may be there at all.
    private static func decode(
        _ path: Span<UInt8>, at index: Int
    ) throws(Refusal) -> (byte: UInt8, next: Int) {
        let raw = path[index]
        guard raw > 0x20, raw < 0x7f, raw != UInt8(ascii: "#"), raw != UInt8(ascii: "?") else {
            throw .requestTarget
        }
        if raw == UInt8(ascii: "\\") { throw .requestPathAmbiguous }
        guard raw == UInt8(ascii: "%") else { return (raw, index + 1) }
        let (byte, next) = PercentCoding.decode(path, at: index)
        guard next == index + 3 else { throw .requestTarget }
        switch byte {
        case 0..<0x20, 0x7f, UInt8(ascii: "/"), UInt8(ascii: "\\"): throw .requestPathAmbiguous
        case UInt8(ascii: "%"):
            // `%252e`: one more decoding upstream would make another path of it.
            guard !isHex(path, at: next) || !isHex(path, at: next + 1) else {
                throw .requestPathAmbiguous
            }
        default: break
        }
        return (byte, next)
    }

    private static func isHex(_ path: Span<UInt8>, at index: Int) -> Bool {
        index < path.count && PercentCoding.hexValue(path[index]) < 16
    }
}
