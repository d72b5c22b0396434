import Foundation
import TestSupport
import Testing

/// A policy folder with its keys and a token, for commands that read policies; the built programs
/// are run in the folder above it.
final class PolicyFolder: Sendable {
    let folder: TemporaryFolder
    let token: String

    static let policy = """
        version: 1
        listen: {public: {address: "127.0.0.1:0", access_log: none}}
        issuers:
          idp:
            issuer: https://idp.example.test/
            jwks: file:idp.pub
            audience: [https://api.example.test]
            algorithms: [ES256]
            tenant: {claim: tenant_id}
        tenants: {source: file:tenants.yaml}
        upstreams:
          orders: {targets: ["http://127.0.0.1:1"]}
          reports: {targets: ["http://127.0.0.1:1"]}
        routes:
          - name: orders
            match: {path: /v1/orders/**, methods: [GET, POST]}
            auth: idp
            tenant: {inject: {query: tenant_id}}
            upstream: orders
          - name: reports
            match: {path: /v1/reports/**}
            auth: idp
            body: {clean: false}
            upstream: reports
          - {name: health, match: {path: /healthz}, auth: none, reason: liveness, upstream: orders}
        tiers:
          STARTER: {requests: 100/min}
          GROWTH: {requests: 500/min}

        """
    static let tenants = "version: 1\ntenants: {acme: {tier: STARTER}, globex: {tier: GROWTH}}\n"

    init(_ policy: String = PolicyFolder.policy) throws {
        folder = try TemporaryFolder()
        try folder.write(policy, to: "policies/gateway.yaml")
        try folder.write(Self.tenants, to: "policies/tenants.yaml")
        let program = try BuiltProducts.path("ringfence")
        let made = try ChildProcess.run(
            program,
            [
                "key", "create", "--algorithm", "ES256", "--private", "idp.key", "--public",
                "policies/idp.pub",
            ], folder: folder.path)
        try #require(made.end == .exited(0), "\(made.errorOutput)")
        token = try Self.mint(in: folder, tenant: "acme")
        try folder.write(token + "\n", to: "alice.jwt")
    }

    static func mint(
        in folder: TemporaryFolder, tenant: String, audience: String = "https://api.example.test"
    ) throws -> String {
        let claims =
            #"{"iss":"https://idp.example.test/","aud":"\#(audience)","sub":"alice","#
            + #""tenant_id":"\#(tenant)"}"#
        let made = try ChildProcess.run(
            BuiltProducts.path("ringfence"),
            [
                "token", "mint", "--key", "idp.key", "--algorithm", "ES256", "--kid", "2026-10",
                "--claims", claims,
            ], folder: folder.path)
        try #require(made.end == .exited(0), "\(made.errorOutput)")
        return made.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Runs `ringfence` with these words.
    func run(
        _ words: String..., input: String? = nil
    ) throws -> (end: ChildProcess.End, output: String, errors: String) {
        let result = try ChildProcess.run(
            BuiltProducts.path("ringfence"), words, folder: folder.path, input: input)
        return (result.end, result.output, result.errorOutput)
    }

    /// Lines of an output without the spaces that align them.
    static func lines(_ output: String) -> [String] {
        output.split(separator: "\n").map { line in
            line.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        }
    }

    func object(_ text: String) throws -> [String: Any] {
        try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
    }
}

extension String {
    /// With one thing changed, which must be there.
    func changing(_ old: String, to new: String) -> String {
        precondition(contains(old), "\(old) is not there")
        return replacingOccurrences(of: old, with: new)
    }
}
