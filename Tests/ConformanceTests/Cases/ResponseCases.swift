/// What upstreams say and clients must not hear: caches (X9), cookies for other hosts (X7), fields
/// of this side (O1), another tenant's answer (O2), cookies with a tenant's name (O3). The upstream
/// answers with the `X-Answer` lines of the request.
enum ResponseCases {
    static let all = caching + openCaching + domains + internals + echoes + tenantCookies

    private static let cacheControl = "Cache-Control"
    private static let ours = Fact.reply("Cache-Control", "private, no-store")

    /// What an upstream says of caches, and whether that is strict enough to be left alone.
    private static let combinations: [(lines: [String], isKept: Bool)] = [
        ([], false), (["no-store"], true), (["private"], true), (["private, no-store"], true),
        (["private, max-age=60"], true), (["no-store, max-age=0"], true),
        (["No-Store"], true), (["PRIVATE,max-age=1"], true), (["no-store ,  no-cache"], true),
        (["max-age=60"], false), (["public, max-age=60"], false), (["no-cache"], false),
        (["no-cache, must-revalidate"], false), (["max-age=0"], false), (["s-maxage=60"], false),
        (["private, public"], false), (["public, no-store"], false),
        (["private, s-maxage=60"], false), (["no-store, S-MaxAge=60"], false),
        (["must-understand, no-store"], false), (["private=\"Set-Cookie\""], false),
        (["private=\"a, no-store, b\""], false), (["x=\"a\\\", no-store, b\""], false),
        (["x=\"a, b\", no-store"], true), (["x=\"a, no-store"], false), (["no-store=1"], false),
        (["no-storex"], false), (["xprivate"], false), (["immutable"], false),
        (["no-transform"], false), (["stale-while-revalidate=60"], false), (["no store"], false),
    ]

    private static let caching: [Case] =
        Case.rows("X9", from: 7, combinations) { id, pair in
            let lines = pair.lines.map { "\(cacheControl): \($0)" } + ["A: \(id)"]
            guard pair.isKept, let value = pair.lines.first else {
                return .answered(id, lines, .forwarded, ours)
            }
            return .answered(id, lines, .forwarded, .reply(cacheControl, value))
        } + [
            .answered(
                "X9zn", ["\(cacheControl): private", "\(cacheControl): public"], .forwarded, ours),
            .answered(
                "X9zo", ["\(cacheControl): public", "\(cacheControl): no-store"], .forwarded, ours),
            .answered(
                "X9zp", ["\(cacheControl): private", "CDN-Cache-Control: max-age=60"], .forwarded,
                .reply(cacheControl, "private"), .replyLacks("CDN-Cache-Control")),
            .answered(
                "X9zq", ["Status: 404 Not Found", "\(cacheControl): max-age=60"], .forwardedAs(404),
                ours),
            .answered(
                "X9zr", ["Status: 500 Oh", "Expires: Thu, 01 Jan 2099 00:00:00 GMT"],
                .forwardedAs(500), ours),
            .answered(
                "X9zs", ["Status: 204 No Content", "\(cacheControl): public"], .forwardedAs(204),
                ours),
        ]
        + Case.rows("X9", from: 45, targeted) { id, name in
            .answered(id, ["\(name): max-age=60"], .forwarded, ours, .replyLacks(name))
        }

    private static let targeted = [
        "CDN-Cache-Control", "Surrogate-Control", "Edge-Control", "Cloudflare-CDN-Cache-Control",
        "Akamai-CDN-Cache-Control", "Vercel-CDN-Cache-Control", "Netlify-CDN-Cache-Control",
        "surrogate_control",
    ]

    /// What is nobody's tenant is left to its upstream.
    private static let openCaching: [Case] = [
        "public, max-age=60", "no-store", "max-age=60",
    ].enumerated().map { index, value in
        Case.answered(
            "X9" + place(53 + index), ["\(cacheControl): \(value)"], .forwarded,
            .reply(cacheControl, value), to: "GET /open/x", credential: ""
        ).tenant(nil)
    }

