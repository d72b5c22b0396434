import CJWT
import Policy
import Testing

@testable import Tokens

@Suite struct `Known headers` {
    static func signed(_ header: String, _ signer: TestSigner = Fixture.rs256) -> [UInt8] {
        signer.token(header: header, claims: Fixture.claims())
    }

    @Test(arguments: TokenAlgorithm.allCases)
    func `libjwt gets a header that says the algorithm and nothing else`(
        _ algorithm: TokenAlgorithm
    ) {
        let text = SecondReader.header(algorithm)
        let bytes = Array("\(text)".utf8)
        let decoded = Base64URL.decode(bytes.span) ?? []
        // It knows no others, and without a key the name means nothing to it.
        let name = algorithm.isKnownToSecondReader ? algorithm.rawValue : "HS256"
        #expect(String(decoding: decoded, as: UTF8.self) == #"{"alg":"\#(name)"}"#)
        // Behind it, claims are all that decides: with them libjwt decodes, without it does not.
        #expect(LibJWT(bytes + Array(".eyJ0ZW5hbnRfaWQiOiJhY21lIn0.".utf8), key: nil).isAccepted)
        #expect(!LibJWT(bytes + Array(".e30x.".utf8), key: nil).isAccepted)
    }

    @Test func `J5 a header known from one issuer says nothing about another`() throws {
        var verifier = try TokenVerifier()
        let one = try Fixture.rsIssuer()
        let pem = TestKey.otherRSA.publicPEM
        let other = Fixture.issuer([.rs256], try KeySet(bytes: pem, algorithms: [.rs256]))
        let token = Self.signed(Fixture.header("RS256"))
        for _ in 0..<2 {
            let byOne = Fixture.defect(token, one, &verifier)
            let byOther = Fixture.defect(token, other, &verifier)
            #expect(byOne == nil && byOther == .signature)
        }
    }

    @Test func `a header is known only after its token was accepted`() throws {
        var verifier = try TokenVerifier()
        let issuer = try Fixture.rsIssuer()
        let token = Self.signed(Fixture.header("RS256"))
        var forged = token
        // Another letter of base64url, whatever stood there.
        let place = forged.count - 10
        forged[place] = UInt8(ascii: forged[place] == UInt8(ascii: "A") ? "B" : "A")
        let expired = Fixture.rs256.token(
            header: Fixture.header("RS256"), claims: Fixture.claims(["exp": "1"]))
        for _ in 0..<2 {
            let first = Fixture.defect(forged, issuer, &verifier)
            let second = Fixture.defect(expired, issuer, &verifier)
            let known = verifier.knownHeaders
            #expect(first == .signature && second == .expired && known == 0)
        }
        let good = Fixture.defect(token, issuer, &verifier)
        let known = verifier.knownHeaders
        #expect(good == nil && known == 1)
        // It is not believed any more for that.
        let third = Fixture.defect(forged, issuer, &verifier)
        let fourth = Fixture.defect(expired, issuer, &verifier)
        #expect(third == .signature && fourth == .expired)
    }

    @Test func `a header that differs in one byte is read`() throws {
        var verifier = try TokenVerifier()
        let issuer = try Fixture.rsIssuer()
        let good = Fixture.defect(Self.signed(Fixture.header("RS256")), issuer, &verifier)
        #expect(good == nil)
        for (header, expected) in [
            (#"{"alg":"RS512","typ":"JWT"}"#, TokenDefect.algorithm),
            (#"{"alg":"RS256","typ":"JWE"}"#, .type),
            (#"{"alg":"RS256","typ":"JWT","crit":["exp"]}"#, .critical),
            (#"{"alg":"RS256","typ":"JWT"}}"#, .headerJSON),
        ] {
            let defect = Fixture.defect(Self.signed(header), issuer, &verifier)
            #expect(defect == expected)
        }
    }

    @Test func `what libjwt cannot read is skipped and counted each time`() throws {
        var verifier = try TokenVerifier()
        let issuer = try Fixture.rsIssuer { $0.types = ["at+jwt"] }
        let token = Self.signed(#"{"alg":"RS256","typ":"at+jwt"}"#)
        for count in 1...3 {
            let defect = Fixture.defect(token, issuer, &verifier)
            let skipped = verifier.secondReadingsSkipped
            #expect(defect == nil && skipped == UInt64(count))
        }
    }

    @Test func `more headers than are kept, and longer ones, verify as before`() throws {
        var verifier = try TokenVerifier()
        let issuer = try Fixture.rsIssuer()
        for round in 0..<2 {
            for number in 0...KnownHeaders.headersMax {
                let header = Fixture.header("RS256", #","n":\#(number)"#)
                let defect = Fixture.defect(Self.signed(header), issuer, &verifier)
                #expect(defect == nil, "\(round) \(number)")
            }
            let known = verifier.knownHeaders
            #expect(known == KnownHeaders.headersMax)
        }
        var other = try TokenVerifier()
        let long = String(repeating: "x", count: KnownHeaders.bytesMax)
        let token = Self.signed(Fixture.header("RS256", #","n":"\#(long)""#))
        for _ in 0..<2 {
            let defect = Fixture.defect(token, issuer, &other)
            let known = other.knownHeaders
            #expect(defect == nil && known == 0)
        }
    }
}
