/// A7: what a verified caller's role may not do. Route `/roles/**` has `GET: [reader, admin]` and
/// `DELETE: [admin]`; every other method is for everybody.
enum RoleCases {
    private static let missing = Verdict.declined(403, "role.missing")
    private static let challenge = Fact.reply(
        "WWW-Authenticate", #"Bearer error="insufficient_scope""#)

    /// A request with a token that says this role, as JSON; none where it is `nil`.
    private static func row(
        _ id: String, _ method: String, role: String?, _ verdict: Verdict, lines: String = "",
        _ facts: Fact...
    ) -> Case {
        let wire = "\(method) /roles/x HTTP/1.1\r\n{host}Authorization: Bearer {\(id)}\r\n"
        let row = Case(id, wire + lines + "\r\n", verdict, facts)
        return row.changed { row in
            row.recipe = TokenRecipe(changes: role.map { ["role": $0] } ?? [:])
        }
    }

    static let all: [Case] = [
        row("A7ra", "GET", role: #""reader""#, .forwarded),
        row("A7rb", "GET", role: #""admin""#, .forwarded),
        row("A7rc", "GET", role: nil, missing, challenge),
        row("A7rd", "GET", role: #""writer""#, missing, challenge),
        row("A7re", "HEAD", role: #""reader""#, .forwarded, .method("HEAD")),
        row("A7rg", "DELETE", role: #""admin""#, .forwarded),
        row("A7rh", "DELETE", role: #""reader""#, missing, challenge),
        row("A7ri", "POST", role: nil, .forwarded),
        row("A7rj", "OPTIONS", role: nil, .forwarded),
        // Byte for byte, and one text.
        row("A7rk", "GET", role: #""Reader""#, missing),
        row("A7rl", "GET", role: #""reader ""#, missing),
        row("A7rm", "GET", role: #""reader,admin""#, missing),
        row("A7rn", "GET", role: #""""#, .declined(401, "claims.role")),
        row("A7ro", "GET", role: #"["admin"]"#, .declined(401, "claims.role")),
        row("A7rp", "GET", role: "true", .declined(401, "claims.role")),
        // Nobody says the role but the token, and the method but the request line.
        row("A7rq", "GET", role: nil, missing, lines: "X-Role: admin\r\nRole: admin\r\n"),
        row(
            "A7rs", "DELETE", role: #""reader""#, missing,
            lines: "X-HTTP-Method-Override: GET\r\n"),
        row(
            "A7rt", "GET", role: #""reader""#, .forwarded,
            lines: "X-HTTP-Method-Override: DELETE\r\n", .method("GET"),
            .lacks("X-HTTP-Method-Override")),
        // Before anything is cleaned: that a tenant was named is not even looked at.
        row("A7ru", "DELETE", role: nil, missing, lines: "X-Tenant-ID: evil\r\n"),
        .raw(
            "A7rv", "DELETE /roles/x HTTP/1.1\r\n{host}\r\n", .declined(401, "token.missing"),
            .reply("WWW-Authenticate", "Bearer")),
        // A preflight is a browser's question, not the caller's request.
        .raw(
            "A7rw",
            "OPTIONS /roles/x HTTP/1.1\r\n{host}Origin: https://app.test\r\n"
                + "Access-Control-Request-Method: DELETE\r\n\r\n", .answered(204)),
    ]
}
