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

    init(
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
