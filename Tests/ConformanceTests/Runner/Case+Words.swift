import Foundation

/// A row in words, for `docs/conformance.md` and for failures.
extension Case {
    /// Scalars of one quotation.
    private static let quotedMax = 90

    /// What is sent. `Host` and a good credential are not repeated.
    var sentWords: String {
        if let recipe { return "\(methodAndTarget) with \(recipe.words)" }
        let first = wire.components(separatedBy: "\r\n")[0]
        let start = first + "\r\n{host}"
        guard first.hasSuffix(" HTTP/1.1"), wire.hasPrefix(start) else { return Self.quoted(wire) }
        var rest = Self.dropping(start, from: wire)
        let hasCredential = rest.hasPrefix("{auth}")
        if hasCredential { rest = Self.dropping("{auth}", from: rest) }
        var lines = ""
        var body = rest
        if rest.hasPrefix("\r\n") {
            body = Self.dropping("\r\n", from: rest)
        } else if let end = rest.range(of: "\r\n\r\n") {
            lines = String(rest[..<end.lowerBound])
            body = String(rest[end.upperBound...])
        } else {
            return Self.quoted(wire)
        }
        var words = Self.quoted(first.replacing(" HTTP/1.1", with: ""))
        if !lines.isEmpty { words += " with \(Self.quoted(lines))" }
        if !hasCredential, !lines.contains("{") { words += ", no credential" }
        if !body.isEmpty { words += ", body \(Self.quoted(body))" }
        return words
    }

    /// Scalars, because a line end is one character for Swift and its parts are none.
    private static func dropping(_ prefix: String, from text: String) -> String {
        String(text.unicodeScalars.dropFirst(prefix.unicodeScalars.count))
    }

    private var methodAndTarget: String {
        Self.quoted(wire.split(separator: " ").prefix(2).joined(separator: " "))
    }

    /// What has to come of it.
    var requiredWords: String {
        var words = [verdict.words(for: tenant)]
        if isAnswerRefused {
            words = ["the upstream's answer refused: \(verdict.status) `\(verdict.code ?? "")`"]
        }
        words += facts.compactMap(\.words)
        return words.joined(separator: "; ")
    }

    /// Between backquotes, in a cell of a table.
    static func quoted(_ text: String) -> String {
        var plain = Report.escaped(text, limit: quotedMax)
        plain = plain.replacing("`", with: #"\x60"#).replacing("|", with: #"\x7c"#)
        return "`\(plain)`"
    }
}

extension Verdict {
    func words(for tenant: String?) -> String {
        let whom = tenant.map { "for `\($0)`" } ?? "without a tenant"
        return switch self {
        case .forwarded: "forwarded \(whom)"
        case .forwardedAs(let status): "forwarded \(whom), answered \(status)"
        case .forwardedLast: "forwarded \(whom), then closed"
        case .declined(let status, let code): "\(status) `\(code)`, nothing upstream"
        case .refused(let status, let code): "\(status) `\(code)`, nothing upstream, closed"
        case .cut(let status, let code): "\(status) `\(code)`, upstream cut off, closed"
        case .answered(let status): "\(status) by the gateway, nothing upstream"
        }
    }
}

extension Fact {
    /// `nil` where it says how the row is judged rather than what comes of it.
    var words: String? {
        switch self {
        case .target(let target): "target \(Case.quoted(target))"
        case .method(let method): "method \(Case.quoted(method))"
        case .field(let name, let value): "sent on: \(Case.quoted("\(name): \(value)"))"
        case .once(let name): "sent on: \(Case.quoted(name)) once"
        case .lacks(let name): "sent on without \(Case.quoted(name))"
        case .never(let text): "nowhere \(Case.quoted(text))"
        case .body(let body): body.isEmpty ? "empty body" : "body \(Case.quoted(body))"
        case .stripped(let names):
            names.isEmpty ? "nothing taken out" : "log: \(names.joined(separator: ", ")) taken out"
        case .reply(let name, let value): "answer has \(Case.quoted("\(name): \(value)"))"
        case .replyLacks(let name): "answer has no \(Case.quoted(name))"
        case .says(let text): "answer says \(Case.quoted(text))"
        case .unaudited: nil
        case .credentialPasses: "the credential goes on, as the route says"
        }
    }
}

extension TokenRecipe {
    var words: String {
        var parts: [String] = []
        if header != TokenRecipe().header { parts.append("header \(Case.quoted(header))") }
        for (name, value) in changes {
            let claim = Case.quoted("\(name): \(value)")
            parts.append(value.isEmpty ? "no claim \(Case.quoted(name))" : "claim \(claim)")
        }
        if let payload { parts.append("payload \(Case.quoted(payload))") }
        switch signer {
        case .rsa("idp.key", "sha256"), .ecdsa("es.key", "sha256", .none): break
        case .rsa(let key, let hash): parts.append("signed by `\(key)` with \(hash)")
        case .ecdsa(let key, let hash, .none): parts.append("signed by `\(key)` with \(hash)")
        case .ecdsa(_, _, let change): parts.append("ECDSA signature: \(change.words)")
        case .hmac("hs.key", "sha256"), .pss("ps.key", "sha256", 32), .edwards("ed.key"): break
        case .pss(let key, let hash, let salt):
            parts.append("RSASSA-PSS by `\(key)` with \(hash) and a salt of \(salt) bytes")
        case .edwards(let key): parts.append("Ed25519 by `\(key)`")
        case .hmac(let file, let hash): parts.append("HMAC \(hash) with the bytes of `\(file)`")
        case .bytes(let bytes): parts.append("signature of \(bytes.count) bytes \(bytes[0])")
        case .empty: parts.append("empty signature")
        }
        if !finish.words.isEmpty { parts.append(finish.words) }
        return "a token: " + (parts.isEmpty ? "a good one" : parts.joined(separator: ", "))
    }
}

extension ECDSASignature.Change {
    var words: String {
        switch self {
        case .none: "as it should be"
        case .der: "in DER"
        case .mirrored: "`n - s` for `s`"
        case .withoutLastByte: "a byte short"
        case .withZeroByte: "a byte long"
        }
    }
}
