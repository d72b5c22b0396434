import Policy
import Tokens

/// Where in the decision a refusal fell, and what the policy says there.
extension Explanation {
    /// The step at which a refusal fell.
    var refusedStep: Step.Name? {
        guard let refusal = decision.refusal else { return nil }
        guard let route else { return .route }
        let code = "\(refusal.code)"
        if code.hasPrefix("request.body") { return .body }
        if code == "tenant.conflict" { return .stripped }
        switch code.prefix(while: { $0 != "." }) {
        case "cors": return .route
        case "token", "vendor_key", "role", "credential", "session", "scope": return .token
        case "tenant", "issuer", "feature": return .tenant
        case "rate", "concurrency", "client", "gateway": return .limit
        case "upstream": return .forward
        default: break
        }
        // What is left is said of the head: before anybody was asked who they are, or after.
        if case .none = route.authentication { return .stripped }
        return decision.caller == nil ? .token : .stripped
    }

    /// `refused, token.invalid: the credential is not valid (the token has expired)`
    func refusalText(_ refusal: Refusal, instead: String) -> String {
        var text = "refused, \(refusal.code): \("\(refusal.title)".startingSmall)"
        if let code = decision.defect {
            let message = TokenDefect(code: code).map { "\($0.message)" }
            text += " (\(message ?? code))"
        } else if let code = decision.violation {
            text += " (\(code))"
        }
        return instead.isEmpty ? text : "\(instead); \(text)"
    }

    /// The line that made it a refusal, as near as it is known.
    func refusedMark(_ name: Step.Name) -> SourceMark? {
        guard let route, let refusal = decision.refusal else { return nil }
        switch refusal {
        case .featureMissing:
            return places.routeMark(route.name, "feature") ?? places.routeMark(route.name, "auth")
        case .scopeInsufficient: return places.routeMark(route.name, "scopes")
        case .sessionOrigin: return places.mark(of: "sessions", "origins") ?? route.mark
        case .tenantUnnamed, .tenantAmbiguous, .tenantNotFound:
            return places.routeMark(route.name, "tenant", "from")
        case .roleMissing: return places.routeMark(route.name, "roles")
        case .corsOrigin: return places.routeMark(route.name, "cors", "origins")
        case .issuerNotAllowed:
            guard let index = route.issuer else { return route.mark }
            return places.mark(of: "issuers", policy.issuers[index].name, "allow")
        default: break
        }
        switch name {
        case .token, .tenant: return tokenMark(route)
        case .stripped: return places.routeMark(route.name, "tenant", "client_value")
        case .body: return places.routeMark(route.name, "body")
        case .route, .limit, .forward, .answer: return route.mark
        }
    }
}
