/// E132x to E137x: issuers, the directory, features, limits, files and everything else that is
/// named.
extension DiagnosticCode.Entry {
    static let staleBeforeRefresh = Self(
        title: "Keys would be too old before they are fetched again",
        help: """
            `jwks_max_stale` says how long the last good key set counts, and \
            `jwks_refresh` how often another is fetched. With the first below the second \
            every token would be refused for a while between two fetches. Give \
            `jwks_max_stale` several times the interval: it is for the hours in which the \
            issuer does not answer.
            """)

    static let privateKeySource = Self(
        title: "The key set's server is not public",
        help: """
            Keys are fetched from public addresses only, so that nobody who controls an \
            issuer's name or its configuration document can make the gateway call \
            something on its own network. Where the issuer really is inside, as a \
            Keycloak in the same cluster is, say `jwks_private: true`.
            """)

    static let discoveryIssuer = Self(
        title: "The issuer cannot be discovered",
        help: """
            `jwks: discover` reads `/.well-known/openid-configuration` below the issuer, \
            so `issuer` has to be an https URL without query and fragment. For other \
            issuers name the key set itself: `jwks: https://...`.
            """)

    static let reservedType = Self(
        title: "The type of token is one that only Ringfence makes",
        help: """
            Types that begin with `ringfence-` are those of session tokens and other \
            credentials of Ringfence's own. They have rules and keys of their own, and \
            none may pass for an access token of an issuer (RFC 8725 section 3.12).
            """)

    static let feedMissing = Self(
        title: "A directory without a feed",
        help: """
            `source: directory` follows the backend's directory, and `feed.address` says \
            where: the address of `listen.feed` in backend.yaml.
            """)

    static let feedSecretMissing = Self(
        title: "A feed on TCP needs a secret",
        help: """
            Whoever reaches the feed reads every tenant's name and every API key's digest, \
            and whoever answers in its place decides who may do what. A Unix socket is \
            guarded by its file's permissions; a TCP address needs `secret`, the same on \
            both sides.
            """)

    static let duplicateDomain = Self(
        title: "A domain is given to two tenants",
        help: """
            A host name belongs to one tenant. Names are compared without case and without \
            a dot at the end.
            """)

    static let unknownFeature = Self(
        title: "No tier has the feature",
        help: """
            A route's `feature` is what a tenant's tier must have among its `features`. A \
            feature no tier has would close the route to everybody. Add it to the tiers \
            that have it, or correct its name.
            """)

    static let tooManyFeatures = Self(
        title: "Too many features",
        help: """
            The tiers of a policy may name 64 different features.
            """)

    static let featureWithoutTenant = Self(
        title: "A feature is asked of nobody",
        help: """
            `feature` is about the tier of the tenant a request acts for. On routes with \
            `auth: none` or `auth: vendor` there is none, and the route would be open \
            whatever the tiers say. Remove `feature`, or let an issuer name the tenant.
            """)

    static let unlimitedRoute = Self(
        title: "A route has no limit left",
        help: """
            `limits: {tier: false}` takes a route's requests out of the tier's limits, so \
            it needs a limit of its own: `requests: N/min`. Nothing is unlimited by \
            omission.
            """)

    static let limitWithoutTenant = Self(
        title: "A limit counts nobody",
        help: """
            A route's `limits` count the requests of each tenant. Routes with `auth: none` \
            or `auth: vendor` act for none; what addresses may ask without a credential \
            is `limits: {unauthenticated: {requests: N/min}}` of the whole policy.
            """)

    static let adminNotUnix = Self(
        title: "The admin listener is not a Unix socket",
        help: """
            Whoever reaches `listen.admin` may reload and stop the gateway. So it listens \
            on a Unix socket only (`unix:/run/ringfence/admin.sock`), which the \
            permissions of its file guard.
            """)

    static let includeUnmatched = Self(
        title: "An include matches no file",
        help: """
            `include` names files relative to the file it stands in; `*` in the last part \
            stands for any characters but a leading dot. A pattern that matches nothing \
            is most often a folder that was not copied: the policy would silently lack \
            what it holds.
            """)

    static let duplicateDefinition = Self(
        title: "The same thing is defined in two files",
        help: """
            The files of a policy make one: names of issuers, upstreams, tiers and the \
            like are used once in all of them, and `assertion` and `limits` stand in one \
            file. No order of files decides which definition counts. To change a value \
            per environment, use an overlay (env/NAME.yaml).
            """)

    static let includedTwice = Self(
        title: "A file is included twice",
        help: """
            A file that is included twice, or that includes itself by way of others, \
            would define everything in it twice. Name it once; a pattern such as `*.yaml` \
            also matches the file it stands in.
            """)

    static let includeBounds = Self(
        title: "Too many files are included",
        help: """
            Files may be included 8 deep, and a policy may have 1,000 files.
            """)

    static let mainFileOnly = Self(
        title: "The key belongs into the main file",
        help: """
            What holds for every route (`listen`, `trusted_proxies`, `tenants`, \
            `tenant_names`) is set in the file that is run and in no other, so that \
            nobody has to look for it.
            """)

    static let overlayKeyUnknown = Self(
        title: "An overlay sets a key that is not there",
        help: """
            env/NAME.yaml changes values of keys that are written in the policy, and adds \
            none: what a policy can mean is visible in it. Routes are named by `name`. \
            Write the key into the policy, with the value it has elsewhere.
            """)

    static let overrideUnknown = Self(
        title: "A variable overrides nothing",
        help: """
            RINGFENCE_A__B sets the key `b` of `a`; keys are written in capitals, `-` and \
            `.` as `_`, routes by their name. Only keys that are written in the policy \
            can be set, and exactly one must be meant. A variable that sets nothing stops \
            the start, because somebody believes in it.
            """)

    static let roleUnknowable = Self(
        title: "The caller's role cannot be known",
        help: """
            `roles` needs a credential that says a role: an issuer with `role: {claim: \
            ...}`, or a directory that knows it. Elsewhere nobody would have one, and \
            every request would be refused.
            """)
}
