import Foundation
import Synchronization
import TestSupport
import Testing

/// What changes while the gateway runs: policy, tenants, keys, certificates.
@Suite struct `Reloading the gateway` {
    static let done = "reloaded, snapshot"
    static let refused = "reload refused, the old policy stays"

    @Test func `a policy is replaced under open connections`() throws {
        let old = try RecorderUpstream { _ in .response(200, "old") }
        let new = try RecorderUpstream { _ in .response(200, "new") }
        let gateway = try RunningGateway(PolicyText(port: old.port))
        let client = try gateway.connect()
        try client.send(gateway.head("GET /"))
        #expect(try client.readResponse().text == "old")
        try gateway.reload(PolicyText(port: new.port), expecting: Self.done)
        try client.send(gateway.head("GET /"))
        #expect(try client.readResponse().text == "new")
        #expect(try gateway.metric("ringfence_snapshot_version") == 2)
    }

    @Test func `a request ends under the policy it began with`() throws {
        let gate = Gate()
        let old = try RecorderUpstream { _ in
            gate.wait()
            return .response(200, "old")
        }
        let new = try RecorderUpstream { _ in .response(200, "new") }
        let gateway = try RunningGateway(PolicyText(port: old.port))
        let client = try gateway.connect()
        try client.send(gateway.head("GET /"))
        _ = try old.waitForRequests(1)
        try gateway.reload(PolicyText(port: new.port), expecting: Self.done)
        gate.open()
        #expect(try client.readResponse().text == "old")
        try client.send(gateway.head("GET /"))
        #expect(try client.readResponse().text == "new")
    }

    @Test(arguments: [
        ("broken YAML", "version: [1"), ("an unknown key", "version: 1\nnonsense: true\n"),
        ("nothing", ""),
    ])
    func `a policy that is none changes nothing, and is reported`(
        _ name: String, _ text: String
    ) throws {
        let upstream = try RecorderUpstream()
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let client = try gateway.connect()
        try gateway.reload(text: text, expecting: Self.refused)
        try client.send(gateway.head("GET /"))
        #expect(try client.readResponse().status == 200, "\(name)")
        #expect(try gateway.metric("ringfence_reloads_refused_total") == 1)
    }

    @Test func `what needs a restart is refused by name`() throws {
        let upstream = try RecorderUpstream()
        var policy = PolicyText(port: upstream.port)
        let gateway = try RunningGateway(policy)
        policy.accessLog = "file:access.log"
        try gateway.reload(policy, expecting: "need a restart")
        #expect(try gateway.ask("GET /").status == 200)
    }

    @Test func `limits on heads take effect`() throws {
        let upstream = try RecorderUpstream()
        var policy = PolicyText(port: upstream.port)
        let gateway = try RunningGateway(policy)
        let long = "GET /" + String(repeating: "a", count: 300)
        #expect(try gateway.ask(long).status == 200)
        policy.listen = "    limits: {target: 100}"
        try gateway.reload(policy, expecting: Self.done)
        #expect(try gateway.ask(long).status == 414)
    }

    @Test func `tenants come and go with their file`() throws {
        let upstream = try RecorderUpstream()
        var policy = PolicyText(port: upstream.port)
        policy.tenants = "{source: file:tenants.yaml}"
        let folder = try TemporaryFolder()
        let file = try folder.write(Self.tenants(["acme"]), to: "tenants.yaml")
        policy.tenants = "{source: \"file:\(file)\"}"
        let gateway = try RunningGateway(policy)
        let globex = gateway.material.globex
        #expect(try gateway.ask("GET /").status == 200)
        #expect(try gateway.code("GET /", token: globex) == (403, "tenant.unknown"))
        try folder.write(Self.tenants(["globex"]), to: "tenants.yaml")
        try gateway.reload(policy, expecting: Self.done)
        #expect(try gateway.code("GET /") == (403, "tenant.unknown"))
        #expect(try gateway.ask("GET /", token: globex).status == 200)
    }

    private static func tenants(_ names: [String]) -> String {
        "version: 1\ntenants:\n" + names.map { "  \($0): {tier: OPEN}\n" }.joined()
    }

    @Test func `a replaced key file ends the old key's tokens`() throws {
        let upstream = try RecorderUpstream()
        let material = try Material.get()
        let folder = try TemporaryFolder()
        var policy = PolicyText(port: upstream.port)
        let file = try folder.write(try material.text(of: "idp.pub"), to: "keys.pub")
        policy.issuerKeys = "    jwks: file:\(file)"
        let gateway = try RunningGateway(policy)
        #expect(try gateway.ask("GET /").status == 200)
        try folder.write(try material.text(of: "other.pub"), to: "keys.pub")
        try gateway.reload(policy, expecting: Self.done)
        #expect(try gateway.code("GET /") == (401, "token.invalid"))
        let fresh = try material.token(tenant: "acme", key: "other.key")
        #expect(try gateway.ask("GET /", token: fresh).status == 200)
    }

    @Test func `a certificate is replaced without a restart`() throws {
        let live = try LiveCertificate()
        let (policy, gateway, curl) = (live.policy, live.gateway, live.curl)
        #expect(try curl("api.example.test", "tls") == .exited(0))
        try live.copy("wrong")
        try gateway.reload(policy, expecting: Self.done)
        #expect(try curl("wrong.example.test", "wrong") == .exited(0))
        #expect(try curl("api.example.test", "tls") != .exited(0))
        // A broken one keeps what there is.
        try live.folder.write("no certificate", to: "live.crt")
        try gateway.reload(policy, expecting: Self.refused)
        #expect(try curl("wrong.example.test", "wrong") == .exited(0))
    }

