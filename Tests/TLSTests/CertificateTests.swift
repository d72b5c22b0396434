import COpenSSL
import Testing

@testable import TLS

@Suite struct `Server certificate` {
    /// Which of the certificates the client was shown, by its first name.
    private func shown(_ server: TLSServerContext, _ host: String) throws -> (
        names: [String], serverName: [UInt8]?, matched: Bool
    ) {
        let clients = try Fixture.clientContext()
        // Whatever certificate comes is looked at, not believed.
        unsafe SSL_CTX_set_verify(clients.handle.pointer, SSL_VERIFY_NONE, nil)
        var meeting = try Meeting(server, clients, host: host)
        try meeting.settle()
        guard let leaf = unsafe SSL_get0_peer_certificate(meeting.client.ssl),
            let names = unsafe rf_names_of(leaf)
        else { throw Unexpected() }
        defer { unsafe rf_names_free(names) }
        var found: [String] = []
        for index in 0..<(unsafe rf_names_count(names)) {
            var length: Int32 = 0
            guard let bytes = unsafe rf_names_dns(names, index, &length) else { continue }
            found.append(
                unsafe String(
                    decoding: UnsafeBufferPointer(start: bytes, count: Int(length)), as: UTF8.self))
        }
        return (found, meeting.server.serverName, meeting.server.serverNameMatched)
    }

    @Test(arguments: [
        ("localhost", "localhost", true),
        ("api.example.com", "api.example.com", true),
        ("API.example.COM", "api.example.com", true),
        ("acme.tenants.example.com", "api.example.com", true),
        ("a.b.tenants.example.com", "localhost", false),
        ("tenants.example.com", "localhost", false),
        ("unknown.test", "localhost", false),
    ])
    func `is chosen by the server name, a wildcard covering one label`(
        host: String, expected: String, matched: Bool
    ) throws {
        let server = try Fixture.serverContext([Fixture.localhost, Fixture.example])
        let result = try shown(server, host)
        #expect(result.names.first == expected)
        #expect(result.matched == matched)
        #expect(result.serverName == Array(host.lowercased().utf8))
    }

    @Test func `is the default one when the client names an address`() throws {
        let server = try Fixture.serverContext([Fixture.localhost, Fixture.example])
        let result = try shown(server, "127.0.0.1")
        #expect(result.names.first == "localhost")
        #expect(result.serverName == nil)
        #expect(!result.matched)
    }

    @Test func `is the exact name's before a wildcard's`() throws {
        let wide = try Fixture.makeSelfSigned(["*.example.com"])
        let server = try Fixture.serverContext([wide, Fixture.example])
        let exact = try shown(server, "api.example.com")
        let other = try shown(server, "www.example.com")
        #expect(exact.names.first == "api.example.com")
        #expect(other.names.first == "*.example.com")
    }

    @Test func `a server name that is no host name is not reported`() throws {
        let server = try Fixture.serverContext()
        var meeting = try Meeting(server, try Fixture.clientContext())
        #expect(unsafe rf_tls_set_server_name(meeting.client.ssl, "a_b/../c") == 1)
        _ = meeting.shakeHands()
        #expect(meeting.server.isEstablished == true)
        #expect(meeting.server.serverName == nil)
        #expect(meeting.server.serverNameMatched == false)
    }

    @Test func `is swapped for new handshakes while sessions go on`() throws {
        let server = try Fixture.serverContext([Fixture.localhost])
        var old = try Meeting(server, try Fixture.clientContext())
        try old.settle()
        var halfway = try Meeting(server, try Fixture.clientContext())
        _ = try halfway.client.handshake()

        let renewed = try Fixture.makeSelfSigned(["localhost"])
        try server.replaceCertificates([try renewed.load()])
        try old.exchange()
        var stranger = try Meeting(server, try Fixture.clientContext())
        #expect(stranger.shakeHands().client == .certificateRejected(.untrusted))
        var fresh = try Meeting(server, try Fixture.clientContext(trusting: [renewed]))
        try fresh.settle()
        try old.exchange()
        #expect(halfway.shakeHands().client == .certificateRejected(.untrusted))
    }

    @Test func `a refused replacement keeps the old one`() throws {
        let server = try Fixture.serverContext()
        #expect(throws: TLSFault.noCertificates) { try server.replaceCertificates([]) }
        var meeting = try Meeting(server, try Fixture.clientContext())
        try meeting.settle()
    }

