import COpenSSL
import Testing

@testable import TLS

@Suite struct `Clients' certificates` {
    private static func make(
        hosts: [String] = [], uris: [String] = ["spiffe://example.com/tenant/acme"],
        isForClients: Bool = true, startsSecondsAgo: Int64 = 3_600, days: Int = 30
    ) throws -> SelfSignedCertificate {
        try SelfSignedCertificate(
            hosts: hosts, uris: uris, isForClients: isForClients,
            notBeforeSeconds: wallClockSeconds() - startsSecondsAgo, days: days)
    }

    private static func server(
        trusting made: SelfSignedCertificate, isRequired: Bool = false
    ) throws -> TLSServerContext {
        let context = try Fixture.serverContext()
        try Self.trust(made, on: context, isRequired: isRequired)
        return context
    }

    private static func trust(
        _ made: SelfSignedCertificate, on server: TLSServerContext, isRequired: Bool
    ) throws {
        let authorities = try TLSClientAuthorities(
            pem: made.certificatePEM.span, isRequired: isRequired)
        server.use(
            try server.prepare([try Fixture.localhost.load()], clientAuthorities: authorities))
    }

    private static func client(_ made: SelfSignedCertificate?) throws -> TLSClientContext {
        try TLSClientContext(
            trust: .authorities(pem: Fixture.localhost.certificatePEM),
            certificate: try made?.load())
    }

    /// What the server makes of the meeting. In TLS 1.3 the client is done before the server has
    /// seen its certificate.
    private static func serverFailure(_ meeting: inout Meeting) -> TLSFailure? {
        meeting.shakeHands().server
    }

    @Test func `one that an authority vouches for is read`() throws {
        let made = try Self.make(hosts: ["Billing.example.com"])
        var meeting = try Meeting(try Self.server(trusting: made), try Self.client(made))
        try meeting.settle()
        let shown = meeting.server.peerCertificate
        let seen = try #require(shown)
        #expect(seen.uris == [Array("spiffe://example.com/tenant/acme".utf8)])
        #expect(seen.dnsNames == [Array("billing.example.com".utf8)])
        #expect(seen.fingerprint.count == 32)
        #expect(seen.notAfterSeconds > wallClockSeconds())
        #expect(seen.notBeforeSeconds < wallClockSeconds())
    }

    @Test func `none is asked for unless a listener says so`() throws {
        var meeting = try Meeting(
            try Fixture.serverContext(), try Self.client(try Self.make()))
        try meeting.settle()
        let shown = meeting.server.peerCertificate
        #expect(shown == nil)
    }

    @Test func `a client without one is served where it is optional and refused where it is not`()
        throws
    {
        let made = try Self.make()
        var optional = try Meeting(try Self.server(trusting: made), try Self.client(nil))
        try optional.settle()
        let shown = optional.server.peerCertificate
        #expect(shown == nil)
        var required = try Meeting(
            try Self.server(trusting: made, isRequired: true), try Self.client(nil))
        #expect(Self.serverFailure(&required) != nil)
    }

    @Test func `one of somebody else is refused, even where none is required`() throws {
        var meeting = try Meeting(
            try Self.server(trusting: try Self.make()), try Self.client(try Self.make()))
        #expect(Self.serverFailure(&meeting) != nil)
        let shown = meeting.server.peerCertificate
        #expect(shown == nil)
    }

    @Test func `one that is expired, early or for servers is refused`() throws {
        let bad = [
            try Self.make(startsSecondsAgo: 3 * 86_400, days: 1),
            try Self.make(startsSecondsAgo: -86_400, days: 5),
            try Self.make(isForClients: false),
        ]
        for made in bad {
            var meeting = try Meeting(try Self.server(trusting: made), try Self.client(made))
            #expect(Self.serverFailure(&meeting) != nil)
        }
    }

    @Test func `a resumed session still knows it`() throws {
        let made = try Self.make()
        let server = try Self.server(trusting: made)
        let clients = try Self.client(made)
        for isResumed in [false, true] {
            var meeting = try Meeting(server, clients)
            try meeting.settle()
            let (resumed, shown) = (meeting.server.isResumed, meeting.server.peerCertificate)
            #expect(resumed == isResumed)
            #expect(shown?.uris.count == 1)
        }
    }

    @Test func `tickets end with their authorities, and where a certificate becomes required`()
        throws
    {
        let made = try Self.make()
        let other = try Self.make()
        let server = try Self.server(trusting: made)
        let clients = try Self.client(nil)
        var first = try Meeting(server, clients)
        try first.settle()
        try Self.trust(made, on: server, isRequired: true)
        var second = try Meeting(server, clients)
        #expect(Self.serverFailure(&second) != nil)

        let known = try Self.client(made)
        try Self.trust(made, on: server, isRequired: false)
        var third = try Meeting(server, known)
        try third.settle()
        try Self.trust(other, on: server, isRequired: false)
        var fourth = try Meeting(server, known)
        #expect(Self.serverFailure(&fourth) != nil)
    }

    @Test func `authorities have to be readable`() throws {
        let made = try Self.make()
        let broken = Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)
        for pem in [[], Array("junk".utf8), made.certificatePEM + broken] {
            #expect(throws: TLSFault.self) {
                _ = try TLSClientAuthorities(pem: pem.span, isRequired: false)
            }
        }
    }
}
