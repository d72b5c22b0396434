public import Policy

/// Why a token was not taken. Clients are told `refusal` and nothing more; the access log and
/// `explain` show `code`. It carries no byte of the token, so it may be written anywhere.
public enum TokenDefect: UInt8, Error, CaseIterable, Equatable, Sendable {
    /// Fewer than `CompactToken.bytesMin` or more than `CompactToken.bytesMax` bytes.
    case length
    /// A byte outside the base64url alphabet and the dot (RFC 7515 §2, §3.1).
    case alphabet
    /// Not three non-empty segments.
    case segments
    /// A segment of impossible length, or unused bits that are not zero (RFC 4648 §3.5).
    case encoding
    /// The header is not one strict JSON object.
    case headerJSON
    /// `alg` is missing, no string, not implemented, or not one this issuer uses.
    case algorithm
    /// `typ` is not a string, or none the issuer uses.
    case type
    /// `crit` is present (RFC 7515 §4.1.11: we understand no extension).
    case critical
    /// `b64`, `zip`, `enc` or `cty` is present: the payload would not be plain claims.
    case encapsulation
    /// `kid` is not a string of 1 to 128 bytes of a name's or base64's alphabet.
    case keyName
    /// No key of this issuer has that `kid`, or none fits.
    case keyUnknown
    /// Without `kid` more than one key fits.
    case keyAmbiguous
    /// The key is pinned to another algorithm than `alg` says.
    case keyAlgorithm
    case signature
    /// The payload is not one strict JSON object.
    case claimsJSON
    case issuer
    case audience
    /// `exp` is missing or no integer between 0 and the year 9999.
    case expiryMalformed
    case expired
    /// `nbf` is malformed or in the future beyond the leeway.
    case notBefore
    /// `iat` is malformed or in the future beyond the leeway.
    case issuedAt
    /// The token lives longer than the issuer's `max_lifetime`, or ends before it starts.
    case lifetime
    case subject
    case role
    case tier
    /// `jti` is there and no string of 1 to 255 printable characters: nothing could revoke it.
    case tokenID
    /// The scopes' claim is not words of RFC 6749 section 3.3, or too many.
    case scope
    /// Verified, but without a tenant claim.
    case tenantMissing
    /// Verified, but the tenant claim is not a string (or lexeme) of the issuer's format.
    case tenantMalformed
    /// libjwt reads the verified token differently: refused, and somebody must look at it.
    case readersDisagree
    /// OpenSSL could not do its work.
    case library

    /// Stable; the value of the log field `defect`.
    public var code: StaticString {
        switch self {
        case .length: "form.length"
        case .alphabet: "form.alphabet"
        case .segments: "form.segments"
        case .encoding: "form.encoding"
        case .headerJSON: "header.json"
        case .algorithm: "header.alg"
        case .type: "header.typ"
        case .critical: "header.crit"
        case .encapsulation: "header.encapsulation"
        case .keyName: "header.kid"
        case .keyUnknown: "key.unknown"
        case .keyAmbiguous: "key.ambiguous"
        case .keyAlgorithm: "key.algorithm"
        case .signature: "signature"
        case .claimsJSON: "claims.json"
        case .issuer: "claims.iss"
        case .audience: "claims.aud"
        case .expiryMalformed: "claims.exp"
        case .expired: "claims.expired"
        case .notBefore: "claims.nbf"
        case .issuedAt: "claims.iat"
        case .lifetime: "claims.lifetime"
        case .subject: "claims.sub"
        case .role: "claims.role"
        case .tier: "claims.tier"
        case .tokenID: "claims.jti"
        case .scope: "claims.scope"
        case .tenantMissing: "tenant.missing"
        case .tenantMalformed: "tenant.malformed"
        case .readersDisagree: "readers.disagree"
        case .library: "library"
        }
    }

    /// What the client is answered: 403 once the credential itself is good, else one 401 for all.
    public var refusal: Refusal {
        switch self {
        case .tenantMissing, .tenantMalformed: .tenantMissing
        default: .tokenInvalid
        }
    }

    /// Whether an operator must be told at once, whatever the log level.
    public var isAlarm: Bool { self == .readersDisagree || self == .library }

    /// Whether the key had not yet been used: nothing expensive was done for this token.
    public var precedesSignature: Bool { rawValue < TokenDefect.signature.rawValue }
}
