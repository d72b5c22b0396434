/// API keys, sessions and certificates of a test file.
extension PolicyTestCompiler {
    mutating func readCredentials() {
        for entry in root["keys"]?.entries ?? [] { readKey(entry) }
        for entry in root["sessions"]?.entries ?? [] { readSession(entry) }
        for entry in root["certificates"]?.entries ?? [] { readCertificate(entry) }
    }

    private mutating func readKey(_ entry: PolicyEntry) {
        let node = entry.node
        keys[entry.key] = file.credentials.keys.count
        let vendor = node["vendor"].map {
            index($0, among: file.policy.vendors.map(\.name), "vendor")
        }
        guard let tenant = tenant(node) else { return leaveOut(&keys, entry) }
        let place = node["as"]?.text.flatMap { TestKey.Place(rawValue: $0) } ?? .bearer
        let key = TestKey(
            name: entry.key, tenant: tenant, vendor: vendor ?? 0,
            scopes: Array(Set(node.texts("scopes") ?? [])).sorted(),
            role: node["role"]?.text, secondsToLive: node.seconds("ttl"),
            isRevoked: node.boolean("revoked") ?? false,
            isForged: node.boolean("forged") ?? false, place: place)
        file.credentials.keys.append(key)
        guard root["tenants"] != nil else {
            return list.add(
                .testCredentialUnfit, "key `\(entry.key)` is of no tenant: the file has none",
                at: entry.keyMark, label: "add `tenants`")
        }
        guard case .file(let entries) = file.policy.tenants else { return }
        if !entries.contains(where: { $0.externalID == tenant && $0.vendor == key.vendor }) {
            list.add(
                .testCredentialUnfit, "there is no tenant `\(tenant.text)`",
                at: node["tenant"]?.mark,
                label: Suggestion.label(
                    for: tenant.text, among: entries.map(\.externalID.text).sorted()))
        }
    }

    private mutating func readSession(_ entry: PolicyEntry) {
        let node = entry.node
        sessions[entry.key] = file.credentials.sessions.count
        if file.policy.sessions == nil {
            list.add(
                .testCredentialUnfit, "the policy has no `sessions`", at: entry.keyMark)
        }
        guard let tenant = tenant(node) else { return leaveOut(&sessions, entry) }
        let place = node["as"]?.text.flatMap { TestSession.Place(rawValue: $0) } ?? .bearer
        file.credentials.sessions.append(
            TestSession(
                name: entry.key, tenant: tenant, user: node["user"]?.text,
                role: node["role"]?.text, tier: node["tier"]?.text,
                scopes: node.texts("scopes") ?? [], secondsToLive: node.seconds("ttl") ?? 300,
                isForged: node.boolean("forged") ?? false, place: place))
    }

    private mutating func readCertificate(_ entry: PolicyEntry) {
        let node = entry.node
        certificates[entry.key] = file.credentials.certificates.count
        guard let rule = file.policy.certificates, file.policy.listen.tls != nil else {
            return list.add(
                .testCredentialUnfit, "the policy has no `certificates`, or no `tls`",
                at: entry.keyMark)
        }
        let subject: String
        switch (node["tenant"]?.text, node["name"]?.text) {
        case (let tenant?, nil):
            subject = rule.pattern.text.replacing("{tenant}", with: tenant)
        case (nil, let name?): subject = name
        default:
            return list.add(
                .testCredentialUnfit,
                "certificate `\(entry.key)` needs a `tenant` or a `name`", at: entry.keyMark)
        }
        file.credentials.certificates.append(
            TestCertificate(name: entry.key, subject: subject, kind: rule.name))
    }

    private func tenant(_ node: PolicyNode) -> ExternalID? {
        node["tenant"]?.text.flatMap { ExternalID($0, format: .opaque) }
    }

    /// What is broken has been said; its name is known all the same, so that uses are not errors.
    private func leaveOut(_ known: inout [String: Int], _ entry: PolicyEntry) {
        known[entry.key] = 0
    }
}
