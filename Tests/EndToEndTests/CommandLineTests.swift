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

    @Test(arguments: [
        "ringfence-gateway schema gateway", "ringfence-gateway --help", "ringfence-backend --help",
        "ringfence-attack --help", "ringfence version", "ringfence man",
        "ringfence completion bash", "ringfence check --help",
    ])
    func `an output that is not there is a failure, a reader that has gone is none`(
        _ words: String
    ) throws {
        let program = words.split(separator: " ").map(String.init)
        let command = ([try BuiltProducts.path(program[0])] + program.dropFirst())
            .joined(separator: " ")
        for place in [">/dev/full", ">&-"] {
            let lost = try ChildProcess.run("sh", ["-c", "\(command) \(place)"])
            #expect(lost.end == .exited(1), "\(place) \(lost.errorOutput)")
            #expect(lost.errorOutput.contains("cannot write standard output: "))
        }
        // The reader has gone before the first byte: it is the program's status that is printed.
        let gone = try ChildProcess.run(
            "bash", ["-c", "(sleep 0.1; \(command); echo $? >&2) | true"])
        #expect(gone.errorOutput == "0\n")
    }

    @Test func `descriptors that were closed are nobody else's`() throws {
        let program = try BuiltProducts.path("ringfence-gateway")
        let all = try ChildProcess.run("sh", ["-c", "\(program) schema test <&- 2>&-"])
        #expect(all.end == .exited(0) && all.output.hasPrefix("{"))
        let none = try ChildProcess.run("sh", ["-c", "\(program) test nowhere <&- >&- 2>&-"])
        #expect(none.end == .exited(2))
    }

    @Test func `a private key is replaced only when that is said`() throws {
        let files = try TemporaryFolder()
        func key(_ more: String) throws -> ChildProcess.End {
            try Self.run(
                "ringfence-gateway key create --algorithm ES256 --private k.pem \(more)",
                in: files.path
            ).end
        }
        func certificate(_ more: String) throws -> ChildProcess.End {
            try Self.run(
                "ringfence-gateway certificate create --hosts a.test --certificate c.pem \(more)",
                in: files.path
            ).end
        }
        func content(_ name: String) throws -> String {
            try String(contentsOfFile: files.path + "/" + name, encoding: .utf8)
        }
        #expect(try key("--public p.pem") == .exited(0))
        let first = try content("k.pem")
        #expect(try key("--public p.pem") == .exited(1))
        #expect(try certificate("--key k.pem") == .exited(1))
        #expect(try content("k.pem") == first)
        #expect(try key("--public ./k.pem --force") == .exited(64))
        #expect(try certificate("--key c.pem") == .exited(64))
        #expect(try content("k.pem") == first)
        #expect(try key("--public p.pem --force") == .exited(0))
        #expect(try content("k.pem") != first)
        #expect(try certificate("--key c.key") == .exited(0))
        #expect(try certificate("--key c.key --force") == .exited(0))
    }

    @Test(arguments: [
        ("token inspect --token-file nothing", 2, "cannot read `nothing`: no such file"),
        ("token inspect --token-file .", 2, "cannot read `.`: it is a folder"),
        ("token inspect --token-file empty", 2, "`empty` is empty"),
        (
            "token mint --key nothing --algorithm HS256 --claims {}", 2,
            "cannot read `nothing`: no such file"
        ),
        ("tenant list --url https://a.test --vendor-key-file nothing", 2, "cannot read `nothing`"),
        (
            "tenant list --url https://127.0.0.1:1 --vendor-key-file key --ca nothing", 2,
            "cannot read `nothing`"
        ),
        (
            "tenant list --url https://127.0.0.1:1 --vendor-key-file key --ca key", 2,
            "`key` holds no certificates"
        ),
        (
            "tenant list --url https://nowhere.invalid --vendor-key-file key", 4,
            "`nowhere.invalid` cannot be resolved"
        ),
        ("status --config nothing", 2, "cannot read `nothing/gateway.yaml`: no such file"),
        ("test nothing", 2, "cannot read `nothing`: no such file"),
        ("backend", 64, "a command is missing"), ("gateway", 64, "a command is missing"),
        ("db verify --login-file empty", 2, "`empty` is empty"),
        ("db protect --owner-file empty t", 2, "`empty` is empty"),
    ])
    func `what cannot be read is said so, alike everywhere`(
        _ words: String, _ status: Int32, _ says: String
    ) throws {
        let files = try TemporaryFolder()
        try files.write("\n", to: "empty")
        try files.write("secret\n", to: "key")
        let result = try Self.run("ringfence " + words, in: files.path)
        #expect(result.end == .exited(status))
        #expect(result.errorOutput.contains(says), "\(result.errorOutput)")
        #expect(!result.errorOutput.contains("usage:"))
    }

    /// A help that lacks an option hides it from the manual and the shell, too.
    @Test(arguments: ["ringfence-gateway", "ringfence-backend"])
    func `the manual has every option of the siblings`(_ sibling: String) throws {
        let usage = try Self.run("\(sibling) --help").output
        let manual = try Self.run("ringfence man").output.replacing("\\-", with: "-")
        let options = Set(usage.matches(of: /--[a-z][a-z-]*/).map { String($0.output) })
        #expect(options.count > 10)
        #expect(options.filter { !manual.contains($0) } == [])
        for command in ["seal-key create", "evidence keygen", "gateway drain", "key revoke"] {
            #expect(manual.contains(command), "\(command)")
        }
    }

    @Test(arguments: [
        ("db verify", "Prove as the deployed login"), ("check", "Check policy files"),
        ("gateway run", "Serve until SIGTERM"), ("tenant domain", "domain"),
        ("db seal-key create", "Make a key for the gateway"), ("explain", "--key-file"),
    ])
    func `help about a command says what it is for`(_ words: String, _ says: String) throws {
        let asked = try Self.run("ringfence \(words) --help")
        #expect(asked.output.contains(says) && asked.output.contains("USAGE: ringfence"))
        #expect(try Self.run("ringfence help \(words)").output == asked.output)
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
