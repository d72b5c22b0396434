import COpenSSL

/// The first error OpenSSL queued in a failing call: the cause; what follows it is unwinding.
public struct OpenSSLReason: Equatable, Sendable {
    /// OpenSSL's packed code, 0 when it queued nothing.
    public let code: UInt
    /// OpenSSL's own words, for a person.
    public let text: String

    /// Takes the first queued error and empties the queue of this thread.
    static func take() -> OpenSSLReason {
        let code = ERR_get_error()
        ERR_clear_error()
        return OpenSSLReason(code: UInt(code), text: Self.text(code: UInt(code)))
    }

    static func text(code: UInt) -> String {
        guard code != 0 else { return "no reason given" }
        guard let words = unsafe ERR_reason_error_string(code) else {
            return "error \(code)"
        }
        return unsafe String(cString: words)
    }
}

/// Why a context, a certificate or a new session could not be made.
public enum TLSFault: Error, Equatable, Sendable {
    /// The text holds no certificate.
    case certificateMissing
    /// A certificate block is there and cannot be read.
    case certificateUnreadable(OpenSSLReason)
    /// More than `TLSBounds.chainCertificatesMax`.
    case chainTooLong
    /// The text holds no private key.
    case keyMissing
    /// A key block is there and cannot be read.
    case keyUnreadable(OpenSSLReason)
    /// The key asks for a password; a service has nobody to ask.
    case keyEncrypted
    /// The key is not the one of the first certificate of the chain.
    case keyMismatch
    /// An RSA key of fewer than `TLSBounds.rsaBitsMin` bits.
    case keyTooWeak(bits: Int)
    /// OpenSSL will not serve the certificate, e.g. because of its signature algorithm.
    case certificateRefused(OpenSSLReason)
    /// More than `TLSBounds.pemBytesMax`.
    case inputTooLarge
    /// A listener without a certificate.
    case noCertificates
    /// More than `TLSBounds.certificatesMax`.
    case tooManyCertificates
    /// An ALPN name is empty, or the names exceed 255 bytes on the wire.
    case protocolNamesInvalid
    /// Neither a host name nor an IP address.
    case hostInvalid
    /// The certificates to trust cannot be read.
    case trustUnreadable(OpenSSLReason)
    /// A list of revoked certificates cannot be read, or does not say when it ends.
    case revocationsUnreadable(OpenSSLReason)
    /// Anything else OpenSSL refused; in practice, out of memory.
    case openSSL(OpenSSLReason)
}
