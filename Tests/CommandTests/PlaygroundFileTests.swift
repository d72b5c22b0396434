import Foundation
import Policy
import TestSupport
import Testing
import YAML

@testable import ringfence

@Suite struct `Policies of a playground` {
    /// In a folder for a socket, and in one too deep for its path.
    static let feeds = [
        PlaygroundPolicies.Feed(in: "/clone/.ringfence"),
        .init(
            .init(in: "/\(String(repeating: "deep/", count: 20)).ringfence"),
            announced: "127.0.0.1:40002"),
    ]

    static func policies(_ feed: PlaygroundPolicies.Feed) -> PlaygroundPolicies {
        PlaygroundPolicies(
            port: 8443, behind: .backend(address: "127.0.0.1:40001", feed: feed))
    }

    static func compile(
        _ gateway: String, _ tenants: String = ""
    ) -> LoadedPolicy<GatewayPolicy> {
        loadGatewayPolicy(path: "p/gateway.yaml") { path throws(UnreadableFile) in
            switch path {
            case "p/gateway.yaml": Array(gateway.utf8)
            case "p/tenants.yaml": Array(tenants.utf8)
            default: throw UnreadableFile(reason: "not there")
            }
        }
    }

    @Test(arguments: feeds)
    func `the gateway's are accepted without a word, and follow the backend`(
        _ feed: PlaygroundPolicies.Feed
    ) throws {
        let loaded = Self.compile(Self.policies(feed).gateway(isSettingUp: false))
        #expect(loaded.report.diagnostics.map(\.message) == [])
        let policy = try #require(loaded.policy)
        #expect(policy.listen.publicAddress.text == "127.0.0.1:8443")
        #expect(policy.listen.health?.text == "127.0.0.1:0")
        #expect(policy.upstreams.map(\.echoRequired) == [true])
        #expect(policy.upstreams.map(\.connectMilliseconds) == [30_000])
        #expect(policy.listen.deadlines.handshakeMilliseconds == 60_000)
        guard case .directory(let directory) = policy.tenants else {
            Issue.record("tenants are not the backend's")
            return
        }
        let isSocket = feed == Self.feeds[0]
        #expect(directory.feed.text == (isSocket ? "unix:p/../run/feed.sock" : "127.0.0.1:40002"))
        #expect((directory.secret == nil) == feed.isGuardedByFile)
        #expect(policy.tiers.map(\.name) == PlaygroundPolicies.tiers.map(\.name))
    }

    @Test func `the gateway's are accepted while setting up, and limit nothing`() throws {
        let loaded = Self.compile(Self.policies(Self.feeds[0]).gateway(isSettingUp: true))
        #expect(loaded.report.diagnostics.map(\.message) == [])
        let policy = try #require(loaded.policy)
        let isUnlimited = policy.tiers.allSatisfy {
            if case .limit(.unlimited) = $0.requests { return true }
            return false
        }
        #expect(isUnlimited)
    }

    @Test(arguments: [
        ("http://localhost:3000", RoutePolicy.HostHeader.preserve),
        ("http://127.0.0.1", .preserve), ("http://[::1]:8080", .preserve),
        ("https://api.example.com", .upstream), ("http://api:8080", .upstream),
    ]) func `the gateway's are accepted in front of an existing API`(
        _ url: String, _ host: RoutePolicy.HostHeader
    ) throws {
        let upstream = try #require(UpstreamURL(argument: url))
        let policies = PlaygroundPolicies(port: 8443, behind: .api(upstream))
        let loaded = Self.compile(
            policies.gateway(isSettingUp: false), PlaygroundPolicies.tenants)
        #expect(loaded.report.diagnostics.map(\.message) == [])
        let policy = try #require(loaded.policy)
        #expect(policy.routes.map(\.hostHeader) == [host])
        #expect(policy.upstreams.map(\.connectMilliseconds) == [30_000])
        #expect(policy.vendors.allSatisfy { $0.key == nil })
        guard case .file(let tenants) = policy.tenants else {
            Issue.record("tenants are not from the file")
            return
        }
        let known = tenants.map { tenant in
            let name = String(decoding: tenant.externalID.bytes, as: UTF8.self)
            return "\(name) \(policy.tiers[tenant.tier].name)"
        }
        #expect(
            known == ["acme STARTER", "globex GROWTH", "initech SCALE", "umbrella ENTERPRISE"])
        #expect(tenants.last?.requests == .perMinute(2_500))
    }

    @Test(arguments: [
        PlaygroundPolicies.Feed(in: "/clone/.ringfence"),
        .init(in: "/\(String(repeating: "deep/", count: 20)).ringfence"),
    ]) func `the backend's are accepted without a word`(_ feed: PlaygroundPolicies.Feed) {
        let loaded = loadBackendPolicy(path: "p/backend.yaml") { _ throws(UnreadableFile) in
            Array(PlaygroundPolicies.backend(feed).utf8)
        }
        #expect(loaded.report.diagnostics.map(\.message) == [])
        #expect(loaded.policy?.api.text == "127.0.0.1:0")
        #expect(loaded.policy?.feed != nil)
        #expect(loaded.policy?.database.deadlineMilliseconds == 60_000)
        #expect((loaded.policy?.feedSecret == nil) == feed.isGuardedByFile)
    }

    @Test(arguments: [
        "", "localhost:3000", "ftp://localhost", "http://", "http:///", "http://host/path",
        "http://user@host", "http://host?x", "http://host#x", "http://a\"b", "http://a b",
        "http://host:80//", "HTTP://host",
    ]) func `what is no scheme, host and port is no upstream`(_ text: String) {
        #expect(UpstreamURL(argument: text) == nil)
    }

    @Test func `a slash at the end of an upstream's URL is forgiven`() {
        #expect(UpstreamURL(argument: "http://localhost:3000/")?.text == "http://localhost:3000")
    }
}

