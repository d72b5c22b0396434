extension GatewayCompiler {
    /// The tenants file was checked for its shape already; here its names meet the policy's.
    mutating func readTenants() {
        let source = root["tenants"]?["source"]
        readDirectory(isSource: source?.text == "directory")
        guard let node = source, let text = node.text, let path = ScalarForm.path(text)
        else { return }
        let resolved = PolicyDocument.join(folder, path)
        guard let reference = references.first(where: { $0.path == resolved }) else {
            list.add(.fileUnreadable, "the file `\(resolved)` was not read", at: node.mark)
            return
        }
        guard let file = reference.root else {
            hasUnreadReference = true
            return
        }
        var tenants: [TenantEntry] = []
        var lines: [TenantID: Int] = [:]
        for entry in file["tenants"]?.entries ?? [] {
            guard let id = ExternalID(entry.key, format: .opaque) else { continue }
            let tenant = readTenant(entry, id)
            if let id = tenant.id {
                if let line = lines[id] {
                    list.add(
                        .duplicateTenantID, "tenant `\(entry.key)` has another tenant's id",
                        at: entry.node["id"]?.mark, label: "given in line \(line) already")
                } else {
                    lines[id] = entry.node["id"]?.mark.line ?? entry.keyMark.line
                }
            }
            tenants.append(tenant)
        }
        policy.tenants = .file(tenants)
        checkDomains(of: file)
        warnIneffectiveTierClaims("the file")
    }

    mutating func warnIneffectiveTierClaims(_ source: String) {
        for (name, index) in issuers.sorted(by: { $0.value < $1.value })
        where policy.issuers[index].tier != nil {
            list.add(
                .ineffective, "`tier` of issuer `\(name)` has no effect: \(source) names each tier",
                at: root["issuers"]?[name]?.keyMark("tier"))
        }
    }

    private mutating func readTenant(_ entry: PolicyEntry, _ id: ExternalID) -> TenantEntry {
        let node = entry.node
        let tier = resolve(node["tier"], .tier)
        var tenant = TenantEntry(externalID: id, tier: tier ?? 0)
        tenant.vendor = resolve(node["vendor"], .vendor) ?? 0
        tenant.requests = node.rate("requests")
        tenant.isSuspended = node["state"]?.text == "suspended"
        tenant.domains = (node.texts("domains") ?? [])
            .compactMap { DirectoryDomain.canonical($0.utf8Span.span) }
        tenant.features = (node.texts("features") ?? []).sorted().map { [UInt8]($0.utf8) }
        tenant.id = node["id"]?.text.flatMap { TenantID(canonical: Array($0.utf8).span) }
        if let tier, node["requests"] != nil, case .limit = policy.tiers[tier].requests {
            list.add(
                .ineffective,
                "`requests` has no effect: tier `\(policy.tiers[tier].name)` is not custom",
                at: node.keyMark("requests"))
        }
        // Keys of the file are text in the widest format; a token's claim has its issuer's.
        let vendor = tenant.vendor
        let issuers = policy.issuers.filter { $0.vendor == vendor }
        let isReachable = issuers.contains {
            ExternalID(entry.key, format: $0.tenantFormat) != nil
        }
        if !isReachable, !issuers.isEmpty {
            list.add(
                .ineffective,
                "no token can name tenant `\(entry.key)`: its issuers take another `format`",
                at: entry.keyMark)
        }
        return tenant
    }
}
