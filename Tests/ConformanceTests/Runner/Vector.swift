/// A vector of the attack catalogue, in words.
struct Vector: Sendable {
    let id: String
    let title: String

    init(_ id: String, _ title: String) {
        self.id = id
        self.title = title
    }

    /// The vector of a row: its id without the letters behind the number.
    static func part(of id: String) -> String {
        String(id.prefix { $0.isUppercase }) + id.drop { $0.isUppercase }.prefix { $0.isNumber }
    }

    static func title(of id: String) -> String {
        all.first { $0.id == id }?.title ?? "no vector of the catalogue"
    }

    /// Those that must have rows, in the order of the catalogue; others may have.
    static let required: [String] =
        numbered("H", 1...20) + numbered("Q", 1...14) + numbered("P", 1...11) + ["P13", "P14"]
        + numbered("C", 1...5) + numbered("B", 1...25) + numbered("S", 1...18) + ["S20"]
        + numbered("U", 1...3) + ["U5", "U6", "U8"] + numbered("A", 1...8) + numbered("K", 1...5)
        + numbered("N", 1...6) + numbered("J", 1...16) + numbered("R", 1...8)
        + numbered("L", 1...24)

    /// Those that wait for what is not built; each has rows that are pending.
    static let waiting: [String] = ["P12", "S19", "U4", "U7"]

    private static func numbered(_ section: String, _ range: ClosedRange<Int>) -> [String] {
        range.map { "\(section)\($0)" }
    }

    static let all: [Vector] =
        headers + queries + paths + bodies + framings + others + limits + tokens + readers

    private static let headers = [
        Vector("H1", "the tenant's field itself"),
        Vector("H2", "the tenant's field in other cases"),
        Vector("H3", "the tenant's field several times"),
        Vector("H4", "underscores and other characters that CGI folds into `-`"),
        Vector("H5", "`Connection` nominates the tenant's field for removal"),
        Vector("H6", "`Connection` in other shapes"),
        Vector("H7", "white space before the colon (RFC 9112 section 5.1)"),
        Vector("H8", "an indented first field line (RFC 9112 section 2.2)"),
        Vector("H9", "a folded field line (RFC 9112 section 5.2)"),
        Vector("H10", "a line ended by LF alone"),
        Vector("H11", "a line ended by CR alone (RFC 9112 section 2.2)"),
        Vector("H12", "NUL and control characters (RFC 9110 section 5.5)"),
        Vector("H13", "bytes above 0x7f"),
        Vector("H14", "no name, no colon, nothing"),
        Vector("H15", "a trailer section behind a chunked body"),
        Vector("H16", "other names that mean a tenant"),
        Vector("H17", "what only a trusted proxy may say"),
        Vector("H18", "what only the gateway may say"),
        Vector("H19", "line ends and spaces inside values"),
        Vector("H20", "more or longer fields than the bounds allow"),
        Vector("C1", "the tenant in a cookie"),
        Vector("C2", "several `Cookie` lines"),
        Vector("C3", "two session cookies"),
        Vector("C4", "cookies of odd forms and sizes"),
        Vector("C5", "a cookie as the only credential of a change"),
    ]

    private static let queries = [
        Vector("Q1", "the tenant in the query"),
        Vector("Q2", "the tenant in the query several times"),
        Vector("Q3", "the name percent-encoded"),
        Vector("Q4", "the name in other cases and styles"),
        Vector("Q5", "the name in brackets and paths"),
        Vector("Q6", "`;` between parameters"),
        Vector("Q7", "no value, no name, empty parameters"),
        Vector("Q8", "the name encoded twice"),
        Vector("Q9", "malformed percent-encoding"),
        Vector("Q10", "control characters in a name"),
        Vector("Q11", "a fragment in the target"),
        Vector("Q12", "more or longer parameters than the bounds allow"),
        Vector("Q13", "a route that adds the tenant to the query"),
        Vector("Q14", "the tenant in query and body"),
    ]

