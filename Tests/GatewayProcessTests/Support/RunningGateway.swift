import Foundation
import Policy
import Reactor
import Synchronization
import TLS
import TestSupport
import Tokens

/// Keys and certificates of this test process, made once.
struct Material: Sendable {
    static let shared = Result { try Material() }

    let issuer: KeyPair
    let certificate: SelfSignedCertificate
    let assertionKey = "an assertion key of at least thirty-two bytes"

    private init() throws {
        issuer = try KeyPair(algorithm: .es256)
        certificate = try Self.certificate()
    }

    static func certificate(
        _ hosts: [String] = ["localhost", "127.0.0.1", "api.test"]
    ) throws -> SelfSignedCertificate {
        try SelfSignedCertificate(
            hosts: hosts, notBeforeSeconds: WallClock.now().seconds - 3_600, days: 2)
    }

    /// A server with this certificate.
    static func server(_ certificate: SelfSignedCertificate) throws -> TLSServerContext {
        let made = try TLSCertificate(
            chainPEM: certificate.certificatePEM.span, keyPEM: certificate.keyPEM.span,
            nowSeconds: WallClock.now().seconds)
        let keys = try TLSTicketKeys(nowSeconds: UInt64(WallClock.now().seconds))
        return try TLSServerContext(certificates: [made], ticketKeys: keys, identity: "test")
    }

    /// A client that believes this certificate only.
    static func trust(_ certificate: SelfSignedCertificate) throws -> TLSClientContext {
        try TLSClientContext(
            trust: .authorities(pem: certificate.certificatePEM), resumesSessions: false)
    }

    /// A token of the test issuer.
    static func token(
        tenant: String = "acme", tier: String = "OPEN", subject: String = "alice",
        key: KeyPair? = nil, keyName: String? = nil
    ) throws -> String {
        let now = WallClock.now().seconds
        let claims = """
            {"iss":"https://idp.test/","aud":"api","sub":"\(subject)","tenant_id":"\(tenant)",\
            "tier":"\(tier)","iat":\(now),"exp":\(now + 3_600)}
            """
        let pair = try key ?? shared.get().issuer
        let signer = try TokenSigner(algorithm: .es256, keyFile: pair.privatePEM.span)
        let token = try signer.mint(claims: [UInt8](claims.utf8).span, keyName: keyName)
        return String(decoding: token, as: UTF8.self)
    }
}

/// A policy for tests, one part at a time.
struct TestPolicy {
    var tls = true
    var workers = 1
    var address = "127.0.0.1:0"
    /// Such as `["body": "200ms"]`.
    var deadlines: [String: String] = [:]
    var limits: [String: String] = [:]
    var accessLog = "file:access.log"
    /// Lines such as `api: {targets: [...]}`.
    var upstreams: [String] = []
    var issuerKeys = ["jwks: file:idp.pub"]
    var tenants = "source: claims"
    var assertion: String?
    var routeExtra = ""
    var extraRoutes: [String] = []

    init(_ upstreams: [String]) { self.upstreams = upstreams }

    /// One upstream called `api` at these ports.
    init(ports: [UInt16], upstream: String = "") {
        let targets = ports.map { "\"http://127.0.0.1:\($0)\"" }.joined(separator: ", ")
        upstreams = ["api: {targets: [\(targets)]\(upstream.isEmpty ? "" : ", \(upstream)")}"]
    }

