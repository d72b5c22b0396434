extension GatewayCompiler {
    /// Whether a header is somebody else's: framing, routing, credentials, content, and what the
    /// gateway writes or removes itself. Compared as requests are, by letters and digits.
    static func isReserved(_ header: String) -> Bool {
        let content = [
            "Cookie", "Content-Type", "Content-Encoding", "Content-Range", "Range", "Origin", "Via",
            "Date", "Age", "Accept", "Accept-Encoding",
        ]
        let exact =
            FieldNames.replaced + FieldNames.hopByHop + FieldNames.identity + FieldNames.gatewayOwn
            + FieldNames.credential + FieldNames.apiKey + content
        let prefixes =
            FieldNames.gatewayOwnPrefixes + FieldNames.hopByHopPrefixes
            + FieldNames.identityPrefixes
        let letters = FieldNames.letters(header)
        return letters.isEmpty || exact.contains { FieldNames.letters($0) == letters }
            || prefixes.contains { letters.starts(with: FieldNames.letters($0)) }
    }

    mutating func readRoutes() {
        var names: [String: SourceMark] = [:]
        // Routes by host and path: comparing all pairs of 10,000 routes would take seconds.
        var places: [String: [Int]] = [:]
        for item in root["routes"]?.items ?? [] {
            guard item.entries != nil else { continue }
            let route = readRoute(item)
            if let name = item["name"]?.text, let mark = item["name"]?.mark {
                if let first = names[name] {
                    list.add(
                        .duplicateRouteName, "two routes are called `\(name)`", at: mark,
                        label: "the other is \(place(first, besides: mark))")
                } else {
                    names[name] = mark
                }
            }
            if item["match"]?["path"]?.text.flatMap({ PathPattern($0) }) != nil {
                let key = "\(route.host ?? "") \(route.path.shape)"
                checkEqual(route, item, places[key] ?? [])
                places[key, default: []].append(policy.routes.count)
            }
            policy.routes.append(route)
        }
    }

    private mutating func readRoute(_ item: PolicyNode) -> RoutePolicy {
        let match = item["match"]
        let pattern = match?["path"]?.text.flatMap { PathPattern($0) }
        let upstream = resolve(item["upstream"], .upstream)
        if let upstream { usedUpstreams.insert(upstream) }
        var route = RoutePolicy(
            name: item["name"]?.text ?? "", path: pattern ?? PathPattern(text: "", segments: []),
            authentication: readAuthentication(item, upstream), upstream: upstream ?? 0)
        readPlaces(item, &route)
        route.body.isCleaned = route.actsForTenant
        route.mark = item["name"]?.mark ?? item.mark
        route.host = match?["host"]?.text.flatMap {
            NetworkText.host($0[...]) ?? ScalarForm.hostPattern($0)?.text
        }
        checkHostPattern(match?["host"])
        route.methods = match?.texts("methods")
        if let value = item.word("host", as: RoutePolicy.HostHeader.self) {
            route.hostHeader = value
        }
        if let cors = item["cors"] {
            var policy = CORSPolicy(origins: cors.texts("origins") ?? [])
            policy.allowsCredentials = cors.boolean("credentials") ?? false
            if let age = cors.seconds("max_age") { policy.maxAgeSeconds = UInt32(clamping: age) }
            route.cors = policy
            warnWideOrigins(cors)
        }
        if let tenant = item["tenant"] { readTenantSettings(tenant, &route) }
        route.forwardsCredential = item.boolean("forward_credential") ?? false
        if let word = item["body"]?.boolean("clean") { route.body.isCleaned = word }
        if let bytes = item["body"]?.bytes("max") { route.body.bytesMax = bytes }
        route.body.graphQL = item["body"]?.word("graphql", as: BodyPolicy.GraphQL.self)
        route.cookieDomain = item["responses"]?.word(
            "cookie_domain", as: RoutePolicy.CookieDomain.self)
        readRoles(item, &route)
        readScopes(item, &route)
        readBasic(item, &route)
        checkPlaces(item, route)
        let actsForTenant = actsForTenant(route, item)
        readRouteLimits(item, &route, actsForTenant: actsForTenant)
        warn(about: route, item, upstream)
        return route
    }

    private mutating func readTenantSettings(_ node: PolicyNode, _ route: inout RoutePolicy) {
        if let value = node.word("client_value", as: RoutePolicy.ClientValue.self) {
            route.clientValue = value
        }
        if let value = node.word("mode", as: RoutePolicy.Mode.self) { route.mode = value }
        if route.mode == .shadow {
            list.add(
                .shadowedRoute,
                "route `\(route.name)` only watches: clients' tenants reach the upstream",
                at: node["mode"]?.mark)
        }
        route.tenantNames = node.texts("names") ?? []
        refuseWrittenNames(node["names"])
        readInjection(node, &route)
        readExceptions(node["except"], &route)
    }

    /// Names that do not mean the tenant here. What is injected, and what the route itself lists,
    /// does: an exception from it would let a client write what the upstream believes.
    private mutating func readExceptions(_ node: PolicyNode?, _ route: inout RoutePolicy) {
        guard let node else { return }
        var reserved = route
        reserved.tenantNames = []
        let listed = SkeletonSet(names: RouteRule.tenantNames(of: reserved, in: policy))
        let own = SkeletonSet(
            names: RouteRule.writtenNames(of: route)
                + [RouteRule.injectedMember(of: route)].compactMap(\.self))
        let named = SkeletonSet(names: route.tenantNames)
        for item in node.items ?? [] {
            guard let text = item.text else { continue }
            let bytes = Array(text.utf8)
            if own.contains(bytes.span) {
                list.add(
                    .exceptedName, "`\(text)` always means the tenant on this route",
                    at: item.mark, label: "the gateway writes a field of this name, or reserves it")
            } else if named.contains(bytes.span) {
                list.add(
                    .exceptedName, "`\(text)` is among the `names` of this route", at: item.mark,
                    label: "remove it here or there")
            } else if !listed.contains(bytes.span) {
                list.add(
                    .ineffective, "`\(text)` does not mean the tenant anyway", at: item.mark)
            }
        }
        route.exceptedNames = node.items?.compactMap(\.text) ?? []
    }

    private mutating func readInjection(_ node: PolicyNode, _ route: inout RoutePolicy) {
        guard let inject = node["inject"] else { return }
        guard route.actsForTenant else {
            list.add(
                .ineffective, "`inject` has no effect: the route acts for no tenant",
                at: node.keyMark("inject"))
            return
        }
        if let header = inject["header"]?.text {
            route.injectHeader = header
            if Self.isReserved(header) {
                list.add(
                    .reservedField, "`\(header)` cannot carry the tenant",
                    at: inject["header"]?.mark)
            } else {
                warnUncovered(inject["header"], header, route)
            }
        }
        route.injectQuery = inject["query"]?.text
        warnUncovered(inject["query"], route.injectQuery, route)
        route.injectForm = inject["form"]?.text
        warnUncovered(inject["form"], route.injectForm, route)
        route.injectJSON = inject["json"]?.text
        warnUncovered(inject["json"], RouteRule.injectedMember(of: route), route)
    }

    /// The finished head is refused where any field but the injected one has a tenant's name; with
    /// a name of our own fields in the list that would be every request.
    mutating func refuseWrittenNames(_ node: PolicyNode?) {
        let written = SkeletonSet(names: FieldNames.written)
        for item in node?.items ?? [node].compactMap(\.self) {
            guard let text = item.text, written.contains(Array(text.utf8).span) else { continue }
            list.add(
                .reservedField, "`\(text)` cannot mean the tenant", at: item.mark,
                label: "the gateway itself writes a field of this name")
        }
    }

    /// - Parameter name: what the tenant is called there.
    private mutating func warnUncovered(
        _ node: PolicyNode?, _ name: String?, _ route: RoutePolicy
    ) {
        guard let node, let name else { return }
        // The route itself reserves what it injects; the question is what other routes do.
        var bare = route
        bare.injectHeader = "X-Tenant-ID"
        bare.injectQuery = nil
        bare.injectForm = nil
        let names = SkeletonSet(names: RouteRule.tenantNames(of: bare, in: policy))
        guard names.judge(Array(name.utf8).span) == .clean else { return }
        let isPointer = name != node.text
        list.add(
            .injectedNameNotCovered, "`\(name)` is not among the tenant names", at: node.mark,
            label: isPointer
                ? "only this place of a JSON document is the tenant's"
                : "add it to `tenant_names`")
    }

    /// Same host, same path, a method in common: neither route could be preferred. `RouteTable`
    /// finds the same pairs; here they get a place.
    private mutating func checkEqual(_ route: RoutePolicy, _ item: PolicyNode, _ others: [Int]) {
        for index in others {
            let other = policy.routes[index]
            let methods = MethodSet(policy: route.methods)
            guard !methods.isDisjoint(with: MethodSet(policy: other.methods)) else { continue }
            list.add(
                .equalRoutes,
                "routes `\(other.name)` and `\(route.name)` match the same requests",
                at: item["match"]?["path"]?.mark,
                label: "the other is \(place(other.mark, besides: item.mark))")
            return
        }
    }

    private func actsForTenant(_ route: RoutePolicy, _ item: PolicyNode) -> Bool {
        route.actsForTenant && item["auth"] != nil
    }

    /// What is accepted and most likely not meant.
    private mutating func warn(about route: RoutePolicy, _ item: PolicyNode, _ upstream: Int?) {
        let actsForTenant = actsForTenant(route, item)
        if case .none = route.authentication {
            if route.path.segments.first == .rest {
                list.add(
                    .openRoute, "route `\(route.name)` opens every path without a credential",
                    at: item["match"]?["path"]?.mark)
            }
            if route.forwardsCredential {
                list.add(
                    .ineffective, "`forward_credential` has no effect with `auth: none`",
                    at: item.keyMark("forward_credential"))
            }
        }
        if !actsForTenant, item["limits"]?.text != nil, item["auth"] != nil {
            list.add(
                .ineffective, "`limits` has no effect: the route acts for no tenant",
                at: item.keyMark("limits"))
        }
        if !actsForTenant, item["auth"] != nil, route.path.segments.contains(.tenant) {
            list.add(
                .invalidValue, "`{tenant}` stands for nobody: the route acts for no tenant",
                at: item["match"]?["path"]?.mark)
        }
        let isAsserted = upstream.map { self.isAsserted($0) } ?? true
        if actsForTenant, !route.body.isCleaned {
            // Upstreams that get an assertion take the tenant from nowhere else.
            if !isAsserted {
                list.add(
                    .opaqueBody, "bodies of route `\(route.name)` pass without being cleaned",
                    at: item["body"]?["clean"]?.mark)
            }
            for key in ["json", "form"] where item["tenant"]?["inject"]?[key] != nil {
                list.add(
                    .ineffective, "`\(key)` has no effect on bodies that pass as they are",
                    at: item["tenant"]?["inject"]?.keyMark(key))
            }
        }
        checkGraphQL(route, item, actsForTenant: actsForTenant, isAsserted: isAsserted)
        if !route.body.isCleaned, item["body"]?["max"] != nil, !isAsserted {
            list.add(
                .ineffective, "`max` has no effect on bodies that pass as they are",
                at: item["body"]?.keyMark("max"))
        }
    }

    mutating func warnUnused() {
        // Where something is broken, what seems unused may only be misspelt.
        guard !list.hasErrors else { return }
        for (index, upstream) in policy.upstreams.enumerated()
        where !usedUpstreams.contains(index) {
            list.add(.unused, "upstream `\(upstream.name)` is not used", at: upstream.mark)
        }
        for (index, issuer) in policy.issuers.enumerated() where !usedIssuers.contains(index) {
            list.add(.unused, "issuer `\(issuer.name)` is not used", at: issuer.mark)
        }
        warnUnusedTiers()
        for (index, vendor) in policy.vendors.enumerated().dropFirst() {
            guard vendor.key == nil, root["vendors"]?[vendor.name]?["key"] == nil,
                !policy.issuers.contains(where: { $0.vendor == index })
            else { continue }
            list.add(.unused, "vendor `\(vendor.name)` is not used", at: vendorMarks[index])
        }
    }
}
