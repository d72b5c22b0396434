/// Credentials other than access tokens: what they need of the policy.
extension GatewayCompiler {
    mutating func readSessions() {
        guard let node = root["sessions"], node.entries != nil else { return }
        var sessions = SessionPolicy(key: node.secret("key", folder: folder) ?? .missing)
        sessions.mark = root.keyMark("sessions")
        if let text = node["issuer"]?.text { sessions.issuer = text }
        if let text = node["cookie"]?.text { sessions.cookie = text }
        sessions.origins = node.texts("origins") ?? []
        if let value = node.seconds("max_lifetime") { sessions.lifetimeSecondsMax = value }
        sessions.vendor = resolve(node["vendor"], .vendor) ?? 0
        for issuer in policy.issuers where issuer.issuer == sessions.issuer {
            list.add(
                .sessionsUnfit, "issuer `\(issuer.name)` has the `iss` of sessions",
                at: node["issuer"]?.mark ?? sessions.mark)
        }
        policy.sessions = sessions
    }

    mutating func readCertificates() {
        guard let node = root["certificates"], node.entries != nil else { return }
        let (uri, dns) = (node["uri"], node["dns"])
        if uri == nil, dns == nil {
            list.add(
                .ineffective, "`certificates` has no effect: it has neither `uri` nor `dns`",
                at: root.keyMark("certificates"))
            return
        }
        guard uri == nil || dns == nil else {
            list.add(
                .certificatesUnfit, "certificates name their tenant by `uri` or by `dns`",
                at: root.keyMark("certificates"), label: "remove one of them")
            return
        }
        let pattern =
            uri?.text.flatMap { ScalarForm.uriPattern($0) }
            ?? dns?.text.flatMap { ScalarForm.hostPattern($0) }
        guard let pattern else { return }
        var certificates = CertificatePolicy(name: uri == nil ? .dns : .uri, pattern: pattern)
        certificates.vendor = resolve(node["vendor"], .vendor) ?? 0
        policy.certificates = certificates
    }

    mutating func readClientAuthority(_ node: PolicyNode, _ settings: inout TLSPolicy) {
        settings.clientAuthority = node.secret("client_ca", folder: folder)
        settings.clientRevocations = node.secret("client_crl", folder: folder)
        settings.requiresClientCertificate = node["client_certificates"]?.text == "required"
        guard settings.clientAuthority == nil else { return }
        for key in ["client_certificates", "client_crl"] where node[key] != nil {
            list.add(
                .ineffective, "`\(key)` has no effect without `client_ca`",
                at: node.keyMark(key))
        }
    }

    /// What the gateway shows to an upstream.
    mutating func readClientCertificate(
        _ node: PolicyNode, _ mark: SourceMark, _ upstream: inout UpstreamPolicy
    ) {
        let certificate = node.secret("certificate", folder: folder)
        let key = node.secret("key", folder: folder)
        guard (node["certificate"] == nil) == (node["key"] == nil) else {
            let missing = node["key"] == nil ? "key" : "certificate"
            list.add(
                .upstreamCertificate, "upstream `\(upstream.name)` has no `\(missing)`",
                at: mark, label: "`certificate` and `key` go together")
            return
        }
        guard let certificate, let key else { return }
        upstream.certificate = (certificate, key)
        if !upstream.targets.contains(where: { $0.scheme == .https }) {
            list.add(
                .ineffective, "`certificate` has no effect without an `https` target",
                at: node.keyMark("certificate"))
        }
    }

    mutating func readTenantHosts() {
        for item in root["tenants"]?["hosts"]?.items ?? [] {
            if let pattern = item.text.flatMap({ ScalarForm.hostPattern($0) }) {
                policy.tenantHosts.append(pattern)
            }
        }
    }

    /// A pattern that is not in `tenants.hosts` would match and name nobody.
    mutating func checkHostPattern(_ node: PolicyNode?) {
        guard let node, let text = node.text, let pattern = ScalarForm.hostPattern(text),
            NetworkText.host(text[...]) == nil, !policy.tenantHosts.contains(pattern)
        else { return }
        list.add(
            .hostPatternUnknown, "`\(text.shortened)` is not among `tenants.hosts`",
            at: node.mark, label: "list it there")
    }

    mutating func readScopes(_ item: PolicyNode, _ route: inout RoutePolicy) {
        guard let node = item["scopes"] else { return }
        for entry in node.entries ?? [] {
            route.scopes.append(
                ScopeRequirement(method: entry.key, scopes: node.texts(entry.key) ?? []))
            for scope in node[entry.key]?.items ?? [] where !Self.isScope(scope.text ?? "") {
                list.add(
                    .invalidValue, "a scope is one word without quotes and backslashes",
                    at: scope.mark)
            }
            let asked = MethodSet(name: [UInt8](entry.key.utf8).span)
            if !asked.isEmpty, MethodSet(policy: route.methods).isDisjoint(with: asked) {
                list.add(
                    .ineffective, "the route takes no \(entry.key) requests", at: entry.keyMark)
            }
        }
        if let problem = scopeProblem(route) {
            list.add(.scopesUnknowable, problem, at: item.keyMark("scopes"))
        }
    }

