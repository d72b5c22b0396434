import HTTP1

/// The declaration of gateway.yaml. Order is the order of the reference in docs/policy.md; the
/// defaults written here are those of `GatewayPolicy` (a test compares them).
enum GatewayShape {
    /// Words with a meaning of their own where an issuer may be named.
    static let reservedIssuers = [
        "api-key", "session", "certificate", "internal", "vendor", "none",
    ]
    /// Methods a route may name; CONNECT and TRACE are never forwarded.
    static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    static let name = ScalarForm.name(reserved: [])
    /// What holds for all routes stands in the file that is run, so that a review of an included
    /// file cannot miss it.
    static let mainFileOnly = [
        "listen", "trusted_proxies", "tenants", "tenant_names", "state",
    ]
    static let algorithm = ScalarForm.word(TokenAlgorithm.names, notYet: [])
    /// From a millisecond to an hour, for deadlines of a connection.
    static let deadline = PolicyShape.scalar(.duration(1...3_600_000, isWholeSeconds: false))

    static let root = PolicyRecord(
        "a gateway policy",
        [
            PolicyKey("version", .scalar(.version), required: true, "Version of the file format."),
            PolicyKey(
                "include", .list(.scalar(.include), minimum: 1),
                "Files that define more of what is below; those of a pattern in the order of "
                    + "their names."),
            PolicyKey("listen", .record(listen), "Addresses to listen on."),
            PolicyKey(
                "trusted_proxies", .list(.scalar(.block), minimum: 0), default: "[]",
                "Addresses whose Forwarded and X-Forwarded fields are believed; everybody else's "
                    + "are replaced."),
            PolicyKey(
                "vendors", .table(.record(vendor), names: name, noun: "vendors"),
                "Companies that run this gateway for their customers; `default` always exists."),
            PolicyKey(
                "issuers",
                .table(
                    .record(IssuerShape.issuer), names: .name(reserved: reservedIssuers),
                    noun: "issuers"),
                "Whom tokens are believed from."),
            PolicyKey(
                "sessions", .record(CredentialShape.sessions),
                "Session tokens, which our own services make for browsers."),
            PolicyKey(
                "certificates", .record(CredentialShape.certificates),
                "How the certificate of a client names its tenant."),
            PolicyKey("tenants", .record(tenants), "Where tenants are known from."),
            PolicyKey(
                "tenant_names", .list(.scalar(.tenantName), minimum: 1),
                "Names that mean a tenant in requests, in place of the built-in list "
                    + "(docs/tenant-names.md); every spelling of them is cleaned."),
            PolicyKey(
                "upstreams", .table(.record(upstream), names: name, noun: "upstreams"),
                required: true, "Where requests go."),
            PolicyKey(
                "assertion", .record(assertion), "What the gateway signs for upstreams."),
            PolicyKey(
                "routes", .list(.record(RouteShape.route), minimum: 1), required: true,
                "Which requests are forwarded, and how."),
            PolicyKey(
                "tiers", .table(.record(LimitShape.tier), names: name, noun: "tiers"),
                "Request limits per tenant."),
            PolicyKey("limits", .record(LimitShape.limits), "How limits are charged and shown."),
            PolicyKey(
                "state", .scalar(.folder),
                "A folder of this gateway's own, which keeps what it last fetched for a start "
                    + "while the sources are down."),
        ], notYet: ["portal"])

    static let listen = PolicyRecord(
        "`listen`",
        [
            PolicyKey("public", .record(publicListener), "The listener of clients."),
            PolicyKey(
                "health", .record(health), "Probes and metrics; nothing that changes anything."),
            PolicyKey(
                "admin", .record(health),
                "Status, reload and drain, for who may write to the socket: a Unix socket."),
        ])

    static let health = PolicyRecord(
        "a listener",
        [PolicyKey("address", .scalar(.listenAddress), required: true, "Address to listen on.")])

