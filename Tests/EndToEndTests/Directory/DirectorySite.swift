import Foundation
import TestSupport
import Testing

/// A backend with a database of its own and a gateway that follows its directory: the whole way
/// from a vendor's request to who is let in.
final class DirectorySite {
    let folder: TemporaryFolder
    let database: TestDatabase
    let cluster: PostgresCluster
    let material: Material
    private(set) var backend: ChildProcess
    private(set) var gateway: RunningGateway
    private var settings: Settings
    private let upstreamPort: UInt16

    struct Settings {
        /// `unix:feed.sock`, or a TCP address.
        var feed = "unix:feed.sock"
        var feedSecret: String?
        /// What the gateway believes it to be.
        var gatewayFeedSecret: String?
        var maxStale = "15m"
        var isCached = false
        /// The backend's feed by another name, in the gateway's policy.
        var gatewayFeed: String?
        var requests = ["STARTER": "1000000/min", "GROWTH": "2000000/min"]
    }

    init(upstream port: UInt16, _ settings: Settings = Settings()) throws {
        material = try Material.get()
        cluster = try PostgresCluster.shared()
        database = try cluster.makeDatabase()
        folder = try TemporaryFolder()
        self.settings = settings
        upstreamPort = port
        try Self.write(settings, to: folder, database)
        let program = try BuiltProducts.path("ringfence-backend")
        let migrated = try ChildProcess.run(
            program, ["db", "migrate", "--config", folder.path])
        try #require(migrated.end == .exited(0), "\(migrated.errorOutput)")
        try Self.makeSealKey("seal.key", in: folder)
        backend = try Self.startBackend(in: folder)
        gateway = try Self.startGateway(in: folder, settings, upstream: port)
    }

    private static func write(
        _ settings: Settings, to folder: TemporaryFolder, _ database: TestDatabase
    ) throws {
        try folder.write(database.ownerURL + "\n", to: "owner.dsn")
        try folder.write(database.runtimeURL + "\n", to: "runtime.dsn")
        try folder.write(database.adminURL + "\n", to: "admin.dsn")
        for name in ["assertion.key", "vendor.key", "pepper.key"] {
            try folder.write(secret(), to: name)
        }
        let right = settings.feedSecret ?? secret()
        try folder.write(right, to: "feed.key")
        try folder.write(settings.gatewayFeedSecret ?? right, to: "gateway-feed.key")
        let feedSecret = settings.feedSecret == nil ? "" : ", secret: file:feed.key"
        try folder.write(
            """
            version: 1
            listen:
              api: {address: "unix:api.sock"}
              feed: {address: "\(settings.feed)"\(feedSecret)}
              health: {address: "127.0.0.1:0"}
            database: {owner: file:owner.dsn, runtime: file:runtime.dsn, admin: file:admin.dsn, \
            workers: 2, deadline: 60s}
            assertion: {key: file:assertion.key, audience: delivery}
            keys: {pepper: file:pepper.key}

            """, to: "backend.yaml")
    }

    /// Has the database make a key for seals.
    static func makeSealKey(_ name: String, in folder: TemporaryFolder) throws {
        try sealKeys("create", ["--out", "\(folder.path)/\(name)"], in: folder)
    }

    @discardableResult
    static func sealKeys(
        _ verb: String, _ words: [String] = [], in folder: TemporaryFolder
    ) throws -> String {
        let done = try ChildProcess.run(
            try BuiltProducts.path("ringfence-backend"),
            ["db", "seal-key", verb] + words + ["--config", folder.path])
        try #require(done.end == .exited(0), "\(done.errorOutput)")
        return done.output
    }

    static func secret() -> String {
        (0..<4).map { _ in String(UInt64.random(in: (1 << 63) ... .max), radix: 16) }.joined()
    }

    // MARK: Parts that end and begin

    func killBackend() throws {
        backend.signal(SIGKILL)
        try backend.wait()
    }

    func startBackend() throws { backend = try Self.startBackend(in: folder) }

    /// Ends the gateway in order, so that it keeps its copy, and starts it again.
    ///
    /// - Parameter feed: another name of the feed's socket.
    func restartGateway(feed: String? = nil, whileAway body: () throws -> Void = {}) throws {
        gateway.process.signal(SIGTERM)
        try gateway.process.wait()
        try body()
        settings.gatewayFeed = feed
        gateway = try Self.startGateway(in: folder, settings, upstream: upstreamPort)
    }

