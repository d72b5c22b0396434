import HTTP1
public import NaiveReading
@_spi(TenantDirectory) @_spi(TokenVerifier) public import Policy

/// Cleans bytes by the product's rules and judges the outcome with the naive readers. Every check
/// answers `nil`, or says what is wrong.
public struct CleaningOracle: Sendable {
    /// The routes of one policy that differ in what they do with a client's tenant and in whether
    /// they add ours.
    public enum Variant: Int, CaseIterable, Sendable {
        case strip, rejectIfDifferent, reject, inject
        /// The tenant goes into another field.
        case otherField
        /// And into the path.
        case template
    }

    public static let parameter = "tenant_id"
    public static let otherField = "Acme-Org"
    public static let pointer = ["data", "tenant_id"]

    public let names: NaiveNames
    public let rules: RuleSet
    let tenant: ExternalID
    let principal: Principal
    /// What each route calls the tenant.
    let namesByRoute: [NaiveNames]
    let graphQL = CleaningOracle.graphQLRules()

    /// - Parameter unknown: names the product is not told of, for showing that the oracle can fail.
    public init?(unknown: [String] = []) {
        var policy = GatewayPolicy()
        policy.tiers = [TierPolicy(name: "STARTER", requests: .limit(.perMinute(100)))]
        for variant in Variant.allCases {
            var route = RoutePolicy(
                name: "\(variant)",
                path: PathPattern(
                    text: "/\(variant.rawValue)/**",
                    segments: [.literal([UInt8]("\(variant.rawValue)".utf8))]
                        + (variant == .template ? [.tenant, .rest] : [.rest])),
                authentication: .issuer(0), upstream: 0)
            switch variant {
            case .strip, .template: break
            case .otherField: route.injectHeader = Self.otherField
            case .rejectIfDifferent: route.clientValue = .rejectIfDifferent
            case .reject: route.clientValue = .reject
            case .inject:
                route.injectQuery = Self.parameter
                route.injectForm = Self.parameter
                route.injectJSON = "/" + Self.pointer.joined(separator: "/")
            }
            policy.routes.append(route)
        }
        let rules = RuleSet(policy: policy)
        guard let tenant = ExternalID("acme", format: .opaque),
            let principal = try? rules.resolve(
                VerifiedClaims(
                    issuer: 0, vendor: 0, tenant: tenant, derivedID: TenantID(high: 1, low: 2),
                    subject: [UInt8]("alice".utf8), role: nil, tier: [UInt8]("STARTER".utf8),
                    notBefore: 0, expires: 1_000))
        else { return nil }
        self.tenant = tenant
        self.principal = principal
        self.rules = rules
        names = NaiveNames(TenantNames.defaults + ["X-Tenant-ID"] + unknown)
        namesByRoute = policy.routes.map {
            NaiveNames(RouteRule.tenantNames(of: $0, in: policy) + unknown)
        }
    }

    /// What one cleaning came to.
    enum Outcome: Equatable {
        case cleaned([UInt8], removed: Int, isChanged: Bool)
        case refused(Refusal)

        var bytes: [UInt8]? {
            if case .cleaned(let bytes, _, _) = self { bytes } else { nil }
        }
        var removed: Int {
            if case .cleaned(_, let removed, _) = self { removed } else { 0 }
        }
    }

    /// What holds for every carrier, whatever its bytes: the same bytes give the same answer, a
    /// clean one is left alone, and the three ways to treat a client's value agree.
    ///
    /// - Returns: the outcome of stripping.
    func judge(
        _ bytes: [UInt8], _ clean: ([UInt8], Variant) -> Outcome
    ) -> (outcome: Outcome, failure: String?) {
        let outcome = clean(bytes, .strip)
        guard clean(bytes, .strip) == outcome else { return (outcome, "two answers") }
        let strict = clean(bytes, .reject)
        let lenient = clean(bytes, .rejectIfDifferent)
        guard case .cleaned(let cleaned, let removed, let isChanged) = outcome else {
            // Whichever is found first is said: a conflict, or what is malformed behind it.
            for other in [strict, lenient] where other != outcome {
                guard other == .refused(.tenantConflict) else { return (outcome, "not refused") }
            }
            return (outcome, nil)
        }
        guard clean(cleaned, .strip) == .cleaned(cleaned, removed: 0, isChanged: false) else {
            return (outcome, "cleaned again, it differs")
        }
        guard isChanged || cleaned == bytes else { return (outcome, "changed in silence") }
        guard strict == (removed > 0 ? .refused(.tenantConflict) : outcome) else {
            return (outcome, "`reject` differs")
        }
        guard lenient == outcome || removed > 0 && lenient == .refused(.tenantConflict) else {
            return (outcome, "`reject-if-different` differs")
        }
        return (outcome, nil)
    }

