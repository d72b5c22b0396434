import COpenSSL
import Synchronization

/// What the sessions to a kind of server have in common: whom to trust. The server's certificate is
/// always verified, its host name or address included. Any thread may use it.
public final class TLSClientContext: Sendable {
    /// Whose signatures are believed.
    public enum Trust: Sendable {
        /// OpenSSL's own default store.
        case system
        /// A file of PEM certificates.
        case file(String)
        /// A folder of certificates named by hash.
        case directory(String)
        /// PEM certificates; nobody else is believed.
        case authorities(pem: [UInt8])
    }

    let handle: ContextHandle
    /// The newest ticket of each host. A session is put back by the host its certificate was
    /// verified for, because a resumption verifies nothing.
    private let resumable = Mutex<[[UInt8]: SessionHandle]>([:])

    /// - Parameters:
    ///   - applicationProtocols: ALPN names to offer, the preferred one first.
    ///   - resumesSessions: whether to remember sessions, for `TLSBounds.resumableHostsMax` hosts.
    ///   - certificate: what is shown to servers that ask for a certificate.
    public init(
        trust: Trust = .system, applicationProtocols: [String] = ["http/1.1"],
        resumesSessions: Bool = true, certificate: TLSCertificate? = nil
    ) throws(TLSFault) {
        handle = try ContextHandle(server: false, profile: .intermediate)
        let context = unsafe handle.pointer
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        let protocols = try ProtocolList(applicationProtocols)
        if !protocols.isEmpty {
            let list = unsafe protocols.pointer
            let refused = unsafe withUnsafeBytes(of: &list.pointee.bytes) { bytes in
                unsafe SSL_CTX_set_alpn_protos(
                    context, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    list.pointee.length)
            }
            guard refused == 0 else { throw .openSSL(.take()) }
        }
        try load(trust)
        if let certificate {
            ERR_clear_error()
            guard unsafe certificate.handle.serve(byDefaultOn: context) else {
                throw .certificateRefused(.take())
            }
        }
        guard resumesSessions else {
            unsafe rf_tls_set_session_cache(context, 0)
            return
        }
        unsafe rf_tls_set_session_cache(context, 1)
        // Unretained: every session keeps its context alive, and callbacks run inside sessions.
        let me = unsafe Unmanaged.passUnretained(self).toOpaque()
        guard unsafe SSL_CTX_set_ex_data(context, 0, me) == 1 else { throw .openSSL(.take()) }
        unsafe SSL_CTX_sess_set_new_cb(context, Self.sessionCallback)
    }

    private func load(_ trust: Trust) throws(TLSFault) {
        let context = unsafe handle.pointer
        ERR_clear_error()
        let loaded: Int32
        switch trust {
        case .system: loaded = unsafe SSL_CTX_set_default_verify_paths(context)
        case .file(let path): loaded = unsafe SSL_CTX_load_verify_file(context, path)
        case .directory(let path): loaded = unsafe SSL_CTX_load_verify_dir(context, path)
        case .authorities(let pem):
            try add(authorities: pem)
            loaded = 1
        }
        guard loaded == 1 else { throw .trustUnreadable(.take()) }
    }

    private func add(authorities pem: [UInt8]) throws(TLSFault) {
        let bio = try MemoryBIO.holding(pem.span)
        let store = unsafe SSL_CTX_get_cert_store(handle.pointer)
        var count = 0
        while true {
            ERR_clear_error()
            guard let authority = unsafe rf_pem_read_certificate(bio.pointer) else { break }
            let added = unsafe X509_STORE_add_cert(store, authority)
            unsafe X509_free(authority)
            guard added == 1 else { throw .trustUnreadable(.take()) }
            count += 1
        }
        guard TLSCertificate.endsWithoutBlock(), count > 0 else { throw .trustUnreadable(.take()) }
        ERR_clear_error()
    }

    /// A session over a connected stream socket to `host`, a host name or an IP address (IPv6
    /// without brackets). The descriptor stays the caller's and must outlive the session.
    public func makeSession(descriptor: Int32, host: String) throws(TLSFault) -> TLSSession {
        guard !host.utf8.contains(0) else { throw .hostInvalid }
        let isAddress = unsafe rf_is_ip_address(host) == 1
        let name = HostName.canonical(Array(host.utf8).span)
        guard isAddress || name != nil else { throw .hostInvalid }
        ERR_clear_error()
        guard let ssl = unsafe SSL_new(handle.pointer) else { throw .openSSL(.take()) }
        unsafe SSL_set_connect_state(ssl)
        // Owns `ssl` from here on, also when this throws.
        let session = unsafe try TLSSession.adopt(
            ssl, descriptor: descriptor, owner: .client(self))

        let parameters = unsafe SSL_get0_param(ssl)
        // Certificates name hosts in subjectAltName; a common name is for people.
        unsafe X509_VERIFY_PARAM_set_hostflags(
            parameters,
            UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        if isAddress {
            guard unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, host) == 1 else {
                throw .hostInvalid
            }
            return session
        }
        guard let name else { throw .hostInvalid }
        let text = String(decoding: name, as: UTF8.self)
        guard unsafe X509_VERIFY_PARAM_set1_host(parameters, text, 0) == 1,
            unsafe rf_tls_set_server_name(ssl, text) == 1
        else { throw .openSSL(.take()) }
        // Taken, not borrowed: a TLS 1.3 ticket used twice lets an observer link connections.
        if let known = resumable.withLock({ $0.removeValue(forKey: name) }) {
            guard unsafe SSL_set_session(ssl, known.pointer) == 1 else { throw .openSSL(.take()) }
        }
        return session
    }

    private func remember(_ session: SessionHandle, for host: [UInt8]) {
        resumable.withLock { known in
            if known[host] == nil, known.count >= TLSBounds.resumableHostsMax,
                let other = known.keys.first
            {
                known[other] = nil
            }
            known[host] = session
        }
    }

    /// Answers 1 when it keeps the reference it is given.
    private static let sessionCallback:
        @convention(c) (
            OpaquePointer?, OpaquePointer?
        ) -> Int32 = { ssl, session in
            guard let ssl = unsafe ssl, let session = unsafe session,
                unsafe SSL_get_verify_result(ssl) == X509_V_OK,
                let argument = unsafe SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0),
                let host = unsafe X509_VERIFY_PARAM_get0_host(SSL_get0_param(ssl), 0)
            else { return 0 }
            let context = unsafe Unmanaged<TLSClientContext>.fromOpaque(argument)
                .takeUnretainedValue()
            let name = unsafe Array(String(cString: host).utf8)
            context.remember(unsafe SessionHandle(adopting: session), for: name)
            return 1
        }
}
