import COpenSSL
import HTTP1
import Testing

@testable import TLS

@Suite struct `TLS handshake` {
    @Test func `two sides of ours agree on TLS 1_3 and AES-128-GCM`() throws {
        var meeting = try Meeting(try Fixture.serverContext(), try Fixture.clientContext())
        try meeting.settle()
        #expect(meeting.server.version == .tls13)
        #expect(meeting.client.version == .tls13)
        #expect(meeting.server.cipherName == "TLS_AES_128_GCM_SHA256")
        #expect(meeting.server.isResumed == false)
    }

    @Test func `a TLS 1_2 client gets an ECDHE and AEAD suite`() throws {
        let clients = try Fixture.clientContext()
        clients.limit(to: TLS1_2_VERSION)
        var meeting = try Meeting(try Fixture.serverContext(), clients)
        try meeting.settle()
        #expect(meeting.server.version == .tls12)
        #expect(meeting.server.cipherName == "ECDHE-ECDSA-AES128-GCM-SHA256")
    }

    @Test func `the modern profile refuses a TLS 1_2 client`() throws {
        let clients = try Fixture.clientContext()
        clients.limit(to: TLS1_2_VERSION)
        var meeting = try Meeting(try Fixture.serverContext(profile: .modern), clients)
        let failures = meeting.shakeHands()
        #expect(failures.server == .unsupportedVersion)
        #expect(failures.client == .alertReceived(70))
    }

    @Test func `exactly nine suites are offered`() throws {
        let context = try Fixture.serverContext()
        let session = try context.makeSession(descriptor: 0)
        var names: Set<String> = []
        var index: Int32 = 0
        while let name = unsafe SSL_get_cipher_list(session.ssl, index) {
            names.insert(unsafe String(cString: name))
            index += 1
        }
        #expect(
            names == [
                "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                "TLS_CHACHA20_POLY1305_SHA256",
                "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
                "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
                "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
            ])
        #expect(index == 9)
    }

    @Test func `the options that defend a server are set and truncation is not ignored`() throws {
        let context = try Fixture.serverContext()
        let options = unsafe SSL_CTX_get_options(context.handle.pointer)
        let bits: [(String, UInt64, Bool)] = [
            ("NO_RENEGOTIATION", 1 << 30, true), ("NO_COMPRESSION", 1 << 17, true),
            ("CIPHER_SERVER_PREFERENCE", 1 << 22, true), ("PRIORITIZE_CHACHA", 1 << 21, true),
            ("IGNORE_UNEXPECTED_EOF", 1 << 7, false),
        ]
        for (name, bit, expected) in bits {
            #expect((options & bit != 0) == expected, "\(name)")
        }
        #expect(unsafe SSL_CTX_get_max_early_data(context.handle.pointer) == 0)
        #expect(unsafe SSL_CTX_get_security_level(context.handle.pointer) == 2)
    }

    @Test func `the server's preference decides the application protocol`() throws {
        let server = try Fixture.serverContext(protocols: ["h2", "http/1.1"])
        let clients = try Fixture.clientContext(protocols: ["http/1.1", "h2"])
        var meeting = try Meeting(server, clients)
        try meeting.settle()
        #expect(meeting.server.applicationProtocol == "h2")
        #expect(meeting.client.applicationProtocol == "h2")
    }

    @Test func `no application protocol in common ends the handshake`() throws {
        let clients = try Fixture.clientContext(protocols: ["ftp"])
        var meeting = try Meeting(try Fixture.serverContext(), clients)
        let failures = meeting.shakeHands()
        #expect(failures.server == .noSharedApplicationProtocol)
        #expect(failures.client == .alertReceived(120))
    }

    @Test func `a client that names no application protocol is served`() throws {
        let clients = try Fixture.clientContext(protocols: [])
        var meeting = try Meeting(try Fixture.serverContext(), clients)
        try meeting.settle()
        #expect(meeting.server.applicationProtocol == nil)
    }

    @Test(arguments: [
        [""], [String(repeating: "x", count: 256)], Array(repeating: "1234567", count: 32),
    ])
    func `application protocol names must fit the wire form`(names: [String]) {
        #expect(throws: TLSFault.protocolNamesInvalid) {
            _ = try Fixture.serverContext(protocols: names)
        }
    }

    @Test func `a peer that goes away during the handshake is told apart`() throws {
        var meeting = try Meeting(try Fixture.serverContext(), try Fixture.clientContext())
        let step = try meeting.client.handshake()
        #expect(step == .wantsRead)
        meeting.sockets.closeClient()
        var outcome: TLSFailure?
        do throws(TLSFailure) {
            for _ in 0..<5 {
                meeting.server.socketBecameReadable(endPending: true)
                _ = try meeting.server.handshake()
            }
        } catch { outcome = error }
        // The answer to the ClientHello may meet the closed socket first.
        #expect(outcome == .closedDuringHandshake || outcome == .socket(errno: EPIPE))
    }

    @Test func `an end before the first byte is a closed handshake`() throws {
        var sockets = SocketPair()
        var server = try Fixture.serverContext().makeSession(descriptor: sockets.server)
        sockets.closeClient()
        #expect(throws: TLSFailure.closedDuringHandshake) { _ = try server.handshake() }
        #expect(throws: TLSFailure.closedDuringHandshake) { _ = try server.handshake() }
    }

    @Test func `plain HTTP on a TLS port is named so`() throws {
        let sockets = SocketPair()
        var server = try Fixture.serverContext().makeSession(descriptor: sockets.server)
        sockets.sendFromClient(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        #expect(throws: TLSFailure.plainHTTP) { _ = try server.handshake() }
    }

    @Test func `bytes of no protocol are a protocol error with a reason`() throws {
        let sockets = SocketPair()
        var server = try Fixture.serverContext().makeSession(descriptor: sockets.server)
        sockets.sendFromClient([UInt8](repeating: 0xff, count: 64))
        var failure: TLSFailure?
        do throws(TLSFailure) { _ = try server.handshake() } catch { failure = error }
        guard case .protocolError = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(failure?.reasonText?.isEmpty == false)
    }
}
