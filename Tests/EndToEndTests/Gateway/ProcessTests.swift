import Foundation
import TestSupport
import Testing

/// The gateway as a process: its start, its end, and what the machine runs out of.
@Suite struct `The gateway's process` {
    @Test func `requests in flight end when it is told to stop`() throws {
        let gate = Gate()
        let upstream = try RecorderUpstream { request in
            if request.requestLine.contains("/slow") { gate.wait() }
            return .response()
        }
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        let idle = try gateway.connect()
        let busy = try gateway.connect()
        try idle.send(gateway.head("GET /"))
        #expect(try idle.readResponse().status == 200)
        try busy.send(gateway.head("GET /slow"))
        _ = try upstream.waitForRequests(2)
        gateway.process.signal(SIGTERM)
        #expect(try idle.isClosed())
        #expect(throws: (any Error).self) { try gateway.connect() }
        #expect(try gateway.probe("/readyz").status == 503)
        gate.open()
        let response = try busy.readResponse()
        #expect(response.status == 200)
        #expect(response.only("Connection") == "close")
        #expect(try busy.isClosed())
        #expect(try gateway.process.wait() == .exited(0))
    }

    @Test func `what does not end in time is cut when it stops`() throws {
        let upstream = try `Bodies through the gateway`.source(64 << 20)
        var policy = PolicyText(port: upstream.port)
        policy.deadlines = "drain: 300ms"
        let gateway = try RunningGateway(policy)
        let client = try gateway.connect(receiveBytes: 4_096)
        try client.send(gateway.head("GET /", version: "1.0"))
        _ = try client.read(through: "\r\n\r\n")
        gateway.process.signal(SIGTERM)
        #expect(try gateway.process.wait() == .exited(0))
        #expect(try client.drain().ending == .reset)
    }

