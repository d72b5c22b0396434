/// The declaration of one item of `routes`.
enum RouteShape {
    static let route = PolicyRecord(
        "a route",
        [
            PolicyKey(
                "name", .scalar(GatewayShape.name), required: true, "Its name in logs."),
            PolicyKey("match", .record(match), required: true, "Which requests it takes."),
            PolicyKey(
                "auth",
                .oneOrList(
                    .reference(.issuer, or: GatewayShape.reservedIssuers, notYet: [])),
                required: true,
                "Who may call (docs/credentials.md): an issuer, `api-key`, `session` or "
                    + "`certificate`, or several of them, of which a request brings exactly one; "
                    + "`internal`; `vendor`; or `none` with a `reason`.",
                absence: "a route is open only where it says `auth: none`"),
            PolicyKey("reason", .scalar(.text), "Why `auth: none` is right."),
            CredentialShape.basic, CredentialShape.scopes,
            PolicyKey(
                "host", .scalar(.word(["preserve", "upstream"], notYet: [])), default: "preserve",
                "The Host the upstream sees: the client's, or the target's."),
            PolicyKey(
                "cors", .record(cors), "Browsers' cross-origin requests, answered before `auth`."),
            PolicyKey(
                "roles",
                .table(
                    .list(.scalar(.text), minimum: 1),
                    names: .word(GatewayShape.methods, notYet: []), noun: "methods"),
                "Roles that may use a method, such as `{DELETE: [admin]}`; methods that are not "
                    + "listed are for every role. HEAD is as GET unless it is listed."),
            PolicyKey("tenant", .record(tenant), "How the tenant is cleaned and passed on."),
            PolicyKey(
                "forward_credential", .scalar(.boolean), default: "false",
                "Whether the upstream sees the client's credential."),
            PolicyKey("body", .record(body), "How bodies pass."),
            PolicyKey("responses", .record(responses), "What responses may do."),
            PolicyKey(
                "limits", .word("tier", or: .record(LimitShape.route)), default: "tier",
                "What limits requests that act for a tenant: the tier alone, or more."),
            PolicyKey(
                "feature", .scalar(GatewayShape.name),
                "What the tenant's tier must have among its `features`; else 403."),
            PolicyKey(
                "upstream", .scalar(.reference(.upstream, or: [], notYet: [])), required: true,
                "Where they go."),
        ])

    static let match = PolicyRecord(
        "`match`",
        [
            PolicyKey("host", .scalar(.host), "Host of the request; without it, any."),
            PolicyKey(
                "path", .scalar(.pathPattern), required: true,
                "`*` is one segment, `{tenant}` the tenant, `**` any rest; the most specific wins."
            ),
            PolicyKey(
                "methods",
                .list(.scalar(.word(GatewayShape.methods, notYet: [])), minimum: 1),
                "Methods; without it, all."),
        ])

    static let cors = PolicyRecord(
        "`cors`",
        [
            PolicyKey(
                "origins", .list(.scalar(.origin), minimum: 1), required: true,
                "Exact origins; never `*`."),
            PolicyKey(
                "credentials", .scalar(.boolean), default: "false",
                "Whether browsers may send cookies."),
            PolicyKey(
                "max_age", .scalar(.duration(0...86_400_000, isWholeSeconds: true)),
                default: "10m", "How long browsers may keep the answer."),
        ])

    static let tenant = PolicyRecord(
        "`tenant`",
        [
            PolicyKey(
                "client_value",
                .scalar(.word(RoutePolicy.ClientValue.allCases.map(\.rawValue), notYet: [])),
                default: "strip", "What happens when a client names a tenant itself."),
            PolicyKey(
                "names", .list(.scalar(.tenantName), minimum: 0), default: "[]",
                "Added to `tenant_names` for this route."),
            PolicyKey(
                "except", .list(.scalar(.tenantName), minimum: 0), default: "[]",
                "Names that do not mean the tenant on this route, in all their spellings."),
            PolicyKey(
                "mode",
                .scalar(.word(RoutePolicy.Mode.allCases.map(\.rawValue), notYet: [])),
                default: "enforce",
                "`shadow` takes nothing out and refuses nothing, and counts what would have been."),
            PolicyKey("inject", .record(inject), "Where the upstream finds the tenant."),
            CredentialShape.from,
        ])

    static let inject = PolicyRecord(
        "`inject`",
        [
            PolicyKey("header", .scalar(.headerName), default: "X-Tenant-ID", "A header."),
            PolicyKey("query", .scalar(.queryName), "A query parameter too."),
            PolicyKey("json", .scalar(.jsonPointer), "A member of JSON bodies too."),
            PolicyKey("form", .scalar(.queryName), "A field of form bodies too."),
        ])

    static let responses = PolicyRecord(
        "`responses`",
        [
            PolicyKey(
                "cookie_domain",
                .scalar(.word(RoutePolicy.CookieDomain.allCases.map(\.rawValue), notYet: [])),
                "The `Domain` of cookies the upstream sets: taken off (which routes that act for a "
                    + "tenant do unless they say otherwise), kept (as all others do), or answered "
                    + "502.")
        ])

    static let body = PolicyRecord(
        "`body`",
        [
            PolicyKey(
                "clean", .scalar(.boolean), default: "true",
                "Bodies of routes that act for a tenant are understood and cleaned."),
            PolicyKey(
                "max", .scalar(.size(0...BodyPolicy.bytesMaxCeiling)), default: "1MiB",
                "Bytes of a body that is held and checked before it goes on."),
            PolicyKey(
                "graphql",
                .scalar(.word(BodyPolicy.GraphQL.allCases.map(\.rawValue), notYet: [])),
                "GraphQL documents in bodies and queries: refused where any name in them means the "
                    + "tenant, where one does that gives a value to the server, or passed unread. "
                    + "Without it nothing is read as one."),
        ])
}
