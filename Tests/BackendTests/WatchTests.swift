import Foundation
import TestSupport
import Testing

/// Catalogs that change while somebody watches.
@Suite(.timeLimit(.minutes(5))) struct `Watching the catalogs` {
    typealias Place = `Proof of our own database`.Place

    private static let drift = "ALTER TABLE ringfence.events NO FORCE ROW LEVEL SECURITY"
    private static let repair = "ALTER TABLE ringfence.events FORCE ROW LEVEL SECURITY"

    @Test func `db verify verifies again on drift, and after the repair`() throws {
        let place = try Place("sealed")
        let process = try ChildProcess(
            try RunningBackend.program.get(),
            ["db", "verify", "--config", place.config, "--watch", "150ms"])
        defer { process.signal(SIGTERM) }
        try process.waitForOutput("verified ", seconds: 30)
        #expect(!process.output.contains("[B2]"))
        try place.cluster.run(sql: Self.drift, in: place.database)
        try process.waitForOutput("[B2]", seconds: 30)
        #expect(process.output.contains("drift: "))
        try place.cluster.run(sql: Self.repair, in: place.database)
        try eventually(seconds: 30, "a proof after the repair; \(process.errorOutput)") {
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
        let announcement = "\(place.folder.path)/announcement"
        let process = try ChildProcess(
            try RunningBackend.program.get(),
            ["run", "--config", place.config, "--announce", announcement, "--die-with-parent"])
        defer { process.signal(SIGTERM) }
        var port: UInt16 = 0
        try eventually(seconds: 30, "an announcement; \(process.errorOutput)") {
            if process.end != nil { throw TestSupportError.closedEarly(process.errorOutput) }
            let text = (try? String(contentsOfFile: announcement, encoding: .utf8)) ?? ""
            let line = text.split(separator: "\n").first { $0.hasPrefix("health=") }
            port = line?.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
            return port != 0
        }
        func readiness() throws -> RawResponse {
            let client = try RawClient(port: port)
            try client.send("GET /readyz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            return try client.readResponse()
        }
        try eventually(seconds: 30, "readiness; \(process.errorOutput)") {
            try readiness().status == 200
        }
        try place.cluster.run(sql: Self.drift, in: place.database)
        try eventually(seconds: 30, "503 after the drift") { try readiness().status == 503 }
        // It stays so for as long as the proof fails, however often it is tried.
        try eventually(seconds: 30, "a verification after the drift") {
            process.errorOutput.contains("unproven")
        }
        let refusal = try readiness()
        #expect(refusal.status == 503)
        #expect(refusal.text.contains("isolation is not proven"), "\(refusal.text)")
        try place.cluster.run(sql: Self.repair, in: place.database)
        try eventually(seconds: 30, "readiness after the repair; \(process.errorOutput)") {
            try readiness().status == 200
        }
    }
}
