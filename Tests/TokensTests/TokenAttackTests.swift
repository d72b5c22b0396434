import Policy
import Testing

@testable import Tokens

/// The vectors of the attack catalogue's section J; rows that libjwt alone would fail are with
/// the L rows.
@Suite struct `Forged and malformed tokens` {
    func hs(_ changes: KeyValuePairs<String, String?>) -> [UInt8] {
        Fixture.hs256.token(header: Fixture.header("HS256"), claims: Fixture.claims(changes))
    }

    @Test func `the token all others are made from is taken`() throws {
        let claims = try Fixture.verified(hs([:]), Fixture.hsIssuer())
        #expect(claims.tenant?.text == "acme" && claims.subject == Array("alice".utf8))
        #expect(claims.tier == Array("STARTER".utf8) && claims.role == Array("admin".utf8))
        #expect(claims.issuer == 0 && claims.vendor == 0)
        #expect(claims.notBefore == Fixture.now - 65 && claims.expires == Fixture.now + 305)
    }

    @Test(arguments: [
        #"{"typ":"JWT"}"#, #"{"alg":1}"#, #"{"alg":["RS256"]}"#, #"{"alg":null}"#,
        #"{"alg":"none"}"#, #"{"alg":"PS256"}"#, #"{"alg":"EdDSA"}"#, #"{"alg":""}"#,
        #"{"alg":"rs256"}"#, #"{"alg":"RS256 "}"#, #"{"alg":"RS256\u0000"}"#,
    ])
    func `J1 J3 an alg that is not exactly the key's is refused`(_ header: String) throws {
        let token = Fixture.rs256.token(header: header, claims: Fixture.claims())
        #expect(try Fixture.defect(token, Fixture.rsIssuer()) == .algorithm)
    }

