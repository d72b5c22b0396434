public import Policy

/// What the gateway vouches for, as an upstream reads it: who is calling, for which tenant, and
/// which request exactly.
public struct Assertion: Sendable {
    /// For whom the request acts.
    public enum Scope: Equatable, Sendable {
        case tenant(TenantID, externalID: [UInt8])
        /// The vendor's own credential: it speaks for no tenant.
        case vendor
    }

    public internal(set) var scope = Scope.vendor
    public internal(set) var vendor: [UInt8] = []
    public internal(set) var tier: [UInt8]?
    public internal(set) var subject: [UInt8]?
    public internal(set) var role: [UInt8]?
    /// A canonical UUID, 36 bytes.
    public internal(set) var requestID: [UInt8] = []
    public internal(set) var method: [UInt8] = []
    /// Path with query, as the upstream sees it.
    public internal(set) var target: [UInt8] = []
    /// Base64url SHA-256 of the body; nil when it was streamed and is not covered.
    public internal(set) var bodyDigest: [UInt8]?
    /// What the upstream shows its database, as it came: only the database can tell whether it is
    /// good. `nil` where the gateway mints none for this upstream.
    public internal(set) var seal: [UInt8]?
    /// Wall-clock seconds.
    public internal(set) var issuedAt: Int64 = 0
    public internal(set) var expires: Int64 = 0
    /// Until when the verifier that made this would take it: `expires` and its leeway.
    var acceptedUntil: Int64 = 0

    init() {}

    /// Whether it was made for this request line.
    public func covers(method: Span<UInt8>, target: Span<UInt8>) -> Bool {
        areEqual(self.method.span, method) && areEqual(self.target.span, target)
    }

    /// Whether it was made for this body, given as `BodyDigest` writes it; never for a streamed
    /// one.
    public func covers(bodyDigest: Span<UInt8>) -> Bool {
        guard let expected = self.bodyDigest else { return false }
        return areEqual(expected.span, bodyDigest)
    }
}

/// Why an assertion was not made or not taken. Holds no byte of it.
public enum AssertionDefect: UInt8, Error, CaseIterable, Equatable, Sendable {
    /// Longer than `AssertionSigner.bytesMax`, or no room for it.
    case length
    /// Not a compact JWS.
    case form
    /// Another header than the one the gateway writes.
    case header
    case signature
    /// Not one strict object of exactly the expected members.
    case claims
    case issuer
    case audience
    /// Issued in the future beyond the leeway.
    case notYetValid
    case expired
    /// Alive for longer than `AssertionVerifier.lifetimeSecondsMax`.
    case lifetime
    /// The request id was accepted before.
    case replayed
    /// So many request ids are remembered that another cannot be: refused, not forgotten.
    case replayMemoryFull

    /// Stable; the value of the log field `defect`.
    public var code: StaticString {
        switch self {
        case .length: "assertion.length"
        case .form: "assertion.form"
        case .header: "assertion.header"
        case .signature: "assertion.signature"
        case .claims: "assertion.claims"
        case .issuer: "assertion.iss"
        case .audience: "assertion.aud"
        case .notYetValid: "assertion.iat"
        case .expired: "assertion.expired"
        case .lifetime: "assertion.lifetime"
        case .replayed: "assertion.replayed"
        case .replayMemoryFull: "assertion.replay_memory"
        }
    }

    public var refusal: Refusal {
        switch self {
        case .replayed: .assertionReplayed
        case .replayMemoryFull: .overloaded
        default: .assertionInvalid
        }
    }
}

/// The wire form both sides agree on.
enum AssertionForm {
    static let issuer: StaticString = "ringfence-gateway"
    static let header: StaticString = #"{"alg":"HS256","typ":"ringfence-assertion+jwt"}"#
    static let streamed: StaticString = "stream"
    /// Bytes of a base64url SHA-256.
    static let digestBytes = 43
    static let requestIDBytes = 36
    static let keyBytesMin = 32
}
