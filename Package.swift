// swift-tools-version: 6.2
import PackageDescription

// Warnings are errors where the build is judged (CI sets this); a newer compiler's new warning
// must not stop a user from building.
let strict = Context.environment["RINGFENCE_STRICT"] != nil
// Fuzz targets need the fuzzer runtime, so plain builds never see them (docs/fuzzing.md).
let fuzzing = Context.environment["RINGFENCE_FUZZ"] != nil

// Programs that only measure (bench/database, bench/cleaning).
let measuring = Context.environment["RINGFENCE_BENCH"] != nil

let languageSettings: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .strictMemorySafety(),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableExperimentalFeature("Lifetimes"),
    ] + (strict ? [.treatAllWarnings(as: .error)] : [])

let plainSettings =
    languageSettings
    + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

// Every target is instrumented, or the fuzzer would see nothing of what it runs.
let settings = plainSettings + (fuzzing ? [.unsafeFlags(["-sanitize=fuzzer", "-O"])] : [])

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

// What other packages can depend on: SwiftPM refuses unsafe flags in a dependency with a version.
func portable(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name, dependencies: dependencies,
        swiftSettings: languageSettings
            + (fuzzing ? [.unsafeFlags(["-sanitize=fuzzer", "-O"])] : []))
}

// What looks at bytes is optimised in debug builds too, with all checks on: vectors that are not
// specialised take a thousand times as long, and a body of 1 MB then takes longer than a test waits.
func scanner(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name, dependencies: dependencies,
        swiftSettings: settings + [.unsafeFlags(["-O"], .when(configuration: .debug))])
}

func program(_ name: String, path: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: "Sources/\(path)", swiftSettings: settings)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [],
    resources: [Resource] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, exclude: exclude, resources: resources,
        swiftSettings: settings)
}

// SwiftPM renames the `main` of an executable to `<name>_main` and points `main` there, so
// libFuzzer's own `main` is never linked. Ours takes its place under that name; only lld follows
// the two definitions, and only at fixed addresses.
func fuzzTarget(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies + ["CFuzzer"], path: "Tests/Fuzz/\(name)",
        swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])],
        linkerSettings: [
            .unsafeFlags([
                "-sanitize=fuzzer", "-use-ld=lld", "-Xclang-linker", "-no-pie", "-Xlinker",
                "--defsym", "-Xlinker", "\(name)_main=ringfence_fuzzer_main",
            ])
        ])
}