    /// Makes a process's limit such that it can open so many more files.
    private static func leave(descriptors count: Int, to process: Int32) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")
        let open = Set(names.compactMap { Int($0) })
        var (limit, free) = (0, 0)
        while free < count {
            if !open.contains(limit) { free += 1 }
            limit += 1
        }
        let done = try ChildProcess.run(
            "prlimit", ["--pid", "\(process)", "--nofile=\(limit):"])
        try #require(done.end == .exited(0), "\(done.errorOutput)")
    }

    @Test func `a reload that is refused at the directory leaves the old certificates in force`()
        throws
    {
        let live = try LiveCertificate()
        let (policy, gateway, curl) = (live.policy, live.gateway, live.curl)
        #expect(try curl("api.example.test", "tls") == .exited(0))
        try live.copy("wrong")
        var refused = policy
        refused.tenants = "{source: directory, feed: {address: \"unix:/run/nobody.sock\"}}"
        // Enough descriptors to read files one after the other, and not for a follower; when the
        // gateway has seen that curl has gone.
        try eventually("the end of curl's connection") {
            try gateway.metric("ringfence_connections ") == 0
        }
        try Self.leave(descriptors: 3, to: gateway.process.pid)
        try gateway.reload(refused, expecting: Self.refused)
        try Self.leave(descriptors: 1_000, to: gateway.process.pid)
        #expect(gateway.process.errorOutput.contains("the old policy stays: the system refuses"))
        #expect(try curl("api.example.test", "tls") == .exited(0))
        #expect(try curl("wrong.example.test", "wrong") != .exited(0))
        #expect(try gateway.metric("ringfence_snapshot_version") == 1)
        try gateway.reload(policy, expecting: Self.done)
        #expect(try curl("wrong.example.test", "wrong") == .exited(0))
    }

    @Test func `a key set is fetched by https, again on an interval, and kept`() throws {
        let material = try Material.get()
        let sets = Sets(try material.keySet(of: "idp"))
        let publisher = try RecorderUpstream { _ in .response(200, sets.text.withLock { $0 }) }
        var front = PolicyText(port: publisher.port)
        front.tls = true
        let server = try RunningGateway(front)
        let upstream = try RecorderUpstream()
        var policy = PolicyText(port: upstream.port)
        policy.issuerKeys = """
                jwks: https://127.0.0.1:\(server.port)/open/keys.json
                jwks_ca: file:\(material.folder.path)/tls.crt
                jwks_private: true
                jwks_refresh: 2s
            """
        let gateway = try RunningGateway(policy)
        try eventually("keys") { try gateway.probe("/readyz").status == 200 }
        #expect(try gateway.ask("GET /").status == 200)
        sets.text.withLock { $0 = "not a key set" }
        try gateway.expect("keeping what is known")
        #expect(try gateway.ask("GET /").status == 200)
        let other = try material.keySet(of: "other")
        sets.text.withLock { $0 = other }
        let fresh = try material.token(tenant: "acme", key: "other.key")
        try eventually("the other key: \(gateway.process.errorOutput)") {
            try gateway.ask("GET /", token: fresh).status == 200
        }
        #expect(try gateway.code("GET /") == (401, "token.invalid"))
        publisher.stop()
        server.process.signal(SIGKILL)
        try gateway.expect("cannot be fetched")
        // A reload asks nobody anew, and keeps what was fetched.
        try gateway.reload(policy, expecting: Self.done)
        #expect(try gateway.ask("GET /", token: fresh).status == 200)
    }

    final class Sets: Sendable {
        let text: Mutex<String>
        init(_ first: String) { text = Mutex(first) }
    }

    @Test func `without keys every token is refused, and the gateway is not ready`() throws {
        let upstream = try RecorderUpstream()
        var policy = PolicyText(port: upstream.port)
        policy.issuerKeys =
            "    jwks: https://127.0.0.1:\(try ReservedPort.choose())/keys.json\n"
            + "    jwks_private: true"
        let gateway = try RunningGateway(policy)
        #expect(try gateway.code("GET /") == (401, "token.invalid"))
        let ready = try gateway.probe("/readyz")
        #expect(ready.status == 503)
        #expect(ready.text == "no keys of issuer idp\n")
        #expect(try gateway.probe("/livez").status == 200)
    }
}

/// A gateway whose certificate is a file that a test replaces.
private struct LiveCertificate {
    let folder: TemporaryFolder
    let policy: PolicyText
    let gateway: RunningGateway
    private let material: Material
    private let upstream: RecorderUpstream

    init() throws {
        upstream = try RecorderUpstream()
        material = try Material.get()
        folder = try TemporaryFolder()
        try Self.copy("tls", material, folder)
        var policy = PolicyText(port: upstream.port)
        policy.tls = true
        policy.certificate = "../\(URL(filePath: folder.path).lastPathComponent)/live"
        self.policy = policy
        gateway = try RunningGateway(policy)
    }

    func copy(_ name: String) throws { try Self.copy(name, material, folder) }

    private static func copy(
        _ name: String, _ material: Material, _ folder: TemporaryFolder
    ) throws {
        for ending in ["crt", "key"] {
            try folder.write(try material.text(of: "\(name).\(ending)"), to: "live.\(ending)")
        }
    }

    /// Asks by a name, believing one authority.
    func curl(_ host: String, _ authority: String) throws -> ChildProcess.End {
        try ChildProcess.run(
            "curl",
            [
                "--silent", "--max-time", "120", "--cacert",
                "\(material.folder.path)/\(authority).crt", "--connect-to",
                "\(host):443:127.0.0.1:\(gateway.port)", "https://\(host)/open/x",
            ], seconds: 2 * Patience.seconds
        ).end
    }
}
