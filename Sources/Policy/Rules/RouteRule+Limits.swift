/// The limits of a route's requests.
extension RouteRule {
    /// Throws what a request is refused with when its tenant's tier lacks the route's feature.
    ///
    /// - Throws: `feature.missing`.
    public func checkFeature(_ principal: Principal) throws(Refusal) {
        guard let feature = policy.feature else { return }
        guard principal.allowance.features.contains(feature) else { throw .featureMissing }
    }

    /// Whether the tenant's requests per minute are all that limits a request, which is what most
    /// are limited by.
    public func isLimitedByTierAlone(_ principal: Principal) -> Bool {
        policy.limits.isTierOnly && principal.allowance.isPlain
    }

    /// The limit of one kind that a request of `principal` has to pass; `nil` for none.
    public func limit(_ kind: LimitKind, of principal: Principal) -> UInt32? {
        switch kind {
        case .tier:
            guard policy.limits.countsTier, case .perMinute(let count) = principal.limit else {
                return nil
            }
            return count
        case .tierUser:
            return policy.limits.countsTier ? principal.allowance.requestsPerUser : nil
        case .route: return policy.limits.requests
        case .routeUser: return policy.limits.requestsPerUser
        }
    }

    /// `,"feature":"analytics","tiers":["GROWTH","SCALE"]`: names are letters, digits, `.`, `_` and
    /// `-`, which JSON takes as they are.
    static func featureProblem(of feature: Int?, in gateway: GatewayPolicy) -> [UInt8] {
        guard let feature, gateway.features.indices.contains(feature) else { return [] }
        let start = ",\"feature\":\"\(gateway.features[feature])\",\"tiers\":["
        var text = start
        for tier in gateway.tiers where tier.allowance.features.contains(feature) {
            let item = (text == start ? "" : ",") + "\"\(tier.name)\""
            // Of very many tiers the first are named.
            guard text.utf8.count + item.utf8.count < ProblemBody.membersBytesMax else { break }
            text += item
        }
        return [UInt8]((text + "]").utf8)
    }
}