    func route(_ variant: Variant) -> RouteRule { rules.routes[variant.rawValue] }
}

// Pairs.
extension CleaningOracle {
    /// A query, or a form where `isForm` is true.
    public func checkQuery(_ bytes: [UInt8], isForm: Bool) -> String? {
        let clean = { (bytes: [UInt8], variant: Variant) in
            isForm
                ? body(bytes, as: "application/x-www-form-urlencoded", variant)
                : query(bytes, variant)
        }
        let (outcome, failure) = judge(bytes, clean)
        if let failure { return failure }
        let injected = clean(bytes, .inject)
        guard let cleaned = outcome.bytes else {
            return injected == outcome ? nil : "not refused where ours is added"
        }
        // With ours there may be one too many.
        let count = 1 + bytes.count { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: ";") }
        if !bytes.isEmpty, count == QueryRule.parametersMax {
            let refusal = isForm ? Refusal.requestBodyTooLarge : .requestTargetTooLong
            return injected == .refused(refusal) ? nil : "one too many where ours is added"
        }
        let ours = [UInt8]("\(Self.parameter)=acme".utf8)
        guard injected.bytes == (cleaned.isEmpty ? ours : ours + [0x26] + cleaned) else {
            return "ours is not added once, and first"
        }
        let kept = NaivePairs.query(cleaned)
        if isForm, NaiveDocument.isObject(atStartOf: cleaned) { return "JSON, of another type" }
        for pair in kept {
            for name in NaivePairs.names(ofParameter: pair)
            where names.mustGo(name) || NaivePairs.isMethodOverride(name) {
                return "a spelling is left: \(String(decoding: pair, as: UTF8.self))"
            }
        }
        let sent = NaivePairs.query(bytes)
        guard NaivePairs.isSubsequence(kept, of: sent) else { return "what stays is changed" }
        for pair in NaivePairs.removed(from: sent, leaving: kept) {
            let name = NaivePairs.name(pair)
            guard names.mayGo(name) || NaivePairs.isMethodOverride(name) else {
                return "taken out: \(String(decoding: pair, as: UTF8.self))"
            }
        }
        return nil
    }

    public func checkCookies(_ bytes: [UInt8]) -> String? {
        let (outcome, failure) = judge(bytes, cookies)
        if let failure { return failure }
        guard let cleaned = outcome.bytes else { return "stripping refuses" }
        let kept = NaivePairs.cookies(cleaned)
        for pair in kept {
            for name in NaivePairs.names(ofCookie: pair) where names.mustGo(name) {
                return "a spelling is left: \(String(decoding: pair, as: UTF8.self))"
            }
        }
        let sent = NaivePairs.cookies(bytes)
        guard NaivePairs.isSubsequence(kept, of: sent) else { return "what stays is changed" }
        for pair in NaivePairs.removed(from: sent, leaving: kept) {
            let isJustified = NaivePairs.runs(ofCookie: pair).contains {
                names.mayGo($0) || NaiveNames.holdsControl($0)
            }
            guard isJustified else {
                return "taken out: \(String(decoding: pair, as: UTF8.self))"
            }
        }
        return nil
    }

    private func query(_ bytes: [UInt8], _ variant: Variant) -> Outcome {
        var out = ByteBuffer(capacityMax: bytes.count + 4_096)
        do throws(Refusal) {
            let report = try route(variant).query.clean(bytes.span, tenant: tenant, into: &out)
            let isChanged = report.removed + report.overridesRemoved > 0
            return .cleaned(out.bytes, removed: report.removed, isChanged: isChanged)
        } catch {
            return .refused(error)
        }
    }

    /// As the writer does it: an untouched field is copied as it is.
    private func cookies(_ bytes: [UInt8], _ variant: Variant) -> Outcome {
        let rule = route(variant).cookies
        do throws(Refusal) {
            let removed = try rule.count(bytes.span, tenant: tenant)
            guard removed > 0 else { return .cleaned(bytes, removed: 0, isChanged: false) }
            var out = ByteBuffer(capacityMax: bytes.count * 2 + 16)
            var isFirst = true
            rule.write(bytes.span, isFirst: &isFirst, into: &out)
            return .cleaned(out.bytes, removed: removed, isChanged: true)
        } catch {
            return .refused(error)
        }
    }
}
