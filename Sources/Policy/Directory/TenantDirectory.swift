/// Which tenants there are and what they may do, as one immutable value: an edition of a directory
/// (or of a file, or none where tokens make tenants) read with the tiers and vendors of one policy.
/// The only maker of a `Principal`.
public struct TenantDirectory: Sendable {
    private enum Source: Sendable {
        /// A verified token makes the tenant.
        case claims
        case records(DirectoryEdition)
        /// A directory that is not known, or not recently enough: everything is refused.
        case unavailable
    }

    private let source: Source
    private let tiers: [TierPolicy]
    private let vendors: [VendorPolicy]
    /// By issuer.
    private let authorities: [IssuerAuthority]
    /// Names of features, in the order of `FeatureSet`.
    private let features: [[UInt8]]
    /// By index of the edition's tier names: index in `tiers`.
    private let tierOfName: [Int?]
    /// By index in `vendors`: index of the edition's vendor names, and the other way round.
    private let vendorNames: [UInt16?]
    private let vendorOfName: [Int?]

    private init(_ source: Source, _ policy: GatewayPolicy) {
        self.source = source
        tiers = policy.tiers
        vendors = policy.vendors
        authorities = policy.issuers.map(\.authority)
        features = policy.features.map { [UInt8]($0.utf8) }
        guard case .records(let edition) = source else {
            (tierOfName, vendorNames, vendorOfName) = ([], [], [])
            return
        }
        tierOfName = edition.tiers.all.map { name in
            policy.tiers.firstIndex { $0.name.utf8.elementsEqual(name) }
        }
        let vendors = policy.vendors.map { [UInt8]($0.name.utf8) }
        vendorOfName = edition.vendors.all.map { vendors.firstIndex(of: $0) }
        vendorNames = vendors.map { name in
            edition.vendors.all.firstIndex(of: name).map { UInt16($0) }
        }
    }

    /// What the policy itself says: tenants of its file, or of tokens. Where the policy names a
    /// directory this refuses everything until there is an edition.
    public init(policy: GatewayPolicy) {
        switch policy.tenants {
        case .claims: self.init(.claims, policy)
        case .directory: self.init(.unavailable, policy)
        case .file(let entries):
            // What cannot be evaluated is refused.
            let edition = DirectoryEdition(file: entries, policy: policy)
            self.init(edition.map { .records($0) } ?? .unavailable, policy)
        }
    }

    /// What a directory says, in the words of `policy`.
    public init(policy: GatewayPolicy, edition: DirectoryEdition) {
        self.init(.records(edition), policy)
    }

    // MARK: Finding

    /// One tenant's row, copied: finding it allocates nothing.
    public struct Found: Sendable {
        /// The id; `nil` for a tenant of a file that gives none, whose id is the derived one.
        public let id: TenantID?
        /// Index in `GatewayPolicy.vendors`; `nil` where the policy has no such vendor.
        public let vendor: Int?
        public let state: TenantState
        let place: DirectoryEdition.Place

        /// Different for every tenant that one value finds.
        public var number: Int { place.index << 1 | (place.isOverlay ? 1 : 0) }
    }

    public func tenant(_ id: TenantID) -> Found? {
        guard case .records(let edition) = source else { return nil }
        return edition.tenant(id).map { found($0, edition) }
    }

    /// - Parameter vendor: index in `GatewayPolicy.vendors`.
    public func tenant(vendor: Int, externalID: Span<UInt8>) -> Found? {
        guard case .records(let edition) = source, vendorNames.indices.contains(vendor),
            let name = vendorNames[vendor]
        else { return nil }
        return edition.tenant(vendor: name, name: externalID).map { found($0, edition) }
    }

    /// The tenant a host name belongs to.
    ///
    /// - Parameter domain: in lower case, without port and dot at the end.
    public func tenant(domain: Span<UInt8>) -> Found? {
        guard case .records(let edition) = source else { return nil }
        return edition.tenant(domain: domain).map { found($0, edition) }
    }

    /// The name of a tenant this very value has found; allocates.
    public func externalID(of tenant: Found) -> ExternalID? {
        guard case .records(let edition) = source else { return nil }
        return edition.externalID(of: tenant.place)
    }

    private func found(_ place: DirectoryEdition.Place, _ edition: DirectoryEdition) -> Found {
        let row = edition[place]
        return Found(
            id: row.id.isPlaceholder ? nil : row.id, vendor: vendorOfName[Int(row.vendor)],
            state: row.tenantState, place: place)
    }

