/// What is accepted and deserves a second thought; more of it stands beside what it is about.
extension GatewayCompiler {
    /// A week.
    static let lifetimeSecondsUsual: Int64 = 604_800

    mutating func warnLongLifetime(_ issuer: IssuerPolicy, _ node: PolicyNode) {
        guard issuer.lifetimeSecondsMax > Self.lifetimeSecondsUsual else { return }
        list.add(
            .longLifetime, "tokens of issuer `\(issuer.name)` may live longer than a week",
            at: node["max_lifetime"]?.mark)
    }

    /// Only where a file names every tenant: tokens, and a directory, may name any tier.
    mutating func warnUnusedTiers() {
        guard case .file(let tenants) = policy.tenants, !tenants.isEmpty else { return }
        let used = Set(tenants.map(\.tier))
        for (index, tier) in policy.tiers.enumerated() where !used.contains(index) {
            list.add(
                .unused, "no tenant has tier `\(tier.name)`",
                at: root["tiers"]?.keyMark(tier.name))
        }
    }

    /// Origins whose pages more people can write than meant.
    mutating func warnWideOrigins(_ cors: PolicyNode) {
        for item in cors["origins"]?.items ?? [] {
            guard let text = item.text, NetworkText.origin(text) != nil else { continue }
            let authority = text.split(separator: "/").last ?? ""
            let host = NetworkText.hostAndPort(authority)?.host ?? ""
            let isLoopback = NetworkText.isLoopback(host)
            guard !isDevelopment || !isLoopback else { continue }
            if isLoopback {
                list.add(
                    .wideOrigin, "any program on a user's machine can be `\(text)`", at: item.mark)
            } else if text.hasPrefix("http:") {
                list.add(
                    .wideOrigin, "pages of `\(text)` come in cleartext", at: item.mark,
                    label: "write `https:`")
            }
        }
    }
}
