/// Where each kind of credential is first taken, for what the policy then needs.
struct CredentialUse {
    var apiKey: SourceMark?
    var session: SourceMark?
    var certificate: SourceMark?
    var places: SourceMark?
}

/// `auth`: one word or name, or a list of those that name a tenant.
extension GatewayCompiler {
    mutating func readAuthentication(
        _ item: PolicyNode, _ upstream: Int?
    ) -> RoutePolicy.Authentication {
        let node = item["auth"]
        let names = item.texts("auth") ?? []
        if !names.contains("none"), item["reason"] != nil {
            list.add(
                .ineffective, "`reason` has no effect without `auth: none`",
                at: item.keyMark("reason"))
        }
        let marks = node?.items?.map(\.mark) ?? [node?.mark ?? item.mark]
        for (index, name) in names.enumerated() where names.count > 1 {
            guard ["none", "vendor", "internal"].contains(name) else { continue }
            list.add(
                .credentialsNotTogether, "`\(name)` stands alone", at: marks[index],
                label: "give it a route of its own")
        }
        switch names.first {
        case "none": return readOpen(item, isAsserted: upstream.map { isAsserted($0) })
        case "vendor": return readVendorKey(item, isAsserted: upstream.map { isAsserted($0) })
        case "internal": return readInternal(node)
        default: return readCredentials(node, names, marks)
        }
    }

    private mutating func readOpen(
        _ item: PolicyNode, isAsserted: Bool?
    ) -> RoutePolicy.Authentication {
        let mark = item["auth"]?.items?.first?.mark ?? item["auth"]?.mark
        if item["reason"] == nil {
            list.add(
                .reasonMissing, "`auth: none` needs a `reason`", at: mark,
                label: "add `reason: ...`")
        }
        if isAsserted == true, item["tenant"]?["from"] == nil {
            list.add(
                .assertedWithoutCredential,
                "the upstream expects an assertion, and this route has nobody to assert",
                at: mark)
        }
        return .none(reason: item["reason"]?.text ?? "")
    }

    private mutating func readVendorKey(
        _ item: PolicyNode, isAsserted: Bool?
    ) -> RoutePolicy.Authentication {
        let vendors = root["vendors"]
        let entries = vendors?.entries ?? []
        if vendors == nil || vendors?.entries != nil,
            !entries.contains(where: { $0.node["key"] != nil })
        {
            list.add(.vendorKeyMissing, "no vendor has a `key`", at: item["auth"]?.mark)
        }
        if isAsserted == false {
            list.add(
                .assertionMissing,
                "the upstream is not told the vendor", at: item["upstream"]?.mark,
                label: "add it to `assertion.to`")
        }
        return .vendor
    }

    /// `internal` is the one issuer of that kind.
    private mutating func readInternal(_ node: PolicyNode?) -> RoutePolicy.Authentication {
        let mark = node?.items?.first?.mark ?? node?.mark
        let found = policy.issuers.indices.filter { policy.issuers[$0].kind == .producers }
        guard found.count == 1, let issuer = found.first else {
            let count = found.isEmpty ? "no issuer has" : "\(found.count) issuers have"
            list.add(
                .internalIssuer,
                "`internal` means the one issuer of `kind: internal`, and "
                    + "\(count) it", at: mark,
                label: found.isEmpty ? "" : "write the issuer's name")
            return .internalCaller(found.first ?? 0)
        }
        usedIssuers.insert(issuer)
        noteTenants(at: mark)
        return .internalCaller(issuer)
    }

    private mutating func readCredentials(
        _ node: PolicyNode?, _ names: [String], _ marks: [SourceMark]
    ) -> RoutePolicy.Authentication {
        var kinds = CredentialKinds()
        let nodes = node?.items ?? [node].compactMap(\.self)
        for (index, name) in names.enumerated() {
            switch name {
            case "api-key":
                kinds.apiKey = true
                firstUse.apiKey = firstUse.apiKey ?? marks[index]
            case "session":
                kinds.session = true
                firstUse.session = firstUse.session ?? marks[index]
            case "certificate":
                kinds.certificate = true
                firstUse.certificate = firstUse.certificate ?? marks[index]
            case "none", "vendor", "internal": continue
            default:
                let issuer = readIssuer(nodes[index])
                if policy.issuers.indices.contains(issuer),
                    policy.issuers[issuer].kind == .producers, policy.issuers[issuer].name == name
                {
                    if names.count == 1 { return .internalCaller(issuer) }
                    list.add(
                        .credentialsNotTogether, "tokens of `\(name)` name no tenant",
                        at: marks[index], label: "give it a route of its own")
                } else if kinds.issuer != nil {
                    list.add(
                        .credentialsNotTogether,
                        "a route takes access tokens of one issuer", at: marks[index],
                        notes: ["which keys check a token must not be the token's choice"])
                } else {
                    kinds.issuer = issuer
                }
            }
        }
        checkVendors(of: kinds, names, marks)
        if names == ["api-key"] || names == ["session"] || names == ["certificate"] {
            noteTenants(at: marks.first)
        }
        if names.count == 1, let issuer = kinds.issuer { return .issuer(issuer) }
        return names.isEmpty ? .issuer(0) : .credentials(kinds)
    }

