import COpenSSL

// OpenSSL objects that several threads use at once. `@unchecked Sendable` is right for each: the
// pointer is a `let`, the object counts its references atomically, and after its initialiser the
// object is only read (`SSL_new`, `SSL_use_cert_and_key`, `SSL_set_session`), which OpenSSL
// documents as safe from any thread.

/// One `SSL_CTX`.
@safe final class ContextHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Takes the settings common to every context of this project.
    init(server: Bool, profile: TLSProfile) throws(TLSFault) {
        ERR_clear_error()
        guard let made = unsafe SSL_CTX_new(server ? TLS_server_method() : TLS_client_method())
        else { throw .openSSL(.take()) }
        unsafe pointer = made
        unsafe rf_tls_harden(made)
        unsafe SSL_CTX_set_security_level(made, Suites.securityLevel)
        let lowest = profile == .modern ? TLS1_3_VERSION : TLS1_2_VERSION
        guard unsafe rf_tls_set_versions(made, lowest, TLS1_3_VERSION) == 1,
            unsafe SSL_CTX_set_cipher_list(made, Suites.tls12) == 1,
            unsafe SSL_CTX_set_ciphersuites(made, Suites.tls13) == 1,
            unsafe rf_tls_set_groups(made, Suites.groups) == 1,
            unsafe SSL_CTX_set_max_early_data(made, 0) == 1,
            unsafe SSL_CTX_set_recv_max_early_data(made, 0) == 1
        else { throw .openSSL(.take()) }
    }

    deinit { unsafe SSL_CTX_free(pointer) }
}

/// A leaf certificate, the certificates that follow it, and the leaf's private key.
@safe final class CertificateHandle: @unchecked Sendable {
    let leaf: OpaquePointer
    let chain: OpaquePointer
    let key: OpaquePointer

    /// - Safety: takes over one reference of each; nothing else changes them.
    @unsafe init(adopting leaf: OpaquePointer, chain: OpaquePointer, key: OpaquePointer) {
        unsafe self.leaf = leaf
        unsafe self.chain = chain
        unsafe self.key = key
    }

    deinit {
        unsafe EVP_PKEY_free(key)
        unsafe rf_x509_chain_free(chain)
        unsafe X509_free(leaf)
    }

    /// Two certificates of one name are both served when their keys are of different kinds.
    var keyKind: Int32 { unsafe EVP_PKEY_get_base_id(key) }

    /// Makes sessions of `context` serve this certificate unless told otherwise; false as below.
    ///
    /// - Safety: `context` is live and has no sessions yet.
    @unsafe func serve(byDefaultOn context: OpaquePointer) -> Bool {
        unsafe SSL_CTX_use_cert_and_key(context, leaf, key, chain, 1) == 1
    }

    /// Whether this is the certificate of `ssl` that was set last.
    ///
    /// - Safety: `ssl` is live.
    @unsafe func isCurrent(on ssl: OpaquePointer) -> Bool {
        unsafe SSL_get_certificate(ssl) == leaf
    }

    /// Makes `ssl` serve this certificate; false when OpenSSL will not, and says why in its queue.
    ///
    /// - Safety: `ssl` is live.
    @unsafe func serve(on ssl: OpaquePointer) -> Bool {
        unsafe SSL_use_cert_and_key(ssl, leaf, key, chain, 1) == 1
    }
}

/// One session a client may resume.
@safe final class SessionHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// - Safety: takes over one reference.
    @unsafe init(adopting pointer: OpaquePointer) { unsafe self.pointer = pointer }
    deinit { unsafe SSL_SESSION_free(pointer) }
}

/// An ALPN list in memory that stays where it is, as the callback of OpenSSL needs it.
@safe final class ProtocolList: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<rf_tls_protocols>

    init(_ names: [String]) throws(TLSFault) {
        var wire: [UInt8] = []
        for name in names {
            guard let length = UInt8(exactly: name.utf8.count), length > 0 else {
                throw .protocolNamesInvalid
            }
            wire.append(length)
            wire.append(contentsOf: name.utf8)
        }
        guard wire.count <= 255 else { throw .protocolNamesInvalid }
        unsafe pointer = .allocate(capacity: 1)
        unsafe pointer.initialize(to: rf_tls_protocols())
        unsafe pointer.pointee.length = UInt32(wire.count)
        unsafe withUnsafeMutableBytes(of: &pointer.pointee.bytes) { room in
            unsafe room.copyBytes(from: wire)
        }
    }

    deinit { unsafe pointer.deallocate() }

    var isEmpty: Bool { unsafe pointer.pointee.length == 0 }
}

/// Memory OpenSSL reads from or writes to.
@safe struct MemoryBIO: ~Copyable {
    let pointer: OpaquePointer

    init() throws(TLSFault) {
        ERR_clear_error()
        guard let made = unsafe BIO_new(BIO_s_mem()) else { throw .openSSL(.take()) }
        unsafe pointer = made
    }

    static func holding(_ bytes: Span<UInt8>) throws(TLSFault) -> MemoryBIO {
        guard bytes.count <= TLSBounds.pemBytesMax else { throw .inputTooLarge }
        let bio = try MemoryBIO()
        guard bytes.count > 0 else { return bio }
        let target = unsafe bio.pointer
        let written = unsafe bytes.withUnsafeBytes { bytes in
            unsafe BIO_write(target, bytes.baseAddress, Int32(bytes.count))
        }
        guard Int(written) == bytes.count else { throw .openSSL(.take()) }
        return bio
    }

    deinit { unsafe BIO_free(pointer) }

    /// A copy of what was written.
    var content: [UInt8] {
        var start: UnsafeMutablePointer<CChar>?
        let count = unsafe rf_bio_content(pointer, &start)
        guard count > 0, let start = unsafe start else { return [] }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }
}
