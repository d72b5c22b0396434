import Foundation
import Synchronization
import TestSupport

/// One gateway of the built program between a raw client and a recorder, for a whole suite.
final class Bench: Sendable {
    /// In the clear, on loopback.
    static let plain = Result { try Bench(isSecure: false) }
    /// The same under TLS.
    static let secure = Result { try Bench(isSecure: true) }

    /// Seconds a healthy gateway may take for anything.
    static let patience = 20.0

    let folder: TemporaryFolder
    let recorder: RecorderUpstream
    let gateway: ChildProcess
    /// Where clients connect.
    let port: UInt16
    /// By the name rows use.
    let tokens: [String: String]
    let log: AccessLog
    let invariants: Invariants
    private let relay: TLSRelay?
    private let state = Mutex(State())

    private struct State {
        var requestsSeen = 0
        var fragmentsSeen: [Int: Int] = [:]
        var barriers = 0
    }

    private init(isSecure: Bool) throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        let recorder = try RecorderUpstream(script: Upstream.answer)
        self.recorder = recorder
        let program = try BuiltProducts.path("ringfence-gateway")
        try Self.makeMaterial(program, in: folder)
        tokens = try Self.tokens(program, in: folder)
        let policy = BenchPolicy.text(upstream: recorder.port, isSecure: isSecure)
        try folder.write(policy, to: "gateway.yaml")
        let announced = "\(folder.path)/announced"
        gateway = try ChildProcess(
            program,
            ["run", "--config", folder.path, "--announce", announced, "--die-with-parent"])
        let gateway = gateway
        try eventually(seconds: Self.patience, "the gateway\n\(gateway.errorOutput)") {
            if gateway.end != nil { throw TestSupportError.closedEarly(gateway.errorOutput) }
            return FileManager.default.fileExists(atPath: announced)
        }
        let direct = try Self.port(in: String(contentsOfFile: announced, encoding: .utf8))
        relay = isSecure ? try TLSRelay(to: direct, trusting: "\(folder.path)/tls.crt") : nil
        port = relay?.port ?? direct
        log = AccessLog(path: "\(folder.path)/access.log")
        invariants = Invariants(upstreamSecrets: ["127.0.0.1:\(recorder.port)", Upstream.secret])
    }

    /// Connects; through the relay where the gateway speaks TLS.
    func connect() throws -> RawClient { try RawClient(port: port) }

    func bytes(_ wire: String) -> [UInt8] { Wire.bytes(wire, tokens: tokens) }

    /// What reached the upstream since the last call, once nothing sent before it can still be on
    /// its way: a request of our own has gone the same way behind it.
    func harvest() throws -> (requests: [Sighting], canaries: Int, fragments: [[UInt8]]) {
        let number = state.withLock { state in
            state.barriers += 1
            return state.barriers
        }
        let mark = "/barrier/\(number)"
        let client = try connect()
        try client.send(bytes("GET \(mark) HTTP/1.1\r\n{host}{auth}Connection: close\r\n\r\n"))
        let status = try client.readResponse(seconds: Self.patience).status
        guard status == 200 else { throw TestSupportError.malformedResponse("barrier: \(status)") }
        return state.withLock { state in
            let all = recorder.requests
            let new = all[state.requestsSeen...].map { Sighting(head: $0.head, body: $0.body) }
            state.requestsSeen = all.count
            var fragments: [[UInt8]] = []
            for connection in 0..<recorder.connectionCount {
                let left = recorder.leftover(connection: connection)
                if left.count > state.fragmentsSeen[connection, default: 0] { fragments.append(left) }
                state.fragmentsSeen[connection] = left.count
            }
            let others = new.filter { $0.target != mark }
            let canaries = others.filter { $0.target == "/canary" }
            return (others.filter { $0.target != "/canary" }, canaries.count, fragments)
        }
    }

    private static func port(in announcement: String) throws -> UInt16 {
        let line = announcement.split(separator: "\n").first { $0.hasPrefix("public=") }
        guard let port = line?.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw TestSupportError.malformedResponse(announcement)
        }
        return port
    }

    private static func makeMaterial(_ program: String, in folder: TemporaryFolder) throws {
        let commands = [
            "key create --algorithm RS256 --private idp.key --public idp.pub",
            "key create --algorithm RS256 --private foreign.key --public foreign.pub",
            "key create --algorithm ES256 --private es.key --public es.pub",
            "key create --algorithm HS256 --private hs.key",
            "key create --algorithm HS256 --private assertion.key",
            "key create --algorithm HS256 --private vendor.key",
            "certificate create --hosts localhost,127.0.0.1 --certificate tls.crt --key tls.key",
        ]
        for command in commands {
            let words = command.split(separator: " ").map(String.init)
            try run(program, words, in: folder)
        }
    }

    @discardableResult
    private static func run(
        _ program: String, _ words: [String], in folder: TemporaryFolder
    ) throws -> String {
        let run = try ChildProcess.run(program, words, folder: folder.path, seconds: patience)
        guard run.end == .exited(0) else { throw TestSupportError.closedEarly(run.errorOutput) }
        return run.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func tokens(
        _ program: String, in folder: TemporaryFolder
    ) throws -> [String: String] {
        var tokens: [String: String] = [:]
        for (name, key, algorithm, claims) in BenchPolicy.mintedTokens {
            tokens[name] = try run(
                program,
                ["token", "mint", "--key", key, "--algorithm", algorithm, "--claims", claims],
                in: folder)
        }
        let rows = Catalogue.all.compactMap { row in row.recipe.map { (row.id, $0) } }
        let made = try TokenRecipe.make(rows + BenchPolicy.limitTokens, in: folder)
        tokens.merge(made) { _, made in made }
        let vendorKey = try String(contentsOfFile: "\(folder.path)/vendor.key", encoding: .utf8)
        tokens["vendor"] = vendorKey.trimmingCharacters(in: .whitespacesAndNewlines)
        return tokens
    }
}

