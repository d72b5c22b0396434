/// W20xx: accepted and doubtful.
extension DiagnosticCode.Entry {
    static let environmentSecret = Self(
        title: "A secret comes from the environment",
        help: """
            The environment of a process is visible to its children, in crash reports and \
            to whoever may inspect it. Use `file:` or `cred:` in production.
            """)

    static let injectedNameNotCovered = Self(
        title: "The injected name is not among the tenant names",
        help: """
            This route writes the tenant under a name that is not part of `tenant_names`. \
            The route itself removes what clients send under it; other routes to the same \
            upstream do not. Add it to `tenant_names`. The last name of a JSON Pointer may \
            be too common for that (`/owner/id`): the route then removes what clients send \
            at this place of a JSON body, and nothing else called so.
            """)

    static let ineffective = Self(
        title: "The setting has no effect",
        help: """
            The setting is understood, and nothing uses it where it stands. Remove it, or \
            change what it depends on.
            """)

    static let openRoute = Self(
        title: "Everything is reachable without a credential",
        help: """
            A route with `auth: none` matches every path that no other route takes, new \
            endpoints of the upstream included. Name the public paths one by one.
            """)

    static let opaqueBody = Self(
        title: "Bodies pass without being cleaned",
        help: """
            The route says `body: {clean: false}` or `body: {graphql: opaque}`: a tenant's \
            name inside its bodies, or inside of GraphQL documents, reaches the upstream. \
            That is right for bodies that cannot be cleaned, such as \
            uploads, and where the upstream takes the tenant from X-Tenant-ID only.
            """)

    static let cleartextUpstream = Self(
        title: "The upstream is reached in cleartext",
        help: """
            Requests cross the network with the tenant and the assertion readable and \
            changeable. Use https, a Unix socket, or make sure that the network itself is \
            protected.
            """)

    static let unused = Self(
        title: "The definition is not used",
        help: """
            Nothing refers to it. That is often the other half of a misspelling.
            """)

    static let assertionMissing = Self(
        title: "The upstream gets no assertion",
        help: """
            Without the gateway's signed assertion the upstream does not learn the vendor, \
            or cannot know the tenant's id that `echo: required` asks for. Add the \
            upstream to `assertion.to`.
            """)

    static let assertedWithoutCredential = Self(
        title: "The upstream will refuse this route",
        help: """
            The upstream is listed in `assertion.to`, and a route with `auth: none` has \
            nobody to assert: an upstream that requires the assertion answers 401.
            """)

    static let trustsEveryone = Self(
        title: "Every client is a trusted proxy",
        help: """
            `trusted_proxies` covers all addresses, so that any client can claim any \
            address in X-Forwarded-For. List the proxies' own networks.
            """)

    static let cleartextBackend = Self(
        title: "The backend listens in cleartext",
        help: """
            Assertions keep the tenant from being changed, and bodies can still be read on \
            the way. Listen on a Unix socket or a loopback address, or make sure that the \
            network itself is protected.
            """)

    static let materialMissing = Self(
        title: "A file or secret is not on this machine",
        help: """
            `check` could not read what the policy refers to, and so could not look into \
            it. The gateway will not start without it. On the machine that runs the \
            gateway this should not appear.
            """)

    static let secretReadable = Self(
        title: "A secret can be read by others",
        help: """
            The file with a key or secret can be read by its group or by everybody. Give \
            it to the user that runs the gateway and `chmod 600` it.
            """)

    static let shadowedRoute = Self(
        title: "A route only watches",
        help: """
            With `tenant: {mode: shadow}` a client's own names for the tenant reach the \
            upstream: in queries, cookies, paths, bodies and every header but the injected \
            one. What would have been taken out or refused is counted in the access log \
            and in the metrics. Remove the line when the counts are what you expect.
            """)

