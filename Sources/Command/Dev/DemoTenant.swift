/// A tenant of the playground.
struct DemoTenant: Equatable {
    let externalID: String
    let name: String
    let tier: String
    /// Its own limit, where its tier says `custom`.
    var requests: String?

    /// One of each tier.
    static let all = [
        DemoTenant(externalID: "acme", name: "Acme", tier: "STARTER"),
        DemoTenant(externalID: "globex", name: "Globex", tier: "GROWTH"),
        DemoTenant(externalID: "initech", name: "Initech", tier: "SCALE"),
        DemoTenant(
            externalID: "umbrella", name: "Umbrella", tier: "ENTERPRISE", requests: "2500/min"),
    ]

    /// The limit that holds for it.
    var limit: String {
        requests ?? PlaygroundPolicies.tiers.first { $0.name == tier }?.requests ?? ""
    }

    /// Name of its token in dev.env.
    var tokenVariable: String { "TOKEN_\(externalID.uppercased())" }

    /// The claims of its token. It names no tier: whoever keeps the tenants does.
    var claims: String {
        """
        {"iss":"\(PlaygroundPolicies.issuer)","aud":"\(PlaygroundPolicies.audience)",\
        "sub":"user-of-\(externalID)","tenant_id":"\(externalID)","role":"member"}
        """
    }

    /// How long the tokens of a playground live: a working day, and less than the `max_lifetime`
    /// an issuer has by default.
    static let tokenLifetime = "12h"
}
