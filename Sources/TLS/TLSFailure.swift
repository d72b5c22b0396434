import COpenSSL

/// Why one session ended before its time. The session is then of no use, every other one is.
public enum TLSFailure: Error, Equatable, Sendable {
    /// Bytes that are not the protocol, or OpenSSL's own trouble; see `TLSFailure.reasonText`.
    case protocolError(code: UInt)
    /// The peer offers only versions we do not speak.
    case unsupportedVersion
    /// No cipher suite or key exchange group in common.
    case noSharedCipher
    /// No application protocol in common (RFC 7301 section 3.2).
    case noSharedApplicationProtocol
    /// HTTP without TLS on a TLS port.
    case plainHTTP
    /// The peer gave up with this alert (RFC 8446 section 6.2).
    case alertReceived(UInt8)
    /// We do not believe the peer's certificate.
    case certificateRejected(CertificateRejection)
    /// The peer went away during the handshake.
    case closedDuringHandshake
    /// The socket failed with this `errno`.
    case socket(errno: Int32)
    /// More than `TLSBounds.clientHelloBytesMax`, or the handshake's own bound.
    case handshakeTooLarge
    /// More than `TLSBounds.emptyRecordsMax`.
    case emptyRecordFlood
    /// More than `TLSBounds.postHandshakeMessagesMax`.
    case postHandshakeFlood
    /// More than `TLSBounds.warningAlertsMax`.
    case alertFlood
    /// The peer asked for a renegotiation; none is ever granted.
    case renegotiation

    /// OpenSSL's words for `protocolError`, for a log line.
    public var reasonText: String? {
        guard case .protocolError(let code) = self else { return nil }
        return OpenSSLReason.text(code: code)
    }
}

/// Why a server's certificate was not believed.
public enum CertificateRejection: Equatable, Sendable {
    /// No chain to a trusted authority.
    case untrusted
    case expired
    case notYetValid
    /// The certificate is for another host.
    case wrongHost
    /// Another `X509_V_ERR_*` code.
    case other(code: Int)

    init(code: Int) {
        switch Int32(truncatingIfNeeded: code) {
        case X509_V_ERR_CERT_HAS_EXPIRED: self = .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: self = .notYetValid
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: self = .wrongHost
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_UNTRUSTED:
            self = .untrusted
        default: self = .other(code: code)
        }
    }
}

/// What came of moving bytes. "Try later" is an answer, not an error.
public enum IOOutcome: Equatable, Sendable {
    /// So many bytes moved; fewer than asked means the socket gave or took no more.
    case transferred(Int)
    /// Nothing moved; wait until the socket is readable.
    case wantsRead
    /// Nothing moved; wait until the socket is writable.
    case wantsWrite
    /// The peer said it sends no more (close_notify).
    case endOfStream
    /// The peer's bytes stopped without close_notify: whoever cut the connection, what was read may
    /// be only the beginning. Fine after a message that carries its length, never as the end of
    /// one.
    case truncated
}

/// How far a handshake or a shutdown has come.
public enum TLSStep: Equatable, Sendable {
    case done
    /// Wait until the socket is readable.
    case wantsRead
    /// Wait until the socket is writable.
    case wantsWrite
}
