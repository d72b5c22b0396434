/// Limits, upstreams and the gateway itself.
extension Refusal.Entry {
    static let directoryUnavailable = Self(
        code: "directory.unavailable", status: 503,
        title: "Tenants cannot be looked up now",
        help: """
            The gateway follows the backend's directory and has not heard from it for longer \
            than `tenants.max_stale`, or never since it started. Nobody is let in on what may \
            no longer be true. `/readyz` and the metric `ringfence_directory_age_seconds` \
            say how old its copy is; look at the backend's `listen.feed` and its database.
            """)

    static let rateLimited = Self(
        code: "rate.limited", status: 429,
        title: "Too many requests",
        help: """
            The tenant, or the user, has used its requests for this minute, by one of the \
            limits that `RateLimit-Policy` lists; `Retry-After` says when the next is free.
            """)

    static let rateDenied = Self(
        code: "rate.denied", status: 403,
        title: "No requests are allowed",
        help: """
            A limit that holds for the tenant is 0, so waiting does not help.
            """)

    static let concurrencyLimited = Self(
        code: "concurrency.limited", status: 429,
        title: "Too many requests at once",
        help: """
            The tenant has as many open requests as its tier's `concurrency` allows; there is \
            room when one of them ends.
            """)

    static let clientRateLimited = Self(
        code: "client.rate_limited", status: 429,
        title: "Too many requests without a credential",
        help: """
            The client's address has used what `limits.unauthenticated` allows for requests \
            without a credential that was verified; `Retry-After` says when the next is free. \
            Requests with a good credential are not counted.
            """)

    static let overloaded = Self(
        code: "gateway.overloaded", status: 503,
        title: "The gateway is at capacity",
        help: """
            A bound of this process (connections, buffers, exchanges) is reached; try \
            again.
            """)

    static let draining = Self(
        code: "gateway.draining", status: 503,
        title: "The gateway is stopping",
        help: """
            The process is finishing its open requests; connect again.
            """)

    static let upstreamBusy = Self(
        code: "upstream.busy", status: 503,
        title: "The upstream has no room",
        help: """
            The upstream has as many requests as its `in_flight` allows, and the request found \
            its tenant's queue full or waited longer than `in_flight.wait`. Nothing of it was \
            sent.
            """)

    static let upstreamConnect = Self(
        code: "upstream.connect", status: 502,
        title: "The upstream cannot be reached",
        help: """
            No target of the upstream accepted a connection.
            """)

    static let upstreamConnectTimeout = Self(
        code: "upstream.connect_timeout", status: 504,
        title: "The upstream did not accept in time",
        help: """
            No target accepted a connection within `connect`.
            """)

    static let upstreamTLS = Self(
        code: "upstream.tls", status: 502,
        title: "The upstream's TLS is not valid",
        help: """
            The handshake with the upstream failed, or its certificate is not trusted for \
            its name.
            """)

    static let upstreamReset = Self(
        code: "upstream.reset", status: 502,
        title: "The upstream closed the connection",
        help: """
            The connection ended before the response was complete. The request may have \
            been processed.
            """)

    static let upstreamProtocol = Self(
        code: "upstream.protocol", status: 502,
        title: "The upstream's response is malformed",
        help: """
            The bytes from the upstream are not one well-formed HTTP/1.1 response.
            """)

    static let upstreamTimeout = Self(
        code: "upstream.timeout", status: 504,
        title: "The upstream did not answer in time",
        help: """
            The response head did not arrive within `response`.
            """)

    static let upstreamEcho = Self(
        code: "upstream.echo", status: 502,
        title: "The upstream did not confirm the tenant",
        help: """
            The upstream is declared `echo: required` and its response does not name the \
            tenant the request was made for. Nothing of it was passed on.
            """)

    static let upstreamCookieDomain = Self(
        code: "upstream.cookie_domain", status: 502,
        title: "The upstream set a cookie for other hosts",
        help: """
            The route says `responses: {cookie_domain: reject}`, and the upstream's response \
            sets a cookie with a Domain, which browsers would send to every host below it, \
            those of other tenants among them. Nothing of it was passed on.
            """)

    static let upstreamUnresolved = Self(
        code: "upstream.unresolved", status: 502,
        title: "The upstream's name does not resolve",
        help: """
            No address is known for the upstream's host name.
            """)

    static let clientClosed = Self(
        code: "client.closed", status: 499,
        title: "The client went away",
        help: """
            The client closed its connection before its response was complete. Nobody was \
            answered; the code appears in the access log and in metrics only.
            """)

    static let internalScan = Self(
        code: "internal.scan", status: 500,
        title: "The rewritten request failed its second reading",
        help: """
            The independent scanner found another tenant than the verified one in the head \
            about to be sent. Nothing was sent. This is a bug: please report it.
            """)

    static let internalError = Self(
        code: "internal.error", status: 500,
        title: "Something broke inside",
        help: """
            The process met a state it cannot explain; the request was not forwarded.
            """)
}
