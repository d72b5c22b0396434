import Policy
import Reactor
import TLS
import Tokens

/// What a snapshot holds for credentials other than access tokens.
struct CredentialMaterial: Sendable {
    var sessions: IssuerKeys?
    var clientAuthority: [UInt8]?
    /// When the lists of revoked certificates are out of date.
    var clientRevocationsEnd: Int64?
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
        // Authorities that were made up for a rehearsal have revoked nothing.
        let listed = made == nil ? tls.clientRevocations : nil
        let revocations = listed.flatMap { bytes($0, findings) }
        // Certificates that were shown under another list have to be shown again.
        let believed = pem + (revocations ?? [])
        material.clientAuthority = believed
        if let previous, previous.clientAuthority == believed {
            material.clientAuthorityEpoch = previous.clientAuthorityEpoch
        }
        guard listed == nil || revocations != nil else { return (material, nil) }
        do throws(TLSFault) {
            let authorities = try TLSClientAuthorities(
                pem: pem.span, revocations: revocations,
                // What is tried out is what follows a handshake.
                isRequired: tls.requiresClientCertificate && substitutes == nil)
            material.clientRevocationsEnd = authorities.revocationsEndSeconds
            if let listed, let end = authorities.revocationsEndSeconds {
                warn(about: listed, ending: end, findings)
            }
            return (material, authorities)
        } catch {
            if case .revocationsUnreadable(let reason) = error, let listed {
                refuse(
                    listed,
                    "is not a list of revoked certificates that says when it ends: "
                        + "\(reason.text)", findings)
            } else {
                refuse(reference, "is not a list of certificates: \(error)", findings)
            }
            return (material, nil)
        }
    }

    /// Not a refusal: who has no certificate is served as before, and a start is no time to be
    /// stricter than the minute before it was.
    private func warn(
        about list: SecretReference, ending end: Int64, _ findings: Findings
    ) {
        guard end <= WallClock.now().seconds else { return }
        findings.diagnostics.append(
            Diagnostic(
                .certificateEnding,
                "`\(list.name)` is out of date: every client certificate is refused",
                at: list.mark))
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