    static let publicListener = PolicyRecord(
        "the public listener",
        [
            PolicyKey(
                "address", .scalar(.listenAddress), default: "127.0.0.1:8443",
                "Address to listen on; `[::]` takes IPv4 too."),
            PolicyKey(
                "workers", .scalar(.integer(1...1_024, or: ["auto"])), default: "auto",
                "Worker threads; `auto` is one per core."),
            PolicyKey(
                "tls", .word("none", or: .record(tls)),
                "Certificate and key. Without it only loopback addresses and Unix sockets are "
                    + "listened on; `none` is cleartext by word."),
            PolicyKey("deadlines", .record(deadlines), "How long clients may take."),
            PolicyKey("limits", .record(listenLimits), "How much clients may send and open."),
            PolicyKey(
                "access_log", .scalar(.accessLog), default: "stdout",
                "Where one line per request goes."),
        ])

    static let tls = PolicyRecord(
        "`tls`",
        [
            PolicyKey(
                "certificate", .scalar(.material), required: true,
                "Certificate chain (PEM), the server's own first."),
            PolicyKey("key", .scalar(.secret), required: true, "Private key (PEM)."),
            PolicyKey(
                "profile", .scalar(.word(["intermediate", "modern"], notYet: [])),
                default: "intermediate", "`modern` is TLS 1.3 only."),
            PolicyKey(
                "certificates", .list(.record(certificate), minimum: 0), default: "[]",
                "More certificates, chosen by server name."),
        ] + CredentialShape.clientCertificates)

    static let certificate = PolicyRecord(
        "a certificate",
        [
            PolicyKey("certificate", .scalar(.material), required: true, "Certificate chain."),
            PolicyKey("key", .scalar(.secret), required: true, "Private key."),
        ])

    static let deadlines = PolicyRecord(
        "`deadlines`",
        [
            PolicyKey("handshake", deadline, default: "5s", "From accept to the end of TLS."),
            PolicyKey("head", deadline, default: "10s", "A request's head, in total."),
            PolicyKey("body", deadline, default: "30s", "Between two pieces of a body."),
            PolicyKey("idle", deadline, default: "1m", "A connection without a request."),
            PolicyKey("drain", deadline, default: "10s", "Open requests when stopping."),
        ])

    static let listenLimits = PolicyRecord(
        "`limits`",
        [
            PolicyKey(
                "head", .scalar(.size(1_024...HeadLimits.headBytesCeiling)), default: "65535",
                "Bytes of a request's head."),
            PolicyKey(
                "fields", .scalar(.integer(1...HeadLimits.fieldsCeiling, or: [])), default: "100",
                "Header fields of a request."),
            PolicyKey(
                "target", .scalar(.size(64...HeadLimits.headBytesCeiling)), default: "8KiB",
                "Bytes of a request's target."),
            PolicyKey(
                "connections", .scalar(.integer(1...1_000_000, or: [])), default: "20000",
                "Open connections of the process."),
            PolicyKey(
                "body_memory", .scalar(.size(1_048_576...68_719_476_736)), default: "64MiB",
                "Memory of bodies that are held, of all requests together; beyond it 503."),
            PolicyKey(
                "signature_checks",
                .scalar(.perSecond(SignatureBudgetPolicy.range, or: ["unlimited"])),
                default: "\(SignatureBudgetPolicy.standard)/s",
                "Signatures a client's address (of IPv6 its /64) may have checked in vain. Known "
                    + "tokens and good ones cost nothing; beyond it an unknown token is refused "
                    + "with 429. The address is the connection's, or behind a trusted proxy the "
                    + "one that `X-Forwarded-For` names."),
            PolicyKey(
                "handshakes",
                .scalar(.perSecond(HandshakeBudgetPolicy.range, or: ["unlimited"])),
                default: "\(HandshakeBudgetPolicy.standard)/s",
                "TLS handshakes a client's address (of IPv6 its /64) may begin in vain: those of "
                    + "connections whose first request brings a good credential cost nothing. "
                    + "Beyond it connections are closed at once."),
        ])

    static let vendor = PolicyRecord(
        "a vendor",
        [
            PolicyKey(
                "key", .scalar(.secret), "The key its servers present where `auth: vendor` is.")
        ])

    static let tenantClaim = PolicyRecord(
        "`tenant`",
        [
            PolicyKey("claim", .scalar(.claim), required: true, "Its name."),
            PolicyKey(
                "format",
                .scalar(.word(TenantFormat.allCases.map(\.rawValue), notYet: [])),
                default: "opaque", "How its value must be written."),
        ])

