import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30))) struct `Test support` {
    @Test func `a child's output and end are known`() throws {
        let (end, output, errors) = try ChildProcess.run(
            "sh", ["-c", "cat; echo $X; echo oops >&2; exit 3"],
            environment: [
                "X": "y", "PATH": "/usr/bin:/bin",
            ], input: "in ")
        #expect(end == .exited(3))
        #expect(output == "in y\n")
        #expect(errors == "oops\n")
    }

    @Test func `a child that runs on is a fault, and dies with its value`() throws {
        var child: ChildProcess? = try ChildProcess("sleep", ["60"])
        let pid = try #require(child?.pid)
        #expect(throws: TestSupportError.self) { try child?.wait(seconds: 0.05) }
        #expect(kill(pid, 0) == 0)
        child = nil
        #expect(kill(pid, 0) != 0)
    }

    @Test func `output is waited for, but not beyond the end`() throws {
        let child = try ChildProcess("sh", ["-c", "sleep 0.2; echo ready; exec sleep 60"])
        try child.waitForOutput("ready")
        child.signal(SIGTERM)
        #expect(try child.wait() == .killed(signal: SIGTERM))
        #expect(throws: TestSupportError.self) {
            try child.waitForOutput("never")
        }
    }

    @Test func `a recorder keeps every request byte for byte`() throws {
        let recorder = try RecorderUpstream { request in
            request.requestLine.contains("/chunked")
                ? .bytes(
                    Array(
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
                            .utf8))
                : .response(201, "made", fields: ["X-A: 1", "x-a: 2"])
        }
        let client = try RawClient(port: recorder.port)
        let first = "POST /a HTTP/1.1\r\nhost: h\r\nContent-Length: 3\r\n\r\nabc"
        let second =
            "POST /chunked HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
        try client.send(first + second)
        let made = try client.readResponse()
        #expect(made.status == 201)
        #expect(made.text == "made")
        #expect(made.all("X-a") == ["1", "2"])
        #expect(made.only("X-a") == nil)
        #expect(try client.readResponse().text == "hi")
        let requests = try recorder.waitForRequests(2)
        #expect(requests.map(\.bytes) == [Array(first.utf8), Array(second.utf8)])
        #expect(requests[0].all("Host") == ["h"])
        #expect(recorder.connectionCount == 1)
        try client.send("GET /partial HTTP/1.1\r\n")
        try eventually("leftover") { !recorder.leftover(connection: 0).isEmpty }
        recorder.stop()
        #expect(try client.isClosed())
    }

    @Test func `silence, resets and early ends are told apart`() throws {
        let recorder = try RecorderUpstream { request in
            switch request.requestLine {
            case "GET /silent HTTP/1.1": .silence
            case "GET /reset HTTP/1.1": .reset
            default: .bytesThenClose(Array("HTTP/1.1 200 OK\r\n\r\nto the end".utf8))
            }
        }
        let silent = try RawClient(port: recorder.port)
        try silent.send("GET /silent HTTP/1.1\r\n\r\n")
        _ = try recorder.waitForRequests(1)
        #expect(silent.isSilent(seconds: 0.05))
        let ended = try RawClient(port: recorder.port)
        try ended.send("GET /end HTTP/1.1\r\n\r\n")
        #expect(try ended.readResponse().text == "to the end")
        let reset = try RawClient(port: recorder.port)
        try reset.send("GET /reset HTTP/1.1\r\n\r\n")
        #expect(throws: TestSupportError.self) { try reset.read(1) }
    }

    @Test func `temporary folders go with their value`() throws {
        var folder: TemporaryFolder? = try TemporaryFolder()
        let file = try #require(try folder?.write("x", to: "a/b.txt"))
        #expect(FileManager.default.fileExists(atPath: file))
        folder = nil
        #expect(!FileManager.default.fileExists(atPath: file))
    }

    @Test func `built programs are found beside the tests`() throws {
        let path = try BuiltProducts.path("ringfence-gateway")
        #expect(path.hasSuffix("/ringfence-gateway"))
        #expect(throws: TestSupportError.productMissing("no-such-program")) {
            try BuiltProducts.path("no-such-program")
        }
    }
}
