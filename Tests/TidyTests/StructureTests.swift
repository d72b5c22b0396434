import Foundation
import Testing

/// What the compiler cannot check: docs/architecture.md holds the picture these rules keep true.
@Suite struct `The structure of the sources` {
    /// Which of our modules each target may import: the arrows of the picture, only downward.
    static let arrows: [String: Set<String>] = [
        "Release": [],
        "HTTP1": [],
        "JSON": ["HTTP1"],
        "Policy": ["HTTP1", "JSON"],
        "Telemetry": ["HTTP1"],
        "Reactor": ["CLinux", "HTTP1"],
        "TLS": ["COpenSSL", "HTTP1"],
        "Tokens": ["COpenSSL", "CJWT", "HTTP1", "JSON", "Policy"],
        "Postgres": ["CPostgres"],
        "YAML": ["CYAML", "Policy"],
        "Compression": ["CZlib", "HTTP1"],
        "LocalPostgres": [],
        "HTTPTransport": ["HTTP1", "Reactor", "TLS"],
        "Gateway": [
            "Release", "HTTP1", "JSON", "Policy", "Telemetry", "Reactor", "TLS", "Tokens", "YAML",
            "Compression", "HTTPTransport",
        ],
        "Backend": [
            "Release", "HTTP1", "JSON", "Policy", "Telemetry", "Reactor", "TLS", "Tokens", "YAML",
            "Postgres", "HTTPTransport", "Verification",
        ],
        "Verification": ["CPostgres", "JSON", "Policy", "Release", "Tokens", "YAML"],
        "Attack": [
            "Release", "HTTP1", "JSON", "Reactor", "TLS", "Tokens", "HTTPTransport",
        ],
        "AttackMain": ["Attack"],
        "Bench": ["CPostgres", "LocalPostgres", "Backend", "Postgres"],
        "BenchDirectory": ["Policy", "Reactor"],
        "CleaningBench": ["HTTP1", "JSON", "Policy"],
        "GatewayMain": ["Gateway"],
        "BackendMain": ["Backend"],
        "Command": ["Release", "LocalPostgres", "ArgumentParser"],
    ]
    /// Modules of the system; pure targets get none of them.
    static let system: Set<String> = ["Glibc", "Synchronization", "Foundation"]
    static let pure: Set<String> = ["Release", "HTTP1", "JSON", "Policy"]
    static let withFoundation: Set<String> = ["Command", "LocalPostgres"]

    static func imports(of source: Repository.Source) -> [String] {
        source.lines.compactMap { line in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import"), place + 1 < words.count,
                words[..<place].allSatisfy({
                    $0.hasPrefix("@") || ["public", "internal", "package", "private"].contains($0)
                })
            else { return nil }
            let kinds = ["struct", "class", "enum", "func", "var", "typealias", "protocol"]
            let skip = kinds.contains(String(words[place + 1])) ? 2 : 1
            guard place + skip < words.count else { return nil }
            return String(words[place + skip].prefix { $0 != "." })
        }
    }

    @Test func `imports point down only`() throws {
        for source in try Repository.files(in: "Sources") {
            let allowed = try #require(Self.arrows[source.target], "unknown target \(source.path)")
            for module in Self.imports(of: source) where !Self.system.contains(module) {
                #expect(allowed.contains(module), "\(source.path) imports \(module)")
            }
        }
    }

    @Test func `pure targets import nothing of the system`() throws {
        for source in try Repository.files(in: "Sources") where Self.pure.contains(source.target) {
            let found = Self.imports(of: source).filter(Self.system.contains)
            #expect(found == [], "\(source.path)")
        }
    }

    @Test func `Foundation stays out of everything that carries traffic`() throws {
        for source in try Repository.files(in: "Sources")
        where !Self.withFoundation.contains(source.target) {
            #expect(!Self.imports(of: source).contains("Foundation"), "\(source.path)")
        }
    }

