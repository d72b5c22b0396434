/// The policy files of a playground: small, and written to be read by whoever looks for an example.
/// Their paths are relative to the folder they lie in.
struct PlaygroundPolicies {
    static let issuer = "https://issuer.ringfence.test/"
    static let audience = "https://api.ringfence.test"
    static let tiers: [(name: String, requests: String)] = [
        ("STARTER", "100/min"), ("GROWTH", "500/min"), ("SCALE", "1000/min"),
        ("ENTERPRISE", "custom"),
    ]

    /// Tiers whose tenants may use API keys.
    static let tiersWithKeys: Set = ["SCALE", "ENTERPRISE"]

    /// What stands behind the gateway.
    enum Behind {
        /// Our backend, at `host:port`, and where it tells about tenants.
        case backend(address: String, feed: Feed)
        case api(UpstreamURL)
    }

    /// Where the backend serves the directory and the gateway follows it.
    struct Feed: Equatable {
        let address: String
        /// A socket's file guards itself; a port needs what both sides know.
        var isGuardedByFile: Bool { address.hasPrefix("unix:") }

        static let socket = "run/feed.sock"
        /// What an address of a Unix socket holds (`sun_path`), less the zero at its end.
        static let pathBytesMax = 107

        /// In a folder too deep for a socket's path, a port that the system chooses.
        init(in folder: String) {
            let isShort = "\(folder)/policies/../\(Self.socket)".utf8.count <= Self.pathBytesMax
            address = isShort ? "unix:../\(Self.socket)" : "127.0.0.1:0"
        }

        /// - Parameter announced: where it is in fact.
        init(_ feed: Feed, announced: String) {
            address = feed.isGuardedByFile ? feed.address : announced
        }

        var text: String {
            "{address: \"\(address)\"\(isGuardedByFile ? "" : ", secret: file:../keys/feed.key")}"
        }
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
            deadlines: {handshake: 1m}                   # this machine may be busy
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
        \(tenants)
        tiers:                                           # requests in any 60 seconds
        \(tierLines(isSettingUp: isSettingUp))
        \(routing)
        """
    }

    private var hasBackend: Bool {
        if case .backend = behind { true } else { false }
    }

    private var tenants: String {
        switch behind {
        case .backend(_, let feed):
            """
            tenants:
              source: directory                            # who they are and their tiers, followed
              feed: \(feed.text)
              key_pepper: file:../keys/pepper.key          # what API keys are digested with
            """
        case .api: "tenants: {source: file:tenants.yaml}             # who they are, their tiers"
        }
    }

    private var vendors: String {
        guard hasBackend else { return "" }
        return """
            vendors:
              default: {key: file:../keys/vendor.key}        # for routes with `auth: vendor`

            """
    }

    private func tierLines(isSettingUp: Bool) -> String {
        Self.tiers.map { tier in
            let isKeyed = hasBackend && Self.tiersWithKeys.contains(tier.name)
            let features = isKeyed ? ", features: [api-access]" : ""
            if isSettingUp { return "  \(tier.name): {requests: unlimited\(features)}" }
            let fallback = tier.requests == "custom" ? ", fallback: 1000/min" : ""
            return "  \(tier.name): {requests: \(tier.requests)\(fallback)\(features)}"
        }.joined(separator: "\n")
    }

    private var routing: String {
        switch behind {
        case .backend(let address, _):
            """
            upstreams:
              delivery: {targets: ["http://\(address)"], connect: 30s, echo: required}
            assertion:
              to: [delivery]
              key: file:../keys/assertion.key
              algorithm: HS256
              ttl: 30s
              seal: {key: file:../keys/seal.key, ttl: 30s}   # the database opens for nothing else
            routes:
              - {name: tenants, match: {path: /v1/tenants/**}, auth: vendor, upstream: delivery}
              - name: events
                match: {path: /v1/events}
                auth: [dev, api-key]                       # one of them, not both
                body: {clean: false}
                upstream: delivery
              - name: event
                match: {path: /v1/events/*}
                auth: [dev, api-key]
                body: {clean: false}
                upstream: delivery

            """
        case .api(let url):
            """
            upstreams:
              api: {targets: ["\(url.text)"], connect: 30s}
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

    /// For the gateway in front of an existing API, whose tenants nobody keeps.
    static let tenants: String = {
        var text = """
            # Made by `ringfence dev`, and made again at its next start.
            version: 1
            tenants:
            """
        for tenant in DemoTenant.all {
            let requests = tenant.requests.map { ", requests: \($0)" } ?? ""
            text += "\n  \(tenant.externalID): {tier: \(tenant.tier)\(requests)}"
        }
        return text + "\n"
    }()

    /// For the backend, which chooses free ports.
    static func backend(_ feed: Feed) -> String {
        """
        # Made by `ringfence dev`, and made again at its next start.
        version: 1
        listen:
          api: {address: "127.0.0.1:0"}
          feed: \(feed.text)
          health: {address: "127.0.0.1:0"}
        database:
          owner: file:../keys/owner.dsn
          runtime: file:../keys/runtime.dsn
          admin: file:../keys/admin.dsn        # read by `db migrate` only
          context: sealed                      # no seal of the gateway's, no rows
          workers: 4
          deadline: 60s                        # this machine may be busy
        assertion: {key: file:../keys/assertion.key, audience: delivery}
        keys: {pepper: file:../keys/pepper.key}

        """
    }
}
