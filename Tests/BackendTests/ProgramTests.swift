import Foundation
import TestSupport
import Testing

@Suite struct `The program` {
    @Test func `says which database is out of reach, and never the password`() throws {
        let bench = try Bench()
        let url = "postgresql://runtime:hush-hush@/db?host=/nonexistent"
        try RunningBackend.writePolicy(to: bench.folder, owner: url, runtime: url)
        for words in [["db", "posture"], ["db", "migrate"]] {
            let result = try RunningBackend.run(words + ["--config", bench.config])
            #expect(result.end == .exited(4), "\(result.errorOutput)")
            #expect(!(result.output + result.errorOutput).contains("hush"))
        }
    }

    @Test func `refuses a policy with a diagnostic`() throws {
        let bench = try Bench()
        try bench.folder.write("version: 1\nlisten: {}\n", to: "backend.yaml")
        let result = try bench.run("run")
        #expect(result.end == .exited(2))
        #expect(result.errorOutput.contains("error[E"))
        #expect(result.errorOutput.contains("backend.yaml:2:"))
    }

    @Test func `refuses a key that is too short or missing`() throws {
        let bench = try Bench()
        try bench.migrate()
        try bench.folder.write("short\n", to: "assertion.key")
        let short = try bench.run("run")
        #expect(short.end == .exited(2))
        #expect(short.errorOutput.contains("`assertion.key` cannot be used"))
        try FileManager.default.removeItem(atPath: bench.folder.path + "/assertion.key")
        let missing = try bench.run("run")
        #expect(missing.end == .exited(2))
        #expect(missing.errorOutput.contains("it does not exist"), "\(missing.errorOutput)")
    }

    @Test func `says that its port is in use`() throws {
        let bench = try Bench()
        try bench.migrate()
        let running = try RunningBackend.shared()
        let config = try RunningBackend.writePolicy(
            to: bench.folder, owner: bench.database.ownerURL, runtime: bench.database.runtimeURL,
            api: "127.0.0.1:\(running.apiPort)", context: "sealed")
        let announcement = bench.folder.path + "/announcement"
        let result = try RunningBackend.run(
            ["run", "--config", config, "--announce", announcement])
        #expect(result.end == .exited(1))
        #expect(
            result.errorOutput.contains("cannot listen on `127.0.0.1:\(running.apiPort)`"),
            "\(result.errorOutput)")
        #expect(!FileManager.default.fileExists(atPath: announcement))
    }

    @Test func `takes a folder for its configuration`() throws {
        let bench = try Bench()
        let result = try RunningBackend.run(["db", "migrate", "--config", bench.folder.path])
        #expect(result.end == .exited(0), "\(result.errorOutput)")
    }

    @Test(arguments: [
        [], ["frob"], ["db"], ["db", "drop"], ["run", "--port", "1"], ["run", "--config"],
        ["run", "--config", "a", "--config", "b"], ["version", "--xml"],
    ])
    func `refuses words it does not know`(_ words: [String]) throws {
        let result = try RunningBackend.run(words)
        #expect(result.end == .exited(64))
        // Short, so that what is wrong is not scrolled away.
        #expect(result.errorOutput.hasPrefix("error: "))
        #expect(result.errorOutput.hasSuffix("`ringfence-backend --help` shows the commands\n"))
    }

    @Test func `tells its version and serves no other build`() throws {
        let plain = try RunningBackend.run(["version"])
        #expect(plain.output.hasPrefix("ringfence-backend "))
        let json = try RunningBackend.run(["version", "--json"])
        #expect(json.output.hasPrefix(#"{"program":"ringfence-backend","version":""#))
        let other = try RunningBackend.run(
            ["version"], environment: ["RINGFENCE_EXPECT_VERSION": "99.0.0", "PATH": "/usr/bin"])
        #expect(other.end == .exited(70))
        #expect(other.errorOutput.contains("99.0.0"))
        let help = try RunningBackend.run(["--help"])
        #expect(help.end == .exited(0))
        #expect(help.output.contains("db migrate"))
    }
}
