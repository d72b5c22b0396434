import Policy
import Testing

@testable import Tokens

/// One algorithm with a key that fits it and a way to sign.
struct AlgorithmCase: CustomTestStringConvertible {
    let algorithm: TokenAlgorithm
    let signer: TestSigner
    let keyFile: [UInt8]
    let privateFile: [UInt8]

    var testDescription: String { algorithm.rawValue }

    func keySet() throws(KeyDefect) -> KeySet {
        algorithm.isSymmetric
            ? try KeySet(secretBytes: keyFile, algorithms: [algorithm])
            : try KeySet(bytes: keyFile, algorithms: [algorithm])
    }

    static let all: [AlgorithmCase] = TokenAlgorithm.allCases.map { algorithm in
        let hash = "SHA\(algorithm.hashBits)"
        switch algorithm {
        case .hs256, .hs384, .hs512:
            return AlgorithmCase(
                algorithm: algorithm, signer: .hmac(hash, Fixture.secret),
                keyFile: Fixture.secret, privateFile: Fixture.secret)
        case .rs256, .rs384, .rs512:
            return AlgorithmCase(
                algorithm: algorithm, signer: .rsa(hash, .rsa), keyFile: TestKey.rsa.publicPEM,
                privateFile: TestKey.rsa.privatePEM)
        case .ps256, .ps384, .ps512:
            return AlgorithmCase(
                algorithm: algorithm, signer: .pss(hash, .rsa), keyFile: TestKey.rsa.publicPEM,
                privateFile: TestKey.rsa.privatePEM)
        case .ed25519:
            return AlgorithmCase(
                algorithm: algorithm, signer: .edwards(.ed25519),
                keyFile: TestKey.ed25519.publicPEM, privateFile: TestKey.ed25519.privatePEM)
        case .es256: return ec(algorithm, hash, .p256, half: 32)
        case .es384: return ec(algorithm, hash, .p384, half: 48)
        case .es512: return ec(algorithm, hash, .p521, half: 66)
        }
    }

    private static func ec(
        _ algorithm: TokenAlgorithm, _ hash: String, _ key: TestKey, half: Int
    ) -> AlgorithmCase {
        AlgorithmCase(
            algorithm: algorithm, signer: .ecdsa(hash, key, half: half), keyFile: key.publicPEM,
            privateFile: key.privatePEM)
    }
}

@Suite struct `Every algorithm` {
    @Test(arguments: AlgorithmCase.all)
    func `verifies a token of its own key and refuses it when one bit differs`(
        _ row: AlgorithmCase
    ) throws {
        let issuer = Fixture.issuer([row.algorithm], try row.keySet())
        let header = Fixture.header(row.algorithm.rawValue)
        // ECDSA halves have leading zeros once in 256 signatures: several are tried.
        for serial in 0..<8 {
            let token = row.signer.token(
                header: header, claims: Fixture.claims(["jti": "\"\(serial)\""]))
            let claims = try Fixture.verified(token, issuer)
            #expect(claims.tenant?.text == "acme")
            var tampered = token
            tampered[tampered.count - 10] = tampered[tampered.count - 10] == 65 ? 66 : 65
            #expect(try Fixture.defect(tampered, issuer) == .signature)
        }
    }

    @Test(arguments: AlgorithmCase.all)
    func `is refused by every key of another algorithm`(_ row: AlgorithmCase) throws {
        let token = row.signer.token(
            header: Fixture.header(row.algorithm.rawValue), claims: Fixture.claims())
        for other in AlgorithmCase.all where other.algorithm != row.algorithm {
            let alone = Fixture.issuer([other.algorithm], try other.keySet())
            #expect(try Fixture.defect(token, alone) == .algorithm)
            // Even where the policy names both, the key stays what it was loaded for.
            let both = Fixture.issuer([row.algorithm, other.algorithm], try other.keySet())
            #expect(try Fixture.defect(token, both) == .keyAlgorithm)
        }
    }

