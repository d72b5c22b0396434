// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "scoped-service",
    dependencies: [
        // In your own package: .package(url: "…/ringfence", from: "…")
        .package(name: "ringfence", path: "../../..")
    ],
    targets: [
        .executableTarget(
            name: "scoped-service",
            dependencies: [.product(name: "RingfencePostgres", package: "ringfence")],
            swiftSettings: [.swiftLanguageMode(.v6), .strictMemorySafety()])
    ]
)