    private static func startBackend(in folder: TemporaryFolder) throws -> ChildProcess {
        let announcement = "\(folder.path)/backend.announcement"
        try? FileManager.default.removeItem(atPath: announcement)
        let process = try ChildProcess(
            try BuiltProducts.path("ringfence-backend"),
            ["run", "--config", folder.path, "--announce", announcement, "--die-with-parent"])
        try eventually("the backend: \(process.errorOutput)") {
            if process.end != nil { throw TestSupportError.closedEarly(process.errorOutput) }
            return FileManager.default.fileExists(atPath: announcement)
        }
        return process
    }

    private static func startGateway(
        in folder: TemporaryFolder, _ settings: Settings, upstream port: UInt16
    ) throws -> RunningGateway {
        let place = folder.path
        var feed = settings.feed
        if feed.hasPrefix("unix:") {
            feed = "unix:\(place)/\(settings.gatewayFeed ?? String(feed.dropFirst(5)))"
        }
        let secret =
            settings.feedSecret == nil ? "" : ", secret: \"file:\(place)/gateway-feed.key\""
        let cache = settings.isCached ? "\n  cache: \"file:\(place)/tenants.copy\"" : ""
        let tiers = settings.requests.sorted { $0.key < $1.key }
            .map { "  \($0.key): {requests: \($0.value)}" }.joined(separator: "\n")
        var policy = PolicyText(port: port)
        policy.tenants = """

              source: directory
              feed: {address: "\(feed)"\(secret)}
              max_stale: \(settings.maxStale)\(cache)
            """
        policy.more = """
            vendors: {default: {key: "file:\(place)/vendor.key"}}
            assertion:
              to: [delivery]
              key: "file:\(place)/assertion.key"
              seal: {key: "file:\(place)/seal.key", to: [delivery]}
            """
        policy.upstreams += "\n  delivery: {targets: [\"unix:\(place)/api.sock\"], connect: 60s}"
        policy.routes = """
              - {name: tenants, match: {path: /v1/tenants/**}, auth: vendor, upstream: delivery}
              - name: events
                match: {path: /v1/events/**}
                auth: idp
                body: {clean: false}
                upstream: delivery
            """
        let text = policy.text(try Material.get().folder.path).replacingOccurrences(
            of: "  OPEN: {requests: unlimited}", with: tiers
        )
        .replacingOccurrences(of: "    tier: {claim: tier}\n", with: "")
        return try RunningGateway(text: text)
    }

    // MARK: Requests

    /// A request of the vendor, through the gateway.
    @discardableResult
    func vendor(
        _ line: String, _ body: String? = nil, expecting status: Int
    ) throws -> RawResponse {
        let key = try String(contentsOfFile: "\(folder.path)/vendor.key", encoding: .utf8)
        var fields: [String] = []
        if let body {
            fields = ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"]
        }
        let response = try gateway.ask(line, fields, body: body ?? "", token: key)
        try #require(response.status == status, "\(line): \(response.text)")
        return response
    }

    func make(_ tenant: String, tier: String = "STARTER") throws {
        try vendor(
            "POST /v1/tenants",
            #"{"external_id":"\#(tenant)","name":"\#(tenant)","tier":"\#(tier)"}"#, expecting: 201)
    }

    func change(_ tenant: String, _ change: String) throws {
        try vendor("PATCH /v1/tenants/\(tenant)", change, expecting: 200)
    }

    /// Waits until a tenant's request is answered so.
    func expect(
        _ status: Int, _ code: String = "", token: String
    ) throws {
        var last = (status: 0, code: "")
        try eventually("\(status) \(code), have \(last)") {
            last = try gateway.code("GET /x", token: token)
            return last.status == status && (code.isEmpty || last.code == code)
        }
    }

    /// The wall-clock second at which the gateway's copy was last known to be true.
    func copyIsOf() throws -> Int {
        let texts = try ["tenants.copy", "tenants.copy.seen"].compactMap { name -> String? in
            let path = "\(folder.path)/\(name)"
            guard FileManager.default.fileExists(atPath: path) else { return nil }
            return try String(contentsOfFile: path, encoding: .utf8)
        }
        let moments = texts.compactMap { text -> Int? in
            text.firstMatch(of: #/"as_of":([0-9]+)/#).flatMap { Int($0.1) }
        }
        return try #require(moments.max())
    }

    func sql(_ text: String) throws -> String { try cluster.run(sql: text, in: database) }
}
