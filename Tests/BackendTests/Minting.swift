import Foundation
import HTTP1
@_spi(TokenVerifier) @_spi(TenantDirectory) import Policy
import Tokens

/// Makes what a gateway sends: requests with their assertions. Everything that an attacker could
/// change about one is a parameter.
struct Gateway {
    static let keyText = "an assertion key of the tests, 32 bytes or more"

    var key = keyText
    var audience = "delivery"
    var lifetimeSeconds: Int64 = 30
    var subject = "alice"
    /// Seconds from now at which the assertion is made.
    var skewSeconds: Int64 = 0
    /// The line of the key that seals are made with; `nil` for none.
    var sealKey: String?
    /// For whom the seal is made where it is not the assertion's own subject.
    var sealScope: Scope?
    /// What is sent in the seal's place.
    var sealText: String?
    var sealLifetimeSeconds: Int64 = 30

    /// For whom an assertion is made.
    enum Scope {
        case tenant(id: String, externalID: String, vendor: String = "default")
        case vendor(String = "default")
    }

    /// One request as the gateway vouches for it.
    struct Vouched {
        var method: String
        var target: String
        var body: [UInt8] = []
        var requestID = UUID().uuidString.lowercased()
        /// The body is not covered, as for one streamed past the gateway.
        var isStreamed = false
    }

    func assertion(_ request: Vouched, for scope: Scope) throws -> String {
        var signer = try AssertionSigner(keyFile: Array(key.utf8).span)
        var digest = ByteBuffer(capacityMax: BodyDigest.textBytes)
        if !request.isStreamed {
            var hash = try BodyDigest()
            hash.update(request.body.span)
            hash.finish(into: &digest)
        }
        var out = ByteBuffer(capacityMax: AssertionSigner.bytesMax)
        let principal = try principal(scope)
        let seal = try seal(scope)
        let audience = Array(self.audience.utf8)
        let id = Array(request.requestID.utf8)
        let method = Array(request.method.utf8)
        let target = Array(request.target.utf8)
        try signer.sign(
            AssertionRequest(
                audience: audience.span, requestID: id.span, method: method.span,
                target: target.span, bodyDigest: digest.readable, seal: seal.readable),
            for: principal, now: Int64(Date().timeIntervalSince1970) + skewSeconds,
            lifetimeSeconds: lifetimeSeconds, into: &out)
        return String(decoding: out.bytes, as: UTF8.self)
    }

    private func principal(_ scope: Scope) throws -> AssertionPrincipal {
        switch scope {
        case .tenant(let id, let externalID, let vendor):
            let tenant = TenantID(canonical: Array(id.utf8).span)
            let external = ExternalID(externalID, format: .opaque)
            guard let tenant, let external else { throw MintingFault.badName(id, externalID) }
            return AssertionPrincipal(
                claims: claims(external), tenant: tenant, vendor: Array(vendor.utf8),
                tier: Array("STARTER".utf8))
        case .vendor(let name):
            return AssertionPrincipal(
                claims: claims(nil), tenant: nil, vendor: Array(name.utf8), tier: nil)
        }
    }

    private func claims(_ tenant: ExternalID?) -> VerifiedClaims {
        VerifiedClaims(
            issuer: 0, vendor: 0, tenant: tenant, derivedID: nil, subject: Array(subject.utf8),
            role: nil, tier: nil, notBefore: 0, expires: .max)
    }

    func seal(_ scope: Scope) throws -> ByteBuffer {
        var out = ByteBuffer(capacityMax: 1_024)
        if let sealText {
            out.append(text: sealText)
            return out
        }
        guard let sealKey else { return out }
        var minter = try SealMinter(keyFile: Array(sealKey.utf8).span)
        let now = Int64(Date().timeIntervalSince1970) + skewSeconds
        switch sealScope ?? scope {
        case .tenant(let id, _, _):
            let text = Array(id.utf8)
            guard let tenant = TenantID(canonical: text.span) else {
                throw MintingFault.badName(id, "")
            }
            _ = minter.mint(
                forTenant: tenant, now: now, lifetimeSeconds: sealLifetimeSeconds, into: &out)
        case .vendor(let name):
            var id = ByteBuffer(capacityMax: 36)
            _ = appendDerivedVendorID(Array(name.utf8).span, to: &id)
            let vendor = id.bytes
            _ = minter.mint(
                forVendor: vendor.span, now: now, lifetimeSeconds: sealLifetimeSeconds,
                into: &out)
        }
        return out
    }

    enum MintingFault: Error { case badName(String, String) }
}
