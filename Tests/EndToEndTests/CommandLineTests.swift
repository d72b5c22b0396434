import Foundation
import TestSupport
import Testing

/// The three programs as one types them.
@Suite struct `The command line` {
    static func run(
        _ words: String, in folder: String? = nil
    ) throws -> (end: ChildProcess.End, output: String, errorOutput: String) {
        let parts = words.split(separator: " ").map(String.init)
        return try ChildProcess.run(
            try BuiltProducts.path(parts[0]), Array(parts.dropFirst()), folder: folder)
    }

    @Test(arguments: [
        "ringfence --help", "ringfence dev --help", "ringfence check --help",
        "ringfence gateway run --help", "ringfence token mint --help", "ringfence db --help",
        "ringfence db migrate --help", "ringfence-gateway --help", "ringfence-gateway check -h",
        "ringfence-gateway key create --help", "ringfence-backend --help",
        "ringfence-backend run --help", "ringfence-attack --help", "ringfence attack --help",
    ])
    func `every command explains itself`(_ words: String) throws {
        let result = try Self.run(words)
        #expect(result.end == .exited(0))
        #expect(result.output.lowercased().contains("usage: "))
        #expect(result.errorOutput == "")
    }

    @Test(arguments: [
        "ringfence frobnicate", "ringfence-gateway", "ringfence-gateway frobnicate",
        "ringfence-gateway run --nope", "ringfence-gateway token", "ringfence-gateway token mint",
        "ringfence-gateway certificate create --hosts a",
        "ringfence-backend frobnicate", "ringfence-backend run --config",
        "ringfence-backend db drop", "ringfence-attack", "ringfence attack --target x",
    ])
    func `what makes no sense is misuse, said on stderr`(_ words: String) throws {
        let result = try Self.run(words)
        #expect(result.end == .exited(64))
        #expect(result.output == "")
        #expect(result.errorOutput != "")
    }

    @Test func `check tells errors, warnings and nothing apart`() throws {
        let files = try TemporaryFolder()
        let policy = """
            version: 1
            listen: {public: {address: "127.0.0.1:0"}}
            upstreams: {api: {targets: ["http://127.0.0.1:8080"]}}
            routes:
              - name: open
                match: {path: /open, methods: [GET]}
                auth: none
                reason: a test
                upstream: api

            """
        let path = files.path + "/gateway.yaml"
        try policy.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try Self.run("ringfence check \(files.path) --strict").end == .exited(0))

        let warned = policy.replacingOccurrences(of: "path: /open", with: "path: /**")
        try warned.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try Self.run("ringfence check \(files.path)").end == .exited(0))
        #expect(try Self.run("ringfence check \(files.path) --strict").end == .exited(3))

        let wrong = policy.replacingOccurrences(of: "upstream: api", with: "upstraem: api")
        try wrong.write(toFile: path, atomically: true, encoding: .utf8)
        let result = try Self.run("ringfence check \(files.path) --no-color")
        #expect(result.end == .exited(2))
        #expect(result.errorOutput.contains("\(path):9:5"))
        #expect(result.errorOutput.contains("did you mean `upstream`?"))

        let machine = try Self.run("ringfence check \(files.path) --json")
        #expect(machine.end == .exited(2))
        let value = try JSONSerialization.jsonObject(with: Data(machine.output.utf8))
        #expect(value is [String: Any])

        #expect(try Self.run("ringfence check \(files.path)/missing").end == .exited(2))
    }

    @Test(arguments: ["E1204", "W2013", "rate.limited", "token.invalid"])
    func `help explains a code`(_ code: String) throws {
        let result = try Self.run("ringfence help \(code)")
        #expect(result.end == .exited(0))
        #expect(result.output.contains(code))
    }
}
