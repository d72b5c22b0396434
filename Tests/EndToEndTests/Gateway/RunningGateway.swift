import Foundation
import TestSupport
import Testing

/// Keys, certificates and tokens, made once by the gateway's own commands.
struct Material: Sendable {
    static let made = Result { try Material() }

    let folder: TemporaryFolder
    let program: String
    /// Tokens of two tenants, signed with `idp.key`.
    let acme: String
    let globex: String

    static func get() throws -> Material { try made.get() }

    private init() throws {
        folder = try TemporaryFolder()
        program = try BuiltProducts.path("ringfence-gateway")
        for name in ["idp", "other"] {
            try Self.run(
                program, folder,
                "key create --algorithm ES256 --private \(name).key --public \(name).pub")
        }
        for (name, hosts) in [
            ("tls", "127.0.0.1,localhost,api.example.test"), ("wrong", "wrong.example.test"),
        ] {
            try Self.run(
                program, folder,
                "certificate create --hosts \(hosts) --certificate \(name).crt --key \(name).key")
        }
        try folder.write(String(repeating: "k7", count: 24), to: "assertion.key")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: "\(folder.path)/assertion.key")
        acme = try Self.token(program, folder, tenant: "acme", key: "idp.key")
        globex = try Self.token(program, folder, tenant: "globex", key: "idp.key")
    }

    /// - Parameter more: members of the claims, each with a comma before it.
    func token(
        tenant: String, key: String = "idp.key", tier: String = "OPEN", subject: String = "u",
        more: String = ""
    ) throws -> String {
        try Self.token(
            program, folder, tenant: tenant, key: key, tier: tier, subject: subject, more: more)
    }

    func text(of file: String) throws -> String {
        try String(contentsOfFile: "\(folder.path)/\(file)", encoding: .utf8)
    }

    /// A JWK set of one of our ES256 keys.
    func keySet(of name: String) throws -> String {
        let pem = try text(of: "\(name).pub")
        let lines = pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }
        let der = Data(base64Encoded: lines.joined()) ?? Data()
        let point = [UInt8](der.suffix(64))
        try #require(point.count == 64)
        let (x, y) = (Self.base64URL(point.prefix(32)), Self.base64URL(point.suffix(32)))
        return #"{"keys":[{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)"}]}"#
    }

    private static func base64URL(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }

    private static func token(
        _ program: String, _ folder: TemporaryFolder, tenant: String, key: String,
        tier: String = "OPEN", subject: String = "u", more: String = ""
    ) throws -> String {
        let claims =
            #"{"iss":"https://idp.example.test/","aud":"https://api.example.test","#
            + #""sub":"\#(subject)","tenant_id":"\#(tenant)","tier":"\#(tier)"\#(more)}"#
        let words = "token mint --key \(key) --algorithm ES256 --claims"
        return try run(program, folder, words, claims)
    }

    @discardableResult
    private static func run(
        _ program: String, _ folder: TemporaryFolder, _ words: String, _ last: String? = nil
    ) throws -> String {
        let arguments = words.split(separator: " ").map(String.init) + (last.map { [$0] } ?? [])
        let made = try ChildProcess.run(program, arguments, folder: folder.path)
        try #require(made.end == .exited(0), "\(made.errorOutput)")
        return made.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// What the policy of a test's gateway says.
struct PolicyText {
    /// Lines under `upstreams`; `api` is where everything goes.
    var upstreams: String
    var tls = false
    var certificate = "tls"
    var deadlines = ""
    /// More lines under `listen.public`.
    var listen = ""
    var accessLog = "none"
    var issuerKeys: String?
    var tenants = "{source: claims}"
    /// Whether upstream `api` gets assertions.
    var isAsserted = false
    /// What tier OPEN allows, and more lines of the issuer.
    var requests = "unlimited"
    var issuer = ""
    /// Other tiers in its place.
    var tiers: String?
    /// More lines at the top level, and more routes.
    var more = ""
    var routes = ""
    /// Added to route `api`.
    var apiRoute = ""

    init(port: UInt16, _ settings: String = "") {
        self.init(target: "http://127.0.0.1:\(port)", settings)
    }

    init(target: String, _ settings: String = "") {
        var rest = settings.isEmpty ? "" : ", \(settings)"
        if !settings.contains("connect:") { rest += ", connect: 60s" }
        upstreams = "  api: {targets: [\"\(target)\"]\(rest)}"
    }

    func text(_ place: String) -> String {
        let pair = "\(place)/\(certificate)"
        let encryption =
            tls ? "{certificate: file:\(pair).crt, key: file:\(pair).key}" : "none"
        // Those that no test is about outlast a machine that stands still for seconds.
        let others = ["handshake", "head", "body"].filter { !deadlines.contains("\($0):") }
        let allDeadlines = ([deadlines] + others.map { "\($0): 60s" }).filter { !$0.isEmpty }
            .joined(separator: ", ")
        let assertion =
            isAsserted ? "assertion: {to: [api], key: \"file:\(place)/assertion.key\"}" : ""
        return """
            version: 1
            listen:
              public:
                address: 127.0.0.1:0
                tls: \(encryption)
                deadlines: {\(allDeadlines)}
                access_log: \(accessLog)
            \(listen)
              health: {address: "127.0.0.1:0"}
            issuers:
              idp:
                issuer: https://idp.example.test/
            \(issuerKeys ?? "    jwks: file:\(place)/idp.pub")
                audience: [https://api.example.test]
                algorithms: [ES256]
                tenant: {claim: tenant_id}
                tier: {claim: tier}
            \(issuer)
            tenants: \(tenants)
            upstreams:
            \(upstreams)
            \(assertion)
            \(more)
            tiers:
            \(tiers ?? "  OPEN: {requests: \(requests)}")
            routes:
              - name: api
                match: {path: /**}
                auth: idp
                body: {clean: false, max: 1MiB}
                upstream: api
            \(apiRoute)
              - name: open
                match: {path: /open/**}
                auth: none
                reason: a test
                body: {clean: false}
                upstream: api
            \(routes)

            """
    }
}

/// The built gateway with a policy of its own, on ports of its own.
final class RunningGateway: Sendable {
    let folder: TemporaryFolder
    let process: ChildProcess
    let port: UInt16
    let health: UInt16
    let material: Material

    /// - Parameter limits: words of `prlimit` to start it under.
    convenience init(_ policy: PolicyText, limits: [String] = []) throws {
        let material = try Material.get()
        try self.init(text: policy.text(material.folder.path), limits: limits)
    }

    /// - Parameters:
    ///   - wrapper: words of a program to start it under.
    ///   - files: more files of the policy's folder, by path.
    ///   - words: more words of its command line.
    ///   - environment: more variables.
    init(
        text: String, limits: [String] = [], wrapper: [String] = [], files: [String: String] = [:],
        words more: [String] = [], environment: [String: String] = [:]
    ) throws {
        material = try Material.get()
        folder = try TemporaryFolder()
        try folder.write(text, to: "gateway.yaml")
        let announce = "\(folder.path)/announce"
        for (path, text) in files {
            let place = URL(filePath: folder.path).appending(path: path)
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: place)
        }
        let words =
            [material.program, "run", "--config", folder.path, "--announce", announce] + more
        let all = wrapper + (limits.isEmpty ? words : ["prlimit"] + limits + ["--"] + words)
        let process = try ChildProcess(
            all[0], Array(all.dropFirst()),
            environment: ProcessInfo.processInfo.environment.merging(environment) { $1 })
        self.process = process
        try eventually("the gateway: \(process.errorOutput)") {
            if process.end != nil { throw TestSupportError.closedEarly(process.errorOutput) }
            return FileManager.default.fileExists(atPath: announce)
        }
        let lines = try String(contentsOfFile: announce, encoding: .utf8).split(separator: "\n")
        let ports = lines.compactMap { UInt16($0.split(separator: ":").last ?? "") }
        try #require(ports.count == 2)
        (port, health) = (ports[0], ports[1])
    }

    /// A request's head; the token of acme unless told otherwise.
    func head(
        _ line: String, _ fields: [String] = [], token: String? = nil, version: String = "1.1"
    ) -> String {
        let lines =
            [
                "\(line) HTTP/\(version)", "Host: api.example.test",
                "Authorization: Bearer \(token ?? material.acme)",
            ] + fields
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    func connect(receiveBytes: Int32? = nil) throws -> RawClient {
        try RawClient(port: port, receiveBytes: receiveBytes)
    }

    /// One request on a connection of its own.
    func ask(
        _ line: String, _ fields: [String] = [], body: String = "", token: String? = nil,
        version: String = "1.1"
    ) throws -> RawResponse {
        let client = try connect()
        try client.send(head(line, fields, token: token, version: version) + body)
        return try client.readResponse(toHEAD: line.hasPrefix("HEAD "))
    }

    /// The code in a problem body.
    func code(
        _ line: String, _ fields: [String] = [], body: String = "", token: String? = nil
    ) throws -> (status: Int, code: String) {
        let response = try ask(line, fields, body: body, token: token)
        return (response.status, Self.code(of: response))
    }

    static func code(of response: RawResponse) -> String {
        let object = try? JSONSerialization.jsonObject(with: Data(response.body))
        return (object as? [String: Any])?["code"] as? String ?? ""
    }

    func probe(_ path: String) throws -> RawResponse {
        let client = try RawClient(port: health)
        try client.send("GET \(path) HTTP/1.1\r\nHost: health\r\nConnection: close\r\n\r\n")
        return try client.readResponse()
    }

    /// The sum of a metric's samples whose line begins with `name`.
    func metric(_ name: String) throws -> Int {
        let lines = try probe("/metrics").text.split(separator: "\n")
        let values = lines.filter { $0.hasPrefix(name) }.compactMap {
            Int($0.split(separator: " ").last ?? "")
        }
        try #require(!values.isEmpty, "no metric \(name)")
        return values.reduce(0, +)
    }

    /// Bytes of memory at most so far.
    func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        let kilobytes = line?.split(separator: " ").dropLast().last.flatMap { Int($0) }
        return try #require(kilobytes) * 1_024
    }

    /// Hundredths of a second of processor time so far.
    func processorTicks() throws -> Int {
        let stat = try String(contentsOfFile: "/proc/\(process.pid)/stat", encoding: .utf8)
        let words = stat.split(separator: " ").compactMap { Int($0) }
        // The name, and the state behind it, are no numbers; of those that are, user and system
        // time are the twelfth and the next.
        try #require(words.count > 13)
        return words[11] + words[12]
    }

    /// Waits until it has said these words.
    func expect(_ words: String) throws {
        try eventually("`\(words)`: \(process.errorOutput)") {
            process.errorOutput.contains(words)
        }
    }

    /// Writes the policy anew and has it read.
    func reload(_ policy: PolicyText, expecting words: String) throws {
        try reload(text: policy.text(material.folder.path), expecting: words)
    }

    func reload(text: String, expecting words: String) throws {
        let before = process.errorOutput.components(separatedBy: words).count
        try folder.write(text, to: "gateway.yaml")
        process.signal(SIGHUP)
        try eventually("`\(words)`: \(process.errorOutput)") {
            process.errorOutput.components(separatedBy: words).count > before
        }
    }
}

/// Holds threads of a scripted upstream until the test opens it.
final class Gate: Sendable {
    private let state = DispatchSemaphore(value: 0)

    func open() { state.signal() }

    func wait(seconds: Double = Patience.seconds) { _ = state.wait(timeout: .now() + seconds) }
}
