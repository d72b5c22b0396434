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
    var seals = Seals.right

    /// What seals are made of.
    enum Seals {
        /// What the assertion says, with the backend's own key, if it has one.
        case right
        case none
        case text(String)
        /// For somebody else than the assertion.
        case of(Scope)
        /// With another key.
        case key(String)
        /// Alive until so many seconds from now.
        case expiring(Int64)
    }

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

    /// - Parameter sealKey: the line of the backend's key; `nil` where it has none.
    func assertion(
        _ request: Vouched, for scope: Scope, sealKey: String? = nil
    ) throws -> String {
        var signer = try AssertionSigner(keyFile: Array(key.utf8).span)
        var digest = ByteBuffer(capacityMax: BodyDigest.textBytes)
        if !request.isStreamed {
            var hash = try BodyDigest()
            hash.update(request.body.span)
            hash.finish(into: &digest)
        }
        var out = ByteBuffer(capacityMax: AssertionSigner.bytesMax)
        let principal = try principal(scope)
        let seal = try seal(scope, sealKey)
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

    private func seal(_ scope: Scope, _ key: String?) throws -> ByteBuffer {
        var out = ByteBuffer(capacityMax: 1_024)
        guard var key else { return out }
        var subject = scope
        var now = Int64(Date().timeIntervalSince1970) + skewSeconds
        switch seals {
        case .right: break
        case .none: return out
        case .text(let text):
            out.append(text: text)
            return out
        case .of(let other): subject = other
        case .key(let other): key = other
        case .expiring(let seconds): now += seconds - 30
        }
        try Self.mint(key, subject, now: now, into: &out)
        return out
    }

    /// A seal good for 30 seconds from `now`.
    static func mint(
        _ key: String, _ subject: Scope, now: Int64, into out: inout ByteBuffer
    ) throws {
        var minter = try SealMinter(keyFile: Array(key.utf8).span)
        switch subject {
        case .tenant(let id, let name, _):
            let text = Array(id.utf8)
            guard let tenant = TenantID(canonical: text.span) else {
                throw MintingFault.badName(id, name)
            }
            _ = minter.mint(forTenant: tenant, now: now, lifetimeSeconds: 30, into: &out)
        case .vendor(let name):
            var id = ByteBuffer(capacityMax: 36)
            _ = appendDerivedVendorID(Array(name.utf8).span, to: &id)
            let vendor = id.bytes
            _ = minter.mint(forVendor: vendor.span, now: now, lifetimeSeconds: 30, into: &out)
        }
    }

    enum MintingFault: Error { case badName(String, String) }
}
