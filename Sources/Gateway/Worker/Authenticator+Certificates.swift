import HTTP1
import HTTPTransport
import Policy
import TLS
@_spi(OtherCredentials) import Tokens

/// A connection's certificate, read once, and whom it stands for.
struct CertificateMemo {
    private(set) var isRead = false
    /// `nil` where the client showed none.
    private(set) var shown: TLSPeerCertificate?
    fileprivate var caller: Caller?
    fileprivate var directory: UInt64 = 0

    mutating func read(_ certificate: TLSPeerCertificate?) {
        isRead = true
        shown = certificate
        caller = nil
    }
}

extension Authenticator {
    /// The caller a certificate stands for. Its authority was verified in the handshake; whether it
    /// is still valid is asked at every use, because connections outlive certificates.
    mutating func caller(
        showing certificate: TLSPeerCertificate, _ asked: Asked,
        _ observation: inout Observation
    ) throws(Refusal) -> Caller {
        let (memo, view) = (asked.circumstances.memo, asked.circumstances.directory)
        let now = asked.circumstances.wall
        guard certificate.notBeforeSeconds <= now, now <= certificate.notAfterSeconds else {
            throw refuse("certificate.expired", &observation)
        }
        if let end = asked.snapshot.clientRevocationsEnd, now >= end {
            throw refuse("certificate.revocations_stale", &observation)
        }
        if memo.certificate.directory == view.generation, let known = memo.certificate.caller {
            counters.tokensCached.increment()
            observation.tokenWasCached = true
            return known
        }
        guard let rule = asked.snapshot.policy.certificates else { throw .internalError }
        let (tenant, subject) = try tenant(in: certificate, rule, &observation)
        let claims = witness.certificate(
            of: tenant, vendor: rule.vendor,
            vendorName: asked.snapshot.vendorNames[rule.vendor], subject: subject,
            notBefore: certificate.notBeforeSeconds, expires: certificate.notAfterSeconds + 1)
        counters.tokensVerified.increment()
        let made = try Self.caller(claims, view, &observation)
        memo.certificate.caller = made
        memo.certificate.directory = view.generation
        return made
    }

    /// The one tenant that the names of the certificate mean.
    private func tenant(
        in certificate: TLSPeerCertificate, _ rule: CertificatePolicy,
        _ observation: inout Observation
    ) throws(Refusal) -> (ExternalID, subject: [UInt8]) {
        var found: (ExternalID, subject: [UInt8])?
        for name in rule.name == .uri ? certificate.uris : certificate.dnsNames {
            guard let place = rule.pattern.tenant(in: name.span),
                let tenant = ExternalID(name.span.extracting(place), format: .opaque)
            else { continue }
            guard found == nil || found?.0 == tenant else {
                throw refuse("certificate.ambiguous", &observation)
            }
            found = (tenant, name)
        }
        guard let found else { throw refuse("certificate.unmapped", &observation) }
        return found
    }

    private func refuse(
        _ defect: StaticString, _ observation: inout Observation
    ) -> Refusal {
        counters.tokensRefused.increment()
        observation.defect = defect
        return .tokenInvalid
    }
}

extension GatewayWorker {
    /// Reads the connection's certificate where the route takes one. One that was verified by other
    /// authorities than those of now is none.
    func readCertificate(
        _ exchange: Exchange, _ route: RouteRule, _ snapshot: Snapshot,
        _ connection: ServerConnection
    ) {
        guard route.takesCertificates else { return }
        let memo = memo(of: exchange.clientKey)
        guard connection.authorityEpoch == snapshot.clientAuthorityEpoch else {
            return memo.certificate.read(nil)
        }
        if !memo.certificate.isRead { memo.certificate.read(connection.stream.peerCertificate) }
    }
}
