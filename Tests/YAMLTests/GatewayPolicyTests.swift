import Foundation
@testable import Policy
import Testing
import YAML

@Suite struct `A compiled gateway policy` {
    static let full = """
        version: 1
        x-note: {anything: [goes, here]}
        listen:
          x-note: free
          public:
            address: "[::]:8443"
            workers: 3
            tls:
              certificate: file:tls.crt
              key: cred:tls-key
              profile: modern
              certificates:
                - {certificate: file:/other.crt, key: file:/other.key}
            deadlines: {handshake: 1s, head: 2s, body: 1m, idle: 1h, drain: 500ms}
            limits: {head: 16KiB, fields: 50, target: 4KB, connections: 1000, handshakes: 50/s}
            access_log: file:access.log
          health: {address: unix:health.sock}
        trusted_proxies: [10.0.0.0/8, "2001:db8::/32", 192.0.2.1]
        vendors:
          default: {key: file:vendor.key}
          other: {key: cred:other}
        issuers:
          pem:
            issuer: https://idp.example.com/
            jwks: file:keys.pem
            audience: [a, b]
            algorithms: [RS256, ES512]
            leeway: 0s
            max_lifetime: 1h
            type: [at+jwt]
            vendor: other
            tenant: {claim: /org/id, format: uuid}
            role: {claim: role}
            tier: {claim: "https://example.com/tier"}
          remote:
            issuer: remote
            jwks: https://idp.example.com:8443/keys?x=1
            jwks_refresh: 1m
            jwks_max_stale: 1h
            jwks_unknown_kid: 500ms
            jwks_private: true
            jwks_ca: file:ca.pem
            audience: api
            algorithms: [ES256]
            tenant: {claim: tid}
            tier: {claim: tier}
          shared:
            issuer: shared
            secret: cred:hs
            audience: none
            reason: one service only
            algorithms: [HS256, HS384, HS512]
            tenant: {claim: tid, format: integer}
            tier: {claim: tier}
        tenants: {source: claims, unknown: deny}
        tenant_names: [org_id, customerExternalId]
        upstreams:
          orders:
            targets: ["http://Orders:8080", "https://[2001:db8::1]", unix:api.sock]
            connect: 250ms
            response: 1m
            idle: 5s
            ca: file:/ca.pem
          delivery:
            targets: [unix:/run/backend.sock]
            echo: required
            in_flight: {max: 64, queue: 0, wait: 250ms}
        assertion: {to: [delivery], key: file:assertion.key, algorithm: HS256, ttl: 10s,
          seal: {key: file:seal.key, ttl: 45s}}
        routes:
          - name: a
            match: {host: API.example.com, path: /v1/*/items/**, methods: [GET, POST]}
            auth: pem
            host: upstream
            cors:
              origins: ["https://app.example.com", "https://localhost.example:3000"]
              credentials: true
              max_age: 1h
            tenant:
              client_value: reject-if-different
              names: [workspace]
              inject: {header: X-Workspace, query: tenantId}
            forward_credential: true
            body: {clean: true}
            limits: tier
            upstream: orders
          - name: b
            match: {path: /b}
            auth: remote
            body: {max: 2MB}
            feature: analytics
            limits: {tier: false, requests: 30/min, per_user: 3/min}
            upstream: delivery
          - {name: c, match: {path: /c/, methods: [GET]}, auth: shared, upstream: orders}
          - {name: d, match: {path: /d}, auth: vendor, upstream: delivery}
          - {name: e, match: {path: /}, auth: none, reason: public, upstream: orders}
        tiers:
          STARTER: {requests: 100/min, per_user: 10/min, concurrency: 5}
          NONE: {requests: 0/min}
          FREE: {requests: unlimited, weight: 3, features: [exports, analytics]}
          CUSTOM: {requests: custom, fallback: 1000/min, features: [analytics]}
        limits:
          charge: admitted
          headers: [ratelimit]
          unauthenticated: {key: client_ip, requests: 60/min}

        """

    static func compiled() throws -> GatewayPolicy {
        let loaded = Files(full).gateway()
        #expect(loaded.report.codes.isEmpty, "\(loaded.report.text(colour: false))")
        return try #require(loaded.policy)
    }

