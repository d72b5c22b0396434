import COpenSSL

/// One TLS connection over a descriptor it does not own. One thread at a time.
///
/// **Readiness.** The session never calls the socket when it knows the answer: a `recv` that comes
/// back short has emptied the socket, so no second one is made until the socket says it is readable
/// again. With edge-triggered polling the contract is:
///
/// 1. Tell every readable event, before any other call: `socketBecameReadable(endPending:)`, with
///    `endPending` true when the event says hang-up or error (`EPOLLRDHUP`, `EPOLLHUP`,
///    `EPOLLERR`). An end that is already queued behind data gives no further edge, so after such
///    an event the session reads until it meets the end.
/// 2. Never wait for the socket while `isReadable` is true and there is room: decrypted or
///    undecrypted bytes may sit inside (`SSL_pending`, `SSL_has_pending`), and no event will tell
///    of them. `isReadable` turns false only when a read found the socket empty or reported the
///    end.
/// 3. After `.done` of `handshake()` read at once: the first request may have come with its last
///    bytes.
/// 4. `.wantsRead` and `.wantsWrite` mean: the socket said "not now", an edge will come; repeat the
///    same call then.
///
/// **Failures** end this session only. After one, every call throws it again.
@safe public struct TLSSession: ~Copyable {
    enum Owner {
        case server(TLSServerContext)
        case client(TLSClientContext)
    }

    let ssl: OpaquePointer
    let transport: UnsafeMutablePointer<rf_tls_transport>
    /// The context must live as long as OpenSSL may call back into it.
    private let owner: Owner
    var failure: TLSFailure?
    /// The stream ended without close_notify.
    var isTruncated = false
    private var closeNotifySent = false
    /// Whether the socket is asked for several records at once.
    private var expectsMuch = false

    /// Whether `handshake()` answered `.done`.
    public private(set) var isEstablished = false
    /// Whether a read may yield something without a further event of the socket.
    public internal(set) var isReadable = true
    /// Server side: the host name the client asked for, in lower case, after the handshake. `nil`
    /// when there was none or it is not a host name.
    public private(set) var serverName: [UInt8]?

    /// Made once, for the life of the process.
    private static let method = SocketMethod()

    /// A session over `ssl`, owned from here on, also when this throws.
    ///
    /// - Safety: `ssl` is live and nothing else will free it.
    @unsafe static func adopt(
        _ ssl: OpaquePointer, descriptor: Int32, owner: Owner
    ) throws(TLSFault) -> TLSSession {
        let session = unsafe TLSSession(ssl: ssl, descriptor: descriptor, owner: owner)
        ERR_clear_error()
        guard let method = unsafe Self.method.pointer,
            unsafe rf_tls_attach(ssl, method, session.transport) == 1
        else { throw .openSSL(.take()) }
        return session
    }

    @unsafe private init(ssl: OpaquePointer, descriptor: Int32, owner: Owner) {
        var state = rf_tls_transport()
        state.descriptor = descriptor
        state.empty_records_max = UInt32(TLSBounds.emptyRecordsMax)
        state.post_handshake_messages_max = UInt32(TLSBounds.postHandshakeMessagesMax)
        state.warning_alerts_max = UInt32(TLSBounds.warningAlertsMax)
        state.client_hello_bytes_max = UInt32(TLSBounds.clientHelloBytesMax)
        switch owner {
        case .server: state.handshake_bytes_max = UInt64(TLSBounds.serverHandshakeBytesMax)
        case .client: state.handshake_bytes_max = UInt64(TLSBounds.clientHandshakeBytesMax)
        }
        unsafe self.ssl = ssl
        unsafe transport = .allocate(capacity: 1)
        unsafe transport.initialize(to: state)
        self.owner = owner
    }

    deinit {
        // Without this mark OpenSSL makes the session's tickets void, though nothing went wrong.
        if failure == nil, isEstablished {
            unsafe SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        }
        unsafe SSL_free(ssl)
        unsafe transport.deallocate()
    }

    // MARK: Readiness

    /// The socket has new bytes, or an end.
    ///
    /// - Parameter endPending: the event also said that the peer's end or an error is queued.
    public mutating func socketBecameReadable(endPending: Bool) {
        unsafe transport.pointee.drained = 0
        if endPending { unsafe transport.pointee.end_pending = 1 }
        isReadable = true
    }

    // MARK: Beginning and end

    /// Takes the handshake as far as the socket allows.
    public mutating func handshake() throws(TLSFailure) -> TLSStep {
        if let failure { throw failure }
        guard !isEstablished else { return .done }
        ERR_clear_error()
        let result = unsafe SSL_do_handshake(ssl)
        try throwViolation()
        guard result == 1 else {
            switch try halt(result) {
            case .wantsRead: return .wantsRead
            case .wantsWrite: return .wantsWrite
            case .endOfStream, .truncated: throw end(.closedDuringHandshake)
            case .transferred: return .done
            }
        }
        isEstablished = true
        unsafe transport.pointee.established = 1
        unsafe transport.pointee.empty_record_bytes = emptyRecordBytes
        if case .server = owner { unsafe serverName = Self.serverName(of: ssl) }
        return .done
    }

