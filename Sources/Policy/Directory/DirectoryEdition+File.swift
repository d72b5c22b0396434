extension TenantID {
    /// Stands for the id derived from a file tenant's names, which only a verifier computes. Such
    /// ids are reserved (RFC 9562 section 5.10), so no tenant has one.
    static func placeholder(_ number: UInt64) -> TenantID { TenantID(high: .max, low: number) }
    var isPlaceholder: Bool { high == .max }
}

extension DirectoryEdition {
    /// The tenants of a file. Two records for one (vendor, external id) pair cancel out: which of
    /// them is meant cannot be evaluated, so neither is used. (A compiler refuses the file before
    /// that.)
    ///
    /// - Parameter keys: of tenants whose entries have an id.
    public convenience init?(
        file entries: [TenantEntry], keys: [APIKeyFacts] = [], policy: GatewayPolicy
    ) {
        struct Key: Hashable {
            var vendor: Int
            var externalID: ExternalID
        }
        var seen: [Key: Int] = [:]
        for entry in entries {
            seen[Key(vendor: entry.vendor, externalID: entry.externalID), default: 0] += 1
        }
        var ledger = DirectoryLedger(
            seed: 0, sizes: DirectorySizes(tenants: entries.count, domains: entries.count))
        // The table needs each id once: those derived elsewhere are numbered.
        var placeholder = TenantID.placeholder(0)
        for entry in entries
        where seen[Key(vendor: entry.vendor, externalID: entry.externalID)] == 1 {
            guard policy.vendors.indices.contains(entry.vendor), entry.id?.isPlaceholder != true
            else { continue }
            var facts = TenantFacts(
                id: entry.id ?? placeholder,
                vendor: [UInt8](policy.vendors[entry.vendor].name.utf8),
                externalID: entry.externalID,
                // A tier that is none stays unknown.
                tier: policy.tiers.indices.contains(entry.tier)
                    ? [UInt8](policy.tiers[entry.tier].name.utf8) : [])
            placeholder = .placeholder(placeholder.low + 1)
            facts.requests = entry.requests.flatMap {
                if case .perMinute(let count) = $0 { count } else { nil }
            }
            facts.state = entry.isSuspended ? .suspended : .active
            facts.domains = entry.domains
            facts.features = entry.features
            guard (try? ledger.apply(.tenant(facts))) != nil else { return nil }
        }
        for key in keys {
            guard (try? ledger.apply(.key(key))) != nil else { return nil }
        }
        let made = ledger.edition()
        self.init(
            base: made.base, overlay: made.overlay, vendors: made.vendors, tiers: made.tiers,
            features: made.features, scopes: made.scopes, roles: made.roles)
    }
}
