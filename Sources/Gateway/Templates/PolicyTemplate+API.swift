extension PolicyTemplate {
    /// In front of an API that is there already.
    static let apiFiles = [
        File(path: "gateway.yaml", text: gatewayFile),
        File(path: "tests/orders.test.yaml", text: ordersTests),
    ]
}

private let gatewayFile = """
    # yaml-language-server: $schema=schema/gateway.json
    # Ringfence in front of an API that is there already: whose data a request is about is said by
    # its verified token, and by nothing else in it.
    #
    #   ringfence check PATH        what is wrong, with line and column
    #   ringfence test PATH         what tests/ says about these rules
    #   ringfence gateway run --config PATH
    version: 1

    listen:
      public:
        address: 127.0.0.1:8443             # any other address needs `tls`
        # tls: {certificate: file:/etc/ringfence/tls.crt, key: file:/etc/ringfence/tls.key}
      health: {address: "127.0.0.1:9901"}   # /livez, /readyz, /metrics

    # Whom tokens are believed from: put your identity provider here.
    issuers:
      idp:
        issuer: https://idp.example.com/    # the `iss` claim, byte for byte
        jwks: https://idp.example.com/.well-known/jwks.json
        audience: [https://api.example.com]
        algorithms: [RS256, ES256]          # no default, on purpose
        tenant: {claim: tenant_id}          # a name, or a JSON Pointer such as /org/id
        role: {claim: role}
        tier: {claim: tier}

    # A verified token makes the tenant, with the tier it names. `file:tenants.yaml` allows only the
    # tenants of a file.
    tenants: {source: claims}

    upstreams:
      orders:
        targets: ["http://127.0.0.1:8080"]  # your API; several are tried in turn
        connect: 1s
        response: 30s

    routes:
      - name: orders
        match: {path: /v1/orders/**, methods: [GET, POST, PATCH, DELETE]}
        auth: idp
        roles: {DELETE: [admin]}            # any other method is for every role
        tenant:
          client_value: strip               # what a client says about its tenant is taken out
          inject: {header: X-Tenant-ID}     # and this is what your API reads instead
        body: {max: 1MB}                    # held, understood and cleaned before it goes on
        upstream: orders

      - name: health
        match: {path: /healthz, methods: [GET, HEAD]}
        auth: none
        reason: public liveness, says nothing about any tenant
        upstream: orders

    # Requests of one tenant in any 60 seconds. Nothing is unlimited unless it says `unlimited`.
    tiers:
      STANDARD: {requests: 1000/min}

    """

private let ordersTests = """
    # yaml-language-server: $schema=../schema/test.json
    # `ringfence test` runs these by the gateway's own code; upstreams are played.
    version: 1
    clock: "2026-01-01T00:00:00Z"

    tokens:
      alice: {issuer: idp, claims: {sub: alice, tenant_id: acme, tier: STANDARD, role: member}}
      root: {issuer: idp, claims: {sub: root, tenant_id: acme, tier: STANDARD, role: admin}}
      mallory: {issuer: idp, forged: true, claims: {sub: m, tenant_id: acme, tier: STANDARD}}
      nobody: {issuer: idp, claims: {sub: nobody, tier: STANDARD}}

    cases:
      - name: the tenant is the token's, whatever the request says
        request:
          url: /v1/orders?tenant_id=evil&x=1
          token: alice
          headers: {X-Tenant-Id: evil, Cookie: "org_id=evil; theme=dark"}
        expect:
          decision: forward
          upstream: orders
          tenant: acme
          sent:
            query: "x=1"
            headers: {X-Tenant-ID: acme, Cookie: theme=dark}
            without: [Authorization]

      - name: a tenant in a JSON body is taken out
        request: {method: POST, url: /v1/orders, token: alice, json: {tenant_id: evil, item: 7}}
        expect: {decision: forward, sent: {json: {item: 7}}}

      - name: without a token
        request: {url: /v1/orders}
        expect: {status: 401, code: token.missing}

      - name: with a forged token
        request: {url: /v1/orders, token: mallory}
        expect: {status: 401, code: token.invalid}

      - name: with a token that names no tenant
        request: {url: /v1/orders, token: nobody}
        expect: {status: 403, code: tenant.missing}

      - name: only an admin deletes
        request: {method: DELETE, url: /v1/orders/7, token: root}
        expect: {decision: forward, route: orders}

      - name: a member does not
        request: {method: DELETE, url: /v1/orders/7, token: alice}
        expect: {status: 403, code: role.missing}

      - name: what no route takes is not there
        request: {url: /admin, token: root}
        expect: {status: 404, code: route.not_found}

      - name: liveness is public and carries no tenant
        request: {url: /healthz, headers: {X-Tenant-ID: evil}}
        expect: {decision: forward, sent: {without: [X-Tenant-ID]}}

    """
