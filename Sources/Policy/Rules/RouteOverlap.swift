/// Two routes that a request could have in common, and which of them gets it.
public struct RouteOverlap: Sendable, Equatable {
    /// Indices into `GatewayPolicy.routes`.
    public var winner: Int
    public var other: Int
    /// A path both would take.
    public var path: String
}

extension RuleSet {
    /// Routes beyond which overlaps are not looked for: they are pairs.
    public static let overlapRoutesMax = 2_000

    /// Every pair of routes that share a request. The table decides who gets it, as in traffic.
    public func overlaps() -> [RouteOverlap] {
        let routes = policy.routes
        guard routes.count <= Self.overlapRoutesMax else { return [] }
        var found: [RouteOverlap] = []
        for (index, route) in routes.enumerated() {
            for place in routes.indices.dropFirst(index + 1) {
                if let overlap = overlap(index, route, place, routes[place]) {
                    found.append(overlap)
                }
            }
        }
        return found
    }

    /// A path that both routes would take with a method in common; `nil` where there is none.
    static func sharedPath(_ route: RoutePolicy, _ other: RoutePolicy) -> String? {
        if let host = route.host, let name = other.host, host != name { return nil }
        let methods = MethodSet(policy: route.methods)
            .intersection(MethodSet(policy: other.methods))
        guard !methods.isEmpty,
            let segments = common(route.path.segments[...], other.path.segments[...])
        else { return nil }
        return "/" + segments.joined(separator: "/")
    }

    private func overlap(
        _ index: Int, _ route: RoutePolicy, _ place: Int, _ other: RoutePolicy
    ) -> RouteOverlap? {
        guard let path = Self.sharedPath(route, other) else { return nil }
        let methods = MethodSet(policy: route.methods)
            .intersection(MethodSet(policy: other.methods))
        let host = [UInt8]((route.host ?? other.host ?? "").utf8)
        // One method of those in common.
        let method = MethodSet(rawValue: methods.rawValue & (~methods.rawValue &+ 1))
        let bytes = [UInt8](path.utf8)
        guard
            case .matched(let winner) = table.match(
                host: host.span, path: bytes.span, method: method),
            winner == index || winner == place
        else { return nil }
        return RouteOverlap(
            winner: winner, other: winner == index ? place : index, path: path)
    }

    /// Segments that both patterns match.
    private static func common(
        _ one: ArraySlice<PathPattern.Segment>, _ other: ArraySlice<PathPattern.Segment>
    ) -> [String]? {
        guard let first = one.first else {
            return other.isEmpty || other.first == .rest ? [] : nil
        }
        if first == .rest { return other.map(example) }
        guard let second = other.first else { return nil }
        if second == .rest { return one.map(example) }
        if case .literal(let name) = first, case .literal(let text) = second, name != text {
            return nil
        }
        guard let rest = common(one.dropFirst(), other.dropFirst()) else { return nil }
        if case .literal = first { return [example(of: first)] + rest }
        return [example(of: second)] + rest
    }

    private static func example(of segment: PathPattern.Segment) -> String {
        switch segment {
        case .literal(let name): String(decoding: name, as: UTF8.self)
        case .any, .tenant, .rest: "x"
        }
    }
}