    /// Nothing will follow what is yet to be written but the end: the kernel may keep it until the
    /// sending side of the socket is shut down, so that it leaves in one segment with the FIN.
    public mutating func expectEnd() { unsafe transport.pointee.end_next = 1 }

    /// Says that we send no more (close_notify). Bytes not yet taken by `write` are lost; the
    /// peer's own close_notify is not waited for.
    public mutating func shutdown() throws(TLSFailure) -> TLSStep {
        guard failure == nil, isEstablished, !isTruncated, !closeNotifySent else { return .done }
        ERR_clear_error()
        let result = unsafe SSL_shutdown(ssl)
        if result < 0, case .wantsWrite = try halt(result) { return .wantsWrite }
        closeNotifySent = true
        return .done
    }

    /// Chooses how much the socket is asked for: four records where the last read filled its room,
    /// one where it did not, so that a peer who sends slowly makes us hold no more than one.
    /// OpenSSL obeys when it next takes a buffer; it gives it back whenever it is empty.
    mutating func adaptReads() {
        let much = unsafe transport.pointee.drained == 0
        guard much != expectsMuch else { return }
        expectsMuch = much
        unsafe SSL_set_default_read_buffer_len(ssl, much ? TLSBounds.receivedBytesMax : 0)
    }

    // MARK: Facts

    /// The version, after the handshake.
    public var version: TLSVersion? {
        switch unsafe SSL_version(ssl) {
        case TLS1_2_VERSION where isEstablished: .tls12
        case TLS1_3_VERSION where isEstablished: .tls13
        default: nil
        }
    }

    /// The cipher suite in OpenSSL's words, after the handshake; not for the request path.
    public var cipherName: String? {
        guard isEstablished, let cipher = unsafe SSL_get_current_cipher(ssl),
            let name = unsafe SSL_CIPHER_get_name(cipher)
        else { return nil }
        return unsafe String(cString: name)
    }

    /// The application protocol agreed on, `nil` when the client named none; not for the request
    /// path.
    public var applicationProtocol: String? {
        var bytes: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        unsafe SSL_get0_alpn_selected(ssl, &bytes, &count)
        guard count > 0, let bytes = unsafe bytes else { return nil }
        let name = unsafe UnsafeBufferPointer(start: bytes, count: Int(count))
        return unsafe String(decoding: name, as: UTF8.self)
    }

    /// Server side: whether a certificate carries `serverName`. Otherwise the default one answered
    /// and whatever host the requests name is none this listener has a certificate for.
    public var serverNameMatched: Bool { unsafe transport.pointee.name_matched == 1 }

    /// Server side: what the client's certificate says, `nil` when it showed none. Its authority
    /// was verified; when it ends was too, but only at the handshake it was shown in. Not for the
    /// request path: it reads the certificate anew.
    public var peerCertificate: TLSPeerCertificate? {
        guard isEstablished, unsafe SSL_get_verify_result(ssl) == X509_V_OK,
            let certificate = unsafe SSL_get0_peer_certificate(ssl)
        else { return nil }
        return unsafe TLSPeerCertificate(certificate)
    }

    /// Whether the session continues an earlier one.
    public var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }

    /// Whether the peer sent close_notify, so that what was read is all it sent.
    public var peerClosedCleanly: Bool {
        unsafe SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0
    }

    /// Calls of `recv` so far.
    public var receiveCalls: UInt64 { unsafe transport.pointee.receive_calls }
    /// Calls of `send` so far.
    public var sendCalls: UInt64 { unsafe transport.pointee.send_calls }
    /// Encrypted bytes taken from the socket so far.
    public var bytesReceived: UInt64 { unsafe transport.pointee.bytes_received }
    /// Encrypted bytes given to the socket so far.
    public var bytesSent: UInt64 { unsafe transport.pointee.bytes_sent }

    /// The name in the ClientHello, canonical; `nil` unless it is a host name.
    ///
    /// - Safety: `ssl` is live.
    @unsafe static func serverName(of ssl: OpaquePointer) -> [UInt8]? {
        guard let text = unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else {
            return nil
        }
        let bytes = unsafe UnsafeRawBufferPointer(start: text, count: strlen(text))
        return HostName.canonical(unsafe bytes.bindMemory(to: UInt8.self).span)
    }

    /// Length field of a record without content: what authenticated encryption adds, and in TLS 1.3
    /// the inner type.
    private var emptyRecordBytes: UInt32 {
        if version == .tls13 { return 17 }
        let cipher = unsafe SSL_get_current_cipher(ssl)
        return unsafe SSL_CIPHER_get_cipher_nid(cipher) == NID_chacha20_poly1305 ? 16 : 24
    }
}

/// A session belongs to one thread at a time.
@available(*, unavailable) extension TLSSession: Sendable {}

/// How OpenSSL calls our socket functions; set up once, then only read, hence `Sendable`.
@safe private struct SocketMethod: @unchecked Sendable {
    let pointer: OpaquePointer?
    init() { unsafe pointer = rf_tls_bio_method() }
}
