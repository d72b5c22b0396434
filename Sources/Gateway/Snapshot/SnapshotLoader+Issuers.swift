import Policy
import Reactor
import TLS
import Tokens

extension SnapshotLoader {
    func issuers(
        _ policy: GatewayPolicy, _ previous: Snapshot?, _ findings: Findings
    ) -> [IssuerKeys] {
        policy.issuers.enumerated().map { index, issuer in
            let vendor = policy.vendors[issuer.vendor].name
            if let keys = substitutes?.keys[issuer.name] {
                return IssuerKeys(index: index, policy: issuer, vendorName: vendor, keys: keys)
            }
            var keys: KeySet?
            switch issuer.keys {
            case .file(let reference):
                keys = keySet(reference, isSecret: false, findings) { (bytes) throws(KeyDefect) in
                    try KeySet(file: bytes.span, algorithms: issuer.algorithms)
                }
            case .secret(let reference):
                keys = keySet(reference, isSecret: true, findings) { (bytes) throws(KeyDefect) in
                    try KeySet(secretFile: bytes.span, algorithms: issuer.algorithms)
                }
            case .remote(let remote):
                if let feed = feed(issuer, remote, policy, previous, findings) {
                    return IssuerKeys(
                        index: index, policy: issuer, vendorName: vendor, feed: feed)
                }
            }
            return IssuerKeys(index: index, policy: issuer, vendorName: vendor, keys: keys)
        }
    }

    private func keySet(
        _ reference: SecretReference, isSecret: Bool, _ findings: Findings,
        _ make: ([UInt8]) throws(KeyDefect) -> KeySet
    ) -> KeySet? {
        let read = isSecret ? secret(reference, findings) : bytes(reference, findings)
        guard let bytes = read else { return nil }
        do throws(KeyDefect) {
            return try make(bytes)
        } catch {
            refuse(reference, error.message, findings)
            return nil
        }
    }

    /// The feed of before, where nothing about it has changed; else a new one, which keeps what
    /// was fetched as long as it was fetched from the same place.
    private func feed(
        _ issuer: IssuerPolicy, _ remote: RemoteKeys, _ policy: GatewayPolicy,
        _ previous: Snapshot?, _ findings: Findings
    ) -> KeyFeed? {
        var authorities: [UInt8]?
        if let reference = remote.certificateAuthority {
            authorities = bytes(reference, findings)
            guard authorities != nil else { return nil }
        }
        var plain = remote
        plain.certificateAuthority = nil
        let origin = KeyFeed.Origin(
            name: issuer.name, issuer: issuer.issuer, remote: plain,
            algorithms: issuer.algorithms, authorities: authorities,
            stateFolder: policy.stateFolder?.path)
        let feeds = previous?.issuers.compactMap(\.feed) ?? []
        if let same = feeds.first(where: { $0.origin == origin }) { return same }
        do {
            let context = try TLSClientContext(
                trust: authorities.map { .authorities(pem: $0) } ?? .system)
            let made = try KeyFeed(origin, context: context)
            if let old = feeds.first(where: { $0.origin.sharesKeys(with: origin) }) {
                made.inherit(from: old)
            }
            return made
        } catch {
            if let reference = remote.certificateAuthority {
                refuse(reference, "is not a list of certificates: \(error)", findings)
            } else {
                findings.diagnostics.append(
                    Diagnostic(
                        .materialInvalid, "keys cannot be fetched: \(error)", at: issuer.mark))
            }
            return nil
        }
    }

    /// What lies in the folder is believed at the next start, so nobody else may write there.
    func checkState(_ policy: GatewayPolicy, _ findings: Findings) {
        guard let state = policy.stateFolder else { return }
        do throws(FileFault) {
            let mode = try fileMode(state.path)
            let problem: String
            if !mode.isFolder {
                problem = "is not a folder"
            } else if mode.isWritableByOthers {
                problem = "can be written by others"
            } else {
                return
            }
            findings.diagnostics.append(
                Diagnostic(.materialInvalid, "`\(state.path)` \(problem)", at: state.mark))
        } catch {
            findings.missing.append(
                ("cannot use `\(state.path)`: \(error.description)", state.mark))
        }
    }
}