    @Test func `tells its names and its validity`() throws {
        let certificate = try Fixture.example.load()
        #expect(certificate.names == ["api.example.com", "*.tenants.example.com"])
        #expect(certificate.notAfterSeconds - certificate.notBeforeSeconds == 30 * 86_400)
        #expect(certificate.warnings == [])
    }

    @Test func `expired, early or nameless is a warning`() throws {
        let made = Fixture.localhost
        let certificate = try made.load()
        let cases: [(Int64, [TLSCertificate.Warning])] = [
            (certificate.notAfterSeconds, []), (certificate.notAfterSeconds + 1, [.expired]),
            (certificate.notBeforeSeconds, []),
            (certificate.notBeforeSeconds - 1, [.notYetValid]),
        ]
        for (now, expected) in cases {
            let read = try TLSCertificate(
                chainPEM: made.certificatePEM.span, keyPEM: made.keyPEM.span, nowSeconds: now)
            #expect(read.warnings == expected)
        }
        let nameless = try Fixture.makeSelfSigned(["127.0.0.1"]).load()
        #expect(nameless.warnings == [.namesMissing])
    }

    @Test func `needs the key that belongs to it`() throws {
        let other = Fixture.example.keyPEM
        #expect(fault(chain: Fixture.localhost.certificatePEM, key: other) == .keyMismatch)
    }

    private func fault(chain: [UInt8], key: [UInt8]) -> TLSFault? {
        do throws(TLSFault) {
            _ = try TLSCertificate(chainPEM: chain.span, keyPEM: key.span, nowSeconds: 0)
            return nil
        } catch { return error }
    }

    @Test func `that is no PEM at all is missing`() {
        let good = Fixture.localhost
        let junk = Array("not a certificate\n".utf8)
        #expect(fault(chain: junk, key: good.keyPEM) == .certificateMissing)
        #expect(fault(chain: [], key: good.keyPEM) == .certificateMissing)
        #expect(fault(chain: good.keyPEM, key: good.keyPEM) == .certificateMissing)
        #expect(fault(chain: good.certificatePEM, key: junk) == .keyMissing)
        #expect(fault(chain: good.certificatePEM, key: []) == .keyMissing)
        #expect(fault(chain: good.certificatePEM, key: good.certificatePEM) == .keyMissing)
    }

    @Test func `that is a broken block says what OpenSSL says`() {
        let good = Fixture.localhost
        let broken = Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)
        let brokenKey = Array("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".utf8)
        for chain in [
            broken, good.certificatePEM + broken, Array(good.certificatePEM.dropLast(30)),
        ] {
            guard case .certificateUnreadable(let reason) = fault(chain: chain, key: good.keyPEM)
            else {
                Issue.record("accepted, or another fault")
                continue
            }
            #expect(reason.code != 0)
            #expect(!reason.text.isEmpty)
        }
        guard case .keyUnreadable(let reason) = fault(chain: good.certificatePEM, key: brokenKey)
        else {
            Issue.record("accepted, or another fault")
            return
        }
        #expect(reason.code != 0)
    }

    @Test func `text has a bound and a chain has one`() {
        let good = Fixture.localhost
        let long = good.certificatePEM + [UInt8](repeating: 0x20, count: TLSBounds.pemBytesMax)
        #expect(fault(chain: long, key: good.keyPEM) == .inputTooLarge)
        #expect(fault(chain: good.certificatePEM, key: long) == .inputTooLarge)
        let most = Array(
            repeatElement(good.certificatePEM, count: TLSBounds.chainCertificatesMax).joined())
        #expect(fault(chain: most, key: good.keyPEM) == nil)
        #expect(fault(chain: most + good.certificatePEM, key: good.keyPEM) == .chainTooLong)
    }

    @Test func `is wanted once at least and certificatesMax times at most`() throws {
        #expect(throws: TLSFault.noCertificates) { _ = try Fixture.serverContext([]) }
        let one = try Fixture.localhost.load()
        let many = [TLSCertificate](repeating: one, count: TLSBounds.certificatesMax + 1)
        #expect(throws: TLSFault.tooManyCertificates) {
            _ = try TLSServerContext(
                certificates: many, ticketKeys: Fixture.ticketKeys, identity: "public")
        }
    }

    @Test func `self-signed ones need hosts that exist`() {
        for hosts in [[], ["a b"], [""], ["localhost", "a,DNS:evil"], ["*"]] {
            #expect(throws: TLSFault.hostInvalid) { _ = try Fixture.makeSelfSigned(hosts) }
        }
    }
}
