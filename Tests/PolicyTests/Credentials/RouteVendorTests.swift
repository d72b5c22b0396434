import Testing

@testable import Policy

@Suite struct `The vendor of a route` {
    private static func vendor(
        isAsserted: Bool, _ change: (inout CredentialKinds) -> Void
    ) -> Int? {
        var policy = GatewayPolicy()
        policy.vendors.append(VendorPolicy(name: "other"))
        var issuer = IssuerPolicy(
            name: "idp", issuer: "idp", keys: .secret(.missing), algorithms: [.hs256],
            tenant: ClaimName("tenant"), tenantFormat: .opaque)
        issuer.vendor = 1
        policy.issuers = [issuer]
        var sessions = SessionPolicy(key: .missing)
        sessions.vendor = 1
        policy.sessions = sessions
        if isAsserted {
            policy.assertion = AssertionPolicy(key: .missing)
            policy.assertion?.upstreams = [0]
        }
        var kinds = CredentialKinds()
        change(&kinds)
        policy.routes = [
            RoutePolicy(
                name: "r", path: PathPattern("/**"), authentication: .credentials(kinds),
                upstream: 0)
        ]
        return RuleSet(policy: policy).routes[0].vendor
    }

    @Test func `is that of the tokens and sessions it takes`() {
        for isAsserted in [false, true] {
            let tokens = Self.vendor(isAsserted: isAsserted) { kinds in
                kinds.issuer = 0
                kinds.apiKey = true
            }
            let sessions = Self.vendor(isAsserted: isAsserted) { kinds in
                kinds.session = true
                kinds.apiKey = true
            }
            #expect(tokens == 1 && sessions == 1)
        }
    }

    @Test func `is the default one for keys alone, unless the upstream is told`() {
        #expect(Self.vendor(isAsserted: false) { $0.apiKey = true } == 0)
        #expect(Self.vendor(isAsserted: true) { $0.apiKey = true } == nil)
    }
}
