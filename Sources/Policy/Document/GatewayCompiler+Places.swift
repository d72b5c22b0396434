/// `tenant.from`: where the tenant is named that no credential names.
extension GatewayCompiler {
    mutating func readPlaces(_ item: PolicyNode, _ route: inout RoutePolicy) {
        guard let node = item["tenant"]?["from"] else {
            if case .internalCaller = route.authentication {
                list.add(
                    .placeUnfit, "internal callers name the tenant, and nothing says where",
                    at: item["auth"]?.items?.first?.mark ?? item["auth"]?.mark,
                    label: "add `tenant: {from: [...]}`")
            }
            return
        }
        switch route.authentication {
        case .none: noteTenants(at: node.mark)
        case .internalCaller: break
        case .issuer, .credentials, .vendor:
            list.add(
                .placeUnfit, "the credential names the tenant, so `from` names it once too often",
                at: item["tenant"]?.keyMark("from"))
            return
        }
        if firstUse.places == nil { firstUse.places = item["tenant"]?.keyMark("from") }
        for place in node.items ?? [] {
            if let made = readPlace(place) { route.tenantFrom.append(made) }
        }
    }

    private mutating func readPlace(_ node: PolicyNode) -> NamingPlace? {
        switch node.text {
        case "host": return .host
        case "path": return .path
        case .some: return nil
        case nil: break
        }
        guard let entries = node.entries else { return nil }
        guard entries.count == 1, let entry = entries.first else {
            list.add(
                .placeUnfit, "an item of `from` is one place", at: node.mark,
                label: "write each as an item of its own")
            return nil
        }
        guard let text = entry.node.text else { return nil }
        switch entry.key {
        case "header": return .header(text)
        case "query": return .query(text)
        case "cookie": return .cookie(text)
        case "json": return .json(text)
        case "default": return ExternalID(text, format: .opaque).map { .fallback($0) }
        default: return nil
        }
    }

    /// Places that could never be read, and those that must not be.
    mutating func checkPlaces(_ item: PolicyNode, _ route: RoutePolicy) {
        let node = item["tenant"]?["from"]
        var isCaller = false
        if case .internalCaller = route.authentication { isCaller = true }
        for (index, place) in route.tenantFrom.enumerated() {
            let mark = node?.items.flatMap { index < $0.count ? $0[index].mark : nil }
            let isLast = index == route.tenantFrom.count - 1
            if let problem = problem(with: place, route, isCaller: isCaller, isLast: isLast) {
                list.add(.placeUnfit, problem, at: mark)
            }
        }
        if !route.tenantFrom.isEmpty, route.clientValue == .reject {
            list.add(
                .placeUnfit, "`client_value: reject` would refuse the tenant that `from` reads",
                at: item["tenant"]?["client_value"]?.mark)
        }
        if !route.tenantFrom.isEmpty, route.mode == .shadow {
            list.add(
                .placeUnfit, "a route in shadow passes on what `from` reads",
                at: item["tenant"]?["mode"]?.mark)
        }
    }

    /// The name of a place that the gateway itself writes, or removes because it means something
    /// else.
    private func reservedName(of place: NamingPlace) -> String? {
        let written = SkeletonSet(names: FieldNames.written)
        switch place {
        case .header(let name): return Self.isReserved(name) ? name : nil
        case .query(let name), .cookie(let name):
            let bytes = [UInt8](name.utf8)
            return written.contains(bytes.span) || name == policy.sessions?.cookie ? name : nil
        case .json(let pointer):
            guard let last = JSONBodyRule.tokens(of: pointer).last,
                written.contains(last.span)
            else { return nil }
            return String(decoding: last, as: UTF8.self)
        case .host, .path, .fallback: return nil
        }
    }

    private func problem(
        with place: NamingPlace, _ route: RoutePolicy, isCaller: Bool, isLast: Bool
    ) -> String? {
        if let name = reservedName(of: place) { return "`\(name)` cannot name the tenant" }
        switch place {
        case .host:
            guard !policy.tenantHosts.isEmpty || root["tenants"]?["source"]?.text != "claims" else {
                return "no host is a tenant's: there are no `tenants.hosts` and no domains"
            }
        case .path:
            guard route.path.segments.contains(.tenant) else {
                return "the route's path has no `{tenant}`"
            }
        case .header, .cookie:
            guard isCaller || !policy.trustedProxies.isEmpty else {
                return "nobody's word counts here: there are no `trusted_proxies`"
            }
        case .query:
            guard isCaller else { return "anybody could write any tenant into the query" }
        case .json:
            guard isCaller else { return "anybody could write any tenant into the body" }
            guard route.body.isCleaned else {
                return "the body passes unread: the route says `clean: false`"
            }
        case .fallback:
            guard !isCaller else { return "internal callers name the tenant themselves" }
            guard isLast else { return "nothing comes behind the `default`" }
        }
        return nil
    }
}
