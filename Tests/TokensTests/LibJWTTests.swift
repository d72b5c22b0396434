import CJWT
import COpenSSL
import Policy
import Testing

@testable import Tokens

/// Findings L1 to L24 about libjwt 1.10.2: what it does alone, and that nobody reaches it that way.
@Suite struct `What libjwt alone would accept` {
    let pem = TestKey.rsa.publicPEM

    func hs(_ header: String, _ claims: String = Fixture.claims()) -> [UInt8] {
        Fixture.hs256.token(header: header, claims: claims)
    }

    @Test func `L1 an empty key takes any signature`() throws {
        let garbage = TestSigner.bytes([1, 2, 3, 4])
        for algorithm in ["HS256", "RS256"] {
            let token = garbage.token(
                header: Fixture.header(algorithm), claims: Fixture.claims())
            let alone = LibJWT(token, key: nil)
            #expect(alone.isAccepted && alone.algorithm == "none" && alone.tenant == "acme")
            #expect(try Fixture.defect(token, Fixture.hsIssuer()) != nil)
            #expect(try Fixture.defect(token, Fixture.rsIssuer()) != nil)
        }
        #expect(throws: KeyDefect.secretTooShort(bytesMin: 32)) {
            _ = try KeySet(secretBytes: [], algorithms: [.hs256])
        }
        #expect(throws: KeyDefect.secretTooShort(bytesMin: 32)) {
            _ = try KeySet(secretBytes: [10], algorithms: [.hs256])
        }
    }

    @Test func `L2 a negative key length skips verification`() throws {
        let token = TestSigner.bytes([1, 2, 3]).token(
            header: Fixture.header("HS256"), claims: Fixture.claims())
        let alone = LibJWT(token, key: Fixture.secret, count: -1)
        #expect(alone.isAccepted && alone.tenant == nil)
        #expect(try Fixture.defect(token, Fixture.hsIssuer()) == .signature)
    }

    @Test func `L3 J2 a public key file works as a shared secret`() throws {
        for (hash, name) in [("SHA256", "HS256"), ("SHA512", "HS512")] {
            let token = TestSigner.hmac(hash, pem).token(
                header: Fixture.header(name), claims: Fixture.claims())
            #expect(LibJWT(token, key: pem).isAccepted)
            #expect(try Fixture.defect(token, Fixture.rsIssuer()) == .algorithm)
        }
        #expect(throws: KeyDefect.secretIsKeyFile) {
            _ = try KeySet(secretBytes: pem, algorithms: [.hs256])
        }
    }

    @Test func `L4 alg none is taken without a key`() throws {
        for name in ["none", "None", "NONE", "nOnE"] {
            let text = encode(Fixture.header(name)) + "." + encode(Fixture.claims()) + "."
            let token = Array(text.utf8)
            #expect(LibJWT(token, key: nil).isAccepted)
            #expect(!LibJWT(token, key: Fixture.secret).isAccepted)
            #expect(try Fixture.defect(token, Fixture.hsIssuer()) == .segments)
            #expect(try Fixture.defect(token + [65, 65], Fixture.hsIssuer()) == .algorithm)
        }
    }

    @Test func `L5 alg is compared without case and the last duplicate wins`() throws {
        let lower = hs(Fixture.header("hs256"))
        #expect(LibJWT(lower, key: Fixture.secret).isAccepted)
        #expect(try Fixture.defect(lower, Fixture.hsIssuer()) == .algorithm)
        let twice = hs(#"{"alg":"RS256","alg":"HS256"}"#)
        #expect(LibJWT(twice, key: Fixture.secret).isAccepted)
        #expect(try Fixture.defect(twice, Fixture.hsIssuer()) == .headerJSON)
        let spaced = hs(Fixture.header("HS256 "))
        #expect(!LibJWT(spaced, key: Fixture.secret).isAccepted)
        #expect(try Fixture.defect(spaced, Fixture.hsIssuer()) == .algorithm)
    }

    @Test func `L6 neither hash nor curve is bound to the key`() throws {
        let rs384 = TestSigner.rsa("SHA384", .rsa).token(
            header: Fixture.header("RS384"), claims: Fixture.claims())
        #expect(LibJWT(rs384, key: pem).isAccepted)
        #expect(try Fixture.defect(rs384, Fixture.rsIssuer()) == .algorithm)
        let p384 = TestKey.p384.publicPEM
        let wrongCurve = TestSigner.ecdsa("SHA256", .p384, half: 48).token(
            header: Fixture.header("ES256"), claims: Fixture.claims())
        #expect(LibJWT(wrongCurve, key: p384).isAccepted)
        #expect(throws: KeyDefect.algorithmMissing) {
            _ = try KeySet(bytes: p384, algorithms: [.es256])
        }
        let shortCurve = TestSigner.ecdsa("SHA512", .p256, half: 32).token(
            header: Fixture.header("ES512"), claims: Fixture.claims())
        #expect(LibJWT(shortCurve, key: TestKey.p256.publicPEM).isAccepted)
        #expect(try Fixture.defect(shortCurve, Fixture.esIssuer()) == .algorithm)
    }

    @Test func `L7 there is no floor under the strength of a key`() throws {
        let weak = TestKey.weakRSA.publicPEM
        let token = TestSigner.rsa("SHA256", .weakRSA).token(
            header: Fixture.header("RS256"), claims: Fixture.claims())
        #expect(LibJWT(token, key: weak).isAccepted)
        #expect(throws: KeyDefect.size(bits: 1024)) {
            _ = try KeySet(bytes: weak, algorithms: [.rs256])
        }
        let short = TestSigner.hmac("SHA256", [120]).token(
            header: Fixture.header("HS256"), claims: Fixture.claims())
        #expect(LibJWT(short, key: [120]).isAccepted)
        #expect(throws: KeyDefect.secretTooShort(bytesMin: 32)) {
            _ = try KeySet(secretBytes: [120], algorithms: [.hs256])
        }
    }

    @Test func `L8 times, issuer and audience are never looked at`() throws {
        let future = "\(Fixture.now + 1000)"
        let cases: [(KeyValuePairs<String, String?>, TokenDefect)] = [
            (["exp": "1", "iat": nil], .expired), (["nbf": future], .notBefore),
            (["iat": future], .issuedAt), (["aud": #""other""#], .audience),
            (["iss": #""other""#], .issuer), (["exp": nil], .expiryMalformed),
        ]
        for (changes, defect) in cases {
            let token = hs(Fixture.header("HS256"), Fixture.claims(changes))
            #expect(LibJWT(token, key: Fixture.secret).isAccepted)
            #expect(try Fixture.defect(token, Fixture.hsIssuer()) == defect)
        }
    }

    @Test func `L9 there are three answers for an exp that is no number`() throws {
        for value in [
            #""1767225900""#, "1767225900.0", "1e300", "null", "true", "[]", "-1", "1.7e9", "-0",
            "9223372036854775807", "9007199254740993",
        ] {
            let token = hs(Fixture.header("HS256"), Fixture.claims(["exp": value, "iat": nil]))
            #expect(LibJWT(token, key: Fixture.secret).isAccepted)
            #expect(try Fixture.defect(token, Fixture.hsIssuer()) == .expiryMalformed)
        }
        for value in ["9223372036854775808", "1e400"] {
            let token = hs(Fixture.header("HS256"), Fixture.claims(["exp": value]))
            #expect(!LibJWT(token, key: Fixture.secret).isAccepted)
            #expect(try Fixture.defect(token, Fixture.hsIssuer()) == .expiryMalformed)
        }
    }

    @Test func `L10 a tenant that is no string reads like none`() throws {
        for value in ["42", "[]", "{}", "true", "null", #"["acme"]"#] {
            let token = hs(Fixture.header("HS256"), Fixture.claims(["tenant_id": value]))
            let alone = LibJWT(token, key: Fixture.secret)
            #expect(alone.isAccepted && alone.tenant == nil)
            #expect(try Fixture.defect(token, Fixture.hsIssuer()) == .tenantMalformed)
        }
        let empty = hs(Fixture.header("HS256"), Fixture.claims(["tenant_id": #""""#]))
        #expect(LibJWT(empty, key: Fixture.secret).tenant == "")
        #expect(try Fixture.defect(empty, Fixture.hsIssuer()) == .tenantMalformed)
        let missing = hs(Fixture.header("HS256"), Fixture.claims(["tenant_id": nil]))
        #expect(try Fixture.defect(missing, Fixture.hsIssuer()) == .tenantMissing)
    }

    @Test(arguments: [#""tenant_id""#, #""\u0074enant_id""#])
    func `L11 the last duplicate claim wins silently`(_ name: String) throws {
        let claims = String(Fixture.claims().dropLast()) + ",\(name):\"evil\"}"
        let token = hs(Fixture.header("HS256"), claims)
        #expect(LibJWT(token, key: Fixture.secret).tenant == "evil")
        #expect(try Fixture.defect(token, Fixture.hsIssuer()) == .claimsJSON)
    }

    @Test func `L12 a tenant may hold line ends`() throws {
        let token = hs(
            Fixture.header("HS256"),
            Fixture.claims(["tenant_id": #""acme\r\nX-Tenant-ID: evil""#]))
        #expect(LibJWT(token, key: Fixture.secret).tenant == "acme\r\nX-Tenant-ID: evil")
        #expect(try Fixture.defect(token, Fixture.hsIssuer()) == .tenantMalformed)
    }

    @Test func `L13 malformed JSON is refused by both`() throws {
        let good = Fixture.claims()
        let head = String(good.dropLast())
        var payloads: [[UInt8]] = [
            #","x":"\u0000"}"#, #","x":"\ud800"}"#, ",/**/\"x\":1}", ",\"x\":NaN}", ",}",
            ",\"x\":\"\u{1}\"}",
        ].map { Array((head + $0).utf8) }
        payloads.append([0xEF, 0xBB, 0xBF] + Array(good.utf8))
        payloads.append(Array((head + #","x":""#).utf8) + [0xC0, 0xAF] + Array("\"}".utf8))
        payloads.append(Array((head + #","x":""#).utf8) + [0] + Array("\"}".utf8))
        for payload in payloads {
            let token = Fixture.hs256.token(
                header: Array(Fixture.header("HS256").utf8), claims: payload)
            #expect(!LibJWT(token, key: Fixture.secret).isAccepted)
            let defect = try Fixture.defect(token, Fixture.hsIssuer())
            // `\u0000` is JSON; libjwt cannot say it, so the two disagree.
            #expect(defect == .claimsJSON || defect == .readersDisagree)
        }
    }

    @Test func `L14 what follows a NUL in the payload is ignored`() throws {
        let evil = Fixture.claims(["tenant_id": #""evil""#])
        let payload = Array(Fixture.claims().utf8) + [0] + Array(evil.utf8)
        let token = Fixture.hs256.token(
            header: Array(Fixture.header("HS256").utf8), claims: payload)
        #expect(LibJWT(token, key: Fixture.secret).tenant == "acme")
        #expect(try Fixture.defect(token, Fixture.hsIssuer()) == .claimsJSON)
        let array = hs(Fixture.header("HS256"), "[\(Fixture.claims())]")
        #expect(LibJWT(array, key: Fixture.secret).isAccepted)
        #expect(try Fixture.defect(array, Fixture.hsIssuer()) == .claimsJSON)
    }

    @Test(arguments: ["=", "==", " ", "\n", "!*", "+", "/"])
    func `L15 foreign bytes inside a segment are skipped`(_ junk: String) throws {
        let header = encode(Fixture.header("HS256"))
        let claims = encode(Fixture.claims())
        for message in [header + junk + "." + claims, header + "." + claims + junk] {
            let bytes = Array(message.utf8)
            let tag = encode(hmac(bytes, key: Fixture.secret, hash: "SHA256"))
            let token = bytes + Array(("." + tag).utf8)
            if junk != "+", junk != "/" {
                #expect(LibJWT(token, key: Fixture.secret).isAccepted)
            }
            #expect(try Fixture.defect(token, Fixture.hsIssuer()) == .alphabet)
        }
    }

    @Test func `L16 J11 a signed token has many spellings for libjwt and one for us`() throws {
        let good = Fixture.rs256.token(
            header: Fixture.header("RS256"), claims: Fixture.claims())
        #expect(try Fixture.defect(good, Fixture.rsIssuer()) == nil)
        let tails: [(String, TokenDefect)] = [
            ("\n", .alphabet), ("==", .alphabet), (".!!!!", .segments), (" ", .alphabet),
        ]
        for (tail, defect) in tails {
            let token = good + Array(tail.utf8)
            #expect(LibJWT(token, key: pem).isAccepted)
            let ours = try Fixture.defect(token, Fixture.rsIssuer())
            #expect(ours == defect || ours == .alphabet)
        }
        // 256 bytes are 342 characters: four bits of the last one belong to no byte.
        var spare = good
        let last = Base64URL.value(of: good[good.count - 1])
        let alphabet = Array(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        spare[spare.count - 1] = alphabet[Int(last | 1)]
        #expect(LibJWT(spare, key: pem).isAccepted)
        #expect(try Fixture.defect(spare, Fixture.rsIssuer()) == .encoding)
        if let place = good.lastIndex(where: { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") })
        {
            var standard = good
            standard[place] = good[place] == UInt8(ascii: "-") ? 43 : 47
            #expect(try Fixture.defect(standard, Fixture.rsIssuer()) == .alphabet)
        }
    }

    @Test(arguments: ["=", "\n", ".AAAA", "."])
    func `L17 J13 an HS token with a tail is refused by both`(_ tail: String) throws {
        let token = hs(Fixture.header("HS256")) + Array(tail.utf8)
        #expect(!LibJWT(token, key: Fixture.secret).isAccepted)
        #expect(try Fixture.defect(token, Fixture.hsIssuer()) != nil)
    }

    @Test func `L18 J13 bytes behind a NUL are ignored`() throws {
        let token = hs(Fixture.header("HS256")) + [0] + Array("anything".utf8)
        #expect(LibJWT(token, key: Fixture.secret).isAccepted)
        #expect(try Fixture.defect(token, Fixture.hsIssuer()) == .alphabet)
    }

    @Test func `L19 an access token of RFC 9068 is refused by libjwt and read without it`() throws {
        let token = hs(#"{"alg":"HS256","typ":"at+JWT"}"#)
        #expect(!LibJWT(token, key: Fixture.secret).isAccepted)
        var verifier = try TokenVerifier()
        let issuer = try Fixture.hsIssuer()
        let claims = try verifier.verify(token.span, issuer: issuer, now: Fixture.now)
        #expect(claims.tenant?.text == "acme")
        #expect(verifier.secondReadingsSkipped == 1)
        let numeric = hs(#"{"alg":"HS256","typ":7}"#)
        #expect(LibJWT(numeric, key: Fixture.secret).isAccepted)
        #expect(try Fixture.defect(numeric, issuer) == .type)
        let foreign = hs(#"{"alg":"HS256","typ":"dpop+jwt"}"#)
        #expect(try Fixture.defect(foreign, issuer) == .type)
        let strict = try Fixture.hsIssuer { $0.types = ["at+jwt"] }
        #expect(try Fixture.defect(hs(Fixture.header("HS256")), strict) == .type)
        #expect(try Fixture.defect(hs(#"{"alg":"HS256"}"#), strict) == .type)
        #expect(try Fixture.defect(hs(#"{"alg":"HS256"}"#), issuer) == nil)
    }

    @Test func `L20 J7 crit, b64, zip and cty are ignored`() throws {
        let cases: [(String, TokenDefect)] = [
            (#","crit":["exp"]"#, .critical), (#","crit":[]"#, .critical),
            (#","crit":["b64"],"b64":false"#, .critical), (#","b64":false"#, .encapsulation),
            (#","zip":"DEF""#, .encapsulation), (#","cty":"JWT""#, .encapsulation),
            (#","enc":"A256GCM""#, .encapsulation),
        ]
        for (more, defect) in cases {
            let token = hs(Fixture.header("HS256", more))
            #expect(LibJWT(token, key: Fixture.secret).isAccepted)
            #expect(try Fixture.defect(token, Fixture.hsIssuer()) == defect)
        }
    }

    @Test func `L21 J12 deep and wide payloads are bounded before they are read`() throws {
        let deep =
            #"{"a":"# + String(repeating: "[", count: 2000) + String(repeating: "]", count: 2000)
            + "}"
        let token = hs(Fixture.header("HS256"), deep)
        #expect(LibJWT(token, key: Fixture.secret).isAccepted)
        #expect(try Fixture.defect(token, Fixture.hsIssuer()) == .claimsJSON)
        let wide = "{" + (0..<60_000).map { "\"c\($0)\":0" }.joined(separator: ",") + "}"
        let clock = ContinuousClock()
        let large = hs(Fixture.header("HS256"), wide)
        let issuer = try Fixture.hsIssuer()
        var verifier = try TokenVerifier()
        var defect: TokenDefect?
        let time = clock.measure {
            do throws(TokenDefect) {
                _ = try verifier.verify(large.span, issuer: issuer, now: Fixture.now)
            } catch {
                defect = error
            }
        }
        #expect(defect == .length && time < .milliseconds(50))
        let keys = "{" + (0..<1_100).map { "\"\($0)\":0" }.joined(separator: ",") + "}"
        let many = hs(#"{"alg":"HS256"}"#, keys)
        #expect(many.count > CompactToken.bytesMax)
    }

    @Test(arguments: [8_193, 1 << 20, 16 << 20])
    func `L22 J12 a segment that would overflow libjwt's stack never reaches it`(
        _ size: Int
    ) throws {
        let token =
            Array(encode(Fixture.header("HS256")).utf8) + [46]
            + [UInt8](repeating: 65, count: size) + Array(".AAAA".utf8)
        #expect(try Fixture.defect(token, Fixture.hsIssuer()) == .length)
    }

    @Test func `L23 a private key or a certificate is no verification key`() throws {
        let token = Fixture.rs256.token(
            header: Fixture.header("RS256"), claims: Fixture.claims())
        #expect(!LibJWT(token, key: TestKey.rsa.privatePEM).isAccepted)
        #expect(throws: KeyDefect.privateKey) {
            _ = try KeySet(bytes: TestKey.rsa.privatePEM, algorithms: [.rs256])
        }
        let certificate = Array("-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----".utf8)
        #expect(throws: KeyDefect.certificate) {
            _ = try KeySet(bytes: certificate, algorithms: [.rs256])
        }
    }

    @Test func `L24 refused signatures leave nothing behind`() throws {
        var verifier = try TokenVerifier()
        let issuers = [try Fixture.rsIssuer(), try Fixture.esIssuer(), try Fixture.hsIssuer()]
        let tokens = [
            TestSigner.bytes([UInt8](repeating: 3, count: 256)).token(
                header: Fixture.header("RS256"), claims: Fixture.claims()),
            TestSigner.bytes([UInt8](repeating: 3, count: 64)).token(
                header: Fixture.header("ES256"), claims: Fixture.claims()),
            TestSigner.bytes([UInt8](repeating: 3, count: 32)).token(
                header: Fixture.header("HS256"), claims: Fixture.claims()),
        ]
        for _ in 0..<200 {
            for (token, issuer) in zip(tokens, issuers) {
                var defect: TokenDefect?
                do throws(TokenDefect) {
                    _ = try verifier.verify(token.span, issuer: issuer, now: Fixture.now)
                } catch {
                    defect = error
                }
                #expect(defect == .signature)
                // A later TLS call of this thread must not find our error.
                #expect(ERR_peek_error() == 0)
            }
        }
    }
}