    private static func cookie(
        _ id: String, _ sent: String, _ kept: String?, to target: String = "/a"
    ) -> Case {
        .answered(
            id, ["Set-Cookie: \(sent)"], .forwarded,
            kept.map { .reply("Set-Cookie", $0) } ?? .replyLacks("Set-Cookie"), to: "GET \(target)")
    }

    private static let refused = Verdict.declined(502, "upstream.cookie_domain")

    private static let domains: [Case] = [
        cookie("X7a", "a=1; Domain=example.test; Path=/", "a=1; Path=/"),
        cookie("X7b", "a=1;domain=.example.test", "a=1"),
        cookie("X7c", "a=1; Path=/; DOMAIN = x ; Secure", "a=1; Path=/; Secure"),
        cookie("X7d", "a=1; Domain", "a=1"), cookie("X7e", "a=1; Domain=", "a=1"),
        cookie("X7f", "a=1; Domain=a.test; Domain=b.test; HttpOnly", "a=1; HttpOnly"),
        cookie("X7g", "a=\"x; Domain=y.test\"; Secure", "a=\"x; Secure"),
        cookie("X7h", "Domain=x; Path=/", "Domain=x; Path=/"),
        cookie("X7i", "a=Domain; Domains=x; xDomain=y", "a=Domain; Domains=x; xDomain=y"),
        cookie("X7j", "__Host-a=1; Secure; Path=/", "__Host-a=1; Secure; Path=/"),
        cookie("X7k", "a=1; SameSite=None; Partitioned", "a=1; SameSite=None; Partitioned"),
        cookie("X7l", "a=1; Domain=x.test", "a=1; Domain=x.test", to: "/cookies/kept/x"),
        cookie("X7m", "a=1", "a=1", to: "/cookies/refused/x"),
        .answered(
            "X7n", ["Set-Cookie: a=1; Domain=x.test"], refused, to: "GET /cookies/refused/x"
        ).answeredElsewhere,
        .answered(
            "X7o", ["Set-Cookie: a=1", "Set-Cookie: b=1;domain"], refused,
            to: "GET /cookies/refused/x"
        ).answeredElsewhere,
        .answered(
            "X7p", ["Set-Cookie: a=1; Domain=x.test"], .forwarded,
            .reply("Set-Cookie", "a=1; Domain=x.test"), to: "GET /open/x", credential: ""
        ).tenant(nil),
        .answered(
            "X7q", ["Set-Cookie: a=1; Domain=x.test"], .forwarded,
            .reply("Set-Cookie", "a=1; Domain=x.test"), to: "GET /vendor",
            credential: "Authorization: Bearer {vendor}\r\n"
        ).tenant(nil),
    ]

    /// INV-6, name by name.
    static let internalNames = [
        "Keep-Alive", "TE", "Trailer", "Upgrade", "HTTP2-Settings", "Max-Forwards",
        "Proxy-Connection", "Proxy-Authenticate", "Proxy-Status", "X-Tenant-ID", "x_tenant_id",
        "Tenant", "X-Org-Id", "X-Account-ID", "X-Scope-OrgID", "X-Workspace-Id", "Thanos-Tenant",
        "X-Customer-External-Id", "Grpc-Metadata-Tenant-Id", "X-Tenant-Tier", "Tenant-Tier",
        "Ringfence-Tenant", "Ringfence-Assertion", "Ringfence-Anything", "X-Ringfence-Role",
        "ringfence_tenant", "X-Accel-Redirect", "X-Accel-Expires", "X_Accel_Redirect",
        "X-Envoy-Upstream-Service-Time", "X-Internal-Host", "X-Internal-Error", "Alt-Svc",
        "traceparent", "tracestate", "baggage", "Forwarded", "X-Forwarded-For",
        "X-Forwarded-Host", "X-Forwarded-User", "X-Real-IP", "X-Auth-Request-Email",
        "X-Consumer-ID",
    ]