    @Test(arguments: ["", "[]", "null", "{", #""RS256""#, #"{"alg":"RS256",}"#, "{} {}"])
    func `J1 a header that is no object is refused`(_ header: String) throws {
        let token = Fixture.rs256.token(header: header, claims: Fixture.claims())
        let defect = try Fixture.defect(token, Fixture.rsIssuer())
        #expect(defect == .headerJSON || (header.isEmpty && defect == .segments))
    }

    @Test func `J1 a null signature is refused`() throws {
        for count in [1, 32, 255, 256, 257] {
            let token = TestSigner.bytes([UInt8](repeating: 0, count: count)).token(
                header: Fixture.header("RS256"), claims: Fixture.claims())
            #expect(try Fixture.defect(token, Fixture.rsIssuer()) == .signature)
        }
    }

    @Test func `J2 no form of a public key is a secret`() throws {
        let pem = TestKey.rsa.publicPEM
        var trimmed = pem
        trimmed.removeLast()
        let modulus = TestKey.rsa.number("n")
        let forms = [pem, trimmed, TestKey.rsa.publicDER, modulus, [0] + modulus, [10] + pem]
        for (hash, name) in [("SHA256", "HS256"), ("SHA384", "HS384"), ("SHA512", "HS512")] {
            for form in forms {
                let token = TestSigner.hmac(hash, form).token(
                    header: Fixture.header(name), claims: Fixture.claims())
                #expect(try Fixture.defect(token, Fixture.rsIssuer()) == .algorithm)
                let both = Fixture.issuer(
                    [.rs256, .hs256, .hs384, .hs512],
                    try KeySet(bytes: pem, algorithms: [.rs256]))
                #expect(try Fixture.defect(token, both) == .keyAlgorithm)
            }
        }
    }

    @Test func `J4 signatures of other tokens and changed payloads are refused`() throws {
        let one = Fixture.rs256.token(header: Fixture.header("RS256"), claims: Fixture.claims())
        let other = Fixture.rs256.token(
            header: Fixture.header("RS256"), claims: Fixture.claims(["tenant_id": #""evil""#]))
        let first = one.split(separator: 46)
        let second = other.split(separator: 46)
        let swapped = Array([second[0], second[1], first[2]].joined(separator: [46]))
        #expect(try Fixture.defect(swapped, Fixture.rsIssuer()) == .signature)
        let foreign = TestSigner.rsa("SHA256", .otherRSA).token(
            header: Fixture.header("RS256"), claims: Fixture.claims())
        #expect(try Fixture.defect(foreign, Fixture.rsIssuer()) == .signature)
        #expect(try Fixture.defect(Array(one.dropLast(4)), Fixture.rsIssuer()) != nil)
        #expect(try Fixture.defect(one + Array("AAAA".utf8), Fixture.rsIssuer()) != nil)
    }

    @Test func `J4 ES halves of zero or beyond the order are refused, and so is DER`() throws {
        // The order of P-256 (FIPS 186-4 D.1.2.3).
        let order: [UInt8] = [
            0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
            0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63,
            0x25, 0x51,
        ]
        let zero = [UInt8](repeating: 0, count: 32)
        let one = [UInt8](repeating: 0, count: 31) + [1]
        let full = [UInt8](repeating: 0xFF, count: 32)
        let halves = [zero, one, order, full]
        let issuer = try Fixture.esIssuer()
        for r in halves {
            for s in halves {
                let token = TestSigner.bytes(r + s).token(
                    header: Fixture.header("ES256"), claims: Fixture.claims())
                #expect(try Fixture.defect(token, issuer) == .signature)
            }
        }
        let message = encode(Fixture.header("ES256")) + "." + encode(Fixture.claims())
        let raw = TestKey.p256.signRaw(Array(message.utf8), hash: "SHA256", half: 32)
        let good = Array((message + "." + encode(raw)).utf8)
        #expect(try Fixture.defect(good, issuer) == nil)
        let der = TestKey.p256.sign(Array(message.utf8), hash: "SHA256")
        let wide = zero + raw[..<32] + zero + raw[32...]
        for signature in [der, wide, Array(raw[..<63]), raw + [0], raw + raw] {
            let token = Array((message + "." + encode(signature)).utf8)
            #expect(try Fixture.defect(token, issuer) == .signature)
        }
    }

    @Test func `J4 DER of every length is what OpenSSL expects`() {
        for half in [32, 48, 66] {
            for fill: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
                var signature = ECDSASignature()
                let raw = [UInt8](repeating: fill, count: half * 2)
                signature.set(raw.span)
                let der = signature.bytes
                #expect(der.count <= ECDSASignature.bytesMax)
                let heads = der[1] == 0x81 ? 3 : 2
                #expect(Int(der[heads - 1]) == der.count - heads)
            }
        }
    }

    static let jwks = keySet([
        rsaKey(.rsa, #""kid":"k1","alg":"RS256""#), rsaKey(.otherRSA, #""kid":"k2","alg":"RS256""#),
    ])

    @Test func `J5 a kid chooses from the issuer's table and nowhere else`() throws {
        let keys = try KeySet(bytes: Array(Self.jwks.utf8), algorithms: [.rs256])
        let issuer = Fixture.issuer([.rs256], keys)
        func token(_ kid: String, _ key: TestKey = .rsa) -> [UInt8] {
            TestSigner.rsa("SHA256", key).token(
                header: Fixture.header("RS256", kid), claims: Fixture.claims())
        }
        #expect(try Fixture.defect(token(#","kid":"k1""#), issuer) == nil)
        #expect(try Fixture.defect(token(#","kid":"k2""#, .otherRSA), issuer) == nil)
        #expect(try Fixture.defect(token(#","kid":"k2""#), issuer) == .signature)
        #expect(try Fixture.defect(token(""), issuer) == .keyAmbiguous)
        #expect(try Fixture.defect(token(#","kid":"k3""#), issuer) == .keyUnknown)
        let long = String(repeating: "k", count: 129)
        for kid in [
            #""../../dev/null""#, #""' OR 1""#, #""k1\u0000""#, #"["k1"]"#, "1", "null", #""""#,
            "\"\(long)\"", #""k1 ""#,
        ] {
            #expect(try Fixture.defect(token(#","kid":\#(kid)"#), issuer) == .keyName)
        }
        let huge = String(repeating: "k", count: 10_240)
        #expect(try Fixture.defect(token(#","kid":"\#(huge)""#), issuer) == .length)
    }

    @Test func `J5 another issuer's key is never tried`() throws {
        let theirs = keySet([rsaKey(.otherRSA, #""kid":"k2","alg":"RS256""#)])
        let ours = keySet([rsaKey(.rsa, #""kid":"k1","alg":"RS256""#)])
        let token = TestSigner.rsa("SHA256", .otherRSA).token(
            header: Fixture.header("RS256", #","kid":"k2""#), claims: Fixture.claims())
        let their = Fixture.issuer(
            [.rs256], try KeySet(bytes: Array(theirs.utf8), algorithms: [.rs256]))
        let our = Fixture.issuer(
            [.rs256], try KeySet(bytes: Array(ours.utf8), algorithms: [.rs256]))
        #expect(try Fixture.defect(token, their) == nil)
        #expect(try Fixture.defect(token, our) == .keyUnknown)
    }

    @Test func `J5 without kid the one key that fits is taken`() throws {
        let set = keySet([
            rsaKey(.rsa, #""kid":"k1","alg":"RS256""#), ecKey(.p256, "P-256", 32, #""kid":"e""#),
        ])
        let keys = try KeySet(bytes: Array(set.utf8), algorithms: [.rs256, .es256])
        let issuer = Fixture.issuer([.rs256, .es256], keys)
        let rs = Fixture.rs256.token(header: Fixture.header("RS256"), claims: Fixture.claims())
        let es = Fixture.es256.token(header: Fixture.header("ES256"), claims: Fixture.claims())
        #expect(try Fixture.defect(rs, issuer) == nil)
        #expect(try Fixture.defect(es, issuer) == nil)
        let crossed = Fixture.es256.token(
            header: Fixture.header("ES256", #","kid":"k1""#), claims: Fixture.claims())
        #expect(try Fixture.defect(crossed, issuer) == .keyAlgorithm)
    }

    @Test func `J5 a single key without a name serves tokens that hint at one`() throws {
        for (kid, defect) in [("k1", nil), ("k 1", TokenDefect.keyName)] {
            let token = Fixture.rs256.token(
                header: Fixture.header("RS256", #","kid":"\#(kid)""#), claims: Fixture.claims())
            #expect(try Fixture.defect(token, Fixture.rsIssuer()) == defect)
        }
    }

    @Test func `J6 an embedded key is not looked at`() throws {
        let jwk = rsaKey(.otherRSA, #""kid":"k1","alg":"RS256""#)
        for more in [
            #","jwk":\#(jwk)"#, #","jku":"http://127.0.0.1:1/""#,
            #","x5u":"http://127.0.0.1:1/""#, #","x5c":["AAAA"]"#, #","x5t":"AAAA""#,
        ] {
            let header = Fixture.header("RS256", more)
            let forged = TestSigner.rsa("SHA256", .otherRSA).token(
                header: header, claims: Fixture.claims())
            #expect(try Fixture.defect(forged, Fixture.rsIssuer()) == .signature)
            let good = Fixture.rs256.token(header: header, claims: Fixture.claims())
            #expect(try Fixture.defect(good, Fixture.rsIssuer()) == nil)
        }
    }

    @Test func `J7 five segments are no token of ours`() throws {
        let token = Array("eyJhbGciOiJkaXIifQ.AAAA.AAAA.AAAA.AAAA".utf8)
        #expect(try Fixture.defect(token, Fixture.hsIssuer()) == .segments)
    }

    @Test func `J8 times hold from nbf to exp, leeway on both sides, and no longer`() throws {
        let now = Fixture.now
        let leeway: Int64 = 5
        let cases: [(KeyValuePairs<String, String?>, TokenDefect?)] = [
            (["exp": "\(now)"], nil), (["exp": "\(now - leeway + 1)"], nil),
            (["exp": "\(now - leeway)"], .expired), (["exp": "0", "iat": nil], .expired),
            (["nbf": "\(now + leeway)"], nil), (["nbf": "\(now + leeway + 1)"], .notBefore),
            (["iat": "\(now + leeway)"], nil), (["iat": "\(now + leeway + 1)"], .issuedAt),
            (["nbf": #""1""#], .notBefore), (["nbf": "1.5"], .notBefore),
            (["iat": "null"], .issuedAt), (["iat": "-1"], .issuedAt),
            (["iat": "\(now)", "exp": "\(now + 86_400)"], nil),
            (["iat": "\(now)", "exp": "\(now + 86_401)"], .lifetime),
            (["iat": nil, "exp": "\(now + 86_400)"], nil),
            (["iat": nil, "exp": "\(now + 86_401)"], .lifetime),
            (["iat": "\(now)", "exp": "\(now - 1)"], .lifetime),
            (["exp": "253402300799"], .lifetime), (["exp": "253402300800"], .expiryMalformed),
        ]
        for (changes, defect) in cases {
            #expect(try Fixture.defect(hs(changes), Fixture.hsIssuer()) == defect, "\(changes)")
        }
        let strict = try Fixture.hsIssuer { $0.leewaySeconds = 0 }
        #expect(try Fixture.defect(hs(["exp": "\(now)"]), strict) == .expired)
        #expect(try Fixture.defect(hs(["exp": "\(now + 1)"]), strict) == nil)
        for extreme in [Int64.min, -1, 0, .max] {
            #expect(try Fixture.defect(hs([:]), strict, now: extreme) != nil)
        }
    }

    @Test func `J9 issuer and audience are compared whole`() throws {
        let cases: [(KeyValuePairs<String, String?>, TokenDefect?)] = [
            (["iss": #""https://idp.example.com""#], .issuer), (["iss": nil], .issuer),
            (["iss": #"["https://idp.example.com/"]"#], .issuer),
            (["iss": #""HTTPS://idp.example.com/""#], .issuer),
            (["aud": nil], .audience), (["aud": "[]"], .audience),
            (["aud": #"["a","b"]"#], .audience), (["aud": #"["a",1]"#], .audience),
            (["aud": #"["https://api.example.com"]"#], nil),
            (["aud": #"["x","https://api.example.com"]"#], nil),
            (["aud": #"["https://api.example.com",1]"#], .audience),
            (["aud": #""https://api.example.com.evil""#], .audience),
            (["aud": #""https://api.example.co""#], .audience), (["aud": "1"], .audience),
            (["aud": #"{"https://api.example.com":1}"#], .audience),
        ]
        for (changes, defect) in cases {
            #expect(try Fixture.defect(hs(changes), Fixture.hsIssuer()) == defect, "\(changes)")
        }
        let any = try Fixture.hsIssuer { $0.audiences = nil }
        #expect(try Fixture.defect(hs(["aud": nil]), any) == nil)
    }

    @Test func `J10 N1 N2 N3 N4 a tenant is never coerced`() throws {
        let long = String(repeating: "a", count: 129)
        for value in [
            #""""#, "1", #"["acme"]"#, #"["acme","evil"]"#, #"{"id":"acme"}"#, "true", "null",
            #"" acme""#, #""acme ""#, #""acme\r\nX: y""#, #""acme|evil""#, #""acme,evil""#,
            #""*""#, "\"\(long)\"", #""acme\u00a0""#, #""acme\t""#, #""..""#, #""default""#,
            #""public""#, #""system""#, #""null""#, #""undefined""#, #""%""#, #""_""#,
        ] {
            let defect = try Fixture.defect(hs(["tenant_id": value]), Fixture.hsIssuer())
            #expect(defect == .tenantMalformed, "\(value)")
            #expect(defect?.refusal == .tenantMissing)
        }
        // Byte-exact: another case is another tenant.
        #expect(
            try Fixture.verified(hs(["tenant_id": #""ACME""#]), Fixture.hsIssuer()).tenant?.text
                == "ACME")
        let uuid = try Fixture.hsIssuer { $0.tenantFormat = .uuid }
        let canonical = "0190163d-8694-739b-aea5-966c26f8ad91"
        #expect(try Fixture.defect(hs(["tenant_id": "\"\(canonical)\""]), uuid) == nil)
        for value in [
            canonical.uppercased(), "{\(canonical)}", "urn:uuid:\(canonical)", " \(canonical)",
            canonical.replacing("-", with: ""),
        ] {
            let token = hs(["tenant_id": "\"\(value)\""])
            #expect(try Fixture.defect(token, uuid) == .tenantMalformed)
        }
        let slug = try Fixture.hsIssuer { $0.tenantFormat = .slug }
        #expect(try Fixture.defect(hs(["tenant_id": #""ACME""#]), slug) == .tenantMalformed)
        #expect(try Fixture.defect(hs(["tenant_id": #""acme-1""#]), slug) == nil)
        let integer = try Fixture.hsIssuer { $0.tenantFormat = .integer }
        for (value, defect) in [
            ("42", nil), (#""42""#, nil), ("4.2e1", TokenDefect.tenantMalformed),
            ("42.0", .tenantMalformed), (#""042""#, .tenantMalformed), ("-1", .tenantMalformed),
            (#""4 2""#, .tenantMalformed), ("[42]", .tenantMalformed), ("0", nil),
        ] {
            #expect(try Fixture.defect(hs(["tenant_id": value]), integer) == defect, "\(value)")
        }
    }

    @Test func `J13 bytes around a token are refused`() throws {
        let good = hs([:])
        let around: [[UInt8]] = [
            [32] + good, good + [32], [0xEF, 0xBB, 0xBF] + good, good + [0] + good,
            good + [46], [46] + good, good + Array("%2E".utf8), good + [10], [9] + good,
        ]
        for token in around {
            #expect(try Fixture.defect(token, Fixture.hsIssuer()) != nil)
        }
        let segments = good.split(separator: 46)
        let extended = Array(
            [segments[0] + [65], segments[1], segments[2]].joined(separator: [46]))
        #expect(try Fixture.defect(extended, Fixture.hsIssuer()) != nil)
        for text in ["", ".", "..", "...", "a.b", "AAAA.AAAA.AAAA", ".AAAAAAAAAAAAAAA.AAAA"] {
            let defect = try Fixture.defect(Array(text.utf8), Fixture.hsIssuer())
            #expect(defect == .length || defect == .segments)
        }
        let tooLong = Array("AAAA.A".utf8) + Array("AAAA.AAAAAAAA".utf8)
        #expect(try Fixture.defect(tooLong, Fixture.hsIssuer()) == .encoding)
    }

    @Test func `J12 the longest token is 8192 bytes`() throws {
        func padded(_ count: Int) -> [UInt8] {
            hs(["pad": "\"\(String(repeating: "x", count: count))\""])
        }
        var size = 5_000
        while padded(size + 1).count <= CompactToken.bytesMax { size += 1 }
        #expect(try Fixture.defect(padded(size), Fixture.hsIssuer()) == nil)
        #expect(try Fixture.defect(padded(size + 1), Fixture.hsIssuer()) == .length)
    }
}
