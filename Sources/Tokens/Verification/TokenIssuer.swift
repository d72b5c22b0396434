public import Policy

/// One issuer made ready for verification: its policy with names as bytes, and its keys. Part of
/// a snapshot: new keys make a new value.
public final class TokenIssuer: Sendable {
    /// Index in `GatewayPolicy.issuers`.
    public let index: Int
    /// Index in `GatewayPolicy.vendors`.
    public let vendor: Int
    public let keys: KeySet

    let vendorName: [UInt8]
    let issuer: [UInt8]
    let audiences: [[UInt8]]?
    let algorithms: [TokenAlgorithm]
    let leeway: Int64
    let lifetimeMax: Int64
    /// As `TokenType` writes them.
    let types: [[UInt8]]
    let acceptsPlainType: Bool
    /// `nil` where tokens name no tenant.
    let tenant: ClaimPath?
    let kind: IssuerPolicy.Kind
    let tenantFormat: TenantFormat
    let role: ClaimPath?
    let tier: ClaimPath?
    let scope: ClaimPath?

    static let plainType = Array("jwt".utf8)

    /// - Parameter vendorName: of `policy.vendor`; part of every tenant's derived id.
    public init(index: Int, policy: IssuerPolicy, vendorName: String, keys: KeySet) {
        self.index = index
        self.keys = keys
        vendor = policy.vendor
        self.vendorName = Array(vendorName.utf8)
        issuer = Array(policy.issuer.utf8)
        audiences = policy.audiences.map { $0.map { Array($0.utf8) } }
        algorithms = policy.algorithms
        // Times of tokens are below the year 9999, so these bounds keep every sum small.
        leeway = min(max(policy.leewaySeconds, 0), 86_400)
        lifetimeMax = min(max(policy.lifetimeSecondsMax, 0), TokenClaims.secondsMax)
        types = policy.types.map { TokenType.normal($0) }
        acceptsPlainType = types.contains(Self.plainType)
        kind = policy.kind
        tenant = kind == .producers ? nil : ClaimPath(policy.tenant)
        tenantFormat = policy.tenantFormat
        role = policy.role.map { ClaimPath($0) }
        tier = policy.tier.map { ClaimPath($0) }
        scope = policy.scope.map { ClaimPath($0) }
    }
}

extension TokenIssuer {
    /// What its tokens are.
    var credential: VerifiedClaims.Credential {
        switch kind {
        case .tenants: .token
        case .producers: .internalToken
        case .sessions: .session
        }
    }

    /// The rules of session tokens.
    public static func policy(of sessions: SessionPolicy) -> IssuerPolicy {
        var policy = IssuerPolicy(
            name: "session", issuer: sessions.issuer, keys: .secret(sessions.key),
            algorithms: [.hs256], tenant: ClaimName(SessionPolicy.tenantClaim),
            tenantFormat: .opaque)
        policy.kind = .sessions
        policy.types = [SessionPolicy.type]
        policy.lifetimeSecondsMax = sessions.lifetimeSecondsMax
        policy.vendor = sessions.vendor
        policy.role = ClaimName("role")
        policy.tier = ClaimName("tier")
        policy.scope = ClaimName("scope")
        policy.mark = sessions.mark
        return policy
    }
}

/// A claim's place, split for the two readers: ours walks the whole path, libjwt can only name a
/// top-level claim.
struct ClaimPath: Sendable {
    let text: [UInt8]
    let isPointer: Bool
    /// The top-level claim's name, ending with a NUL for C.
    let topName: [UInt8]
    /// The pointer from that claim on; empty when the claim itself is meant.
    let rest: [UInt8]

    init(_ name: ClaimName) {
        text = Array(name.text.utf8)
        isPointer = name.isPointer
        guard isPointer else {
            topName = text + [0]
            rest = []
            return
        }
        let slash = text.dropFirst().firstIndex(of: UInt8(ascii: "/")) ?? text.endIndex
        var top: [UInt8] = []
        var index = 1
        while index < slash {
            var byte = text[index]
            // RFC 6901 §4.
            if byte == UInt8(ascii: "~"), index + 1 < slash {
                index += 1
                byte = text[index] == UInt8(ascii: "1") ? UInt8(ascii: "/") : UInt8(ascii: "~")
            }
            top.append(byte)
            index += 1
        }
        topName = top + [0]
        rest = Array(text[slash...])
    }
}