    private static let paths = [
        Vector("P1", "the tenant in the path"),
        Vector("P2", "dot segments"),
        Vector("P3", "encoded dots and slashes"),
        Vector("P4", "empty segments and NUL"),
        Vector("P5", "parameters of segments"),
        Vector("P6", "bytes no target may have"),
        Vector("P7", "the absolute form (RFC 9112 section 3.2.2)"),
        Vector("P8", "the absolute form, malformed"),
        Vector("P9", "no `Host`, two, or a malformed one (RFC 9112 section 3.2)"),
        Vector("P10", "spellings of one host"),
        Vector("P11", "`Host` and the name asked for in TLS"),
        Vector("P12", "`:authority` and `host` (HTTP/2)"),
        Vector("P13", "other forms of target, other versions"),
        Vector("P14", "targets and methods at their bounds"),
    ]

    private static let framings = [
        Vector("S1", "both length and chunked (RFC 9112 section 6.3)"),
        Vector("S2", "codings other than chunked alone"),
        Vector("S3", "`Transfer-Encoding` in disguise"),
        Vector("S4", "two `Transfer-Encoding` lines"),
        Vector("S5", "lengths that are no plain number (RFC 9112 section 6.3)"),
        Vector("S6", "two lengths"),
        Vector("S7", "chunked in HTTP/1.0 (RFC 9112 section 6.1)"),
        Vector("S8", "chunk sizes that are no plain number"),
        Vector("S9", "chunk extensions"),
        Vector("S10", "chunk data without its end"),
        Vector("S11", "the last chunk and the end of a body"),
        Vector("S12", "a body nobody reads is never the next request"),
        Vector("S13", "an upstream connection is used again only when it is clean"),
        Vector("S14", "line ends of the whole head"),
        Vector("S15", "HTTP/0.9"),
        Vector("S16", "request lines"),
        Vector("S17", "many requests in one write"),
        Vector("S18", "a body with any method"),
        Vector("S19", "the PROXY protocol where it is not enabled"),
        Vector("S20", "a request cut at every byte"),
    ]

    private static let limits = [
        Vector("R1", "one tenant in many disguises"),
        Vector("R2", "many credentials of one tenant"),
        Vector("R3", "many connections, many requests in one write, bursts"),
        Vector("R4", "what is counted"),
        Vector("R5", "workers and gateways"),
        Vector("R6", "a change of tier, and limits that are none"),
        Vector("R7", "what a refusal says is true"),
        Vector("R8", "addresses without a verified credential"),
    ]

    private static let others = [
        Vector("U1", "CONNECT"),
        Vector("U2", "TRACE and TRACK"),
        Vector("U3", "`Upgrade`"),
        Vector("U4", "WebSocket"),
        Vector("U5", "methods in other places"),
        Vector("U6", "unknown methods, methods of a route"),
        Vector("U7", "`Range`"),
        Vector("U8", "fields for proxies"),
        Vector("A1", "two credentials"),
        Vector("A2", "forms of the credential"),
        Vector("A3", "the credential in query or body"),
        Vector("A4", "credentials of two kinds"),
        Vector("A5", "a key in Basic authentication"),
        Vector("A6", "the credential and the upstream"),
        Vector("A7", "401, 403 and 404"),
        Vector("A8", "no secret in answers and logs"),
        Vector("X5", "cross-origin requests"),
        Vector("X7", "cookies for other hosts"),
        Vector("X9", "caches"),
        Vector("O1", "answers with fields of this side"),
        Vector("O2", "an upstream that must name the tenant it worked for"),
        Vector("O3", "cookies an upstream sets under a tenant's name"),
        Vector("W1", "routes in shadow"),
    ]

