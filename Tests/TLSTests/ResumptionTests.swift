import COpenSSL
import Testing

@testable import TLS

@Suite struct `Session resumption` {
    @Test func `a ticket saves the second handshake and is replaced`() throws {
        let server = try Fixture.serverContext()
        let clients = try Fixture.clientContext()
        var resumed: [Bool] = []
        for _ in 0..<4 {
            var meeting = try Meeting(server, clients)
            try meeting.settle()
            #expect(meeting.client.isResumed == meeting.server.isResumed)
            resumed.append(meeting.server.isResumed)
        }
        #expect(resumed == [false, true, true, true])
    }

    @Test func `a ticket survives one rotation and not two`() throws {
        let keys = try TLSTicketKeys(nowSeconds: 0)
        let server = try Fixture.serverContext(ticketKeys: keys)
        for (rotations, expected) in [(1, true), (2, false)] {
            let clients = try Fixture.clientContext()
            var first = try Meeting(server, clients)
            try first.settle()
            for _ in 0..<rotations { try keys.rotate(nowSeconds: 1) }
            var second = try Meeting(server, clients)
            try second.settle()
            #expect(second.server.isResumed == expected, "\(rotations)")
        }
    }

    @Test func `a ticket renewed after a rotation is good after the next one`() throws {
        let keys = try TLSTicketKeys(nowSeconds: 0)
        let server = try Fixture.serverContext(ticketKeys: keys)
        let clients = try Fixture.clientContext()
        var resumed: [Bool] = []
        for _ in 0..<4 {
            var meeting = try Meeting(server, clients)
            try meeting.settle()
            resumed.append(meeting.server.isResumed)
            try keys.rotate(nowSeconds: 1)
        }
        #expect(resumed == [false, true, true, true])
    }

    @Test func `keys rotate when twelve hours have passed`() throws {
        let keys = try TLSTicketKeys(nowSeconds: 1_000)
        let early = try keys.rotateIfDue(nowSeconds: 1_000 + TLSTicketKeys.rotationSeconds - 1)
        let due = try keys.rotateIfDue(nowSeconds: 1_000 + TLSTicketKeys.rotationSeconds)
        let again = try keys.rotateIfDue(nowSeconds: 1_001 + TLSTicketKeys.rotationSeconds)
        let backwards = try keys.rotateIfDue(nowSeconds: 0)
        #expect(!early && due && !again && !backwards)
    }

    @Test func `contexts that share keys take each other's tickets only under one identity`() throws
    {
        for (identity, expected) in [("public", true), ("other", false)] {
            let clients = try Fixture.clientContext()
            var first = try Meeting(try Fixture.serverContext(identity: "public"), clients)
            try first.settle()
            var second = try Meeting(try Fixture.serverContext(identity: identity), clients)
            try second.settle()
            #expect(second.server.isResumed == expected, "\(identity)")
        }
    }

    @Test func `TLS 1_2 gets no ticket`() throws {
        let server = try Fixture.serverContext()
        let clients = try Fixture.clientContext()
        clients.limit(to: TLS1_2_VERSION)
        for _ in 0..<2 {
            var meeting = try Meeting(server, clients)
            try meeting.settle()
            #expect(meeting.server.isResumed == false)
            #expect(unsafe SSL_SESSION_has_ticket(SSL_get_session(meeting.client.ssl)) == 0)
        }
    }

    @Test func `a client remembers a session per verified host`() throws {
        let made = try Fixture.makeSelfSigned(["a.test", "b.test"])
        let server = try Fixture.serverContext([made])
        let clients = try Fixture.clientContext(trusting: [made])
        var resumed: [Bool] = []
        for host in ["a.test", "b.test", "A.test", "b.test"] {
            var meeting = try Meeting(server, clients, host: host)
            try meeting.settle()
            resumed.append(meeting.client.isResumed)
        }
        #expect(resumed == [false, false, true, true])
    }

    @Test func `a client may be told to remember nothing`() throws {
        let server = try Fixture.serverContext()
        let clients = try TLSClientContext(
            trust: .authorities(pem: Fixture.localhost.certificatePEM), resumesSessions: false)
        for _ in 0..<2 {
            var meeting = try Meeting(server, clients)
            try meeting.settle()
            #expect(meeting.client.isResumed == false)
        }
    }

    @Test func `the server name of a resumed session is the one of this handshake`() throws {
        let made = try Fixture.makeSelfSigned(["a.test", "b.test"])
        let server = try Fixture.serverContext([made])
        let clients = try Fixture.clientContext(trusting: [made])
        var first = try Meeting(server, clients, host: "a.test")
        try first.settle()
        var second = try Meeting(server, clients, host: "a.test")
        // A client that resumes under another name than it verified; ours never does.
        #expect(unsafe rf_tls_set_server_name(second.client.ssl, "b.test") == 1)
        _ = second.shakeHands()
        #expect(second.server.serverName == Array("b.test".utf8))
    }
}
