/// Section A: where the credential stands, and what becomes of it. A8 is among the scenarios.
enum CredentialCases {
    static let all = placement + kinds + sessions + hosts + forwarding + statuses

    private static let missing = Verdict.declined(401, "token.missing")
    private static let ambiguous = Verdict.declined(401, "token.ambiguous")

    private static let placement: [Case] = [
        .bare("A1a", "{auth}Authorization: Bearer {acme}", ambiguous),
        .bare("A1b", "{auth}Authorization: Bearer {globex}", ambiguous),
        .bare("A1c", "Authorization: Basic YTpi\r\n{auth}X: 1", ambiguous),
        .bare("A1d", "{auth}Authorization: Basic YTpi", ambiguous),
        .bare("A1e", "{auth}Authorization:", ambiguous),
        .bare("A1f", "{auth}authorization: Bearer {acme}", ambiguous),
        .bare("A2a", "Authorization: Bearer {acme}, Bearer {acme}", ambiguous),
        .bare("A2b", "Authorization: Bearer  {acme}", ambiguous),
        .bare("A2c", "Authorization: bearer {acme}", .forwarded),
        .bare("A2d", "Authorization: BEARER {acme}", .forwarded),
        .bare("A2e", "Authorization: Bearer\t{acme}", ambiguous),
        .bare("A2f", "Authorization: Bearer {acme} junk", ambiguous),
        .bare("A2g", "Authorization: Bearer{acme}", ambiguous),
        .bare("A2h", "Authorization:", missing),
        .bare("A2i", "Authorization: Bearer", ambiguous),
        .bare("A2j", "Authorization: Bearer ", ambiguous),
        .bare("A2k", "Authorization: {acme}", ambiguous),
        .bare("A2l", "Authorization: Bearer {acme},", ambiguous),
        .bare("A2m", "Authorization: Bearer \"{acme}\"", .declined(401, "form.alphabet")),
        .bare("A2n", "Authorization: \t Bearer {acme} \t", .forwarded),
        .bare("A2o", "X: 1", missing, .reply("WWW-Authenticate", "Bearer")),
        .bare("A2p", "Authorization_: Bearer {acme}", missing),
        .bare("A2q", "X-Authorization: Bearer {acme}", missing),
        .bare("A2r", "Authorization: Basic YTpi", ambiguous),
        .bare("A2s", "Proxy-Authorization: Bearer {acme}", missing),
        .bare("A2t", "Cookie: token={acme}", missing),
        .bare("A2u", "Connection: Authorization\r\nAuthorization: Bearer {acme}", .forwarded),
        // RFC 6750 section 2.3 advises against tokens in a URI: they are no credential here.
        .raw("A3a", "GET /a?access_token={acme} HTTP/1.1\r\n{host}\r\n", missing),
        .raw("A3b", "GET /a?token={acme} HTTP/1.1\r\n{host}\r\n", missing),
        .raw("A3c", "GET /a?Authorization=Bearer%20{acme} HTTP/1.1\r\n{host}\r\n", missing),
        .raw(
            "A3d",
            "POST /a HTTP/1.1\r\n{host}Content-Type: application/x-www-form-urlencoded\r\n"
                + "Content-Length: 15\r\n\r\naccess_token=ey", missing),
        .raw("A3e", "GET /a?access_token={globex} HTTP/1.1\r\n{host}{auth}\r\n", .forwarded),
    ]

    private static let two = Verdict.declined(400, "credential.ambiguous")

