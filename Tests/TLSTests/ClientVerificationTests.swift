import COpenSSL
import Testing

@testable import TLS

@Suite struct `Client verification` {
    private func failure(
        server made: SelfSignedCertificate, trusting: SelfSignedCertificate? = nil, host: String
    ) throws -> TLSFailure? {
        var meeting = try Meeting(
            try Fixture.serverContext([made]),
            try Fixture.clientContext(trusting: [trusting ?? made]), host: host)
        return meeting.shakeHands().client
    }

    @Test(arguments: ["localhost", "LOCALHOST", "127.0.0.1", "::1"])
    func `believes a certificate for the host it asked for`(host: String) throws {
        #expect(try failure(server: Fixture.localhost, host: host) == nil)
    }

    @Test(arguments: ["example.com", "127.0.0.2", "::2", "localhost.example.com"])
    func `refuses a certificate for another host`(host: String) throws {
        #expect(
            try failure(server: Fixture.localhost, host: host) == .certificateRejected(.wrongHost))
    }

    @Test func `takes a wildcard for exactly one label`() throws {
        let cases: [(String, TLSFailure?)] = [
            ("acme.tenants.example.com", nil),
            ("a.b.tenants.example.com", .certificateRejected(.wrongHost)),
            ("tenants.example.com", .certificateRejected(.wrongHost)),
        ]
        for (host, expected) in cases {
            #expect(try failure(server: Fixture.example, host: host) == expected)
        }
    }

    @Test func `refuses who is vouched for by nobody it trusts`() throws {
        let result = try failure(
            server: Fixture.localhost, trusting: Fixture.example, host: "localhost")
        #expect(result == .certificateRejected(.untrusted))
    }

    @Test func `refuses what is expired or not yet valid`() throws {
        let expired = try Fixture.makeSelfSigned(
            ["localhost"], startsSecondsAgo: 3 * 86_400, days: 1)
        let early = try Fixture.makeSelfSigned(["localhost"], startsSecondsAgo: -86_400, days: 5)
        #expect(try failure(server: expired, host: "localhost") == .certificateRejected(.expired))
        #expect(try failure(server: early, host: "localhost") == .certificateRejected(.notYetValid))
    }

    @Test func `the server learns of the refusal by an alert`() throws {
        var meeting = try Meeting(
            try Fixture.serverContext(), try Fixture.clientContext(trusting: [Fixture.example]))
        #expect(meeting.shakeHands().server == .alertReceived(48))
    }

    @Test func `the system's store does not know our certificate`() throws {
        var meeting = try Meeting(try Fixture.serverContext(), try TLSClientContext())
        #expect(meeting.shakeHands().client == .certificateRejected(.untrusted))
    }

    @Test(arguments: ["", "a b", "host:443", "[::1]", "a..b", "*.example.com", "a\u{0}.b"])
    func `asks for a host that can exist`(host: String) throws {
        let clients = try Fixture.clientContext()
        #expect(throws: TLSFault.hostInvalid) {
            _ = try clients.makeSession(descriptor: 0, host: host)
        }
    }

    @Test func `needs authorities it can read`() throws {
        let broken = Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)
        let unreadable: [TLSClientContext.Trust] = [
            .authorities(pem: []), .authorities(pem: Array("junk".utf8)),
            .authorities(pem: Fixture.localhost.certificatePEM + broken),
            .file("/nonexistent/ca.pem"),
        ]
        for trust in unreadable {
            do throws(TLSFault) {
                _ = try TLSClientContext(trust: trust)
                Issue.record("accepted")
            } catch {
                guard case .trustUnreadable = error else {
                    Issue.record("\(error)")
                    continue
                }
            }
        }
    }
}
