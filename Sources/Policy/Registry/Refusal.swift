/// Every answer that is not the upstream's own, in one list: refusals (the client's doing, 4xx) and
/// faults (the world's doing, 5xx). Problem bodies, logs, metrics, `ringfence help CODE` and
/// docs/codes.md read it; a test fails on a duplicate or an undocumented code.
public enum Refusal: UInt8, CaseIterable, Error, Sendable {
    case requestMalformed
    case requestFraming
    case requestHost
    case requestTarget
    case requestPathAmbiguous
    case requestQueryMalformed
    case requestTargetTooLong
    case requestHeadTooLarge
    case requestVersion
    case requestMethodUnknown
    case requestExpectation
    case requestProxyProtocol
    case requestUpgradeWebSocket
    case requestTimeout
    case requestBodyTooLarge
    case requestBodyBudget
    case requestBodyMalformed
    case requestBodyType
    case requestBodyEncoding
    case requestTransferEncoding
    case routeNotFound
    case routeMethod
    case routeMisdirected
    case corsOrigin
    case tokenMissing
    case tokenAmbiguous
    case tokenInvalid
    case tokenRateLimited
    case vendorKeyInvalid
    case credentialAmbiguous
    case credentialMisplaced
    case sessionAmbiguous
    case sessionOrigin
    case scopeInsufficient
    case tenantHost
    case tenantUnnamed
    case tenantAmbiguous
    case tenantNotFound
    case tenantMissing
    case tenantUnknown
    case tenantSuspended
    case tenantTierUnknown
    case directoryUnavailable
    case tenantConflict
    case issuerNotAllowed
    case roleMissing
    case rateLimited
    case rateDenied
    case concurrencyLimited
    case clientRateLimited
    case featureMissing
    case overloaded
    case draining
    case upstreamBusy
    case upstreamConnect
    case upstreamConnectTimeout
    case upstreamTLS
    case upstreamReset
    case upstreamProtocol
    case upstreamTimeout
    case upstreamEcho
    case upstreamCookieDomain
    case upstreamUnresolved
    case clientClosed
    case internalScan
    case internalError
    case assertionMissing
    case assertionInvalid
    case assertionReplayed
    case assertionSeal
    case scopeRequired
    case resourceNotFound
    case resourceConflict
    case inputInvalid
    case inputMalformed
    case inputType
    case databaseUnavailable
    case databaseTimeout
    case databaseSeal

    /// What the list says about one code.
    public struct Entry: Sendable {
        /// Stable and dotted; a contract for logs, metrics and clients.
        public let code: StaticString
        /// The HTTP status it is answered with.
        public let status: UInt16
        /// One line for people (RFC 9457 `title`).
        public let title: StaticString
        /// What it means and what to do, for `ringfence help CODE`.
        public let help: StaticString
        /// Where the policy decides about it: the key, in one plain line for the problem body (RFC
        /// 9457 `detail`), so that who is refused knows what to ask the operator for.
        public var detail: StaticString? = nil
    }

    public var code: StaticString { entry.code }
    public var status: UInt16 { entry.status }
    public var title: StaticString { entry.title }

    public var entry: Entry { Self.entries[Int(rawValue)] }

