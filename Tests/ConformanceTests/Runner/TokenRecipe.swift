import Foundation
import TestSupport

/// How a token is made, right or wrong. Signed by OpenSSL's program, so that no row trusts the code
/// it tests; `Bench.mintedTokens` has those the gateway's own `token mint` makes.
struct TokenRecipe: Sendable {
    enum Signer: Sendable {
        /// RSA with SHA-256 and the issuer's key, unless said otherwise.
        case rsa(key: String = "idp.key", hash: String = "sha256")
        /// HMAC with a file's bytes as the secret.
        case hmac(file: String, hash: String = "sha256")
        /// These bytes are the signature.
        case bytes([UInt8])
        /// Nothing behind the last dot.
        case empty
    }

    var header = #"{"alg":"RS256","typ":"JWT"}"#
    var claims = TokenRecipe.claims([:])
    var signer = Signer.rsa()
    /// What becomes of the finished token.
    var finish: @Sendable (String) -> String = { $0 }

    /// The claims every token has unless a row says otherwise. Values are JSON.
    private static let usual: [(name: String, value: String)] = [
        ("iss", #""https://idp.test/""#), ("aud", #""api""#), ("sub", #""u1""#),
        ("tenant_id", #""acme""#), ("tier", #""FREE""#), ("iat", "now-5"), ("exp", "now+600"),
    ]

    /// The usual claims with these changed, or left out where the value is empty. `now+5` is a time.
    static func claims(_ changes: KeyValuePairs<String, String>) -> String {
        var members = usual
        for (name, value) in changes {
            members.removeAll { $0.name == name }
            if !value.isEmpty { members.append((name, value)) }
        }
        let now = Int(Date().timeIntervalSince1970)
        let texts = members.map { member in
            var value = member.value
            if value.hasPrefix("now") { value = "\(now + (Int(value.dropFirst(3)) ?? 0))" }
            return "\"\(member.name)\":\(value)"
        }
        return "{" + texts.joined(separator: ",") + "}"
    }

    private var message: String { Self.encode(Array(header.utf8)) + "." + Self.encode(Array(claims.utf8)) }

    /// Makes all of them with one shell.
    ///
    /// - Parameter folder: has the key files, and room for more.
    static func make(
        _ recipes: [(name: String, recipe: TokenRecipe)], in folder: TemporaryFolder
    ) throws -> [String: String] {
        var script = "set -e\n"
        for (index, (_, recipe)) in recipes.enumerated() {
            try folder.write(recipe.message, to: "sign/\(index)")
            let output = "-binary -out sign/\(index).out sign/\(index)\n"
            switch recipe.signer {
            case .rsa(let key, let hash):
                script += "openssl dgst -\(hash) -sign \(key) \(output)"
            case .hmac(let file, let hash):
                let hex = "hexkey:$(od -An -v -tx1 \(file) | tr -d ' \\n')"
                script += "openssl dgst -\(hash) -mac HMAC -macopt \(hex) \(output)"
            case .bytes, .empty: break
            }
        }
        let run = try ChildProcess.run("sh", ["-c", script], folder: folder.path, seconds: 60)
        guard run.end == .exited(0) else { throw TestSupportError.closedEarly(run.errorOutput) }
        var tokens: [String: String] = [:]
        for (index, (name, recipe)) in recipes.enumerated() {
            var signature: [UInt8] = []
            switch recipe.signer {
            case .rsa, .hmac:
                let path = "\(folder.path)/sign/\(index).out"
                signature = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            case .bytes(let bytes): signature = bytes
            case .empty: break
            }
            tokens[name] = recipe.finish(recipe.message + "." + encode(signature))
        }
        return tokens
    }

    static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }
}
