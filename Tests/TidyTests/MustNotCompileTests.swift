import Foundation
import Testing

/// The isolation promises that are proven by the compiler: each snippet in `MustNotCompile/` must
/// be rejected, with the diagnostic its first line expects. `control-*.swift` must compile, so that
/// a broken search path cannot make every rejection look right.
@Suite struct `Snippets that must not compile` {
    static let folder = Repository.root.appending(path: "Tests/TidyTests/MustNotCompile")

    static let snippets: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
        .filter { $0.hasSuffix(".swift") }.sorted()

    /// Compiles one snippet against the modules of this build, up to machine code: ownership
    /// errors appear after type checking.
    static func compile(_ path: URL) throws -> (status: Int32, output: String) {
        let sources = Repository.root.appending(path: "Sources")
        let maps = ["CLinux", "COpenSSL", "CJWT", "CPostgres", "CYAML", "CZlib"].flatMap {
            ["-Xcc", "-fmodule-map-file=\(sources.appending(path: "\($0)/module.modulemap").path)"]
        }
        let postgres = try Repository.run("pkg-config", ["--cflags-only-I", "libpq"]).output
            .split(separator: " ").flatMap { ["-Xcc", $0.trimmingCharacters(in: .newlines)] }
        let modules = Repository.products.appending(path: "Modules").path
        return try Repository.run(
            "swiftc",
            [
                "-swift-version", "6", "-strict-memory-safety", "-parse-as-library",
                "-enable-upcoming-feature", "MemberImportVisibility",
                "-enable-experimental-feature", "Lifetimes", "-package-name", "ringfence",
                "-I", modules, "-emit-object", "-o", "/dev/null",
            ] + maps + postgres + [path.path])
    }

    @Test func `there are snippets to reject`() {
        #expect(Self.snippets.contains { $0.hasPrefix("control-") })
        #expect(Self.snippets.filter { !$0.hasPrefix("control-") }.count >= 7)
    }

    @Test(arguments: snippets) func `the compiler decides as expected`(_ name: String) throws {
        let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
        let result = try Self.compile(Self.folder.appending(path: name))
        if name.hasPrefix("control-") {
            #expect(result.status == 0, "\(result.output)")
            return
        }
        let first = try #require(text.split(separator: "\n").first)
        let expected = try #require(first.split(separator: ": ", maxSplits: 1).last)
        #expect(first.hasPrefix("// expect: "))
        #expect(result.status != 0, "\(name) compiles")
        #expect(result.output.contains(expected), "\(result.output)")
    }

    @Test func `the example of the library compiles, and promises what is built`() throws {
        let example = Repository.root.appending(path: "docs/examples/scoped-service")
        let source = example.appending(path: "Sources/scoped-service/Service.swift")
        let result = try Self.compile(source)
        #expect(result.status == 0 && !result.output.contains("warning:"), "\(result.output)")
        let manifest = try String(
            contentsOf: example.appending(path: "Package.swift"), encoding: .utf8)
        let product = #".product(name: "RingfencePostgres", package: "ringfence")"#
        #expect(manifest.contains(product))
    }
}
