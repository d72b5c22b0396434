import Foundation
import TestSupport
import Testing

@testable import Backend

/// The repository's file at `path`.
private func repositoryFile(_ path: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent(path).path
}

@Suite struct `The example that verifies assertions` {
    private let folder: TemporaryFolder
    private let body = #"{"topic":"a","payload":{}}"#
    private let tenant = Gateway.Scope.tenant(
        id: "018f0000-0000-7000-8000-00000000000a", externalID: "acme")

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(Gateway.keyText + "\n", to: "assertion.key")
        try folder.write(body, to: "body")
    }

    /// What the example says to each of `assertions`, for a request that a gateway made or that
    /// somebody edited on the way.
    private func verdicts(
        _ assertions: [String], _ method: String = "POST", _ target: String = "/v1/events?a=b",
        body: String? = nil, audience: String = "delivery"
    ) throws -> [String] {
        try folder.write(body ?? self.body, to: "body")
        let child = try ChildProcess(
            "python3",
            [
                repositoryFile("docs/examples/verify_assertion.py"),
                "\(folder.path)/assertion.key", audience, method, target, "\(folder.path)/body",
            ], input: assertions.joined(separator: "\n") + "\n")
        let end = try child.wait()
        let lines = child.output.split(separator: "\n").map(String.init)
        #expect(child.errorOutput.isEmpty, "\(child.errorOutput)")
        #expect(end == .exited(lines.contains { $0.hasPrefix("refused: ") } ? 1 : 0))
        return lines
    }

    private func assertion(
        _ gateway: Gateway = Gateway(), isStreamed: Bool = false
    ) throws -> String {
        try gateway.assertion(
            .init(
                method: "POST", target: "/v1/events?a=b", body: Array(body.utf8),
                isStreamed: isStreamed), for: tenant)
    }

    @Test func `takes what a gateway signs, once`() throws {
        let assertion = try assertion()
        let verdicts = try verdicts([assertion, assertion])
        let claims = try #require(
            JSONSerialization.jsonObject(with: Data(verdicts[0].utf8)) as? [String: Any])
        #expect(claims["tid"] as? String == "018f0000-0000-7000-8000-00000000000a")
        #expect(claims["ext"] as? String == "acme")
        #expect(claims["scope"] as? String == "tenant")
        #expect(Array(verdicts.dropFirst()) == ["refused: used before"])
    }

    @Test func `takes a vendor's as one that names no tenant`() throws {
        let assertion = try Gateway().assertion(
            .init(method: "POST", target: "/v1/events?a=b", body: Array(body.utf8)),
            for: .vendor())
        let verdict = try verdicts([assertion])[0]
        #expect(verdict.contains(#""scope": "vendor""#))
        #expect(!verdict.contains(#""tid""#))
    }

    @Test func `refuses what was edited, is out of its time or for others`() throws {
        let good = try assertion()
        #expect(try verdicts([good], "GET") == ["refused: made for another request"])
        for target in ["/v1/events", "/v1/events?a=c", "/v1/Events?a=b", "/v1/events?a=b&c=d"] {
            #expect(try verdicts([good], "POST", target) == ["refused: made for another request"])
        }
        #expect(try verdicts([good], body: body + " ") == ["refused: made for another request"])
        #expect(try verdicts([good], audience: "deliver") == ["refused: made for another request"])
        let streamed = try assertion(isStreamed: true)
        #expect(try verdicts([streamed]) == ["refused: made for another request"])
        let parts = good.split(separator: ".").map(String.init)
        let unsigned = Data(#"{"alg":"none"}"#.utf8).base64EncodedString()
        let forged = [
            try assertion(Gateway(key: Gateway.keyText + "!")),
            "\(parts[0]).\(parts[1].dropLast())A.\(parts[2])",
            "\(unsigned).\(parts[1]).\(parts[2])",
            "\(unsigned).\(parts[1]).", "\(parts[0]).\(parts[1]).",
        ]
        for verdict in try verdicts(forged) {
            #expect(verdict == "refused: not signed with this key")
        }
        for verdict in try verdicts(["", "a", "a.b", "a.b.c.d", "\u{e9}.\u{e9}.\u{e9}", "..=="]) {
            #expect(verdict.hasPrefix("refused: not "), "\(verdict)")
        }
        let late = [
            try assertion(Gateway(lifetimeSeconds: 1, skewSeconds: -60)),
            try assertion(Gateway(skewSeconds: 60)),
        ]
        #expect(try verdicts(late) == ["refused: out of its time", "refused: out of its time"])
    }

    @Test func `remembers a bounded number of requests and refuses beyond it`() throws {
        let folder = repositoryFile("docs/examples")
        let result = try ChildProcess.run(
            "python3",
            [
                "-c",
                """
                import sys; sys.dont_write_bytecode = True; sys.path.insert(0, "\(folder)")
                import verify_assertion as v
                v.REMEMBERED = 2
                def use(name, until, now):
                    try: v.use_once(name, until, now); return "taken"
                    except v.Refused as reason: return str(reason)
                print([use("a", 10, 1), use("b", 20, 1), use("c", 20, 9), use("a", 10, 9),
                    use("c", 20, 10)])
                """,
            ])
        #expect(
            result.output
                == "['taken', 'taken', 'too many requests to remember', 'used before', 'taken']\n",
            "\(result.errorOutput)")
    }
}