    @Test func `exceptions, the mode and the Domain of cookies arrive`() throws {
        let route = """
            auth: idp
                tenant: {mode: shadow, except: [account_id, Org.Id]}
                responses: {cookie_domain: reject}
            """
        let loaded = Files(plainPolicy.changing("auth: idp", to: route)).gateway()
        #expect(loaded.report.codes == ["W2014"])
        #expect(loaded.report.summary.contains("1 in shadow, 2 names excepted: 1 warning"))
        let policy = try #require(loaded.policy)
        #expect(policy.routes[0].mode == .shadow)
        #expect(policy.routes[0].exceptedNames == ["account_id", "Org.Id"])
        #expect(policy.routes[0].cookieDomain == .reject)
        let names = RouteRule.tenantNames(of: policy.routes[0], in: policy)
        #expect(!names.contains("account_id") && !names.contains("org_id"))
        #expect(names.contains("x-scope-orgid") && names.contains("X-Tenant-ID"))
        let plain = try #require(Files(plainPolicy).gateway().policy)
        #expect(plain.routes[0].mode == .enforce && plain.routes[0].cookieDomain == nil)
        #expect(plain.routes[0].exceptedNames.isEmpty)
    }

    @Test(arguments: ["tenant_tier", "x-request-id", "Via", "forwarded", "x_forwarded_for", "host"])
    func `a name the gateway writes itself cannot mean the tenant`(_ name: String) {
        for text in [
            plainPolicy + "tenant_names: [\(name), org_id]\n",
            plainPolicy.changing("auth: idp", to: "auth: idp\n    tenant: {names: [\(name)]}"),
        ] {
            let loaded = Files(text).gateway()
            #expect(loaded.report.codes.filter { $0.hasPrefix("E") } == ["E1311"])
        }
    }

