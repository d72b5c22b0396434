import Foundation
import Postgres
import TestSupport
import Testing

/// `docs/examples/scoped-service`, built against this build of the library and run.
@Suite(.timeLimit(.minutes(30))) struct `The example service` {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Compiles the example's one file and links it with the library's objects and libpq alone: it
    /// would not link if the library needed any other target.
    private func build(into folder: String) throws -> String {
        let products = URL(filePath: try BuiltProducts.path("ringfence-gateway"))
            .deletingLastPathComponent()
        let objects = products.appending(path: "Postgres.build").path
        let names = try FileManager.default.contentsOfDirectory(atPath: objects)
            .filter { $0.hasSuffix(".o") }.map { "\(objects)/\($0)" }
        let headers = try ChildProcess.run("pkg-config", ["--cflags-only-I", "libpq"])
            .output
            .split(whereSeparator: \.isWhitespace).flatMap { ["-Xcc", String($0)] }
        let map = Self.root.appending(path: "Sources/CPostgres/module.modulemap").path
        let source = "docs/examples/scoped-service/Sources/scoped-service/Service.swift"
        let program = folder + "/scoped-service"
        let result = try ChildProcess.run(
            "swiftc",
            [
                "-swift-version", "6", "-strict-memory-safety", "-parse-as-library",
                "-module-name", "scoped_service", "-I", products.appending(path: "Modules").path,
                "-Xcc", "-fmodule-map-file=\(map)", "-o", program,
                Self.root.appending(path: source).path,
            ] + headers + names + ["-lpq"])
        try #require(result.end == .exited(0), "\(result.errorOutput)")
        return program
    }

    @Test func `it prints the rows of the seal's tenant and of no other`() throws {
        let folder = try TemporaryFolder()
        let program = try build(into: folder.path)
        let fixture = try GuardedFixture(.sealed)
        var connection = try fixture.connect()
        try connection.insert(7, "of acme", for: fixture.acme())
        try connection.insert(8, "of globex", for: fixture.globex())
        var environment = ProcessInfo.processInfo.environment
        environment["SERVICE_DSN"] = fixture.database.runtimeURL
        func run(_ query: String, _ seal: String) throws -> (ChildProcess.End, String, String) {
            let child = try ChildProcess(program, [query, seal], environment: environment)
            let end = try child.wait()
            return (end, child.output, child.errorOutput)
        }
        let acme = try fixture.sealText("t", Fixture.acme.text)
        for query in ["items", "recent"] {
            let (end, output, _) = try run(query, acme)
            #expect(end == .exited(0))
            #expect(output == "7\tof acme\n")
        }
        let forged = acme.replacing(Fixture.acme.text, with: Fixture.globex.text)
        let (end, output, words) = try run("items", forged)
        #expect(end == .exited(77) && output == "")
        #expect(!words.contains(Fixture.globex.text))
        #expect(try run("items", Fixture.globex.text).0 == .exited(65))
        #expect(try run("orders", acme).0 == .exited(64))
    }
}
