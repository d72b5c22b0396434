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
    # The delivery backend and what a portal needs of it: pages of one origin read a tenant's own
    # events with the session your service opened for that tenant; the tenant's servers send events
    # with an API key, and so may a page whose session says so; your own servers manage tenants with
    # the vendor key.
    version: 1

    listen:
      public:
        address: 127.0.0.1:8443             # any other address needs `tls`
      health: {address: "127.0.0.1:9901"}

    vendors:
      default: {key: file:/etc/ringfence/vendor.key}

    # Your service signs a session with this key when somebody opens the portal, and hands it to the
    # page: as bearer token, or as the cookie __Host-session.
    sessions:
      key: file:/etc/ringfence/session.key
      origins: [https://portal.example.com] # whose pages may change something with the cookie
      max_lifetime: 1h                      # a page asks for a new one

    # The backend's tenants, followed within a second.
    tenants:
      source: directory
      feed: {address: unix:/run/ringfence/feed.sock}
      max_stale: 15m                        # how long it goes on without the backend
      key_pepper: file:/etc/ringfence/pepper.key

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
        auth: session
        cors: {origins: ["https://portal.example.com"], max_age: 1h}
        tenant: {client_value: reject}      # a page has no reason to name a tenant
        body: {clean: false}
        upstream: delivery

      - name: send                          # what a tenant's servers write, and pages that may
        match: {path: /v1/events, methods: [POST]}
        auth: [api-key, session]
        scopes: {POST: ["events:write"]}
        body: {clean: false, max: 1MB}      # payloads are the tenant's own; the assertion decides
        upstream: delivery

      - name: tenants
        match: {path: /v1/tenants/**}
        auth: vendor
        upstream: delivery

    tiers:
      STARTER: {requests: 100/min}
      GROWTH: {requests: 500/min}
      SCALE: {requests: 1000/min, features: [api-access]}
      ENTERPRISE: {requests: custom, fallback: 1000/min, features: [api-access]}

    """

private let backendFile = """
    # yaml-language-server: $schema=schema/backend.json
    # The delivery backend behind the gateway of gateway.yaml.
    version: 1

    listen:
      api: {address: unix:/run/ringfence/backend.sock}
      feed: {address: unix:/run/ringfence/feed.sock}
      health: {address: "127.0.0.1:9902"}

    # Two roles: migrations run as the owner of the tables, requests as one that row security binds.
    database:
      owner: file:/etc/ringfence/owner.dsn
      runtime: file:/etc/ringfence/runtime.dsn
      context: sealed                       # it believes the gateway's seal, not what SQL says

    # Requests are taken only with an assertion of the gateway, made for this upstream by name.
    assertion: {key: file:/etc/ringfence/assertion.key, audience: delivery}

    # What API keys are digested with, the same as `tenants.key_pepper` of the gateways.
    keys: {pepper: file:/etc/ringfence/pepper.key}

    """

private let portalTests = """
    # yaml-language-server: $schema=../schema/test.json
    version: 1
    clock: "2026-01-01T00:00:00Z"

    tokens:
      vendor: {vendor: default}

    sessions:
      page: {tenant: acme, user: ann}
      cookie: {tenant: acme, user: ann, as: cookie}
      writer: {tenant: acme, user: ann, scopes: ["events:write"], as: cookie}
      long: {tenant: acme, user: ann, ttl: 2h}
      forged: {tenant: acme, user: eve, forged: true}

    keys:
      server: {tenant: globex, scopes: ["events:write"]}
      reader: {tenant: globex, scopes: ["events:read"]}
      small: {tenant: acme, scopes: ["events:write"]}

    tenants:
      acme: {tier: STARTER}
      globex: {tier: SCALE}

    cases:
      - name: a page reads its tenant's events, and is told what it may read of the answer
        request: {url: /v1/events, session: page, headers: {Origin: "https://portal.example.com"}}
        expect:
          decision: forward
          tenant: acme
          headers: {Access-Control-Allow-Origin: "https://portal.example.com", Vary: Origin}
          sent: {without: [authorization]}

      - name: so does one with the cookie, which goes no further
        request: {url: /v1/events, session: cookie}
        expect: {decision: forward, tenant: acme, sent: {without: [cookie]}}

      - name: a page of another origin is told nothing
        request:
          method: OPTIONS
          url: /v1/events
          headers: {Origin: "https://evil.example", Access-Control-Request-Method: GET}
        expect: {status: 403, code: cors.origin}

      - name: and changes nothing with the cookie
        request:
          method: POST
          url: /v1/events
          session: writer
          headers: {Origin: "https://evil.example"}
          json: {topic: a.b, payload: {}}
        expect: {status: 403, code: session.origin}

      - name: a page of the portal may send, where its session says so
        request:
          method: POST
          url: /v1/events
          session: writer
          headers: {Origin: "https://portal.example.com"}
          json: {topic: a.b, payload: {}}
        expect: {decision: forward, tenant: acme}

      - name: and not where it does not
        request: {method: POST, url: /v1/events, session: page, json: {topic: a.b, payload: {}}}
        expect: {status: 403, code: scope.insufficient}

      - name: browsers ask first, without a session
        request:
          method: OPTIONS
          url: /v1/events
          headers: {Origin: "https://portal.example.com", Access-Control-Request-Method: GET}
        expect: {decision: answer, status: 204, headers: {Access-Control-Max-Age: "3600"}}

      - name: a page that names a tenant is refused
        request: {url: "/v1/events?tenant=globex", session: page}
        expect: {status: 403, code: tenant.conflict}

      - name: a session may live an hour
        request: {url: /v1/events, session: long}
        expect: {status: 401, code: token.invalid}

      - name: nobody else signs sessions
        request: {url: /v1/events, session: forged}
        expect: {status: 401, code: token.invalid}

      - name: the hundred-and-first page of a minute is refused
        repeat: 101
        request: {url: /v1/events, session: page}
        expect: {status: 429, code: rate.limited}

      - name: payloads are the tenant's own
        request:
          method: POST
          url: /v1/events
          key: server
          json: {topic: a.b, payload: {tenant: x}}
        expect:
          decision: forward
          tenant: globex
          sent: {json: {topic: a.b, payload: {tenant: x}}}

      - name: a key may do what it was made for
        request: {method: POST, url: /v1/events, key: reader, json: {topic: a.b, payload: {}}}
        expect: {status: 403, code: scope.insufficient}

      - name: the tier has to have API keys
        request: {method: POST, url: /v1/events, key: small, json: {topic: a.b, payload: {}}}
        expect: {status: 403, code: feature.missing}

      - name: a key and a session are one too many
        request: {method: POST, url: /v1/events, session: page, key: server, json: {}}
        expect: {status: 401, code: token.ambiguous}

      - name: tenants are managed with the vendor key
        request: {url: /v1/tenants, token: vendor}
        expect: {decision: forward, upstream: delivery}

      - name: and with nothing else
        request: {url: /v1/tenants, session: page}
        expect: {status: 401, code: vendor_key.invalid}

    """
