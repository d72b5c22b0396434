import COpenSSL

/// Whose signatures on clients' certificates a listener believes. Any thread may use it.
@safe public final class TLSClientAuthorities: @unchecked Sendable {
    // `@unchecked Sendable`: both objects are made here, only read afterwards (OpenSSL guards its
    // store with a lock of its own), and the pointers are `let`.
    private let store: OpaquePointer
    private let names: OpaquePointer
    /// Tickets are good only under the same authorities and the same duty: resuming verifies
    /// nothing.
    let digest: [UInt8]
    /// Whether a client without a certificate is refused in its handshake.
    public let isRequired: Bool
    /// The second since 1970 from which a list of revoked certificates is out of date; `nil`
    /// without any. Handshakes fail from then on; whoever shook hands before has to be asked again.
    public let revocationsEndSeconds: Int64?

    /// - Parameters:
    ///   - pem: one certificate or more; text around the blocks is ignored.
    ///   - revocations: lists of revoked certificates (PEM), one of each authority; `nil` where
    ///     none is asked.
    ///   - isRequired: whether clients have to show a certificate.
    /// - Throws: `trustUnreadable` where a block cannot be read, and where there is none;
    ///   `revocationsUnreadable` the same of lists, and of one that does not say when it ends.
    public init(
        pem: Span<UInt8>, revocations: [UInt8]? = nil, isRequired: Bool
    ) throws(TLSFault) {
        let bio = try MemoryBIO.holding(pem)
        var lists: [RevocationList] = []
        if let revocations { lists = try RevocationList.all(in: revocations.span) }
        revocationsEndSeconds = lists.map(\.endSeconds).min()
        digest = try Self.digest(of: pem, revocations ?? [], isRequired)
        ERR_clear_error()
        guard let store = unsafe X509_STORE_new() else { throw .openSSL(.take()) }
        guard let names = unsafe rf_authority_names_new() else {
            unsafe X509_STORE_free(store)
            throw .openSSL(.take())
        }
        unsafe self.store = store
        unsafe self.names = names
        self.isRequired = isRequired
        // From here on `deinit` cleans up, also when this throws.
        var count = 0
        while true {
            ERR_clear_error()
            guard let authority = unsafe rf_pem_read_certificate(bio.pointer) else { break }
            let added = unsafe X509_STORE_add_cert(store, authority)
            let named = unsafe rf_authority_names_add(names, authority)
            unsafe X509_free(authority)
            guard added == 1, named == 1 else { throw .trustUnreadable(.take()) }
            count += 1
        }
        guard TLSCertificate.endsWithoutBlock(), count > 0 else { throw .trustUnreadable(.take()) }
        ERR_clear_error()
        for list in lists { unsafe try list.add(to: store) }
        guard unsafe lists.isEmpty || rf_store_check_revocations(store) == 1 else {
            throw .openSSL(.take())
        }
    }

    deinit {
        unsafe X509_STORE_free(store)
        unsafe rf_authority_names_free(names)
    }

    /// A ticket from before a certificate was required must not save showing one.
    private static func digest(
        of pem: Span<UInt8>, _ revocations: [UInt8], _ isRequired: Bool
    ) throws(TLSFault) -> [UInt8] {
        var text: [UInt8] = [isRequired ? 1 : 0]
        for index in pem.indices { text.append(pem[index]) }
        text += revocations
        var digest = [UInt8](repeating: 0, count: 32)
        ERR_clear_error()
        guard unsafe EVP_Digest(text, text.count, &digest, nil, EVP_sha256(), nil) == 1 else {
            throw .openSSL(.take())
        }
        return digest
    }

    /// Makes `ssl` ask its client for a certificate.
    ///
    /// - Safety: `ssl` is live and has not begun its handshake.
    @unsafe func ask(_ ssl: OpaquePointer) throws(TLSFault) {
        ERR_clear_error()
        unsafe SSL_set_verify_depth(ssl, Int32(TLSBounds.chainCertificatesMax))
        guard unsafe rf_tls_ask_certificate(ssl, store, names, isRequired ? 1 : 0) == 1,
            unsafe SSL_set_session_id_context(ssl, digest, UInt32(digest.count)) == 1
        else { throw .openSSL(.take()) }
    }
}

