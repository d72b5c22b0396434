import Foundation
import TLS
import TestSupport
import Testing

/// API keys, sessions, certificates and internal callers in policy tests and in `explain`.
@Suite struct `Tools for every credential` {
    static let policy = """
        version: 1
        listen:
          public:
            address: "127.0.0.1:0"
            access_log: none
            tls: {certificate: file:tls.crt, key: file:tls.key, client_ca: file:clients.pem}
        issuers:
          idp:
            issuer: https://idp.example.test/
            jwks: file:idp.pub
            audience: [https://api.example.test]
            algorithms: [ES256]
            tenant: {claim: tenant_id}
          producers:
            {kind: internal, issuer: producers, secret: file:p.key, audience: [api],
             algorithms: [HS256], allow: {tenants: [acme, "eu-*"]}}
        sessions: {key: file:session.key, origins: [https://portal.example.test]}
        certificates: {uri: "spiffe://example.test/tenant/{tenant}"}
        tenants:
          source: directory
          feed: {address: "unix:feed.sock"}
          key_pepper: file:pepper.key
          hosts: ["{tenant}.api.example.test"]
        upstreams:
          orders: {targets: ["http://127.0.0.1:1"]}
        routes:
          - name: orders
            match: {host: api.example.test, path: /v1/orders/**, methods: [GET, POST]}
            auth: [idp, api-key, session]
            upstream: orders
          - name: own
            match: {host: "{tenant}.api.example.test", path: /v1/orders/**, methods: [GET]}
            auth: [api-key]
            upstream: orders
          - name: keys
            match: {path: /v1/keys, methods: [GET, POST]}
            auth: api-key
            basic: true
            scopes: {POST: ["orders:write"]}
            upstream: orders
          - name: delete
            match: {path: /v1/keys, methods: [DELETE]}
            auth: api-key
            roles: {DELETE: [admin]}
            upstream: orders
          - {name: machines, match: {path: /v1/machines}, auth: certificate, upstream: orders}
          - name: pages
            match: {path: /v1/pages, methods: [GET, POST]}
            auth: session
            roles: {POST: [admin]}
            upstream: orders
          - name: ingest
            match: {path: /internal/events, methods: [POST]}
            auth: internal
            tenant: {from: [{json: /customerExternalId}, {header: X-Customer}]}
            upstream: orders
        tiers:
          STARTER: {requests: 100/min}
          SCALE: {requests: 3/min, features: [api-access]}

        """

