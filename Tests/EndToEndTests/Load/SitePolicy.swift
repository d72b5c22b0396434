/// The policy files of a site; paths are relative to its folder.
enum SitePolicy {
    static let keyCommands = [
        ["key", "create", "--algorithm", "ES256", "--private", "idp.key", "--public", "idp.pub"],
        [
            "certificate", "create", "--hosts", "api.example.test", "--certificate", "tls.crt",
            "--key", "tls.key",
        ],
    ]

    static func backend(port: UInt16) -> String {
        """
        version: 1
        listen: {api: {address: "127.0.0.1:\(port)"}, health: {address: "127.0.0.1:0"}}
        database:
          owner: file:owner.dsn
          runtime: file:runtime.dsn
          context: plain
          workers: 4
          deadline: 20s
        assertion: {key: file:assertion.key, audience: delivery}

        """
    }

    /// - Parameter limits: requests in any 60 seconds by tenant.
    static func gateway(port: UInt16, backendPort: UInt16, limits: [String: Int]) -> String {
        let tiers = Site.tenants.map { name, tier in
            let limit = "\(limits[name] ?? 0)/min"
            let requests = tier == "ENTERPRISE" ? "custom, fallback: 1/min" : limit
            return "  \(tier): {requests: \(requests)}"
        }.joined(separator: "\n")
        return """
            version: 1
            listen:
              public:
                address: 127.0.0.1:\(port)
                tls: {certificate: file:tls.crt, key: file:tls.key}
                access_log: none
                deadlines: {handshake: 60s}
            vendors:
              default: {key: file:vendor.key}
            issuers:
              idp:
                issuer: https://idp.example.test/
                jwks: file:idp.pub
                audience: [https://api.example.test]
                algorithms: [ES256]
                tenant: {claim: tenant_id}
            tenants: {source: file:tenants.yaml}
            upstreams:
              # Unused connections are given up soon, so that a test need not wait to see it.
              orders: {targets: ["unix:app.sock"], idle: 1s}
              delivery: {targets: ["http://127.0.0.1:\(backendPort)"], echo: required, idle: 1s}
            assertion: {to: [delivery], key: file:assertion.key}
            tiers:
            \(tiers)
            routes:
              - {name: tenants, match: {path: /v1/tenants/**}, auth: vendor, upstream: delivery}
              - name: events
                match: {path: /v1/events/**}
                auth: idp
                body: {clean: false}
                upstream: delivery
              - name: orders
                match: {path: /orders/**}
                auth: idp
                body: {clean: false}
                upstream: orders

            """
    }
}
