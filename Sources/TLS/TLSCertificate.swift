import COpenSSL

/// A certificate chain with its private key, read and checked once, then shared by all workers.
public struct TLSCertificate: Sendable {
    /// What is odd about a certificate that can be served all the same.
    public enum Warning: Equatable, Sendable {
        /// It ended before now; clients will refuse it.
        case expired
        /// It begins after now; clients will refuse it.
        case notYetValid
        /// It names no host (only subjectAltName counts), so no server name ever chooses it.
        case namesMissing
    }

    /// DNS names of its subjectAltName, in lower case; a first label of `*` covers one label.
    public let names: [String]
    /// First second it is valid, since 1970.
    public let notBeforeSeconds: Int64
    /// Last second it is valid, since 1970.
    public let notAfterSeconds: Int64
    /// What to tell the operator.
    public let warnings: [Warning]
    let handle: CertificateHandle

    /// Reads PEM text; text around the blocks is ignored.
    ///
    /// - Parameters:
    ///   - chainPEM: the server's certificate, then the intermediate ones.
    ///   - keyPEM: its private key, not encrypted.
    ///   - nowSeconds: wall clock since 1970, for the warnings.
    public init(
        chainPEM: Span<UInt8>, keyPEM: Span<UInt8>, nowSeconds: Int64
    ) throws(TLSFault) {
        let (leaf, chain) = unsafe try Self.readChain(chainPEM)
        let key: OpaquePointer
        do throws(TLSFault) {
            unsafe key = try Self.readKey(keyPEM)
        } catch {
            unsafe rf_x509_chain_free(chain)
            unsafe X509_free(leaf)
            throw error
        }
        handle = unsafe CertificateHandle(adopting: leaf, chain: chain, key: key)
        ERR_clear_error()
        guard unsafe X509_check_private_key(leaf, key) == 1 else {
            ERR_clear_error()
            throw .keyMismatch
        }
        let bits = Int(unsafe EVP_PKEY_get_bits(key))
        let kind = unsafe EVP_PKEY_get_base_id(key)
        if kind == EVP_PKEY_RSA || kind == EVP_PKEY_RSA_PSS, bits < TLSBounds.rsaBitsMin {
            throw .keyTooWeak(bits: bits)
        }
        names = unsafe Self.readNames(leaf)
        notBeforeSeconds = unsafe try Self.seconds(X509_get0_notBefore(leaf))
        notAfterSeconds = unsafe try Self.seconds(X509_get0_notAfter(leaf))
        var warnings: [Warning] = []
        if notAfterSeconds < nowSeconds { warnings.append(.expired) }
        if notBeforeSeconds > nowSeconds { warnings.append(.notYetValid) }
        if names.isEmpty { warnings.append(.namesMissing) }
        self.warnings = warnings
    }

    private static func readChain(
        _ pem: Span<UInt8>
    ) throws(TLSFault) -> (leaf: OpaquePointer, chain: OpaquePointer) {
        let bio = try MemoryBIO.holding(pem)
        ERR_clear_error()
        guard let leaf = unsafe rf_pem_read_certificate(bio.pointer) else {
            throw endsWithoutBlock() ? .certificateMissing : .certificateUnreadable(.take())
        }
        guard let chain = unsafe rf_x509_chain_new() else {
            unsafe X509_free(leaf)
            throw .openSSL(.take())
        }
        var fault: TLSFault?
        while fault == nil {
            ERR_clear_error()
            guard let next = unsafe rf_pem_read_certificate(bio.pointer) else {
                if !endsWithoutBlock() { fault = .certificateUnreadable(.take()) }
                break
            }
            if unsafe rf_x509_chain_count(chain) + 1 >= Int32(TLSBounds.chainCertificatesMax) {
                fault = .chainTooLong
            } else if unsafe rf_x509_chain_push(chain, next) == 1 {
                continue
            } else {
                fault = .openSSL(.take())
            }
            unsafe X509_free(next)
        }
        ERR_clear_error()
        guard let fault else { return unsafe (leaf, chain) }
        unsafe rf_x509_chain_free(chain)
        unsafe X509_free(leaf)
        throw fault
    }

    private static func readKey(_ pem: Span<UInt8>) throws(TLSFault) -> OpaquePointer {
        let bio = try MemoryBIO.holding(pem)
        var asked: Int32 = 0
        ERR_clear_error()
        if let key = unsafe rf_pem_read_key(bio.pointer, &asked) { return unsafe key }
        guard asked == 0 else {
            ERR_clear_error()
            throw .keyEncrypted
        }
        let reason = OpenSSLReason.take()
        let again = try MemoryBIO.holding(pem)
        throw unsafe rf_pem_has_key(again.pointer) == 1 ? .keyUnreadable(reason) : .keyMissing
    }

    /// Whether the reader stopped because no further block begins, the normal end of a PEM text.
    static func endsWithoutBlock() -> Bool {
        let code = ERR_peek_last_error()
        return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE
    }

    @unsafe private static func readNames(_ leaf: OpaquePointer) -> [String] {
        guard let found = unsafe rf_names_of(leaf) else {
            ERR_clear_error()
            return []
        }
        defer { unsafe rf_names_free(found) }
        var names: [String] = []
        for index in 0..<(unsafe rf_names_count(found)) {
            var length: Int32 = 0
            guard let bytes = unsafe rf_names_dns(found, index, &length), length > 0 else {
                continue
            }
            let view = unsafe UnsafeBufferPointer(start: bytes, count: Int(length))
            guard let name = HostName.canonicalPattern(unsafe view.span) else { continue }
            names.append(String(decoding: name, as: UTF8.self))
        }
        return names
    }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) throws(TLSFault) -> Int64 {
        var seconds: Int64 = 0
        ERR_clear_error()
        guard unsafe rf_asn1_seconds(time, &seconds) == 1 else {
            throw .certificateUnreadable(.take())
        }
        return seconds
    }
}
