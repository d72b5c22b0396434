/// Which tenants there are and what they may do, as one immutable snapshot. The only maker of a
/// `Principal`.
public struct TenantDirectory: Sendable {
    private struct Key: Hashable, Sendable {
        var vendor: Int
        var externalID: ExternalID
    }

    private let tiers: [TierPolicy]
    private let vendors: [VendorPolicy]
    /// By issuer.
    private let authorities: [IssuerAuthority]
    /// `nil` where a verified token makes the tenant.
    private let records: [Key: TenantEntry]?

    /// Two records for one (vendor, external id) pair cancel out: which of them is meant cannot be
    /// evaluated, so neither is used. (A compiler refuses the file before that.)
    public init(policy: GatewayPolicy) {
        tiers = policy.tiers
        vendors = policy.vendors
        authorities = policy.issuers.map(\.authority)
        guard case .file(let entries) = policy.tenants else {
            records = nil
            return
        }
        var records: [Key: TenantEntry] = [:]
        var doubled: Set<Key> = []
        for entry in entries {
            let key = Key(vendor: entry.vendor, externalID: entry.externalID)
            if records.updateValue(entry, forKey: key) != nil { doubled.insert(key) }
        }
        for key in doubled { records[key] = nil }
        self.records = records
    }

    /// Turns verified claims into the one tenant they speak for. Meant for the verified-token
    /// cache: it allocates, and a request reuses its result for as long as the snapshot is the
    /// same.
    ///
    /// - Throws: `tenant.missing`, `tenant.unknown`, `tenant.suspended`, `tenant.tier_unknown`,
    ///   `issuer.not_allowed`.
    public func resolve(_ claims: VerifiedClaims) throws(Refusal) -> Principal {
        guard let externalID = claims.tenant, vendors.indices.contains(claims.vendor) else {
            throw .tenantMissing
        }
        // Before anything is looked up: the answer must not tell who exists.
        let authority = claims.issuer.flatMap {
            authorities.indices.contains($0) ? authorities[$0] : nil
        }
        guard authority?.permits(externalID) ?? true else { throw .issuerNotAllowed }
        var record: TenantEntry?
        if let records {
            record = records[Key(vendor: claims.vendor, externalID: externalID)]
            guard record != nil else { throw .tenantUnknown }
        }
        if record?.isSuspended == true { throw .tenantSuspended }
        guard let id = record?.id ?? claims.derivedID else { throw .tenantMissing }
        let tier = try tier(record: record, claim: claims.tier)
        guard authority?.permits(tier: tier) ?? true else { throw .issuerNotAllowed }
        return Principal(
            tenant: id, externalID: externalID, claims: claims,
            vendorName: [UInt8](vendors[claims.vendor].name.utf8), tier: tier,
            tierName: [UInt8](tiers[tier].name.utf8),
            limit: limit(of: tiers[tier], own: record?.requests),
            allowance: tiers[tier].allowance)
    }

    /// A directory record decides alone; a token's tier counts only where there are no records, and
    /// only when it is exactly a tier's name (attack J14).
    private func tier(record: TenantEntry?, claim: [UInt8]?) throws(Refusal) -> Int {
        if let record {
            guard tiers.indices.contains(record.tier) else { throw .tenantTierUnknown }
            return record.tier
        }
        guard let claim, let tier = tiers.firstIndex(where: { $0.name.utf8.elementsEqual(claim) })
        else { throw .tenantTierUnknown }
        return tier
    }

    private func limit(of tier: TierPolicy, own: RateLimit?) -> RateLimit {
        switch tier.requests {
        case .limit(let limit): limit
        case .custom(let fallback): own ?? fallback
        }
    }
}

/// Who a verified credential says is calling, and the one tenant the request may act for. Holding
/// one is the proof: only `TenantDirectory.resolve` makes it, from claims only a token verifier can
/// make.
public final class Principal: Sendable {
    public let tenant: TenantID
    /// What upstreams know as `X-Tenant-ID`.
    public let externalID: ExternalID
    /// Index of the issuer of the credential in `GatewayPolicy.issuers`.
    public let issuer: Int?
    /// Index in `GatewayPolicy.vendors`, and its name.
    public let vendor: Int
    public let vendorName: [UInt8]
    /// Index in `GatewayPolicy.tiers`, and its name.
    public let tier: Int
    public let tierName: [UInt8]
    /// The tenant's effective limit.
    public let limit: RateLimit
    /// What its tier allows besides, and its features.
    public let allowance: TierAllowance
    public let subject: [UInt8]
    public let role: [UInt8]?
    /// See `VerifiedClaims`; a cached principal must be asked at every use.
    public let notBefore: Int64
    public let expires: Int64

    fileprivate init(
        tenant: TenantID, externalID: ExternalID, claims: VerifiedClaims, vendorName: [UInt8],
        tier: Int, tierName: [UInt8], limit: RateLimit, allowance: TierAllowance
    ) {
        self.tenant = tenant
        self.externalID = externalID
        issuer = claims.issuer
        vendor = claims.vendor
        self.vendorName = vendorName
        self.tier = tier
        self.tierName = tierName
        self.limit = limit
        self.allowance = allowance
        subject = claims.subject
        role = claims.role
        notBefore = claims.notBefore
        expires = claims.expires
    }

    /// Whether the credential behind it holds at `now` (wall-clock seconds).
    public func holds(at now: Int64) -> Bool { notBefore <= now && now < expires }
}
