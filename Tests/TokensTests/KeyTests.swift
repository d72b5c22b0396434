import HTTP1
import Policy
import Testing

@testable import Tokens

func keySet(_ keys: [String]) -> String { #"{"keys":[\#(keys.joined(separator: ","))]}"# }

func rsaKey(_ key: TestKey, _ more: String) -> String {
    #"{"kty":"RSA","n":"\#(encode(key.number("n")))","e":"\#(encode(key.number("e")))",\#(more)}"#
}

func ecKey(_ key: TestKey, _ curve: String, _ size: Int, _ more: String) -> String {
    let x = encode(key.number("qx", bytes: size))
    let y = encode(key.number("qy", bytes: size))
    return #"{"kty":"EC","crv":"\#(curve)","x":"\#(x)","y":"\#(y)",\#(more)}"#
}

@Suite struct `Key files` {
    func load(_ file: [UInt8], _ algorithms: [TokenAlgorithm]) throws(KeyDefect) -> KeySet {
        try KeySet(bytes: file, algorithms: algorithms)
    }

    @Test func `what is no public key says what it is`() {
        let pem = TestKey.rsa.publicPEM
        let pkcs1 = Array(
            "-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n".utf8)
        let cases: [([UInt8], [TokenAlgorithm], KeyDefect)] = [
            ([], [.rs256], .formatUnknown), (Array("secret".utf8), [.rs256], .formatUnknown),
            (TestKey.rsa.privatePEM, [.rs256], .privateKey),
            (TestKey.rsa.traditionalPEM, [.rs256], .privateKey),
            (TestKey.p256.traditionalPEM, [.es256], .privateKey),
            (pkcs1, [.rs256], .notSubjectPublicKeyInfo), (pem + pem, [.rs256], .severalBlocks),
            (Array("-----BEGIN PUBLIC KEY-----\nAAAA\n".utf8), [.rs256], .unreadable),
            (TestKey.weakRSA.publicPEM, [.rs256], .size(bits: 1024)),
            (TestKey.secp256k1.publicPEM, [.es256], .curve),
            (TestKey.ed25519.publicPEM, [.es256], .algorithmMissing),
            (TestKey.ed448.publicPEM, [.ed25519], .typeUnsupported),
            (TestKey.x25519.publicPEM, [.ed25519], .typeUnsupported),
            (TestKey.rsa.publicPEM, [.rs256, .ps256], .algorithmAmbiguous),
            (pem, [.es256], .algorithmMissing), (pem, [], .algorithmMissing),
            (pem, [.hs256], .algorithmMissing), (pem, [.rs256, .rs512], .algorithmAmbiguous),
            (TestKey.p384.publicPEM, [.es256, .es512], .algorithmMissing),
            ([UInt8](repeating: 45, count: 65_537), [.rs256], .tooLarge),
        ]
        for (file, algorithms, defect) in cases {
            #expect(throws: defect) { _ = try load(file, algorithms) }
            #expect(!defect.message.isEmpty)
        }
    }

    @Test func `a key is pinned to the one algorithm that fits`() throws {
        let all: [TokenAlgorithm] = [.hs256, .rs256, .es256, .es384, .es512]
        #expect(try load(TestKey.rsa.publicPEM, all).keys.map(\.algorithm) == [.rs256])
        #expect(try load(TestKey.p256.publicPEM, all).keys.map(\.algorithm) == [.es256])
        #expect(try load(TestKey.p521.publicPEM, all).keys.map(\.algorithm) == [.es512])
        let text = Array("a comment\n".utf8) + TestKey.rsa.publicPEM
        #expect(try load(text, [.rs256]).keys.count == 1)
    }

    @Test func `an RSA exponent of one or an even one is refused`() {
        let modulus = TestKey.rsa.number("n")
        for exponent: [UInt8] in [[1], [2], [4], [1, 0, 0, 0, 0, 0, 0, 0, 1]] {
            let der = SubjectPublicKeyInfo.rsa(modulus: modulus, exponent: exponent)
            guard let key = PublicKey.read(der: der) else { continue }
            #expect(throws: KeyDefect.exponent) { try VerificationKey.check(key) }
        }
    }

    @Test func `a secret is at least as long as its hash`() throws {
        for (algorithm, size) in [(TokenAlgorithm.hs256, 32), (.hs384, 48), (.hs512, 64)] {
            let secret = [UInt8](repeating: 7, count: size)
            #expect(throws: KeyDefect.secretTooShort(bytesMin: size)) {
                _ = try KeySet(secretBytes: Array(secret.dropLast()), algorithms: [algorithm])
            }
            #expect(try KeySet(secretBytes: secret, algorithms: [algorithm]).keys.count == 1)
        }
        let long = [UInt8](repeating: 7, count: 4_097)
        #expect(throws: KeyDefect.tooLarge) {
            _ = try KeySet(secretBytes: long, algorithms: [.hs256])
        }
        #expect(throws: KeyDefect.algorithmAmbiguous) {
            _ = try KeySet(secretBytes: Fixture.secret, algorithms: [.hs256, .hs512])
        }
    }

    @Test func `one trailing line end does not belong to a secret`() throws {
        let token = Fixture.hs256.token(
            header: Fixture.header("HS256"), claims: Fixture.claims())
        for (end, defect) in [
            ("", nil), ("\n", nil), ("\r\n", nil), ("\n\n", TokenDefect.signature),
            (" ", .signature),
        ] {
            let file = Fixture.secret + Array(end.utf8)
            let keys = try KeySet(secretBytes: file, algorithms: [.hs256])
            #expect(try Fixture.defect(token, Fixture.issuer([.hs256], keys)) == defect)
        }
    }
}