/// A list of revoked certificates, as its authority signed it.
@safe private final class RevocationList {
    private let handle: OpaquePointer
    /// When it is out of date.
    let endSeconds: Int64

    /// - Safety: `handle` is live and is this object's from now on.
    @unsafe private init(_ handle: OpaquePointer) throws(TLSFault) {
        var end: Int64 = 0
        // RFC 5280 section 5.1.2.5 asks for one; without it a list would count for ever.
        guard let next = unsafe X509_CRL_get0_nextUpdate(handle),
            unsafe rf_asn1_seconds(next, &end) == 1
        else {
            unsafe X509_CRL_free(handle)
            throw .revocationsUnreadable(.take())
        }
        unsafe self.handle = handle
        endSeconds = end
    }

    deinit { unsafe X509_CRL_free(handle) }

    /// All that a text holds, at least one.
    static func all(in pem: Span<UInt8>) throws(TLSFault) -> [RevocationList] {
        let bio = try MemoryBIO.holding(pem)
        var lists: [RevocationList] = []
        ERR_clear_error()
        while let list = unsafe rf_pem_read_revocations(bio.pointer) {
            unsafe lists.append(try RevocationList(list))
            ERR_clear_error()
        }
        guard TLSCertificate.endsWithoutBlock(), !lists.isEmpty else {
            throw .revocationsUnreadable(.take())
        }
        ERR_clear_error()
        return lists
    }

    /// - Safety: `store` is live.
    @unsafe func add(to store: OpaquePointer) throws(TLSFault) {
        guard unsafe X509_STORE_add_crl(store, handle) == 1 else { throw .openSSL(.take()) }
    }
}

/// What a client's certificate says, after a handshake in which its authority was verified.
public struct TLSPeerCertificate: Equatable, Sendable {
    /// URIs of its subjectAltName, as they are written (SPIFFE ids are of this kind).
    public let uris: [[UInt8]]
    /// DNS names of its subjectAltName, in lower case, without wildcards.
    public let dnsNames: [[UInt8]]
    /// SHA-256 of the certificate.
    public let fingerprint: [UInt8]
    /// First and last second it is valid, since 1970. A long connection, or a resumed session, may
    /// outlive it: ask at every use.
    public let notBeforeSeconds: Int64
    public let notAfterSeconds: Int64

    /// Names beyond this are not looked at.
    static let namesMax = 64

    /// - Safety: `certificate` is live.
    @unsafe init?(_ certificate: OpaquePointer) {
        ERR_clear_error()
        defer { ERR_clear_error() }
        var digest = [UInt8](repeating: 0, count: 32)
        var from: Int64 = 0
        var until: Int64 = 0
        guard unsafe X509_digest(certificate, EVP_sha256(), &digest, nil) == 1,
            unsafe rf_asn1_seconds(X509_get0_notBefore(certificate), &from) == 1,
            unsafe rf_asn1_seconds(X509_get0_notAfter(certificate), &until) == 1
        else { return nil }
        fingerprint = digest
        notBeforeSeconds = from
        notAfterSeconds = until
        var uris: [[UInt8]] = []
        var dnsNames: [[UInt8]] = []
        if let found = unsafe rf_names_of(certificate) {
            defer { unsafe rf_names_free(found) }
            for index in 0..<min(unsafe rf_names_count(found), Int32(Self.namesMax)) {
                var length: Int32 = 0
                if let bytes = unsafe rf_names_uri(found, index, &length), length > 0 {
                    uris.append(
                        unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: Int(length))))
                } else if let bytes = unsafe rf_names_dns(found, index, &length), length > 0 {
                    let view = unsafe UnsafeBufferPointer(start: bytes, count: Int(length))
                    if let name = HostName.canonical(unsafe view.span) { dnsNames.append(name) }
                }
            }
        }
        self.uris = uris
        self.dnsNames = dnsNames
    }
}
