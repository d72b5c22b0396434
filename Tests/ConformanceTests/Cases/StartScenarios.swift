import TestSupport

/// Keys no gateway may start with: libjwt alone takes the weak ones, and verifies nothing with the
/// empty one.
extension Scenario {
    static let keyRefusals: [Scenario] = [
        start("L1e", "secret: file:empty.key", "HS256", "shorter than the 32 bytes"),
        start("L3f", "secret: file:idp.pub", "HS256", "a key file, not a shared secret"),
        start("L4f", "jwks: file:idp.pub", "none", "E1207"),
        start("L6g", "jwks: file:p384.pub", "ES256", "fits none of the issuer's algorithms"),
        start("L6h", "jwks: file:idp.pub", "ES256", "fits none of the issuer's algorithms"),
        start("L6i", "jwks: file:idp.pub", "RS256, HS256", "cannot stand beside"),
        start("L7d", "secret: file:short.key", "HS256", "shorter than the 32 bytes"),
        start("L7e", "jwks: file:rsa1024.pub", "RS256", "an RSA key of 1024 bits"),
        start("L7f", "jwks: file:rsa512.pub", "RS256", "an RSA key of 512 bits"),
        start("L23a", "jwks: file:idp.key", "RS256", "is a private key"),
        start("L23b", "jwks: file:tls.crt", "ES256", "is a certificate"),
        start("L23c", "jwks: file:gateway.txt", "RS256", "neither a PEM public key nor a JWK set"),
        start("L23d", "jwks: file:missing.pub", "RS256", "no such file"),
    ]

    private static func start(
        _ id: String, _ keys: String, _ algorithms: String, _ words: String
    ) -> Scenario {
        Scenario(
            id, "a gateway started with `\(keys)` and `algorithms: [\(algorithms)]`",
            "it ends with 2 and says: \(words)"
        ) {
            let material = try Material.shared.get()
            let file = "start-\(id).yaml"
            try material.folder.write("not a key", to: "gateway.txt")
            try material.folder.write(policy(keys, algorithms), to: file)
            let path = "\(material.folder.path)/\(file)"
            let run = try ChildProcess.run(
                material.program, ["run", "--config", path, "--die-with-parent"])
            var found: [String] = []
            if run.end != .exited(2) { found.append("it ended with \(run.end)") }
            if !run.errorOutput.contains(words) { found.append("it said: \(run.errorOutput)") }
            return found
        }
    }

    private static func policy(_ keys: String, _ algorithms: String) -> String {
        """
        version: 1
        listen: {public: {address: "127.0.0.1:0", workers: 1, tls: none, access_log: none}}
        issuers:
          idp:
            issuer: https://idp.test/
            \(keys)
            audience: [api]
            algorithms: [\(algorithms)]
            tenant: {claim: tenant_id}
            tier: {claim: tier}
        upstreams: {api: {targets: ["http://127.0.0.1:1"]}}
        tiers: {FREE: {requests: unlimited}}
        routes:
          - {name: a, match: {path: /a}, auth: idp, upstream: api, body: {clean: false}}
        """
    }
}