    /// An API key's record, copied: finding it allocates nothing. It says what the key's digest
    /// must be and not that anybody has shown the key.
    public struct FoundKey: Sendable {
        public let id: APIKeyID
        public let tenant: TenantID
        public let digest: CredentialDigest
        /// Wall-clock second from which it is no longer taken; `Int64.max` for never.
        public let expires: Int64
        public let isRevoked: Bool
        fileprivate let scopes: UInt32
        fileprivate let role: UInt32

        /// Whether the key may be used at `now` (wall-clock seconds).
        public func holds(at now: Int64) -> Bool { !isRevoked && now < expires }
    }

    public func key(_ id: APIKeyID) -> FoundKey? {
        guard let found = keyOrAnother(id), found.isIt else { return nil }
        return found.key
    }

    /// The record of this id; where there is none, that of another key, which takes as long to find
    /// and may only be compared with (attack K1).
    public func keyOrAnother(_ id: APIKeyID) -> (key: FoundKey, isIt: Bool)? {
        guard case .records(let edition) = source, let found = edition.keyOrAnother(id) else {
            return nil
        }
        let row = found.row
        let key = FoundKey(
            id: row.id, tenant: row.tenant, digest: row.digest, expires: row.expires,
            isRevoked: row.isRevoked, scopes: row.scopes, role: row.role)
        return (key, found.isIt)
    }

    /// What a key this very value has found may be used for, sorted; allocates.
    public func scopes(of key: FoundKey) -> [[UInt8]] {
        guard case .records(let edition) = source else { return [] }
        return edition.scopes.set(key.scopes)
    }

    /// The role of who uses a key this very value has found; allocates.
    public func role(of key: FoundKey) -> [UInt8]? {
        guard case .records(let edition) = source, key.role < DirectoryTable.KeyRow.revoked
        else { return nil }
        return edition.roles.all[Int(key.role)]
    }

    /// Whether any host name is a tenant's.
    public var hasDomains: Bool {
        guard case .records(let edition) = source else { return false }
        return edition.hasDomains
    }

    /// Whether tenants can be found at all; otherwise `resolve` throws `directory.unavailable`.
    public var isAvailable: Bool {
        if case .unavailable = source { return false }
        return true
    }

    // MARK: Resolving

    /// Turns verified claims into the one tenant they speak for. Meant for the verified-token
    /// cache: it allocates, and a request reuses its result for as long as policy and edition are
    /// the same.
    ///
    /// Claims name their tenant by external id (tokens), by id (`VerifiedClaims.tenantID`: API
    /// keys, sessions, hosts), or by both, which must then agree.
    ///
    /// - Throws: `directory.unavailable`, `tenant.missing`, `tenant.unknown`, `tenant.suspended`,
    ///   `tenant.tier_unknown`, `issuer.not_allowed`, and `token.invalid` for a credential that was
    ///   revoked.
    public func resolve(_ claims: VerifiedClaims) throws(Refusal) -> Principal {
        // Before anything is looked up: the answer must not tell who exists.
        let authority = claims.issuer.flatMap {
            authorities.indices.contains($0) ? authorities[$0] : nil
        }
        if let authority, let name = claims.tenant, !authority.permits(name) {
            throw .issuerNotAllowed
        }
        let principal = try principal(of: claims)
        guard authority?.permits(tier: principal.tier) ?? true else { throw .issuerNotAllowed }
        return principal
    }

    private func principal(of claims: VerifiedClaims) throws(Refusal) -> Principal {
        switch source {
        case .unavailable: throw .directoryUnavailable
        case .claims:
            guard vendors.indices.contains(claims.vendor), let externalID = claims.tenant,
                let id = claims.tenantID ?? claims.derivedID
            else { throw .tenantMissing }
            guard let name = claims.tier,
                let tier = tiers.firstIndex(where: { $0.name.utf8.elementsEqual(name) })
            else { throw .tenantTierUnknown }
            return principal(claims, id, externalID, tier: tier, own: nil, features: [])
        case .records(let edition):
            guard vendors.indices.contains(claims.vendor),
                claims.tenant != nil || claims.tenantID != nil
            else { throw .tenantMissing }
            guard let place = place(claims, edition) else { throw .tenantUnknown }
            let row = edition[place]
            if let refusal = refusal(of: claims, row, edition) { throw refusal }
            guard let id = row.id.isPlaceholder ? claims.derivedID : row.id,
                let externalID = claims.tenant ?? edition.externalID(of: place)
            else { throw .tenantMissing }
            guard let tier = tierOfName[Int(row.tier)] else { throw .tenantTierUnknown }
            let own = row.requests == DirectoryTable.TenantRow.noRequests ? nil : row.requests
            return principal(
                claims, id, externalID, tier: tier, own: own.map { .perMinute($0) },
                features: edition.features.set(row.features))
        }
    }

