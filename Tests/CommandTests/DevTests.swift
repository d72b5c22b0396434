import Foundation
import TestSupport
import Testing

/// `ringfence dev` with a stand-in for the gateway: what it does when things go well and wrong.
@Suite struct `The playground's life` {
    static let words = ["dev", "--upstream", "http://127.0.0.1:9", "--port", "0"]
    static let ready = ".ringfence/dev.env"

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func `asked to stop it stops its parts and forgets its keys`(_ signal: Int32) throws {
        let stage = try Stage()
        try stage.addSteadyGateway()
        let process = try stage.start(Self.words)
        try stage.waitForFile(Self.ready, of: process)
        #expect(stage.read(".ringfence/keys/issuer.key") == "made\n")
        process.signal(signal)
        #expect(try process.wait() == .exited(0))
        #expect(stage.read("stopped") == "asked\n")
        #expect(stage.read(Self.ready) == nil)
        #expect(stage.read(".ringfence/keys/issuer.key") == nil)
        #expect(stage.read(".ringfence/certificate.pem") == "made\n")
    }

    @Test func `with --keep the keys stay`() throws {
        let stage = try Stage()
        try stage.addSteadyGateway()
        for _ in 0..<2 {
            let process = try stage.start(Self.words + ["--keep"])
            try stage.waitForFile(Self.ready, of: process)
            process.signal(SIGTERM)
            #expect(try process.wait() == .exited(0))
            #expect(stage.read(".ringfence/keys/issuer.key") == "made\n")
            // Were it made again, the second run would write over this.
            try stage.files.write("made\n", to: "place/.ringfence/keys/issuer.key")
        }
    }

    @Test func `a second one in the same folder is refused while the first runs`() throws {
        let stage = try Stage()
        try stage.addSteadyGateway()
        let process = try stage.start(Self.words)
        try stage.waitForFile(Self.ready, of: process)
        let second = try stage.run(Self.words)
        #expect(second.end == .exited(1))
        #expect(second.errors.contains("already runs here (process \(process.pid) "))
        #expect(stage.read(Self.ready) != nil)
        process.signal(SIGKILL)
        try process.wait()
        let third = try stage.start(Self.words)
        try stage.waitForFile(".ringfence/logs/gateway.log", of: third)
        try eventually("ready again") {
            (stage.read(".ringfence/lock") ?? "") == "\(third.pid)\n"
                && stage.read(Self.ready) != nil
        }
        third.signal(SIGTERM)
        #expect(try third.wait() == .exited(0))
    }

    @Test func `a part that ends takes the rest with it, and its last words are shown`() throws {
        let stage = try Stage()
        try stage.addGateway(
            running: """
                announce
                while [ ! -e fail ]; do sleep 0.05; done
                echo "something broke" >&2; exit 3
                """)
        let process = try stage.start(Self.words)
        try stage.waitForFile(Self.ready, of: process)
        try stage.files.write("", to: "place/fail")
        #expect(try process.wait() == .exited(1))
        #expect(
            process.errorOutput.contains(
                "ringfence-gateway ended with code 3; the end of what it said:\nsomething broke"))
        #expect(stage.read(Self.ready) == nil)
    }

    @Test func `a gateway that does not start is shown with its words`() throws {
        let stage = try Stage()
        try stage.addGateway(running: #"echo "error[E1204]: unknown key" >&2; exit 2"#)
        let result = try stage.run(Self.words)
        #expect(result.end == .exited(1))
        #expect(result.errors.contains("ended with code 2; the end of what it said:\nerror[E1204]"))
        #expect(result.output == "")
    }

    @Test func `a sibling of another build ends it with 70`() throws {
        let stage = try Stage()
        try stage.add("echo 'this is 0.0.0' >&2; exit 70", as: "bin/ringfence-gateway")
        let result = try stage.run(Self.words)
        #expect(result.end == .exited(70))
        #expect(result.errors.contains("this is 0.0.0"))
    }

    @Test func `without siblings it says which is missing`() throws {
        let stage = try Stage()
        let result = try stage.run(Self.words)
        #expect(result.end == .exited(70))
        #expect(result.errors.contains("`ringfence-gateway` is neither in "))
    }

    @Test func `asked to stop while starting it stops at once`() throws {
        let stage = try Stage()
        try stage.addGateway(
            running: "trap 'echo asked >stopped; exit 0' TERM; hold")
        let process = try stage.start(Self.words)
        try stage.waitForFile(".ringfence/logs/gateway.log", of: process)
        process.signal(SIGINT)
        #expect(try process.wait() == .exited(0))
        #expect(stage.read(Self.ready) == nil)
    }

    @Test func `a part that does not stop is made to by a second request`() throws {
        let stage = try Stage()
        try stage.addGateway(
            running: """
                trap 'echo asked >stopped' TERM
                announce
                hold
                """)
        let process = try stage.start(Self.words)
        try stage.waitForFile(Self.ready, of: process)
        process.signal(SIGINT)
        try stage.waitForFile("stopped", of: process)
        process.signal(SIGINT)
        // Without it the part has longer than this.
        #expect(try process.wait(seconds: 20) == .exited(0))
        #expect(process.errorOutput.contains("stopping at once"))
    }

    @Test func `a port that is asked for and taken is refused`() throws {
        let stage = try Stage()
        try stage.addSteadyGateway()
        let taken = try RecorderUpstream { _ in .response() }
        defer { taken.stop() }
        let result = try stage.run(
            ["dev", "--upstream", "http://127.0.0.1:9", "--port", "\(taken.port)"])
        #expect(result.end == .exited(1))
        #expect(result.errors.contains("port \(taken.port) of 127.0.0.1 is taken"))
    }

    @Test func `what scripts read has no colour and every name`() throws {
        let stage = try Stage()
        try stage.addSteadyGateway()
        let process = try stage.start(Self.words)
        try process.waitForOutput("^C stops everything")
        #expect(!process.output.contains("\u{1B}"))
        #expect(
            stage.read(Self.ready)?.split(separator: "\n").map { $0.prefix { $0 != "=" } } == [
                "RINGFENCE_URL", "RINGFENCE_HEALTH_URL", "RINGFENCE_BACKEND_URL", "RINGFENCE_CA",
                "RINGFENCE_DATABASE_URL", "TOKEN_ACME", "TOKEN_GLOBEX", "TOKEN_INITECH",
                "TOKEN_UMBRELLA", "VENDOR_KEY",
            ])
        #expect(stage.read(Self.ready)?.contains("RINGFENCE_URL=https://127.0.0.1:1\n") == true)
        process.signal(SIGTERM)
        #expect(try process.wait() == .exited(0))
    }
}
