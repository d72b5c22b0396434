import Policy
import Testing

@testable import Tokens

/// PS and EdDSA, which libjwt does not know: OpenSSL alone checks them, and libjwt reads the claims
/// all the same.
@Suite struct `RSASSA-PSS and Ed25519` {
    static func issuer(_ algorithm: TokenAlgorithm, _ key: TestKey) throws -> TokenIssuer {
        Fixture.issuer([algorithm], try KeySet(bytes: key.publicPEM, algorithms: [algorithm]))
    }

    @Test func `a salt of another length than the hash's is refused`() throws {
        let issuer = try Self.issuer(.ps256, .rsa)
        let header = Fixture.header("PS256")
        let message = Array((encode(header) + "." + encode(Fixture.claims())).utf8)
        for (salt, isTaken) in [(0, false), (20, false), (31, false), (32, true), (64, false)] {
            let signature = TestKey.rsa.signPSS(message, hash: "SHA256", saltBytes: Int32(salt))
            let token = TestSigner.bytes(signature).token(header: header, claims: Fixture.claims())
            #expect(try Fixture.defect(token, issuer) == (isTaken ? nil : .signature), "\(salt)")
        }
    }

    @Test func `a mask of another hash is refused`() throws {
        let issuer = try Self.issuer(.ps256, .rsa)
        let header = Fixture.header("PS256")
        let message = Array((encode(header) + "." + encode(Fixture.claims())).utf8)
        let signature = TestKey.rsa.signPSS(message, hash: "SHA256", mask: "SHA1")
        let token = TestSigner.bytes(signature).token(header: header, claims: Fixture.claims())
        #expect(try Fixture.defect(token, issuer) == .signature)
    }

    @Test func `J3 PS and RS of one key do not stand for each other`() throws {
        for (mine, other) in [(TokenAlgorithm.ps256, TokenAlgorithm.rs256), (.rs256, .ps256)] {
            let issuer = try Self.issuer(mine, .rsa)
            let signer =
                other == .rs256 ? Fixture.rs256 : TestSigner.pss("SHA256", TestKey.rsa)
            let asOther = signer.token(
                header: Fixture.header(other.rawValue), claims: Fixture.claims())
            #expect(try Fixture.defect(asOther, issuer) == .algorithm)
            let asMine = signer.token(
                header: Fixture.header(mine.rawValue), claims: Fixture.claims())
            #expect(try Fixture.defect(asMine, issuer) == .signature)
        }
    }

    @Test(arguments: ["EdDSA", "Ed25519"])
    func `both names of Ed25519 are taken and no other spelling`(_ name: String) throws {
        let issuer = try Self.issuer(.ed25519, .ed25519)
        let signer = TestSigner.edwards(.ed25519)
        let token = signer.token(header: Fixture.header(name), claims: Fixture.claims())
        #expect(try Fixture.defect(token, issuer) == nil)
        for wrong in [name.lowercased(), name.uppercased(), name + " ", "Ed448", "ed25519"] {
            let token = signer.token(header: Fixture.header(wrong), claims: Fixture.claims())
            #expect(try Fixture.defect(token, issuer) == .algorithm, "\(wrong)")
        }
    }

    @Test func `J11 a second half beyond the group's order is refused`() throws {
        let issuer = try Self.issuer(.ed25519, .ed25519)
        let header = Fixture.header("EdDSA")
        let message = Array((encode(header) + "." + encode(Fixture.claims())).utf8)
        var signature = TestKey.ed25519.signWhole(message)
        // S + L, little-endian (RFC 8032 §5.1): the same point, another text.
        let order: [UInt8] = [
            0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9,
            0xDE, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ]
        var carry = 0
        for index in 0..<32 {
            let sum = Int(signature[32 + index]) + Int(order[index]) + carry
            signature[32 + index] = UInt8(sum & 255)
            carry = sum >> 8
        }
        let token = TestSigner.bytes(signature).token(header: header, claims: Fixture.claims())
        #expect(try Fixture.defect(token, issuer) == .signature)
    }

    @Test func `a JWK of either name is loaded, and none of small order`() throws {
        let x = encode(TestKey.ed25519.rawPublicKey)
        for name in [#""alg":"EdDSA","#, #""alg":"Ed25519","#, ""] {
            let text = #"{"keys":[{"kty":"OKP","crv":"Ed25519",\#(name)"x":"\#(x)"}]}"#
            let keys = try KeySet(bytes: Array(text.utf8), algorithms: [.ed25519])
            let token = TestSigner.edwards(.ed25519).token(
                header: Fixture.header("EdDSA"), claims: Fixture.claims())
            #expect(try Fixture.defect(token, Fixture.issuer([.ed25519], keys)) == nil)
        }
        for first in [UInt8(0), 1] {
            for sign in [UInt8(0), 0x80] {
                var point = [first] + [UInt8](repeating: 0, count: 31)
                point[31] |= sign
                let text = #"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"\#(encode(point))"}]}"#
                #expect(throws: KeyDefect.noUsableKey) {
                    _ = try KeySet(bytes: Array(text.utf8), algorithms: [.ed25519])
                }
            }
        }
    }

    @Test func `a private OKP key in a set spoils the set`() {
        let x = encode(TestKey.ed25519.rawPublicKey)
        let text = #"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"\#(x)","d":"\#(x)"}]}"#
        #expect(throws: KeyDefect.privateMembers) {
            _ = try KeySet(bytes: Array(text.utf8), algorithms: [.ed25519])
        }
    }

    @Test(arguments: [TokenAlgorithm.ps384, .ed25519])
    func `libjwt reads the claims behind another header`(_ algorithm: TokenAlgorithm) throws {
        let key = algorithm == .ed25519 ? TestKey.ed25519 : .rsa
        let issuer = try Self.issuer(algorithm, key)
        let signer =
            algorithm == .ed25519 ? TestSigner.edwards(key) : .pss("SHA384", key)
        var verifier = try TokenVerifier()
        for _ in 0..<2 {
            let token = signer.token(
                header: Fixture.header(algorithm.rawValue), claims: Fixture.claims())
            #expect(Fixture.defect(token, issuer, &verifier) == nil)
        }
        #expect(verifier.secondReadingsSkipped == 2 && verifier.disagreements == 0)
    }
}

