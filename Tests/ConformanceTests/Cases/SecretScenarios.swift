import Foundation
import TestSupport

/// What is seen only after everything else: logs, memory, and who was never called.
extension Scenario {
    static let secrets: [Scenario] = [
        Scenario(
            "J6e", "all rows whose tokens name a key by `jku` or `x5u`",
            "nobody connects to where they point"
        ) {
            _ = try (Run.plain.get(), Run.secure.get())
            let wasVisited = try Material.shared.get().keyHost.wasVisited
            return wasVisited ? ["somebody came for keys"] : []
        },
        Scenario(
            "A8a", "all rows", "the access log and the gateway's messages hold no token and no key"
        ) {
            let runs = [try Run.plain.get(), try Run.secure.get()]
            let material = try Material.shared.get()
            var found: [String] = []
            for run in runs {
                let text = run.bench.log.text + run.bench.gateway.errorOutput
                if text.contains("eyJ") { found.append("a token is in the log") }
                if text.contains(material.tokens["vendor"] ?? "eyJ") {
                    found.append("the vendor's key is in the log")
                }
            }
            return found
        },
        Scenario(
            "A8b", "a subject with a line end, an escape sequence and a forged log line",
            "401 `claims.sub`, one line in the log, nothing of it raw"
        ) {
            let bench = try Bench.plain.get()
            let source = bench.newSource()
            let client = try RawClient(port: bench.port, from: source)
            let wire = "GET /a HTTP/1.1\r\n{host}Authorization: Bearer {logged}\r\n\r\n"
            try client.send(bench.bytes(wire))
            let status = try client.readResponse().status
            let lines = try bench.log.entries(of: source, atLeast: 1)
            var found: [String] = []
            if status != 401 || lines.first?.cause != "claims.sub" {
                found.append("answered \(status) \(lines)")
            }
            if lines.count != 1 { found.append("\(lines.count) lines") }
            if bench.log.text.contains("\u{1b}") {
                found.append("an escape sequence is in the log")
            }
            if bench.log.text.contains("\n{\"forged\"") {
                found.append("a forged line is in the log")
            }
            return found
        },
    ]

    static let memory: [Scenario] = [
        Scenario(
            "L24a", "2,000 tokens with forged RS256 signatures, 500 of them to warm up",
            "all 401; the gateway grows by less than 4 MiB"
        ) {
            let bench = try Bench.quiet.get()
            let one = bench.bytes("GET /a HTTP/1.1\r\n{host}Authorization: Bearer {forged}\r\n\r\n")
            let client = try RawClient(port: bench.port, from: bench.newSource())
            var resident: [Int] = []
            for batch in 0..<20 {
                try client.send([[UInt8]](repeating: one, count: 100).joined())
                for _ in 0..<100 {
                    let status = try client.readResponse().status
                    guard status == 401 else { return ["answered \(status)"] }
                }
                if batch >= 4 { resident.append(try residentKiB(bench.gateway.pid)) }
            }
            let growth = (resident.last ?? 0) - (resident.first ?? 0)
            return growth < 4_096 ? [] : ["grew by \(growth) KiB: \(resident)"]
        }
    ]

    static func residentKiB(_ pid: Int32) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        guard let kib = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw TestSupportError.malformedResponse("VmRSS")
        }
        return kib
    }
}