    @Test func `pure targets use no unsafe code`() throws {
        let exempt = "Sources/HTTP1/ByteBuffer.swift"
        for source in try Repository.files(in: "Sources")
        where (Self.pure.contains(source.target) || source.target == "Telemetry")
            && source.path != exempt
        {
            for (number, line) in source.lines.enumerated() where !line.contains("//") {
                let words = line.split { !$0.isLetter && $0 != "@" && $0 != "_" }
                let bad = words.contains { $0 == "unsafe" || $0.hasPrefix("Unsafe") }
                #expect(!bad, "\(source.path):\(number + 1)")
            }
        }
    }

    @Test func `traffic runs without actors, tasks and dispatch queues`() throws {
        for source in try Repository.files(in: "Sources")
        where !Self.withFoundation.contains(source.target) {
            for (number, line) in source.lines.enumerated() {
                let code = line.prefix(upTo: line.range(of: "//")?.lowerBound ?? line.endIndex)
                let words = code.split { !$0.isLetter }.map(String.init)
                var bad = Set(words).intersection(["await", "async", "Dispatch", "Task"])
                // Columns and parameters have that name too.
                if code.contains(#/(^|\s)actor [A-Z]/#) { bad.insert("actor") }
                #expect(bad.isEmpty, "\(source.path):\(number + 1)")
            }
        }
    }

    @Test func `only the owner's scripts leave the extended protocol`() throws {
        // Where one text may hold several statements, an injected one can end the transaction.
        let simple = ["PQexec(", "PQsendQuery(", "PQexecParams(", "PQfn("]
        for source in try Repository.files(in: "Sources") where source.target == "Postgres" {
            for name in simple where source.text.contains(name) {
                let isScript = source.path.hasSuffix("Wire.swift") && name == "PQsendQuery("
                #expect(isScript, "\(source.path): \(name)")
            }
            let callers = ["Sources/Postgres/OwnerSession.swift", "Sources/Postgres/Wire.swift"]
            if source.text.contains("queueScript") { #expect(callers.contains(source.path)) }
            let owners = [
                "Sources/Postgres/OwnerSession.swift", "Sources/Postgres/Migration.swift",
            ]
            let isRuntime = !owners.contains(source.path) && !source.path.contains("/Guard/")
            #expect(!isRuntime || !source.text.contains("OwnerSession("), "\(source.path)")
        }
        let owner = try Repository.files(in: "Sources/Postgres").filter {
            $0.text.contains("queueScript")
        }
        #expect(owner.count == 2, "this test looks at the right names")
    }

    @Test func `no line is longer than 100 columns`() throws {
        let trees = ["Sources", "Tests"]
        for source in try trees.flatMap({ try Repository.files(in: $0, endings: [".swift", ".h"]) })
        {
            for (number, line) in source.lines.enumerated() {
                #expect(line.count <= 100, "\(source.path):\(number + 1)")
            }
        }
    }

    @Test func `every source file belongs to a target of the package`() throws {
        let manifest = try String(
            contentsOf: Repository.root.appending(path: "Package.swift"), encoding: .utf8)
        for source in try Repository.files(in: "Sources") {
            #expect(manifest.contains("\"\(source.target)\""), "\(source.path)")
        }
    }

    @Test func `tests do not sleep for luck`() throws {
        for source in try Repository.files(in: "Tests") where source.target != "TidyTests" {
            for (number, line) in source.lines.enumerated() {
                let bad = ["Thread.sleep", "Task.sleep"].contains { line.contains($0) }
                #expect(!bad, "\(source.path):\(number + 1)")
            }
        }
    }
}

@Suite struct `The built programs` {
    @Test(arguments: ["libFoundation", "libpq.", "libpq5", "lib_FoundationICU"])
    func `the gateway does not link`(_ library: String) throws {
        let program = Repository.products.appending(path: "ringfence-gateway").path
        let (status, output) = try Repository.run("readelf", ["-d", program])
        #expect(status == 0, "\(output)")
        #expect(output.contains("libssl"), "the gateway links OpenSSL; is this the right file?")
        #expect(!output.contains(library))
    }

    @Test func `the command line links neither OpenSSL nor libpq`() throws {
        let program = Repository.products.appending(path: "ringfence").path
        let (status, output) = try Repository.run("readelf", ["-d", program])
        #expect(status == 0, "\(output)")
        #expect(!output.contains("libssl") && !output.contains("libpq"))
    }
}
