import Foundation
import HTTP1
import TestSupport

/// The built program on a database of its own, with a gateway's key.
final class RunningBackend: Sendable {
    let cluster: PostgresCluster
    /// `nil` on a server of a test's own.
    let database: TestDatabase?
    let folder: TemporaryFolder
    let process: ChildProcess
    let apiPort: UInt16
    let healthPort: UInt16
    let feedPort: UInt16
    /// What gateways make seals with; `nil` in plain mode.
    let sealKey: String?

    static let feedSecret = String(repeating: "secret", count: 6)

    static let program = Result { try BuiltProducts.path("ringfence-backend") }
    private static let common = Result { try RunningBackend() }
    private static let commonPlain = Result { try RunningBackend(context: "plain") }

    /// One for all tests that leave it as it is; each makes tenants of its own.
    static func shared() throws -> RunningBackend { try common.get() }

    /// The same, on a database that goes by settings.
    static func sharedPlain() throws -> RunningBackend { try commonPlain.get() }

    convenience init(
        workers: Int = 2, deadline: String = "60s", context: String = "sealed",
        directory: String = "{}"
    ) throws {
        let database = try PostgresCluster.shared().makeDatabase()
        try self.init(
            owner: database.ownerURL, runtime: database.runtimeURL, database: database,
            workers: workers, deadline: deadline, context: context, directory: directory)
    }

    init(
        owner: String, runtime: String, database: TestDatabase? = nil, workers: Int = 2,
        deadline: String = "60s", context: String = "plain", directory: String = "{}"
    ) throws {
        cluster = try PostgresCluster.shared()
        self.database = database
        folder = try TemporaryFolder()
        let config = try Self.writePolicy(
            to: folder, owner: owner, runtime: runtime, workers: workers, deadline: deadline,
            context: context, admin: context == "sealed" ? database?.adminURL : nil,
            directory: directory)
        let migration = try Self.run(["db", "migrate", "--config", config])
        guard migration.end == .exited(0) else {
            throw TestSupportError.closedEarly(migration.errorOutput)
        }
        sealKey = context == "plain" ? nil : try Self.makeSealKey("seal.key", folder, config)
        let announcement = "\(folder.path)/announcement"
        let process = try ChildProcess(
            try Self.program.get(),
            ["run", "--config", config, "--announce", announcement, "--die-with-parent"])
        self.process = process
        var text = ""
        try eventually("an announcement; \(process.errorOutput)") {
            if process.end != nil { throw TestSupportError.closedEarly(process.errorOutput) }
            text = (try? String(contentsOfFile: announcement, encoding: .utf8)) ?? ""
            return !text.isEmpty
        }
        func port(_ name: String) throws -> UInt16 {
            let line = text.split(separator: "\n").first { $0.hasPrefix("\(name)=127.0.0.1:") }
            guard let port = line?.split(separator: ":").last.flatMap({ UInt16($0) }) else {
                throw TestSupportError.malformedResponse(text)
            }
            return port
        }
        apiPort = try port("api")
        healthPort = try port("health")
        feedPort = try port("feed")
        try eventually("readiness") {
            if process.end != nil { throw TestSupportError.closedEarly(process.errorOutput) }
            return try health("/readyz").status == 200
        }
    }

    /// Writes backend.yaml with its secrets and answers its path.
    @discardableResult
    static func writePolicy(
        to folder: TemporaryFolder, owner: String, runtime: String, workers: Int = 2,
        deadline: String = "5s", api: String = "127.0.0.1:0", context: String = "plain",
        admin: String? = nil, directory: String = "{}"
    ) throws -> String {
        if let admin { try folder.write(admin + "\n", to: "admin.dsn") }
        let asAdmin = admin == nil ? "" : ", admin: file:admin.dsn"
        try folder.write(owner + "\n", to: "owner.dsn")
        try folder.write(runtime + "\n", to: "runtime.dsn")
        try folder.write(Gateway.keyText + "\n", to: "assertion.key")
        try folder.write(feedSecret + "\n", to: "feed.key")
        try folder.write(String(repeating: "pepper", count: 6), to: "pepper.key")
        return try folder.write(
            """
            version: 1
            listen:
              api: {address: "\(api)"}
              feed: {address: "127.0.0.1:0", secret: file:feed.key}
              health: {address: "127.0.0.1:0"}
            database: {owner: file:owner.dsn, runtime: file:runtime.dsn, workers: \(workers), \
            deadline: \(deadline), context: \(context)\(asAdmin)}
            assertion: {key: file:assertion.key, audience: delivery}
            keys: {pepper: file:pepper.key}
            directory: \(directory)

            """, to: "backend.yaml")
    }

