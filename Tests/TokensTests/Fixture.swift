import CJWT
import Policy
import Testing

@testable import Tokens

/// The issuer of most tests: one vendor, one audience, tenants by `tenant_id`.
enum Fixture {
    static let now: Int64 = 1_767_225_600
    static let secret = Array(
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef".utf8)
    static let hs256 = TestSigner.hmac("SHA256", secret)
    static let rs256 = TestSigner.rsa("SHA256", .rsa)
    static let es256 = TestSigner.ecdsa("SHA256", .p256, half: 32)

    static func policy(
        _ algorithms: [TokenAlgorithm], _ change: (inout IssuerPolicy) -> Void = { _ in }
    ) -> IssuerPolicy {
        var policy = IssuerPolicy(
            name: "idp", issuer: "https://idp.example.com/", keys: .remote(RemoteKeys(.url(""))),
            algorithms: algorithms, tenant: ClaimName("tenant_id"), tenantFormat: .opaque)
        policy.audiences = ["https://api.example.com"]
        policy.role = ClaimName("role")
        policy.tier = ClaimName("tier")
        change(&policy)
        return policy
    }

    static func issuer(
        _ algorithms: [TokenAlgorithm], _ keys: KeySet, index: Int = 0,
        _ change: (inout IssuerPolicy) -> Void = { _ in }
    ) -> TokenIssuer {
        TokenIssuer(
            index: index, policy: policy(algorithms, change), vendorName: "default", keys: keys)
    }

    static func hsIssuer(
        _ change: (inout IssuerPolicy) -> Void = { _ in }
    ) throws -> TokenIssuer {
        issuer(
            [.hs256], try KeySet(secretBytes: secret, algorithms: [.hs256]), index: 0, change)
    }

    static func rsIssuer(
        _ change: (inout IssuerPolicy) -> Void = { _ in }
    ) throws -> TokenIssuer {
        let pem = TestKey.rsa.publicPEM
        return issuer(
            [.rs256], try KeySet(bytes: pem, algorithms: [.rs256]), index: 0, change)
    }

    static func esIssuer() throws -> TokenIssuer {
        let pem = TestKey.p256.publicPEM
        return issuer([.es256], try KeySet(bytes: pem, algorithms: [.es256]))
    }

    /// The members of a good token, in order; `nil` leaves one out.
    static func claims(_ changes: KeyValuePairs<String, String?> = [:]) -> String {
        var members: [(String, String)] = [
            ("iss", #""https://idp.example.com/""#), ("aud", #""https://api.example.com""#),
            ("sub", #""alice""#), ("tenant_id", #""acme""#), ("tier", #""STARTER""#),
            ("role", #""admin""#), ("iat", "\(now - 60)"), ("exp", "\(now + 300)"),
        ]
        for (name, value) in changes {
            members.removeAll { $0.0 == name }
            if let value { members.append((name, value)) }
        }
        return "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }

    static func header(_ algorithm: String, _ more: String = "") -> String {
        #"{"alg":"\#(algorithm)","typ":"JWT"\#(more)}"#
    }

    /// What our verifier says: nil when the token is taken. A verifier that knows the header from
    /// a good token must say the same.
    static func defect(
        _ token: [UInt8], _ issuer: TokenIssuer, now: Int64 = Fixture.now
    ) throws -> TokenDefect? {
        var new = try TokenVerifier()
        let defect = defect(token, issuer, now: now, &new)
        var old = try TokenVerifier()
        let segment = token.prefix { $0 != UInt8(ascii: ".") }
        if let header = Base64URL.decode(Array(segment).span) {
            for signer in [hs256, rs256, es256] {
                let good = signer.token(header: header, claims: Array(claims().utf8))
                _ = Self.defect(good, issuer, &old)
            }
        }
        #expect(Self.defect(token, issuer, now: now, &old) == defect)
        return defect
    }

    static func defect(
        _ token: [UInt8], _ issuer: TokenIssuer, now: Int64 = Fixture.now,
        _ verifier: inout TokenVerifier
    ) -> TokenDefect? {
        do throws(TokenDefect) {
            _ = try verifier.verify(token.span, issuer: issuer, now: now)
            return nil
        } catch {
            return error
        }
    }

    static func verified(
        _ token: [UInt8], _ issuer: TokenIssuer, now: Int64 = Fixture.now
    ) throws -> VerifiedClaims {
        var verifier = try TokenVerifier()
        return try verifier.verify(token.span, issuer: issuer, now: now)
    }
}

/// What libjwt alone would do: the reason for most of what our verifier checks.
struct LibJWT {
    let isAccepted: Bool
    let algorithm: String
    let tenant: String?

    /// - Parameter count: the key length handed over, when it is not the key's.
    init(_ token: [UInt8], key: [UInt8]?, count: Int32? = nil) {
        precondition(token.count < 65_536, "libjwt copies segments to the stack")
        let text = token.map { CChar(bitPattern: $0) } + [0]
        var decoded: OpaquePointer?
        let result: Int32
        if let key {
            result = unsafe jwt_decode(&decoded, text, key, count ?? Int32(key.count))
        } else {
            result = unsafe jwt_decode(&decoded, text, nil, 0)
        }
        isAccepted = result == 0
        if result == 0 {
            algorithm = unsafe String(cString: jwt_alg_str(jwt_get_alg(decoded)))
            tenant = unsafe jwt_get_grant(decoded, "tenant_id").map { unsafe String(cString: $0) }
            unsafe jwt_free(decoded)
        } else {
            algorithm = ""
            tenant = nil
        }
    }
}

/// A reproducible source of randomness (SplitMix64); its seed is printed by whoever uses it.
struct Randomness: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Arrays instead of spans: a span of a temporary does not live through an expectation.
extension KeySet {
    convenience init(
        bytes: [UInt8], algorithms: [TokenAlgorithm], allowsSecrets: Bool = true
    ) throws(KeyDefect) {
        try self.init(
            file: bytes.span, algorithms: algorithms, allowsSecrets: allowsSecrets)
    }

    convenience init(secretBytes: [UInt8], algorithms: [TokenAlgorithm]) throws(KeyDefect) {
        try self.init(secretFile: secretBytes.span, algorithms: algorithms)
    }
}
