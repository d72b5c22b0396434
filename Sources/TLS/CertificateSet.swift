import COpenSSL

/// The certificates of one listener and which of them a server name chooses; replaced whole.
final class CertificateSet: Sendable {
    /// What answers one name: one certificate per kind of key, the first given wins.
    typealias Choice = [CertificateHandle]

    private let byName: [[UInt8]: Choice]
    /// For clients that send no name, or one that no certificate has.
    private let fallback: Choice

    init(_ certificates: [TLSCertificate]) throws(TLSFault) {
        guard let first = certificates.first else { throw .noCertificates }
        guard certificates.count <= TLSBounds.certificatesMax else { throw .tooManyCertificates }
        var byName: [[UInt8]: Choice] = [:]
        for certificate in certificates {
            let kind = certificate.handle.keyKind
            for name in certificate.names {
                let known = byName[Array(name.utf8)] ?? []
                if known.contains(where: { $0.keyKind == kind }) { continue }
                byName[Array(name.utf8)] = known + [certificate.handle]
            }
        }
        self.byName = byName
        fallback = [first.handle]
    }

    /// An exact name wins over a wildcard.
    func choose(_ name: [UInt8]?) -> (choice: Choice, matched: Bool) {
        if let name {
            if let exact = byName[name] { return (exact, true) }
            if let pattern = HostName.wildcard(covering: name), let wide = byName[pattern] {
                return (wide, true)
            }
        }
        return (fallback, false)
    }

    /// Tries every certificate on a session of `context`, so that what OpenSSL refuses is known
    /// when the set is loaded and not when the first client comes.
    func check(on context: ContextHandle, _ certificates: [TLSCertificate]) throws(TLSFault) {
        for certificate in certificates {
            ERR_clear_error()
            guard let ssl = unsafe SSL_new(context.pointer) else { throw .openSSL(.take()) }
            let served = unsafe certificate.handle.serve(on: ssl)
            let reason = OpenSSLReason.take()
            unsafe SSL_free(ssl)
            guard served else { throw .certificateRefused(reason) }
        }
    }
}
