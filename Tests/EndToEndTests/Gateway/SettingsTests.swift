import Foundation
import Synchronization
import TestSupport
import Testing

/// A policy of several files, with what changes it from outside.
@Suite struct `Policies of several files` {
    private static let route = """
          - name: extra
            match: {path: /extra}
            auth: idp
            body: {clean: false, max: 1MiB}
            upstream: api
        """

    @Test func `are read whole, with the overlay and the variables, and again on SIGHUP`() throws {
        let upstream = try RecorderUpstream()
        var policy = PolicyText(port: upstream.port)
        policy.more = "include: [\"more/*.yaml\"]"
        policy.requests = "10/min"
        let gateway = try RunningGateway(
            text: policy.text(try Material.get().folder.path),
            files: [
                "more/tiers.yaml": "tiers: {OTHER: {requests: 1/min}}\n",
                "more/routes.yaml": "routes:\n" + Self.route + "\n",
                "env/test.yaml": "tiers: {OPEN: {requests: 20/min}, OTHER: {requests: 2/min}}\n",
            ], words: ["--env", "test"],
            environment: ["RINGFENCE_TIERS__OTHER__REQUESTS": "3/min"])
        let other = try gateway.material.token(tenant: "initech", more: #","tier_of":"x""#)
        #expect(try gateway.ask("GET /extra", token: other).only("X-RateLimit-Limit") == "20")
        policy.requests = "15/min"
        try gateway.reload(policy, expecting: "reloaded, snapshot")
        #expect(try gateway.ask("GET /extra").only("X-RateLimit-Limit") == "20")
        #expect(gateway.process.errorOutput.contains(", env test, 1 variable: "))
        // An included file that went away is no smaller policy.
        let folder = URL(filePath: gateway.folder.path)
        try FileManager.default.removeItem(at: folder.appending(path: "more/routes.yaml"))
        try FileManager.default.removeItem(at: folder.appending(path: "more/tiers.yaml"))
        try gateway.reload(policy, expecting: "reload refused, the old policy stays")
        #expect(gateway.process.errorOutput.contains("error[E1360]"))
        #expect(try gateway.ask("GET /extra").status == 200)
        #expect(try gateway.metric("ringfence_config_last_reload_successful") == 0)
        #expect(try gateway.metric("ringfence_reloads_refused_total") == 1)
    }

    @Test func `check takes the same words and variables`() throws {
        let folder = try TemporaryFolder()
        try folder.write(PolicyText(port: 1).text("."), to: "gateway.yaml")
        let program = try BuiltProducts.path("ringfence-gateway")
        let check = { (words: [String], variables: [String: String]) in
            try ChildProcess.run(
                program, ["check", folder.path, "--no-color"] + words,
                environment: ProcessInfo.processInfo.environment.merging(variables) { $1 })
        }
        #expect(try check([], [:]).end == .exited(0))
        #expect(try check(["--env", "none"], [:]).end == .exited(2))
        #expect(try check(["--env", "../x"], [:]).end == .exited(64))
        let misspelt = try check([], ["RINGFENCE_LISTEN__PUBLIC__ADRESS": "127.0.0.1:1"])
        #expect(misspelt.end == .exited(2))
        #expect(misspelt.errorOutput.contains("error[E1366]"))
        #expect(try check([], ["RINGFENCE_URL": "unrelated"]).end == .exited(0))
    }

    @Test func `check reads the backend's policy beside the gateway's`() throws {
        let program = try BuiltProducts.path("ringfence-gateway")
        let folder = try TemporaryFolder()
        let check = { (path: String) in
            try ChildProcess.run(program, ["check", path, "--no-color"])
        }
        let backend = """
            version: 1
            listen: {api: {address: unix:b.sock}}
            database: {owner: file:o, runtime: file:r, workers: 8}
            assertion: {key: file:k, audience: delivery}
            """
        try folder.write(backend, to: "backend.yaml")
        for path in [folder.path, "\(folder.path)/backend.yaml"] {
            #expect(try check(path).errorOutput == "checked 1 file: no problems\n\n")
        }
        try folder.write(PolicyText(port: 1).text("."), to: "gateway.yaml")
        let both = try check(folder.path + "/")
        #expect(both.end == .exited(0), "\(both.errorOutput)")
        #expect(both.errorOutput.contains("warning[W2044]"))
        #expect(both.errorOutput.contains("/backend.yaml:4:36"))
        #expect(both.errorOutput.contains("checked 2 files, 2 routes"))
        try folder.write(
            PolicyText(port: 1).text(".").replacingOccurrences(
                of: "upstreams:\n",
                with: """
                    assertion: {to: [delivery], key: file:k}
                    upstreams:
                      delivery: {targets: ["http://127.0.0.1:2"], echo: required}

                    """), to: "gateway.yaml")
        let unsealed = try check(folder.path)
        #expect(unsealed.errorOutput.contains("warning[W2052]: the gateway beside mints no seal"))
        #expect(unsealed.errorOutput.contains("/backend.yaml:3:"), "\(unsealed.errorOutput)")
        try folder.write(
            backend.replacingOccurrences(of: "workers: 8", with: "context: plain"),
            to: "backend.yaml")
        #expect(try !check(folder.path).errorOutput.contains("W2052"))
        try folder.write(
            backend.replacingOccurrences(of: "workers: 8", with: "worker: 8"), to: "backend.yaml")
        let broken = try check(folder.path)
        #expect(broken.end == .exited(2))
        #expect(broken.errorOutput.contains("error[E1204]: unknown key `worker`"))
        #expect(try check("\(folder.path)/gateway.yaml").end == .exited(0))
    }

    @Test func `an expired certificate is told of`() throws {
        let folder = try TemporaryFolder()
        let made = try ChildProcess.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "tls.key", "-out",
                "tls.crt", "-subj", "/CN=x", "-addext", "subjectAltName=DNS:x.test", "-days", "3",
            ], folder: folder.path)
        try #require(made.end == .exited(0), "\(made.errorOutput)")
        var policy = PolicyText(port: 1)
        policy.tls = true
        try folder.write(policy.text("."), to: "gateway.yaml")
        let checked = try ChildProcess.run(
            try BuiltProducts.path("ringfence-gateway"), ["check", folder.path])
        #expect(checked.errorOutput.contains("warning[W2042]"))
        #expect(checked.errorOutput.contains("expires in "))
    }
}

