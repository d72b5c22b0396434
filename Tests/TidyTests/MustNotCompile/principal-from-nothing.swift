// expect: initializer is inaccessible due to 'fileprivate' protection level
import Policy

func impostor(claims: VerifiedClaims, tenant: TenantID, name: ExternalID) -> Principal {
    Principal(
        tenant: tenant, externalID: name, claims: claims, vendorName: [], tier: 0, tierName: [],
        limit: .unlimited)
}
