/// E138x: credentials other than access tokens, and tenants that none names.
extension DiagnosticCode.Entry {
    static let credentialsNotTogether = Self(
        title: "Credentials that cannot be told apart",
        help: """
            A route takes one kind of credential, or several that differ in form: access \
            tokens of one issuer, API keys, sessions, certificates. `vendor`, `none` and \
            `internal` mean requests of another kind and stand alone; two issuers would \
            let a token choose whose keys check it.
            """)

    static let keysUnknown = Self(
        title: "API keys nobody can know",
        help: """
            The digests of API keys are in the backend's directory, and \
            `tenants.key_pepper` is what they were digested with. A route with `auth: \
            api-key` needs `tenants: {source: directory}` and the pepper; files of \
            tenants and tokens hold no keys.
            """)

    static let placeUnfit = Self(
        title: "A place that cannot name a tenant",
        help: """
            `tenant.from` lists where a tenant is named that no credential names: with \
            `auth: none` the host, `{tenant}` of the path, or a header or cookie that a \
            trusted proxy wrote; with `auth: internal` also the query and the JSON body. \
            What an anonymous client could write names nobody, and a place that is never \
            read must not look as if it were.
            """)

    static let sessionsUnfit = Self(
        title: "Sessions that cannot be taken",
        help: """
            `auth: session` needs `sessions` with the key of whoever makes them. Their \
            `iss` is their own: an issuer with the same one would make two kinds of \
            token that look alike (RFC 8725 section 3.12).
            """)

    static let certificatesUnfit = Self(
        title: "Certificates that cannot be taken",
        help: """
            `auth: certificate` needs `listen.public.tls.client_ca`, so that clients are \
            asked for one, and `certificates` with either `uri` or `dns`, so that \
            exactly one name in it means the tenant.
            """)

    static let internalIssuer = Self(
        title: "An internal issuer is not one",
        help: """
            Tokens of an issuer of `kind: internal` name no tenant: their callers do, \
            with each request. So it has no `tenant` and no `tier`, and the word \
            `internal` in `auth` means the only one there is; of several, write the \
            name.
            """)

    static let tenantsUnknown = Self(
        title: "Tenants that have to be known are not",
        help: """
            A host, a path, a certificate or an internal caller names a tenant, and the \
            gateway looks up which one that is and of what tier. With `tenants: {source: \
            claims}` only tokens say so. Use `source: directory` or `source: file:PATH`.
            """)

    static let scopesUnknowable = Self(
        title: "Scopes that nobody could be held to",
        help: """
            A route's `scopes` are held against those of API keys, of sessions, and of \
            tokens whose issuer says in which claim they are (`scope: {claim: scope}`). \
            Certificates, vendor keys and requests without a credential have none.
            """)

    static let hostPatternUnknown = Self(
        title: "A host pattern that names nobody",
        help: """
            `{tenant}` in `match.host` matches the names of `tenants.hosts`, which also \
            say that whoever calls there must be that tenant. A pattern that is not \
            listed there would match and compare nothing.
            """)

    static let upstreamCertificate = Self(
        title: "Half of a certificate",
        help: """
            An upstream that asks for the gateway's certificate is shown `certificate`, \
            whose private key is in `key`. One without the other is nothing.
            """)
}
