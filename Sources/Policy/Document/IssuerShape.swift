/// The declaration of `issuers`.
enum IssuerShape {
    static let issuer = PolicyRecord(
        "an issuer", identity + keys + tokens + claims, notYet: [])

    private static let identity = [
        PolicyKey(
            "issuer", .scalar(.text), required: true, "The `iss` claim, byte for byte.",
            absence: "without `issuer` any issuer's tokens signed by these keys would count"),
        PolicyKey(
            "kind", .scalar(.word(["tenants", "internal"], notYet: [])), default: "tenants",
            "`internal`: its tokens name no tenant, their callers do (`auth: internal`)."),
    ]

    private static let keys = [
        PolicyKey(
            "jwks", .scalar(.keySet),
            "Public keys: a PEM key or JWK set in a file, a JWK set by https, or `discover`: the "
                + "set that the issuer's own configuration document names (docs/issuers.md)."),
        PolicyKey(
            "jwks_refresh", .scalar(.duration(1_000...86_400_000, isWholeSeconds: true)),
            "How often a key set is fetched. Without it as often as its server's `Cache-Control` "
                + "says, within 60s and 24h; where that says nothing, every 5m."),
        PolicyKey(
            "jwks_max_stale", .scalar(.duration(1_000...2_592_000_000, isWholeSeconds: true)),
            default: "24h",
            "How long the last good key set counts while no other can be fetched; then every "
                + "token of this issuer is refused."),
        PolicyKey(
            "jwks_unknown_kid", .scalar(.duration(100...3_600_000, isWholeSeconds: false)),
            default: "30s",
            "Least time between two fetches that tokens with an unknown `kid` can cause."),
        PolicyKey(
            "jwks_private", .scalar(.boolean), default: "false",
            "Whether the key set's server may have an address that is not public, such as "
                + "127.0.0.1 or 10.0.0.7."),
        PolicyKey(
            "jwks_ca", .scalar(.material),
            "Authorities (PEM) for the key set's server, in place of the system's."),
        PolicyKey("secret", .scalar(.secret), "Shared secret for HS algorithms."),
    ]

    private static let tokens = [
        PolicyKey(
            "audience", .oneOrList(.text), required: true,
            "Accepted `aud` values; `none` accepts all and needs a `reason`.",
            absence: "without `audience` this issuer would accept tokens made for other services"),
        PolicyKey("reason", .scalar(.text), "Why `audience: none` is right."),
        PolicyKey(
            "algorithms", .list(.scalar(GatewayShape.algorithm), minimum: 1), required: true,
            "Accepted signature algorithms; no default on purpose. `EdDSA` and `Ed25519` are one.",
            absence: "without `algorithms` a token could choose how it is checked"),
        PolicyKey(
            "leeway", .scalar(.duration(0...300_000, isWholeSeconds: true)), default: "5s",
            "Difference of clocks that is forgiven."),
        PolicyKey(
            "max_lifetime", .scalar(.duration(1_000...31_536_000_000, isWholeSeconds: true)),
            default: "24h", "Longest life a token may have."),
        PolicyKey(
            "type", .list(.scalar(.text), minimum: 1), default: "[JWT, at+jwt]",
            "Accepted `typ` values, in any case and with or without `application/`; a token "
                + "without one counts as JWT."),
    ]

    private static let claims = [
        PolicyKey(
            "vendor", .scalar(.reference(.vendor, or: [], notYet: [])), default: "default",
            "The one vendor this issuer speaks for."),
        PolicyKey(
            "tenant", .record(GatewayShape.tenantClaim),
            "The claim that names the tenant; required unless `kind: internal`."),
        PolicyKey("role", .record(GatewayShape.claim("`role`")), "The claim that names the role."),
        PolicyKey(
            "scope", .record(GatewayShape.claim("`scope`")),
            "The claim that lists scopes; tokens of issuers without it are not asked for any."),
        PolicyKey("tier", .record(GatewayShape.claim("`tier`")), "The claim that names the tier."),
        PolicyKey(
            "allow", .record(allow),
            "For whom it may speak; without it, for every tenant of its vendor."),
    ]

    private static let allow = PolicyRecord(
        "`allow`",
        [
            PolicyKey(
                "tenants", .list(.scalar(.tenantPattern), minimum: 1),
                "External ids, and beginnings of external ids that end in `*`; a token that names "
                    + "another tenant is refused."),
            PolicyKey(
                "tiers", .list(.scalar(.reference(.tier, or: [], notYet: [])), minimum: 1),
                "Tiers its tenants may be of, whether the token or the tenants file says so."),
        ])
}