    /// A4: two kinds of credential, on a route that takes one of them and on one that takes both.
    private static let kinds: [Case] = [
        .get("A4a", "X-API-Key: rf_live_1", two), .get("A4b", "X-API-Key: evil", two),
        .get("A4c", "x-api-key:", two),
        .raw(
            "A4d", "GET /kinds/x HTTP/1.1\r\n{host}{auth}Cookie: __Host-session=a\r\n\r\n", two),
        .raw(
            "A4e",
            "GET /kinds/x HTTP/1.1\r\n{host}X-API-Key: k\r\nCookie: a=1; __Host-session=a\r\n\r\n",
            two),
        .raw("A4f", "GET /kinds/x HTTP/1.1\r\n{host}{auth}X-API-Key: k\r\n\r\n", two),
        .raw(
            "A4g", "GET /kinds/x HTTP/1.1\r\n{host}Authorization: Bearer rf_live_1\r\n\r\n",
            .declined(401, "token.invalid")),
        .raw("A4h", "GET /kinds/x HTTP/1.1\r\n{host}X-API-Key: k\r\n\r\n", missing),
        // Where no sessions are taken their cookie is one more, and taken out.
        .get("A4i", "Cookie: __Host-session=a", .forwarded, .lacks("Cookie")),
        .get("A4j", "Cookie: b=1; __Host-session=a", .forwarded, .field("Cookie", "b=1")),
        .raw("A4k", "GET /kinds/x HTTP/1.1\r\n{host}{auth}\r\n", .forwarded),
        .raw(
            "A6b", "GET /passing/key HTTP/1.1\r\n{host}X_API_Key: k\r\n{auth}\r\n", .forwarded,
            .lacks("X_API_Key"), .credentialPasses),
    ]

    /// A session token in the cookie, or where the row says.
    private static func session(
        _ id: String, _ line: String, _ fields: String, _ verdict: Verdict,
        tenant: String = "acme", header: String = sessionHeader, key: String = "session.key"
    ) -> Case {
        Case(id, "\(line) HTTP/1.1\r\n{host}\(fields)\r\n", verdict, []).changed { row in
            row.recipe = TokenRecipe(
                header: header,
                changes: [
                    "iss": #""ringfence-sessions""#, "aud": "", "tenant_id": "",
                    "tenant": "\"\(tenant)\"",
                ], signer: .hmac(file: key))
        }
    }

    private static let sessionHeader = #"{"alg":"HS256","typ":"ringfence-session+jwt"}"#
    private static let foreign = Verdict.declined(403, "session.origin")
    private static let twice = Verdict.declined(401, "session.ambiguous")
    private static let own = "Origin: https://app.test\r\n"

