import Policy

/// Where a caller's requests were counted last, besides the tenant's own limit; so that charging
/// several limits looks nothing up either. Belongs to one caller of one worker.
struct CallerLimits {
    /// Routes remembered for one caller; each has one place, by its index.
    private static let routesKept = 4

    private struct Route {
        var index = Int.max
        var tenant = LimiterHandle()
        var user = LimiterHandle()
    }

    /// Names the caller among the tenant's users; 0 before it was asked for.
    private var user: UInt64 = 0
    private var tierUser = LimiterHandle()
    private var routes = InlineArray<4, Route>(repeating: Route())

    /// The handle of one of the request's limits; `tier` is the caller's own.
    func handle(_ kind: LimitKind, route: Int, tier: LimiterHandle) -> LimiterHandle {
        let known = routes[route % Self.routesKept]
        switch kind {
        case .tier: return tier
        case .tierUser: return tierUser
        case .route: return known.index == route ? known.tenant : LimiterHandle()
        case .routeUser: return known.index == route ? known.user : LimiterHandle()
        }
    }

    mutating func remember(
        _ handle: LimiterHandle, _ kind: LimitKind, route: Int, tier: inout LimiterHandle
    ) {
        let place = route % Self.routesKept
        switch kind {
        case .tier: tier = handle
        case .tierUser: tierUser = handle
        case .route, .routeUser:
            if routes[place].index != route { routes[place] = Route(index: route) }
            if kind == .route { routes[place].tenant = handle } else { routes[place].user = handle }
        }
    }

    /// The user a subject of an issuer is: never 0. Made with the process's own seed, so that
    /// nobody can look for a subject that is counted as somebody else.
    mutating func user(_ principal: Principal, issuer: String) -> UInt64 {
        if user == 0 {
            var hasher = Hasher()
            hasher.combine(issuer)
            hasher.combine(principal.subject)
            user = max(UInt64(bitPattern: Int64(hasher.finalize())), 1)
        }
        return user
    }
}

extension LimitKey {
    /// What a route's limits are counted under: by its name, so that a reload keeps the counts.
    static func scope(ofRoute name: String) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(name)
        return max(UInt64(bitPattern: Int64(hasher.finalize())), 1)
    }
}