let package = Package(
    name: "ringfence",
    products: [
        .executable(name: "ringfence", targets: ["ringfence"]),
        .executable(name: "ringfence-gateway", targets: ["ringfence-gateway"]),
        .executable(name: "ringfence-backend", targets: ["ringfence-backend"]),
        // For other services: docs/typed-scope.md.
        .library(name: "RingfencePostgres", targets: ["Postgres"]),
        .executable(name: "ringfence-attack", targets: ["ringfence-attack"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        // C headers: macros and variadics as static inline functions; nothing else.
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CJWT", pkgConfig: "libjwt", providers: [.apt(["libjwt-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),

        // Pure: no I/O, no clock, no randomness.
        library("Release"),
        scanner("HTTP1"),
        scanner("JSON", ["HTTP1"]),
        scanner("Policy", ["HTTP1", "JSON"]),
        library("Telemetry", ["HTTP1"]),

        // Effects: each wraps exactly one foreign thing.
        library("Reactor", ["CLinux", "HTTP1"]),
        library("TLS", ["COpenSSL", "HTTP1"]),
        library("Tokens", ["COpenSSL", "CJWT", "HTTP1", "JSON", "Policy"]),
        portable("Postgres", ["CPostgres"]),
        library("YAML", ["CYAML", "Policy"]),
        library("Compression", ["CZlib", "HTTP1"]),
        // The PostgreSQL server of `ringfence dev` and of the tests, as a child process.
        library("LocalPostgres"),

        // Looks at any database as the deployed login does; never on the path of a request.
        library("Verification", ["CPostgres", "JSON", "Policy", "Release", "Tokens", "YAML"]),

        // Transport and programs.
        library("HTTPTransport", ["HTTP1", "Reactor", "TLS"]),
        library(
            "Gateway",
            [
                "Release", "HTTP1", "JSON", "Policy", "Telemetry", "Reactor", "TLS", "Tokens",
                "YAML", "Compression", "HTTPTransport",
            ]),
        library(
            "Backend",
            [
                "Release", "HTTP1", "JSON", "Policy", "Telemetry", "Reactor", "TLS", "Tokens",
                "YAML", "Postgres", "HTTPTransport", "Verification",
            ]),
        // Isolation conformance against any API; a program of its own, because nothing that forges
        // tokens belongs beside the traffic.
        library(
            "Attack",
            ["Release", "HTTP1", "JSON", "Reactor", "TLS", "Tokens", "HTTPTransport"]),
        program("ringfence-attack", path: "AttackMain", ["Attack"]),
        program("ringfence-gateway", path: "GatewayMain", ["Gateway"]),
        program("ringfence-backend", path: "BackendMain", ["Backend"]),
        program(
            "ringfence", path: "Command",
            [
                "Release", "LocalPostgres",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // Tests.
        .target(
            name: "TestSupport", dependencies: ["LocalPostgres"], path: "Tests/TestSupport",
            swiftSettings: settings),
        tests("HTTP1Tests", ["HTTP1"]),
        tests("JSONTests", ["JSON", "TestSupport"]),
        // Optimised in every build and never instrumented: they judge millions of requests, and a
        // fuzzer is to explore what they judge.
        .target(
            name: "NaiveReading", path: "Tests/NaiveReading",
            swiftSettings: plainSettings + [.unsafeFlags(["-O"])]),
        .target(
            name: "CleaningOracle", dependencies: ["HTTP1", "NaiveReading", "Policy"],
            path: "Tests/CleaningOracle",
            swiftSettings: plainSettings + [.unsafeFlags(["-O"])]),
        tests("PolicyTests", ["CleaningOracle", "HTTP1", "NaiveReading", "Policy", "TestSupport"]),
        tests("TelemetryTests", ["Telemetry", "HTTP1"]),
        tests("CompressionTests", ["Compression", "CZlib", "HTTP1"]),
        tests("YAMLTests", ["HTTP1", "YAML", "Policy", "TestSupport"], exclude: ["Golden"]),
        tests("ReactorTests", ["Reactor", "HTTP1", "TestSupport"]),
        tests("TLSTests", ["TLS", "HTTP1", "COpenSSL"]),
        tests(
            "TokensTests",
            ["Tokens", "Policy", "HTTP1", "JSON", "COpenSSL", "CJWT", "TestSupport"]),
        tests("PostgresTests", ["Postgres", "LocalPostgres", "TestSupport"]),
        // A deliberately vulnerable endpoint; here and in no product.
        tests("InjectionTests", ["Postgres", "TestSupport"]),
        tests(
            "VerificationTests",
            ["Backend", "LocalPostgres", "Policy", "TestSupport", "Verification", "YAML"]),
        tests("HTTPTransportTests", ["HTTPTransport", "HTTP1", "Reactor", "TestSupport", "TLS"]),
        tests(
            "GatewayTests",
            ["Gateway", "HTTP1", "JSON", "Policy", "Reactor", "TLS", "TestSupport", "Tokens"]),
        tests(
            "BackendTests",
            [
                "Backend", "HTTP1", "HTTPTransport", "Policy", "Postgres", "Reactor", "TestSupport",
                "Tokens", "Verification",
            ]),
        tests("AttackTests", ["Attack", "HTTP1", "Tokens"]),
        tests("CommandTests", ["ringfence", "Policy", "TLS", "YAML", "Release", "TestSupport"]),
        tests("ConformanceTests", ["HTTP1", "TLS", "TestSupport"]),
        tests(
            "EndToEndTests", ["TestSupport"],
            exclude: ["Attack/naive.py", "Flask", "Load/Programs"]),
        tests("TidyTests", [], exclude: ["MustNotCompile"]),
    ]
)

if fuzzing {
    package.targets += [
        .target(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
        fuzzTarget("FuzzRequestHead", ["HTTP1"]),
        fuzzTarget("FuzzResponseHead", ["HTTP1"]),
        fuzzTarget("FuzzChunkedBody", ["HTTP1"]),
        fuzzTarget("FuzzJSON", ["JSON"]),
        fuzzTarget("FuzzToken", ["Tokens", "Policy", "HTTP1"]),
        fuzzTarget("FuzzKeySet", ["Tokens", "Policy"]),
        fuzzTarget("FuzzYAML", ["YAML", "Policy"]),
        fuzzTarget("FuzzDirectory", ["Policy"]),
        fuzzTarget("FuzzAttack", ["Attack"]),
    ]
    // What cleaning a request comes to, judged by readers that share no code with it.
    let cleaning = [
        "Query", "Cookie", "Form", "Multipart", "JSONBody", "GraphQL", "ContentType", "Request",
    ]
    for name in cleaning {
        package.targets.append(fuzzTarget("Fuzz\(name)", ["CleaningOracle"]))
    }
}

if measuring {
    package.targets.append(
        program(
            "ringfence-bench", path: "Bench",
            ["Backend", "CPostgres", "LocalPostgres", "Postgres"]))
    package.targets.append(
        program("ringfence-cleaning", path: "CleaningBench", ["HTTP1", "JSON", "Policy"]))
    package.targets.append(
        program("ringfence-bench-directory", path: "BenchDirectory", ["Policy", "Reactor"]))
}
