// expect: initializer is inaccessible due to '@_spi' protection level
import Policy

func forge() -> VerifiedClaims {
    VerifiedClaims(
        issuer: 0, vendor: 0, tenant: ExternalID("evil", format: .opaque), derivedID: nil,
        subject: [], role: nil, tier: nil, notBefore: 0, expires: .max)
}