    /// In the order of the cases.
    private static let entries: [Entry] = [
        Entry(
            code: "request.malformed", status: 400,
            title: "The request is malformed",
            help: """
                The bytes are not one well-formed HTTP/1.1 request (RFC 9112): a bare CR or \
                LF, whitespace before a colon, a folded line, a control byte. Two readings of \
                the same bytes are refused, not guessed.
                """),
        Entry(
            code: "request.framing", status: 400,
            title: "The request's length is ambiguous",
            help: """
                Content-Length and Transfer-Encoding conflict, repeat or are malformed (RFC \
                9112 section 6.3). Send exactly one of them.
                """),
        Entry(
            code: "request.host", status: 400,
            title: "The Host field is missing or malformed",
            help: """
                An HTTP/1.1 request carries exactly one valid Host field (RFC 9112 section \
                3.2), equal to the authority of an absolute target.
                """),
        Entry(
            code: "request.target", status: 400,
            title: "The request target is malformed",
            help: """
                The target holds bytes, encodings or a form that RFC 9112 section 3.2 does not \
                allow, such as a fragment or a raw space.
                """),
        Entry(
            code: "request.path.ambiguous", status: 400,
            title: "The path has more than one reading",
            help: """
                Dot segments, encoded slashes, backslashes, empty segments or encoded NULs in \
                a path are read differently by different servers; send the canonical path.
                """),
        Entry(
            code: "request.query.malformed", status: 400,
            title: "The query is malformed",
            help: """
                The query holds a malformed percent-encoding, an encoded control byte in a \
                name, or a separator with two readings.
                """),
        Entry(
            code: "request.target.too_long", status: 414,
            title: "The request target is too long",
            help: """
                The target is longer than listen.public.limits.target allows (8 KiB by \
                default).
                """),
        Entry(
            code: "request.head.too_large", status: 431,
            title: "The request head is too large",
            help: """
                The head has more bytes, more fields or a longer field than the listener \
                allows.
                """),
        Entry(
            code: "request.version", status: 505,
            title: "The HTTP version is not supported",
            help: """
                The listener speaks HTTP/1.1 and HTTP/1.0.
                """),
        Entry(
            code: "request.method.unknown", status: 501,
            title: "The method is not implemented",
            help: """
                The method is not one the gateway knows; methods are case-sensitive.
                """),
        Entry(
            code: "request.expectation", status: 417,
            title: "The expectation cannot be met",
            help: """
                Only `Expect: 100-continue` is understood.
                """),
        Entry(
            code: "request.proxy_protocol", status: 400,
            title: "A PROXY protocol preamble is not expected here",
            help: """
                The listener does not take the PROXY protocol; switch it off at the load \
                balancer.
                """),
        Entry(
            code: "request.upgrade.websocket", status: 501,
            title: "WebSocket is not available",
            help: """
                No route allows WebSocket upgrades yet.
                """),
        Entry(
            code: "request.timeout", status: 408,
            title: "The request took too long",
            help: """
                The head or the body did not arrive within the listener's deadlines.
                """),
        Entry(
            code: "request.body.too_large", status: 413,
            title: "The body is too large",
            help: """
                The body is larger than the route's `body.max`. Raise it (up to 16 MB) or send \
                less.
                """,
            detail: """
                The route's `body.max` bounds bodies that are held, as sent and as decoded; raise \
                it up to 16MiB, or send less.
                """),
        Entry(
            code: "request.body.budget", status: 503,
            title: "Too many bodies are being held",
            help: """
                The process-wide budget for buffered bodies is used up; try again.
                """),
        Entry(
            code: "request.body.malformed", status: 400,
            title: "The body has no single reading",
            help: """
                The route cleans bodies, and this one is not what its Content-Type says, or is \
                read differently by different readers: a duplicate or empty key, a byte order \
                mark, bytes that are not UTF-8, data behind the document, a part with two names, \
                a preamble. Send it in one reading, or let the route say `body: {clean: false}`.
                """),
        Entry(
            code: "request.body.type", status: 415,
            title: "Bodies of this type cannot be cleaned",
            help: """
                The route cleans bodies and understands JSON (also +json, JSON Patch and lines of \
                JSON), urlencoded forms and multipart forms, all in UTF-8, named by one \
                Content-Type; GraphQL documents where it says `body: {graphql: reject}`. A route \
                for other bodies (protobuf and gRPC, XML, CBOR, YAML, and forms with parts of such \
                types) says `body: {clean: false}`; they then pass as they are.
                """,
            detail: """
                The route cleans JSON and forms in UTF-8, named by one Content-Type, their parts \
                too. GraphQL needs `body: {graphql: reject}`, others `body: {clean: false}`.
                """),
        Entry(
            code: "request.body.encoding", status: 415,
            title: "The body's content coding cannot be undone",
            help: """
                The route cleans bodies, and undoes gzip and deflate. Other codings, several of \
                them, and one inside the other are refused; a route for such bodies says `body: \
                {clean: false}`.
                """,
            detail: """
                The route cleans bodies and undoes gzip or deflate, once. Other codings need \
                `body: {clean: false}` on the route.
                """),
        Entry(
            code: "request.transfer_encoding", status: 501,
            title: "The transfer coding is not implemented",
            help: """
                Only `Transfer-Encoding: chunked`, once and alone, is understood (RFC 9112 \
                section 6.1).
                """),
        Entry(
            code: "route.not_found", status: 404,
            title: "Not found",
            help: """
                No route matches this host and path, or what it names is not there or not \
                yours.
                """),
        Entry(
            code: "route.method", status: 405,
            title: "The method is not allowed here",
            help: """
                The routes that match this path do not allow the method; `Allow` lists those \
                that are.
                """),
        Entry(
            code: "route.misdirected", status: 421,
            title: "This host is not served on this connection",
            help: """
                No route serves this host.
                """),
        Entry(
            code: "cors.origin", status: 403,
            title: "The origin is not allowed",
            help: """
                The route's `cors.origins` does not list this origin.
                """),
        Entry(
            code: "token.missing", status: 401,
            title: "A credential is required",
            help: """
                Send `Authorization: Bearer <token>`, exactly once.
                """),
        Entry(
            code: "token.ambiguous", status: 401,
            title: "The credential is ambiguous",
            help: """
                More than one Authorization field, or a value that is not exactly one scheme, \
                one space and one token.
                """),
        Entry(
            code: "token.invalid", status: 401,
            title: "The credential is not valid",
            help: """
                The token could not be verified. The response does not say which check failed; \
                the access log does, under `defect`.
                """),
        Entry(
            code: "token.rate_limited", status: 429,
            title: "Too many credentials could not be verified",
            help: """
                The client's address sent more tokens with bad signatures than \
                listen.public.limits.signature_checks allows, so an unknown token from it is not \
                checked now. Tokens known to be good are not affected; `Retry-After` says when to \
                come again. Where many clients share one address because of a proxy, name the \
                proxy in `trusted_proxies`.
                """),
        Entry(
            code: "vendor_key.invalid", status: 401,
            title: "The credential is not valid",
            help: """
                The vendor key is unknown.
                """),
        Entry(
            code: "credential.ambiguous", status: 400,
            title: "The request brings more than one credential",
            help: """
                A request brings exactly one: a bearer token, an API key, a session's cookie or a \
                client certificate. Which of two would count is nobody's guess, so none does.
                """),
        Entry(
            code: "credential.misplaced", status: 400,
            title: "An API key is where it does not belong",
            help: """
                The path, the query or a cookie holds an API key, where logs and caches would \
                keep it. Send it as `Authorization: Bearer` or as `X-API-Key`, and make a new \
                one: this one may have been seen.
                """),
        Entry(
            code: "session.ambiguous", status: 401,
            title: "The request has two sessions",
            help: """
                Two cookies have the session's name, as when a host beside this one has set one \
                for all of them. Neither counts.
                """),
        Entry(
            code: "session.origin", status: 403,
            title: "The request comes from another site",
            help: """
                The credential is a cookie, which browsers send along whoever asks for it, and \
                the request would change something. It needs an `Origin` that \
                `sessions.origins` lists, and no `Sec-Fetch-Site: cross-site`.
                """,
            detail: """
                `sessions.origins` lists where such requests may come from.
                """),
        Entry(
            code: "scope.insufficient", status: 403,
            title: "The credential does not have the scope",
            help: """
                The route's `scopes` ask for one that the API key, session or token does not \
                have. `WWW-Authenticate` names what is needed (RFC 6750 section 3.1).
                """),
        Entry(
            code: "tenant.host", status: 403,
            title: "The host belongs to another tenant",
            help: """
                The host is a tenant's own domain, or its name in `tenants.hosts` is a tenant's, \
                and the credential speaks for another one.
                """),
        Entry(
            code: "tenant.unnamed", status: 400,
            title: "The request names no tenant",
            help: """
                The route's `tenant.from` lists where the tenant is named, and none of these \
                places names one. Headers and cookies count only from trusted proxies, or from \
                internal callers.
                """),
        Entry(
            code: "tenant.ambiguous", status: 400,
            title: "The request names two tenants",
            help: """
                Two places of the route's `tenant.from` name two tenants. None of them wins.
                """),
        Entry(
            code: "tenant.not_found", status: 404,
            title: "No such tenant",
            help: """
                The name that the request gives, where `tenant.from` says, is no tenant's.
                """),
        Entry(
            code: "tenant.missing", status: 403,
            title: "The credential names no tenant",
            help: """
                The token was verified but its tenant claim is absent, or not in the issuer's \
                format.
                """),
        Entry(
            code: "tenant.unknown", status: 403,
            title: "The tenant is not known",
            help: """
                The token names a tenant that is not in the gateway's directory.
                """),
        Entry(
            code: "tenant.suspended", status: 403,
            title: "The tenant is suspended",
            help: """
                Requests of this tenant are refused until it is resumed.
                """),
        Entry(
            code: "tenant.tier_unknown", status: 403,
            title: "The tenant's tier is not known",
            help: """
                Neither the directory nor the token names a tier of the policy; an unknown \
                tier is never unlimited.
                """),
        Entry(
            code: "directory.unavailable", status: 503,
            title: "Tenants cannot be looked up now",
            help: """
                The gateway follows the backend's directory and has not heard from it for longer \
                than `tenants.max_stale`, or never since it started. Nobody is let in on what may \
                no longer be true. `/readyz` and the metric `ringfence_directory_age_seconds` \
                say how old its copy is; look at the backend's `listen.feed` and its database.
                """),
        Entry(
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
                """),
        Entry(
            code: "issuer.not_allowed", status: 403,
            title: "The issuer may not speak for this tenant",
            help: """
                The token is good, and its issuer's `allow` lists neither this tenant nor a \
                beginning of its name, or not its tier. The answer is the same whether there is \
                such a tenant or not.
                """,
            detail: """
                The `allow` of the issuer decides for which tenants and tiers it may speak.
                """),
        Entry(
            code: "role.missing", status: 403,
            title: "The caller's role may not do this",
            help: """
                The route's `roles` allows this method to roles that the credential does not \
                name. The tenant's requests were not charged.
                """),
        Entry(
            code: "rate.limited", status: 429,
            title: "Too many requests",
            help: """
                The tenant, or the user, has used its requests for this minute, by one of the \
                limits that `RateLimit-Policy` lists; `Retry-After` says when the next is free.
                """),
        Entry(
            code: "rate.denied", status: 403,
            title: "No requests are allowed",
            help: """
                A limit that holds for the tenant is 0, so waiting does not help.
                """),
        Entry(
            code: "concurrency.limited", status: 429,
            title: "Too many requests at once",
            help: """
                The tenant has as many open requests as its tier's `concurrency` allows; there is \
                room when one of them ends.
                """),
        Entry(
            code: "client.rate_limited", status: 429,
            title: "Too many requests without a credential",
            help: """
                The client's address has used what `limits.unauthenticated` allows for requests \
                without a credential that was verified; `Retry-After` says when the next is free. \
                Requests with a good credential are not counted.
                """),
        Entry(
            code: "feature.missing", status: 403,
            title: "The tenant's tier does not have the feature",
            help: """
                The route asks for a `feature` that is not among those of the tenant's tier. The \
                answer names the tiers that have it.
                """),
        Entry(
            code: "gateway.overloaded", status: 503,
            title: "The gateway is at capacity",
            help: """
                A bound of this process (connections, buffers, exchanges) is reached; try \
                again.
                """),
        Entry(
            code: "gateway.draining", status: 503,
            title: "The gateway is stopping",
            help: """
                The process is finishing its open requests; connect again.
                """),
        Entry(
            code: "upstream.busy", status: 503,
            title: "The upstream has no room",
            help: """
                The upstream has as many requests as its `in_flight` allows, and the request found \
                its tenant's queue full or waited longer than `in_flight.wait`. Nothing of it was \
                sent.
                """),
        Entry(
            code: "upstream.connect", status: 502,
            title: "The upstream cannot be reached",
            help: """
                No target of the upstream accepted a connection.
                """),
        Entry(
            code: "upstream.connect_timeout", status: 504,
            title: "The upstream did not accept in time",
            help: """
                No target accepted a connection within `connect`.
                """),
        Entry(
            code: "upstream.tls", status: 502,
            title: "The upstream's TLS is not valid",
            help: """
                The handshake with the upstream failed, or its certificate is not trusted for \
                its name.
                """),
        Entry(
            code: "upstream.reset", status: 502,
            title: "The upstream closed the connection",
            help: """
                The connection ended before the response was complete. The request may have \
                been processed.
                """),
        Entry(
            code: "upstream.protocol", status: 502,
            title: "The upstream's response is malformed",
            help: """
                The bytes from the upstream are not one well-formed HTTP/1.1 response.
                """),
        Entry(
            code: "upstream.timeout", status: 504,
            title: "The upstream did not answer in time",
            help: """
                The response head did not arrive within `response`.
                """),
        Entry(
            code: "upstream.echo", status: 502,
            title: "The upstream did not confirm the tenant",
            help: """
                The upstream is declared `echo: required` and its response does not name the \
                tenant the request was made for. Nothing of it was passed on.
                """),
        Entry(
            code: "upstream.cookie_domain", status: 502,
            title: "The upstream set a cookie for other hosts",
            help: """
                The route says `responses: {cookie_domain: reject}`, and the upstream's response \
                sets a cookie with a Domain, which browsers would send to every host below it, \
                those of other tenants among them. Nothing of it was passed on.
                """),
        Entry(
            code: "upstream.unresolved", status: 502,
            title: "The upstream's name does not resolve",
            help: """
                No address is known for the upstream's host name.
                """),
        Entry(
            code: "client.closed", status: 499,
            title: "The client went away",
            help: """
                The client closed its connection before its response was complete. Nobody was \
                answered; the code appears in the access log and in metrics only.
                """),
        Entry(
            code: "internal.scan", status: 500,
            title: "The rewritten request failed its second reading",
            help: """
                The independent scanner found another tenant than the verified one in the head \
                about to be sent. Nothing was sent. This is a bug: please report it.
                """),
        Entry(
            code: "internal.error", status: 500,
            title: "Something broke inside",
            help: """
                The process met a state it cannot explain; the request was not forwarded.
                """),
        Entry(
            code: "assertion.missing", status: 401,
            title: "The gateway's assertion is required",
            help: """
                This service takes requests only through the gateway; they carry a \
                Ringfence-Assertion field.
                """),
        Entry(
            code: "assertion.invalid", status: 401,
            title: "The gateway's assertion is not valid",
            help: """
                The assertion is expired, forged, for another audience, or does not belong to \
                this request.
                """),
        Entry(
            code: "assertion.replayed", status: 401,
            title: "The request was seen before",
            help: """
                Each assertion is accepted once.
                """),
        Entry(
            code: "assertion.seal", status: 401,
            title: "The gateway's seal is required",
            help: """
                The database behind this service takes a tenant from the gateway's seal only. The \
                assertion holds none, or one of another tenant or vendor.
                """),
        Entry(
            code: "scope.required", status: 403,
            title: "The credential has the wrong scope",
            help: """
                This endpoint needs a vendor credential, or a tenant's.
                """),
        Entry(
            code: "resource.not_found", status: 404,
            title: "Not found",
            help: """
                It is not there, or it is not yours; the two answers are the same.
                """),
        Entry(
            code: "resource.conflict", status: 409,
            title: "It exists already",
            help: """
                A resource with this name exists with other content.
                """),
        Entry(
            code: "input.invalid", status: 422,
            title: "The input is not valid",
            help: """
                A field of the body or a parameter is missing, has the wrong type, or is out \
                of bounds; `detail` names it.
                """),
        Entry(
            code: "input.malformed", status: 400,
            title: "The body is not valid JSON",
            help: """
                The body must be one strict JSON object in UTF-8 (RFC 8259) without duplicate \
                keys.
                """),
        Entry(
            code: "input.type", status: 415,
            title: "The content type is not supported",
            help: """
                Send `Content-Type: application/json`.
                """),
        Entry(
            code: "database.unavailable", status: 503,
            title: "The database cannot be reached",
            help: """
                No database connection was available; nothing was changed. Try again.
                """),
        Entry(
            code: "database.timeout", status: 503,
            title: "The database did not answer in time",
            help: """
                The deadline of the request passed before its transaction was committed.
                """),
        Entry(
            code: "database.seal", status: 503,
            title: "The database does not take the gateway's seal",
            help: """
                Nothing was read or written. The key the gateway seals with is not, or no longer, \
                one of the database's, or their clocks differ by more than a seal lives: the \
                operator installs the current key (`ringfence-backend db seal-key list`).
                """),
    ]
}
