/// Routes, credentials and tenants: who may do what.
extension Refusal.Entry {
    static let routeNotFound = Self(
        code: "route.not_found", status: 404,
        title: "Not found",
        help: """
            No route matches this host and path, or what it names is not there or not \
            yours.
            """)

    static let routeMethod = Self(
        code: "route.method", status: 405,
        title: "The method is not allowed here",
        help: """
            The routes that match this path do not allow the method; `Allow` lists those \
            that are.
            """)

    static let routeMisdirected = Self(
        code: "route.misdirected", status: 421,
        title: "This host is not served on this connection",
        help: """
            No route serves this host.
            """)

    static let corsOrigin = Self(
        code: "cors.origin", status: 403,
        title: "The origin is not allowed",
        help: """
            The route's `cors.origins` does not list this origin.
            """)

    static let tokenMissing = Self(
        code: "token.missing", status: 401,
        title: "A credential is required",
        help: """
            Send `Authorization: Bearer <token>`, exactly once.
            """)

    static let tokenAmbiguous = Self(
        code: "token.ambiguous", status: 401,
        title: "The credential is ambiguous",
        help: """
            More than one Authorization field, or a value that is not exactly one scheme, \
            one space and one token.
            """)

    static let tokenInvalid = Self(
        code: "token.invalid", status: 401,
        title: "The credential is not valid",
        help: """
            The token could not be verified. The response does not say which check failed; \
            the access log does, under `defect`.
            """)

    static let tokenRateLimited = Self(
        code: "token.rate_limited", status: 429,
        title: "Too many credentials could not be verified",
        help: """
            The client's address sent more tokens with bad signatures than \
            listen.public.limits.signature_checks allows, so an unknown token from it is not \
            checked now. Tokens known to be good are not affected; `Retry-After` says when to \
            come again. Where many clients share one address because of a proxy, name the \
            proxy in `trusted_proxies`.
            """)

    static let vendorKeyInvalid = Self(
        code: "vendor_key.invalid", status: 401,
        title: "The credential is not valid",
        help: """
            The vendor key is unknown.
            """)

    static let credentialAmbiguous = Self(
        code: "credential.ambiguous", status: 400,
        title: "The request brings more than one credential",
        help: """
            A request brings exactly one: a bearer token, an API key, a session's cookie or a \
            client certificate. Which of two would count is nobody's guess, so none does.
            """)

    static let credentialMisplaced = Self(
        code: "credential.misplaced", status: 400,
        title: "An API key is where it does not belong",
        help: """
            The path, the query or a cookie holds an API key, where logs and caches would \
            keep it. Send it as `Authorization: Bearer` or as `X-API-Key`, and make a new \
            one: this one may have been seen.
            """)

    static let sessionAmbiguous = Self(
        code: "session.ambiguous", status: 401,
        title: "The request has two sessions",
        help: """
            Two cookies have the session's name, as when a host beside this one has set one \
            for all of them. Neither counts.
            """)

    static let sessionOrigin = Self(
        code: "session.origin", status: 403,
        title: "The request comes from another site",
        help: """
            The credential is a cookie, which browsers send along whoever asks for it, and \
            the request would change something. It needs an `Origin` that \
            `sessions.origins` lists, and no `Sec-Fetch-Site: cross-site`.
            """,
        detail: """
            `sessions.origins` lists where such requests may come from.
            """)

    static let scopeInsufficient = Self(
        code: "scope.insufficient", status: 403,
        title: "The credential does not have the scope",
        help: """
            The route's `scopes` ask for one that the API key, session or token does not \
            have. `WWW-Authenticate` names what is needed (RFC 6750 section 3.1).
            """)

    static let tenantHost = Self(
        code: "tenant.host", status: 403,
        title: "The host belongs to another tenant",
        help: """
            The host is a tenant's own domain, or its name in `tenants.hosts` is a tenant's, \
            and the credential speaks for another one.
            """)

    static let tenantUnnamed = Self(
        code: "tenant.unnamed", status: 400,
        title: "The request names no tenant",
        help: """
            The route's `tenant.from` lists where the tenant is named, and none of these \
            places names one. Headers and cookies count only from trusted proxies, or from \
            internal callers.
            """)

    static let tenantAmbiguous = Self(
        code: "tenant.ambiguous", status: 400,
        title: "The request names two tenants",
        help: """
            Two places of the route's `tenant.from` name two tenants. None of them wins.
            """)

    static let tenantNotFound = Self(
        code: "tenant.not_found", status: 404,
        title: "No such tenant",
        help: """
            The name that the request gives, where `tenant.from` says, is no tenant's.
            """)

    static let tenantMissing = Self(
        code: "tenant.missing", status: 403,
        title: "The credential names no tenant",
        help: """
            The token was verified but its tenant claim is absent, or not in the issuer's \
            format.
            """)

    static let tenantUnknown = Self(
        code: "tenant.unknown", status: 403,
        title: "The tenant is not known",
        help: """
            The token names a tenant that is not in the gateway's directory.
            """)

    static let tenantSuspended = Self(
        code: "tenant.suspended", status: 403,
        title: "The tenant is suspended",
        help: """
            Requests of this tenant are refused until it is resumed.
            """)

    static let tenantTierUnknown = Self(
        code: "tenant.tier_unknown", status: 403,
        title: "The tenant's tier is not known",
        help: """
            Neither the directory nor the token names a tier of the policy; an unknown \
            tier is never unlimited.
            """)

    static let tenantConflict = Self(
        code: "tenant.conflict", status: 403,
        title: "The request names another tenant",
        help: """
            The request named a tenant itself. Either the route says `client_value: reject` or \
            `reject-if-different`, or it says `body: {graphql: reject}` (or \
            `reject-arguments`) and a name in a GraphQL document, in JSON inside of a string \
            or in the `map` of a form means the tenant. Those are never rewritten, whatever \
            `client_value` says: leave the name out, and let the server take the tenant from \
            the header.
            """,
        detail: """
            The route refuses requests that name a tenant: `tenant.client_value`, or \
            `body.graphql`, since GraphQL documents cannot be rewritten.
            """)

    static let issuerNotAllowed = Self(
        code: "issuer.not_allowed", status: 403,
        title: "The issuer may not speak for this tenant",
        help: """
            The token is good, and its issuer's `allow` lists neither this tenant nor a \
            beginning of its name, or not its tier. The answer is the same whether there is \
            such a tenant or not.
            """,
        detail: """
            The `allow` of the issuer decides for which tenants and tiers it may speak.
            """)

    static let roleMissing = Self(
        code: "role.missing", status: 403,
        title: "The caller's role may not do this",
        help: """
            The route's `roles` allows this method to roles that the credential does not \
            name. The tenant's requests were not charged.
            """)

    static let featureMissing = Self(
        code: "feature.missing", status: 403,
        title: "The tenant's tier does not have the feature",
        help: """
            The route asks for a `feature` that is not among those of the tenant's tier. The \
            answer names the tiers that have it.
            """)
}
