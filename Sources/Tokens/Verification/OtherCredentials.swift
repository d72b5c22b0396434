internal import COpenSSL
internal import HTTP1
internal import JSON
@_spi(TokenVerifier) public import Policy

/// An API key that was shown whole: its record, and the proof that somebody has the key.
public struct ShownKey: Sendable {
    public let record: TenantDirectory.FoundKey

    fileprivate init(_ record: TenantDirectory.FoundKey) { self.record = record }

    /// What the key says: its tenant, its scopes and its role.
    ///
    /// - Parameter directory: the value the key was found in.
    /// - Returns: `nil` where the directory does not know its tenant.
    public func claims(in directory: TenantDirectory) -> VerifiedClaims? {
        guard let tenant = directory.tenant(record.tenant), let vendor = tenant.vendor,
            let name = directory.externalID(of: tenant)
        else { return nil }
        return VerifiedClaims(
            issuer: nil, vendor: vendor, tenant: name, derivedID: nil,
            subject: Array("key:".utf8) + record.id.bytes, role: directory.role(of: record),
            tier: nil, notBefore: 0,
            expires: record.expires, credential: .apiKey, tenantID: record.tenant,
            key: record.id, scopes: directory.scopes(of: record))
    }
}

/// Compares presented API keys with what a directory knows of them. One per worker.
public struct APIKeyVerifier: ~Copyable {
    /// What may be shown as a key at all; everything longer is none.
    static let bytesMax = 256

    private var digester: CredentialDigester
    /// Stands for the digest of a key that is not there.
    private let nobody: CredentialDigest

    /// - Parameter pepper: what keys are digested with.
    public init(pepper: [UInt8]) throws(KeyDefect) {
        var digester = try CredentialDigester(pepper: pepper)
        guard let nobody = digester.apiKey(pepper.span) else { throw .library }
        self.digester = digester
        self.nobody = nobody
    }

    /// The key, if it is one of the directory and may be used now. A wrong secret, an unknown id, a
    /// text that is no key, a revoked and an expired key take the same steps: a digest, a look-up
    /// and a comparison (attack K1).
    ///
    /// - Parameter now: wall-clock seconds.
    public mutating func verify(
        _ text: Span<UInt8>, in directory: TenantDirectory, now: Int64
    ) -> ShownKey? {
        guard text.count <= Self.bytesMax, let shown = digester.apiKey(text) else { return nil }
        let id = APIKeyText.id(text) ?? APIKeyID(standingFor: shown)
        let found = directory.keyOrAnother(id)
        let isEqual = Self.areEqual(shown, found?.key.digest ?? nobody)
        guard let found, found.isIt, isEqual, found.key.holds(at: now) else { return nil }
        return ShownKey(found.key)
    }

    private static func areEqual(_ one: CredentialDigest, _ other: CredentialDigest) -> Bool {
        unsafe withUnsafeBytes(of: one) { one in
            unsafe withUnsafeBytes(of: other) { other in
                unsafe CRYPTO_memcmp(one.baseAddress, other.baseAddress, one.count) == 0
            }
        }
    }
}

/// Credentials that are no text: what somebody else has verified, and says here. Only what reads
/// certificates and places may import it.
@_spi(OtherCredentials) public struct CredentialWitness: ~Copyable {
    private var digest: SHA256Context

    public init() throws(KeyDefect) {
        let digest = try SHA256Context()
        self.digest = digest
    }

    /// A certificate whose authority was verified, and the tenant that its name means.
    ///
    /// - Parameters:
    ///   - subject: the name in the certificate.
    ///   - notBefore: first second it is valid.
    ///   - expires: first second it is not.
    public mutating func certificate(
        of tenant: ExternalID, vendor: Int, vendorName: [UInt8], subject: [UInt8],
        notBefore: Int64, expires: Int64
    ) -> VerifiedClaims {
        VerifiedClaims(
            issuer: nil, vendor: vendor, tenant: tenant,
            derivedID: digest.tenantID(vendor: vendorName, externalID: tenant), subject: subject,
            role: nil, tier: nil, notBefore: notBefore, expires: expires,
            credential: .certificate)
    }

    /// A place that belongs to a tenant the directory knows.
    public mutating func place(
        of tenant: ExternalID, id: TenantID?, vendor: Int, vendorName: [UInt8]
    ) -> VerifiedClaims {
        VerifiedClaims(
            issuer: nil, vendor: vendor, tenant: tenant,
            derivedID: digest.tenantID(vendor: vendorName, externalID: tenant), subject: [],
            role: nil, tier: nil, notBefore: 0, expires: .max, credential: .place, tenantID: id)
    }

    /// An internal caller's own claims with the tenant it names.
    ///
    /// - Returns: `nil` for anybody else, and for who names a tenant already.
    public mutating func naming(
        _ tenant: ExternalID, id: TenantID?, vendorName: [UInt8], by caller: VerifiedClaims
    ) -> VerifiedClaims? {
        guard caller.credential == .internalToken, caller.tenant == nil else { return nil }
        return VerifiedClaims(
            issuer: caller.issuer, vendor: caller.vendor, tenant: tenant,
            derivedID: digest.tenantID(vendor: vendorName, externalID: tenant),
            subject: caller.subject, role: caller.role, tier: nil, notBefore: caller.notBefore,
            expires: caller.expires, tokenID: caller.tokenID, issuedAt: caller.issuedAt,
            credential: .internalToken, tenantID: id, scopes: caller.scopes)
    }
}

extension UncheckedToken {
    /// Whether a token's header says that it is a session, which decides whose rules it is held
    /// against; those check it again.
    public static func isSession(_ token: Span<UInt8>) -> Bool {
        guard let read = try? UncheckedToken(token) else { return false }
        var document = JSONDocument()
        guard (try? document.parse(read.header.span, limits: TokenHeader.limits)) != nil else {
            return false
        }
        let view = document.view(of: read.header.span)
        guard let node = view.member(of: view.root, named: "typ"),
            let type = view.string(at: node)
        else { return false }
        return TokenType.normal(String(decoding: type, as: UTF8.self))
            == TokenType.normal(SessionPolicy.type)
    }
}
