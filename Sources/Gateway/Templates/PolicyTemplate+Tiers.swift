extension PolicyTemplate {
    /// Limits for each tenant by its tier.
    static let tiersFiles = [
        File(path: "gateway.yaml", text: gatewayFile),
        File(path: "tiers.yaml", text: tiersFile),
        File(path: "tenants.yaml", text: tenantsFile),
        File(path: "routes/orders.yaml", text: orderRoutes),
        File(path: "env/production.yaml", text: productionFile),
        File(path: "tests/limits.test.yaml", text: limitsTests),
    ]
}

private let gatewayFile = """
    # yaml-language-server: $schema=schema/gateway.json
    # Limits for each tenant by its tier, in front of an API that is there already.
    version: 1

    # More files, each checked on its own. What two of them define is an error.
    include: [tiers.yaml, "routes/*.yaml"]

    listen:
      public:
        address: 127.0.0.1:8443             # any other address needs `tls`
        workers: auto
      health: {address: "127.0.0.1:9901"}

    issuers:
      idp:
        issuer: https://idp.example.com/
        jwks: https://idp.example.com/.well-known/jwks.json
        audience: [https://api.example.com]
        algorithms: [RS256, ES256]
        tenant: {claim: tenant_id, format: slug}

    # Only the tenants of this file, each with its tier; a token that names another is refused.
    tenants: {source: file:tenants.yaml}

    upstreams:
      orders: {targets: ["http://127.0.0.1:8080"]}

    """

private let tiersFile = """
    # yaml-language-server: $schema=schema/include.json
    # Requests of one tenant in any 60 seconds, over all its users and connections, exactly.
    version: 1
    tiers:
      STARTER: {requests: 100/min}
      GROWTH: {requests: 500/min, features: [exports]}
      SCALE: {requests: 1000/min, features: [exports], concurrency: 50}
      # Each tenant's own number (tenants.yaml), or this where it has none.
      ENTERPRISE: {requests: custom, fallback: 1000/min, features: [exports], weight: 4}

    limits:
      charge: admitted                      # a refused head costs the tenant nothing
      headers: [ratelimit, x-ratelimit]     # what is left, in both families of fields
      unauthenticated: {requests: 60/min}   # by address, before there is a tenant to charge

    """

private let tenantsFile = """
    # yaml-language-server: $schema=schema/tenants.json
    version: 1
    tenants:
      acme: {tier: STARTER}
      globex: {tier: GROWTH}
      initech: {tier: SCALE}
      umbrella: {tier: ENTERPRISE, requests: 2500/min}
      closed: {tier: STARTER, state: suspended}

    """

private let orderRoutes = """
    # yaml-language-server: $schema=../schema/include.json
    version: 1
    routes:
      - name: orders
        match: {path: /v1/orders/**}
        auth: idp
        limits: tier
        upstream: orders

      - name: exports                       # dear, so only for some tiers and not often
        match: {path: /v1/exports/**, methods: [POST]}
        auth: idp
        feature: exports
        limits: {requests: 10/min}
        upstream: orders

    """

private let productionFile = """
    # yaml-language-server: $schema=../schema/overlay.json
    # `--env production`: other values for keys that the policy has; it cannot add any.
    version: 1
    listen: {public: {workers: 8}}
    upstreams: {orders: {targets: ["https://orders.internal:8443"]}}

    """

private let limitsTests = """
    # yaml-language-server: $schema=../schema/test.json
    version: 1
    clock: "2026-01-01T00:00:00Z"

    tokens:
      acme: {issuer: idp, claims: {sub: a, tenant_id: acme}}
      bob: {issuer: idp, claims: {sub: b, tenant_id: acme}}
      globex: {issuer: idp, claims: {sub: g, tenant_id: globex}}
      umbrella: {issuer: idp, claims: {sub: u, tenant_id: umbrella}}
      closed: {issuer: idp, claims: {sub: c, tenant_id: closed}}
      stranger: {issuer: idp, claims: {sub: s, tenant_id: stranger}}

    cases:
      - name: a hundred requests in a minute
        repeat: 100
        request: {url: /v1/orders, token: acme}
        expect: {decision: forward, headers: {X-RateLimit-Limit: "100", X-RateLimit-Remaining: "0"}}

      - name: and not one more
        repeat: 101
        request: {url: /v1/orders, token: acme}
        expect: {status: 429, code: rate.limited, headers: {Retry-After: "60"}}

      - name: spread over the minute they all pass
        repeat: 200
        every: 600ms
        request: {url: /v1/orders, token: acme}
        expect: {decision: forward}

      - name: a tier of its own for each tenant
        repeat: 500
        request: {url: /v1/orders, token: globex}
        expect: {decision: forward, headers: {X-RateLimit-Limit: "500"}}

      - name: a number of its own for an enterprise
        request: {url: /v1/orders, token: umbrella}
        expect: {decision: forward, headers: {X-RateLimit-Limit: "2500"}}

      - name: exports are not for starters
        request: {method: POST, url: /v1/exports, token: acme}
        expect: {status: 403, code: feature.missing}

      - name: and ten in a minute are enough for all others
        repeat: 11
        request: {method: POST, url: /v1/exports, token: globex}
        expect: {status: 429, code: rate.limited}

      - name: a suspended tenant
        request: {url: /v1/orders, token: closed}
        expect: {status: 403, code: tenant.suspended}

      - name: a tenant that the file does not have
        request: {url: /v1/orders, token: stranger}
        expect: {status: 403, code: tenant.unknown}

    """
