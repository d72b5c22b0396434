/// E130x and E131x: what one part of a policy says of another.
extension DiagnosticCode.Entry {
    static let unknownReference = Self(
        title: "A name refers to nothing",
        help: """
            A route, an issuer or a tenant names an issuer, upstream, tier or vendor that \
            the policy does not define.
            """)

    static let duplicateRouteName = Self(
        title: "Two routes have the same name",
        help: """
            Logs, metrics and `explain` name routes, so each name is used once.
            """)

    static let equalRoutes = Self(
        title: "Two routes match the same requests",
        help: """
            The most specific path wins; these two have the same host and path and share a \
            method, so neither wins. Change one, or split their methods.
            """)

    static let reasonMissing = Self(
        title: "A reason is required",
        help: """
            Giving up a check is allowed when the policy says why: `auth: none` and \
            `audience: none` need a `reason` beside them.
            """)

    static let algorithmMismatch = Self(
        title: "The algorithms do not fit the keys",
        help: """
            HS algorithms sign and check with one shared secret; RS and ES check with a \
            public key. A `secret` takes HS only; a key set fetched by https takes RS and \
            ES only; a file takes one kind or the other. Allowing both for one key lets a \
            public key be used as a secret.
            """)

    static let issuerKeys = Self(
        title: "An issuer needs exactly one source of keys",
        help: """
            Give `jwks` (a PEM key or a JWK set, from a file or by https) or `secret` (a \
            shared secret for HS algorithms), and not both.
            """)

    static let tiersMissing = Self(
        title: "No tiers are defined",
        help: """
            Routes that act for a tenant are limited by its tier, and nothing is unlimited \
            by omission. Define `tiers`, or a tier with `requests: unlimited`.
            """)

    static let cleartextListener = Self(
        title: "The listener would speak cleartext",
        help: """
            Tokens would cross the network readable. Add `tls: {certificate: ..., key: \
            ...}`, listen on a loopback address or a Unix socket, or say `tls: none` where \
            something in front terminates TLS.
            """)

    static let tierUnreachable = Self(
        title: "Tokens of this issuer name no tier",
        help: """
            With `tenants: {source: claims}` a tenant's tier comes from its token, so \
            without `tier: {claim: ...}` every request of this issuer would be refused. \
            Add it, or list tenants in a file.
            """)

    static let vendorKeyMissing = Self(
        title: "No vendor has a key",
        help: """
            A route says `auth: vendor` and no vendor has a `key`, so nobody could ever \
            use it. Add `vendors: {default: {key: file:...}}`.
            """)

    static let reservedField = Self(
        title: "The header cannot carry a tenant",
        help: """
            The header has a meaning of its own: it frames the message, names the host, \
            carries a credential, or is written by the gateway itself. Choose another, \
            such as X-Tenant-ID.
            """)

    static let duplicateTenantID = Self(
        title: "Two tenants have the same id",
        help: """
            The id is what limits, caches and rows are keyed by: two tenants with one id \
            would share everything.
            """)

    static let fallbackMissing = Self(
        title: "A custom tier needs a fallback",
        help: """
            `requests: custom` takes each tenant's own limit, and `fallback` is the limit \
            of a tenant that has none. Without it such a tenant would be unlimited or \
            refused; say which limit it has.
            """)

    static let sameAddress = Self(
        title: "Two listeners have the same address",
        help: """
            Only one of them could be opened.
            """)

    static let materialInvalid = Self(
        title: "A key or certificate cannot be used",
        help: """
            The file, variable or credential the policy names cannot be read or does not \
            hold what it should. The message says what was found, never the content.
            """)

    static let exceptedName = Self(
        title: "A name cannot be excepted",
        help: """
            `tenant: {except: [...]}` lists names that do not mean the tenant on this \
            route. X-Tenant-ID, what the route injects and what it lists itself under \
            `names` always do, and so does every name that is one of them to some \
            framework (docs/tenant-names.md).
            """)
}
