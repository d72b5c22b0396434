/// Section L: what libjwt 1.10.2 takes when it is used alone, over the wire. L1, L7, L23 and L24
/// have scenarios too; `TokensTests` proves that libjwt really takes what is refused here.
enum LibJWTCases {
    static let all =
        keys + algorithms + claims + texts + encodings + signatures + tails + types + sizes

    private static func invalid(_ defect: String) -> Verdict { .declined(401, defect) }
    private static let algorithm = invalid("header.alg")
    private static let signature = invalid("signature")
    private static let alphabet = invalid("form.alphabet")
    private static let segments = invalid("form.segments")
    private static let encapsulated = invalid("header.encapsulation")
    private static let json = invalid("claims.json")

    private static func rs(
        _ id: String, _ verdict: Verdict, _ header: String = #"{"alg":"RS256","typ":"JWT"}"#,
        _ changes: KeyValuePairs<String, String> = [:], signer: TokenRecipe.Signer = .rsa(),
        payload: String? = nil, finish: TokenRecipe.Finish = .none
    ) -> Case {
        TokenCases.token(
            id, verdict, header: header, changes, signer: signer, payload: payload, finish: finish)
    }

    private static func es(
        _ id: String, _ verdict: Verdict, _ header: String = #"{"alg":"ES256"}"#,
        signer: TokenRecipe.Signer = .ecdsa(), finish: TokenRecipe.Finish = .none
    ) -> Case {
        TokenCases.token(
            id, verdict, header: header, ["iss": #""https://es.test/""#], signer: signer,
            path: "/es", finish: finish)
    }

    private static func hs(
        _ id: String, _ verdict: Verdict, _ header: String = #"{"alg":"HS256"}"#,
        signer: TokenRecipe.Signer = .hmac(file: "hs.key"), finish: TokenRecipe.Finish = .none
    ) -> Case {
        TokenCases.token(
            id, verdict, header: header, ["iss": #""https://hs.test/""#], signer: signer,
            path: "/hs", finish: finish)
    }

    private static let keys: [Case] = [
        // The signature of nothing under an empty key is a constant; any bytes do for libjwt.
        hs("L1a", signature, signer: .bytes([UInt8](repeating: 7, count: 32))),
        rs("L1b", signature, signer: .bytes([UInt8](repeating: 7, count: 256))),
        hs("L1c", .forwarded),
        es("L1d", .forwarded),
        rs("L2a", invalid("claims.iss"), payload: "{}"),
        rs("L2b", segments, payload: ""),
        rs("L3a", algorithm, #"{"alg":"HS256"}"#, signer: .hmac(file: "idp.pub")),
        rs("L3b", algorithm, #"{"alg":"HS512"}"#, signer: .hmac(file: "idp.pub", hash: "sha512")),
        rs("L3c", algorithm, #"{"alg":"HS256"}"#, signer: .hmac(file: "idp.longer")),
        es("L3d", algorithm, #"{"alg":"HS256"}"#, signer: .hmac(file: "es.pub")),
        hs("L3e", signature, signer: .hmac(file: "idp.pub")),
    ]

    private static let algorithms: [Case] = [
        rs("L4a", algorithm, #"{"alg":"none"}"#), rs("L4b", algorithm, #"{"alg":"NoNe"}"#),
        hs("L4c", algorithm, #"{"alg":"none"}"#),
        hs("L4d", segments, #"{"alg":"none"}"#, signer: .empty),
        es("L4e", algorithm, #"{"alg":"NONE"}"#),
        hs("L5a", algorithm, #"{"alg":"hs256"}"#), hs("L5b", algorithm, #"{"alg":"HS256 "}"#),
        hs("L5c", invalid("header.json"), #"{"alg":"none","alg":"HS256"}"#),
        hs("L5d", invalid("header.json"), #"{"alg":"HS256","alg":"HS256"}"#),
        hs("L5e", invalid("header.json"), #"{"alg":"none","\u0061lg":"HS256"}"#),
        es("L5f", algorithm, #"{"alg":"Es256"}"#),
        rs("L6a", algorithm, #"{"alg":"RS384"}"#, signer: .rsa(hash: "sha384")),
        es("L6b", signature, signer: .ecdsa(key: "p384.key")),
        es("L6c", algorithm, #"{"alg":"ES512"}"#, signer: .ecdsa(hash: "sha512")),
        es("L6d", algorithm, #"{"alg":"ES384"}"#, signer: .ecdsa(key: "p384.key", hash: "sha384")),
        hs("L6e", algorithm, #"{"alg":"HS384"}"#, signer: .hmac(file: "hs.key", hash: "sha384")),
        hs("L6f", signature, signer: .hmac(file: "hs.key", hash: "sha512")),
        rs("L7a", signature, signer: .rsa(key: "rsa1024.key")),
        rs("L7b", signature, signer: .rsa(key: "rsa512.key")),
        hs("L7c", signature, signer: .hmac(file: "short.key")),
    ]

    private static let claims: [Case] = [
        rs("L8a", invalid("claims.expired"), ["exp": "1", "iat": "0"]),
        rs("L8b", invalid("claims.nbf"), ["nbf": "now+3600"]),
        rs("L8c", invalid("claims.aud"), ["aud": #""wrong""#]),
        rs("L8d", invalid("claims.iss"), ["iss": #""https://wrong.test/""#]),
        rs("L8e", invalid("claims.iat"), ["iat": "now+3600", "exp": "now+7200"]),
        rs("L9a", expiry, ["exp": ""]), rs("L9b", expiry, ["exp": #""now""#]),
        rs("L9c", expiry, ["exp": "1.5"]), rs("L9d", expiry, ["exp": "1e300"]),
        rs("L9e", expiry, ["exp": "null"]), rs("L9f", expiry, ["exp": "true"]),
        rs("L9g", expiry, ["exp": "[9999999999]"]), rs("L9h", expiry, ["exp": "-1"]),
        rs("L9i", expiry, ["exp": "9223372036854775808"]), rs("L9j", expiry, ["exp": "1e400"]),
        rs("L9k", json, ["exp": "09999999999"]),
        rs("L10a", malformed, ["tenant_id": "1"]), rs("L10b", malformed, ["tenant_id": "[]"]),
        rs("L10c", malformed, ["tenant_id": "{}"]), rs("L10d", malformed, ["tenant_id": #""""#]),
        rs("L10e", .declined(403, "tenant.missing"), ["tenant_id": ""]),
        rs("L11a", json, ["tenant_id": #""acme","tenant_id":"evil""#]),
        rs("L11b", json, ["tenant_id": #""acme","\u0074enant_id":"evil""#]),
        rs("L11c", json, ["exp": "1,\"exp\":9999999999"]),
        rs("L12a", malformed, ["tenant_id": #""acme\r\nX-Tenant-ID: evil""#]),
        rs("L12b", malformed, ["tenant_id": #""acme\u000d\u000aX: y""#]),
        rs("L12c", malformed, ["tenant_id": #""acme\n""#]),
    ]

    private static func rs(
        _ id: String, _ verdict: Verdict, _ changes: KeyValuePairs<String, String>
    ) -> Case { TokenCases.token(id, verdict, changes) }

    private static let expiry = invalid("claims.exp")
    private static let malformed = Verdict.declined(403, "tenant.malformed")

    /// The payload's member `x` is what is wrong with it, or what follows the object.
    private static let texts: [Case] = [
        rs("L13a", malformed, ["tenant_id": #""acme\u0000""#]),
        rs("L13b", json, ["x": "\"a\0b\""]), rs("L13c", json, ["x": "\"a\u{1}b\""]),
        rs("L13d", json, ["x": "\"\u{ff}\""]), rs("L13e", json, ["x": "\"\u{c0}\u{af}\""]),
        rs("L13f", json, ["x": #""\ud800""#]),
        rs("L13g", json, payload: "\u{ef}\u{bb}\u{bf}{}"),
        rs("L13h", json, ["x": "1/* comment */"]), rs("L13i", json, ["x": "NaN"]),
        rs("L13j", json, payload: #"{"iss":"https://idp.test/",}"#),
        rs("L13k", json, ["x": "'a'"]),
        rs("L14a", json, ["x": "1}\0{\"y\":1"]), rs("L14b", json, ["x": "1} {\"y\":1"]),
        rs("L14c", json, payload: "[]"), rs("L14d", json, payload: #""acme""#),
        rs("L14e", json, ["x": "1}\0"]),
    ]

    private static func inHeader(_ text: String) -> TokenRecipe.Finish {
        .init(words: "\(Case.quoted(text)) at the end of its header") {
            $0.replacing(".", with: text + ".", maxReplacements: 1)
        }
    }

    private static func inPayload(_ text: String) -> TokenRecipe.Finish {
        .init(words: "\(Case.quoted(text)) at the end of its payload") {
            var parts = $0.split(separator: ".").map(String.init)
            parts[1] += text
            return parts.joined(separator: ".")
        }
    }

    private static let encodings: [Case] = [
        rs("L15a", alphabet, finish: inHeader("=")), rs("L15b", alphabet, finish: inPayload("=")),
        rs("L15c", alphabet, finish: inHeader("!*")), rs("L15d", alphabet, finish: inPayload("+")),
        rs("L15e", alphabet, finish: inPayload("/")),
        rs("L15f", .declined(401, "token.ambiguous"), finish: inHeader(" ")),
        hs("L15g", alphabet, finish: inPayload("==")),
    ]

    /// The signature's text, changed; the bytes libjwt reads stay the same.
    private static let signatures: [Case] = [
        rs("L16a", .refused(400, "request.line.bare_lf"), finish: .tail("\n")),
        rs("L16b", alphabet, finish: .tail("==")), rs("L16c", segments, finish: .tail(".!!!!")),
        rs(
            "L16d", alphabet,
            finish: .init(words: "`!` inside its signature") {
                $0.dropLast(9) + "!" + $0.suffix(9)
            }),
        rs("L16e", invalid("form.encoding"), finish: TokenCases.spareBits),
        rs(
            "L16f", alphabet,
            finish: .init(words: "its signature in the `+/` alphabet") {
                let end = $0.lastIndex(of: ".") ?? $0.startIndex
                let plain = $0[end...].replacing("-", with: "+").replacing("_", with: "/")
                return $0[..<end] + plain + "+"
            }),
        es("L16g", alphabet, finish: .tail("==")),
        // Half of all honest signers write this one (RFC 7518 section 3.4 forbids neither), so it
        // verifies: one token has two texts, and nothing may be keyed by the text of a token.
        es("L16h", .forwarded, signer: .ecdsa(change: .mirrored)),
        es("L16i", signature, signer: .ecdsa(change: .withoutLastByte)),
        es("L16j", signature, signer: .ecdsa(change: .withZeroByte)),
        es("L16k", signature, signer: .ecdsa(change: .der)),
    ]

    private static let tails: [Case] = [
        hs("L17a", alphabet, finish: .tail("=")), hs("L17b", segments, finish: .tail(".AAAA")),
        hs("L17c", segments, finish: .tail(".")),
        hs("L17d", .refused(400, "request.line.bare_lf"), finish: .tail("\n")),
        hs("L17e", invalid("form.encoding"), finish: TokenCases.spareBits),
        hs("L18a", .refused(400, "request.field.value_byte"), finish: .tail("\0")),
        hs("L18b", .refused(400, "request.field.value_byte"), finish: .tail("\0.junk")),
        rs("L18c", .refused(400, "request.field.value_byte"), finish: .tail("\0A")),
    ]

    private static let types: [Case] = [
        rs("L19a", .forwarded, #"{"alg":"RS256","typ":"at+jwt"}"#),
        rs("L19b", .forwarded, #"{"alg":"RS256"}"#),
        rs("L19c", invalid("header.typ"), #"{"alg":"RS256","typ":1}"#),
        rs("L19d", invalid("header.typ"), #"{"alg":"RS256","typ":"dpop+jwt"}"#),
        rs("L20a", invalid("header.crit"), #"{"alg":"RS256","crit":["exp"],"exp":1}"#),
        rs("L20b", invalid("header.crit"), #"{"alg":"RS256","crit":["b64"],"b64":false}"#),
        rs("L20c", encapsulated, #"{"alg":"RS256","b64":false}"#),
        rs("L20d", encapsulated, #"{"alg":"RS256","zip":"DEF"}"#),
        rs("L20e", encapsulated, #"{"alg":"RS256","cty":"JWT"}"#),
        rs("L20f", .forwarded, #"{"alg":"RS256","kid":"any"}"#),
        rs("L20g", signature, #"{"alg":"RS256","jku":"http://{keys}/"}"#, signer: foreign),
        rs("L20h", signature, #"{"alg":"RS256","x5u":"http://{keys}/"}"#, signer: foreign),
        rs(
            "L20i", signature, #"{"alg":"RS256","jwk":{"kty":"RSA","n":"AQ","e":"AQAB"}}"#,
            signer: foreign),
    ]

    private static let foreign = TokenRecipe.Signer.rsa(key: "foreign.key")

    /// Nothing of this is signed, so that a reader of payloads would read it before it knows.
    private static let sizes: [Case] = [
        rs("L21a", .declined(401, "signature"), signer: unsigned, payload: nested(2_047)),
        rs("L21b", tooLong, signer: unsigned, payload: nested(100_000)),
        rs("L21c", tooLong, signer: unsigned, payload: wide(5_000)),
        rs("L21d", invalid("form.length"), signer: unsigned, payload: nested(4_000)),
        segment("L22a", 65_535), segment("L22b", 519_168), segment("L22c", 8_383_488),
        segment("L22d", 16_777_216),
    ]

    private static let tooLong = Verdict.refused(431, "request.field.value_too_long")
    private static let unsigned = TokenRecipe.Signer.bytes([UInt8](repeating: 1, count: 256))

    private static func nested(_ depth: Int) -> String {
        #"{"x":"# + repeated("[", depth) + repeated("]", depth) + "}"
    }

    private static func wide(_ count: Int) -> String {
        "{" + (0..<count).map { "\"c\($0)\":{}" }.joined(separator: ",") + "}"
    }

    private static func segment(_ id: String, _ bytes: Int) -> Case {
        Case(
            id,
            "GET /a HTTP/1.1\r\n{host}Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.{A*\(bytes)}.AAAA"
                + "\r\n\r\n", .refused(431, "request.field.value_too_long"))
    }
}
