import Testing

@_spi(TokenVerifier) @_spi(TenantDirectory) @testable import Policy

/// The table of issuers and tenants (D4): off the diagonal everything is 403.
@Suite struct `For whom an issuer may speak` {
    static func authority(_ tenants: [String]?, tiers: Set<Int>? = nil) -> IssuerAuthority {
        var authority = IssuerAuthority()
        authority.tenants = tenants
        authority.tiers = tiers
        return authority
    }

    static func fixture(
        _ authorities: [IssuerAuthority], _ tenants: [TenantEntry]? = nil
    ) -> RulesFixture {
        RulesFixture { policy, _ in
            policy.issuers = authorities.enumerated().map { index, authority in
                var issuer = IssuerPolicy(
                    name: "i\(index)", issuer: "https://i\(index)/", keys: .file(.missing),
                    algorithms: [.rs256], tenant: ClaimName("t"), tenantFormat: .opaque)
                issuer.authority = authority
                return issuer
            }
            if let tenants { policy.tenants = .file(tenants) }
        }
    }

    static func refusal(
        _ fixture: RulesFixture, _ issuer: Int?, _ tenant: String, tier: String = "STARTER"
    ) -> Refusal? {
        let claims = RulesFixture.claims(tenant: tenant, tier: tier, issuer: issuer)
        return `Tenant directory`.refusal(fixture, claims)
    }

    @Test func `each of several issuers speaks for its own tenants and no others`() {
        let names = ["acme", "globex", "initech", "umbrella"]
        let fixture = Self.fixture(names.map { Self.authority([$0]) })
        for issuer in names.indices {
            for (place, name) in names.enumerated() {
                let expected: Refusal? = place == issuer ? nil : .issuerNotAllowed
                #expect(Self.refusal(fixture, issuer, name) == expected)
            }
        }
        #expect(Refusal.issuerNotAllowed.status == 403)
    }

    @Test func `without a word an issuer speaks for all, and a vendor key for none of it`() {
        let fixture = Self.fixture([Self.authority(nil)])
        #expect(Self.refusal(fixture, 0, "anybody") == nil)
        // An index no issuer has is none that the policy bound.
        #expect(Self.refusal(fixture, nil, "anybody") == nil)
    }

    @Test(arguments: [
        ("acme", true), ("Acme", false), ("acme2", false), ("acm", false), ("eu-", true),
        ("eu-west", true), ("eu", false), ("EU-west", false), ("xeu-west", false),
        ("*", false), ("eu-*", false),
    ])
    func `names are compared to the byte, and beginnings are beginnings`(
        name: String, isAllowed: Bool
    ) throws {
        let authority = Self.authority(["acme", "eu-*"])
        guard let tenant = ExternalID(name, format: .opaque) else { return #expect(!isAllowed) }
        #expect(authority.permits(tenant) == isAllowed)
    }

    @Test func `a tier counts whoever says it`() throws {
        let scale = try `Tenant directory`.entry("acme", tier: 1)
        let start = try `Tenant directory`.entry("globex", tier: 0)
        let bound = Self.authority(nil, tiers: [0])
        let listed = Self.fixture([bound], [scale, start])
        #expect(Self.refusal(listed, 0, "acme", tier: "STARTER") == .issuerNotAllowed)
        #expect(Self.refusal(listed, 0, "globex", tier: "ENTERPRISE") == nil)
        let claimed = Self.fixture([bound])
        #expect(Self.refusal(claimed, 0, "acme", tier: "GROWTH") == .issuerNotAllowed)
        #expect(Self.refusal(claimed, 0, "acme", tier: "STARTER") == nil)
    }

    @Test func `the answer does not tell whether there is such a tenant`() throws {
        var suspended = try `Tenant directory`.entry("globex")
        suspended.isSuspended = true
        let fixture = Self.fixture(
            [Self.authority(["acme"])], [try `Tenant directory`.entry("acme"), suspended])
        for name in ["globex", "nobody"] {
            #expect(Self.refusal(fixture, 0, name) == .issuerNotAllowed)
        }
        #expect(Self.refusal(fixture, 0, "acme") == nil)
    }
}
