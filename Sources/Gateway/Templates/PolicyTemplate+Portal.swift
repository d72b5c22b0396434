extension PolicyTemplate {
    /// The delivery backend and what a portal needs of it.
    static let portalFiles = [
        File(path: "gateway.yaml", text: gatewayFile),
        File(path: "backend.yaml", text: backendFile),
        File(path: "tests/portal.test.yaml", text: portalTests),
    ]
}

private let gatewayFile = """
    # yaml-language-server: $schema=schema/gateway.json
    # The delivery backend and what a portal needs of it: pages of one origin may ask for a tenant's
    # own events, with a token of that tenant; your own servers manage tenants with the vendor key.
    version: 1

    listen:
      public:
        address: 127.0.0.1:8443             # any other address needs `tls`
      health: {address: "127.0.0.1:9901"}

    vendors:
      default: {key: file:/etc/ringfence/vendor.key}

    issuers:
      idp:
        issuer: https://idp.example.com/
        jwks: https://idp.example.com/.well-known/jwks.json
        audience: [https://portal.example.com]
        algorithms: [RS256, ES256]
        max_lifetime: 1h                    # a page asks for a new one
        tenant: {claim: tenant_id}
        tier: {claim: tier}

    tenants: {source: claims}

    upstreams:
      delivery:
        targets: [unix:/run/ringfence/backend.sock]
        echo: required                      # a response must name the tenant it was made for

    # What the gateway signs for the backend, so that nobody else can speak for a tenant.
    assertion:
      to: [delivery]
      key: file:/etc/ringfence/assertion.key
      # What its database opens for; made by `ringfence-backend db seal-key create`.
      seal: {key: file:/etc/ringfence/seal.key}

    routes:
      - name: portal                        # what pages of the portal read
        match: {path: /v1/events/**, methods: [GET, HEAD]}
        auth: idp
        cors: {origins: ["https://portal.example.com"], max_age: 1h}
        tenant: {client_value: reject}      # a page has no reason to name a tenant
        body: {clean: false}
        upstream: delivery

      - name: send                          # what a tenant's servers write
        match: {path: /v1/events, methods: [POST]}
        auth: idp
        body: {clean: false, max: 1MB}      # payloads are the tenant's own; the assertion decides
        upstream: delivery

      - name: tenants
        match: {path: /v1/tenants/**}
        auth: vendor
        upstream: delivery

    tiers:
      STARTER: {requests: 100/min}
      GROWTH: {requests: 500/min}

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

    # Requests are taken only with an assertion of the gateway, made for this upstream by name.
    assertion: {key: file:/etc/ringfence/assertion.key, audience: delivery}

    """

private let portalTests = """
    # yaml-language-server: $schema=../schema/test.json
    version: 1
    clock: "2026-01-01T00:00:00Z"

    tokens:
      acme: {issuer: idp, claims: {sub: page, tenant_id: acme, tier: STARTER}}
      long: {issuer: idp, ttl: 2h, claims: {sub: page, tenant_id: acme, tier: STARTER}}
      vendor: {vendor: default}

    cases:
      - name: a page reads its tenant's events, and is told what it may read of the answer
        request: {url: /v1/events, token: acme, headers: {Origin: "https://portal.example.com"}}
        expect:
          decision: forward
          tenant: acme
          headers: {Access-Control-Allow-Origin: "https://portal.example.com", Vary: Origin}

      - name: a page of another origin is told nothing
        request:
          method: OPTIONS
          url: /v1/events
          headers: {Origin: "https://evil.example", Access-Control-Request-Method: GET}
        expect: {status: 403, code: cors.origin}

      - name: browsers ask first, without a token
        request:
          method: OPTIONS
          url: /v1/events
          headers: {Origin: "https://portal.example.com", Access-Control-Request-Method: GET}
        expect: {decision: answer, status: 204, headers: {Access-Control-Max-Age: "3600"}}

      - name: a page that names a tenant is refused
        request: {url: "/v1/events?tenant=globex", token: acme}
        expect: {status: 403, code: tenant.conflict}

      - name: a token may live an hour
        request: {url: /v1/events, token: long}
        expect: {status: 401, code: token.invalid}

      - name: payloads are the tenant's own
        request:
          method: POST
          url: /v1/events
          token: acme
          json: {topic: a.b, payload: {tenant: x}}
        expect: {decision: forward, sent: {json: {topic: a.b, payload: {tenant: x}}}}

      - name: tenants are managed with the vendor key
        request: {url: /v1/tenants, token: vendor}
        expect: {decision: forward, upstream: delivery}

      - name: and with nothing else
        request: {url: /v1/tenants, token: acme}
        expect: {status: 401, code: vendor_key.invalid}

    """
