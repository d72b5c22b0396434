extension GatewayCompiler {
    /// Keys of an issuer that mean nothing where its key set is not fetched.
    static let remoteKeys = [
        "jwks_refresh", "jwks_max_stale", "jwks_unknown_kid", "jwks_private", "jwks_ca",
    ]

    /// Where the set is fetched from; `nil` for one in a file.
    func remoteSource(_ jwks: PolicyNode) -> RemoteKeys.Source? {
        guard let text = jwks.text else { return nil }
        if text == "discover" { return .discovery }
        return ScalarForm.isURL(text) ? .url(text) : nil
    }

    mutating func readRemote(_ source: RemoteKeys.Source, _ node: PolicyNode) -> RemoteKeys {
        var keys = RemoteKeys(source)
        keys.refreshSeconds = node.seconds("jwks_refresh").flatMap { UInt32(exactly: $0) }
        if let seconds = node.seconds("jwks_max_stale") { keys.staleSecondsMax = seconds }
        if let value = node.milliseconds("jwks_unknown_kid") { keys.unknownKeyMilliseconds = value }
        keys.allowsPrivateAddresses = node.boolean("jwks_private") ?? false
        keys.certificateAuthority = node.secret("jwks_ca", folder: folder)
        checkStaleness(keys, node)
        checkLocation(keys, node)
        return keys
    }

    /// With a bound below the interval the issuer would be refused again and again in between.
    private mutating func checkStaleness(_ keys: RemoteKeys, _ node: PolicyNode) {
        let refresh = Int64(keys.refreshSeconds ?? RemoteKeys.refreshSecondsDefault)
        guard keys.staleSecondsMax < refresh else { return }
        let key = node["jwks_max_stale"] == nil ? "jwks_refresh" : "jwks_max_stale"
        list.add(
            .staleBeforeRefresh,
            "the key set would be too old before the next one is fetched", at: node[key]?.mark,
            label: "`jwks_refresh` is \(Quantity.text(milliseconds: Int(refresh) * 1_000))")
    }

    private mutating func checkLocation(_ keys: RemoteKeys, _ node: PolicyNode) {
        var key = "jwks"
        var text = node["jwks"]?.text ?? ""
        if keys.source == .discovery {
            key = "issuer"
            text = node["issuer"]?.text ?? ""
            // RFC 8414 §2, OpenID Connect Discovery §4: an https URL without query and fragment.
            guard ScalarForm.isURL(text), !text.utf8.contains(UInt8(ascii: "?")) else {
                return list.add(
                    .discoveryIssuer, "`jwks: discover` cannot be used with this `issuer`",
                    at: node[key]?.mark, label: "no https URL without query",
                    notes: ["name the key set itself: `jwks: https://...`"])
            }
        }
        guard !keys.allowsPrivateAddresses, let host = ScalarForm.host(ofURL: text),
            NetworkText.isPrivate(host)
        else { return }
        list.add(
            .privateKeySource, "`\(host)` is no public address", at: node[key]?.mark,
            label: "say `jwks_private: true` if this is meant")
    }

    /// Kinds of tokens that only Ringfence makes; none of them is an access token of an issuer.
    static let reservedTypePrefix = "ringfence-"

    mutating func refuseReservedTypes(_ node: PolicyNode) {
        for item in node["type"]?.items ?? [] {
            guard let text = item.text,
                TokenType.normal(text).starts(with: Self.reservedTypePrefix.utf8)
            else { continue }
            list.add(
                .reservedType, "`\(text.shortened)` is a kind of token that Ringfence makes",
                at: item.mark)
        }
    }

    // MARK: - Authority

    mutating func readAuthority(_ node: PolicyNode) -> IssuerAuthority {
        var authority = IssuerAuthority()
        guard let allow = node["allow"] else { return authority }
        if allow["tenants"] == nil, allow["tiers"] == nil {
            list.add(
                .ineffective, "`allow` has no effect: it names neither tenants nor tiers",
                at: node.keyMark("allow"))
        }
        authority.tenants = allow.texts("tenants")
        if let items = allow["tiers"]?.items {
            authority.tiers = Set(items.compactMap { resolve($0, .tier) })
        }
        let format = node["tenant"]?.word("format", as: TenantFormat.self) ?? .opaque
        for item in allow["tenants"]?.items ?? [] {
            guard let text = item.text, text.utf8.last != UInt8(ascii: "*"),
                ExternalID(text, format: .opaque) != nil, ExternalID(text, format: format) == nil
            else { continue }
            list.add(
                .allowedTenantUnknown,
                "no token of this issuer can name `\(text.shortened)`: its `format` is "
                    + format.rawValue, at: item.mark)
        }
        return authority
    }

    /// Once tenants are known: names nobody has, tenants nobody may speak for, and issuers beside
    /// each other that may speak for everybody.
    mutating func checkAuthorities() {
        if case .file(let tenants) = policy.tenants {
            warnUnknownNames(tenants)
            warnUnspokenTenants(tenants)
        }
        for (name, index) in issuers.sorted(by: { $0.value < $1.value }) {
            let issuer = policy.issuers[index]
            guard issuer.authority.tenants == nil else { continue }
            let others = policy.issuers.filter {
                $0.vendor == issuer.vendor && $0.issuer != issuer.issuer
                    && $0.authority.tenants != nil
            }
            guard let other = others.first else { continue }
            list.add(
                .unboundIssuer, "issuer `\(name)` may speak for every tenant",
                at: root["issuers"]?.keyMark(name),
                label: "`\(other.name)` may not: say `allow: {tenants: [...]}`")
        }
    }

    private mutating func warnUnknownNames(_ tenants: [TenantEntry]) {
        for (name, index) in issuers.sorted(by: { $0.value < $1.value }) {
            let issuer = policy.issuers[index]
            let own = Set(tenants.filter { $0.vendor == issuer.vendor }.map(\.externalID))
            let items = root["issuers"]?[name]?["allow"]?["tenants"]?.items ?? []
            for item in items {
                guard let text = item.text else { continue }
                let isKnown =
                    if text.utf8.last == UInt8(ascii: "*") {
                        own.contains { $0.bytes.starts(with: text.utf8.dropLast()) }
                    } else {
                        ExternalID(text, format: .opaque).map { own.contains($0) } ?? true
                    }
                guard !isKnown else { continue }
                list.add(
                    .allowedTenantUnknown, "no tenant is called `\(text.shortened)`",
                    at: item.mark,
                    label: Suggestion.label(for: text, among: own.map(\.text).sorted()))
            }
        }
    }

    private mutating func warnUnspokenTenants(_ tenants: [TenantEntry]) {
        for tenant in tenants {
            let speakers = policy.issuers.filter { $0.vendor == tenant.vendor }
            guard !speakers.isEmpty,
                !speakers.contains(where: {
                    $0.authority.permits(tenant.externalID)
                        && $0.authority.permits(tier: tenant.tier)
                })
            else { continue }
            list.add(
                .unspokenTenant, "no issuer may speak for tenant `\(tenant.externalID.text)`",
                at: mark(ofTenant: tenant.externalID.text),
                notes: ["every `allow` of its vendor's issuers leaves it out"])
        }
    }

    private func mark(ofTenant name: String) -> SourceMark? {
        for reference in references {
            if let mark = reference.root?["tenants"]?.keyMark(name) { return mark }
        }
        return nil
    }
}

/// What `typ` says, in one spelling (RFC 7515 §4.1.9): lower case, and without the `application/`
/// that stands for itself where there is no slash.
public enum TokenType {
    private static let prefix = Array("application/".utf8)

    public static func normal(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        normalise(&bytes)
        return bytes
    }

    /// The same in place.
    public static func normalise(_ bytes: inout [UInt8]) {
        for index in bytes.indices where bytes[index] &- UInt8(ascii: "A") < 26 {
            bytes[index] |= 0x20
        }
        guard bytes.starts(with: prefix), bytes.count > prefix.count,
            !bytes.dropFirst(prefix.count).contains(UInt8(ascii: "/"))
        else { return }
        bytes.removeFirst(prefix.count)
    }
}