@Suite struct `dev.env` {
    @Test func `a shell reads back what was written`() throws {
        let hostile = "a'b \"c\" $HOME `id` \\ & ; | * ? é \u{1F980} \t#"
        var facts = DevEnvironment()
        facts.url = "https://127.0.0.1:8443"
        facts.databaseURL = "postgresql://r:p@/db?host=%2Fa&port=5432"
        facts.certificatePath = hostile
        facts.tokens = ["acme": "a.b-c_d", "umbrella": "''"]
        let folder = try TemporaryFolder()
        let path = try folder.write(facts.text, to: "dev.env")
        let script = """
            set -eu; . "$1"
            printf '%s\\n' "$RINGFENCE_URL" "$RINGFENCE_HEALTH_URL" "$RINGFENCE_BACKEND_URL" \
                "$RINGFENCE_CA" "$RINGFENCE_DATABASE_URL" "$TOKEN_ACME" "$TOKEN_GLOBEX" \
                "$TOKEN_INITECH" "$TOKEN_UMBRELLA" "$VENDOR_KEY"
            """
        let result = try ChildProcess.run("sh", ["-c", script, "sh", path])
        #expect(result.errorOutput == "")
        #expect(
            result.output.components(separatedBy: "\n") == [
                facts.url, "", "", hostile, facts.databaseURL, "a.b-c_d", "", "", "''", "", "",
            ])
    }
}

@Suite struct `Requests of a playground` {
    @Test func `curl sends exactly the credential and the body`() throws {
        let upstream = try RecorderUpstream { _ in .response(200, "two\nlines\n") }
        defer { upstream.stop() }
        let folder = try TemporaryFolder()
        let state = try PlaygroundState.open(in: folder.path, keepsData: false)
        let body = #"{"a":"quote \" backslash \\ at @ percent % brace {1,2} [1-3]"}"#
        let reply = try state.perform(
            HTTPCall(
                method: "POST", url: "http://127.0.0.1:\(upstream.port)/a?b={c}",
                credential: "key\"with\\marks", body: body))
        #expect(reply.status == 200)
        #expect(reply.body == "two\nlines\n")
        let request = try upstream.waitForRequests(1)[0]
        #expect(request.requestLine == "POST /a?b={c} HTTP/1.1")
        #expect(request.all("authorization") == ["Bearer key\"with\\marks"])
        #expect(request.all("content-type") == ["application/json"])
        #expect(String(decoding: request.body, as: UTF8.self) == body)
    }

    @Test func `an address at which nobody listens is a fault that names it`() throws {
        let folder = try TemporaryFolder()
        let state = try PlaygroundState.open(in: folder.path, keepsData: false)
        // A free port could be somebody's by the time it is asked.
        let url = "http://127.0.0.1:1/"
        #expect {
            try state.perform(HTTPCall(url: url))
        } throws: { error in
            "\(error)".hasPrefix("GET \(url): curl: (7)")
        }
    }
}
