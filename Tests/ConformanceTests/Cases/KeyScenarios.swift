import Foundation
import TestSupport

/// Section K, and what else needs a directory: keys and tenants that are no token's.
extension Scenario {
    /// Requests with what must come of them, in one gateway that knows keys.
    static func outcomes(
        _ id: String, _ sent: String, _ required: String,
        _ rows: @escaping @Sendable () -> [(line: String, fields: String, outcome: String)]
    ) -> Scenario {
        Scenario(id, sent, required) {
            let bench = try KeyBench.shared.get()
            return try rows().compactMap { row in
                let found = try bench.outcome(row.line, row.fields)
                return found == row.outcome
                    ? nil : "\(row.line) \(row.fields): \(found), not \(row.outcome)"
            }
        }
    }

    static func field(_ key: String) -> String { "X-API-Key: \(key)\r\n" }
    static func bearer(_ key: String) -> String { "Authorization: Bearer \(key)\r\n" }
    private static func basic(_ text: String) -> String {
        "Authorization: Basic \(Data(text.utf8).base64EncodedString())\r\n"
    }

    private static let invalid = "401 token.invalid"

    static let keys: [Scenario] = [
        Scenario(
            "K1a", "unknown, revoked and expired keys, a wrong secret, the key of a deleted tenant",
            "one answer, byte for byte but for its id"
        ) {
            let bench = try KeyBench.shared.get()
            var answers: Set<String> = []
            for key in [
                KeyBench.unknown, KeyBench.revoked, KeyBench.expired,
                String(KeyBench.good.dropLast()) + "b",
                String(KeyBench.good.prefix(25)) + KeyBench.revoked.dropFirst(25), "rf_live_x",
            ] {
                let answer = try bench.ask("GET /plain/k1", field(key))
                let id = answer.all("X-Request-ID").first ?? "-"
                let fields = answer.fields.filter { $0.name != "Date" }
                    .map { "\($0.name): \($0.value)" }.joined(separator: "\n")
                answers.insert(
                    "\(answer.status)\n\(fields)\n\(answer.text)"
                        .replacingOccurrences(of: id, with: "ID"))
            }
            return answers.count == 1 && answers.first?.hasPrefix("401") == true
                ? [] : answers.sorted()
        },
        outcomes("K2a", "a good key, in both fields", "forwarded for acme, without the key") {
            [
                ("GET /k/field", field(KeyBench.good), #"200 for ["acme"]"#),
                ("GET /k/bearer", bearer(KeyBench.good), #"200 for ["acme"]"#),
            ]
        },
        outcomes("K3a", "spellings of a good key that are not the key", "401 each") {
            let key = KeyBench.good
            let texts = [
                key.uppercased(), key + "=", key + "==", " ." + key,
                String(key.dropLast()), key + "a", "RF_LIVE_" + key.dropFirst(8),
                key.replacingOccurrences(of: "rf_live_", with: "rf%5flive_"), key + "\t" + key,
                key.replacingOccurrences(of: "_", with: "-"), "\"\(key)\"",
            ]
            return texts.map { ("GET /plain/k3", field($0), invalid) }
        },
        outcomes("K4a", "a key in two fields, in the path, the query, a cookie", "400 each") {
            let key = KeyBench.good
            let misplaced = "400 credential.misplaced"
            return [
                ("GET /k/k4", field(key) + field(key), "400 credential.ambiguous"),
                ("GET /k/k4", field(key) + bearer(key), "400 credential.ambiguous"),
                ("GET /k/k4", field(key) + bearer("{acme}"), "400 credential.ambiguous"),
                ("GET /k/\(key)", field(key), misplaced), ("GET /k/\(key)", "", misplaced),
                ("GET /k/k4?key=\(key)", field(key), misplaced),
                ("GET /k/k4?key=\(key)", "", misplaced),
                ("GET /k/k4", "Cookie: key=\(key)\r\n" + field(key), misplaced),
                ("GET /k/k4", "Cookie: key=\(key)\r\n", misplaced),
            ]
        },
        Scenario("K4b", "all of these", "no key and no secret in the log, its id in it") {
            let bench = try KeyBench.shared.get()
            _ = try bench.outcome("GET /k/last-of-all", field(KeyBench.good))
            let secret = String(KeyBench.good.dropFirst(25))
            var text = ""
            try eventually("the log") {
                text = try String(contentsOfFile: bench.logPath, encoding: .utf8)
                return text.contains("last-of-all")
            }
            text += bench.gateway.errorOutput
            var found: [String] = []
            if text.contains("rf_live") || text.contains(secret) { found.append("a key: \(text)") }
            if !text.contains("\"key\":\"\(KeyBench.good.dropFirst(8).prefix(16))\"") {
                found.append("no id")
            }
            return found
        },
        outcomes("K5a", "the key of a tenant whose tier has none; its token", "403; forwarded") {
            [
                ("GET /k/poor", field(KeyBench.poor), "403 feature.missing"),
                ("GET /k/token", bearer("{globex}"), #"200 for ["globex"]"#),
            ]
        },
        outcomes("K5b", "a key that may read", "forwarded where it reads, 403 where it writes") {
            [
                ("GET /k/scope", field(KeyBench.good), #"200 for ["acme"]"#),
                ("POST /k/scope", field(KeyBench.good), "403 scope.insufficient"),
            ]
        },
        outcomes("A5a", "a key as user name of Basic", "taken only where the route says so") {
            let key = KeyBench.good
            return [
                ("GET /k/basic", basic(key + ":"), #"200 for ["acme"]"#),
                ("GET /k/b1", basic(key + ":password"), "401 token.ambiguous"),
                ("GET /k/b1", basic(key), "401 token.ambiguous"),
                ("GET /k/b1", basic("user:" + key), "401 token.ambiguous"),
                ("GET /k/b1", basic(KeyBench.unknown + ":"), invalid),
                ("GET /plain/basic", basic(key + ":"), "401 token.ambiguous"),
            ]
        },
        outcomes("N5a", "a token and a key of a tenant that was deleted", "403 and 403") {
            [
                ("GET /k/n5", bearer("{deleted}"), "403 tenant.unknown"),
                ("GET /k/n5", field(KeyBench.ofDeleted), "403 tenant.unknown"),
            ]
        },
        Scenario(
            "P11e", "TLS for `localhost`, a request for `acme.tenants.test` in it",
            "421 `route.misdirected`, nothing upstream"
        ) {
            let bench = try Bench.secure.get()
            let client = try RawClient(port: bench.port, from: bench.newSource())
            try client.send(
                bench.bytes(
                    "GET /a/p11e HTTP/1.1\r\nHost: acme.tenants.test\r\n{auth}\r\n"))
            let answer = try client.readResponse()
            return answer.status == 421 && answer.text.contains("route.misdirected")
                ? [] : ["answered \(answer.status) \(answer.text)"]
        },
    ]
}