    @Test func `every key of the listener arrives`() throws {
        let listen = try Self.compiled().listen
        #expect(listen.publicAddress.text == "[::]:8443")
        #expect(listen.health?.text == "unix:policies/health.sock")
        #expect(listen.workers == 3)
        #expect(listen.tls?.profile == .modern)
        #expect(
            listen.tls?.certificates.map(\.certificate.name) == ["policies/tls.crt", "/other.crt"])
        #expect(listen.tls?.certificates.map(\.key.name) == ["tls-key", "/other.key"])
        #expect(listen.tls?.certificates.map(\.key.kind) == [.cred, .file])
        #expect(listen.deadlines.handshakeMilliseconds == 1_000)
        #expect(listen.deadlines.headMilliseconds == 2_000)
        #expect(listen.deadlines.bodyMilliseconds == 60_000)
        #expect(listen.deadlines.idleMilliseconds == 3_600_000)
        #expect(listen.deadlines.drainMilliseconds == 500)
        #expect(listen.heads.headBytesMax == 16_384)
        #expect(listen.heads.fieldsMax == 50)
        #expect(listen.heads.targetBytesMax == 4_000)
        #expect(listen.connectionsMax == 1_000)
        #expect(listen.accessLog == "policies/access.log")
    }

    @Test func `every key of the issuers arrives`() throws {
        let policy = try Self.compiled()
        #expect(policy.vendors.map(\.name) == ["default", "other"])
        #expect(policy.vendors.map(\.key?.name) == ["policies/vendor.key", "other"])
        let issuers = policy.issuers
        #expect(issuers.map(\.name) == ["pem", "remote", "shared"])
        guard case .file(let file) = issuers[0].keys else { throw Unexpected() }
        #expect(file.name == "policies/keys.pem")
        #expect(issuers[0].audiences == ["a", "b"])
        #expect(issuers[0].algorithms == [.rs256, .es512])
        #expect(issuers[0].leewaySeconds == 0)
        #expect(issuers[0].lifetimeSecondsMax == 3_600)
        #expect(issuers[0].types == ["at+jwt"])
        #expect(issuers[0].vendor == 1)
        #expect(issuers[0].tenant == ClaimName("/org/id"))
        #expect(issuers[0].tenantFormat == .uuid)
        #expect(issuers[0].role == ClaimName("role"))
        #expect(issuers[0].tier == ClaimName("https://example.com/tier"))
        let url = "https://idp.example.com:8443/keys?x=1"
        guard case .remote(let keys) = issuers[1].keys else { throw Unexpected() }
        #expect(keys.source == .url(url) && keys.refreshSeconds == 60)
        #expect(keys.staleSecondsMax == 3_600 && keys.unknownKeyMilliseconds == 500)
        #expect(keys.allowsPrivateAddresses)
        #expect(keys.certificateAuthority?.name == "policies/ca.pem")
        #expect(issuers[1].audiences == ["api"])
        guard case .secret(let secret) = issuers[2].keys else { throw Unexpected() }
        #expect(secret.kind == .cred && secret.name == "hs")
        #expect(issuers[2].audiences == nil)
    }

    @Test func `every key of upstreams and assertion arrives`() throws {
        let policy = try Self.compiled()
        let orders = policy.upstreams[0]
        #expect(
            orders.targets == [
                .init(scheme: .http, host: "orders", port: 8080),
                .init(scheme: .https, host: "2001:db8::1", port: 443),
                .init(scheme: .unix, host: "policies/api.sock", port: 0),
            ])
        #expect(orders.connectMilliseconds == 250)
        #expect(orders.responseMilliseconds == 60_000)
        #expect(orders.idleMilliseconds == 5_000)
        #expect(orders.certificateAuthority?.name == "/ca.pem")
        #expect(!orders.echoRequired && policy.upstreams[1].echoRequired)
        #expect(policy.assertion?.upstreams == [1])
        #expect(policy.assertion?.ttlSeconds == 10)
        #expect(policy.assertion?.key.name == "policies/assertion.key")
        // Without `to` those that confirm whose transaction they ran.
        #expect(policy.assertion?.seal?.upstreams == [1])
        #expect(policy.assertion?.seal?.ttlSeconds == 45)
        #expect(policy.assertion?.seal?.key.name == "policies/seal.key")
    }

    @Test func `every key of the routes arrives`() throws {
        let policy = try Self.compiled()
        let route = policy.routes[0]
        #expect(route.host == "api.example.com")
        #expect(
            route.path.segments == [
                .literal(Array("v1".utf8)), .any, .literal(Array("items".utf8)), .rest,
            ])
        #expect(route.methods == ["GET", "POST"])
        #expect(route.authentication == .issuer(0))
        #expect(route.hostHeader == .upstream)
        #expect(
            route.cors?.origins == ["https://app.example.com", "https://localhost.example:3000"])
        #expect(route.cors?.allowsCredentials == true)
        #expect(route.cors?.maxAgeSeconds == 3_600)
        #expect(route.clientValue == .rejectIfDifferent)
        #expect(route.tenantNames == ["workspace"])
        #expect(route.injectHeader == "X-Workspace")
        #expect(route.injectQuery == "tenantId")
        #expect(route.forwardsCredential && route.body.isCleaned)
        #expect(policy.routes.map(\.upstream) == [0, 1, 0, 1, 0])
        #expect(policy.routes[1].body.bytesMax == 2_000_000)
        #expect(policy.routes[2].path.segments == [.literal([UInt8(ascii: "c")]), .literal([])])
        #expect(policy.routes[3].authentication == .vendor)
        #expect(policy.routes[4].authentication == .none(reason: "public"))
        #expect(policy.routes[4].methods == nil)
    }

    @Test func `every key of tiers and limits arrives`() throws {
        let policy = try Self.compiled()
        #expect(policy.tiers.map(\.name) == ["STARTER", "NONE", "FREE", "CUSTOM"])
        #expect(
            policy.tiers.map(\.requests) == [
                .limit(.perMinute(100)), .limit(.perMinute(0)), .limit(.unlimited),
                .custom(fallback: .perMinute(1_000)),
            ])
        #expect(policy.limitHeaders.rateLimit && !policy.limitHeaders.xRateLimit)
        let allowances = policy.tiers.map(\.allowance)
        #expect(allowances.map(\.requestsPerUser) == [10, nil, nil, nil])
        #expect(allowances.map(\.concurrency) == [5, nil, nil, nil])
        #expect(allowances.map(\.weight) == [1, 1, 3, 1])
        #expect(policy.features == ["exports", "analytics"])
        #expect(allowances.map { $0.features.contains(0) } == [false, false, true, false])
        #expect(allowances.map { $0.features.contains(1) } == [false, false, true, true])
        #expect(policy.routes.map(\.feature) == [nil, 1, nil, nil, nil])
        var limits = RouteLimitPolicy()
        #expect(policy.routes[0].limits == limits && policy.routes[4].limits == limits)
        limits.countsTier = false
        limits.requests = 30
        limits.requestsPerUser = 3
        #expect(policy.routes[1].limits == limits)
        #expect(policy.unauthenticated?.requestsPerMinute == 60)
        #expect(policy.listen.handshakesPerSecond == 50)
        var inFlight = InFlightPolicy(max: 64)
        inFlight.queueMax = 0
        inFlight.waitMilliseconds = 250
        #expect(policy.upstreams.map(\.inFlight) == [nil, inFlight])
        #expect(
            policy.trustedProxies.map(\.text) == ["10.0.0.0/8", "2001:db8::/32", "192.0.2.1/32"])
        #expect(policy.tenantNames == ["org_id", "customerExternalId"])
    }

    @Test func `a directory may give a feature that no tier has`() throws {
        let text = plainPolicy.changing(
            "version: 1\n",
            to: "version: 1\ntenants: {source: directory, feed: {address: \"unix:feed.sock\"}}\n"
        ).changing("    upstream: orders\n", to: "    upstream: orders\n    feature: exports\n")
        let loaded = Files(text).gateway()
        #expect(!loaded.report.codes.contains("E1340"), "\(loaded.report.text(colour: false))")
        let policy = try #require(loaded.policy, "\(loaded.report.text(colour: false))")
        #expect(policy.features == ["exports"] && policy.routes[0].feature == 0)
    }

    @Test func `a tenants file makes a directory`() throws {
        let text = plainPolicy.changing("    tier: {claim: tier}\n", to: "")
            .changing(
                "version: 1\n",
                to:
                    "version: 1\ntenants: {source: file:tenants.yaml}\n"
                    + "vendors: {acme: {key: cred:a}}\n"
            )
            .changing("100/min}", to: "100/min}\n  OWN: {requests: custom, fallback: 1/min}")
        let tenants = """
            version: 1
            x-note: free
            tenants:
              x-corp: {tier: STARTER, vendor: acme}
              010: {tier: OWN, requests: 2500/min, state: suspended}
              no: {tier: STARTER, id: 01890a5d-ac96-774b-bcce-b302099a8057, state: active}
            """
        let loaded = Files(text, tenants: tenants).gateway()
        #expect(loaded.report.codes.isEmpty, "\(loaded.report.text(colour: false))")
        guard case .file(let entries) = try #require(loaded.policy).tenants else {
            throw Unexpected()
        }
        #expect(entries.map(\.externalID.text) == ["x-corp", "010", "no"])
        #expect(entries.map(\.tier) == [0, 1, 0])
        #expect(entries.map(\.vendor) == [1, 0, 0])
        #expect(entries.map(\.requests) == [nil, .perMinute(2_500), nil])
        #expect(entries.map(\.isSuspended) == [false, true, false])
        #expect(entries.map(\.id?.text) == [nil, nil, "01890a5d-ac96-774b-bcce-b302099a8057"])
    }

    @Test func `the counts of the summary are those of the document`() {
        let summary = Files(Self.full).gateway().report.summary
        #expect(summary == "checked 1 file, 5 routes, 3 issuers, 4 tiers: no problems")
    }

    @Test func `secrets from the environment are fine in development`() {
        let text = plainPolicy.changing(
            "version: 1\n", to: "version: 1\nvendors: {default: {key: env:VENDOR_KEY}}\n")
        #expect(Files(text).gateway(isDevelopment: true).report.codes.isEmpty)
        #expect(Files(text).gateway().report.codes == ["W2001"])
    }

    @Test func `cleartext is accepted by word, on loopback and on Unix sockets only`() {
        let address = "{address: \"127.0.0.1:8443\"}"
        for (other, codes) in [
            ("{address: \"0.0.0.0:80\", tls: none}", []), ("{address: \"[::1]:80\"}", []),
            ("{address: unix:g.sock}", []), ("{address: \"127.9.9.9:0\"}", []),
            ("{address: \"[::]:80\"}", ["E1308"]), ("{address: \"10.0.0.1:80\"}", ["E1308"]),
            ("{address: \"[::ffff:127.0.0.1]:80\"}", []), ("{workers: auto}", []),
            ("{address: \"0.0.0.0:80\", tls: off}", ["E1207"]),
        ] {
            let report = Files(plainPolicy.changing(address, to: other)).gateway().report
            #expect(report.codes == codes, "\(other)")
        }
    }

    @Test func `two routes are equal only with host, path and a method in common`() {
        for (match, isEqual) in [
            ("{path: /v1/orders/**}", true), ("{path: /v1/orders/**, methods: [POST]}", false),
            ("{path: /v1/orders/**, methods: [POST, GET]}", true), ("{path: /v1/orders}", false),
            ("{path: /v1/orders/**, methods: [HEAD]}", true),  // GET brings HEAD along.
            ("{path: /v1/orders/*, methods: [GET]}", false),
            ("{host: a.example, path: /v1/orders/**, methods: [GET]}", false),
        ] {
            let route = "  - {name: other, match: \(match), auth: idp, upstream: orders}\ntiers:\n"
            let loaded = Files(plainPolicy.changing("tiers:\n", to: route)).gateway()
            let report = loaded.report
            #expect(report.codes.contains("E1303") == isEqual, "\(match)")
            if let policy = loaded.policy { #expect(RouteTable(policy.routes).conflicts.isEmpty) }
        }
    }

    @Test func `headers that are somebody else's cannot carry the tenant`() {
        for (header, isReserved) in [
            ("X-Workspace", false), ("X-Tenant-ID", false), ("host", true), ("CONNECTION", true),
            ("Ringfence-Assertion", true), ("X-Forwarded-Tenant", true), ("Authorization", true),
            ("X_Request_ID", true), ("Content-Type", true), ("Proxy-Tenant", true), ("-", true),
            ("X-Tenant-Tier", true), ("Cookie", true), ("traceparent", true),
        ] {
            let route = "    tenant: {inject: {header: \(header)}}\n    upstream: orders\n"
            let report = Files(plainPolicy.changing("    upstream: orders\n", to: route)).gateway()
                .report
            #expect(report.codes.contains("E1311") == isReserved, "\(header)")
        }
    }

    @Test func `a policy's own tenant names are in place of the built-in ones`() {
        let inject = plainPolicy.changing(
            "    upstream: orders\n",
            to: "    tenant: {inject: {query: organizationId}}\n    upstream: orders\n")
        #expect(Files(inject).gateway().report.codes.isEmpty)
        let own = inject.changing("version: 1\n", to: "version: 1\ntenant_names: [tenant_id]\n")
        #expect(Files(own).gateway().report.codes == ["W2002"])
        let none = inject.changing("version: 1\n", to: "version: 1\ntenant_names: []\n")
        #expect(Files(none).gateway().report.codes == ["E1209"])
    }

    @Test func `a pointer's last name is warned about where only its place is the tenant's`() {
        for (pointer, codes) in [
            ("/tenant_id", [] as [String]), ("/owner/tenantId", []), ("/id", ["W2002"]),
            ("/owner/id", ["W2002"]), ("/tenant/colour", ["W2002"]), ("/a/b~1org_id", []),
        ] {
            let route = "    tenant: {inject: {json: \(pointer)}}\n    upstream: orders\n"
            let policy = plainPolicy.changing("    upstream: orders\n", to: route)
            #expect(Files(policy).gateway().report.codes == codes, "\(pointer)")
        }
        // What the route writes cannot be excepted, wherever it writes it.
        let route = "    tenant: {inject: {json: /a/id}, except: [id]}\n    upstream: orders\n"
        let policy = plainPolicy.changing("    upstream: orders\n", to: route)
        #expect(Files(policy).gateway().report.codes.contains("E1316"))
    }

    @Test func `hosts are compared in canonical form`() {
        let routes = """
              - name: b
                match: {host: A.Example, path: /x, methods: [GET]}
                auth: idp
                upstream: orders
              - name: c
                match: {host: a.example, path: /x, methods: [GET]}
                auth: idp
                upstream: orders
            tiers:

            """
        let report = Files(plainPolicy.changing("tiers:\n", to: routes)).gateway().report
        #expect(report.codes == ["E1303"])
    }

    @Test func `a file that was not supplied is an error and no policy`() throws {
        let text = plainPolicy.changing("    tier: {claim: tier}\n", to: "").changing(
            "version: 1\n", to: "version: 1\ntenants: {source: file:tenants.yaml}\n")
        let root = try #require(readPolicy(Array(text.utf8)).root)
        let document = PolicyDocument(root: root, folder: "conf")
        #expect(GatewayPolicy.references(in: document).map(\.path) == ["conf/tenants.yaml"])
        let (policy, diagnostics) = GatewayPolicy.compile(document)
        #expect(policy == nil)
        #expect(diagnostics.map(\.code) == [.fileUnreadable])
        let broken = Files(text, tenants: "version: 1\ntenants: [\n").gateway()
        #expect(broken.policy == nil)
        #expect(broken.report.codes == ["E1001"])
    }

    @Test func `a missing policy never means defaults`() {
        let loaded = Files([:]).gateway()
        #expect(loaded.policy == nil)
        #expect(
            loaded.report.text(colour: false) == """
                error[E1016]: cannot read `policies/gateway.yaml`: No such file or directory
                checked 0 files: 1 error

                """)
    }
}

struct Unexpected: Error {}
