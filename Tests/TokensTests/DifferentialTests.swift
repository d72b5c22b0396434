import Foundation
import Policy
import Testing

@testable import Tokens

/// 10,000 generated tokens through our verifier and libjwt, and with `RINGFENCE_TOKENS_OUT` into a
/// file for `jury/tokens`, where two libraries from PyPI read them again (`make tokens`).
///
/// What may never be: we take a token that another reader refuses or reads differently.
@Suite struct `Generated tokens` {
    static var settings: [String: String] { ProcessInfo.processInfo.environment }

    @Test func `what is taken, libjwt reads alike`() throws {
        let count = Self.settings["RINGFENCE_TOKENS"].flatMap { Int($0) } ?? 10_000
        let seed = Self.settings["RINGFENCE_SEED"].flatMap { UInt64($0) } ?? .random(in: 0 ... .max)
        print("seed \(seed)")
        var generator = try TokenGenerator(seed: seed)
        var verifier = try TokenVerifier()
        var report: [String] = []
        let writes = Self.settings["RINGFENCE_TOKENS_OUT"] != nil
        var taken = 0
        var wrong: [String] = []
        for _ in 0..<count {
            let token = generator.next()
            let claims: VerifiedClaims?
            var defect: TokenDefect?
            do throws(TokenDefect) {
                claims = try verifier.verify(
                    token.bytes.span, issuer: token.issuer, now: Fixture.now)
            } catch {
                claims = nil
                defect = error
            }
            if let claims {
                taken += 1
                if let difference = Self.difference(token, claims) {
                    wrong.append("\(difference): \(token.words)")
                }
            }
            if writes { report.append(try Self.line(token, claims, defect)) }
        }
        #expect(wrong.isEmpty, "seed \(seed)")
        // Neither everything nor nothing: the generator makes both.
        #expect(taken > count / 10 && taken < count * 9 / 10, "\(taken) of \(count)")
        if let path = Self.settings["RINGFENCE_TOKENS_OUT"] {
            let head = try Self.head(seed: seed)
            let text = ([head] + report).joined(separator: "\n") + "\n"
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        }
    }

    /// What libjwt makes of a token we took, where it differs.
    private static func difference(_ token: GeneratedToken, _ claims: VerifiedClaims) -> String? {
        let algorithm = token.row.algorithm
        let header = token.bytes.prefix { $0 != UInt8(ascii: ".") }
        let text = Base64URL.decode(Array(header).span) ?? []
        let says = String(decoding: text, as: UTF8.self)
        let isPlain = !says.contains("typ") || says.lowercased().contains(#""jwt""#)
        guard algorithm.isKnownToSecondReader, isPlain else { return nil }
        let read = LibJWT(token.bytes, key: token.row.keyFile)
        guard read.isAccepted else { return "libjwt refuses it" }
        guard read.algorithm == algorithm.rawValue else { return "libjwt: \(read.algorithm)" }
        guard read.tenant == claims.tenant?.text else {
            return "libjwt: tenant \(read.tenant ?? "")"
        }
        return nil
    }

    private static func head(seed: UInt64) throws -> String {
        var keys: [String: String] = [:]
        for row in AlgorithmCase.all {
            keys[row.algorithm.rawValue] = Data(row.keyFile).base64EncodedString()
        }
        return try json([
            "seed": "\(seed)", "now": Fixture.now, "keys": keys,
            "issuer": "https://idp.example.com/", "audience": "https://api.example.com",
        ])
    }

    private static func line(
        _ token: GeneratedToken, _ claims: VerifiedClaims?, _ defect: TokenDefect?
    ) throws -> String {
        var object: [String: Any] = [
            "token": Data(token.bytes).base64EncodedString(), "words": token.words,
            "algorithm": token.row.algorithm.rawValue,
        ]
        if let defect { object["defect"] = "\(defect.code)" }
        if let claims {
            object["claims"] = [
                "tenant": claims.tenant?.text ?? "",
                "subject": String(decoding: claims.subject, as: UTF8.self),
                "role": claims.role.map { String(decoding: $0, as: UTF8.self) } ?? "",
                "tier": claims.tier.map { String(decoding: $0, as: UTF8.self) } ?? "",
                "expires": claims.expires - 5, "issuedAt": claims.issuedAt ?? -1,
                "hasTokenID": claims.tokenID != nil,
            ]
        }
        return try json(object)
    }

    private static func json(_ object: [String: Any]) throws -> String {
        let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
        return String(decoding: data, as: UTF8.self)
    }
}