    /// Has the database make a key and answers its line.
    static func makeSealKey(
        _ name: String, _ folder: TemporaryFolder, _ config: String
    ) throws -> String {
        let path = "\(folder.path)/\(name)"
        let made = try run(["db", "seal-key", "create", "--config", config, "--out", path])
        guard made.end == .exited(0) else { throw TestSupportError.closedEarly(made.errorOutput) }
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    /// Runs the program to its end.
    static func run(
        _ arguments: [String], environment: [String: String]? = nil,
        seconds: Double = Patience.seconds
    ) throws -> (end: ChildProcess.End, output: String, errorOutput: String) {
        try ChildProcess.run(
            try program.get(), arguments, environment: environment, seconds: seconds)
    }

    // MARK: Requests

    /// The value of one series of `/metrics`; 0 while it is not there.
    func metric(_ series: String) throws -> Int {
        let line = try health("/metrics").text.split(separator: "\n")
            .first { $0.hasPrefix(series + " ") }
        return line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
    }

    /// What the log says of a request, which may be written a moment after its answer.
    func logLines(of requestID: String) throws -> [String] {
        var lines: [String] = []
        try eventually("a log line of \(requestID)") {
            lines = process.output.split(separator: "\n").map(String.init)
                .filter { $0.contains("\"\(requestID)\"") }
            return !lines.isEmpty
        }
        return lines
    }

    func health(_ path: String) throws -> RawResponse {
        let client = try RawClient(port: healthPort)
        try client.send("GET \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        return try client.readResponse()
    }

    /// A question to the feed, with the seals of the vendors it names unless `fields` are given.
    func feed(_ target: String, fields: [String]? = nil) throws -> RawResponse {
        let client = try RawClient(port: feedPort)
        let fields = try fields ?? ["Authorization: Bearer \(Self.feedSecret)"] + seals(target)
        let lines = ["GET \(target) HTTP/1.1", "Host: feed", "Connection: close"] + fields
        try client.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
        return try client.readResponse()
    }

    private func seals(_ target: String) throws -> [String] {
        guard let sealKey else { return [] }
        let seals = try target.split(separator: "&").filter { $0.hasPrefix("vendor=") }.map {
            var out = ByteBuffer(capacityMax: 200)
            try Gateway.mint(
                sealKey, .vendor(String($0.dropFirst(7))),
                now: Int64(Date().timeIntervalSince1970) + 30, into: &out)
            return String(decoding: out.bytes, as: UTF8.self)
        }
        return ["Ringfence-Seal: " + seals.joined(separator: ",")]
    }

    /// Sends bytes as they are and reads one response.
    func raw(_ text: String, body: [UInt8] = []) throws -> RawResponse {
        let client = try RawClient(port: apiPort)
        try client.send(Array(text.utf8) + body)
        return try client.readResponse()
    }

    /// A request the way a gateway sends it; `fields` come on top of what a body needs.
    func send(
        _ method: String, _ target: String, body: String? = nil, as scope: Gateway.Scope,
        gateway: Gateway = Gateway(), requestID: String = UUID().uuidString.lowercased(),
        contentType: String? = "application/json"
    ) throws -> RawResponse {
        let bytes = Array((body ?? "").utf8)
        let vouched = Gateway.Vouched(
            method: method, target: target, body: bytes, requestID: requestID)
        let assertion = try gateway.assertion(vouched, for: scope, sealKey: sealKey)
        let client = try RawClient(port: apiPort)
        try client.send(
            Self.head(
                method, target, ["Ringfence-Assertion: \(assertion)"], body: bytes,
                contentType: body == nil ? nil : contentType) + bytes)
        return try client.readResponse(toHEAD: method == "HEAD")
    }

    static func head(
        _ method: String, _ target: String, _ fields: [String], body: [UInt8],
        contentType: String? = "application/json"
    ) -> [UInt8] {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: backend"] + fields
        if let contentType { lines.append("Content-Type: \(contentType)") }
        if !body.isEmpty || method != "GET" { lines.append("Content-Length: \(body.count)") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// Makes a tenant and answers it as a scope.
    func makeTenant(
        _ externalID: String = "t-" + UUID().uuidString.lowercased(), vendor: String = "default"
    ) throws -> Tenant {
        let response = try send(
            "POST", "/v1/tenants",
            body: #"{"external_id":"\#(externalID)","name":"A tenant","tier":"STARTER"}"#,
            as: .vendor(vendor))
        guard response.status == 201, let id = response.json["id"] as? String else {
            throw TestSupportError.malformedResponse(response.text)
        }
        return Tenant(id: id, externalID: externalID, vendor: vendor)
    }

    /// What a superuser sees; one line per row.
    @discardableResult
    func look(_ sql: String) throws -> String {
        guard let database else { throw TestSupportError.closedEarly("no database of ours") }
        return try cluster.run(sql: sql, in: database).trimmingCharacters(
            in: .whitespacesAndNewlines)
    }
}

struct Tenant: Sendable {
    let id: String
    let externalID: String
    let vendor: String

    var scope: Gateway.Scope { .tenant(id: id, externalID: externalID, vendor: vendor) }
}

extension RawResponse {
    /// The body as an object; empty when it is none.
    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
    }

    var code: String? { json["code"] as? String }
    var detail: String? { json["detail"] as? String }
    var data: [[String: Any]] { json["data"] as? [[String: Any]] ?? [] }
}
