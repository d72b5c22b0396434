public import HTTP1

/// Which scopes a route's methods ask for; a method that is not listed asks for none.
struct ScopeRule: Sendable {
    /// By the bit of the method in `MethodSet`: all of them are needed.
    private let needed: [[[UInt8]]]

    /// `nil` where no method asks for one.
    init?(_ requirements: [ScopeRequirement]) {
        guard !requirements.isEmpty else { return nil }
        var needed = [[[UInt8]]?](repeating: nil, count: Self.methodCount)
        var others: [[UInt8]] = []
        for requirement in requirements {
            let scopes = requirement.scopes.map { [UInt8]($0.utf8) }
            if requirement.method == "*" {
                others = scopes
            } else {
                let set = MethodSet(name: [UInt8](requirement.method.utf8).span)
                if !set.isEmpty { needed[Self.place(of: set)] = scopes }
            }
        }
        // What GET answers HEAD tells of, so it asks for the same unless it is listed itself.
        let (get, head) = (Self.place(of: .get), Self.place(of: .head))
        if needed[head] == nil { needed[head] = needed[get] }
        self.needed = needed.map { $0 ?? others }
    }

    private static let methodCount = 7

    private static func place(of method: MethodSet) -> Int { method.rawValue.trailingZeroBitCount }

    /// What the method asks for.
    func needed(by method: KnownMethod) -> [[UInt8]]? {
        let set = MethodSet(method)
        // No route takes other methods; if one did, nobody would be asked for.
        return set.isEmpty ? nil : needed[Self.place(of: set)]
    }

    func allows(_ method: KnownMethod, _ scopes: [[UInt8]]) -> Bool {
        guard let needed = needed(by: method) else { return false }
        for scope in needed where !scopes.contains(scope) { return false }
        return true
    }
}

extension RouteRule {
    /// Step 6: whether the credential's scopes let it use the method. API keys and sessions always
    /// have scopes, if only none; tokens have where their issuer says in which claim, and are not
    /// asked for any otherwise.
    ///
    /// - Throws: `scope.insufficient`.
    public func checkScopes(_ method: KnownMethod, _ claims: VerifiedClaims) throws(Refusal) {
        guard let scopes, isBoundByScopes(claims) else { return }
        guard scopes.allows(method, claims.scopes) else { throw .scopeInsufficient }
    }

    private func isBoundByScopes(_ claims: VerifiedClaims) -> Bool {
        switch claims.credential {
        case .apiKey, .session: true
        case .token, .internalToken: tokensHaveScopes
        case .certificate, .place: false
        }
    }

    /// `scope="a b"` of what the method asks for (RFC 6750 section 3); nothing where it asks for
    /// none.
    public func writeScopes(_ method: KnownMethod, into out: inout ByteBuffer) {
        guard let needed = scopes?.needed(by: method), !needed.isEmpty else { return }
        out.append(", scope=\"")
        for (index, scope) in needed.enumerated() {
            if index > 0 { out.append(" ") }
            out.append(scope)
        }
        out.append("\"")
    }

    /// Step 6: whether the tenant's tier lets it use API keys (attack K5).
    ///
    /// - Throws: `feature.missing`.
    public func checkAPIKey(_ principal: Principal) throws(Refusal) {
        guard !lacksAPIKeys(principal) else { throw .featureMissing }
    }

    /// Whether it is an API key that the tier does not allow.
    public func lacksAPIKeys(_ principal: Principal) -> Bool {
        guard principal.credential == .apiKey else { return false }
        guard let keyFeature else { return true }
        return !principal.allowance.features.contains(keyFeature)
    }
}

extension CredentialKinds {
    /// Whether a request may be of this principal: verified for a credential of another kind it
    /// would be a good one, but not here.
    func include(_ principal: Principal) -> Bool {
        switch principal.credential {
        case .token: issuer != nil && principal.issuer == issuer
        case .apiKey: apiKey
        case .session: session
        case .certificate: certificate
        case .internalToken, .place: false
        }
    }
}
