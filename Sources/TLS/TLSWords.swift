// What went wrong, for people: the end of a sentence, as in "TLS cannot be set up: no certificate".

extension OpenSSLReason: CustomStringConvertible {
    public var description: String { text }
}

extension TLSFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .certificateMissing: "there is no certificate in it"
        case .certificateUnreadable(let reason): "a certificate cannot be read (\(reason))"
        case .chainTooLong: "more than \(TLSBounds.chainCertificatesMax) certificates in a chain"
        case .keyMissing: "there is no private key in it"
        case .keyUnreadable(let reason): "the private key cannot be read (\(reason))"
        case .keyEncrypted: "the private key asks for a password"
        case .keyMismatch: "the private key is not that of the certificate"
        case .keyTooWeak(let bits):
            "an RSA key of \(bits) bits; \(TLSBounds.rsaBitsMin) are the least"
        case .certificateRefused(let reason): "OpenSSL refuses the certificate (\(reason))"
        case .inputTooLarge: "it is longer than \(TLSBounds.pemBytesMax) bytes"
        case .noCertificates: "there is no certificate"
        case .tooManyCertificates: "more than \(TLSBounds.certificatesMax) certificates"
        case .protocolNamesInvalid: "a protocol's name is empty, or they are too long"
        case .hostInvalid: "not a host name and not an address"
        case .trustUnreadable(let reason):
            "the certificates to trust cannot be read (\(reason))"
        case .revocationsUnreadable(let reason):
            "the list of revoked certificates cannot be read (\(reason))"
        case .openSSL(let reason): "OpenSSL refuses (\(reason))"
        }
    }
}

extension TLSFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .protocolError: reasonText ?? "not TLS"
        case .unsupportedVersion: "no TLS version in common"
        case .noSharedCipher: "no cipher suite in common"
        case .noSharedApplicationProtocol: "no application protocol in common"
        case .plainHTTP: "HTTP without TLS"
        case .alertReceived(let number): "the other end refused (alert \(number))"
        case .certificateRejected(let rejection): "\(rejection)"
        case .closedDuringHandshake: "the connection ended in the handshake"
        case .socket(let code): "the connection broke (error \(code))"
        case .handshakeTooLarge: "the handshake is too large"
        case .emptyRecordFlood: "too many empty records"
        case .postHandshakeFlood: "too many messages after the handshake"
        case .alertFlood: "too many warnings"
        case .renegotiation: "a renegotiation was asked for"
        }
    }
}

extension CertificateRejection: CustomStringConvertible {
    public var description: String {
        switch self {
        case .untrusted: "its certificate is from no authority that is trusted here"
        case .expired: "its certificate has expired"
        case .notYetValid: "its certificate is not valid yet"
        case .wrongHost: "its certificate is for another host"
        case .other(let code): "its certificate is not believed (X.509 error \(code))"
        }
    }
}