    private static let sessions: [Case] = [
        .raw(
            "C3a",
            "GET /kinds/x HTTP/1.1\r\n{host}Cookie: __Host-session=a; __Host-session=b\r\n\r\n",
            twice),
        .raw(
            "C3b",
            "GET /kinds/x HTTP/1.1\r\n{host}Cookie: __Host-session=a\r\n"
                + "Cookie: __Host-session=a\r\n\r\n", twice),
        .raw(
            "C5a",
            "POST /kinds/x HTTP/1.1\r\n{host}Cookie: __Host-session=a\r\n"
                + "Origin: https://evil.test\r\nContent-Length: 0\r\n\r\n", foreign),
        session("C5b", "GET /kinds/s", "Cookie: __Host-session={C5b}\r\n", .forwarded),
        session("C5c", "DELETE /kinds/s", "Cookie: __Host-session={C5c}\r\n" + own, .forwarded),
        session("C5d", "DELETE /kinds/s", "Cookie: __Host-session={C5d}\r\n", foreign),
        session(
            "C5e", "DELETE /kinds/s",
            "Cookie: __Host-session={C5e}\r\nSec-Fetch-Site: cross-site\r\n" + own, foreign),
        session(
            "C5f", "DELETE /kinds/s", "Cookie: __Host-session={C5f}\r\nOrigin: null\r\n",
            foreign),
        session("C5g", "DELETE /kinds/s", "Authorization: Bearer {C5g}\r\n", .forwarded),
        // RFC 8725 section 3.12: a session is no access token, and the reverse.
        session(
            "C5h", "GET /a/s", "Authorization: Bearer {C5h}\r\n", .declined(401, "header.alg")),
        session(
            "C5i", "GET /kinds/s", "Cookie: __Host-session={C5i}\r\n",
            .declined(401, "header.typ"), header: #"{"alg":"HS256","typ":"JWT"}"#),
        session(
            "C5j", "GET /kinds/s", "Cookie: __Host-session={C5j}\r\n",
            .declined(401, "signature"), key: "hs.key"),
        session(
            "C5k", "GET /hs", "Authorization: Bearer {C5k}\r\n", .declined(401, "header.typ")),
    ]

    /// P11: `{tenant}.tenants.test` is a tenant's; under TLS see the scenario.
    private static let hosts: [Case] = [
        .raw(
            "P11a", "GET /a/p11 HTTP/1.1\r\nHost: globex.tenants.test\r\n{auth}\r\n",
            .declined(403, "tenant.host")
        ).inTheClear,
        .raw(
            "P11b", "GET /a/p11 HTTP/1.1\r\nHost: GLOBEX.tenants.test.:80\r\n{auth}\r\n",
            .declined(403, "tenant.host")
        ).inTheClear,
        .raw(
            "P11c", "GET /a/p11 HTTP/1.1\r\nHost: acme.tenants.test\r\n{auth}\r\n", .forwarded
        ).inTheClear,
        .raw(
            "P11d",
            "GET http://globex.tenants.test/a/p11 HTTP/1.1\r\n"
                + "Host: globex.tenants.test\r\n{auth}\r\n", .declined(403, "tenant.host")
        ).inTheClear,
    ]

    private static let forwarding: [Case] = [
        .get("A6a", "X-A: 1", .forwarded, .lacks("Authorization")),
        .get("A6c", "Api-Key: k", .forwarded, .lacks("Api-Key")),
        .get("A6d", "X-Auth-Token: k", .forwarded, .lacks("X-Auth-Token")),
        .get("A6e", "X_API_Key: k", .forwarded, .lacks("X_API_Key")),
        .raw(
            "A6f", "GET /passing/x HTTP/1.1\r\n{host}{auth}X-Tenant-ID: evil\r\n\r\n", .forwarded,
            .credentialPasses, .stripped(["tenant"])),
        // A route that asks for no credential does not hand one on.
        .raw("A6g", "GET /open/x HTTP/1.1\r\n{host}{auth}\r\n", .forwarded, .lacks("Authorization"))
            .tenant(nil),
        .raw(
            "A6h", "GET /vendor HTTP/1.1\r\n{host}{auth}\r\n",
            .declined(401, "vendor_key.invalid")),
        .raw(
            "A6i",
            "GET /vendor HTTP/1.1\r\n{host}Authorization: Bearer {vendor}\r\n"
                + "X-Tenant-ID: evil\r\n\r\n", .forwarded, .lacks("Authorization")
        ).tenant(nil),
        .raw(
            "A6j", "GET /a HTTP/1.1\r\n{host}Authorization: Bearer {vendor}\r\n\r\n",
            .declined(401, "token.invalid")),
        .raw("A6k", "GET /es HTTP/1.1\r\n{host}Authorization: Bearer {es}\r\n\r\n", .forwarded),
        .raw("A6l", "GET /hs HTTP/1.1\r\n{host}Authorization: Bearer {hs}\r\n\r\n", .forwarded),
        // RFC 8725 section 3.12: one issuer's token is nothing on another's route.
        .raw("A6m", "GET /es HTTP/1.1\r\n{host}{auth}\r\n", .declined(401, "header.alg")),
        .raw("A6n", "GET /uuid HTTP/1.1\r\n{host}{auth}\r\n", .declined(401, "claims.iss")),
        .raw("A6o", "GET /hs HTTP/1.1\r\n{host}Authorization: Bearer {es}\r\n\r\n", algorithm),
    ]

    private static let algorithm = Verdict.declined(401, "header.alg")

    private static let challenge = Fact.reply("WWW-Authenticate", "Bearer")
    private static let noChallenge = Fact.replyLacks("WWW-Authenticate")
    private static let notFound = Verdict.declined(404, "route.not_found")

    /// A7: 401 without a credential or with a bad one, 404 for what is another's.
    private static let statuses: [Case] = [
        .raw("A7a", "GET /mine/acme/x HTTP/1.1\r\n{host}\r\n", missing, challenge),
        .raw(
            "A7b", "GET /mine/acme/x HTTP/1.1\r\n{host}Authorization: Bearer a.b.c\r\n\r\n",
            .declined(401, "token.invalid"), challenge),
        .target("A7c", "/mine/globex/x", notFound, noChallenge),
        .target("A7d", "/nowhere/globex/x", notFound, noChallenge),
    ]
}