    static let unsaidGraphQL = Self(
        title: "A path looks like GraphQL, and the route does not say so",
        help: """
            Documents of GraphQL are looked into only where a route says `body: {graphql: \
            reject}` (or `reject-arguments`). Without it a document is a string like any \
            other, and a tenant named in one reaches the upstream. Say `graphql: opaque` \
            where that is right.
            """)

    static let allowedTenantUnknown = Self(
        title: "An issuer may speak for a tenant that is not there",
        help: """
            A name in `allow.tenants` is no tenant's, or none that a token of this issuer \
            can name. It permits nothing now, and would permit whoever gets that name \
            later. Most often it is misspelt.
            """)

    static let unspokenTenant = Self(
        title: "No issuer may speak for a tenant",
        help: """
            The tenants file has the tenant, and the `allow` of every issuer of its \
            vendor leaves out its name or its tier: every token that names it is refused \
            with 403 `issuer.not_allowed`.
            """)

    static let unboundIssuer = Self(
        title: "One issuer may speak for everybody",
        help: """
            Other issuers of the vendor are bound to tenants by `allow`, and this one is \
            not: whoever controls it can act for their tenants too. Bind it as well, or \
            give it a vendor of its own.
            """)

    static let cleartextFeed = Self(
        title: "The directory travels in cleartext",
        help: """
            The feed speaks plain HTTP: its secret, tenants and the digests of API keys \
            can be read and changed on the way. Prefer a Unix socket, or an address of \
            the same machine behind a tunnel that encrypts.
            """)

    static let wideOrigin = Self(
        title: "A cross-origin permission is wide",
        help: """
            Pages of an `http:` origin can be written by anybody between the browser and \
            that server, and any program on a user's machine can serve a page from \
            `localhost`. Such a page may then read what the route answers. List `https:` \
            origins; keep development origins in an overlay (env/NAME.yaml).
            """)

    static let longLifetime = Self(
        title: "Tokens may live very long",
        help: """
            A stolen token works until it expires: there is nothing to take it back. \
            `max_lifetime` above a week deserves a second thought; issuers usually sign \
            for minutes or hours.
            """)

    static let certificateEnding = Self(
        title: "A certificate has expired, or is about to",
        help: """
            Clients refuse a certificate outside of its time, and its time ends within two \
            weeks, has ended or has not begun. Replace the files and reload (SIGHUP).
            """)

    static let methodOverridable = Self(
        title: "Roles can be stepped around",
        help: """
            Many frameworks let a POST say that it is a DELETE (`_method` in a form, \
            X-HTTP-Method-Override). Such words are taken out of requests whose bodies are \
            cleaned. On this route they pass: bodies are opaque, or it only watches \
            (`mode: shadow`). Clean its bodies, ask for the same roles with POST, or have \
            the upstream check the role itself.
            """)

    static let audienceUnknown = Self(
        title: "The backend waits for assertions that nobody makes",
        help: """
            A backend takes assertions made out to its own `audience`, which is the name \
            of an upstream of the gateway. The gateway.yaml in the same folder has no such \
            upstream in `assertion.to`, so the backend would refuse every request.
            """)

    static let keysForNobody = Self(
        title: "API keys that nobody may use",
        help: """
            API keys are for tenants whose tier has the feature `api-access`, and no \
            tier has it: only tenants to whom the directory gives it themselves can use \
            theirs.
            """)

    static let sessionsWithoutOrigins = Self(
        title: "Sessions' cookies can only read",
        help: """
            Browsers send cookies along whoever asks for it. So a request that would \
            change something, and whose credential is a cookie, needs an `Origin` that \
            `sessions.origins` lists; without the list all of them are refused. Sessions \
            in `Authorization` are not concerned.
            """)

    static let sealMissing = Self(
        title: "The backend waits for seals that nobody mints",
        help: """
            The backend's database takes a tenant from a seal only (`database.context`), \
            and the gateway.yaml in the same folder puts none into the assertions for it, \
            so the backend would refuse every request. Make a key with \
            `ringfence-backend db seal-key create` and name it in `assertion.seal.key`.
            """)
}
