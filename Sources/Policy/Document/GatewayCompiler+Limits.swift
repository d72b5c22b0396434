/// What limits requests: allowances of tiers, limits of routes, budgets of addresses, shares of
/// upstreams.
extension GatewayCompiler {
    mutating func readAllowance(_ node: PolicyNode) -> TierAllowance {
        var allowance = TierAllowance()
        allowance.requestsPerUser = perMinute(node, "per_user")
        allowance.concurrency = node.integer("concurrency").flatMap { UInt32(exactly: $0) }
        if let weight = node.integer("weight") { allowance.weight = UInt32(clamping: weight) }
        for item in node["features"]?.items ?? [] {
            guard let name = item.text, let feature = feature(named: name, item.mark) else {
                continue
            }
            allowance.features.insert(feature)
        }
        warnUnreached(node, "per_user", by: node["requests"])
        return allowance
    }

    /// The index of a feature a tier gives; `nil` when there are too many.
    private mutating func feature(named name: String, _ mark: SourceMark) -> Int? {
        if let known = policy.features.firstIndex(of: name) { return known }
        guard policy.features.count < FeatureSet.countMax else {
            if policy.features.count == FeatureSet.countMax {
                list.add(
                    .tooManyFeatures,
                    "`\(name.shortened)` is one feature more than the \(FeatureSet.countMax) a "
                        + "policy may name", at: mark)
            }
            return nil
        }
        policy.features.append(name)
        return policy.features.count - 1
    }

    /// A smaller limit around a larger one: the larger is never reached.
    private mutating func warnUnreached(
        _ node: PolicyNode, _ key: String, by outer: PolicyNode?
    ) {
        guard let inner = perMinute(node, key), let text = outer?.text,
            let limit = Quantity.perMinute(text), Int(inner) >= limit, limit > 0
        else { return }
        list.add(
            .ineffective, "`\(key)` has no effect: `requests` is not larger", at: node.keyMark(key))
    }

    private func perMinute(_ node: PolicyNode, _ key: String) -> UInt32? {
        guard case .perMinute(let count) = node.rate(key) else { return nil }
        return count
    }

    // MARK: Routes

    /// - Parameter actsForTenant: where it does not, nobody is there to be counted.
    mutating func readRouteLimits(
        _ item: PolicyNode, _ route: inout RoutePolicy, actsForTenant: Bool
    ) {
        readFeature(item, &route, actsForTenant: actsForTenant)
        guard let node = item["limits"], node.entries != nil else { return }
        if let word = node.boolean("tier") { route.limits.countsTier = word }
        route.limits.requests = perMinute(node, "requests")
        route.limits.requestsPerUser = perMinute(node, "per_user")
        warnUnreached(node, "per_user", by: node["requests"])
        if !route.limits.countsTier, node["requests"] == nil {
            list.add(
                .unlimitedRoute, "`tier: false` leaves route `\(route.name)` without a limit",
                at: node["tier"]?.mark, label: "add `requests: N/min`")
        }
        if !actsForTenant, item["auth"]?.text != nil {
            list.add(
                .limitWithoutTenant,
                "route `\(route.name)` acts for no tenant whose requests could be counted",
                at: item.keyMark("limits"))
        }
    }

    private mutating func readFeature(
        _ item: PolicyNode, _ route: inout RoutePolicy, actsForTenant: Bool
    ) {
        guard let node = item["feature"], let name = node.text else { return }
        if !actsForTenant, item["auth"]?.text != nil {
            list.add(
                .featureWithoutTenant,
                "route `\(route.name)` acts for no tenant whose tier could have the feature",
                at: item.keyMark("feature"))
        }
        // A directory gives features to tenants by themselves, whatever their tier has.
        if root["tenants"]?["source"]?.text == "directory" {
            route.feature = self.feature(named: name, node.mark)
            return
        }
        guard let index = policy.features.firstIndex(of: name) else {
            // Beyond the bound names are not kept.
            guard policy.features.count < FeatureSet.countMax else { return }
            let known = policy.features
            let shown = known.sorted().prefix(10).map { "`\($0)`" }.joined(separator: ", ")
            list.add(
                .unknownFeature, "no tier has the feature `\(name.shortened)`", at: node.mark,
                label: Suggestion.label(for: name, among: known),
                notes: known.isEmpty ? [] : ["the tiers have \(shown)"])
            return
        }
        route.feature = index
    }

    // MARK: Addresses and upstreams

    mutating func readUnauthenticated() {
        guard let node = root["limits"]?["unauthenticated"], node.entries != nil else { return }
        policy.unauthenticated = UnauthenticatedPolicy(
            requestsPerMinute: perMinute(node, "requests") ?? 1)
    }

    func readInFlight(_ node: PolicyNode) -> InFlightPolicy? {
        guard let node = node["in_flight"], node.entries != nil else { return nil }
        var policy = InFlightPolicy(max: UInt32(clamping: node.integer("max") ?? 1))
        if let value = node.integer("queue") { policy.queueMax = UInt32(clamping: value) }
        if let value = node.milliseconds("wait") { policy.waitMilliseconds = value }
        return policy
    }
}
