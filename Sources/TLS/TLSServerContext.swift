import COpenSSL
import Synchronization

/// What the sessions of one listener have in common. Any thread may use it.
public final class TLSServerContext: Sendable {
    let handle: ContextHandle
    private let protocols: ProtocolList
    private let ticketKeys: TLSTicketKeys
    private let certificates: Mutex<CertificateSet>
    private let clientAuthorities: Mutex<TLSClientAuthorities?>

    /// - Parameters:
    ///   - certificates: at least one; the first answers clients whose server name no certificate
    ///     has. For one name an ECDSA and an RSA certificate may be given together.
    ///   - applicationProtocols: ALPN names, the preferred one first. A client that offers others
    ///     only is refused; one that offers none is served.
    ///   - identity: the listener's name; tickets are good at listeners of the same identity only.
    ///   - clientAuthorities: whose certificates clients may show; without, none is asked for.
    public init(
        certificates: [TLSCertificate], profile: TLSProfile = .intermediate,
        applicationProtocols: [String] = ["http/1.1"], ticketKeys: TLSTicketKeys, identity: String,
        clientAuthorities: TLSClientAuthorities? = nil
    ) throws(TLSFault) {
        let handle = try ContextHandle(server: true, profile: profile)
        let protocols = try ProtocolList(applicationProtocols)
        let set = try CertificateSet(certificates)
        try set.check(on: handle, certificates)
        // What most sessions serve is in the context, where it costs them nothing. It stays when
        // the set is replaced: `SSL_new` on another thread reads the context.
        let usual = unsafe set.choose(nil).choice.first?.serve(byDefaultOn: handle.pointer)
        guard usual == true else { throw .certificateRefused(.take()) }
        self.handle = handle
        self.protocols = protocols
        self.ticketKeys = ticketKeys
        self.certificates = Mutex(set)
        self.clientAuthorities = Mutex(clientAuthorities)
        try configure(identity: Array(identity.utf8))
    }

    private func configure(identity: [UInt8]) throws(TLSFault) {
        let context = unsafe handle.pointer
        unsafe rf_tls_set_session_cache(context, 0)
        unsafe SSL_CTX_set_timeout(context, TLSBounds.ticketLifetimeSeconds)
        if !protocols.isEmpty { unsafe rf_tls_set_protocols(context, protocols.pointer) }

        // OpenSSL keeps at most 32 bytes of identity, a digest has exactly these.
        var digest = [UInt8](repeating: 0, count: 32)
        ERR_clear_error()
        guard
            unsafe EVP_Digest(identity, identity.count, &digest, nil, EVP_sha256(), nil) == 1,
            unsafe SSL_CTX_set_session_id_context(context, digest, UInt32(digest.count)) == 1,
            unsafe SSL_CTX_set_num_tickets(context, 1) == 1,
            unsafe rf_tls_set_ticket_callback(context, Self.ticketCallback) == 1
        else { throw .openSSL(.take()) }

        // Unretained: every session keeps its context alive, and callbacks run inside sessions.
        let me = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe rf_tls_set_name_callback(context, Self.nameCallback, me)
        guard unsafe SSL_CTX_set_ex_data(context, 0, me) == 1 else { throw .openSSL(.take()) }
    }

    /// From now on handshakes use `certificates`; sessions that exist go on with what they have. On
    /// a fault the old ones stay.
    public func replaceCertificates(_ certificates: [TLSCertificate]) throws(TLSFault) {
        let set = try CertificateSet(certificates)
        try set.check(on: handle, certificates)
        self.certificates.withLock { $0 = set }
    }

    /// What handshakes are to use later, found good; nothing has changed yet.
    public struct Change: Sendable {
        fileprivate let certificates: CertificateSet
        fileprivate let clientAuthorities: TLSClientAuthorities?
    }

    /// Checks all that `use` will put in force.
    ///
    /// - Parameter clientAuthorities: whose certificates are asked for; `nil` for none.
    public func prepare(
        _ certificates: [TLSCertificate], clientAuthorities: TLSClientAuthorities?
    ) throws(TLSFault) -> Change {
        let set = try CertificateSet(certificates)
        try set.check(on: handle, certificates)
        return Change(certificates: set, clientAuthorities: clientAuthorities)
    }

    /// From now on handshakes use these; sessions that exist go on with what they have.
    public func use(_ change: Change) {
        certificates.withLock { $0 = change.certificates }
        clientAuthorities.withLock { $0 = change.clientAuthorities }
    }

    /// A session over a connected stream socket. The descriptor stays the caller's and must outlive
    /// the session.
    public func makeSession(descriptor: Int32) throws(TLSFault) -> TLSSession {
        ERR_clear_error()
        guard let ssl = unsafe SSL_new(handle.pointer) else { throw .openSSL(.take()) }
        unsafe SSL_set_accept_state(ssl)
        // Owns `ssl` from here on, also when this throws.
        let session = unsafe try TLSSession.adopt(ssl, descriptor: descriptor, owner: .server(self))
        if let authorities = clientAuthorities.withLock({ $0 }) { unsafe try authorities.ask(ssl) }
        return session
    }

    // MARK: Callback trampolines

    /// Chooses the certificate by the name of *this* ClientHello; also called without one, and
    /// again after a retry, hence the clearing.
    private static let nameCallback: rf_tls_name_callback = { ssl, _, argument in
        guard let ssl = unsafe ssl, let argument = unsafe argument else {
            return SSL_TLSEXT_ERR_ALERT_FATAL
        }
        let context = unsafe Unmanaged<TLSServerContext>.fromOpaque(argument)
            .takeUnretainedValue()
        let name = unsafe TLSSession.serverName(of: ssl)
        let (choice, matched) = context.certificates.withLock { $0 }.choose(name)
        guard
            let transport = unsafe SSL_get_ex_data(ssl, 0)?
                .assumingMemoryBound(to: rf_tls_transport.self)
        else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        unsafe transport.pointee.name_matched = matched ? 1 : 0
        // Untouched, a session serves its context's one certificate.
        let isServed = unsafe choice.count == 1 && choice[0].isCurrent(on: ssl)
        if unsafe transport.pointee.cleared == 1 || !isServed {
            unsafe transport.pointee.cleared = 1
            unsafe SSL_certs_clear(ssl)
            for certificate in choice {
                guard unsafe certificate.serve(on: ssl) else { return SSL_TLSEXT_ERR_ALERT_FATAL }
            }
        }
        // A TLS 1.2 ticket holds the key of the very traffic it came with.
        if unsafe SSL_version(ssl) < TLS1_3_VERSION { unsafe rf_tls_refuse_ticket(ssl) }
        return SSL_TLSEXT_ERR_OK
    }

    /// Answers as OpenSSL asks: 1 armed, 2 armed and the client should get a new ticket, 0 not our
    /// key (the handshake goes on in full), -1 fatal.
    private static let ticketCallback: rf_tls_ticket_callback = {
        ssl, name, iv, cipher, mac, sealing in
        guard let ssl = unsafe ssl,
            let argument = unsafe SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0)
        else { return -1 }
        let keys = unsafe Unmanaged<TLSServerContext>.fromOpaque(argument)
            .takeUnretainedValue().ticketKeys
        if sealing == 1 { return unsafe keys.arm(sealing: name, iv, cipher, mac) ? 1 : -1 }
        switch unsafe keys.arm(opening: name, iv, cipher, mac) {
        // Always a new one: TLS 1.3 clients use a ticket once (RFC 8446 appendix C.4), and an old
        // key's ticket must not live on.
        case true?: return 2
        case false?: return -1
        case nil: return 0
        }
    }
}
