import Foundation
import TestSupport
import Testing

/// Catalogs that change while somebody watches.
@Suite(.timeLimit(.minutes(30))) struct `Watching the catalogs` {
    typealias Place = `Proof of our own database`.Place

    private static let drift = "ALTER TABLE ringfence.events NO FORCE ROW LEVEL SECURITY"
    private static let repair = "ALTER TABLE ringfence.events FORCE ROW LEVEL SECURITY"

    @Test func `db verify verifies again on drift, and after the repair`() throws {
        let place = try Place("sealed")
        let process = try ChildProcess(
            try RunningBackend.program.get(),
            ["db", "verify", "--config", place.config, "--watch", "150ms"])
        defer { process.signal(SIGTERM) }
        try process.waitForOutput("verified ")
        #expect(!process.output.contains("[B2]"))
        try place.cluster.run(sql: Self.drift, in: place.database)
        try process.waitForOutput("[B2]")
        #expect(process.output.contains("drift: "))
        try place.cluster.run(sql: Self.repair, in: place.database)
        try eventually("a proof after the repair; \(process.errorOutput)") {
            let last = process.output.split(separator: "\n").last { $0.hasPrefix("verified ") }
            let tables = process.output.components(separatedBy: "drift: ")
            return tables.count > 2 && last?.contains("unproven") == false
                && tables.last?.contains("[B2]") == false
                && tables.last?.contains("verified ") == true
        }
        #expect(process.end == nil)
    }

    @Test func `a server is unready from the drift to the proof after the repair`() throws {
        let place = try Place("sealed", verify: "watch, verify_every: 150ms")
        let server = try Watched(place)
        let process = server.process
        defer { process.signal(SIGTERM) }
        func readiness() throws -> RawResponse { try server.readiness() }
        try eventually("readiness; \(process.errorOutput)") {
            try readiness().status == 200
        }
        try place.cluster.run(sql: Self.drift, in: place.database)
        try eventually("503 after the drift") { try readiness().status == 503 }
        // It stays so for as long as the proof fails, however often it is tried.
        try eventually("a verification after the drift") {
            process.errorOutput.contains("unproven")
        }
        let refusal = try readiness()
        #expect(refusal.status == 503)
        #expect(refusal.text.contains("isolation is not proven"), "\(refusal.text)")
        try place.cluster.run(sql: Self.repair, in: place.database)
        try eventually("readiness after the repair; \(process.errorOutput)") {
            try readiness().status == 200
        }
    }

    // MARK: Accepted risks

    private static func waiver(_ expires: String) -> String {
        """
        version: 1
        waivers:
          - rule: C12
            object: sequence ringfence.numbers
            reason: the numbers of invoices are printed on them anyway
            owner: ada@example.com
            expires: \(expires)

        """
    }

    @Test func `a server heeds accepted risks, each until its last day`() throws {
        let place = try Place(
            "sealed",
            verify: "watch, verify_every: 150ms, "
                + "waivers: \"file:waivers.yaml\"")
        func makeSequence(_ name: String) throws {
            let sql = """
                CREATE SEQUENCE ringfence.\(name);
                GRANT SELECT ON SEQUENCE ringfence.\(name) TO \(place.database.runtime);
                """
            try place.cluster.run(sql: sql, in: place.database)
        }
        try makeSequence("numbers")
        try place.folder.write(Self.waiver("2020-01-31"), to: "waivers.yaml")
        let refused = try place.run("run")
        #expect(refused.end == .exited(1), "\(refused.output)\(refused.errorOutput)")
        #expect(refused.errorOutput.contains("[W1]"), "\(refused.errorOutput)")
        try place.folder.write("version: 1\nwaivers: none\n", to: "waivers.yaml")
        let broken = try place.run("run")
        #expect(broken.end == .exited(2), "\(broken.errorOutput)")
        #expect(broken.errorOutput.contains("waivers.yaml"), "\(broken.errorOutput)")

        try place.folder.write(Self.waiver("2999-12-31"), to: "waivers.yaml")
        // The command heeds the same file.
        #expect(try place.run("db", "verify").end == .exited(0))
        let server = try Watched(place)
        defer { server.process.signal(SIGTERM) }
        try eventually("readiness; \(server.process.errorOutput)") {
            try server.readiness().status == 200
        }
        // What nobody accepted still counts.
        try makeSequence("others")
        try eventually("503 after another drift") {
            try server.readiness().status == 503
        }
        try place.cluster.run(sql: "DROP SEQUENCE ringfence.others", in: place.database)
        try eventually("readiness after the repair") {
            try server.readiness().status == 200
        }
        // The file is read anew: a risk that is accepted no longer stops, and one that is again
        // does not, without a restart.
        try place.folder.write(Self.waiver("2020-01-31"), to: "waivers.yaml")
        try place.cluster.run(sql: "CREATE SEQUENCE ringfence.unseen", in: place.database)
        try eventually("503 after the end of the waiver") {
            try server.readiness().status == 503
        }
        try FileManager.default.removeItem(atPath: "\(place.folder.path)/waivers.yaml")
        try eventually("a word about the file; \(server.process.errorOutput)") {
            server.process.errorOutput.contains("cannot read")
        }
        #expect(try server.readiness().status == 503)
        try place.folder.write(Self.waiver("2999-12-31"), to: "waivers.yaml")
        try eventually("readiness with a new waiver") {
            try server.readiness().status == 200
        }
        #expect(server.process.end == nil)
    }
}

/// A server that looks at its catalogs.
private struct Watched {
    let process: ChildProcess
    private let port: UInt16

    init(_ place: `Proof of our own database`.Place) throws {
        let announcement = "\(place.folder.path)/announcement"
        let process = try ChildProcess(
            try RunningBackend.program.get(),
            ["run", "--config", place.config, "--announce", announcement, "--die-with-parent"])
        var port: UInt16 = 0
        try eventually("an announcement; \(process.errorOutput)") {
            if process.end != nil { throw TestSupportError.closedEarly(process.errorOutput) }
            let text = (try? String(contentsOfFile: announcement, encoding: .utf8)) ?? ""
            let line = text.split(separator: "\n").first { $0.hasPrefix("health=") }
            port = line?.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
            return port != 0
        }
        self.process = process
        self.port = port
    }

    func readiness() throws -> RawResponse {
        let client = try RawClient(port: port)
        try client.send("GET /readyz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        return try client.readResponse()
    }
}