    /// Kinds of two vendors on one route: equal names of theirs would be one tenant upstream.
    private mutating func checkVendors(
        of kinds: CredentialKinds, _ names: [String], _ marks: [SourceMark]
    ) {
        var first: (name: String, vendor: Int)?
        for (index, name) in names.enumerated() {
            guard let vendor = vendor(ofKind: name, kinds) else { continue }
            guard let known = first else {
                first = (name, vendor)
                continue
            }
            guard known.vendor != vendor else { continue }
            list.add(
                .credentialsNotTogether,
                "`\(name)` speaks for vendor `\(policy.vendors[vendor].name)`, and "
                    + "`\(known.name)` for `\(policy.vendors[known.vendor].name)`",
                at: marks[index], label: "give it a route of its own",
                notes: ["two vendors may give tenants the same name"])
        }
    }

    private func vendor(ofKind name: String, _ kinds: CredentialKinds) -> Int? {
        switch name {
        case "api-key", "none", "vendor", "internal": nil
        case "session": policy.sessions?.vendor
        case "certificate": policy.certificates?.vendor
        default:
            kinds.issuer.flatMap { index in
                policy.issuers.indices.contains(index) && policy.issuers[index].name == name
                    ? policy.issuers[index].vendor : nil
            }
        }
    }

    /// The first route that acts for tenants is where tiers turn out to be missing; each is said
    /// once, not for every route.
    mutating func noteTenants(at mark: SourceMark?) {
        guard !hasTenantRoute else { return }
        hasTenantRoute = true
        if root["tiers"]?.entries?.isEmpty ?? (root["tiers"] == nil) {
            list.add(
                .tiersMissing, "this route acts for tenants, and no tiers are defined", at: mark)
        }
    }

    private mutating func readIssuer(_ node: PolicyNode?) -> Int {
        guard let issuer = resolve(node, .issuer) else { return 0 }
        noteTenants(at: node?.mark)
        let isFirst = usedIssuers.insert(issuer).inserted
        if isFirst, case .claims = policy.tenants, policy.issuers[issuer].tier == nil,
            policy.issuers[issuer].kind == .tenants,
            root["tenants"]?["source"]?.text ?? "claims" == "claims"
        {
            let name = policy.issuers[issuer].name
            guard root["issuers"]?[name]?["tier"] == nil else { return issuer }
            list.add(
                .tierUnreachable, "tokens of issuer `\(name)` name no tier",
                at: policy.issuers[issuer].mark, label: "add `tier: {claim: ...}`")
        }
        return issuer
    }

    /// `kind`, and what it says of the tenant's claim.
    mutating func readKind(
        _ node: PolicyNode, _ mark: SourceMark, _ issuer: inout IssuerPolicy
    ) {
        guard node["kind"]?.text == "internal" else {
            guard node["tenant"] == nil else { return }
            // What is misspelt was said already.
            let declared = Set(IssuerShape.issuer.keys.map(\.name))
            let unknown = (node.entries ?? []).filter { !declared.contains($0.key) }
            let isMisspelt = unknown.contains {
                Suggestion.nearest(to: $0.key, among: Array(declared)) == "tenant"
            }
            guard node.entries != nil, !isMisspelt else { return }
            return list.add(
                .missingKey, "an issuer needs the key `tenant`", at: mark,
                label: "add `tenant`")
        }
        issuer.kind = .producers
        for key in ["tenant", "tier"] where node[key] != nil {
            list.add(
                .internalIssuer, "tokens of an internal issuer name no \(key)",
                at: node.keyMark(key), label: "remove it: the caller names the tenant")
        }
    }
}
