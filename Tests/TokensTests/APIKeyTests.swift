@_spi(TenantDirectory) import Policy
import Testing

@testable import Tokens

@Suite struct `API keys` {
    private static let pepper = [UInt8]("pepper-of-the-tests-0123456789-0123456789".utf8)
    private static let tenant = TenantID(high: 1, low: 2)

    private static func key(_ letter: String) -> [UInt8] {
        [UInt8](
            ("rf_live_" + String(repeating: letter, count: 16) + "_"
                + String(repeating: letter, count: 52)).utf8)
    }

    /// A directory with one tenant and these keys.
    private static func directory(
        _ keys: [(text: [UInt8], change: (inout APIKeyFacts) -> Void)]
    ) throws -> TenantDirectory {
        var digester = try CredentialDigester(pepper: pepper)
        var ledger = DirectoryLedger(seed: 1)
        let name = try #require(ExternalID("acme", format: .opaque))
        try ledger.apply(
            .tenant(
                TenantFacts(
                    id: tenant, vendor: [UInt8]("default".utf8), externalID: name,
                    tier: [UInt8]("SCALE".utf8))))
        for key in keys {
            let (made, id) = (digester.apiKey(key.text.span), APIKeyText.id(key.text.span))
            var facts = APIKeyFacts(
                id: try #require(id), tenant: tenant, digest: try #require(made))
            key.change(&facts)
            try ledger.apply(.key(facts))
        }
        var policy = GatewayPolicy()
        policy.tiers = [TierPolicy(name: "SCALE", requests: .limit(.unlimited))]
        return TenantDirectory(policy: policy, edition: ledger.edition())
    }

    private static func isTaken(
        _ text: [UInt8], _ directory: TenantDirectory, now: Int64 = 100
    ) throws -> Bool {
        var verifier = try APIKeyVerifier(pepper: pepper)
        return verifier.verify(text.span, in: directory, now: now) != nil
    }

    @Test func `K2: a good one speaks for its tenant with its scopes`() throws {
        let scopes = ["events:read", "events:write"].map { [UInt8]($0.utf8) }
        let directory = try Self.directory([
            (
                Self.key("a"),
                {
                    $0.scopes = scopes
                    $0.role = [UInt8]("loader".utf8)
                }
            )
        ])
        var verifier = try APIKeyVerifier(pepper: Self.pepper)
        let key = Self.key("a")
        let found = verifier.verify(key.span, in: directory, now: 100)
        let shown = try #require(found)
        let claims = try #require(shown.claims(in: directory))
        #expect(claims.credential == .apiKey)
        #expect(claims.tenant?.text == "acme")
        #expect(claims.tenantID == Self.tenant)
        #expect(claims.scopes == scopes)
        #expect(claims.role == [UInt8]("loader".utf8))
        #expect(String(decoding: claims.subject, as: UTF8.self) == "key:aaaaaaaaaaaaaaaa")
        #expect(try directory.resolve(claims).tenant == Self.tenant)
    }

    /// What is compared where an id is not there is another key's record; it lets nobody in, even
    /// where its digest is the very one.
    @Test func `K1: the record that stands for none is none`() throws {
        let text = Self.key("d")
        var digester = try CredentialDigester(pepper: Self.pepper)
        let made = digester.apiKey(text.span)
        let digest = try #require(made)
        let directory = try Self.directory([(Self.key("e"), { $0.digest = digest })])
        #expect(try !Self.isTaken(text, directory))
        #expect(try !Self.isTaken(Self.key("e"), directory))
        let name = APIKeyText.id(text.span)
        let id = try #require(name)
        let stand = try #require(directory.keyOrAnother(id))
        #expect(!stand.isIt && stand.key.digest == digest && directory.key(id) == nil)
        #expect(try Self.directory([]).keyOrAnother(id) == nil)
        for number in 0..<200 {
            let seed = [UInt8]("\(number)".utf8)
            let other = digester.apiKey(seed.span)
            let none = APIKeyID(standingFor: try #require(other))
            #expect(directory.keyOrAnother(none)?.isIt == false)
        }
    }

    @Test func `K1, K3: anything else is none`() throws {
        let directory = try Self.directory([
            (Self.key("a"), { _ in }), (Self.key("b"), { $0.isRevoked = true }),
            (Self.key("c"), { $0.expires = 100 }),
        ])
        #expect(try Self.isTaken(Self.key("a"), directory))
        #expect(try !Self.isTaken(Self.key("b"), directory))
        #expect(try Self.isTaken(Self.key("c"), directory, now: 99))
        #expect(try !Self.isTaken(Self.key("c"), directory, now: 100))
        #expect(try !Self.isTaken(Self.key("d"), directory))
        #expect(try !Self.isTaken([], directory))
        #expect(try !Self.isTaken([UInt8](repeating: 0x61, count: 100_000), directory))
        // Every byte counts.
        let good = Self.key("a")
        for index in good.indices {
            for byte in [good[index] ^ 1, good[index] ^ 0x20, 0] {
                var other = good
                other[index] = byte
                #expect(try !Self.isTaken(other, directory), "\(index)")
            }
        }
        #expect(try !Self.isTaken(good + [0x0A], directory))
        #expect(try !Self.isTaken([0x20] + good, directory))
    }

    @Test func `a digest under another pepper is none`() throws {
        let directory = try Self.directory([(Self.key("a"), { _ in })])
        var verifier = try APIKeyVerifier(pepper: Self.pepper.reversed())
        let key = Self.key("a")
        let isTaken = verifier.verify(key.span, in: directory, now: 1) != nil
        #expect(!isTaken)
    }
}

@Suite struct `Tokens of other kinds` {
    private static let sessions = SessionPolicy(
        key: SecretReference(kind: .file, name: "k", mark: .none))

    private static func sessionIssuer() throws -> TokenIssuer {
        TokenIssuer(
            index: 7, policy: TokenIssuer.policy(of: sessions), vendorName: "default",
            keys: try KeySet(secretBytes: Fixture.secret, algorithms: [.hs256]))
    }

    private static func token(
        _ changes: KeyValuePairs<String, String?> = [:],
        header: String = #"{"alg":"HS256","typ":"ringfence-session+jwt"}"#
    ) -> [UInt8] {
        var claims = Fixture.claims([
            "iss": #""ringfence-sessions""#, "aud": nil, "tenant_id": nil,
            "tenant": #""acme""#, "scope": #""a b""#,
        ])
        for (name, value) in changes {
            claims.removeLast()
            if let value { claims += ",\"\(name)\":\(value)" }
            claims += "}"
        }
        return Fixture.hs256.token(
            header: Array(header.utf8), claims: Array(claims.utf8))
    }

    @Test func `a session is one tenant's, of no issuer`() throws {
        let claims = try Fixture.verified(
            Self.token(["tid": #""0190a000-0000-7000-8000-00000000000a""#]), Self.sessionIssuer())
        #expect(claims.credential == .session)
        #expect(claims.issuer == nil)
        #expect(claims.tenant?.text == "acme")
        #expect(claims.tenantID?.text == "0190a000-0000-7000-8000-00000000000a")
        #expect(claims.scopes == [[0x61], [0x62]])
    }

    @Test func `RFC 8725 section 3.12: kinds exclude each other`() throws {
        let session = Self.token()
        #expect(try Fixture.defect(session, Fixture.hsIssuer()) == .type)
        let plain = Self.token(header: Fixture.header("HS256"))
        #expect(try Fixture.defect(plain, Self.sessionIssuer()) == .type)
        let bad = [UInt8]("rf_live_x".utf8)
        let answers = [session, plain, bad].map { UncheckedToken.isSession($0.span) }
        #expect(answers == [true, false, false])
    }

    @Test func `a tenant's id that is no UUID is refused`() throws {
        for id in [#""x""#, "7", #""0190A000-0000-7000-8000-00000000000A""#] {
            let defect = try Fixture.defect(Self.token(["tid": id]), Self.sessionIssuer())
            #expect(defect == .tenantMalformed, "\(id)")
        }
    }

    @Test func `an internal token names no tenant, whatever it says`() throws {
        let issuer = try Fixture.hsIssuer { $0.kind = .producers }
        let token = Fixture.hs256.token(
            header: Array(Fixture.header("HS256").utf8), claims: Array(Fixture.claims().utf8))
        let claims = try Fixture.verified(token, issuer)
        #expect(claims.credential == .internalToken)
        #expect(claims.tenant == nil)
        #expect(claims.derivedID == nil)
    }

    @Test func `scopes are words or a list of words`() throws {
        let issuer = try Fixture.hsIssuer { $0.scope = ClaimName("scope") }
        func scopes(_ value: String) throws -> [[UInt8]]? {
            let claims = Fixture.claims(["scope": value])
            let token = Fixture.hs256.token(
                header: Array(Fixture.header("HS256").utf8), claims: Array(claims.utf8))
            guard try Fixture.defect(token, issuer) == nil else { return nil }
            return try Fixture.verified(token, issuer).scopes
        }
        #expect(try scopes(#""a  b""#) == [[0x61], [0x62]])
        #expect(try scopes(#"["a","b"]"#) == [[0x61], [0x62]])
        #expect(try scopes(#""""#) == [])
        for bad in ["7", "null", #"["a b"]"#, #"["a",7]"#, #""a\"b""#, #""a\u0000""#, "{}"] {
            #expect(try scopes(bad) == nil, "\(bad)")
        }
        let many = (0..<65).map { "s\($0)" }.joined(separator: " ")
        #expect(try scopes("\"\(many)\"") == nil)
    }
}