@Suite struct `Roles at the gateway` {
    @Test func `a role that is missing costs the tenant nothing`() throws {
        let upstream = try RecorderUpstream()
        var policy = PolicyText(port: upstream.port)
        policy.requests = "5/min"
        policy.issuer = "    role: {claim: role}"
        policy.apiRoute = "    roles: {DELETE: [admin]}"
        let gateway = try RunningGateway(policy)
        let admin = try gateway.material.token(tenant: "acme", more: #","role":"admin""#)
        for _ in 0..<8 {
            let answer = try gateway.ask("DELETE /x")
            #expect(answer.status == 403)
            #expect(RunningGateway.code(of: answer) == "role.missing")
            #expect(answer.only("WWW-Authenticate") == #"Bearer error="insufficient_scope""#)
            #expect(answer.only("X-RateLimit-Remaining") == nil)
        }
        #expect(try gateway.ask("DELETE /x", token: admin).only("X-RateLimit-Remaining") == "4")
        #expect(upstream.requests.count == 1)
    }
}

@Suite struct `Reloading under load` {
    /// Clients at work meanwhile, and policies put in force.
    static let clients = 6
    static let reloads = 40

    @Test func `no request sees two policies`() throws {
        // Each upstream tells which injected field it saw, each policy has a limit of its own.
        let upstreams = try ["one", "two"].map { name in
            try RecorderUpstream { request in
                let seen = ["X-Tenant-One", "X-Tenant-Two"].filter { !request.all($0).isEmpty }
                return .response(200, "\(name) \(seen.joined(separator: ","))")
            }
        }
        let policies = zip(upstreams, ["One", "Two"]).map { upstream, name in
            var policy = PolicyText(port: upstream.port)
            policy.requests = name == "One" ? "1000000/min" : "2000000/min"
            policy.apiRoute = "    tenant: {inject: {header: X-Tenant-\(name)}}"
            return policy
        }
        let gateway = try RunningGateway(policies[0])
        let expected = [
            "one X-Tenant-One 1000000", "two X-Tenant-Two 2000000",
        ]
        let isOver = Atomic(false)
        let seen = Mutex<[String: Int]>([:])
        let failures = Mutex<[String]>([])
        let group = DispatchGroup()
        for _ in 0..<Self.clients {
            group.enter()
            Thread {
                defer { group.leave() }
                do {
                    let client = try gateway.connect()
                    while !isOver.load(ordering: .relaxed) {
                        try client.send(gateway.head("GET /"))
                        let answer = try client.readResponse()
                        let limit = answer.only("X-RateLimit-Limit") ?? "none"
                        let key = "\(answer.text) \(limit)"
                        seen.withLock { $0[key, default: 0] += 1 }
                    }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }.start()
        }
        for index in 1...Self.reloads {
            // Each policy answers before the next one comes.
            let answered = seen.withLock { $0.values.reduce(0, +) }
            try eventually("answers: \(failures.withLock { $0 })") {
                seen.withLock { $0.values.reduce(0, +) } >= answered + 2 * Self.clients
            }
            if index % 8 == 0 {
                try gateway.reload(text: "version: 1\nroutes: []\n", expecting: "reload refused")
            }
            try gateway.reload(policies[index % 2], expecting: "reloaded, snapshot")
        }
        isOver.store(true, ordering: .relaxed)
        try #require(group.wait(timeout: .now() + 30) == .success)
        #expect(failures.withLock { $0 } == [])
        let counts = seen.withLock { $0 }
        #expect(Set(counts.keys) == Set(expected), "\(counts)")
        #expect(counts.values.reduce(0, +) > Self.reloads)
        #expect(try gateway.metric("ringfence_snapshot_version") == Self.reloads + 1)
        #expect(try gateway.metric("ringfence_reloads_refused_total") == Self.reloads / 8)
        #expect(try gateway.metric("ringfence_config_last_reload_successful") == 1)
    }
}