    @Test func `it survives having no descriptors left`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try RunningGateway(
            PolicyText(port: upstream.port), limits: ["--nofile=48:48"])
        var clients: [RawClient] = []
        for _ in 0..<80 { clients.append(try gateway.connect()) }
        try eventually("the shortage") {
            // Probes need a descriptor too, so there may be none for them.
            for client in clients where client.isSilent(seconds: 0) == false { return true }
            return false
        }
        #expect(gateway.process.end == nil)
        clients = []
        try eventually("recovery") { (try? gateway.ask("GET /").status) == 200 }
        #expect(try gateway.metric("ringfence_descriptors_exhausted_total") > 0)
    }

    @Test func `no descriptor for the upstream is a 503, not the upstream's fault`() throws {
        let upstream = try SilentListener()
        var codes: Set<String> = []
        // An exchange takes two descriptors: in one of the two runs the last one goes to a client.
        for idle in 0...1 {
            let gateway = try RunningGateway(
                PolicyText(port: upstream.port), limits: ["--nofile=48:48"])
            var clients: [RawClient] = []
            for _ in 0..<idle { clients.append(try gateway.connect()) }
            for _ in 0..<40 {
                let client = try gateway.connect()
                clients.append(client)
                guard (try? client.send(gateway.head("GET /"))) != nil,
                    !client.isSilent(seconds: 0.15)
                else { continue }
                guard let response = try? client.readResponse() else { break }
                codes.insert(RunningGateway.code(of: response))
            }
            // On a busy machine an answer may come after the next client was begun.
            let end = Date().addingTimeInterval(5)
            while codes.isEmpty, Date() < end {
                for client in clients where client.isSilent(seconds: 0.01) == false {
                    guard let response = try? client.readResponse() else { continue }
                    codes.insert(RunningGateway.code(of: response))
                }
            }
            #expect(gateway.process.end == nil)
        }
        #expect(codes == ["gateway.overloaded"])
    }

    @Test func `connections beyond the bound are closed`() throws {
        let upstream = try RecorderUpstream()
        var policy = PolicyText(port: upstream.port)
        policy.listen = "    limits: {connections: 5}"
        let gateway = try RunningGateway(policy)
        var clients: [RawClient] = []
        for _ in 0..<5 {
            let client = try gateway.connect()
            try client.send(gateway.head("GET /"))
            #expect(try client.readResponse().status == 200)
            clients.append(client)
        }
        #expect(try gateway.connect().isClosed())
        #expect(try gateway.metric("ringfence_connections_refused_total") == 1)
        #expect(try gateway.metric("ringfence_connections ") == 5)
        clients = []
        try eventually("room") { (try? gateway.ask("GET /").status) == 200 }
    }

    @Test func `a log nobody can write to loses lines, not requests`() throws {
        let upstream = try RecorderUpstream()
        var policy = PolicyText(port: upstream.port)
        policy.accessLog = "file:/dev/full"
        let gateway = try RunningGateway(policy)
        for _ in 0..<5 { #expect(try gateway.ask("GET /").status == 200) }
        try eventually("five lost lines") {
            try gateway.metric("ringfence_log_lines_dropped") == 5
        }
    }

    @Test func `the log says what was stripped, and not that a token was used`() throws {
        let upstream = try RecorderUpstream()
        var policy = PolicyText(port: upstream.port)
        let folder = try TemporaryFolder()
        policy.accessLog = "file:\(folder.path)/access.log"
        let gateway = try RunningGateway(policy)
        var lines: [[String: Any]] = []
        func expect(_ count: Int) throws {
            try eventually("\(count) lines") {
                let text = try String(contentsOfFile: "\(folder.path)/access.log", encoding: .utf8)
                lines = try text.split(separator: "\n").map {
                    try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
                }
                return lines.count == count
            }
        }
        // A line follows its answer, and two workers write theirs as they come.
        for (index, (line, fields)) in [
            ("GET /plain", []), ("GET /q?tenant_id=evil", ["X-Tenant-ID: evil"]),
            ("GET /key", ["Api-Key: k"]), ("GET /open/token", []),
        ].enumerated() {
            #expect(try gateway.ask(line, fields).status == 200)
            try expect(index + 1)
        }
        let client = try gateway.connect()
        try client.send("nonsense\r\n\r\n")
        #expect(try client.readResponse().status == 400)
        try expect(5)
        #expect(
            lines.map { $0["stripped"] as? [String] } == [
                nil, ["tenant", "query_tenant"], ["credential"], ["credential"], nil,
            ])
        // The share of each: both take some time, and together they are no more than all of it.
        let times = try ["gateway_ms", "upstream_ms", "total_ms"].map {
            try #require(lines[0][$0] as? Double)
        }
        #expect(times[0] > 0 && times[1] > 0)
        #expect(times[0] + times[1] <= times[2] + 0.002)
        #expect(lines[4]["method"] == nil && lines[4]["path"] == nil)
        #expect(lines[0]["path"] as? String == "/plain")
        #expect(!"\(lines)".contains("evil"))
    }

    @Test func `a port in use is said, and ends the start`() throws {
        let upstream = try RecorderUpstream()
        let first = try RunningGateway(PolicyText(port: upstream.port))
        let folder = try TemporaryFolder()
        let text = PolicyText(port: upstream.port).text(first.material.folder.path)
            .replacingOccurrences(
                of: "address: 127.0.0.1:0", with: "address: \"127.0.0.1:\(first.port)\"")
        try folder.write(text, to: "gateway.yaml")
        let second = try ChildProcess.run(
            first.material.program, ["run", "--config", folder.path])
        #expect(second.end == .exited(1))
        #expect(second.errorOutput.contains("127.0.0.1:\(first.port) is in use"))
        #expect(try first.ask("GET /").status == 200)
    }

    /// Whatever runs by then would be waited for.
    @Test(arguments: [
        ("access_log: none", "access_log: \"file:/nowhere/x.log\"", [], "access log"),
        ("", "", ["--announce", "/nowhere/a"], "cannot write `/nowhere/a`: no such file"),
    ])
    func `a start that fails ends, with every listener there is`(
        _ old: String, _ new: String, _ words: [String], _ says: String
    ) throws {
        let upstream = try RecorderUpstream()
        let material = try Material.get()
        let folder = try TemporaryFolder()
        let socket = folder.path + "/admin.sock"
        var text = PolicyText(port: upstream.port).text(material.folder.path)
        let head = "listen:\n"
        #expect(text.contains(head))
        text = text.replacing(head, with: head + "  admin: {address: \"unix:\(socket)\"}\n")
        if !old.isEmpty {
            #expect(text.contains(old))
            text = text.replacing(old, with: new)
        }
        try folder.write(text, to: "gateway.yaml")
        let run = try ChildProcess.run(
            material.program, ["run", "--config", folder.path] + words)
        #expect(run.end == .exited(1))
        #expect(run.errorOutput.contains(says), "\(run.errorOutput)")
        #expect(!FileManager.default.fileExists(atPath: socket))
    }

    @Test func `an invalid policy ends the start with 2`() throws {
        let material = try Material.get()
        let folder = try TemporaryFolder()
        try folder.write("version: 1\nnonsense: 1\n", to: "gateway.yaml")
        let run = try ChildProcess.run(
            material.program, ["run", "--config", folder.path])
        #expect(run.end == .exited(2))
        #expect(run.errorOutput.contains("nonsense"))
    }

    @Test func `probes answer what they are asked, and nothing else`() throws {
        let upstream = try RecorderUpstream()
        let gateway = try RunningGateway(PolicyText(port: upstream.port))
        #expect(try gateway.ask("GET /").status == 200)
        #expect(try gateway.ask("GET /", token: "no").status == 401)
        #expect(try gateway.probe("/livez").text == "alive\n")
        #expect(try gateway.probe("/readyz").text == "ready\n")
        #expect(try gateway.probe("/").status == 404)
        let metrics = try gateway.probe("/metrics")
        #expect(metrics.text.hasSuffix("# EOF\n"))
        #expect(try gateway.metric("ringfence_requests_total{outcome=\"forwarded\"}") == 1)
        #expect(try gateway.metric("ringfence_requests_total{outcome=\"token.ambiguous\"}") == 0)
        #expect(try gateway.metric("ringfence_requests_total") == 2)
        let client = try RawClient(port: gateway.health)
        try client.send("POST /livez HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
        #expect(try client.readResponse().status == 405)
    }
}
