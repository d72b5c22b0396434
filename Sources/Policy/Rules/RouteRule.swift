public import HTTP1

/// One route, compiled: everything the request path asks about it, without names to look up.
public final class RouteRule: Sendable {
    /// Index into `GatewayPolicy.routes`.
    public let index: Int
    public let policy: RoutePolicy
    /// Every tenant name of the route: the policy's, the route's own, and those we write.
    public let tenantNames: SkeletonSet
    public let fields: FieldRule
    public let query: QueryRule
    public let cookies: CookieRule
    /// `nil` where bodies pass as they are.
    public let bodies: BodyRule?
    let path: PathTenantRule
    public let responses: ResponseRule
    public let scan: UpstreamHeadScan
    public let methods: MethodSet
    public let cors: CORSRule?
    /// `nil` where every role may do everything.
    let roles: RoleRule?
    /// `nil` where the route enforces.
    let shadow: ShadowRule?
    /// Whether the route takes out nothing of what clients say of the tenant, and tells what it
    /// would have. Kept apart from `shadow`, which is large: to look at that is to copy it.
    public let isInShadow: Bool
    /// Whether requests need no credential.
    public let isOpen: Bool
    /// Its name in the limit fields.
    public let limitName: [UInt8]
    /// Members of the problem body of who lacks the feature; empty where none is asked for.
    public let featureProblem: [UInt8]
    /// The feature that API keys need, and the members of the problem body of who lacks it.
    let keyFeature: Int?
    public let keyFeatureProblem: [UInt8]
    /// `nil` where no method asks for scopes.
    let scopes: ScopeRule?
    /// Whether it takes certificates of clients.
    public let takesCertificates: Bool
    /// Whether places of the request name its tenant.
    public let readsPlaces: Bool
    /// Whether the issuer's tokens say their scopes.
    let tokensHaveScopes: Bool
    /// Whose tenants its requests may act for; `nil` for every vendor's.
    let vendor: Int?
    /// The injected field's name as it is written.
    let injectHeader: [UInt8]

    /// The tenant names of one route of a policy.
    public static func tenantNames(of route: RoutePolicy, in policy: GatewayPolicy) -> [String] {
        var names = policy.tenantNames.isEmpty ? TenantNames.defaults : policy.tenantNames
        names += route.tenantNames
        names += writtenNames(of: route)
        guard !route.exceptedNames.isEmpty else { return names }
        let excepted = Set(route.exceptedNames.compactMap { SkeletonSet.skeleton(of: $0) })
        return names.filter { name in
            SkeletonSet.skeleton(of: name).map { !excepted.contains($0) } ?? true
        }
    }

    /// What we write ourselves under a name of its own, which is reserved, whatever the lists say.
    /// Of a JSON Pointer only the place is (`TenantPlace`): its last name may be as common as `id`.
    static func writtenNames(of route: RoutePolicy) -> [String] {
        var names = ["X-Tenant-ID", route.injectHeader] + placeNames(of: route)
        if let parameter = route.injectQuery { names.append(parameter) }
        if let field = route.injectForm { names.append(field) }
        return names
    }

    /// Where the route reads the tenant itself: nothing of that goes on as the client wrote it.
    private static func placeNames(of route: RoutePolicy) -> [String] {
        route.tenantFrom.compactMap { place in
            switch place {
            case .header(let name), .query(let name), .cookie(let name): name
            case .json(let pointer):
                JSONBodyRule.tokens(of: pointer).last.map { String(decoding: $0, as: UTF8.self) }
            case .host, .path, .fallback: nil
            }
        }
    }

    /// The last name of `inject.json`.
    static func injectedMember(of route: RoutePolicy) -> String? {
        guard let member = route.injectJSON.map({ JSONBodyRule.tokens(of: $0) })?.last else {
            return nil
        }
        return String(decoding: member, as: UTF8.self)
    }