    private static let bodies = [
        Vector("B1", "the tenant in a JSON body"),
        Vector("B2", "a JSON body with a key twice"),
        Vector("B3", "a JSON key with escapes"),
        Vector("B4", "JSON keys in other cases and styles"),
        Vector("B5", "JSON keys with control characters, and empty ones"),
        Vector("B6", "byte order marks and other encodings of JSON"),
        Vector("B7", "JSON strings that are not UTF-8, or hold what they must not"),
        Vector("B8", "what is almost JSON (RFC 8259)"),
        Vector("B9", "data behind a JSON document"),
        Vector("B10", "JSON numbers keep their bytes"),
        Vector("B11", "depth, keys, values and bytes at their bounds"),
        Vector("B12", "many keys in one object"),
        Vector("B13", "JSON documents that are no object"),
        Vector("B14", "what a body is called"),
        Vector("B15", "content codings (RFC 9110 section 8.4)"),
        Vector("B16", "a content coding that is not the body's"),
        Vector("B17", "the tenant in a form"),
        Vector("B18", "the tenant in a multipart form (RFC 7578)"),
        Vector("B19", "two names for one part"),
        Vector("B20", "GraphQL"),
        Vector("B21", "XML"),
        Vector("B22", "lines of JSON, and what cannot be cleaned"),
        Vector("B23", "a body to be cleaned, with any method"),
        Vector("B24", "a body to be cleaned, in any pieces"),
        Vector("B25", "a body larger than the bound"),
    ]

    private static let tokens = [
        Vector("J0", "a good token"),
        Vector("J1", "`alg: none`, no signature, no algorithm"),
        Vector("J2", "HMAC with what is public"),
        Vector("J3", "another algorithm of the family"),
        Vector("J4", "signatures that are not this token's"),
        Vector("J5", "`kid`"),
        Vector("J6", "keys that a token brings or names"),
        Vector("J7", "`crit`, `zip`, nesting, encryption"),
        Vector("J8", "times"),
        Vector("J9", "issuer and audience"),
        Vector("J10", "the tenant's claim"),
        Vector("J11", "other spellings of one token"),
        Vector("J12", "sizes and shapes of the payload"),
        Vector("J13", "bytes around a token"),
        Vector("J14", "the tier's claim"),
        Vector("J15", "a clock that is stepped"),
        Vector("J16", "a flood of forged tokens"),
        Vector("N1", "a UUID has one form"),
        Vector("N2", "numbers"),
        Vector("N3", "case and white space"),
        Vector("N4", "reserved names"),
        Vector("N5", "a tenant that was deleted"),
        Vector("K1", "keys that are none, in one answer"),
        Vector("K2", "a key is found by its id and compared by its digest"),
        Vector("K3", "other spellings of a key"),
        Vector("K4", "a key in two fields, or where it does not belong"),
        Vector("K5", "a key whose tier has no keys, and the scopes of one"),
        Vector("N6", "an issuer speaks for its own tenants only"),
    ]

    /// What libjwt 1.10.2 lets through when it is used alone.
    private static let readers = [
        Vector("L1", "an empty key verifies anything"),
        Vector("L2", "a decoding that failed half-way has no claims and no error"),
        Vector("L3", "a public PEM as HMAC secret"),
        Vector("L4", "`alg: none` in any case"),
        Vector("L5", "algorithm names in any case, twice, with a space"),
        Vector("L6", "neither hash nor curve is bound to the key"),
        Vector("L7", "weak keys"),
        Vector("L8", "times, audience and issuer are not looked at"),
        Vector("L9", "what is no usable number"),
        Vector("L10", "what is no usable text"),
        Vector("L11", "a claim twice"),
        Vector("L12", "line ends in the tenant"),
        Vector("L13", "malformed JSON"),
        Vector("L14", "text behind the payload's object"),
        Vector("L15", "bytes that are no base64url are skipped"),
        Vector("L16", "RS and ES signatures have many spellings"),
        Vector("L17", "HS tokens with a tail"),
        Vector("L18", "bytes behind a NUL"),
        Vector("L19", "types of token"),
        Vector("L20", "header parameters are ignored"),
        Vector("L21", "the payload is read before the signature is"),
        Vector("L22", "a segment larger than the stack ends the process"),
        Vector("L23", "forms of key"),
        Vector("L24", "memory after many failures"),
    ]
}
