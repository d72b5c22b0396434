extension PolicyTemplate {
    /// Everything at once.
    static let fullFiles = [
        File(path: "gateway.yaml", text: gatewayFile),
        File(path: "tiers.yaml", text: tiersFile),
        File(path: "tenants.yaml", text: tenantsFile),
        File(path: "backend.yaml", text: backendFile),
        File(path: "routes/orders.yaml", text: orderRoutes),
        File(path: "routes/delivery.yaml", text: deliveryRoutes),
        File(path: "env/production.yaml", text: productionFile),
        File(path: "tests/orders.test.yaml", text: ordersTests),
        File(path: "tests/delivery.test.yaml", text: deliveryTests),
    ]
}

private let gatewayFile = """
    # yaml-language-server: $schema=schema/gateway.json
    # A gateway in front of one API and of the delivery backend, on one machine: everything at once.
    # api/, tiers/ and portal/ are smaller ones. docs/policy.md lists every key.
    version: 1

    # More files, each checked on its own. What two of them define is an error.
    include: [tiers.yaml, "routes/*.yaml"]

    listen:
      public:
        address: 127.0.0.1:8443             # "[::]:8443" for every address of the machine
        workers: auto                       # one per core
        tls:
          certificate: file:/etc/ringfence/tls.crt
          key: file:/etc/ringfence/tls.key
          profile: intermediate             # modern is TLS 1.3 only
        access_log: stdout
      health: {address: "127.0.0.1:9901"}   # probes and metrics, nothing that changes anything

    # Nobody: the Forwarded and X-Forwarded fields of every client are replaced.
    trusted_proxies: []

    # Companies that run this gateway for their customers. One is enough, and always there.
    vendors:
      default: {key: file:/etc/ringfence/vendor.key}

    # Whom tokens are believed from. `algorithms` and `audience` have no default, on purpose.
    issuers:
      idp:
        issuer: https://idp.example.com/
        jwks: file:/etc/ringfence/idp.jwks  # or https://idp.example.com/.well-known/jwks.json
        audience: [https://api.example.com]
        algorithms: [RS256, ES256]
        leeway: 5s
        max_lifetime: 24h
        tenant: {claim: tenant_id, format: slug}
        role: {claim: role}

    # Only the tenants of this file; a token that names another is refused.
    tenants: {source: file:tenants.yaml, unknown: deny}

    # What means a tenant in a request, in place of the built-in list. Every spelling of these is
    # removed from what clients send: X-Tenant-Id, tenantId, filter[tenant_id], ...
    tenant_names: [tenant, tenant_id, org_id, customerExternalId]

    upstreams:
      orders:
        targets: ["http://127.0.0.1:8080"]
        connect: 1s
        response: 30s
      delivery:
        targets: [unix:/run/ringfence/backend.sock]
        echo: required                      # a response must name the tenant it was made for

    # What the gateway signs for the backend, so that nobody else can speak for a tenant.
    assertion:
      to: [delivery]
      key: file:/etc/ringfence/assertion.key
      ttl: 30s
      # What its database opens for; made by `ringfence-backend db seal-key create`.
      seal: {key: file:/etc/ringfence/seal.key}

    """

private let tiersFile = """
    # yaml-language-server: $schema=schema/include.json
    # Requests of one tenant in any 60 seconds, over all its connections.
    version: 1
    tiers:
      STARTER: {requests: 100/min}
      GROWTH: {requests: 500/min}
      SCALE: {requests: 1000/min, concurrency: 50}
      ENTERPRISE: {requests: custom, fallback: 1000/min}   # each tenant's own number

    limits:
      charge: admitted                      # a refused head costs the tenant nothing
      headers: [ratelimit, x-ratelimit]

    """

private let tenantsFile = """
    # yaml-language-server: $schema=schema/tenants.json
    # The tenants of `tenants: {source: file:tenants.yaml}`, by external id.
    version: 1
    tenants:
      acme: {tier: STARTER}
      globex: {tier: GROWTH}
      initech: {tier: SCALE, state: active}
      umbrella: {tier: ENTERPRISE, requests: 2500/min}

    """

private let backendFile = """
    # yaml-language-server: $schema=schema/backend.json
    # The delivery backend behind the gateway of gateway.yaml.
    version: 1

    listen:
      api: {address: unix:/run/ringfence/backend.sock}
      health: {address: "127.0.0.1:9902"}

    # Two roles: migrations run as the owner of the tables, requests as one that row security binds.
    database:
      owner: file:/etc/ringfence/owner.dsn
      runtime: file:/etc/ringfence/runtime.dsn
      context: sealed                       # it believes the gateway's seal, not what SQL says
      workers: 8
      deadline: 5s

    # Requests are taken only with an assertion of the gateway, made for this upstream by name.
    assertion: {key: file:/etc/ringfence/assertion.key, audience: delivery}

    """