    init(_ index: Int, in gateway: GatewayPolicy) {
        let route = gateway.routes[index]
        self.index = index
        policy = route
        roles = RoleRule(route.roles)
        let names = Self.tenantNames(of: route, in: gateway)
        let set = SkeletonSet(names: names)
        tenantNames = set
        fields = FieldRule(names: set, forwardsCredential: route.forwardsCredential)
        let graphQL = route.body.graphQL.map { GraphQLRule($0, names: set) }
        query = QueryRule(
            names: set, clientValue: route.clientValue, inject: route.injectQuery, graphQL: graphQL)
        let session = gateway.sessions.map { [UInt8]($0.cookie.utf8) }
        // In shadow a session is taken out all the same, and nothing else.
        cookies =
            route.mode == .shadow
            ? CookieRule(names: SkeletonSet(names: []), clientValue: .strip, session: session)
            : CookieRule(names: set, clientValue: route.clientValue, session: session)
        bodies =
            !route.body.isCleaned
            ? nil
            : BodyRule(
                names: set, clientValue: route.clientValue,
                inject: BodyInjection(pointer: route.injectJSON, formField: route.injectForm),
                graphQL: graphQL)
        path = PathTenantRule(pattern: route.path, clientValue: route.clientValue)
        let carriesTenant = route.actsForTenant
        let responses = ResponseRule(
            names: set, hasCORS: route.cors != nil, carriesTenant: carriesTenant,
            cookieDomain: route.cookieDomain ?? (carriesTenant ? .strip : .keep))
        isInShadow = route.mode == .shadow
        if isInShadow {
            shadow = ShadowRule(route, names: set, responses: responses)
            // What the route's own responses are made of is left to it; nothing of this hop or of
            // the gateway passes.
            self.responses = ResponseRule(
                names: SkeletonSet(names: []), hasCORS: route.cors != nil, carriesTenant: false,
                cookieDomain: .keep)
            scan = UpstreamHeadScan(inShadow: route.injectHeader)
        } else {
            shadow = nil
            self.responses = responses
            scan = UpstreamHeadScan(
                names: names, injectHeader: route.injectHeader, injectQuery: route.injectQuery,
                tenantSegments: path.segments)
        }
        let methods = MethodSet(policy: route.methods)
        self.methods = methods
        let unknown = route.mode == .shadow ? SkeletonSet(names: []) : set
        cors = route.cors.map { CORSRule($0, methods: methods, names: unknown) }
        injectHeader = [UInt8](route.injectHeader.utf8)
        if case .none = route.authentication { isOpen = true } else { isOpen = false }
        limitName = [UInt8](route.name.utf8)
        featureProblem = Self.featureProblem(of: route.feature, in: gateway)
        keyFeature = gateway.features.firstIndex(of: APIKeyPolicy.feature)
        keyFeatureProblem = Self.featureProblem(of: keyFeature, in: gateway)
        scopes = ScopeRule(route.scopes)
        takesCertificates = route.takesCertificates
        readsPlaces = !route.tenantFrom.isEmpty
        vendor = Self.vendor(of: route, in: gateway)
        tokensHaveScopes =
            route.issuer.map { index in
                gateway.issuers.indices.contains(index) && gateway.issuers[index].scope != nil
            } ?? false
    }

    /// Step 7: decides about every field, and appends the target to send (path and cleaned query)
    /// to `target`.
    ///
    /// - Parameters:
    ///   - head: parsed from `bytes`, with a target `PathRule.check` has passed.
    ///   - principal: who calls; `nil` exactly on routes whose requests carry no tenant.
    ///   - plan: overwritten.
    /// - Throws: `tenant.conflict`, what `QueryRule.clean` throws, and `internal.error` where the
    ///   principal does not fit the route: a request is never forwarded without its tenant.
    public func plan(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, principal: Principal?,
        target: inout ByteBuffer, plan: inout RewritePlan
    ) throws(Refusal) {
        try checkScope(principal)
        plan.reset()
        let tenant = principal?.externalID
        if isInShadow, let shadow {
            return try planInShadow(shadow, head, bytes, tenant, &target, &plan)
        }
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            let fate = fields.fate(
                of: field.known, name: bytes[field.name], isHopByHop: field.isHopByHop,
                &plan.memo)
            plan[index] = fate
            switch fate {
            case .keep, .replaced: break
            case .cleanCookies:
                let removed = try cookies.count(bytes[field.value], tenant: tenant)
                plan.report.cookies += removed
                // An untouched line is copied as it is.
                if removed == 0, !head.fields.repeats(.cookie),
                    !cookies.holdsSession(bytes[field.value])
                {
                    plan[index] = .keep
                }
            case .drop(let reason):
                plan.report.count(reason)
                if reason == .tenant {
                    let isSame = Self.isSame(bytes[field.value], tenant)
                    guard !policy.clientValue.refuses(isSame: isSame) else { throw .tenantConflict }
                }
            }
        }
        if head.fields.contains(.contentType) { try judgeCharset(head, bytes, &plan) }
        try writeTarget(head, bytes, tenant, &target, &plan)
    }

    /// Whether the route's requests act for a tenant.
    public var carriesTenant: Bool { policy.actsForTenant }

    /// - Throws: `internal.error` where the principal does not fit the route.
    func checkScope(_ principal: Principal?) throws(Refusal) {
        switch policy.authentication {
        case .issuer(let issuer):
            // A principal of another issuer would be a verified one, but not for this route.
            guard let principal, principal.issuer == issuer, principal.credential == .token else {
                throw .internalError
            }
        case .credentials(let kinds):
            guard let principal, kinds.include(principal), serves(vendor: principal.vendor) else {
                throw .internalError
            }
        case .internalCaller(let issuer):
            guard let principal, principal.issuer == issuer,
                principal.credential == .internalToken
            else { throw .internalError }
        case .none where policy.actsForTenant:
            guard principal?.credential == .place else { throw .internalError }
        case .vendor, .none:
            guard principal == nil else { throw .internalError }
        }
    }

    private func writeTarget(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ tenant: ExternalID?,
        _ target: inout ByteBuffer, _ plan: inout RewritePlan
    ) throws(Refusal) {
        let path = bytes[head.target.path]
        guard path.count > 0 else { throw .requestTarget }
        guard target.freeCapacityMax > path.count + self.path.growthMax else {
            throw .requestTargetTooLong
        }
        plan.report.pathSegments = try self.path.write(path, tenant: tenant, into: &target)
        let beforeQuery = target.count
        target.append(UInt8(ascii: "?"))
        let sent = head.target.query.map { bytes[$0].count } ?? 0
        if sent > 0, let slice = head.target.query {
            plan.report.query = try query.clean(bytes[slice], tenant: tenant, into: &target)
        } else {
            plan.report.query = try query.clean(Span(), tenant: tenant, into: &target)
        }
        if target.count == beforeQuery + 1 { target.truncate(to: beforeQuery) }
    }
}
