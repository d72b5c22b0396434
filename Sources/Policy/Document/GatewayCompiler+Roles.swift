extension GatewayCompiler {
    /// The roles that methods of a route ask for; a rule that could not hold is an error.
    mutating func readRoles(_ item: PolicyNode, _ route: inout RoutePolicy) {
        guard let node = item["roles"] else { return }
        for entry in node.entries ?? [] {
            let roles = node.texts(entry.key) ?? []
            route.roles.append(RoleRequirement(method: entry.key, roles: roles))
            let asked = MethodSet(name: [UInt8](entry.key.utf8).span)
            if !asked.isEmpty, MethodSet(policy: route.methods).isDisjoint(with: asked) {
                list.add(
                    .ineffective, "the route takes no \(entry.key) requests", at: entry.keyMark)
            }
        }
        if let names = item.texts("auth"), let problem = problem(with: route, names) {
            list.add(.roleUnknowable, problem, at: item.keyMark("roles"))
        }
        if route.roles.isEmpty, node.entries != nil {
            list.add(.ineffective, "`roles` asks for none", at: item.keyMark("roles"))
        }
        warnOverridable(item, route)
    }

    /// Why nobody could have a role on this route.
    private func problem(with route: RoutePolicy, _ names: [String]) -> String? {
        switch route.authentication {
        case .none:
            return "callers of route `\(route.name)` have no role: it asks for no credential"
        case .vendor: return "callers of route `\(route.name)` have no role: vendor keys say none"
        case .credentials(let kinds) where kinds.session || kinds.apiKey: return nil
        case .credentials, .internalCaller, .issuer:
            guard let index = route.issuer else {
                return "callers of route `\(route.name)` have no role: its credentials say none"
            }
            guard policy.issuers.indices.contains(index) else { return nil }
            let issuer = policy.issuers[index]
            // A name that is not resolved is an error of its own.
            guard issuer.role == nil, root["issuers"]?[issuer.name]?["role"] == nil,
                names.contains(issuer.name)
            else { return nil }
            return "tokens of issuer `\(issuer.name)` name no role"
        }
    }

    /// Frameworks take the method from a form field or a header of a POST. Cleaning takes both out;
    /// where it does not, a role for DELETE is no bar to a POST that says it is one.
    private mutating func warnOverridable(_ item: PolicyNode, _ route: RoutePolicy) {
        guard !route.roles.isEmpty else { return }
        let isOpaque = !route.body.isCleaned && item["body"]?["clean"] != nil
        let isAsserted = upstreams[item["upstream"]?.text ?? ""].map { self.isAsserted($0) } ?? true
        guard route.mode == .shadow || isOpaque && !isAsserted else { return }
        list.add(
            .methodOverridable,
            "a POST may say that it is another method, and `roles` of route `\(route.name)` "
                + "would not see it",
            at: item.keyMark("roles"))
    }
}