    var text: String {
        func table(_ values: [String: String]) -> String {
            values.sorted { $0.key < $1.key }.map { "\($0): \($1)" }.joined(separator: ", ")
        }
        var lines = ["version: 1", "listen:", "  public:", "    address: \"\(address)\""]
        lines += ["    workers: \(workers)", "    access_log: \(accessLog)"]
        let pair = "{certificate: file:tls.crt, key: file:tls.key}"
        lines += ["    tls: \(tls ? pair : "none")"]
        if !deadlines.isEmpty { lines += ["    deadlines: {\(table(deadlines))}"] }
        if !limits.isEmpty { lines += ["    limits: {\(table(limits))}"] }
        lines += ["  health: {address: \"127.0.0.1:0\"}", "issuers:", "  idp:"]
        lines += ["    issuer: https://idp.test/", "    audience: [api]"]
        lines += ["    algorithms: [ES256]", "    tenant: {claim: tenant_id}"]
        lines += ["    tier: {claim: tier}"] + issuerKeys.map { "    \($0)" }
        lines += ["tenants: {\(tenants)}", "upstreams:"] + upstreams.map { "  \($0)" }
        if let assertion { lines += ["assertion: {\(assertion)}"] }
        lines += ["tiers:", "  OPEN: {requests: unlimited}", "  STARTER: {requests: 100/min}"]
        lines += ["routes:"] + extraRoutes.map { "  - \($0)" }
        lines += [
            "  - {name: open, match: {path: /open/**}, auth: none, reason: tests, upstream: api, "
                + "body: {clean: false}}",
            "  - name: all", "    match: {path: /**}", "    auth: idp", "    upstream: api",
        ]
        if !routeExtra.contains("body:") { lines += ["    body: {clean: false}"] }
        if !routeExtra.isEmpty { lines += ["    \(routeExtra)"] }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// The built gateway with a policy of its own, stopped with this value.
final class RunningGateway {
    let folder: TemporaryFolder
    let process: ChildProcess
    let port: UInt16
    let healthPort: UInt16
    private let isTLS: Bool

    /// - Parameter prefix: words before the program, such as `prlimit` with its options.
    init(
        _ policy: TestPolicy, prefix: [String] = [], files: [String: String] = [:]
    ) throws {
        folder = try TemporaryFolder()
        isTLS = policy.tls
        let material = try Material.shared.get()
        try Self.write(material.certificate, in: folder)
        try folder.write(String(decoding: material.issuer.publicPEM, as: UTF8.self), to: "idp.pub")
        try folder.write(material.assertionKey, to: "assertion.key")
        for (name, text) in files { try folder.write(text, to: name) }
        try folder.write(policy.text, to: "gateway.yaml")
        let announcement = "\(folder.path)/announced"
        let words =
            prefix + [
                try BuiltProducts.path("ringfence-gateway"), "run", "--config", folder.path,
                "--announce", announcement, "--die-with-parent",
            ]
        let process = try ChildProcess(words[0], Array(words.dropFirst()))
        self.process = process
        try eventually(seconds: 20, "the gateway's announcement\n\(process.errorOutput)") {
            if let end = process.end {
                throw WireEnd.malformed("the gateway ended: \(end)\n\(process.errorOutput)")
            }
            return FileManager.default.fileExists(atPath: announcement)
        }
        let lines = try String(contentsOfFile: announcement, encoding: .utf8)
        port = Self.port("public", in: lines)
        healthPort = Self.port("health", in: lines)
    }

    private static func port(_ name: String, in lines: String) -> UInt16 {
        for line in lines.split(separator: "\n") where line.hasPrefix(name + "=") {
            return line.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
        }
        return 0
    }

    static func write(_ certificate: SelfSignedCertificate, in folder: TemporaryFolder) throws {
        try folder.write(
            String(decoding: certificate.certificatePEM, as: UTF8.self), to: "tls.crt")
        try folder.write(String(decoding: certificate.keyPEM, as: UTF8.self), to: "tls.key")
    }

    // MARK: Talking to it

    var address: SocketAddress { .ip(IPAddress(v4: 0x7f00_0001), port: port) }

    /// A connection in the way the policy says, the handshake done.
    func connect(
        trust certificate: SelfSignedCertificate? = nil, receiveBytes: Int32? = nil
    ) throws -> Wire {
        let trust =
            isTLS
            ? try Material.trust(certificate ?? Material.shared.get().certificate) : nil
        return try Wire.connect(to: address, trust: trust, receiveBytes: receiveBytes)
    }

    /// One request on a connection of its own.
    func request(
        _ method: String = "GET", _ target: String, token: String? = nil, body: String = "",
        fields: [String] = [], seconds: Double = Wire.patience
    ) throws -> Message {
        let wire = try connect()
        try wire.send(Self.head(method, target, token: token, body: body, fields: fields) + body)
        return try wire.readResponse(toHead: method == "HEAD", seconds: seconds)
    }

    static func head(
        _ method: String = "GET", _ target: String, token: String? = nil, body: String = "",
        fields: [String] = []
    ) -> String {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: api.test"] + fields
        if let token { lines.append("Authorization: Bearer \(token)") }
        if !body.isEmpty { lines.append("Content-Length: \(body.utf8.count)") }
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    /// A page of the health listener.
    func health(_ path: String) throws -> Message {
        let wire = try Wire.connect(to: .ip(IPAddress(v4: 0x7f00_0001), port: healthPort))
        try wire.send("GET \(path) HTTP/1.1\r\nHost: health\r\nConnection: close\r\n\r\n")
        return try wire.readResponse()
    }

    /// One number of `/metrics`, by its name with labels.
    func metric(_ name: String) throws -> Double {
        for line in try health("/metrics").text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count >= 2, words[0] == name { return Double(words[1]) ?? -1 }
        }
        throw WireEnd.malformed("no metric \(name)")
    }

    /// Memory of the process in KiB.
    var residentKilobytes: Int {
        let text = try? String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
        for line in text?.split(separator: "\n") ?? [] where line.hasPrefix("VmRSS:") {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        }
        return 0
    }

    /// The lines of the access log so far.
    var logLines: [String] {
        let text = try? String(contentsOfFile: "\(folder.path)/access.log", encoding: .utf8)
        return text?.split(separator: "\n").map(String.init) ?? []
    }

    /// Waits until a line of the access log has all `parts`.
    func waitForLog(_ parts: String..., seconds: Double = 5) throws {
        try eventually(seconds: seconds, "\(parts) in\n\(logLines.joined(separator: "\n"))") {
            logLines.contains { line in parts.allSatisfy { line.contains($0) } }
        }
    }

    /// Asks it to read its policy again and waits for what it says.
    func reload(expect text: String) throws {
        process.signal(SIGHUP)
        try process.waitForOutput(text, seconds: 10)
    }
}