    static let tests = """
        version: 1
        clock: "2026-01-01T00:00:00Z"
        tokens:
          alice: {issuer: idp, claims: {sub: alice, tenant_id: acme}}
          maker: {issuer: producers, claims: {sub: maker}}
        keys:
          acme: {tenant: acme, scopes: ["orders:write", "orders:read"], ttl: 1h}
          reader: {tenant: acme, scopes: ["orders:read"], as: x-api-key}
          basic: {tenant: acme, as: basic}
          globex: {tenant: globex}
          gone: {tenant: acme, revoked: true}
          guessed: {tenant: acme, forged: true}
          boss: {tenant: acme, role: admin}
        sessions:
          ann: {tenant: acme, user: ann, role: admin}
          page: {tenant: acme, user: ben, role: member, as: cookie, ttl: 15m}
          admin: {tenant: acme, user: ann, role: admin, as: cookie}
          forged: {tenant: acme, role: admin, forged: true}
        certificates:
          fleet: {tenant: acme}
          other: {name: "spiffe://example.test/somebody"}
        tenants:
          acme: {tier: SCALE}
          globex: {tier: STARTER}
          eu-north: {tier: STARTER}
        cases:
          - name: a key is taken
            request: {url: "https://api.example.test/v1/orders", key: acme}
            expect: {decision: forward, tenant: acme, sent: {without: [authorization]}}
          - name: so are a token and a session
            request: {url: "https://api.example.test/v1/orders", token: alice}
            expect: {decision: forward}
          - name: and the session
            request: {url: "https://api.example.test/v1/orders", session: ann}
            expect: {decision: forward, tenant: acme}
          - name: never two
            request: {url: "https://api.example.test/v1/orders", token: alice, key: reader}
            expect: {status: 400, code: credential.ambiguous}
          - name: the limit is the tenant's
            repeat: 4
            request: {url: "https://api.example.test/v1/orders", key: acme}
            expect: {code: rate.limited}
          - name: the tier has no keys
            request: {url: "https://api.example.test/v1/orders", key: globex}
            expect: {status: 403, code: feature.missing}
          - name: another tenant's host
            request: {url: "https://globex.api.example.test/v1/orders", key: acme}
            expect: {status: 403, code: tenant.host}
          - name: a key that was revoked
            request: {url: /v1/keys, key: gone}
            expect: {status: 401, code: token.invalid}
          - name: a key that was guessed
            request: {url: /v1/keys, key: guessed}
            expect: {status: 401, code: token.invalid}
          - name: a key that has expired
            after: 2h
            request: {url: /v1/keys, key: acme}
            expect: {status: 401, code: token.invalid}
          - name: a key as user name
            request: {url: /v1/keys, key: basic}
            expect: {decision: forward}
          - name: a key without the scope
            request: {method: POST, url: /v1/keys, key: reader, json: {a: 1}}
            expect: {status: 403, code: scope.insufficient}
          - name: a key with the scope
            request: {method: POST, url: /v1/keys, key: acme, json: {a: 1}}
            expect: {decision: forward}
          - name: a key with the role
            request: {method: DELETE, url: /v1/keys, key: boss}
            expect: {decision: forward, route: delete}
          - name: a key without a role
            request: {method: DELETE, url: /v1/keys, key: acme}
            expect: {status: 403, code: role.missing}
          - name: a machine
            repeat: 2
            request: {url: "https://api.example.test/v1/machines", certificate: fleet}
            expect: {decision: forward, tenant: acme}
          - name: a machine of nobody
            request: {url: "https://api.example.test/v1/machines", certificate: other}
            expect: {status: 401, code: token.invalid}
          - name: a machine without certificate
            request: {url: "https://api.example.test/v1/machines"}
            expect: {status: 401, code: token.missing}
          - name: a page
            request: {url: /v1/pages, session: page}
            expect: {decision: forward, sent: {without: [cookie]}}
          - name: a page of another origin
            request:
              {method: POST, url: /v1/pages, session: admin, json: {},
               headers: {Origin: "https://evil.test"}}
            expect: {status: 403, code: session.origin}
          - name: a page of a member
            request:
              {method: POST, url: /v1/pages, session: page, json: {},
               headers: {Origin: "https://portal.example.test"}}
            expect: {status: 403, code: role.missing}
          - name: a page of an admin
            request:
              {method: POST, url: /v1/pages, session: admin, json: {},
               headers: {Origin: "https://portal.example.test"}}
            expect: {decision: forward}
          - name: a forged session
            request: {url: /v1/pages, session: forged}
            expect: {status: 401, code: token.invalid}
          - name: a session after its end
            after: 16m
            request: {url: /v1/pages, session: page}
            expect: {status: 401, code: token.invalid}
          - name: an internal caller
            request:
              {method: POST, url: /internal/events, token: maker, json: {customerExternalId: acme}}
            expect: {decision: forward, tenant: acme, sent: {json: {}}}
          - name: an internal caller of somebody it may not speak for
            request:
              {method: POST, url: /internal/events, token: maker, json: {},
               headers: {X-Customer: globex}}
            expect: {status: 403, code: issuer.not_allowed}

        """

    static func folder() throws -> PolicyFolder {
        let place = try PolicyFolder(policy)
        try place.folder.write(tests, to: "policies/tests/credentials.test.yaml")
        return place
    }

