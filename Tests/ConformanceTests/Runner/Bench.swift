import Foundation
import Synchronization
import TestSupport

/// One gateway of the built program between raw clients and a recorder, for a whole suite.
///
/// Every client has a loopback address of its own. The gateway tells it to the upstream and to the
/// access log, so that whatever is seen there belongs to one row, however many run at once.
final class Bench: Sendable {
    /// In the clear, on loopback.
    static let plain = Result { try Bench("plain", isSecure: false) }
    /// The same under TLS.
    static let secure = Result { try Bench("secure", isSecure: true) }
    /// In the clear, for one test that looks at the process.
    static let quiet = Result { try Bench("quiet", isSecure: false) }

    let material: Material
    let recorder: RecorderUpstream
    /// Answers before it has read what it was sent.
    let hasty: HastyUpstream
    let gateway: ChildProcess
    /// Where clients connect.
    let port: UInt16
    /// Where the gateway itself listens.
    let gatewayPort: UInt16
    /// Probes and metrics.
    let healthPort: UInt16
    let isSecure: Bool
    let log: AccessLog
    let invariants: Invariants
    private let relay: TLSRelay?
    private let sources = Atomic<Int>(0)

    /// - Parameter change: of the policy's text.
    init(
        _ name: String, isSecure: Bool, bodyMemory: String = "64MiB", deadline: String = "10s",
        _ change: (String) -> String = { $0 }
    ) throws {
        let material = try Material.shared.get()
        self.material = material
        self.isSecure = isSecure
        let folder = material.folder
        let recorder = try RecorderUpstream(script: Upstream.answer)
        self.recorder = recorder
        hasty = try HastyUpstream()
        let policy = BenchPolicy.text(
            upstream: recorder.port, hasty: hasty.port, log: "\(name).log", isSecure: isSecure,
            bodyMemory: bodyMemory, deadline: deadline)
        try folder.write(change(policy), to: "\(name).yaml")
        let announced = "\(folder.path)/\(name).announced"
        gateway = try ChildProcess(
            material.program,
            [
                "run", "--config", "\(folder.path)/\(name).yaml", "--announce", announced,
                "--die-with-parent",
            ])
        let gateway = gateway
        try eventually("the gateway\n\(gateway.errorOutput)") {
            if gateway.end != nil { throw TestSupportError.closedEarly(gateway.errorOutput) }
            return FileManager.default.fileExists(atPath: announced)
        }
        let announcement = try String(contentsOfFile: announced, encoding: .utf8)
        let direct = try Self.port("public", in: announcement)
        healthPort = try Self.port("health", in: announcement)
        gatewayPort = direct
        relay = isSecure ? try TLSRelay(to: direct, trusting: "\(folder.path)/tls.crt") : nil
        port = relay?.port ?? direct
        log = AccessLog(path: "\(folder.path)/\(name).log")
        invariants = Invariants(upstreamSecrets: ["127.0.0.1:\(recorder.port)", Upstream.secret])
    }

    /// In the clear, with little memory for bodies; for one test.
    static func small(_ name: String, deadline: String = "5m") throws -> Bench {
        try Bench(name, isSecure: false, bodyMemory: "1MiB", deadline: deadline)
    }

    /// In the clear, with counters of its own; for one test.
    static func fresh(_ name: String) throws -> Bench {
        try Bench(name, isSecure: false)
    }

    /// An address of this machine that no client of this bench has had.
    func newSource() -> String {
        let number = sources.add(1, ordering: .relaxed).newValue
        return "127.1.\(1 + number / 250).\(1 + number % 250)"
    }

    /// The bytes a row's text stands for.
    func bytes(_ wire: String) -> [UInt8] { Wire.bytes(wire, tokens: material.tokens) }

    /// The whole requests that reached the upstream from one client.
    func sightings(from source: String) -> [Sighting] {
        let line = "X-Forwarded-For: \(source)\r\n"
        return recorder.requests.filter { $0.headText.contains(line) }
            .map { Sighting(head: $0.head, body: $0.body) }
    }

    /// What reached the upstream, by client. What came from nobody is under the empty name.
    func harvest() -> [String: Harvest] {
        var found: [String: Harvest] = [:]
        for request in recorder.requests {
            let sighting = Sighting(head: request.head, body: request.body)
            let source = sighting.client
            if sighting.target == "/canary" {
                found[source, default: Harvest()].canaries += 1
            } else {
                found[source, default: Harvest()].requests.append(sighting)
            }
        }
        for connection in 0..<recorder.connectionCount {
            let bytes = recorder.leftover(connection: connection)
            guard !bytes.isEmpty else { continue }
            let source = Sighting(head: bytes).client
            found[source, default: Harvest()].fragments.append(bytes)
        }
        return found
    }

    /// Every sample of the metrics whose name begins so, as the endpoint tells them.
    func metrics(_ prefix: String) throws -> [String: Int] {
        let client = try RawClient(port: healthPort)
        try client.send("GET /metrics HTTP/1.1\r\nHost: health\r\nConnection: close\r\n\r\n")
        let text = try client.readResponse().text
        var found: [String: Int] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix(prefix) {
            guard let space = line.lastIndex(of: " "),
                let value = Int(line[line.index(after: space)...])
            else { continue }
            found[String(line[..<space])] = value
        }
        return found
    }

    private static func port(_ name: String, in announcement: String) throws -> UInt16 {
        let line = announcement.split(separator: "\n").first { $0.hasPrefix("\(name)=") }
        guard let port = line?.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw TestSupportError.malformedResponse(announcement)
        }
        return port
    }
}

/// What one client's requests left at the upstream.
struct Harvest: Sendable {
    var requests: [Sighting] = []
    var canaries = 0
    var fragments: [[UInt8]] = []
}
