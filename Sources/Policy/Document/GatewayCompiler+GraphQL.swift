import HTTP1

extension GatewayCompiler {
    /// What `body.graphql` of a route cannot do, and what it leaves undone.
    mutating func checkGraphQL(
        _ route: RoutePolicy, _ item: PolicyNode, actsForTenant: Bool, isAsserted: Bool
    ) {
        guard let handling = route.body.graphQL, let node = item["body"]?["graphql"] else {
            guard actsForTenant, !isAsserted, route.body.isCleaned, item["body"]?["graphql"] == nil,
                Self.looksLikeGraphQL(route.path)
            else { return }
            return list.add(
                .unsaidGraphQL, "nothing on route `\(route.name)` is read as GraphQL",
                at: item["match"]?["path"]?.mark, label: "add `body: {graphql: reject}`")
        }
        guard route.body.isCleaned else {
            guard handling != .opaque else {
                return list.add(
                    .ineffective, "`graphql` has no effect on bodies that pass as they are",
                    at: item["body"]?.keyMark("graphql"))
            }
            // Not a warning: whoever writes it relies on documents being read.
            let isSaid = item["body"]?["clean"] != nil
            return list.add(
                .invalidValue,
                "`graphql: \(handling.rawValue)` reads bodies, and this route passes them unread",
                at: node.mark, label: isSaid ? "remove `clean: false`" : "add `clean: true`")
        }
        // Upstreams that get an assertion take the tenant from nowhere else.
        guard handling == .opaque, actsForTenant, !isAsserted else { return }
        list.add(
            .opaqueBody, "GraphQL documents of route `\(route.name)` pass unread", at: node.mark)
    }

    /// Whether a segment of the path is called so, as endpoints are by most servers' defaults.
    private static func looksLikeGraphQL(_ path: PathPattern) -> Bool {
        path.segments.contains { segment in
            guard case .literal(let bytes) = segment else { return false }
            return bytes.span.equalsIgnoringCase("graphql")
        }
    }
}
