import COpenSSL

/// The protocol version a session negotiated.
public enum TLSVersion: Equatable, Sendable {
    case tls12
    case tls13
}

/// What a listener offers; both follow Mozilla's server guidelines of that name.
public enum TLSProfile: Equatable, Sendable {
    /// TLS 1.3, and TLS 1.2 with ECDHE and AEAD only.
    case intermediate
    /// TLS 1.3 only.
    case modern
}

/// Every bound on what a peer may make one session do.
public enum TLSBounds {
    /// Bytes of one ClientHello message; OpenSSL alone would take 128 KiB.
    public static let clientHelloBytesMax = 16 * 1024
    /// Bytes a server takes from the socket before its handshake is done. The last read may already
    /// hold requests, so this is two ClientHello (after a retry) and one full read above.
    public static let serverHandshakeBytesMax = 64 * 1024
    /// Bytes a client takes from the socket before its handshake is done: certificate chains count.
    public static let clientHandshakeBytesMax = 256 * 1024
    /// Content of one record (RFC 8446 section 5.1).
    static let recordBytesMax = 16_384
    /// Bytes received and not yet decrypted while much is coming; else one record. Exactly four
    /// full records of TLS 1.3 (22 bytes more than their content each) behind the three OpenSSL
    /// leaves free for alignment: for the rest of a record it began, it would ask the socket apart.
    /// Two or three records cost the same time: OpenSSL moves what it has not decrypted to the
    /// front after each record, which eats what fewer calls save.
    static let receivedBytesMax = 4 * (recordBytesMax + 22) + 3
    /// Records without content on one session.
    public static let emptyRecordsMax = 128
    /// KeyUpdate and NewSessionTicket messages on one session. AES-GCM asks for a new key after
    /// hundreds of gigabytes.
    public static let postHandshakeMessagesMax = 32
    /// Warning alerts other than close_notify on one session.
    public static let warningAlertsMax = 4
    /// Bytes of one PEM text.
    public static let pemBytesMax = 1024 * 1024
    /// Certificates in one chain, the leaf included.
    public static let chainCertificatesMax = 10
    /// Certificates of one listener.
    public static let certificatesMax = 1024
    /// Hosts a client context remembers a session for.
    public static let resumableHostsMax = 64
    /// Bits below which an RSA key is refused.
    public static let rsaBitsMin = 2048
    /// How long a ticket is good for; at most one rotation of the ticket keys.
    public static let ticketLifetimeSeconds = 7_200
}

/// Settings OpenSSL wants as text, kept in one place for review.
enum Suites {
    static let tls12 = """
        ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:\
        ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:\
        ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
        """
    static let tls13 =
        "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
    static let groups = "X25519:P-256:P-384"
    static let securityLevel: Int32 = 2
}
