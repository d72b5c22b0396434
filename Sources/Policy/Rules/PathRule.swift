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
        try check(path)
        guard !namesTenant(path, names) else { throw .requestPathAmbiguous }
    }

    /// The same without a look at what matrix parameters are called: what can be said of a path
    /// before its route is known.
    static func check(_ path: Span<UInt8>) throws(Refusal) {
        guard path.count > 0, path[0] == UInt8(ascii: "/") else { throw .requestTarget }
        var start = 1
        while start <= path.count {
            var end = start
            while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
            // An empty segment is fine only as the end of the path.
            guard end > start || end == path.count else { throw .requestPathAmbiguous }
            try checkSegment(path.extracting(start..<end))
            start = end + 1
        }
    }

    private static func checkSegment(_ segment: Span<UInt8>) throws(Refusal) {
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

    /// Whether a matrix parameter of a path that was checked names a tenant (attack P5). Its name
    /// goes from `;` to `=`, the next `;` or the segment's end.
    static func namesTenant(_ path: Span<UInt8>, _ names: SkeletonSet) -> Bool {
        var index = 0
        while index < path.count {
            let (byte, start) = PercentCoding.decode(path, at: index)
            index = start
            guard byte == UInt8(ascii: ";") else { continue }
            var end = start
            while end < path.count {
                let (byte, next) = PercentCoding.decode(path, at: end)
                if byte == UInt8(ascii: "=") || byte == UInt8(ascii: ";") { break }
                if byte == UInt8(ascii: "/") { break }
                end = next
            }
            guard names.judge(path.extracting(start..<end)) == .clean else { return true }
            index = end
        }
        return false
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
            // The two digits may be encoded themselves: `%25%32%65`.
            guard PercentCoding.decodeTwice(path, at: index).next == next else {
                throw .requestPathAmbiguous
            }
        default: break
        }
        return (byte, next)
    }
}
