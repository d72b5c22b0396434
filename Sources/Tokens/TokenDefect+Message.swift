extension TokenDefect {
    /// Which check failed, for the operator; never for a client.
    public var message: StaticString {
        switch self {
        case .length: "the token is too short or too long"
        case .alphabet: "the token holds a byte that is neither base64url nor a dot"
        case .segments: "the token has not exactly three parts"
        case .encoding: "a part of the token is not base64url in its one spelling"
        case .headerJSON: "the token's header is not one strict JSON object"
        case .algorithm: "`alg` is not an algorithm of this issuer"
        case .type: "`typ` is not a type of this issuer"
        case .critical: "the header has `crit`, and no extension is understood"
        case .encapsulation: "the header says that the payload is not plain claims"
        case .keyName: "`kid` is not the name of a key"
        case .keyUnknown: "no key of this issuer fits the token"
        case .keyAmbiguous: "the token has no `kid`, and several keys fit"
        case .keyAlgorithm: "the key is for another algorithm than `alg`"
        case .signature: "the signature is not by this key"
        case .claimsJSON: "the claims are not one strict JSON object"
        case .issuer: "`iss` is not this issuer"
        case .audience: "`aud` is not among the audiences of this issuer"
        case .expiryMalformed: "`exp` is missing or not a whole number of seconds"
        case .expired: "the token has expired"
        case .notBefore: "`nbf` is in the future, or malformed"
        case .issuedAt: "`iat` is in the future, or malformed"
        case .lifetime: "the token lives longer than `max_lifetime`, or ends before it begins"
        case .subject: "`sub` is not a printable text within its bound"
        case .role: "the role's claim is not a printable text within its bound"
        case .tier: "the tier's claim is not a printable text within its bound"
        case .tokenID: "`jti` is not a printable text within its bound"
        case .scope: "the scopes' claim is not a list of scopes"
        case .tenantMissing: "the token has no tenant claim"
        case .tenantMalformed: "the tenant claim is not of the issuer's format"
        case .readersDisagree: "two readers read the token differently"
        case .library: "OpenSSL could not do its work"
        }
    }

    /// The defect whose `code` this is.
    public init?(code: String) {
        guard let found = Self.allCases.first(where: { "\($0.code)" == code }) else { return nil }
        self = found
    }
}
