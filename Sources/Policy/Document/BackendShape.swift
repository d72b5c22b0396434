/// The declarations of backend.yaml and of the tenants file.
enum BackendShape {
    static let root = PolicyRecord(
        "a backend policy",
        [
            PolicyKey("version", .scalar(.version), required: true, "Version of the file format."),
            PolicyKey("listen", .record(listen), required: true, "Addresses to listen on."),
            PolicyKey("database", .record(database), required: true, "PostgreSQL."),
            PolicyKey(
                "assertion", .record(assertion), required: true,
                "What the gateway's assertions are checked with.",
                absence: "without assertions anybody could name any tenant"),
            PolicyKey(
                "keys", .record(keys), "API keys of tenants; without it none can be made."),
            PolicyKey(
                "directory", .record(directory),
                "How much of the directory each vendor and each tenant may take."),
        ])

    static let listen = PolicyRecord(
        "`listen`",
        [
            PolicyKey(
                "api", .record(GatewayShape.health), required: true, "The listener of gateways."),
            PolicyKey("health", .record(GatewayShape.health), "Probes and metrics."),
            PolicyKey(
                "feed", .record(GatewayShape.feed), "Where gateways follow the directory."),
        ])

    static let keys = PolicyRecord(
        "`keys`",
        [
            PolicyKey(
                "pepper", .scalar(.secret), required: true,
                "What API keys are digested with, shared with the gateways (`tenants.key_pepper`).")
        ])

    static let directory = PolicyRecord(
        "`directory`",
        [
            PolicyKey(
                "vendor", .record(room), "What one vendor may take, all its tenants together."),
            PolicyKey("tenant", .record(share), "What one tenant may take of that."),
            PolicyKey(
                "keep",
                .scalar(
                    .duration(1_000...DirectoryRoom.keepSecondsMax * 1_000, isWholeSeconds: true)),
                default: "720h",
                "How long rows of API keys that were revoked or have expired, and of revoked "
                    + "tokens that have expired, are kept."),
        ])

    private static let room = PolicyRecord(
        "`directory.vendor`",
        [
            PolicyKey(
                "tenants", .scalar(.integer(1...DirectoryBounds.tenantsMax, or: [])),
                default: "1000000", "Tenants, deleted ones included: their names stay taken."),
            PolicyKey(
                "domains", .scalar(.integer(1...DirectoryBounds.domainsMax, or: [])),
                default: "1000000", "Domains."),
            PolicyKey(
                "keys", .scalar(.integer(1...DirectoryBounds.keysMax, or: [])),
                default: "1000000", "API keys, including what `directory.keep` keeps."),
            PolicyKey(
                "revocations", .scalar(.integer(1...DirectoryBounds.revocationsMax, or: [])),
                default: "500000",
                "Tokens revoked one by one, including what `directory.keep` keeps."),
        ])

    private static let share = PolicyRecord(
        "`directory.tenant`",
        [
            PolicyKey(
                "domains", .scalar(.integer(1...DirectoryBounds.domainsOfTenantMax, or: [])),
                default: "1000", "Domains."),
            PolicyKey(
                "keys", .scalar(.integer(1...DirectoryRoom.keysOfTenantMax, or: [])),
                default: "100",
                "API keys that are neither revoked nor expired."),
            PolicyKey(
                "revocations", .scalar(.integer(1...DirectoryBounds.revocationsMax, or: [])),
                default: "1000", "Tokens revoked one by one that have not expired."),
        ])

    static let database = PolicyRecord(
        "`database`",
        [
            PolicyKey(
                "owner", .scalar(.secret), required: true,
                "Connection string of the role that owns the tables; for migrations."),
            PolicyKey(
                "runtime", .scalar(.secret), required: true,
                "Connection string of the role that serves requests: no superuser, no owner.",
                absence: "serving requests as the owner would step around row security"),
            PolicyKey(
                "context", .scalar(.word(["sealed", "statement", "plain"], notYet: [])),
                default: "sealed",
                "What makes the database believe who the tenant is: a seal checked once a "
                    + "transaction, a seal checked for each statement, or a setting."),
            PolicyKey(
                "admin", .scalar(.secret),
                "Connection string of a superuser; `db migrate` alone reads it."),
            PolicyKey(
                "platform", .scalar(.secret),
                "Connection string of the role that sees all tenants, for processes that cross "
                    + "them with a reason; `db migrate` makes it."),
            PolicyKey(
                "workers", .scalar(.integer(1...256, or: [])), default: "8",
                "Connections, each with its thread."),
            PolicyKey(
                "deadline", .scalar(.duration(100...300_000, isWholeSeconds: false)),
                default: "5s", "Longest time one transaction may take."),
            PolicyKey(
                "verify", .scalar(.word(["off", "start", "watch"], notYet: [])), default: "off",
                "Prove isolation before serving (`start`), and again when the catalogs change; "
                    + "then `/readyz` says no until it is proven (`watch`)."),
            PolicyKey(
                "verify_every", .scalar(.duration(100...3_600_000, isWholeSeconds: false)),
                default: "5s", "Time between two looks at the catalogs, with `verify: watch`."),
            PolicyKey(
                "waivers", .scalar(.filePath),
                "The file of accepted risks that `verify` and `db verify` heed, each until its "
                    + "last day."),
        ])

    static let assertion = PolicyRecord(
        "`assertion`",
        [
            PolicyKey("key", .scalar(.secret), required: true, "Key shared with the gateway."),
            PolicyKey(
                "audience", .scalar(GatewayShape.name), required: true,
                "The upstream's name in the gateway's policy.",
                absence: "without `audience` assertions made for other upstreams would count"),
        ])

    /// The file that `tenants: {source: file:PATH}` names.
    static let tenants = PolicyRecord(
        "a tenants file",
        [
            PolicyKey("version", .scalar(.version), required: true, "Version of the file format."),
            PolicyKey(
                "tenants", .table(.record(tenant), names: .externalID, noun: "tenants"),
                required: true, "Tenants by external id."),
        ])

    static let tenant = PolicyRecord(
        "a tenant",
        [
            PolicyKey(
                "tier", .scalar(.reference(.tier, or: [], notYet: [])), required: true,
                "Its tier."),
            PolicyKey(
                "requests", .scalar(.rate(or: [])), "Its own limit, where the tier says `custom`."),
            PolicyKey(
                "id", .scalar(.tenantID),
                "Its UUID, where it is not derived from vendor and external id."),
            PolicyKey(
                "vendor", .scalar(.reference(.vendor, or: [], notYet: [])), default: "default",
                "Whose customer it is."),
            PolicyKey(
                "state", .scalar(.word(["active", "suspended"], notYet: [])), default: "active",
                "Requests of a suspended tenant are refused."),
            PolicyKey(
                "domains", .list(.scalar(.domain), minimum: 0), default: "[]",
                "Host names that are the tenant's."),
            PolicyKey(
                "features", .list(.scalar(GatewayShape.name), minimum: 0), default: "[]",
                "Features it has beyond those of its tier."),
        ])
}
