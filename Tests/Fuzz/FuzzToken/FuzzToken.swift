import HTTP1
import Policy
import Tokens

/// Feeds bytes to everything of `Tokens` that reads what a client sends. The first byte chooses
/// the door. Oracles: nothing traps; what our scanner accepts behind a good signature libjwt reads
/// alike, or the verifier says so; a token nobody signed never verifies.
private struct Doors: ~Copyable {
    static let now: Int64 = 1_767_225_600
    static let secret = [UInt8](repeating: 0x6B, count: 64)

    var verifier: TokenVerifier
    var assertions: AssertionVerifier
    var cache: VerifiedTokenCache
    let issuers: [TokenIssuer]
    let signer: TokenSigner

    init() throws(KeyDefect) {
        let secret = Self.secret
        let verifier = try TokenVerifier()
        let assertions = try AssertionVerifier(keyFile: secret.span)
        let cache = try VerifiedTokenCache(capacity: 64)
        let signer = try TokenSigner(algorithm: .hs256, keyFile: secret.span)
        var issuers: [TokenIssuer] = []
        for (claim, format) in [
            ("tenant_id", TenantFormat.opaque), ("/org/id", .integer), ("/a~1b/0", .uuid),
        ] {
            var policy = IssuerPolicy(
                name: "idp", issuer: "i", keys: .remote(RemoteKeys(.url(""))), algorithms: [.hs256],
                tenant: ClaimName(claim), tenantFormat: format)
            policy.audiences = ["a"]
            policy.role = ClaimName("/roles/0")
            policy.tier = ClaimName("tier")
            issuers.append(
                TokenIssuer(
                    index: issuers.count, policy: policy, vendorName: "default",
                    keys: try KeySet(secretFile: secret.span, algorithms: [.hs256])))
        }
        self.verifier = verifier
        self.assertions = assertions
        self.cache = cache
        self.signer = signer
        self.issuers = issuers
    }

    mutating func enter(_ door: UInt8, _ input: Span<UInt8>) {
        let issuer = issuers[Int(door >> 3) % issuers.count]
        switch door & 7 {
        case 0: verify(input, issuer)
        case 1: try? verifier.examine(input, issuer: issuer, now: Self.now)
        case 2:
            // Header and claims as they are; form, base64 and signature are right.
            if let token = try? signer.mint(claims: input) { verify(token.span, issuer) }
        case 3: examine(Self.compact(header: input, claims: Self.object.span), issuer)
        case 4: examine(Self.compact(header: Self.header.span, claims: input), issuer)
        case 5:
            let audience = [UInt8(ascii: "a")]
            _ = try? assertions.verify(input, audience: audience.span, now: Self.now)
        case 6: _ = try? KeySet(file: input, algorithms: TokenAlgorithm.allCases)
        default: _ = cache.key(of: input, issuer: 0)
        }
    }

    private mutating func verify(_ token: Span<UInt8>, _ issuer: TokenIssuer) {
        guard let claims = try? verifier.verify(token, issuer: issuer, now: Self.now) else {
            return
        }
        precondition(claims.holds(at: Self.now) && claims.tenant != nil)
    }

    private mutating func examine(_ token: [UInt8], _ issuer: TokenIssuer) {
        try? verifier.examine(token.span, issuer: issuer, now: Self.now)
    }

    static let header = Array(#"{"alg":"HS256"}"#.utf8)
    static let object = Array("{}".utf8)

    static func compact(header: Span<UInt8>, claims: Span<UInt8>) -> [UInt8] {
        var out = ByteBuffer(capacityMax: 1 << 20)
        appendBase64URL(header, to: &out)
        out.append(UInt8(ascii: "."))
        appendBase64URL(claims, to: &out)
        out.append(".AAAA")
        return out.bytes
    }
}

/// Slow and simple on purpose: the harness must not share code with what it tests.
private func appendBase64URL(_ bytes: Span<UInt8>, to out: inout ByteBuffer) {
    let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    guard bytes.count < 100_000 else { return }
    var index = 0
    while index < bytes.count {
        let left = bytes.count - index
        let one = Int(bytes[index]) << 16
        let two = left > 1 ? Int(bytes[index + 1]) << 8 : 0
        let word = one | two | (left > 2 ? Int(bytes[index + 2]) : 0)
        for place in 0..<(left > 2 ? 4 : left + 1) {
            out.append(alphabet[word >> (18 - place * 6) & 63])
        }
        index += 3
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzToken(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let bytes = unsafe bytes, count > 1 else { return 0 }
    let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
    // One per input: no input depends on another, so every finding can be replayed alone.
    guard var doors = try? Doors() else { return 0 }
    doors.enter(input[0], input.span.extracting(1..<count))
    return 0
}
