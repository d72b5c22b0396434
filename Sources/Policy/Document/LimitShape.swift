/// The declarations of what limits requests: tiers, `limits` of routes and of the whole, and
/// `in_flight` of upstreams.
enum LimitShape {
    static let tier = PolicyRecord(
        "a tier",
        [
            PolicyKey(
                "requests", .scalar(.rate(or: ["custom", "unlimited"])), required: true,
                "Requests in any 60 seconds; `custom` is each tenant's own number.",
                absence: "nothing is unlimited by omission: say `requests: unlimited` for that"),
            PolicyKey(
                "fallback", .scalar(.rate(or: [])),
                "With `custom`: the limit of a tenant that has none of its own."),
            PolicyKey(
                "per_user", .scalar(.rate(or: [])),
                "Requests of each user (a token's `sub`) of a tenant in any 60 seconds, besides "
                    + "`requests`."),
            PolicyKey(
                "concurrency",
                .scalar(.integer(1...Int(TierAllowance.concurrencyMax), or: [])),
                "Requests of a tenant that may be open at once; beyond it 429."),
            PolicyKey(
                "weight", .scalar(.integer(1...Int(TierAllowance.weightMax), or: [])),
                default: "1",
                "A tenant's share of upstreams with `in_flight`, relative to other tenants'."),
            PolicyKey(
                "features", .list(.scalar(GatewayShape.name), minimum: 0), default: "[]",
                "What routes with `feature` ask for."),
        ], notYet: ["burst"])

    static let limits = PolicyRecord(
        "`limits`",
        [
            PolicyKey(
                "charge", .scalar(.word(["admitted"], notYet: [])), default: "admitted",
                "A refused head costs the tenant nothing."),
            PolicyKey(
                "headers",
                .list(.scalar(.word(["ratelimit", "x-ratelimit"], notYet: [])), minimum: 0),
                default: "[ratelimit, x-ratelimit]", "Header families that show what is left."),
            PolicyKey(
                "unauthenticated", .record(unauthenticated),
                "What an address may ask without a credential that was verified."),
        ])

    static let unauthenticated = PolicyRecord(
        "`unauthenticated`",
        [
            PolicyKey(
                "key", .scalar(.word(["client_ip"], notYet: [])), default: "client_ip",
                "An IPv4 address, or an IPv6 /64; behind a trusted proxy the one that "
                    + "`X-Forwarded-For` names."),
            PolicyKey(
                "requests",
                .scalar(.perMinute(1...Int(UnauthenticatedPolicy.range.upperBound))),
                required: true,
                "A bucket of so many, refilled evenly over a minute: one for requests that need no "
                    + "credential, and one for those refused with 401. Beyond it 429."),
        ])

    static let route = PolicyRecord(
        "`limits`",
        [
            PolicyKey(
                "tier", .scalar(.boolean), default: "true",
                "Whether the requests count against the tier's limits too; `false` needs "
                    + "`requests`."),
            PolicyKey(
                "requests", .scalar(.rate(or: [])),
                "Requests of each tenant on this route in any 60 seconds."),
            PolicyKey(
                "per_user", .scalar(.rate(or: [])),
                "Requests of each user (a token's `sub`) of a tenant on this route in any 60 "
                    + "seconds."),
        ])

    static let inFlight = PolicyRecord(
        "`in_flight`",
        [
            PolicyKey(
                "max", .scalar(.integer(InFlightPolicy.range, or: [])), required: true,
                "Requests that it is given at once, of all tenants together."),
            PolicyKey(
                "queue", .scalar(.integer(InFlightPolicy.queueRange, or: [])), default: "128",
                "Requests of one tenant that may wait; beyond it 503."),
            PolicyKey(
                "wait", GatewayShape.deadline, default: "1s",
                "How long one waits at most; then 503."),
        ])
}