    private static func isScope(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }
    }

    /// Why somebody could not be held to scopes, or nobody could have any.
    private func scopeProblem(_ route: RoutePolicy) -> String? {
        switch route.authentication {
        case .none, .vendor: return "callers of route `\(route.name)` have no scopes"
        case .credentials(let kinds) where kinds.certificate:
            return "certificates say no scopes, so they would step around those of "
                + "route `\(route.name)`"
        case .credentials(let kinds) where kinds.apiKey || kinds.session: return nil
        case .issuer, .credentials, .internalCaller:
            guard let index = route.issuer, policy.issuers.indices.contains(index),
                policy.issuers[index].scope == nil,
                root["issuers"]?[policy.issuers[index].name]?["scope"] == nil
            else { return nil }
            return "tokens of issuer `\(policy.issuers[index].name)` say no scopes"
        }
    }

    mutating func readBasic(_ item: PolicyNode, _ route: inout RoutePolicy) {
        route.takesBasic = item.boolean("basic") ?? false
        if route.takesBasic, !route.takesAPIKeys {
            list.add(
                .ineffective, "`basic` has no effect without `auth: api-key`",
                at: item.keyMark("basic"))
        }
    }

    /// What routes turned out to need of the rest of the policy.
    mutating func checkCredentials() {
        if let mark = firstUse.apiKey { checkAPIKeys(at: mark) }
        if let mark = firstUse.session, root["sessions"] == nil {
            list.add(
                .sessionsUnfit, "a route takes sessions, and there are no `sessions`", at: mark,
                label: "add `sessions: {key: ...}`")
        }
        if let mark = firstUse.session, root["sessions"]?.entries != nil,
            policy.sessions?.origins.isEmpty ?? false
        {
            list.add(
                .sessionsWithoutOrigins, "cookies of sessions can only read: no origin is listed",
                at: mark)
        }
        if let mark = firstUse.certificate { checkCertificates(at: mark) }
        if let mark = firstUse.places, !knowsTenants {
            list.add(
                .tenantsUnknown,
                "the tenant of this route is looked up by its name, and "
                    + "`source: claims` knows none", at: mark)
        }
        if firstUse.session == nil, policy.sessions != nil, !list.hasErrors {
            list.add(.unused, "no route takes sessions", at: root.keyMark("sessions"))
        }
        if firstUse.certificate == nil, policy.certificates != nil, !list.hasErrors {
            list.add(.unused, "no route takes certificates", at: root.keyMark("certificates"))
        }
    }

    /// Whether tenants are known before a token names them; also where that cannot be told.
    private var knowsTenants: Bool {
        root["tenants"]?["source"].map { $0.text != "claims" } ?? false
    }

    private mutating func checkAPIKeys(at mark: SourceMark) {
        let source = root["tenants"]?["source"]?.text
        guard source == "directory" || knowsKeys else {
            list.add(
                .keysUnknown, "API keys are known from the directory, and there is none", at: mark,
                label: "`tenants: {source: directory, ...}`")
            return
        }
        if root["tenants"]?["key_pepper"] == nil, !knowsKeys {
            list.add(
                .keysUnknown, "API keys cannot be compared without `tenants.key_pepper`", at: mark)
        }
        guard policy.features.contains(APIKeyPolicy.feature),
            policy.tiers.contains(where: { tier in
                policy.features.firstIndex(of: APIKeyPolicy.feature)
                    .map { tier.allowance.features.contains($0) } ?? false
            })
        else {
            list.add(
                .keysForNobody, "no tier has the feature `\(APIKeyPolicy.feature)`", at: mark,
                label: "add it to `features` of a tier")
            if !policy.features.contains(APIKeyPolicy.feature),
                policy.features.count < FeatureSet.countMax
            {
                policy.features.append(APIKeyPolicy.feature)
            }
            return
        }
    }

    private mutating func checkCertificates(at mark: SourceMark) {
        let node = root["certificates"]
        if node?["uri"] == nil, node?["dns"] == nil {
            list.add(
                .certificatesUnfit, "a route takes certificates, and nothing says whose they are",
                at: mark, label: "add `certificates: {uri: ...}`")
        }
        let tls = root["listen"]?["public"]?["tls"]
        if tls?["client_ca"] == nil {
            list.add(
                .certificatesUnfit, "a route takes certificates, and no client is asked for one",
                at: mark, label: "add `listen.public.tls.client_ca`")
        }
        if !knowsTenants {
            list.add(
                .tenantsUnknown, "a certificate names no tier, and `source: claims` knows none",
                at: mark)
        }
    }
}
