import Foundation
import TestSupport

/// A gateway that knows tenants and API keys from a copy of a directory, and its upstream.
final class KeyBench: Sendable {
    static let shared = Result { try KeyBench() }

    /// Of acme, which may have keys; reading only; of globex, which may not; of a tenant that was
    /// deleted.
    static let good = DirectoryCopyFile.key("a")
    static let revoked = DirectoryCopyFile.key("b")
    static let expired = DirectoryCopyFile.key("c")
    static let poor = DirectoryCopyFile.key("d")
    static let ofDeleted = DirectoryCopyFile.key("e")
    static let unknown = DirectoryCopyFile.key("f")
    static let ofSuspended = DirectoryCopyFile.key("g")
    /// Twenty of one tenant with 100 a minute.
    static let ofMixed = "hijklmnopqrstuvwxyz2".map { DirectoryCopyFile.key($0) }

    let recorder: RecorderUpstream
    let gateway: ChildProcess
    let port: UInt16
    let logPath: String
    private let material: Material

    private init() throws {
        let material = try Material.shared.get()
        self.material = material
        let folder = material.folder
        let recorder = try RecorderUpstream()
        self.recorder = recorder
        logPath = "\(folder.path)/keys.log"
        try Self.writeCopy(to: "\(folder.path)/directory.copy", begun: material.begun)
        try folder.write(DirectoryCopyFile.pepper, to: "pepper.key")
        try folder.write(Self.policy(upstream: recorder.port), to: "keys.yaml")
        let announced = "\(folder.path)/keys.announced"
        let gateway = try ChildProcess(
            material.program,
            [
                "run", "--config", "\(folder.path)/keys.yaml", "--announce", announced,
                "--die-with-parent",
            ])
        self.gateway = gateway
        try eventually("the gateway\n\(gateway.errorOutput)") {
            if gateway.end != nil { throw TestSupportError.closedEarly(gateway.errorOutput) }
            return FileManager.default.fileExists(atPath: announced)
        }
        let text = try String(contentsOfFile: announced, encoding: .utf8)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("public=") }),
            let port = line.split(separator: ":").last.flatMap({ UInt16($0) })
        else { throw TestSupportError.malformedResponse(text) }
        self.port = port
    }

    private static func writeCopy(to path: String, begun: Int) throws {
        let deleted = "0190a000-0000-7000-8000-00000000000c"
        var copy = DirectoryCopyFile()
        copy.add(tenant: "acme", id: DirectoryCopyFile.acme, tier: "SCALE")
        copy.add(tenant: "globex", id: DirectoryCopyFile.globex, tier: "STARTER")
        copy.add(tenant: "hooli", id: deleted, tier: "SCALE", #""state":"deleted""#)
        let scopes = ["events:read"]
        try copy.add(key: good, of: DirectoryCopyFile.acme, scopes: scopes)
        try copy.add(
            key: revoked, of: DirectoryCopyFile.acme, scopes: scopes, #""revoked":true"#)
        try copy.add(key: expired, of: DirectoryCopyFile.acme, scopes: scopes, #""expires":9"#)
        try copy.add(key: poor, of: DirectoryCopyFile.globex, scopes: scopes)
        try copy.add(key: ofDeleted, of: deleted, scopes: scopes)
        let suspended = "0190a000-0000-7000-8000-00000000000d"
        copy.add(tenant: "wayne", id: suspended, tier: "SCALE", #""state":"suspended""#)
        try copy.add(key: ofSuspended, of: suspended, scopes: scopes)
        copy.add(
            tenant: "voided", id: "0190a000-0000-7000-8000-00000000000e", tier: "SCALE",
            "\"void_before\":\(begun - 300)")
        let mixed = "0190a000-0000-7000-8000-00000000000f"
        copy.add(tenant: "mixed", id: mixed, tier: "HUNDRED")
        for key in ofMixed { try copy.add(key: key, of: mixed) }
        try copy.add(revoked: "stolen", of: DirectoryCopyFile.acme)
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try copy.write(to: path, feed: "unix:\(folder)/no-feed.sock")
    }

    private static func policy(upstream: UInt16) -> String {
        """
        version: 1
        listen:
          public: {address: "127.0.0.1:0", workers: 2, tls: none, access_log: file:keys.log}
        issuers:
          idp:
            issuer: https://idp.test/
            jwks: file:idp.pub
            audience: [api]
            algorithms: [RS256]
            tenant: {claim: tenant_id}
          es:
            issuer: https://es.test/
            jwks: file:es.pub
            audience: [api]
            algorithms: [ES256]
            tenant: {claim: tenant_id}
        sessions: {key: file:session.key, origins: ["https://app.test"]}
        tenants:
          source: directory
          feed: {address: unix:no-feed.sock}
          key_pepper: file:pepper.key
          cache: file:directory.copy
        upstreams: {api: {targets: ["http://127.0.0.1:\(upstream)"]}}
        tiers:
          STARTER: {requests: unlimited}
          SCALE: {requests: unlimited, features: [api-access]}
          HUNDRED: {requests: 100/min, features: [api-access]}
        routes:
          - name: keys
            match: {path: /k/**}
            auth: [idp, api-key]
            basic: true
            scopes: {POST: [events:write]}
            upstream: api
          - {name: es, match: {path: /es/**}, auth: es, upstream: api}
          - {name: mixed, match: {path: /mixed/**}, auth: [idp, api-key, session], upstream: api}
          - {name: plain, match: {path: /plain/**}, auth: api-key, upstream: api}
        """
    }

    /// What comes of a request: status and code, or the tenant it went upstream for.
    func outcome(_ line: String, _ fields: String) throws -> String {
        let response = try ask(line, fields)
        if response.status == 200 {
            let path = line.split(separator: " ")[1]
            let sent = recorder.requests.last { $0.requestLine.contains(" \(path) ") }
            let hidden = ["Authorization", "X-API-Key"].allSatisfy { sent?.all($0) == [] }
            return "200 for \(sent?.all("X-Tenant-ID") ?? [])" + (hidden ? "" : ", key passed on")
        }
        let body = try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
        return "\(response.status) \(body?["code"] ?? "-")"
    }

    func ask(_ line: String, _ fields: String) throws -> RawResponse {
        let client = try RawClient(port: port)
        try client.send(bytes(line, fields))
        return try client.readResponse()
    }

    func bytes(_ line: String, _ fields: String) -> [UInt8] {
        Array("\(line) HTTP/1.1\r\nHost: api.test\r\n".utf8)
            + Wire.bytes(fields, tokens: material.tokens) + Array("\r\n".utf8)
    }
}
