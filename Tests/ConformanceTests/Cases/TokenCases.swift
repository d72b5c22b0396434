/// Sections J and N over the wire, representative; `TokensTests` has them all. The client is told
/// `token.invalid` or `tenant.missing` and no more; the access log has the cause.
enum TokenCases {
    static let all = headers + signatures + claims + spellings + tenants

    private static func invalid(_ defect: String) -> Verdict { .declined(401, defect) }

    /// A request with a token of its own, whose parts are right but for what is said here.
    static func token(
        _ id: String, _ verdict: Verdict, header: String = #"{"alg":"RS256","typ":"JWT"}"#,
        _ changes: KeyValuePairs<String, String> = [:], signer: TokenRecipe.Signer = .rsa(),
        payload: String? = nil, path: String = "/a", finish: TokenRecipe.Finish = .none
    ) -> Case {
        Case(id, "GET \(path) HTTP/1.1\r\n{host}Authorization: Bearer {\(id)}\r\n\r\n", verdict)
            .changed {
                $0.recipe = TokenRecipe(
                    header: header, changes: changes, payload: payload, signer: signer,
                    finish: finish)
            }
    }

    private static let algorithm = invalid("header.alg")
    private static let hs256 = #"{"alg":"HS256"}"#
    private static let encapsulated = invalid("header.encapsulation")
    private static let segments = invalid("form.segments")

