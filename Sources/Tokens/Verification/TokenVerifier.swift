internal import HTTP1
internal import JSON
@_spi(TenantDirectory) @_spi(TokenVerifier) public import Policy

/// Verifies compact tokens: bytes in, verified claims or a defect out. One per worker: it keeps
/// OpenSSL's contexts and its scratch memory. It reads no clock and no file.
///
/// The order is part of the contract: form, header, key, signature, claims, and only then libjwt
/// as a second reader. Nothing of the payload is parsed before its signature holds. A header
/// that is known, byte for byte, is not read again.
public struct TokenVerifier: ~Copyable {
    private var signatures: SignatureChecker
    private var digest: SHA256Context
    private var secondReader = SecondReader()
    private var headers = KnownHeaders()
    private var document = JSONDocument()
    private var decoded = ByteBuffer(capacityMax: CompactToken.bytesMax)
    private var signature = ByteBuffer(capacityMax: CompactToken.bytesMax)

    /// Taken tokens whose header libjwt cannot read, because of its `typ` or its algorithm; it read
    /// their claims all the same.
    public private(set) var secondReadingsSkipped: UInt64 = 0
    /// Signatures checked, whatever came out: what verification costs most.
    public private(set) var signaturesChecked: UInt64 = 0
    /// Tokens refused because libjwt read them differently.
    public private(set) var disagreements: UInt64 = 0

    /// Headers that need not be read again.
    var knownHeaders: Int { headers.count }

    /// Fails only where OpenSSL cannot give what every installation has.
    public init() throws(KeyDefect) {
        let signatures = try SignatureChecker()
        let digest = try SHA256Context()
        self.signatures = signatures
        self.digest = digest
    }

    /// - Parameters:
    ///   - token: exactly the bytes of the credential, nothing trimmed.
    ///   - issuer: the one the request's route names; no other issuer's key is ever tried.
    ///   - now: wall-clock seconds since 1970.
    public mutating func verify(
        _ token: Span<UInt8>, issuer: TokenIssuer, now: Int64
    ) throws(TokenDefect) -> VerifiedClaims {
        let form = try CompactToken(token)
        let known = headers.lookup(token.extracting(form.header), issuer)
        let header: KnownHeaders.Meaning
        if let known {
            header = known
        } else {
            header = try readHeader(token.extracting(form.header), issuer)
        }
        try checkSignature(token, form, header.key)
        let claims = try readClaims(token.extracting(form.claims), issuer, now: now)
        let agrees =
            if known == nil, header.isReadTwice {
                secondReader.agrees(on: token, issuer: issuer, claims: claims)
            } else {
                secondReader.agrees(
                    onClaims: token.extracting(form.claims), algorithm: header.key.algorithm,
                    issuer: issuer, claims: claims)
            }
        guard agrees else {
            disagreements &+= 1
            throw .readersDisagree
        }
        if !header.isReadTwice { secondReadingsSkipped &+= 1 }
        if known == nil { headers.remember(token.extracting(form.header), issuer, header) }
        return verified(claims, issuer)
    }

    private mutating func readHeader(
        _ segment: Span<UInt8>, _ issuer: TokenIssuer
    ) throws(TokenDefect) -> KnownHeaders.Meaning {
        decoded.removeAll()
        guard Base64URL.decode(segment, into: &decoded) else { throw .encoding }
        guard document.accepts(decoded, limits: TokenHeader.limits) else { throw .headerJSON }
        let header = try TokenHeader(document.view(of: decoded.readable), issuer: issuer)
        return KnownHeaders.Meaning(
            key: try issuer.keys.key(named: header.keyName, algorithm: header.algorithm),
            isReadTwice: header.isReadTwice)
    }

    private mutating func checkSignature(
        _ token: Span<UInt8>, _ form: CompactToken, _ key: VerificationKey
    ) throws(TokenDefect) {
        signature.removeAll()
        guard Base64URL.decode(token.extracting(form.signature), into: &signature) else {
            throw .encoding
        }
        signaturesChecked &+= 1
        let holds = signatures.verify(
            token.extracting(form.signed), signature: signature, key: key)
        guard holds else { throw .signature }
    }

    private mutating func readClaims(
        _ segment: Span<UInt8>, _ issuer: TokenIssuer, now: Int64
    ) throws(TokenDefect) -> TokenClaims {
        decoded.removeAll()
        guard Base64URL.decode(segment, into: &decoded) else { throw .encoding }
        guard document.accepts(decoded, limits: TokenClaims.limits) else { throw .claimsJSON }
        let now = min(max(now, 0), TokenClaims.secondsMax)
        return try TokenClaims(document.view(of: decoded.readable), issuer: issuer, now: now)
    }

    private mutating func verified(
        _ claims: TokenClaims, _ issuer: TokenIssuer
    ) -> VerifiedClaims {
        VerifiedClaims(
            // A session is of no issuer of the policy's.
            issuer: issuer.kind == .sessions ? nil : issuer.index, vendor: issuer.vendor,
            tenant: claims.tenant,
            derivedID: claims.tenant.map {
                digest.tenantID(vendor: issuer.vendorName, externalID: $0)
            },
            subject: claims.subject ?? [], role: claims.role, tier: claims.tier,
            notBefore: claims.start.map { $0 - issuer.leeway } ?? 0,
            expires: claims.expiry + issuer.leeway,
            tokenID: claims.tokenID.map { digest.tokenID($0.span) }, issuedAt: claims.issuedAt,
            credential: issuer.credential, tenantID: claims.tenantID, scopes: claims.scopes)
    }

    /// Runs every reader on bytes whose signature nobody checked and throws the result away; for
    /// fuzzing.
    package mutating func examine(
        _ token: Span<UInt8>, issuer: TokenIssuer, now: Int64
    ) throws(TokenDefect) {
        let form = try CompactToken(token)
        _ = try readHeader(token.extracting(form.header), issuer)
        _ = try readClaims(token.extracting(form.claims), issuer, now: now)
    }
}

extension SHA256Context {
    /// The tenant id of a (vendor, external id) pair: a name-based UUIDv8 (RFC 9562 §5.8), the
    /// first 128 bits of SHA-256 over a domain, the vendor's name, a NUL and the external id. The
    /// NUL keeps pairs apart: an external id never holds one.
    mutating func tenantID(vendor: [UInt8], externalID: ExternalID) -> TenantID {
        let domain: StaticString = "ringfence tenant\0"
        domain.withUTF8Buffer { unsafe update($0.span) }
        update(vendor.span)
        update([0].span)
        update(externalID.bytes.span)
        let value = finish()
        return TenantID(
            high: value.words[0] & 0xFFFF_FFFF_FFFF_0FFF | 0x8000,
            low: value.words[1] & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }
}

extension SHA256Context {
    /// What revocations call the token with this `jti`.
    mutating func tokenID(_ jti: Span<UInt8>) -> TokenID {
        let value = digest(jti)
        return TokenID(high: value.words[0], low: value.words[1])
    }
}

/// What revocations call the token with this `jti`; nil when OpenSSL cannot be used.
public func tokenID(jti: Span<UInt8>) -> TokenID? {
    guard var digest = try? SHA256Context() else { return nil }
    return digest.tokenID(jti)
}

/// The id a (vendor, external id) pair has where no directory gives it another one; equal in
/// every process. Nil when OpenSSL cannot be used.
@_spi(TenantDirectory) public func derivedTenantID(
    vendor: String, externalID: ExternalID
) -> TenantID? {
    guard var digest = try? SHA256Context() else { return nil }
    return digest.tenantID(vendor: Array(vendor.utf8), externalID: externalID)
}
