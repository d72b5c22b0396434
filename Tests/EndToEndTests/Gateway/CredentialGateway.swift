import Foundation
import TestSupport
import Testing

/// A gateway whose tenants and keys come from a copy of a directory, with routes for every kind of
/// credential, and the credentials.
final class CredentialGateway: Sendable {
    static let made = Result { try CredentialGateway() }
    static func get() throws -> CredentialGateway { try made.get() }

    let gateway: RunningGateway
    let recorder: RecorderUpstream
    let material: Material
    /// Of acme: reading events; reading and writing; revoked; expired. Of globex, whose tier has no
    /// API keys.
    static let reader = DirectoryCopyFile.key("a")
    static let writer = DirectoryCopyFile.key("b")
    static let revoked = DirectoryCopyFile.key("c")
    static let expired = DirectoryCopyFile.key("d")
    static let poor = DirectoryCopyFile.key("e")
    static let unknown = DirectoryCopyFile.key("f")
    static let ofSuspended = DirectoryCopyFile.key("g")
    /// Of another vendor's acme.
    static let ofOther = DirectoryCopyFile.key("h")

    private init() throws {
        material = try Material.get()
        recorder = try RecorderUpstream()
        let folder = material.folder
        let place = folder.path
        try folder.write(String(repeating: "s3", count: 24), to: "session.key")
        try folder.write(String(repeating: "p5", count: 24), to: "producers.key")
        try folder.write(DirectoryCopyFile.pepper, to: "pepper")
        for name in ["session.key", "producers.key", "pepper"] {
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600], ofItemAtPath: "\(place)/\(name)")
        }
        var copy = DirectoryCopyFile()
        copy.add(
            tenant: "acme", id: DirectoryCopyFile.acme, tier: "SCALE",
            #""domains":["acme.example.test"]"#)
        copy.add(
            tenant: "globex", id: DirectoryCopyFile.globex, tier: "STARTER",
            #""domains":["globex.example.test"]"#)
        let suspended = "0190a000-0000-7000-8000-00000000000c"
        copy.add(tenant: "hooli", id: suspended, tier: "SCALE", #""state":"suspended""#)
        try copy.add(key: Self.reader, of: DirectoryCopyFile.acme, scopes: ["events:read"])
        try copy.add(
            key: Self.writer, of: DirectoryCopyFile.acme, scopes: ["events:read", "events:write"])
        try copy.add(
            key: Self.revoked, of: DirectoryCopyFile.acme, scopes: ["events:read"],
            #""revoked":true"#)
        try copy.add(
            key: Self.expired, of: DirectoryCopyFile.acme, scopes: ["events:read"],
            #""expires":1000"#)
        try copy.add(key: Self.poor, of: DirectoryCopyFile.globex, scopes: ["events:read"])
        try copy.add(key: Self.ofSuspended, of: suspended, scopes: ["events:read"])
        let other = "0190a000-0000-7000-8000-00000000000d"
        copy.add(tenant: "acme", id: other, tier: "SCALE", isOther: true)
        try copy.add(key: Self.ofOther, of: other, scopes: ["events:read"])
        try copy.write(to: "\(place)/directory.copy", feed: "unix:\(place)/no-feed.sock")
        gateway = try RunningGateway(text: Self.policy(place, upstream: recorder.port))
    }

    static func policy(_ place: String, upstream: UInt16) -> String {
        """
        version: 1
        listen:
          public: {address: "127.0.0.1:0", tls: none, access_log: "file:\(place)/credentials.log"}
          health: {address: "127.0.0.1:0"}
        trusted_proxies: [127.9.0.0/16]
        vendors: {other: {}}
        issuers:
          idp:
            issuer: https://idp.example.test/
            jwks: file:\(place)/idp.pub
            audience: [https://api.example.test]
            algorithms: [ES256]
            tenant: {claim: tenant_id}
            scope: {claim: scope}
          producers:
            kind: internal
            issuer: producers
            secret: file:\(place)/producers.key
            audience: [https://api.example.test]
            algorithms: [HS256]
            allow: {tenants: [acme, globex, nobody]}
        sessions:
          key: file:\(place)/session.key
          origins: [https://portal.example.test]
        tenants:
          source: directory
          feed: {address: "unix:\(place)/no-feed.sock"}
          max_stale: 24h
          key_pepper: file:\(place)/pepper
          cache: file:\(place)/directory.copy
          hosts: ["{tenant}.tracking.example.test"]
        upstreams:
          api: {targets: ["http://127.0.0.1:\(upstream)"], connect: 60s}
        tiers:
          STARTER: {requests: unlimited}
          SCALE: {requests: unlimited, features: [api-access]}
        routes:
          - name: events
            match: {path: /events/**}
            auth: [idp, api-key, session]
            basic: true
            scopes: {GET: [events:read], POST: [events:write]}
            upstream: api
          - name: keys
            match: {path: /keys/**}
            auth: api-key
            upstream: api
          - name: tokens
            match: {path: /tokens/**}
            auth: idp
            upstream: api
          - name: produced
            match: {path: /produced/**}
            auth: internal
            tenant:
              from: [{json: /customerExternalId}, {header: X-Customer}, {query: customer}]
              inject: {json: /tenant_id}
            upstream: api
          - name: pixel
            match: {host: "{tenant}.tracking.example.test", path: /pixel}
            auth: none
            reason: a public page of the tenant
            tenant: {from: [host]}
            upstream: api
          - name: page
            match: {path: "/pages/{tenant}/**"}
            auth: none
            reason: a public page of the tenant
            tenant: {from: [path, host]}
            upstream: api
          - name: proxied
            match: {path: /proxied}
            auth: none
            reason: the proxy in front knows
            tenant: {from: [{header: X-Customer}, {cookie: customer}, {default: globex}]}
            upstream: api
        """
    }

    // MARK: Credentials

    func token(_ claims: String, _ key: String, _ algorithm: String, type: String? = nil) throws
        -> String
    {
        var words = [
            "token", "mint", "--key", "\(material.folder.path)/\(key)", "--algorithm", algorithm,
            "--claims", claims,
        ]
        if let type { words += ["--type", type] }
        let made = try ChildProcess.run(material.program, words)
        try #require(made.end == .exited(0), "\(made.errorOutput)")
        return made.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func session(
        tenant: String = "acme", more: String = "", type: String? = "ringfence-session+jwt",
        key: String = "session.key"
    ) throws -> String {
        try token(
            #"{"iss":"ringfence-sessions","sub":"ann","tenant":"\#(tenant)","#
                + #""scope":"events:read events:write"\#(more)}"#, key, "HS256", type: type)
    }

    func access(tenant: String = "acme", scope: String = "events:read") throws -> String {
        try token(
            #"{"iss":"https://idp.example.test/","aud":"https://api.example.test","sub":"u","#
                + #""tenant_id":"\#(tenant)","scope":"\#(scope)"}"#, "idp.key", "ES256")
    }

    func producer() throws -> String {
        try token(
            #"{"iss":"producers","aud":"https://api.example.test","sub":"billing"}"#,
            "producers.key", "HS256")
    }

    // MARK: Requests

    /// - Parameter from: the client's address.
    func ask(
        _ line: String, _ fields: [String], body: String = "", host: String = "api.example.test",
        from: String? = nil
    ) throws -> RawResponse {
        let client = try RawClient(port: gateway.port, from: from)
        var lines = ["\(line) HTTP/1.1", "Host: \(host)"] + fields
        if !body.isEmpty { lines.append("Content-Length: \(body.utf8.count)") }
        try client.send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
        return try client.readResponse(toHEAD: line.hasPrefix("HEAD "))
    }

    /// Status and code of the answer.
    func answer(
        _ line: String, _ fields: [String], body: String = "", host: String = "api.example.test",
        from: String? = nil
    ) throws -> String {
        let response = try ask(line, fields, body: body, host: host, from: from)
        let code = RunningGateway.code(of: response)
        return code.isEmpty ? "\(response.status)" : "\(response.status) \(code)"
    }

    /// What reached the upstream for a path nobody else asks for.
    func sent(_ path: String) throws -> RecorderUpstream.Request {
        try #require(recorder.requests.first { $0.headText.contains(" \(path)") })
    }

    func wasSent(_ path: String) -> Bool {
        recorder.requests.contains { $0.headText.contains(path) }
    }
}
