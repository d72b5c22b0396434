import CJWT
import COpenSSL
import Policy
import TestSupport
import Testing

@testable import Tokens

/// Findings L15 to L24: spellings, sizes and headers libjwt 1.10.2 lets through.
@Suite struct `What libjwt alone would read` {
    let pem = TestKey.rsa.publicPEM

    func hs(_ header: String, _ claims: String = Fixture.claims()) -> [UInt8] {
        Fixture.hs256.token(header: header, claims: claims)
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
        let large = hs(Fixture.header("HS256"), wide)
        let issuer = try Fixture.hsIssuer()
        var verifier = try TokenVerifier()
        var defect: TokenDefect?
        let start = secondsOfThread()
        do throws(TokenDefect) {
            _ = try verifier.verify(large.span, issuer: issuer, now: Fixture.now)
        } catch {
            defect = error
        }
        #expect(defect == .length && secondsOfThread() - start < 0.05)
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
