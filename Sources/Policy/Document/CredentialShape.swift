/// The declarations of credentials other than access tokens, and of tenants that none names.
enum CredentialShape {
    static let basic = PolicyKey(
        "basic", .scalar(.boolean), default: "false",
        "Whether an API key may come as the user name of `Authorization: Basic`.")

    static let scopes = PolicyKey(
        "scopes",
        .table(
            .list(.scalar(.text), minimum: 1),
            names: .word(GatewayShape.methods + ["*"], notYet: []), noun: "methods"),
        "Scopes a method needs, all of them, such as `{GET: [events:read]}`; `*` is every method "
            + "that is not listed. HEAD is as GET unless it is listed.")

    static let from = PolicyKey(
        "from", .list(.word("host", or: .word("path", or: .record(place))), minimum: 1),
        "Where the tenant is named that no credential names, in order: with `auth: none` and "
            + "`auth: internal`. Two places that name two tenants are refused.")

    private static let place = PolicyRecord(
        "a place",
        [
            PolicyKey("header", .scalar(.headerName), "A field, of a trusted proxy's request."),
            PolicyKey("query", .scalar(.queryName), "A parameter of the query."),
            PolicyKey("cookie", .scalar(.headerName), "A cookie, of a trusted proxy's request."),
            PolicyKey(
                "json", .scalar(.jsonPointer),
                "A member of the JSON body, which is held and read first; `auth: internal` only."),
            PolicyKey(
                "default", .scalar(.externalID), "A tenant, where no other place names one."),
        ])

    static let sessions = PolicyRecord(
        "`sessions`",
        [
            PolicyKey(
                "key", .scalar(.secret), required: true, "Shared HS256 key of who makes them."),
            PolicyKey(
                "issuer", .scalar(.text), default: SessionPolicy.issuerDefault,
                "Their `iss` claim, byte for byte."),
            PolicyKey(
                "cookie", .scalar(.headerName), default: SessionPolicy.cookieDefault,
                "The cookie that may carry one; it never reaches an upstream."),
            PolicyKey(
                "origins", .list(.scalar(.origin), minimum: 1),
                "Where requests may come from that change something, when a cookie is their "
                    + "credential; without it such requests are refused."),
            PolicyKey(
                "max_lifetime", .scalar(.duration(1_000...604_800_000, isWholeSeconds: true)),
                default: "12h", "Longest life one may have."),
            PolicyKey(
                "vendor", .scalar(.reference(.vendor, or: [], notYet: [])), default: "default",
                "Whose tenants they name."),
        ])

    static let certificates = PolicyRecord(
        "`certificates`",
        [
            PolicyKey(
                "uri", .scalar(.uriPattern),
                "The form of a URI in its subjectAltName that names the tenant."),
            PolicyKey(
                "dns", .scalar(.hostPattern),
                "The form of a DNS name in its subjectAltName that names the tenant."),
            PolicyKey(
                "vendor", .scalar(.reference(.vendor, or: [], notYet: [])),
                "Whose tenants they name; `default` unless it is said."),
        ])

    static let clientCertificates = [
        PolicyKey(
            "client_ca", .scalar(.material),
            "Authorities (PEM) whose certificates clients may show."),
        PolicyKey(
            "client_crl", .scalar(.material),
            "Lists (PEM) of the certificates that the authorities of `client_ca` have revoked, one "
                + "of each; one that is missing or out of date refuses its authority's "
                + "certificates."),
        PolicyKey(
            "client_certificates", .scalar(.word(["optional", "required"], notYet: [])),
            default: "optional",
            "With `client_ca`: whether a client without one is refused in its handshake."),
    ]

    static let hosts = PolicyKey(
        "hosts", .list(.scalar(.hostPattern), minimum: 1),
        "Host names that name a tenant of the default vendor; a credential for another tenant is "
            + "refused there.")
}
