import Foundation
import TestSupport
import Testing

/// One issuer with keys of its own, reached by https, and the words about it in a policy.
final class IssuerSite: Sendable {
    let name: String
    let server: HTTPSIssuer
    let material: Material
    private let folder: TemporaryFolder

    /// Where its configuration document lies.
    static let configuration = "/.well-known/openid-configuration"
    static let keys = "/keys"

    /// Begins with the key `k1` and a good configuration document.
    init(_ name: String) throws {
        self.name = name
        material = try Material.get()
        folder = try TemporaryFolder()
        server = try HTTPSIssuer(
            certificate: "\(material.folder.path)/tls.crt",
            key: "\(material.folder.path)/tls.key")
        try publish(["k1"])
        try server.serve(configuration(), at: Self.configuration)
    }

    var issuer: String { "\(server.origin)/" }

    func configuration(issuer: String? = nil, keys: String? = nil) -> String {
        let set = keys ?? server.origin + Self.keys
        return #"{"issuer":"\#(issuer ?? self.issuer)","jwks_uri":"\#(set)"}"#
    }

    /// Answers a set of these keys; new names get new keys.
    func publish(_ names: [String], fields: [String] = []) throws {
        let keys = try names.map { try jwk($0) }.joined(separator: ",")
        try server.serve(#"{"keys":[\#(keys)]}"#, at: Self.keys, fields: fields)
    }

    private func jwk(_ name: String) throws -> String {
        let file = "\(folder.path)/\(name)"
        if !FileManager.default.fileExists(atPath: file + ".pub") {
            try run("key create --algorithm ES256 --private \(file).key --public \(file).pub")
        }
        let pem = try String(contentsOfFile: file + ".pub", encoding: .utf8)
        let lines = pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }
        let point = [UInt8]((Data(base64Encoded: lines.joined()) ?? Data()).suffix(64))
        let (x, y) = (Self.base64URL(point.prefix(32)), Self.base64URL(point.suffix(32)))
        return
            #"{"kty":"EC","crv":"P-256","use":"sig","alg":"ES256","kid":"\#(name)","#
            + #""x":"\#(x)","y":"\#(y)"}"#
    }

    static func base64URL(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }

    /// A token of a tenant, signed with a key that was published at some time.
    func token(
        _ key: String = "k1", tenant: String = "acme", tier: String = "OPEN", more: String = ""
    ) throws -> String {
        let claims =
            #"{"iss":"\#(issuer)","aud":"https://api.example.test","sub":"u","#
            + #""tenant_id":"\#(tenant)","tier":"\#(tier)"\#(more)}"#
        let file = "\(folder.path)/\(key).key"
        return try run("token mint --key \(file) --algorithm ES256 --kid \(key) --claims", claims)
    }

    @discardableResult
    private func run(_ words: String, _ last: String? = nil) throws -> String {
        let arguments = words.split(separator: " ").map(String.init) + (last.map { [$0] } ?? [])
        let made = try ChildProcess.run(material.program, arguments)
        try #require(made.end == .exited(0), "\(made.errorOutput)")
        return made.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Its lines under `issuers`.
    func policy(_ settings: String = "", discovers: Bool = false, allow: String = "") -> String {
        let keys = discovers ? "discover" : server.origin + Self.keys
        let more = settings.isEmpty ? "" : "\(settings), "
        return "  \(name): {issuer: \"\(issuer)\", jwks: \"\(keys)\", jwks_private: true, "
            + "jwks_ca: \"file:\(material.folder.path)/tls.crt\", \(more)"
            + "audience: [https://api.example.test], algorithms: [ES256], "
            + "tenant: {claim: tenant_id}, tier: {claim: tier}\(allow)}"
    }

    /// A policy with a route `/NAME` for each issuer.
    static func policy(
        _ issuers: [(IssuerSite, String)], upstream: UInt16, more: String = ""
    ) -> String {
        let routes = issuers.map { site, _ in
            "  - {name: \(site.name), match: {path: /\(site.name)/**}, auth: \(site.name), "
                + "body: {clean: false}, upstream: api}"
        }
        return """
            version: 1
            listen:
              public: {address: "127.0.0.1:0", tls: none, access_log: none, workers: 2}
              health: {address: "127.0.0.1:0"}
            issuers:
            \(issuers.map(\.1).joined(separator: "\n"))
            upstreams:
              api: {targets: ["http://127.0.0.1:\(upstream)"], connect: 60s}
            tiers:
              OPEN: {requests: unlimited}
              CLOSED: {requests: unlimited}
            \(more)
            routes:
            \(routes.joined(separator: "\n"))

            """
    }
}