    private static let headers: [Case] = [
        token("J0a", .forwarded),
        token("J1a", segments, header: #"{"alg":"none"}"#, signer: .empty),
        token("J1b", algorithm, header: #"{"alg":"none"}"#, signer: .bytes([0])),
        token("J1c", algorithm, header: #"{"alg":"None"}"#, signer: .bytes([0])),
        token("J1d", algorithm, header: #"{"alg":"NONE"}"#),
        token("J1e", algorithm, header: #"{"alg":"nOnE"}"#),
        token("J1f", segments, signer: .empty),
        token("J1g", invalid("signature"), signer: .bytes([0])),
        token("J1h", algorithm, header: #"{"typ":"JWT"}"#),
        token("J1i", algorithm, header: #"{"alg":256}"#),
        token("J1j", algorithm, header: #"{"alg":["RS256"]}"#),
        token("J1k", algorithm, header: #"{"alg":null}"#),
        token("J2a", algorithm, header: #"{"alg":"HS256"}"#, signer: .hmac(file: "idp.pub")),
        token(
            "J2b", algorithm, header: #"{"alg":"HS512"}"#,
            signer: .hmac(file: "idp.pub", hash: "sha512")),
        token("J2c", algorithm, header: #"{"alg":"HS256"}"#, signer: .hmac(file: "tls.crt")),
        token("J2d", algorithm, header: hs256, signer: .hmac(file: "idp.trimmed")),
        token("J2e", algorithm, header: hs256, signer: .hmac(file: "idp.der")),
        token("J2f", algorithm, header: hs256, signer: .hmac(file: "idp.pkcs1")),
        token("J2g", algorithm, header: hs256, signer: .hmac(file: "idp.modulus")),
        token(
            "J2h", algorithm, header: #"{"alg":"HS384"}"#,
            signer: .hmac(file: "idp.pub", hash: "sha384")),
        token("J3a", algorithm, header: #"{"alg":"RS384"}"#, signer: .rsa(hash: "sha384")),
        token("J3b", algorithm, header: #"{"alg":"RS512"}"#, signer: .rsa(hash: "sha512")),
        token("J3c", algorithm, header: #"{"alg":"rs256"}"#),
        token("J3d", invalid("header.json"), header: #"{"alg":"none","alg":"RS256"}"#),
        token("J3e", invalid("signature"), signer: .rsa(hash: "sha384")),
        token("J3f", algorithm, header: #"{"alg":"RS256 "}"#),
        token("J5a", invalid("header.kid"), header: #"{"alg":"RS256","kid":"../../dev/null"}"#),
        token("J5b", invalid("header.kid"), header: #"{"alg":"RS256","kid":"' OR 1=1"}"#),
        token("J5c", invalid("header.kid"), header: #"{"alg":"RS256","kid":["a"]}"#),
        token("J5d", invalid("header.kid"), header: #"{"alg":"RS256","kid":"a\u0000b"}"#),
        token(
            "J5e", invalid("header.kid"),
            header: #"{"alg":"RS256","kid":"\#(repeated("k", 5_000))"}"#),
        token("J5f", invalid("header.kid"), header: #"{"alg":"RS256","kid":""}"#),
        token(
            "J6a", .forwarded, header: #"{"alg":"RS256","jwk":{"kty":"RSA","n":"AQAB","e":"AQAB"}}"#
        ),
        token(
            "J6b", invalid("signature"), header: #"{"alg":"RS256","jku":"http://{keys}/keys"}"#,
            signer: .rsa(key: "foreign.key")),
        token(
            "J6c", invalid("signature"), header: #"{"alg":"RS256","x5u":"http://{keys}/x"}"#,
            signer: .rsa(key: "foreign.key")),
        token(
            "J6d", invalid("signature"), header: #"{"alg":"RS256","x5c":["AQAB"],"x5t":"AQAB"}"#,
            signer: .rsa(key: "foreign.key")),
        token("J7a", invalid("header.crit"), header: #"{"alg":"RS256","crit":["x"],"x":1}"#),
        token("J7b", invalid("header.crit"), header: #"{"alg":"RS256","crit":[]}"#),
        token("J7c", encapsulated, header: #"{"alg":"RS256","b64":false}"#),
        token("J7d", encapsulated, header: #"{"alg":"RS256","zip":"DEF"}"#),
        token("J7e", encapsulated, header: #"{"alg":"RS256","cty":"JWT"}"#),
        token("J7f", segments, finish: .tail(".AAAA.AAAA")),
        token("J7g", invalid("header.typ"), header: #"{"alg":"RS256","typ":"JOSE"}"#),
        token("J7h", .forwarded, header: #"{"alg":"RS256","typ":"at+jwt"}"#),
        token("J7i", invalid("header.typ"), header: #"{"alg":"RS256","typ":5}"#),
    ]

    private static let signatures: [Case] = [
        token("J4a", invalid("signature"), signer: .rsa(key: "foreign.key")),
        token(
            "J4b", invalid("signature"),
            finish: .init(words: "another tenant's payload put in") {
                var parts = $0.split(separator: ".").map(String.init)
                let claims = TokenRecipe.claims([("tenant_id", #""evil""#)])
                parts[1] = TokenRecipe.encode(Array(claims.utf8))
                return parts.joined(separator: ".")
            }),
        token(
            "J4c", invalid("signature"),
            finish: .init(words: "without its last 6 characters") {
                String($0.dropLast(6))
            }),
        token("J4d", invalid("signature"), finish: .tail("AAAA")),
        token(
            "J4e", invalid("signature"), header: #"{"alg":"ES256"}"#,
            ["iss": #""https://es.test/""#], signer: .bytes([UInt8](repeating: 0, count: 64)),
            path: "/es"),
        token(
            "J4f", invalid("signature"), header: #"{"alg":"ES256"}"#,
            ["iss": #""https://es.test/""#], signer: .bytes([UInt8](repeating: 255, count: 64)),
            path: "/es"),
        // OpenSSL signs in DER; the compact form wants the two numbers alone.
        token(
            "J4g", invalid("signature"), header: #"{"alg":"ES256"}"#,
            ["iss": #""https://es.test/""#], signer: .ecdsa(change: .der), path: "/es"),
    ]

    private static let expiry = invalid("claims.exp")
    private static let json = invalid("claims.json")

    private static let claims: [Case] = [
        token("J8a", expiry, ["exp": ""]),
        token("J8b", invalid("claims.expired"), ["exp": "now-60", "iat": "now-120"]),
        token("J8c", invalid("claims.expired"), ["exp": "now-5", "iat": "now-120"]),
        token("J8d", expiry, ["exp": #""9999999999""#]),
        token("J8e", expiry, ["exp": "1e300"]),
        token("J8f", expiry, ["exp": "-1"]),
        token("J8g", expiry, ["exp": "9223372036854775807"]),
        token("J8h", expiry, ["exp": "9223372036854775808"]),
        token("J8i", expiry, ["exp": "null"]),
        token("J8j", expiry, ["exp": "[1]"]),
        token("J8k", expiry, ["exp": "99999999999.5"]),
        token("J8l", invalid("claims.nbf"), ["nbf": "now+3600", "exp": "now+7200"]),
        token("J8m", invalid("claims.iat"), ["iat": "now+3600", "exp": "now+7200"]),
        token("J8n", invalid("claims.lifetime"), ["exp": "now+864000"]),
        token("J8o", invalid("claims.nbf"), ["nbf": #""now""#]),
        token("J9a", invalid("claims.iss"), ["iss": ""]),
        token("J9b", invalid("claims.iss"), ["iss": #""https://idp.test""#]),
        token("J9c", invalid("claims.iss"), ["iss": #"["https://idp.test/"]"#]),
        token("J9d", invalid("claims.iss"), ["iss": #""https://IDP.test/""#]),
        token("J9e", invalid("claims.aud"), ["aud": ""]),
        token("J9f", invalid("claims.aud"), ["aud": #""other""#]),
        token("J9g", invalid("claims.aud"), ["aud": #"["other"]"#]),
        token("J9h", .forwarded, ["aud": #"["other","api"]"#]),
        token("J9i", invalid("claims.aud"), ["aud": #""api.other""#]),
        token("J9j", invalid("claims.aud"), ["aud": #"[]"#]),
        token(
            "J12a", invalid("form.length"),
            finish: .init(words: "made 8,193 bytes long") {
                $0 + repeated("A", 8_193 - $0.utf8.count)
            }),
        token(
            "J12b", .refused(431, "request.field.value_too_long"),
            finish: .init(words: "and 1 MiB behind it") {
                $0 + repeated("A", 1 << 20)
            }),
        token("J12c", json, ["deep": repeated("[", 2_047) + repeated("]", 2_047)]),
        token("J12d", json, ["tenant_id": #""acme","tenant_id":"evil""#]),
        token("J12e", json, ["x": #"1,"\u0074enant_id":"evil""#]),
        token("J12f", json, ["x": "NaN"]),
    ]

    /// J11, J13: one token has one spelling.
    private static let spellings: [Case] = [
        token("J11a", invalid("form.alphabet"), finish: .tail("=")),
        token("J11b", segments, finish: .tail(".!!!!")),
        token("J11c", segments, finish: .tail(".")),
        token(
            "J11d", invalid("form.alphabet"),
            finish: .init(words: "`+` before the first dot") {
                $0.replacing(".", with: "+.", maxReplacements: 1)
            }),
        token("J11e", invalid("form.alphabet"), finish: .tail("!*")),
        token("J11f", invalid("form.encoding"), finish: spareBits),
        token("J13a", .refused(400, "request.field.value_byte"), finish: .tail("\0x")),
        token(
            "J13b", invalid("form.alphabet"),
            finish: .init(words: "dots percent-encoded") {
                $0.replacing(".", with: "%2E")
            }),
        token(
            "J13c", .refused(400, "request.field.value_not_ascii"),
            finish: .init(words: "behind a byte order mark") {
                "\u{ef}\u{bb}\u{bf}" + $0
            }),
        token("J13d", invalid("form.encoding"), finish: .tail("AAA")),
        token(
            "J13e", segments,
            finish: .init(words: "only its header") {
                String($0.split(separator: ".")[0])
            }),
        token("J13f", segments, finish: .init(words: "behind a dot") { "." + $0 }),
        token(
            "J13g", invalid("form.length"),
            finish: .init(words: "its first 15 characters") { String($0.prefix(15)) }),
    ]

    /// Sets a bit of the last character that no byte needs.
    static let spareBits = TokenRecipe.Finish(words: "a spare bit of its last character set") {
        token in
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        guard let last = token.last, let index = alphabet.firstIndex(of: last) else { return token }
        return token.dropLast() + String(alphabet[index ^ 1])
    }

    private static func malformed(_ id: String, _ value: String) -> Case {
        token(id, .declined(403, "tenant.malformed"), ["tenant_id": value])
    }

    private static func identity(
        _ id: String, _ issuer: String, _ value: String, is tenant: String?
    ) -> Case {
        token(
            id, tenant == nil ? .declined(403, "tenant.malformed") : .forwarded,
            ["iss": "\"https://\(issuer).test/\"", "tenant_id": value], path: "/\(issuer)"
        ).tenant(tenant)
    }

    private static let uuid = "0b6a9c1e-58d4-4f6e-9a43-3f1f0c9d2e11"

    private static let tenants: [Case] = [
        token("J10a", .declined(403, "tenant.missing"), ["tenant_id": ""]),
        malformed("J10b", #""""#), malformed("J10c", "42"), malformed("J10d", #"["acme"]"#),
        malformed("J10e", #"["acme","evil"]"#), malformed("J10f", #"{"id":"acme"}"#),
        malformed("J10g", "true"), malformed("J10h", "null"), malformed("J10i", #"" acme""#),
        malformed("J10j", #""acme ""#), malformed("J10k", #""acme\r\nX-Tenant-ID: evil""#),
        malformed("J10l", #""acme|evil""#), malformed("J10m", #""acme,evil""#),
        malformed("J10n", #""*""#), malformed("J10o", "\"" + repeated("a", 300) + "\""),
        malformed("J10p", #""acme\u0000""#), malformed("J10q", #""acme/evil""#),
        malformed("J10r", #""acm\u00e9""#), malformed("J10s", #""-acme""#),
        // Byte-exact: another case is another tenant, and is passed on as that.
        token("J10t", .forwarded, ["tenant_id": #""ACME""#]).tenant("ACME"),
        token("J10u", .forwarded, ["tenant_id": #""\u0061cme""#]),
        // J14: a tier is one of the policy's, to the letter.
        token("J14a", .declined(403, "tenant.tier_unknown"), ["tier": ""]),
        token("J14b", .declined(403, "tenant.tier_unknown"), ["tier": #""free""#]),
        token("J14c", .declined(403, "tenant.tier_unknown"), ["tier": #""ULTRA""#]),
        token("J14d", invalid("claims.tier"), ["tier": #"["FREE"]"#]),
        identity("N1a", "uuid", "\"\(uuid)\"", is: uuid),
        identity("N1b", "uuid", "\"\(uuid.uppercased())\"", is: nil),
        identity("N1c", "uuid", "\"{\(uuid)}\"", is: nil),
        identity("N1d", "uuid", "\"urn:uuid:\(uuid)\"", is: nil),
        identity("N1e", "uuid", "\"\(uuid.replacing("-", with: ""))\"", is: nil),
        identity("N1f", "uuid", "\" \(uuid)\"", is: nil),
        identity("N1g", "uuid", "\"\(uuid) \"", is: nil),
        identity("N2a", "number", "42", is: "42"),
        identity("N2b", "number", #""42""#, is: "42"),
        identity("N2c", "number", #""042""#, is: nil),
        identity("N2d", "number", "4.2e1", is: nil),
        identity("N2e", "number", "42.0", is: nil),
        identity("N2f", "number", "-42", is: nil),
        identity("N2g", "number", "12345678901234567890", is: nil),
        identity("N3a", "slug", #""acme""#, is: "acme"),
        identity("N3b", "slug", #""ACME""#, is: nil),
        identity("N3c", "slug", #""acme\u00a0""#, is: nil),
        identity("N3d", "slug", #""acme\t""#, is: nil),
        identity("N3e", "slug", #""acme.""#, is: nil),
        identity("N3f", "slug", #""acme_1""#, is: nil),
        malformed("N3g", #""acme\t""#), malformed("N3h", #""acme\u00a0""#),
        malformed("N4a", #"".""#), malformed("N4b", #""..""#), malformed("N4c", #""default""#),
        malformed("N4d", #""public""#), malformed("N4e", #""system""#),
        malformed("N4f", #""null""#),
        malformed("N4g", #""undefined""#), malformed("N4h", #""%""#), malformed("N4i", #""_""#),
    ]
}