@Suite struct `JWK sets` {
    func load(
        _ text: String, _ algorithms: [TokenAlgorithm] = [.rs256, .es256, .es384, .es512],
        secrets: Bool = true
    ) throws(KeyDefect) -> KeySet {
        try KeySet(bytes: Array(text.utf8), algorithms: algorithms, allowsSecrets: secrets)
    }

    @Test func `keys of all three types verify`() throws {
        let set = keySet([
            rsaKey(.rsa, #""kid":"r","use":"sig","alg":"RS256","x5c":["AAAA"]"#),
            ecKey(.p256, "P-256", 32, #""kid":"e""#), ecKey(.p384, "P-384", 48, #""kid":"f""#),
            ecKey(.p521, "P-521", 66, #""kid":"g","key_ops":["verify"]"#),
            #"{"kty":"oct","kid":"h","alg":"HS256","k":"\#(encode(Fixture.secret))"}"#,
        ])
        let algorithms: [TokenAlgorithm] = [.hs256, .rs256, .es256, .es384, .es512]
        let keys = try load(set, algorithms)
        #expect(keys.skipped.isEmpty && keys.keys.count == 5)
        let issuer = Fixture.issuer(algorithms, keys)
        let names = ["RS256": "r", "ES256": "e", "ES384": "f", "ES512": "g", "HS256": "h"]
        for row in AlgorithmCase.all {
            guard let name = names[row.algorithm.rawValue] else { continue }
            let token = row.signer.token(
                header: Fixture.header(row.algorithm.rawValue, #","kid":"\#(name)""#),
                claims: Fixture.claims())
            #expect(try Fixture.defect(token, issuer) == nil)
        }
    }

    @Test func `keys for other purposes are skipped and listed`() throws {
        let good = rsaKey(.rsa, #""kid":"k""#)
        let edwardsX = encode(TestKey.ed25519.rawPublicKey)
        let cases: [(String, KeySet.SkippedKey.Reason)] = [
            (rsaKey(.rsa, #""kid":"x","use":"enc""#), .otherUse),
            (rsaKey(.rsa, #""kid":"x","key_ops":["sign"]"#), .otherUse),
            (rsaKey(.rsa, #""kid":"x","alg":"PS256""#), .unsupported),
            (rsaKey(.rsa, #""kid":"x","alg":"RSA-OAEP""#), .unsupported),
            (rsaKey(.rsa, #""kid":"a b""#), .keyName), (rsaKey(.rsa, #""kid":1"#), .keyName),
            (rsaKey(.weakRSA, #""kid":"x""#), .defect(.size(bits: 1024))),
            (#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#, .malformed),
            (#"{"kty":"OKP","crv":"Ed25519"}"#, .malformed),
            (#"{"kty":"OKP","crv":"Ed448","x":"AAAA"}"#, .unsupported),
            (#"{"kty":"OKP","crv":"X25519","x":"\#(edwardsX)"}"#, .unsupported),
            (
                #"{"kty":"OKP","crv":"Ed25519","alg":"RS256","x":"\#(edwardsX)"}"#,
                .defect(.algorithmMissing)
            ),
            (#"{"kty":"EC","crv":"Ed25519","x":"\#(edwardsX)"}"#, .unsupported),
            (#"{"kty":"EC","crv":"secp256k1","x":"AAAA","y":"AAAA"}"#, .unsupported),
            (#"{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}"#, .malformed),
            (#"{"kty":"RSA","e":"AQAB"}"#, .malformed),
            (#"{"kty":"RSA","n":"!","e":"AQAB"}"#, .malformed), ("{}", .malformed),
            ("1", .malformed),
            (ecKey(.p256, "P-256", 32, #""alg":"ES384""#), .defect(.algorithmMissing)),
            (#"{"kty":"oct","alg":"HS256","k":"AAAA"}"#, .unsupported),
        ]
        for (key, reason) in cases {
            let keys = try load(keySet([key, good]))
            #expect(keys.keys.count == 1, "\(key)")
            #expect(keys.skipped == [KeySet.SkippedKey(index: 0, reason: reason)], "\(key)")
        }
        let point = encode([UInt8](repeating: 1, count: 32))
        let offCurve = #"{"kty":"EC","crv":"P-256","x":"\#(point)","y":"\#(point)"}"#
        #expect(try load(keySet([offCurve, good])).skipped.first?.reason == .defect(.unreadable))
        let ambiguous = rsaKey(.rsa, #""kid":"x""#)
        let named = rsaKey(.rsa, #""kid":"k","alg":"RS512""#)
        #expect(
            try load(keySet([ambiguous, named]), [.rs256, .rs512]).skipped.first?.reason
                == .defect(.algorithmAmbiguous))
        let secret = #"{"kty":"oct","alg":"HS256","k":"\#(encode(Fixture.secret))"}"#
        let fetched = try load(keySet([secret, good]), [.hs256, .rs256], secrets: false)
        #expect(fetched.skipped.first?.reason == .unsupported)
    }

    @Test func `a doubtful set is refused whole`() {
        let good = rsaKey(.rsa, #""kid":"k""#)
        let many = keySet((0...100).map { _ in "{}" })
        let cases: [(String, KeyDefect)] = [
            ("{", .setMalformed), ("{}", .setMalformed), (#"{"keys":{}}"#, .setMalformed),
            (#"{"keys":[],"keys":[]}"#, .setMalformed), (keySet([]), .noUsableKey),
            (keySet(["{}"]), .noUsableKey), (many, .tooManyKeys),
            (keySet([good, rsaKey(.otherRSA, #""kid":"k""#)]), .duplicateKeyID),
            (keySet([good, rsaKey(.otherRSA, #""kid":"x","d":"AAAA""#)]), .privateMembers),
            (keySet([ecKey(.p256, "P-256", 32, #""use":"enc","d":"AAAA""#)]), .privateMembers),
            (String(repeating: " ", count: 524_288) + "{}", .tooLarge),
        ]
        for (text, defect) in cases {
            #expect(throws: defect) { _ = try load(text) }
        }
    }
}

@Suite struct `Vendor keys` {
    @Test func `a key names its vendor and no tenant`() throws {
        let one = Array("vendor-one-0123456789abcdef0123456789".utf8)
        let two = Array("vendor-two-0123456789abcdef0123456789".utf8)
        let keys = try VendorKeySet(keyFiles: [(0, one + [10]), (3, two)])
        var verifier = try VendorKeyVerifier()
        let first = verifier.verify(one.span, keys: keys)
        let second = verifier.verify(two.span, keys: keys)
        #expect(first?.vendor == 0 && second?.vendor == 3)
        #expect(first?.tenant == nil && first?.derivedID == nil && first?.issuer == nil)
        #expect(first?.holds(at: Fixture.now) == true)
        for wrong in [[], one + [10], Array(one.dropLast()), one.reversed(), one + one + one] {
            let none = verifier.verify(wrong.span, keys: keys)
            #expect(none == nil)
        }
        #expect(throws: KeyDefect.secretTooShort(bytesMin: 32)) {
            _ = try VendorKeySet(keyFiles: [(0, [1, 2, 3])])
        }
        #expect(throws: KeyDefect.duplicateSecret) {
            _ = try VendorKeySet(keyFiles: [(0, one), (1, one)])
        }
    }
}
