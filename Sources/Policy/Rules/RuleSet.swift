public import HTTP1

/// Everything the gateway asks of a policy while it serves requests, compiled into one immutable
/// snapshot. An exchange pins one from start to end.
///
/// The order per request: `route`, then the credential is verified elsewhere, `resolve` for a
/// credential not seen before, `RouteRule.plan`, the limit is charged, `RouteRule.write`.
public final class RuleSet: Sendable {
    public let policy: GatewayPolicy
    /// In the order of `GatewayPolicy.routes`.
    public let routes: [RouteRule]
    public let table: RouteTable
    public let directory: TenantDirectory
    public let hosts: HostTenancy
    /// What any route calls a tenant, for matrix parameters of paths that match none.
    private let allTenantNames: SkeletonSet

    /// - Parameter directory: in place of what the policy itself says of tenants.
    public init(policy: GatewayPolicy, directory: TenantDirectory? = nil) {
        self.policy = policy
        routes = policy.routes.indices.map { RouteRule($0, in: policy) }
        table = RouteTable(policy.routes)
        self.directory = directory ?? TenantDirectory(policy: policy)
        hosts = HostTenancy(policy)
        allTenantNames = SkeletonSet(
            names: policy.routes.flatMap { RouteRule.tenantNames(of: $0, in: policy) })
    }

    /// What a request is for.
    public enum Routing: Sendable {
        case matched(RouteRule)
        /// A CORS preflight for this route, to be answered by `CORSRule.writePreflight` before any
        /// credential is looked at.
        case preflight(RouteRule)
        /// To be refused with `route.method`; these are allowed.
        case methodNotAllowed(MethodSet)
        /// `OPTIONS *`: about the server itself, to be answered here (RFC 9110 section 9.3.7).
        case server
    }

    /// Step 4: checks the path and finds the route.
    ///
    /// - Throws: `request.method.unknown`, `request.target`, `request.path.ambiguous`,
    ///   `request.upgrade.websocket`, `route.not_found`, `route.misdirected`.
    public func route(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>
    ) throws(Refusal) -> Routing {
        guard head.method != .other else { throw .requestMethodUnknown }
        switch head.target.form {
        case .asterisk: return .server
        case .authority: return .methodNotAllowed([])
        case .origin, .absolute: break
        }
        try PathRule.check(bytes[head.target.path])
        if head.upgrade == .webSocket { throw .requestUpgradeWebSocket }
        if let route = try preflight(head, bytes) { return .preflight(route) }
        switch try match(head, bytes, MethodSet(head.method)) {
        case .matched(let index): return .matched(routes[index])
        case .methodNotAllowed(let methods): return .methodNotAllowed(methods)
        case .notFound: throw .routeNotFound
        case .misdirected: throw .routeMisdirected
        }
    }

    /// Step 6: see `TenantDirectory.resolve`.
    public func resolve(_ claims: VerifiedClaims) throws(Refusal) -> Principal {
        try directory.resolve(claims)
    }

    /// The route a preflight asks about: the one that the request announced in it would match.
    private func preflight(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>
    ) throws(Refusal) -> RouteRule? {
        guard head.method == .options, head.fields.contains(.origin),
            !head.fields.repeats(.origin), !head.fields.repeats(.accessControlRequestMethod),
            let index = head.fields.index(of: .accessControlRequestMethod)
        else { return nil }
        let method = MethodSet(name: bytes[head.fields[index].value])
        guard case .matched(let route) = try match(head, bytes, method), routes[route].cors != nil
        else {
            return nil
        }
        return routes[route]
    }

    /// Matrix parameters that name a tenant, as the route calls it.
    private func checkParameters(
        _ path: Span<UInt8>, of found: RouteTable.Match
    ) throws(Refusal) {
        var names = allTenantNames
        if case .matched(let index) = found {
            // In shadow it is told and passed on: see `RouteRule.planInShadow`.
            guard !routes[index].isInShadow else { return }
            names = routes[index].tenantNames
        }
        guard !PathRule.namesTenant(path, names) else { throw .requestPathAmbiguous }
    }

    /// - Throws: `request.path.ambiguous` where a server that takes matrix parameters off the path
    ///   (attack P5), or no notice of case or of a slash at the end (Express), would be asked for
    ///   what another route guards, and where a parameter names a tenant.
    private func match(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ method: MethodSet
    ) throws(Refusal) -> RouteTable.Match {
        let host = bytes[head.authority ?? .empty]
        let path = bytes[head.target.path]
        let found = table.match(host: host, path: path, method: method)
        let hasParameters = RouteTable.endOfName(path) < path.count
        guard hasParameters || table.mayBeLoose(path) else { return found }
        // What no route takes as it was sent, nobody is asked for.
        if !hasParameters, found == .notFound { return found }
        let loose = table.match(host: host, path: path, method: method, isLoose: true)
        guard found == loose else { throw .requestPathAmbiguous }
        if hasParameters { try checkParameters(path, of: found) }
        return found
    }
}
