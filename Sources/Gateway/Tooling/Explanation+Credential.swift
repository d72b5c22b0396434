import JSON
import Policy
import Tokens

/// What was shown, and where the policy takes it.
extension Explanation {
    func tokenMark(_ route: RoutePolicy) -> SourceMark? {
        switch decision.caller?.claims.credential {
        case .token, .internalToken, nil:
            if let index = route.issuer { return policy.issuers[index].mark }
        case .session: return policy.sessions?.mark
        case .apiKey, .certificate, .place: break
        }
        return places.routeMark(route.name, "auth")
    }

    func tokenStep() -> Step? {
        guard let route else { return nil }
        var text: String
        if case .none(let reason) = route.authentication {
            text = "none is asked for: \(reason)"
        } else {
            guard let claims = decision.caller?.claims else { return nil }
            if case .vendor = route.authentication {
                text = "ok: the key of vendor \(policy.vendors[claims.vendor].name)"
            } else {
                text = "ok: \(words(claims))"
            }
        }
        return Step(name: .token, text: text, mark: tokenMark(route))
    }

    private func words(_ claims: VerifiedClaims) -> String {
        let subject = String(decoding: claims.subject, as: UTF8.self)
        var text: String
        switch claims.credential {
        case .token, .internalToken:
            text = claims.issuer.map { "iss \(policy.issuers[$0].issuer)" } ?? "a token"
            if let token = presentedToken { text += token }
        case .session: text = subject.isEmpty ? "a session" : "a session of \(subject)"
        case .apiKey: text = "API \(subject.replacing("key:", with: "key "))"
        case .certificate: text = "a certificate of \(subject)"
        case .place: return "nothing"
        }
        if claims.expires != .max { text += ", good for \(Self.duration(claims.expires - now))" }
        if let role = claims.role { text += ", role \(String(decoding: role, as: UTF8.self))" }
        let scopes = claims.scopes.map { String(decoding: $0, as: UTF8.self) }
        if !scopes.isEmpty { text += ", scopes \(scopes.joined(separator: " "))" }
        return text.printableText
    }

    /// `, alg RS256, kid 2026-10` of the credential that was sent.
    private var presentedToken: String? {
        guard let value = request.value(of: "authorization"),
            let space = value.firstIndex(of: " ")
        else { return nil }
        let token = [UInt8](value[value.index(after: space)...].utf8)
        guard let decoded = try? UncheckedToken(token.span) else { return nil }
        var document = JSONDocument()
        guard (try? document.parse(decoded.header.span)) != nil else { return nil }
        let view = document.view(of: decoded.header.span)
        var text = ""
        for name in ["alg", "kid"] {
            guard let node = view.member(of: view.root, named: name),
                let value = view.string(at: node)
            else { continue }
            text += ", \(name) \(String(decoding: value, as: UTF8.self))"
        }
        return text
    }

    /// How a credential other than an access token says whose it is.
    func whereNamed(_ claims: VerifiedClaims) -> (String, SourceMark?)? {
        switch claims.credential {
        case .apiKey: ("the key's, in the directory", places.mark(of: "tenants", "source"))
        case .session: ("claim \(SessionPolicy.tenantClaim)", policy.sessions?.mark)
        case .certificate:
            policy.certificates.map { rule in
                let key = rule.name == .uri ? "uri" : "dns"
                return ("\(key) \(rule.pattern.text)", places.mark(of: "certificates", key))
            }
        case .place, .internalToken:
            route.map { ("named by the request", places.routeMark($0.name, "tenant", "from")) }
        case .token: nil
        }
    }
}
