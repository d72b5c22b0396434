import COpenSSL

/// A fresh ECDSA P-256 key with a certificate that vouches for itself, for `ringfence dev` and
/// tests. Trusting its PEM as an authority makes clients accept it.
public struct SelfSignedCertificate: Sendable {
    public let certificatePEM: [UInt8]
    /// Not encrypted.
    public let keyPEM: [UInt8]

    /// - Parameters:
    ///   - hosts: host names, `*.` patterns and IP addresses.
    ///   - uris: further names, such as `spiffe://example.com/acme`; one name of either kind at
    ///     least.
    ///   - isForClients: whether clients show it, in place of servers.
    ///   - notBeforeSeconds: first second it is valid, since 1970.
    ///   - days: how long it is valid, at least 1.
    public init(
        hosts: [String], uris: [String] = [], isForClients: Bool = false, notBeforeSeconds: Int64,
        days: Int
    ) throws(TLSFault) {
        guard !hosts.isEmpty || !uris.isEmpty else { throw .hostInvalid }
        let draft = try Draft.begin()
        try draft.name(hosts, uris: uris, isForClients: isForClients)
        try draft.limit(from: notBeforeSeconds, days: days)
        try draft.sign()
        certificatePEM = try draft.certificatePEM()
        keyPEM = try draft.keyPEM()
    }
}

/// A certificate while it is written, with its key.
@safe private struct Draft: ~Copyable {
    private let certificate: OpaquePointer
    private let key: OpaquePointer

    private init(certificate: OpaquePointer, key: OpaquePointer) {
        unsafe self.certificate = certificate
        unsafe self.key = key
    }

    /// A certificate with key, serial and issuer; the rest is to be written.
    static func begin() throws(TLSFault) -> Draft {
        ERR_clear_error()
        guard let key = unsafe rf_make_p256_key() else { throw .openSSL(.take()) }
        guard let certificate = unsafe X509_new() else {
            unsafe EVP_PKEY_free(key)
            throw .openSSL(.take())
        }
        let draft = unsafe Draft(certificate: certificate, key: key)
        // A random serial: browsers remember one of the same issuer and refuse another key under
        // it.
        var serial: UInt64 = 0
        let drawn = unsafe withUnsafeMutableBytes(of: &serial) { bytes in
            unsafe RAND_bytes(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), 8)
        }
        try require(drawn)
        try require(unsafe X509_set_version(certificate, 2))
        try require(
            unsafe ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1 | 1))
        try require(unsafe X509_set_pubkey(certificate, key))
        let name = unsafe X509_get_subject_name(certificate)
        // One subject per certificate: a client that trusts several finds its authority by subject.
        let text = Array("ringfence self-signed \(String(serial, radix: 16))".utf8)
        try require(
            unsafe X509_NAME_add_entry_by_txt(
                name, "CN", MBSTRING_UTF8, text, Int32(text.count), -1, 0))
        try require(unsafe X509_set_issuer_name(certificate, name))
        return draft
    }

    deinit {
        unsafe X509_free(certificate)
        unsafe EVP_PKEY_free(key)
    }

    func name(_ hosts: [String], uris: [String], isForClients: Bool) throws(TLSFault) {
        guard let names = unsafe rf_names_new() else { throw .openSSL(.take()) }
        defer { unsafe rf_names_free(names) }
        for host in hosts {
            guard !host.utf8.contains(0),
                unsafe rf_is_ip_address(host) == 1
                    || HostName.canonicalPattern(Array(host.utf8).span) != nil
            else { throw .hostInvalid }
            try Self.require(unsafe rf_names_push(names, host))
        }
        for uri in uris {
            guard uri.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), !uri.isEmpty else {
                throw .hostInvalid
            }
            try Self.require(unsafe rf_names_push_uri(names, uri))
        }
        try Self.require(unsafe rf_x509_set_names(certificate, names))
        for (nid, value) in [
            (NID_basic_constraints, "critical,CA:FALSE"),
            (NID_key_usage, "critical,digitalSignature"),
            (NID_ext_key_usage, isForClients ? "clientAuth" : "serverAuth"),
            (NID_subject_key_identifier, "hash"),
        ] {
            try Self.require(unsafe rf_x509_set_extension(certificate, nid, value))
        }
    }

    func limit(from notBeforeSeconds: Int64, days: Int) throws(TLSFault) {
        var start = time_t(notBeforeSeconds)
        guard let days = Int32(exactly: days), days > 0,
            unsafe X509_time_adj_ex(X509_getm_notBefore(certificate), 0, 0, &start) != nil,
            unsafe X509_time_adj_ex(X509_getm_notAfter(certificate), days, 0, &start) != nil
        else { throw .openSSL(.take()) }
    }

    func sign() throws(TLSFault) {
        try Self.require(unsafe X509_sign(certificate, key, EVP_sha256()) > 0 ? 1 : 0)
    }

    func certificatePEM() throws(TLSFault) -> [UInt8] {
        let bio = try MemoryBIO()
        try Self.require(unsafe PEM_write_bio_X509(bio.pointer, certificate))
        return bio.content
    }

    func keyPEM() throws(TLSFault) -> [UInt8] {
        let bio = try MemoryBIO()
        try Self.require(
            unsafe PEM_write_bio_PKCS8PrivateKey(bio.pointer, key, nil, nil, 0, nil, nil))
        return bio.content
    }

    private static func require(_ result: Int32) throws(TLSFault) {
        guard result == 1 else { throw .openSSL(.take()) }
    }
}
