import Foundation
import TestSupport

/// A whole installation: a Flask application and our backend on a PostgreSQL of its own, behind one
/// gateway. Each part is a process that a test may kill and start again at the same address.
final class Site {
    /// The tenants with their tiers.
    static let tenants = [
        "acme": "STARTER", "globex": "GROWTH", "initech": "SCALE", "umbrella": "ENTERPRISE",
    ]
    /// Requests in any 60 seconds that no load of ours reaches.
    static let plenty = Dictionary(uniqueKeysWithValues: tenants.keys.map { ($0, 100_000_000) })

    let folder: TemporaryFolder
    let postgres: MortalPostgres
    let database: TestDatabase
    let gatewayPort: UInt16
    private(set) var gateway: ChildProcess
    private(set) var backend: ChildProcess
    private(set) var application: ChildProcess
    private(set) var tokens: [String: String] = [:]

    /// - Parameter limits: requests in any 60 seconds by tenant.
    init(limits: [String: Int] = Site.plenty) throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        postgres = try MortalPostgres()
        database = try postgres.makeDatabase("site")
        gatewayPort = try ReservedPort.choose()
        let backendPort = try ReservedPort.choose()
        try folder.write(Self.secret(), to: "assertion.key")
        try folder.write(Self.vendorKey, to: "vendor.key")
        try folder.write(database.ownerURL + "\n", to: "owner.dsn")
        try folder.write(database.runtimeURL + "\n", to: "runtime.dsn")
        try folder.write(SitePolicy.backend(port: backendPort), to: "backend.yaml")
        try folder.write(
            SitePolicy.gateway(port: gatewayPort, backendPort: backendPort, limits: limits),
            to: "gateway.yaml")
        try folder.write("version: 1\ntenants: {}\n", to: "tenants.yaml")
        for words in SitePolicy.keyCommands {
            try Self.run("ringfence-gateway", words, in: folder)
        }
        try Self.run(
            "ringfence-backend", ["db", "migrate", "--config", "backend.yaml"], in: folder)
        application = try Self.startApplication(in: folder)
        backend = try Self.start("backend", config: "backend.yaml", in: folder)
        gateway = try Self.start("gateway", config: "gateway.yaml", in: folder)
        for name in Self.tenants.keys { tokens[name] = try mintToken(name) }
        try makeTenants(limits)
    }

    // MARK: Killing and starting

    func killGateway() throws { try Self.kill(gateway) }
    func killBackend() throws { try Self.kill(backend) }

    /// Kills gunicorn and its workers; the master first, or it would replace them.
    func killApplication() throws {
        let workers = RunningProcess(application.pid).children
        try Self.kill(application)
        for pid in workers { Foundation.kill(pid, SIGKILL) }
    }

    func startGateway() throws {
        gateway = try Self.start("gateway", config: "gateway.yaml", in: folder)
    }

    func startBackend() throws {
        backend = try Self.start("backend", config: "backend.yaml", in: folder)
    }

    func startApplication() throws { application = try Self.startApplication(in: folder) }

    private static func kill(_ process: ChildProcess) throws {
        process.signal(SIGKILL)
        guard try process.wait() == .killed(signal: SIGKILL) else {
            throw TestSupportError.closedEarly("it had ended before: \(process.errorOutput)")
        }
    }

    private static func start(
        _ name: String, config: String, in folder: TemporaryFolder
    ) throws -> ChildProcess {
        let announcement = "\(folder.path)/\(name).announcement"
        try? FileManager.default.removeItem(atPath: announcement)
        let process = try ChildProcess(
            try program("ringfence-\(name)"),
            ["run", "--config", "\(folder.path)/\(config)", "--announce", announcement])
        try eventually("the \(name): \(process.errorOutput)") {
            if process.end != nil { throw TestSupportError.closedEarly(process.errorOutput) }
            return FileManager.default.fileExists(atPath: announcement)
        }
        return process
    }

    private static func startApplication(in folder: TemporaryFolder) throws -> ChildProcess {
        let socket = "\(folder.path)/app.sock"
        try? FileManager.default.removeItem(atPath: socket)
        var environment = ProcessInfo.processInfo.environment
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        let process = try ChildProcess(
            "/usr/bin/gunicorn",
            [
                // Longer than the gateway keeps a connection, or gunicorn would close one at the
                // very moment a request is sent on it.
                "--keep-alive", "75", "--worker-class", "gthread", "--threads", "8",
                "--bind", "unix:\(socket)", "ledger:app",
            ],
            environment: environment, folder: programs.path)
        try eventually("gunicorn: \(process.errorOutput)") {
            if process.end != nil { throw TestSupportError.closedEarly(process.errorOutput) }
            return (try? RawClient(path: socket, seconds: 1)) != nil
        }
        return process
    }

    // MARK: Setting up

    /// Where the Python programs lie.
    static let programs = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Programs")

    /// The programs under test: those of `RINGFENCE_SOAK_PROGRAMS`, such as a release build, or
    /// those built with the tests.
    static func program(_ name: String) throws -> String {
        if let place = ProcessInfo.processInfo.environment["RINGFENCE_SOAK_PROGRAMS"] {
            return "\(place)/\(name)"
        }
        return try BuiltProducts.path(name)
    }

    private static let vendorKey = secret()

    private static func secret() -> String {
        (0..<4).map { _ in String(UInt64.random(in: (1 << 63) ... .max), radix: 16) }.joined()
    }

    @discardableResult
    private static func run(
        _ name: String, _ words: [String], in folder: TemporaryFolder
    ) throws -> String {
        let made = try ChildProcess.run(
            try program(name), words, folder: folder.path)
        guard made.end == .exited(0) else { throw TestSupportError.closedEarly(made.errorOutput) }
        return made.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func mintToken(_ tenant: String) throws -> String {
        let claims =
            #"{"iss":"https://idp.example.test/","aud":"https://api.example.test","sub":"u","#
            + #""tenant_id":"\#(tenant)"}"#
        return try Self.run(
            "ringfence-gateway",
            ["token", "mint", "--key", "idp.key", "--algorithm", "ES256", "--claims", claims],
            in: folder)
    }

    /// Makes the tenants as a vendor does, through the gateway, and starts the gateway anew with
    /// their ids, so that nobody has used up anything.
    private func makeTenants(_ limits: [String: Int]) throws {
        var text = "version: 1\ntenants:\n"
        for (name, tier) in Self.tenants {
            let own = tier == "ENTERPRISE" ? ", requests: \(limits[name] ?? 0)/min" : ""
            text += "  \(name): {tier: \(tier), id: \(try makeTenant(name, tier))\(own)}\n"
        }
        try folder.write(text, to: "tenants.yaml")
        gateway.signal(SIGTERM)
        try gateway.wait()
        try startGateway()
    }

    private struct TenantRecord: Decodable { let id: String }

    private func makeTenant(_ name: String, _ tier: String) throws -> String {
        let made = try ChildProcess.run(
            "curl",
            [
                "--silent", "--show-error", "--fail-with-body", "--max-time", "120",
                "--cacert", "\(folder.path)/tls.crt",
                "--connect-to", "api.example.test:443:127.0.0.1:\(gatewayPort)",
                "--header", "Authorization: Bearer \(Self.vendorKey)",
                "--json", #"{"external_id":"\#(name)","name":"\#(name)","tier":"\#(tier)"}"#,
                "https://api.example.test/v1/tenants",
            ])
        guard made.end == .exited(0) else {
            throw TestSupportError.malformedResponse(made.output + made.errorOutput)
        }
        return try JSONDecoder().decode(TenantRecord.self, from: Data(made.output.utf8)).id
    }
}
