extension GatewayCompiler {
    mutating func readIssuers() {
        for entry in root["issuers"]?.entries ?? [] {
            let node = entry.node
            var issuer = IssuerPolicy(
                name: entry.key, issuer: node["issuer"]?.text ?? "",
                keys: readKeys(node, entry.keyMark),
                algorithms: (node.texts("algorithms") ?? []).compactMap {
                    TokenAlgorithm(name: $0)
                },
                tenant: node.claim("tenant") ?? ClaimName(""),
                tenantFormat: node["tenant"]?.word("format", as: TenantFormat.self) ?? .opaque)
            issuer.mark = entry.keyMark
            if let value = node.seconds("leeway") { issuer.leewaySeconds = value }
            if let value = node.seconds("max_lifetime") { issuer.lifetimeSecondsMax = value }
            if let types = node.texts("type") { issuer.types = types }
            refuseReservedTypes(node)
            issuer.vendor = resolve(node["vendor"], .vendor) ?? 0
            issuer.role = node.claim("role")
            issuer.scope = node.claim("scope")
            readKind(node, entry.keyMark, &issuer)
            issuer.tier = node.claim("tier")
            issuer.audiences = readAudiences(node)
            issuer.authority = readAuthority(node)
            checkAlgorithms(issuer, node)
            warnLongLifetime(issuer, node)
            issuers[entry.key] = policy.issuers.count
            policy.issuers.append(issuer)
        }
    }

    /// Exactly one source: with two, which of them a token was checked by would depend on the
    /// token.
    private mutating func readKeys(_ node: PolicyNode, _ mark: SourceMark) -> IssuerPolicy.Keys {
        let jwks = node["jwks"]
        let secret = node["secret"]
        if (jwks == nil) == (secret == nil) {
            let how = jwks == nil ? "neither `jwks` nor `secret`" : "both `jwks` and `secret`"
            list.add(
                .issuerKeys, "the issuer has \(how)", at: jwks == nil ? mark : secret?.mark ?? mark)
        }
        if let jwks, let source = remoteSource(jwks) {
            return .remote(readRemote(source, node))
        }
        for key in Self.remoteKeys where node[key] != nil {
            list.add(
                .ineffective, "`\(key)` has no effect without keys fetched by https",
                at: node.keyMark(key))
        }
        return if let jwks {
            .file(SecretReference(jwks, folder: folder) ?? .missing)
        } else {
            .secret(secret.flatMap { SecretReference($0, folder: folder) } ?? .missing)
        }
    }

    /// `nil` for `audience: none`.
    private mutating func readAudiences(_ node: PolicyNode) -> [String]? {
        let isNone = node["audience"]?.text == "none"
        if isNone, node["reason"] == nil {
            list.add(
                .reasonMissing, "`audience: none` needs a `reason`", at: node["audience"]?.mark,
                label: "add `reason: ...`",
                notes: ["tokens made for other services would be accepted"])
        } else if !isNone, node["reason"] != nil {
            list.add(
                .ineffective, "`reason` has no effect without `audience: none`",
                at: node.keyMark("reason"))
        }
        return isNone ? nil : node.texts("audience") ?? []
    }

    /// A public key must never be taken for an HMAC secret (attack: HS256 signed with the PEM), so
    /// algorithms of both kinds never stand beside the same keys. What a file really holds is seen
    /// when it is loaded.
    private mutating func checkAlgorithms(_ issuer: IssuerPolicy, _ node: PolicyNode) {
        guard (node["jwks"] == nil) != (node["secret"] == nil) else { return }
        let items = node["algorithms"]?.items ?? []
        let hasSymmetric = issuer.algorithms.contains(where: \.isSymmetric)
        for item in items {
            guard let text = item.text, let algorithm = TokenAlgorithm(name: text) else {
                continue
            }
            let isSymmetric = algorithm.isSymmetric
            let problem: String
            switch issuer.keys {
            case .secret where !isSymmetric: problem = "cannot be checked with a shared secret"
            case .remote where isSymmetric:
                problem = "needs a secret, which is never fetched by https"
            case .file where hasSymmetric && !isSymmetric:
                problem = "cannot stand beside HS algorithms for one file of keys"
            default: continue
            }
            list.add(.algorithmMismatch, "`\(text)` \(problem)", at: item.mark)
        }
    }
}
