import HTTP1
@_spi(TokenVerifier) @_spi(TenantDirectory) @testable import Policy

/// The fixture of the attack catalogue: the verified credential says `acme`, the client tries
/// `evil`.
struct RulesFixture {
    var policy: GatewayPolicy
    let rules: RuleSet

    /// One route `/**` with bearer authentication, changed as the test needs it.
    init(_ change: (inout GatewayPolicy, inout RoutePolicy) -> Void = { _, _ in }) {
        var policy = GatewayPolicy()
        policy.tiers = [
            TierPolicy(name: "STARTER", requests: .limit(.perMinute(100))),
            TierPolicy(name: "GROWTH", requests: .limit(.perMinute(500))),
            TierPolicy(name: "ENTERPRISE", requests: .custom(fallback: .perMinute(1_000))),
        ]
        var route = RoutePolicy(
            name: "all", path: PathPattern("/**"), authentication: .issuer(0), upstream: 0)
        change(&policy, &route)
        policy.routes.insert(route, at: 0)
        self.policy = policy
        rules = RuleSet(policy: policy)
    }

    static func claims(
        tenant: String? = "acme", vendor: Int = 0, tier: String? = "STARTER", issuer: Int? = 0
    ) -> VerifiedClaims {
        VerifiedClaims(
            issuer: issuer, vendor: vendor,
            tenant: tenant.flatMap { ExternalID($0, format: .opaque) },
            derivedID: TenantID(high: 1, low: 2), subject: [UInt8]("alice".utf8), role: nil,
            tier: tier.map { [UInt8]($0.utf8) }, notBefore: 0, expires: 1_000)
    }

    /// What the upstream gets for `head`, and what was taken out.
    struct Sent {
        var text: String
        var report: CleaningReport
        var shadow: ShadowReport?

        var lines: [String] { text.split(separator: "\r\n").map(String.init) }
        var target: String { String(text.split(separator: " ")[1]) }

        func values(_ name: String) -> [String] {
            lines.dropFirst().compactMap { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2, parts[0].lowercased() == name.lowercased() else {
                    return nil
                }
                return String(parts[1].drop(while: { $0 == " " }))
            }
        }
    }

    /// Runs one request through route, plan and write, as the gateway would.
    func send(
        _ head: String, tenant: String? = "acme", trusted: Bool = false,
        client: String = "192.0.2.7", framing: BodyFraming? = nil, room: Int = 1 << 20
    ) throws -> Sent {
        let bytes = [UInt8](head.utf8)
        var parsed = RequestHead()
        guard case .complete = try parsed.parse(bytes.span, limits: .request) else {
            throw FixtureFault.incompleteHead
        }
        guard case .matched(let route) = try rules.route(parsed, bytes.span) else {
            throw FixtureFault.notMatched
        }
        let principal = try tenant.map { try rules.resolve(Self.claims(tenant: $0)) }
        var plan = RewritePlan()
        var target = ByteBuffer(capacityMax: 65_536)
        try route.plan(parsed, bytes.span, principal: principal, target: &target, plan: &plan)
        var out = ByteBuffer(capacityMax: room)
        let (address, id) = ([UInt8](client.utf8), [UInt8]("request-1".utf8))
        let (trace, none) = ([UInt8]("00-1-2-01".utf8), [UInt8]())
        let upstream = [UInt8]("10.0.0.5:8080".utf8)
        let facts = RequestFacts(
            clientAddress: address.span, isSecure: true, isTrustedProxy: trusted,
            requestID: id.span, traceparent: trace.span, assertion: none.span,
            upstreamAuthority: upstream.span, contentType: Span())
        let targetBytes = target.bytes
        try route.write(
            plan, parsed, bytes.span, principal: principal, target: targetBytes.span,
            framing: framing ?? parsed.framing, facts: facts, into: &out)
        return Sent(
            text: String(decoding: out.bytes, as: UTF8.self), report: plan.report,
            shadow: plan.shadow)
    }

    /// The same for a GET of `target` with these field lines.
    func get(_ target: String, _ fields: String..., tenant: String? = "acme") throws -> Sent {
        let lines = (["GET \(target) HTTP/1.1", "Host: api.example.com"] + fields)
            .joined(separator: "\r\n")
        return try send(lines + "\r\n\r\n", tenant: tenant)
    }

    /// The refusal that `body` ends in.
    static func refusal(_ body: () throws -> Void) -> Refusal? {
        do {
            try body()
            return nil
        } catch {
            return error as? Refusal
        }
    }
}

enum FixtureFault: Error { case incompleteHead, notMatched }

extension PathPattern {
    /// The pattern a policy file writes as `text`.
    init(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        self.init(
            text: text,
            segments: parts.map { part in
                switch part {
                case "*": .any
                case "**": .rest
                case "{tenant}": .tenant
                default: .literal([UInt8](part.utf8))
                }
            })
    }
}

func withBytes<Value>(_ text: String, _ body: (Span<UInt8>) throws -> Value) rethrows -> Value {
    try body([UInt8](text.utf8).span)
}
