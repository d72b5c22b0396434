import Testing

@_spi(TokenVerifier) @_spi(TenantDirectory) @testable import Policy

@Suite struct `Tenant directory` {
    static func entry(_ name: String, tier: Int = 0, vendor: Int = 0) throws -> TenantEntry {
        var entry = TenantEntry(
            externalID: try #require(ExternalID(name, format: .opaque)), tier: tier)
        entry.vendor = vendor
        return entry
    }

    static func resolve(
        _ fixture: RulesFixture, _ claims: VerifiedClaims
    ) -> Result<Principal, Refusal> {
        do throws(Refusal) {
            return .success(try fixture.rules.resolve(claims))
        } catch {
            return .failure(error)
        }
    }

    static func refusal(_ fixture: RulesFixture, _ claims: VerifiedClaims) -> Refusal? {
        guard case .failure(let refusal) = resolve(fixture, claims) else { return nil }
        return refusal
    }

    @Test func `claims alone make a tenant with the tier they name`() throws {
        let principal = try RulesFixture().rules.resolve(RulesFixture.claims(tier: "GROWTH"))
        #expect(principal.tenant == TenantID(high: 1, low: 2))
        #expect(principal.externalID.text == "acme" && principal.tier == 1)
        #expect(principal.tierName == [UInt8]("GROWTH".utf8))
        #expect(principal.vendorName == [UInt8]("default".utf8))
        #expect(principal.limit == .perMinute(500) && principal.subject == [UInt8]("alice".utf8))
        #expect(principal.holds(at: 999) && !principal.holds(at: 1_000))
    }

    @Test(arguments: [
        nil as String?, "enterprise", "ULTRA", "", "STARTER ", "starter", "Starter", "STARTER\u{0}",
    ])
    func `J14 a tier that is not exactly a tier's name is refused`(_ tier: String?) {
        let refusal = Self.refusal(RulesFixture(), RulesFixture.claims(tier: tier))
        #expect(refusal == .tenantTierUnknown)
    }

    @Test func `J14 a directory record wins over the token`() throws {
        let record = try Self.entry("acme", tier: 0)
        let fixture = RulesFixture { policy, _ in policy.tenants = .file([record]) }
        for tier in ["ENTERPRISE", "ULTRA", nil] {
            let principal = try fixture.rules.resolve(RulesFixture.claims(tier: tier))
            #expect(principal.tierName == [UInt8]("STARTER".utf8))
            #expect(principal.limit == .perMinute(100))
        }
    }

    @Test(arguments: [
        "", ".", "..", "*", "default", "public", "system", "null", "undefined", "%",
        "_", " acme", "acme ", "acme\u{a0}", "acme\r\nX: y", "acme|evil", "acme,evil",
    ])
    func `N3 N4 a name no tenant can have is no tenant`(_ name: String) {
        let refusal = Self.refusal(RulesFixture(), RulesFixture.claims(tenant: name))
        #expect(refusal == .tenantMissing)
    }

    @Test func `N3 names are compared byte for byte`() throws {
        let records = [try Self.entry("acme"), try Self.entry("globex")]
        let fixture = RulesFixture { policy, _ in policy.tenants = .file(records) }
        #expect(Self.refusal(fixture, RulesFixture.claims(tenant: "acme")) == nil)
        for name in ["ACME", "acme.", "acm", "acmee"] {
            let refusal = Self.refusal(fixture, RulesFixture.claims(tenant: name))
            #expect(refusal == .tenantUnknown, "\(name)")
        }
    }

    @Test func `equal names of two vendors never meet`() throws {
        var (one, two) = (try Self.entry("acme"), try Self.entry("acme", tier: 1, vendor: 1))
        one.id = TenantID(high: 0, low: 1)
        two.id = TenantID(high: 0, low: 2)
        let records = [one, two]
        let fixture = RulesFixture { policy, _ in
            policy.vendors.append(VendorPolicy(name: "other"))
            policy.tenants = .file(records)
        }
        let first = try fixture.rules.resolve(RulesFixture.claims(vendor: 0))
        let second = try fixture.rules.resolve(RulesFixture.claims(vendor: 1))
        #expect(first.tenant == one.id && second.tenant == two.id)
        #expect(second.vendorName == [UInt8]("other".utf8) && second.limit == .perMinute(500))
        #expect(Self.refusal(fixture, RulesFixture.claims(vendor: 2)) == .tenantMissing)
    }

    @Test func `a suspended tenant is refused`() throws {
        var record = try Self.entry("acme")
        record.isSuspended = true
        let records = [record]
        let fixture = RulesFixture { policy, _ in policy.tenants = .file(records) }
        #expect(Self.refusal(fixture, RulesFixture.claims()) == .tenantSuspended)
    }

    @Test func `R6 a custom tier uses the tenant's own limit or the fallback`() throws {
        var own = try Self.entry("own", tier: 2)
        own.requests = .perMinute(2_500)
        var plain = try Self.entry("plain", tier: 0)
        plain.requests = .unlimited
        let records = [own, plain, try Self.entry("none", tier: 2), try Self.entry("bad", tier: 9)]
        let fixture = RulesFixture { policy, _ in policy.tenants = .file(records) }
        let limits = try ["own", "none", "plain"].map {
            try fixture.rules.resolve(RulesFixture.claims(tenant: $0)).limit
        }
        #expect(limits == [.perMinute(2_500), .perMinute(1_000), .perMinute(100)])
        #expect(Self.refusal(fixture, RulesFixture.claims(tenant: "bad")) == .tenantTierUnknown)
    }

    @Test func `two records of one tenant are none`() throws {
        let records = [try Self.entry("acme", tier: 0), try Self.entry("acme", tier: 2)]
        let fixture = RulesFixture { policy, _ in policy.tenants = .file(records) }
        #expect(Self.refusal(fixture, RulesFixture.claims()) == .tenantUnknown)
    }

    @Test func `a vendor credential speaks for no tenant`() {
        let claims = RulesFixture.claims(tenant: nil, issuer: nil)
        #expect(Self.refusal(RulesFixture(), claims) == .tenantMissing)
    }
}