    @Test func `run on the path of traffic, without any secret of the policy`() throws {
        let place = try Self.folder()
        let result = try place.run("test", "--coverage")
        #expect(result.end == .exited(0), "\(result.output)\(result.errors)")
        let lines = PolicyFolder.lines(result.output)
        #expect(lines.last == "26 cases: 26 passed")
        #expect(
            lines.contains(
                "route forwarded by token by key by session 401 403 spoofed 429"),
            "\(result.output)")
        #expect(lines.contains("orders 6 1 4 1 - 1 - 1"), "\(result.output)")
        #expect(lines.contains { $0.hasPrefix("keys 2 3 1") }, "\(result.output)")
    }

    @Test func `a credential that cannot be made is said at its place`() throws {
        let place = try Self.folder()
        let wrong = Self.tests.changing("gone: {tenant: acme,", to: "gone: {tenant: nobody,")
        try place.folder.write(wrong, to: "policies/tests/credentials.test.yaml")
        let result = try place.run("test")
        #expect(result.end == .exited(2))
        #expect(result.errors.contains("error[E1407]: there is no tenant `nobody`"))
        #expect(result.errors.contains("credentials.test.yaml:11"), "\(result.errors)")
    }

    // MARK: explain

    /// The same with a directory that was kept, so that no backend is asked.
    private static func known() throws -> PolicyFolder {
        let place = try folder()
        try place.folder.write(
            policy.changing("key_pepper:", to: "cache: file:tenants.copy\n  key_pepper:"),
            to: "policies/gateway.yaml")
        try place.folder.write(DirectoryCopyFile.pepper, to: "policies/pepper.key")
        var copy = DirectoryCopyFile()
        copy.add(tenant: "acme", id: DirectoryCopyFile.acme, tier: "SCALE")
        try copy.add(
            key: DirectoryCopyFile.key("m"), of: DirectoryCopyFile.acme, scopes: ["orders:read"])
        let folder = place.folder.path + "/policies"
        try copy.write(to: "\(folder)/tenants.copy", feed: "unix:\(folder)/feed.sock")
        return place
    }

    @Test func `explain takes an API key and says what it may`() throws {
        let place = try Self.known()
        try place.folder.write(DirectoryCopyFile.key("m") + "\n", to: "acme.key")
        let result = try place.run(
            "explain", "--request", "GET /v1/keys", "--key-file", "acme.key")
        #expect(result.end == .exited(0), "\(result.output)\(result.errors)")
        let lines = PolicyFolder.lines(result.output)
        #expect(
            lines[1].hasPrefix("2 token ok: API key mmmmmmmmmmmmmmmm, scopes orders:read"),
            "\(lines[1])")
        #expect(lines[2].contains("the key's, in the directory policies/gateway.yaml:20"))
        #expect(!result.output.contains(DirectoryCopyFile.key("m")))
        let write = try place.run(
            "explain", "--request", "POST /v1/keys", "--key-file", "acme.key")
        #expect(write.end == .exited(1))
        #expect(write.output.contains("refused, scope.insufficient"), "\(write.output)")
        try place.folder.write(DirectoryCopyFile.key("n"), to: "other.key")
        let other = try place.run(
            "explain", "--request", "GET /v1/keys", "--key-file", "other.key")
        #expect(other.output.contains("(api_key.invalid)"), "\(other.output)")
    }

    @Test func `explain takes a session and says whose it is`() throws {
        let place = try Self.known()
        try place.folder.write(String(repeating: "s3", count: 20), to: "policies/session.key")
        let claims = #"{"iss":"ringfence-sessions","tenant":"acme","sub":"ann","role":"admin"}"#
        let minted = try place.run(
            "token", "mint", "--key", "policies/session.key", "--algorithm", "HS256", "--type",
            "ringfence-session+jwt", "--claims", claims)
        try #require(minted.end == .exited(0), "\(minted.errors)")
        try place.folder.write(minted.output, to: "ann.jwt")
        let result = try place.run(
            "explain", "--request", "GET /v1/pages", "--session-file", "ann.jwt")
        #expect(result.end == .exited(0), "\(result.output)\(result.errors)")
        let lines = PolicyFolder.lines(result.output)
        #expect(lines[1].hasPrefix("2 token ok: a session of ann, good for "), "\(lines[1])")
        #expect(lines[1].hasSuffix(", role admin policies/gateway.yaml:17"), "\(lines[1])")
        #expect(lines[2].contains("claim tenant"), "\(lines[2])")
    }

    @Test func `explain shows a certificate, and says when nobody believes it`() throws {
        let place = try Self.known()
        for (name, isBelieved) in [("acme.pem", true), ("stranger.pem", false)] {
            let made = try SelfSignedCertificate(
                hosts: [], uris: ["spiffe://example.test/tenant/acme"], isForClients: true,
                notBeforeSeconds: Int64(Date().timeIntervalSince1970) - 60, days: 1)
            let text = String(decoding: made.certificatePEM, as: UTF8.self)
            try place.folder.write(
                text + String(decoding: made.keyPEM, as: UTF8.self), to: name)
            if isBelieved { try place.folder.write(text, to: "policies/clients.pem") }
        }
        let request = "GET https://api.example.test/v1/machines"
        let result = try place.run("explain", "--request", request, "--certificate", "acme.pem")
        #expect(result.end == .exited(0), "\(result.output)\(result.errors)")
        #expect(
            result.output.contains(
                "ok: a certificate of spiffe://example.test/tenant/acme, good for"),
            "\(result.output)")
        #expect(result.output.contains("uri spiffe://example.test/tenant/{tenant}"))
        let other = try place.run("explain", "--request", request, "--certificate", "stranger.pem")
        #expect(other.end == .exited(1), "\(other.output)\(other.errors)")
        #expect(other.errors.contains("does not believe the certificate"), "\(other.errors)")
    }
}