@Suite struct `The manual of the backend` {
    private let text: String

    init() throws {
        text = try String(contentsOfFile: repositoryFile("docs/backend.md"), encoding: .utf8)
    }

    /// The lines of the fenced block that follows `heading`.
    private func block(after heading: String) throws -> [Substring] {
        let rest = try #require(text.range(of: "\n\(heading)\n")).upperBound
        let fences = text[rest...].components(separatedBy: "\n```")
        return try #require(fences.dropFirst().first).split(separator: "\n").dropFirst().map { $0 }
    }

    @Test func `shows five commands that prove isolation, and what they answer`() throws {
        let backend = try RunningBackend.shared()
        let database = try #require(backend.database)
        let (acme, globex) = (try backend.makeTenant(), try backend.makeTenant())
        for tenant in [acme, globex] {
            _ = try backend.send(
                "POST", "/v1/events", body: #"{"topic":"a","payload":{}}"#, as: tenant.scope)
        }
        var environment = ProcessInfo.processInfo.environment
        environment["RUNTIME"] = database.runtimeURL
        environment["OWNER"] = database.ownerURL
        environment["KEY"] = backend.folder.path + "/seal.key"
        environment["ACME"] = acme.id
        environment["GLOBEX"] = globex.id
        let maker = try #require(text.firstMatch(of: /\n    (seal\(\) \{(?:.|\n)*?; \})\n/)).1
        var commands = 0
        var expected: [Substring] = []
        var actual: [String] = []
        for line in try block(after: "### Five commands") {
            guard line.hasPrefix("$ ") else {
                expected.append(line)
                continue
            }
            commands += 1
            let result = try ChildProcess.run(
                "sh", ["-c", maker + "\n" + line.dropFirst(2) + " 2>&1"], environment: environment)
            let lines = result.output.replacing(acme.id, with: "$ACME").split(separator: "\n")
            actual += lines.map(String.init)
        }
        #expect(commands == 5)
        #expect(actual == expected.map(String.init))
    }

    @Test func `sets up a database that passes the check`() throws {
        let cluster = try PostgresCluster.shared()
        let database = try cluster.makeDatabase()
        let name = "manual_\(database.name)"
        let sql = try block(after: "### Roles and database").joined(separator: "\n")
            .replacing("ringfence", with: name)
        try cluster.run(sql: sql, in: database)
        func url(_ role: String, _ password: String) -> String {
            cluster.url(role: "\(name)_\(role)", password: password, in: database)
                .replacing("/\(database.name)?", with: "/\(name)?")
        }
        let folder = try TemporaryFolder()
        let config = try RunningBackend.writePolicy(
            to: folder, owner: url("owner", "change-me"), runtime: url("runtime", "change-me-too"),
            context: "statement")
        for verb in ["migrate", "posture"] {
            let result = try RunningBackend.run(["db", verb, "--config", config])
            #expect(result.end == .exited(0), "\(result.output)\(result.errorOutput)")
        }
    }

    @Test func `states the bounds that the program keeps`() {
        let bounds = [
            "\(InputRule.payloadBytesMax / 1024) KiB", "\(InputRule.topicBytesMax) bytes",
            "\(BackendServer.queuedPerWorker) requests", "\(Page.limitMax)",
            "\(AssertionDesk.requestsMax / 1024) Ki", "\(BackendServer.connectionsMax)",
            "\(ControlThread.databaseMilliseconds / 1000) s",
            "\(BackendServer.drainMilliseconds / 1000) s",
        ]
        for bound in bounds { #expect(text.contains(bound), "\(bound)") }
    }
}
