extension GatewayCompiler {
    /// What `body.graphql` of a route cannot do, and what it leaves undone.
    mutating func checkGraphQL(
        _ route: RoutePolicy, _ item: PolicyNode, actsForTenant: Bool, isAsserted: Bool
    ) {
        guard let handling = route.body.graphQL, let node = item["body"]?["graphql"] else { return }
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
}