@Suite struct `Types of tokens` {
    @Test(arguments: [
        ("at+jwt", true), ("AT+JWT", true), ("application/at+jwt", true),
        ("Application/At+Jwt", true), ("application/application/at+jwt", false),
        ("application/", false), ("application", false), ("text/at+jwt", false),
        ("at+jwt ", false), ("at+jwt;a=b", false), ("JWT", false), ("application/jwt", false),
    ])
    func `one is taken in both spellings, and no other`(_ type: String, isTaken: Bool) throws {
        for written in ["at+jwt", "application/at+jwt"] {
            let issuer = try Fixture.rsIssuer { $0.types = [written] }
            let token = Fixture.rs256.token(
                header: #"{"alg":"RS256","typ":"\#(type)"}"#, claims: Fixture.claims())
            #expect(try Fixture.defect(token, issuer) == (isTaken ? nil : .type))
        }
    }

    @Test func `application JWT is JWT`() throws {
        for type in ["JWT", "jwt", "application/jwt", "application/JWT"] {
            let token = Fixture.rs256.token(
                header: #"{"alg":"RS256","typ":"\#(type)"}"#, claims: Fixture.claims())
            #expect(try Fixture.defect(token, Fixture.rsIssuer()) == nil, "\(type)")
        }
    }

    @Test func `a session token never passes for an access token, nor the other way`() throws {
        let session = Fixture.rs256.token(
            header: #"{"alg":"RS256","typ":"ringfence-session+jwt"}"#, claims: Fixture.claims())
        #expect(try Fixture.defect(session, Fixture.rsIssuer()) == .type)
        let sessions = try Fixture.rsIssuer { $0.types = ["ringfence-session+jwt"] }
        #expect(try Fixture.defect(session, sessions) == nil)
        for header in [#"{"alg":"RS256"}"#, Fixture.header("RS256")] {
            let access = Fixture.rs256.token(header: header, claims: Fixture.claims())
            #expect(try Fixture.defect(access, sessions) == .type)
        }
    }
}

@Suite struct `What a token is revoked by` {
    static func claims(_ jti: String?) -> [UInt8] {
        Fixture.es256.token(
            header: Fixture.header("ES256"), claims: Fixture.claims(["jti": jti]))
    }

    @Test func `is its jti, whatever the spelling of its signature`() throws {
        let issuer = try Fixture.esIssuer()
        let token = Self.claims(#""a-1""#)
        let mirrored = try #require(Self.mirrored(token))
        #expect(mirrored != token)
        let one = try Fixture.verified(token, issuer)
        let other = try Fixture.verified(mirrored, issuer)
        let expected = tokenID(jti: Array("a-1".utf8).span)
        #expect(expected != nil && one.tokenID == expected && other.tokenID == expected)
        #expect(one.issuedAt == Fixture.now - 60)
    }

    @Test func `is nothing where there is none, and must be text`() throws {
        let issuer = try Fixture.esIssuer()
        #expect(try Fixture.verified(Self.claims(nil), issuer).tokenID == nil)
        for wrong in [
            "1", "null", "[]", #""""#, #""a\nb""#, "\"\(String(repeating: "j", count: 256))\"",
        ] {
            #expect(try Fixture.defect(Self.claims(wrong), issuer) == .tokenID, "\(wrong)")
        }
    }

    /// `s` becomes `n - s`, which verifies as well.
    static func mirrored(_ token: [UInt8]) -> [UInt8]? {
        guard let dot = token.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        let text = Array(token[(dot + 1)...])
        guard var signature = Base64URL.decode(text.span) else { return nil }
        let order: [UInt8] = [
            0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
            0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63,
            0x25, 0x51,
        ]
        var borrow = 0
        for index in stride(from: 31, through: 0, by: -1) {
            var digit = Int(order[index]) - Int(signature[32 + index]) - borrow
            borrow = digit < 0 ? 1 : 0
            digit += borrow * 256
            signature[32 + index] = UInt8(digit)
        }
        return Array(token[...dot]) + Array(encode(signature).utf8)
    }
}