private let orderRoutes = """
    # yaml-language-server: $schema=../schema/include.json
    # An API that was there before.
    version: 1
    routes:
      - name: orders
        match: {host: api.example.com, path: /v1/orders/**, methods: [GET, POST, PATCH, DELETE]}
        auth: idp
        cors: {origins: ["https://app.example.com"]}
        roles: {DELETE: [admin]}            # any other method is for every role
        tenant:
          client_value: strip               # what the client says about its tenant is dropped
          inject: {header: X-Tenant-ID, query: tenant_id}
        body: {max: 1MB}                    # held, understood and cleaned, whatever names a tenant
        limits: tier
        upstream: orders

      - name: health
        match: {path: /healthz, methods: [GET, HEAD]}
        auth: none
        reason: public liveness, says nothing about any tenant
        upstream: orders

    """

private let deliveryRoutes = """
    # yaml-language-server: $schema=../schema/include.json
    # The delivery backend of ../backend.yaml.
    version: 1
    routes:
      - name: events
        match: {host: api.example.com, path: /v1/events/**, methods: [GET, POST]}
        auth: idp
        body: {clean: false, max: 1MB}      # payloads are the tenant's own; the assertion decides
        limits: tier
        upstream: delivery

      - name: tenants                       # the vendor's own servers, with the vendor key
        match: {host: api.example.com, path: /v1/tenants/**}
        auth: vendor
        upstream: delivery

    """

private let productionFile = """
    # yaml-language-server: $schema=../schema/overlay.json
    # `--env production`: other values for keys that the policy has; it cannot add any.
    version: 1
    listen:
      public: {address: "[::]:443", tls: {profile: modern}}
      health: {address: "0.0.0.0:9901"}
    upstreams:
      orders: {targets: ["https://orders-1.internal:8443", "https://orders-2.internal:8443"]}

    """

private let ordersTests = """
    # yaml-language-server: $schema=../schema/test.json
    version: 1
    clock: "2026-01-01T00:00:00Z"

    tokens:
      alice: {issuer: idp, claims: {sub: alice, tenant_id: acme, role: member}}
      root: {issuer: idp, claims: {sub: root, tenant_id: acme, role: admin}}
      stranger: {issuer: idp, claims: {sub: s, tenant_id: stranger}}

    cases:
      - name: a spoofed tenant is replaced
        request:
          url: "https://api.example.com/v1/orders?tenant_id=evil&x=1"
          token: alice
          headers: {X-Tenant-Id: evil}
        expect:
          decision: forward
          upstream: orders
          sent:
            query: "tenant_id=acme&x=1"
            headers: {X-Tenant-ID: acme}
            without: [Authorization]

      - name: request 101 in a minute is refused
        repeat: 101
        request: {url: "https://api.example.com/v1/orders", token: alice}
        expect: {status: 429, code: rate.limited}

      - name: only an admin deletes
        request: {method: DELETE, url: "https://api.example.com/v1/orders/7", token: root}
        expect: {decision: forward}

      - name: a member does not
        request: {method: DELETE, url: "https://api.example.com/v1/orders/7", token: alice}
        expect: {status: 403, code: role.missing}

      - name: a tenant that nobody knows
        request: {url: "https://api.example.com/v1/orders", token: stranger}
        expect: {status: 403, code: tenant.unknown}

      - name: without a token
        request: {url: "https://api.example.com/v1/orders"}
        expect: {status: 401, code: token.missing}

      - name: another host
        request: {url: "https://other.example.com/v1/orders", token: alice}
        expect: {status: 404, code: route.not_found}

      - name: liveness is public
        request: {url: /healthz}
        expect: {decision: forward, upstream: orders}

    """

private let deliveryTests = """
    # yaml-language-server: $schema=../schema/test.json
    version: 1
    clock: "2026-01-01T00:00:00Z"

    tokens:
      alice: {issuer: idp, claims: {sub: alice, tenant_id: acme}}
      vendor: {vendor: default}

    cases:
      - name: payloads are the tenant's own
        request:
          method: POST
          url: "https://api.example.com/v1/events"
          token: alice
          json: {topic: a.b, payload: {tenant: mine}}
        expect:
          decision: forward
          upstream: delivery
          tenant: acme
          sent: {json: {topic: a.b, payload: {tenant: mine}}}

      - name: tenants are managed with the vendor key
        request: {url: "https://api.example.com/v1/tenants", token: vendor}
        expect: {decision: forward, upstream: delivery}

      - name: and with nothing else
        request: {url: "https://api.example.com/v1/tenants", token: alice}
        expect: {status: 401, code: vendor_key.invalid}

    """