    private static let internals: [Case] =
        Case.rows("O1", internalNames) { id, name in
            .answered(id, ["\(name): \(Upstream.secret)"], .forwarded, .replyLacks(name))
        }
        + Case.rows("O1", from: internalNames.count, internalNames.suffix(24)) { id, name in
            Case.answered(
                id, ["\(name): \(Upstream.secret)"], .forwarded, .replyLacks(name),
                to: "GET /open/x", credential: ""
            ).tenant(nil)
        }
        + Case.rows(
            "O1", from: internalNames.count + 24,
            [
                "RateLimit", "RateLimit-Policy", "RateLimit-Limit", "RateLimit-Remaining",
                "RateLimit-Reset", "X-RateLimit-Limit", "X-RateLimit-Remaining",
                "X-RateLimit-Reset",
            ]
        ) { id, name in
            .answered(id, ["\(name): \(Upstream.secret)"], .forwarded, .replyLacks(name))
        }
        + [
            .answered(
                "O1" + place(80), ["Connection: X-Hop, X-Tenant-ID", "X-Hop: \(Upstream.secret)"],
                .forwarded, .replyLacks("X-Hop")),
            .answered("O1" + place(81), ["X-Request-ID: \(Upstream.secret)"]),
            .answered(
                "O1" + place(82), ["Access-Control-Allow-Origin: https://\(Upstream.secret)"],
                .forwarded, .replyLacks("Access-Control-Allow-Origin"), to: "GET /browser/x"),
            // Trailers of answers are dropped whatever they say.
            .answered(
                "O1" + place(83), ["Trailer: X-Tenant-ID", "Transfer-Encoding: chunked"],
                .forwarded, .replyLacks("Trailer"), .says("ok")),
            .answered(
                "O1" + place(84), ["Server: orders/1.0", "Location: /x"], .forwarded,
                .reply("Server", "orders/1.0"), .reply("Location", "/x")),
        ]

    private static let otherEcho = Verdict.declined(502, "upstream.echo")

    /// `echo: required`: an upstream that worked for another tenant, or does not say, is not heard.
    private static let echoes: [Case] =
        [
            .answered(
                "O2a", ["Ringfence-Tenant: (tenant)"], .forwarded, .replyLacks("Ringfence-Tenant"),
                to: "GET /echo/x"),
            .answered(
                "O2b", ["ringfence-tenant:  (tenant) "], .forwarded, to: "GET /echo/x"),
            .answered(
                "O2c", ["Status: 404 Not Found", "Ringfence-Tenant: (tenant)"], .forwardedAs(404),
                to: "GET /echo/x"),
        ]
        + Case.rows(
            "O2", from: 3,
            [
                ["A: b"], ["Ringfence-Tenant: acme"], ["Ringfence-Tenant:"],
                ["Ringfence-Tenant: (tenant)", "Ringfence-Tenant: (tenant)"],
                ["Ringfence-Tenant: (tenant)x"], ["Ringfence-Tenant: (tenant), (tenant)"],
                ["Ringfence-Tenant: 00000000-0000-8000-8000-000000000000"],
                ["Ringfence_Tenant: (tenant)"], ["X-Ringfence-Tenant: (tenant)"],
                ["Status: 500 Oh", "A: b"], ["Status: 304 Not Modified", "A: b"],
                ["Transfer-Encoding: chunked"],
            ]
        ) { id, lines in
            .answered(id, lines, otherEcho, to: "GET /echo/x").answeredElsewhere
        }
        + [
            Case.answered(
                "O2p", ["A: b"], .forwarded, to: "GET /echo-vendor",
                credential: "Authorization: Bearer {vendor}\r\n"
            ).tenant(nil),
            Case.answered(
                "O2q", ["Ringfence-Tenant: 00000000-0000-8000-8000-000000000000"], otherEcho,
                to: "GET /echo-vendor", credential: "Authorization: Bearer {vendor}\r\n"
            ).tenant(nil).answeredElsewhere,
        ]

    /// A cookie with a tenant's name passes: a page may read it. What comes back is taken out.
    private static let tenantCookies: [Case] = [
        cookie("O3a", "tenant_id=acme; Path=/", "tenant_id=acme; Path=/"),
        cookie("O3b", "__Host-tenant=acme; Secure; Path=/", "__Host-tenant=acme; Secure; Path=/"),
        cookie("O3c", "X-Tenant-ID=acme; Domain=x.test", "X-Tenant-ID=acme"),
        .get(
            "O3d", "Cookie: tenant_id=acme; a=1", .forwarded, .field("Cookie", "a=1"),
            .stripped(["cookie_tenant"])),
    ]
}