    @Test(arguments: AlgorithmCase.all)
    func `minted through libjwt verifies`(_ row: AlgorithmCase) throws {
        let file = row.privateFile
        let signer = try TokenSigner(algorithm: row.algorithm, keyFile: file.span)
        let claims = Array(Fixture.claims().utf8)
        let token = try signer.mint(claims: claims.span, keyName: "k1")
        let issuer = Fixture.issuer([row.algorithm], try row.keySet())
        #expect(try Fixture.verified(token, issuer).tenant?.text == "acme")
    }

    @Test func `one verifier alternates between keys`() throws {
        var verifier = try TokenVerifier()
        for _ in 0..<2 {
            for row in AlgorithmCase.all {
                let issuer = Fixture.issuer([row.algorithm], try row.keySet())
                let token = row.signer.token(
                    header: Fixture.header(row.algorithm.rawValue), claims: Fixture.claims())
                let claims = try verifier.verify(token.span, issuer: issuer, now: Fixture.now)
                #expect(claims.tenant?.text == "acme")
            }
        }
    }
}

@Suite struct `Token signer` {
    /// libjwt would write `JWT` over any other type. ECDSA halves have leading zeros once in 256
    /// signatures: many are tried.
    @Test(arguments: AlgorithmCase.all)
    func `writes any type with any algorithm`(_ row: AlgorithmCase) throws {
        let key = row.privateFile
        let signer = try TokenSigner(algorithm: row.algorithm, keyFile: key.span)
        let session = Fixture.issuer([row.algorithm], try row.keySet()) {
            $0.types = ["ringfence-session+jwt"]
        }
        let plain = Fixture.issuer([row.algorithm], try row.keySet())
        let tries = ["RS", "PS"].contains(row.algorithm.rawValue.prefix(2)) ? 2 : 300
        for serial in 0..<tries {
            let claims = Array(Fixture.claims(["jti": "\"\(serial)\""]).utf8)
            let token = try signer.mint(claims: claims.span, type: "ringfence-session+jwt")
            var verifier = try TokenVerifier()
            #expect(Fixture.defect(token, session, &verifier) == nil, "\(serial)")
            guard serial == 0 else { continue }
            #expect(try Fixture.defect(token, plain) == .type)
            let usual = try signer.mint(claims: claims.span, type: "JWT")
            #expect(try Fixture.defect(usual, plain) == nil)
            #expect(try Fixture.defect(usual, session) == .type)
        }
    }

    @Test func `refuses keys that verification would refuse`() {
        let cases: [(TokenAlgorithm, [UInt8], KeyDefect)] = [
            (.hs256, Array("short".utf8), .secretTooShort(bytesMin: 32)),
            (.hs256, TestKey.rsa.publicPEM, .secretIsKeyFile),
            (.rs256, TestKey.weakRSA.privatePEM, .size(bits: 1024)),
            (.rs256, TestKey.p256.privatePEM, .algorithmMismatch),
            (.es256, TestKey.p384.privatePEM, .algorithmMismatch),
            (.es256, TestKey.p256.publicPEM, .notPrivateKey),
            (.es256, Array("nothing".utf8), .formatUnknown),
        ]
        for (algorithm, file, expected) in cases {
            #expect(throws: expected) {
                _ = try TokenSigner(algorithm: algorithm, keyFile: file.span)
            }
        }
    }

    @Test func `writes the type it is told and refuses claims with two readings`() throws {
        let secret = Fixture.secret
        let signer = try TokenSigner(algorithm: .hs256, keyFile: secret.span)
        let claims = Array(Fixture.claims().utf8)
        let issuer = try Fixture.hsIssuer()
        let access = try signer.mint(claims: claims.span, type: "at+jwt")
        #expect(try Fixture.defect(access, issuer) == nil)
        for text in [#"{"a":1,"a":2}"#, "[]", "{", ""] {
            let bytes = Array(text.utf8)
            #expect(throws: TokenSigner.Defect.claims) {
                _ = try signer.mint(claims: bytes.span)
            }
        }
        let long = Array(#"{"a":"\#(String(repeating: "x", count: 7_000))"}"#.utf8)
        #expect(throws: TokenSigner.Defect.length) { _ = try signer.mint(claims: long.span) }
        #expect(throws: TokenSigner.Defect.header) {
            _ = try signer.mint(claims: claims.span, keyName: "")
        }
    }
}