/// What the recorder answers: everything INV-6 forbids is in it.
enum Upstream {
    static let secret = "recorder-secret"

    @Sendable static func answer(_ request: RecorderUpstream.Request) -> RecorderUpstream.Answer {
        let words = request.requestLine.components(separatedBy: " ")
        let target = words.count > 1 ? words[1] : ""
        let isHead = words[0] == "HEAD"
        let body = "ok \(target)"
        let head = [
            "HTTP/1.1 200 OK", "Content-Length: \(body.utf8.count)", "Content-Type: text/plain",
            "X-Tenant-ID: evil", "x_tenant_id: evil", "X-Tenant-Tier: evil", "X-Org-Id: evil",
            "X-Internal-Host: \(secret)", "X-Accel-Redirect: /\(secret)",
            "X-Envoy-Upstream: \(secret)", "Connection: X-Hop", "X-Hop: \(secret)",
            "Keep-Alive: timeout=5, host=\(secret)", "Cache-Control: public, max-age=600",
            "CDN-Cache-Control: public, max-age=600", "Surrogate-Control: max-age=600",
            "RateLimit: \(secret)", "Access-Control-Allow-Origin: *", "Set-Cookie: s=1",
        ].joined(separator: "\r\n")
        let answer = Array((head + "\r\n\r\n" + (isHead ? "" : body)).utf8)
        switch target {
        case "/slow": return .pieces([answer], pauseMilliseconds: 50)
        case "/surplus":
            return .bytes(answer + Array("HTTP/1.1 200 Poison\r\nContent-Length: 0\r\n\r\n".utf8))
        default: return .bytes(answer)
        }
    }
}

/// The access log of a bench, read as it grows.
final class AccessLog: Sendable {
    private let path: String
    private let state = Mutex((offset: UInt64(0), entries: [String: LogEntry]()))

    init(path: String) { self.path = path }

    /// The line of one request; `nil` when it does not come within `seconds`.
    func entry(requestID: String, seconds: Double = 5) throws -> LogEntry? {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while true {
            if let entry = try state.withLock({ state in
                try read(&state)
                return state.entries[requestID]
            }) {
                return entry
            }
            guard Date() < deadline else { return nil }
            Thread.sleep(forTimeInterval: 0.001)
        }
    }

    var text: String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

    private func read(_ state: inout (offset: UInt64, entries: [String: LogEntry])) throws {
        guard let file = FileHandle(forReadingAtPath: path) else { return }
        try file.seek(toOffset: state.offset)
        let data = try file.readToEnd() ?? Data()
        guard let end = data.lastIndex(of: 10) else { return }
        state.offset += UInt64(end - data.startIndex + 1)
        for line in data[..<end].split(separator: 10) {
            guard let object = try JSONSerialization.jsonObject(with: line) as? [String: Any],
                let id = object["request_id"] as? String
            else { throw TestSupportError.malformedResponse("log line") }
            state.entries[id] = LogEntry(
                status: object["status"] as? Int ?? 0, code: object["code"] as? String ?? "",
                cause: (object["violation"] ?? object["defect"]) as? String,
                stripped: Set(object["stripped"] as? [String] ?? []))
        }
    }
}
