import CJWT
import COpenSSL
import Policy
import Testing

@testable import Tokens

/// Findings L1 to L14 about libjwt 1.10.2: what it does alone, and that nobody reaches it that way.
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
}
