/// The policy files of a playground: small, and written to be read by whoever looks for an example.
/// Their paths are relative to the folder they lie in.
struct PlaygroundPolicies {
    static let issuer = "https://issuer.ringfence.test/"
    static let audience = "https://api.ringfence.test"
    static let tiers: [(name: String, requests: String)] = [
        ("STARTER", "100/min"), ("GROWTH", "500/min"), ("SCALE", "1000/min"),
        ("ENTERPRISE", "custom"),
    ]

    /// What stands behind the gateway.
    enum Behind {
        /// Our backend, at `host:port`.
        case backend(address: String)
        case api(UpstreamURL)
    }

    let port: UInt16
    let behind: Behind

    /// - Parameter isSettingUp: limits are off by word, because demo data must not use up anybody's
    ///   first minute.
    func gateway(isSettingUp: Bool) -> String {
        """
        # Made by `ringfence dev`, and made again at its next start.
        version: 1
        listen:
          public:
            address: "127.0.0.1:\(port)"
            tls: {certificate: file:../certificate.pem, key: file:../certificate.key}
            access_log: file:../logs/access.log
          health: {address: "127.0.0.1:0"}               # probes and metrics
        \(vendors)issuers:
          dev:                                           # tokens are signed with keys/issuer.key
            issuer: \(Self.issuer)
            jwks: file:../keys/issuer.pub
            audience: [\(Self.audience)]
            algorithms: [ES256]
            tenant: {claim: tenant_id, format: opaque}
            role: {claim: role}
            max_lifetime: 24h
        tenants: {source: file:tenants.yaml}             # who they are, and their tiers
        tiers:                                           # requests in any 60 seconds
        \(tierLines(isSettingUp: isSettingUp))
        \(routing)
        """
    }

    private var vendors: String {
        guard case .backend = behind else { return "" }
        return """
            vendors:
              default: {key: file:../keys/vendor.key}        # for routes with `auth: vendor`

            """
    }

    private func tierLines(isSettingUp: Bool) -> String {
        Self.tiers.map { tier in
            if isSettingUp { return "  \(tier.name): {requests: unlimited}" }
            let fallback = tier.requests == "custom" ? ", fallback: 1000/min" : ""
            return "  \(tier.name): {requests: \(tier.requests)\(fallback)}"
        }.joined(separator: "\n")
    }

    private var routing: String {
        switch behind {
        case .backend(let address):
            """
            upstreams:
              delivery: {targets: ["http://\(address)"], echo: required}
            assertion:
              to: [delivery]
              key: file:../keys/assertion.key
              algorithm: HS256
              ttl: 30s
              seal: {key: file:../keys/seal.key, ttl: 30s}   # the database opens for nothing else
            routes:
              - {name: tenants, match: {path: /v1/tenants}, auth: vendor, upstream: delivery}
              - {name: tenant, match: {path: /v1/tenants/*}, auth: vendor, upstream: delivery}
              - name: events
                match: {path: /v1/events}
                auth: dev
                body: {clean: false}
                upstream: delivery
              - name: event
                match: {path: /v1/events/*}
                auth: dev
                body: {clean: false}
                upstream: delivery

            """
        case .api(let url):
            """
            upstreams:
              api: {targets: ["\(url.text)"]}
            assertion: {to: [api], key: file:../keys/assertion.key, algorithm: HS256, ttl: 30s}
            routes:
              - name: api
                match: {path: /**}
                auth: dev
                body: {max: 16MiB}           # JSON and forms, cleaned; clean: false for uploads
                host: \(url.isLocal ? "preserve" : "upstream")
                upstream: api

            """
        }
    }

    /// - Parameters:
    ///   - identifiers: each known tenant's id at the backend, by external id; `nil` where there is
    ///     no backend, and ids are derived.
    ///   - isSettingUp: as for the gateway's policy: nobody has a limit of its own either.
    static func tenants(_ identifiers: [String: String]?, isSettingUp: Bool = false) -> String {
        var text = """
            # Made by `ringfence dev`, and made again at its next start.
            version: 1
            tenants:
            """
        let known = DemoTenant.all.filter { identifiers?.keys.contains($0.externalID) ?? true }
        if known.isEmpty { text += " {}" }
        for tenant in known {
            var keys = ["tier: \(tenant.tier)"]
            if let requests = tenant.requests, !isSettingUp { keys.append("requests: \(requests)") }
            if let id = identifiers?[tenant.externalID] { keys.append("id: \(id)") }
            text += "\n  \(tenant.externalID): {\(keys.joined(separator: ", "))}"
        }
        return text + "\n"
    }

    /// For the backend, which chooses free ports.
    static let backend = """
        # Made by `ringfence dev`, and made again at its next start.
        version: 1
        listen: {api: {address: "127.0.0.1:0"}, health: {address: "127.0.0.1:0"}}
        database:
          owner: file:../keys/owner.dsn
          runtime: file:../keys/runtime.dsn
          admin: file:../keys/admin.dsn        # read by `db migrate` only
          context: sealed                      # no seal of the gateway's, no rows
          workers: 4
        assertion: {key: file:../keys/assertion.key, audience: delivery}

        """
}
