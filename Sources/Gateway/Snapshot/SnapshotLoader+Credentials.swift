import Policy
import Reactor
import TLS
import Tokens

/// What a snapshot holds for credentials other than access tokens.
struct CredentialMaterial: Sendable {
    var sessions: IssuerKeys?
    var clientAuthority: [UInt8]?
    /// Of the snapshot before, where the authorities are the same; `nil` for others.
    var clientAuthorityEpoch: UInt64?
}

extension SnapshotLoader {
    func credentials(
        _ policy: GatewayPolicy, _ previous: Snapshot?, _ findings: Findings
    ) -> (CredentialMaterial, TLSClientAuthorities?) {
        var material = CredentialMaterial()
        material.sessions = policy.sessions.map { sessions($0, policy, findings) }
        guard let tls = policy.listen.tls, let reference = tls.clientAuthority else {
            return (material, nil)
        }
        let made = substitutes?.credentials?.clientAuthorities
        guard let pem = made ?? bytes(reference, findings), !pem.isEmpty else {
            return (material, nil)
        }
        material.clientAuthority = pem
        if let previous, previous.clientAuthority == pem {
            material.clientAuthorityEpoch = previous.clientAuthorityEpoch
        }
        do throws(TLSFault) {
            let authorities = try TLSClientAuthorities(
                pem: pem.span,
                // What is tried out is what follows a handshake.
                isRequired: tls.requiresClientCertificate && substitutes == nil)
            return (material, authorities)
        } catch {
            refuse(reference, "is not a list of certificates: \(error)", findings)
            return (material, nil)
        }
    }

    /// The key of seals; what it signs is checked by databases, so its form is all there is to see.
    func sealKey(_ policy: GatewayPolicy, _ findings: Findings) -> [UInt8]? {
        guard let seal = policy.assertion?.seal,
            let bytes = substitutes?.sealKey ?? secret(seal.key, findings)
        else { return nil }
        do throws(KeyDefect) {
            _ = try SealMinter(keyFile: bytes.span)
        } catch {
            refuse(seal.key, error.message, findings)
        }
        return bytes
    }

    /// The rules of sessions, as those of one more issuer.
    private func sessions(
        _ sessions: SessionPolicy, _ policy: GatewayPolicy, _ findings: Findings
    ) -> IssuerKeys {
        let rules = TokenIssuer.policy(of: sessions)
        var keys: KeySet?
        if let bytes = substitutes?.credentials?.sessionKey ?? secret(sessions.key, findings) {
            do throws(KeyDefect) {
                keys = try KeySet(secretFile: bytes.span, algorithms: rules.algorithms)
            } catch {
                refuse(sessions.key, error.message, findings)
            }
        }
        return IssuerKeys(
            index: IssuerKeys.indexOfSessions, policy: rules,
            vendorName: policy.vendors[sessions.vendor].name, keys: keys)
    }

    /// What an upstream is shown.
    func clientCertificate(
        _ pair: (certificate: SecretReference, key: SecretReference), _ findings: Findings
    ) -> TLSCertificate? {
        guard let chain = bytes(pair.certificate, findings), let key = secret(pair.key, findings)
        else { return nil }
        do throws(TLSFault) {
            return try TLSCertificate(
                chainPEM: chain.span, keyPEM: key.span, nowSeconds: WallClock.now().seconds)
        } catch {
            refuse(pair.certificate, "with its key is not usable: \(error)", findings)
            return nil
        }
    }
}
