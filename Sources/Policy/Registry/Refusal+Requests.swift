/// What is wrong with a request as it came.
extension Refusal.Entry {
    static let requestMalformed = Self(
        code: "request.malformed", status: 400,
        title: "The request is malformed",
        help: """
            The bytes are not one well-formed HTTP/1.1 request (RFC 9112): a bare CR or \
            LF, whitespace before a colon, a folded line, a control byte. Two readings of \
            the same bytes are refused, not guessed.
            """)

    static let requestFraming = Self(
        code: "request.framing", status: 400,
        title: "The request's length is ambiguous",
        help: """
            Content-Length and Transfer-Encoding conflict, repeat or are malformed (RFC \
            9112 section 6.3). Send exactly one of them.
            """)

    static let requestHost = Self(
        code: "request.host", status: 400,
        title: "The Host field is missing or malformed",
        help: """
            An HTTP/1.1 request carries exactly one valid Host field (RFC 9112 section \
            3.2), equal to the authority of an absolute target.
            """)

    static let requestTarget = Self(
        code: "request.target", status: 400,
        title: "The request target is malformed",
        help: """
            The target holds bytes, encodings or a form that RFC 9112 section 3.2 does not \
            allow, such as a fragment or a raw space.
            """)

    static let requestPathAmbiguous = Self(
        code: "request.path.ambiguous", status: 400,
        title: "The path has more than one reading",
        help: """
            Dot segments, encoded slashes, backslashes, empty segments or encoded NULs in \
            a path are read differently by different servers; send the canonical path.
            """)

    static let requestQueryMalformed = Self(
        code: "request.query.malformed", status: 400,
        title: "The query is malformed",
        help: """
            The query holds a malformed percent-encoding, an encoded control byte in a \
            name, or a separator with two readings.
            """)

    static let requestTargetTooLong = Self(
        code: "request.target.too_long", status: 414,
        title: "The request target is too long",
        help: """
            The target is longer than listen.public.limits.target allows (8 KiB by \
            default), or its query has more than 1,000 parameters, one that the route adds \
            and empty ones included.
            """)

    static let requestHeadTooLarge = Self(
        code: "request.head.too_large", status: 431,
        title: "The request head is too large",
        help: """
            The head has more bytes, more fields or a longer field than the listener \
            allows.
            """)

    static let requestVersion = Self(
        code: "request.version", status: 505,
        title: "The HTTP version is not supported",
        help: """
            The listener speaks HTTP/1.1 and HTTP/1.0.
            """)

    static let requestMethodUnknown = Self(
        code: "request.method.unknown", status: 501,
        title: "The method is not implemented",
        help: """
            The method is not one the gateway knows; methods are case-sensitive.
            """)

    static let requestExpectation = Self(
        code: "request.expectation", status: 417,
        title: "The expectation cannot be met",
        help: """
            Only `Expect: 100-continue` is understood.
            """)

    static let requestProxyProtocol = Self(
        code: "request.proxy_protocol", status: 400,
        title: "A PROXY protocol preamble is not expected here",
        help: """
            The listener does not take the PROXY protocol; switch it off at the load \
            balancer.
            """)

    static let requestUpgradeWebSocket = Self(
        code: "request.upgrade.websocket", status: 501,
        title: "WebSocket is not available",
        help: """
            No route allows WebSocket upgrades yet.
            """)

    static let requestTimeout = Self(
        code: "request.timeout", status: 408,
        title: "The request took too long",
        help: """
            The head or the body did not arrive within the listener's deadlines.
            """)

    static let requestBodyTooLarge = Self(
        code: "request.body.too_large", status: 413,
        title: "The body is too large",
        help: """
            The body is larger than the route's `body.max`. Raise it (up to 16 MB) or send \
            less.
            """,
        detail: """
            The route's `body.max` bounds bodies that are held, as sent and as decoded; raise \
            it up to 16MiB, or send less.
            """)

    static let requestBodyBudget = Self(
        code: "request.body.budget", status: 503,
        title: "Too many bodies are being held",
        help: """
            The process-wide budget for buffered bodies is used up; try again.
            """)

    static let requestBodyMalformed = Self(
        code: "request.body.malformed", status: 400,
        title: "The body has no single reading",
        help: """
            The route cleans bodies, and this one is not what its Content-Type says, or is \
            read differently by different readers: a duplicate or empty key, a name in two \
            spellings (`path` and `Path` of a patch), a byte order mark, bytes that are not \
            UTF-8, data behind the document, a part with two names, a preamble. Send it in one \
            reading, or let the route say `body: {clean: false}`.
            """)

    static let requestBodyType = Self(
        code: "request.body.type", status: 415,
        title: "Bodies of this type cannot be cleaned",
        help: """
            The route cleans bodies and understands JSON (also +json, JSON Patch and lines of \
            JSON), urlencoded forms and multipart forms, all in UTF-8, named by one \
            Content-Type; GraphQL documents where it says `body: {graphql: reject}`. A route \
            for other bodies (protobuf and gRPC, XML, CBOR, YAML, and forms with parts of such \
            types) says `body: {clean: false}`; they then pass as they are. Beside a query, or \
            where `inject.query` adds one, the type of such a body names UTF-8, ISO 8859, a \
            page of Windows (windows-1252) or no character set: readers decode the query so, \
            and in another (`charset=utf-7`, however it is spelt) it has other names.
            """,
        detail: """
            The route cleans JSON and forms in UTF-8, named by one Content-Type, their parts \
            too. GraphQL needs `body: {graphql: reject}`, others `body: {clean: false}`. \
            Queries are UTF-8 too.
            """)

    static let requestBodyEncoding = Self(
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
            """)

    static let requestTransferEncoding = Self(
        code: "request.transfer_encoding", status: 501,
        title: "The transfer coding is not implemented",
        help: """
            Only `Transfer-Encoding: chunked`, once and alone, is understood (RFC 9112 \
            section 6.1).
            """)
}
