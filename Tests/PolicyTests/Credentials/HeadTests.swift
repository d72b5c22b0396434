@testable import Policy
import Testing

/// What of a request's credentials goes on.
@Suite struct `Credentials in a head` {
    private static func fixture(
        _ change: (inout RoutePolicy) -> Void = { _ in }
    ) -> RulesFixture {
        RulesFixture { policy, route in
            policy.sessions = SessionPolicy(
                key: SecretReference(kind: .file, name: "k", mark: .none))
            change(&route)
        }
    }

    @Test func `X-API-Key never goes on`() throws {
        for forwards in [false, true] {
            let fixture = Self.fixture { $0.forwardsCredential = forwards }
            let sent = try fixture.get(
                "/x", "X-API-Key: k", "x-api-key: k", "Authorization: Bearer t")
            #expect(sent.values("X-API-Key").isEmpty)
            #expect(sent.values("Authorization") == (forwards ? ["Bearer t"] : []))
        }
    }

    @Test(
        arguments: [
            ("__Host-session=t", []), ("a=1; __Host-session=t; b=2", ["a=1; b=2"]),
            ("__HOST-SESSION = t; c=3", ["c=3"]), ("a=1;__Host-session=t", ["a=1"]),
            ("a=__Host-session; b", ["a=__Host-session; b"]),
            ("xx__Host-session=t", ["xx__Host-session=t"]),
        ] as [(String, [String])])
    func `the session's cookie never goes on`(_ cookie: String, _ kept: [String]) throws {
        for mode in RoutePolicy.Mode.allCases {
            let fixture = Self.fixture {
                $0.mode = mode
                $0.clientValue = .reject
            }
            let sent = try fixture.get("/x", "Cookie: \(cookie)")
            #expect(sent.values("Cookie") == kept, "\(mode)")
            #expect(sent.report.cookies == 0)
        }
    }

    @Test func `a principal of a kind the route does not take is never written`() throws {
        var kinds = CredentialKinds()
        kinds.apiKey = true
        let fixture = Self.fixture { $0.authentication = .credentials(kinds) }
        #expect(RulesFixture.refusal { _ = try fixture.get("/x") } == .internalError)
        let other = Self.fixture { $0.authentication = .internalCaller(0) }
        #expect(RulesFixture.refusal { _ = try other.get("/x") } == .internalError)
    }
}