    static func claim(_ noun: String) -> PolicyRecord {
        PolicyRecord(noun, [PolicyKey("claim", .scalar(.claim), required: true, "Its name.")])
    }

    static let tenants = PolicyRecord(
        "`tenants`",
        [
            PolicyKey(
                "source", .scalar(.tenantSource), default: "claims",
                "`claims`: a verified token makes the tenant, with the tier it names. `file:PATH`: "
                    + "only the tenants of that file. `directory`: those of the backend, followed "
                    + "while the gateway runs."),
            PolicyKey(
                "feed", .record(feed), "With `directory`: where the backend tells about tenants."),
            PolicyKey(
                "key_pepper", .scalar(.secret),
                "With `directory`: what API keys are digested with; `keys.pepper` of the backend."),
            PolicyKey(
                "max_stale", .scalar(.duration(5_000...86_400_000, isWholeSeconds: true)),
                default: "15m",
                "With `directory`: how long what is known counts without a word from the backend; "
                    + "beyond it 503."),
            PolicyKey(
                "cache", .scalar(.filePath),
                "With `directory`: the file of a copy, for a start while the backend is down."),
            PolicyKey(
                "unknown", .scalar(.word(["deny"], notYet: [])), default: "deny",
                "What happens to a tenant that is not known."),
            CredentialShape.hosts,
        ])

    static let feed = PolicyRecord(
        "a feed",
        [
            PolicyKey(
                "address", .scalar(.listenAddress), required: true,
                "The address of the feed; prefer a Unix socket."),
            PolicyKey(
                "secret", .scalar(.secret), "What both sides share; required on TCP."),
        ])

    static let upstream = PolicyRecord(
        "an upstream",
        [
            PolicyKey(
                "targets", .list(.scalar(.target), minimum: 1), required: true,
                "Addresses that serve it."),
            PolicyKey("connect", deadline, default: "1s", "Time to connect."),
            PolicyKey(
                "response", deadline, default: "30s",
                "From the end of the request to the end of the response's head."),
            PolicyKey("idle", deadline, default: "30s", "How long an unused connection is kept."),
            PolicyKey(
                "ca", .scalar(.material),
                "Authorities (PEM) for `https` targets, in place of the system's."),
            PolicyKey(
                "certificate", .scalar(.material),
                "Certificate chain (PEM) that is shown to `https` targets which ask for one."),
            PolicyKey("key", .scalar(.secret), "Its private key (PEM)."),
            PolicyKey(
                "echo", .scalar(.word(["required"], notYet: [])),
                "The response must name the tenant it was made for, or it becomes a 502."),
            PolicyKey(
                "in_flight", .record(LimitShape.inFlight),
                "How many requests it is given at once, and who waits for how long."),
        ], notYet: ["health"])

    static let assertion = PolicyRecord(
        "`assertion`",
        [
            PolicyKey(
                "to",
                .list(.scalar(.reference(.upstream, or: [], notYet: [])), minimum: 1),
                required: true, "Upstreams that receive it."),
            PolicyKey("key", .scalar(.secret), required: true, "Key shared with them."),
            PolicyKey(
                "algorithm", .scalar(.word(["HS256"], notYet: ["ES256"])), default: "HS256",
                "Signature algorithm."),
            PolicyKey(
                "ttl", .scalar(.duration(1_000...60_000, isWholeSeconds: true)), default: "30s",
                "How long one is valid."),
            PolicyKey("seal", .record(seal), "What databases behind them learn the tenant by."),
        ])

    static let seal = PolicyRecord(
        "`assertion.seal`",
        [
            PolicyKey(
                "key", .scalar(.secret), required: true,
                "Made by `ringfence-backend db seal-key create`."),
            PolicyKey(
                "ttl",
                .scalar(
                    .duration(5_000...SealPolicy.ttlMillisecondsMax, isWholeSeconds: true)),
                default: "30s", "How long the database takes one."),
            PolicyKey(
                "to",
                .list(.scalar(.reference(.upstream, or: [], notYet: [])), minimum: 1),
                "Upstreams whose assertions hold one; without it those of `assertion.to` with "
                    + "`echo: required`."),
        ])
}
