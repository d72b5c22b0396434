import HTTP1

/// The segments of a route's path that name the tenant (`{tenant}`): the verified one goes on,
/// whoever was asked for (attack P1).
struct PathTenantRule: Sendable {
    /// Places among the path's segments, ascending; the first is 0.
    let segments: [Int]
    private let clientValue: RoutePolicy.ClientValue

    init(pattern: PathPattern, clientValue: RoutePolicy.ClientValue) {
        segments = pattern.segments.indices.filter { pattern.segments[$0] == .tenant }
        self.clientValue = clientValue
    }

    /// Bytes a path grows by at most.
    var growthMax: Int { segments.count * ExternalID.bytesMax }

    /// Appends the path to `out`, which has room for it and `growthMax` more.
    ///
    /// - Returns: how many segments named somebody else.
    /// - Throws: `route.not_found`, which is what a path that is not there gets, unless the route
    ///   strips client values; `internal.error` without a tenant.
    func write(
        _ path: Span<UInt8>, tenant: ExternalID?, into out: inout ByteBuffer
    ) throws(Refusal) -> Int {
        guard !segments.isEmpty else {
            out.append(path)
            return 0
        }
        guard let tenant else { throw .internalError }
        var replaced = 0
        var number = 0
        var next = 0
        var start = 1
        while start <= path.count {
            var end = start
            while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
            let segment = path.extracting(start..<end)
            out.append(UInt8(ascii: "/"))
            if next < segments.count, segments[next] == number {
                next += 1
                let name = segment.extracting(0..<RouteTable.endOfName(segment))
                if !QueryRule.decodes(name, to: tenant.bytes) {
                    guard clientValue == .strip else { throw .routeNotFound }
                    replaced += 1
                }
                out.append(tenant.bytes)
                out.append(segment.extracting(name.count..<segment.count))
            } else {
                out.append(segment)
            }
            number += 1
            start = end + 1
        }
        // The route matched, so its segments are there.
        guard next == segments.count else { throw .internalError }
        return replaced
    }
}