    /// Whether what was resolved once still holds by this value: what an open exchange is asked
    /// when the directory has changed. Allocates nothing.
    ///
    /// - Returns: why not, as `resolve` would throw it; `nil` also while nothing is known.
    public func refusal(of principal: Principal) -> Refusal? {
        guard case .records(let edition) = source else { return nil }
        // By name: the policy it was resolved under may have had its vendors in another order.
        guard let vendor = edition.vendors.all.firstIndex(of: principal.vendorName) else {
            return .tenantUnknown
        }
        let name = principal.externalID.bytes
        guard let place = edition.tenant(vendor: UInt16(vendor), name: name.span) else {
            return .tenantUnknown
        }
        return refusal(of: principal.claims, edition[place], edition)
    }

    private func place(
        _ claims: VerifiedClaims, _ edition: DirectoryEdition
    ) -> DirectoryEdition.Place? {
        guard vendorNames.indices.contains(claims.vendor), let vendor = vendorNames[claims.vendor]
        else { return nil }
        guard let name = claims.tenant else {
            guard let id = claims.tenantID, let place = edition.tenant(id),
                edition[place].vendor == vendor
            else { return nil }
            return place
        }
        guard let place = edition.tenant(vendor: vendor, name: name.bytes.span),
            claims.tenantID == nil || claims.tenantID == edition[place].id
        else { return nil }
        return place
    }

    /// State first: a suspended tenant is told so whatever else holds.
    private func refusal(
        of claims: VerifiedClaims, _ row: DirectoryTable.TenantRow, _ edition: DirectoryEdition
    ) -> Refusal? {
        switch row.tenantState {
        case .active: break
        case .suspended: return .tenantSuspended
        case .deleted: return .tenantUnknown
        }
        // A credential that does not say when it was issued may be from before.
        if row.voidBefore > 0, (claims.issuedAt ?? 0) < row.voidBefore, claims.isVoidable {
            return .tokenInvalid
        }
        if let token = claims.tokenID, edition.revocation(row.id, token) != nil {
            return .tokenInvalid
        }
        if let id = claims.key {
            guard let key = edition.key(id), !key.isRevoked, key.tenant == row.id else {
                return .tokenInvalid
            }
        }
        return nil
    }

    private func principal(
        _ claims: VerifiedClaims, _ id: TenantID, _ externalID: ExternalID, tier: Int,
        own: RateLimit?, features names: [[UInt8]]
    ) -> Principal {
        var allowance = tiers[tier].allowance
        // What no route of this policy asks for has no place in it.
        for name in names {
            if let place = features.firstIndex(of: name) { allowance.features.insert(place) }
        }
        return Principal(
            tenant: id, externalID: externalID, claims: claims,
            vendorName: [UInt8](vendors[claims.vendor].name.utf8), tier: tier,
            tierName: [UInt8](tiers[tier].name.utf8), limit: limit(of: tiers[tier], own: own),
            allowance: allowance)
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
    /// What the credential said.
    public let claims: VerifiedClaims
    /// Index in `GatewayPolicy.vendors`, and its name.
    public let vendor: Int
    public let vendorName: [UInt8]
    /// Index in `GatewayPolicy.tiers`, and its name.
    public let tier: Int
    public let tierName: [UInt8]
    /// The tenant's effective limit.
    public let limit: RateLimit
    /// What its tier allows besides, its features, and those the tenant has beyond them.
    public let allowance: TierAllowance

    fileprivate init(
        tenant: TenantID, externalID: ExternalID, claims: VerifiedClaims, vendorName: [UInt8],
        tier: Int, tierName: [UInt8], limit: RateLimit, allowance: TierAllowance
    ) {
        self.tenant = tenant
        self.externalID = externalID
        self.claims = claims
        vendor = claims.vendor
        self.vendorName = vendorName
        self.tier = tier
        self.tierName = tierName
        self.limit = limit
        self.allowance = allowance
    }

    /// Index of the issuer of the credential in `GatewayPolicy.issuers`.
    public var issuer: Int? { claims.issuer }
    /// What was shown.
    public var credential: VerifiedClaims.Credential { claims.credential }
    public var subject: [UInt8] { claims.subject }
    public var role: [UInt8]? { claims.role }
    /// See `VerifiedClaims`; a cached principal must be asked at every use.
    public var notBefore: Int64 { claims.notBefore }
    public var expires: Int64 { claims.expires }

    /// Whether the credential behind it holds at `now` (wall-clock seconds).
    public func holds(at now: Int64) -> Bool { claims.holds(at: now) }
}
